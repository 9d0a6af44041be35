// The third door of the tests of limits: the same values through the C interface.
#include "vecdb/c.h"

#include "api/c_field.h"
#include "api/c_value.h"
#include "walks/limits.h"

namespace vecdb::test::limits {
namespace {

vecdb_text TextOf(std::string_view text) {
  return {text.data(), text.size()};
}

// The error of a call as the Status it was made from; words that did not fit are missing.
Status StatusOf(vecdb_code code, const vecdb_error& error) {
  return code == VECDB_OK ? Status() : Status(static_cast<StatusCode>(code), error.message);
}

// A collection in memory with the schema of one case, and all the handles that takes.
class Guest {
 public:
  explicit Guest(const Schema& schema) {
    REQUIRE(vecdb_open_in_memory(nullptr, &db_, &error_) == VECDB_OK);
    vecdb_schema* built = nullptr;
    REQUIRE(vecdb_schema_new(&built, &error_) == VECDB_OK);
    for (const Field& field : schema.fields()) {
      api::LentValues lent;
      lent.Add(field.default_value);
      vecdb_field in_c = api::LendField(field, lent[0]);
      in_c.struct_size = sizeof(in_c);
      REQUIRE(vecdb_schema_add(built, &in_c, &error_) == VECDB_OK);
    }
    REQUIRE(vecdb_create_collection(db_, TextOf("rows"), built, nullptr, &rows_, &error_) ==
            VECDB_OK);
    CHECK(vecdb_schema_free(built) == VECDB_OK);
    REQUIRE(vecdb_batch_new(rows_, &batch_, &error_) == VECDB_OK);
  }
  ~Guest() {
    CHECK(vecdb_batch_free(batch_) == VECDB_OK);
    CHECK(vecdb_collection_free(rows_) == VECDB_OK);
    CHECK(vecdb_close(db_, &error_) == VECDB_OK);
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  Status Add(const std::vector<vecdb_named_value>& row) {
    const vecdb_code code = vecdb_batch_add(batch_, row.data(), row.size(), &error_);
    CHECK(vecdb_batch_rows(batch_) == (code == VECDB_OK ? 1 : 0));
    return StatusOf(code, error_);
  }
  bool Insert() { return vecdb_insert(rows_, batch_, nullptr, nullptr, &error_) == VECDB_OK; }
  bool Flush() { return vecdb_collection_flush(rows_, &error_) == VECDB_OK; }

  // The one row's value of this field.
  Result<Value> Read(std::string_view field) {
    vecdb_query_request request;
    vecdb_query_request_init(&request, sizeof(request));
    const vecdb_text output = TextOf(field);
    request.output_fields = &output;
    request.output_field_count = 1;
    vecdb_rows* found = nullptr;
    const vecdb_code code = vecdb_query(rows_, &request, &found, &error_);
    if (code != VECDB_OK) return StatusOf(code, error_);
    vecdb_value value;
    const vecdb_code read = vecdb_rows_value(found, 0, 0, &value, &error_);
    Result<Value> owned =
        read == VECDB_OK ? api::OwnedOf(value, field) : Result<Value>(StatusOf(read, error_));
    CHECK(vecdb_rows_free(found) == VECDB_OK);
    return owned;
  }

 private:
  vecdb_error error_;
  vecdb_db* db_ = nullptr;
  vecdb_collection* rows_ = nullptr;
  vecdb_batch* batch_ = nullptr;
};

}  // namespace

void TryByC(Tally& tally, const ValueCase& c, const Schema& schema, const Value& expected) {
  const auto* sparse = std::get_if<SparseVector>(&c.value);
  if (sparse != nullptr && sparse->indices.size() != sparse->values.size())
    return;  // C has one count
  INFO("C door, " << ToString(c.field.type) << " field, value kind " << c.value.index());
  Guest guest(schema);
  api::LentValues lent;
  lent.Add(c.value);
  std::vector<vecdb_named_value> row{{TextOf(c.field.name), lent[0]}};
  if (!c.field.primary_key) row.push_back({TextOf("id"), vecdb_value_int64(1)});
  if (schema.Find("other") != nullptr) {
    row.push_back({TextOf("other"), vecdb_value_floats(kOther.data(), kOther.size())});
  }
  std::vector<std::string> words;  // names and texts may be longer than a message of C
  if (c.field.name.size() < 32) words.push_back("'" + c.field.name + "'");
  const Status status = guest.Add(row);
  Judge(tally, status, c.accepted, words);
  if (!c.accepted || !status.ok()) return;
  const auto there = [&] {
    const Result<Value> found = guest.Read(c.field.name);
    return found.ok() && Same(*found, expected);
  };
  const bool survived = guest.Insert() && there() && guest.Flush() && there();
  CHECK(survived);
  tally.survived += survived ? 1 : 0;
}

}  // namespace vecdb::test::limits
