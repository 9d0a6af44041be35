#include "segment/view.h"

#include <algorithm>
#include <numeric>

#include "base/canary.h"
#include "base/status.h"
#include "base/timestamp_oracle.h"

namespace vecdb::segment {
namespace {

// The keys of one write, and which of them a segment must be asked for.
class AskedKeys {
 public:
  AskedKeys(chunk::KeySpan keys, const ShardKeyFilter* filter)
      : known_(filter == nullptr ? nullptr : filter->Pin()), may_(keys.size()) {
    all_.hashes.resize(keys.size());
    all_.positions.resize(keys.size());
    std::iota(all_.positions.begin(), all_.positions.end(), 0u);
    if (keys.is_text()) {
      HashEach(keys.texts());
    } else {
      HashEach(keys.ints());
    }
    if (known_ == nullptr) return;
    known_->MayContain(all_.hashes, may_.data());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (may_[i] == 0) continue;
      possible_.hashes.push_back(all_.hashes[i]);
      possible_.positions.push_back(static_cast<std::uint32_t>(i));
    }
  }

  std::uint64_t hash(std::size_t position) const { return all_.hashes[position]; }

  // Which of the first `limit` keys the segment may hold, ascending; valid until the next call.
  Result<std::span<const std::uint32_t>> In(const Segment& segment, std::size_t limit) {
    const bool included = known_ != nullptr && known_->Includes(segment.id());
    const Some& asked = included ? possible_ : all_;
    const auto end = std::lower_bound(asked.positions.begin(), asked.positions.end(), limit);
    const auto count = static_cast<std::size_t>(end - asked.positions.begin());
    found_.clear();
    if (count == 0) return std::span<const std::uint32_t>();
    VECDB_TRY(segment.MayContain(std::span(asked.hashes).first(count), may_.data()));
    for (std::size_t i = 0; i < count; ++i) {
      if (may_[i] != 0) found_.push_back(asked.positions[i]);
    }
    return std::span<const std::uint32_t>(found_);
  }

 private:
  template <typename Key>
  void HashEach(std::span<const Key> keys) {
    for (std::size_t i = 0; i < keys.size(); ++i) all_.hashes[i] = chunk::HashKey(keys[i]);
  }

  struct Some {
    std::vector<std::uint64_t> hashes;
    std::vector<std::uint32_t> positions;  // in the write
  };
  const std::shared_ptr<const ShardKeyFilter::Known> known_;
  Some all_;
  Some possible_;  // those that the filter does not deny
  std::vector<std::uint8_t> may_;
  std::vector<std::uint32_t> found_;
};

// A delete hides older rows only: a row of the same write has the same timestamp and stays.
bool IsOlder(Timestamp row, Timestamp mark) {
  if (base::Canary(18)) return true;
  return base::Canary(23) ? row <= mark : row < mark;
}

// Sealed segments get a node, growing ones have none.
std::vector<std::uint32_t> PlaceSealed(std::span<const std::shared_ptr<Segment>> segments,
                                       Nodes nodes, std::vector<std::uint32_t> node_of) {
  node_of.resize(segments.size(), kNoNode);
  std::vector<PlacedSegment> sealed;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (!segments[i]->sealed()) continue;
    sealed.push_back({segments[i]->rows(), segments[i]->disk_bytes(), node_of[i]});
  }
  segment::Place(sealed, nodes);
  for (std::size_t i = 0, next = 0; i < segments.size(); ++i) {
    if (segments[i]->sealed()) node_of[i] = sealed[next++].node;
  }
  return node_of;
}

Status DropExpired(const Segment& segment, Expiry* expiry, std::vector<RowIndex>* live) {
  if (expiry == nullptr || live->empty()) return Status();
  VECDB_TRY_ASSIGN(const RowIndex expired, ExpiredRows(segment, expiry->alive_from));
  const auto kept =
      std::remove_if(live->begin(), live->end(), [expired](RowIndex row) { return row < expired; });
  expiry->met = expiry->met || kept != live->end();
  live->erase(kept, live->end());
  return Status();
}

}  // namespace

View::View(const Schema& schema, std::vector<std::shared_ptr<Segment>> segments, Nodes nodes,
           Timestamp readable_from, std::vector<std::uint32_t> node_of)
    : schema_(schema),
      segments_(std::move(segments)),
      readable_from_(readable_from),
      nodes_(nodes),
      node_of_(PlaceSealed(segments_, nodes, std::move(node_of))),
      has_columns_(std::all_of(segments_.begin(), segments_.end(),
                               [](const auto& segment) { return segment->has_columns(); })) {
}

