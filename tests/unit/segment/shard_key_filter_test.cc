#include "segment/shard_key_filter.h"

#include <algorithm>
#include <random>
#include <thread>

#include "segment/view.h"
#include "support/catch.h"
#include "unit/segment/growing_rows.h"

namespace vecdb::segment {
namespace {

using Keys = std::vector<std::int64_t>;

// Growing segments that take no more rows stand for sealed ones: the filter reads keys only.
class Shard {
 public:
  std::shared_ptr<GrowingSegment> Add(const Keys& keys) {
    const auto segment = NewSegment(schema_, next_id_++);
    segment->Append(NumberedRows(schema_, keys), Timestamp{segment->id()}, 1, 1);
    segments_.push_back(segment);
    return segment;
  }
  std::shared_ptr<const View> MakeView() const {
    return std::make_shared<const View>(
        schema_, std::vector<std::shared_ptr<Segment>>(segments_.begin(), segments_.end()));
  }
  ShardKeyFilter::Segments First(std::size_t count) const {
    return {segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(count)};
  }
  ShardKeyFilter::Segments All() const { return First(segments_.size()); }
  const Schema& schema() const { return schema_; }

 private:
  const Schema schema_ = NumberedSchema();
  SegmentId next_id_ = 1;
  std::vector<std::shared_ptr<GrowingSegment>> segments_;
};

// A segment whose files cannot be read.
class UnreadableSegment final : public Segment {
 public:
  UnreadableSegment(SegmentId id, const Schema& schema)
      : Segment(id, 0, kDefaultPartition, schema, std::make_shared<Tombstones>()) {}
  bool sealed() const override { return true; }
  RowIndex rows() const override { return 10; }
  Result<RowIndex> RowsAt(Timestamp) const override { return Damage(); }
  Result<Timestamp> TimestampOf(RowIndex) const override { return Damage(); }
  Result<chunk::ColumnView> Read(std::uint32_t, RowIndex, RowIndex,
                                 const base::Deadline&) const override {
    return Damage();
  }
  Result<chunk::ColumnView> ReadTimestamps(RowIndex, RowIndex) const override { return Damage(); }
  Status FindKey(chunk::KeyView, std::uint64_t, std::vector<RowIndex>*) const override {
    return Damage();
  }
  Status MayContain(std::span<const std::uint64_t>, std::uint8_t*) const override {
    return Damage();
  }
  std::uint64_t memory_bytes() const override { return 0; }
  std::uint64_t disk_bytes() const override { return 0; }

 private:
  static Status Damage() { return Status(StatusCode::kCorruption, "unreadable"); }
};

const std::atomic<bool> kGoOn{false};

bool Includes(const ShardKeyFilter& filter, SegmentId id) {
  const auto known = filter.Pin();
  return known != nullptr && known->Includes(id);
}

bool SamePlaces(const std::vector<View::Place>& a, const std::vector<View::Place>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.segment == y.segment && x.row == y.row;
  });
}

TEST_CASE("a lone segment gets no second filter; two do, and more are added as they come",
          "[key_filter]") {
  Shard shard;
  ShardKeyFilter filter;
  shard.Add(KeysFrom(0, 100));
  CHECK_FALSE(filter.IsBehind(shard.All()));
  REQUIRE(filter.Add(shard.All(), true, kGoOn).ok());
  CHECK(filter.Pin() == nullptr);
  CHECK(filter.memory_bytes() == 0);

  shard.Add(KeysFrom(100, 100));
  CHECK(filter.IsBehind(shard.All()));
  REQUIRE(filter.Add(shard.All(), false, kGoOn).ok());  // nothing to add to
  CHECK(filter.Pin() == nullptr);
  REQUIRE(filter.Add(shard.All(), true, kGoOn).ok());
  CHECK(Includes(filter, 1));
  CHECK(Includes(filter, 2));
  CHECK_FALSE(Includes(filter, 3));
  CHECK(filter.memory_bytes() > 0);

  shard.Add(KeysFrom(200, 100));
  CHECK(filter.IsBehind(shard.All()));
  REQUIRE(filter.Add(shard.All(), false, kGoOn).ok());
  CHECK(Includes(filter, 3));
  CHECK_FALSE(filter.IsBehind(shard.All()));
}

