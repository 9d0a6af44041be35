// What a public Collection holds.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "vecdb/collection.h"

#include "api/guard.h"
#include "roles/engine.h"

namespace vecdb {

struct Collection::Handle {
  std::shared_ptr<roles::Engine> engine;
  std::shared_ptr<roles::LiveCollection> live;
  std::string name;  // that it was opened by
};

namespace api {

// Runs `function` inside the engine: between Enter and Leave, with nothing thrown across the API.
template <typename F>
auto Inside(roles::Engine& engine, bool write, F&& function) -> decltype(function()) {
  const Status entered = Guarded([&] { return engine.Enter(write); });
  if (!entered.ok()) return entered;
  struct Leaver {
    roles::Engine& engine;
    ~Leaver() { engine.Leave(); }
  } leaver{engine};
  // What runs out of memory before the disk knows of it has not happened, and the database goes on.
  return Guarded(std::forward<F>(function), [&]() -> Status {
    return !write || engine.Health().ok() ? base::ReadyMade::OutOfMemory()
                                          : base::ReadyMade::OutOfMemoryLate();
  });
}

}  // namespace api
}  // namespace vecdb
