// A process that ends with a database open, in the way that its argument names. Started by
// process_walk_test.cc, which expects no crash, and every acknowledged row.
//
//   walks_end_of_process global|pointer|exit|quick DIRECTORY
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

#include "vecdb/vecdb.h"

using namespace vecdb;

namespace {

// Destroyed after main(), the handle last: it outlives its database.
std::optional<Collection> handle;
std::optional<Database> owned;
// Never destroyed.
Database* leaked = nullptr;
Collection* leaked_handle = nullptr;

Schema PointSchema() {
  return *SchemaBuilder().PrimaryKey("id").Vector("v", 2, Metric::kL2).Build();
}

Status Insert(Collection& points, std::int64_t id) {
  Batch batch(points.schema());
  batch.Add({{"id", id}, {"v", std::vector<float>{1, 2}}}).OrDie();
  return points.Insert(batch).status();
}

void LeakedWithOneRow(const std::string& directory) {
  leaked = new Database(*Database::Open(directory));
  leaked_handle = new Collection(*leaked->CreateCollection("points", PointSchema()));
  Insert(*leaked_handle, 1).OrDie();
}

// Leaves main() to a thread that writes and reads for as long as there is a process.
void KeepBusy() {
  static std::atomic<int> rounds{0};
  std::thread([] {
    for (std::int64_t id = 2;; ++id) {
      if (!Insert(*leaked_handle, id).ok() || !leaked_handle->Count().ok()) std::abort();
      ++rounds;
    }
  }).detach();
  while (rounds < 20) std::this_thread::yield();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 64;
  const std::string way = arguments[1];
  const std::string directory = arguments[2];
  if (way == "global") {
    owned.emplace(*Database::Open(directory));
    handle.emplace(*owned->CreateCollection("points", PointSchema()));
    Insert(*handle, 1).OrDie();
    return 0;
  }
  LeakedWithOneRow(directory);
  if (way == "pointer") return 0;
  KeepBusy();
  if (way == "exit") std::exit(0);
  if (way == "quick") std::quick_exit(0);
  return 64;
}
