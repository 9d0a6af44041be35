// Every kernel of the database, once per instruction set, behind one table of function pointers.
//
// Threads: the tables are constant; every function may be called from any thread.
// Memory: no kernel reads a byte outside the rows, words or bytes it is given, and no pointer needs
// more alignment than its type.
// Numbers: |result - exact| <= 4 * 2^-23 * (sum of the absolute terms) + FLT_MIN * dimension, up to
// 32768 dimensions: not a worst case, but what random and equal components keep to. The value of a
// row depends only on the level, the query and the row: not on n, nor on its position, nor on its
// neighbours, nor on whether it was reached by position or by id. NaN and infinity in the input
// give an unspecified result; so does an inner product whose partial sums overflow.
#ifndef VECDB_SIMD_KERNELS_H_
#define VECDB_SIMD_KERNELS_H_

#include <cstddef>
#include <cstdint>

namespace vecdb::simd {

enum class Level : std::uint8_t { kScalar, kSse2, kAvx2, kAvx512, kNeon };

struct KernelTable {
  Level level;
  const char* name;

  // out[i] = f(query, base + i * dimension) for i < n; rows are contiguous.
  void (*l2_f32_many)(const float* query, const float* base, std::size_t dimension, std::size_t n,
                      float* out);
  void (*ip_f32_many)(const float* query, const float* base, std::size_t dimension, std::size_t n,
                      float* out);
  // Inner product and squared norm of each row in one pass, as cosine needs them.
  void (*ip_norm_f32_many)(const float* query, const float* base, std::size_t dimension,
                           std::size_t n, float* ip, float* norm2);

  // The same for the rows base + ids[i] * dimension.
  void (*l2_f32_ids)(const float* query, const float* base, std::size_t dimension,
                     const std::uint32_t* ids, std::size_t n, float* out);
  void (*ip_f32_ids)(const float* query, const float* base, std::size_t dimension,
                     const std::uint32_t* ids, std::size_t n, float* out);
  void (*ip_norm_f32_ids)(const float* query, const float* base, std::size_t dimension,
                          const std::uint32_t* ids, std::size_t n, float* ip, float* norm2);

  // The bits that ip_norm_f32_* give as norm2 for this row.
  float (*norm2_f32)(const float* v, std::size_t dimension);
  // Neither NaN nor infinity among v[0..n).
  bool (*all_finite_f32)(const float* v, std::size_t n);

  // See Crc32c below.
  std::uint32_t (*crc32c)(std::uint32_t crc, const void* data, std::size_t n);

  // Bitmaps of n words: a &= b, a |= b, a &= ~b, and the number of set bits.
  void (*and_words)(std::uint64_t* a, const std::uint64_t* b, std::size_t n);
  void (*or_words)(std::uint64_t* a, const std::uint64_t* b, std::size_t n);
  void (*andnot_words)(std::uint64_t* a, const std::uint64_t* b, std::size_t n);
  std::uint64_t (*popcount_words)(const std::uint64_t* a, std::size_t n);
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
