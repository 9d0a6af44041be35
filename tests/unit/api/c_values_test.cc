// Everything that goes in through C comes out of it, by both doors and through a reopening.
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "support/temp_directory.h"
#include "unit/api/c_sample.h"

using namespace vecdb::test;

namespace {

vecdb_value ValueIn(const vecdb_rows* rows, std::size_t row, const char* field) {
  vecdb_value value = {};
  C_OK(vecdb_rows_find(rows, row, Text(field), &value, &error));
  return value;
}

void CheckFullRow(const vecdb_rows* rows, std::size_t i, std::int64_t id) {
  vecdb_key key = {};
  C_OK(vecdb_rows_key(rows, i, &key, &error));
  CHECK(key.type == VECDB_INT64);
  CHECK(key.integer == id);
  CHECK(ValueIn(rows, i, "flag").kind == VECDB_VALUE_BOOL);
  CHECK(ValueIn(rows, i, "flag").as.boolean == id % 2);
  CHECK(ValueIn(rows, i, "tiny").as.integer == -128);
  CHECK(ValueIn(rows, i, "small").as.integer == 32767);
  CHECK(ValueIn(rows, i, "n").as.integer == id * 10);
  CHECK(ValueIn(rows, i, "big").as.integer == INT64_MIN);
  CHECK(ValueIn(rows, i, "big").kind == VECDB_VALUE_INT64);
  CHECK(ValueIn(rows, i, "f").as.real == 0.5);
  CHECK(ValueIn(rows, i, "f").kind == VECDB_VALUE_DOUBLE);
  CHECK(ValueIn(rows, i, "d").as.real == -1e300);
  CHECK(ValueIn(rows, i, "t").kind == VECDB_VALUE_TEXT);
  CHECK(StringOf(ValueIn(rows, i, "t").as.text) == "text of it");
  const vecdb_value v = ValueIn(rows, i, "v");
  REQUIRE(v.kind == VECDB_VALUE_FLOATS);
  REQUIRE(v.as.floats.count == 2);
  CHECK(v.as.floats.data[0] == static_cast<float>(id));
  CHECK(v.as.floats.data[1] == 1.0F);
}

void QueryAll(const vecdb_collection* collection, vecdb_rows** rows) {
  const std::array<vecdb_text, 1> all = {Text("*")};
  vecdb_query_request request;
  vecdb_query_request_init(&request, sizeof request);
  CHECK(request.limit == 100);
  request.output_fields = all.data();
  request.output_field_count = all.size();
  C_OK(vecdb_query(collection, &request, rows, &error));
}

// Rows 1 to 4 by columns; in row 3 everything that may be null is.
void AddColumns(vecdb_batch* batch) {
  const std::array<std::int64_t, 4> ids = {1, 2, 3, 4};
  const std::array<std::uint8_t, 4> flags = {1, 0, 99, 0};  // 99 is not looked at
  const std::array<std::uint8_t, 4> valid = {1, 1, 0, 1};
  const std::array<std::int64_t, 4> tiny = {-128, -128, 999'999, -128};
  const std::array<std::int64_t, 4> small = {32767, 32767, 0, 32767};
  const std::array<std::int64_t, 4> n = {10, 20, 30, 40};
  const std::array<std::int64_t, 4> big = {INT64_MIN, INT64_MIN, 0, INT64_MIN};
  const std::array<double, 4> f = {0.5, 0.5, NAN, 0.5};
  const std::array<double, 4> d = {-1e300, -1e300, NAN, -1e300};
  const std::array<vecdb_text, 4> t = {
      Text("text of it"), Text("text of it"), {nullptr, 44}, Text("text of it")};
  const std::array<float, 8> v = {1, 1, 2, 1, 3, 1, 4, 1};
  C_OK(vecdb_batch_int64s(batch, Text("id"), ids.data(), 4, nullptr, &error));
  C_OK(vecdb_batch_bools(batch, Text("flag"), flags.data(), 4, valid.data(), &error));
  C_OK(vecdb_batch_int64s(batch, Text("tiny"), tiny.data(), 4, valid.data(), &error));
  C_OK(vecdb_batch_int64s(batch, Text("small"), small.data(), 4, valid.data(), &error));
  C_OK(vecdb_batch_int64s(batch, Text("n"), n.data(), 4, valid.data(), &error));
  C_OK(vecdb_batch_int64s(batch, Text("big"), big.data(), 4, valid.data(), &error));
  C_OK(vecdb_batch_doubles(batch, Text("f"), f.data(), 4, valid.data(), &error));
  C_OK(vecdb_batch_doubles(batch, Text("d"), d.data(), 4, valid.data(), &error));
  C_OK(vecdb_batch_texts(batch, Text("t"), t.data(), 4, valid.data(), &error));
  C_OK(vecdb_batch_floats(batch, Text("v"), v.data(), v.size(), &error));
}

}  // namespace

TEST_CASE("values of every type go in by rows and come out as they were") {
  Handles h;
  OpenAll(&h);
  for (const int id : {1, 2, 3}) AddFullRow(h.batch, id);
  CHECK(vecdb_batch_rows(h.batch) == 3);
  C_OK(vecdb_insert(h.collection, h.batch, nullptr, nullptr, &error));
  for (const bool flushed : {false, true}) {
    if (flushed) C_OK(vecdb_collection_flush(h.collection, &error));
    Handles answer;
    QueryAll(h.collection, &answer.rows);
    REQUIRE(vecdb_rows_count(answer.rows) == 3);
    REQUIRE(vecdb_rows_field_count(answer.rows) == 10);
    for (std::size_t i = 0; i < 3; ++i) {
      CheckFullRow(answer.rows, i, static_cast<std::int64_t>(i + 1));
    }
  }
}

TEST_CASE("values of every type go in by columns, with nulls, and come out as they were") {
  Handles h;
  OpenAll(&h);
  AddColumns(h.batch);
  CHECK(vecdb_batch_rows(h.batch) == 4);
  C_OK(vecdb_upsert(h.collection, h.batch, nullptr, nullptr, &error));
  Handles answer;
  QueryAll(h.collection, &answer.rows);
  REQUIRE(vecdb_rows_count(answer.rows) == 4);
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}, std::size_t{3}}) {
    CheckFullRow(answer.rows, i, static_cast<std::int64_t>(i + 1));
  }
  for (const char* field : {"flag", "tiny", "small", "n", "big", "f", "d", "t"}) {
    CHECK(ValueIn(answer.rows, 2, field).kind == VECDB_VALUE_NULL);
  }
}

