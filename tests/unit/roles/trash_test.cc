#include "roles/trash.h"

#include "segment/growing_segment.h"
#include "support/catch.h"

namespace vecdb::roles {
namespace {

std::shared_ptr<segment::Segment> SegmentOf(SegmentId id) {
  const Schema schema = *SchemaBuilder().PrimaryKey("id").Vector("v", 2, Metric::kL2).Build();
  return segment::GrowingSegment::Create(id, 0, kDefaultPartition, 1, schema);
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
  CHECK(trash.empty());
  first.reset();
  CHECK_FALSE(trash.empty());
  CHECK(trash.Take() == std::vector<SegmentId>{1});
  CHECK(trash.empty());
  second.reset();
  CHECK(trash.Take() == std::vector<SegmentId>{2});
  CHECK(trash.Take().empty());
}

TEST_CASE("a drop that did not happen leaves no trash", "[trash]") {
  Trash trash;
  auto kept = SegmentOf(1);
  {
    Retiring retiring(&trash);
    retiring.Add(kept);
  }
  kept.reset();
  CHECK(trash.empty());
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
