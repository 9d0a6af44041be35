#include "formats/guess.h"

#include <algorithm>

#include "formats/schema_text.h"
#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::size_t kMaxFields = 64;  // of a schema; a guess stops there

std::string_view Words(Shape shape) {
  switch (shape) {
    case Shape::kNull:
      return "null";
    case Shape::kBool:
      return "true or false";
    case Shape::kInteger:
      return "an integer";
    case Shape::kReal:
      return "a number";
    case Shape::kText:
      return "text";
    case Shape::kVector:
      return "an array";
  }
  return "unknown";
}

bool IsNumber(Shape shape) {
  return shape == Shape::kInteger || shape == Shape::kReal;
}

}  // namespace

bool Guess::Given(std::string_view name) const {
  return std::any_of(options_.fields.begin(), options_.fields.end(),
                     [name](const Field& field) { return field.name == name; });
}

Guess::Guessed* Guess::Find(std::string_view name) {
  for (Guessed& field : guessed_) {
    if (field.name == name) return &field;
  }
  guessed_.push_back({std::string(name)});
  return &guessed_.back();
}

Status Guess::Add(std::string_view name, Shape shape, std::uint32_t dimension) {
  Guessed* const field = Find(name);
  if (guessed_.size() > kMaxFields) return Bad("more than {} fields", kMaxFields);
  if (shape == Shape::kNull) return Status();
  ++field->seen;
  if (Given(name)) return Status();
  if (shape == Shape::kVector && field->shape == Shape::kVector && field->dimension != dimension) {
    return Bad("field {} has {} numbers here and {} in a row before", Quoted(name), dimension,
               field->dimension);
  }
  if (field->shape == Shape::kNull || field->shape == shape) {
    field->shape = shape;
    field->dimension = dimension;
  } else if (IsNumber(field->shape) && IsNumber(shape)) {
    field->shape = Shape::kReal;
  } else if (mixed_is_text_) {
    field->shape = Shape::kText;
  } else {
    return Bad("field {} is {} here and {} in a row before", Quoted(name), Words(shape),
               Words(field->shape));
  }
  return Status();
}

Result<Field> Guess::FieldOf(const Guessed& guessed) const {
  Field field;
  field.name = guessed.name;
  field.nullable = true;
  switch (guessed.shape) {
    case Shape::kBool:
      field.type = DataType::kBool;
      break;
    case Shape::kInteger:
      field.type = DataType::kInt64;
      break;
    case Shape::kReal:
      field.type = DataType::kDouble;
      break;
    case Shape::kNull:
    case Shape::kText:
      field.type = DataType::kVarChar;
      break;
    case Shape::kVector:
      if (guessed.seen != rows_) {
        return Bad(
            "field {} is an array in {} of the first {} rows: no row may be without its vector",
            Quoted(guessed.name), guessed.seen, rows_);
      }
      field.type = options_.vector_type.value_or(DataType::kFloatVector);
      field.dimension = guessed.dimension;
      field.metric = options_.metric.value_or(UsualMetric(field.type));
      if (field.type == DataType::kBinaryVector) field.dimension *= 8;  // they are bytes
      field.nullable = false;
      break;
  }
  return field;
}

// The key; where no row has it, one that vecdb gives.
Result<Field> Guess::Key() const {
  Field key;
  key.name = options_.key_field.empty() ? "id" : options_.key_field;
  key.primary_key = true;
  const auto found = std::find_if(guessed_.begin(), guessed_.end(),
                                  [&](const Guessed& field) { return field.name == key.name; });
  if (found == guessed_.end()) {
    if (!options_.key_field.empty()) return Bad("no row has the key field '{}'", key.name);
    key.auto_id = true;
    return key;
  }
  if (Given(key.name)) return key;  // the user's word will take its place
  if (found->seen != rows_) {
    return Bad("{} of the first {} rows have no '{}', which is to be their key",
               rows_ - found->seen, rows_, key.name);
  }
  if (found->shape != Shape::kInteger && found->shape != Shape::kText) {
    return Bad("the key field '{}' is {}; a key is an integer or text", key.name,
               Words(found->shape));
  }
  if (found->shape == Shape::kText) key.type = DataType::kVarChar;
  return key;
}

Result<std::vector<Field>> Guess::Fields() const {
  const bool key_given = std::any_of(options_.fields.begin(), options_.fields.end(),
                                     [](const Field& field) { return field.primary_key; });
  std::vector<Field> fields;
  if (!key_given) {
    CLI_TRY_ASSIGN(Field key, Key());
    fields.push_back(std::move(key));
  }
  for (const Guessed& guessed : guessed_) {
    if (!fields.empty() && guessed.name == fields.front().name) continue;
    CLI_TRY_ASSIGN(Field field, FieldOf(guessed));
    fields.push_back(std::move(field));
  }
  return fields;
}

}  // namespace vecdb::cli
