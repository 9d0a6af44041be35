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
#include "vecdb/index_spec.h"
#include "vecdb/request.h"
#include "vecdb/result.h"
#include "vecdb/schema.h"
#include "vecdb/snapshot.h"
#include "vecdb/stats.h"
#include "vecdb/status.h"

namespace vecdb {

// A handle of rows that share a schema.
class VECDB_API Collection {
 public:
  Collection(const Collection&) = default;  // moving copies too: there is no empty handle
  Collection& operator=(const Collection&) = default;

  // Lent by the handle: the name, or alias, that it was opened by, whatever became of that since.
  std::string_view name() const;
  const Schema& schema() const;

  // ---- Writing ------------------------------------------------------------------------
  // A write is one group in the log: all of its rows become visible together, or none do. A refused
  // write changes nothing: kInvalidArgument (a batch of another schema, no rows or keys, a key
  // twice in the batch), kNotFound (dropped, or no such partition), kResourceExhausted (disk or
  // memory full, or no room could be made in the write buffer), kFailedPrecondition,
  // kDeadlineExceeded and kCancelled (WriteOptions::timeout and stop). kOutcomeUnknown: the disk
  // failed while the log was written or synced, or memory ran out when the log had the write
  // already; it may or may not survive, and the database refuses writes until it is reopened. Reads
  // go on.

  // Adds rows. kAlreadyExists, adding nothing, if a key is present in any partition
  // (CollectionOptions::check_keys).
  Result<WriteReceipt> Insert(const Batch& batch, const WriteOptions& options = {});

  // Adds rows, replacing those whose keys exist, in whichever partition. With auto_id every row is
  // new.
  Result<WriteReceipt> Upsert(const Batch& batch, const WriteOptions& options = {});

  // Removes rows by key: 1 to 100,000 keys, 32 MiB. Keys that do not exist are no error.
  Result<WriteReceipt> Delete(std::span<const Key> keys, const WriteOptions& options = {});

  // Removes every row that matches a filter at the moment of the write: other writes come before it
  // or after it as a whole. The receipt names the keys that were found; with none, nothing was
  // written and its timestamp is that of the reading. kInvalidArgument: an empty filter, which
  // would match all; or one whose rows have more than 32 MiB of keys. With check_keys off, other
  // rows of a key that is found go as well.
  Result<WriteReceipt> DeleteWhere(std::string_view filter, const WriteOptions& options = {});

  // ---- Reading ------------------------------------------------------------------------
  // Every read works on one instant: it sees whole writes only, and each row once (with check_keys
  // off, a key inserted twice is two rows). It sees every write acknowledged before it began, and
  // waits for none, but with Consistency::kSession for those up to ReadOptions::session.
  // kInvalidArgument: an unknown field, a wrong dimension, a limit, or a mistake in the filter (it
  // says where). kCorruption: a file that was needed is damaged. kNotFound: dropped, or a partition
  // that does not exist. kDeadlineExceeded, kCancelled: ReadOptions::timeout or stop came first;
  // there is no answer.

  // The rows nearest to a vector, best first.
  Result<Hits> Search(const SearchRequest& request) const;
  // The same for each of 1 to 16,384 vectors, in their order, all as of one instant:
  // SearchRequest::query is not looked at. What several searches have in common is done once, so it
  // takes less than one search for each, and every thread for searches takes part. A failure is
  // that of all, and names the vector where it is one's. kResourceExhausted: the answers together
  // are above the memory budget.
  Result<std::vector<Hits>> SearchMany(const SearchRequest& request,
                                       std::span<const QueryVector> queries) const;
  // The rows for which a filter is true, in key order.
  Result<std::vector<Row>> Query(const QueryRequest& request) const;
  // The rows with these keys, at most 16,384, in the order asked; one asked twice comes twice.
  // `output_fields` as in QueryRequest. Missing keys are named in the result, and no error.
  Result<GetResult> Get(std::span<const Key> keys, std::span<const std::string> output_fields,
                        const ReadOptions& options = {}) const;

  // Visible rows that match the filter; an empty filter counts all. Exact.
  Result<std::uint64_t> Count(std::string_view filter = {}, const ReadOptions& options = {}) const;

  // Rows by condition in key order, in pieces, all as of one instant. Nothing is read yet.
  Result<RowIterator> Iterate(const IterateRequest& request) const;

  // The rows from the nearest on, in pages, all as of one instant; more than the 16,384 of one
  // search. Nothing is searched yet.
  Result<SearchIterator> IterateSearch(const IterateSearchRequest& request) const;

