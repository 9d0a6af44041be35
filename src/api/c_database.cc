#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "vecdb/options.h"

#include "api/c_call.h"
#include "api/c_objects.h"
#include "api/c_path.h"
#include "api/c_struct.h"

namespace vecdb::api {

template <>
struct CStruct<vecdb_options> {
  static constexpr std::string_view kName = "vecdb_options";
  static constexpr std::size_t kFirstSize = offsetof(vecdb_options, bounded_staleness_ms);
  static vecdb_options Defaults() {
    const Options defaults;
    vecdb_options out = {};
    out.struct_size = sizeof(out);
    out.create_if_missing = defaults.create_if_missing ? 1 : 0;
    out.read_only = defaults.read_only ? 1 : 0;
    out.own_threads = defaults.own_threads ? 1 : 0;
    out.allow_shared_directory = defaults.allow_shared_directory ? 1 : 0;
    out.allow_network_file_system = defaults.allow_network_file_system ? 1 : 0;
    out.durability = static_cast<std::int32_t>(defaults.durability);
    out.load = static_cast<std::int32_t>(defaults.load);
    out.background_threads = defaults.background_threads;
    out.index_threads = defaults.index_threads;
    out.recall_probe_every = defaults.recall_probe_every;
    out.graph_builder = static_cast<std::int32_t>(defaults.graph_builder);
    out.sync_interval_ms = defaults.sync_interval.count();
    out.write_buffer_bytes = defaults.write_buffer_bytes;
    out.bounded_staleness_ms = defaults.bounded_staleness.count();
    out.merged_segment_bytes = defaults.merged_segment_bytes;
    out.background_bytes_per_second = defaults.background_bytes_per_second;
    out.background_share = defaults.background_share;
    out.auto_compaction = defaults.auto_compaction ? 1 : 0;
    out.search_threads = defaults.search_threads;
    out.query_nodes = defaults.query_nodes;
    out.memory_budget_bytes = defaults.memory_budget_bytes;
    out.channels = defaults.channels;
    out.streaming_nodes = defaults.streaming_nodes;
    out.seal_after_ms = defaults.seal_after.count();
    return out;
  }
};

template <>
struct CStruct<vecdb_recovery> {
  static constexpr std::string_view kName = "vecdb_recovery";
  static constexpr std::size_t kFirstSize = sizeof(vecdb_recovery);
  static vecdb_recovery Defaults() { return {}; }
};

namespace {

vecdb_event LendEvent(const Event& event) {
  vecdb_event lent = {};
  lent.struct_size = sizeof(lent);
  lent.type = static_cast<std::int32_t>(event.type);
  lent.shard = event.shard;
  lent.collection = Lend(event.collection);
  lent.segment = event.segment;
  lent.rows = event.rows;
  lent.bytes = event.bytes;
  lent.code = static_cast<vecdb_code>(event.status.code());
  lent.message = Lend(event.status.message());
  lent.inputs = event.inputs.data();
  lent.input_count = event.inputs.size();
  return lent;
}

using Task = std::function<void()>;

// What a C executor is handed; run once, it is gone.
void RunTask(void* task) {
  const std::unique_ptr<Task> owned(static_cast<Task*>(task));
  (*owned)();
}

Result<Options> OptionsOf(const vecdb_options* given) {
  VECDB_TRY_ASSIGN(const vecdb_options from, ReadOptional(given));
  Options options;
  VECDB_TRY_ASSIGN(options.create_if_missing,
                   FlagOf(from.create_if_missing, "vecdb_options.create_if_missing"));
  VECDB_TRY_ASSIGN(options.read_only, FlagOf(from.read_only, "vecdb_options.read_only"));
  VECDB_TRY_ASSIGN(options.own_threads, FlagOf(from.own_threads, "vecdb_options.own_threads"));
  VECDB_TRY_ASSIGN(options.allow_shared_directory,
                   FlagOf(from.allow_shared_directory, "vecdb_options.allow_shared_directory"));
  VECDB_TRY_ASSIGN(
      options.allow_network_file_system,
      FlagOf(from.allow_network_file_system, "vecdb_options.allow_network_file_system"));
  VECDB_TRY_ASSIGN(options.durability,
                   EnumOf<Durability>(from.durability, "vecdb_options.durability"));
  VECDB_TRY_ASSIGN(options.load, EnumOf<LoadMode>(from.load, "vecdb_options.load"));
  options.background_threads = from.background_threads;
  options.index_threads = from.index_threads;
  options.recall_probe_every = from.recall_probe_every;
  VECDB_TRY_ASSIGN(options.graph_builder,
                   EnumOf<GraphBuilder>(from.graph_builder, "vecdb_options.graph_builder"));
  options.sync_interval = std::chrono::milliseconds(from.sync_interval_ms);
  options.write_buffer_bytes = from.write_buffer_bytes;
  options.bounded_staleness = std::chrono::milliseconds(from.bounded_staleness_ms);
  options.merged_segment_bytes = from.merged_segment_bytes;
  options.background_bytes_per_second = from.background_bytes_per_second;
  options.background_share = from.background_share;
  VECDB_TRY_ASSIGN(options.auto_compaction,
                   FlagOf(from.auto_compaction, "vecdb_options.auto_compaction"));
  options.search_threads = from.search_threads;
  options.query_nodes = from.query_nodes;
  options.memory_budget_bytes = from.memory_budget_bytes;
  options.channels = from.channels;
  options.streaming_nodes = from.streaming_nodes;
  options.seal_after = std::chrono::milliseconds(from.seal_after_ms);
  if (from.executor != nullptr) {
    options.executor = [run = from.executor, user = from.executor_user](Task task) {
      run(user, RunTask, new Task(std::move(task)));
    };
  }
  if (from.log != nullptr) {
    options.log = [log = from.log, user = from.log_user](LogLevel level, std::string_view line) {
      log(user, static_cast<std::int32_t>(level), Lend(line));
    };
  }
  if (from.listener != nullptr) {
    options.listener = [listener = from.listener, user = from.listener_user](const Event& event) {
      const vecdb_event lent = LendEvent(event);
      listener(user, &lent);
    };
  }
  return options;
}

}  // namespace

Result<std::filesystem::path> PathOf(const vecdb_text& given, std::string_view what) {
  VECDB_TRY_ASSIGN(const std::string_view text, Lent(given, what));
  if (text.empty()) return base::InvalidArgument("{} is empty", what);
  if (text.find('\0') != std::string_view::npos) {
    return base::InvalidArgument("{} has a NUL byte at {}", what, text.find('\0'));
  }
  return std::filesystem::path(text);
}

}  // namespace vecdb::api

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

