// A schema with every type, and rows for it made from their keys: by rows, by columns, as values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/batch.h"
#include "vecdb/schema.h"

#include "chunk/kinds.h"
#include "chunk/value.h"
#include "support/seed.h"

namespace vecdb::test {

using Values = std::vector<Value>;  // by field, the key's too

inline const std::vector<DataType>& ScalarTypes() {
  static const std::vector<DataType> types = {
      DataType::kBool,  DataType::kInt8,  DataType::kInt16,  DataType::kInt32,
      DataType::kInt64, DataType::kFloat, DataType::kDouble, DataType::kVarChar};
  return types;
}

// "id", then of every scalar type T "scalar T" and "array T", "json", one of each with a default,
// and four vectors: which of them depends on `vectors`, 0 to 2.
inline Schema AllTypes(int vectors) {
  SchemaBuilder builder;
  builder.PrimaryKey("id");
  for (const DataType type : ScalarTypes()) {
    const std::string name(ToString(type));
    builder.Add({.name = "scalar_" + name, .type = type, .nullable = true});
    builder.Add({.name = "array_" + name,
                 .type = DataType::kArray,
                 .element_type = type,
                 .max_capacity = 9,
                 .nullable = true});
  }
  builder.Add({.name = "json", .type = DataType::kJson, .nullable = true});
  builder.Add({.name = "json_default",
               .type = DataType::kJson,
               .default_value = Value(std::string(R"({"none": [1.50, null]})"))});
  builder.Add({.name = "bools_default",
               .type = DataType::kArray,
               .element_type = DataType::kBool,
               .default_value = Value(std::vector<bool>{true, false, true})});
  builder.Add({.name = "texts_default",
               .type = DataType::kArray,
               .element_type = DataType::kVarChar,
               .default_value = Value(std::vector<std::string>{"", "größe"})});
  builder.Add({.name = "floats_default",
               .type = DataType::kArray,
               .element_type = DataType::kFloat,
               .default_value = Value(std::vector<std::int64_t>{1, -2})});
  if (vectors == 0) {
    builder.Vector("half", 5, Metric::kL2, DataType::kFloat16Vector)
        .Vector("brain", 6, Metric::kCosine, DataType::kBFloat16Vector)
        .Vector("int8", 7, Metric::kInnerProduct, DataType::kInt8Vector)
        .BinaryVector("bits", 24);
  } else if (vectors == 1) {
    builder.SparseVector("sparse")
        .Vector("floats", 3, Metric::kCosine)
        .BinaryVector("bits", 40, Metric::kJaccard)
        .Vector("int8", 4, Metric::kCosine, DataType::kInt8Vector);
  } else {
    builder.Vector("half", 9, Metric::kInnerProduct, DataType::kFloat16Vector)
        .Vector("brain", 4, Metric::kL2, DataType::kBFloat16Vector)
        .Vector("int8", 5, Metric::kL2, DataType::kInt8Vector)
        .Vector("half2", 3, Metric::kCosine, DataType::kFloat16Vector);
  }
  return *builder.Build();
}

inline Value MakeElements(DataType element, std::size_t count, Random* random);

// A value that its type stores exactly.
inline Value MakeScalarOf(DataType type, Random* random) {
  switch (type) {
    case DataType::kBool:
      return random->Chance(50);
    case DataType::kInt8:
      return random->Between(-128, 127);
    case DataType::kInt16:
      return random->Between(-32'768, 32'767);
    case DataType::kInt32:
      return random->Between(-2'147'483'648, 2'147'483'647);
    case DataType::kFloat:
      return static_cast<double>(random->Unit());
    case DataType::kDouble:
      return static_cast<double>(random->Next()) / 7;
    case DataType::kVarChar:
      return "grüße " + std::string(static_cast<std::size_t>(random->Between(0, 30)), 'x');
    default:
      return static_cast<std::int64_t>(random->Next());
  }
}

template <typename T>
Value Elements(DataType element, std::size_t count, Random* random) {
  std::vector<T> values;
  for (std::size_t i = 0; i < count; ++i) {
    values.push_back(std::get<T>(MakeScalarOf(element, random)));
  }
  return values;
}

inline Value MakeElements(DataType element, std::size_t count, Random* random) {
  if (element == DataType::kBool) return Elements<bool>(element, count, random);
  if (element == DataType::kVarChar) return Elements<std::string>(element, count, random);
  if (element == DataType::kFloat || element == DataType::kDouble) {
    return Elements<double>(element, count, random);
  }
  return Elements<std::int64_t>(element, count, random);
}

inline std::string MakeJson(Random* random) {
  static const std::vector<std::string> texts = {"null",
                                                 "0",
                                                 " \"a\\u0000b\\u00e9\" ",
                                                 "[]",
                                                 R"({"a": {"b": [1, 2.50, true]}, "a": 2})",
                                                 "-1e-300",
                                                 "{\"größe\":[\"ключ\"]}"};
  if (random->Chance(80)) return random->Pick(texts);
  return "[" + std::string(static_cast<std::size_t>(random->Between(0, 2000)), ' ') + "1]";
}

inline SparseVector MakeSparse(Random* random) {
  SparseVector vector;
  std::uint32_t index = 0;
  for (std::int64_t i = random->Between(0, 12); i > 0; --i) {
    index += static_cast<std::uint32_t>(random->Chance(80) ? random->Between(1, 4)
                                                           : random->Between(1, 40'000'000));
    vector.indices.push_back(index);
    vector.values.push_back(static_cast<float>(random->Between(-12, 12)) / 4);
  }
  return vector;
}

inline Value MakeVectorOf(const Field& field, Random* random) {
  if (field.type == DataType::kSparseFloatVector) return MakeSparse(random);
  if (field.type == DataType::kInt8Vector) {
    std::vector<std::int8_t> vector(field.dimension);
    for (auto& x : vector) x = static_cast<std::int8_t>(random->Between(-128, 127));
    return vector;
  }
  if (field.type == DataType::kBinaryVector) {
    std::vector<std::uint8_t> bits(field.dimension / 8);
    for (auto& x : bits) x = static_cast<std::uint8_t>(random->Chance(30) ? 0 : random->Next());
    return bits;
  }
  std::vector<float> vector(field.dimension);
  for (float& x : vector) x = static_cast<float>(random->Between(-60, 60)) / 4;
  return vector;
}

inline Value MakeValueOf(const Field& field, Random* random) {
  if (chunk::IsVector(field.type)) return MakeVectorOf(field, random);
  if (field.default_value.index() != 0 && random->Chance(50)) return field.default_value;
  if (field.nullable && random->Chance(25)) return Value();
  if (field.type == DataType::kJson) return MakeJson(random);
  if (field.type != DataType::kArray) return MakeScalarOf(field.type, random);
  const auto most = static_cast<std::int64_t>(field.max_capacity < 9 ? field.max_capacity : 9);
  return MakeElements(field.element_type, static_cast<std::size_t>(random->Between(0, most)),
                      random);
}

inline Values MakeValues(const Schema& schema, std::int64_t key) {
  Random random(static_cast<std::uint64_t>(key) * 77 + 5);
  Values values;
  for (const Field& field : schema.fields()) {
    values.push_back(field.primary_key ? Value(key) : MakeValueOf(field, &random));
  }
  return values;
}

// Through the row door. Defaults and nulls are sometimes left out.
inline Status AddRow(const Values& values, Batch* batch) {
  std::vector<std::unique_ptr<chunk::LentValue>> lent;
  std::vector<NamedValue> row;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Field& field = batch->schema().fields()[i];
    const bool missing = values[i] == field.default_value && !chunk::IsVector(field.type);
    if (missing && (batch->rows() + i) % 3 == 0) continue;
    lent.push_back(std::make_unique<chunk::LentValue>(values[i]));
    row.push_back({field.name, missing && i % 2 == 0 ? ValueView() : lent.back()->view()});
  }
  return batch->Add(row);
}

