#include "chunk/split.h"

#include <numeric>

namespace vecdb::chunk {

std::vector<ShardRows> SplitByShard(KeySpan keys, std::uint32_t shards) {
  std::vector<ShardRows> split;
  if (keys.empty()) return split;
  if (shards <= 1) {
    split.push_back(ShardRows{0, std::vector<std::uint32_t>(keys.size())});
    std::iota(split.front().rows.begin(), split.front().rows.end(), 0U);
    return split;
  }
  split.resize(shards);
  for (ShardId shard = 0; shard < shards; ++shard) split[shard].shard = shard;
  for (std::size_t row = 0; row < keys.size(); ++row) {
    split[ShardOf(keys[row], shards)].rows.push_back(static_cast<std::uint32_t>(row));
  }
  std::erase_if(split, [](const ShardRows& part) { return part.rows.empty(); });
  return split;
}

std::vector<PartRows> SplitByValue(KeySpan values, std::span<const std::uint32_t> rows,
                                   std::uint32_t parts) {
  std::vector<PartRows> split(parts);
  for (std::uint32_t part = 0; part < parts; ++part) split[part].part = part;
  for (const std::uint32_t row : rows) split[PartOf(values[row], parts)].rows.push_back(row);
  std::erase_if(split, [](const PartRows& part) { return part.rows.empty(); });
  return split;
}

Chunk Pick(const Schema& schema, const Chunk& chunk, std::span<const std::uint32_t> rows) {
  Chunk picked = Chunk::For(schema);
  for (std::size_t i = 0; i < chunk.columns.size(); ++i) {
    picked.columns[i].AppendRows(chunk.columns[i], rows);
  }
  picked.rows = rows.size();
  return picked;
}

}  // namespace vecdb::chunk
