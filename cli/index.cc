// Commands about the indexes of a collection.
#include <chrono>
#include <future>
#include <stop_token>
#include <utility>
#include <variant>
#include <vector>

#include "commands.h"
#include "interrupt.h"
#include "json.h"
#include "progress.h"
#include "table.h"
#include "terminal.h"
#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::chrono::milliseconds kLook{100};

// ---- Showing ------------------------------------------------------------------------------

struct CollectionIndexes {
  std::string collection;
  std::vector<IndexInfo> indexes;
};

Result<std::vector<CollectionIndexes>> GatherIndexes(const Lease& database,
                                                     const std::string& only) {
  std::vector<std::string> names{only};
  if (only.empty()) {
    CLI_TRY_ASSIGN(names, database->ListCollections());
  }
  std::vector<CollectionIndexes> all;
  for (const std::string& name : names) {
    CLI_TRY_ASSIGN(const Collection collection, database->OpenCollection(name));
    CLI_TRY_ASSIGN(auto indexes, collection.ListIndexes());
    all.push_back({name, std::move(indexes)});
  }
  return all;
}

std::string BuildText(std::uint64_t build_ms) {
  return DurationText(static_cast<double>(build_ms) / 1e3);
}

void PrintIndexes(const std::vector<CollectionIndexes>& all) {
  Table table;
  for (const char* title : {"collection", "field", "index", "metric", "state"}) {
    table.AddColumn(title);
  }
  for (const char* title : {"rows", "indexed", "waiting", "disk", "built in"}) {
    table.AddColumn(title, Table::Align::kRight);
  }
  std::size_t count = 0;
  for (const CollectionIndexes& one : all) {
    for (const IndexInfo& index : one.indexes) {
      ++count;
      table.AddRow({one.collection, index.field, ToString(index.spec),
                    std::string(ToString(index.metric)), std::string(ToString(index.state)),
                    Grouped(index.total_rows), Grouped(index.indexed_rows),
                    Grouped(index.pending_rows), BytesText(index.bytes),
                    BuildText(index.build_ms)});
    }
  }
  if (count == 0) {
    Print("no indexes");
  } else {
    table.Print();
  }
}

void PrintSegments(const IndexInfo& index) {
  Table table;
  table.AddColumn("segment", Table::Align::kRight);
  table.AddColumn("rows", Table::Align::kRight);
  table.AddColumn("searched by");
  for (const char* title : {"disk", "built in", "recall@10", "at ef"}) {
    table.AddColumn(title, Table::Align::kRight);
  }
  table.AddColumn("why");
  for (const IndexedSegment& segment : index.segments) {
    const bool measured = segment.ef_at_10 != 0;
    table.AddRow({Format("{}", segment.segment), Grouped(segment.rows), segment.what,
                  BytesText(segment.bytes), BuildText(segment.build_ms),
                  measured ? Format("{:.3f}", segment.recall_at_10) : "",
                  measured ? Grouped(segment.ef_at_10) : "", segment.why});
  }
  table.Print();
}

void PrintIndex(const IndexInfo& index) {
  Print(Format("field       {}, by {}", index.field, ToString(index.metric)));
  Print(Format("index       {}", ToString(index.spec)));
  Print(Format("state       {}", ToString(index.state)));
  if (!index.failure.ok()) Print(Format("failure     {}", index.failure.ToString()));
  Print(Format("rows        {} sealed: {} indexed, {} waiting, {} that need no index",
               Grouped(index.total_rows), Grouped(index.indexed_rows), Grouped(index.pending_rows),
               Grouped(index.total_rows - index.indexed_rows - index.pending_rows)));
  Print(Format("disk        {}, built in {}", BytesText(index.bytes), BuildText(index.build_ms)));
  if (index.growing_rows != 0) {
    Print(Format("growing     {} rows in no file: {} by codes, {} by graphs, {} of memory",
                 Grouped(index.growing_rows),
                 Grouped(index.growing_indexed_rows - index.growing_graph_rows),
                 Grouped(index.growing_graph_rows), BytesText(index.growing_bytes)));
  }
  if (index.probed_searches != 0) {
    Print(Format("probed      {:.3f} of the nearest found, in {} searches made again",
                 index.probed_recall, Grouped(index.probed_searches)));
  }
  if (!index.segments.empty()) PrintSegments(index);
}

