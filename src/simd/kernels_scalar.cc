// The reference: floats are summed in double and rounded once, integers exactly. Other levels are
// tested against the same bound.
#include <cstring>

#include "simd/encode.inl"
#include "simd/kernel_tables.h"

namespace vecdb::simd {
namespace {

std::uint32_t BitsOf(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

float FloatOf(std::uint32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// What a row is made of, what it is worth, and what is summed.
struct F32 {
  using Stored = float;
  using Query = float;
  using Sum = double;
  using Number = float;
  static double Value(float stored) { return static_cast<double>(stored); }
  static bool IsFinite(float stored) { return (BitsOf(stored) & 0x7F800000) != 0x7F800000; }
};

struct F16 {
  using Stored = std::uint16_t;
  using Query = float;
  using Sum = double;
  using Number = float;
  static float Widened(std::uint16_t half) {
    const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000) << 16;
    const std::uint32_t exponent = (half >> 10) & 0x1F;
    const std::uint32_t fraction = half & 0x3FF;
    if (exponent == 0) {  // a denormal counts units of 2^-24
      const float size = static_cast<float>(fraction) * 0x1p-24F;
      return FloatOf(sign | BitsOf(size));
    }
    if (exponent == 0x1F) {
      const std::uint32_t quiet = fraction != 0 ? 0x400000U : 0U;
      return FloatOf(sign | 0x7F800000U | quiet | fraction << 13);
    }
    return FloatOf(sign | (exponent + 112) << 23 | fraction << 13);
  }
  static std::uint16_t Narrowed(float value) {
    const std::uint32_t bits = BitsOf(value);
    const std::uint32_t sign = bits >> 16 & 0x8000;
    const std::uint32_t size = bits & 0x7FFFFFFF;
    if (size > 0x7F800000) {
      return static_cast<std::uint16_t>(sign | 0x7E00 | (size >> 13 & 0x1FF));
    }
    if (size >= 0x47800000) return static_cast<std::uint16_t>(sign | 0x7C00);  // 2^16 and more
    if (size < 0x38800000) {  // below 2^-14: adding 0.5 leaves units of 2^-24, rounded to even
      return static_cast<std::uint16_t>(sign | (BitsOf(FloatOf(size) + 0.5F) - BitsOf(0.5F)));
    }
    const std::uint32_t rebased = size - (112U << 23);
    return static_cast<std::uint16_t>(sign | (rebased + 0xFFF + (rebased >> 13 & 1)) >> 13);
  }
  static double Value(float query) { return static_cast<double>(query); }
  static double Value(std::uint16_t stored) { return static_cast<double>(Widened(stored)); }
  static bool IsFinite(std::uint16_t stored) { return (stored & 0x7C00) != 0x7C00; }
};

struct Bf16 {
  using Stored = std::uint16_t;
  using Query = float;
  using Sum = double;
  using Number = float;
  static float Widened(std::uint16_t half) {
    const std::uint32_t bits = static_cast<std::uint32_t>(half) << 16;
    return FloatOf((bits & 0x7FFFFFFF) > 0x7F800000 ? bits | 0x400000 : bits);
  }
  static std::uint16_t Narrowed(float value) {
    const std::uint32_t bits = BitsOf(value);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
    return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
  }
  static double Value(float query) { return static_cast<double>(query); }
  static double Value(std::uint16_t stored) { return static_cast<double>(Widened(stored)); }
  static bool IsFinite(std::uint16_t stored) { return (stored & 0x7F80) != 0x7F80; }
};

struct I8 {
  using Stored = std::int8_t;
  using Query = std::int8_t;
  using Sum = std::int32_t;
  using Number = std::int32_t;
  static std::int32_t Value(std::int8_t stored) { return stored; }
};

// The functions of VectorKernels.
template <class Element>
struct Vectors {
  using Stored = typename Element::Stored;
  using Query = typename Element::Query;
  using Number = typename Element::Number;

  static Number L2(const Query* query, const Stored* row, std::size_t dimension) {
    typename Element::Sum sum = 0;
    for (std::size_t i = 0; i < dimension; ++i) {
      const auto difference = Element::Value(query[i]) - Element::Value(row[i]);
      sum += difference * difference;
    }
    return static_cast<Number>(sum);
  }

  template <class Other>
  static Number Product(const Other* query, const Stored* row, std::size_t dimension) {
    typename Element::Sum sum = 0;
    for (std::size_t i = 0; i < dimension; ++i) {
      sum += Element::Value(query[i]) * Element::Value(row[i]);
    }
    return static_cast<Number>(sum);
  }
  static Number Ip(const Query* query, const Stored* row, std::size_t dimension) {
    return Product(query, row, dimension);
  }
  static Number Norm2(const Stored* row, std::size_t dimension) {
    return Product(row, row, dimension);
  }

  template <Number (*kPair)(const Query*, const Stored*, std::size_t)>
  static void Many(const Query* query, const Stored* base, std::size_t dimension, std::size_t n,
                   Number* out) {
    for (std::size_t i = 0; i < n; ++i) out[i] = kPair(query, base + i * dimension, dimension);
  }
  template <Number (*kPair)(const Query*, const Stored*, std::size_t)>
  static void Ids(const Query* query, const Stored* base, std::size_t dimension,
                  const std::uint32_t* ids, std::size_t n, Number* out) {
    for (std::size_t i = 0; i < n; ++i) out[i] = kPair(query, base + ids[i] * dimension, dimension);
  }
  template <Number (*kPair)(const Query*, const Stored*, std::size_t)>
  static void ManyToMany(const Query* queries, std::size_t query_count, const Stored* base,
                         std::size_t dimension, std::size_t n, Number* out) {
    for (std::size_t q = 0; q < query_count; ++q) {
      Many<kPair>(queries + q * dimension, base, dimension, n, out + q * n);
    }
  }
  static void IpNormMany(const Query* query, const Stored* base, std::size_t dimension,
                         std::size_t n, Number* ip, Number* norm2) {
    Many<Ip>(query, base, dimension, n, ip);
    for (std::size_t i = 0; i < n; ++i) norm2[i] = Norm2(base + i * dimension, dimension);
  }
  // NOLINTNEXTLINE(readability-function-size): the parameters are the table's.
  static void IpNormIds(const Query* query, const Stored* base, std::size_t dimension,
                        const std::uint32_t* ids, std::size_t n, Number* ip, Number* norm2) {
    Ids<Ip>(query, base, dimension, ids, n, ip);
    for (std::size_t i = 0; i < n; ++i) norm2[i] = Norm2(base + ids[i] * dimension, dimension);
  }

  static constexpr VectorKernels<Query, Stored, Number> kKernels = {
      Many<L2>, Many<Ip>, IpNormMany,     Ids<L2>,        Ids<Ip>, IpNormIds,
      L2,       Ip,       ManyToMany<L2>, ManyToMany<Ip>, Norm2};
};

// The functions of Int4Kernels.
struct I4 {
  using Row = const std::int8_t*;

  // add(c, query component) of all components.
  template <class Add>
  static std::int32_t Sum(Row query, Row row, std::size_t bytes, const Add& add) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      const std::size_t first = i / 64 * 128 + i % 64;
      const unsigned both = static_cast<std::uint8_t>(row[i]);
      sum += add(static_cast<std::int32_t>(both & 15), query[first]);
      sum += add(static_cast<std::int32_t>(both >> 4), query[first + 64]);
    }
    return sum;
  }
  static std::int32_t L2(Row query, Row row, std::size_t bytes) {
    return Sum(query, row, bytes,
               [](std::int32_t c, std::int32_t number) { return c * (8 * c - 128 + number); });
  }
  static std::int32_t Ip(Row query, Row row, std::size_t bytes) {
    return Sum(query, row, bytes, [](std::int32_t c, std::int32_t number) { return c * number; });
  }
  static constexpr Int4Kernels kKernels = {Vectors<I8>::Many<L2>, Vectors<I8>::Many<Ip>,
                                           Vectors<I8>::Ids<L2>, Vectors<I8>::Ids<Ip>};
};

template <class Element>
bool AllFinite(const typename Element::Stored* v, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    if (!Element::IsFinite(v[i])) return false;
  }
  return true;
}

