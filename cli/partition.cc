// Commands about the partitions of a collection.
#include "commands.h"
#include "table.h"
#include "terminal.h"
#include "text.h"

namespace vecdb::cli {
namespace {

Status Create(const Session& session, const PartitionArguments& arguments) {
  CLI_TRY_ASSIGN(Lease database, session.OpenToWrite(arguments.database));
  CLI_TRY_ASSIGN(Collection collection, database->OpenCollection(arguments.collection));
  CLI_TRY_ASSIGN(const bool exists, collection.HasPartition(arguments.name));
  CLI_TRY(collection.CreatePartition(arguments.name));
  CLI_TRY(database.Close());
  Print(Format("{} '{}'", exists ? "there is already a partition" : "created partition",
               arguments.name));
  return Status();
}

Status Drop(const Session& session, const PartitionArguments& arguments) {
  CLI_TRY_ASSIGN(Lease database, session.OpenToWrite(arguments.database));
  CLI_TRY_ASSIGN(Collection collection, database->OpenCollection(arguments.collection));
  CLI_TRY_ASSIGN(const CollectionStats stats, collection.Stats(arguments.name));
  const bool sure =
      arguments.yes || !CanAsk() ||
      Ask(Format("Drop partition '{}' of '{}' with its {} {} for good?", arguments.name,
                 arguments.collection, Grouped(stats.rows), Plural(stats.rows, "row", "rows")),
          Answer::kNo);
  if (!sure) return Status(StatusCode::kCancelled, "nothing was dropped");
  CLI_TRY(collection.DropPartition(arguments.name));
  CLI_TRY(database.Close());
  Print(Format("dropped partition '{}' with {} {}", arguments.name, Grouped(stats.rows),
               Plural(stats.rows, "row", "rows")));
  return Status();
}

Status List(const Session& session, const PartitionArguments& arguments) {
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(arguments.database));
  CLI_TRY_ASSIGN(const Collection collection, database->OpenCollection(arguments.collection));
  CLI_TRY_ASSIGN(const auto names, collection.ListPartitions());
  Table table;
  table.AddColumn("partition");
  table.AddColumn("rows", Table::Align::kRight);
  table.AddColumn("segments", Table::Align::kRight);
  for (const std::string& name : names) {
    CLI_TRY_ASSIGN(const CollectionStats stats, collection.Stats(name));
    table.AddRow({name, Grouped(stats.rows),
                  Grouped(std::uint64_t{stats.growing_segments} + stats.sealed_segments)});
  }
  table.Print();
  return Status();
}

}  // namespace

int RunPartition(const Session& session, const PartitionArguments& arguments) {
  Status (*const run)(const Session&, const PartitionArguments&) =
      arguments.action == "create" ? Create
      : arguments.action == "drop" ? Drop
                                   : List;
  const Status status = run(session, arguments);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace vecdb::cli
