// The kernels of one instruction set, written once over xsimd. A translation unit compiled for that
// set renames xsimd (see kernels_avx2.cc), describes the set in a class `Isa`, and includes this.
// Everything here has internal linkage, and nothing here calls an inline function that another
// translation unit could share: the linker would keep one copy for all, maybe the one whose
// instructions this CPU lacks. tools/check_isa_symbols.sh holds us to that.
//
// Isa has:
//   Arch                          the xsimd architecture, spelled out: its default varies
//   kName, kLevel, kCrc32c        for the table
//   LoadTail(p, n)                lanes 0..n-1 from p, zeros behind, 0 < n < lanes; reads only
//   those Sum4(a, b, c, d, out)         the four sums over lanes; each sum ignores the other three
//   Popcount(word)
//   kPackedDimension              rows of at most so many floats go four to a batch; if it is not
//   0: PackContiguous(p, d, rows)    from rows (1..4) contiguous rows, row r in lanes 4r..4r+d-1
//   PackGathered(rows[4], d)      the same from anywhere
//   PackQuery(p, d)               the query once in each four lanes
//   SumPacked(batch, out)         the sum of each four lanes

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "simd/kernel_tables.h"

namespace vecdb::simd {
namespace {

using F32 = xsimd::batch<float, Isa::Arch>;
using I32 = xsimd::batch<std::int32_t, Isa::Arch>;
using U64 = xsimd::batch<std::uint64_t, Isa::Arch>;

constexpr std::size_t kLanes = F32::size;
constexpr std::size_t kLine = 16;          // floats in a cache line
constexpr std::size_t kStep = 4 * kLanes;  // four chains hide the latency of one addition
// Rounding errors of equal terms add up with the number of additions in a row: after so many steps
// the chains go into a sum over blocks, and after so many blocks that goes into the total.
constexpr std::size_t kBlock = 16 * kStep;
constexpr std::size_t kBlocks = 16;
constexpr std::size_t kAhead = 1024;  // floats; a page, where the hardware stops looking

// Inlined even where the compiler would not. The prefetches need it too: a function that does
// nothing else counts as one without effect, and its calls vanish.
#define VECDB_ALWAYS_INLINE [[gnu::always_inline]] inline

// body(0) ... body(kCount - 1), written out, so that arrays indexed by it become registers.
template <std::size_t kCount, class Body>
VECDB_ALWAYS_INLINE void Repeat(const Body& body) {
  if constexpr (kCount > 0) {
    Repeat<kCount - 1>(body);
    body(kCount - 1);
  }
}
#define VECDB_EACH(index) [&](std::size_t index) __attribute__((always_inline))

// What a row contributes, in kSums sums.
struct L2 {
  static constexpr std::size_t kSums = 1;
  VECDB_ALWAYS_INLINE static void Add(F32 query, F32 row, F32* sums) {
    const F32 difference = query - row;
    sums[0] = xsimd::fma(difference, difference, sums[0]);
  }
};

struct Ip {
  static constexpr std::size_t kSums = 1;
  VECDB_ALWAYS_INLINE static void Add(F32 query, F32 row, F32* sums) {
    sums[0] = xsimd::fma(query, row, sums[0]);
  }
};

struct IpNorm {
  static constexpr std::size_t kSums = 2;
  VECDB_ALWAYS_INLINE static void Add(F32 query, F32 row, F32* sums) {
    sums[0] = xsimd::fma(query, row, sums[0]);
    sums[1] = xsimd::fma(row, row, sums[1]);
  }
};

template <class Op>
VECDB_ALWAYS_INLINE void Clear(F32* sums) {
  Repeat<Op::kSums>(VECDB_EACH(k) { sums[k] = F32(0.0F); });
}

// Into the first cache; harmless whatever the address, hence an integer.
VECDB_ALWAYS_INLINE void Prefetch(std::uintptr_t address) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): never dereferenced.
  __builtin_prefetch(reinterpret_cast<const void*>(address));
}

VECDB_ALWAYS_INLINE void PrefetchFloats(std::uintptr_t address, std::size_t n) {
  for (std::size_t i = 0; i < n; i += kLine) Prefetch(address + i * sizeof(float));
}

// Where the rows are, and which address is worth fetching while row i is read: it may lie beyond
// the array.
struct Contiguous {
  const float* base;
  std::size_t dimension;
  std::size_t n;

  VECDB_ALWAYS_INLINE const float* Row(std::size_t i) const { return base + i * dimension; }
  VECDB_ALWAYS_INLINE std::uintptr_t Ahead(std::size_t i) const {
    return reinterpret_cast<std::uintptr_t>(Row(i)) + kAhead * sizeof(float);
  }
  // For rows i..i+3, when all of them span a few lines.
  VECDB_ALWAYS_INLINE void PrefetchShort(std::size_t i) const {
    PrefetchFloats(Ahead(i), 4 * dimension);
  }
  template <class Packer>
  VECDB_ALWAYS_INLINE F32 Pack(std::size_t i, std::size_t count) const {
    return Packer::PackContiguous(Row(i), dimension, count);
  }
};

