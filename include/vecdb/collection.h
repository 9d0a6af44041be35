// A Collection is where rows live: write them, search them.
//
// Thread safety: every method may be called from any number of threads at once. Reads never
// wait for writes. Writes to one shard are applied one at a time, in timestamp order.
//
// Lifetime: a Collection is a light handle; copy it freely. It may outlive its Database object:
// after Database::Close() every call but name() and schema() returns kFailedPrecondition, and
// nothing dangles. After a drop they return kNotFound.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/batch.h"
#include "vecdb/export.h"
#include "vecdb/request.h"
#include "vecdb/result.h"
#include "vecdb/schema.h"
#include "vecdb/status.h"

namespace vecdb {

// A handle of rows that share a schema.
class VECDB_API Collection {
 public:
  Collection(const Collection&) = default;  // moving copies too: there is no empty handle
  Collection& operator=(const Collection&) = default;

  // Lent by the handle.
  std::string_view name() const;
  const Schema& schema() const;

  // ---- Writing ------------------------------------------------------------------------
  // A write is one group in the log: all of its rows become visible together, or none do. A
  // refused write changes nothing: kInvalidArgument (a batch of another schema, no rows or keys, a
  // key twice in the batch), kNotFound (dropped), kResourceExhausted (disk or memory full, or no
  // room could be made in the write buffer), kFailedPrecondition. kOutcomeUnknown: the disk failed
  // while the log was written or synced, or memory ran out when the log had the write already; it
  // may or may not survive, and the database refuses writes until it is reopened. Reads go on.

  // Adds rows. kAlreadyExists, adding nothing, if a key is present (CollectionOptions::check_keys).
  Result<WriteReceipt> Insert(const Batch& batch, const WriteOptions& options = {});

  // Adds rows, replacing those whose keys exist. With auto_id every row is new.
  Result<WriteReceipt> Upsert(const Batch& batch, const WriteOptions& options = {});

  // Removes rows by key: 1 to 100,000 keys, 32 MiB. Keys that do not exist are no error.
  Result<WriteReceipt> Delete(std::span<const Key> keys, const WriteOptions& options = {});

  // ---- Reading ------------------------------------------------------------------------
  // Every read works on one instant: it sees whole writes only, and each row once (with check_keys
  // off, a key inserted twice is two rows). It sees every write acknowledged before it began.
  // kInvalidArgument: an unknown field, a wrong dimension, a limit, or a mistake in the filter (it
  // says where). kCorruption: a file that was needed is damaged. kNotFound: dropped.

  // The rows nearest to a vector, best first.
  Result<Hits> Search(const SearchRequest& request) const;
  // The rows for which a filter is true, in key order.
  Result<std::vector<Row>> Query(const QueryRequest& request) const;
  // The rows with these keys, at most 16,384, in the order asked; one asked twice comes twice.
  // `output_fields` as in QueryRequest. Missing keys are named in the result, and no error.
  Result<GetResult> Get(std::span<const Key> keys,
                        std::span<const std::string> output_fields) const;

  // Visible rows that match the filter; an empty filter counts all. Exact.
  Result<std::uint64_t> Count(std::string_view filter = {}) const;

  // ---- Housekeeping -------------------------------------------------------------------

  // Seals the growing segments and returns when they are safely on disk.
  Status Flush();

  // Flushes, then makes the sealed segments as few and as small as they can be: without deleted
  // rows, and merged up to Options::merged_segment_bytes. Reads and writes go on; running reads keep
  // what they began with, and files go when their last reader has gone. Compact() returns when that
  // is done; kCancelled when the database is closed or the collection dropped meanwhile,
  // kFailedPrecondition while background work is paused. A failure leaves everything readable, and
  // what was merged before it stays merged. StartCompaction() only asks for it: see
  // Database::WaitForJob.
  Status Compact();
  Result<JobId> StartCompaction();

  // Counts at one instant, without reading the rows.
  Result<CollectionStats> Stats() const;

 private:
  friend class Database;
  struct Handle;
  explicit Collection(std::shared_ptr<Handle> handle);
  std::shared_ptr<Handle> handle_;
};

}  // namespace vecdb
