// Owns the sealed segments: opens their files and searches them.
//
// Thread safety: all methods from any thread.
#pragma once

#include <memory>
#include <vector>

#include "vecdb/options.h"

#include "catalog/state.h"
#include "io/file_system.h"
#include "query/plan.h"
#include "query/reduce.h"
#include "segment/view.h"

namespace vecdb::roles {

class QueryNode {
 public:
  QueryNode(io::FileSystem& fs, const io::DatabaseUuid& database, LoadMode load)
      : fs_(fs), database_(database), load_(load) {}

  // Opens and checks the files of one segment. At handoff `tombstones` are the growing segment's;
  // otherwise null and read from the deletes file.
  Result<std::shared_ptr<segment::SealedSegment>> Open(
      const catalog::SegmentRecord& record, const Schema& schema,
      std::shared_ptr<segment::Tombstones> tombstones) const;

  // Every segment of a collection, by id.
  Result<std::vector<std::shared_ptr<segment::Segment>>> OpenAll(
      const catalog::State& state, const catalog::CollectionRecord& collection) const;

  // Offers the rows of the view's sealed segments.
  Status Search(const segment::View& view, const segment::ReadTime& t,
                const query::SearchPlan& plan, query::TopK* top) const;

 private:
  io::FileSystem& fs_;
  const io::DatabaseUuid database_;
  const LoadMode load_;
};

}  // namespace vecdb::roles
