// Rows of every type of vector, half of them sealed, some deleted, for walks that search.
#pragma once

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "support/test_database.h"
#include "support/vector_oracle.h"

namespace vecdb::test {

struct VectorKind {
  DataType type;
  Metric metric;
};

inline std::vector<VectorKind> AllVectorKinds() {
  return {{DataType::kFloatVector, Metric::kL2},
          {DataType::kFloatVector, Metric::kInnerProduct},
          {DataType::kFloatVector, Metric::kCosine},
          {DataType::kFloat16Vector, Metric::kL2},
          {DataType::kBFloat16Vector, Metric::kInnerProduct},
          {DataType::kInt8Vector, Metric::kL2},
          {DataType::kInt8Vector, Metric::kCosine},
          {DataType::kBinaryVector, Metric::kHamming},
          {DataType::kBinaryVector, Metric::kJaccard},
          {DataType::kSparseFloatVector, Metric::kInnerProduct}};
}

inline constexpr std::uint32_t kVectorDimension = 16;

// Few different components, so that many rows are equally far: whole numbers, exact in floats.
inline Value WholeVector(DataType type, std::mt19937_64* random) {
  const auto pick = [random](int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(*random);
  };
  if (type == DataType::kBinaryVector) {
    std::vector<std::uint8_t> bits(kVectorDimension / 8);
    for (auto& byte : bits) byte = static_cast<std::uint8_t>(pick(0, 255));
    return bits;
  }
  if (type == DataType::kInt8Vector) {
    std::vector<std::int8_t> numbers(kVectorDimension);
    for (auto& x : numbers) x = static_cast<std::int8_t>(pick(-3, 3));
    return numbers;
  }
  if (type == DataType::kSparseFloatVector) {
    SparseVector sparse;
    for (std::uint32_t i = 0; i < kVectorDimension; ++i) {
      if (pick(0, 2) > 0) continue;
      sparse.indices.push_back(i);
      sparse.values.push_back(static_cast<float>(pick(1, 3)));
    }
    return sparse;
  }
  std::vector<float> floats(kVectorDimension);
  for (auto& x : floats) x = static_cast<float>(pick(-2, 2));
  return floats;
}

inline Schema VectorRowsSchema(const VectorKind& kind) {
  Field field;
  field.name = "v";
  field.type = kind.type;
  field.metric = kind.metric;
  if (kind.type != DataType::kSparseFloatVector) field.dimension = kVectorDimension;
  return *SchemaBuilder().PrimaryKey("id").Add(field).Build();
}

// "rows", keys 0 to count - 1: half of them sealed, in two segments a shard, the others growing;
// every seventh deleted.
inline Collection FillVectorRows(TestDatabase& db, const VectorKind& kind,
                                 std::int64_t count = 400) {
  const Schema schema = VectorRowsSchema(kind);
  Collection rows = *db->CreateCollection("rows", schema, {.shards = 2});
  std::mt19937_64 random(7);
  Batch batch(schema);
  for (std::int64_t id = 0; id < count; ++id) {
    const Value vector = WholeVector(kind.type, &random);
    const ValueView lent = std::visit([](const auto& v) { return ValueView(v); }, QueryOf(vector));
    batch.Add({{"id", id}, {"v", lent}}).OrDie();
    if ((id + 1) % (count / 4) != 0) continue;
    rows.Insert(batch).status().OrDie();
    batch.Clear();
    if (id < count / 2) rows.Flush().OrDie();
  }
  std::vector<Key> gone;
  for (std::int64_t id = 0; id < count; id += 7) gone.emplace_back(id);
  rows.Delete(gone).status().OrDie();
  return rows;
}

using Scores = std::vector<std::pair<Key, float>>;

inline Scores ScoresOf(const Hits& hits) {
  Scores scores;
  for (const Hit& hit : hits) scores.emplace_back(hit.key, hit.score);
  return scores;
}

}  // namespace vecdb::test
