#include <algorithm>
#include <chrono>
#include <string_view>

#include "api/c_call.h"
#include "api/c_objects.h"
#include "api/c_struct.h"

namespace vecdb::api {

template <>
struct CStruct<vecdb_job> {
  static constexpr std::string_view kName = "vecdb_job";
  static constexpr std::size_t kFirstSize = sizeof(vecdb_job);
  static vecdb_job Defaults() { return {}; }
};

template <>
struct CStruct<vecdb_compact_options> {
  static constexpr std::string_view kName = "vecdb_compact_options";
  static constexpr std::size_t kFirstSize = sizeof(vecdb_compact_options);
  static vecdb_compact_options Defaults() {
    return {sizeof(vecdb_compact_options),
            CompactOptions().clustering ? std::uint8_t{1} : std::uint8_t{0}};
  }
};

namespace {

Result<CompactOptions> OptionsOf(const vecdb_compact_options* given) {
  VECDB_TRY_ASSIGN(const vecdb_compact_options from, ReadOptional(given));
  CompactOptions options;
  VECDB_TRY_ASSIGN(options.clustering, FlagOf(from.clustering, "vecdb_compact_options.clustering"));
  return options;
}

vecdb_job JobOf(const JobInfo& info) {
  vecdb_job job = {};
  job.id = info.id;
  job.kind = static_cast<std::int32_t>(info.kind);
  job.state = static_cast<std::int32_t>(info.state);
  job.progress = info.progress;
  job.rows = info.rows;
  job.bytes = info.bytes;
  job.started_ms = info.started_ms;
  job.ended_ms = info.ended_ms;
  info.collection.copy(job.collection, sizeof(job.collection) - 1);  // a name has at most 255 bytes
  vecdb_error cut;
  Report(Status(StatusCode::kInternal, info.error), &cut);  // the same room, cut with the same care
  static_assert(sizeof(cut.message) == sizeof(job.error));
  std::copy(std::begin(cut.message), std::end(cut.message), std::begin(job.error));
  return job;
}

}  // namespace
}  // namespace vecdb::api

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

void vecdb_job_init(vecdb_job* job, size_t struct_size) {
  InitStruct(job, struct_size);
}

vecdb_code vecdb_collection_compact(vecdb_collection* collection, vecdb_error* error) {
  return vecdb_collection_compact_with(collection, nullptr, error);
}

void vecdb_compact_options_init(vecdb_compact_options* options, size_t struct_size) {
  InitStruct(options, struct_size);
}

vecdb_code vecdb_collection_compact_with(vecdb_collection* collection,
                                         const vecdb_compact_options* options, vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    VECDB_TRY_ASSIGN(const CompactOptions how, OptionsOf(options));
    return o.collection->Compact(how);
  });
}

vecdb_code vecdb_collection_start_compaction(vecdb_collection* collection, uint64_t* job,
                                             vecdb_error* error) {
  return vecdb_collection_start_compaction_with(collection, nullptr, job, error);
}

vecdb_code vecdb_collection_start_compaction_with(vecdb_collection* collection,
                                                  const vecdb_compact_options* options,
                                                  uint64_t* job, vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    if (job == nullptr) return IsNull("job");
    VECDB_TRY_ASSIGN(const CompactOptions how, OptionsOf(options));
    VECDB_TRY_ASSIGN(*job, o.collection->StartCompaction(how));
    return Status();
  });
}

vecdb_code vecdb_job_ids(vecdb_db* db, uint64_t* ids, size_t room, size_t* count,
                         vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error, [&](DatabaseObject& o) -> Status {
    if (count == nullptr) return IsNull("count");
    VECDB_TRY(Lent(ids, room, "ids").status());
    VECDB_TRY_ASSIGN(const std::vector<JobInfo> jobs, o.database->Jobs());
    for (std::size_t i = 0; i < std::min(room, jobs.size()); ++i) ids[i] = jobs[i].id;
    *count = jobs.size();
    return Status();
  });
}

vecdb_code vecdb_job_find(vecdb_db* db, uint64_t id, vecdb_job* out, vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error, [&](DatabaseObject& o) -> Status {
    VECDB_TRY(CheckStruct(out));
    VECDB_TRY_ASSIGN(const std::vector<JobInfo> jobs, o.database->Jobs());
    for (const JobInfo& job : jobs) {
      if (job.id == id) return WriteStruct(JobOf(job), out);
    }
    return base::NotFound("there is no job {}, or it is forgotten", id);
  });
}

vecdb_code vecdb_wait_for_job(vecdb_db* db, uint64_t id, int64_t timeout_ms, vecdb_job* out,
                              vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error, [&](DatabaseObject& o) -> Status {
    if (timeout_ms < 0) return base::InvalidArgument("timeout_ms is {}, below 0", timeout_ms);
    if (out != nullptr) VECDB_TRY(CheckStruct(out));
    VECDB_TRY_ASSIGN(const JobInfo job,
                     o.database->WaitForJob(id, std::chrono::milliseconds(timeout_ms)));
    return out == nullptr ? Status() : WriteStruct(JobOf(job), out);
  });
}

vecdb_code vecdb_pause_background(vecdb_db* db, vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error,
                                   [](DatabaseObject& o) { return o.database->PauseBackground(); });
}

vecdb_code vecdb_resume_background(vecdb_db* db, vecdb_error* error) {
  return CallUsing<DatabaseObject>(
      db, error, [](DatabaseObject& o) { return o.database->ResumeBackground(); });
}
