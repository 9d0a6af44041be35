// The kernels of f32, f16 and bf16, written once over xsimd: see rows.inl for what holds here. A
// translation unit renames xsimd (see kernels_avx2.cc), describes the set in a class `Isa`, and
// includes this.
//
// Isa has:
//   Arch                          the xsimd architecture, spelled out: its default varies
//   LoadTail(p, n)                lanes 0..n-1 from p, zeros behind, 0 < n < lanes; reads no more
//   LoadF16(p), LoadBf16(p)       as many lanes of halves, widened
//   LoadF16Tail(p, n), LoadBf16Tail(p, n)
//   Sum4(a, b, c, d, out)         the four sums over lanes; each sum ignores the other three
//   kPackedDimension              rows of at most so many floats go four to a batch, unless it is 0
//   PackContiguous(p, d, rows)    from rows (1..4) contiguous rows, row r in lanes 4r..4r+d-1
//   PackGathered(rows[4], d)      the same from anywhere
//   PackQuery(p, d)               the query once in each four lanes
//   SumPacked(batch, out)         the sum of each four lanes
#ifndef VECDB_SIMD_FLOATS_INL_
#define VECDB_SIMD_FLOATS_INL_

#include <type_traits>

#include "simd/rows.inl"

namespace vecdb::simd {
namespace {

using F32 = xsimd::batch<float, Isa::Arch>;

constexpr std::size_t kLanes = F32::size;
constexpr std::size_t kStep = 4 * kLanes;  // four chains hide the latency of one addition
// Rounding errors of equal terms add up with the number of additions in a row: after so many steps
// the chains go into a sum over blocks, and after so many blocks that goes into the total.
constexpr std::size_t kBlock = 16 * kStep;
constexpr std::size_t kBlocks = 16;

// It is much code: a small build has none.
#ifdef VECDB_EDGE
constexpr bool kCodeForShortRows = false;
#else
constexpr bool kCodeForShortRows = true;
#endif

// What rows are stored as. A query is FloatElement. Only floats have code for short rows.
struct FloatElement {
  using Stored = float;
  static constexpr bool kShortRows = kCodeForShortRows;
  VECDB_ALWAYS_INLINE static F32 Load(const float* p) { return F32::load_unaligned(p); }
  VECDB_ALWAYS_INLINE static F32 LoadTail(const float* p, std::size_t n) {
    return Isa::LoadTail(p, n);
  }
};

struct F16Element {
  using Stored = std::uint16_t;
  static constexpr bool kShortRows = false;
  VECDB_ALWAYS_INLINE static F32 Load(const std::uint16_t* p) { return Isa::LoadF16(p); }
  VECDB_ALWAYS_INLINE static F32 LoadTail(const std::uint16_t* p, std::size_t n) {
    return Isa::LoadF16Tail(p, n);
  }
};

struct Bf16Element {
  using Stored = std::uint16_t;
  static constexpr bool kShortRows = false;
  VECDB_ALWAYS_INLINE static F32 Load(const std::uint16_t* p) { return Isa::LoadBf16(p); }
  VECDB_ALWAYS_INLINE static F32 LoadTail(const std::uint16_t* p, std::size_t n) {
    return Isa::LoadBf16Tail(p, n);
  }
};

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

template <std::size_t kCount>
VECDB_ALWAYS_INLINE void Clear(F32* sums) {
  Repeat<kCount>(VECDB_EACH(k) { sums[k] = F32(0.0F); });
}

// What comes first is taken as it is.
template <std::size_t kCount>
VECDB_ALWAYS_INLINE void AddInto(F32* to, const F32* from, bool first = false) {
  if (first) {
    Repeat<kCount>(VECDB_EACH(k) { to[k] = from[k]; });
  } else {
    Repeat<kCount>(VECDB_EACH(k) { to[k] = to[k] + from[k]; });
  }
}

// Components [i, end) of a row, a multiple of kStep, added to sums.
template <class Op, class Query, class Element>
// NOLINTNEXTLINE(readability-function-size): a part of AddRow, with its state.
VECDB_ALWAYS_INLINE void AddBlock(const typename Query::Stored* query,
                                  const typename Element::Stored* row, std::uintptr_t ahead,
                                  std::size_t i, std::size_t end, F32* sums) {
  constexpr std::size_t kSums = Op::kSums;
  constexpr std::size_t kBytes = sizeof(typename Element::Stored);
  F32 chains[4][kSums];
  Repeat<4>(VECDB_EACH(c) { Clear<kSums>(chains[c]); });
  for (std::size_t at = i; at < end; at += kStep) {
    Repeat<(kStep * kBytes + kLineBytes - 1) / kLineBytes>(
        VECDB_EACH(line) { Prefetch(ahead + at * kBytes + line * kLineBytes); });
    Repeat<4>(VECDB_EACH(c) {
      const F32 loaded = Element::Load(row + at + c * kLanes);
      Op::Add(Query::Load(query + at + c * kLanes), loaded, chains[c]);
    });
  }
  AddInto<kSums>(chains[0], chains[1]);
  AddInto<kSums>(chains[2], chains[3]);
  AddInto<kSums>(chains[0], chains[2]);
  AddInto<kSums>(sums, chains[0], i == 0);
}

// One row, left to right; out[0..kSums) still have to be summed over their lanes.
template <class Op, class Query, class Element>
void AddRow(const typename Query::Stored* query, const typename Element::Stored* row,
            std::size_t dimension, std::uintptr_t ahead, F32* out) {
  constexpr std::size_t kSums = Op::kSums;
  F32 sums[kSums];
  F32 totals[kSums];
  Clear<kSums>(sums);
  Clear<kSums>(totals);
  std::size_t blocks = 0;
  std::size_t i = 0;
  while (dimension - i >= kStep) {
    const std::size_t steps = (dimension - i) / kStep * kStep;
    const std::size_t end = i + (steps < kBlock ? steps : kBlock);
    AddBlock<Op, Query, Element>(query, row, ahead, i, end, sums);
    i = end;
    if (++blocks % kBlocks != 0) continue;
    AddInto<kSums>(totals, sums, blocks == kBlocks);
    Clear<kSums>(sums);
  }
  PrefetchBytes(ahead + i * sizeof(typename Element::Stored),
                (dimension - i) * sizeof(typename Element::Stored));
  for (; dimension - i >= kLanes; i += kLanes) {
    Op::Add(Query::Load(query + i), Element::Load(row + i), sums);
  }
  if (i < dimension) {
    const std::size_t left = dimension - i;
    Op::Add(Query::LoadTail(query + i, left), Element::LoadTail(row + i, left), sums);
  }
  if (blocks >= kBlocks) AddInto<kSums>(sums, totals);
  Repeat<kSums>(VECDB_EACH(k) { out[k] = sums[k]; });
}

// Compilers would rather read memory once more for each use.
VECDB_ALWAYS_INLINE void KeepInRegister(F32* lanes) {
#if defined(__aarch64__)
  asm("" : "+w"(lanes->data));
#else
  asm("" : "+v"(lanes->data));
#endif
}

// Four rows and two queries: what is loaded meets all of the other side. Sum 4 * q + r belongs to
// query q and row r, and is what AddRow would give; Op has one sum.
constexpr std::size_t kTileRows = 4;
constexpr std::size_t kTileQueries = 2;
constexpr std::size_t kTilePairs = kTileRows * kTileQueries;

struct Tile {
  const float* queries[kTileQueries];
  const float* rows[kTileRows];

