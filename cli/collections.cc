// Commands about whole collections.
#include "commands.h"
#include "import.h"
#include "json.h"
#include "schema_json.h"
#include "terminal.h"
#include "text.h"

namespace vecdb::cli {
namespace {

Status Create(const Session& session, const CreateArguments& arguments) {
  if (arguments.collection.empty()) {
    CLI_TRY_ASSIGN(Lease database, session.OpenOrMake(arguments.database));
    return database.Close();
  }
  CLI_TRY_ASSIGN(const Schema schema, SchemaFrom(arguments.schema_file, arguments.fields));
  CLI_TRY_ASSIGN(Lease database, session.OpenOrMake(arguments.database));
  if (database->OpenCollection(arguments.collection).ok()) {
    return Status(StatusCode::kAlreadyExists,
                  Format("there is a collection named '{}'", arguments.collection));
  }
  CollectionOptions options;
  if (arguments.segment_bytes) options.segment_bytes = *arguments.segment_bytes;
  options.partition_key = arguments.partition_key;
  if (arguments.partitions) options.num_partitions = *arguments.partitions;
  options.clustering_key = arguments.clustering_key;
  CollectionProperties properties;
  arguments.properties.ApplyTo(&properties);
  CLI_TRY(database->CreateCollection(arguments.collection, schema, options, properties).status());
  CLI_TRY(database.Close());
  if (session.json) {
    PrintSchemaObject(arguments.collection, schema);
  } else {
    PrintSchemaTable(Format("created '{}':", arguments.collection), schema);
  }
  return Status();
}

Status Drop(const Session& session, const DropArguments& arguments) {
  CLI_TRY_ASSIGN(Lease database, session.OpenToWrite(arguments.database));
  CLI_TRY_ASSIGN(const Collection collection, database->OpenCollection(arguments.collection));
  CLI_TRY_ASSIGN(const std::uint64_t rows, collection.Count());
  const bool sure = arguments.yes || !CanAsk() ||
                    Ask(Format("Drop '{}' with its {} {} for good?", arguments.collection,
                               Grouped(rows), Plural(rows, "row", "rows")),
                        Answer::kNo);
  if (!sure) return Status(StatusCode::kCancelled, "nothing was dropped");
  CLI_TRY(database->DropCollection(arguments.collection));
  RemoveTicket(TicketPath(arguments.database, arguments.collection));
  CLI_TRY(database.Close());
  if (session.json) {
    PrintObject({{"dropped_rows", rows}});
  } else {
    Print(Format("dropped '{}' with {} {}", arguments.collection, Grouped(rows),
                 Plural(rows, "row", "rows")));
  }
  return Status();
}

Status List(const Session& session, const std::string& directory) {
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(directory));
  CLI_TRY_ASSIGN(const auto names, database->ListCollections());
  if (!session.json) {
    for (const std::string& name : names) Print(name);
    return Status();
  }
  JsonWriter json;
  json.BeginObject();
  json.Name("collections");
  json.BeginArray();
  for (const std::string& name : names) json.Text(name);
  json.EndArray();
  json.EndObject();
  json.Print();
  return Status();
}

Status FlushAll(const Session& session, const FlushArguments& arguments) {
  CLI_TRY_ASSIGN(Lease database, session.OpenToWrite(arguments.database));
  if (arguments.collection.empty()) {
    CLI_TRY(database->Flush());
  } else {
    CLI_TRY_ASSIGN(Collection collection, database->OpenCollection(arguments.collection));
    CLI_TRY(collection.Flush());
  }
  return database.Close();
}

int CodeOf(const Status& status) {
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace

int RunCreate(const Session& session, const CreateArguments& arguments) {
  return CodeOf(Create(session, arguments));
}

int RunDrop(const Session& session, const DropArguments& arguments) {
  return CodeOf(Drop(session, arguments));
}

int RunList(const Session& session, const std::string& database) {
  return CodeOf(List(session, database));
}

int RunFlush(const Session& session, const FlushArguments& arguments) {
  return CodeOf(FlushAll(session, arguments));
}

}  // namespace vecdb::cli