// What a ValueView alternative is stored in while a whole column of them is lent.
template <typename T>
Status AddColumnOf(const Field& field, const std::vector<std::unique_ptr<chunk::LentValue>>& lent,
                   Batch* batch) {
  const std::unique_ptr<T[]> values = std::make_unique<T[]>(lent.size());
  std::vector<std::uint8_t> valid;
  for (std::size_t i = 0; i < lent.size(); ++i) {
    const T* value = std::get_if<T>(&lent[i]->view());
    valid.push_back(value != nullptr ? 1 : 0);
    if (value != nullptr) values[i] = *value;
  }
  return batch->AddColumn(field.name, std::span<const T>(values.get(), lent.size()), valid);
}

template <typename T>
Status AddVectorsOf(const Field& field, const std::vector<std::unique_ptr<chunk::LentValue>>& lent,
                    Batch* batch) {
  std::vector<T> all;
  for (const auto& value : lent) {
    const auto& vector = std::get<std::span<const T>>(value->view());
    all.insert(all.end(), vector.begin(), vector.end());
  }
  return batch->AddVectors(field.name, all);
}

inline Status AddWholeColumn(const Field& field,
                             const std::vector<std::unique_ptr<chunk::LentValue>>& lent,
                             Batch* batch) {
  const bool array = field.type == DataType::kArray;
  switch (array ? field.element_type : field.type) {
    case DataType::kBool:
      return array ? AddColumnOf<std::span<const bool>>(field, lent, batch)
                   : AddColumnOf<bool>(field, lent, batch);
    case DataType::kFloat:
    case DataType::kDouble:
      return array ? AddColumnOf<std::span<const double>>(field, lent, batch)
                   : AddColumnOf<double>(field, lent, batch);
    case DataType::kVarChar:
    case DataType::kJson:
      return array ? AddColumnOf<std::span<const std::string_view>>(field, lent, batch)
                   : AddColumnOf<std::string_view>(field, lent, batch);
    case DataType::kFloatVector:
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
      return AddVectorsOf<float>(field, lent, batch);
    case DataType::kInt8Vector:
      return AddVectorsOf<std::int8_t>(field, lent, batch);
    case DataType::kBinaryVector:
      return AddVectorsOf<std::uint8_t>(field, lent, batch);
    case DataType::kSparseFloatVector: {
      std::vector<SparseView> rows;
      for (const auto& value : lent) rows.push_back(std::get<SparseView>(value->view()));
      return batch->AddSparse(field.name, rows);
    }
    default:
      return array ? AddColumnOf<std::span<const std::int64_t>>(field, lent, batch)
                   : AddColumnOf<std::int64_t>(field, lent, batch);
  }
}

// Through the column door.
inline Status AddColumns(const std::vector<Values>& rows, Batch* batch) {
  for (std::size_t i = 0; i < batch->schema().fields().size(); ++i) {
    std::vector<std::unique_ptr<chunk::LentValue>> lent;
    for (const Values& row : rows) lent.push_back(std::make_unique<chunk::LentValue>(row[i]));
    const Status added = AddWholeColumn(batch->schema().fields()[i], lent, batch);
    if (!added.ok()) return added;
  }
  return Status();
}

// Rows of keys [first, first + count), by columns or by rows.
inline Batch AllTypesBatch(const Schema& schema, std::int64_t first, std::int64_t count,
                           bool by_columns) {
  Batch batch(schema);
  std::vector<Values> rows;
  for (std::int64_t key = first; key < first + count; ++key) {
    rows.push_back(MakeValues(schema, key));
    if (!by_columns) AddRow(rows.back(), &batch).OrDie();
  }
  if (by_columns) AddColumns(rows, &batch).OrDie();
  return batch;
}

}  // namespace vecdb::test
