// The kernels of int8 and of packed bits: see rows.inl for what holds here. Integers are summed, so
// the order of the additions is free, and four rows share each load of the query.
//
// The translation unit has a class BitLanes, and where the instruction set sums products of bytes,
// Int8L2, Int8Ip and Int8IpNorm; the others get these from int8.inl. All have
//   V, kBytes                     a register of so many bytes of a row
//   Load(p), LoadTail(p, n)       all of it, or n < kBytes bytes and zeros behind
//   Sums, AddBits(sums, v)        32-bit lanes; BitLanes only
//   And, Or, Xor
//   Sum4(a, b, c, d, out)         the four sums over lanes
//   kPacks                        whether it can sum rows that lie in V side by side; if so:
//   Repeated<kRowBytes>(p)        a row, again and again
//   StorePacked<kRowBytes>(sums, out)   the sums of all rows in V
#ifndef VECDB_SIMD_BYTES_INL_
#define VECDB_SIMD_BYTES_INL_

#include "simd/rows.inl"
#if !defined(__AVX512VNNI__)
#include "simd/int8.inl"
#endif

namespace vecdb::simd {
namespace {

// What is summed: AddQuery sees each piece of the query, Row::Add that and a piece of a row.
// Lanes(k, row) is what is left to sum over lanes for result k.
struct Hamming : BitLanes {
  static constexpr std::size_t kResults = 1;
  struct Row {
    Sums differ;
    VECDB_ALWAYS_INLINE void Clear() { differ = Zero(); }
    VECDB_ALWAYS_INLINE void Add(V query, V row) { differ = AddBits(differ, Xor(query, row)); }
  };
  VECDB_ALWAYS_INLINE void AddQuery(V) {}
  VECDB_ALWAYS_INLINE Sums Lanes(std::size_t, const Row& row) const { return row.differ; }
};

struct Jaccard : BitLanes {
  static constexpr std::size_t kResults = 2;
  struct Row {
    Sums both;
    Sums either;
    VECDB_ALWAYS_INLINE void Clear() { both = either = Zero(); }
    VECDB_ALWAYS_INLINE void Add(V query, V row) {
      both = AddBits(both, And(query, row));
      either = AddBits(either, Or(query, row));
    }
  };
  VECDB_ALWAYS_INLINE void AddQuery(V) {}
  VECDB_ALWAYS_INLINE Sums Lanes(std::size_t k, const Row& row) const {
    return k == 0 ? row.both : row.either;
  }
};

using ByteRow = const std::uint8_t*;

// Rows i..i+kRows-1; out[k][0..kRows) are their results.
template <class Op, std::size_t kRows, class Rows>
VECDB_ALWAYS_INLINE void SumRows(ByteRow query, const Rows& rows, std::size_t i,
                                 std::int32_t (*out)[4]) {
  using V = typename Op::V;
  const std::size_t bytes = rows.dimension;
  ByteRow row[kRows];
  std::uintptr_t ahead[kRows];
  Repeat<kRows>(VECDB_EACH(r) {
    row[r] = rows.Row(i + r);
    ahead[r] = rows.Ahead(i + r);
  });
  Op op;
  typename Op::Row sums[4];
  Repeat<4>(VECDB_EACH(r) { sums[r].Clear(); });
  const auto add = [&](std::size_t at) __attribute__((always_inline)) {
    const V piece = Op::Load(query + at);
    op.AddQuery(piece);
    Repeat<kRows>(VECDB_EACH(r) { sums[r].Add(piece, Op::Load(row[r] + at)); });
  };
  std::size_t at = 0;
  for (; bytes - at >= kLineBytes; at += kLineBytes) {
    Repeat<kRows>(VECDB_EACH(r) { Prefetch(ahead[r] + at); });
    Repeat<kLineBytes / Op::kBytes>(VECDB_EACH(k) { add(at + k * Op::kBytes); });
  }
  if (at > 0) Repeat<kRows>(VECDB_EACH(r) { Prefetch(ahead[r] + bytes - 1); });
  for (; bytes - at >= Op::kBytes; at += Op::kBytes) add(at);
  if (at < bytes) {
    const V piece = Op::LoadTail(query + at, bytes - at);
    op.AddQuery(piece);
    Repeat<kRows>(VECDB_EACH(r) { sums[r].Add(piece, Op::LoadTail(row[r] + at, bytes - at)); });
  }
  Repeat<Op::kResults>(VECDB_EACH(k) {
    Op::Sum4(op.Lanes(k, sums[0]), op.Lanes(k, sums[1]), op.Lanes(k, sums[2]), op.Lanes(k, sums[3]),
             out[k]);
  });
}

template <class Op, std::size_t kRowBytes, class Number>
std::size_t ScanPackedRows(ByteRow query, const Contiguous<std::uint8_t>& rows,
                           Number* const* out) {
  constexpr std::size_t kRows = Op::kBytes / kRowBytes;
  const auto queries = Op::template Repeated<kRowBytes>(query);
  Op op;
  std::size_t i = 0;
  for (; rows.n - i >= kRows; i += kRows) {
    Prefetch(rows.Ahead(i));
    typename Op::Row row;
    row.Clear();
    row.Add(queries, Op::Load(rows.Row(i)));
    Repeat<Op::kResults>(
        VECDB_EACH(k) { Op::template StorePacked<kRowBytes>(op.Lanes(k, row), out[k] + i); });
  }
  return i;
}

// Rows so short that several fill a register; the next row to sum. Only some sets have code for it.
template <class Op, class Number>
std::size_t ScanPacked(ByteRow query, const Contiguous<std::uint8_t>& rows, Number* const* out) {
  if constexpr (Op::kPacks) {
    switch (rows.dimension) {
      case 4:
        return ScanPackedRows<Op, 4>(query, rows, out);
      case 8:
        return ScanPackedRows<Op, 8>(query, rows, out);
      case 16:
        return ScanPackedRows<Op, 16>(query, rows, out);
      case 32:
        return ScanPackedRows<Op, 32>(query, rows, out);
      default:
        return 0;
    }
  }
  return 0;
}
template <class Op, class Number>
std::size_t ScanPacked(ByteRow, const Gathered<std::uint8_t>&, Number* const*) {
  return 0;
}

template <class Op, class Number, class Rows>
void ScanBytes(ByteRow query, const Rows& lent, Number* const* out) {
  const Rows rows = lent;
  std::int32_t sums[Op::kResults][4];
  std::size_t i = ScanPacked<Op>(query, rows, out);
  for (; rows.n - i >= 4; i += 4) {
    if (rows.dimension < kLineBytes) rows.PrefetchShort(i);
    SumRows<Op, 4>(query, rows, i, sums);
    Repeat<Op::kResults>(VECDB_EACH(k) { std::memcpy(out[k] + i, sums[k], sizeof sums[k]); });
  }
  for (; i < rows.n; ++i) {
    SumRows<Op, 1>(query, rows, i, sums);
    Repeat<Op::kResults>(VECDB_EACH(k) { std::memcpy(out[k] + i, sums[k], sizeof(Number)); });
  }
}

// The functions of the tables for rows of Stored and results Number.
template <class Stored, class Number>
struct ByteVectors {
  static ByteRow AsBytes(const Stored* p) { return reinterpret_cast<ByteRow>(p); }

