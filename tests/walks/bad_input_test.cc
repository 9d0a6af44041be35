// What users and machines do wrong: each a refusal that names what was wrong, nothing written, and
// a database that goes on.
#include <cmath>
#include <fstream>
#include <limits>

#include "catalog/manifest.h"
#include "support/fault_file_system.h"
#include "support/temp_directory.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr auto kInvalid = StatusCode::kInvalidArgument;

// Five books, three of them in files, and the promise to be just that at the end.
class Untouched {
 public:
  explicit Untouched(std::shared_ptr<io::FileSystem> disk = io::MakeMemoryFileSystem())
      : db_(std::move(disk)), books_(db_.MakeBooks()) {
    books_.Insert(BatchOf(BooksBetween(1, 3))).status().OrDie();
    books_.Flush().OrDie();
    books_.Insert(BatchOf(BooksBetween(4, 5))).status().OrDie();
    before_ = DumpTree(*db_.fs());
  }
  ~Untouched() {
    CHECK(*ReadAll(books_) == ExpectedBetween(1, 5));
    CHECK(DumpTree(*db_.fs()) == before_);
    CHECK(books_.Insert(BatchOf({{6}})).status().ToString() == Status().ToString());
    CHECK(books_.Flush().ok());
    db_.Reopen();
    CHECK(*ReadAll(db_.OpenBooks()) == ExpectedBetween(1, 6));
  }
  Untouched(const Untouched&) = delete;
  Untouched& operator=(const Untouched&) = delete;

  TestDatabase& db() { return db_; }
  Collection& books() { return books_; }

 private:
  TestDatabase db_;
  Collection books_;
  std::map<std::string, std::string> before_;
};

// One row that is right but for what `change` does to it; refused by both doors with these words.
struct BookRow {
  ValueView id = std::int64_t{9};
  ValueView year = std::int64_t{1999};
  ValueView title = std::string_view("t");
  std::vector<float> v{1, 2, 3, 4};
};

void RefusedByRow(const BookRow& row, std::initializer_list<std::string_view> words) {
  Batch batch(BookSchema());
  CheckRefusal(batch.Add({{"id", row.id}, {"year", row.year}, {"title", row.title}, {"v", row.v}}),
               kInvalid, words);
  CHECK(batch.rows() == 0);
  CHECK(batch.Add({{"id", 9L}, {"title", "t"}, {"v", std::vector<float>{1, 2, 3, 4}}}).ok());
}

const std::vector<std::int64_t> kTwoIds{9, 10};
const std::vector<std::string_view> kTwoTitles{"t", "u"};
const std::vector<float> kTwoVectors{1, 2, 3, 4, 5, 6, 7, 8};

std::string FirstPathWith(io::FileSystem& fs, const std::string& part) {
  for (const auto& [path, bytes] : DumpTree(fs)) {
    if (path.find(part) != std::string::npos && path.back() != '/') return path;
  }
  return "";
}

void FlipByte(io::FileSystem& fs, const std::string& path, std::size_t at) {
  std::string bytes = DumpTree(fs).at(path);
  bytes.at(at) = static_cast<char>(bytes[at] ^ 0x40);
  PutFile(fs, path, bytes);
}

}  // namespace

// ---- rows -----------------------------------------------------------------------------

TEST_CASE("a vector of the wrong dimension is refused", "[walk][bad]") {
  Untouched that;
  BookRow row;
  row.v = {1, 2, 3};
  RefusedByRow(row, {"'v'", "dimension 4", "3"});
  row.v = {1, 2, 3, 4, 5};
  RefusedByRow(row, {"'v'", "dimension 4", "5"});
  row.v.clear();
  RefusedByRow(row, {"'v'", "dimension 4", "0"});
  Batch batch(BookSchema());
  CheckRefusal(batch.AddVectors("v", std::vector<float>{1, 2, 3, 4, 5}), kInvalid,
               {"'v'", "4", "5"});
  CheckRefusal(that.books().Search({.query = std::vector<float>{1, 2}}).status(), kInvalid,
               {"'v'", "dimension 4", "2"});
}

