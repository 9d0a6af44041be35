// A Database is one directory, opened by one process, shared by all of its threads.
//
// Thread safety: all methods may be called concurrently, except that the object must not be
// moved or destroyed while another thread is inside a call on it.
//
// Lifetime: the destructor calls Close() and ignores its status; call Close() yourself if you
// want to know. Closing waits for running calls, then stops the background threads. A child made
// by fork() must not use it: every call that reads or writes returns kFailedPrecondition there,
// Close() does nothing, and destroying it is harmless. Calls on an object that was moved from
// return kFailedPrecondition.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/collection.h"
#include "vecdb/export.h"
#include "vecdb/options.h"
#include "vecdb/result.h"
#include "vecdb/schema.h"
#include "vecdb/stats.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

namespace vecdb {

namespace api {
struct DatabaseAccess;
}

// What a collection is, at one moment.
struct CollectionInfo {
  std::uint64_t id = 0;  // never given again, to whatever collection
  std::string name;
  Schema schema;
  CollectionOptions options;
  CollectionProperties properties;
  std::vector<std::string> aliases;  // in order
  Timestamp created{0};
};

// An open directory of collections.
class VECDB_API Database {
 public:
  // Opens the directory, creating it if options allow, and recovers what an earlier process
  // left in the log. kUnavailable: another open database, here or in another process, has it.
  // kNotFound: there is none and none is to be made. kInvalidArgument: an option out of range, a
  // file, or a directory with other things in it. kFailedPrecondition: a newer format, or a
  // directory that Options does not allow. kCorruption: damage. kResourceExhausted, kIoError: the
  // machine. A failed Open loses nothing; it may leave a new directory, LOCK, and files that the
  // next one removes.
  static Result<Database> Open(const std::filesystem::path& directory, const Options& options = {});

  // A database without a disk, through the same code; it is gone when closed. Fails for options out
  // of range and without memory.
  static Result<Database> OpenInMemory(const Options& options = {});

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // The name taken by an equal schema opens that collection, with the options and properties that
  // it has; by another schema it is kAlreadyExists. kInvalidArgument: name, options or properties.
  // kResourceExhausted:
  // 65,536 collections are the limit. kOutcomeUnknown: it may be there after the next open.
  Result<Collection> CreateCollection(std::string_view name, const Schema& schema,
                                      const CollectionOptions& options = {},
                                      const CollectionProperties& properties = {});
  // By name or alias; kNotFound when there is none. So below where nothing else is said.
  Result<Collection> OpenCollection(std::string_view name);
  Result<bool> HasCollection(std::string_view name) const;
  Result<CollectionInfo> DescribeCollection(std::string_view name) const;
  // With all of its rows, for good; handles of it return kNotFound from then on, and searches that
  // run finish. kNotFound when no collection has this name itself, kFailedPrecondition while it has
  // an alias, kOutcomeUnknown as above.
  Status DropCollection(std::string_view name);
  Result<std::vector<std::string>> ListCollections() const;  // in name order

  // Changes of what was there before. Each is durable when it returns OK, and none touches a row;
  // older vecdbs do not open the directory from the first one on. After kOutcomeUnknown this object
  // goes on with what was before, and the next open may find either.

  // Handles stay good. `name` is that of the collection itself; kAlreadyExists when a collection or
  // an alias has the other one.
  Status RenameCollection(std::string_view name, std::string_view new_name);
  // In place of all properties that it had: begin with those of DescribeCollection().
  Status AlterCollection(std::string_view name, const CollectionProperties& properties);

  // Another name of the collection, which has this name itself; many are possible, 65,536 in all.
  // kAlreadyExists when the alias names another one, or is the name of a collection.
  Status CreateAlias(std::string_view alias, std::string_view collection);
  // Lets an alias name this collection from now on: every opening finds the one or the other.
  // kNotFound when there is no such alias or no such collection.
  Status AlterAlias(std::string_view alias, std::string_view collection);
  Status DropAlias(std::string_view alias);                        // handles opened by it stay good
  Result<std::map<std::string, std::string>> ListAliases() const;  // alias -> collection

  // Every query node, by number: see Options::query_nodes.
  Result<std::vector<QueryNodeInfo>> QueryNodes() const;

  // Returns when everything up to `timestamp` would survive a power cut, whatever the
  // durability it was written with. A timestamp of the future means everything written so far.
  // kOutcomeUnknown when the sync failed, kFailedPrecondition when writing had stopped before.
  Status WaitDurable(Timestamp timestamp);

  // With Options::own_threads off, or an executor: does the background work that is due (interval
  // sync, SEAL of an idle log, sealing, flushing, filters of keys, compaction), for about `budget`;
  // a task begun is finished. Returns Health(), or kInvalidArgument for a budget below 0.
  Status RunBackground(std::chrono::milliseconds budget);

  // ---- Background ---------------------------------------------------------------------

  // The jobs that wait or run, and the last ones that ended, by id. Kept in memory only.
  Result<std::vector<JobInfo>> Jobs() const;
  // Returns when the job has ended, however it ended (JobInfo::state). kDeadlineExceeded after
  // `timeout` (from 0; at most 24 hours count), kNotFound for a job not known or forgotten. With
  // Options::own_threads off, or an executor, the caller does the work meanwhile.
  Result<JobInfo> WaitForJob(JobId id, std::chrono::milliseconds timeout);

  // Halts compaction within some 50 ms, where it is, until ResumeBackground() or Close(). Syncing,
  // sealing and flushing go on, for writers wait for them. Calls do not count: one resumes all. The
  // thread that compacts waits meanwhile, one of an executor too.
  Status PauseBackground();
  Status ResumeBackground();

  // What Open() found and did. Lent until the object is moved from or destroyed.
  const RecoveryReport& recovery() const;

  // OK, or the first failure that made this database refuse writes until it is reopened; in a
  // child made by fork(), kFailedPrecondition.
  Status Health() const;

  // The log: who writes it, how far it goes, who needs it. When read-only, as it was found.
  Result<std::vector<ChannelInfo>> Channels() const;
  // Sizes and counters of the whole database. Reads no row.
  Result<DatabaseStats> Stats() const;

  Status Flush();  // every collection; kFailedPrecondition when read-only or stopped

  // Flushes what would be slow to replay (above 16 MiB a collection), syncs, gives up the lock. The
  // first failure; when that is memory, it can be called again. Calls on a closed database are OK.
  Status Close();

 private:
  friend struct api::DatabaseAccess;
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vecdb
