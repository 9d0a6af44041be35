// The limits of what an index is declared with, and of how hard a search looks: as structs, as
// words, and through C.
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "vecdb/c.h"

#include "walks/limits.h"

namespace vecdb::test::limits {
namespace {

constexpr std::uint64_t kMostEf = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t kWindow = 10;  // limit + offset of the searches

vecdb_text TextOf(std::string_view text) {
  return {text.data(), text.size()};
}

Status StatusOf(vecdb_code code, const vecdb_error& error) {
  return code == VECDB_OK ? Status() : Status(static_cast<StatusCode>(code), error.message);
}

// Books through C, sealed, as many as are worth a graph when there is one.
class Guest {
 public:
  explicit Guest(std::int64_t rows) {
    REQUIRE(vecdb_open_in_memory(nullptr, &db_, &error_) == VECDB_OK);
    vecdb_schema* schema = nullptr;
    REQUIRE(vecdb_schema_new(&schema, &error_) == VECDB_OK);
    REQUIRE(vecdb_schema_primary_key(schema, TextOf("id"), VECDB_INT64, &error_) == VECDB_OK);
    REQUIRE(vecdb_schema_vector(schema, TextOf("v"), VECDB_FLOAT_VECTOR, 4, VECDB_L2, &error_) ==
            VECDB_OK);
    REQUIRE(vecdb_create_collection(db_, TextOf("c"), schema, nullptr, &books_, &error_) ==
            VECDB_OK);
    CHECK(vecdb_schema_free(schema) == VECDB_OK);
    if (rows != 0) Insert(rows);
  }
  ~Guest() {
    CHECK(vecdb_collection_free(books_) == VECDB_OK);
    CHECK(vecdb_close(db_, &error_) == VECDB_OK);
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  Status Create(const std::string& parameter, const std::string& value) {
    const vecdb_parameter given = {TextOf(parameter), TextOf(value)};
    const vecdb_code code =
        vecdb_create_index(books_, TextOf("v"), TextOf("HNSW_SQ"), &given, 1, &error_);
    return StatusOf(code, error_);
  }
  // Whether the index has this parameter; it is dropped.
  bool Had(const std::string& parameter, const std::string& value) {
    std::pair wanted(parameter + "=" + value, false);
    const auto look = [](void* user, const vecdb_index_info* index) {
      auto& [text, found] = *static_cast<std::pair<std::string, bool>*>(user);
      for (std::size_t i = 0; i < index->parameter_count; ++i) {
        const vecdb_parameter& one = index->parameters[i];
        found = found || text == std::string(one.name.data, one.name.size) + "=" +
                                     std::string(one.value.data, one.value.size);
      }
    };
    CHECK(vecdb_describe_index(books_, TextOf("v"), look, &wanted, &error_) == VECDB_OK);
    CHECK(vecdb_drop_index(books_, TextOf("v"), &error_) == VECDB_OK);
    return wanted.second;
  }
  void Build() {
    REQUIRE(vecdb_create_index(books_, TextOf("v"), TextOf("HNSW"), nullptr, 0, &error_) ==
            VECDB_OK);
    REQUIRE(vecdb_wait_for_indexes(books_, nullptr, &error_) == VECDB_OK);
  }
  Result<std::size_t> Search(const SearchEffort& effort) {
    const std::vector<float> query = Book{1}.vector();
    vecdb_search_request request;
    vecdb_search_request_init(&request, sizeof request);
    request.query = vecdb_value_floats(query.data(), query.size());
    request.limit = kWindow - 1;
    request.offset = 1;
    request.recall = effort.recall;
    request.ef = effort.ef;
    request.refine_k = effort.refine_k;
    vecdb_rows* rows = nullptr;
    const vecdb_code code = vecdb_search(books_, &request, &rows, &error_);
    if (code != VECDB_OK) return StatusOf(code, error_);
    const std::size_t count = vecdb_rows_count(rows);
    CHECK(vecdb_rows_free(rows) == VECDB_OK);
    return count;
  }

 private:
  void Insert(std::int64_t rows) {
    std::vector<std::int64_t> ids;
    std::vector<float> vectors;
    for (std::int64_t id = 1; id <= rows; ++id) {
      ids.push_back(id);
      for (const float one : Book{id}.vector()) vectors.push_back(one);
    }
    vecdb_batch* batch = nullptr;
    REQUIRE(vecdb_batch_new(books_, &batch, &error_) == VECDB_OK);
    REQUIRE(vecdb_batch_int64s(batch, TextOf("id"), ids.data(), ids.size(), nullptr, &error_) ==
            VECDB_OK);
    REQUIRE(vecdb_batch_floats(batch, TextOf("v"), vectors.data(), vectors.size(), &error_) ==
            VECDB_OK);
    REQUIRE(vecdb_insert(books_, batch, nullptr, nullptr, &error_) == VECDB_OK);
    REQUIRE(vecdb_collection_flush(books_, &error_) == VECDB_OK);
    CHECK(vecdb_batch_free(batch) == VECDB_OK);
  }

  vecdb_error error_;
  vecdb_db* db_ = nullptr;
  vecdb_collection* books_ = nullptr;
};

// ---- what an index is declared with -----------------------------------------------------

// What was declared is there, after a reopening too; it is dropped.
bool Declared(TestDatabase& db, const IndexSpec& spec) {
  if (db.OpenBooks().DescribeIndex("v")->spec != spec) return false;
  db.Reopen();
  Collection books = db.OpenBooks();
  const bool same = books.DescribeIndex("v")->spec == spec;
  return books.DropIndex("v").ok() && same;
}

void TryNumber(Tally& tally, TestDatabase& db, Guest& guest, const std::string& parameter,
               std::uint64_t value, bool accepted) {
  const std::string text = std::to_string(value);
  INFO(parameter << "=" << text);
  const std::vector<std::string> words = {parameter, text};
  if (value <= std::numeric_limits<std::uint32_t>::max()) {
    HnswSqIndex spec;
    (parameter == "M" ? spec.m : spec.ef_construction) = static_cast<std::uint32_t>(value);
    const Status status = db.OpenBooks().CreateIndex("v", spec);
    Judge(tally, status, accepted, words);
    if (status.ok()) tally.survived += Declared(db, spec) ? 1 : 0;
  }
  const std::vector<std::pair<std::string_view, std::string_view>> given = {{parameter, text}};
  const auto spec = ParseIndexSpec("HNSW_SQ", given);
  Judge(tally, spec.ok() ? db.OpenBooks().CreateIndex("v", *spec) : spec.status(), accepted, words);
  if (spec.ok()) tally.survived += Declared(db, *spec) ? 1 : 0;
  const Status in_c = guest.Create(parameter, text);
  Judge(tally, in_c, accepted, words);
  if (in_c.ok()) tally.survived += guest.Had(parameter, text) ? 1 : 0;
}

void TryCodecs(Tally& tally, TestDatabase& db) {
  for (const int number : {0, 1, 2, 3, 4, 5, 255}) {
    INFO("codec " << number);
    const HnswSqIndex spec{.m = 16, .ef_construction = 200, .codec = static_cast<Codec>(number)};
    const Status status = db.OpenBooks().CreateIndex("v", spec);
    const bool accepted = number >= 1 && number <= 4;
    Judge(tally, status, accepted, {"sq_type", std::to_string(number)});
    if (status.ok()) tally.survived += Declared(db, spec) ? 1 : 0;
  }
}

// ---- how hard a search looks ------------------------------------------------------------

void TryEffort(Tally& tally, const Collection& books, Guest& guest, const SearchEffort& effort,
               bool accepted, const std::vector<std::string>& words) {
  INFO("recall " << effort.recall << " ef " << effort.ef << " refine_k " << effort.refine_k);
  const std::vector<float> query = Book{1}.vector();
  const SearchRequest request = {.query = query,
                                 .limit = kWindow - 1,
                                 .offset = 1,
                                 .filter = {},
                                 .output_fields = {},
                                 .read = {},
                                 .effort = effort};
  const auto judge = [&](const Status& status, std::size_t rows) {
    Judge(tally, status, accepted, words);
    if (status.ok()) tally.survived += rows == kWindow - 1 ? 1 : 0;
  };
  const auto hits = books.Search(request);
  judge(hits.status(), hits.ok() ? hits->size() : 0);
  const auto of_moment = books.Snapshot()->Search(request);
  judge(of_moment.status(), of_moment.ok() ? of_moment->size() : 0);
  const auto in_c = guest.Search(effort);
  judge(in_c.status(), in_c.ok() ? *in_c : 0);
}

void TryEfforts(Tally& tally) {
  constexpr std::int64_t kRows = 1'100;
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, kRows))).status().OrDie();
  books.Flush().OrDie();
  books.CreateIndex("v", HnswIndex{}).OrDie();
  books.WaitForIndexes().OrDie();
  REQUIRE(books.DescribeIndex("v")->indexed_rows == kRows);
  Guest guest(kRows);
  guest.Build();
  constexpr float kInfinite = std::numeric_limits<float>::infinity();
  for (const float recall :
       {-1.0F, 0.0F, std::numeric_limits<float>::denorm_min(), 0.5F, std::nextafter(1.0F, 0.0F),
        1.0F, std::nextafter(1.0F, 2.0F), kInfinite, std::numeric_limits<float>::quiet_NaN()}) {
    TryEffort(tally, books, guest, {.recall = recall, .ef = 0, .refine_k = 0},
              recall > 0 && recall <= 1, {"recall", "above 0 and at most 1"});
  }
  for (const std::uint64_t ef :
       std::vector<std::uint64_t>{0, 1, kWindow - 1, kWindow, kWindow + 1, kMostEf, kMostEf + 1}) {
    TryEffort(tally, books, guest,
              {.recall = 0.95F, .ef = static_cast<std::uint32_t>(ef), .refine_k = 0},
              ef == 0 || (ef >= kWindow && ef <= kMostEf),
              {"ef must", std::to_string(kWindow), std::to_string(ef)});
  }
  for (const float refine_k :
       {-1.0F, 0.0F, 0.5F, std::nextafter(1.0F, 0.0F), 1.0F, std::nextafter(1.0F, 2.0F),
        std::numeric_limits<float>::max(), kInfinite, std::numeric_limits<float>::quiet_NaN()}) {
    TryEffort(tally, books, guest, {.recall = 0.95F, .ef = 0, .refine_k = refine_k},
              refine_k == 0 || (refine_k >= 1 && refine_k < kInfinite), {"refine_k", "from 1"});
  }
}

}  // namespace

void TryIndexes(Tally& tally) {
  TestDatabase db;
  db.MakeBooks();
  Guest guest(0);
  constexpr std::uint64_t kMost32 = std::numeric_limits<std::uint32_t>::max();
  for (const std::uint64_t m :
       std::vector<std::uint64_t>{0, 1, 2, 3, 2'047, 2'048, 2'049, kMost32, kMost32 + 3}) {
    TryNumber(tally, db, guest, "M", m, m >= 2 && m <= 2'048);
  }
  for (const std::uint64_t ef :
       std::vector<std::uint64_t>{0, 1, 2, kMostEf - 1, kMostEf, kMostEf + 1, kMost32 + 2}) {
    TryNumber(tally, db, guest, "efConstruction", ef, ef >= 1 && ef <= kMostEf);
  }
  TryCodecs(tally, db);
  TryEfforts(tally);
}

}  // namespace vecdb::test::limits
