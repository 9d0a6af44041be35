#include "query/filter/fit.h"

#include <limits>

#include "base/format.h"

namespace vecdb::query::filter {
namespace {

bool IsInteger(DataType type) {
  return type == DataType::kInt8 || type == DataType::kInt16 || type == DataType::kInt32 ||
         type == DataType::kInt64;
}

Fitted Decided(bool answer) {
  return {answer ? Fitted::Outcome::kAlways : Fitted::Outcome::kNever, Comparison::kEqual, {}};
}

// Every value of T is above (or every one below) the constant when it is not one of them.
template <typename T>
Fitted FitInteger(Comparison op, std::int64_t constant) {
  if (constant > std::numeric_limits<T>::max()) {
    return Decided(op == Comparison::kNotEqual || op == Comparison::kLess ||
                   op == Comparison::kLessEqual);
  }
  if (constant < std::numeric_limits<T>::min()) {
    return Decided(op == Comparison::kNotEqual || op == Comparison::kGreater ||
                   op == Comparison::kGreaterEqual);
  }
  return {Fitted::Outcome::kCompare, op, constant};
}

// An integer that no double holds lies between two doubles: the comparison with it becomes one with
// its neighbour.
Fitted FitDouble(Comparison op, std::int64_t constant) {
  const auto near = static_cast<double>(constant);
  if (Compare(Comparison::kEqual, constant, near)) return {Fitted::Outcome::kCompare, op, near};
  const bool near_is_above = Compare(Comparison::kLess, constant, near);
  switch (op) {
    case Comparison::kEqual:
      return Decided(false);
    case Comparison::kNotEqual:
      return Decided(true);
    case Comparison::kLess:
    case Comparison::kLessEqual:
      return {Fitted::Outcome::kCompare, near_is_above ? Comparison::kLess : Comparison::kLessEqual,
              near};
    case Comparison::kGreater:
    case Comparison::kGreaterEqual:
      return {Fitted::Outcome::kCompare,
              near_is_above ? Comparison::kGreaterEqual : Comparison::kGreater, near};
  }
  return Decided(false);
}

}  // namespace

std::optional<std::string> Mismatch(const Field& field, const Constant& constant) {
  const auto wrong = [&](const char* advice) {
    return base::Format("field '{}' holds {} and cannot be compared with the {} {}{}", field.name,
                        ToString(field.type), KindOf(constant), Shown(constant), advice);
  };
  if (field.type == DataType::kBool) {
    if (std::holds_alternative<bool>(constant)) return std::nullopt;
    return wrong(": write true or false");
  }
  if (field.type == DataType::kVarChar) {
    if (std::holds_alternative<std::string>(constant)) return std::nullopt;
    return wrong(": write a string in quotes");
  }
  if (std::holds_alternative<std::int64_t>(constant)) return std::nullopt;
  if (!std::holds_alternative<double>(constant)) return wrong(": write a number");
  if (IsInteger(field.type)) return wrong(": write an integer");
  return std::nullopt;
}

Fitted Fit(Comparison op, DataType type, const Constant& constant) {
  const auto* integer = std::get_if<std::int64_t>(&constant);
  switch (type) {
    case DataType::kBool:
      return {Fitted::Outcome::kCompare, op, std::int64_t{std::get<bool>(constant) ? 1 : 0}};
    case DataType::kInt8:
      return FitInteger<std::int8_t>(op, *integer);
    case DataType::kInt16:
      return FitInteger<std::int16_t>(op, *integer);
    case DataType::kInt32:
      return FitInteger<std::int32_t>(op, *integer);
    case DataType::kInt64:
      return FitInteger<std::int64_t>(op, *integer);
    case DataType::kFloat:
      return {Fitted::Outcome::kCompare, op,
              integer != nullptr ? static_cast<float>(*integer)
                                 : static_cast<float>(std::get<double>(constant))};
    case DataType::kDouble:
      if (integer != nullptr) return FitDouble(op, *integer);
      return {Fitted::Outcome::kCompare, op, std::get<double>(constant)};
    case DataType::kVarChar:
      return {Fitted::Outcome::kCompare, op, std::get<std::string>(constant)};
    case DataType::kArray:
    case DataType::kJson:
    case DataType::kBinaryVector:
    case DataType::kFloatVector:
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
    case DataType::kSparseFloatVector:
    case DataType::kInt8Vector:
      break;
  }
  return Decided(false);
}

}  // namespace vecdb::query::filter
