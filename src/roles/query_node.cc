#include "roles/query_node.h"

#include "base/status.h"
#include "query/search.h"

namespace vecdb::roles {

Result<std::shared_ptr<segment::SealedSegment>> QueryNode::Open(
    const catalog::SegmentRecord& record, const Schema& schema,
    std::shared_ptr<segment::Tombstones> tombstones) const {
  return segment::SealedSegment::Open(fs_, database_, record, schema, std::move(tombstones), load_);
}

Result<std::vector<std::shared_ptr<segment::Segment>>> QueryNode::OpenAll(
    const catalog::State& state, const catalog::CollectionRecord& collection) const {
  std::vector<std::shared_ptr<segment::Segment>> segments;
  for (const auto& [id, record] : state.segments) {
    if (record.collection != collection.id) continue;
    VECDB_TRY_ASSIGN(auto segment, Open(record, collection.schema, nullptr));
    segments.push_back(std::move(segment));
  }
  return segments;
}

Status QueryNode::Search(const segment::View& view, const segment::ReadTime& t,
                         const query::SearchPlan& plan, query::TopK* top) const {
  for (const auto& segment : view.segments()) {
    if (segment->sealed()) VECDB_TRY(query::SearchSegment(*segment, t, plan, top));
  }
  return Status();
}

}  // namespace vecdb::roles
