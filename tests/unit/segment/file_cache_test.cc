#include "segment/file_cache.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "unit/segment/sealed_sample.h"

namespace vecdb::segment {
namespace {

using vecdb_test::AppendSampleValue;
using vecdb_test::Must;
using vecdb_test::SameRows;
using vecdb_test::SampleFolder;
using vecdb_test::SampleSchema;
using vecdb_test::SampleSegment;

constexpr std::size_t kRows = 4000;
constexpr std::uint64_t kFileBytes = 20'000;

// A second is over when it has been asked so often.
class LatelyClock final : public base::Clock {
 public:
  static constexpr int kInTime = 8;
  std::uint64_t WallMilliseconds() const override { return 0; }
  std::chrono::steady_clock::time_point Now() const override {
    return std::chrono::steady_clock::time_point(std::chrono::seconds(++looks_ > kInTime ? 2 : 1));
  }
  int looks() const { return looks_; }

 private:
  mutable std::atomic<int> looks_{0};
};

// A sealed segment of many small files, and a cache with room for a few of them.
struct Cached {
  explicit Cached(LoadMode mode, std::uint64_t limit = 100'000) : budget(limit) {
    cache.emplace(folder.fs(), vecdb_test::kTestDatabase, mode, budget);
    budget.SetReclaim([this](std::uint64_t bytes) { return cache->Evict(bytes); });
    record = folder.FlushSmall(*growing, kFileBytes);
  }
  std::shared_ptr<SealedSegment> Open() {
    return Must(SealedSegment::Open(folder.fs(), vecdb_test::kTestDatabase, record, SampleSchema(),
                                    nullptr, Loading(*cache)));
  }
  // The first file of the first field.
  std::string FirstFile() const {
    return io::Join(io::SegmentFolder(record.id), io::ColumnName(0, 0));
  }

