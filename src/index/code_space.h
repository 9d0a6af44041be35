// Distances between codes as keys: unsigned numbers that are smaller where rows are nearer.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/prefetch.h"
#include "index/codes.h"
#include "simd/kernels.h"

namespace vecdb::index {

using Key = std::uint32_t;

inline Key OrderedKey(std::int32_t number) {
  return static_cast<Key>(number) ^ 0x80000000U;
}
inline Key OrderedKey(float number) {
  const auto bits = std::bit_cast<std::uint32_t>(number + 0.0F);  // one zero, not two
  return bits ^ ((bits >> 31) != 0 ? 0xFFFFFFFFU : 0x80000000U);
}
template <class Number>
float NumberOf(Key key) {
  if constexpr (std::is_integral_v<Number>) {
    return static_cast<float>(static_cast<std::int32_t>(key ^ 0x80000000U));
  } else {
    return std::bit_cast<float>((key >> 31) != 0 ? key ^ 0x80000000U : ~key);
  }
}

// Rows of Element at `base`, from queries of Query.
template <class Query, class Element, class Number>
class CodeSpace {
 public:
  using QueryType = Query;
  using NumberType = Number;
  using Kernels = simd::VectorKernels<Query, Element, Number>;
  static constexpr std::size_t kMostIds = 256;

  CodeSpace(const Kernels& kernels, const CodeFormat& format, const std::byte* base)
      : ids_(format.metric == Metric::kL2 ? kernels.l2_ids : kernels.ip_ids),
        many_(format.metric == Metric::kL2 ? kernels.l2_many : kernels.ip_many),
        pair_(format.metric == Metric::kL2 ? kernels.l2_pair : kernels.ip_pair),
        product_(format.metric != Metric::kL2),
        dimension_(format.padded()),
        base_(reinterpret_cast<const Element*>(base)) {}

  // Rows with two components a byte, which is what counts as one here. None of them is a query: no
  // PairKey, no AsQuery.
  CodeSpace(const simd::Int4Kernels& kernels, const CodeFormat& format, const std::byte* base)
      : ids_(format.metric == Metric::kL2 ? kernels.l2_ids : kernels.ip_ids),
        many_(format.metric == Metric::kL2 ? kernels.l2_many : kernels.ip_many),
        product_(format.metric != Metric::kL2),
        dimension_(format.stride()),
        base_(reinterpret_cast<const Element*>(base)) {}

  std::size_t dimension() const { return dimension_; }
  const Element* row(std::uint32_t id) const { return base_ + std::size_t{id} * dimension_; }

  // Of n <= kMostIds rows.
  void Keys(const Query* query, const std::uint32_t* ids, std::size_t n, Key* out) const {
    Number numbers[kMostIds];
    ids_(query, base_, dimension_, ids, n, numbers);
    ToKeys(numbers, n, out);
  }
  // Asks memory for rows whose keys are wanted soon; of long ones for what they begin with, behind
  // which processors fetch by themselves.
  void Prefetch(const std::uint32_t* ids, std::size_t n) const {
    constexpr std::size_t kLong = 1024;
    constexpr std::size_t kHead = 512;
    const std::size_t bytes = dimension_ * sizeof(Element);
    const std::size_t asked = bytes > kLong ? kHead : bytes;
    for (std::size_t i = 0; i < n; ++i) base::PrefetchLines(row(ids[i]), asked);
  }
  // Of n <= kMostIds rows one after the other.
  void KeysFrom(const Query* query, std::uint32_t first, std::size_t n, Key* out) const {
    Number numbers[kMostIds];
    many_(query, row(first), dimension_, n, numbers);
    ToKeys(numbers, n, out);
  }
  Key PairKey(const Query* query, std::uint32_t id) const {
    const Number number = pair_(query, row(id), dimension_);
    return OrderedKey(product_ ? -number : number);
  }

  // The numbers of a row as a query: lent from the codes, or widened into `room`.
  const Query* AsQuery(std::uint32_t id, EncodedQuery* room) const {
    if constexpr (std::is_same_v<Query, Element>) {
      return row(id);
    } else {
      room->floats.resize(dimension_);
      widen_(row(id), dimension_, room->floats.data());
      return room->floats.data();
    }
  }
  static const Query* Of(const EncodedQuery& query) {
    if constexpr (std::is_same_v<Query, float>) return query.floats.data();
    if constexpr (!std::is_same_v<Query, float>) return query.bytes.data();
  }

  void set_widen(void (*widen)(const Element*, std::size_t, float*)) { widen_ = widen; }

 private:
  void ToKeys(const Number* numbers, std::size_t n, Key* out) const {
    if (product_) {
      for (std::size_t i = 0; i < n; ++i) out[i] = OrderedKey(-numbers[i]);
    } else {
      for (std::size_t i = 0; i < n; ++i) out[i] = OrderedKey(numbers[i]);
    }
  }

  typename Kernels::Ids ids_;
  typename Kernels::Many many_;
  typename Kernels::Pair pair_ = nullptr;
  bool product_;
  std::size_t dimension_;
  const Element* base_;
  void (*widen_)(const Element*, std::size_t, float*) = nullptr;
};

using FloatSpace = CodeSpace<float, float, float>;
using HalfSpace = CodeSpace<float, std::uint16_t, float>;
using Int8Space = CodeSpace<std::int8_t, std::int8_t, std::int32_t>;

inline HalfSpace MakeHalfSpace(const simd::HalfKernels& kernels, const CodeFormat& format,
                               const std::byte* base) {
  HalfSpace space(kernels, format, base);
  space.set_widen(kernels.to_f32);
  return space;
}

// use(space) for the space of this format.
template <class Use>
auto WithSpace(const CodeFormat& format, const std::byte* base, const Use& use) {
  const simd::KernelTable& kernels = simd::Kernels();
  switch (format.codec) {
    case Codec::kFloat16:
      return use(MakeHalfSpace(kernels.f16, format, base));
    case Codec::kBFloat16:
      return use(MakeHalfSpace(kernels.bf16, format, base));
    case Codec::kInt8:
    case Codec::kSq8:
      return use(Int8Space(kernels.i8, format, base));
    case Codec::kSq4U:
      return use(Int8Space(kernels.i4, format, base));
    case Codec::kFloat32:
      break;
  }
  return use(FloatSpace(kernels.f32, format, base));
}

}  // namespace vecdb::index
