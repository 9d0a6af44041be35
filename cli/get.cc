#include <charconv>

#include "commands.h"
#include "json.h"
#include "rows_table.h"
#include "text.h"
#include "values.h"

namespace vecdb::cli {

Result<std::vector<Key>> ParseKeys(const Field& field, const std::vector<std::string>& words) {
  std::vector<Key> keys;
  for (const std::string& word : words) {
    if (field.type == DataType::kVarChar) {
      keys.emplace_back(word);
      continue;
    }
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size()) {
      return Bad("'{}' is no key: the keys of this collection are integers", word);
    }
    keys.emplace_back(number);
  }
  return keys;
}

namespace {

void PrintJson(const Schema& schema, const GetResult& result) {
  JsonWriter json;
  json.BeginObject();
  json.Name("rows");
  json.BeginArray();
  for (const Row& row : result.rows) WriteFields(schema, row, &json);
  json.EndArray();
  json.Name("missing");
  json.BeginArray();
  for (const Key& key : result.missing) WriteKey(key, &json);
  json.EndArray();
  json.EndObject();
  json.Print();
}

struct Got {
  Schema schema;
  GetResult result;
};

Result<Got> Get(const Session& session, const GetArguments& arguments) {
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(arguments.database));
  CLI_TRY_ASSIGN(const Collection collection, database->OpenCollection(arguments.collection));
  CLI_TRY_ASSIGN(const std::vector<Key> keys,
                 ParseKeys(collection.schema().primary_key(), arguments.keys));
  std::vector<std::string> output = arguments.output;
  if (output.empty()) output.emplace_back("*");
  CLI_TRY_ASSIGN(GetResult result,
                 collection.Get(keys, output, {.partitions = arguments.partitions}));
  return Got{collection.schema(), std::move(result)};
}

}  // namespace

int RunGet(const Session& session, const GetArguments& arguments) {
  const auto got = Get(session, arguments);
  if (!got.ok()) return Fail(got.status());
  const GetResult& result = got->result;
  if (arguments.json || session.json) {
    PrintJson(got->schema, result);
  } else {
    PrintRows(result.rows);
    for (const Key& key : result.missing) Complain(Format("no row has the key {}", KeyText(key)));
  }
  return result.missing.empty() ? kExitOk : kExitFailure;
}

}  // namespace vecdb::cli
