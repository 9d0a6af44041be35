#include "vecdb/collection.h"

#include "api/handle.h"
#include "api/snapshot.h"
#include "roles/statistics.h"

namespace vecdb {

Collection::Collection(std::shared_ptr<Handle> handle) : handle_(std::move(handle)) {
}

std::string_view Collection::name() const {
  return handle_->name;
}
const Schema& Collection::schema() const {
  return handle_->live->record.schema;
}

Result<WriteReceipt> Collection::Insert(const Batch& batch, const WriteOptions& options) {
  return api::Inside(*handle_->engine, true, [&] {
    return handle_->engine->parts().proxy->Insert(handle_->live, batch, options);
  });
}

Result<WriteReceipt> Collection::Upsert(const Batch& batch, const WriteOptions& options) {
  return api::Inside(*handle_->engine, true, [&] {
    return handle_->engine->parts().proxy->Upsert(handle_->live, batch, options);
  });
}

Result<WriteReceipt> Collection::Delete(std::span<const Key> keys, const WriteOptions& options) {
  return api::Inside(*handle_->engine, true, [&] {
    return handle_->engine->parts().proxy->Delete(handle_->live, keys, options);
  });
}

Result<WriteReceipt> Collection::DeleteWhere(std::string_view filter, const WriteOptions& options) {
  return api::Inside(*handle_->engine, true, [&] {
    return handle_->engine->parts().proxy->DeleteWhere(handle_->live, filter, options);
  });
}

Result<Hits> Collection::Search(const SearchRequest& request) const {
  return api::Inside(*handle_->engine, false, [&] {
    return handle_->engine->parts().proxy->Search(*handle_->live, request);
  });
}

Result<std::vector<Hits>> Collection::SearchMany(const SearchRequest& request,
                                                 std::span<const QueryVector> queries) const {
  return api::Inside(*handle_->engine, false, [&] {
    return handle_->engine->parts().proxy->SearchMany(*handle_->live, request, queries);
  });
}

Result<std::vector<Row>> Collection::Query(const QueryRequest& request) const {
  return api::Inside(*handle_->engine, false, [&] {
    return handle_->engine->parts().proxy->Query(*handle_->live, request);
  });
}

Result<GetResult> Collection::Get(std::span<const Key> keys,
                                  std::span<const std::string> output_fields,
                                  const ReadOptions& options) const {
  return api::Inside(*handle_->engine, false, [&] {
    return handle_->engine->parts().proxy->Get(*handle_->live, keys, output_fields, options);
  });
}

Result<std::uint64_t> Collection::Count(std::string_view filter, const ReadOptions& options) const {
  return api::Inside(*handle_->engine, false, [&] {
    return handle_->engine->parts().proxy->Count(*handle_->live, filter, options);
  });
}

Result<RowIterator> Collection::Iterate(const IterateRequest& request) const {
  return api::Inside(*handle_->engine, false, [&]() -> Result<RowIterator> {
    VECDB_TRY_ASSIGN(auto walk, handle_->engine->parts().proxy->StartWalk(*handle_->live, request));
    return api::SnapshotAccess::Make(handle_->engine, handle_->live, std::move(walk));
  });
}

Result<SearchIterator> Collection::IterateSearch(const IterateSearchRequest& request) const {
  return api::Inside(*handle_->engine, false, [&]() -> Result<SearchIterator> {
    VECDB_TRY_ASSIGN(auto walk,
                     handle_->engine->parts().proxy->StartSearch(*handle_->live, request));
    return api::SnapshotAccess::Make(handle_->engine, handle_->live, std::move(walk));
  });
}

Result<Snapshot> Collection::Snapshot(const ReadOptions& options) const {
  return api::Inside(*handle_->engine, false, [&]() -> Result<vecdb::Snapshot> {
    VECDB_TRY_ASSIGN(auto moment, handle_->engine->parts().proxy->Pin(*handle_->live, options));
    return api::SnapshotAccess::Make(handle_->engine, handle_->live, std::move(moment));
  });
}

Status Collection::Release() {
  return api::Inside(*handle_->engine, true, [&]() -> Status {
    VECDB_TRY(handle_->live->CheckAlive());
    return handle_->engine->parts().coordinator->Release(*handle_->live);
  });
}

Status Collection::Load(const CallLimits& limits) {
  return api::Inside(*handle_->engine, true, [&]() -> Status {
    VECDB_TRY(handle_->live->CheckAlive());
    auto& parts = handle_->engine->parts();
    VECDB_TRY_ASSIGN(const auto deadline,
                     parts.proxy->DeadlineOf("CallLimits::timeout", limits.timeout, limits.stop));
    return parts.coordinator->Load(*handle_->live, deadline);
  });
}

Result<LoadState> Collection::load_state() const {
  return api::Inside(*handle_->engine, false, [&]() -> Result<LoadState> {
    VECDB_TRY(handle_->live->CheckAlive());
    return handle_->live->load_state.load();
  });
}

Status Collection::Flush(const CallLimits& limits) {
  return api::Inside(*handle_->engine, true, [&]() -> Status {
    VECDB_TRY(handle_->live->CheckAlive());
    auto& parts = handle_->engine->parts();
    VECDB_TRY_ASSIGN(const auto deadline,
                     parts.proxy->DeadlineOf("CallLimits::timeout", limits.timeout, limits.stop));
    VECDB_TRY(parts.coordinator->FlushWithin(*handle_->live, deadline));
    roles::Channel& channel = *handle_->live->channel;
    return parts.streaming->WaitDurable(channel, channel.watermark.ReadTime());
  });
}

Result<CollectionStats> Collection::Stats(std::string_view partition) const {
  return api::Inside(*handle_->engine, false, [&] {
    return handle_->engine->parts().proxy->Stats(*handle_->live, partition);
  });
}

Result<std::vector<SegmentInfo>> Collection::Segments() const {
  return api::Inside(*handle_->engine, false, [&] {
    const Timestamp t = handle_->live->channel->watermark.ReadTime();
    return roles::SegmentsOf(*handle_->live, t);
  });
}

Status Collection::Compact(const CompactOptions& options) {
  return api::Inside(*handle_->engine, true, [&]() -> Status {
    auto& parts = handle_->engine->parts();
    if (parts.pacer.paused()) return base::FailedPrecondition("background work is paused");
    VECDB_TRY_ASSIGN(const JobId job, parts.coordinator->StartCompaction(handle_->live, options));
    return handle_->engine->FinishJob(job);
  });
}

Result<JobId> Collection::StartCompaction(const CompactOptions& options) {
  return api::Inside(*handle_->engine, true, [&] {
    return handle_->engine->parts().coordinator->StartCompaction(handle_->live, options);
  });
}

}  // namespace vecdb
