#include "configurations.h"

namespace vecdb::test {

std::vector<RunConfig> Configurations() {
  const auto shape = [](KeyKind keys, DataType type, Metric metric, DataType second_type,
                        Metric second, std::uint32_t dimension, bool whole) {
    return Shape{keys, metric, second, dimension, type, second_type, whole};
  };
  constexpr auto kFloats = DataType::kFloatVector;
  constexpr auto kHalves = DataType::kFloat16Vector;
  constexpr auto kBrain = DataType::kBFloat16Vector;
  constexpr auto kInt8 = DataType::kInt8Vector;
  constexpr auto kBits = DataType::kBinaryVector;
  constexpr auto kSparse = DataType::kSparseFloatVector;
  constexpr auto kL2 = Metric::kL2;
  constexpr auto kIp = Metric::kInnerProduct;
  constexpr auto kCosine = Metric::kCosine;
  constexpr auto kHamming = Metric::kHamming;
  constexpr auto kJaccard = Metric::kJaccard;
  return {
      {.name = "one shard, Int64, every write",
       .shape = shape(KeyKind::kInt64, kFloats, kL2, kFloats, kCosine, 8, true),
       .segment_rows = 16},
      {.name = "two shards, VarChar, resident, interval",
       .shape = shape(KeyKind::kVarChar, kFloats, kIp, kInt8, kL2, 5, true),
       .shards = 2,
       .segment_rows = 7,
       .key_space = 300,
       .load = LoadMode::kResident,
       .durability = Durability::kInterval,
       .memory_budget_bytes = 64u << 20,
       .clustering_key = "big"},
      {.name = "five shards, auto id, mixed durability",
       .shape = shape(KeyKind::kAuto, kBrain, kCosine, kSparse, kIp, 17, false),
       .shards = 5,
       .segment_rows = 64,
       .key_space = 500,
       .mixed_durability = true,
       .memory_budget_bytes = 64u << 20},
      {.name = "sixteen shards, Int64, flush only",
       .shape = shape(KeyKind::kInt64, kHalves, kL2, kBits, kHamming, 33, false),
       .shards = 16,
       .segment_rows = 12,
       .key_space = 1'000,
       .durability = Durability::kFlushOnly},
      {.name = "a partition key, three shards",
       .shape = shape(KeyKind::kInt64, kFloats, kCosine, kFloats, kL2, 5, true),
       .shards = 3,
       .segment_rows = 20,
       .key_space = 300,
       .mixed_durability = true,
       .partition_key = true,
       .clustering_key = "title"},
      {.name = "segments of one row",
       .shape = shape(KeyKind::kInt64, kInt8, kCosine, kFloats, kL2, 3, true),
       .segment_rows = 1,
       .key_space = 50,
       .clustering_key = "single"},
      {.name = "power cuts, two shards, VarChar, mixed durability",
       .shape = shape(KeyKind::kVarChar, kBits, kJaccard, kSparse, kIp, 4, true),
       .shards = 2,
       .segment_rows = 24,
       .key_space = 120,
       .load = LoadMode::kResident,
       .mixed_durability = true,
       .power_cuts = true,
       .clustering_key = "ratio"},
      {.name = "power cuts, five shards, auto id, interval",
       .shape = shape(KeyKind::kAuto, kHalves, kIp, kBrain, kCosine, 6, false),
       .shards = 5,
       .segment_rows = 10,
       .key_space = 200,
       .durability = Durability::kInterval,
       .power_cuts = true},
      {.name = "three channels, two shards, VarChar",
       .shape = shape(KeyKind::kVarChar, kFloats, kL2, kInt8, kIp, 4, true),
       .shards = 2,
       .segment_rows = 15,
       .key_space = 150,
       .channels = 3},
      {.name = "power cuts, two channels, a partition key",
       .shape = shape(KeyKind::kInt64, kBits, kHamming, kFloats, kL2, 3, true),
       .shards = 2,
       .segment_rows = 20,
       .key_space = 150,
       .power_cuts = true,
       .channels = 2,
       .partition_key = true},
      {.name = "rows that stay in memory",
       .shape = shape(KeyKind::kInt64, kFloats, kCosine, kFloats, kL2, 5, true),
       .key_space = 600},
      {.name = "a full write buffer, wide vectors",
       .shape = shape(KeyKind::kInt64, kFloats, kIp, kInt8, kCosine, 512, false),
       .shards = 2,
       .key_space = 400,
       .durability = Durability::kFlushOnly,
       .write_buffer_bytes = 1u << 20},
  };
}

}  // namespace vecdb::test