TEST_CASE("a batch that is cleared takes the other door") {
  Handles h;
  OpenAll(&h);
  AddFullRow(h.batch, 1);
  C_OK(vecdb_batch_clear(h.batch, &error));
  CHECK(vecdb_batch_rows(h.batch) == 0);
  AddColumns(h.batch);
  C_OK(vecdb_insert(h.collection, h.batch, nullptr, nullptr, &error));
}

TEST_CASE("fields are numbered and named in the order asked, and values found by both") {
  Handles h;
  OpenAll(&h);
  AddFullRow(h.batch, 7);
  C_OK(vecdb_insert(h.collection, h.batch, nullptr, nullptr, &error));
  const std::array<vecdb_text, 2> fields = {Text("t"), Text("n")};
  vecdb_query_request request;
  vecdb_query_request_init(&request, sizeof request);
  request.output_fields = fields.data();
  request.output_field_count = fields.size();
  C_OK(vecdb_query(h.collection, &request, &h.rows, &error));
  vecdb_text name = {};
  C_OK(vecdb_rows_field_name(h.rows, 0, &name, &error));
  CHECK(StringOf(name) == "t");
  C_OK(vecdb_rows_field_name(h.rows, 1, &name, &error));
  CHECK(StringOf(name) == "n");
  vecdb_value value = {};
  C_OK(vecdb_rows_value(h.rows, 0, 1, &value, &error));
  CHECK(value.as.integer == 70);
  vecdb_key key = {};
  C_REFUSED(vecdb_rows_key(h.rows, 0, &key, &error), VECDB_NOT_FOUND,
            "'id' is not among the output fields");
}

