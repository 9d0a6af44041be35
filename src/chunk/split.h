// Which rows go to which shard.
#pragma once

#include <vector>

#include "base/ids.h"
#include "chunk/chunk.h"

namespace vecdb::chunk {

struct ShardRows {
  ShardId shard = 0;
  std::vector<std::uint32_t> rows;  // row numbers in the batch, ascending
};

// In ascending shard order; shards without rows are left out.
std::vector<ShardRows> SplitByShard(KeySpan keys, std::uint32_t shards);

// Some of a batch's rows: those whose value of a field belongs to the same of several parts.
struct PartRows {
  std::uint32_t part = 0;
  std::vector<std::uint32_t> rows;
};

// `values` are those of all rows of the batch, `rows` the ones to be split, ascending. In ascending
// order of parts; parts without rows are left out.
std::vector<PartRows> SplitByValue(KeySpan values, std::span<const std::uint32_t> rows,
                                   std::uint32_t parts);

// The given rows as a chunk of their own.
Chunk Pick(const Schema& schema, const Chunk& chunk, std::span<const std::uint32_t> rows);

}  // namespace vecdb::chunk
