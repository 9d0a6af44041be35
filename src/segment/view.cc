#include "segment/view.h"

#include <algorithm>

#include "base/canary.h"
#include "base/status.h"

namespace vecdb::segment {
namespace {

std::vector<std::uint64_t> HashKeys(chunk::KeySpan keys) {
  std::vector<std::uint64_t> hashes(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) hashes[i] = chunk::HashKey(keys[i]);
  return hashes;
}

// A delete hides older rows only: a row of the same write has the same timestamp and stays.
bool IsOlder(Timestamp row, Timestamp mark) {
  if (base::Canary(18)) return true;
  return base::Canary(23) ? row <= mark : row < mark;
}

}  // namespace

std::shared_ptr<const View> View::With(std::shared_ptr<Segment> added) const {
  std::vector<std::shared_ptr<Segment>> segments = segments_;
  const auto at = std::lower_bound(
      segments.begin(), segments.end(), added->id(),
      [](const std::shared_ptr<Segment>& segment, SegmentId id) { return segment->id() < id; });
  VECDB_CHECK(at == segments.end() || (*at)->id() != added->id(),
              "a view gets a segment that it already has");
  segments.insert(at, std::move(added));
  return std::make_shared<const View>(schema_, std::move(segments));
}

std::shared_ptr<const View> View::Replacing(SegmentId id, std::shared_ptr<Segment> by) const {
  std::vector<std::shared_ptr<Segment>> segments = segments_;
  const auto at = std::find_if(segments.begin(), segments.end(),
                               [id](const auto& segment) { return segment->id() == id; });
  VECDB_CHECK(at != segments.end() && by->id() == id,
              "a view replaces a segment that it does not have");
  *at = std::move(by);
  return std::make_shared<const View>(schema_, std::move(segments));
}

Result<std::optional<std::size_t>> View::ContainsKeys(ShardId shard, chunk::KeySpan keys) const {
  std::vector<std::uint64_t> hashes;
  std::vector<std::uint8_t> may(keys.size());
  std::vector<RowIndex> live;
  std::size_t first = keys.size();  // only keys before it are still of interest
  for (const auto& segment : segments_) {
    if (segment->shard() != shard || segment->rows() == 0) continue;
    if (hashes.empty()) hashes = HashKeys(keys);
    VECDB_TRY(segment->MayContain(std::span(hashes).first(first), may.data()));
    for (std::size_t i = 0; i < first; ++i) {
      if (may[i] == 0) continue;
      VECDB_TRY(segment->FindLive(keys[i], hashes[i], &live));
      if (!live.empty()) first = i;
      live.clear();
    }
  }
  return first < keys.size() ? std::optional(first) : std::nullopt;
}

Result<std::vector<View::Place>> View::FindLive(ShardId shard, chunk::KeySpan keys,
                                                Timestamp before) const {
  std::vector<Place> places;
  std::vector<std::uint64_t> hashes;
  std::vector<std::uint8_t> may(keys.size());
  std::vector<RowIndex> live;
  for (const auto& segment : segments_) {
    if (segment->shard() != shard || segment->rows() == 0) continue;
    if (hashes.empty()) hashes = HashKeys(keys);
    VECDB_TRY(segment->MayContain(hashes, may.data()));
    live.clear();
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (may[i] != 0) VECDB_TRY(segment->FindLive(keys[i], hashes[i], &live));
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
Result<std::optional<View::Place>> View::Find(chunk::KeyView key, Timestamp t) const {
  const std::uint64_t hash = chunk::HashKey(key);
  std::optional<Place> found;
  Timestamp newest{0};
  for (std::size_t i = segments_.size(); i-- > 0;) {
    const Segment& segment = *segments_[i];
    std::uint8_t may = 0;
    VECDB_TRY(segment.MayContain(std::span(&hash, 1), &may));
    if (may == 0) continue;
    VECDB_TRY_ASSIGN(const std::optional<RowIndex> row, segment.FindVisible(key, hash, t));
    if (!row.has_value()) continue;
    VECDB_TRY_ASSIGN(const Timestamp written, segment.TimestampOf(*row));
    if (found.has_value() && written <= newest) continue;
    found = Place{&segment, *row};
    newest = written;
  }
  return found;
}

Result<VisibleRows> VisibleRowsAt(const Segment& segment, Timestamp t) {
  VECDB_TRY_ASSIGN(const RowIndex rows, segment.RowsAt(t));
  return VisibleRows{rows, segment.tombstones().DeletedAt(t)};
}

std::shared_ptr<const View> ViewBoard::Pin() const {
  base::MutexLock lock(mutex_);
  return current_;
}

void ViewBoard::Publish(std::shared_ptr<const View> next) {
  base::MutexLock lock(mutex_);
  current_.swap(next);  // what was published before ends after the lock, with `next`
}

}  // namespace vecdb::segment
