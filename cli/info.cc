#include <algorithm>
#include <utility>

#include "commands.h"
#include "import.h"
#include "index_text.h"
#include "json.h"
#include "schema_json.h"
#include "table.h"
#include "text.h"
#include "values.h"

namespace vecdb::cli {
namespace {

struct CollectionInfo {
  Collection collection;
  CollectionStats stats;
  std::vector<IndexInfo> indexes;
};

Result<std::vector<CollectionInfo>> Gather(const Lease& database, const std::string& only) {
  std::vector<std::string> names{only};
  if (only.empty()) {
    CLI_TRY_ASSIGN(names, database->ListCollections());
  }
  std::vector<CollectionInfo> infos;
  for (const std::string& name : names) {
    CLI_TRY_ASSIGN(const Collection collection, database->OpenCollection(name));
    CLI_TRY_ASSIGN(const CollectionStats stats, collection.Stats());
    CLI_TRY_ASSIGN(auto indexes, collection.ListIndexes());
    infos.push_back({collection, stats, std::move(indexes)});
  }
  return infos;
}

// ---- For people ---------------------------------------------------------------------------

std::string RecoveryText(const RecoveryReport& report) {
  std::string text = report.clean ? "log complete" : "log without a SEAL at its end";
  text += Format("; {} {} read, {} {} and {} {} applied", report.logs_read,
                 Plural(report.logs_read, "log", "logs"), Grouped(report.groups_applied),
                 Plural(report.groups_applied, "group", "groups"), Grouped(report.records_applied),
                 Plural(report.records_applied, "record", "records"));
  if (report.discarded_bytes != 0) {
    text += Format("; {} of an unfinished write discarded", BytesText(report.discarded_bytes));
  }
  return text;
}

void PrintOne(const CollectionInfo& info) {
  const CollectionStats& stats = info.stats;
  Print(Format("collection  {}", info.collection.name()));
  Print(Format("rows        {}, and {} deleted", Grouped(stats.rows), Grouped(stats.deleted_rows)));
  Print(Format("segments    {} sealed with {} on disk, {} growing with {} in memory",
               stats.sealed_segments, BytesText(stats.disk_bytes), stats.growing_segments,
               BytesText(stats.memory_bytes)));
  PrintSchemaTable("", info.collection.schema());
  PrintIndexLines(info.indexes);
}

void PrintAll(const std::string& directory, const RecoveryReport& recovery,
              const std::vector<CollectionInfo>& infos) {
  Print(Format("database    {}", directory));
  Print(Format("recovery    {}", RecoveryText(recovery)));
  if (!recovery.detail.empty()) Print(Format("            {}", recovery.detail));
  if (infos.empty()) {
    Print("no collections");
    return;
  }
  Print("");
  Table table;
  table.AddColumn("collection");
  for (const char* title : {"rows", "deleted", "sealed", "growing", "disk", "memory", "fields"}) {
    table.AddColumn(title, Table::Align::kRight);
  }
  for (const CollectionInfo& info : infos) {
    const CollectionStats& stats = info.stats;
    table.AddRow({std::string(info.collection.name()), Grouped(stats.rows),
                  Grouped(stats.deleted_rows), Format("{}", stats.sealed_segments),
                  Format("{}", stats.growing_segments), BytesText(stats.disk_bytes),
                  BytesText(stats.memory_bytes),
                  Format("{}", info.collection.schema().fields().size())});
  }
  table.Print();
}

// ---- For programs -------------------------------------------------------------------------

void WriteCollection(const CollectionInfo& info, JsonWriter* json) {
  const CollectionStats& stats = info.stats;
  json->BeginObject();
  json->Member("name", info.collection.name());
  json->Member("rows", stats.rows);
  json->Member("deleted_rows", stats.deleted_rows);
  json->Member("sealed_segments", stats.sealed_segments);
  json->Member("growing_segments", stats.growing_segments);
  json->Member("disk_bytes", stats.disk_bytes);
  json->Member("memory_bytes", stats.memory_bytes);
  json->Name("fields");
  WriteSchema(info.collection.schema(), json);
  json->Name("indexes");
  WriteIndexes(info.indexes, json);
  json->EndObject();
}

void WriteRecovery(const RecoveryReport& report, JsonWriter* json) {
  json->BeginObject();
  json->Flag("clean", report.clean);
  json->Member("logs_read", report.logs_read);
  json->Member("groups_applied", report.groups_applied);
  json->Member("records_applied", report.records_applied);
  json->Member("discarded_bytes", report.discarded_bytes);
  json->Member("first_lost_lsn", report.first_lost_lsn);
  json->Member("detail", report.detail);
  json->EndObject();
}

void PrintJson(const std::string& directory, const RecoveryReport& recovery,
               const std::vector<CollectionInfo>& infos) {
  JsonWriter json;
  json.BeginObject();
  json.Member("database", directory);
  json.Name("recovery");
  WriteRecovery(recovery, &json);
  json.Name("collections");
  json.BeginArray();
  for (const CollectionInfo& info : infos) WriteCollection(info, &json);
  json.EndArray();
  json.EndObject();
  json.Print();
}

Status Info(const Session& session, const InfoArguments& arguments) {
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(arguments.database));
  CLI_TRY_ASSIGN(const auto infos, Gather(database, arguments.collection));
  if (arguments.json || session.json) {
    PrintJson(arguments.database, database->recovery(), infos);
  } else if (arguments.collection.empty()) {
    PrintAll(arguments.database, database->recovery(), infos);
  } else {
    PrintOne(infos.front());
  }
  return Status();
}

}  // namespace

int RunInfo(const Session& session, const InfoArguments& arguments) {
  const Status status = Info(session, arguments);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace vecdb::cli
