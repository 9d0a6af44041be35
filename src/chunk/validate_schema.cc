#include <algorithm>
#include <array>
#include <limits>
#include <variant>

#include "base/status.h"
#include "chunk/text.h"
#include "chunk/validate.h"
#include "chunk/value.h"

namespace vecdb::chunk {
namespace {

// Words with a meaning of their own in filters, in every spelling the filter language reads, and
// the names of the system's own columns.
constexpr std::array<std::string_view, 24> kReservedNames = {
    "RowID", "Timestamp", "in",   "IN",   "not",    "NOT",    "and",   "AND",
    "or",    "OR",        "like", "LIKE", "exists", "EXISTS", "is",    "IS",
    "null",  "NULL",      "true", "True", "TRUE",   "false",  "False", "FALSE"};

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsKnown(DataType type) {
  switch (type) {
    case DataType::kBool:
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
    case DataType::kFloat:
    case DataType::kDouble:
    case DataType::kVarChar:
    case DataType::kFloatVector:
      return true;
  }
  return false;
}

bool IsKnown(Metric metric) {
  switch (metric) {
    case Metric::kL2:
    case Metric::kInnerProduct:
    case Metric::kCosine:
      return true;
  }
  return false;
}

Status ValidateFieldName(std::string_view name) {
  if (!name.empty() && name.front() == '$') {
    return base::InvalidArgument("field name {} is reserved: no name may begin with '$'",
                                 Quoted(name));
  }
  VECDB_TRY(ValidateName("field", name));
  if (std::find(kReservedNames.begin(), kReservedNames.end(), name) != kReservedNames.end()) {
    return base::InvalidArgument("field name '{}' is reserved", name);
  }
  return Status();
}

Status ValidateVectorField(const Field& field) {
  if (field.dimension == 0 || field.dimension > kMaxDimension) {
    return base::InvalidArgument(
        "field '{}' is a vector and needs a dimension between 1 and {}, not {}", field.name,
        kMaxDimension, field.dimension);
  }
  if (!IsKnown(field.metric)) {
    return base::InvalidArgument("field '{}' has an unknown metric, number {}", field.name,
                                 static_cast<int>(field.metric));
  }
  if (field.nullable || !std::holds_alternative<std::monostate>(field.default_value)) {
    return base::InvalidArgument(
        "field '{}' is a vector and can neither be nullable nor have a default", field.name);
  }
  return Status();
}

Status ValidateScalarField(const Field& field) {
  if (field.dimension != 0 || field.metric != Metric::kL2) {
    return base::InvalidArgument("field '{}' holds {} and takes neither a dimension nor a metric",
                                 field.name, ToString(field.type));
  }
  if (field.type != DataType::kVarChar) {
    if (field.max_length == kMaxTextBytes) return Status();
    return base::InvalidArgument("field '{}' holds {} and takes no max_length", field.name,
                                 ToString(field.type));
  }
  if (field.max_length == 0 || field.max_length > kMaxTextBytes) {
    return base::InvalidArgument(
        "field '{}' holds VarChar and needs a max_length between 1 and {} bytes, not {}",
        field.name, kMaxTextBytes, field.max_length);
  }
  return Status();
}

Status ValidateKeyField(const Field& field) {
  if (field.type != DataType::kInt64 && field.type != DataType::kVarChar) {
    return base::InvalidArgument(
        "field '{}' is the primary key and must be Int64 or VarChar, not {}", field.name,
        ToString(field.type));
  }
  if (field.nullable || !std::holds_alternative<std::monostate>(field.default_value)) {
    return base::InvalidArgument(
        "field '{}' is the primary key and can neither be nullable nor have a default", field.name);
  }
  if (field.auto_id && field.type != DataType::kInt64) {
    return base::InvalidArgument("field '{}' has auto_id, which needs an Int64 key, not {}",
                                 field.name, ToString(field.type));
  }
  return Status();
}

}  // namespace

Status ValidateName(std::string_view what, std::string_view name) {
  if (name.empty()) return base::InvalidArgument("a {} name may not be empty", what);
  if (name.size() > kMaxNameBytes) {
    return base::InvalidArgument("{} name {} has {} bytes; the limit is {}", what, Quoted(name),
                                 name.size(), kMaxNameBytes);
  }
  const bool well_formed =
      IsLetter(name.front()) &&
      std::all_of(name.begin(), name.end(), [](char c) { return IsLetter(c) || IsDigit(c); });
  if (!well_formed) {
    return base::InvalidArgument("{} name {} must be a letter or '_', then letters, digits or '_'",
                                 what, Quoted(name));
  }
  return Status();
}

Status ValidateField(const Field& field) {
  VECDB_TRY(ValidateFieldName(field.name));
  if (!IsKnown(field.type)) {
    return base::InvalidArgument("field '{}' has an unknown data type, number {}", field.name,
                                 static_cast<int>(field.type));
  }
  if (field.auto_id && !field.primary_key) {
    return base::InvalidArgument("field '{}' has auto_id but is not the primary key", field.name);
  }
  if (field.primary_key) VECDB_TRY(ValidateKeyField(field));
  if (field.type == DataType::kFloatVector) return ValidateVectorField(field);
  VECDB_TRY(ValidateScalarField(field));
  if (std::holds_alternative<std::monostate>(field.default_value)) return Status();
  return base::Annotate(ValidateValue(field, ViewOf(field.default_value)), "default value");
}

Status ValidateFields(std::span<const Field> fields) {
  if (fields.size() > kMaxFields) {
    return base::InvalidArgument("a schema has at most {} fields, this one has {}", kMaxFields,
                                 fields.size());
  }
  const Field* key = nullptr;
  std::size_t vectors = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field& field = fields[i];
    VECDB_TRY(ValidateField(field));
    for (const Field& earlier : fields.first(i)) {
      if (earlier.name == field.name) {
        return base::InvalidArgument("field '{}' appears twice in the schema", field.name);
      }
    }
    if (field.primary_key && key != nullptr) {
      return base::InvalidArgument("a schema has one primary key, this one has '{}' and '{}'",
                                   key->name, field.name);
    }
    if (field.primary_key) key = &field;
    if (field.type == DataType::kFloatVector && ++vectors > kMaxVectorFields) {
      return base::InvalidArgument("a schema has at most {} vector fields; '{}' is one too many",
                                   kMaxVectorFields, field.name);
    }
  }
  if (key == nullptr) return base::InvalidArgument("a schema needs a primary key");
  if (vectors == 0) return base::InvalidArgument("a schema needs at least one vector field");
  return Status();
}

}  // namespace vecdb::chunk
