#include "query/distances.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "chunk/half.h"
#include "chunk/sparse_value.h"
#include "chunk/validate.h"
#include "chunk/value.h"
#include "query/aligned.h"
#include "query/near_rows.h"
#include "query/sparse_distances.h"
#include "simd/kernels.h"

namespace vecdb::query {
namespace {

// Below this the squares of a vector's floats lose bits, or all of them.
constexpr float kSmallestSquaredNorm = 1e-30F;

// out[i] = score(i); in fours, which compilers turn into vectors.
template <typename Score>
void Fill(std::span<float> out, const Score& score) {
  std::size_t i = 0;
  for (; out.size() - i >= 4; i += 4) {
    for (std::size_t k = 0; k < 4; ++k) out[i + k] = score(i + k);
  }
  for (; i < out.size(); ++i) out[i] = score(i);
}

// One after the other, where there is no kernel for several.
class InTurn final : public DistancesTogether {
 public:
  explicit InTurn(std::span<const Distances* const> all) : all_(all.begin(), all.end()) {}

  void Many(const chunk::ColumnView& view, std::size_t first, std::size_t n, float* out) override {
    for (std::size_t q = 0; q < all_.size(); ++q) {
      all_[q]->Many(view, first, std::span(out + q * n, n));
    }
  }
  void Ids(const chunk::ColumnView& view, std::span<const std::uint32_t> ids, float* out) override {
    const std::size_t n = ids.size();
    for (std::size_t q = 0; q < all_.size(); ++q) {
      all_[q]->Ids(view, ids, std::span(out + q * n, n));
    }
  }

 private:
  const std::vector<const Distances*> all_;
};

template <typename Query, typename Element, typename Number>
class DenseTogether;

// Query against rows of Element; what the kernels compute is a Number.
template <typename Query, typename Element, typename Number>
class DenseDistances final : public Distances {
 public:
  using Kernels = simd::VectorKernels<Query, Element, Number>;

  DenseDistances(const Kernels& kernels, const Field& field, std::span<const Query> query)
      : kernels_(kernels), type_(field.type), metric_(field.metric), query_(query) {
    if (metric_ == Metric::kCosine) SetNorm();
  }

  void Many(const chunk::ColumnView& view, std::size_t first, std::span<float> out) const override {
    const std::size_t d = query_.size();
    const Element* base = static_cast<const Element*>(view.values) + first * d;
    Numbers found;
    if (metric_ == Metric::kL2) {
      kernels_.l2_many(query_.data(), base, d, out.size(), found.product.data());
    } else if (metric_ == Metric::kInnerProduct) {
      kernels_.ip_many(query_.data(), base, d, out.size(), found.product.data());
    } else {
      kernels_.ip_norm_many(query_.data(), base, d, out.size(), found.product.data(),
                            found.norm2.data());
    }
    Finish(
        found, [&](std::size_t i) { return base + i * d; }, out);
  }

  void Ids(const chunk::ColumnView& view, std::span<const std::uint32_t> ids,
           std::span<float> out) const override {
    const std::size_t d = query_.size();
    const auto* base = static_cast<const Element*>(view.values);
    Numbers found;
    if (metric_ == Metric::kL2) {
      kernels_.l2_ids(query_.data(), base, d, ids.data(), ids.size(), found.product.data());
    } else if (metric_ == Metric::kInnerProduct) {
      kernels_.ip_ids(query_.data(), base, d, ids.data(), ids.size(), found.product.data());
    } else {
      kernels_.ip_norm_ids(query_.data(), base, d, ids.data(), ids.size(), found.product.data(),
                           found.norm2.data());
    }
    Finish(
        found, [&](std::size_t i) { return base + std::size_t{ids[i]} * d; }, out);
  }

  std::unique_ptr<DistancesTogether> Together(
      std::span<const Distances* const> all) const override {
    return std::make_unique<DenseTogether<Query, Element, Number>>(all);
  }

 private:
  friend class DenseTogether<Query, Element, Number>;
  // Whole numbers stay whole until the score; their quotients are doubles.
  using Real = std::conditional_t<std::is_integral_v<Number>, double, float>;

  struct Numbers {
    std::array<Number, kBatch> product;  // or the squared distance
    std::array<Number, kBatch> norm2;    // COSINE only
  };

  // The cosine does not depend on a vector's length, so a query too short for the squares of its
  // floats is made longer: by a power of two, which rounds nothing.
  void SetNorm() {
    if constexpr (std::is_same_v<Query, float>) {
      const simd::FloatKernels& floats = simd::Kernels().f32;
      if (floats.norm2(query_.data(), query_.size()) < kSmallestSquaredNorm) {
        float largest = 0;
        for (const float x : query_) largest = std::max(largest, std::abs(x));
        int exponent = 0;
        static_cast<void>(std::frexp(largest, &exponent));
        for (const float x : query_) scaled_.push_back(std::ldexp(x, -exponent));
        query_ = scaled_;
      }
      query_norm_ = std::sqrt(floats.norm2(query_.data(), query_.size()));
    } else {
      query_norm_ = std::sqrt(static_cast<double>(kernels_.norm2(query_.data(), query_.size())));
    }
  }

