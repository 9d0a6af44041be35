// What a collection is at a moment: an immutable list of segments. A read pins one View and one
// Timestamp and uses nothing else (rule 3).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/mutex.h"
#include "segment/growing_segment.h"
#include "segment/placement.h"
#include "segment/read_time.h"
#include "segment/sealed_segment.h"
#include "segment/shard_key_filter.h"

namespace vecdb::segment {

// For a write: rows written before `alive_from` have expired.
struct Expiry {
  Timestamp alive_from{0};
  bool met = false;  // one of the keys asked for has such a row
};

class View {
 public:
  View(const Schema& schema, std::vector<std::shared_ptr<Segment>> segments,
       Timestamp readable_from = Timestamp{0})
      : View(schema, std::move(segments), Nodes(), readable_from, {}) {}
  View(const Schema& schema, std::vector<std::shared_ptr<Segment>> segments, Nodes nodes)
      : View(schema, std::move(segments), nodes, Timestamp{0}, {}) {}

  const Schema& schema() const { return schema_; }
  std::span<const std::shared_ptr<Segment>> segments() const { return segments_; }  // by id
  // The query node of each of them, below node_count(); kNoNode for a growing one.
  std::span<const std::uint32_t> nodes() const { return node_of_; }
  std::uint32_t node_count() const { return nodes_.count; }
  // Compactions drop what was deleted by then: a read of this View is at this time or later. It has
  // been visible since before the View was published, so a read may move up to it.
  Timestamp readable_from() const { return readable_from_; }

  // Whether all of them can be read.
  bool has_columns() const { return has_columns_; }

  // A copy of this view with one segment added, or one replaced (same id) by another.
  std::shared_ptr<const View> With(std::shared_ptr<Segment> added) const;
  std::shared_ptr<const View> Replacing(SegmentId id, std::shared_ptr<Segment> by) const;
  // A copy with what `change` gives for each segment, of the same id.
  using Change = std::function<std::shared_ptr<Segment>(const std::shared_ptr<Segment>&)>;
  std::shared_ptr<const View> Changed(const Change& change) const;

  // Copies with the segments of these partitions (ascending) only, and without those of one.
  std::shared_ptr<const View> InPartitions(std::span<const PartitionId> partitions) const;
  std::shared_ptr<const View> WithoutPartition(PartitionId partition) const;
  // A copy without segments whose values of the clustering key are known and not `wanted`; null
  // when it would lack none.
  using Wanted = std::function<bool(const catalog::KeyRange&)>;
  std::shared_ptr<const View> Pruned(const Wanted& wanted) const;
  // A copy with `by` in the place of `inputs`, which lacks rows deleted by `at`.
  std::shared_ptr<const View> Compacted(std::span<const SegmentId> inputs,
                                        std::vector<std::shared_ptr<Segment>> by,
                                        Timestamp at) const;
  const std::shared_ptr<Segment>* FindSegment(SegmentId id) const;  // null when it is not here

  // The first of these keys that a live row of this shard has now, or nothing: index into `keys`.
  // Called under the shard's lane, so every earlier write of the shard is seen. `filter`, where
  // there is one, is the shard's: it saves questions and changes no answer. Rows that have expired
  // are no live ones.
  Result<std::optional<std::size_t>> ContainsKeys(ShardId shard, chunk::KeySpan keys,
                                                  const ShardKeyFilter* filter = nullptr,
                                                  Expiry* expiry = nullptr) const;

  // One row of one segment, lent by the View.
  struct Place {
    const Segment* segment = nullptr;
    RowIndex row = 0;
  };

  // The live rows of this shard that have one of these keys and are older than `before` (row.ts <
  // before: a row of the same write survives). Under the shard's lane; `filter` as above.
  Result<std::vector<Place>> FindLive(ShardId shard, chunk::KeySpan keys, Timestamp before,
                                      const ShardKeyFilter* filter = nullptr) const;
  // Puts a tombstone on each. Cannot fail, so a write can do it after it is in the log.
  static void Mark(std::span<const Place> places, Timestamp timestamp, Lsn lsn);
  // Both at once, for replay.
  Status MarkDeleted(ShardId shard, chunk::KeySpan keys, Timestamp timestamp, Lsn lsn) const;

  // The row that has this key and is visible at t, if any.
  Result<std::optional<Place>> Find(chunk::KeyView key, const ReadTime& t) const;

 private:
  View(const Schema& schema, std::vector<std::shared_ptr<Segment>> segments, Nodes nodes,
       Timestamp readable_from, std::vector<std::uint32_t> node_of);
  // The view of these segments that comes after this one: those that it has too and that were
  // sealed keep their nodes, as far as segment::Place leaves them there.
  std::shared_ptr<const View> Next(std::vector<std::shared_ptr<Segment>> segments,
                                   Timestamp readable_from) const;

  const Schema schema_;
  const std::vector<std::shared_ptr<Segment>> segments_;
  const Timestamp readable_from_;
  const Nodes nodes_;
  const std::vector<std::uint32_t> node_of_;
  const bool has_columns_;
};

// The rows of one segment that a read at `t` may see: [first, rows) without `deleted`. Those before
// have expired: rows are in timestamp order.
struct VisibleRows {
  RowIndex first = 0;
  RowIndex rows = 0;
  std::shared_ptr<const base::Bitmap> deleted;  // nullptr = none
};
// How many rows of the segment were written before: the first ones.
Result<RowIndex> ExpiredRows(const Segment& segment, Timestamp alive_from);
Result<VisibleRows> VisibleRowsAt(const Segment& segment, const ReadTime& t);

class ViewBoard {
 public:
  explicit ViewBoard(std::shared_ptr<const View> first) : current_(std::move(first)) {}
  std::shared_ptr<const View> Pin() const EXCLUDES(mutex_);         // readers: any thread
  void Publish(std::shared_ptr<const View> next) EXCLUDES(mutex_);  // the coordinator's strand only

 private:
  mutable base::Mutex mutex_;  // leaf: nothing is called while it is held
  std::shared_ptr<const View> current_ GUARDED_BY(mutex_);
};

}  // namespace vecdb::segment
