// What do writes cost, against the plain system calls that they cannot do without?
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>

#include "bench.h"

using namespace vecdb;
using namespace vecdb::bench;

namespace {

void Require(bool condition, const char* what) {
  if (condition) return;
  std::perror(what);
  std::exit(2);
}

// The bytes of the data written twice with plain write, each copy synced.
double WriteTwice(const std::string& folder, const Vectors& data) {
  return Seconds([&] {
    for (int copy = 0; copy < 2; ++copy) {
      const std::string path = folder + "." + std::to_string(copy);
      const int fd = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
      Require(fd >= 0, "open");
      const char* at = reinterpret_cast<const char*>(data.values.data());
      std::size_t left = data.values.size() * sizeof(float);
      while (left > 0) {
        const ssize_t n = write(fd, at, std::min<std::size_t>(left, 3 << 20));
        Require(n > 0, "write");
        at += n;
        left -= static_cast<std::size_t>(n);
      }
      Require(fdatasync(fd) == 0, "fdatasync");
      close(fd);
    }
  });
}

void MeasureBulk() {
  const Vectors data = Load("mnist-784-base", 60'000, 784);
  std::vector<double> plain;
  std::vector<double> mine;
  for (int round = 0; round < 5; ++round) {
    Folder folder;
    plain.push_back(WriteTwice(folder.path("plain"), data));
    Database db = *Database::Open(folder.path(), {.durability = Durability::kInterval});
    Collection collection = *db.CreateCollection("c", VectorSchema(data.dimension));
    mine.push_back(Seconds([&] {
      InsertAll(data, collection, 1000);
      db.WaitDurable(Timestamp{~0ULL}).OrDie();
    }));
  }
  const double bytes = static_cast<double>(data.values.size()) * sizeof(float);
  std::printf(
      "bulk insert %zu x %u, batches of 1,000, interval, to durable: %.3f s (%.0f MB/s); "
      "the bytes twice by write + sync: %.3f s; %.0f %% of its speed\n",
      data.rows, data.dimension, Median(mine), bytes / Median(mine) / 1e6, Median(plain),
      100 * Median(plain) / Median(mine));
}

void MeasureSingle() {
  const Vectors data = Load("none", 1000, 128);
  Folder folder;
  Database db = *Database::Open(folder.path());
  Collection collection = *db.CreateCollection("c", VectorSchema(128));
  const int fd = open(folder.path("raw").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
  Require(fd >= 0, "open");
  std::vector<char> page(4096, 'x');
  std::vector<double> raw;
  std::vector<double> mine;
  Batch batch(collection.schema());
  for (std::size_t i = 0; i < 1500; ++i) {
    raw.push_back(Seconds([&] {
      Require(write(fd, page.data(), page.size()) == 4096, "write");
      Require(fdatasync(fd) == 0, "fdatasync");
    }));
    FillBatch(data, i % 1000, 1, static_cast<std::int64_t>(i), &batch);
    mine.push_back(Seconds([&] { collection.Insert(batch).status().OrDie(); }));
  }
  close(fd);
  std::printf(
      "every write, one row, one thread: p50 %.1f us, p99 %.1f us; raw 4 KiB append + "
      "fdatasync: p50 %.1f us, p99 %.1f us; p50 ratio %.2f\n",
      Median(mine) * 1e6, Percentile(mine, 0.99) * 1e6, Median(raw) * 1e6,
      Percentile(raw, 0.99) * 1e6, Median(mine) / Median(raw));
}

// Rows a second, every write durable, one row a call, so many threads.
double RowsPerSecond(Collection collection, const Vectors& data, int threads, double seconds) {
  static std::atomic<std::int64_t> next_key{1'000'000};
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> rows{0};
  std::vector<std::thread> workers;
  const double start = Now();
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      Batch batch(collection.schema());
      while (!stop.load(std::memory_order_relaxed)) {
        FillBatch(data, static_cast<std::size_t>(t) % data.rows, 1, next_key++, &batch);
        collection.Insert(batch).status().OrDie();
        rows.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  Sleep(seconds);
  stop = true;
  for (std::thread& worker : workers) worker.join();
  return static_cast<double>(rows) / (Now() - start);
}

// The least that group commit can be: each thread writes a page of its own and sleeps until a sync
// that covers it is over; whoever finds none running leads the next one. No database, no rows.
class PlainGroupCommit {
 public:
  explicit PlainGroupCommit(int fd) : fd_(fd) {}

  void Append(const char* page) {
    std::unique_lock<std::mutex> lock(mutex_);
    const std::uint64_t number = ++written_;
    Require(pwrite(fd_, page, 4096, static_cast<off_t>(number % kPages * 4096)) == 4096, "pwrite");
    while (synced_ < number) {
      if (running_) {
        changed_.wait(lock);
        continue;
      }
      running_ = true;
      const std::uint64_t covered = written_;
      lock.unlock();
      Require(fdatasync(fd_) == 0, "fdatasync");
      lock.lock();
      synced_ = covered;
      running_ = false;
      changed_.notify_all();
    }
  }
  static constexpr std::uint64_t kPages = 16384;

 private:
  const int fd_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t written_ = 0;
  std::uint64_t synced_ = 0;
  bool running_ = false;
};

// The same loop over the plain calls, in a file whose blocks are there.
double PlainRowsPerSecond(const std::string& path, int threads, double seconds) {
  const int fd = open(path.c_str(), O_CREAT | O_RDWR, 0600);
  Require(fd >= 0, "open");
  std::vector<char> zeros(PlainGroupCommit::kPages * 4096);
  Require(pwrite(fd, zeros.data(), zeros.size(), 0) > 0 && fdatasync(fd) == 0, "zeros");
  PlainGroupCommit line(fd);
  const std::vector<char> page(4096, 'x');
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> rows{0};
  std::vector<std::thread> workers;
  const double start = Now();
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&] {
      for (; !stop.load(std::memory_order_relaxed); ++rows) line.Append(page.data());
    });
  }
  Sleep(seconds);
  stop = true;
  for (std::thread& worker : workers) worker.join();
  const double took = Now() - start;
  close(fd);
  return static_cast<double>(rows) / took;
}

void MeasureGroupCommit() {
  const Vectors data = Load("none", 1000, 128);
  Folder folder;
  Database db = *Database::Open(folder.path());
  Collection collection = *db.CreateCollection("c", VectorSchema(128));
  std::vector<double> one;
  std::vector<double> many;
  std::vector<double> most;
  std::array<std::vector<double>, 3> plain;
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < plain.size(); ++i) {
      plain[i].push_back(PlainRowsPerSecond(folder.path("plain"), std::array{1, 64, 256}[i], 0.6));
    }
    one.push_back(RowsPerSecond(collection, data, 1, 0.6));
    many.push_back(RowsPerSecond(collection, data, 64, 0.6));
    most.push_back(RowsPerSecond(collection, data, 256, 0.6));
  }
  std::printf(
      "every write, single rows: 1 thread %.0f rows/s; 64 threads %.0f = %.1f x; 256 "
      "threads %.0f = %.1f x\n",
      Median(one), Median(many), Median(many) / Median(one), Median(most),
      Median(most) / Median(one));
  std::printf(
      "the same with a plain page and fdatasync: 1 thread %.0f a second; 64 threads %.0f = %.1f x; "
      "256 threads %.0f = %.1f x\n",
      Median(plain[0]), Median(plain[1]), Median(plain[1]) / Median(plain[0]), Median(plain[2]),
      Median(plain[2]) / Median(plain[0]));
}