TEST_CASE(
    "a filter grows when it may, forgets segments that are gone, and keeps its size in bounds",
    "[key_filter]") {
  Shard shard;
  ShardKeyFilter filter;
  shard.Add(KeysFrom(0, 4000));
  shard.Add(KeysFrom(4000, 4000));
  REQUIRE(filter.Add(shard.All(), true, kGoOn).ok());
  const std::uint64_t small = filter.memory_bytes();
  CHECK(small >= 2 * 8000);
  CHECK(small <= 3 * 8000 + 1000);
  shard.Add(KeysFrom(8000, 6000));
  REQUIRE(filter.Add(shard.All(), false, kGoOn).ok());
  CHECK_FALSE(Includes(filter, 3));
  CHECK(filter.memory_bytes() == small);

  ShardKeyFilter::Segments left = shard.All();
  left.erase(left.begin());
  REQUIRE(filter.Add(left, true, kGoOn).ok());
  CHECK_FALSE(Includes(filter, 1));
  CHECK(Includes(filter, 2));
  CHECK(Includes(filter, 3));
  CHECK(filter.memory_bytes() <= 3 * 10'000 + 1000);
}

TEST_CASE("what segments were merged into is included without a look, if all of them were",
          "[key_filter]") {
  Shard shard;
  ShardKeyFilter filter;
  const std::vector<SegmentId> both = {1, 2};
  const std::vector<SegmentId> merged = {9};
  filter.Replace(both, merged);  // nothing is known yet
  CHECK(filter.Pin() == nullptr);
  for (std::int64_t first = 0; first < 300; first += 100) shard.Add(KeysFrom(first, 100));
  REQUIRE(filter.Add(shard.First(2), true, kGoOn).ok());
  const std::vector<SegmentId> with_unknown = {2, 3};
  const bool known = GENERATE(true, false);
  filter.Replace(known ? both : with_unknown, merged);
  CHECK(Includes(filter, 9) == known);
  CHECK(Includes(filter, 1) != known);
  CHECK_FALSE(Includes(filter, 2));
  const Keys keys = KeysFrom(0, 200);
  std::vector<std::uint64_t> hashes;
  for (const std::int64_t key : keys) hashes.push_back(chunk::HashKey(key));
  std::vector<std::uint8_t> may(hashes.size());
  filter.Pin()->MayContain(hashes, may.data());
  CHECK(std::count(may.begin(), may.end(), 0) == 0);
}

TEST_CASE("a segment that cannot be read is left out, and a stop leaves the filter as it was",
          "[key_filter]") {
  Shard shard;
  ShardKeyFilter filter;
  shard.Add(KeysFrom(0, 10));
  shard.Add(KeysFrom(10, 10));
  const std::atomic<bool> stop{true};
  REQUIRE(filter.Add(shard.All(), true, stop).ok());
  CHECK(filter.Pin() == nullptr);

  ShardKeyFilter::Segments some = shard.All();
  some.insert(some.begin() + 1, std::make_shared<UnreadableSegment>(9, shard.schema()));
  CHECK(filter.Add(some, true, kGoOn).code() == StatusCode::kCorruption);
  CHECK(Includes(filter, 1));
  CHECK(Includes(filter, 2));
  CHECK_FALSE(Includes(filter, 9));
  CHECK(filter.IsBehind(some));
}

TEST_CASE("keys of text are filtered too", "[key_filter]") {
  const Schema schema =
      *SchemaBuilder().PrimaryKey("id", DataType::kVarChar).Vector("v", 2, Metric::kL2).Build();
  ShardKeyFilter filter;
  std::vector<std::shared_ptr<Segment>> segments;
  for (SegmentId id = 1; id <= 3; ++id) {
    const auto segment = NewSegment(schema, id);
    chunk::Chunk rows = chunk::Chunk::For(schema);
    rows.rows = 100;
    const std::vector<float> vector{1, 2};
    for (std::size_t i = 0; i < rows.rows; ++i) {
      rows.columns[0].AppendText("key " + std::to_string(id) + "." + std::to_string(i));
      rows.columns[1].AppendFixed(std::as_bytes(std::span(vector)), 1);
    }
    segment->Append(rows, Timestamp{id}, 1, 1);
    segments.push_back(segment);
  }
  const View view(schema, segments);
  REQUIRE(filter.Add({segments.begin(), segments.end()}, true, kGoOn).ok());
  const std::vector<std::string_view> keys{"key 4.1", "key 1.100", "key 2.7", "key 3.99"};
  CHECK(*view.ContainsKeys(0, std::span<const std::string_view>(keys), &filter) == 2u);
  CHECK(view.FindLive(0, std::span<const std::string_view>(keys), Timestamp{9}, &filter)->size() ==
        2);
}

TEST_CASE("with a filter or without, whatever it includes, the answers are the same",
          "[key_filter]") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 30; ++round) {
    Shard shard;
    ShardKeyFilter filter;
    const std::size_t count = 2 + random() % 8;
    for (std::size_t i = 0; i < count; ++i) {
      Keys keys(1 + random() % 300);
      for (std::int64_t& key : keys) key = static_cast<std::int64_t>(random() % 4000);
      shard.Add(keys);
    }
    REQUIRE(filter.Add(shard.First(2 + random() % (count - 1)), true, kGoOn).ok());
    const auto view = shard.MakeView();
    for (int write = 0; write < 20; ++write) {
      Keys keys(random() % 200);
      for (std::int64_t& key : keys) key = static_cast<std::int64_t>(random() % 8000);
      const chunk::KeySpan asked = std::span<const std::int64_t>(keys);
      REQUIRE(*view->ContainsKeys(0, asked, &filter) == *view->ContainsKeys(0, asked));
      const Timestamp before{1 + random() % (count + 1)};
      REQUIRE(SamePlaces(*view->FindLive(0, asked, before, &filter),
                         *view->FindLive(0, asked, before)));
      if (write % 4 == 3) REQUIRE(view->MarkDeleted(0, asked, Timestamp{100}, 1).ok());
    }
  }
}

