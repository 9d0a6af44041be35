// One collection while the database is open: its record, its current View and its lanes.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "catalog/records.h"
#include "roles/lane_queue.h"
#include "segment/shard_key_filter.h"
#include "segment/view.h"

namespace vecdb::roles {

// The write path of one shard (one vchannel): whoever holds it is the shard's only writer.
struct Lane {
  LaneQueue queue;  // of the writes that need no other lane
  base::Mutex mutex;
  std::shared_ptr<segment::GrowingSegment> growing GUARDED_BY(mutex);  // takes the rows
  std::chrono::steady_clock::time_point last_write GUARDED_BY(mutex);
  bool dropped GUARDED_BY(mutex) = false;
  std::atomic<bool> full{false};  // the growing segment is large enough to be sealed
  std::atomic<bool> seal_asked{false};
};

struct LiveCollection : std::enable_shared_from_this<LiveCollection> {
  LiveCollection(catalog::CollectionRecord r, std::shared_ptr<const segment::View> view)
      : record(std::move(r)), board(std::move(view)) {
    for (std::uint32_t i = 0; i < record.options.shards; ++i) {
      lanes.push_back(std::make_unique<Lane>());
      if (!record.options.check_keys) continue;
      key_filters.push_back(std::make_unique<segment::ShardKeyFilter>());
    }
  }

  // kNotFound once it was dropped: handles may outlive what they name.
  Status CheckAlive() const;
  // The View for a read; after a drop there is none.
  Result<std::shared_ptr<const segment::View>> PinAlive() const;

  // Null where keys are not checked.
  segment::ShardKeyFilter* KeyFilter(ShardId shard) const {
    return key_filters.empty() ? nullptr : key_filters[shard].get();
  }
  std::uint64_t KeyFilterBytes() const;

  const catalog::CollectionRecord record;
  std::atomic<bool> dropped{false};        // the drop is durable
  std::atomic<bool> flush_asked{false};    // a task that flushes what is pending waits in the queue
  std::atomic<bool> deletes_asked{false};  // the same for one that saves deletes
  segment::ViewBoard board;
  std::vector<std::unique_ptr<Lane>> lanes;  // by shard; the vector never changes
  // By shard, or none; the vector never changes. Built once a first write shows that there are
  // writes.
  std::vector<std::unique_ptr<segment::ShardKeyFilter>> key_filters;
  std::atomic<bool> written{false};        // since the database was opened
  std::atomic<bool> filters_asked{false};  // a task that adds to the filters waits in the queue

  // ---- compaction
  std::atomic<bool> compact_asked{false};  // a job that nobody asked for waits in the queue
  std::atomic<std::int64_t> compact_not_before_ms{0};  // of the steady clock, after failures
  std::atomic<int> compact_failures{0};                // one after the other

  // Sealed against more rows, not committed as files; oldest first.
  base::Mutex pending_mutex;  // leaf
  std::deque<std::shared_ptr<segment::GrowingSegment>> pending GUARDED_BY(pending_mutex);
};

// The collections by name. Thread-safe; its lock is a leaf.
class Collections {
 public:
  std::shared_ptr<LiveCollection> Find(std::string_view name) const;
  std::vector<std::shared_ptr<LiveCollection>> All() const;  // in name order
  // Add() itself needs no memory, and so cannot fail behind a commit.
  using Map = std::map<std::string, std::shared_ptr<LiveCollection>, std::less<>>;
  using Entry = Map::node_type;
  static Entry EntryFor(std::shared_ptr<LiveCollection> collection);
  void Add(Entry entry);
  void Remove(std::string_view name);

 private:
  mutable base::Mutex mutex_;
  Map by_name_ GUARDED_BY(mutex_);
};

}  // namespace vecdb::roles
