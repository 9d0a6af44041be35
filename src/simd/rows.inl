// Where the rows of a scan are, what is fetched before it is needed, and the beginnings that all
// kernels share. Like every .inl of this folder it is included by translation units that are
// compiled for one instruction set each. So everything here has internal linkage, and nothing here
// calls an inline function that another translation unit could share: the linker would keep one
// copy for all, maybe the one whose instructions this CPU lacks. tools/check_isa_symbols.sh holds
// us to that.
#ifndef VECDB_SIMD_ROWS_INL_
#define VECDB_SIMD_ROWS_INL_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "simd/kernel_tables.h"

// Inlined even where the compiler would not. The prefetches need it too: a function that does
// nothing else counts as one without effect, and its calls vanish.
#define VECDB_ALWAYS_INLINE [[gnu::always_inline]] inline
#define VECDB_EACH(index) [&](std::size_t index) __attribute__((always_inline))

namespace vecdb::simd {
namespace {

constexpr std::size_t kLineBytes = 64;
constexpr std::size_t kAheadBytes = 8192;  // two pages: the hardware looks no further than one

// body(0) ... body(kCount - 1), written out, so that arrays indexed by it become registers.
template <std::size_t kCount, class Body>
VECDB_ALWAYS_INLINE void Repeat(const Body& body) {
  if constexpr (kCount > 0) {
    Repeat<kCount - 1>(body);
    body(kCount - 1);
  }
}

// Into the first cache; harmless whatever the address, hence an integer.
VECDB_ALWAYS_INLINE void Prefetch(std::uintptr_t address) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): never dereferenced.
  __builtin_prefetch(reinterpret_cast<const void*>(address));
}

VECDB_ALWAYS_INLINE void PrefetchBytes(std::uintptr_t address, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; i += kLineBytes) Prefetch(address + i);
}

// Ahead(i) is what is worth fetching while row i is read: it may lie beyond the array.
template <class Stored>
struct Contiguous {
  const Stored* base;
  std::size_t dimension;
  std::size_t n;

  VECDB_ALWAYS_INLINE const Stored* Row(std::size_t i) const { return base + i * dimension; }
  VECDB_ALWAYS_INLINE std::uintptr_t Ahead(std::size_t i) const {
    return reinterpret_cast<std::uintptr_t>(Row(i)) + kAheadBytes;
  }
  // For rows i..i+3, when all of them span a few lines.
  VECDB_ALWAYS_INLINE void PrefetchShort(std::size_t i) const {
    PrefetchBytes(Ahead(i), 4 * dimension * sizeof(Stored));
  }
  template <class Packer>
  VECDB_ALWAYS_INLINE auto Pack(std::size_t i, std::size_t count) const {
    return Packer::PackContiguous(Row(i), dimension, count);
  }
};

template <class Stored>
struct Gathered {
  const Stored* base;
  std::size_t dimension;
  std::size_t n;
  const std::uint32_t* ids;
  std::size_t rows_ahead;

  VECDB_ALWAYS_INLINE const Stored* Row(std::size_t i) const { return base + ids[i] * dimension; }
  VECDB_ALWAYS_INLINE std::uintptr_t Ahead(std::size_t i) const {
    return reinterpret_cast<std::uintptr_t>(Row(i + rows_ahead < n ? i + rows_ahead : n - 1));
  }
  VECDB_ALWAYS_INLINE void PrefetchShort(std::size_t i) const {
    Repeat<4>(VECDB_EACH(r) { PrefetchRow(Ahead(i + r), dimension * sizeof(Stored)); });
  }
  template <class Packer>
  VECDB_ALWAYS_INLINE auto Pack(std::size_t i, std::size_t count) const {
    const Stored* const at[4] = {Row(i), Row(count > 1 ? i + 1 : i), Row(count > 2 ? i + 2 : i),
                                 Row(count > 3 ? i + 3 : i)};
    return Packer::PackGathered(at, dimension);
  }
  // A row need not begin with a line: its last byte may lie in one more.
  VECDB_ALWAYS_INLINE static void PrefetchRow(std::uintptr_t address, std::size_t bytes) {
    PrefetchBytes(address, bytes);
    Prefetch(address + bytes - 1);
  }
};

// Looks about two pages of rows ahead, and fetches the heads of those nobody looked ahead to.
template <class Stored>
Gathered<Stored> Gather(const Stored* base, std::size_t dimension, const std::uint32_t* ids,
                        std::size_t n) {
  const std::size_t bytes = dimension * sizeof(Stored);
  const std::size_t fit = bytes < kAheadBytes / 16 ? 16 : kAheadBytes / bytes;
  const Gathered<Stored> rows{base, dimension, n, ids, fit < 1 ? 1 : fit};
  const std::size_t head = bytes < 8 * kLineBytes ? bytes : 8 * kLineBytes;
  for (std::size_t i = 0; i < rows.rows_ahead && i < n; ++i) {
    rows.PrefetchRow(reinterpret_cast<std::uintptr_t>(rows.Row(i)), head);
  }
  return rows;
}

// One row, with nothing to look ahead to.
template <class Stored>
Gathered<Stored> Single(const Stored* row, std::size_t dimension) {
  static constexpr std::uint32_t kFirst = 0;
  return {row, dimension, 1, &kFirst, 1};
}

// So many rows of `bytes` bytes are compared with one query after the other: they fill half of a
// first cache.
constexpr std::size_t RowsOfBlock(std::size_t bytes) {
  return bytes >= 4096 ? 4 : 16384 / bytes;
}

struct TwoWords {
  std::uint64_t low, high;
};

template <class Word>
VECDB_ALWAYS_INLINE Word LoadWord(const void* p) {
  Word word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

// n bytes, 0 < n < 16, followed by zeros. Pieces overlap where they have to: they agree there.
VECDB_ALWAYS_INLINE TwoWords LoadFewBytes(const void* from, std::size_t n) {
  const unsigned char* p = static_cast<const unsigned char*>(from);
  if (n >= 8) {
    const std::uint64_t last = LoadWord<std::uint64_t>(p + n - 8);
    return {LoadWord<std::uint64_t>(p), n == 8 ? 0 : last >> (8 * (16 - n))};
  }
  if (n >= 4) {
    const std::uint64_t last = LoadWord<std::uint32_t>(p + n - 4);
    return {LoadWord<std::uint32_t>(p) | last << (8 * (n - 4)), 0};
  }
  const std::uint64_t middle = p[n / 2];
  const std::uint64_t last = p[n - 1];
  return {p[0] | middle << (8 * (n / 2)) | last << (8 * (n - 1)), 0};
}

}  // namespace
}  // namespace vecdb::simd

#endif  // VECDB_SIMD_ROWS_INL_
