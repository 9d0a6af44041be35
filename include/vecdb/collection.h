// A Collection is where rows live: write them, search them.
//
// Thread safety: every method may be called from any number of threads at once. Reads never
// wait for writes. Writes to one shard are applied one at a time, in timestamp order.
//
// Lifetime: a Collection is a light handle; copy it freely. It may outlive its Database object:
// after Database::Close() every call returns kFailedPrecondition, and nothing dangles.
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

class VECDB_API Collection {
 public:
  Collection(const Collection&) = default;  // moving copies too: there is no empty handle
  Collection& operator=(const Collection&) = default;

  std::string_view name() const;
  const Schema& schema() const;

  // ---- Writing ------------------------------------------------------------------------
  // A write is one group in the log: all of its rows become visible together, or none do. A
  // refused write changes nothing. kOutcomeUnknown: the disk failed while syncing, or memory ran
  // out when the log had the write already; it may or may not survive, and the database refuses
  // writes until it is reopened.

  // Adds rows. Fails with kAlreadyExists, adding nothing, if a key is already present.
  Result<WriteReceipt> Insert(const Batch& batch, const WriteOptions& options = {});

  // Adds rows, replacing those whose keys exist. With auto_id every row is new.
  Result<WriteReceipt> Upsert(const Batch& batch, const WriteOptions& options = {});

  // Removes rows by key. Keys that do not exist are no error.
  Result<WriteReceipt> Delete(std::span<const Key> keys, const WriteOptions& options = {});

  // ---- Reading ------------------------------------------------------------------------
  // Every read works on one instant: it sees whole writes only, and each row once. It sees every
  // write acknowledged before it began.

  Result<Hits> Search(const SearchRequest& request) const;
  Result<std::vector<Row>> Query(const QueryRequest& request) const;
  Result<GetResult> Get(std::span<const Key> keys,
                        std::span<const std::string> output_fields) const;

  // Visible rows that match the filter; an empty filter counts all. Exact.
  Result<std::uint64_t> Count(std::string_view filter = {}) const;

  // ---- Housekeeping -------------------------------------------------------------------

  // Seals the growing segments and returns when they are safely on disk.
  Status Flush();

  Result<CollectionStats> Stats() const;

 private:
  friend class Database;
  struct Handle;
  explicit Collection(std::shared_ptr<Handle> handle);
  std::shared_ptr<Handle> handle_;
};

}  // namespace vecdb
