// The life of one row, told from disk alone, beside what was done to it.
#include "api/trace.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

using Type = LoggedWriteType;
using State = SegmentState;

struct Logged {
  Type type;
  Timestamp timestamp;
  bool operator==(const Logged&) const = default;
};

std::vector<Logged> LogOf(const KeyTrace& trace) {
  std::vector<Logged> log;
  for (const LoggedWrite& write : trace.writes) log.push_back({write.type, write.timestamp});
  return log;
}

struct Life {
  State state;
  Timestamp written;
  Timestamp deleted;
  bool operator==(const Life&) const = default;
};

std::vector<Life> RowsOf(const KeyTrace& trace) {
  std::vector<Life> rows;
  for (const TracedRow& row : trace.rows) rows.push_back({row.state, row.written, row.deleted});
  return rows;
}

constexpr Timestamp kNever{0};

}  // namespace

SCENARIO("a key's history is told from disk, through flush and reopening", "[walk][trace]") {
  GIVEN("a key that was inserted, deleted, inserted again, replaced and flushed in between") {
    TestDatabase db;
    Collection books = db.MakeBooks({.shards = 3});
    const Timestamp born = books.Insert(BatchOf(BooksBetween(1, 50)))->timestamp;
    const Timestamp gone = books.Delete(IntKeys({7}))->timestamp;
    const Timestamp again = books.Insert(BatchOf({{7, 1}}))->timestamp;
    const std::vector<Logged> first = {
        {Type::kInsert, born}, {Type::kDelete, gone}, {Type::kInsert, again}};

    WHEN("nothing was flushed") {
      db.Close();
      const KeyTrace trace = *api::TraceKey(db.fs(), "books", Key{7});
      THEN("the log has it all, and the rows are in one growing segment") {
        CHECK(trace.present);
        CHECK(trace.channel == 0);
        CHECK(LogOf(trace) == first);
        CHECK(trace.writes[0].lsn < trace.writes[1].lsn);
        CHECK(trace.writes[0].segment == trace.writes[2].segment);
        CHECK(trace.writes[1].segment == 0);
        CHECK(RowsOf(trace) ==
              std::vector<Life>{{State::kGrowing, born, gone}, {State::kGrowing, again, kNever}});
        CHECK(trace.rows[0].segment == trace.writes[0].segment);
        CHECK(trace.rows[0].row < trace.rows[1].row);
      }
    }
    WHEN("it is flushed, then replaced, then opened again") {
      books.Flush().OrDie();
      const Timestamp replaced = books.Upsert(BatchOf({{7, 2}}))->timestamp;
      const std::vector<Life> expected = {{State::kFlushed, born, gone},
                                          {State::kFlushed, again, replaced},
                                          {State::kGrowing, replaced, kNever}};
      const std::uint64_t segment = books.Segments()->front().id;
      db.Close();
      THEN("the old rows are in files, the new one is in the log") {
        const KeyTrace trace = *api::TraceKey(db.fs(), "books", Key{7});
        CHECK(trace.present);
        CHECK(RowsOf(trace) == expected);
        CHECK(LogOf(trace).back() == Logged{Type::kUpsert, replaced});
        CHECK(trace.rows[2].segment == trace.writes.back().segment);
        CHECK(trace.rows[0].segment == trace.rows[1].segment);
        CHECK(trace.rows[0].segment >= segment);
        CHECK(trace.rows[0].partition == "_default");
        db.Open().OrDie();  // what it needs of the log is written anew
        db.Close();
        const KeyTrace later = *api::TraceKey(db.fs(), "books", Key{7});
        CHECK(RowsOf(later) == expected);
        CHECK(LogOf(later) == std::vector<Logged>{{Type::kUpsert, replaced}});
      }
      AND_WHEN("it is deleted and flushed") {
        db.Open().OrDie();
        const Timestamp end = db.OpenBooks().Delete(IntKeys({7}))->timestamp;
        db.OpenBooks().Flush().OrDie();
        db.Reopen();
        db.Close();
        const KeyTrace trace = *api::TraceKey(db.fs(), "books", Key{7});
        THEN("files alone tell every life of it") {
          CHECK(!trace.present);
          CHECK(LogOf(trace).empty());
          CHECK(RowsOf(trace) == std::vector<Life>{{State::kFlushed, born, gone},
                                                   {State::kFlushed, again, replaced},
                                                   {State::kFlushed, replaced, end}});
        }
      }
    }
    WHEN("a key that was deleted and never written is asked for") {
      const Timestamp vain = books.Delete(IntKeys({999}))->timestamp;
      db.Close();
      const KeyTrace trace = *api::TraceKey(db.fs(), "books", Key{999});
      THEN("the delete alone is known") {
        CHECK(!trace.present);
        CHECK(trace.rows.empty());
        CHECK(LogOf(trace) == std::vector<Logged>{{Type::kDelete, vain}});
      }
    }
  }
}

TEST_CASE("a trace finds the channel of its collection", "[walk][trace]") {
  Options options = QuietOptions();
  options.channels = 3;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  std::map<std::uint32_t, int> collections;  // of each channel
  std::map<std::string, Timestamp> written;
  for (const char* name : {"one", "two", "three"}) {
    Collection books = db.MakeBooks({.shards = 2}, name);
    written[name] = books.Insert(BatchOf(BooksBetween(1, 9)))->timestamp;
  }
  db.Close();
  for (const auto& [name, timestamp] : written) {
    const KeyTrace trace = *api::TraceKey(db.fs(), name, Key{5});
    ++collections[trace.channel];
    CHECK(trace.present);
    CHECK(LogOf(trace) == std::vector<Logged>{{Type::kInsert, timestamp}});
    CHECK(RowsOf(trace) == std::vector<Life>{{State::kGrowing, timestamp, kNever}});
  }
  CHECK(collections == std::map<std::uint32_t, int>{{0, 1}, {1, 1}, {2, 1}});
}

TEST_CASE("a trace writes nothing and refuses what it cannot look at", "[walk][trace]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf({{1}})).status().OrDie();
  CHECK(api::TraceKey(db.fs(), "books", Key{1}).status().code() == StatusCode::kUnavailable);
  db.Close();
  const auto before = DumpTree(*db.fs());
  CHECK(api::TraceKey(db.fs(), "books", Key{1})->present);
  CheckRefusal(api::TraceKey(db.fs(), "nope", Key{1}).status(), StatusCode::kNotFound, {"nope"});
  CheckRefusal(api::TraceKey(db.fs(), "books", Key{"one"}).status(), StatusCode::kInvalidArgument,
               {"key"});
  CHECK(DumpTree(*db.fs()) == before);
  CHECK(Trace("/nowhere/at/all", "books", Key{1}).status().code() == StatusCode::kNotFound);
}

TEST_CASE("writes and their types have names", "[walk][trace]") {
  CHECK(ToString(Type::kInsert) == "insert");
  CHECK(ToString(Type::kUpsert) == "upsert");
  CHECK(ToString(Type::kDelete) == "delete");
}
