// What does the life of a collection cost, and what do readers and writers notice of it?
//
//   bench_lifecycle [space] [beside] [pause] [ingest] [hops] [--scale S]      default: all, S = 1
//
// Bytes written are those that vecdb handed to the system, counted by its file system
// (DatabaseStats::written_bytes): rows, log and catalog. A row counts as the bytes of its values: a
// key of 8 and 4 for each component of its vector. Idle and busy take turns in one run; background
// work is paused for the one and goes on for the other, so ratios hold better than times where
// other programs run beside it.
#include <array>
#include <atomic>
#include <csignal>
#include <functional>
#include <string_view>
#include <thread>

#include <sys/resource.h>
#include <sys/wait.h>

#include "bench.h"

using namespace vecdb;
using namespace vecdb::bench;

namespace {

double g_scale = 1;

std::size_t Scaled(std::size_t rows) {
  const auto scaled = static_cast<std::size_t>(static_cast<double>(rows) * g_scale);
  return std::max<std::size_t>(1'000, scaled / 1'000 * 1'000);
}

double Mega(std::uint64_t bytes) {
  return static_cast<double>(bytes) / 1e6;
}

double Ratio(double a, double b) {
  return b == 0 ? 0 : a / b;
}

std::uint64_t BytesPerRow(const Vectors& data) {
  return 8 + std::uint64_t{4} * data.dimension;
}

using Write = std::function<void(Collection&, const Batch&)>;
void Insert(Collection& into, const Batch& batch) {
  into.Insert(batch).status().OrDie();
}

// Keys [first, first + rows), in batches of 1,000; vectors from the pool.
void WriteRows(const Vectors& pool, std::size_t first, std::size_t rows, const Write& write,
               Collection into) {
  Batch batch(into.schema());
  for (std::size_t at = first; at < first + rows; at += 1'000) {
    FillBatch(pool, at % pool.rows, 1'000, static_cast<std::int64_t>(at), &batch);
    write(into, batch);
  }
}

// Of this process, in bytes: what is its own, without mapped files.
std::uint64_t OwnMemory() {
  std::ifstream file("/proc/self/status");
  std::string word;
  while (file >> word) {
    std::uint64_t kib = 0;
    if (word == "RssAnon:" && file >> kib) return kib << 10;
  }
  return 0;
}

// Until no job waits or runs, and none is due.
void Settle(Database& db) {
  for (int quiet = 0; quiet < 25;) {  // housekeeping looks once a second
    const std::vector<JobInfo> jobs = *db.Jobs();
    const bool busy =
        std::any_of(jobs.begin(), jobs.end(), [](const JobInfo& job) { return job.ended_ms == 0; });
    quiet = busy ? 0 : quiet + 1;
    Sleep(0.1);
  }
}

// ---- space ------------------------------------------------------------------------------

void MeasureUpserts(bool random_order) {
  const std::size_t rows = Scaled(1'000'000);
  const Vectors pool = Load("none", 20'000, 32);
  Folder folder;
  Database db = *Database::Open(folder.path(), {.durability = Durability::kInterval});
  Collection collection = *db.CreateCollection("c", VectorSchema(pool.dimension));
  WriteRows(pool, 0, rows, Insert, collection);
  db.Flush().OrDie();
  Settle(db);
  const std::uint64_t live = rows * BytesPerRow(pool);
  const std::uint64_t of_all = db.Stats()->disk_bytes;
  const std::uint64_t before = db.Stats()->written_bytes;
  constexpr int kRounds = 10;
  std::uint64_t most = 0;
  Batch batch(collection.schema());
  std::vector<std::int64_t> keys(1'000);
  const double seconds = Seconds([&] {
    for (int round = 0; round < kRounds; ++round) {
      for (std::size_t at = 0; at < rows; at += keys.size()) {
        FillBatch(pool, at % pool.rows, keys.size(), static_cast<std::int64_t>(at), &batch);
        if (random_order) {  // every `stride`th key, so that all segments lose rows alike
          const std::size_t stride = rows / keys.size();
          for (std::size_t i = 0; i < keys.size(); ++i) {
            keys[i] = static_cast<std::int64_t>(i * stride + at / keys.size());
          }
          batch.Clear();
          batch.AddColumn("id", std::span<const std::int64_t>(keys)).OrDie();
          batch.AddVectors("v", std::span(pool.row(at % pool.rows), keys.size() * pool.dimension))
              .OrDie();
        }
        collection.Upsert(batch).status().OrDie();
      }
      most = std::max(most, db.Stats()->disk_bytes + db.Stats()->log_bytes);
    }
  });
  db.Flush().OrDie();
  Settle(db);
  const std::uint64_t user = live * kRounds;
  const std::uint64_t written = db.Stats()->written_bytes - before;
  const std::uint64_t left = db.Stats()->disk_bytes;
  std::printf(
      "upsert %d rounds of the same %zu x %u, %s: %.1f s, %llu compactions; user bytes %.0f MB, "
      "written %.0f MB = %.2f x; files at the end %.0f MB = %.2f x those of the rows written once "
      "(with logs at most %.0f MB)\n",
      kRounds, rows, pool.dimension, random_order ? "scattered keys" : "keys in order", seconds,
      static_cast<unsigned long long>(db.Stats()->compactions), Mega(user), Mega(written),
      Ratio(Mega(written), Mega(user)), Mega(left), Ratio(Mega(left), Mega(of_all)), Mega(most));
}

// Every other row is deleted; what one compaction leaves, beside a database that never had them.
void MeasureDeletes() {
  const std::size_t rows = Scaled(1'000'000);
  const Vectors pool = Load("none", 20'000, 32);
  Folder folder;
  Database db = *Database::Open(folder.path(), {.durability = Durability::kInterval});
  Collection collection = *db.CreateCollection("c", VectorSchema(pool.dimension));
  WriteRows(pool, 0, rows, Insert, collection);
  collection.Flush().OrDie();
  std::vector<Key> keys;
  for (std::size_t key = 0; key < rows; key += 2) {
    keys.emplace_back(static_cast<std::int64_t>(key));
    if (keys.size() < 5'000 && key + 2 < rows) continue;
    collection.Delete(keys).status().OrDie();
    keys.clear();
  }
  collection.Compact().OrDie();
  const DatabaseStats stats = *db.Stats();
  const std::uint64_t live = rows / 2 * BytesPerRow(pool);
  std::printf(
      "%zu x %u, every other row deleted, compacted: live values %.0f MB, segments %.0f MB = "
      "%.2f x, with logs %.0f MB = %.2f x\n",
      rows, pool.dimension, Mega(live), Mega(stats.disk_bytes),
      Ratio(Mega(stats.disk_bytes), Mega(live)), Mega(stats.disk_bytes + stats.log_bytes),
      Ratio(Mega(stats.disk_bytes + stats.log_bytes), Mega(live)));
}

void MeasureSpace() {
  MeasureUpserts(false);
  MeasureUpserts(true);
  MeasureDeletes();
}

// ---- beside -----------------------------------------------------------------------------

// Compacts one collection again and again: each time one more row is deleted, and so all are
// written anew. While background work is paused it waits.
class Compactor {
 public:
  Compactor(Database& db, Collection collection) : db_(db), collection_(std::move(collection)) {
    thread_ = std::thread([this] { Run(); });
  }
  ~Compactor() {
    stop_ = true;
    (void)db_.ResumeBackground();
    thread_.join();
  }
  Compactor(const Compactor&) = delete;
  Compactor& operator=(const Compactor&) = delete;

 private:
  void Run() {
    for (std::int64_t key = 0; !stop_; ++key) {
      collection_.Delete(std::array{Key{key}}).status().OrDie();
      const Status compacted = collection_.Compact();
      if (!compacted.ok()) Sleep(0.005);  // paused
    }
  }

  Database& db_;
  Collection collection_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

struct Turns {
  std::vector<double> idle;  // of one call each, in seconds
  std::vector<double> busy;
  std::vector<double> idle_p99;  // of each turn
  std::vector<double> busy_p99;
};

// `call` again and again, in turns of half a second, while background work is paused and while it
// runs.
Turns InTurns(Database& db, int turns, const std::function<void()>& call) {
  Turns all;
  for (int turn = 0; turn < turns; ++turn) {
    const bool busy = turn % 2 == 1;
    (busy ? db.ResumeBackground() : db.PauseBackground()).OrDie();
    Sleep(0.1);
    std::vector<double> latencies;
    for (const double end = Now() + 0.5; Now() < end;) latencies.push_back(Seconds(call));
    (busy ? all.busy_p99 : all.idle_p99).push_back(Percentile(latencies, 0.99));
    std::vector<double>& into = busy ? all.busy : all.idle;
    into.insert(into.end(), latencies.begin(), latencies.end());
  }
  db.ResumeBackground().OrDie();
  return all;
}

void PrintTurns(const std::string& what, const Turns& turns) {
  const double idle = Median(turns.idle_p99);
  const double busy = Median(turns.busy_p99);
  std::printf(
      "%-58s idle p50 %8.3f p99 %8.3f max %8.3f ms; busy p50 %8.3f p99 %8.3f max %8.3f ms; p99 of "
      "all %.2f x; median p99 of the turns %.3f and %.3f ms = %.2f x\n",
      what.c_str(), Median(turns.idle) * 1e3, Percentile(turns.idle, 0.99) * 1e3,
      Percentile(turns.idle, 1) * 1e3, Median(turns.busy) * 1e3, Percentile(turns.busy, 0.99) * 1e3,
      Percentile(turns.busy, 1) * 1e3,
      Ratio(Percentile(turns.busy, 0.99), Percentile(turns.idle, 0.99)), idle * 1e3, busy * 1e3,
      Ratio(busy, idle));
}

void MeasureBeside(std::uint64_t bytes_per_second) {
  const Vectors data = Load("none", 100'000, 128);
  Folder folder;
  Options options;
  options.durability = Durability::kInterval;
  options.background_bytes_per_second = bytes_per_second;
  Database db = *Database::Open(folder.path(), options);
  Collection heavy = *db.CreateCollection("heavy", VectorSchema(data.dimension));
  WriteRows(data, 0, Scaled(1'000'000), Insert, heavy);
  heavy.Compact().OrDie();
  Collection read = *db.CreateCollection("read", VectorSchema(data.dimension));
  WriteRows(data, 0, data.rows, Insert, read);
  read.Compact().OrDie();
  Collection written = *db.CreateCollection("written", VectorSchema(data.dimension));
  Compactor compactor(db, heavy);
  const std::string limit =
      bytes_per_second == 0
          ? ""
          : ", compaction limited to " + std::to_string(bytes_per_second / 1'000'000) + " MB/s";
  const int turns = 24;

  std::int64_t key = 0;
  Batch one(written.schema());
  const auto insert = [&](std::size_t rows, Durability durability) {
    return [&, rows, durability] {
      FillBatch(data, static_cast<std::size_t>(key) % 50'000, rows, key, &one);
      written.Insert(one, {.durability = durability}).status().OrDie();
      key += static_cast<std::int64_t>(rows);
    };
  };
  PrintTurns("insert of 1 row, every write durable" + limit,
             InTurns(db, turns, insert(1, Durability::kEveryWrite)));
  PrintTurns("insert of 100 rows, every write durable" + limit,
             InTurns(db, turns, insert(100, Durability::kEveryWrite)));
  PrintTurns("insert of 1 row, interval durability" + limit,
             InTurns(db, turns, insert(1, Durability::kInterval)));
  const auto search = [&] {
    const auto hits = read.Search({.query = std::span(data.row(7), data.dimension), .limit = 10});
    hits.status().OrDie();
  };
  PrintTurns("search of 100,000 x 128, k = 10" + limit, InTurns(db, turns, search));
  std::printf("(%llu compactions beside it)\n",
              static_cast<unsigned long long>(db.Stats()->compactions));
}

// ---- pause ------------------------------------------------------------------------------

constexpr std::array kSteps = {"nothing",          "inserts",          "flush",
                               "deletes",          "compaction",       "partition drop",
                               "collection birth", "release of other", "load of other",
                               "drop of other"};
enum Step {
  kNothing,
  kInsert,
  kFlush,
  kDelete,
  kCompact,
  kDropPart,
  kBirth,
  kRelease,
  kLoad,
  kDrop
};

// How often the system took the processor from this thread though it wanted to go on.
std::int64_t Preemptions() {
  rusage usage = {};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

// Reads small things all the time and keeps how long each took, by what went on when it began. What
// the system gave the processor to others for is counted apart: that is the machine, not vecdb.
class Reader {
 public:
  struct Taken {
    std::vector<double> whole;
    double longest_preempted = 0;
  };

  explicit Reader(std::function<void()> read) : read_(std::move(read)) {
    thread_ = std::thread([this] { Run(); });
  }
  ~Reader() { Stop(); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void Begin(int step) { step_ = step; }
  void Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  const Taken& taken(std::size_t step) const { return taken_[step]; }

 private:
  void Run() {
    for (Taken& one : taken_) one.whole.reserve(1 << 22);
    std::int64_t before = Preemptions();
    while (!stop_) {
      Taken& taken = taken_[static_cast<std::size_t>(step_)];
      const double seconds = Seconds(read_);
      const std::int64_t after = Preemptions();
      if (after == before) {
        taken.whole.push_back(seconds);
      } else {
        taken.longest_preempted = std::max(taken.longest_preempted, seconds);
      }
      before = after;
    }
  }

  const std::function<void()> read_;
  std::array<Taken, kSteps.size()> taken_;
  std::atomic<int> step_{kNothing};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

void PrintReader(const char* what, const Reader& reader) {
  for (std::size_t step = 0; step < kSteps.size(); ++step) {
    const std::vector<double>& whole = reader.taken(step).whole;
    std::printf(
        "%-20s while %-16s %8zu reads: p50 %7.3f p99 %7.3f max %7.3f ms; preempted at most %7.3f "
        "ms\n",
        what, kSteps[step], whole.size(), Median(whole) * 1e3, Percentile(whole, 0.99) * 1e3,
        Percentile(whole, 1) * 1e3, reader.taken(step).longest_preempted * 1e3);
  }
}

// One life, with names and keys of its own, under the eyes of a reader.
void Live(Database& db, const Vectors& pool, Collection collection, std::size_t life,
          Reader* reader) {
  const std::size_t rows = Scaled(400'000);
  const std::size_t next = (life + 1) * 1'000'000;
  const auto during = [&](Step step, const std::function<void()>& work) {
    reader->Begin(step);
    work();
    reader->Begin(kNothing);
    Sleep(0.05);
  };
  const std::string part = "p" + std::to_string(life);
  const std::string other = "other" + std::to_string(life);
  during(kInsert, [&] { WriteRows(pool, next, rows, Insert, collection); });
  during(kFlush, [&] { collection.Flush().OrDie(); });
  during(kDelete, [&] {
    std::vector<Key> keys;
    for (std::size_t key = next; key < next + rows; key += 3) {
      keys.emplace_back(static_cast<std::int64_t>(key));
    }
    collection.Delete(keys).status().OrDie();
  });
  during(kCompact, [&] { collection.Compact().OrDie(); });
  collection.CreatePartition(part).OrDie();
  WriteRows(
      pool, next + 100'000'000, rows / 4,
      [&](Collection& into, const Batch& batch) {
        into.Insert(batch, {.partition = part}).status().OrDie();
      },
      collection);
  collection.Flush().OrDie();
  during(kDropPart, [&] { collection.DropPartition(part).OrDie(); });
  during(kBirth, [&] {
    Collection born = *db.CreateCollection(other, VectorSchema(pool.dimension));
    WriteRows(pool, 0, rows / 4, Insert, born);
    born.Flush().OrDie();
  });
  Collection born = *db.OpenCollection(other);
  during(kRelease, [&] { born.Release().OrDie(); });
  during(kLoad, [&] { born.Load().OrDie(); });
  during(kDrop, [&] { db.DropCollection(other).OrDie(); });
  Sleep(0.5);
}

void MeasurePause() {
  const Vectors pool = Load("none", 100'000, 32);
  Folder folder;
  Database db = *Database::Open(folder.path(), {.durability = Durability::kInterval});
  Collection collection = *db.CreateCollection("c", VectorSchema(pool.dimension));
  collection.CreatePartition("small").OrDie();
  WriteRows(
      pool, 0, 5'000,
      [](Collection& into, const Batch& batch) {
        into.Insert(batch, {.partition = "small"}).status().OrDie();
      },
      collection);
  WriteRows(pool, 5'000, Scaled(400'000), Insert, collection);
  collection.Compact().OrDie();
  std::uint64_t drawn = 1;
  const std::vector<std::string> all = {"*"};
  const auto get = [&] {
    drawn = drawn * 6364136223846793005u + 1442695040888963407u;
    const std::array key = {Key{static_cast<std::int64_t>((drawn >> 33) % Scaled(400'000))}};
    collection.Get(key, all).status().OrDie();
  };
  SearchRequest request{.query = std::span(pool.row(7), pool.dimension), .limit = 10};
  request.read.partitions = {"small"};
  const auto search = [&] { collection.Search(request).status().OrDie(); };
  std::size_t lives = 0;
  for (const auto& [what, read] : {std::pair<const char*, std::function<void()>>{"get", get},
                                   {"search of 5,000 x 32", search}}) {
    Reader reader(read);
    for (int i = 0; i < 5; ++i) Live(db, pool, collection, lives++, &reader);
    reader.Stop();
    PrintReader(what, reader);
  }
}

// ---- ingest -----------------------------------------------------------------------------

constexpr std::uint32_t kIngestDimension = 32;

Options IngestOptions() {
  Options options;
  options.durability = Durability::kInterval;
  return options;
}

struct Sample {
  std::size_t rows = 0;
  double seconds = 0;
  DatabaseStats stats;
  std::uint64_t memory = 0;
};

void Print(const Sample& sample, std::uint64_t searches) {
  std::printf(
      "%10zu rows after %6.1f s: logs %6.0f MB, rows in memory %6.0f MB, memory of vecdb's own "
      "%6.0f MB, segments %3llu in files of %6.0f MB, %llu searches\n",
      sample.rows, sample.seconds, Mega(sample.stats.log_bytes), Mega(sample.stats.buffered_bytes),
      Mega(sample.memory), static_cast<unsigned long long>(sample.stats.sealed_segments),
      Mega(sample.stats.disk_bytes), static_cast<unsigned long long>(searches));
}

// The process of one round: writes on from key `first` while another thread searches, tells every
// tenth, and then is killed as it stands.
[[noreturn]] void Ingest(const std::string& path, std::size_t first, std::size_t rows) {
  const Vectors pool = Load("none", 100'000, kIngestDimension);
  Database db = *Database::Open(path, IngestOptions());
  const bool there = *db.HasCollection("c");
  Collection collection =
      there ? *db.OpenCollection("c") : *db.CreateCollection("c", VectorSchema(kIngestDimension));
  std::atomic<std::uint64_t> searches{0};
  std::thread searcher([&] {
    while (true) {
      collection.Search({.query = std::span(pool.row(7), pool.dimension), .limit = 10})
          .status()
          .OrDie();
      ++searches;
    }
  });
  const double start = Now();
  Sample most;
  const std::size_t pieces = std::min<std::size_t>(100, rows / 1'000);
  std::size_t done = 0;
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    const std::size_t until = rows * (piece + 1) / pieces / 1'000 * 1'000;
    WriteRows(pool, first + done, until - done, Insert, collection);
    done = until;
    const Sample now{done, Now() - start, *db.Stats(), OwnMemory()};
    most.stats.log_bytes = std::max(most.stats.log_bytes, now.stats.log_bytes);
    most.memory = std::max(most.memory, now.memory);
    if (first == 0 && (piece + 1) % (pieces / 10) == 0) Print(now, searches);
  }
  if (first == 0) {
    std::printf("%56s at most: logs %.0f MB, memory of vecdb's own %.0f MB\n", "",
                Mega(most.stats.log_bytes), Mega(most.memory));
  }
  std::fflush(stdout);
  std::raise(SIGKILL);
  std::abort();
}

constexpr const char* kRound = "one-round-of-ingest";

// In a process that has nothing of this one, so that its memory is its own.
void IngestAndKill(const std::string& path, std::size_t first, std::size_t rows) {
  std::fflush(stdout);
  const std::string from = std::to_string(first);
  const std::string count = std::to_string(rows);
  const pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "bench_lifecycle", kRound, path.c_str(), from.c_str(), count.c_str(),
          nullptr);
    _exit(2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) std::exit(2);
}

void MeasureIngest() {
  const std::size_t rows = Scaled(10'000'000);
  Folder folder;
  std::size_t first = 0;
  std::vector<double> opened;
  // The last rounds stop at other places between two flushes.
  for (const std::size_t more : {rows, Scaled(300'000), Scaled(500'000), Scaled(800'000)}) {
    IngestAndKill(folder.path(), first, more);
    first += more;
    RecoveryReport report;
    std::uint64_t found = 0;
    opened.push_back(Seconds([&] {
      Database db = *Database::Open(folder.path(), IngestOptions());
      report = db.recovery();
      Collection collection = *db.OpenCollection("c");
      found = *collection.Count();
    }));
    std::printf("killed at %zu rows: open and count in %.3f s, %llu records of the log applied\n",
                first, opened.back(), static_cast<unsigned long long>(report.records_applied));
    if (found != first) std::exit(3);  // no power was cut
  }
  std::printf("opening after a kill: at most %.3f s\n", Percentile(opened, 1));
}

// ---- hops -------------------------------------------------------------------------------

void MeasureHops() {
  const Vectors data = Load("none", 2'000, 128);
  Database db = *Database::OpenInMemory();
  Collection collection = *db.CreateCollection("c", VectorSchema(data.dimension));
  InsertAll(data, collection, 1'000);
  collection.Flush().OrDie();
  const std::uint32_t threads = db.Stats()->threads;
  for (int i = 0; i < 10'000; ++i) {
    collection.Search({.query = std::span(data.row(7), data.dimension), .limit = 10})
        .status()
        .OrDie();
  }
  const DatabaseStats stats = *db.Stats();
  std::printf(
      "10,000 searches of one task: %llu shares were done by another thread, %u threads more\n",
      static_cast<unsigned long long>(stats.shared_reads), stats.threads - threads);
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // so that what was measured is seen at once
  if (argc == 5 && std::string_view(argv[1]) == kRound) {
    Ingest(argv[2], std::strtoull(argv[3], nullptr, 10), std::strtoull(argv[4], nullptr, 10));
  }
  std::vector<std::string> asked;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--scale" && i + 1 < argc) {
      g_scale = std::atof(argv[++i]);
    } else {
      asked.emplace_back(argv[i]);
    }
  }
  const auto run = [&](const char* name, const std::function<void()>& measure) {
    if (!asked.empty() && std::find(asked.begin(), asked.end(), name) == asked.end()) return;
    std::printf("-- %s, %.3g of the full size\n", name, g_scale);
    measure();
    std::fflush(stdout);
  };
  run("space", MeasureSpace);
  run("beside", [] {
    MeasureBeside(0);
    MeasureBeside(200'000'000);
  });
  run("pause", MeasurePause);
  run("ingest", MeasureIngest);
  run("hops", MeasureHops);
}