  template <class Op>
  static void Many(const Stored* query, const Stored* base, std::size_t bytes, std::size_t n,
                   Number* out) {
    ScanBytes<Op>(AsBytes(query), Contiguous<std::uint8_t>{AsBytes(base), bytes, n}, &out);
  }
  template <class Op>
  static void ManyTwo(const Stored* query, const Stored* base, std::size_t bytes, std::size_t n,
                      Number* first, Number* second) {
    Number* const out[] = {first, second};
    ScanBytes<Op>(AsBytes(query), Contiguous<std::uint8_t>{AsBytes(base), bytes, n}, out);
  }
  template <class Op>
  static void Ids(const Stored* query, const Stored* base, std::size_t bytes,
                  const std::uint32_t* ids, std::size_t n, Number* out) {
    ScanBytes<Op>(AsBytes(query), Gather(AsBytes(base), bytes, ids, n), &out);
  }
  template <class Op>
  // NOLINTNEXTLINE(readability-function-size): the parameters are the table's.
  static void IdsTwo(const Stored* query, const Stored* base, std::size_t bytes,
                     const std::uint32_t* ids, std::size_t n, Number* first, Number* second) {
    Number* const out[] = {first, second};
    ScanBytes<Op>(AsBytes(query), Gather(AsBytes(base), bytes, ids, n), out);
  }
  template <class Op>
  static Number Pair(const Stored* query, const Stored* row, std::size_t bytes) {
    Number value = 0;
    Number* const out = &value;
    ScanBytes<Op>(AsBytes(query), Single(AsBytes(row), bytes), &out);
    return value;
  }
  template <class Op>
  static void PairTwo(const Stored* query, const Stored* row, std::size_t bytes, Number* first,
                      Number* second) {
    Number* const out[] = {first, second};
    ScanBytes<Op>(AsBytes(query), Single(AsBytes(row), bytes), out);
  }
  static Number Norm2(const Stored* v, std::size_t bytes) { return Pair<Int8Ip>(v, v, bytes); }

