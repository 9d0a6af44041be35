// A schema with one field of every type, and chunks of rows for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/batch.h"
#include "vecdb/schema.h"

#include "chunk/batch_access.h"
#include "chunk/chunk.h"

namespace vecdb_test {

inline vecdb::Field TextField(std::string_view name, std::uint32_t max_length) {
  vecdb::Field field;
  field.name = name;
  field.type = vecdb::DataType::kVarChar;
  field.max_length = max_length;
  return field;
}

inline vecdb::Field Defaulted(std::string_view name, vecdb::DataType type, vecdb::Value value) {
  vecdb::Field field;
  field.name = name;
  field.type = type;
  field.default_value = std::move(value);
  return field;
}

// Three floats "v" and an Int64 key "id" around the given fields.
inline vecdb::SchemaBuilder Around() {
  vecdb::SchemaBuilder builder;
  builder.PrimaryKey("id").Vector("v", 3, vecdb::Metric::kL2);
  return builder;
}

inline vecdb::Schema EveryType() {
  using vecdb::DataType;
  vecdb::SchemaBuilder builder = Around();
  builder.Scalar("flag", DataType::kBool)
      .Nullable("tiny", DataType::kInt8)
      .Scalar("small", DataType::kInt16)
      .Scalar("medium", DataType::kInt32)
      .Scalar("large", DataType::kInt64)
      .Scalar("single", DataType::kFloat)
      .Nullable("precise", DataType::kDouble);
  vecdb::Field text = TextField("title", 20);
  text.nullable = true;
  return *builder.Add(text).Build();
}

inline vecdb::Batch EveryTypeBatch(std::int64_t rows) {
  vecdb::Batch batch(EveryType());
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto x = static_cast<float>(i);
    const std::vector<float> vector = {x, -x, 0.5F};
    const std::string title = "größe " + std::to_string(i);
    const vecdb::ValueView none;
    batch
        .Add({{"id", i * 7 - 3},
              {"v", vector},
              {"flag", i % 2 == 0},
              {"tiny", i % 3 == 0 ? none : vecdb::ValueView(i % 100 - 50)},
              {"small", i},
              {"medium", -i},
              {"large", i << 40},
              {"single", 0.25 * static_cast<double>(i)},
              {"precise", i % 4 == 1 ? none : vecdb::ValueView(1e-300)},
              {"title", i % 5 == 2 ? none : vecdb::ValueView(std::string_view(title))}})
        .OrDie();
  }
  return batch;
}

inline vecdb::chunk::Chunk EveryTypeChunk(std::int64_t rows) {
  return *vecdb::chunk::BatchAccess::TakeChunk(EveryTypeBatch(rows));
}

inline bool SameValues(const vecdb::chunk::Chunk& a, const vecdb::chunk::Chunk& b) {
  if (a.rows != b.rows || a.columns.size() != b.columns.size()) return false;
  for (std::size_t i = 0; i < a.columns.size(); ++i) {
    const auto left = a.columns[i].View();
    const auto right = b.columns[i].View();
    if (left.rows != right.rows || left.type != right.type) return false;
    for (std::size_t row = 0; row < left.rows; ++row) {
      if (left.At(row) != right.At(row)) return false;
    }
  }
  return true;
}

}  // namespace vecdb_test
