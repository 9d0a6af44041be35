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

// The given rows as a chunk of their own.
Chunk Pick(const Schema& schema, const Chunk& chunk, std::span<const std::uint32_t> rows);

}  // namespace vecdb::chunk
