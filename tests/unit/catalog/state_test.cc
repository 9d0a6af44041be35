#include "catalog/limits.h"
#include "catalog_sample.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb_test;
using catalog::Apply;

namespace {

catalog::State SnapshotOf(const catalog::State& state) {
  catalog::State copy;
  copy.database = state.database;
  for (const catalog::Edit& edit : catalog::Snapshot(state)) {
    auto next = Apply(copy, edit);
    next.status().OrDie();
    copy = std::move(*next);
  }
  return copy;
}

catalog::SegmentRecord WithFieldNine() {
  catalog::SegmentRecord record = SegmentOf(1, 12, 60);
  record.columns[0].field = 9;
  return record;
}

catalog::SegmentRecord WithOneFileTwice() {
  catalog::SegmentRecord record = SegmentOf(1, 12, 60);
  record.keys.file_id = 60;
  return record;
}

catalog::SetProperties KeyedBy(const std::string& field) {
  catalog::SetProperties set{1, {}};
  set.properties.partition_key = field;
  return set;
}

catalog::SetProperties ClusteredBy(const std::string& field) {
  catalog::SetProperties set{1, {}};
  set.properties.clustering_key = field;
  return set;
}

catalog::SegmentRecord InPartition(std::uint64_t collection, std::uint64_t id,
                                   std::uint64_t first_file, std::uint64_t partition) {
  catalog::SegmentRecord record = SegmentOf(collection, id, first_file);
  record.partition = partition;
  return record;
}

io::LogIdentity ForeignLog() {
  io::LogIdentity identity = LogOf(0, 9);
  identity.database[15] = std::byte{1};
  return identity;
}

struct Contradiction {
  catalog::Edit edit;
  std::vector<std::string> words;  // all in the message
};

std::vector<Contradiction> Contradictions() {
  const auto deletes = [](std::uint64_t number, std::uint64_t file) {
    return catalog::DeletesFileRecord{number, FileOf(file, io::FileKind::kDeletes)};
  };
  return {
      {EditOf(catalog::CreateCollection{Books(1, "other")}), {"collection 1", "twice"}},
      {EditOf(catalog::CreateCollection{Books(3)}), {"collection 3", "'books'", "collection 1"}},
      {EditOf(catalog::CreateCollection{Books(3, "best")}), {"collection 3", "'best'", "alias"}},
      {EditOf(catalog::RenameCollection{9, "new"}), {"renames", "collection 9"}},
      {EditOf(catalog::RenameCollection{2, "books"}), {"'books'", "collection 1"}},
      {EditOf(catalog::RenameCollection{2, "all"}), {"'all'", "an alias of collection 2"}},
      {EditOf(catalog::SetAlias{"new", 9}), {"collection 9"}},
      {EditOf(catalog::SetAlias{"books", 2}), {"'books'", "the name of collection 1"}},
      {EditOf(catalog::DropAlias{"papers"}), {"'papers'"}},
      {EditOf(catalog::DropCollection{2}), {"collection 2", "the alias 'all'"}},
      {EditOf(catalog::CreateCollection{Books(100, "late")}), {"collection id 100", "below 100"}},
      {EditOf(catalog::CreateCollection{Books(0, "none")}), {"collection id 0"}},
      {EditOf(catalog::DropCollection{9}), {"collection 9"}},
      {EditOf(catalog::DropAlias{"best"}, catalog::DropCollection{1}, catalog::DropCollection{1}),
       {"collection 1"}},
      {EditOf(catalog::AddSegment{SegmentOf(9, 12, 60)}), {"segment 12", "collection 9"}},
      {EditOf(catalog::AddSegment{SegmentOf(1, 10, 60)}), {"segment 10", "twice"}},
      {EditOf(catalog::AddSegment{SegmentOf(1, 100, 60)}), {"segment id 100"}},
      {EditOf(catalog::AddSegment{SegmentOf(1, 12, 97)}), {"file id 100"}},
      {EditOf(catalog::AddSegment{SegmentOf(1, 12, 22)}), {"file id", "segment 10"}},
      {EditOf(catalog::AddSegment{SegmentOf(1, 12, 60)}, catalog::AddSegment{SegmentOf(1, 13, 64)}),
       {"file id 64", "twice"}},
      {EditOf(catalog::AddSegment{WithOneFileTwice()}), {"file id 60", "twice"}},
      {EditOf(catalog::AddSegment{WithFieldNine()}), {"field 9", "collection 1"}},
      {EditOf(catalog::DropAlias{"best"}, catalog::DropCollection{1},
              catalog::AddSegment{SegmentOf(1, 12, 60)}),
       {"segment 12", "collection 1"}},
      {EditOf(catalog::CreatePartition{9, 5, "new"}), {"partition 5", "collection 9"}},
      {EditOf(catalog::CreatePartition{1, 5, "old"}), {"partition 5", "'old'", "partition 3"}},
      {EditOf(catalog::CreatePartition{1, 3, "new"}), {"partition 3", "twice"}},
      {EditOf(catalog::CreatePartition{1, 100, "new"}), {"partition id 100"}},
      {EditOf(catalog::CreatePartition{1, 0, "new"}), {"partition id 0"}},
      {EditOf(catalog::CreatePartition{2, 5, "new"}), {"partition 5", "partition key"}},
      {EditOf(KeyedBy("nothing")), {"books", "no field named 'nothing'"}},
      {EditOf(KeyedBy("title")), {"books", "'title' is nullable"}},
      {EditOf(KeyedBy("id")), {"books", "'id' is the primary key"}},
      {EditOf(KeyedBy("cover")), {"books", "'cover' is a FloatVector"}},
      {EditOf(catalog::DropPartition{2, 3}), {"partition 3", "collection 2"}},
      {EditOf(catalog::DropPartition{1, 9}), {"partition 9", "collection 1"}},
      {EditOf(catalog::DropPartition{1, 3}, catalog::DropPartition{1, 3}), {"partition 3"}},
      {EditOf(catalog::AddSegment{InPartition(2, 12, 60, 3)}), {"segment 12", "partition 3"}},
      {EditOf(catalog::DropPartition{1, 3}, catalog::AddSegment{InPartition(1, 12, 60, 3)}),
       {"segment 12", "partition 3"}},
      {EditOf(catalog::DropSegment{12}), {"segment 12"}},
      {EditOf(catalog::DropAlias{"best"}, catalog::DropCollection{1}, catalog::DropSegment{10}),
       {"segment 10"}},
      {EditOf(catalog::CommitSegment{10, 70}), {"segment 10", "twice"}},
      {EditOf(catalog::CommitSegment{100, 70}), {"segment id 100"}},
      {EditOf(catalog::SetDeletes{12, deletes(1, 60)}), {"segment 12"}},
      {EditOf(catalog::SetDeletes{10, deletes(1, 60)}), {"deletes file 1", "segment 10"}},
      {EditOf(catalog::SetDeletes{10, deletes(2, 20)}), {"file id 20", "segment 10"}},
      {EditOf(catalog::SetDeletes{10, deletes(2, 100)}), {"file id 100"}},
      {EditOf(catalog::AddLog{LogOf(0, 2)}), {"log 2", "pchannel 0", "twice"}},
      {EditOf(catalog::AddLog{ForeignLog()}), {"log 9", "another database"}},
      {EditOf(catalog::DropLog{0, 9}), {"log 9", "pchannel 0"}},
      {EditOf(catalog::DropLog{7, 1}), {"log 1", "pchannel 7"}},
      {EditOf(catalog::LeaseIds{99}), {"99", "100"}},
      {EditOf(catalog::SetProperties{9, {}}), {"collection 9"}},
      {EditOf(catalog::DropAlias{"all"}, catalog::DropCollection{2}, catalog::SetProperties{2, {}}),
       {"sets the properties of collection 2"}},
      {EditOf(catalog::BindCollection{3, 1}), {"collection 3"}},
      {EditOf(catalog::BindCollection{1, 0}), {"collection 1", "pchannel 0"}},
      {EditOf(catalog::BindCollection{2, 4}), {"collection 2", "pchannel 4", "pchannel 1"}},
      {EditOf(catalog::CommitSegment{11, 70, 2}), {"segment 11", "twice"}},
      {EditOf(ClusteredBy("nothing")), {"books", "clustering_key", "'nothing'"}},
      {EditOf(ClusteredBy("cover")), {"books", "clustering_key", "'cover'"}},
      {EditOf(catalog::SetKeyRange{12, false, {}}), {"segment 12"}},
      {EditOf(catalog::SetKeyRange{11, false, {}}), {"segment 11", "twice"}},
      {EditOf(catalog::SetKeyRange{10, false, {}}), {"segment 10", "not the clustering key"}},
      {EditOf(ClusteredBy("id"), catalog::SetKeyRange{10, false, {0, 1.0, 2.0}}),
       {"segment 10", "Int64"}},
      {EditOf(catalog::SetIndex{9, 1, {96, HnswIndex{}}}), {"collection 9"}},
      {EditOf(catalog::SetIndex{1, 0, {96, HnswIndex{}}}), {"field 0", "no vector"}},
      {EditOf(catalog::SetIndex{1, 4, {96, HnswIndex{}}}), {"field 4", "no vector"}},
      {EditOf(catalog::SetIndex{1, 1, {100, HnswIndex{}}}), {"index id 100"}},
      {EditOf(catalog::DropIndex{1, 2}), {"field 2", "collection 1"}},
      {EditOf(catalog::DropIndex{9, 1}), {"field 1", "collection 9"}},
      {EditOf(catalog::SetIndexFile{12, IndexFile(92, 96)}), {"segment 12"}},
      {EditOf(catalog::SetIndexFile{10, IndexFile(92, 91)}), {"file id 91", "segment 10"}},
      {EditOf(catalog::SetIndexFile{10, IndexFile(92, 96)},
              catalog::SetIndexFile{11, IndexFile(93, 96)}),
       {"file id 96", "twice"}},
      {EditOf(catalog::SetIndexFile{10, IndexFile(92, 100)}), {"file id 100"}},
      {EditOf(catalog::SetIndexFile{10, IndexFile(100, 96)}), {"index id 100"}},
      {EditOf(catalog::SetIndexFile{10, {1, 92, 0, FileOf(96, io::FileKind::kColumn)}}),
       {"segment 10", "10 rows"}},
      {EditOf(catalog::DropIndex{1, 1}, catalog::SetIndexFile{10, IndexFile(92, 96)}),
       {"field 1", "segment 10", "none"}},
      {EditOf(catalog::DropIndexFile{10, 2}), {"field 2", "segment 10"}},
      {EditOf(catalog::DropIndexFile{12, 1}), {"segment 12"}},
  };
}

}  // namespace