// ---- Showing as JSON ----------------------------------------------------------------------

// The members of an object of parameters, named as `index create --param` takes them.
struct ParameterWriter {
  void operator()(const AutoIndex&) const {}
  void operator()(const FlatIndex& flat) const {
    if (flat.codec) json->Member("sq_type", ToString(*flat.codec));
  }
  void operator()(const HnswIndex& graph) const { WriteGraph(graph.m, graph.ef_construction); }
  void operator()(const HnswSqIndex& graph) const {
    WriteGraph(graph.m, graph.ef_construction);
    json->Member("sq_type", ToString(graph.codec));
  }
  void WriteGraph(std::uint32_t m, std::uint32_t ef_construction) const {
    json->Member("M", std::uint64_t{m});
    json->Member("efConstruction", std::uint64_t{ef_construction});
  }
  JsonWriter* json;
};

void WriteSegment(const IndexedSegment& segment, JsonWriter* json) {
  json->BeginObject();
  json->Member("id", segment.segment);
  json->Member("rows", segment.rows);
  json->Flag("indexed", segment.indexed);
  json->Member("what", segment.what);
  json->Member("why", segment.why);
  json->Member("disk_bytes", segment.bytes);
  json->Member("build_ms", segment.build_ms);
  json->Name("recall_at_10");
  json->Float(segment.recall_at_10);
  json->Member("ef_at_10", std::uint64_t{segment.ef_at_10});
  json->EndObject();
}

void WriteIndex(const std::string& collection, const IndexInfo& index, JsonWriter* json) {
  json->BeginObject();
  json->Member("collection", collection);
  json->Member("field", index.field);
  json->Member("type", TypeName(index.spec));
  json->Name("parameters");
  json->BeginObject();
  std::visit(ParameterWriter{json}, index.spec);
  json->EndObject();
  json->Member("metric", ToString(index.metric));
  json->Member("state", ToString(index.state));
  json->Member("failure", index.failure.ok() ? std::string() : index.failure.ToString());
  json->Member("rows", index.total_rows);
  json->Member("indexed_rows", index.indexed_rows);
  json->Member("pending_rows", index.pending_rows);
  json->Member("disk_bytes", index.bytes);
  json->Member("build_ms", index.build_ms);
  json->Member("growing_rows", index.growing_rows);
  json->Member("growing_indexed_rows", index.growing_indexed_rows);
  json->Member("growing_graph_rows", index.growing_graph_rows);
  json->Member("growing_bytes", index.growing_bytes);
  json->Member("probed_searches", index.probed_searches);
  json->Name("probed_recall");
  json->Float(index.probed_recall);
  json->Name("segments");
  json->BeginArray();
  for (const IndexedSegment& segment : index.segments) WriteSegment(segment, json);
  json->EndArray();
  json->EndObject();
}

Status List(const Session& session, const IndexArguments& arguments) {
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(arguments.database));
  CLI_TRY_ASSIGN(const auto all, GatherIndexes(database, arguments.collection));
  if (!arguments.json && !session.json) {
    PrintIndexes(all);
    return Status();
  }
  JsonWriter json;
  json.BeginObject();
  json.Name("indexes");
  json.BeginArray();
  for (const CollectionIndexes& one : all) {
    for (const IndexInfo& index : one.indexes) WriteIndex(one.collection, index, &json);
  }
  json.EndArray();
  json.EndObject();
  json.Print();
  return Status();
}

Status Describe(const Session& session, const IndexArguments& arguments) {
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(arguments.database));
  CLI_TRY_ASSIGN(const Collection collection, database->OpenCollection(arguments.collection));
  CLI_TRY_ASSIGN(const IndexInfo index, collection.DescribeIndex(arguments.field));
  if (arguments.json || session.json) {
    JsonWriter json;
    WriteIndex(arguments.collection, index, &json);
    json.Print();
  } else {
    PrintIndex(index);
  }
  return Status();
}

// ---- Changing -----------------------------------------------------------------------------

