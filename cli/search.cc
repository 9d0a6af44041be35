#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>

#include "commands.h"
#include "formats/json_rows.h"
#include "formats/vector_reader.h"
#include "json.h"
#include "table.h"
#include "text.h"
#include "values.h"

namespace vecdb::cli {
namespace {

constexpr std::size_t kMaxVectorText = std::size_t{4} << 20;
constexpr std::uint64_t kMaxQueries = 100'000;

// What is searched for; where several are, each has a name.
struct QueryVector {
  std::string name;
  std::vector<float> values;
};

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

Result<std::vector<QueryVector>> ReadRows(const SearchArguments& arguments) {
  CLI_TRY_ASSIGN(const auto range, RowRange(arguments));
  CLI_TRY_ASSIGN(const auto file, VectorReader::Open(arguments.file));
  if (file->dimension() == 0) return Bad("'{}' has no vectors", arguments.file);
  CLI_TRY_ASSIGN(const std::uint64_t skipped, file->Skip(range.first));
  std::vector<QueryVector> queries;
  for (std::uint64_t row = range.first; row <= range.second; ++row) {
    QueryVector query{Format("row {}", row), {}};
    std::size_t got = 0;
    if (skipped == range.first) {
      CLI_TRY_ASSIGN(got, file->ReadFloats(1, &query.values));
    }
    if (got == 0) return Bad("'{}' has no row {}: it has {}", arguments.file, row, file->row());
    queries.push_back(std::move(query));
  }
  return queries;
}

// One vector, over as many lines as one likes; or several, each in a line.
Result<std::vector<QueryVector>> ReadStandardInput() {
  constexpr std::string_view kName = "standard input";
  std::string text(kMaxVectorText + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), stdin));
  if (text.size() > kMaxVectorText) return Bad("{}: longer than {} bytes", kName, kMaxVectorText);
  std::vector<QueryVector> queries;
  std::string whole = text;
  QueryVector one;
  const Status status = ParseVector(&whole, &one.values);
  if (status.ok()) return std::vector<QueryVector>{one};
  for (std::size_t at = 0, line = 1; at < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string piece = text.substr(at, end - at);
    at = end + 1;
    if (piece.find_first_not_of(" \t\r") == std::string::npos) continue;
    QueryVector query{Format("line {}", line), {}};
    const bool parsed = ParseVector(&piece, &query.values).ok();
    if (!parsed) return Annotate(status, kName);  // as one vector: that is what it is meant to be
    queries.push_back(std::move(query));
  }
  if (queries.empty()) return Annotate(status, kName);
  return queries;
}

Result<std::vector<QueryVector>> QueryVectors(const Session& session,
                                              const SearchArguments& arguments) {
  if (!arguments.file.empty()) return ReadRows(arguments);
  if (!arguments.standard_input.empty()) {
    if (session.holds()) return Bad("- is for the command line: here standard input has commands");
    return ReadStandardInput();
  }
  QueryVector query;
  std::string text = arguments.vector;
  CLI_TRY(Annotate(ParseVector(&text, &query.values), "--vector"));
  return std::vector<QueryVector>{query};
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

void PrintJson(const std::string& name, const Hits& hits, double milliseconds) {
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
    WriteFields(hit.row, &json);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  json.Print();
}

Status Search(const Session& session, const SearchArguments& arguments) {
  CLI_TRY_ASSIGN(const auto queries, QueryVectors(session, arguments));
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(arguments.database));
  CLI_TRY_ASSIGN(const Collection collection, database->OpenCollection(arguments.collection));
  SearchRequest request;
  request.field = arguments.field;
  request.limit = arguments.limit;
  request.offset = arguments.offset;
  request.filter = arguments.filter;
  request.output_fields = arguments.output;
  const bool several = queries.size() > 1;
  for (const QueryVector& query : queries) {
    request.query = query.values;
    const auto start = std::chrono::steady_clock::now();
    const auto hits = collection.Search(request);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    if (!hits.ok()) return several ? Annotate(hits.status(), query.name) : hits.status();
    if (arguments.json || session.json) {
      PrintJson(several ? query.name : "", *hits, took.count());
      continue;
    }
    if (several && &query != queries.data()) Print("");
    if (several) Print(Format("{}:", query.name));
    PrintTable(*hits);
  }
  return Status();
}

}  // namespace

int RunSearch(const Session& session, const SearchArguments& arguments) {
  const Status status = Search(session, arguments);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace vecdb::cli