TEST_CASE("a value of the wrong type is refused", "[walk][bad]") {
  Untouched that;
  BookRow row;
  row.year = std::string_view("1999");
  RefusedByRow(row, {"'year'", "Int32", "'1999'"});
  row = {};
  row.year = 1.5;
  RefusedByRow(row, {"'year'", "Int32", "1.5"});
  row = {};
  row.year = std::int64_t{3'000'000'000};
  RefusedByRow(row, {"'year'", "-2147483648..2147483647", "3000000000"});
  row = {};
  row.title = std::int64_t{5};
  RefusedByRow(row, {"'title'", "VarChar", "5"});
  row = {};
  row.id = std::string_view("nine");
  RefusedByRow(row, {"'id'", "Int64", "'nine'"});
  Batch batch(BookSchema());
  CheckRefusal(batch.AddColumn("title", kTwoIds), kInvalid, {"'title'", "VarChar", "Int64"});
  CheckRefusal(batch.AddColumn("id", kTwoTitles), kInvalid, {"'id'", "Int64", "VarChar"});
  CheckRefusal(batch.AddColumn("v", std::vector<double>{1, 2}), kInvalid,
               {"'v'", "FloatVector", "Double"});
  CheckRefusal(batch.AddVectors("title", kTwoVectors), kInvalid, {"'title'", "VarChar"});
  CheckRefusal(batch.AddColumn("year", std::vector<std::int64_t>{1, 3'000'000'000}), kInvalid,
               {"'year'", "row 1", "3000000000"});
}

TEST_CASE("NaN and infinity are refused", "[walk][bad]") {
  Untouched that;
  for (const float odd :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    BookRow row;
    row.v[2] = odd;
    RefusedByRow(row, {"'v'", "finite", "position 2", std::isnan(odd) ? "nan" : "inf"});
    auto vectors = kTwoVectors;
    vectors[5] = odd;
    Batch batch(BookSchema());
    CheckRefusal(batch.AddVectors("v", vectors), kInvalid,
                 {"'v'", "finite", "row 1", "position 1"});
    CheckRefusal(that.books().Search({.query = row.v}).status(), kInvalid, {"'v'", "finite"});
  }
}

TEST_CASE("text that is too long or no UTF-8 is refused", "[walk][bad]") {
  Untouched that;
  const std::string long_text(65'536, 'x');
  BookRow row;
  row.title = long_text;
  RefusedByRow(row, {"'title'", "65535", "65536"});
  row.title = std::string_view("ab\xFFz");
  RefusedByRow(row, {"'title'", "UTF-8", "byte 2"});
  Batch batch(BookSchema());
  const std::vector<std::string_view> bad{"fine", "\xC3"};
  CheckRefusal(batch.AddColumn("title", bad), kInvalid, {"'title'", "UTF-8", "row 1", "byte 0"});
  const std::vector<std::string_view> too_long{"fine", "fine", long_text};
  CheckRefusal(batch.AddColumn("title", too_long), kInvalid, {"'title'", "row 2", "65536"});
  CHECK(batch.rows() == 0);
}

TEST_CASE("an unknown field is refused", "[walk][bad]") {
  Untouched that;
  Batch batch(BookSchema());
  CheckRefusal(batch.Add({{"id", 9L}, {"pages", 3L}, {"title", "t"}, {"v", kTwoVectors}}),
               StatusCode::kNotFound, {"'pages'"});
  CheckRefusal(batch.AddColumn("pages", kTwoIds), StatusCode::kNotFound, {"'pages'"});
  CheckRefusal(batch.AddVectors("w", kTwoVectors), StatusCode::kNotFound, {"'w'"});
  CHECK(batch.rows() == 0);
  CheckRefusal(that.books().Query({.filter = "pages > 1"}).status(), kInvalid, {"pages"});
}

TEST_CASE("a field left out is refused when it has neither null nor default", "[walk][bad]") {
  Untouched that;
  Batch rows(BookSchema());
  const std::vector<float> v{1, 2, 3, 4};
  CheckRefusal(rows.Add({{"id", 9L}, {"v", v}}), kInvalid, {"'title'", "no value"});
  CheckRefusal(rows.Add({{"title", "t"}, {"v", v}}), kInvalid, {"'id'", "no value"});
  CheckRefusal(rows.Add({{"id", 9L}, {"title", "t"}}), kInvalid, {"'v'", "no value"});
  CheckRefusal(rows.Add({{"id", {}}, {"title", "t"}, {"v", v}}), kInvalid, {"'id'", "null"});
  CheckRefusal(rows.Add({{"id", 9L}, {"id", 9L}, {"title", "t"}, {"v", v}}), kInvalid,
               {"'id'", "twice"});
  Batch columns(BookSchema());
  columns.AddColumn("id", kTwoIds).OrDie();
  columns.AddVectors("v", kTwoVectors).OrDie();
  CheckRefusal(that.books().Insert(columns).status(), kInvalid, {"'title'", "no column"});
  CheckRefusal(columns.AddColumn("title", std::vector<std::string_view>{"one"}), kInvalid,
               {"'title'", "1 rows", "2"});
  columns.AddColumn("title", kTwoTitles).OrDie();
  CheckRefusal(columns.AddColumn("title", kTwoTitles), kInvalid, {"'title'", "already"});
  CHECK(columns.rows() == 2);
}

TEST_CASE("a key twice in a batch or already there is refused", "[walk][bad]") {
  Untouched that;
  CheckRefusal(that.books().Insert(BatchOf({{9}, {10}, {9}})).status(), kInvalid,
               {"key 9", "'id'", "twice", "0 and 2"});
  CheckRefusal(that.books().Insert(BatchOf({{9}, {2}})).status(), StatusCode::kAlreadyExists,
               {"key 2"});
  CheckRefusal(that.books().Insert(BatchOf({{9}, {5}})).status(), StatusCode::kAlreadyExists,
               {"key 5"});
}

TEST_CASE("a write of nothing is refused", "[walk][bad]") {
  Untouched that;
  CheckRefusal(that.books().Insert(Batch(BookSchema())).status(), kInvalid, {"at least one row"});
  CheckRefusal(that.books().Upsert(Batch(BookSchema())).status(), kInvalid, {"at least one row"});
  CheckRefusal(that.books().Delete({}).status(), kInvalid, {"no key"});
}

TEST_CASE("a batch of another schema is refused", "[walk][bad]") {
  Untouched that;
  const Schema other = *SchemaBuilder().PrimaryKey("id").Vector("v", 4, Metric::kL2).Build();
  Batch batch(other);
  batch.Add({{"id", 9L}, {"v", std::vector<float>{1, 2, 3, 4}}}).OrDie();
  CheckRefusal(that.books().Insert(batch).status(), kInvalid, {"another schema", "'books'"});
  CheckRefusal(that.books().Insert(Batch(BookSchema(Metric::kCosine))).status(), kInvalid,
               {"another schema"});
}

// ---- places ---------------------------------------------------------------------------

TEST_CASE("a path that is no database's is refused and left alone", "[walk][bad]") {
  TempDirectory folder(FastFolder());
  std::ofstream(folder / "file") << "text";
  std::filesystem::create_directory(folder / "photos");
  std::ofstream(folder / "photos" / "cat.jpg") << "meow";
  const auto before = ListingOf(folder.path());
  CheckRefusal(Database::Open(folder / "file").status(), kInvalid, {"file'", "not a directory"});
  CheckRefusal(Database::Open(folder / "file" / "db").status(), kInvalid, {"below a file"});
  CheckRefusal(Database::Open("").status(), kInvalid, {"empty"});
  CheckRefusal(Database::Open(std::string("a\0b", 3)).status(), kInvalid, {"NUL"});
  CheckRefusal(Database::Open(folder / "photos").status(), kInvalid, {"photos", "cat.jpg"});
  CheckRefusal(Database::Open(folder / std::string(300, 'n')).status(), StatusCode::kIoError,
               {"too long"});
  CHECK(ListingOf(folder.path()) == before);
  CHECK(Database::Open(folder / "db").ok());
}

TEST_CASE("a directory without permission is refused", "[walk][bad]") {
  TempDirectory folder(FastFolder());
  Database::Open(folder / "db").status().OrDie();
  ::chmod(folder.path().c_str(), 0755);
  SetModes(folder / "db", 0555, 0444);
  const auto before = ListingOf(folder.path());
  {
    const WithoutPrivileges nobody;
    CheckRefusal(Database::Open(folder / "db", QuietOptions()).status(), StatusCode::kIoError,
                 {"LOCK", "permission denied"});
    CheckRefusal(Database::Open(folder / "new", QuietOptions()).status(), StatusCode::kIoError,
                 {"new", "permission denied"});
  }
  CHECK(ListingOf(folder.path()) == before);
  SetModes(folder / "db", 0755, 0644);
  CHECK(Database::Open(folder / "db").ok());
}

TEST_CASE("a directory in use is refused", "[walk][bad]") {
  TempDirectory folder(FastFolder());
  TestDatabase db(*io::OpenDirectory(folder / "db", true));
  Collection books = db.MakeBooks();
  books.Insert(BatchOf({{1}})).status().OrDie();
  const auto before = ListingOf(folder.path());
  const Status refused = Database::Open(folder / "db").status();
  CheckRefusal(refused, StatusCode::kUnavailable, {"db'", "in use", "process"});
  CHECK(refused.retryable());
  CHECK(ListingOf(folder.path()) == before);
  CHECK(books.Insert(BatchOf({{2}})).ok());
  db.Close();
  CHECK(Database::Open(folder / "db").ok());
}

TEST_CASE("a newer format is refused naming both versions", "[walk][bad]") {
  TestDatabase db;
  db.MakeBooks().Insert(BatchOf({{1}})).status().OrDie();
  db.Close();
  const auto old = DumpTree(*db.fs());
  catalog::Format format = *catalog::DecodeFormat(base::AsBytes(old.at("FORMAT")));
  const std::string ours = "version " + std::to_string(catalog::kFormatVersion);
  const auto refused_as = [&](const catalog::Format& newer, std::string_view word) {
    PutFile(*db.fs(), "FORMAT", base::AsText(catalog::EncodeFormat(newer)));
    const auto before = DumpTree(*db.fs());
    for (const bool read_only : {false, true}) {
      db.options().read_only = read_only;
      CheckRefusal(db.Open(), StatusCode::kFailedPrecondition, {word, ours});
    }
    CHECK(DumpTree(*db.fs()) == before);
  };
  catalog::Format newer = format;
  newer.version = catalog::kFormatVersion + 1;
  refused_as(newer, "version " + std::to_string(newer.version));
  newer = format;
  newer.incompatible_bits = 0x20;
  refused_as(newer, "0x20");
  PutFile(*db.fs(), "FORMAT", old.at("FORMAT"));
  db.options() = QuietOptions();
  db.Open().OrDie();
  CHECK(*ReadAll(db.OpenBooks()) == Books{{1, 0}});
}

// ---- damage ---------------------------------------------------------------------------

TEST_CASE("a damaged file is named and nothing else suffers", "[walk][bad]") {
  Options options = QuietOptions();
  options.load = GENERATE(LoadMode::kMapped, LoadMode::kResident);
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 5))).status().OrDie();
  books.Flush().OrDie();
  Collection others = db.MakeBooks({}, "others");
  others.Insert(BatchOf(BooksBetween(1, 5))).status().OrDie();
  db.Close();
  const auto whole = DumpTree(*db.fs());
  const auto recover = [&](const std::string& path) {
    PutFile(*db.fs(), path, whole.at(path));
    db.Open().OrDie();
    CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(1, 5));
  };
  SECTION("a column: its reads fail, others go on") {
    const std::string column = FirstPathWith(*db.fs(), "3-0.col");  // the vectors
    FlipByte(*db.fs(), column, 8);
    const Status opened = db.Open();
    if (opened.ok()) {
      books = db.OpenBooks();
      CheckRefusal(books.Search({.query = Book{1}.vector()}).status(), StatusCode::kCorruption,
                   {column});
      CheckRefusal(ReadAll(books).status(), StatusCode::kCorruption, {column});
      CHECK(*books.Count() == 5);  // which reads no vector
      CHECK(*ReadAll(db.OpenBooks("others")) == ExpectedBetween(1, 5));
      CHECK(db.OpenBooks("others").Insert(BatchOf({{6}})).ok());
    } else {
      CheckRefusal(opened, StatusCode::kCorruption, {column});
    }
  }
  SECTION("what Open needs: it fails, and writes nothing") {
    for (const char* part : {"FORMAT", "CURRENT", "MANIFEST-"}) {
      const std::string path = FirstPathWith(*db.fs(), part);
      FlipByte(*db.fs(), path, path == "CURRENT" ? 12 : 24);
      auto before = DumpTree(*db.fs());
      CheckRefusal(db.Open(), StatusCode::kCorruption, {part});
      auto after = DumpTree(*db.fs());
      CHECK(after == before);
      recover(path);
      db.Close();
      PutFile(*db.fs(), "unused", "");
      db.fs()->RemoveFile("unused").OrDie();
      for (const auto& [name, bytes] : DumpTree(*db.fs())) {  // back to the first life
        if (whole.count(name) == 0 && name.back() != '/') db.fs()->RemoveFile(name).OrDie();
      }
      for (const auto& [name, bytes] : whole) {
        if (name.back() != '/') PutFile(*db.fs(), name, bytes);
      }
    }
  }
}

