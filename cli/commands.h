// The commands: what the command line asks for, and what does it. Each returns the exit code.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vecdb/database.h"

#include "formats/source.h"
#include "session.h"

namespace vecdb::cli {

struct ImportArguments {
  std::string database;
  std::string collection;
  std::string partition;  // empty: the default one
  std::string file;
  std::vector<std::string> command;  // the words of all this, to be told how to resume
  SourceOptions source;
  std::string schema_file;
  bool create = false;
  bool upsert = false;
  bool yes = false;
  bool dry_run = false;
  bool resume = false;
  bool restart = false;
  std::uint64_t skip = 0;
  std::uint64_t batch_rows = 0;  // 0: what fits well
  Durability durability = Durability::kInterval;
  std::optional<std::uint64_t> limit;
  std::optional<std::uint64_t> segment_bytes;  // for a new collection
  bool progress = false;
  bool watch = false;  // pictures of the database instead
};
int RunImport(const Session& session, const ImportArguments& arguments);

struct ExportArguments {
  std::string database;
  std::string collection;
  std::vector<std::string> partitions;  // none: all
  std::string file;                     // "-": standard output
  std::string format;                   // empty: by the end of the name
  std::string filter;
  std::vector<std::string> output;
  char separator = ',';
  std::string null_text;
  std::optional<std::uint64_t> limit;
  bool force = false;
  bool progress = false;
};
int RunExport(const Session& session, const ExportArguments& arguments);

struct SearchArguments {
  std::string database;
  std::string collection;
  std::vector<std::string> partitions;  // none: all
  std::string standard_input;           // "-": the vectors come from there
  std::string field;
  std::string vector;
  std::string file;
  std::uint64_t row = 0;
  std::string rows;  // "FIRST..LAST"; empty: `row`
  std::size_t limit = 10;
  std::size_t offset = 0;
  std::string filter;
  std::vector<std::string> output;
  SearchEffort effort;
  std::optional<float> radius;
  std::optional<float> range_filter;
  bool json = false;
};
int RunSearch(const Session& session, const SearchArguments& arguments);

struct QueryArguments {
  std::string database;
  std::string collection;
  std::vector<std::string> partitions;  // none: all
  std::string filter;
  std::vector<std::string> output;
  std::size_t limit = 100;
  std::size_t offset = 0;
  bool json = false;
};
int RunQuery(const Session& session, const QueryArguments& arguments);

struct GetArguments {
  std::string database;
  std::string collection;
  std::vector<std::string> partitions;  // none: all
  std::vector<std::string> keys;
  std::vector<std::string> output;
  bool json = false;
};
int RunGet(const Session& session, const GetArguments& arguments);

struct CountArguments {
  std::string database;
  std::string collection;
  std::vector<std::string> partitions;  // none: all
  std::string filter;
};
int RunCount(const Session& session, const CountArguments& arguments);

struct InsertArguments {
  std::string database;
  std::string collection;
  std::string partition;          // empty: the default one
  std::vector<std::string> rows;  // JSON objects
  bool upsert = false;
};
int RunInsert(const Session& session, const InsertArguments& arguments);

struct DeleteArguments {
  std::string database;
  std::string collection;
  std::string partition;  // empty: the default one; of a delete: any
  std::vector<std::string> keys;
  std::optional<std::string> filter;  // one of the two
};
int RunDelete(const Session& session, const DeleteArguments& arguments);

// Properties that are not given stay.
struct SomeProperties {
  std::optional<std::chrono::milliseconds> ttl;
  std::optional<bool> auto_compaction;
  std::optional<Consistency> consistency;
  std::optional<double> compact_when_deleted;

