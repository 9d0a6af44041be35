// A Database is one directory, opened by one process, shared by all of its threads.
//
// Thread safety: all methods may be called concurrently, except that the object must not be
// moved or destroyed while another thread is inside a call on it.
//
// Lifetime: the destructor calls Close() and ignores its status; call Close() yourself if you
// want to know. Closing waits for running calls, then stops the background threads. A child made
// by fork() must not use it: every call there returns kFailedPrecondition, and destroying it there
// is harmless. Every call on an object that was moved from returns kFailedPrecondition too.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/collection.h"
#include "vecdb/export.h"
#include "vecdb/options.h"
#include "vecdb/result.h"
#include "vecdb/schema.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

namespace vecdb {

namespace api {
struct DatabaseAccess;
}

class VECDB_API Database {
 public:
  // Opens the directory, creating it if options allow, and recovers what an earlier process
  // left in the log. Fails with kUnavailable when another process holds it, kCorruption when
  // acknowledged data is damaged; a failed Open changes nothing on disk.
  static Result<Database> Open(const std::filesystem::path& directory, const Options& options = {});

  // A database without a disk, through the same code; it is gone when closed.
  static Result<Database> OpenInMemory(const Options& options = {});

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // The name taken by an equal schema opens that collection; by another schema it is
  // kAlreadyExists.
  Result<Collection> CreateCollection(std::string_view name, const Schema& schema,
                                      const CollectionOptions& options = {});
  Result<Collection> OpenCollection(std::string_view name);
  Status DropCollection(std::string_view name);              // kNotFound when there is none
  Result<std::vector<std::string>> ListCollections() const;  // in name order

  // Returns when everything up to `timestamp` would survive a power cut, whatever the
  // durability it was written with. kOutcomeUnknown when a sync failed.
  Status WaitDurable(Timestamp timestamp);

  // With Options::own_threads off: does the background work that is due (interval sync, idle
  // seal, flush), for about `budget`.
  Status RunBackground(std::chrono::milliseconds budget);

  // What Open() found and did.
  const RecoveryReport& recovery() const;

  // OK, or the first failure that made this database refuse writes until it is reopened.
  Status Health() const;

  Status Flush();  // every collection
  Status Close();  // idempotent

 private:
  friend struct api::DatabaseAccess;
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vecdb
