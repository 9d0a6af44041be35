// Commands about what may change of collections: names, aliases, properties.
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>
#include <utility>
#include <vector>

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

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array<Unit, 5> kUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

// In the largest unit that needs no fraction.
std::string TtlText(milliseconds ttl) {
  if (ttl.count() == 0) return "off";
  for (const Unit& unit : kUnits) {
    if (ttl.count() % unit.ms == 0) return Format("{}{}", ttl.count() / unit.ms, unit.name);
  }
  return "";  // every number divides by one
}

std::string CreatedText(Timestamp created) {
  const auto seconds = static_cast<std::time_t>((static_cast<std::uint64_t>(created) >> 18) / 1000);
  std::tm parts = {};
  if (gmtime_r(&seconds, &parts) == nullptr) return "";
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "none" : text;
}

void PrintInfo(const vecdb::CollectionInfo& info, const std::vector<IndexInfo>& indexes) {
  const CollectionOptions& options = info.options;
  Print(Format("collection   {}", info.name));
  Print(Format("id           {}", info.id));
  Print(Format("created      {}", CreatedText(info.created)));
  Print(Format("aliases      {}", Joined(info.aliases)));
  Print(Format(
      "properties   ttl {}, automatic compaction {}, consistency {}, compact when {} deleted",
      TtlText(info.properties.ttl), info.properties.auto_compaction ? "on" : "off",
      ToString(info.properties.consistency), info.properties.compact_when_deleted));
  Print(Format("options      {} {}, segments of {}, keys {}", options.shards,
               Plural(options.shards, "shard", "shards"), BytesText(options.segment_bytes),
               options.check_keys ? "checked" : "not checked"));
  if (!options.partition_key.empty()) {
    Print(Format("partitions   {}, by the values of {}", options.num_partitions,
                 options.partition_key));
  }
  if (!options.clustering_key.empty()) {
    Print(Format("clustered    by the values of {}", options.clustering_key));
  }
  PrintSchemaTable("", info.schema);
  PrintIndexLines(indexes);
}

void WriteOptions(const CollectionOptions& options, JsonWriter* json) {
  json->BeginObject();
  json->Member("shards", options.shards);
  json->Member("segment_bytes", options.segment_bytes);
  json->Member("segment_rows", options.segment_rows);
  json->Member("seal_after_idle_ms", static_cast<std::uint64_t>(options.seal_after_idle.count()));
  json->Flag("check_keys", options.check_keys);
  if (!options.partition_key.empty()) {
    json->Member("partition_key", options.partition_key);
    json->Member("num_partitions", options.num_partitions);
  }
  if (!options.clustering_key.empty()) json->Member("clustering_key", options.clustering_key);
  json->EndObject();
}

void WriteInfo(const vecdb::CollectionInfo& info, const std::vector<IndexInfo>& indexes,
               JsonWriter* json) {
  json->BeginObject();
  json->Member("name", info.name);
  json->Member("id", info.id);
  json->Member("created", static_cast<std::uint64_t>(info.created));
  json->Name("aliases");
  json->BeginArray();
  for (const std::string& alias : info.aliases) json->Text(alias);
  json->EndArray();
  json->Name("properties");
  json->BeginObject();
  json->Member("ttl_ms", static_cast<std::uint64_t>(info.properties.ttl.count()));
  json->Flag("auto_compaction", info.properties.auto_compaction);
  json->Member("consistency", ToString(info.properties.consistency));
  json->Name("compact_when_deleted");
  json->Real(info.properties.compact_when_deleted);
  json->EndObject();
  json->Name("options");
  WriteOptions(info.options, json);
  json->Name("fields");
  WriteSchema(info.schema, json);
  json->Name("indexes");
  WriteIndexes(indexes, json);
  json->EndObject();
}

struct Described {
  vecdb::CollectionInfo info;
  std::vector<IndexInfo> indexes;
};

Result<Described> Gather(const Lease& database, const std::string& name) {
  CLI_TRY_ASSIGN(auto info, database->DescribeCollection(name));
  CLI_TRY_ASSIGN(const Collection collection, database->OpenCollection(name));
  CLI_TRY_ASSIGN(auto indexes, collection.ListIndexes());
  return Described{std::move(info), std::move(indexes)};
}

void Show(const Session& session, bool json, const Described& described) {
  if (!json && !session.json) return PrintInfo(described.info, described.indexes);
  JsonWriter writer;
  WriteInfo(described.info, described.indexes, &writer);
  writer.Print();
}

Status Describe(const Session& session, const DescribeArguments& arguments) {
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(arguments.database));
  CLI_TRY_ASSIGN(const Described described, Gather(database, arguments.collection));
  Show(session, arguments.json, described);
  return Status();
}

