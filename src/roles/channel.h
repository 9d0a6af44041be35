// One pchannel while the database is open: its log, and how far its writes are visible. A
// collection has all of its writes in one, for as long as it lives; see Options::channels.
//
// Thread safety: its parts are thread-safe by themselves; `writer` is set before others see it.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "base/mutex.h"
#include "roles/watermark.h"
#include "wal/writer.h"

namespace vecdb::roles {

struct Channel {
  explicit Channel(PchannelId number) : id(number) {}

  const PchannelId id;
  Watermark watermark;
  std::unique_ptr<wal::Writer> writer;  // null in a read-only database
  std::atomic<Lsn> interval_lsn{0};     // the last record that asked for interval durability
};

// The channels of the open database, by number. They are added to, and stay.
//
// Thread safety: all methods from any thread; under its lock only the health of logs is asked.
class Channels {
 public:
  using Map = std::map<PchannelId, std::shared_ptr<Channel>>;

  std::shared_ptr<Channel> Find(PchannelId id) const EXCLUDES(mutex_);  // null when there is none
  std::vector<std::shared_ptr<Channel>> All() const EXCLUDES(mutex_);   // in order
  // OK, or why the first log that has stopped has. Needs no memory: every write asks.
  Status Health() const EXCLUDES(mutex_);
  // Add() itself needs no memory, and so cannot fail behind a commit.
  static Map::node_type EntryFor(std::shared_ptr<Channel> channel);
  void Add(Map::node_type entry) EXCLUDES(mutex_);

 private:
  mutable base::Mutex mutex_;
  Map channels_ GUARDED_BY(mutex_);
};

}  // namespace vecdb::roles