// ---- disks ----------------------------------------------------------------------------

TEST_CASE("a full disk refuses writes and loses nothing", "[walk][bad]") {
  const FaultKind kind =
      GENERATE(FaultKind::kNoSpace, FaultKind::kQuota, FaultKind::kWriteNone, FaultKind::kWriteOne,
               FaultKind::kWriteHalf, FaultKind::kWriteAllButOne);
  INFO(NameOf(kind));
  auto disk = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
  TestDatabase db(disk);
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 5))).status().OrDie();
  disk->Arm({.call = disk->call_count(), .kind = kind, .sticky = true});
  for (std::int64_t id = 6; id < 9; ++id) {
    const Status refused = books.Insert(BatchOf({{id}})).status();
    CheckRefusal(refused, StatusCode::kResourceExhausted, {"wal/0"});
    CHECK(refused.retryable());
  }
  CHECK_FALSE(books.Delete(IntKeys({1})).ok());
  CHECK_FALSE(books.Flush().ok());
  CHECK(*ReadAll(books) == ExpectedBetween(1, 5));
  CHECK(KeysNear(books, Book{1}.vector(), 10).size() == 5);
  disk->Disarm();

  const bool usable = db->Health().ok();
  if (usable) {
    CHECK(books.Insert(BatchOf({{6}})).ok());
  } else {  // only the catalog may have had to stop: it says why, and reopening helps
    CheckRefusal(books.Insert(BatchOf({{6}})).status(), StatusCode::kFailedPrecondition,
                 {"opened again"});
    db.Reopen();
    books = db.OpenBooks();
    CHECK(books.Insert(BatchOf({{6}})).ok());
  }
  books.Flush().OrDie();
  CHECK(*ReadAll(books) == ExpectedBetween(1, 6));
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(1, 6));
}