TEST_CASE("no key is missed while segments are handed off and filters grow",
          "[key_filter][threads]") {
  constexpr std::size_t kSegments = 60;
  constexpr std::size_t kRows = 300;
  Shard shard;
  for (std::size_t i = 0; i < kSegments; ++i) {
    shard.Add(KeysFrom(static_cast<std::int64_t>(i * kRows), kRows));
  }
  const auto view = shard.MakeView();
  ShardKeyFilter filter;
  std::atomic<bool> done{false};
  std::atomic<std::size_t> missed{0};
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 2; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937_64 random(seed);
      while (!done) {
        Keys keys(50);
        for (std::int64_t& key : keys) {
          key = static_cast<std::int64_t>(random() % (kSegments * kRows));
        }
        const chunk::KeySpan asked = std::span<const std::int64_t>(keys);
        const auto found = view->FindLive(0, asked, Timestamp{1000}, &filter);
        if (!found.ok() || found->size() != keys.size()) ++missed;
        const auto taken = view->ContainsKeys(0, asked, &filter);
        if (!taken.ok() || *taken != 0u) ++missed;
      }
    });
  }
  threads.emplace_back([&] {  // a second thread that would add: one of the two does nothing
    while (!done) (void)filter.Add(shard.First(2), false, kGoOn);
  });
  for (std::size_t count = 2; count <= kSegments;) {
    if (!filter.Add(shard.First(count), true, kGoOn).ok()) break;
    if (!filter.IsBehind(shard.First(count))) ++count;
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(filter.IsBehind(shard.All()));
  CHECK(missed == 0);
}

}  // namespace
}  // namespace vecdb::segment
