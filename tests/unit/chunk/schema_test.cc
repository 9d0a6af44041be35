#include "vecdb/schema.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chunk/validate.h"
#include "support/catch.h"
#include "unit/chunk/sample.h"

using vecdb::DataType;
using vecdb::Field;
using vecdb::Metric;
using vecdb::Schema;
using vecdb::SchemaBuilder;
using vecdb::Status;
using vecdb::StatusCode;
using vecdb_test::Around;
using vecdb_test::ContainsSubstring;
using vecdb_test::Defaulted;
using vecdb_test::TextField;

namespace {

void Refused(const Status& status, const std::string& words) {
  CHECK(status.code() == StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(status.message()), ContainsSubstring(words));
}

void Refused(const SchemaBuilder& builder, const std::string& words) {
  Refused(builder.Build().status(), words);
}

SchemaBuilder With(Field field) {
  SchemaBuilder builder = Around();
  builder.Add(std::move(field));
  return builder;
}

}  // namespace

TEST_CASE("a schema keeps its fields in the order they were named", "[schema]") {
  const Schema schema = vecdb_test::EveryType();
  REQUIRE(schema.fields().size() == 10);
  CHECK(schema.fields()[0].name == "id");
  CHECK(schema.fields()[9].name == "title");
  CHECK(schema.primary_key().name == "id");
  CHECK(schema.Find("v")->dimension == 3);
  CHECK(schema.Find("nothing") == nullptr);
}

TEST_CASE("schemas are equal when every attribute of every field is", "[schema]") {
  const Schema schema = vecdb_test::EveryType();
  CHECK(schema == vecdb_test::EveryType());
  CHECK_FALSE(schema == *Around().Build());
  CHECK_FALSE(*With(TextField("t", 5)).Build() == *With(TextField("t", 6)).Build());
  CHECK_FALSE(*With(Defaulted("n", DataType::kInt8, std::int64_t{1})).Build() ==
              *With(Defaulted("n", DataType::kInt8, std::int64_t{2})).Build());
}

TEST_CASE("a schema has exactly one key and at least one vector", "[schema]") {
  Refused(SchemaBuilder().Vector("v", 3, Metric::kL2), "needs a primary key");
  Refused(SchemaBuilder().PrimaryKey("id"), "needs at least one vector field");
  Refused(Around().PrimaryKey("other"), "one primary key, this one has 'id' and 'other'");
  Refused(SchemaBuilder(), "needs a primary key");
}

TEST_CASE("a key is Int64 or VarChar, and only an Int64 key is assigned", "[schema]") {
  CHECK(SchemaBuilder().AutoPrimaryKey("id").Vector("v", 1, Metric::kL2).Build().ok());
  CHECK(SchemaBuilder()
            .PrimaryKey("id", DataType::kVarChar)
            .Vector("v", 1, Metric::kL2)
            .Build()
            .ok());
  for (const DataType type :
       {DataType::kBool, DataType::kInt32, DataType::kDouble, DataType::kFloatVector}) {
    Refused(SchemaBuilder().PrimaryKey("id", type),
            "field 'id' is the primary key and must be Int64 or VarChar");
  }
  Field key;
  key.name = "id";
  key.primary_key = true;
  key.nullable = true;
  Refused(SchemaBuilder().Add(key), "field 'id' is the primary key and can neither be nullable");
  key.nullable = false;
  key.default_value = std::int64_t{1};
  Refused(SchemaBuilder().Add(key), "nor have a default");
  key.default_value = {};
  key.type = DataType::kVarChar;
  key.auto_id = true;
  Refused(SchemaBuilder().Add(key),
          "field 'id' has auto_id, which needs an Int64 key, not VarChar");
  key.type = DataType::kInt64;
  key.primary_key = false;
  Refused(SchemaBuilder().Add(key), "field 'id' has auto_id but is not the primary key");
}

TEST_CASE("names are a letter or underscore, then letters, digits, underscores", "[schema]") {
  for (const std::string_view name : {"a", "_", "Z9_", "inn", "In", "Not", "nUll", "rowid"}) {
    CHECK(With(TextField(name, 5)).Build().ok());
  }
  for (const std::string_view name : {"1a", "a-b", "a b", "größe", "a.b", "a\n"}) {
    Refused(With(TextField(name, 5)), "must be a letter or '_', then letters, digits or '_'");
  }
  Refused(With(TextField("", 5)), "a field name may not be empty");
  Refused(With(TextField("$meta", 5)), "'$meta' is reserved: no name may begin with '$'");
  for (const std::size_t length : {std::size_t{254}, std::size_t{255}}) {
    CHECK(With(TextField(std::string(length, 'n'), 5)).Build().ok());
  }
  Refused(With(TextField(std::string(256, 'n'), 5)), "has 256 bytes; the limit is 255");
  CHECK(vecdb::chunk::ValidateName("collection", "in").ok());
  Refused(vecdb::chunk::ValidateName("collection", "9"), "collection name '9'");
  Refused(vecdb::chunk::ValidateName("collection", std::string_view("a\0b", 3)), "'a\\x00b'");
}

TEST_CASE("words of the filter language and system columns name no field", "[schema]") {
  for (const std::string_view name :
       {"RowID", "Timestamp", "in",   "IN",   "not",    "NOT",    "and",   "AND",
        "or",    "OR",        "like", "LIKE", "exists", "EXISTS", "is",    "IS",
        "null",  "NULL",      "true", "True", "TRUE",   "false",  "False", "FALSE"}) {
    Refused(With(TextField(name, 5)), "field name '" + std::string(name) + "' is reserved");
  }
}