  // row_at(i) is the vector that the numbers i belong to.
  template <typename RowAt>
  void Finish(const Numbers& found, const RowAt& row_at, std::span<float> out) const {
    const auto product = [&](std::size_t i) { return static_cast<float>(found.product[i]); };
    if (metric_ == Metric::kL2) {
      Fill(out, product);
    } else if (metric_ == Metric::kInnerProduct) {
      Fill(out, [&](std::size_t i) { return -product(i); });
    } else {
      Fill(out,
           [&](std::size_t i) { return -Cosine(found.product[i], found.norm2[i], row_at(i)); });
    }
  }

  float Cosine(Number ip, Number norm2, const Element* row) const {
    if constexpr (std::is_floating_point_v<Number>) {
      if (norm2 < kSmallestSquaredNorm) return CosineOfShort(row);
    }
    const Real lengths = query_norm_ * std::sqrt(static_cast<Real>(norm2));
    if (!(lengths > 0)) return 0;
    return static_cast<float>(std::clamp(static_cast<Real>(ip) / lengths, Real{-1}, Real{1}));
  }

  // For a row so short that the squares of its numbers leave float's range; 0 for a zero vector.
  float CosineOfShort(const Element* row) const {
    std::vector<float> widened(query_.size());
    if constexpr (std::is_same_v<Element, std::uint16_t>) {
      chunk::FromHalf(type_, {row, query_.size()}, widened.data());
    } else {
      std::copy_n(row, query_.size(), widened.data());
    }
    double ip = 0;
    double norm2 = 0;
    for (std::size_t i = 0; i < widened.size(); ++i) {
      ip += double{query_[i]} * widened[i];
      norm2 += double{widened[i]} * widened[i];
    }
    const double lengths = query_norm_ * std::sqrt(norm2);
    return lengths > 0 ? static_cast<float>(std::clamp(ip / lengths, -1.0, 1.0)) : 0.0F;
  }

  const Kernels& kernels_;
  const DataType type_;
  const Metric metric_;
  std::span<const Query> query_;  // lent, or scaled_
  std::vector<float> scaled_;     // COSINE, when the query's squared norm would leave float's range
  Real query_norm_ = 0;           // COSINE only
};

// By the kernels that compare several queries with a row that they have loaded. Rows that do not
// lie side by side are put there first.
template <typename Query, typename Element, typename Number>
class DenseTogether final : public DistancesTogether {
 public:
  using Dense = DenseDistances<Query, Element, Number>;

  explicit DenseTogether(std::span<const Distances* const> all) {
    for (const Distances* one : all) {
      all_.push_back(static_cast<const Dense*>(one));  // of one field, so of one type
    }
    dimension_ = all_.front()->query_.size();
    queries_ = AlignedIn(&queries_room_, all_.size() * dimension_);
    for (std::size_t q = 0; q < all_.size(); ++q) {
      std::copy_n(all_[q]->query_.begin(), dimension_, queries_ + q * dimension_);
    }
  }

  void Many(const chunk::ColumnView& view, std::size_t first, std::size_t n, float* out) override {
    Compute(static_cast<const Element*>(view.values) + first * dimension_, n, out);
  }

  void Ids(const chunk::ColumnView& view, std::span<const std::uint32_t> ids, float* out) override {
    Compute(Gathered(view, ids), ids.size(), out);
  }

  bool Near(const chunk::ColumnView& view, std::size_t first, std::size_t n,
            std::span<const float> bounds, std::size_t most, std::vector<NearPair>* near) override {
    const auto* const rows = static_cast<const Element*>(view.values) + first * dimension_;
    return KnowsNear() && FindNear(rows, n, bounds, most, near);
  }

  bool NearIds(const chunk::ColumnView& view, std::span<const std::uint32_t> ids,
               std::span<const float> bounds, std::size_t most,
               std::vector<NearPair>* near) override {
    return KnowsNear() && FindNear(Gathered(view, ids), ids.size(), bounds, most, near);
  }

 private:
#ifdef VECDB_EDGE  // no level has the kernel
  static constexpr bool kProducts = false;
#else
  static constexpr bool kProducts = std::is_same_v<Number, float>;
#endif

  const Element* Gathered(const chunk::ColumnView& view, std::span<const std::uint32_t> ids) {
    Element* const gathered = AlignedIn(&gathered_room_, Distances::kBatch * dimension_);
    const auto* const base = static_cast<const Element*>(view.values);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      std::copy_n(base + ids[i] * dimension_, dimension_, gathered + i * dimension_);
    }
    return gathered;
  }

