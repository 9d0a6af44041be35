#include "vecdb/schema.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "chunk/validate.h"
#include "chunk/value.h"

namespace vecdb {

struct Schema::Body {
  std::vector<Field> fields;
  std::size_t key;  // its place in `fields`
};

struct SchemaBuilder::Draft {
  std::vector<Field> fields;
};

namespace {

bool SameField(const Field& a, const Field& b) {
  return a.name == b.name && a.type == b.type && a.metric == b.metric &&
         a.dimension == b.dimension && a.max_length == b.max_length &&
         a.element_type == b.element_type && a.max_capacity == b.max_capacity &&
         a.primary_key == b.primary_key && a.auto_id == b.auto_id && a.nullable == b.nullable &&
         a.default_value == b.default_value;
}

Field Named(std::string_view name, DataType type) {
  Field field;
  field.name = name;
  field.type = type;
  return field;
}

// A default is kept as rows would have it: numbers for integers in a field of floats, and elements
// of arrays of Float rounded to what they are stored as.
void SettleDefault(Field* field) {
  const DataType held = field->type == DataType::kArray ? field->element_type : field->type;
  if (held != DataType::kFloat && held != DataType::kDouble) return;
  if (const auto* integer = std::get_if<std::int64_t>(&field->default_value)) {
    field->default_value = static_cast<double>(*integer);
  } else if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&field->default_value)) {
    field->default_value = std::vector<double>(integers->begin(), integers->end());
  }
  auto* numbers = std::get_if<std::vector<double>>(&field->default_value);
  if (numbers == nullptr || held != DataType::kFloat) return;
  for (double& number : *numbers) {
    if (chunk::Fits<float>(number)) number = static_cast<double>(static_cast<float>(number));
  }
}

}  // namespace

bool operator==(const Schema& a, const Schema& b) {
  return a.body_ == b.body_ ||
         std::equal(a.body_->fields.begin(), a.body_->fields.end(), b.body_->fields.begin(),
                    b.body_->fields.end(), SameField);
}

Schema::Schema(std::shared_ptr<const Body> body) : body_(std::move(body)) {
}

std::span<const Field> Schema::fields() const {
  return body_->fields;
}

const Field& Schema::primary_key() const {
  return body_->fields[body_->key];
}

const Field* Schema::Find(std::string_view name) const {
  for (const Field& field : body_->fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

SchemaBuilder::SchemaBuilder() : draft_(std::make_unique<Draft>()) {
}
SchemaBuilder::SchemaBuilder(SchemaBuilder&&) noexcept = default;
SchemaBuilder& SchemaBuilder::operator=(SchemaBuilder&&) noexcept = default;
SchemaBuilder::~SchemaBuilder() = default;

SchemaBuilder& SchemaBuilder::PrimaryKey(std::string_view name, DataType type) {
  Field field = Named(name, type);
  field.primary_key = true;
  return Add(std::move(field));
}

SchemaBuilder& SchemaBuilder::AutoPrimaryKey(std::string_view name) {
  Field field = Named(name, DataType::kInt64);
  field.primary_key = true;
  field.auto_id = true;
  return Add(std::move(field));
}

SchemaBuilder& SchemaBuilder::Scalar(std::string_view name, DataType type) {
  return Add(Named(name, type));
}

SchemaBuilder& SchemaBuilder::Nullable(std::string_view name, DataType type) {
  Field field = Named(name, type);
  field.nullable = true;
  return Add(std::move(field));
}

SchemaBuilder& SchemaBuilder::Json(std::string_view name) {
  return Add(Named(name, DataType::kJson));
}

SchemaBuilder& SchemaBuilder::Array(std::string_view name, DataType element,
                                    std::uint32_t max_capacity) {
  Field field = Named(name, DataType::kArray);
  field.element_type = element;
  field.max_capacity = max_capacity;
  return Add(std::move(field));
}

SchemaBuilder& SchemaBuilder::Vector(std::string_view name, std::uint32_t dimension, Metric metric,
                                     DataType type) {
  Field field = Named(name, type);
  field.dimension = dimension;
  field.metric = metric;
  return Add(std::move(field));
}

SchemaBuilder& SchemaBuilder::BinaryVector(std::string_view name, std::uint32_t dimension,
                                           Metric metric) {
  return Vector(name, dimension, metric, DataType::kBinaryVector);
}

SchemaBuilder& SchemaBuilder::SparseVector(std::string_view name, Metric metric) {
  return Vector(name, 0, metric, DataType::kSparseFloatVector);
}

SchemaBuilder& SchemaBuilder::Add(Field field) {
  draft_->fields.push_back(std::move(field));
  return *this;
}

Result<Schema> SchemaBuilder::Build() const {
  VECDB_TRY(chunk::ValidateFields(draft_->fields));
  Schema::Body body{draft_->fields, 0};
  for (std::size_t i = 0; i < body.fields.size(); ++i) {
    if (body.fields[i].primary_key) body.key = i;
    SettleDefault(&body.fields[i]);
  }
  return Schema(std::make_shared<const Schema::Body>(std::move(body)));
}

}  // namespace vecdb
