// Bitmaps, and the checks and conversions of arrays of numbers, over xsimd: see rows.inl and
// floats.inl. Isa has further:
//   Popcount(word)
//   Mask(lanes)                   a bit for each lane of a batch_bool of signed integers
//   StoreLow16(p, integers)       the low 16 bits of each lane, to as many uint16
//   StoreF16(p, floats)           narrowed to the nearest, ties to even
#ifndef VECDB_SIMD_WORDS_INL_
#define VECDB_SIMD_WORDS_INL_

#include <type_traits>

#include "simd/floats.inl"

namespace vecdb::simd {
namespace {

using I16 = xsimd::batch<std::int16_t, Isa::Arch>;
using I32 = xsimd::batch<std::int32_t, Isa::Arch>;
using U64 = xsimd::batch<std::uint64_t, Isa::Arch>;

// The sign bit of a lane is set when its exponent, the bits kExponent, is all ones.
template <class Ints, auto kExponent>
VECDB_ALWAYS_INLINE Ints NotFiniteSign(const void* v) {
  using Int = typename Ints::value_type;
  constexpr Int kLowest = kExponent & -kExponent;
  return (Ints::load_unaligned(static_cast<const Int*>(v)) & Ints(kExponent)) + Ints(kLowest);
}

template <class Ints>
bool AnyNegative(Ints lanes) {
  typename Ints::value_type values[Ints::size];
  lanes.store_unaligned(values);
  typename Ints::value_type any = 0;
  for (const auto value : values) any = static_cast<typename Ints::value_type>(any | value);
  return any < 0;
}

template <class Ints, auto kExponent, class Stored>
bool AllFinite(const Stored* v, std::size_t n) {
  constexpr std::size_t kInts = Ints::size;
  static_assert(sizeof(Stored) == sizeof(typename Ints::value_type));
  std::size_t i = 0;
  while (n - i >= 4 * kInts) {
    const std::size_t steps = (n - i) / (4 * kInts) * (4 * kInts);
    const std::size_t end = i + (steps < 64 * kInts ? steps : 64 * kInts);
    Ints found(0);
    for (; i < end; i += 4 * kInts) {
      const Ints first =
          NotFiniteSign<Ints, kExponent>(v + i) | NotFiniteSign<Ints, kExponent>(v + i + kInts);
      const Ints last = NotFiniteSign<Ints, kExponent>(v + i + 2 * kInts) |
                        NotFiniteSign<Ints, kExponent>(v + i + 3 * kInts);
      found = found | (first | last);
    }
    if (AnyNegative(found)) return false;
  }
  for (; i < n; ++i) {
    if ((LoadWord<typename Ints::value_type>(v + i) & kExponent) == kExponent) return false;
  }
  return true;
}

// The upper half of each float, rounded; a NaN keeps its upper half and becomes quiet.
VECDB_ALWAYS_INLINE void StoreBf16(std::uint16_t* to, F32 floats) {
  const I32 bits = xsimd::bitwise_cast<I32>(floats);
  const I32 upper = (bits >> 16) & I32(0xFFFF);
  const I32 rounded = (bits + I32(0x7FFF) + (upper & I32(1))) >> 16;
  // All ones for a NaN. Not xsimd's select: that of integers does not compile unoptimised.
  const I32 is_nan = (I32(0x7F800000) - (bits & I32(0x7FFFFFFF))) >> 31;
  Isa::StoreLow16(to, rounded ^ ((rounded ^ (upper | I32(0x40))) & is_nan));
}

template <void (*kStore)(std::uint16_t*, F32)>
void Narrow(const float* from, std::size_t n, std::uint16_t* to) {
  std::size_t i = 0;
  for (; n - i >= kLanes; i += kLanes) kStore(to + i, F32::load_unaligned(from + i));
  if (i == n) return;
  std::uint16_t rest[kLanes];
  kStore(rest, Isa::LoadTail(from + i, n - i));
  std::memcpy(to + i, rest, (n - i) * sizeof(std::uint16_t));
}

// A range of integers, moved so that it begins with the lowest: then one comparison is enough.
template <class Int>
class Range {
 public:
  using Ints = xsimd::batch<Int, Isa::Arch>;

  Range(Int first, Int last)
      : start_(static_cast<Int>(Unsigned(first) ^ kLowest)),
        last_(static_cast<Int>((Unsigned(last) - Unsigned(first)) ^ kLowest)) {}

  // Of 64 numbers.
  VECDB_ALWAYS_INLINE std::uint64_t Word(const Int* v) const {
    std::uint64_t beyond = 0;
    for (std::size_t i = 0; i < 64; i += Ints::size) {
      beyond |= Isa::Mask((Ints::load_unaligned(v + i) - start_) > last_) << i;
    }
    return ~beyond;
  }

 private:
  using Bits = std::make_unsigned_t<Int>;
  static constexpr std::uint64_t kLowest = std::uint64_t{1} << (8 * sizeof(Int) - 1);
  static std::uint64_t Unsigned(Int value) { return static_cast<Bits>(value); }

  const Ints start_;
  const Ints last_;
};

template <class Int>
void Within(const void* values, std::size_t n, Int first, Int last, std::uint64_t* words) {
  const Int* v = static_cast<const Int*>(values);
  const Range<Int> range(first, last);
  const std::size_t full = n / 64;
  for (std::size_t w = 0; w < full; ++w) words[w] = range.Word(v + 64 * w);
  const std::size_t left = n % 64;
  if (left == 0) return;
  Int rest[64] = {};
  std::memcpy(rest, v + 64 * full, left * sizeof(Int));
  words[full] = range.Word(rest) & ((std::uint64_t{1} << left) - 1);
}

struct And {
  template <class Word>
  static Word Of(Word a, Word b) {
    return a & b;
  }
};

struct Or {
  template <class Word>
  static Word Of(Word a, Word b) {
    return a | b;
  }
};

struct AndNot {
  template <class Word>
  static Word Of(Word a, Word b) {
    return a & ~b;
  }
};

template <class Op>
void ForWords(std::uint64_t* a, const std::uint64_t* b, std::size_t n) {
  constexpr std::size_t kWords = U64::size;
  std::size_t i = 0;
  for (; n - i >= 2 * kWords; i += 2 * kWords) {
    const U64 low = Op::Of(U64::load_unaligned(a + i), U64::load_unaligned(b + i));
    const U64 high =
        Op::Of(U64::load_unaligned(a + i + kWords), U64::load_unaligned(b + i + kWords));
    low.store_unaligned(a + i);
    high.store_unaligned(a + i + kWords);
  }
  for (; i < n; ++i) a[i] = Op::Of(a[i], b[i]);
}

std::uint64_t PopcountWords(const std::uint64_t* a, std::size_t n) {
  std::uint64_t totals[4] = {0, 0, 0, 0};
  std::size_t i = 0;
  for (; n - i >= 4; i += 4) {
    for (std::size_t k = 0; k < 4; ++k) totals[k] += Isa::Popcount(a[i + k]);
  }
  for (; i < n; ++i) totals[0] += Isa::Popcount(a[i]);
  return (totals[0] + totals[1]) + (totals[2] + totals[3]);
}

}  // namespace
}  // namespace vecdb::simd

#endif  // VECDB_SIMD_WORDS_INL_