  // Panels are made when they are first of use: a small segment never asks.
  bool KnowsNear() {
    if constexpr (kProducts) {
      if (!std::exchange(near_asked_, true)) {
        near_ = NearRows::Make(all_.front()->metric_, queries_, all_.size(), dimension_);
      }
      return near_ != nullptr;
    }
    return false;
  }

  // The kernel reads floats: halves are widened, as many rows as are looked at at once.
  bool FindNear(const Element* rows, std::size_t n, std::span<const float> bounds, std::size_t most,
                std::vector<NearPair>* near) {
    near_->SetBounds(bounds);
    const std::size_t block = near_->rows_at_once();
    for (std::size_t i = 0; i < n; i += block) {
      const std::size_t count = std::min(block, n - i);
      const Element* const first = rows + i * dimension_;
      const Element* const next = first + count * dimension_;
      const std::size_t next_bytes = count * dimension_ * sizeof(Element);
      near_->Find({Floats(first, count * dimension_), count, next, next_bytes}, i, near);
      if (near->size() > most) return false;
    }
    return true;
  }

  const float* Floats(const Element* rows, std::size_t n) {
    if constexpr (std::is_same_v<Element, std::uint16_t>) {
      float* const widened = AlignedIn(&widened_room_, n);
      chunk::FromHalf(all_.front()->type_, {rows, n}, widened);
      return widened;
    } else if constexpr (std::is_same_v<Element, float>) {
      return rows;
    }
    return nullptr;
  }

  void Compute(const Element* rows, std::size_t n, float* out) {
    const Dense& any = *all_.front();
    const auto& kernels = any.kernels_;
    Number* found = nullptr;
    if constexpr (std::is_same_v<Number, float>) {
      found = out;
    } else {
      found_.resize(all_.size() * Distances::kBatch);
      found = found_.data();
    }
    const auto kernel = any.metric_ == Metric::kL2 ? kernels.l2_mq : kernels.ip_mq;
    kernel(queries_, all_.size(), rows, dimension_, n, found);
    if (std::is_same_v<Number, float> && any.metric_ == Metric::kL2) return;  // they are distances
    typename Dense::Numbers numbers;
    if (any.metric_ == Metric::kCosine) {
      for (std::size_t i = 0; i < n; ++i) {
        numbers.norm2[i] = kernels.norm2(rows + i * dimension_, dimension_);
      }
    }
    for (std::size_t q = 0; q < all_.size(); ++q) {
      std::copy_n(found + q * n, n, numbers.product.data());
      all_[q]->Finish(
          numbers, [&](std::size_t i) { return rows + i * dimension_; }, std::span(out + q * n, n));
    }
  }

  std::vector<const Dense*> all_;
  std::size_t dimension_ = 0;
  Query* queries_ = nullptr;  // one after the other, in:
  std::vector<Query> queries_room_;
  std::vector<Number> found_;  // where they are no floats
  std::vector<Element> gathered_room_;
  std::unique_ptr<NearRows> near_;
  bool near_asked_ = false;
  std::vector<float> widened_room_;
};

class BitDistances final : public Distances {
 public:
  BitDistances(const Field& field, std::span<const std::uint8_t> query)
      : kernels_(simd::Kernels().bits), metric_(field.metric), query_(query) {}

  void Many(const chunk::ColumnView& view, std::size_t first, std::span<float> out) const override {
    const std::size_t bytes = query_.size();
    const auto* base = static_cast<const std::uint8_t*>(view.values) + first * bytes;
    Counts found;
    if (metric_ == Metric::kHamming) {
      kernels_.hamming_many(query_.data(), base, bytes, out.size(), found.both.data());
    } else {
      kernels_.jaccard_many(query_.data(), base, bytes, out.size(), found.both.data(),
                            found.either.data());
    }
    Finish(found, out);
  }

  void Ids(const chunk::ColumnView& view, std::span<const std::uint32_t> ids,
           std::span<float> out) const override {
    const std::size_t bytes = query_.size();
    const auto* base = static_cast<const std::uint8_t*>(view.values);
    Counts found;
    if (metric_ == Metric::kHamming) {
      kernels_.hamming_ids(query_.data(), base, bytes, ids.data(), ids.size(), found.both.data());
    } else {
      kernels_.jaccard_ids(query_.data(), base, bytes, ids.data(), ids.size(), found.both.data(),
                           found.either.data());
    }
    Finish(found, out);
  }

 private:
  struct Counts {
    std::array<std::uint32_t, kBatch> both;  // or those that differ
    std::array<std::uint32_t, kBatch> either;
  };