TEST_CASE("an edit shows in the state that follows it") {
  const catalog::State state = Everything();
  CHECK(state.collections.size() == 2);
  CHECK(state.FindCollection("essays")->id == 2);
  CHECK(state.FindCollection("papers") == nullptr);  // its name before
  CHECK(state.aliases == decltype(state.aliases){{"all", 2}, {"best", 1}});
  CHECK(state.segments.at(10).deletes->info.file_id == 50);
  CHECK(state.collections.at(1).pchannel == 0);
  CHECK(state.collections.at(2).pchannel == 1);
  CHECK(state.committed ==
        std::map<SegmentId, catalog::CommittedSegment>{{10, {40, 0}}, {11, {60, 1}}});
  CHECK(state.pchannels.at(0).logs.size() == 2);
  CHECK(state.pchannels.at(0).checkpoint == 12);
  CHECK(state.pchannels.at(0).durable == 34);
  CHECK(state.next_id == 100);
  CHECK(state.max_timestamp == Timestamp{5000});
  CHECK(state.segments.at(11).size_bytes() == 6 * 1000 + 30 + 31 + 32 + 33 + 34 + 35);
}

TEST_CASE("an edit that contradicts the state is refused and names what contradicts") {
  const catalog::State state = Everything();
  const std::string before = TextOf(state);
  for (const Contradiction& contradiction : Contradictions()) {
    const Status refused = Apply(state, contradiction.edit).status();
    INFO(refused.ToString());
    CHECK(refused.code() == StatusCode::kCorruption);
    for (const std::string& words : contradiction.words) {
      CHECK_THAT(std::string(refused.message()), ContainsSubstring(words));
    }
  }
  CHECK(TextOf(state) == before);
}

