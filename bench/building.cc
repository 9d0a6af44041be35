// What do writers and readers notice of indexes that are being built?
//
//   bench_building [--rows N] [--seconds S]
//
// One collection of N rows gets index after index, on as many threads as there are processors;
// beside it rows are inserted into a second collection and a third one is searched through its
// index. Idle and busy take turns of S seconds in one run. Times are of one call, on the wall.
#include <atomic>
#include <functional>
#include <thread>

#include "bench.h"

using namespace vecdb;
using namespace vecdb::bench;

namespace {

std::size_t g_rows = 100'000;
double g_seconds = 1;
constexpr int kTurns = 8;

// While it is told to, builds one index after the other.
class Builder {
 public:
  explicit Builder(Collection collection) : collection_(std::move(collection)) {
    thread_ = std::thread([this] { Run(); });
  }
  ~Builder() {
    stop_ = true;
    SetBusy(false);
    thread_.join();
  }
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  // Returns when a build has begun, or the one that runs has been given up.
  void SetBusy(bool busy) {
    busy_ = busy;
    if (!busy) (void)collection_.DropIndex("v");
    Sleep(0.2);
  }
  std::size_t built() const { return built_; }

 private:
  void Run() {
    while (!stop_) {
      if (!busy_) {
        Sleep(0.005);
        continue;
      }
      if (!collection_.ReplaceIndex("v", HnswSqIndex{}).ok()) continue;  // built again
      if (collection_.WaitForIndexes().ok() && busy_) ++built_;
    }
  }

  Collection collection_;
  std::atomic<bool> busy_{false};
  std::atomic<bool> stop_{false};
  std::atomic<std::size_t> built_{0};
  std::thread thread_;
};

void Compare(const char* what, Builder* builder, const std::function<void()>& call) {
  std::vector<double> latencies[2];
  std::vector<double> p99[2];
  for (int turn = 0; turn < kTurns; ++turn) {
    const bool busy = turn % 2 == 1;
    builder->SetBusy(busy);
    std::vector<double> now;
    for (const double end = Now() + g_seconds; Now() < end;) now.push_back(Seconds(call));
    p99[busy].push_back(Percentile(now, 0.99));
    latencies[busy].insert(latencies[busy].end(), now.begin(), now.end());
  }
  builder->SetBusy(false);
  const double idle = Percentile(latencies[0], 0.99);
  const double busy = Percentile(latencies[1], 0.99);
  std::printf(
      "%-40s idle p50 %.3f p99 %.3f max %.3f ms | busy p50 %.3f p99 %.3f max %.3f ms | p99 of all"
      " %.2f x, median of the turns %.2f x\n",
      what, Median(latencies[0]) * 1e3, idle * 1e3, Percentile(latencies[0], 1) * 1e3,
      Median(latencies[1]) * 1e3, busy * 1e3, Percentile(latencies[1], 1) * 1e3, busy / idle,
      Median(p99[1]) / Median(p99[0]));
  std::fflush(stdout);
}

Collection Filled(Database& db, const char* name, const Vectors& data) {
  Collection collection = *db.CreateCollection(name, VectorSchema(data.dimension));
  InsertAll(data, collection, 1000);
  collection.Compact().OrDie();
  return collection;
}

void Measure() {
  const Vectors data = Load("dsift-128-base", g_rows, 128);
  const Vectors queries = Load("dsift-128-query", 1000, 128);
  const Folder folder;
  Database db = *Database::Open(folder.path(), {.durability = Durability::kInterval});
  Collection read = Filled(db, "read", data);
  read.CreateIndex("v", HnswSqIndex{}).OrDie();
  read.WaitForIndexes().OrDie();
  Collection written = *db.CreateCollection("written", VectorSchema(data.dimension));
  Builder builder(Filled(db, "built", data));

  std::int64_t key = 0;
  Batch batch(written.schema());
  const auto insert = [&](std::size_t rows, Durability durability) {
    return [&, rows, durability] {
      FillBatch(data, static_cast<std::size_t>(key) % (data.rows / 2), rows, key, &batch);
      written.Insert(batch, {.durability = durability}).status().OrDie();
      key += static_cast<std::int64_t>(rows);
    };
  };
  std::size_t query = 0;
  const auto search = [&] {
    const std::span<const float> vector(queries.row(query++ % queries.rows), queries.dimension);
    read.Search({.query = vector, .limit = 10}).status().OrDie();
  };
  Compare("insert of 1 row, every write durable", &builder, insert(1, Durability::kEveryWrite));
  Compare("insert of 100 rows, every write durable", &builder,
          insert(100, Durability::kEveryWrite));
  Compare("insert of 1 row, interval durability", &builder, insert(1, Durability::kInterval));
  Compare("search through an index, k = 10", &builder, search);
  std::printf("(%zu indexes of %zu x %u were built beside it)\n", builder.built(), data.rows,
              data.dimension);
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--rows") g_rows = std::max(2000ULL, std::strtoull(argv[i + 1], nullptr, 10));
    if (option == "--seconds") g_seconds = std::strtod(argv[i + 1], nullptr);
  }
  Measure();
  return 0;
}
