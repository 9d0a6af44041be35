#include <algorithm>
#include <cmath>
#include <vector>

#include "base/canary.h"
#include "base/status.h"
#include "chunk/array_value.h"
#include "chunk/half.h"
#include "chunk/json_text.h"
#include "chunk/kinds.h"
#include "chunk/sparse_value.h"
#include "chunk/validate.h"
#include "simd/kernels.h"

namespace vecdb::chunk {
namespace {

Status CheckDimension(const Field& field, std::size_t dimension) {
  if (dimension == field.dimension) return Status();
  return base::InvalidArgument("field '{}' holds vectors of dimension {}, got dimension {}",
                               field.name, field.dimension, dimension);
}

Status CheckSquaredNorm(const Field& field, float norm2) {
  if (norm2 <= kMaxSquaredNorm) return Status();
  return base::InvalidArgument("field '{}' holds vectors of a squared norm up to {}, got {}",
                               field.name, kMaxSquaredNorm, norm2);
}

// Position of the first half that is not finite.
std::size_t FindNotFinite(DataType type, std::span<const std::uint16_t> halves) {
  std::size_t at = 0;
  while (at < halves.size() && AllFinite(type, halves.subspan(at, 1))) ++at;
  return at;
}

}  // namespace

Status ValidateFloats(const Field& field, std::span<const float> vector) {
  VECDB_TRY(CheckDimension(field, vector.size()));
  const simd::FloatKernels& kernels = simd::Kernels().f32;
  if (!base::Canary(40) && !kernels.all_finite(vector.data(), vector.size())) {
    const auto bad =
        std::find_if(vector.begin(), vector.end(), [](float x) { return !std::isfinite(x); });
    return base::InvalidArgument("field '{}' holds finite numbers, got {} at position {}",
                                 field.name, *bad, bad - vector.begin());
  }
  return CheckSquaredNorm(field, kernels.norm2(vector.data(), vector.size()));
}

Status ValidateVector(const Field& field, std::span<const float> vector) {
  VECDB_TRY(ValidateFloats(field, vector));
  if (!IsHalf(field.type)) return Status();
  std::vector<std::uint16_t> halves(vector.size());
  ToHalf(field.type, vector, halves.data());
  const std::size_t bad = FindNotFinite(field.type, halves);
  if (bad < vector.size()) {
    return base::InvalidArgument("field '{}' holds {}, in which {} at position {} is infinite",
                                 field.name, ToString(field.type), vector[bad], bad);
  }
  return CheckSquaredNorm(field, SquaredNorm(field.type, halves));
}

Status ValidateVector(const Field& field, std::span<const std::uint16_t> halves) {
  VECDB_TRY(CheckDimension(field, halves.size()));
  if (!AllFinite(field.type, halves)) {
    const std::size_t bad = FindNotFinite(field.type, halves);
    return base::InvalidArgument("field '{}' holds finite numbers, got the bits {:#06x} at {}",
                                 field.name, halves[bad], bad);
  }
  return CheckSquaredNorm(field, SquaredNorm(field.type, halves));
}

Status ValidateVector(const Field& field, std::span<const std::int8_t> vector) {
  return CheckDimension(field, vector.size());
}

Status ValidateVector(const Field& field, std::span<const std::uint8_t> bits) {
  return CheckDimension(field, bits.size() * 8);
}

Status CheckStored(const Field& field, std::string_view bytes) {
  if (field.type == DataType::kJson) return ValidateJson(field, bytes);
  if (field.type == DataType::kArray) return CheckStoredArray(field, bytes);
  if (field.type == DataType::kSparseFloatVector) return CheckStoredSparse(field, bytes);
  return ValidateText(field, bytes);
}

Status CheckStored(const Field& field, const ColumnView& view, std::size_t row) {
  if (view.IsNull(row)) return Status();
  if (IsVariable(view.type)) return CheckStored(field, view.As<std::string_view>()[row]);
  if (view.type == DataType::kFloatVector) return ValidateVector(field, view.Vector<float>(row));
  if (IsHalf(view.type)) return ValidateVector(field, view.Vector<std::uint16_t>(row));
  if (view.type == DataType::kBool && view.As<std::uint8_t>()[row] > 1) {
    return base::InvalidArgument("a Bool of field '{}' is not 0 or 1", field.name);
  }
  const bool infinite = (view.type == DataType::kFloat && !std::isfinite(view.As<float>()[row])) ||
                        (view.type == DataType::kDouble && !std::isfinite(view.As<double>()[row]));
  if (!infinite) return Status();
  return base::InvalidArgument("a number of field '{}' is not finite", field.name);
}

}  // namespace vecdb::chunk
