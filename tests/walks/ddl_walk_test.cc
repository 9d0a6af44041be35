// Names: collections come, go and come again; handles outlive what they name.
#include <filesystem>
#include <fstream>
#include <set>

#include "support/temp_directory.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

void CheckEveryCallSays(Collection& books, StatusCode code, std::string_view word) {
  CheckRefusal(books.Insert(BatchOf({{1}})).status(), code, {word});
  CheckRefusal(books.Upsert(BatchOf({{1}})).status(), code, {word});
  CheckRefusal(books.Delete(IntKeys({1})).status(), code, {word});
  CheckRefusal(books.Search({.query = Book{1}.vector()}).status(), code, {word});
  CheckRefusal(books.Query({}).status(), code, {word});
  CheckRefusal(books.Get(IntKeys({1}), {}).status(), code, {word});
  CheckRefusal(books.Count().status(), code, {word});
  CheckRefusal(books.Flush(), code, {word});
  CheckRefusal(books.Stats().status(), code, {word});
  CHECK(books.name() == "books");
  CHECK(books.schema() == BookSchema());
}

void CheckEveryCallSays(Database& db, StatusCode code, std::string_view word) {
  CheckRefusal(db.CreateCollection("c", BookSchema()).status(), code, {word});
  CheckRefusal(db.OpenCollection("books").status(), code, {word});
  CheckRefusal(db.DropCollection("books"), code, {word});
  CheckRefusal(db.ListCollections().status(), code, {word});
  CheckRefusal(db.WaitDurable(Timestamp{1}), code, {word});
  CheckRefusal(db.RunBackground(std::chrono::milliseconds(1)), code, {word});
  CheckRefusal(db.Flush(), code, {word});
}

}  // namespace

SCENARIO("collections are created, listed, opened and dropped by name", "[walk][ddl]") {
  TestDatabase db;
  CHECK(db->ListCollections()->empty());
  for (const char* name : {"zebra", "_1", "Apple", "apple"}) db.MakeBooks({}, name);
  const std::vector<std::string> all{"Apple", "_1", "apple", "zebra"};
  CHECK(*db->ListCollections() == all);
  db.Reopen();
  CHECK(*db->ListCollections() == all);
  CHECK(db->OpenCollection("_1")->schema() == BookSchema());
  db->DropCollection("apple").OrDie();
  CheckRefusal(db->DropCollection("apple"), StatusCode::kNotFound, {"'apple'"});
  CheckRefusal(db->OpenCollection("apple").status(), StatusCode::kNotFound, {"'apple'"});
  db.Reopen();
  CHECK(*db->ListCollections() == std::vector<std::string>{"Apple", "_1", "zebra"});
}

SCENARIO("a taken name opens the collection when the schema is equal", "[walk][ddl]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf({{1}})).status().OrDie();
  Collection same = db.MakeBooks({.shards = 4});
  CHECK(*ReadAll(same) == Books{{1, 0}});
  CheckRefusal(db->CreateCollection("books", BookSchema(Metric::kCosine)).status(),
               StatusCode::kAlreadyExists, {"'books'", "schema"});
  CHECK(*ReadAll(books) == Books{{1, 0}});
}

SCENARIO("a dropped collection is gone with its files, and its name is free", "[walk][ddl]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 20))).status().OrDie();
  books.Flush().OrDie();
  books.Insert(BatchOf(BooksBetween(21, 30))).status().OrDie();
  std::set<std::string> seen;
  for (const std::string& segment : NamesIn(*db.fs(), "segments")) seen.insert(segment);
  db->DropCollection("books").OrDie();
  CHECK(NamesIn(*db.fs(), "segments").empty());
  CheckEveryCallSays(books, StatusCode::kNotFound, "'books' was dropped");

  const bool reopened = GENERATE(false, true);
  if (reopened) db.Reopen();
  const Schema other = *SchemaBuilder().PrimaryKey("id").Vector("w", 2, Metric::kCosine).Build();
  CHECK(db->CreateCollection("books", other).ok());
  db->DropCollection("books").OrDie();
  Collection again = db.MakeBooks();
  CHECK(*again.Count() == 0);
  again.Insert(BatchOf({{25, 5}})).status().OrDie();
  CHECK(*ReadAll(again) == Books{{25, 5}});
  again.Flush().OrDie();
  for (const std::string& segment : NamesIn(*db.fs(), "segments")) {
    CHECK(seen.count(segment) == 0);  // ids are never given twice
  }
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == Books{{25, 5}});
  if (!reopened) {
    CheckEveryCallSays(books, StatusCode::kFailedPrecondition, "closed");
  }
}

