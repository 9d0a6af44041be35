// What may change of a collection: its name, its aliases, its properties.
#include "catalog/manifest.h"
#include "io/layout.h"
#include "support/temp_directory.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

using Aliases = std::map<std::string, std::string>;

CollectionProperties Unusual() {
  CollectionProperties properties;
  properties.ttl = std::chrono::hours(24 * 365);
  properties.auto_compaction = false;
  properties.consistency = Consistency::kBounded;
  return properties;
}

std::uint32_t FormatVersionOf(io::FileSystem& fs) {
  const auto recovered = catalog::Recover(fs);
  recovered.status().OrDie();
  return recovered->format.version;
}

// Everything that may change, as it must be.
void CheckAllOf(Database& db) {
  CHECK(*db.ListCollections() == std::vector<std::string>{"essays", "other"});
  CHECK(*db.ListAliases() == Aliases{{"best", "essays"}, {"latest", "essays"}});
  const auto info = db.DescribeCollection("latest");
  REQUIRE(info.ok());
  CHECK(info->name == "essays");
  CHECK(info->aliases == std::vector<std::string>{"best", "latest"});
  CHECK(info->properties == Unusual());
  CHECK(info->schema == BookSchema());
  CHECK(info->options.shards == 2);
  CHECK(db.DescribeCollection("other")->properties == CollectionProperties{});
  CHECK(*ReadAll(*db.OpenCollection("best")) == ExpectedBetween(1, 9));
  CHECK_FALSE(*db.HasCollection("books"));
}

void ChangeAll(Database& db) {
  Collection books = *db.CreateCollection("books", BookSchema(), {.shards = 2});
  db.CreateCollection("other", BookSchema()).status().OrDie();
  books.Insert(BatchOf(BooksBetween(1, 9))).status().OrDie();
  db.CreateAlias("latest", "other").OrDie();
  db.CreateAlias("best", "books").OrDie();
  db.CreateAlias("gone", "books").OrDie();
  db.RenameCollection("books", "essays").OrDie();
  db.AlterAlias("latest", "essays").OrDie();
  db.DropAlias("gone").OrDie();
  db.AlterCollection("best", Unusual()).OrDie();
}

}  // namespace

SCENARIO("names, aliases and properties are there after reopening", "[walk][names]") {
  TestDatabase db;
  ChangeAll(*db);
  CheckAllOf(*db);
  const CollectionInfo before = *db->DescribeCollection("essays");
  const bool closed = GENERATE(true, false);
  const bool read_only = GENERATE(false, true);
  db.options().read_only = read_only;
  if (closed) {
    db.Reopen();
  } else {
    db.ContinueOn(MemoryCopyOf(*db.fs())).OrDie();
  }
  CheckAllOf(*db);
  const CollectionInfo after = *db->DescribeCollection("essays");
  CHECK(after.id == before.id);
  CHECK(after.created == before.created);
  if (!read_only) return;
  CheckRefusal(db->RenameCollection("essays", "x"), StatusCode::kFailedPrecondition, {"read-only"});
  CheckRefusal(db->AlterCollection("essays", {}), StatusCode::kFailedPrecondition, {"read-only"});
  CheckRefusal(db->CreateAlias("x", "essays"), StatusCode::kFailedPrecondition, {"read-only"});
  CheckRefusal(db->AlterAlias("best", "other"), StatusCode::kFailedPrecondition, {"read-only"});
  CheckRefusal(db->DropAlias("best"), StatusCode::kFailedPrecondition, {"read-only"});
}

SCENARIO("handles stay good when their collection is renamed", "[walk][names]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf({{1}})).status().OrDie();
  db->RenameCollection("books", "essays").OrDie();
  books.Insert(BatchOf({{2}})).status().OrDie();
  books.Flush().OrDie();
  CHECK(books.name() == "books");
  Collection essays = db.OpenBooks("essays");
  CHECK(essays.name() == "essays");
  CHECK(*ReadAll(essays) == ExpectedBetween(1, 2));
  Collection again = db.MakeBooks();  // the name is free
  CHECK(*again.Count() == 0);
  db->RenameCollection("books", "poems").OrDie();
  db->RenameCollection("essays", "books").OrDie();
  CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(1, 2));
  db->DropCollection("books").OrDie();
  CheckRefusal(books.Count().status(), StatusCode::kNotFound, {"'books' was dropped"});
  CHECK(*again.Count() == 0);
}

