#include "segment/view.h"

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "base/canary.h"
#include "base/timestamp_oracle.h"
#include "support/catch.h"
#include "unit/segment/growing_rows.h"

namespace vecdb::segment {
namespace {

std::shared_ptr<const View> ViewOf(const Schema& schema,
                                   std::vector<std::shared_ptr<Segment>> segments) {
  return std::make_shared<const View>(schema, std::move(segments));
}

using Keys = std::vector<std::int64_t>;

chunk::KeySpan Span(const Keys& keys) {
  return std::span<const std::int64_t>(keys);
}

// The keys visible at t, with how many rows each has.
std::map<std::int64_t, int> VisibleKeys(const Segment& segment, Timestamp t) {
  std::map<std::int64_t, int> keys;
  const VisibleRows visible = *VisibleRowsAt(segment, t);
  for (RowIndex row = 0; row < visible.rows; ++row) {
    const auto* deleted = visible.deleted.get();
    if (deleted != nullptr && row < deleted->size() && deleted->Test(row)) continue;
    ++keys[(*segment.Read(kKeyField, row, 1)).As<std::int64_t>()[0]];
  }
  return keys;
}

TEST_CASE("a view has parts: the segments of some partitions, and those of all but one", "[view]") {
  const Schema schema = NumberedSchema();
  const auto segment = [&](SegmentId id, PartitionId partition) {
    return GrowingSegment::Create(id, 0, partition, 1, schema);
  };
  const auto view =
      ViewOf(schema, {segment(1, kDefaultPartition), segment(2, 7), segment(3, 9), segment(4, 7)});
  const auto ids = [](const View& part) {
    std::vector<SegmentId> found;
    for (const auto& one : part.segments()) found.push_back(one->id());
    return found;
  };
  using Ids = std::vector<SegmentId>;
  CHECK(ids(*view->InPartitions(std::vector<PartitionId>{7})) == Ids{2, 4});
  CHECK(ids(*view->InPartitions(std::vector<PartitionId>{0, 9})) == Ids{1, 3});
  CHECK(ids(*view->InPartitions(std::vector<PartitionId>{5})) == Ids{});
  CHECK(ids(*view->WithoutPartition(7)) == Ids{1, 3});
  CHECK(ids(*view->WithoutPartition(5)) == Ids{1, 2, 3, 4});
  CHECK(view->segments().size() == 4);
}

TEST_CASE("a compacted view has one segment in the place of several, and begins later", "[view]") {
  const Schema schema = NumberedSchema();
  const auto segment = [&](SegmentId id) {
    return GrowingSegment::Create(id, 0, kDefaultPartition, 1, schema);
  };
  const auto view = ViewOf(schema, {segment(1), segment(2), segment(3), segment(4)});
  CHECK(view->readable_from() == Timestamp{0});
  const auto ids = [](const View& of) {
    std::vector<SegmentId> found;
    for (const auto& one : of.segments()) found.push_back(one->id());
    return found;
  };
  using Ids = std::vector<SegmentId>;
  const Ids inputs = {1, 3};
  const auto merged = view->Compacted(inputs, {segment(9)}, Timestamp{70});
  CHECK(ids(*merged) == Ids{2, 4, 9});
  CHECK(merged->readable_from() == Timestamp{70});
  CHECK(ids(*view->Compacted(inputs, {}, Timestamp{70})) == Ids{2, 4});
  const Ids again = {4};
  CHECK(merged->Compacted(again, {segment(10)}, Timestamp{60})->readable_from() == Timestamp{70});
  CHECK(merged->With(segment(11))->readable_from() == Timestamp{70});
  CHECK(merged->Replacing(9, segment(9))->readable_from() == Timestamp{70});
  CHECK(merged->WithoutPartition(7)->readable_from() == Timestamp{70});
  const auto later = merged->Compacted(again, {}, Timestamp{80});
  CHECK(later->readable_from() == Timestamp{80});
  REQUIRE(merged->FindSegment(9) != nullptr);
  CHECK((*merged->FindSegment(9))->id() == 9);
  CHECK(merged->FindSegment(3) == nullptr);
  CHECK(merged->FindSegment(99) == nullptr);
}

TEST_CASE("views are copies with one segment more, or another in its place", "[view]") {
  const Schema schema = NumberedSchema();
  const auto empty = ViewOf(schema, {});
  const auto later = empty->With(NewSegment(schema, 5));
  const auto both = later->With(NewSegment(schema, 3));
  CHECK(empty->segments().empty());
  REQUIRE(both->segments().size() == 2);
  CHECK(both->segments()[0]->id() == 3);
  CHECK(both->segments()[1]->id() == 5);
  const auto by = NewSegment(schema, 3);
  const auto replaced = both->Replacing(3, by);
  CHECK(replaced->segments()[0] == by);
  CHECK(both->segments()[0] != by);
  CHECK(replaced->segments()[1] == both->segments()[1]);

  ViewBoard board(empty);
  const auto pinned = board.Pin();
  board.Publish(both);
  CHECK(pinned == empty);
  CHECK(board.Pin() == both);
}

TEST_CASE("rows that have expired are in no way, neither of reads nor of keys", "[view]") {
  const Schema schema = NumberedSchema();
  const auto old = NewSegment(schema, 1, 0);
  const auto young = NewSegment(schema, 2, 0);
  const auto view = ViewOf(schema, {old, young});
  old->Append(NumberedRows(schema, KeysFrom(0, 10)), Timestamp{5}, 1, 1);
  old->Append(NumberedRows(schema, KeysFrom(10, 10)), Timestamp{6}, 2, 2);
  young->Append(NumberedRows(schema, KeysFrom(20, 10)), Timestamp{9}, 3, 3);
  struct Case {
    std::uint64_t alive_from;
    std::size_t first;  // key that lives
  };
  for (const Case& c : {Case{0, 0}, {5, 0}, {6, 10}, {7, 20}, {9, 20}, {10, 30}}) {
    const ReadTime time(Timestamp{9}, Timestamp{c.alive_from});
    const VisibleRows in_old = *VisibleRowsAt(*old, time);
    CHECK(in_old.first == std::min<std::size_t>(c.first, 20));
    CHECK(in_old.rows == 20);
    CHECK(VisibleRowsAt(*young, time)->first == (c.first == 30 ? 10u : 0u));
    for (std::int64_t key = 0; key < 30; ++key) {
      const bool lives = static_cast<std::size_t>(key) >= c.first;
      REQUIRE((*view->Find(key, time)).has_value() == lives);
      Expiry expiry{Timestamp{c.alive_from}};
      REQUIRE(view->ContainsKeys(0, Span({key}), nullptr, &expiry)->has_value() == lives);
      REQUIRE(expiry.met == !lives);
    }
  }
  // A read of the past sees no more than was there.
  const ReadTime past(Timestamp{5}, Timestamp{7});
  CHECK(VisibleRowsAt(*old, past)->first == 10);
  CHECK(VisibleRowsAt(*old, past)->rows == 10);
}

TEST_CASE("the first taken key of a batch is named, among live rows of its shard", "[view]") {
  const Schema schema = NumberedSchema();
  const auto old = NewSegment(schema, 1, 0);
  const auto young = NewSegment(schema, 2, 0);
  const auto other = NewSegment(schema, 3, 1);
  const auto view = ViewOf(schema, {old, young, other});
  CHECK(*view->ContainsKeys(0, Span({1, 2})) == std::nullopt);
  old->Append(NumberedRows(schema, KeysFrom(0, 100)), Timestamp{1}, 1, 1);
  young->Append(NumberedRows(schema, KeysFrom(200, 100)), Timestamp{2}, 1, 1);
  other->Append(NumberedRows(schema, KeysFrom(300, 100)), Timestamp{3}, 1, 1);

  CHECK(*view->ContainsKeys(0, Span({500, 310, 250, 20})) == 2u);
  CHECK(*view->ContainsKeys(0, Span({500, 20, 250})) == 1u);
  CHECK(*view->ContainsKeys(0, Span({310, 500})) == std::nullopt);
  CHECK(*view->ContainsKeys(1, Span({500, 310})) == 1u);
  CHECK(*view->ContainsKeys(0, Span({})) == std::nullopt);

  REQUIRE(view->MarkDeleted(0, Span({20, 250, 310, 500}), Timestamp{4}, 9).ok());
  CHECK(*view->ContainsKeys(0, Span({20, 250})) == std::nullopt);
  CHECK(*view->ContainsKeys(1, Span({310})) == 0u);
  CHECK(old->tombstones().All() == std::vector{Tombstone{20, Timestamp{4}, 9}});
  CHECK(young->tombstones().All() == std::vector{Tombstone{50, Timestamp{4}, 9}});
  CHECK(other->tombstones().empty());
}

TEST_CASE("an upsert hides the old row and shows the new one at the same timestamp", "[view]") {
  const Schema schema = NumberedSchema();
  const auto segment = NewSegment(schema);
  const auto view = ViewOf(schema, {segment});
  segment->Append(NumberedRows(schema, {1, 2, 3}), Timestamp{10}, 1, 1);
  segment->Append(NumberedRows(schema, {2}), Timestamp{20}, 2, 2);
  REQUIRE(view->MarkDeleted(0, Span({2}), Timestamp{20}, 2).ok());
  for (const std::uint64_t t : {10, 19, 20, 30}) {
    CHECK(VisibleKeys(*segment, Timestamp{t}) ==
          std::map<std::int64_t, int>{{1, 1}, {2, 1}, {3, 1}});
    const auto place = *view->Find(std::int64_t{2}, Timestamp{t});
    REQUIRE(place.has_value());
    CHECK(place->row == (t < 20 ? 1 : 3));
  }
  CHECK_FALSE(view->Find(std::int64_t{2}, Timestamp{9})->has_value());
  REQUIRE(view->MarkDeleted(0, Span({2}), Timestamp{21}, 3).ok());
  CHECK((*view->Find(std::int64_t{2}, Timestamp{20}))->row == 3);
  CHECK_FALSE(view->Find(std::int64_t{2}, Timestamp{21})->has_value());
}

TEST_CASE("a delete applied again, or late, hides nothing more", "[view]") {
  const Schema schema = NumberedSchema();
  const auto segment = NewSegment(schema);
  const auto view = ViewOf(schema, {segment});
  segment->Append(NumberedRows(schema, {1}), Timestamp{10}, 1, 1);
  segment->Append(NumberedRows(schema, {1}), Timestamp{30}, 2, 2);
  REQUIRE(view->MarkDeleted(0, Span({1}), Timestamp{20}, 3).ok());
  REQUIRE(view->MarkDeleted(0, Span({1}), Timestamp{20}, 3).ok());
  CHECK(segment->tombstones().All() == std::vector{Tombstone{0, Timestamp{20}, 3}});
  CHECK((*view->Find(std::int64_t{1}, Timestamp{30}))->row == 1);
  CHECK_FALSE(view->Find(std::int64_t{1}, Timestamp{25})->has_value());
}

TEST_CASE("the newest of several live rows of a key wins, whatever segment it is in", "[view]") {
  const Schema schema = NumberedSchema();
  const auto young = NewSegment(schema, 1);
  const auto merged = NewSegment(schema, 2);
  const auto view = ViewOf(schema, {young, merged});
  merged->Append(NumberedRows(schema, {4, 5}), Timestamp{10}, 1, 1);
  young->Append(NumberedRows(schema, {5, 6}), Timestamp{20}, 2, 2);
  const auto now = *view->Find(std::int64_t{5}, Timestamp{20});
  REQUIRE(now.has_value());
  CHECK(now->segment == young.get());
  const auto before = *view->Find(std::int64_t{5}, Timestamp{19});
  REQUIRE(before.has_value());
  CHECK(before->segment == merged.get());
  CHECK(before->row == 1);
}

#if defined(VECDB_TESTING)
TEST_CASE("without the strict comparison an upsert would delete its own row", "[view][canary]") {
  const int canary = GENERATE(18, 23);
  const Schema schema = NumberedSchema();
  const auto segment = NewSegment(schema);
  const auto view = ViewOf(schema, {segment});
  segment->Append(NumberedRows(schema, {2}), Timestamp{20}, 1, 1);
  base::SetCanary(canary);
  const Status marked = view->MarkDeleted(0, Span({2}), Timestamp{20}, 1);
  base::SetCanary(0);
  REQUIRE(marked.ok());
  CHECK(VisibleKeys(*segment, Timestamp{20}).empty());
}
#endif

// Random inserts, upserts and deletes over several segments of two shards, against the rule itself:
// visible at T iff row.ts <= T and no delete d of its key with row.ts < d <= T.
TEST_CASE("at every time the visible rows are those of rule 2", "[view][model]") {
  const unsigned seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  struct Written {
    std::int64_t key;
    std::uint64_t time;
  };
  const Schema schema = NumberedSchema();
  std::mt19937 random(seed);
  std::vector<std::shared_ptr<Segment>> segments;
  std::vector<std::vector<Written>> rows(6);
  std::multimap<std::int64_t, std::uint64_t> deletes;
  for (SegmentId id = 1; id <= 6; ++id) segments.push_back(NewSegment(schema, id, id % 2));
  const auto view = ViewOf(schema, segments);
  std::uint64_t now = 1;
  for (int step = 0; step < 600; ++step, ++now) {
    const ShardId shard = random() % 2;
    Keys keys;  // of this shard: even or odd ones
    for (std::int64_t key = shard; key < 120; key += 2) {
      if (random() % 20 == 0) keys.push_back(key);
    }
    const auto act = random() % 3;
    if (act != 0) {  // an insert without key check, or an upsert
      const std::size_t place = random() % 3 * 2 + (shard == 0 ? 1 : 0);
      const auto target = std::static_pointer_cast<GrowingSegment>(segments[place]);
      REQUIRE(target->shard() == shard);
      target->Append(NumberedRows(schema, keys), Timestamp{now}, now, now);
      for (const std::int64_t key : keys) rows[place].push_back({key, now});
    }
    if (act != 1) {
      REQUIRE(view->MarkDeleted(shard, Span(keys), Timestamp{now}, now).ok());
      for (const std::int64_t key : keys) deletes.emplace(key, now);
    }
  }
  const auto visible = [&](const Written& row, std::uint64_t t) {
    const auto [first, last] = deletes.equal_range(row.key);
    return row.time <= t && std::none_of(first, last, [&](const auto& entry) {
             return row.time < entry.second && entry.second <= t;
           });
  };
  for (int round = 0; round < 60; ++round) {
    const std::uint64_t t = round == 0 ? now : random() % (now + 2);
    std::map<std::int64_t, std::uint64_t> newest;
    for (std::size_t i = 0; i < 6; ++i) {
      std::map<std::int64_t, int> expected;
      for (const Written& row : rows[i]) {
        if (!visible(row, t)) continue;
        ++expected[row.key];
        newest[row.key] = std::max(newest[row.key], row.time);
      }
      REQUIRE(VisibleKeys(*segments[i], Timestamp{t}) == expected);
    }
    for (std::int64_t key = 0; key < 120; ++key) {
      const auto place = *view->Find(key, Timestamp{t});
      REQUIRE(place.has_value() == newest.contains(key));
      if (!place.has_value()) continue;
      REQUIRE(base::Raw(*place->segment->TimestampOf(place->row)) == newest[key]);
      if (t >= now) REQUIRE(*view->ContainsKeys(static_cast<ShardId>(key % 2), Span({key})) == 0u);
    }
  }
}

TEST_CASE("a key that is upserted without pause has one row in every read", "[view][threads]") {
  const Schema schema = NumberedSchema();
  const auto segment = NewSegment(schema);
  const auto view = ViewOf(schema, {segment});
  segment->Append(NumberedRows(schema, {1, 2}), Timestamp{1}, 1, 1);
  std::atomic<std::uint64_t> done{1};
  std::atomic<std::size_t> wrong{0};
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    do {
      const Timestamp t{done.load()};
      const auto place = *view->Find(std::int64_t{1}, t);
      if (!place.has_value() || *segment->TimestampOf(place->row) > t) ++wrong;
      if (VisibleKeys(*segment, t) != std::map<std::int64_t, int>{{1, 1}, {2, 1}}) ++wrong;
    } while (!stop);
  });
  for (std::uint64_t time = 2; time < 1'500; ++time) {
    segment->Append(NumberedRows(schema, {1}), Timestamp{time}, time, time);
    if (!view->MarkDeleted(0, Span({1}), Timestamp{time}, time).ok()) ++wrong;
    done = time;
  }
  stop = true;
  reader.join();
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace vecdb::segment
