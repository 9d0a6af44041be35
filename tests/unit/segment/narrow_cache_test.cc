#include "segment/narrow_cache.h"

#include <limits>
#include <thread>
#include <utility>

#include "unit/segment/sealed_sample.h"

namespace vecdb::segment {
namespace {

using vecdb_test::Must;
using vecdb_test::SampleFolder;
using vecdb_test::SampleSchema;
using vecdb_test::SampleSegment;

constexpr std::size_t kRows = 4000;

// Fields of the sample.
constexpr std::uint32_t kKey = 1;     // -100 to 896
constexpr std::uint32_t kTiny = 3;    // eight bits as it is
constexpr std::uint32_t kSmall = 4;   // any bits
constexpr std::uint32_t kMedium = 5;  // any bits
constexpr std::uint64_t kKeyBytes = kRows * 2;

struct Sample {
  explicit Sample(std::uint64_t share = 1 << 20, std::uint64_t limit = 0)
      : budget(limit), cache(share, budget) {}
  std::shared_ptr<SealedSegment> Open() {
    Loading loading(LoadMode::kMapped);
    loading.narrow = &cache;
    return Must(SealedSegment::Open(folder.fs(), vecdb_test::kTestDatabase, record, SampleSchema(),
                                    nullptr, loading));
  }

