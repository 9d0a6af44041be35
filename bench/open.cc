// How long until a database serves, and how little does an empty one take?
#include <sys/resource.h>

#include "bench.h"

using namespace vecdb;
using namespace vecdb::bench;

namespace {

// Clean open of so many rows x 128, flushed and closed.
void MeasureOpen(std::size_t rows) {
  Vectors data = Load("dsift-128-base", rows, 128);
  Folder folder;
  {
    Database db = *Database::Open(folder.path(), {.durability = Durability::kFlushOnly});
    Collection collection = *db.CreateCollection("c", VectorSchema(128));
    InsertAll(data, collection, 1000);
    collection.Flush().OrDie();
    db.Close().OrDie();
  }
  const std::vector<float> query(data.row(7), data.row(7) + 128);
  data = {};
  std::vector<double> open;
  std::vector<double> memory;
  for (int round = 0; round < 11; ++round) {
    const double before = ResidentBytes();
    double took = 0;
    {
      const double start = Now();
      Database db = *Database::Open(folder.path());
      took = Now() - start;
      memory.push_back((ResidentBytes() - before) / 1e6);
      const Hits hits = *db.OpenCollection("c")->Search({.query = query, .limit = 1});
      if (hits.empty() || hits[0].score != 0) std::exit(1);
      db.Close().OrDie();
    }
    open.push_back(took);
  }
  std::printf("clean open of %zu x 128: p50 %.2f ms, worst %.2f ms, resident memory +%.1f MB\n",
              rows, Median(open) * 1e3, Percentile(open, 1) * 1e3, Median(memory));
}

void MeasureManyFiles() {
  const Vectors data = Load("none", 1000, 8);
  Folder folder;
  {
    Database db = *Database::Open(folder.path(), {.durability = Durability::kFlushOnly});
    CollectionOptions options;
    Collection collection = *db.CreateCollection("c", VectorSchema(8), options);
    Batch batch(collection.schema());
    for (std::int64_t i = 0; i < 1700; ++i) {
      FillBatch(data, 0, 3, i * 3, &batch);
      collection.Insert(batch).status().OrDie();
      collection.Flush().OrDie();
    }
    db.Close().OrDie();
  }
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder.path("db/segments"))) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  rlimit limit{64, 64};
  setrlimit(RLIMIT_NOFILE, &limit);
  double took = 0;
  const double start = Now();
  Database db = *Database::Open(folder.path());
  took = Now() - start;
  Collection collection = *db.OpenCollection("c");
  const double search = Seconds([&] {
    const Hits hits = *collection.Search({.query = std::span(data.row(1), 8), .limit = 10});
    if (hits.size() != 10) std::exit(1);
  });
  std::printf(
      "%zu segment files under RLIMIT_NOFILE 64: open %.1f ms, first search %.2f ms, %llu "
      "rows\n",
      files, took * 1e3, search * 1e3, static_cast<unsigned long long>(*collection.Count()));
}

void MeasureSmall() {
  {
    Folder folder;
    Database db = *Database::Open(folder.path());
    const std::uint64_t open = BytesOnDisk(folder.path());
    db.Close().OrDie();
    std::printf("an empty database: %.0f KiB open, %.0f KiB closed\n",
                static_cast<double>(open) / 1024,
                static_cast<double>(BytesOnDisk(folder.path())) / 1024);
  }
  const Vectors data = Load("none", 20, 8);
  const auto life = [&](Database db) {
    Collection collection = *db.CreateCollection("c", VectorSchema(8));
    InsertAll(data, collection, 20);
    db.Close().OrDie();
  };
  std::vector<double> tmpfs;
  std::vector<double> memory;
  const bool shm = std::filesystem::exists("/dev/shm");
  for (int round = 0; round < 51; ++round) {
    if (shm) {
      Folder folder("/dev/shm");
      tmpfs.push_back(Seconds([&] { life(*Database::Open(folder.path())); }));
    }
    memory.push_back(Seconds([&] { life(*Database::OpenInMemory()); }));
  }
  std::printf("create + 20 rows + close: tmpfs p50 %.2f ms, in memory p50 %.2f ms\n",
              Median(tmpfs) * 1e3, Median(memory) * 1e3);
}

}  // namespace

int main() {
  MeasureSmall();
  MeasureOpen(1'000'000);
  MeasureManyFiles();
}
