#include <algorithm>
#include <chrono>
#include <cstdio>

#include "commands.h"
#include "json.h"
#include "jsonl.h"
#include "table.h"
#include "text.h"
#include "values.h"
#include "vector_file.h"

namespace vecdb::cli {
namespace {

constexpr std::size_t kMaxVectorText = std::size_t{4} << 20;

Result<std::vector<float>> ReadRow(const std::string& path, std::uint64_t row) {
  constexpr std::size_t kPiece = 64;
  const auto format = VectorFormatOf(path);
  if (!format) return Bad("'{}' is neither .fvecs nor .u8bin (nor either with .zst)", path);
  CLI_TRY_ASSIGN(const auto file, VectorFile::Open(path, *format));
  const std::size_t dimension = file->dimension();
  std::vector<float> rows;
  for (std::uint64_t first = 0;;) {
    CLI_TRY_ASSIGN(const std::size_t got, file->Read(kPiece, &rows));
    if (got == 0) return Bad("'{}' has no row {}: it has {}", path, row, first);
    if (row < first + got) {
      rows.erase(rows.begin(),
                 rows.begin() + static_cast<std::ptrdiff_t>((row - first) * dimension));
      rows.resize(dimension);
      return rows;
    }
    first += got;
  }
}

Result<std::vector<float>> ReadStandardInput() {
  std::string text(kMaxVectorText + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), stdin));
  if (text.size() > kMaxVectorText) {
    return Bad("standard input: longer than {} bytes", kMaxVectorText);
  }
  return ParseVector(text, "standard input");
}

Result<std::vector<float>> QueryVector(const SearchArguments& arguments) {
  if (!arguments.vector_file.empty()) return ReadRow(arguments.vector_file, arguments.row);
  if (!arguments.standard_input.empty()) return ReadStandardInput();
  return ParseVector(arguments.vector, "--vector");
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

void PrintJson(const Schema& schema, const Hits& hits, double milliseconds) {
  JsonWriter json;
  json.BeginObject();
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

Status Search(const SearchArguments& arguments) {
  CLI_TRY_ASSIGN(const std::vector<float> query, QueryVector(arguments));
  CLI_TRY_ASSIGN(Database database, OpenToRead(arguments.database));
  CLI_TRY_ASSIGN(const Collection collection, database.OpenCollection(arguments.collection));
  SearchRequest request;
  request.field = arguments.field;
  request.query = query;
  request.limit = arguments.limit;
  request.offset = arguments.offset;
  request.filter = arguments.filter;
  request.output_fields = arguments.output;
  const auto start = std::chrono::steady_clock::now();
  CLI_TRY_ASSIGN(const Hits hits, collection.Search(request));
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  if (arguments.json) {
    PrintJson(collection.schema(), hits, took.count());
  } else {
    PrintTable(hits);
  }
  return Status();
}

}  // namespace

int RunSearch(const SearchArguments& arguments) {
  const Status status = Search(arguments);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace vecdb::cli