  bool empty() const { return !ttl && !auto_compaction && !consistency && !compact_when_deleted; }
  void ApplyTo(CollectionProperties* properties) const;
};

struct CreateArguments {
  std::string database;
  std::string collection;  // empty: the database alone
  std::string schema_file;
  std::vector<Field> fields;
  std::optional<std::uint64_t> segment_bytes;
  std::string partition_key;
  std::optional<std::uint32_t> partitions;
  std::string clustering_key;
  SomeProperties properties;
};
int RunCreate(const Session& session, const CreateArguments& arguments);

struct DropArguments {
  std::string database;
  std::string collection;
  bool yes = false;
};
int RunDrop(const Session& session, const DropArguments& arguments);

struct PartitionArguments {
  std::string action;  // "create", "drop" or "list"
  std::string database;
  std::string collection;
  std::string name;  // not of list
  bool yes = false;
};
int RunPartition(const Session& session, const PartitionArguments& arguments);

struct IndexArguments {
  using Parameter = std::pair<std::string, std::string>;  // name and value
  std::string action;  // "create", "replace", "drop", "list" or "describe"
  std::string database;
  std::string collection;  // of list: empty: all of them
  std::string field;       // not of list
  std::string type;        // this and below: of create and replace
  std::vector<Parameter> parameters;
  bool wait = false;
  bool progress = false;
  bool json = false;  // of list and describe
};
int RunIndex(const Session& session, const IndexArguments& arguments);

int RunList(const Session& session, const std::string& database);

struct FlushArguments {
  std::string database;
  std::string collection;  // empty: all of them
};
int RunFlush(const Session& session, const FlushArguments& arguments);

struct CompactArguments {
  std::string database;
  std::string collection;
  bool clustering = false;
  bool progress = false;
};
int RunCompact(const Session& session, const CompactArguments& arguments);

struct InfoArguments {
  std::string database;
  std::string collection;  // empty: all of them
  bool json = false;
};
int RunInfo(const Session& session, const InfoArguments& arguments);

struct SegmentsArguments {
  std::string database;
  std::string collection;  // empty: all of them
  bool json = false;
};
int RunSegments(const Session& session, const SegmentsArguments& arguments);

struct ChannelsArguments {
  std::string database;
  bool json = false;
};
int RunChannels(const Session& session, const ChannelsArguments& arguments);

struct JobsArguments {
  std::string database;
  bool json = false;
};
int RunJobs(const Session& session, const JobsArguments& arguments);

struct TopArguments {
  std::string database;
  std::optional<std::uint64_t> rounds;
  bool json = false;
};
int RunTop(const Session& session, const TopArguments& arguments);

struct TraceArguments {
  std::string database;
  std::string collection;
  std::string key;
  bool json = false;
};
int RunTrace(const Session& session, const TraceArguments& arguments);

struct DescribeArguments {
  std::string database;
  std::string collection;
  bool json = false;
};
int RunDescribe(const Session& session, const DescribeArguments& arguments);

struct RenameArguments {
  std::string database;
  std::string collection;
  std::string new_name;
};
int RunRename(const Session& session, const RenameArguments& arguments);

struct AliasArguments {
  std::string database;
  std::string alias;  // empty: list them
  std::string collection;
  bool drop = false;
};
int RunAlias(const Session& session, const AliasArguments& arguments);

struct SetArguments {
  std::string database;
  std::string collection;
  SomeProperties properties;
};
int RunSet(const Session& session, const SetArguments& arguments);
Result<std::chrono::milliseconds> ParseTtl(std::string_view text);  // "7d", "off"
Result<bool> ParseSwitch(std::string_view text);                    // "on", "off"
Result<double> ParseShare(std::string_view text);                   // "0.2"
Result<Consistency> ConsistencyNamed(std::string_view text);        // "Strong"

int RunInspect(const std::string& file);

struct CheckArguments {
  std::string database;
  bool full = false;
  bool json = false;
};
int RunCheck(const CheckArguments& arguments);

// A schema from a file of JSON, fields as users write them, or both.
Result<Schema> SchemaFrom(const std::string& schema_file, const std::vector<Field>& given);
// Keys as words: numbers or text, as the field says.
Result<std::vector<Key>> ParseKeys(const Field& field, const std::vector<std::string>& words);

}  // namespace vecdb::cli