TEST_CASE("a full disk refuses to open, and opens when there is room", "[walk][bad]") {
  auto memory = io::MakeMemoryFileSystem();
  {
    TestDatabase db(memory);
    db.MakeBooks().Insert(BatchOf(BooksBetween(1, 5))).status().OrDie();
  }
  auto disk = std::make_shared<FaultFileSystem>(memory);
  disk->Arm({.call = 0, .kind = FaultKind::kNoSpace, .sticky = true});
  base::ManualClock clock;
  const auto open = [&] {
    return api::DatabaseAccess::Open(roles::Environment{disk, &clock, SeededRandom(3)},
                                     QuietOptions());
  };
  const auto refused = open();
  CheckRefusal(refused.status(), StatusCode::kResourceExhausted, {"No space left"});
  disk->Disarm();
  auto opened = open();
  opened.status().OrDie();
  CHECK(*ReadAll(*opened->OpenCollection("books")) == ExpectedBetween(1, 5));
}

TEST_CASE("writers that wait for room on a full disk are told so", "[walk][bad]") {
  auto disk = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
  disk->SetRecording(false);
  Options options;
  options.own_threads = GENERATE(false, true);
  options.write_buffer_bytes = 1 << 20;
  TestDatabase db(disk, options);
  Collection books = db.MakeBooks();
  Status first;
  std::int64_t next = 1;
  db.fs()->RemoveDirectory("tmp").OrDie();  // no file can be born, though the log has room
  for (int i = 0; i < 100 && first.ok(); ++i) {
    first = books.Insert(BatchOf(BooksBetween(next, next + 999))).status();
    if (first.ok()) next += 1000;
  }
  CheckRefusal(first, StatusCode::kResourceExhausted, {"write buffer", "1048576", "tmp"});
  CHECK(*books.Count() == static_cast<std::uint64_t>(next) - 1);
  db.fs()->MakeDirectory("tmp").OrDie();
  CHECK(Eventually([&] { return books.Insert(BatchOf({{next}})).ok(); }));
  CHECK(*books.Count() == static_cast<std::uint64_t>(next));
  db.Reopen();
  CHECK(*db.OpenBooks().Count() == static_cast<std::uint64_t>(next));
}

