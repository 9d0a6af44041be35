#include "commands.h"
#include "json.h"
#include "text.h"

namespace vecdb::cli {

namespace {

Result<std::uint64_t> Count(const Session& session, const CountArguments& arguments) {
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(arguments.database));
  CLI_TRY_ASSIGN(const Collection collection, database->OpenCollection(arguments.collection));
  return collection.Count(arguments.filter, {.partitions = arguments.partitions});
}

}  // namespace

int RunCount(const Session& session, const CountArguments& arguments) {
  const auto count = Count(session, arguments);
  if (!count.ok()) return Fail(count.status());
  if (session.json) {
    PrintObject({{"count", *count}});
  } else {
    Print(Format("{}", *count));
  }
  return kExitOk;
}

}  // namespace vecdb::cli
