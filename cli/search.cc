#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <span>
#include <utility>

#include "commands.h"
#include "formats/json_rows.h"
#include "formats/schema_text.h"
#include "formats/vector_reader.h"
#include "formats/vector_value.h"
#include "json.h"
#include "table.h"
#include "text.h"
#include "values.h"

namespace vecdb::cli {
namespace {

constexpr std::size_t kMaxVectorText = std::size_t{4} << 20;
constexpr std::uint64_t kMaxQueries = 100'000;
constexpr std::size_t kTogether = 256;  // in one call

// What is searched for; where several are, each has a name.
struct Query {
  std::string name;
  Value vector;
};

// The vector that a search means: the one of that name, or the only one; else floats are as good as
// anything, and the search says what is wrong.
Field FieldOf(const SearchArguments& arguments, const Schema& schema) {
  std::vector<const Field*> found;
  for (const Field& field : schema.fields()) {
    const bool meant = arguments.field.empty() || field.name == arguments.field;
    if (meant && IsVector(field.type)) found.push_back(&field);
  }
  if (found.size() == 1) return *found.front();
  Field floats;
  floats.type = DataType::kFloatVector;
  return floats;
}

bool TakesFloats(const Field& field) {
  return field.type >= DataType::kFloatVector && field.type <= DataType::kBFloat16Vector;
}

Result<Value> ParseQuery(const Schema& schema, const Field& field, std::string text) {
  std::vector<float> floats;
  if (TakesFloats(field)) {
    CLI_TRY(ParseVector(&text, &floats));
    return Value(std::move(floats));
  }
  RowReader reader(schema);
  const auto index = schema.Find(field.name) - schema.fields().data();
  CLI_TRY_ASSIGN(const ValueView view, reader.Read(static_cast<std::size_t>(index), &text));
  if (const auto* sparse = std::get_if<SparseView>(&view)) {
    return Value(SparseVector{{sparse->indices.begin(), sparse->indices.end()},
                              {sparse->values.begin(), sparse->values.end()}});
  }
  if (const auto* int8 = std::get_if<std::span<const std::int8_t>>(&view)) {
    return Value(std::vector<std::int8_t>(int8->begin(), int8->end()));
  }
  if (const auto* bytes = std::get_if<std::span<const std::uint8_t>>(&view)) {
    return Value(std::vector<std::uint8_t>(bytes->begin(), bytes->end()));
  }
  return Bad("null is no vector");
}

QueryVector Lent(const Value& value) {
  if (const auto* int8 = std::get_if<std::vector<std::int8_t>>(&value)) return std::span(*int8);
  if (const auto* bytes = std::get_if<std::vector<std::uint8_t>>(&value)) return std::span(*bytes);
  if (const auto* sparse = std::get_if<SparseVector>(&value)) return SparseView(*sparse);
  return std::span(std::get<std::vector<float>>(value));
}

Result<std::pair<std::uint64_t, std::uint64_t>> RowRange(const SearchArguments& arguments) {
  if (arguments.rows.empty()) return std::pair(arguments.row, arguments.row);
  const std::string& text = arguments.rows;
  const std::size_t points = text.find("..");
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  const auto number = [&](std::size_t begin, std::size_t end, std::uint64_t* out) {
    const auto [stop, error] = std::from_chars(text.data() + begin, text.data() + end, *out);
    return error == std::errc() && stop == text.data() + end;
  };
  if (points == std::string::npos || !number(0, points, &first) ||
      !number(points + 2, text.size(), &last) || last < first || last - first >= kMaxQueries) {
    return Bad("--rows {}: write FIRST..LAST, at most {} rows", Quoted(text), kMaxQueries);
  }
  return std::pair(first, last);
}

Result<std::vector<Query>> ReadRows(const SearchArguments& arguments, const Field& field) {
  CLI_TRY_ASSIGN(const auto range, RowRange(arguments));
  CLI_TRY_ASSIGN(const auto file, VectorReader::Open(arguments.file));
  if (file->dimension() == 0) return Bad("'{}' has no vectors", arguments.file);
  Field taken = field;  // another dimension is the search's to refuse
  taken.dimension = DimensionFor(field.type, file->dimension());
  CLI_TRY(CheckVectors(taken, file->element(), file->dimension(), arguments.file));
  CLI_TRY_ASSIGN(const std::uint64_t skipped, file->Skip(range.first));
  VectorColumn column;
  const auto convert = [&](std::span<const std::byte> bytes) {
    return column.Convert(field, file->element(), bytes);
  };
  std::vector<Query> queries;
  for (std::uint64_t row = range.first; row <= range.second; ++row) {
    std::size_t got = 0;
    if (skipped == range.first) {
      CLI_TRY_ASSIGN(const auto raw, file->Read(1));
      CLI_TRY_ASSIGN(got, file->Accept(raw, convert));
    }
    if (got == 0) return Bad("'{}' has no row {}: it has {}", arguments.file, row, file->row());
    queries.push_back({Format("row {}", row), column.Take(field)});
  }
  return queries;
}

// One vector, over as many lines as one likes; or several, each in a line.
Result<std::vector<Query>> ReadStandardInput(const Schema& schema, const Field& field) {
  constexpr std::string_view kName = "standard input";
  std::string text(kMaxVectorText + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), stdin));
  if (text.size() > kMaxVectorText) return Bad("{}: longer than {} bytes", kName, kMaxVectorText);
  auto one = ParseQuery(schema, field, text);
  if (one.ok()) return std::vector<Query>{{"", *std::move(one)}};
  const Status whole = Annotate(one.status(), kName);  // what it is meant to be, perhaps
  std::vector<Query> queries;
  for (std::size_t at = 0, line = 1; at < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string piece = text.substr(at, end - at);
    at = end + 1;
    if (piece.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto query = ParseQuery(schema, field, piece);
    if (!query.ok()) return whole;
    queries.push_back({Format("line {}", line), *std::move(query)});
  }
  if (queries.empty()) return whole;
  return queries;
}

Result<std::vector<Query>> Queries(const Session& session, const SearchArguments& arguments,
                                   const Schema& schema) {
  const Field field = FieldOf(arguments, schema);
  if (!arguments.file.empty()) return ReadRows(arguments, field);
  if (!arguments.standard_input.empty()) {
    if (session.holds()) return Bad("- is for the command line: here standard input has commands");
    return ReadStandardInput(schema, field);
  }
  auto vector = ParseQuery(schema, field, arguments.vector);
  if (!vector.ok()) return Annotate(vector.status(), "--vector");
  return std::vector<Query>{{"", *std::move(vector)}};
}

void PrintTable(const Hits& hits) {
  if (hits.empty()) {
    Print("no rows found");
    return;
  }
  Table table;
  table.AddColumn("rank", Table::Align::kRight);
  table.AddColumn("key");
  table.AddColumn("score", Table::Align::kRight);
  for (const std::string& name : hits.front().row.names) table.AddColumn(name);
  for (std::size_t i = 0; i < hits.size(); ++i) {
    std::vector<std::string> cells{Format("{}", i + 1), KeyText(hits[i].key),
                                   Format("{:.6g}", hits[i].score)};
    for (const Value& value : hits[i].row.values) cells.push_back(ValueText(value));
    table.AddRow(std::move(cells));
  }
  table.Print();
}

void PrintJson(const Schema& schema, const std::string& name, const Hits& hits,
               double milliseconds) {
  JsonWriter json;
  json.BeginObject();
  if (!name.empty()) json.Member("query", name);
  json.Name("milliseconds");
  json.Real(milliseconds);
  json.Name("hits");
  json.BeginArray();
  for (const Hit& hit : hits) {
    json.BeginObject();
    json.Name("key");
    WriteKey(hit.key, &json);
    json.Name("score");
    json.Float(hit.score);
    json.Name("fields");
    WriteFields(schema, hit.row, &json);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  json.Print();
}

// In the order of the queries. When several cannot be answered together the first that fails alone
// says why, by name.
Result<std::vector<Hits>> Answer(const Collection& collection, std::span<const Query> queries,
                                 bool several, SearchRequest* request) {
  if (several) {
    std::vector<QueryVector> vectors;
    for (const Query& query : queries) vectors.push_back(Lent(query.vector));
    auto answers = collection.SearchMany(*request, vectors);
    if (answers.ok()) return answers;
  }
  std::vector<Hits> answers;
  for (const Query& query : queries) {
    request->query = Lent(query.vector);
    auto hits = collection.Search(*request);
    if (!hits.ok()) return several ? Annotate(hits.status(), query.name) : hits.status();
    answers.push_back(*std::move(hits));
  }
  return answers;
}

Status Search(const Session& session, const SearchArguments& arguments) {
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(arguments.database));
  CLI_TRY_ASSIGN(const Collection collection, database->OpenCollection(arguments.collection));
  CLI_TRY_ASSIGN(const auto queries, Queries(session, arguments, collection.schema()));
  SearchRequest request;
  request.field = arguments.field;
  request.limit = arguments.limit;
  request.offset = arguments.offset;
  request.filter = arguments.filter;
  request.output_fields = arguments.output;
  request.read.partitions = arguments.partitions;
  request.effort = arguments.effort;
  request.radius = arguments.radius;
  request.range_filter = arguments.range_filter;
  const bool several = queries.size() > 1;
  bool first = true;
  for (std::size_t at = 0; at < queries.size(); at += kTogether) {
    const auto some = std::span(queries).subspan(at, std::min(kTogether, queries.size() - at));
    const auto start = std::chrono::steady_clock::now();
    CLI_TRY_ASSIGN(const std::vector<Hits> answers, Answer(collection, some, several, &request));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const std::string& name = some[i].name;
      if (arguments.json || session.json) {
        PrintJson(collection.schema(), several ? name : "", answers[i],
                  took.count() / static_cast<double>(answers.size()));
        continue;
      }
      if (several && !std::exchange(first, false)) Print("");
      if (several) Print(Format("{}:", name));
      PrintTable(answers[i]);
    }
  }
  return Status();
}

}  // namespace

int RunSearch(const Session& session, const SearchArguments& arguments) {
  const Status status = Search(session, arguments);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace vecdb::cli