std::shared_ptr<const View> View::Next(std::vector<std::shared_ptr<Segment>> segments,
                                       Timestamp readable_from) const {
  std::vector<std::uint32_t> node_of(segments.size(), kNoNode);
  for (std::size_t i = 0, before = 0; i < segments.size(); ++i) {
    const SegmentId id = segments[i]->id();
    while (before < segments_.size() && segments_[before]->id() < id) ++before;
    if (before == segments_.size()) break;
    if (segments_[before]->id() == id) node_of[i] = node_of_[before];
  }
  // Not make_shared: the constructor is private.
  return std::shared_ptr<const View>(
      new View(schema_, std::move(segments), nodes_, readable_from, std::move(node_of)));
}

namespace {

using Segments = std::vector<std::shared_ptr<Segment>>;

template <typename List>
auto PlaceIn(List& segments, SegmentId id) {
  return std::lower_bound(segments.begin(), segments.end(), id,
                          [](const std::shared_ptr<Segment>& segment, SegmentId other) {
                            return segment->id() < other;
                          });
}

void InsertInto(Segments& segments, std::shared_ptr<Segment> added) {
  const auto at = PlaceIn(segments, added->id());
  VECDB_CHECK(at == segments.end() || (*at)->id() != added->id(),
              "a view gets a segment that it already has");
  segments.insert(at, std::move(added));
}

}  // namespace

std::shared_ptr<const View> View::With(std::shared_ptr<Segment> added) const {
  Segments segments = segments_;
  InsertInto(segments, std::move(added));
  return Next(std::move(segments), readable_from_);
}

std::shared_ptr<const View> View::Replacing(SegmentId id, std::shared_ptr<Segment> by) const {
  Segments segments = segments_;
  const auto at = PlaceIn(segments, id);
  VECDB_CHECK(at != segments.end() && (*at)->id() == id && by->id() == id,
              "a view replaces a segment that it does not have");
  *at = std::move(by);
  return Next(std::move(segments), readable_from_);
}

std::shared_ptr<const View> View::Compacted(std::span<const SegmentId> inputs,
                                            std::vector<std::shared_ptr<Segment>> by,
                                            Timestamp at) const {
  Segments segments = segments_;
  std::erase_if(segments, [&](const std::shared_ptr<Segment>& segment) {
    return std::find(inputs.begin(), inputs.end(), segment->id()) != inputs.end();
  });
  VECDB_CHECK(segments.size() + inputs.size() == segments_.size(),
              "a view loses a segment that it does not have");
  for (std::shared_ptr<Segment>& segment : by) InsertInto(segments, std::move(segment));
  return Next(std::move(segments), std::max(readable_from_, at));
}

std::shared_ptr<const View> View::Pruned(const Wanted& wanted) const {
  std::vector<std::shared_ptr<Segment>> segments;
  for (const auto& segment : segments_) {
    const catalog::KeyRange* range = segment->key_range();
    if (range == nullptr || wanted(*range)) segments.push_back(segment);
  }
  if (segments.size() == segments_.size()) return nullptr;
  return Next(std::move(segments), readable_from_);
}

const std::shared_ptr<Segment>* View::FindSegment(SegmentId id) const {
  const auto at = PlaceIn(segments_, id);
  return at == segments_.end() || (*at)->id() != id ? nullptr : &*at;
}

std::shared_ptr<const View> View::InPartitions(std::span<const PartitionId> partitions) const {
  std::vector<std::shared_ptr<Segment>> segments;
  for (const auto& segment : segments_) {
    const bool in = std::binary_search(partitions.begin(), partitions.end(), segment->partition());
    if (in) segments.push_back(segment);
  }
  return Next(std::move(segments), readable_from_);
}

std::shared_ptr<const View> View::WithoutPartition(PartitionId partition) const {
  std::vector<std::shared_ptr<Segment>> segments;
  for (const auto& segment : segments_) {
    if (segment->partition() != partition) segments.push_back(segment);
  }
  return Next(std::move(segments), readable_from_);
}

std::shared_ptr<const View> View::Changed(const Change& change) const {
  std::vector<std::shared_ptr<Segment>> segments;
  segments.reserve(segments_.size());
  for (const auto& segment : segments_) segments.push_back(change(segment));
  return Next(std::move(segments), readable_from_);
}

