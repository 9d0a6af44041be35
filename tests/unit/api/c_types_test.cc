// Rows of every type, made for the tests of C++, go in through C by both doors and come out as they
// were: growing, sealed and reopened.
#include <array>
#include <memory>
#include <vector>

#include "api/c_field.h"
#include "api/c_value.h"
#include "chunk/kinds.h"
#include "support/all_types.h"
#include "support/temp_directory.h"
#include "unit/api/c_sample.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr std::int64_t kRows = 60;
constexpr vecdb_code kBad = VECDB_INVALID_ARGUMENT;

void Describe(const Schema& schema, vecdb_schema* out) {
  for (const Field& field : schema.fields()) {
    api::LentValues lent;
    lent.Add(field.default_value);
    vecdb_field described = api::LendField(field, lent[0]);
    described.struct_size = sizeof described;
    C_OK(vecdb_schema_add(out, &described, &error));
  }
}

// Row by row; what is the default is left out now and then.
void AddRows(const Schema& schema, const std::vector<Values>& rows, vecdb_batch* batch) {
  for (std::size_t r = 0; r < rows.size(); ++r) {
    api::LentValues lent;
    for (const Value& value : rows[r]) lent.Add(value);
    std::vector<vecdb_named_value> row;
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      const Field& field = schema.fields()[i];
      const bool left_out = rows[r][i] == field.default_value && !chunk::IsVector(field.type);
      if (!left_out || (r + i) % 2 == 0) row.push_back({Text(field.name), lent[i]});
    }
    C_OK(vecdb_batch_add(batch, row.data(), row.size(), &error));
  }
}

template <typename T, typename Of>
std::vector<T> AllOf(const std::vector<vecdb_value>& column, Of of) {
  std::vector<T> all;
  for (const vecdb_value& value : column) {
    const auto part = of(value);
    all.insert(all.end(), part.data, part.data + part.count);
  }
  return all;
}

void AddColumn(const Field& field, const std::vector<vecdb_value>& column, vecdb_batch* batch) {
  const vecdb_text name = Text(field.name);
  const std::size_t rows = column.size();
  std::vector<std::uint8_t> valid;
  for (const vecdb_value& value : column) valid.push_back(value.kind == VECDB_VALUE_NULL ? 0 : 1);
  const auto each = [&](auto zero, auto of) {
    std::vector<decltype(zero)> values;
    for (const vecdb_value& value : column) values.push_back(of(value));
    return values;
  };
  switch (field.type) {
    case DataType::kBool: {
      const auto values = each(std::uint8_t{}, [](auto& v) { return v.as.boolean; });
      C_OK(vecdb_batch_bools(batch, name, values.data(), rows, valid.data(), &error));
      return;
    }
    case DataType::kFloat:
    case DataType::kDouble: {
      const auto values = each(double{}, [](auto& v) { return v.as.real; });
      C_OK(vecdb_batch_doubles(batch, name, values.data(), rows, valid.data(), &error));
      return;
    }
    case DataType::kVarChar:
    case DataType::kJson: {
      const auto values = each(vecdb_text{}, [](auto& v) { return v.as.text; });
      C_OK(vecdb_batch_texts(batch, name, values.data(), rows, valid.data(), &error));
      return;
    }
    case DataType::kArray:
      C_OK(vecdb_batch_arrays(batch, name, column.data(), rows, &error));
      return;
    case DataType::kFloatVector:
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector: {
      const auto all = AllOf<float>(column, [](auto& v) { return v.as.floats; });
      C_OK(vecdb_batch_floats(batch, name, all.data(), all.size(), &error));
      return;
    }
    case DataType::kInt8Vector: {
      const auto all = AllOf<std::int8_t>(column, [](auto& v) { return v.as.int8s; });
      C_OK(vecdb_batch_int8s(batch, name, all.data(), all.size(), &error));
      return;
    }
    case DataType::kBinaryVector: {
      const auto all = AllOf<std::uint8_t>(column, [](auto& v) { return v.as.bits; });
      C_OK(vecdb_batch_bits(batch, name, all.data(), all.size(), &error));
      return;
    }
    case DataType::kSparseFloatVector: {
      const auto all = each(vecdb_sparse{}, [](auto& v) { return v.as.sparse; });
      C_OK(vecdb_batch_sparse(batch, name, all.data(), rows, &error));
      return;
    }
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64: {
      const auto values = each(std::int64_t{}, [](auto& v) { return v.as.integer; });
      C_OK(vecdb_batch_int64s(batch, name, values.data(), rows, valid.data(), &error));
      return;
    }
  }
}