  // load(p) is the batch at component p.
  template <class Op, class Load>
  VECDB_ALWAYS_INLINE void Add(std::size_t i, const Load& load, F32* sums) const {
    F32 loaded[kTileRows];
    Repeat<kTileRows>(VECDB_EACH(r) {
      loaded[r] = load(rows[r] + i);
      KeepInRegister(&loaded[r]);
    });
    Repeat<kTileQueries>(VECDB_EACH(q) {
      const F32 query = load(queries[q] + i);
      Repeat<kTileRows>(VECDB_EACH(r) { Op::Add(query, loaded[r], sums + kTileRows * q + r); });
    });
  }

  // One of the four chains of a block, which begins at component i.
  template <class Op>
  VECDB_ALWAYS_INLINE void AddChain(std::size_t i, std::size_t end, F32* sums) const {
    Clear<kTilePairs>(sums);
    for (; i < end; i += kStep) {
      Add<Op>(
          i, [](const float* p) { return F32::load_unaligned(p); }, sums);
    }
  }
};

template <class Op>
VECDB_ALWAYS_INLINE void AddTile(const Tile& tile, std::size_t dimension, F32* sums) {
  F32 totals[kTilePairs];
  Clear<kTilePairs>(sums);
  Clear<kTilePairs>(totals);
  std::size_t blocks = 0;
  std::size_t i = 0;
  while (dimension - i >= kStep) {
    const std::size_t steps = (dimension - i) / kStep * kStep;
    const std::size_t end = i + (steps < kBlock ? steps : kBlock);
    F32 halves[2][kTilePairs];
    Repeat<2>(VECDB_EACH(half) {
      F32 chain[kTilePairs];
      tile.AddChain<Op>(i + 2 * half * kLanes, end, halves[half]);
      tile.AddChain<Op>(i + (2 * half + 1) * kLanes, end, chain);
      AddInto<kTilePairs>(halves[half], chain);
    });
    AddInto<kTilePairs>(halves[0], halves[1]);
    AddInto<kTilePairs>(sums, halves[0], i == 0);
    i = end;
    if (++blocks % kBlocks != 0) continue;
    AddInto<kTilePairs>(totals, sums, blocks == kBlocks);
    Clear<kTilePairs>(sums);
  }
  for (; dimension - i >= kLanes; i += kLanes) {
    tile.Add<Op>(
        i, [](const float* p) { return F32::load_unaligned(p); }, sums);
  }
  if (i < dimension) {
    const std::size_t left = dimension - i;
    tile.Add<Op>(
        i, [left](const float* p) { return Isa::LoadTail(p, left); }, sums);
  }
  if (blocks >= kBlocks) AddInto<kTilePairs>(sums, totals);
}

// Two queries against the rows, of which the last stands in for those that a tile lacks. The
// results of a query are out_stride apart from those of the other.
template <class Op>
void TwoQueries(const float* queries, const Contiguous<float>& rows, float* out,
                std::size_t out_stride) {
  Tile tile = {{queries, queries + rows.dimension}, {}};
  for (std::size_t i = 0; i < rows.n; i += kTileRows) {
    const std::size_t left = rows.n - i;
    Repeat<kTileRows>(VECDB_EACH(r) { tile.rows[r] = rows.Row(i + (r < left ? r : left - 1)); });
    F32 sums[kTilePairs];
    AddTile<Op>(tile, rows.dimension, sums);
    Repeat<kTileQueries>(VECDB_EACH(q) {
      const F32* const four = sums + kTileRows * q;
      float* const to = out + q * out_stride + i;
      float values[kTileRows];
      Isa::Sum4(four[0], four[1], four[2], four[3], left < kTileRows ? values : to);
      for (std::size_t r = 0; left < kTileRows && r < left; ++r) to[r] = values[r];
    });
  }
}

// So many rows of floats are compared with all queries before the next: with two queries they fit a
// first cache.
constexpr std::size_t RowsOfTiles(std::size_t dimension) {
  constexpr std::size_t kBytes = 24576;
  const std::size_t rows = kBytes / (dimension * sizeof(float)) + kTileRows - 1;
  return rows < 2 * kTileRows ? kTileRows : rows / kTileRows * kTileRows;
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
  static constexpr bool kShort = true;
  PackedRows(const float* query, std::size_t dimension)
      : query_(Packer::PackQuery(query, dimension)) {}

  template <class Rows>
  VECDB_ALWAYS_INLINE void Sum(const Rows& rows, std::size_t i, std::size_t count,
                               float (*out)[4]) const {
    F32 sums[Op::kSums];
    Clear<Op::kSums>(sums);
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
  static constexpr bool kShort = true;
  ShortRows(const float* query, std::size_t dimension) : tail_(dimension % kLanes) {
    Repeat<kFull>(VECDB_EACH(c) { query_[c] = F32::load_unaligned(query + c * kLanes); });
    query_[kFull] = kTail ? Isa::LoadTail(query + kFull * kLanes, tail_) : F32(0.0F);
  }

  template <class Rows>
  VECDB_ALWAYS_INLINE void Sum(const Rows& rows, std::size_t i, std::size_t count,
                               float (*out)[4]) const {
    F32 sums[4][Op::kSums];
    Repeat<4>(VECDB_EACH(r) {
      Clear<Op::kSums>(sums[r]);
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

// Rows of any length, at their best from kStep components on.
template <class Op, class Query, class Element>
class LongRows {
 public:
  static constexpr bool kShort = false;
  LongRows(const typename Query::Stored* query, std::size_t) : query_(query) {}

  template <class Rows>
  VECDB_ALWAYS_INLINE void Sum(const Rows& rows, std::size_t i, std::size_t count,
                               float (*out)[4]) const {
    F32 sums[4][Op::kSums];
    for (std::size_t r = 0; r < 4; ++r) {
      Clear<Op::kSums>(sums[r]);
      if (r < count) {
        AddRow<Op, Query, Element>(query_, rows.Row(i + r), rows.dimension, rows.Ahead(i + r),
                                   sums[r]);
      }
    }
    SumLanes<Op>(sums, out);
  }

 private:
  const typename Query::Stored* const query_;
};

template <class Op, class Summer, class Query, class Rows>
void ScanWith(const Query* query, const Rows& lent, float* const* out) {
  const Rows rows = lent;
  const Summer summer(query, rows.dimension);
  float sums[Op::kSums][4];
  std::size_t i = 0;
  for (; rows.n - i >= 4; i += 4) {
    if constexpr (Summer::kShort) rows.PrefetchShort(i);
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

// Rows of less than kStep floats.
template <class Op, class Rows>
void ScanShortFloats(const float* query, const Rows& rows, float* const* out) {
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
    default:
      ScanShort<Op, 3>(query, rows, out);
  }
}

template <class Op, class Query, class Element, class Rows>
void Scan(const typename Query::Stored* query, const Rows& rows, float* const* out) {
  if constexpr (Element::kShortRows) {
    if (rows.dimension < kStep) {
      ScanShortFloats<Op>(query, rows, out);
      return;
    }
  }
  ScanWith<Op, LongRows<Op, Query, Element>>(query, rows, out);
}

template <class Element>
void Widen(const std::uint16_t* from, std::size_t n, float* to) {
  std::size_t i = 0;
  for (; n - i >= kLanes; i += kLanes) Element::Load(from + i).store_unaligned(to + i);
  if (i == n) return;
  float rest[kLanes];
  Element::LoadTail(from + i, n - i).store_unaligned(rest);
  std::memcpy(to + i, rest, (n - i) * sizeof(float));
}

// The functions of VectorKernels.
template <class Element>
struct Vectors {
  using Stored = typename Element::Stored;

  template <class Op>
  static void Many(const float* query, const Stored* base, std::size_t dimension, std::size_t n,
                   float* out) {
    Scan<Op, FloatElement, Element>(query, Contiguous<Stored>{base, dimension, n}, &out);
  }
  static void IpNormMany(const float* query, const Stored* base, std::size_t dimension,
                         std::size_t n, float* ip, float* norm2) {
    float* const out[] = {ip, norm2};
    Scan<IpNorm, FloatElement, Element>(query, Contiguous<Stored>{base, dimension, n}, out);
  }
  template <class Op>
  static void Ids(const float* query, const Stored* base, std::size_t dimension,
                  const std::uint32_t* ids, std::size_t n, float* out) {
    Scan<Op, FloatElement, Element>(query, Gather(base, dimension, ids, n), &out);
  }
  // NOLINTNEXTLINE(readability-function-size): the parameters are the table's.
  static void IpNormIds(const float* query, const Stored* base, std::size_t dimension,
                        const std::uint32_t* ids, std::size_t n, float* ip, float* norm2) {
    float* const out[] = {ip, norm2};
    Scan<IpNorm, FloatElement, Element>(query, Gather(base, dimension, ids, n), out);
  }
  template <class Op>
  static float Pair(const float* query, const Stored* row, std::size_t dimension) {
    float value = 0;
    float* const out = &value;
    Scan<Op, FloatElement, Element>(query, Single(row, dimension), &out);
    return value;
  }
  // By way of IpNorm, so that a stored norm and a norm computed in passing are the same bits.
  static float Norm2(const Stored* v, std::size_t dimension) {
    float ip = 0;
    float norm2 = 0;
    float* const out[] = {&ip, &norm2};
    Scan<IpNorm, Element, Element>(v, Single(v, dimension), out);
    return norm2;
  }

  // Tiles read floats: halves are widened first, a block of rows at a time. Rows too short for
  // tiles, or too long to be widened, are compared with one query after the other.
  template <class Op>
  static void ManyToMany(const float* queries, std::size_t query_count, const Stored* base,
                         std::size_t dimension, std::size_t n, float* out) {
    constexpr bool kFloats = std::is_same_v<Stored, float>;
    constexpr std::size_t kWidened = kFloats ? 1 : 16384;
    std::size_t tiled = query_count / kTileQueries * kTileQueries;
    const std::size_t block = RowsOfTiles(dimension);
    if (dimension < kStep || (!kFloats && block * dimension > kWidened)) tiled = 0;
    float widened[kWidened];
    for (std::size_t i = 0; i < n; i += block) {
      const std::size_t count = n - i < block ? n - i : block;
      const Stored* const rows = base + i * dimension;
      const float* floats = nullptr;
      if constexpr (kFloats) {
        floats = rows;
      } else if (tiled > 0) {
        Widen<Element>(rows, count * dimension, widened);
        floats = widened;
      }
      // A part of the next block is fetched while a tile's queries are compared with this one.
      const std::size_t bytes = block * dimension * sizeof(Stored);
      const std::size_t part = tiled > 0 ? bytes / tiled + 1 : 0;
      const std::uintptr_t next = reinterpret_cast<std::uintptr_t>(rows) + bytes;
      for (std::size_t q = 0; q < tiled; q += kTileQueries) {
        PrefetchBytes(next + q * part, kTileQueries * part);
        TwoQueries<Op>(queries + q * dimension, {floats, dimension, count}, out + q * n + i, n);
      }
      for (std::size_t q = tiled; q < query_count; ++q) {
        Many<Op>(queries + q * dimension, rows, dimension, count, out + q * n + i);
      }
    }
  }

  static constexpr VectorKernels<float, Stored, float> kKernels = {
      Many<L2>, Many<Ip>, IpNormMany,     Ids<L2>,        Ids<Ip>, IpNormIds,
      Pair<L2>, Pair<Ip>, ManyToMany<L2>, ManyToMany<Ip>, Norm2};
};

}  // namespace
}  // namespace vecdb::simd

#endif  // VECDB_SIMD_FLOATS_INL_