TEST_CASE("a dropped collection takes its segments along and leaves its name free") {
  const auto state =
      Apply(Everything(),
            EditOf(catalog::DropAlias{"best"}, catalog::DropCollection{1},
                   catalog::CreateCollection{Books(3)}, catalog::AddSegment{SegmentOf(3, 12, 60)}));
  REQUIRE(state.ok());
  CHECK(state->FindCollection("books")->id == 3);
  CHECK(state->segments.count(10) == 0);
  CHECK(state->segments.count(11) == 1);
  CHECK(state->committed.count(10) == 1);
}

TEST_CASE("a partition key is among the options of its collection, with its partitions") {
  const catalog::State state = Everything();
  CHECK(state.collections.at(2).options.partition_key == "place");
  CHECK(state.collections.at(2).options.num_partitions == 3);
  CHECK(state.HasPartition(2, 0));
  CHECK(state.HasPartition(2, 2));
  CHECK_FALSE(state.HasPartition(2, 3));
  CHECK(Apply(state, EditOf(catalog::AddSegment{InPartition(2, 12, 60, 2)})).ok());
  CHECK(SnapshotOf(state).collections.at(2).options.num_partitions == 3);
}

TEST_CASE("a clustering key is among the options of its collection, with ranges of its segments") {
  const catalog::State state = Everything();
  CHECK(state.collections.at(2).options.clustering_key == "id");
  CHECK(state.segments.at(11).clustered);
  CHECK(state.segments.at(11).key_range ==
        catalog::KeyRange{0, std::int64_t{-3}, std::int64_t{44}});
  CHECK_FALSE(state.segments.at(10).key_range.has_value());
  const catalog::State again = SnapshotOf(state);
  CHECK(again.segments.at(11).key_range == state.segments.at(11).key_range);
  CHECK(again.segments.at(11).clustered);
  const auto other = Apply(state, EditOf(catalog::SetProperties{2, {}}));
  REQUIRE(other.ok());
  CHECK_FALSE(other->segments.at(11).key_range.has_value());  // it was one of that key
}

