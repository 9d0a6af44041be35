// Numbers that name things. All are handed out once and never reused.
#pragma once

#include <cstdint>
#include <limits>

namespace vecdb {

using CollectionId = std::uint64_t;
using PartitionId = std::uint64_t;
using SegmentId = std::uint64_t;
using FileId = std::uint64_t;
using IndexId = std::uint64_t;  // of a declaration; each file of it has a FileId
using ShardId = std::uint32_t;  // 0 .. shards-1 within a collection
using PchannelId = std::uint32_t;
using Lsn = std::uint64_t;       // position of a record in a pchannel's log; the first is 1
using RowIndex = std::uint32_t;  // a row's number within its segment; never changes (rule 5)

inline constexpr Lsn kNoLsn = std::numeric_limits<Lsn>::max();
inline constexpr PartitionId kDefaultPartition = 0;

}  // namespace vecdb
