// How long does a call go on after it was told to stop, or after its time is up? And what does a
// limit cost a search?
//
// Long exact scans, one after the other; another thread stops each somewhere in its middle, or its
// timeout ends there.
#include <atomic>
#include <stop_token>
#include <thread>

#include "bench.h"

using namespace vecdb;
using namespace vecdb::bench;

namespace {

void MeasureStops(const Collection& collection, const float* query, std::uint32_t dimension) {
  const SearchRequest whole{.query = std::span(query, dimension), .limit = 10};
  const double length = Seconds([&] { collection.Search(whole).status().OrDie(); });
  std::vector<double> after;
  std::size_t late = 0;
  for (int round = 0; round < 500; ++round) {
    std::stop_source source;
    std::atomic<double> stopped{0};
    SearchRequest request = whole;
    request.read.stop = source.get_token();
    std::thread other([&] {
      Sleep(length * (round % 50 + 1) / 60);
      stopped = Now();
      source.request_stop();
    });
    const Status ended = collection.Search(request).status();
    const double now = Now();
    other.join();
    if (ended.code() == StatusCode::kCancelled) {
      after.push_back(now - stopped);
    } else {
      ++late;
    }
  }
  std::printf(
      "a scan of %.1f ms that is stopped returns after p50 %.3f ms, p99 %.3f ms, at most "
      "%.3f ms (%zu stopped, %zu had ended)\n",
      length * 1e3, Median(after) * 1e3, Percentile(after, 0.99) * 1e3, Percentile(after, 1) * 1e3,
      after.size(), late);
}

void MeasureDeadlines(const Collection& collection, const float* query, std::uint32_t dimension) {
  SearchRequest request{.query = std::span(query, dimension), .limit = 10};
  const double length = Seconds([&] { collection.Search(request).status().OrDie(); });
  const auto most = std::max<std::int64_t>(1, static_cast<std::int64_t>(length * 1e3));
  std::vector<double> after;
  std::size_t in_time = 0;
  for (std::int64_t round = 0; round < 500; ++round) {
    request.read.timeout = std::chrono::milliseconds(1 + round % most);
    const double until = Now() + std::chrono::duration<double>(request.read.timeout).count();
    const Status ended = collection.Search(request).status();
    if (ended.code() == StatusCode::kDeadlineExceeded) {
      after.push_back(Now() - until);
    } else {
      ++in_time;
    }
  }
  std::printf(
      "the same scan with a timeout returns after it by p50 %.3f ms, p99 %.3f ms, at most %.3f ms "
      "(%zu ended by it, %zu were in time)\n",
      Median(after) * 1e3, Percentile(after, 0.99) * 1e3, Percentile(after, 1) * 1e3, after.size(),
      in_time);
}

void MeasureCost(const Collection& collection, const float* query, std::uint32_t dimension) {
  std::vector<double> plain;
  std::vector<double> limited;
  for (int round = 0; round < 41; ++round) {
    SearchRequest request{.query = std::span(query, dimension), .limit = 10};
    plain.push_back(Seconds([&] { collection.Search(request).status().OrDie(); }));
    request.read.timeout = std::chrono::hours(1);
    limited.push_back(Seconds([&] { collection.Search(request).status().OrDie(); }));
  }
  std::printf("a scan without a limit takes %.3f ms, with one %.3f ms\n", Median(plain) * 1e3,
              Median(limited) * 1e3);
}

}  // namespace

int main() {
  const Vectors base = Load("dsift-128-base", 1'000'000, 128);
  Folder folder;
  Database db = *Database::Open(folder.path(), {.durability = Durability::kFlushOnly});
  Collection collection = *db.CreateCollection("c", VectorSchema(base.dimension));
  InsertAll(base, collection, 1000);
  collection.Flush().OrDie();
  MeasureCost(collection, base.row(0), base.dimension);
  MeasureStops(collection, base.row(0), base.dimension);
  MeasureDeadlines(collection, base.row(0), base.dimension);
  db.Close().OrDie();
}
