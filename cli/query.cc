#include "commands.h"
#include "json.h"
#include "rows_table.h"
#include "table.h"
#include "text.h"
#include "values.h"

namespace vecdb::cli {

void PrintRows(const std::vector<Row>& rows) {
  if (rows.empty()) return;
  Table table;
  for (const std::string& name : rows.front().names) table.AddColumn(name);
  for (const Row& row : rows) {
    std::vector<std::string> cells;
    for (const Value& value : row.values) cells.push_back(ValueText(value));
    table.AddRow(std::move(cells));
  }
  table.Print();
}

namespace {

struct Found {
  Schema schema;
  std::vector<Row> rows;
};

Result<Found> Query(const Session& session, const QueryArguments& arguments) {
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(arguments.database));
  CLI_TRY_ASSIGN(const Collection collection, database->OpenCollection(arguments.collection));
  QueryRequest request;
  request.filter = arguments.filter;
  request.output_fields = arguments.output;
  if (request.output_fields.empty()) request.output_fields.emplace_back("*");
  request.limit = arguments.limit;
  request.offset = arguments.offset;
  request.read.partitions = arguments.partitions;
  CLI_TRY_ASSIGN(auto rows, collection.Query(request));
  return Found{collection.schema(), std::move(rows)};
}

}  // namespace

int RunQuery(const Session& session, const QueryArguments& arguments) {
  const auto found = Query(session, arguments);
  if (!found.ok()) return Fail(found.status());
  const std::vector<Row>& rows = found->rows;
  if (!arguments.json && !session.json) {
    PrintRows(rows);
    if (rows.empty()) Print("no rows found");
    return kExitOk;
  }
  JsonWriter json;
  json.BeginObject();
  json.Name("rows");
  json.BeginArray();
  for (const Row& row : rows) WriteFields(found->schema, row, &json);
  json.EndArray();
  json.EndObject();
  json.Print();
  return kExitOk;
}

}  // namespace vecdb::cli
