#include "formats/field_room.h"

#include <cmath>
#include <limits>

#include "formats/json_parse.h"

namespace vecdb::cli {
namespace {

Status AddFloat(std::string_view digits, std::vector<float>* vector) {
  const double number = RealOf(digits);
  if (std::abs(number) > std::numeric_limits<float>::max()) {
    return Bad("element {} is {}, too large for a float", vector->size(), digits);
  }
  vector->push_back(static_cast<float>(number));
  return Status();
}

// Of an array: its elements are floating numbers.
bool HasReals(const Field& field) {
  return field.element_type == DataType::kFloat || field.element_type == DataType::kDouble;
}

}  // namespace

void FieldRoom::Clear() {
  elements_ = 0;
  floats_.clear();
  indices_.clear();
  int8_.clear();
  bytes_.clear();
  integers_.clear();
  reals_.clear();
  texts_.clear();
  indices_here_ = false;
  lists_ = 0;
  json_.Clear();
  writer_.Reset(json_);
}

Status FieldRoom::AddInteger(std::string_view digits, std::int64_t least, std::int64_t most,
                             std::int64_t* number) const {
  const auto integer = IntegerOf(digits);
  if (!integer && IsIntegral(digits))
    return Bad("element {} is {}, out of range", elements_, digits);
  if (!integer) return Bad("element {} is {}, no integer", elements_, digits);
  if (*integer < least || *integer > most) {
    return Bad("element {} is {}, out of range", elements_, digits);
  }
  *number = *integer;
  return Status();
}

Status FieldRoom::AddNumber(const Field& field, std::string_view digits) {
  std::int64_t number = 0;
  switch (field.type) {
    case DataType::kFloatVector:
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
      CLI_TRY(AddFloat(digits, &floats_));
      break;
    case DataType::kInt8Vector:
      CLI_TRY(AddInteger(digits, -128, 127, &number));
      int8_.push_back(static_cast<std::int8_t>(number));
      break;
    case DataType::kBinaryVector:
      CLI_TRY(AddInteger(digits, 0, 255, &number));
      bytes_.push_back(static_cast<std::uint8_t>(number));
      break;
    case DataType::kSparseFloatVector:
      if (!indices_here_) return AddFloat(digits, &floats_);
      CLI_TRY(AddInteger(digits, 0, std::numeric_limits<std::uint32_t>::max(), &number));
      indices_.push_back(static_cast<std::uint32_t>(number));
      return Status();
    case DataType::kArray: {
      if (field.element_type == DataType::kBool || field.element_type == DataType::kVarChar) {
        return Bad("element {} is a number, not {}", elements_, ToString(field.element_type));
      }
      if (HasReals(field)) {
        const auto real = RealFor(field.element_type, digits);
        if (!real.ok()) return Bad("element {} {}", elements_, real.status().message());
        reals_.push_back(*real);
        break;
      }
      constexpr auto kAll = std::numeric_limits<std::int64_t>();
      CLI_TRY(AddInteger(digits, kAll.min(), kAll.max(), &number));
      integers_.push_back(number);
      break;
    }
    case DataType::kBool:
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
    case DataType::kFloat:
    case DataType::kDouble:
    case DataType::kVarChar:
    case DataType::kJson:
      break;  // they have no elements
  }
  ++elements_;
  return Status();
}

Status FieldRoom::AddBool(const Field& field, bool value) {
  if (field.type != DataType::kArray) return Bad("element {} is no number", elements_);
  if (field.element_type != DataType::kBool) {
    return Bad("element {} is true or false, not {}", elements_, ToString(field.element_type));
  }
  if (elements_ == kMaxBools) return Bad("more than {} elements", kMaxBools);
  bools_[elements_++] = value;
  return Status();
}

Status FieldRoom::AddText(const Field& field, std::string_view text) {
  if (field.type != DataType::kArray) return Bad("element {} is no number", elements_);
  if (field.element_type != DataType::kVarChar) {
    return Bad("element {} is text, not {}", elements_, ToString(field.element_type));
  }
  texts_.push_back(text);
  ++elements_;
  return Status();
}

Status FieldRoom::ChooseList(std::string_view name) {
  if (name != "indices" && name != "values") {
    return Bad("a sparse vector has the members indices and values, not {}", Quoted(name));
  }
  indices_here_ = name == "indices";
  const unsigned bit = indices_here_ ? 1 : 2;
  if ((lists_ & bit) != 0) return Bad("the member {} comes twice", Quoted(name));
  lists_ |= bit;
  return Status();
}

Result<ValueView> FieldRoom::Take(const Field& field) const {
  switch (field.type) {
    case DataType::kInt8Vector:
      return ValueView(std::span<const std::int8_t>(int8_));
    case DataType::kBinaryVector:
      return ValueView(std::span<const std::uint8_t>(bytes_));
    case DataType::kSparseFloatVector:
      if (lists_ == 3) return ValueView(SparseView{indices_, floats_});
      return Bad("a sparse vector is written like {{\"indices\": [3, 7], \"values\": [0.5, 1]}}");
    case DataType::kArray:
      if (field.element_type == DataType::kBool) {
        return ValueView(std::span<const bool>(bools_.data(), elements_));
      }
      if (field.element_type == DataType::kVarChar) {
        return ValueView(std::span<const std::string_view>(texts_));
      }
      if (HasReals(field)) return ValueView(std::span<const double>(reals_));
      return ValueView(std::span<const std::int64_t>(integers_));
    case DataType::kFloatVector:
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
    case DataType::kBool:
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
    case DataType::kFloat:
    case DataType::kDouble:
    case DataType::kVarChar:
    case DataType::kJson:
      break;
  }
  return ValueView(std::span<const float>(floats_));
}

}  // namespace vecdb::cli
