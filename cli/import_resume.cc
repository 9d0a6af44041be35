#include <limits>

#include "import.h"
#include "text.h"

namespace vecdb::cli {
namespace {

// A row as the collection would give it back: put into one in memory, and read from there.
Result<std::optional<Row>> NextRow(RowSource* source, const Schema& schema) {
  Batch batch(schema);
  CLI_TRY_ASSIGN(const std::size_t rows, source->Read(1, &batch));
  if (rows == 0) return std::optional<Row>();
  Options options;
  options.own_threads = false;
  CLI_TRY_ASSIGN(Database database, Database::OpenInMemory(options));
  CLI_TRY_ASSIGN(Collection collection, database.CreateCollection("row", schema));
  CLI_TRY(collection.Insert(batch).status());
  CLI_TRY_ASSIGN(auto found, collection.Query({.output_fields = {"*"}, .limit = 1}));
  return std::optional<Row>(std::move(found.front()));
}

Key KeyOf(const Row& row, const Field& key) {
  if (const auto* text = row.Get<std::string>(key.name)) return *text;
  return *row.Get<std::int64_t>(key.name);
}

bool SameButKey(const Row& a, const Row& b, const Field& key) {
  if (a.names != b.names) return false;
  for (std::size_t i = 0; i < a.names.size(); ++i) {
    if (a.names[i] != key.name && !(a.values[i] == b.values[i])) return false;
  }
  return true;
}

// The row with the largest key, which is the newest where vecdb gives the keys.
Result<std::optional<Row>> NewestRow(const Collection& collection) {
  const std::string& key = collection.schema().primary_key().name;
  std::int64_t low = 0;  // keys that vecdb gives are positive
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    CLI_TRY_ASSIGN(const std::uint64_t above, collection.Count(Format("{} > {}", key, middle)));
    if (above == 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  CLI_TRY_ASSIGN(auto rows,
                 collection.Query(
                     {.filter = Format("{} == {}", key, low), .output_fields = {"*"}, .limit = 1}));
  if (rows.empty()) return std::optional<Row>();
  return std::optional<Row>(std::move(rows.front()));
}

Result<std::optional<Row>> RowInCollection(const Collection& collection, const Row& row) {
  const Field& key = collection.schema().primary_key();
  if (key.auto_id) return NewestRow(collection);
  const std::vector<Key> keys{KeyOf(row, key)};
  const std::vector<std::string> output{"*"};
  CLI_TRY_ASSIGN(auto found, collection.Get(keys, output));
  if (found.rows.empty()) return std::optional<Row>();
  return std::optional<Row>(std::move(found.rows.front()));
}

Status Changed(std::string_view words) {
  return Status(
      StatusCode::kFailedPrecondition,
      Format("the import cannot be resumed: {}; --upsert imports the whole file again", words));
}

// Rows arrive in the order of the file, so that their number says which they are, unless somebody
// else has changed the collection: the last one that should be there has to be there as the file
// has it, and the next one must not.
Status CheckBorder(const ImportArguments& arguments, const ImportTicket& ticket,
                   const Collection& collection, std::uint64_t in) {
  const Schema& schema = collection.schema();
  const Field& key = schema.primary_key();
  CLI_TRY_ASSIGN(const auto source, RowSource::Open(arguments.file, arguments.source));
  CLI_TRY(source->Bind(schema));
  if (in != 0) {
    CLI_TRY_ASSIGN(const std::uint64_t skipped, source->Skip(ticket.skip + in - 1));
    CLI_TRY_ASSIGN(const auto last, NextRow(source.get(), schema));
    if (skipped != ticket.skip + in - 1 || !last) {
      return Changed(
          Format("'{}' holds {} new rows, more than the file has", collection.name(), Grouped(in)));
    }
    CLI_TRY_ASSIGN(const auto found, RowInCollection(collection, *last));
    if (!found || !SameButKey(*last, *found, key)) {
      return Changed(Format("'{}' was changed since: row {} of the file should be its newest",
                            collection.name(), ticket.skip + in - 1));
    }
  } else {
    CLI_TRY(source->Skip(ticket.skip).status());
  }
  if (key.auto_id) return Status();
  CLI_TRY_ASSIGN(const auto next, NextRow(source.get(), schema));
  if (!next) return Status();
  CLI_TRY_ASSIGN(const auto found, RowInCollection(collection, *next));
  if (!found) return Status();
  return Changed(
      Format("'{}' was changed since: it has the key of row {} of the file, which is "
             "yet to come",
             collection.name(), ticket.skip + in));
}

}  // namespace

Result<std::uint64_t> RowsBefore(const ImportArguments& arguments, const ImportTicket& ticket,
                                 const Collection& collection) {
  const auto identity = IdentityOf(arguments.file);
  if (!identity || !(*identity == ticket.identity)) {
    return Changed(
        Format("'{}' is not as it was when the import of '{}' began", arguments.file, ticket.file));
  }
  if (ticket.upsert != arguments.upsert || ticket.skip != arguments.skip) {
    return Changed(Format("it was begun with{} --skip {}",
                          ticket.upsert ? " --upsert" : "out --upsert, with", ticket.skip));
  }
  if (ticket.upsert && !collection.schema().primary_key().auto_id) return ticket.done;
  CLI_TRY_ASSIGN(const std::uint64_t rows, collection.Count());
  if (rows < ticket.base_rows) {
    return Changed(Format("'{}' has {} rows, and had {} before it began", collection.name(), rows,
                          ticket.base_rows));
  }
  CLI_TRY(CheckBorder(arguments, ticket, collection, rows - ticket.base_rows));
  return rows - ticket.base_rows;
}

}  // namespace vecdb::cli
