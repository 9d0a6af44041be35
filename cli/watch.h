// Pictures of an open database, one after the other: what it holds, and what it did since the last.
#pragma once

#include <chrono>
#include <optional>

#include "vecdb/database.h"

#include "session.h"

namespace vecdb::cli {

class Watch {
 public:
  explicit Watch(bool json) : json_(json) {}

  // To stdout: on a terminal in place of the picture before, else below it; as JSON one line each.
  Status Draw(const Lease& database);
  // At most once a second.
  Status DrawIfDue(const Lease& database);

 private:
  using Clock = std::chrono::steady_clock;
  const bool json_;
  std::optional<DatabaseStats> last_;
  Clock::time_point drawn_;
};

}  // namespace vecdb::cli
