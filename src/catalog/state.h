// The catalog at one moment: immutable, shared.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "catalog/edit.h"
#include "catalog/records.h"

namespace vecdb::catalog {

struct PchannelState {
  std::map<std::uint64_t, io::LogIdentity> logs;  // by number
  Lsn checkpoint = 1;
  Lsn durable = 0;
};

struct CommittedSegment {
  Lsn last_lsn = 0;
  PchannelId pchannel = 0;
  friend bool operator==(const CommittedSegment&, const CommittedSegment&) = default;
};

struct State {
  io::DatabaseUuid database{};
  std::map<CollectionId, CollectionRecord> collections;
  std::map<std::string, CollectionId, std::less<>> aliases;
  std::map<CollectionId, Properties> properties;  // those that are not the default
  std::map<CollectionId, std::map<std::uint32_t, IndexRecord>> indexes;  // by field
  // The names of those that were created; every collection has kDefaultPartition besides.
  std::map<CollectionId, std::map<PartitionId, std::string>> partitions;
  std::map<SegmentId, SegmentRecord> segments;
  std::map<SegmentId, CommittedSegment> committed;
  std::map<PchannelId, PchannelState> pchannels;
  std::uint64_t next_id = 1;
  Timestamp max_timestamp{0};

  const CollectionRecord* FindCollection(std::string_view name) const;
  const IndexRecord* IndexOf(CollectionId collection, std::uint32_t field) const;  // or null
  Properties PropertiesOf(CollectionId collection) const;
  // Whether rows of this collection may be in it: the default one, one that was created, or one of
  // a partition key.
  bool HasPartition(CollectionId collection, PartitionId partition) const;
  // Whether what was written at `written` may name it: one that was dropped since, too.
  bool HadPartition(CollectionId collection, PartitionId partition, Timestamp written) const;
};

// The state after `edit`. kCorruption when the edit contradicts the state (a segment of an unknown
// collection, a name or id taken, a file id used twice, an id not below the lease): nothing
// half-applied.
Result<State> Apply(const State& state, const Edit& edit);

// Edits (each within the record limit) that make an empty state with the same database id equal to
// this one.
std::vector<Edit> Snapshot(const State& state);

}  // namespace vecdb::catalog