void AddColumns(const Schema& schema, const std::vector<Values>& rows, vecdb_batch* batch) {
  for (std::size_t i = 0; i < schema.fields().size(); ++i) {
    api::LentValues lent;
    for (const Values& row : rows) lent.Add(row[i]);
    std::vector<vecdb_value> column;
    for (std::size_t r = 0; r < rows.size(); ++r) column.push_back(lent[r]);
    AddColumn(schema.fields()[i], column, batch);
  }
}

// What a row is read back as: a null for which there is a default comes back as that.
Value Expected(const Field& field, const Value& given) {
  return given.index() == 0 ? field.default_value : given;
}

void CheckAll(const Schema& schema, const std::vector<Values>& rows,
              const vecdb_collection* collection) {
  const std::array<vecdb_text, 1> all = {Text("*")};
  vecdb_query_request request;
  vecdb_query_request_init(&request, sizeof request);
  request.output_fields = all.data();
  request.output_field_count = 1;
  Handles answer;
  C_OK(vecdb_query(collection, &request, &answer.rows, &error));
  REQUIRE(vecdb_rows_count(answer.rows) == rows.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t i = 0; i < schema.fields().size(); ++i) {
      vecdb_value value = {};
      C_OK(vecdb_rows_value(answer.rows, r, i, &value, &error));
      const auto owned = api::OwnedOf(value, "value");
      REQUIRE(owned.ok());
      INFO("row " << r << ", field " << schema.fields()[i].name);
      REQUIRE(*owned == Expected(schema.fields()[i], rows[r][i]));
    }
  }
}

// A search for row 0's own vector in each vector field.
void CheckSearches(const Schema& schema, const Values& row, const vecdb_collection* collection) {
  for (std::size_t i = 0; i < schema.fields().size(); ++i) {
    const Field& field = schema.fields()[i];
    if (!chunk::IsVector(field.type)) continue;
    INFO("field " << field.name);
    api::LentValues lent;
    lent.Add(row[i]);
    vecdb_search_request request;
    vecdb_search_request_init(&request, sizeof request);
    request.field = Text(field.name);
    request.query = lent[0];
    request.limit = 5;
    Handles answer;
    C_OK(vecdb_search(collection, &request, &answer.rows, &error));
    CHECK(vecdb_rows_count(answer.rows) == 5);
    float score = -1;
    C_OK(vecdb_rows_score(answer.rows, 0, &score, &error));
    const bool distance = field.metric != Metric::kInnerProduct && field.metric != Metric::kCosine;
    if (distance && field.type != DataType::kBinaryVector) CHECK(score == 0.0F);
    request.query = vecdb_value_int64(5);
    C_REFUSED(vecdb_search(collection, &request, &answer.rows, &error), kBad, "not a vector");
    request.query = vecdb_value_null();
    C_REFUSED(vecdb_search(collection, &request, &answer.rows, &error), kBad, field.name);
  }
}

}  // namespace

TEST_CASE("rows of every type go in through C and come out as they were") {
  for (int vectors = 0; vectors < 3; ++vectors) {
    for (const bool by_columns : {false, true}) {
      INFO("vectors " << vectors << ", by columns " << by_columns);
      const TempDirectory directory(FastFolder());
      const std::string path = directory.path().string();
      const Schema schema = AllTypes(vectors);
      std::vector<Values> rows;
      for (std::int64_t key = 0; key < kRows; ++key) rows.push_back(MakeValues(schema, key));
      const vecdb_options options = QuietC();
      Handles h;
      C_OK(vecdb_open(Text(path), &options, &h.db, &error));
      C_OK(vecdb_schema_new(&h.schema, &error));
      Describe(schema, h.schema);
      C_OK(vecdb_create_collection(h.db, Text("all"), h.schema, nullptr, &h.collection, &error));
      C_OK(vecdb_batch_new(h.collection, &h.batch, &error));
      by_columns ? AddColumns(schema, rows, h.batch) : AddRows(schema, rows, h.batch);
      C_OK(vecdb_insert(h.collection, h.batch, nullptr, nullptr, &error));
      CheckAll(schema, rows, h.collection);
      CheckSearches(schema, rows[0], h.collection);
      C_OK(vecdb_collection_flush(h.collection, &error));
      CheckAll(schema, rows, h.collection);
      REQUIRE(vecdb_collection_free(h.collection) == VECDB_OK);
      C_OK(vecdb_close(h.db, &error));
      C_OK(vecdb_open(Text(path), &options, &h.db, &error));
      C_OK(vecdb_open_collection(h.db, Text("all"), &h.collection, &error));
      CheckAll(schema, rows, h.collection);
      for (std::size_t i = 0; i < schema.fields().size(); ++i) {  // defaults and all
        vecdb_field field;
        vecdb_field_init(&field, sizeof field);
        C_OK(vecdb_collection_field(h.collection, i, &field, &error));
        const Field& expected = schema.fields()[i];
        CHECK(StringOf(field.name) == expected.name);
        CHECK(field.type == static_cast<vecdb_type>(expected.type));
        CHECK(field.element_type == static_cast<vecdb_type>(expected.element_type));
        CHECK(field.max_capacity == expected.max_capacity);
        CHECK(*api::OwnedOf(field.default_value, "default") == expected.default_value);
      }
    }
  }
}