TEST_CASE("no two fields share a name", "[schema]") {
  Refused(Around().Scalar("v", DataType::kBool), "field 'v' appears twice in the schema");
}

TEST_CASE("a schema has at most 64 fields, 4 of them vectors", "[schema]") {
  SchemaBuilder builder = Around();
  for (int i = 0; i < 61; ++i) builder.Scalar("f" + std::to_string(i), DataType::kBool);
  CHECK(builder.Build().ok());  // 63
  builder.Scalar("g", DataType::kBool);
  CHECK(builder.Build().ok());
  builder.Scalar("h", DataType::kBool);
  Refused(builder, "a schema has at most 64 fields, this one has 65");

  SchemaBuilder vectors = Around();
  vectors.Vector("v2", 1, Metric::kL2).Vector("v3", 1, Metric::kL2);
  CHECK(vectors.Build().ok());
  vectors.Vector("v4", 1, Metric::kL2);
  CHECK(vectors.Build().ok());
  vectors.Vector("v5", 1, Metric::kL2);
  Refused(vectors, "a schema has at most 4 vector fields; 'v5' is one too many");
}

TEST_CASE("a vector has a dimension of 1 to 32768 and a metric", "[schema]") {
  for (const std::uint32_t dimension : {1U, 2U, 32767U, 32768U}) {
    CHECK(Around().Vector("cover", dimension, Metric::kCosine).Build().ok());
  }
  Refused(Around().Vector("cover", 0, Metric::kL2),
          "field 'cover' is a vector and needs a dimension between 1 and 32768, not 0");
  Refused(Around().Vector("cover", 32769, Metric::kL2),
          "field 'cover' is a vector and needs a dimension between 1 and 32768, not 32769");
  Refused(Around().Vector("cover", 3, Metric{9}), "field 'cover' has an unknown metric, number 9");
}

TEST_CASE("a text field has a max_length of 1 to 65535", "[schema]") {
  for (const std::uint32_t length : {1U, 2U, 65534U, 65535U}) {
    CHECK(With(TextField("t", length)).Build().ok());
  }
  Refused(With(TextField("t", 0)),
          "field 't' holds VarChar and needs a max_length between 1 and 65535 bytes, not 0");
  Refused(With(TextField("t", 65536)), "between 1 and 65535 bytes, not 65536");
}

TEST_CASE("attributes of one kind of field are refused on another", "[schema]") {
  Field number = Defaulted("n", DataType::kInt32, {});
  number.dimension = 3;
  Refused(With(number), "field 'n' holds Int32 and takes neither a dimension nor a metric");
  number.dimension = 0;
  number.metric = Metric::kCosine;
  Refused(With(number), "takes neither a dimension nor a metric");
  number.metric = Metric::kL2;
  number.max_length = 5;
  Refused(With(number), "field 'n' holds Int32 and takes no max_length");
  Field vector = Defaulted("w", DataType::kFloatVector, {});
  vector.dimension = 2;
  vector.nullable = true;
  Refused(With(vector), "field 'w' is a vector and can neither be nullable nor have a default");
  vector.nullable = false;
  vector.default_value = std::vector<float>{1, 2};
  Refused(With(vector), "field 'w' is a vector and can neither be nullable nor have a default");
  Refused(With(Defaulted("n", DataType{77}, {})), "field 'n' has an unknown data type, number 77");
}

TEST_CASE("a default must be a value that its field would take", "[schema]") {
  CHECK(With(Defaulted("n", DataType::kInt8, std::int64_t{127})).Build().ok());
  Refused(With(Defaulted("n", DataType::kInt8, std::int64_t{128})),
          "default value: field 'n' holds Int8 (-128..127), got 128");
  Refused(With(Defaulted("n", DataType::kInt8, std::string("x"))),
          "default value: field 'n' holds Int8, got text 'x'");
  Field text = TextField("t", 3);
  text.default_value = std::string("abcd");
  Refused(With(text), "default value: field 't' holds at most 3 bytes of text, got 4");
  text.default_value = std::string("\xFF");
  Refused(With(text), "default value: field 't' holds UTF-8 text");
  const Schema schema = *With(Defaulted("d", DataType::kDouble, std::int64_t{2})).Build();
  CHECK(schema.Find("d")->default_value == vecdb::Value(2.0));
}

TEST_CASE("types and metrics have the names that users know", "[schema]") {
  CHECK(ToString(DataType::kBool) == "Bool");
  CHECK(ToString(DataType::kInt8) == "Int8");
  CHECK(ToString(DataType::kInt16) == "Int16");
  CHECK(ToString(DataType::kInt32) == "Int32");
  CHECK(ToString(DataType::kInt64) == "Int64");
  CHECK(ToString(DataType::kFloat) == "Float");
  CHECK(ToString(DataType::kDouble) == "Double");
  CHECK(ToString(DataType::kVarChar) == "VarChar");
  CHECK(ToString(DataType::kFloatVector) == "FloatVector");
  CHECK(ToString(DataType{99}) == "unknown");
  CHECK(ToString(Metric::kL2) == "L2");
  CHECK(ToString(Metric::kInnerProduct) == "IP");
  CHECK(ToString(Metric::kCosine) == "COSINE");
  CHECK(ToString(Metric{99}) == "unknown");
}
