// The partitions of one collection while the database is open: what their names mean, and which
// lanes have a growing segment for their rows.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/mutex.h"

namespace vecdb::roles {

inline constexpr std::string_view kDefaultPartitionName = "_default";

struct Partition {
  Partition(PartitionId i, std::string n, std::uint32_t shards)
      : id(i), name(std::move(n)), open(shards) {}

  const PartitionId id;
  const std::string name;
  // Set while a drop is under way, and for good once it is kept. A writer that saw it unset under a
  // lane has logged before the drop.
  std::atomic<bool> dropped{false};
  std::vector<std::atomic<bool>> open;  // by shard: its lane has a growing segment of this one
};

// Thread-safe; its lock is a leaf.
class Partitions {
 public:
  using Named = std::map<PartitionId, std::string>;
  // `created` beside the default one; or, with a partition key, so many of which the first is the
  // default one.
  Partitions(const Named& created, std::uint32_t keyed, std::uint32_t shards);

  const std::shared_ptr<Partition>& standard() const { return default_; }
  std::shared_ptr<Partition> Find(std::string_view name) const;  // null when there is none
  std::shared_ptr<Partition> At(PartitionId id) const;           // likewise
  using List = std::vector<std::shared_ptr<Partition>>;
  List All() const;  // as they were created, which is by id

  // Add() itself needs no memory, and so cannot fail behind a commit.
  using Map = std::map<PartitionId, std::shared_ptr<Partition>>;
  using Entry = Map::node_type;
  static Entry EntryFor(std::shared_ptr<Partition> partition);
  void Add(Entry entry);
  void Remove(PartitionId id);

 private:
  const std::shared_ptr<Partition> default_;
  mutable base::Mutex mutex_;
  Map by_id_ GUARDED_BY(mutex_);
};

}  // namespace vecdb::roles
