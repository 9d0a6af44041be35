#include "roles/trash.h"

#include "segment/growing_segment.h"
#include "support/catch.h"

namespace vecdb::roles {
namespace {

std::shared_ptr<segment::Segment> SegmentOf(SegmentId id) {
  const Schema schema = *SchemaBuilder().PrimaryKey("id").Vector("v", 2, Metric::kL2).Build();
  return segment::GrowingSegment::Create(id, 0, kDefaultPartition, 1, schema);
}

std::vector<SegmentId> IdsIn(const std::vector<Retired>& retired) {
  std::vector<SegmentId> ids;
  for (const Retired& one : retired) ids.push_back(one.segment->id());
  return ids;
}

TEST_CASE("a dropped segment is trash when its last reader has gone", "[trash]") {
  Trash trash;
  auto first = SegmentOf(1);
  auto second = SegmentOf(2);
  {
    Retiring retiring(&trash);
    retiring.Add(first);
    retiring.Add(second);
    retiring.Done();
  }
  CHECK_FALSE(trash.ready());
  CHECK(trash.Take().empty());
  first.reset();
  CHECK(trash.ready());
  CHECK(IdsIn(trash.Take()) == std::vector<SegmentId>{1});
  CHECK_FALSE(trash.ready());
  second.reset();
  CHECK(IdsIn(trash.Take()) == std::vector<SegmentId>{2});
  CHECK(trash.Take().empty());
}

TEST_CASE("whoever reads last does not take a segment down", "[trash]") {
  Trash trash;
  auto read = SegmentOf(1);
  const std::weak_ptr<segment::Segment> there = read;
  Retiring retiring(&trash);
  retiring.Add(read);
  retiring.Done();
  read.reset();
  CHECK_FALSE(there.expired());
  CHECK(trash.Take()[0].folder == std::nullopt);  // it had no files
  CHECK(there.expired());
}

TEST_CASE("a drop that did not happen leaves no trash", "[trash]") {
  Trash trash;
  auto kept = SegmentOf(1);
  {
    Retiring retiring(&trash);
    retiring.Add(kept);
  }
  kept.reset();
  CHECK_FALSE(trash.ready());
  CHECK(trash.Take().empty());
}

TEST_CASE("a segment may outlive the trash that waits for it", "[trash]") {
  auto kept = SegmentOf(1);
  {
    Trash trash;
    Retiring retiring(&trash);
    retiring.Add(kept);
    retiring.Done();
  }
  kept.reset();
}

}  // namespace
}  // namespace vecdb::roles