  void Finish(const Counts& found, std::span<float> out) const {
    // Counts of bits fit an int32, which vectors convert at once.
    const auto both = [&](std::size_t i) { return static_cast<std::int32_t>(found.both[i]); };
    if (metric_ == Metric::kHamming) {
      Fill(out, [&](std::size_t i) { return static_cast<float>(both(i)); });
    } else {
      Fill(out, [&](std::size_t i) {  // where no bit is set in either, none is in both
        const auto either = std::max(static_cast<std::int32_t>(found.either[i]), 1);
        return static_cast<float>(1 - static_cast<double>(both(i)) / either);
      });
    }
  }

  const simd::BitKernels& kernels_;
  const Metric metric_;
  const std::span<const std::uint8_t> query_;
};

using Made = Result<std::unique_ptr<const Distances>>;

Status WrongQuery(const Field& field, const QueryVector& query, std::string_view wanted) {
  const ValueView came = std::visit([](const auto& vector) { return ValueView(vector); }, query);
  return base::InvalidArgument("field '{}' holds {} and is searched with {}, got {}", field.name,
                               ToString(field.type), wanted, chunk::Shown(came));
}

template <typename Element>
Made OfFloats(const simd::VectorKernels<float, Element, float>& kernels, const Field& field,
              const QueryVector& query) {
  const auto* floats = std::get_if<std::span<const float>>(&query);
  if (floats == nullptr) return WrongQuery(field, query, "floats");
  VECDB_TRY(chunk::ValidateFloats(field, *floats));
  using Dense = DenseDistances<float, Element, float>;
  return std::unique_ptr<const Distances>(std::make_unique<Dense>(kernels, field, *floats));
}

Made OfInt8(const Field& field, const QueryVector& query) {
  const auto* numbers = std::get_if<std::span<const std::int8_t>>(&query);
  if (numbers == nullptr) return WrongQuery(field, query, "int8");
  VECDB_TRY(chunk::ValidateVector(field, *numbers));
  using Dense = DenseDistances<std::int8_t, std::int8_t, std::int32_t>;
  return std::unique_ptr<const Distances>(
      std::make_unique<Dense>(simd::Kernels().i8, field, *numbers));
}

Made OfBits(const Field& field, const QueryVector& query) {
  const auto* bits = std::get_if<std::span<const std::uint8_t>>(&query);
  if (bits == nullptr) return WrongQuery(field, query, "bytes of eight bits");
  VECDB_TRY(chunk::ValidateVector(field, *bits));
  return std::unique_ptr<const Distances>(std::make_unique<BitDistances>(field, *bits));
}

Made OfSparse(const Field& field, const QueryVector& query) {
  const auto* sparse = std::get_if<SparseView>(&query);
  if (sparse == nullptr) return WrongQuery(field, query, "a sparse vector");
  VECDB_TRY(chunk::ValidateSparse(field, *sparse));
  return std::unique_ptr<const Distances>(std::make_unique<SparseDistances>(*sparse));
}

}  // namespace

bool DistancesTogether::Near(const chunk::ColumnView&, std::size_t, std::size_t,
                             std::span<const float>, std::size_t, std::vector<NearPair>*) {
  return false;
}

bool DistancesTogether::NearIds(const chunk::ColumnView&, std::span<const std::uint32_t>,
                                std::span<const float>, std::size_t, std::vector<NearPair>*) {
  return false;
}

std::unique_ptr<DistancesTogether> Distances::Together(
    std::span<const Distances* const> all) const {
  return std::make_unique<InTurn>(all);
}

Result<std::unique_ptr<const Distances>> MakeDistances(const Field& field,
                                                       const QueryVector& query) {
  const simd::KernelTable& kernels = simd::Kernels();
  if (field.type == DataType::kFloatVector) return OfFloats<float>(kernels.f32, field, query);
  if (field.type == DataType::kFloat16Vector) {
    return OfFloats<std::uint16_t>(kernels.f16, field, query);
  }
  if (field.type == DataType::kBFloat16Vector) {
    return OfFloats<std::uint16_t>(kernels.bf16, field, query);
  }
  if (field.type == DataType::kInt8Vector) return OfInt8(field, query);
  if (field.type == DataType::kBinaryVector) return OfBits(field, query);
  VECDB_CHECK(field.type == DataType::kSparseFloatVector, "a search in a field without vectors");
  return OfSparse(field, query);
}

bool LargerIsNearer(Metric metric) {
  return metric == Metric::kInnerProduct || metric == Metric::kCosine;
}

float ScoreOf(Metric metric, float distance) {
  return LargerIsNearer(metric) ? 0.0F - distance : distance;
}

float DistanceOf(Metric metric, float score) {
  return ScoreOf(metric, score);  // its own inverse
}

}  // namespace vecdb::query