struct Gathered {
  const float* base;
  std::size_t dimension;
  std::size_t n;
  const std::uint32_t* ids;
  std::size_t rows_ahead;

  VECDB_ALWAYS_INLINE const float* Row(std::size_t i) const { return base + ids[i] * dimension; }
  VECDB_ALWAYS_INLINE std::uintptr_t Ahead(std::size_t i) const {
    return reinterpret_cast<std::uintptr_t>(Row(i + rows_ahead < n ? i + rows_ahead : n - 1));
  }
  VECDB_ALWAYS_INLINE void PrefetchShort(std::size_t i) const {
    Repeat<4>(VECDB_EACH(r) { PrefetchFloats(Ahead(i + r), dimension); });
  }
  template <class Packer>
  VECDB_ALWAYS_INLINE F32 Pack(std::size_t i, std::size_t count) const {
    const float* const at[4] = {Row(i), Row(count > 1 ? i + 1 : i), Row(count > 2 ? i + 2 : i),
                                Row(count > 3 ? i + 3 : i)};
    return Packer::PackGathered(at, dimension);
  }
};

// One row, left to right; sums[0..kSums) still have to be summed over their lanes.
template <class Op>
void AddRow(const float* query, const float* row, std::size_t dimension, std::uintptr_t ahead,
            F32* out) {
  F32 sums[Op::kSums];
  F32 totals[Op::kSums];
  Clear<Op>(sums);
  Clear<Op>(totals);
  std::size_t blocks = 0;
  std::size_t i = 0;
  while (dimension - i >= kStep) {
    const std::size_t steps = (dimension - i) / kStep * kStep;
    const std::size_t end = i + (steps < kBlock ? steps : kBlock);
    F32 chains[4][Op::kSums];
    Repeat<4>(VECDB_EACH(c) { Clear<Op>(chains[c]); });
    for (; i < end; i += kStep) {
      Repeat<kStep / kLine>(
          VECDB_EACH(line) { Prefetch(ahead + (i + line * kLine) * sizeof(float)); });
      Repeat<4>(VECDB_EACH(c) {
        Op::Add(F32::load_unaligned(query + i + c * kLanes),
                F32::load_unaligned(row + i + c * kLanes), chains[c]);
      });
    }
    Repeat<Op::kSums>(VECDB_EACH(k) {
      sums[k] = sums[k] + ((chains[0][k] + chains[1][k]) + (chains[2][k] + chains[3][k]));
    });
    if (++blocks % kBlocks == 0) {
      Repeat<Op::kSums>(VECDB_EACH(k) { totals[k] = totals[k] + sums[k]; });
      Clear<Op>(sums);
    }
  }
  PrefetchFloats(ahead + i * sizeof(float), dimension - i);
  for (; dimension - i >= kLanes; i += kLanes) {
    Op::Add(F32::load_unaligned(query + i), F32::load_unaligned(row + i), sums);
  }
  if (i < dimension) {
    Op::Add(Isa::LoadTail(query + i, dimension - i), Isa::LoadTail(row + i, dimension - i), sums);
  }
  Repeat<Op::kSums>(VECDB_EACH(k) { out[k] = totals[k] + sums[k]; });
}

template <class Op>
VECDB_ALWAYS_INLINE void SumLanes(F32 (*rows)[Op::kSums], float (*out)[4]) {
  Repeat<Op::kSums>(
      VECDB_EACH(k) { Isa::Sum4(rows[0][k], rows[1][k], rows[2][k], rows[3][k], out[k]); });
}

// The next three classes sum four rows, or the `count` that are left. This one takes rows of at
// most kPackedDimension floats.
template <class Packer, class Op>
class PackedRows {
 public:
  PackedRows(const float* query, std::size_t dimension)
      : query_(Packer::PackQuery(query, dimension)) {}

  template <class Rows>
  VECDB_ALWAYS_INLINE void Sum(const Rows& rows, std::size_t i, std::size_t count,
                               float (*out)[4]) const {
    F32 sums[Op::kSums];
    Clear<Op>(sums);
    Op::Add(query_, rows.template Pack<Packer>(i, count), sums);
    Repeat<Op::kSums>(VECDB_EACH(k) { Packer::SumPacked(sums[k], out[k]); });
  }

 private:
  const F32 query_;
};