void vecdb_options_init(vecdb_options* options, size_t struct_size) {
  InitStruct(options, struct_size);
}

vecdb_code vecdb_open(vecdb_text directory, const vecdb_options* options, vecdb_db** out,
                      vecdb_error* error) {
  return CallMaking<DatabaseObject>(out, error, [&](DatabaseObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto path, PathOf(directory, "directory"));
    VECDB_TRY_ASSIGN(const Options how, OptionsOf(options));
    VECDB_TRY_ASSIGN(made.database, Database::Open(path, how));
    return Status();
  });
}

vecdb_code vecdb_open_in_memory(const vecdb_options* options, vecdb_db** out, vecdb_error* error) {
  return CallMaking<DatabaseObject>(out, error, [&](DatabaseObject& made) -> Status {
    VECDB_TRY_ASSIGN(const Options how, OptionsOf(options));
    VECDB_TRY_ASSIGN(made.database, Database::OpenInMemory(how));
    return Status();
  });
}

// Of two threads that close one handle, both wait, and one of them has closed it.
vecdb_code vecdb_close(vecdb_db* db, vecdb_error* error) {
  if (db == nullptr) return Report(Status(), error);
  return Call(error, [&]() -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<DatabaseObject>(db));
    const Status closed = used->database->Close();
    if (closed.code() == StatusCode::kResourceExhausted) return closed;
    VECDB_TRY(CloseHandle(NumberOf(db), DatabaseObject::kKind));
    return closed;
  });
}

vecdb_code vecdb_flush(vecdb_db* db, vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error,
                                   [](DatabaseObject& o) { return o.database->Flush(); });
}

vecdb_code vecdb_wait_durable(vecdb_db* db, uint64_t timestamp, vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error, [&](DatabaseObject& o) {
    return o.database->WaitDurable(static_cast<Timestamp>(timestamp));
  });
}

vecdb_code vecdb_run_background(vecdb_db* db, int64_t budget_ms, vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error, [&](DatabaseObject& o) -> Status {
    if (budget_ms < 0) return base::InvalidArgument("budget_ms is {}, below 0", budget_ms);
    return o.database->RunBackground(std::chrono::milliseconds(budget_ms));
  });
}

vecdb_code vecdb_health(vecdb_db* db, vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error,
                                   [](DatabaseObject& o) { return o.database->Health(); });
}

void vecdb_recovery_init(vecdb_recovery* recovery, size_t struct_size) {
  InitStruct(recovery, struct_size);
}

vecdb_code vecdb_recovery_report(vecdb_db* db, vecdb_recovery* recovery, vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error, [&](DatabaseObject& o) {
    const RecoveryReport& report = o.database->recovery();
    vecdb_recovery whole = {};
    whole.logs_read = report.logs_read;
    whole.groups_applied = report.groups_applied;
    whole.records_applied = report.records_applied;
    whole.discarded_bytes = report.discarded_bytes;
    whole.first_lost_lsn = report.first_lost_lsn;
    whole.orphans_removed = report.orphans_removed;
    whole.clean = report.clean ? 1 : 0;
    whole.detail = Lend(report.detail);
    return WriteStruct(whole, recovery);
  });
}