TEST_CASE("halves go in as their own bits, and other bits are refused") {
  Handles h;
  C_OK(vecdb_open_in_memory(nullptr, &h.db, &error));
  C_OK(vecdb_schema_new(&h.schema, &error));
  C_OK(vecdb_schema_auto_primary_key(h.schema, Text("id"), &error));
  C_OK(vecdb_schema_vector(h.schema, Text("h"), VECDB_FLOAT16_VECTOR, 2, VECDB_L2, &error));
  C_OK(vecdb_schema_vector(h.schema, Text("s"), VECDB_SPARSE_FLOAT_VECTOR, 0, VECDB_INNER_PRODUCT,
                           &error));
  C_OK(vecdb_schema_array(h.schema, Text("a"), VECDB_BOOL, 3, &error));
  C_OK(vecdb_create_collection(h.db, Text("c"), h.schema, nullptr, &h.collection, &error));
  C_OK(vecdb_batch_new(h.collection, &h.batch, &error));
  const std::array<std::uint16_t, 2> halves = {0x3C00, 0xC000};  // 1 and -2
  const std::array<std::uint16_t, 2> infinite = {0x7C00, 0};
  C_REFUSED(vecdb_batch_halves(h.batch, Text("h"), infinite.data(), 2, &error), kBad, "'h'");
  C_OK(vecdb_batch_halves(h.batch, Text("h"), halves.data(), 2, &error));
  const std::array<std::uint32_t, 2> falling = {9, 3};
  const std::array<std::uint32_t, 2> rising = {3, 9};
  const std::array<float, 2> values = {1, 2};
  vecdb_sparse sparse = {falling.data(), values.data(), 2};
  C_REFUSED(vecdb_batch_sparse(h.batch, Text("s"), &sparse, 1, &error), kBad, "'s'");
  sparse = {rising.data(), nullptr, 2};
  C_REFUSED(vecdb_batch_sparse(h.batch, Text("s"), &sparse, 1, &error), kBad, "is NULL");
  sparse = {rising.data(), values.data(), 2};
  C_OK(vecdb_batch_sparse(h.batch, Text("s"), &sparse, 1, &error));
  const std::array<std::uint8_t, 2> odd = {1, 2};
  vecdb_value array = vecdb_value_bools(odd.data(), 2);
  C_REFUSED(vecdb_batch_arrays(h.batch, Text("a"), &array, 1, &error), kBad, "is 2; a flag");
  array = vecdb_value_int64(4);
  C_REFUSED(vecdb_batch_arrays(h.batch, Text("a"), &array, 1, &error), kBad, "is no array");
  array = vecdb_value_doubles(nullptr, 2);
  C_REFUSED(vecdb_batch_arrays(h.batch, Text("a"), &array, 1, &error), kBad, "is NULL");
  array = vecdb_value_bools(odd.data(), 1);
  const std::array<vecdb_value, 2> mixed = {array, vecdb_value_int64s(nullptr, 0)};
  C_REFUSED(vecdb_batch_arrays(h.batch, Text("a"), mixed.data(), 2, &error), kBad, "row 1");
  C_OK(vecdb_batch_arrays(h.batch, Text("a"), &array, 1, &error));
  C_OK(vecdb_insert(h.collection, h.batch, nullptr, nullptr, &error));
  const vecdb_text all = Text("h");
  vecdb_query_request request;
  vecdb_query_request_init(&request, sizeof request);
  request.output_fields = &all;
  request.output_field_count = 1;
  C_OK(vecdb_query(h.collection, &request, &h.rows, &error));
  vecdb_value read = {};
  C_OK(vecdb_rows_value(h.rows, 0, 0, &read, &error));
  REQUIRE(read.kind == VECDB_VALUE_FLOATS);
  CHECK(read.as.floats.data[0] == 1.0F);
  CHECK(read.as.floats.data[1] == -2.0F);
}
