// Databases as released versions of the format wrote them: this version opens each, finds every
// row, writes to it and opens it again. A newer format is refused.
//
// A new format version adds a folder here in the commit that introduces it, made by
//   VECDB_MAKE_GOLDEN=tests/golden/format-<n> test_golden "a golden database is made when asked
//   for"
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "catalog/manifest.h"
#include "io/layout.h"
#include "support/temp_directory.h"
#include "support/test_database.h"

using namespace vecdb;
using namespace vecdb::test;
namespace fs = std::filesystem;

namespace {

// What every golden database holds: books in two flushed segments with deletes saved, two in the
// log, text keys in a second collection with two shards.
Books GoldenBooks() {
  Books books;
  for (std::int64_t id = 0; id < 40; ++id) books[id] = 0;
  for (std::int64_t id = 5; id < 15; ++id) books[id] = 1;  // upserted
  for (std::int64_t id = 20; id < 24; ++id) books.erase(id);
  books[100] = 7;
  books[101] = 7;
  return books;
}

Schema NoteSchema() {
  return *SchemaBuilder()
              .PrimaryKey("name", DataType::kVarChar)
              .Add({.name = "stars",
                    .type = DataType::kInt8,
                    .default_value = Value(std::int64_t{3})})
              .Nullable("price", DataType::kDouble)
              .Scalar("read", DataType::kBool)
              .Vector("v", 3, Metric::kCosine)
              .Build();
}

void MakeGolden(const fs::path& folder) {
  Options options = QuietOptions();
  Database db = *Database::Open(folder, options);
  Collection books = *db.CreateCollection("books", BookSchema());
  std::vector<Book> first;
  std::vector<Book> second;
  for (std::int64_t id = 0; id < 40; ++id) (id < 25 ? first : second).push_back({id, 0});
  books.Insert(BatchOf(first)).status().OrDie();
  books.Flush().OrDie();
  books.Insert(BatchOf(second)).status().OrDie();
  std::vector<Book> again;
  for (std::int64_t id = 5; id < 15; ++id) again.push_back({id, 1});
  books.Upsert(BatchOf(again)).status().OrDie();
  std::vector<Key> gone;
  for (std::int64_t id = 20; id < 24; ++id) gone.emplace_back(id);
  books.Delete(gone).status().OrDie();
  books.Flush().OrDie();
  books.Insert(BatchOf({{100, 7}, {101, 7}})).status().OrDie();

  CollectionOptions two;
  two.shards = 2;
  Collection notes = *db.CreateCollection("notes", NoteSchema(), two);
  Batch batch(NoteSchema());
  batch.Add({{"name", "eins"}, {"read", true}, {"v", std::vector<float>{1, 0, 0}}}).OrDie();
  batch
      .Add({{"name", "zwei"},
            {"stars", 5},
            {"price", 9.5},
            {"read", false},
            {"v", std::vector<float>{0, 1, 0}}})
      .OrDie();
  notes.Insert(batch).status().OrDie();
  db.Close().OrDie();
}

void CheckNotes(Collection notes) {
  const GetResult got = *notes.Get(std::vector<Key>{Key{"zwei"}, Key{"drei"}, Key{"eins"}},
                                   std::vector<std::string>{"*"});
  REQUIRE(got.rows.size() == 2);
  CHECK(got.missing == std::vector<Key>{Key{"drei"}});
  CHECK(*got.rows[0].Get<std::int64_t>("stars") == 5);
  CHECK(*got.rows[0].Get<double>("price") == 9.5);
  CHECK(*got.rows[1].Get<std::int64_t>("stars") == 3);
  CHECK(got.rows[1].Get<double>("price") == nullptr);
  CHECK(*got.rows[1].Get<bool>("read"));
}

std::vector<fs::path> GoldenFolders() {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(fs::path(VECDB_SOURCE_DIR) / "tests/golden")) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  return folders;
}

void Copy(const fs::path& from, const fs::path& to) {
  fs::copy(from, to, fs::copy_options::recursive);
  for (const char* empty : {"tmp", "segments", "wal/0"}) fs::create_directories(to / empty);
}

}  // namespace

TEST_CASE("a golden database is made when asked for", "[golden]") {
  const char* folder = std::getenv("VECDB_MAKE_GOLDEN");
  TempDirectory temp;
  const fs::path where = folder == nullptr ? fs::path(temp.path()) / "made" : fs::path(folder);
  MakeGolden(where);
  Database db = *Database::Open(where, {.read_only = true});
  CHECK(*ReadAll(*db.OpenCollection("books")) == GoldenBooks());
}

TEST_CASE("a database of every format version opens, answers, takes rows and opens again",
          "[golden]") {
  std::size_t versions = 0;
  for (const fs::path& golden : GoldenFolders()) {
    INFO(golden.string());
    TempDirectory temp;
    const fs::path copy = fs::path(temp.path()) / "db";
    Copy(golden, copy);
    Books expected = GoldenBooks();
    {
      Database db = *Database::Open(copy);
      CHECK(db.recovery().clean);
      CHECK(*ReadAll(*db.OpenCollection("books")) == expected);
      CheckNotes(*db.OpenCollection("notes"));
      db.OpenCollection("books")->Insert(BatchOf({{200, 1}})).status().OrDie();
      expected[200] = 1;
      db.Close().OrDie();
    }
    Database db = *Database::Open(copy);
    CHECK(*ReadAll(*db.OpenCollection("books")) == expected);
    CheckNotes(*db.OpenCollection("notes"));
    ++versions;
  }
  REQUIRE(versions >= 1);
  std::printf("FIG golden.versions=%zu ok=%zu\n", versions, versions);
}

TEST_CASE("a newer format is refused with both versions named, and nothing changes", "[golden]") {
  TempDirectory temp;
  const fs::path folder = fs::path(temp.path()) / "db";
  MakeGolden(folder);
  catalog::Format newer;
  newer.version = catalog::kFormatVersion + 1;
  const base::Bytes bytes = catalog::EncodeFormat(newer);
  std::ofstream(folder / io::kFormatName, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  const auto opened = Database::Open(folder);
  REQUIRE(opened.status().code() == StatusCode::kFailedPrecondition);
  const std::string message(opened.status().message());
  INFO(message);
  CHECK(message.find(std::to_string(catalog::kFormatVersion)) != std::string::npos);
  CHECK(message.find(std::to_string(catalog::kFormatVersion + 1)) != std::string::npos);
}
