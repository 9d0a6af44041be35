#include "formats/vector_value.h"

#include <cstring>
#include <limits>

#include "text.h"

namespace vecdb::cli {
namespace {

Status ToInt8(Element element, std::span<const std::byte> raw, std::vector<std::int8_t>* out) {
  std::vector<std::int64_t> integers;
  ToIntegers(element, raw, &integers);
  out->resize(integers.size());
  for (std::size_t i = 0; i < integers.size(); ++i) {
    if (integers[i] < std::numeric_limits<std::int8_t>::min() ||
        integers[i] > std::numeric_limits<std::int8_t>::max()) {
      return Bad("element {} is {}, which an 8-bit integer does not hold", i, integers[i]);
    }
    (*out)[i] = static_cast<std::int8_t>(integers[i]);
  }
  return Status();
}

}  // namespace

std::uint32_t DimensionFor(DataType type, std::uint32_t elements) {
  return type == DataType::kBinaryVector ? elements * 8 : elements;
}

Status CheckVectors(const Field& field, Element element, std::uint32_t dimension,
                    std::string_view path) {
  const bool fits = field.type == DataType::kInt8Vector     ? IsInteger(element)
                    : field.type == DataType::kBinaryVector ? element == Element::kUint8
                                                            : element != Element::kBool;
  if (!fits || field.type == DataType::kSparseFloatVector) {
    return Bad("'{}' holds vectors of {}, which field '{}' of type {} does not take", path,
               NameOf(element), field.name, ToString(field.type));
  }
  if (DimensionFor(field.type, dimension) == field.dimension) return Status();
  return Bad("'{}' holds vectors of dimension {}, field '{}' takes {}", path,
             DimensionFor(field.type, dimension), field.name, field.dimension);
}

Status VectorColumn::Convert(const Field& field, Element element, std::span<const std::byte> raw) {
  if (field.type == DataType::kInt8Vector) return ToInt8(element, raw, &int8_);
  if (field.type != DataType::kBinaryVector) return ToFloats(element, raw, &floats_);
  bytes_.resize(raw.size());
  if (!raw.empty()) std::memcpy(bytes_.data(), raw.data(), raw.size());
  return Status();
}

Status VectorColumn::AddTo(const Field& field, Batch* batch) const {
  if (field.type == DataType::kInt8Vector) {
    return batch->AddVectors(field.name, std::span<const std::int8_t>(int8_));
  }
  if (field.type == DataType::kBinaryVector) {
    return batch->AddVectors(field.name, std::span<const std::uint8_t>(bytes_));
  }
  return batch->AddVectors(field.name, std::span<const float>(floats_));
}

Value VectorColumn::Take(const Field& field) {
  if (field.type == DataType::kInt8Vector) return std::move(int8_);
  if (field.type == DataType::kBinaryVector) return std::move(bytes_);
  return std::move(floats_);
}

}  // namespace vecdb::cli