TEST_CASE("text keys and text values keep every byte") {
  Handles h;
  C_OK(vecdb_open_in_memory(nullptr, &h.db, &error));
  C_OK(vecdb_schema_new(&h.schema, &error));
  C_OK(vecdb_schema_primary_key(h.schema, Text("k"), VECDB_VARCHAR, &error));
  C_OK(vecdb_schema_vector(h.schema, Text("v"), VECDB_FLOAT_VECTOR, 1, VECDB_L2, &error));
  C_OK(vecdb_create_collection(h.db, Text("texts"), h.schema, nullptr, &h.collection, &error));
  C_OK(vecdb_batch_new(h.collection, &h.batch, &error));
  const std::string with_nul("a\0b \xE2\x82\xAC", 7);
  const float v = 1;
  const std::array<vecdb_named_value, 2> row = {
      {{Text("k"), vecdb_value_text(Text(with_nul))}, {Text("v"), vecdb_value_floats(&v, 1)}}};
  C_OK(vecdb_batch_add(h.batch, row.data(), row.size(), &error));
  vecdb_receipt receipt;
  C_OK(vecdb_insert(h.collection, h.batch, nullptr, &receipt, &error));
  h.keys = receipt.keys;
  vecdb_key key = {};
  C_OK(vecdb_keys_at(h.keys, 0, &key, &error));
  CHECK(key.type == VECDB_VARCHAR);
  CHECK(StringOf(key.text) == with_nul);
  const std::array<vecdb_key, 2> wanted = {vecdb_key_text(Text(with_nul)),
                                           vecdb_key_text(Text("absent"))};
  vecdb_get_request request;
  vecdb_get_request_init(&request, sizeof request);
  request.keys = wanted.data();
  request.key_count = wanted.size();
  Handles answer;
  C_OK(vecdb_get(h.collection, &request, &answer.rows, &answer.keys, &error));
  REQUIRE(vecdb_rows_count(answer.rows) == 1);
  C_OK(vecdb_rows_key(answer.rows, 0, &key, &error));
  CHECK(StringOf(key.text) == with_nul);
  REQUIRE(vecdb_keys_count(answer.keys) == 1);
  C_OK(vecdb_keys_at(answer.keys, 0, &key, &error));
  CHECK(StringOf(key.text) == "absent");
}

TEST_CASE("a schema keeps everything that was said of its fields, through a reopening") {
  const TempDirectory directory;
  const std::string path = directory.path().string();
  const vecdb_options options = QuietC();
  Handles h;
  C_OK(vecdb_open(Text(path), &options, &h.db, &error));
  C_OK(vecdb_schema_new(&h.schema, &error));
  vecdb_field field;
  vecdb_field_init(&field, sizeof field);
  CHECK(field.type == VECDB_INT64);
  CHECK(field.max_length == 65535);
  field.name = Text("t");
  field.type = VECDB_VARCHAR;
  field.max_length = 40;
  field.nullable = 1;
  field.default_value = vecdb_value_text(Text("nobody"));
  C_OK(vecdb_schema_auto_primary_key(h.schema, Text("id"), &error));
  C_OK(vecdb_schema_add(h.schema, &field, &error));
  C_OK(vecdb_schema_scalar(h.schema, Text("n"), VECDB_INT8, &error));
  C_OK(vecdb_schema_vector(h.schema, Text("v"), VECDB_FLOAT_VECTOR, 5, VECDB_COSINE, &error));
  C_OK(vecdb_schema_check(h.schema, &error));
  C_OK(vecdb_create_collection(h.db, Text("c"), h.schema, nullptr, &h.collection, &error));
  for (const bool reopened : {false, true}) {
    if (reopened) {
      REQUIRE(vecdb_collection_free(h.collection) == VECDB_OK);
      C_OK(vecdb_close(h.db, &error));
      C_OK(vecdb_open(Text(path), &options, &h.db, &error));
      C_OK(vecdb_open_collection(h.db, Text("c"), &h.collection, &error));
    }
    REQUIRE(vecdb_collection_field_count(h.collection) == 4);
    C_OK(vecdb_collection_field(h.collection, 0, &field, &error));
    CHECK(StringOf(field.name) == "id");
    CHECK(field.primary_key == 1);
    CHECK(field.auto_id == 1);
    C_OK(vecdb_collection_field(h.collection, 1, &field, &error));
    CHECK(field.struct_size == sizeof field);
    CHECK(StringOf(field.name) == "t");
    CHECK(field.type == VECDB_VARCHAR);
    CHECK(field.max_length == 40);
    CHECK(field.nullable == 1);
    REQUIRE(field.default_value.kind == VECDB_VALUE_TEXT);
    CHECK(StringOf(field.default_value.as.text) == "nobody");
    C_OK(vecdb_collection_field(h.collection, 3, &field, &error));
    CHECK(field.dimension == 5);
    CHECK(field.metric == VECDB_COSINE);
    CHECK(field.default_value.kind == VECDB_VALUE_NULL);
    vecdb_text name = {};
    C_OK(vecdb_collection_name(h.collection, &name, &error));
    CHECK(StringOf(name) == "c");
  }
}