SCENARIO("an alias opens what it names just now", "[walk][names]") {
  TestDatabase db;
  db.MakeBooks({}, "monday").Insert(BatchOf({{1}})).status().OrDie();
  db.MakeBooks({}, "tuesday").Insert(BatchOf({{2}})).status().OrDie();
  db->CreateAlias("today", "monday").OrDie();
  Collection opened = db.OpenBooks("today");
  CHECK(opened.name() == "today");
  db->AlterAlias("today", "tuesday").OrDie();
  CHECK(*ReadAll(opened) == ExpectedBetween(1, 1));
  CHECK(*ReadAll(db.OpenBooks("today")) == ExpectedBetween(2, 2));
  CHECK(*db->HasCollection("today"));
  CHECK(*db->ListCollections() == std::vector<std::string>{"monday", "tuesday"});
  CHECK(db->CreateAlias("today", "tuesday").ok());  // it does
  CHECK(db->AlterAlias("today", "tuesday").ok());
  db->DropAlias("today").OrDie();
  CHECK_FALSE(*db->HasCollection("today"));
  CHECK(*ReadAll(opened) == ExpectedBetween(1, 1));
}

SCENARIO("a name stands for one thing", "[walk][names]") {
  TestDatabase db;
  db.MakeBooks();
  db.MakeBooks({}, "essays");
  db->CreateAlias("best", "books").OrDie();
  const auto exists = StatusCode::kAlreadyExists;
  const auto missing = StatusCode::kNotFound;
  CheckRefusal(db->CreateCollection("best", BookSchema()).status(), exists,
               {"'best'", "alias of collection 'books'"});
  CheckRefusal(db->RenameCollection("essays", "best"), exists, {"'best'", "'books'"});
  CheckRefusal(db->RenameCollection("essays", "books"), exists, {"'books'"});
  CheckRefusal(db->RenameCollection("essays", "essays"), exists, {"'essays'"});
  CheckRefusal(db->CreateAlias("essays", "books"), exists, {"'essays'"});
  CheckRefusal(db->CreateAlias("best", "essays"), exists, {"'best'", "'books'"});
  CheckRefusal(db->RenameCollection("best", "x"), missing, {"'best'", "alias of 'books'"});
  CheckRefusal(db->DropCollection("best"), missing, {"'best'", "alias of 'books'"});
  CheckRefusal(db->CreateAlias("x", "best"), missing, {"'best'"});
  CheckRefusal(db->RenameCollection("nope", "x"), missing, {"'nope'"});
  CheckRefusal(db->CreateAlias("x", "nope"), missing, {"'nope'"});
  CheckRefusal(db->AlterAlias("nope", "books"), missing, {"'nope'"});
  CheckRefusal(db->AlterAlias("essays", "books"), missing, {"'essays'"});
  CheckRefusal(db->AlterAlias("best", "nope"), missing, {"'nope'"});
  CheckRefusal(db->DropAlias("nope"), missing, {"'nope'"});
  CheckRefusal(db->DropAlias("books"), missing, {"'books'"});
  CheckRefusal(db->DescribeCollection("nope").status(), missing, {"'nope'"});
  CheckRefusal(db->AlterCollection("nope", {}), missing, {"'nope'"});
  for (const char* name : {"", "9", "a b", "a-b"}) {
    CheckRefusal(db->RenameCollection("books", name), StatusCode::kInvalidArgument, {"collection"});
    CheckRefusal(db->CreateAlias(name, "books"), StatusCode::kInvalidArgument, {"alias"});
  }
  CHECK(*db->ListAliases() == Aliases{{"best", "books"}});
}

SCENARIO("a collection is not dropped while an alias names it", "[walk][names]") {
  TestDatabase db;
  db.MakeBooks().Insert(BatchOf({{1}})).status().OrDie();
  db.MakeBooks({}, "essays");
  db->CreateAlias("best", "books").OrDie();
  CheckRefusal(db->DropCollection("books"), StatusCode::kFailedPrecondition, {"'books'", "'best'"});
  CHECK(*ReadAll(db.OpenBooks("best")) == ExpectedBetween(1, 1));
  db->AlterAlias("best", "essays").OrDie();
  CHECK(db->DropCollection("books").ok());
  db->DropAlias("best").OrDie();
  CHECK(db->DropCollection("essays").ok());
  db.Reopen();
  CHECK(db->ListCollections()->empty());
}

