#include "vecdb/trace.h"

#include <algorithm>
#include <vector>

#include "commands.h"
#include "json.h"
#include "table.h"
#include "text.h"
#include "values.h"

namespace vecdb::cli {
namespace {

std::uint64_t NumberOf(Timestamp timestamp) {
  return static_cast<std::uint64_t>(timestamp);
}

// One line of the story. Of one moment: first the log, then what is hidden, then the new row.
struct Line {
  Timestamp timestamp{0};
  int order = 0;
  std::string what;
  std::string where;
};

std::string PlaceOf(const TracedRow& row) {
  return Format("row {} of segment {}, {}, partition {}", row.row, row.segment, ToString(row.state),
                row.partition);
}

std::vector<Line> StoryOf(const KeyTrace& trace) {
  std::vector<Line> story;
  for (const LoggedWrite& write : trace.writes) {
    std::string where = Format("record {} of channel {}", write.lsn, trace.channel);
    if (write.segment != 0) where += Format(", for segment {}", write.segment);
    story.push_back({write.timestamp, 0, std::string(ToString(write.type)), std::move(where)});
  }
  for (const TracedRow& row : trace.rows) {
    story.push_back({row.written, 2, "row", PlaceOf(row)});
    if (row.deleted == Timestamp{0}) continue;
    story.push_back(
        {row.deleted, 1, "hidden", Format("row {} of segment {}", row.row, row.segment)});
  }
  std::stable_sort(story.begin(), story.end(), [](const Line& a, const Line& b) {
    return a.timestamp != b.timestamp ? a.timestamp < b.timestamp : a.order < b.order;
  });
  return story;
}

void PrintTrace(const TraceArguments& arguments, const Key& key, const KeyTrace& trace) {
  Print(Format("key         {}", KeyText(key)));
  Print(Format("vchannel    {}/{}", arguments.collection, trace.shard));
  Print(Format("now         {}", trace.present ? "a read finds it" : "no read finds it"));
  const std::vector<Line> story = StoryOf(trace);
  if (story.empty()) {
    Print("nothing on disk knows this key");
    return;
  }
  Table table;
  table.AddColumn("timestamp", Table::Align::kRight);
  table.AddColumn("what");
  table.AddColumn("where");
  for (const Line& line : story) {
    table.AddRow({Format("{}", NumberOf(line.timestamp)), line.what, line.where});
  }
  table.Print();
}

void WriteTrace(const Key& key, const KeyTrace& trace) {
  JsonWriter json;
  json.BeginObject();
  json.Name("key");
  WriteKey(key, &json);
  json.Member("channel", std::uint64_t{trace.channel});
  json.Member("shard", std::uint64_t{trace.shard});
  json.Name("present");
  json.Bool(trace.present);
  json.Name("log");
  json.BeginArray();
  for (const LoggedWrite& write : trace.writes) {
    json.BeginObject();
    json.Member("lsn", write.lsn);
    json.Member("type", ToString(write.type));
    json.Member("timestamp", NumberOf(write.timestamp));
    json.Member("segment", write.segment);
    json.EndObject();
  }
  json.EndArray();
  json.Name("rows");
  json.BeginArray();
  for (const TracedRow& row : trace.rows) {
    json.BeginObject();
    json.Member("segment", row.segment);
    json.Member("state", ToString(row.state));
    json.Member("partition", row.partition);
    json.Member("row", row.row);
    json.Member("written", NumberOf(row.written));
    json.Member("deleted", NumberOf(row.deleted));
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  json.Print();
}

// The type of its keys is the collection's to say.
Result<Key> KeyOf(const Session& session, const TraceArguments& arguments) {
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(arguments.database));
  CLI_TRY_ASSIGN(const Collection collection, database->OpenCollection(arguments.collection));
  CLI_TRY_ASSIGN(const std::vector<Key> keys,
                 ParseKeys(collection.schema().primary_key(), {arguments.key}));
  return keys.front();
}

Result<KeyTrace> TraceIt(const Session& session, const TraceArguments& arguments, Key* key) {
  CLI_TRY_ASSIGN(*key, KeyOf(session, arguments));
  return Trace(arguments.database, arguments.collection, *key);
}

}  // namespace

int RunTrace(const Session& session, const TraceArguments& arguments) {
  Key key;
  const auto trace = TraceIt(session, arguments, &key);
  if (!trace.ok()) return Fail(trace.status());
  if (arguments.json) {
    WriteTrace(key, *trace);
  } else {
    PrintTrace(arguments, key, *trace);
  }
  return kExitOk;
}

}  // namespace vecdb::cli