  SampleFolder folder;
  base::MemoryBudget budget;
  std::optional<FileCache> cache;
  std::shared_ptr<GrowingSegment> growing = SampleSegment(kRows);
  catalog::SegmentRecord record;
};

TEST_CASE("a segment larger than the budget answers as one that is there as a whole", "[cache]") {
  const LoadMode mode = GENERATE(LoadMode::kMapped, LoadMode::kResident);
  const std::uint64_t limit = mode == LoadMode::kResident ? 200'000 : 100'000;
  Cached cached(mode, limit);
  const std::uint64_t disk = cached.record.size_bytes();
  REQUIRE(disk > 250'000);
  {
    const auto segment = cached.Open();
    for (int round = 0; round < 2; ++round) CHECK(SameRows(*cached.growing, *segment));
    CHECK(segment->VerifyAll().ok());
    CHECK(segment->memory_bytes() >= cached.budget.used());
    if (mode == LoadMode::kResident) {
      CHECK(cached.cache->evictions() > 0);
      CHECK(cached.cache->reloads() > 0);
      CHECK(segment->memory_bytes() < disk);
    } else {
      CHECK(cached.cache->Evict(~std::uint64_t{0}) > 0);
      CHECK(cached.budget.used(base::MemoryAccount::kColumns) == 0);
      CHECK(SameRows(*cached.growing, *segment));
      CHECK(cached.cache->reloads() == cached.cache->evictions());
    }
    CHECK(cached.budget.peak() <= limit);
  }
  CHECK(cached.budget.used() == 0);
}

TEST_CASE("what a reader holds is not closed under it", "[cache]") {
  Cached cached(LoadMode::kResident, 1'000'000);
  const auto segment = cached.Open();
  const std::uint32_t shelf = 9;
  REQUIRE(segment->schema().fields()[shelf].name == "shelf");
  const auto vectors = Must(segment->Read(0, 0, 10));
  const auto shelves = Must(segment->Read(shelf, 0, 10));
  const std::uint64_t held = cached.budget.used(base::MemoryAccount::kColumns);
  const std::uint64_t given = cached.cache->Evict(~std::uint64_t{0});
  CHECK(given > 0);
  CHECK(cached.budget.used(base::MemoryAccount::kColumns) == held - given);
  CHECK(given < held);
  const auto expected = Must(cached.growing->Read(0, 0, 10));
  CHECK(std::equal(vectors.Vector(3).begin(), vectors.Vector(3).end(), expected.Vector(3).begin()));
  CHECK(shelves.As<std::string_view>()[7] == "shelf 7");
}

TEST_CASE("the file that was read longest ago is closed first", "[cache]") {
  Cached cached(LoadMode::kResident, 1'000'000);
  const auto segment = cached.Open();
  (void)cached.cache->Evict(~std::uint64_t{0});
  const auto read = [&](std::uint32_t field) { Must(segment->Read(field, 0, 1)); };
  for (const std::uint32_t field : {0u, 2u, 3u}) read(field);
  read(0);  // longer ago than the others was when it was opened
  const std::uint64_t reloads = cached.cache->reloads();
  CHECK(reloads == 3);
  CHECK(cached.cache->Evict(1) > 0);
  read(0);
  read(3);
  CHECK(cached.cache->reloads() == reloads);
  read(2);
  CHECK(cached.cache->reloads() == reloads + 1);
}

TEST_CASE("a read waits for memory that others hold no longer than its deadline allows",
          "[cache]") {
  Cached cached(LoadMode::kResident);
  const auto segment = cached.Open();
  cached.cache->Evict(~std::uint64_t{0});
  base::MemoryBudget& budget = cached.budget;
  auto others = budget.TryReserve(base::MemoryAccount::kReads, budget.limit() - budget.used());
  REQUIRE(others);

  const LatelyClock clock;
  const base::Deadline late(clock, std::chrono::milliseconds(10), {});
  const auto ends = [&] {
    return segment->Read(0, 0, 1, late).status().code() == StatusCode::kDeadlineExceeded;
  };
  // One of them waits for the memory, the other for the one.
  bool other_ends = false;
  std::thread other([&] { other_ends = ends(); });
  CHECK(ends());
  other.join();
  CHECK(other_ends);
  CHECK(clock.looks() >= LatelyClock::kInTime);

  others.reset();
  CHECK(segment->Read(0, 0, 1).ok());
}

TEST_CASE("a file that is damaged or gone after it was closed is an error and no answer",
          "[cache]") {
  const LoadMode mode = GENERATE(LoadMode::kMapped, LoadMode::kResident);
  Cached cached(mode, 1'000'000);
  const auto segment = cached.Open();
  (void)cached.cache->Evict(~std::uint64_t{0});
  const std::string path = cached.FirstFile();
  const auto damage = [&] {
    auto file = Must(cached.folder.fs().Open(path, io::OpenMode::kReadWrite));
    std::byte one{};
    Must(file->ReadAt(100, {&one, 1}));
    one ^= std::byte{1};
    Must(file->WriteAt(100, {&one, 1}));
  };
  damage();
  CHECK(segment->Read(0, 0, 1).status().code() == StatusCode::kCorruption);
  damage();  // and back
  (void)cached.cache->Evict(~std::uint64_t{0});
  CHECK(segment->Read(0, 0, 1).ok());
  (void)cached.cache->Evict(~std::uint64_t{0});
  Must(cached.folder.fs().RemoveFile(path));
  const Status gone = segment->Read(0, 0, 1).status();
  CHECK(gone.code() == StatusCode::kCorruption);
  CHECK(gone.message().find("missing") != std::string_view::npos);
}

TEST_CASE("damage is found by opening also where there is no room to keep the file", "[cache]") {
  Cached cached(LoadMode::kResident, 1000);
  auto file = Must(cached.folder.fs().Open(cached.FirstFile(), io::OpenMode::kReadWrite));
  CHECK(cached.Open() != nullptr);
  std::byte one{};
  Must(file->ReadAt(9000, {&one, 1}));
  one ^= std::byte{4};
  Must(file->WriteAt(9000, {&one, 1}));
  const auto opened =
      SealedSegment::Open(cached.folder.fs(), vecdb_test::kTestDatabase, cached.record,
                          SampleSchema(), nullptr, Loading(*cached.cache));
  CHECK(opened.status().code() == StatusCode::kCorruption);
}

TEST_CASE("readers and evictions on many threads agree about every value", "[cache]") {
  Cached cached(GENERATE(LoadMode::kMapped, LoadMode::kResident), 400'000);
  const auto segment = cached.Open();
  std::atomic<bool> done{false};
  std::thread evicting([&] {
    while (!done) {
      (void)cached.cache->Evict(50'000);
      std::this_thread::yield();
    }
  });
  std::atomic<int> same{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&, i] {
      if (SameRows(*cached.growing, *segment, static_cast<RowIndex>(100 + 37 * i))) ++same;
    });
  }
  for (std::thread& reader : readers) reader.join();
  done = true;
  evicting.join();
  CHECK(same == 3);
}

}  // namespace
}  // namespace vecdb::segment
