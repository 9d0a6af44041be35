// The open database: its parts, in the order in which they depend on each other, and its life from
// Open to Close. See recover.h for what Open does.
//
// Thread safety: all methods from any thread. Every call of a user runs between Enter() and
// Leave(); Close() waits for those inside.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "vecdb/options.h"
#include "vecdb/result.h"
#include "vecdb/stats.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "base/pacer.h"
#include "base/task_queue.h"
#include "base/timestamp_oracle.h"
#include "catalog/manifest.h"
#include "io/counting_file_system.h"
#include "io/file_system.h"
#include "roles/channel.h"
#include "roles/coordinator.h"
#include "roles/counters.h"
#include "roles/data_node.h"
#include "roles/events.h"
#include "roles/job_table.h"
#include "roles/live_collection.h"
#include "roles/memory_shares.h"
#include "roles/proxy.h"
#include "roles/query_nodes.h"
#include "roles/streaming_nodes.h"
#include "segment/file_cache.h"
#include "segment/index_choice.h"
#include "segment/narrow_cache.h"

namespace vecdb::roles {

inline constexpr std::size_t kMostQueryNodes = 64;
inline constexpr std::uint32_t kMostChannels = 16;

// What a database stands on; tests bring their own.
struct Environment {
  std::shared_ptr<io::FileSystem> fs;
  const base::Clock* clock = nullptr;     // outlives the engine
  std::function<std::uint64_t()> random;  // for ids that must differ between databases and logs
  std::uint64_t log_bytes = std::uint64_t{64} << 20;  // a log above this is followed by another
  // A search gives another thread work only where that has so many bytes to read.
  std::uint64_t search_task_bytes = std::uint64_t{1} << 20;
  // Segments of fewer rows get no index.
  RowIndex least_indexed_rows = segment::kLeastIndexedRows;
  // Of a growing segment so many rows get one; 0: as many as suit the field.
  RowIndex part_rows = 0;
  // Around what runs in the background or cannot fail any more; the API puts in its own.
  Guard guard = [](const auto& task) { return task(); };
};

struct EngineParts {
  EngineParts(Environment e, Options o)
      : env(Counted(std::move(e), disk)),
        options(std::move(o)),
        log(options.log),
        events(options.listener, env.guard, log),
        oracle(*env.clock),
        jobs(*env.clock),
        pacer(*env.clock, options.background_bytes_per_second,
              options.own_threads ? options.background_share : 1),
        memory(options.memory_budget_bytes, FlushReserveBytes(options)) {
    memory.SetReclaim([this](std::uint64_t bytes) { return GiveUp(bytes); },
                      [this] { AskForFlush(); });
  }

  // Of what can be had again from files, so much, or what there is.
  std::uint64_t GiveUp(std::uint64_t bytes);
  // Has the largest growing segment flushed in the background, when they have much of the budget.
  void AskForFlush();
  // Has some of the searches made again that wait for it.
  void AskForProbes();
  void Probe(LiveCollection& collection);

  static Environment Counted(Environment env, const std::shared_ptr<io::DiskCounters>& disk) {
    env.fs = io::CountOperations(std::move(env.fs), disk);
    return env;
  }

  const std::shared_ptr<io::DiskCounters> disk = std::make_shared<io::DiskCounters>();
  const Environment env;
  const Options options;
  base::Log log;
  Events events;
  Counters counters;
  base::TimestampOracle oracle;
  Channels channels;
  JobTable jobs;
  base::Pacer pacer;                     // of compaction
  base::MemoryBudget memory;             // charged until the last segment has gone
  std::atomic<bool> flush_asked{false};  // by who waits for memory; a task for it is in the queue
  std::unique_ptr<segment::FileCache> columns;   // with a budget; the same
  std::unique_ptr<segment::NarrowCache> narrow;  // the same
  Collections collections;
  RecoveryReport report;
  std::vector<ChannelInfo> found_channels;  // of a read-only database: its logs as they were found
  io::DatabaseUuid database{};
  catalog::Format format;  // as FORMAT has it; the coordinator's once there is one
  std::unique_ptr<io::FileLock> lock;
  // Null in a read-only database: manifest, the writers of channels, data, coordinator.
  std::unique_ptr<catalog::Manifest> manifest;
  std::function<void(Channel&, std::uint64_t log_number, Lsn next_lsn)> make_writer;
  std::unique_ptr<SearchPool> search_pool;
  std::unique_ptr<SearchPool> build_pool;  // helps to build indexes
  std::unique_ptr<QueryNodes> query;
  std::unique_ptr<DataNode> data;
  std::unique_ptr<StreamingNodes> streaming;
  std::unique_ptr<Coordinator> coordinator;
  std::unique_ptr<Proxy> proxy;
  // Last, so that their tasks end before what these use.
  std::unique_ptr<base::TaskQueue> timers;      // sync and seal: never behind a long flush
  std::unique_ptr<base::TaskQueue> background;  // flush
  std::unique_ptr<base::TaskQueue> compaction;  // never before or behind a flush
};

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> Open(Environment env, Options options);
  ~Engine();

  EngineParts& parts() { return *parts_; }

  // kFailedPrecondition when closed or in a forked child; with `write`, also when read-only.
  Status Enter(bool write);
  void Leave();

  Status WaitDurable(Timestamp timestamp);
  Status RunBackground(std::chrono::milliseconds budget);
  Result<JobInfo> WaitForJob(JobId id, std::chrono::milliseconds timeout);
  // Until it has ended, or the deadline: what it ended with.
  Status FinishJob(JobId id, const base::Deadline& deadline);
  // Until it has ended: what it ended with.
  Status FinishJob(JobId id);
  Status Health() const;
  Status Close();  // idempotent

 private:
  explicit Engine(std::unique_ptr<EngineParts> parts) : parts_(std::move(parts)) {}
  Status HelpWithJob(JobId id, std::chrono::steady_clock::time_point until);
  Status CheckProcess() const;
  Status CheckWritable() const;
  Status FirstFailure() const;
  void StartTimers();
  Status Shut();

  std::unique_ptr<EngineParts> parts_;  // constant until the destructor
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<bool> closing_{false};
  base::Mutex close_mutex_;
  base::CondVar close_changed_;
  bool closed_ GUARDED_BY(close_mutex_) = false;
};

}  // namespace vecdb::roles
