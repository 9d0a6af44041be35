// Release and Load: which sealed segments of a View have their columns. Nothing of it is on disk; a
// database opens with everything loaded.
//
// A released View keeps of each sealed segment its keys, its timestamps and its tombstones: writers
// find and delete rows as ever. Reads that pinned an earlier View, and snapshots, keep what they
// read until they end.
#include <utility>

#include "base/status.h"
#include "roles/coordinator.h"
#include "roles/loading.h"
#include "segment/index_part.h"

namespace vecdb::roles {

std::shared_ptr<segment::SealedSegment> AsLoaded(const LiveCollection& collection,
                                                 std::shared_ptr<segment::SealedSegment> sealed) {
  if (collection.load_state.load() != LoadState::kReleased) return sealed;
  return sealed->WithoutColumns();
}

std::shared_ptr<segment::SealedSegment> AsReleased(
    const std::shared_ptr<segment::Segment>& segment) {
  if (!segment->sealed()) return nullptr;
  auto sealed = std::static_pointer_cast<segment::SealedSegment>(segment);
  return sealed->has_columns() ? nullptr : sealed;
}

Status Coordinator::Release(LiveCollection& collection) {
  return strand_.Run([&]() -> Status {
    using SegmentPtr = std::shared_ptr<segment::Segment>;
    auto released = collection.board.Pin()->Changed([](const SegmentPtr& segment) -> SegmentPtr {
      if (!segment->sealed() || AsReleased(segment) != nullptr) return segment;
      return std::static_pointer_cast<segment::SealedSegment>(segment)->WithoutColumns();
    });
    collection.load_state.store(LoadState::kReleased, std::memory_order_release);
    collection.board.Publish(std::move(released));
    for (const auto view = collection.board.Pin(); const auto& segment : view->segments()) {
      if (segment->parts() != nullptr) (void)segment->parts()->DropAll();
    }
    return Status();
  });
}

// Another one of a segment of a View that the caller holds; null when the catalog has dropped it.
// Without its deletes file: whoever saves deletes meanwhile puts another in its place, and what it
// says the segment has in memory.
Result<std::shared_ptr<segment::SealedSegment>> Coordinator::OpenAgain(
    const LiveCollection& collection, const segment::Segment& segment) const {
  const auto state = parts_.manifest.state();
  const auto found = state->segments.find(segment.id());
  if (found == state->segments.end()) return std::shared_ptr<segment::SealedSegment>();
  catalog::SegmentRecord record = found->second;
  record.deletes.reset();
  return parts_.query.Open(record, collection.record.schema, segment.shared_tombstones());
}

// Opens what the View has without columns, and is not in `opened` yet.
Status Coordinator::OpenMissing(const LiveCollection& collection, const base::Deadline& deadline,
                                Opened* opened) const {
  const auto view = collection.board.Pin();
  for (const auto& segment : view->segments()) {
    if (AsReleased(segment) == nullptr || opened->contains(segment->id())) continue;
    VECDB_TRY(deadline.Check());
    VECDB_TRY_ASSIGN(auto sealed, OpenAgain(collection, *segment));
    if (sealed != nullptr) opened->emplace(segment->id(), std::move(sealed));
  }
  return Status();
}

// True when the View has every column again.
Result<bool> Coordinator::PublishLoaded(LiveCollection& collection, const Opened& opened) {
  using SegmentPtr = std::shared_ptr<segment::Segment>;
  VECDB_TRY(collection.CheckAlive());  // what was dropped has no files any more
  bool whole = true;
  auto loaded = collection.board.Pin()->Changed([&](const SegmentPtr& segment) -> SegmentPtr {
    if (AsReleased(segment) == nullptr) return segment;
    const auto found = opened.find(segment->id());
    whole = whole && found != opened.end();
    return found == opened.end() ? segment : found->second;
  });
  if (!whole) return false;
  collection.board.Publish(std::move(loaded));
  collection.load_state.store(LoadState::kLoaded, std::memory_order_release);
  return true;
}

namespace {

// A load that ends early, however it does, leaves the collection released.
class Loading {
 public:
  explicit Loading(LiveCollection& collection) : state_(collection.load_state) {
    LoadState released = LoadState::kReleased;
    state_.compare_exchange_strong(released, LoadState::kLoading);
  }
  ~Loading() {
    LoadState loading = LoadState::kLoading;
    state_.compare_exchange_strong(loading, LoadState::kReleased);
  }
  Loading(const Loading&) = delete;
  Loading& operator=(const Loading&) = delete;

 private:
  std::atomic<LoadState>& state_;
};

}  // namespace

// Files are opened beside the strand, so that it goes on meanwhile; what it has brought by then is
// opened in another round.
Status Coordinator::Load(LiveCollection& collection, const base::Deadline& deadline) {
  const Loading loading(collection);
  Opened opened;
  while (true) {
    VECDB_TRY(OpenMissing(collection, deadline, &opened));
    const auto publish = [&] { return PublishLoaded(collection, opened); };
    VECDB_TRY_ASSIGN(const bool done, strand_.Run(publish));
    if (done) return Status();
  }
}

}  // namespace vecdb::roles
