#include <algorithm>
#include <array>
#include <limits>
#include <variant>

#include "base/status.h"
#include "chunk/array_value.h"
#include "chunk/kinds.h"
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
  return ToString(type) != "unknown";
}
bool IsKnown(Metric metric) {
  return ToString(metric) != "unknown";
}

bool IsDefaultless(const Field& field) {
  return std::holds_alternative<std::monostate>(field.default_value);
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

Status ValidateDimension(const Field& field) {
  if (field.type == DataType::kSparseFloatVector) {
    if (field.dimension == 0) return Status();
    return base::InvalidArgument("field '{}' is a sparse vector and takes no dimension, not {}",
                                 field.name, field.dimension);
  }
  if (field.type == DataType::kBinaryVector) {
    if (field.dimension > 0 && field.dimension <= kMaxBits && field.dimension % 8 == 0) {
      return Status();
    }
    return base::InvalidArgument(
        "field '{}' is a vector of bits and needs a dimension that is a multiple of 8 between 8 "
        "and {}, not {}",
        field.name, kMaxBits, field.dimension);
  }
  if (field.dimension > 0 && field.dimension <= kMaxDimension) return Status();
  return base::InvalidArgument(
      "field '{}' is a vector and needs a dimension between 1 and {}, not {}", field.name,
      kMaxDimension, field.dimension);
}

bool Measures(Metric metric, DataType type) {
  switch (metric) {
    case Metric::kL2:
    case Metric::kCosine:
      return type != DataType::kBinaryVector && type != DataType::kSparseFloatVector;
    case Metric::kInnerProduct:
      return type != DataType::kBinaryVector;
    case Metric::kHamming:
    case Metric::kJaccard:
      return type == DataType::kBinaryVector;
  }
  return false;
}

Status ValidateVectorField(const Field& field) {
  VECDB_TRY(ValidateDimension(field));
  if (!IsKnown(field.metric)) {
    return base::InvalidArgument("field '{}' has an unknown metric, number {}", field.name,
                                 static_cast<int>(field.metric));
  }
  if (!Measures(field.metric, field.type)) {
    return base::InvalidArgument("field '{}' holds {}, which metric {} does not measure",
                                 field.name, ToString(field.type), ToString(field.metric));
  }
  if (field.nullable || !IsDefaultless(field)) {
    return base::InvalidArgument(
        "field '{}' is a vector and can neither be nullable nor have a default", field.name);
  }
  return Status();
}

Status ValidateArrayField(const Field& field) {
  if (field.type != DataType::kArray) {
    if (field.element_type == DataType::kInt64 && field.max_capacity == kMaxCapacity) {
      return Status();
    }
    return base::InvalidArgument(
        "field '{}' holds {} and takes neither an element_type nor a max_capacity", field.name,
        ToString(field.type));
  }
  if (!IsKnown(field.element_type) || !IsScalar(field.element_type)) {
    return base::InvalidArgument("field '{}' is an Array, which holds Bool to VarChar, not {}",
                                 field.name, ToString(field.element_type));
  }
  if (field.max_capacity > 0 && field.max_capacity <= kMaxCapacity) return Status();
  return base::InvalidArgument(
      "field '{}' is an Array and needs a max_capacity between 1 and {}, not {}", field.name,
      kMaxCapacity, field.max_capacity);
}

Status ValidateMaxLength(const Field& field) {
  const bool of_text = field.type == DataType::kVarChar ||
                       (field.type == DataType::kArray && field.element_type == DataType::kVarChar);
  if (!of_text) {
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

Status ValidateDefault(const Field& field) {
  if (IsDefaultless(field)) return Status();
  const LentValue value(field.default_value);
  VECDB_TRY(base::Annotate(ValidateValue(field, value.view()), "default value"));
  if (field.type != DataType::kArray) return Status();
  const std::size_t bytes = EncodedArrayBytes(field.element_type, value.view());
  if (bytes <= kMaxTextBytes) return Status();
  return base::InvalidArgument("default value: field '{}' takes one of at most {} bytes, got {}",
                               field.name, kMaxTextBytes, bytes);
}

Status ValidateKeyField(const Field& field) {
  if (field.type != DataType::kInt64 && field.type != DataType::kVarChar) {
    return base::InvalidArgument(
        "field '{}' is the primary key and must be Int64 or VarChar, not {}", field.name,
        ToString(field.type));
  }
  if (field.nullable || !IsDefaultless(field)) {
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

namespace {

Status ValidateNameSize(std::string_view what, std::string_view name) {
  if (name.empty()) return base::InvalidArgument("a {} name may not be empty", what);
  if (name.size() > kMaxNameBytes) {
    return base::InvalidArgument("{} name {} has {} bytes; the limit is {}", what, Quoted(name),
                                 name.size(), kMaxNameBytes);
  }
  return Status();
}

}  // namespace

Status ValidatePartitionName(std::string_view name) {
  VECDB_TRY(ValidateNameSize("partition", name));
  const bool well_formed = name.front() != '-' && std::all_of(name.begin(), name.end(), [](char c) {
                             return IsLetter(c) || IsDigit(c) || c == '-';
                           });
  if (well_formed) return Status();
  return base::InvalidArgument(
      "partition name {} must be letters, digits, '_' and, behind the first, '-'", Quoted(name));
}

Status ValidateName(std::string_view what, std::string_view name) {
  VECDB_TRY(ValidateNameSize(what, name));
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
  VECDB_TRY(ValidateArrayField(field));
  VECDB_TRY(ValidateMaxLength(field));
  if (IsVector(field.type)) return ValidateVectorField(field);
  if (field.dimension != 0 || field.metric != Metric::kL2) {
    return base::InvalidArgument("field '{}' holds {} and takes neither a dimension nor a metric",
                                 field.name, ToString(field.type));
  }
  return ValidateDefault(field);
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
    if (IsVector(field.type) && ++vectors > kMaxVectorFields) {
      return base::InvalidArgument("a schema has at most {} vector fields; '{}' is one too many",
                                   kMaxVectorFields, field.name);
    }
  }
  if (key == nullptr) return base::InvalidArgument("a schema needs a primary key");
  if (vectors == 0) return base::InvalidArgument("a schema needs at least one vector field");
  return Status();
}

}  // namespace vecdb::chunk
