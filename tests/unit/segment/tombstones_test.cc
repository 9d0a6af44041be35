#include "segment/tombstones.h"

#include <map>
#include <random>

#include "support/catch.h"

namespace vecdb::segment {
namespace {

TEST_CASE("without tombstones nothing is deleted and nothing is unsaved", "[tombstones]") {
  const Tombstones tombstones;
  CHECK(tombstones.empty());
  CHECK(tombstones.count() == 0);
  CHECK_FALSE(tombstones.IsMarked(0));
  CHECK_FALSE(tombstones.IsDeletedAt(7, Timestamp{100}));
  CHECK(tombstones.DeletedAt(Timestamp{100}) == nullptr);
  CHECK(tombstones.first_unsaved_lsn() == kNoLsn);
}

TEST_CASE("a row is hidden from the time of its first tombstone on", "[tombstones]") {
  Tombstones tombstones;
  CHECK(tombstones.Mark(5, Timestamp{10}, 1));
  CHECK_FALSE(tombstones.Mark(5, Timestamp{20}, 2));
  CHECK(tombstones.count() == 1);
  CHECK_FALSE(tombstones.IsDeletedAt(5, Timestamp{9}));
  CHECK(tombstones.IsDeletedAt(5, Timestamp{10}));
  CHECK(tombstones.DeletedAt(Timestamp{9}) == nullptr);
  CHECK(tombstones.DeletedAt(Timestamp{10})->Test(5));
  CHECK(tombstones.All() == std::vector{Tombstone{5, Timestamp{10}, 1}});
}

TEST_CASE("the bitmap of now is made once and given again until something changes",
          "[tombstones]") {
  Tombstones tombstones;
  tombstones.Mark(1, Timestamp{10}, 1);
  const auto first = tombstones.DeletedAt(Timestamp{11});
  CHECK(tombstones.DeletedAt(Timestamp{12}) == first);
  tombstones.Mark(2, Timestamp{13}, 2);
  CHECK(tombstones.DeletedAt(Timestamp{13}) != first);
  CHECK(first->size() == 2);  // what a reader holds does not change
}

TEST_CASE("only tombstones that no file holds keep the log", "[tombstones]") {
  Tombstones tombstones;
  tombstones.Load(std::vector<Tombstone>{{4, Timestamp{10}, 0}, {2, Timestamp{5}, 0}});
  CHECK(tombstones.count() == 2);
  CHECK(tombstones.first_unsaved_lsn() == kNoLsn);
  CHECK(tombstones.IsDeletedAt(2, Timestamp{5}));
  CHECK_FALSE(tombstones.Mark(4, Timestamp{11}, 30));
  CHECK(tombstones.first_unsaved_lsn() == kNoLsn);

  tombstones.Mark(7, Timestamp{12}, 40);
  const std::size_t written = tombstones.All().size();
  tombstones.Mark(8, Timestamp{13}, 41);
  CHECK(tombstones.first_unsaved_lsn() == 40);
  tombstones.MarkSaved(written);
  CHECK(tombstones.first_unsaved_lsn() == 41);
  tombstones.MarkSaved(tombstones.count());
  CHECK(tombstones.first_unsaved_lsn() == kNoLsn);
}

TEST_CASE("a tombstone that comes late is in its place and unsaved", "[tombstones]") {
  Tombstones tombstones;
  tombstones.Mark(1, Timestamp{10}, 5);
  tombstones.Mark(2, Timestamp{30}, 12);
  tombstones.MarkSaved(2);
  tombstones.Mark(3, Timestamp{20}, 9);
  CHECK(tombstones.DeletedAt(Timestamp{20})->Test(3));
  CHECK_FALSE(tombstones.DeletedAt(Timestamp{20})->Test(2));
  CHECK(tombstones.first_unsaved_lsn() == 9);
}

TEST_CASE("of two saved tombstones of a row the first counts", "[tombstones]") {
  Tombstones tombstones;
  tombstones.Load(std::vector<Tombstone>{{1, Timestamp{20}, 0}, {1, Timestamp{10}, 0}});
  CHECK(tombstones.count() == 1);
  CHECK(tombstones.IsDeletedAt(1, Timestamp{10}));
}

TEST_CASE("at every time the deleted rows are those a map says", "[tombstones]") {
  const unsigned seed = GENERATE(1u, 2u, 3u, 4u);
  CAPTURE(seed);
  std::mt19937 random(seed);
  Tombstones tombstones;
  std::map<RowIndex, std::uint64_t> model;
  std::uint64_t now = 100;
  for (int step = 0; step < 2'000; ++step) {
    now += random() % 3;  // several marks may share a time
    const auto row = static_cast<RowIndex>(random() % 900);
    const bool first = model.emplace(row, now).second;
    REQUIRE(tombstones.Mark(row, Timestamp{now}, static_cast<Lsn>(step + 1)) == first);
    if (random() % 8 != 0) continue;
    const std::uint64_t t = random() % 4 == 0 ? now : 90 + random() % (now - 80);
    const auto bitmap = tombstones.DeletedAt(Timestamp{t});
    std::size_t expected = 0;
    bool same = true;
    for (const auto& [marked, since] : model) {
      expected += since <= t ? 1 : 0;
      const bool deleted = bitmap != nullptr && marked < bitmap->size() && bitmap->Test(marked);
      same = same && deleted == (since <= t) &&
             tombstones.IsDeletedAt(marked, Timestamp{t}) == (since <= t);
    }
    REQUIRE(same);
    REQUIRE((bitmap == nullptr ? 0 : bitmap->Count()) == expected);
  }
  CHECK(tombstones.count() == model.size());
}

}  // namespace
}  // namespace vecdb::segment