TEST_CASE("an index is the one declared last, and a segment keeps its file until it has another") {
  const catalog::State state = Everything();
  CHECK(*state.IndexOf(1, 1) == catalog::IndexRecord{92, HnswSqIndex{12, 77, Codec::kBf16}});
  CHECK(state.IndexOf(1, 0) == nullptr);
  CHECK(state.IndexOf(3, 1) == nullptr);
  CHECK(*state.segments.at(10).IndexOf(1) == IndexFile(90, 91));
  CHECK(*state.segments.at(11).IndexOf(1) == IndexFile(93, 95));
  const auto replaced = Apply(state, EditOf(catalog::SetIndexFile{10, IndexFile(92, 96)}));
  REQUIRE(replaced.ok());
  CHECK(replaced->segments.at(10).indexes == std::vector{IndexFile(92, 96)});
  const auto flat = Apply(state, EditOf(catalog::SetIndex{1, 1, {96, FlatIndex{}}}));
  REQUIRE(flat.ok());
  CHECK(flat->segments.at(10).indexes.empty());
  CHECK(flat->segments.at(11).indexes.size() == 1);
  const auto dropped = Apply(state, EditOf(catalog::DropIndex{2, 1}));
  REQUIRE(dropped.ok());
  CHECK(dropped->segments.at(11).indexes.empty());
  CHECK(dropped->indexes.count(2) == 0);
  const auto gone = Apply(state, EditOf(catalog::DropAlias{"best"}, catalog::DropCollection{1}));
  REQUIRE(gone.ok());
  CHECK(gone->indexes.count(1) == 0);
}

TEST_CASE("properties are those set last, and gone with their collection") {
  const catalog::State state = Everything();
  CHECK(state.PropertiesOf(1) == catalog::Properties{});
  CHECK(state.PropertiesOf(2) == EveryProperty());
  const auto usual = Apply(state, EditOf(catalog::SetProperties{2, {}}));
  REQUIRE(usual.ok());
  CHECK(usual->properties.empty());
  const auto dropped = Apply(state, EditOf(catalog::DropAlias{"all"}, catalog::DropCollection{2}));
  REQUIRE(dropped.ok());
  CHECK(dropped->properties.empty());
}