// Rows of kFull batches and a tail: the query stays in registers.
template <std::size_t kFull, bool kTail, class Op>
class ShortRows {
 public:
  ShortRows(const float* query, std::size_t dimension) : tail_(dimension % kLanes) {
    Repeat<kFull>(VECDB_EACH(c) { query_[c] = F32::load_unaligned(query + c * kLanes); });
    query_[kFull] = kTail ? Isa::LoadTail(query + kFull * kLanes, tail_) : F32(0.0F);
  }

  template <class Rows>
  VECDB_ALWAYS_INLINE void Sum(const Rows& rows, std::size_t i, std::size_t count,
                               float (*out)[4]) const {
    F32 sums[4][Op::kSums];
    Repeat<4>(VECDB_EACH(r) {
      Clear<Op>(sums[r]);
      if (r < count) Add(rows.Row(i + r), sums[r]);
    });
    SumLanes<Op>(sums, out);
  }

 private:
  VECDB_ALWAYS_INLINE void Add(const float* row, F32* sums) const {
    Repeat<kFull>(
        VECDB_EACH(c) { Op::Add(query_[c], F32::load_unaligned(row + c * kLanes), sums); });
    if constexpr (kTail) {
      Op::Add(query_[kFull], Isa::LoadTail(row + kFull * kLanes, tail_), sums);
    }
  }

  F32 query_[kFull + 1];
  const std::size_t tail_;
};

// Rows of at least kStep floats.
template <class Op>
class LongRows {
 public:
  LongRows(const float* query, std::size_t) : query_(query) {}

  template <class Rows>
  VECDB_ALWAYS_INLINE void Sum(const Rows& rows, std::size_t i, std::size_t count,
                               float (*out)[4]) const {
    F32 sums[4][Op::kSums];
    for (std::size_t r = 0; r < 4; ++r) {
      Clear<Op>(sums[r]);
      if (r < count) {
        AddRow<Op>(query_, rows.Row(i + r), rows.dimension, rows.Ahead(i + r), sums[r]);
      }
    }
    SumLanes<Op>(sums, out);
  }

 private:
  const float* const query_;
};

template <class Op, class Summer, class Rows>
void ScanWith(const float* query, const Rows& lent, float* const* out) {
  const Rows rows = lent;
  const Summer summer(query, rows.dimension);
  const bool is_short = rows.dimension < kStep;
  float sums[Op::kSums][4];
  std::size_t i = 0;
  for (; rows.n - i >= 4; i += 4) {
    if (is_short) rows.PrefetchShort(i);
    summer.Sum(rows, i, 4, sums);
    Repeat<Op::kSums>(VECDB_EACH(k) { std::memcpy(out[k] + i, sums[k], sizeof sums[k]); });
  }
  if (i == rows.n) return;
  summer.Sum(rows, i, rows.n - i, sums);
  for (std::size_t k = 0; k < Op::kSums; ++k) {
    for (std::size_t r = 0; i + r < rows.n; ++r) out[k][i + r] = sums[k][r];
  }
}

template <class Op, std::size_t kFull, class Rows>
void ScanShort(const float* query, const Rows& rows, float* const* out) {
  if (rows.dimension % kLanes == 0) {
    ScanWith<Op, ShortRows<kFull, false, Op>>(query, rows, out);
  } else {
    ScanWith<Op, ShortRows<kFull, true, Op>>(query, rows, out);
  }
}

template <class Op, class Rows>
void Scan(const float* query, const Rows& rows, float* const* out) {
  if constexpr (Isa::kPackedDimension > 0) {
    if (rows.dimension <= Isa::kPackedDimension) {
      ScanWith<Op, PackedRows<Isa, Op>>(query, rows, out);
      return;
    }
  }
  switch (rows.dimension / kLanes) {
    case 0:
      ScanShort<Op, 0>(query, rows, out);
      return;
    case 1:
      ScanShort<Op, 1>(query, rows, out);
      return;
    case 2:
      ScanShort<Op, 2>(query, rows, out);
      return;
    case 3:
      ScanShort<Op, 3>(query, rows, out);
      return;
    default:
      ScanWith<Op, LongRows<Op>>(query, rows, out);
  }
}

void L2Many(const float* query, const float* base, std::size_t dimension, std::size_t n,
            float* out) {
  Scan<L2>(query, Contiguous{base, dimension, n}, &out);
}

void IpMany(const float* query, const float* base, std::size_t dimension, std::size_t n,
            float* out) {
  Scan<Ip>(query, Contiguous{base, dimension, n}, &out);
}

void IpNormMany(const float* query, const float* base, std::size_t dimension, std::size_t n,
                float* ip, float* norm2) {
  float* const out[] = {ip, norm2};
  Scan<IpNorm>(query, Contiguous{base, dimension, n}, out);
}

