// A database for tests: on any FileSystem, with a clock that tests turn, in one line.
//
//   TestDatabase db;                       in memory, no threads of its own
//   Collection books = db.MakeBooks();     id Int64, year Int32 nullable, title VarChar, v 4 floats
//   books.Insert(BatchOf({{1}, {2}}));     rows made from key and version
//   db.Reopen();                           close and open again on the same disk
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vecdb/vecdb.h"

#include "api/open.h"
#include "base/clock.h"
#include "io/file_system.h"
#include "support/catch.h"
#include "testkit/seeded_random.h"

namespace vecdb::test {

using testkit::SeededRandom;

inline Options QuietOptions() {
  Options options;
  options.own_threads = false;
  return options;
}

// A row of Books() made from its key and a version, so that every value can be checked later.
struct Book {
  std::int64_t id = 0;
  std::int64_t version = 0;

  std::optional<std::int64_t> year() const {
    if (id % 7 == 3) return std::nullopt;
    return 1900 + (id * 13 + version * 5) % 120;
  }
  std::string title() const {
    return "book " + std::to_string(id) + " v" + std::to_string(version);
  }
  std::vector<float> vector() const {
    const auto part = [&](std::int64_t k) {
      return static_cast<float>((id * (2 * k + 3) + version * 11) % 101) - 50.0F;
    };
    return {part(0), part(1), part(2), part(3)};
  }
  friend bool operator==(const Book&, const Book&) = default;
};

inline Schema BookSchema(Metric metric = Metric::kL2) {
  return *SchemaBuilder()
              .PrimaryKey("id")
              .Nullable("year", DataType::kInt32)
              .Scalar("title", DataType::kVarChar)
              .Vector("v", 4, metric)
              .Build();
}

inline void AddBook(Batch* batch, const Book& book) {
  const std::string title = book.title();
  const std::vector<float> vector = book.vector();
  const ValueView year = book.year() ? ValueView(*book.year()) : ValueView(std::monostate{});
  batch->Add({{"id", book.id}, {"year", year}, {"title", title}, {"v", vector}}).OrDie();
}

inline Batch BatchOf(const std::vector<Book>& books) {
  Batch batch(BookSchema());
  for (const Book& book : books) AddBook(&batch, book);
  return batch;
}

// The book that a fetched row ("*") is, or nothing when a value is not what was written.
inline std::optional<Book> BookOf(const Row& row) {
  const auto* id = row.Get<std::int64_t>("id");
  const auto* title = row.Get<std::string>("title");
  const auto* vector = row.Get<std::vector<float>>("v");
  if (id == nullptr || title == nullptr || vector == nullptr) return std::nullopt;
  const auto at = title->rfind(" v");
  if (at == std::string::npos) return std::nullopt;
  const Book book{*id, std::stoll(title->substr(at + 2))};
  const auto* year = row.Get<std::int64_t>("year");
  const bool same_year = book.year() ? year != nullptr && *year == *book.year() : year == nullptr;
  if (!same_year || *title != book.title() || *vector != book.vector()) return std::nullopt;
  return book;
}

using Books = std::map<std::int64_t, std::int64_t>;  // id -> version

// Everything in the collection; a row that is not a whole book fails the test.
template <typename Source>  // a Collection, a Snapshot
Result<Books> ReadAll(const Source& source) {
  Books books;
  auto rows = source.Query({.output_fields = {"*"}, .limit = 16'384});
  if (!rows.ok()) return rows.status();
  for (const Row& row : *rows) {
    const auto book = BookOf(row);
    if (!book) return Status(StatusCode::kInternal, "a row was read that nobody wrote");
    books[book->id] = book->version;
  }
  if (books.size() != rows->size()) return Status(StatusCode::kInternal, "a key was read twice");
  return books;
}

class TestDatabase {
 public:
  explicit TestDatabase(std::shared_ptr<io::FileSystem> fs = io::MakeMemoryFileSystem(),
                        Options options = QuietOptions(), std::uint64_t seed = 1)
      : fs_(std::move(fs)), options_(std::move(options)), random_(SeededRandom(seed)) {
    Open().OrDie();
  }

  Database& operator*() { return *database_; }
  Database* operator->() { return &*database_; }
  base::ManualClock& clock() { return *clock_; }
  const std::shared_ptr<io::FileSystem>& fs() const { return fs_; }
  roles::EngineParts& parts() { return api::DatabaseAccess::Parts(*database_); }

  Status Open() {
    auto opened = api::DatabaseAccess::Open(
        roles::Environment{fs_, clock_.get(), random_, log_bytes_, search_task_bytes_,
                           least_indexed_rows_, part_rows_},
        options_);
    if (!opened.ok()) return opened.status();
    database_.emplace(std::move(*opened));
    return Status();
  }
  void Close() {
    database_->Close().OrDie();
    database_.reset();
  }
  void Reopen() {
    Close();
    Open().OrDie();
  }
  Options& options() { return options_; }                        // from the next Open on
  void SetLogBytes(std::uint64_t bytes) { log_bytes_ = bytes; }  // the same

  void SetLeastIndexedRows(RowIndex rows) { least_indexed_rows_ = rows; }
  void SetPartRows(RowIndex rows) { part_rows_ = rows; }
  void SetSearchTaskBytes(std::uint64_t bytes) { search_task_bytes_ = bytes; }

  // The process ends without a word and the next one finds `disk`: a copy of the old one made
  // before (what closing still writes goes to the old one), or what a power cut left of it.
  Status ContinueOn(std::shared_ptr<io::FileSystem> disk) {
    database_.reset();
    fs_ = std::move(disk);
    return Open();
  }

  Collection MakeBooks(const CollectionOptions& options = {}, const std::string& name = "books") {
    return *database_->CreateCollection(name, BookSchema(), options);
  }
  Collection OpenBooks(const std::string& name = "books") {
    return *database_->OpenCollection(name);
  }

 private:
  std::shared_ptr<io::FileSystem> fs_;
  Options options_;
  std::unique_ptr<base::ManualClock> clock_ = std::make_unique<base::ManualClock>();
  std::function<std::uint64_t()> random_;
  std::uint64_t log_bytes_ = std::uint64_t{64} << 20;
  std::uint64_t search_task_bytes_ = std::uint64_t{1} << 20;
  RowIndex least_indexed_rows_ = 1;  // so that small tests meet indexes
  RowIndex part_rows_ = 64;          // the same
  std::optional<Database> database_;
};

}  // namespace vecdb::test
