// What the catalog knows about things that last.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vecdb/index_spec.h"
#include "vecdb/options.h"
#include "vecdb/schema.h"
#include "vecdb/types.h"

#include "base/ids.h"
#include "catalog/key_range.h"
#include "io/block_file.h"
#include "io/page_log.h"

namespace vecdb::catalog {

struct CollectionRecord {
  CollectionId id = 0;
  std::string name;
  std::uint32_t schema_version = 1;
  Schema schema;
  CollectionOptions options;
  Timestamp created{0};
  PchannelId pchannel = 0;  // has its writes, all shards of them, for as long as it lives
};

// One file of a segment; `name` within its folder derives from these numbers.
struct ColumnFileRecord {
  std::uint32_t field = 0;  // index in the schema; kTimestampField for the system column
  std::uint32_t chunk = 0;
  io::SealedFileInfo info;
};
inline constexpr std::uint32_t kTimestampField = 0xFFFF'FFFF;

struct DeletesFileRecord {
  std::uint64_t number = 0;  // deletes-<number>.del
  io::SealedFileInfo info;
};

// The index that a field is to have in every segment.
struct IndexRecord {
  IndexId id = 0;
  IndexSpec spec;

  friend bool operator==(const IndexRecord&, const IndexRecord&) = default;
};

// What a field has in one segment, of an IndexRecord that may have been replaced since; its name
// within the segment's folder derives from field and file id.
struct IndexFileRecord {
  std::uint32_t field = 0;
  IndexId index = 0;
  std::uint32_t build_ms = 0;  // how long it took
  io::SealedFileInfo info;

  friend bool operator==(const IndexFileRecord&, const IndexFileRecord&) = default;
};

struct SegmentRecord {
  SegmentId id = 0;
  CollectionId collection = 0;
  ShardId shard = 0;
  PartitionId partition = kDefaultPartition;
  std::uint32_t schema_version = 1;
  std::uint64_t rows = 0;
  Timestamp min_timestamp{0};
  Timestamp max_timestamp{0};
  std::vector<ColumnFileRecord> columns;  // by field, then chunk
  io::SealedFileInfo keys;                // keys-0.key
  std::optional<DeletesFileRecord> deletes;
  std::optional<KeyRange> key_range;  // of the clustering key, if the collection has one
  bool clustered = false;             // a part of such a range, made by compaction; with key_range
  std::vector<IndexFileRecord> indexes;  // by field, at most one of each

  const IndexFileRecord* IndexOf(std::uint32_t field) const;  // null when it has none
  std::uint64_t size_bytes() const;                           // without indexes
};

}  // namespace vecdb::catalog