Result<IndexSpec> SpecOf(const IndexArguments& arguments) {
  std::vector<std::pair<std::string_view, std::string_view>> parameters;
  for (const auto& [name, value] : arguments.parameters) parameters.emplace_back(name, value);
  return ParseIndexSpec(arguments.type, parameters);
}

// A job counts a segment's rows when they are all done; its progress is finer.
void ShowProgress(const Lease& database, const std::string& collection, std::uint64_t rows,
                  Progress* progress) {
  const auto jobs = database->Jobs();
  if (!jobs.ok()) return;
  for (const JobInfo& job : *jobs) {
    if (job.kind != JobKind::kIndex || job.collection != collection) continue;
    if (job.state != JobState::kRunning) continue;
    progress->Update(job.progress,
                     static_cast<std::uint64_t>(job.progress * static_cast<double>(rows)));
  }
}

// Until everything is built, or kCancelled when somebody asked to stop.
Status Await(const Lease& database, Collection* collection, const IndexArguments& arguments) {
  const InterruptGuard guard;
  CLI_TRY_ASSIGN(const IndexInfo index, collection->DescribeIndex(arguments.field));
  Progress progress(arguments.progress || StderrIsTerminal());
  progress.Start(0, 0);
  std::stop_source stop;
  auto waiting = std::async(std::launch::async,
                            [&] { return collection->WaitForIndexes({.stop = stop.get_token()}); });
  while (waiting.wait_for(kLook) != std::future_status::ready) {
    if (Interrupted()) stop.request_stop();
    ShowProgress(database, std::string(collection->name()), index.pending_rows, &progress);
  }
  return Interrupted() ? Status(StatusCode::kCancelled, "interrupted") : waiting.get();
}

void PrintBuilt(const IndexInfo& index) {
  const std::string what = Format("'{}' has {}", index.field, ToString(index.spec));
  if (index.indexed_rows == 0) {
    Print(Format("{}: none of {} {} needs it", what, Grouped(index.total_rows),
                 Plural(index.total_rows, "row", "rows")));
    return;
  }
  Print(Format("{}: {} of {} {} in {}, built in {}", what, Grouped(index.indexed_rows),
               Grouped(index.total_rows), Plural(index.total_rows, "row", "rows"),
               BytesText(index.bytes), BuildText(index.build_ms)));
}

Status Declare(const Session& session, const IndexArguments& arguments) {
  CLI_TRY_ASSIGN(const IndexSpec spec, SpecOf(arguments));
  CLI_TRY_ASSIGN(Lease database, session.OpenToWrite(arguments.database));
  CLI_TRY_ASSIGN(Collection collection, database->OpenCollection(arguments.collection));
  CLI_TRY(arguments.action == "create" ? collection.CreateIndex(arguments.field, spec)
                                       : collection.ReplaceIndex(arguments.field, spec));
  if (!arguments.wait) {
    CLI_TRY(database.Close());
    Print(
        Format("'{}' gets {}, built while the database is open", arguments.field, ToString(spec)));
    return Status();
  }
  CLI_TRY(collection.Flush());
  CLI_TRY(Await(database, &collection, arguments));
  CLI_TRY_ASSIGN(const IndexInfo index, collection.DescribeIndex(arguments.field));
  CLI_TRY(database.Close());
  PrintBuilt(index);
  return Status();
}

Status Drop(const Session& session, const IndexArguments& arguments) {
  CLI_TRY_ASSIGN(Lease database, session.OpenToWrite(arguments.database));
  CLI_TRY_ASSIGN(Collection collection, database->OpenCollection(arguments.collection));
  CLI_TRY(collection.DropIndex(arguments.field));
  CLI_TRY(database.Close());
  Print(Format("dropped the index of '{}'", arguments.field));
  return Status();
}

}  // namespace

int RunIndex(const Session& session, const IndexArguments& arguments) {
  Status (*const run)(const Session&, const IndexArguments&) = arguments.action == "drop"   ? Drop
                                                               : arguments.action == "list" ? List
                                                               : arguments.action == "describe"
                                                                   ? Describe
                                                                   : Declare;
  const Status status = run(session, arguments);
  if (status.code() == StatusCode::kCancelled) {
    Complain(status.message());
    return kExitInterrupted;
  }
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace vecdb::cli