SCENARIO("properties are checked before anything is written", "[walk][names]") {
  TestDatabase db;
  db.MakeBooks();
  CollectionProperties properties = Unusual();
  properties.ttl = std::chrono::milliseconds(-1);
  CheckRefusal(db->AlterCollection("books", properties), StatusCode::kInvalidArgument,
               {"ttl", "-1 ms", "3155760000 seconds"});
  properties = Unusual();
  properties.consistency = static_cast<Consistency>(7);
  CheckRefusal(db->AlterCollection("books", properties), StatusCode::kInvalidArgument,
               {"consistency", "7"});
  CHECK(db->DescribeCollection("books")->properties == CollectionProperties{});
  CHECK(FormatVersionOf(*db.fs()) == 1);
}

SCENARIO("the format rises with the first change and not before", "[walk][names]") {
  TestDatabase db;
  db.MakeBooks();
  db->AlterCollection("books", {}).OrDie();  // as they are
  CHECK(FormatVersionOf(*db.fs()) == 1);
  const int change = GENERATE(0, 1, 2);
  if (change == 0) db->AlterCollection("books", Unusual()).OrDie();
  if (change == 1) db->RenameCollection("books", "essays").OrDie();
  if (change == 2) db->CreateAlias("best", "books").OrDie();
  CHECK(FormatVersionOf(*db.fs()) == 3);
  db.Reopen();
  CHECK(FormatVersionOf(*db.fs()) == 3);
}

SCENARIO("a collection begins with the properties that it is created with", "[walk][names]") {
  TestDatabase db;
  CollectionProperties wrong;
  wrong.compact_when_deleted = 1.01;
  CheckRefusal(db->CreateCollection("books", BookSchema(), {}, wrong).status(),
               StatusCode::kInvalidArgument, {"compact_when_deleted", "1.01", "between 0 and 1"});
  CHECK(db->ListCollections()->empty());
  CHECK(FormatVersionOf(*db.fs()) == 1);
  CollectionProperties chosen = Unusual();
  db->CreateCollection("books", BookSchema(), {}, chosen).status().OrDie();
  CHECK(FormatVersionOf(*db.fs()) == 3);
  CHECK(db->DescribeCollection("books")->properties == chosen);
  db->CreateCollection("books", BookSchema(), {}, {}).status().OrDie();  // it is there already
  CHECK(db->DescribeCollection("books")->properties == chosen);
  chosen.compact_when_deleted = 0.5;
  const bool at_creation = GENERATE(false, true);
  if (at_creation) {
    db->CreateCollection("essays", BookSchema(), {}, chosen).status().OrDie();
  } else {
    db->CreateCollection("essays", BookSchema()).status().OrDie();
    db->AlterCollection("essays", chosen).OrDie();
  }
  CHECK(FormatVersionOf(*db.fs()) == 4);
  db.Reopen();
  CHECK(db->DescribeCollection("essays")->properties == chosen);
  CHECK(db->DescribeCollection("books")->properties == Unusual());
}

SCENARIO("a database that was moved from or closed changes no name", "[walk][names]") {
  TestDatabase db;
  db.MakeBooks();
  const bool moved = GENERATE(false, true);
  std::optional<Database> other;
  if (moved) {
    other = std::move(*db);
  } else {
    db->Close().OrDie();
  }
  const auto refused = StatusCode::kFailedPrecondition;
  CheckRefusal(db->HasCollection("books").status(), refused, {});
  CheckRefusal(db->DescribeCollection("books").status(), refused, {});
  CheckRefusal(db->RenameCollection("books", "x"), refused, {});
  CheckRefusal(db->AlterCollection("books", Unusual()), refused, {});
  CheckRefusal(db->CreateAlias("x", "books"), refused, {});
  CheckRefusal(db->AlterAlias("x", "books"), refused, {});
  CheckRefusal(db->DropAlias("x"), refused, {});
  CheckRefusal(db->ListAliases().status(), refused, {});
}
