// Every kernel of the database, once per instruction set, behind one table of function pointers.
//
// Threads: the tables are constant; every function may be called from any thread.
// Memory: no kernel reads a byte outside the rows, words or bytes it is given, and no pointer needs
// more alignment than its type.
// Numbers: of f32, f16 and bf16, |result - exact| <= 4 * 2^-23 * (sum of the absolute terms) +
// FLT_MIN * dimension, up to 32768 dimensions: not a worst case, but what random and equal
// components keep to. Of i8 and i4 (up to 32768 dimensions) and bits, the result is exact. The
// value of a row depends only on the level, the query and the row: not on n, nor on its position,
// nor on its neighbours, nor on whether it was reached by position, by id, alone or beside other
// queries. NaN and infinity in the input give an unspecified result; so does an inner product whose
// partial sums overflow.
#ifndef VECDB_SIMD_KERNELS_H_
#define VECDB_SIMD_KERNELS_H_

#include <cstddef>
#include <cstdint>

namespace vecdb::simd {

// kIcl is AVX-512 with VNNI, VPOPCNTDQ and BITALG.
enum class Level : std::uint8_t { kScalar, kSse2, kAvx2, kAvx512, kIcl, kNeon };

// A query of Query against rows of Element, both of `dimension` components; results in Number.
template <class Query, class Element, class Number>
struct VectorKernels {
  // out[i] = f(query, base + i * dimension) for i < n; rows are contiguous.
  using Many = void (*)(const Query* query, const Element* base, std::size_t dimension,
                        std::size_t n, Number* out);
  using ManyWithNorm = void (*)(const Query* query, const Element* base, std::size_t dimension,
                                std::size_t n, Number* ip, Number* norm2);
  // The same for the rows base + ids[i] * dimension.
  using Ids = void (*)(const Query* query, const Element* base, std::size_t dimension,
                       const std::uint32_t* ids, std::size_t n, Number* out);
  using IdsWithNorm = void (*)(const Query* query, const Element* base, std::size_t dimension,
                               const std::uint32_t* ids, std::size_t n, Number* ip, Number* norm2);
  // One row, with less ado than Many with n = 1.
  using Pair = Number (*)(const Query* query, const Element* row, std::size_t dimension);
  // out[q * n + i] for each of query_count contiguous queries; memory is read about once.
  using ManyToMany = void (*)(const Query* queries, std::size_t query_count, const Element* base,
                              std::size_t dimension, std::size_t n, Number* out);

  Many l2_many;  // sum of squared differences
  Many ip_many;  // inner product
  // Inner product and squared norm of each row in one pass, as cosine needs them.
  ManyWithNorm ip_norm_many;
  Ids l2_ids;
  Ids ip_ids;
  IdsWithNorm ip_norm_ids;
  Pair l2_pair;
  Pair ip_pair;
  // For cosine, ip_mq and each row's norm2 once.
  ManyToMany l2_mq;
  ManyToMany ip_mq;
  // The bits that ip_norm_* give as norm2 for this row.
  Number (*norm2)(const Element* v, std::size_t dimension);
};

struct FloatKernels : VectorKernels<float, float, float> {
  // Neither NaN nor infinity among v[0..n).
  bool (*all_finite)(const float* v, std::size_t n);
};

// f16 (IEEE binary16) or bf16, by their bits; all arithmetic is on floats.
struct HalfKernels : VectorKernels<float, std::uint16_t, float> {
  bool (*all_finite)(const std::uint16_t* v, std::size_t n);
  // Exact. A NaN becomes a quiet one.
  void (*to_f32)(const std::uint16_t* from, std::size_t n, float* to);
  // To the nearest, ties to even; too large becomes infinity, and a NaN stays one. The same bits at
  // every level.
  void (*from_f32)(const float* from, std::size_t n, std::uint16_t* to);
};

using Int8Kernels = VectorKernels<std::int8_t, std::int8_t, std::int32_t>;

// Rows of numbers c from 0 to 15, in lines of 64 bytes: byte b of a line has the line's component b
// in its low half and component 64 + b in its high half. `dimension` is the bytes of a row, whole
// lines; a query has two components a byte of these.
struct Int4Kernels {
  // The sum of c * (8 c - 128 + query). 32 times that, and what depends on the query alone, is the
  // squared distance between 16 (c - 8) and -query.
  Int8Kernels::Many l2_many;
  Int8Kernels::Many ip_many;  // the sum of c * query
  Int8Kernels::Ids l2_ids;
  Int8Kernels::Ids ip_ids;
};

// Rows of `bytes` bytes of packed bits. Hamming counts the bits that differ; Jaccard those set in
// both and those set in either.
struct BitKernels {
  void (*hamming_many)(const std::uint8_t* query, const std::uint8_t* base, std::size_t bytes,
                       std::size_t n, std::uint32_t* out);
  void (*jaccard_many)(const std::uint8_t* query, const std::uint8_t* base, std::size_t bytes,
                       std::size_t n, std::uint32_t* both, std::uint32_t* either);
  void (*hamming_ids)(const std::uint8_t* query, const std::uint8_t* base, std::size_t bytes,
                      const std::uint32_t* ids, std::size_t n, std::uint32_t* out);
  void (*jaccard_ids)(const std::uint8_t* query, const std::uint8_t* base, std::size_t bytes,
                      const std::uint32_t* ids, std::size_t n, std::uint32_t* both,
                      std::uint32_t* either);
  std::uint32_t (*hamming_pair)(const std::uint8_t* query, const std::uint8_t* row,
                                std::size_t bytes);
  void (*jaccard_pair)(const std::uint8_t* query, const std::uint8_t* row, std::size_t bytes,
                       std::uint32_t* both, std::uint32_t* either);
  void (*hamming_mq)(const std::uint8_t* queries, std::size_t query_count, const std::uint8_t* base,
                     std::size_t bytes, std::size_t n, std::uint32_t* out);
  void (*jaccard_mq)(const std::uint8_t* queries, std::size_t query_count, const std::uint8_t* base,
                     std::size_t bytes, std::size_t n, std::uint32_t* both, std::uint32_t* either);
};

// Bitmaps of n words: a &= b, a |= b, a &= ~b, and the number of set bits.
struct WordKernels {
  void (*and_into)(std::uint64_t* a, const std::uint64_t* b, std::size_t n);
  void (*or_into)(std::uint64_t* a, const std::uint64_t* b, std::size_t n);
  void (*andnot_into)(std::uint64_t* a, const std::uint64_t* b, std::size_t n);
  std::uint64_t (*popcount)(const std::uint64_t* a, std::size_t n);
};

// Which of n numbers at `values` lie within [first, last], as signed integers; first <= last. Bit
// i % 64 of words[i / 64] is set where number i does, and no bit beyond the last.
struct RangeKernels {
  template <class Int>
  using Within = void (*)(const void* values, std::size_t n, Int first, Int last,
                          std::uint64_t* words);