// Insert speed with and without the key check when 10,000,000 keys stand in 20 segments.
void MeasureKeyCheck() {
  const std::size_t present = 10'000'000;
  const Vectors data = Load("none", 1000, 128);
  Folder folder;
  Options quiet{.durability = Durability::kFlushOnly, .write_buffer_bytes = std::size_t{2} << 30};
  quiet.auto_compaction = false;  // it would merge the segments meanwhile
  Database db = *Database::Open(folder.path(), quiet);
  const auto random_key = [](std::uint64_t i) {
    i += 0x9E37'79B9'7F4A'7C15u;
    i = (i ^ (i >> 30)) * 0xBF58'476D'1CE4'E5B9u;
    i = (i ^ (i >> 27)) * 0x94D0'49BB'1331'11EBu;
    return static_cast<std::int64_t>((i ^ (i >> 31)) >> 1);
  };
  std::uint64_t counter = 0;
  const auto fill = [&](const Vectors& from, std::size_t n, Batch* batch) {
    std::vector<std::int64_t> keys(n);
    for (std::int64_t& key : keys) key = random_key(counter++);
    batch->Clear();
    batch->AddColumn("id", std::span<const std::int64_t>(keys)).OrDie();
    batch->AddVectors("v", std::span(from.row(0), n * from.dimension)).OrDie();
  };
  const auto make = [&](const char* name, bool check) {
    CollectionOptions options;
    options.segment_bytes = std::size_t{8} << 30;
    options.check_keys = check;
    return *db.CreateCollection(name, VectorSchema(128), options);
  };
  Collection checked = make("checked", true);
  Collection unchecked = make("unchecked", false);
  Batch batch(checked.schema());
  const std::size_t segments = 20;
  const std::size_t small_rows = present / segments;
  for (std::size_t s = 0; s < segments; ++s) {
    for (std::size_t at = 0; at < small_rows; at += 1000) {
      fill(data, 1000, &batch);
      checked.Insert(batch).status().OrDie();
    }
    checked.Flush().OrDie();
  }
  std::vector<double> with;
  std::vector<double> without;
  for (int round = 0; round < 101; ++round) {
    fill(data, 1000, &batch);
    const auto insert = [&](Collection& into, std::vector<double>* seconds) {
      seconds->push_back(Seconds([&] { into.Insert(batch).status().OrDie(); }));
    };
    if (round % 2 == 0) insert(checked, &with);
    insert(unchecked, &without);
    if (round % 2 == 1) insert(checked, &with);
  }
  std::printf(
      "insert of 1,000 x 128 beside %zu random keys in %zu segments: %.0f us, without the "
      "check %.0f us; the check costs %.0f %% of insert speed\n",
      present, segments, Median(with) * 1e6, Median(without) * 1e6,
      100 * (1 - Median(without) / Median(with)));
}

}  // namespace

// bench_write [single|group|bulk|keys]...: all of them by default.
int main(int argc, char** argv) {
  const auto asked = [&](std::string_view name) {
    return argc == 1 ||
           std::any_of(argv + 1, argv + argc, [&](const char* a) { return a == name; });
  };
  if (asked("single")) MeasureSingle();
  if (asked("group")) MeasureGroupCommit();
  if (asked("bulk")) MeasureBulk();
  if (asked("keys")) MeasureKeyCheck();
}
