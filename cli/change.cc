// Commands that change rows one by one.
#include <algorithm>
#include <cstdio>

#include "commands.h"
#include "formats/json_rows.h"
#include "json.h"
#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::size_t kMostKeys = 16'384;  // of one query

Result<std::string> ReadStandardInput() {
  constexpr std::size_t kMaxText = std::size_t{16} << 20;
  std::string text(kMaxText + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), stdin));
  if (text.size() > kMaxText) return Bad("standard input: longer than {} bytes", kMaxText);
  return text;
}

// "-" stands for the lines of standard input.
Result<std::vector<std::string>> RowTexts(const Session& session,
                                          const std::vector<std::string>& words) {
  std::vector<std::string> texts;
  for (const std::string& word : words) {
    if (word != "-") {
      texts.push_back(word);
      continue;
    }
    if (session.holds()) return Bad("- is for the command line: here standard input has commands");
    CLI_TRY_ASSIGN(const std::string input, ReadStandardInput());
    for (std::size_t at = 0; at < input.size();) {
      const std::size_t end = std::min(input.find('\n', at), input.size());
      const std::string line = input.substr(at, end - at);
      if (line.find_first_not_of(" \t\r") != std::string::npos) texts.push_back(line);
      at = end + 1;
    }
  }
  return texts;
}

void PrintChanged(const Session& session, std::string_view how, std::uint64_t rows) {
  if (session.json) return PrintObject({{how, rows}});
  Print(Format("{} {} {}", how, Grouped(rows), Plural(rows, "row", "rows")));
}

Status Insert(const Session& session, const InsertArguments& arguments) {
  CLI_TRY_ASSIGN(auto texts, RowTexts(session, arguments.rows));
  CLI_TRY_ASSIGN(Lease database, session.OpenToWrite(arguments.database));
  CLI_TRY_ASSIGN(Collection collection, database->OpenCollection(arguments.collection));
  RowReader reader(collection.schema());
  Batch batch(collection.schema());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CLI_TRY(Annotate(reader.Add(&texts[i], &batch), Format("row {}", i)));
  }
  const WriteOptions options{.partition = arguments.partition};
  CLI_TRY_ASSIGN(const WriteReceipt receipt, arguments.upsert ? collection.Upsert(batch, options)
                                                              : collection.Insert(batch, options));
  CLI_TRY(database.Close());
  PrintChanged(session, "inserted", receipt.keys.size());
  return Status();
}

// Only rows in the partition of this name, or in any.
ReadOptions ReadIn(const std::string& partition) {
  ReadOptions options;
  if (!partition.empty()) options.partitions.push_back(partition);
  return options;
}

Status DeleteKeys(Collection& collection, std::vector<Key> keys, const std::string& partition,
                  std::uint64_t* deleted) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  if (keys.size() > kMostKeys) return Bad("{} keys; at most {} at once", keys.size(), kMostKeys);
  CLI_TRY_ASSIGN(const GetResult found, collection.Get(keys, {}, ReadIn(partition)));
  CLI_TRY(collection.Delete(keys, {.partition = partition}).status());
  *deleted = found.rows.size();
  return Status();
}

Status Delete(const Session& session, const DeleteArguments& arguments) {
  CLI_TRY_ASSIGN(Lease database, session.OpenToWrite(arguments.database));
  CLI_TRY_ASSIGN(Collection collection, database->OpenCollection(arguments.collection));
  std::uint64_t deleted = 0;
  if (arguments.filter) {
    CLI_TRY_ASSIGN(const WriteReceipt receipt,
                   collection.DeleteWhere(*arguments.filter, {.partition = arguments.partition}));
    deleted = receipt.keys.size();
  } else {
    CLI_TRY_ASSIGN(auto keys, ParseKeys(collection.schema().primary_key(), arguments.keys));
    CLI_TRY(DeleteKeys(collection, std::move(keys), arguments.partition, &deleted));
  }
  CLI_TRY(database.Close());
  PrintChanged(session, "deleted", deleted);
  return Status();
}

}  // namespace

int RunInsert(const Session& session, const InsertArguments& arguments) {
  const Status status = Insert(session, arguments);
  return status.ok() ? kExitOk : Fail(status);
}

int RunDelete(const Session& session, const DeleteArguments& arguments) {
  if (arguments.keys.empty() != arguments.filter.has_value()) {
    Complain("delete takes either keys or --filter (see `vecdb delete --help`)");
    return kExitUsage;
  }
  if (arguments.filter && arguments.filter->find_first_not_of(" \t\r\n") == std::string::npos) {
    Complain("--filter is empty, which every row would match: nothing was deleted");
    return kExitUsage;
  }
  const Status status = Delete(session, arguments);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace vecdb::cli
