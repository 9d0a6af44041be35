// The shapes that collections of the reliability tests have: Books (test_database.h), and schemas
// that together have a field of every type and an array of every element type. A row of any of them
// is made from its key and a version, so the oracle, which knows only those two, knows all of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/all_types.h"
#include "support/test_database.h"
#include "support/vector_oracle.h"

namespace vecdb::test {

inline constexpr std::size_t kShapes = 6;

// A scalar of each, with nulls in the first.
inline const char* ClusteringKeyOf(std::size_t shape) {
  return shape % kShapes == 0 ? "year" : "version";
}

// Shape 0 is that of Books. Every other has a "version".
inline Schema SchemaOf(std::size_t shape) {
  if (shape % kShapes == 0) return BookSchema();
  SchemaBuilder builder;
  builder.PrimaryKey("id").Scalar("version", DataType::kInt64);
  switch (shape % kShapes) {
    case 1:
      builder.Nullable("bool", DataType::kBool)
          .Scalar("int8", DataType::kInt8)
          .Array("texts", DataType::kVarChar, 9)
          .BinaryVector("bits", 24);
      break;
    case 2:
      builder.Scalar("int16", DataType::kInt16)
          .Nullable("float", DataType::kFloat)
          .Nullable("json", DataType::kJson)
          .Vector("half", 5, Metric::kL2, DataType::kFloat16Vector);
      break;
    case 3:
      builder.Nullable("double", DataType::kDouble)
          .Array("bools", DataType::kBool, 9)
          .Array("int64s", DataType::kInt64, 9)
          .Vector("brain", 6, Metric::kCosine, DataType::kBFloat16Vector);
      break;
    case 4:
      builder.Array("doubles", DataType::kDouble, 9)
          .Add({.name = "json",
                .type = DataType::kJson,
                .default_value = Value(std::string(R"({"none": [1.50, null]})"))})
          .Array("int32s", DataType::kInt32, 9)
          .SparseVector("sparse");
      break;
    default:
      builder.Array("int8s", DataType::kInt8, 9)
          .Array("floats", DataType::kFloat, 9)
          .Array("int16s", DataType::kInt16, 9)
          .Vector("int8", 7, Metric::kInnerProduct, DataType::kInt8Vector);
  }
  return *builder.Build();
}

inline bool IsOfBooks(const Schema& schema) {
  return schema.Find("version") == nullptr;
}

// By field, in the schema's order.
inline Values ValuesOf(const Schema& schema, const Book& book) {
  if (IsOfBooks(schema)) {
    return {book.id, book.year() ? Value(*book.year()) : Value(), book.title(), book.vector()};
  }
  Random random(static_cast<std::uint64_t>(book.id * 1'000'003 + book.version * 77));
  Values values;
  for (const Field& field : schema.fields()) {
    const bool counts = field.primary_key || field.name == "version";
    values.push_back(counts ? Value(field.primary_key ? book.id : book.version)
                            : MakeValueOf(field, &random));
  }
  return values;
}

inline Batch RowsOf(const Schema& schema, const std::vector<Book>& books) {
  Batch batch(schema);
  for (const Book& book : books) AddRow(ValuesOf(schema, book), &batch).OrDie();
  return batch;
}

// Key and version of a fetched row ("*"), or nothing when a value is not what was written.
inline std::optional<Book> WrittenAs(const Schema& schema, const Row& row) {
  if (IsOfBooks(schema)) return BookOf(row);
  const auto* id = row.Get<std::int64_t>("id");
  const auto* version = row.Get<std::int64_t>("version");
  if (id == nullptr || version == nullptr) return std::nullopt;
  const Book book{*id, *version};
  if (row.values != ValuesOf(schema, book)) return std::nullopt;
  return book;
}

// Everything in a collection of any shape; a row that nobody wrote is an error.
inline Result<Books> ReadRows(const Collection& collection) {
  Books books;
  const auto rows = collection.Query({.output_fields = {"*"}, .limit = 16'384});
  if (!rows.ok()) return rows.status();
  for (const Row& row : *rows) {
    const auto book = WrittenAs(collection.schema(), row);
    if (!book) return Status(StatusCode::kInternal, "a row was read that nobody wrote");
    books[book->id] = book->version;
  }
  if (books.size() != rows->size()) return Status(StatusCode::kInternal, "a key was read twice");
  return books;
}

// Each shape has one vector: its last field.
inline Value VectorOf(const Schema& schema, const Book& book) {
  return ValuesOf(schema, book).back();
}
inline std::map<Key, Value> VectorsOf(const Schema& schema, const Books& books) {
  std::map<Key, Value> vectors;
  for (const auto& [id, version] : books) vectors[Key(id)] = VectorOf(schema, {id, version});
  return vectors;
}

// Searches for `query` in a collection that holds `vectors`. Empty when that finds what it should,
// else what is wrong.
inline Result<std::string> CheckSearchFor(const Collection& collection, const Value& query,
                                          const std::map<Key, Value>& vectors, std::size_t limit) {
  const SearchRequest request{.query = QueryOf(query), .limit = limit, .effort = kExhaustive};
  const auto hits = collection.Search(request);
  if (!hits.ok()) return hits.status();
  const Metric metric = collection.schema().fields().back().metric;
  return CheckNearest(metric, query, vectors, request, *hits);
}

}  // namespace vecdb::test