template <class Element>
void Widen(const std::uint16_t* from, std::size_t n, float* to) {
  for (std::size_t i = 0; i < n; ++i) to[i] = Element::Widened(from[i]);
}

template <class Element>
void Narrow(const float* from, std::size_t n, std::uint16_t* to) {
  for (std::size_t i = 0; i < n; ++i) to[i] = Element::Narrowed(from[i]);
}

// Without the instruction, which not every CPU has: neighbours are added, then neighbours of these.
std::uint32_t Popcount(std::uint64_t word) {
  word -= (word >> 1) & 0x5555555555555555U;
  word = (word & 0x3333333333333333U) + ((word >> 2) & 0x3333333333333333U);
  word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0FU;
  return static_cast<std::uint32_t>((word * 0x0101010101010101U) >> 56);
}

// The word that begins at p, or its n < 8 bytes.
std::uint64_t LoadWord(const std::uint8_t* p, std::size_t n) {
  std::uint64_t word = 0;
  std::memcpy(&word, p, n < 8 ? n : 8);
  return word;
}

std::uint32_t HammingPair(const std::uint8_t* query, const std::uint8_t* row, std::size_t bytes) {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < bytes; i += 8) {
    count += Popcount(LoadWord(query + i, bytes - i) ^ LoadWord(row + i, bytes - i));
  }
  return count;
}