  base::MemoryBudget budget;
  NarrowCache cache;
  SampleFolder folder;
  catalog::SegmentRecord record = folder.Flush(*SampleSegment(kRows));
};

std::shared_ptr<const NarrowColumn> Find(const SealedSegment& segment, std::uint32_t field,
                                         int times = 1) {
  std::shared_ptr<const NarrowColumn> found;
  for (int i = 0; i < times; ++i) found = segment.narrow()->Find(segment, field, base::Deadline());
  return found;
}

TEST_CASE("the second who asks for a narrow copy makes it", "[narrow]") {
  Sample sample;
  const auto segment = sample.Open();
  const std::uint64_t before = segment->memory_bytes();
  CHECK(Find(*segment, kKey) == nullptr);
  CHECK(sample.cache.bytes() == 0);
  const auto keys = Find(*segment, kKey);
  REQUIRE(keys != nullptr);
  CHECK(keys->width() == 2);
  CHECK(keys->least() == -100);
  CHECK(keys->most() == 896);
  CHECK(keys->known() == nullptr);
  CHECK(keys->Narrowed(-100) == std::numeric_limits<std::int16_t>::min());
  const auto* values = reinterpret_cast<const std::int16_t*>(keys->values());
  for (std::size_t row = 0; row < kRows; ++row) {
    CHECK(values[row] == keys->Narrowed(vecdb_test::SampleKey(row)));
  }
  CHECK(Find(*segment, kKey) == keys);
  CHECK(keys->memory_bytes() >= kKeyBytes);
  CHECK(sample.cache.bytes() == keys->memory_bytes());
  CHECK(sample.budget.used(base::MemoryAccount::kColumns) == keys->memory_bytes());
  CHECK(segment->memory_bytes() == before + keys->memory_bytes());
}

TEST_CASE("values too far apart for fewer bytes have no copy", "[narrow]") {
  Sample sample;
  const auto segment = sample.Open();
  for (const std::uint32_t field : {0U, 2U, kTiny, kSmall, kMedium, 6U, 7U, 8U}) {
    CHECK(Find(*segment, field, 200) == nullptr);
  }
  CHECK(sample.cache.bytes() == 0);
}

TEST_CASE("all forms of a segment have the same copies, and the last takes them along",
          "[narrow]") {
  Sample sample;
  auto segment = sample.Open();
  const NarrowColumn* keys = Find(*segment, kKey, 2).get();
  REQUIRE(keys != nullptr);
  auto other = segment->WithParts(nullptr);
  CHECK(Find(*other, kKey).get() == keys);
  auto released = segment->WithoutColumns();
  CHECK(released->narrow() == nullptr);
  segment.reset();
  CHECK(sample.cache.bytes() > 0);
  other.reset();
  CHECK(sample.cache.bytes() == 0);
  CHECK(sample.budget.used() == 0);
}

TEST_CASE("copies are let go of where room is wanted, but for those that somebody reads",
          "[narrow]") {
  Sample sample;
  const auto one = sample.Open();
  const auto other = sample.Open();
  auto held = Find(*one, kKey, 2);
  REQUIRE(Find(*other, kKey, 2) != nullptr);
  CHECK(sample.cache.Evict(1) >= kKeyBytes);  // the one that nobody holds
  CHECK(sample.cache.bytes() == held->memory_bytes());
  CHECK(sample.cache.Evict(1) == 0);
  CHECK(Find(*one, kKey) == held);
  held.reset();
  CHECK(sample.cache.Evict(1) >= kKeyBytes);
  CHECK(sample.budget.used() == 0);
  CHECK(Find(*one, kKey) == nullptr);       // not at once
  CHECK(Find(*one, kKey, 100) != nullptr);  // but when it is asked for again and again
}

TEST_CASE("the copy that was used longest ago goes first", "[narrow]") {
  Sample sample;
  const auto one = sample.Open();
  const auto other = sample.Open();
  CHECK(Find(*one, kKey, 2) != nullptr);
  CHECK(Find(*other, kKey, 2) != nullptr);
  CHECK(Find(*one, kKey) != nullptr);
  CHECK(sample.cache.Evict(1) > 0);
  CHECK(Find(*one, kKey) != nullptr);
  CHECK(Find(*other, kKey) == nullptr);
}

TEST_CASE("without room there is no copy, and later there may be one", "[narrow]") {
  Sample sample(1 << 20, 100'000);
  const auto segment = sample.Open();
  auto others = sample.budget.Take(base::MemoryAccount::kReads, 99'000);
  CHECK(Find(*segment, kKey, 50) == nullptr);
  CHECK(sample.budget.used() == 99'000);
  CHECK(sample.cache.bytes() == 0);
  others = {};
  CHECK(Find(*segment, kKey, 50) != nullptr);
}

TEST_CASE("copies that nobody uses any more make room for others within their share", "[narrow]") {
  Sample sample(kKeyBytes + 2000);
  const auto one = sample.Open();
  const auto other = sample.Open();
  CHECK(Find(*one, kKey, 2) != nullptr);
  CHECK(Find(*other, kKey, 1000) == nullptr);
  CHECK(Find(*one, kKey) != nullptr);
  CHECK(Find(*other, kKey, 5000) != nullptr);
  CHECK(Find(*one, kKey) == nullptr);
  CHECK(sample.cache.bytes() <= kKeyBytes + 2000);
}

TEST_CASE("a segment that cannot be read has no copy", "[narrow]") {
  constexpr std::uint64_t kInside = 5000;  // of the keys
  Sample sample;
  const std::string path = io::Join(io::SegmentFolder(sample.record.id), io::KeysName(0));
  auto file = Must(sample.folder.fs().Open(path, io::OpenMode::kReadWrite));
  std::byte byte{};
  Must(file->ReadAt(kInside, {&byte, 1}));
  byte ^= std::byte{1};
  Must(file->WriteAt(kInside, {&byte, 1}));
  const auto segment = sample.Open();
  CHECK(Find(*segment, kKey, 200) == nullptr);
  CHECK(sample.cache.bytes() == 0);
  CHECK(sample.budget.used() == 0);
}

TEST_CASE("those who come while a copy is made do not wait for it", "[narrow]") {
  Sample sample;
  const auto segment = sample.Open();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { (void)Find(*segment, kKey, 20); });
  }
  for (std::thread& thread : threads) thread.join();
  const auto keys = Find(*segment, kKey);
  REQUIRE(keys != nullptr);
  CHECK(sample.cache.bytes() == keys->memory_bytes());
}

}  // namespace
}  // namespace vecdb::segment