  Within<std::int8_t> i8;
  Within<std::int16_t> i16;
  Within<std::int32_t> i32;
  Within<std::int64_t> i64;
};

// Queries in panels of `width`, the last filled up with any numbers: component i of query q of
// panel p is values[(p * dimension + i) * width + q], its factor factors[p * width + q].
struct ProductQueries {
  const float* values;
  std::size_t panels;
  const float* factors;
  const float* terms;
};

// Contiguous rows with a factor each, and what is worth fetching meanwhile.
struct ProductRows {
  const float* base;
  std::size_t dimension;
  std::size_t n;
  const float* factors;
  const void* next;
  std::size_t next_bytes;
};

// Inner products that are compared and not kept: less work than a distance, and other bits than
// those of ip_many. With u = 2^-24 and m = dimension + 1, a product is at most m u / (1 - m u)
// times the sum of the absolute terms away from the exact one, in the worst case, and dimension
// times FLT_MIN.
struct ProductKernels {
  static constexpr std::size_t kRows = 12;  // they come best in multiples of this

  std::size_t width;  // at most 32; 0: this level has no such kernel
  // Bit q of words[p * n + i] is set unless the product of query q of panel p and row i is below
  // fma(factor of the row, factor of the query, term of the query). What is NaN is not below.
  void (*reach)(const ProductQueries& queries, const ProductRows& rows, std::uint32_t* words);
};

// out[i] = round((numbers[i] - offsets[i]) / scale) within [-128, 127], to even where it lies
// halfway (levels may differ where a number lies so near halfway that a rounding decides). Whether
// all of them say their numbers exactly. Without offsets (null) these are 0.
using EncodeKernel = bool (*)(const float* numbers, const float* offsets, float scale,
                              std::size_t n, std::int8_t* out);

struct KernelTable {
  Level level;
  const char* name;
  FloatKernels f32;
  HalfKernels f16;
  HalfKernels bf16;
  Int8Kernels i8;
  Int4Kernels i4;
  BitKernels bits;
  WordKernels words;
  RangeKernels ranges;
  ProductKernels products;
  EncodeKernel encode;
  std::uint32_t (*crc32c)(std::uint32_t crc, const void* data, std::size_t n);  // Crc32c below
};

// The best level of this CPU, unless the environment variable VECDB_SIMD (scalar, sse2, avx2,
// avx512, icl) names a lower one. Decided at the first call. A set-user-id program ignores the
// variable, and everyone ignores a value that is none of these.
const KernelTable& Kernels();

// The table of one level; nullptr when this CPU or this build lacks it.
const KernelTable* KernelsAt(Level level);

// The best level of this CPU and build, whatever the environment says.
Level DetectedLevel();

// CRC-32C (Castagnoli) of n bytes, continuing from `crc` (0 for the first piece), so that
// Crc32c(Crc32c(0, a), b) is the checksum of a followed by b. Crc32c(0, "123456789", 9) is
// 0xE3069283.
inline std::uint32_t Crc32c(std::uint32_t crc, const void* data, std::size_t n) {
  return Kernels().crc32c(crc, data, n);
}

}  // namespace vecdb::simd

#endif  // VECDB_SIMD_KERNELS_H_