using Many = void (*)(const float*, const float*, std::size_t, std::size_t, float*);

template <Many kMany>
float Pair(const float* query, const float* row, std::size_t dimension) {
  float out = 0;
  kMany(query, row, dimension, 1, &out);
  return out;
}

template <Many kMany>
void ManyToMany(const float* queries, std::size_t query_count, const float* base,
                std::size_t dimension, std::size_t n, float* out) {
  for (std::size_t q = 0; q < query_count; ++q) {
    kMany(queries + q * dimension, base, dimension, n, out + q * n);
  }
}

// Looks about a page of rows ahead, and fetches the heads of those nobody looked ahead to.
Gathered Gather(const float* base, std::size_t dimension, const std::uint32_t* ids, std::size_t n) {
  const std::size_t fit = dimension < kAhead / 8 ? 8 : kAhead / dimension;
  const Gathered rows{base, dimension, n, ids, fit < 1 ? 1 : fit};
  const std::size_t head = dimension < 8 * kLine ? dimension : 8 * kLine;
  for (std::size_t i = 0; i < rows.rows_ahead && i < n; ++i) {
    PrefetchFloats(reinterpret_cast<std::uintptr_t>(rows.Row(i)), head);
  }
  return rows;
}

void L2Ids(const float* query, const float* base, std::size_t dimension, const std::uint32_t* ids,
           std::size_t n, float* out) {
  Scan<L2>(query, Gather(base, dimension, ids, n), &out);
}

void IpIds(const float* query, const float* base, std::size_t dimension, const std::uint32_t* ids,
           std::size_t n, float* out) {
  Scan<Ip>(query, Gather(base, dimension, ids, n), &out);
}

// NOLINTNEXTLINE(readability-function-size): the parameters are the table's.
void IpNormIds(const float* query, const float* base, std::size_t dimension,
               const std::uint32_t* ids, std::size_t n, float* ip, float* norm2) {
  float* const out[] = {ip, norm2};
  Scan<IpNorm>(query, Gather(base, dimension, ids, n), out);
}

// By way of IpNorm, so that a stored norm and a norm computed in passing are the same bits.
float Norm2(const float* v, std::size_t dimension) {
  float ip = 0;
  float norm2 = 0;
  IpNormMany(v, v, dimension, 1, &ip, &norm2);
  return norm2;
}

// The sign bit of a lane is set when its exponent is all ones.
I32 NotFiniteSign(I32 bits) {
  return (bits & I32(0x7F800000)) + I32(0x00800000);
}

I32 LoadBits(const float* v) {
  return I32::load_unaligned(reinterpret_cast<const std::int32_t*>(v));
}

bool AnyNegative(I32 lanes) {
  std::int32_t values[kLanes];
  lanes.store_unaligned(values);
  std::int32_t any = 0;
  for (const std::int32_t value : values) any |= value;
  return any < 0;
}

bool AllFinite(const float* v, std::size_t n) {
  std::size_t i = 0;
  while (n - i >= kStep) {
    const std::size_t steps = (n - i) / kStep * kStep;
    const std::size_t end = i + (steps < kBlock ? steps : kBlock);
    I32 found(0);
    for (; i < end; i += kStep) {
      const I32 first = NotFiniteSign(LoadBits(v + i)) | NotFiniteSign(LoadBits(v + i + kLanes));
      const I32 last =
          NotFiniteSign(LoadBits(v + i + 2 * kLanes)) | NotFiniteSign(LoadBits(v + i + 3 * kLanes));
      found = found | (first | last);
    }
    if (AnyNegative(found)) return false;
  }
  for (; i < n; ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, v + i, sizeof bits);
    if ((bits & 0x7F800000) == 0x7F800000) return false;
  }
  return true;
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

// What this instruction set has no kernels for is the reference's.
KernelTable MakeTable() {
  KernelTable table = ScalarKernels();
  table.level = Isa::kLevel;
  table.name = Isa::kName;
  table.f32.l2_many = L2Many;
  table.f32.ip_many = IpMany;
  table.f32.ip_norm_many = IpNormMany;
  table.f32.l2_ids = L2Ids;
  table.f32.ip_ids = IpIds;
  table.f32.ip_norm_ids = IpNormIds;
  table.f32.l2_pair = Pair<L2Many>;
  table.f32.ip_pair = Pair<IpMany>;
  table.f32.l2_mq = ManyToMany<L2Many>;
  table.f32.ip_mq = ManyToMany<IpMany>;
  table.f32.norm2 = Norm2;
  table.f32.all_finite = AllFinite;
  table.words = {ForWords<And>, ForWords<Or>, ForWords<AndNot>, PopcountWords};
  table.crc32c = Isa::kCrc32c;
  return table;
}

}  // namespace
}  // namespace vecdb::simd
