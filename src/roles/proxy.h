// The door of every call on a collection: stateless, on the caller's thread, any number at once.
// Checks everything before anything is logged, splits rows by key, asks the nodes, reduces what
// they answer, and turns distances back into the metric's own units (rule 8).
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/batch.h"
#include "vecdb/request.h"
#include "vecdb/result.h"

#include "base/clock.h"
#include "base/deadline.h"
#include "base/timestamp_oracle.h"
#include "chunk/chunk.h"
#include "query/key_walk.h"
#include "query/owned_vector.h"
#include "roles/counters.h"
#include "roles/live_collection.h"
#include "roles/query_nodes.h"
#include "roles/read_memory.h"
#include "roles/streaming_nodes.h"

namespace vecdb::roles {

// What a read looks at, from the first segment to the last field (rule 3).
struct Moment {
  segment::ReadTime time{Timestamp{0}};
  std::shared_ptr<const segment::View> view;
  Partitions::List partitions = {};  // that there were; of a moment for later reads only
};

// Rows in key order, and where among them one is. One thread at a time.
struct RowWalk {
  Moment moment;
  query::KeyWalk keys;
  std::vector<std::uint32_t> output;  // fields
  std::size_t batch_size = 0;
  std::uint64_t left = 0;  // rows that may still be given
  ReadOptions read;
};

// Rows from the nearest on, and where among them one is. One thread at a time.
struct HitWalk {
  Moment moment;
  std::unique_ptr<const query::OwnedVector> vector;  // lent to the plan
  query::SearchPlan plan;                            // its limit is what is asked for next
  QueryNodes::LeftRows left;                         // what no piece has had
  base::MemoryReservation memory;                    // for what is left
  std::vector<query::Candidate> piece;               // what was asked for last
  std::size_t at = 0;                                // in the piece
  bool found_all = false;                            // nothing comes behind the piece
  std::size_t batch_size = 0;
  std::uint64_t rest = 0;  // rows that may still be given
  ReadOptions read;
};

class Proxy {
 public:
  Proxy(StreamingNodes& streaming, QueryNodes& query, base::TimestampOracle& oracle,
        const base::Clock& clock, Durability durability, Counters& counters,
        std::uint32_t probe_every = 0)
      : streaming_(streaming),
        query_(query),
        oracle_(oracle),
        clock_(clock),
        durability_(durability),
        counters_(counters),
        probe_every_(probe_every) {}

  using CollectionPtr = std::shared_ptr<LiveCollection>;

  // ---- writes (proxy_write.cc) --------------------------------------------------------
  Result<WriteReceipt> Insert(const CollectionPtr& collection, const Batch& batch,
                              const WriteOptions& options);
  Result<WriteReceipt> Upsert(const CollectionPtr& collection, const Batch& batch,
                              const WriteOptions& options);
  Result<WriteReceipt> Delete(const CollectionPtr& collection, std::span<const Key> keys,
                              const WriteOptions& options);

  // By filter (proxy_delete.cc); empty ones are refused.
  Result<WriteReceipt> DeleteWhere(const CollectionPtr& collection, std::string_view filter,
                                   const WriteOptions& options);

  // ---- reads (proxy_read.cc) ----------------------------------------------------------
  // The moment that a read with these options reads, for later reads. kSession may wait for it.
  Result<Moment> Pin(const LiveCollection& collection, const ReadOptions& options) const;
  // At a moment that was pinned before, or, where `at` is null, at one of their own.
  Result<Hits> Search(const LiveCollection& collection, const SearchRequest& request,
                      const Moment* at = nullptr) const;
  Result<std::vector<Hits>> SearchMany(const LiveCollection& collection,
                                       const SearchRequest& request,
                                       std::span<const QueryVector> queries,
                                       const Moment* at = nullptr) const;
  Result<std::vector<Row>> Query(const LiveCollection& collection, const QueryRequest& request,
                                 const Moment* at = nullptr) const;
  Result<GetResult> Get(const LiveCollection& collection, std::span<const Key> keys,
                        std::span<const std::string> output_fields, const ReadOptions& options,
                        const Moment* at = nullptr) const;
  Result<std::uint64_t> Count(const LiveCollection& collection, std::string_view filter,
                              const ReadOptions& options, const Moment* at = nullptr) const;
  Result<CollectionStats> Stats(const LiveCollection& collection, std::string_view partition) const;
  // ---- row by row (proxy_iterate.cc) --------------------------------------------------
  Result<RowWalk> StartWalk(const LiveCollection& collection, const IterateRequest& request,
                            const Moment* at = nullptr) const;
  Result<std::vector<Row>> NextRows(const Schema& schema, RowWalk* walk) const;
  // ---- hit by hit (proxy_iterate_search.cc) -------------------------------------------
  Result<HitWalk> StartSearch(const LiveCollection& collection, const IterateSearchRequest& request,
                              const Moment* at = nullptr) const;
  Result<Hits> NextHits(const Schema& schema, HitWalk* walk) const;

  // ---- searches made again (proxy_probe.cc) -------------------------------------------
  // A few of those that wait, as long as `go_on` says so. A failure ends it; it counts for nothing.
  Status Probe(const LiveCollection& collection, const std::function<bool()>& go_on) const;

  // kInvalidArgument for a timeout below 0; `option` is where the limits were given.
  Result<base::Deadline> DeadlineOf(std::string_view option, std::chrono::milliseconds timeout,
                                    const std::stop_token& stop) const;

 private:
  // For a read that begins now, with a View that it pinned when `visible` was. What was deleted
  // long before may be gone from it; then it begins at a time that was visible before it was
  // published, so nothing of that time is missing either. What had expired may be gone, too, and
  // has expired still: so that is asked last.
  segment::ReadTime ReadTimeOf(const LiveCollection& collection, const segment::View& view,
                               Timestamp visible) const {
    return {std::max(visible, view.readable_from()), collection.AliveFrom(clock_)};
  }
  Result<base::Deadline> DeadlineOf(const ReadOptions& options) const;
  static Result<Hits> FetchHits(const Schema& schema, const query::SearchPlan& plan,
                                std::span<const query::Candidate> found, ReadMemory* memory);
  Status FindPiece(HitWalk* walk) const;
  void KeepForProbe(const LiveCollection& collection, const query::SearchPlan& plan,
                    const SearchRequest& request) const;
  Status ProbeOne(const LiveCollection& collection, const KeptSearch& search,
                  const std::function<bool()>& go_on) const;
  // `filter` may be null; what it says about a partition key leaves out segments.
  Result<Moment> PinUnless(const Moment* at, const LiveCollection& collection,
                           const ReadOptions& options, const query::Filter* filter,
                           const base::Deadline& deadline) const;
  Status WaitForSession(Channel& channel, Timestamp session, const base::Deadline& deadline) const;
  Result<WriteReceipt> WriteRows(const CollectionPtr& collection, const Batch& batch,
                                 wal::MessageType type, const WriteOptions& options);

  StreamingNodes& streaming_;
  QueryNodes& query_;
  base::TimestampOracle& oracle_;
  const base::Clock& clock_;
  const Durability durability_;
  Counters& counters_;
  const std::uint32_t probe_every_;  // Options::recall_probe_every
};

}  // namespace vecdb::roles