  // out[k][q * n + i], block of rows after block of rows.
  template <class Op>
  static void Blocks(const Stored* queries, std::size_t query_count,
                     const Contiguous<std::uint8_t>& rows, Number* const* out) {
    const std::size_t block = RowsOfBlock(rows.dimension);
    for (std::size_t i = 0; i < rows.n; i += block) {
      const std::size_t count = rows.n - i < block ? rows.n - i : block;
      const Contiguous<std::uint8_t> some{rows.Row(i), rows.dimension, count};
      for (std::size_t q = 0; q < query_count; ++q) {
        Number* to[Op::kResults];
        for (std::size_t k = 0; k < Op::kResults; ++k) to[k] = out[k] + q * rows.n + i;
        ScanBytes<Op>(AsBytes(queries) + q * rows.dimension, some, to);
      }
    }
  }
  template <class Op>
  static void ManyToMany(const Stored* queries, std::size_t query_count, const Stored* base,
                         std::size_t bytes, std::size_t n, Number* out) {
    Blocks<Op>(queries, query_count, {AsBytes(base), bytes, n}, &out);
  }
  template <class Op>
  // NOLINTNEXTLINE(readability-function-size): the parameters are the table's.
  static void ManyToManyTwo(const Stored* queries, std::size_t query_count, const Stored* base,
                            std::size_t bytes, std::size_t n, Number* first, Number* second) {
    Number* const out[] = {first, second};
    Blocks<Op>(queries, query_count, {AsBytes(base), bytes, n}, out);
  }
};

using Int8Rows = ByteVectors<std::int8_t, std::int32_t>;
using BitRows = ByteVectors<std::uint8_t, std::uint32_t>;

constexpr Int8Kernels kInt8Kernels = {
    Int8Rows::Many<Int8L2>,       Int8Rows::Many<Int8Ip>, Int8Rows::ManyTwo<Int8IpNorm>,
    Int8Rows::Ids<Int8L2>,        Int8Rows::Ids<Int8Ip>,  Int8Rows::IdsTwo<Int8IpNorm>,
    Int8Rows::Pair<Int8L2>,       Int8Rows::Pair<Int8Ip>, Int8Rows::ManyToMany<Int8L2>,
    Int8Rows::ManyToMany<Int8Ip>, Int8Rows::Norm2};

constexpr BitKernels kBitKernels = {BitRows::Many<Hamming>,       BitRows::ManyTwo<Jaccard>,
                                    BitRows::Ids<Hamming>,        BitRows::IdsTwo<Jaccard>,
                                    BitRows::Pair<Hamming>,       BitRows::PairTwo<Jaccard>,
                                    BitRows::ManyToMany<Hamming>, BitRows::ManyToManyTwo<Jaccard>};

}  // namespace
}  // namespace vecdb::simd

#endif  // VECDB_SIMD_BYTES_INL_
