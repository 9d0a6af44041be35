// Opens a database on an environment of the caller's: how the tests put their own disk and clock
// under the public API.
#pragma once

#include "vecdb/database.h"

#include "roles/engine.h"

namespace vecdb::api {

struct DatabaseAccess {
  static Result<Database> Open(roles::Environment environment, const Options& options);
  // The parts behind an open database, for tests that look inside.
  static roles::EngineParts& Parts(Database& database);
};

}  // namespace vecdb::api