TEST_CASE("a disk that fails a write stops writes, not reads, until reopened", "[walk][bad]") {
  auto disk = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
  TestDatabase db(disk);
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 5))).status().OrDie();
  const FaultKind kind = GENERATE(FaultKind::kIoError, FaultKind::kSyncFailsLost);
  for (std::uint64_t ahead = 0; disk->fired() == 0 && ahead < 10; ++ahead) {
    disk->Arm({.call = disk->call_count() + ahead, .kind = kind});
    const Status failed = books.Insert(BatchOf({{6}})).status();
    INFO(failed.ToString());
    CHECK((failed.ok() || failed.code() == StatusCode::kOutcomeUnknown ||
           failed.code() == StatusCode::kIoError));
    if (failed.ok()) books.Delete(IntKeys({6})).status().OrDie();
  }
  REQUIRE(disk->fired() == 1);
  disk->Disarm();
  const Status refused = books.Insert(BatchOf({{7}})).status();
  CheckRefusal(refused, StatusCode::kFailedPrecondition, {"until", "opened again"});
  CHECK_FALSE(db->Health().ok());
  CHECK(*ReadAll(books) == ExpectedBetween(1, 5));
  (void)db->Close();
  db.ContinueOn(db.fs()).OrDie();
  books = db.OpenBooks();
  CHECK(books.Upsert(BatchOf({{6}})).ok());  // it may or may not have survived
  CHECK(*ReadAll(books) == ExpectedBetween(1, 6));
}