SCENARIO("a drop survives the end of the process", "[walk][ddl]") {
  TestDatabase db;
  db.MakeBooks().Insert(BatchOf({{1}})).status().OrDie();
  db.MakeBooks({}, "kept").Insert(BatchOf({{2}})).status().OrDie();
  db->DropCollection("books").OrDie();
  db.MakeBooks().Insert(BatchOf({{3}})).status().OrDie();
  db.ContinueOn(MemoryCopyOf(*db.fs())).OrDie();
  CHECK(*ReadAll(db.OpenBooks()) == Books{{3, 0}});
  CHECK(*ReadAll(db.OpenBooks("kept")) == Books{{2, 0}});
}

SCENARIO("a collection dropped while its rows wait to be flushed", "[walk][ddl]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.segment_rows = 5});
  books.Insert(BatchOf(BooksBetween(1, 5))).status().OrDie();  // asks to be sealed
  db->DropCollection("books").OrDie();
  RunDueWork(*db);
  CHECK(NamesIn(*db.fs(), "segments").empty());
  CHECK(db->Flush().ok());
  db.Reopen();
  CHECK(db->ListCollections()->empty());
}

SCENARIO("handles outlive Close and the Database object", "[walk][ddl]") {
  std::optional<Collection> books;
  {
    auto db = Database::OpenInMemory();
    books = *db->CreateCollection("books", BookSchema());
    books->Insert(BatchOf({{1}})).status().OrDie();
    db->Close().OrDie();
    CHECK(db->Close().ok());
    CheckEveryCallSays(*books, StatusCode::kFailedPrecondition, "closed");
    CheckEveryCallSays(*db, StatusCode::kFailedPrecondition, "closed");
    CHECK(db->recovery().clean);
  }
  CheckEveryCallSays(*books, StatusCode::kFailedPrecondition, "closed");
  Collection copy = *books;
  books.reset();
  CheckEveryCallSays(copy, StatusCode::kFailedPrecondition, "closed");
  Collection moved = std::move(copy);
  CheckEveryCallSays(moved, StatusCode::kFailedPrecondition, "closed");
  CheckEveryCallSays(copy, StatusCode::kFailedPrecondition,
                     "closed");  // NOLINT: a handle is never empty
}

SCENARIO("an object that was moved from refuses every call", "[walk][ddl]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  Database moved = std::move(*db);
  CheckEveryCallSays(*db, StatusCode::kFailedPrecondition, "moved");
  CheckRefusal(db->Health(), StatusCode::kFailedPrecondition, {"moved"});
  CheckRefusal(db->Close(), StatusCode::kFailedPrecondition, {"moved"});
  CHECK(db->recovery().records_applied == 0);
  CHECK(books.Insert(BatchOf({{1}})).ok());
  CHECK(moved.ListCollections()->size() == 1);
  *db = std::move(moved);
  CHECK(db->ListCollections()->size() == 1);
  CheckEveryCallSays(moved, StatusCode::kFailedPrecondition,
                     "moved");  // NOLINT: that is the question
  CHECK(*ReadAll(db.OpenBooks()) == Books{{1, 0}});
}

SCENARIO("assigning a Database closes what was there", "[walk][ddl]") {
  auto first = Database::OpenInMemory(QuietOptions());
  auto second = Database::OpenInMemory(QuietOptions());
  Collection old = *first->CreateCollection("books", BookSchema());
  second->CreateCollection("second", BookSchema()).status().OrDie();
  *first = std::move(*second);
  CheckEveryCallSays(old, StatusCode::kFailedPrecondition, "closed");
  CHECK(*first->ListCollections() == std::vector<std::string>{"second"});
}

TEST_CASE("a folder with our names but somebody else's files is refused and left alone",
          "[walk][create]") {
  for (const char* foreign :
       {"tmp/notes.txt", "wal/0/diary.txt", "wal/1/x", "segments/7/y", "photo.jpg"}) {
    INFO(foreign);
    TempDirectory folder;
    const std::filesystem::path file = folder.path() / foreign;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << "mine";
    const auto opened = Database::Open(folder.path());
    CHECK_FALSE(opened.ok());
    CHECK(std::filesystem::exists(file));
  }
}