  // This moment, to be read from more than once. Costs nothing but what it pins.
  Result<vecdb::Snapshot> Snapshot(const ReadOptions& options = {}) const;

  // ---- Indexing -----------------------------------------------------------------------
  // A vector field may have one index. It is of sealed segments, each by itself; growing ones, and
  // those that wait for it, are searched row by row, exactly. Reads and writes go on meanwhile.
  // kInvalidArgument names field, parameter and limit; kNotFound: the collection was dropped.

  // Declares an index and returns: it is built in the background, one job for all that waits, and
  // from then on for every segment that comes. The same again is OK; another than there is, is
  // kAlreadyExists. Only FloatVector, Float16Vector, BFloat16Vector and Int8Vector fields have
  // indexes; kUnimplemented for another. The directory cannot be opened by vecdbs that read formats
  // up to 4.
  Status CreateIndex(std::string_view field, const IndexSpec& spec = {});
  // The same where there is none; otherwise every segment gets another, of this spec (of the same,
  // too: then they are built again), and keeps the one that it has until then.
  Status ReplaceIndex(std::string_view field, const IndexSpec& spec = {});
  // Its files go with it. kNotFound when there is none.
  Status DropIndex(std::string_view field);
  // kNotFound when there is none.
  Result<IndexInfo> DescribeIndex(std::string_view field) const;
  Result<std::vector<IndexInfo>> ListIndexes() const;  // by field, as in the schema
  // Returns when every sealed segment has what is declared; the first failure otherwise.
  Status WaitForIndexes(const CallLimits& limits = {});

  // ---- Partitions ---------------------------------------------------------------------
  // A partition is a named part of the rows: writes say where rows go, reads may leave the others
  // out, and dropping it drops its rows at once. A key is in one partition only. There is always
  // "_default", where rows go when nothing is said; with it 1,024 partitions are the limit.
  // kNotFound: the collection was dropped. kOutcomeUnknown: the disk failed, and it may be there
  // after the next open, or not.

  // 1 to 255 letters, digits, '_' and '-', the first of them not '-'. One that exists is OK.
  Status CreatePartition(std::string_view name);
  // With all of its rows, for good; reads that run finish. kNotFound when there is none,
  // kInvalidArgument for "_default".
  Status DropPartition(std::string_view name);
  Result<bool> HasPartition(std::string_view name) const;
  Result<std::vector<std::string>> ListPartitions() const;  // as they were created

  // ---- Housekeeping -------------------------------------------------------------------

  // Seals the growing segments and returns when they are safely on disk. At a limit it returns, and
  // goes on in the background; without threads of vecdb's limits count only before it begins.
  Status Flush(const CallLimits& limits = {});

  // Flushes, then makes the sealed segments as few and as small as they can be: without deleted
  // rows, and merged up to Options::merged_segment_bytes. Reads and writes go on; running reads
  // keep what they began with, and files go when their last reader has gone. Compact() returns when
  // that is done; kCancelled when the database is closed, the collection dropped or its ttl made
  // longer meanwhile, kFailedPrecondition while background work is paused. A failure leaves
  // everything readable, and what was merged before it stays merged. StartCompaction() only asks
  // for it: see Database::WaitForJob. With CompactOptions::clustering rows are put in segments by
  // the clustering key instead, near values together; kInvalidArgument where there is none.
  Status Compact(const CompactOptions& options = {});
  Result<JobId> StartCompaction(const CompactOptions& options = {});

  // Takes the columns of sealed segments out of memory, mappings included. Until Load() reads
  // return kFailedPrecondition, and DeleteWhere() too; other writes, Flush() and Stats() go on.
  // Reads that are under way, snapshots and iterators keep what they need. Not remembered: a
  // database opens with every collection loaded.
  Status Release();
  // Makes it readable again, after a look at each file; nothing to do for one that is loaded. After
  // a failure or a limit it is still released.
  Status Load(const CallLimits& limits = {});
  Result<LoadState> load_state() const;

  // Counts at one instant, without reading the rows: of the collection or of one partition, which
  // has no filters of keys. kNotFound when there is no such partition.
  Result<CollectionStats> Stats(std::string_view partition = {}) const;

  // Its segments, by id: what one read that begins now would look into.
  Result<std::vector<SegmentInfo>> Segments() const;

 private:
  friend class Database;
  struct Handle;
  explicit Collection(std::shared_ptr<Handle> handle);
  std::shared_ptr<Handle> handle_;
};

}  // namespace vecdb