TEST_CASE("a read-only file system is refused for writing and can be read", "[walk][bad]") {
  auto memory = io::MakeMemoryFileSystem();
  {
    TestDatabase db(memory);
    db.MakeBooks().Insert(BatchOf(BooksBetween(1, 5))).status().OrDie();
  }
  const auto before = DumpTree(*memory);
  auto disk = std::make_shared<FaultFileSystem>(memory);
  base::ManualClock clock;
  const auto open = [&](bool read_only) {
    Options options = QuietOptions();
    options.read_only = read_only;
    return api::DatabaseAccess::Open(roles::Environment{disk, &clock, SeededRandom(3)}, options);
  };
  disk->Arm({.call = 0, .kind = FaultKind::kReadOnly, .sticky = true});
  CheckRefusal(open(false).status(), StatusCode::kIoError, {"LOCK", "mounted read-only"});
  // A shared lock writes nothing, though this disk would refuse every lock: what comes after it
  // must not either.
  disk->Disarm();
  const std::uint64_t begin = disk->call_count();
  CHECK(open(true).ok());
  const auto calls = disk->calls();
  std::uint64_t lock = begin;
  while (calls.at(lock).type != CallType::kLock) ++lock;
  disk->Arm({.call = disk->call_count() + (lock - begin) + 1,
             .kind = FaultKind::kReadOnly,
             .sticky = true});
  auto reader = open(true);
  reader.status().OrDie();
  CHECK(*ReadAll(*reader->OpenCollection("books")) == ExpectedBetween(1, 5));
  reader->Close().OrDie();
  CHECK(DumpTree(*memory) == before);
}

