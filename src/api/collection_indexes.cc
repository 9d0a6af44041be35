#include "vecdb/collection.h"

#include "api/handle.h"
#include "roles/index_statistics.h"

namespace vecdb {
namespace {

Status Declare(const std::shared_ptr<roles::LiveCollection>& live, roles::EngineParts& parts,
               std::string_view field, const IndexSpec& spec, bool replace) {
  VECDB_TRY(live->CheckAlive());
  VECDB_TRY(parts.coordinator->CreateIndex(*live, field, spec, replace));
  parts.coordinator->ScheduleIndexes(live);
  parts.coordinator->ScheduleParts(live);
  return Status();
}

segment::IndexLimits LimitsOf(const roles::EngineParts& parts) {
  segment::IndexLimits limits;
  limits.least_rows = parts.env.least_indexed_rows;
  limits.builder = parts.options.graph_builder;
  if (parts.memory.limited()) limits.memory_bytes = parts.memory.limit() / 2;
  return limits;
}

}  // namespace

Status Collection::CreateIndex(std::string_view field, const IndexSpec& spec) {
  return api::Inside(*handle_->engine, true, [&] {
    return Declare(handle_->live, handle_->engine->parts(), field, spec, /*replace=*/false);
  });
}

Status Collection::ReplaceIndex(std::string_view field, const IndexSpec& spec) {
  return api::Inside(*handle_->engine, true, [&] {
    return Declare(handle_->live, handle_->engine->parts(), field, spec, /*replace=*/true);
  });
}

Status Collection::DropIndex(std::string_view field) {
  return api::Inside(*handle_->engine, true, [&]() -> Status {
    VECDB_TRY(handle_->live->CheckAlive());
    return handle_->engine->parts().coordinator->DropIndex(*handle_->live, field);
  });
}

Result<IndexInfo> Collection::DescribeIndex(std::string_view field) const {
  return api::Inside(*handle_->engine, false, [&] {
    return roles::DescribeIndex(*handle_->live, field, LimitsOf(handle_->engine->parts()));
  });
}

Result<std::vector<IndexInfo>> Collection::ListIndexes() const {
  return api::Inside(*handle_->engine, false, [&] {
    return roles::ListIndexes(*handle_->live, LimitsOf(handle_->engine->parts()));
  });
}

Status Collection::WaitForIndexes(const CallLimits& limits) {
  return api::Inside(*handle_->engine, true, [&]() -> Status {
    auto& parts = handle_->engine->parts();
    VECDB_TRY_ASSIGN(const auto deadline,
                     parts.proxy->DeadlineOf("CallLimits::timeout", limits.timeout, limits.stop));
    while (true) {
      if (parts.pacer.paused()) return base::FailedPrecondition("background work is paused");
      VECDB_TRY_ASSIGN(const auto job, parts.coordinator->StartIndexing(handle_->live));
      if (!job) return Status();
      VECDB_TRY(handle_->engine->FinishJob(*job, deadline));
    }
  });
}

}  // namespace vecdb