Result<std::optional<std::size_t>> View::ContainsKeys(ShardId shard, chunk::KeySpan keys,
                                                      const ShardKeyFilter* filter,
                                                      Expiry* expiry) const {
  AskedKeys asked(keys, filter);
  std::vector<RowIndex> live;
  std::size_t first = keys.size();  // only keys before it are still of interest
  for (const auto& segment : segments_) {
    if (segment->shard() != shard || segment->rows() == 0) continue;
    VECDB_TRY_ASSIGN(const auto possible, asked.In(*segment, first));
    for (const std::uint32_t i : possible) {
      VECDB_TRY(segment->FindLive(keys[i], asked.hash(i), &live));
      VECDB_TRY(DropExpired(*segment, expiry, &live));
      if (live.empty()) continue;
      first = i;
      live.clear();
      break;
    }
  }
  return first < keys.size() ? std::optional(first) : std::nullopt;
}

Result<std::vector<View::Place>> View::FindLive(ShardId shard, chunk::KeySpan keys,
                                                Timestamp before,
                                                const ShardKeyFilter* filter) const {
  AskedKeys asked(keys, filter);
  std::vector<Place> places;
  std::vector<RowIndex> live;
  for (const auto& segment : segments_) {
    if (segment->shard() != shard || segment->rows() == 0) continue;
    VECDB_TRY_ASSIGN(const auto possible, asked.In(*segment, keys.size()));
    live.clear();
    for (const std::uint32_t i : possible) {
      VECDB_TRY(segment->FindLive(keys[i], asked.hash(i), &live));
    }
    for (const RowIndex row : live) {
      VECDB_TRY_ASSIGN(const Timestamp written, segment->TimestampOf(row));
      if (IsOlder(written, before)) places.push_back(Place{segment.get(), row});
    }
  }
  return places;
}

void View::Mark(std::span<const Place> places, Timestamp timestamp, Lsn lsn) {
  for (const Place& place : places) place.segment->tombstones().Mark(place.row, timestamp, lsn);
}

Status View::MarkDeleted(ShardId shard, chunk::KeySpan keys, Timestamp timestamp, Lsn lsn) const {
  VECDB_TRY_ASSIGN(const std::vector<Place> places, FindLive(shard, keys, timestamp));
  Mark(places, timestamp, lsn);
  return Status();
}

// Every segment is asked: a merged one has a younger id than its rows, and with key checks off a
// key may have live rows in several. The newest row wins.
Result<std::optional<View::Place>> View::Find(chunk::KeyView key, const ReadTime& t) const {
  const std::uint64_t hash = chunk::HashKey(key);
  std::optional<Place> found;
  Timestamp newest{0};
  for (std::size_t i = segments_.size(); i-- > 0;) {
    const Segment& segment = *segments_[i];
    std::uint8_t may = 0;
    VECDB_TRY(segment.MayContain(std::span(&hash, 1), &may));
    if (may == 0) continue;
    VECDB_TRY_ASSIGN(const std::optional<RowIndex> row, segment.FindVisible(key, hash, t.at));
    if (!row.has_value()) continue;
    VECDB_TRY_ASSIGN(const Timestamp written, segment.TimestampOf(*row));
    if (written < t.alive_from || (found.has_value() && written <= newest)) continue;
    found = Place{&segment, *row};
    newest = written;
  }
  return found;
}

Result<RowIndex> ExpiredRows(const Segment& segment, Timestamp alive_from) {
  if (alive_from == Timestamp{0}) return RowIndex{0};
  return segment.RowsAt(Timestamp{base::Raw(alive_from) - 1});
}

Result<VisibleRows> VisibleRowsAt(const Segment& segment, const ReadTime& t) {
  VECDB_TRY_ASSIGN(const RowIndex rows, segment.RowsAt(t.at));
  VECDB_TRY_ASSIGN(const RowIndex expired, ExpiredRows(segment, t.alive_from));
  return VisibleRows{std::min(expired, rows), rows, segment.tombstones().DeletedAt(t.at)};
}

std::shared_ptr<const View> ViewBoard::Pin() const {
  base::SchedulePoint();
  base::MutexLock lock(mutex_);
  return current_;
}

void ViewBoard::Publish(std::shared_ptr<const View> next) {
  base::SchedulePoint();
  base::MutexLock lock(mutex_);
  current_.swap(next);  // what was published before ends after the lock, with `next`
}

}  // namespace vecdb::segment
