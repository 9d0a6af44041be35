// Many rows, fast: whole columns, large batches, keys known to be new, one sync at the end.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>

#include <vecdb/vecdb.h>

using namespace vecdb;

namespace {

constexpr std::int64_t kRows = 20'000;  // of this example; there is no limit
constexpr std::int64_t kRowsPerBatch = 2000;
constexpr std::size_t kDimension = 64;

// A vector that tells its row: the same for `number` always.
void AppendVector(std::int64_t number, std::vector<float>* vectors) {
  auto state = static_cast<std::uint32_t>(number) + 1;
  for (std::size_t i = 0; i < kDimension; ++i) {
    state = state * 1664525 + 1013904223;
    vectors->push_back(static_cast<float>(state >> 8) / 16777216.0F - 0.5F);
  }
}

void Load(Collection points) {
  Batch batch(points.schema());
  for (std::int64_t first = 0; first < kRows; first += kRowsPerBatch) {
    std::vector<std::int64_t> numbers(kRowsPerBatch);
    std::iota(numbers.begin(), numbers.end(), first);
    std::vector<float> vectors;
    for (const std::int64_t number : numbers) AppendVector(number, &vectors);

    batch.Clear();  // keeps its memory
    batch.AddColumn("number", numbers).OrDie();
    batch.AddVectors("place", vectors).OrDie();
    points.Insert(batch).status().OrDie();
  }
}

bool FindsItself(const Collection& points, std::int64_t number) {
  std::vector<float> place;
  AppendVector(number, &place);
  const Hits hits = *points.Search({.query = place, .limit = 1});
  return hits.size() == 1 && hits[0].key == Key{number} && hits[0].score == 0;
}

}  // namespace

int main() {
  // What is loaded can be loaded again, so nothing is synced before Flush(), and the keys are not
  // looked up: they are new because we made them.
  Database db = *Database::Open("points.vecdb", {.durability = Durability::kFlushOnly});
  const Schema schema =
      *SchemaBuilder().PrimaryKey("number").Vector("place", kDimension, Metric::kL2).Build();
  const Status dropped = db.DropCollection("points");  // of the last call
  if (dropped.code() != StatusCode::kNotFound) dropped.OrDie();
  Collection points = *db.CreateCollection("points", schema, {.check_keys = false});

  const auto start = std::chrono::steady_clock::now();
  Load(points);
  db.Flush().OrDie();  // from here on the rows survive a power cut
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("%lld rows of %zu dimensions in %.2f s, %.0f rows/s, safe on disk\n",
              static_cast<long long>(kRows), kDimension, seconds.count(),
              static_cast<double>(kRows) / seconds.count());

  if (*points.Count() != kRows) return 1;
  for (const std::int64_t number : {std::int64_t{0}, kRows / 2, kRows - 1}) {
    if (!FindsItself(points, number)) return 1;
  }
  return 0;
}
