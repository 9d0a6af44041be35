// The door of every call on a collection: stateless, on the caller's thread, any number at once.
// Checks everything before anything is logged, splits rows by key, asks the nodes, reduces what
// they answer, and turns distances back into the metric's own units (rule 8).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/batch.h"
#include "vecdb/request.h"
#include "vecdb/result.h"

#include "base/timestamp_oracle.h"
#include "chunk/chunk.h"
#include "roles/live_collection.h"
#include "roles/query_node.h"
#include "roles/streaming_node.h"
#include "roles/watermark.h"

namespace vecdb::roles {

class Proxy {
 public:
  Proxy(StreamingNode& streaming, QueryNode& query, Watermark& watermark,
        base::TimestampOracle& oracle, const base::Clock& clock, Durability durability)
      : streaming_(streaming),
        query_(query),
        watermark_(watermark),
        oracle_(oracle),
        clock_(clock),
        durability_(durability) {}

  using CollectionPtr = std::shared_ptr<LiveCollection>;

  // ---- writes (proxy_write.cc) --------------------------------------------------------
  Result<WriteReceipt> Insert(const CollectionPtr& collection, const Batch& batch,
                              const WriteOptions& options);
  Result<WriteReceipt> Upsert(const CollectionPtr& collection, const Batch& batch,
                              const WriteOptions& options);
  Result<WriteReceipt> Delete(const CollectionPtr& collection, std::span<const Key> keys,
                              const WriteOptions& options);

  // ---- reads (proxy_read.cc) ----------------------------------------------------------
  Result<Hits> Search(const LiveCollection& collection, const SearchRequest& request) const;
  Result<std::vector<Row>> Query(const LiveCollection& collection,
                                 const QueryRequest& request) const;
  Result<GetResult> Get(const LiveCollection& collection, std::span<const Key> keys,
                        std::span<const std::string> output_fields) const;
  Result<std::uint64_t> Count(const LiveCollection& collection, std::string_view filter) const;
  Result<CollectionStats> Stats(const LiveCollection& collection) const;

 private:
  // For a read that begins now.
  segment::ReadTime ReadTimeOf(const LiveCollection& collection) const {
    return {watermark_.ReadTime(), collection.AliveFrom(clock_)};
  }
  Result<WriteReceipt> WriteRows(const CollectionPtr& collection, const Batch& batch,
                                 wal::MessageType type, const WriteOptions& options);

  StreamingNode& streaming_;
  QueryNode& query_;
  Watermark& watermark_;
  base::TimestampOracle& oracle_;
  const base::Clock& clock_;
  const Durability durability_;
};

}  // namespace vecdb::roles
