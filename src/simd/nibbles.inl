// The kernels of rows of four bits a component (Int4Kernels): see rows.inl for what holds here.
//
// The translation unit has a class Int4Lanes: BitLanes (see bytes.inl) with
//   Every(byte)                   that byte in each place
//   Down4(v), Up3(v)              shifted by so many bits; what comes from the next byte is masked,
//                                 or is none
//   AddProducts(sums, c, v)       sums + c * v, of c from 0 to 15 and signed v
#ifndef VECDB_SIMD_NIBBLES_INL_
#define VECDB_SIMD_NIBBLES_INL_

#include "simd/bytes.inl"

namespace vecdb::simd {
namespace {

struct Int4Ip : Int4Lanes {
  VECDB_ALWAYS_INLINE static Sums Add(Sums sums, V c, V query) {
    return AddProducts(sums, c, query);
  }
};

struct Int4L2 : Int4Lanes {
  VECDB_ALWAYS_INLINE static Sums Add(Sums sums, V c, V query) {
    const V raised = Or(Up3(c), Every(0x80));  // 8 c - 128
    return AddProducts(AddProducts(sums, c, query), c, raised);
  }
};

// Of rows that lie anywhere, beginning to end; ahead[r] is what is worth fetching meanwhile.
template <class Op, std::size_t kRows>
VECDB_ALWAYS_INLINE void SumNibbles(ByteRow query, const ByteRow* row, const std::uintptr_t* ahead,
                                    std::size_t bytes, std::int32_t* out) {
  using V = typename Op::V;
  const V low = Op::Every(0x0F);
  typename Op::Sums sums[4];
  Repeat<4>(VECDB_EACH(r) { sums[r] = Op::Zero(); });
  for (std::size_t at = 0; at < bytes; at += kLineBytes) {
    Repeat<kRows>(VECDB_EACH(r) { Prefetch(ahead[r] + at); });
    for (std::size_t in_line = 0; in_line < kLineBytes; in_line += Op::kBytes) {
      const V first = Op::Load(query + 2 * at + in_line);
      const V second = Op::Load(query + 2 * at + kLineBytes + in_line);
      Repeat<kRows>(VECDB_EACH(r) {
        const V both = Op::Load(row[r] + at + in_line);
        sums[r] = Op::Add(sums[r], Op::And(both, low), first);
        sums[r] = Op::Add(sums[r], Op::And(Op::Down4(both), low), second);
      });
    }
  }
  Op::Sum4(sums[0], sums[1], sums[2], sums[3], out);
}

// Rows ids[0], ids[1], ...; without ids one after the other.
template <class Op>
// NOLINTNEXTLINE(readability-function-size): the parameters are the table's.
void ScanNibbles(const std::int8_t* query, const std::int8_t* base, std::size_t bytes,
                 const std::uint32_t* ids, std::size_t n, std::int32_t* out) {
  constexpr std::size_t kRowsAhead = 8;
  const ByteRow from = reinterpret_cast<ByteRow>(query);
  const auto row_at = [&](std::size_t i) __attribute__((always_inline)) {
    return reinterpret_cast<ByteRow>(base) + (ids == nullptr ? i : ids[i]) * bytes;
  };
  const auto ahead_of = [&](std::size_t i) __attribute__((always_inline)) {
    if (ids == nullptr) return reinterpret_cast<std::uintptr_t>(row_at(i)) + kAheadBytes;
    return reinterpret_cast<std::uintptr_t>(row_at(i + kRowsAhead < n ? i + kRowsAhead : n - 1));
  };
  ByteRow row[4];
  std::uintptr_t ahead[4];
  std::int32_t sums[4];
  std::size_t i = 0;
  for (; n - i >= 4; i += 4) {
    Repeat<4>(VECDB_EACH(r) {
      row[r] = row_at(i + r);
      ahead[r] = ahead_of(i + r);
    });
    SumNibbles<Op, 4>(from, row, ahead, bytes, sums);
    std::memcpy(out + i, sums, sizeof sums);
  }
  for (; i < n; ++i) {
    row[0] = row_at(i);
    ahead[0] = ahead_of(i);
    SumNibbles<Op, 1>(from, row, ahead, bytes, sums);
    out[i] = sums[0];
  }
}

template <class Op>
void ManyNibbles(const std::int8_t* query, const std::int8_t* base, std::size_t bytes,
                 std::size_t n, std::int32_t* out) {
  ScanNibbles<Op>(query, base, bytes, nullptr, n, out);
}

constexpr Int4Kernels kInt4Kernels = {ManyNibbles<Int4L2>, ManyNibbles<Int4Ip>, ScanNibbles<Int4L2>,
                                      ScanNibbles<Int4Ip>};

}  // namespace
}  // namespace vecdb::simd

#endif  // VECDB_SIMD_NIBBLES_INL_
