#include "roles/create.h"

#include <algorithm>
#include <cstring>

#include "base/canary.h"
#include "base/status.h"
#include "base/task_queue.h"
#include "io/layout.h"
#include "io/thread_priority.h"

namespace vecdb::roles {
namespace {

constexpr std::uint64_t kLongLog = 8;          // logs
constexpr std::uint64_t kWorthlessShare = 16;  // of a log: see CoordinatorParts

bool IsOurs(const io::DirectoryEntry& entry) {
  if (entry.is_directory) {
    return entry.name == io::kTmpFolder || entry.name == io::kWalFolder ||
           entry.name == io::kSegmentsFolder;
  }
  return entry.name == io::kLockName || entry.name == io::kCurrentName ||
         io::ParseManifestName(entry.name).has_value();
}

// Every name in `folder` (when there is one) must be of a kind that creation makes.
template <typename Made>
Status CheckFolder(io::FileSystem& fs, const std::string& folder, Made&& made) {
  const auto entries = fs.List(folder);
  if (entries.status().code() == StatusCode::kNotFound) return Status();
  VECDB_TRY(entries.status());
  for (const io::DirectoryEntry& entry : *entries) {
    if (made(entry)) continue;
    return base::InvalidArgument("{} is not empty and holds no vecdb database (it has '{}')",
                                 fs.Describe(""), io::Join(folder, entry.name));
  }
  return Status();
}

// An empty directory, or one in which an earlier creation did not end. Anything else is not ours to
// fill, least of all to clear: folders may have our names and somebody else's files.
Status CheckUnused(io::FileSystem& fs) {
  VECDB_TRY(CheckFolder(fs, "", IsOurs));
  VECDB_TRY(CheckFolder(fs, io::kSegmentsFolder, [](const auto&) { return false; }));
  VECDB_TRY(CheckFolder(fs, io::kTmpFolder, [](const io::DirectoryEntry& entry) {
    if (entry.is_directory) return io::ParseNumber(entry.name).has_value();  // of a flush
    return entry.name == io::kCurrentName || entry.name == io::kFormatName ||
           entry.name.starts_with("deletes-");
  }));
  VECDB_TRY(CheckFolder(fs, io::kWalFolder, [](const io::DirectoryEntry& entry) {
    return entry.is_directory && entry.name == "0";
  }));
  return CheckFolder(fs, io::PchannelFolder(0), [](const io::DirectoryEntry& entry) {
    return !entry.is_directory && io::ParseLogName(entry.name).has_value();
  });
}

Status RemoveLeftovers(io::FileSystem& fs) {
  VECDB_TRY_ASSIGN(const auto entries, fs.List(""));
  for (const io::DirectoryEntry& entry : entries) {
    if (entry.name != io::kLockName) VECDB_TRY(io::RemoveTree(fs, entry.name));
  }
  return Status();
}

// Their names are synced with the first log.
Status MakeFolders(io::FileSystem& fs) {
  for (const std::string& folder : {std::string(io::kTmpFolder), std::string(io::kSegmentsFolder),
                                    std::string(io::kWalFolder), io::PchannelFolder(0)}) {
    VECDB_TRY(fs.MakeDirectory(folder));
  }
  return Status();
}

// 1 folders   2 first log, synced   3 MANIFEST-1, CURRENT   4 FORMAT
// A crash before 4 leaves a directory that never acknowledged anything; the next open starts again.
Status CreateDatabase(EngineParts& p) {
  io::FileSystem& fs = *p.env.fs;
  VECDB_TRY(RemoveLeftovers(fs));
  VECDB_TRY(MakeFolders(fs));
  for (std::size_t i = 0; i < p.database.size(); i += sizeof(std::uint64_t)) {
    const std::uint64_t random = p.env.random();
    std::memcpy(p.database.data() + i, &random, sizeof(random));
  }
  auto channel = std::make_shared<Channel>(0);  // more come with collections that write to them
  MakeWriter(p, *channel, 1, 1);
  wal::Writer& writer = *channel->writer;
  p.channels.Add(Channels::EntryFor(std::move(channel)));  // who opens asks why it stopped
  VECDB_TRY_ASSIGN(const io::LogIdentity log, writer.CreateFirstLog());
  base::KillPoint("create.log");
  catalog::State state;
  state.database = p.database;
  state.pchannels[0].logs.emplace(log.number, log);
  const std::uint64_t now = p.env.clock->WallMilliseconds();
  VECDB_TRY_ASSIGN(p.manifest,
                   catalog::Manifest::Begin(fs, std::move(state), 1, p.env.random, now));
  base::KillPoint("create.manifest");
  p.format.database = p.database;
  p.format.created_ms = now;
  VECDB_TRY(catalog::WriteFormat(fs, p.format));
  base::KillPoint("create.format");
  MakeQueryNodes(p);
  MakeNodes(p);
  return Status();
}

std::size_t BackgroundThreads(const Options& options) {
  if (!options.own_threads || options.read_only || options.executor) return 0;
  if (options.background_threads != 0) return options.background_threads;
  return std::max<std::size_t>(1, base::HardwareThreads() / 4);
}

// Beside the caller's.
std::size_t SearchHelpers(const Options& options) {
  if (!options.own_threads && !options.executor) return 0;
  return (options.search_threads != 0 ? options.search_threads : base::HardwareThreads()) - 1;
}

// Beside the one that compacts.
std::size_t BuildHelpers(const Options& options) {
  if (options.read_only || (!options.own_threads && !options.executor)) return 0;
  return (options.index_threads != 0 ? options.index_threads : base::HardwareThreads()) - 1;
}

// Of narrow copies of columns: a byte each of so many rows.
constexpr std::uint64_t kNarrowBytes = std::uint64_t{128} << 20;

std::uint32_t QueryNodeCount(const Options& options) {
  if (options.query_nodes != 0) return options.query_nodes;
  return static_cast<std::uint32_t>(std::min(base::HardwareThreads(), kMostQueryNodes));
}

}  // namespace

void MakeQueryNodes(EngineParts& p) {
  p.search_pool = std::make_unique<SearchPool>(SearchHelpers(p.options), p.env.search_task_bytes,
                                               *p.env.clock, p.env.guard, p.options.executor);
  p.build_pool = std::make_unique<SearchPool>(BuildHelpers(p.options), 1, *p.env.clock, p.env.guard,
                                              p.options.executor, /*low_priority=*/true);
  segment::Loading loading(p.options.load, p.memory);
  if (p.memory.limited()) {
    p.columns =
        std::make_unique<segment::FileCache>(*p.env.fs, p.database, p.options.load, p.memory);
    loading = segment::Loading(*p.columns);
  }
  if (segment::kNarrowCopies) {
    p.narrow = std::make_unique<segment::NarrowCache>(kNarrowBytes, p.memory);
  }
  loading.narrow = p.narrow.get();
  p.query = std::make_unique<QueryNodes>(*p.env.fs, p.database, loading, QueryNodeCount(p.options),
                                         *p.search_pool, p.memory);
  SearchPool& pool = p.build_pool->CanPost() ? *p.build_pool : *p.search_pool;
  if (index::kCrossings && pool.CanPost()) {
    p.query->UseCrossings(std::make_shared<query::Crossings>(
        p.memory, *p.env.clock,
        [&pool](std::function<void()> task) { return pool.Post(std::move(task)); }));
  }
  if (p.options.read_only) p.query->VerifyWhenSearched();
}

void MakeWriter(EngineParts& p, Channel& channel, std::uint64_t log_number, Lsn next_lsn) {
  wal::WriterOptions options;
  options.database = p.database;
  options.pchannel = channel.id;
  options.next_log_number = log_number;
  options.next_lsn = next_lsn;
  options.log_bytes = p.env.log_bytes;
  options.random = p.env.random;
  channel.writer = std::make_unique<wal::Writer>(
      *p.env.fs, p.oracle, *p.env.clock, std::move(options),
      [&p](const io::LogIdentity& log) {
        catalog::Edit edit;
        edit.operations.emplace_back(catalog::AddLog{log});
        return p.manifest->Commit(edit);
      },
      [&channel](Timestamp timestamp) { channel.watermark.Begin(timestamp); });
}

void MakeNodes(EngineParts& p) {
  const std::size_t threads = BackgroundThreads(p.options);
  p.timers =
      std::make_unique<base::TaskQueue>(threads == 0 ? 0 : p.options.streaming_nodes, *p.env.clock);
  p.background = p.options.executor
                     ? std::make_unique<base::TaskQueue>(p.options.executor, *p.env.clock)
                     : std::make_unique<base::TaskQueue>(threads, *p.env.clock);
  p.compaction = p.options.executor
                     ? std::make_unique<base::TaskQueue>(p.options.executor, *p.env.clock)
                     : std::make_unique<base::TaskQueue>(threads == 0 ? 0 : 1, *p.env.clock);
  // Its only thread begins with it; those of an executor are not ours to change.
  if (p.compaction->threads() != 0) p.compaction->Post(io::LowerThreadPriority);
  const StreamingNodes::Lent lent{p.channels, *p.background, *p.env.clock, p.memory, p.pacer};
  p.streaming = std::make_unique<StreamingNodes>(p.options.streaming_nodes,
                                                 WriteBufferBytes(p.options), lent);
  p.proxy = std::make_unique<Proxy>(*p.streaming, *p.query, p.oracle, *p.env.clock,
                                    p.options.durability, p.counters, p.options.recall_probe_every);
  if (p.manifest == nullptr) return;
  for (const auto& channel : p.channels.All()) p.streaming->Adopt(channel);
  p.make_writer = [&p](Channel& channel, std::uint64_t log_number, Lsn next_lsn) {
    MakeWriter(p, channel, log_number, next_lsn);
  };
  p.data = std::make_unique<DataNode>(
      *p.env.fs, p.database, [&p](std::uint64_t count) { return p.manifest->NewIds(count); });
  p.coordinator = std::make_unique<Coordinator>(CoordinatorParts{*p.env.fs,
                                                                 *p.manifest,
                                                                 p.channels,
                                                                 p.oracle,
                                                                 *p.env.clock,
                                                                 *p.background,
                                                                 p.log,
                                                                 p.collections,
                                                                 *p.streaming,
                                                                 *p.query,
                                                                 *p.data,
                                                                 p.env.guard,
                                                                 p.format,
                                                                 p.events,
                                                                 p.counters,
                                                                 p.options,
                                                                 *p.compaction,
                                                                 p.pacer,
                                                                 p.jobs,
                                                                 p.make_writer,
                                                                 p.options.channels,
                                                                 kLongLog * p.env.log_bytes,
                                                                 p.env.log_bytes / kWorthlessShare,
                                                                 p.memory,
                                                                 *p.build_pool,
                                                                 p.env.least_indexed_rows,
                                                                 p.env.part_rows});
  p.streaming->SetEvents(p.coordinator.get());
}

Result<bool> LockOrCreate(EngineParts& p) {
  io::FileSystem& fs = *p.env.fs;
  VECDB_TRY_ASSIGN(const bool exists, fs.Exists(io::kFormatName));
  const bool may_create = p.options.create_if_missing && !p.options.read_only;
  if (!exists) {
    // kNotFound: nothing was ever finished here. kCorruption: a database, and only FORMAT is gone.
    const Status found = catalog::Recover(fs).status();
    if (found.code() == StatusCode::kNotFound && may_create) {
      VECDB_TRY(CheckUnused(fs));
    } else if (!found.ok()) {
      return found;
    }
  }
  VECDB_TRY_ASSIGN(p.lock, fs.Lock(io::kLockName, !p.options.read_only));
  if (exists) return false;
  const Status found = catalog::Recover(fs).status();
  if (found.ok()) return false;  // another process finished it in between
  if (found.code() != StatusCode::kNotFound) return found;
  VECDB_TRY(CheckUnused(fs));  // nobody holds what is looked at before the lock
  VECDB_TRY(CreateDatabase(p));
  return true;
}

}  // namespace vecdb::roles
