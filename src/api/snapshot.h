// What public Snapshots and iterators hold, and who makes them.
#pragma once

#include <memory>
#include <utility>

#include "vecdb/snapshot.h"

#include "api/handle.h"
#include "roles/engine.h"

namespace vecdb {

struct Snapshot::Handle {
  std::shared_ptr<roles::Engine> engine;
  std::shared_ptr<roles::LiveCollection> live;
  roles::Moment moment;
};

struct RowIterator::Body {
  std::shared_ptr<roles::Engine> engine;
  std::shared_ptr<roles::LiveCollection> live;
  roles::RowWalk walk;
};

struct SearchIterator::Body {
  std::shared_ptr<roles::Engine> engine;
  std::shared_ptr<roles::LiveCollection> live;
  roles::HitWalk walk;
};

namespace api {

struct SnapshotAccess {
  static Snapshot Make(std::shared_ptr<roles::Engine> engine,
                       std::shared_ptr<roles::LiveCollection> live, roles::Moment moment) {
    return Snapshot(std::make_shared<const Snapshot::Handle>(
        Snapshot::Handle{std::move(engine), std::move(live), std::move(moment)}));
  }
  static RowIterator Make(std::shared_ptr<roles::Engine> engine,
                          std::shared_ptr<roles::LiveCollection> live, roles::RowWalk walk) {
    return RowIterator(std::make_unique<RowIterator::Body>(
        RowIterator::Body{std::move(engine), std::move(live), std::move(walk)}));
  }
  static SearchIterator Make(std::shared_ptr<roles::Engine> engine,
                             std::shared_ptr<roles::LiveCollection> live, roles::HitWalk walk) {
    return SearchIterator(std::make_unique<SearchIterator::Body>(
        SearchIterator::Body{std::move(engine), std::move(live), std::move(walk)}));
  }
};

}  // namespace api
}  // namespace vecdb