Status Rename(const Session& session, const RenameArguments& arguments) {
  CLI_TRY_ASSIGN(Lease database, session.OpenToWrite(arguments.database));
  CLI_TRY(database->RenameCollection(arguments.collection, arguments.new_name));
  CLI_TRY(database.Close());
  Print(Format("'{}' is called '{}' now", arguments.collection, arguments.new_name));
  return Status();
}

Status ListAliases(const Session& session, const std::string& directory) {
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(directory));
  CLI_TRY_ASSIGN(const auto aliases, database->ListAliases());
  if (session.json) {
    JsonWriter json;
    json.BeginObject();
    for (const auto& [alias, collection] : aliases) json.Member(alias, collection);
    json.EndObject();
    json.Print();
    return Status();
  }
  if (aliases.empty()) return Status();
  Table table;
  table.AddColumn("alias");
  table.AddColumn("collection");
  for (const auto& [alias, collection] : aliases) table.AddRow({alias, collection});
  table.Print();
  return Status();
}

Status SetAlias(const Session& session, const AliasArguments& arguments) {
  CLI_TRY_ASSIGN(Lease database, session.OpenToWrite(arguments.database));
  if (arguments.drop) {
    CLI_TRY(database->DropAlias(arguments.alias));
  } else {
    const Status altered = database->AlterAlias(arguments.alias, arguments.collection);
    if (altered.code() == StatusCode::kNotFound) {
      CLI_TRY(database->CreateAlias(arguments.alias, arguments.collection));
    } else {
      CLI_TRY(altered);
    }
  }
  CLI_TRY(database.Close());
  Print(arguments.drop ? Format("dropped the alias '{}'", arguments.alias)
                       : Format("'{}' stands for '{}'", arguments.alias, arguments.collection));
  return Status();
}

Status Set(const Session& session, const SetArguments& arguments) {
  CLI_TRY_ASSIGN(Lease database, session.OpenToWrite(arguments.database));
  CLI_TRY_ASSIGN(auto info, database->DescribeCollection(arguments.collection));
  arguments.properties.ApplyTo(&info.properties);
  CLI_TRY(database->AlterCollection(arguments.collection, info.properties));
  CLI_TRY_ASSIGN(const Described described, Gather(database, arguments.collection));
  CLI_TRY(database.Close());
  Show(session, false, described);
  return Status();
}

int CodeOf(const Status& status) {
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace

Result<milliseconds> ParseTtl(std::string_view text) {
  if (text == "off") return milliseconds(0);
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const std::string_view name(stop, static_cast<std::size_t>(end - stop));
  for (const Unit& unit : kUnits) {
    if (error != std::errc() || number < 0 || name != unit.name) continue;
    if (number > INT64_MAX / unit.ms) break;
    return milliseconds(number * unit.ms);
  }
  return Bad("{} is no time: write a whole number and ms, s, m, h or d, like 7d, or off",
             Quoted(text));
}

Result<bool> ParseSwitch(std::string_view text) {
  if (text == "on" || text == "off") return text == "on";
  return Bad("{} is neither on nor off", Quoted(text));
}

Result<double> ParseShare(std::string_view text) {
  double share = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, share);
  if (error == std::errc() && stop == end && share >= 0 && share <= 1) return share;
  return Bad("{} is no share: write a number from 0 to 1, like 0.2", Quoted(text));
}

void SomeProperties::ApplyTo(CollectionProperties* properties) const {
  if (ttl) properties->ttl = *ttl;
  if (auto_compaction) properties->auto_compaction = *auto_compaction;
  if (consistency) properties->consistency = *consistency;
  if (compact_when_deleted) properties->compact_when_deleted = *compact_when_deleted;
}

Result<Consistency> ConsistencyNamed(std::string_view text) {
  for (const Consistency level : {Consistency::kStrong, Consistency::kSession,
                                  Consistency::kBounded, Consistency::kEventual}) {
    if (ToString(level) == text) return level;
  }
  return Bad("{} is no consistency: write Strong, Session, Bounded or Eventual", Quoted(text));
}

int RunDescribe(const Session& session, const DescribeArguments& arguments) {
  return CodeOf(Describe(session, arguments));
}

int RunRename(const Session& session, const RenameArguments& arguments) {
  return CodeOf(Rename(session, arguments));
}

int RunAlias(const Session& session, const AliasArguments& arguments) {
  const bool list = arguments.alias.empty() && !arguments.drop;
  if (list) return CodeOf(ListAliases(session, arguments.database));
  if (arguments.alias.empty() || arguments.drop != arguments.collection.empty()) {
    Complain("alias takes nothing, ALIAS COLLECTION, or ALIAS --drop (see `vecdb alias --help`)");
    return kExitUsage;
  }
  return CodeOf(SetAlias(session, arguments));
}

int RunSet(const Session& session, const SetArguments& arguments) {
  if (arguments.properties.empty()) {
    Complain("set takes at least one property (see `vecdb set --help`)");
    return kExitUsage;
  }
  return CodeOf(Set(session, arguments));
}

}  // namespace vecdb::cli
