// The filters that let a write ask once for keys of all sealed segments
// (segment/shard_key_filter.h). A segment is added as it is handed off, where there is room.
// Everything slow is a task in the background: the segments found by opening, once a write shows
// that it is worth reading their keys, and the building of larger filters. What fails leaves a
// segment out, and costs only time.
#include "base/status.h"
#include "roles/coordinator.h"

namespace vecdb::roles {
namespace {

segment::ShardKeyFilter::Segments SealedOf(const LiveCollection& collection, ShardId shard) {
  segment::ShardKeyFilter::Segments sealed;
  for (const auto view = collection.board.Pin(); const auto& segment : view->segments()) {
    if (segment->shard() == shard && segment->sealed()) sealed.push_back(segment);
  }
  return sealed;
}

}  // namespace

// Called on the flush strand, before readers see `sealed`.
void Coordinator::AddToFilter(const LiveCollection& collection,
                              std::shared_ptr<const segment::SealedSegment> sealed) {
  const ShardId shard = sealed->shard();
  segment::ShardKeyFilter* filter = collection.KeyFilter(shard);
  if (filter == nullptr || !collection.written) return;
  const auto add = [&] {
    auto all = SealedOf(collection, shard);
    all.push_back(std::move(sealed));
    return filter->Add(all, false, closing_, &parts_.memory);
  };
  NoteFilter(collection, parts_.guard(std::ref(add)));
}

void Coordinator::ExtendFilters(const LiveCollection& collection) {
  filter_strand_.Run([&] {
    for (ShardId shard = 0; shard < collection.lanes.size(); ++shard) {
      if (collection.dropped) return;
      segment::ShardKeyFilter& filter = *collection.KeyFilter(shard);
      NoteFilter(collection,
                 filter.Add(SealedOf(collection, shard), true, closing_, &parts_.memory));
      if (collection.dropped) (void)filter.Drop();  // a drop came before it was published
    }
  });
}

// At most one waits in the queue for each collection. Whoever finds a filter busy is made up for:
// after a handoff by the task that it posts, which waits for the task before it; and a task that a
// handoff keeps out, by the one that this handoff posts.
void Coordinator::PostFilters(std::shared_ptr<LiveCollection> collection) {
  bool behind = false;
  for (ShardId shard = 0; shard < collection->lanes.size(); ++shard) {
    const segment::ShardKeyFilter* filter = collection->KeyFilter(shard);
    behind |=
        filter != nullptr && collection->written && filter->IsBehind(SealedOf(*collection, shard));
  }
  if (!behind || collection->filters_asked.exchange(true)) return;
  std::atomic<bool>& asked = collection->filters_asked;
  Post(asked, [this, collection = std::move(collection)] {
    collection->filters_asked = false;
    ExtendFilters(*collection);
  });
}

void Coordinator::OnFirstWrite(std::shared_ptr<LiveCollection> collection) {
  PostFilters(std::move(collection));
}

void Coordinator::NoteFilter(const LiveCollection& collection, const Status& status) {
  if (status.ok()) return;
  parts_.log.Write(LogLevel::kWarning, "some keys of '{}' are looked up segment by segment: {}",
                   collection.name(), status.message());
}

}  // namespace vecdb::roles