void JaccardPair(const std::uint8_t* query, const std::uint8_t* row, std::size_t bytes,
                 std::uint32_t* both, std::uint32_t* either) {
  *both = 0;
  *either = 0;
  for (std::size_t i = 0; i < bytes; i += 8) {
    const std::uint64_t a = LoadWord(query + i, bytes - i);
    const std::uint64_t b = LoadWord(row + i, bytes - i);
    *both += Popcount(a & b);
    *either += Popcount(a | b);
  }
}

void HammingMany(const std::uint8_t* query, const std::uint8_t* base, std::size_t bytes,
                 std::size_t n, std::uint32_t* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = HammingPair(query, base + i * bytes, bytes);
}

void JaccardMany(const std::uint8_t* query, const std::uint8_t* base, std::size_t bytes,
                 std::size_t n, std::uint32_t* both, std::uint32_t* either) {
  for (std::size_t i = 0; i < n; ++i) {
    JaccardPair(query, base + i * bytes, bytes, both + i, either + i);
  }
}

void HammingIds(const std::uint8_t* query, const std::uint8_t* base, std::size_t bytes,
                const std::uint32_t* ids, std::size_t n, std::uint32_t* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = HammingPair(query, base + ids[i] * bytes, bytes);
}

// NOLINTNEXTLINE(readability-function-size): the parameters are the table's.
void JaccardIds(const std::uint8_t* query, const std::uint8_t* base, std::size_t bytes,
                const std::uint32_t* ids, std::size_t n, std::uint32_t* both,
                std::uint32_t* either) {
  for (std::size_t i = 0; i < n; ++i) {
    JaccardPair(query, base + ids[i] * bytes, bytes, both + i, either + i);
  }
}

void HammingManyToMany(const std::uint8_t* queries, std::size_t query_count,
                       const std::uint8_t* base, std::size_t bytes, std::size_t n,
                       std::uint32_t* out) {
  for (std::size_t q = 0; q < query_count; ++q) {
    HammingMany(queries + q * bytes, base, bytes, n, out + q * n);
  }
}

// NOLINTNEXTLINE(readability-function-size): the parameters are the table's.
void JaccardManyToMany(const std::uint8_t* queries, std::size_t query_count,
                       const std::uint8_t* base, std::size_t bytes, std::size_t n,
                       std::uint32_t* both, std::uint32_t* either) {
  for (std::size_t q = 0; q < query_count; ++q) {
    JaccardMany(queries + q * bytes, base, bytes, n, both + q * n, either + q * n);
  }
}

void AndInto(std::uint64_t* a, const std::uint64_t* b, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) a[i] &= b[i];
}

void OrInto(std::uint64_t* a, const std::uint64_t* b, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) a[i] |= b[i];
}

void AndNotInto(std::uint64_t* a, const std::uint64_t* b, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) a[i] &= ~b[i];
}

std::uint64_t PopcountWords(const std::uint64_t* a, std::size_t n) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < n; ++i) total += Popcount(a[i]);
  return total;
}

template <class Int>
void Within(const void* values, std::size_t n, Int first, Int last, std::uint64_t* words) {
  const char* from = static_cast<const char*>(values);
  for (std::size_t i = 0; i < n; ++i) {
    Int value = 0;
    std::memcpy(&value, from + i * sizeof(Int), sizeof(Int));
    if (i % 64 == 0) words[i / 64] = 0;
    words[i / 64] |= std::uint64_t{first <= value && value <= last ? 1U : 0U} << (i % 64);
  }
}

constexpr KernelTable kKernels = {
    Level::kScalar,
    "scalar",
    {Vectors<F32>::kKernels, AllFinite<F32>},
    {Vectors<F16>::kKernels, AllFinite<F16>, Widen<F16>, Narrow<F16>},
    {Vectors<Bf16>::kKernels, AllFinite<Bf16>, Widen<Bf16>, Narrow<Bf16>},
    Vectors<I8>::kKernels,
    I4::kKernels,
    {HammingMany, JaccardMany, HammingIds, JaccardIds, HammingPair, JaccardPair, HammingManyToMany,
     JaccardManyToMany},
    {AndInto, OrInto, AndNotInto, PopcountWords},
    {Within<std::int8_t>, Within<std::int16_t>, Within<std::int32_t>, Within<std::int64_t>},
    {0, nullptr},
    EncodePlain,
    Crc32cTable};

}  // namespace

bool EncodePlain(const float* numbers, const float* offsets, float scale, std::size_t n,
                 std::int8_t* out) {
  return Encode(numbers, offsets, scale, n, out);
}

const KernelTable& ScalarKernels() {
  return kKernels;
}

}  // namespace vecdb::simd