TEST_CASE("a share of the time of background work that is none is refused by name", "[walk]") {
  Options options = QuietOptions();
  for (const double share : {0.0, -0.5, 1.01, std::nan(""), HUGE_VAL}) {
    options.background_share = share;
    CheckRefusal(Database::OpenInMemory(options).status(), StatusCode::kInvalidArgument,
                 {"Options::background_share", "above 0 and at most 1"});
  }
}

TEST_CASE("use after Close says so", "[walk][bad]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf({{1}})).status().OrDie();
  db->Close().OrDie();
  const auto before = DumpTree(*db.fs());
  CheckRefusal(books.Insert(BatchOf({{2}})).status(), StatusCode::kFailedPrecondition, {"closed"});
  CheckRefusal(books.Query({}).status(), StatusCode::kFailedPrecondition, {"closed"});
  CheckRefusal(db->Flush(), StatusCode::kFailedPrecondition, {"closed"});
  CHECK(DumpTree(*db.fs()) == before);
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == Books{{1, 0}});
}

SCENARIO("a directory of another user or open to everyone is refused, and can be allowed",
         "[walk][bad-input]") {
  const TempDirectory folder;
  const auto path = folder / "db";
  Database::Open(path, QuietOptions()).status().OrDie();
  REQUIRE(::chmod(path.c_str(), 0777) == 0);
  Options options = QuietOptions();
  CheckRefusal(Database::Open(path, options).status(), StatusCode::kFailedPrecondition,
               {"everyone", path.string(), "allow_shared_directory"});
  options.allow_shared_directory = true;
  CHECK(Database::Open(path, options).ok());
  REQUIRE(::chmod(path.c_str(), 0775) == 0);
  CHECK(Database::Open(path, QuietOptions()).ok());
  if (::geteuid() != 0) {
    WARN("not the superuser: the directory of another user is not tested here");
    return;
  }
  REQUIRE(::chown(path.c_str(), 12345, 0) == 0);
  CheckRefusal(Database::Open(path, QuietOptions()).status(), StatusCode::kFailedPrecondition,
               {"user 12345", "user 0"});
  CHECK(Database::Open(path, options).ok());
}

SCENARIO("numbers that name no choice are refused", "[walk][bad-input]") {
  const auto no_durability = static_cast<Durability>(77);
  Options options = QuietOptions();
  options.durability = no_durability;
  CheckRefusal(Database::OpenInMemory(options).status(), StatusCode::kInvalidArgument,
               {"Options::durability", "77"});
  options = QuietOptions();
  options.load = static_cast<LoadMode>(9);
  CheckRefusal(Database::OpenInMemory(options).status(), StatusCode::kInvalidArgument,
               {"Options::load", "9"});
  TestDatabase db;
  Collection books = db.MakeBooks();
  const WriteOptions wrong{.durability = no_durability};
  for (const Status& status :
       {books.Insert(BatchOf({{1}}), wrong).status(), books.Upsert(BatchOf({{1}}), wrong).status(),
        books.Delete(IntKeys({1}), wrong).status()}) {
    CheckRefusal(status, StatusCode::kInvalidArgument, {"WriteOptions::durability", "77"});
  }
  CHECK(*books.Count() == 0);
}
