#include "vecdb/collection.h"

#include "api/handle.h"

namespace vecdb {

Collection::Collection(std::shared_ptr<Handle> handle) : handle_(std::move(handle)) {
}

std::string_view Collection::name() const {
  return handle_->live->record.name;
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

Result<Hits> Collection::Search(const SearchRequest& request) const {
  return api::Inside(*handle_->engine, false, [&] {
    return handle_->engine->parts().proxy->Search(*handle_->live, request);
  });
}

Result<std::vector<Row>> Collection::Query(const QueryRequest& request) const {
  return api::Inside(*handle_->engine, false, [&] {
    return handle_->engine->parts().proxy->Query(*handle_->live, request);
  });
}

Result<GetResult> Collection::Get(std::span<const Key> keys,
                                  std::span<const std::string> output_fields) const {
  return api::Inside(*handle_->engine, false, [&] {
    return handle_->engine->parts().proxy->Get(*handle_->live, keys, output_fields);
  });
}

Result<std::uint64_t> Collection::Count(std::string_view filter) const {
  return api::Inside(*handle_->engine, false,
                     [&] { return handle_->engine->parts().proxy->Count(*handle_->live, filter); });
}

Status Collection::Flush() {
  return api::Inside(*handle_->engine, true, [&]() -> Status {
    VECDB_TRY(handle_->live->CheckAlive());
    auto& parts = handle_->engine->parts();
    VECDB_TRY(parts.coordinator->Flush(*handle_->live));
    return handle_->engine->WaitDurable(parts.watermark.ReadTime());
  });
}

Status Collection::Compact() {
  return api::Inside(*handle_->engine, true, [&]() -> Status {
    auto& parts = handle_->engine->parts();
    if (parts.pacer.paused()) return base::FailedPrecondition("background work is paused");
    VECDB_TRY_ASSIGN(const JobId job, parts.coordinator->StartCompaction(handle_->live));
    return handle_->engine->FinishJob(job);
  });
}

Result<JobId> Collection::StartCompaction() {
  return api::Inside(*handle_->engine, true, [&] {
    return handle_->engine->parts().coordinator->StartCompaction(handle_->live);
  });
}

Result<CollectionStats> Collection::Stats() const {
  return api::Inside(*handle_->engine, false,
                     [&] { return handle_->engine->parts().proxy->Stats(*handle_->live); });
}

}  // namespace vecdb