TEST_CASE("a dropped partition takes its segments along and leaves its name free") {
  const auto filled = Apply(Everything(), EditOf(catalog::AddSegment{InPartition(1, 12, 60, 3)},
                                                 catalog::AddSegment{InPartition(1, 13, 65, 4)}));
  REQUIRE(filled.ok());
  const auto state =
      Apply(*filled, EditOf(catalog::DropPartition{1, 3}, catalog::CreatePartition{1, 14, "old"}));
  REQUIRE(state.ok());
  CHECK(state->segments.count(12) == 0);
  CHECK(state->segments.count(13) == 1);
  CHECK(state->segments.count(10) == 1);
  CHECK(state->HasPartition(1, kDefaultPartition));
  CHECK(state->HasPartition(1, 14));
  CHECK_FALSE(state->HasPartition(1, 3));
  CHECK_FALSE(state->HasPartition(2, 14));
  CHECK(TextOf(SnapshotOf(*state)) == TextOf(*state));
  const auto without =
      Apply(*state, EditOf(catalog::DropAlias{"best"}, catalog::DropCollection{1}));
  REQUIRE(without.ok());
  CHECK(without->partitions.empty());
}

TEST_CASE("what was written may name a partition that was dropped since, and none that never was") {
  const auto state = Apply(Everything(), EditOf(catalog::DropPartition{1, 3}));
  REQUIRE(state.ok());
  CHECK(state->HadPartition(1, 4, Timestamp{9000}));
  CHECK(state->HadPartition(1, 3, Timestamp{5000}));
  CHECK_FALSE(state->HadPartition(1, 3, Timestamp{5001}));
  CHECK_FALSE(state->HadPartition(1, 100, Timestamp{5000}));
}

TEST_CASE("a commit record is kept until the checkpoint of its pchannel is past it") {
  const auto dropped = Apply(Everything(), EditOf(catalog::DropSegment{10}));
  REQUIRE(dropped.ok());
  CHECK(dropped->committed.count(10) == 1);
  const auto at = Apply(*dropped, EditOf(catalog::SetCheckpoint{0, 40, 41}));
  REQUIRE(at.ok());
  CHECK(at->committed.count(10) == 1);
  const auto other = Apply(*at, EditOf(catalog::SetCheckpoint{1, 60, 90}));
  REQUIRE(other.ok());
  CHECK(other->committed.size() == 2);
  const auto past = Apply(*other, EditOf(catalog::SetCheckpoint{0, 41, 41}));
  REQUIRE(past.ok());
  CHECK(past->committed == std::map<SegmentId, catalog::CommittedSegment>{{11, {60, 1}}});
  const auto both = Apply(*past, EditOf(catalog::SetCheckpoint{1, 61, 90}));
  REQUIRE(both.ok());
  CHECK(both->committed.empty());
}

TEST_CASE("checkpoints and the largest timestamp only grow") {
  const auto state = Apply(Everything(), EditOf(catalog::SetCheckpoint{0, 3, 50},
                                                catalog::SetMaxTimestamp{Timestamp{4000}}));
  REQUIRE(state.ok());
  CHECK(state->pchannels.at(0).checkpoint == 12);
  CHECK(state->pchannels.at(0).durable == 50);
  CHECK(state->max_timestamp == Timestamp{5000});
}

TEST_CASE("the edits of a snapshot make an equal state") {
  for (const catalog::State& state : {EmptyState(), Everything()}) {
    CHECK(TextOf(SnapshotOf(state)) == TextOf(state));
  }
}

TEST_CASE("a snapshot of many files is split into edits below 8 MiB") {
  catalog::State state = EmptyState();
  state.next_id = 10'000'000;
  state.collections.emplace(1, Books(1));
  for (std::uint64_t id = 2; id < 42; ++id) {
    catalog::SegmentRecord record = SegmentOf(1, id, id * 100'000);
    for (std::uint32_t chunk = 1; chunk < 10'000; ++chunk) {
      record.columns.push_back(
          {1, chunk, FileOf(id * 100'000 + 10 + chunk, io::FileKind::kColumn)});
    }
    state.segments.emplace(id, std::move(record));
  }
  const std::vector<catalog::Edit> edits = catalog::Snapshot(state);
  CHECK(edits.size() == 2);
  for (const catalog::Edit& edit : edits) {
    CHECK(catalog::EncodeEdit(edit).size() < catalog::kSnapshotEditBytes);
  }
  CHECK(TextOf(SnapshotOf(state)) == TextOf(state));
}
