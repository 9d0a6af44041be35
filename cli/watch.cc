#include "watch.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "commands.h"
#include "interrupt.h"
#include "json.h"
#include "table.h"
#include "terminal.h"
#include "text.h"

namespace vecdb::cli {
namespace {

constexpr const char* kClearScreen = "\x1b[H\x1b[2J";
constexpr std::chrono::milliseconds kLook{50};  // how soon an interrupt is noticed

// ---- Segments -----------------------------------------------------------------------------

struct CollectionSegments {
  std::string collection;
  std::vector<SegmentInfo> segments;
};

Result<std::vector<CollectionSegments>> GatherSegments(const Lease& database,
                                                       const std::string& only) {
  std::vector<std::string> names{only};
  if (only.empty()) {
    CLI_TRY_ASSIGN(names, database->ListCollections());
  }
  std::vector<CollectionSegments> all;
  for (const std::string& name : names) {
    CLI_TRY_ASSIGN(const Collection collection, database->OpenCollection(name));
    CLI_TRY_ASSIGN(auto segments, collection.Segments());
    all.push_back({name, std::move(segments)});
  }
  return all;
}

std::string NumberOf(Timestamp timestamp) {
  return timestamp == Timestamp{0} ? "" : Format("{}", static_cast<std::uint64_t>(timestamp));
}

void PrintSegments(const std::vector<CollectionSegments>& all) {
  Table table;
  table.AddColumn("collection");
  table.AddColumn("segment", Table::Align::kRight);
  table.AddColumn("shard", Table::Align::kRight);
  table.AddColumn("partition");
  table.AddColumn("state");
  table.AddColumn("level", Table::Align::kRight);
  for (const char* title : {"rows", "deleted", "memory", "disk", "oldest", "newest"}) {
    table.AddColumn(title, Table::Align::kRight);
  }
  for (const CollectionSegments& one : all) {
    for (const SegmentInfo& segment : one.segments) {
      table.AddRow({one.collection, Format("{}", segment.id), Format("{}", segment.shard),
                    segment.partition, std::string(ToString(segment.state)),
                    Format("{}", segment.level), Grouped(segment.rows),
                    Grouped(segment.deleted_rows), BytesText(segment.memory_bytes),
                    BytesText(segment.disk_bytes), NumberOf(segment.min_timestamp),
                    NumberOf(segment.max_timestamp)});
    }
  }
  table.Print();
}

void WriteSegments(const std::vector<CollectionSegments>& all) {
  JsonWriter json;
  json.BeginObject();
  json.Name("segments");
  json.BeginArray();
  for (const CollectionSegments& one : all) {
    for (const SegmentInfo& segment : one.segments) {
      json.BeginObject();
      json.Member("collection", one.collection);
      json.Member("id", segment.id);
      json.Member("shard", segment.shard);
      json.Member("partition", segment.partition);
      json.Member("state", ToString(segment.state));
      json.Member("level", segment.level);
      json.Member("rows", segment.rows);
      json.Member("deleted_rows", segment.deleted_rows);
      json.Member("memory_bytes", segment.memory_bytes);
      json.Member("disk_bytes", segment.disk_bytes);
      json.Member("min_timestamp", static_cast<std::uint64_t>(segment.min_timestamp));
      json.Member("max_timestamp", static_cast<std::uint64_t>(segment.max_timestamp));
      json.EndObject();
    }
  }
  json.EndArray();
  json.EndObject();
  json.Print();
}

Status Segments(const Session& session, const SegmentsArguments& arguments) {
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(arguments.database));
  CLI_TRY_ASSIGN(const auto all, GatherSegments(database, arguments.collection));
  if (arguments.json || session.json) {
    WriteSegments(all);
  } else {
    PrintSegments(all);
  }
  return Status();
}

// ---- Channels -----------------------------------------------------------------------------

void PrintChannels(const std::vector<ChannelInfo>& channels) {
  for (const ChannelInfo& channel : channels) {
    Print(Format("channel     {}, written by streaming node {}", channel.channel, channel.node));
    Print(Format("logs        {} to {}, {}", channel.first_log, channel.last_log,
                 BytesText(channel.log_bytes)));
    Print(Format("records     next {}, durable up to {}, replay from {}", channel.next_lsn,
                 channel.durable_lsn, channel.checkpoint));
    Table table;
    table.AddColumn("vchannel");
    table.AddColumn("needs records from", Table::Align::kRight);
    for (const VchannelInfo& one : channel.vchannels) {
      table.AddRow({Format("{}/{}", one.collection, one.shard),
                    one.needed_lsn == 0 ? "none" : Format("{}", one.needed_lsn)});
    }
    if (!channel.vchannels.empty()) table.Print();
  }
}

void WriteChannel(const ChannelInfo& channel, JsonWriter* json) {
  json->BeginObject();
  json->Member("channel", std::uint64_t{channel.channel});
  json->Member("node", std::uint64_t{channel.node});
  json->Member("first_log", channel.first_log);
  json->Member("last_log", channel.last_log);
  json->Member("next_lsn", channel.next_lsn);
  json->Member("durable_lsn", channel.durable_lsn);
  json->Member("checkpoint", channel.checkpoint);
  json->Member("log_bytes", channel.log_bytes);
  json->Name("vchannels");
  json->BeginArray();
  for (const VchannelInfo& one : channel.vchannels) {
    json->BeginObject();
    json->Member("collection", one.collection);
    json->Member("shard", std::uint64_t{one.shard});
    json->Member("needed_lsn", one.needed_lsn);
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
}

Status Channels(const Session& session, const ChannelsArguments& arguments) {
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(arguments.database));
  CLI_TRY_ASSIGN(const auto channels, database->Channels());
  if (!arguments.json && !session.json) {
    PrintChannels(channels);
    return Status();
  }
  JsonWriter json;
  json.BeginObject();
  json.Name("channels");
  json.BeginArray();
  for (const ChannelInfo& channel : channels) WriteChannel(channel, &json);
  json.EndArray();
  json.EndObject();
  json.Print();
  return Status();
}

// ---- Jobs ---------------------------------------------------------------------------------

void PrintJobs(const std::vector<JobInfo>& jobs) {
  if (jobs.empty()) {
    Print("no jobs since the database was opened");
    return;
  }
  Table table;
  table.AddColumn("job", Table::Align::kRight);
  for (const char* title : {"kind", "collection", "state"}) table.AddColumn(title);
  for (const char* title : {"done", "rows", "bytes"}) {
    table.AddColumn(title, Table::Align::kRight);
  }
  table.AddColumn("error");
  for (const JobInfo& job : jobs) {
    table.AddRow({Format("{}", job.id), std::string(ToString(job.kind)), job.collection,
                  std::string(ToString(job.state)), Format("{:.0f} %", job.progress * 100),
                  Grouped(job.rows), BytesText(job.bytes), job.error});
  }
  table.Print();
}

void WriteJob(const JobInfo& job, JsonWriter* json) {
  json->BeginObject();
  json->Member("id", job.id);
  json->Member("kind", ToString(job.kind));
  json->Member("collection", job.collection);
  json->Member("state", ToString(job.state));
  json->Name("progress");
  json->Real(job.progress);
  json->Member("rows", job.rows);
  json->Member("bytes", job.bytes);
  json->Member("started_ms", job.started_ms);
  json->Member("ended_ms", job.ended_ms);
  json->Member("error", job.error);
  json->EndObject();
}

Status Jobs(const Session& session, const JobsArguments& arguments) {
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(arguments.database));
  CLI_TRY_ASSIGN(const auto jobs, database->Jobs());
  if (!arguments.json && !session.json) {
    PrintJobs(jobs);
    return Status();
  }
  JsonWriter json;
  json.BeginObject();
  json.Name("jobs");
  json.BeginArray();
  for (const JobInfo& job : jobs) WriteJob(job, &json);
  json.EndArray();
  json.EndObject();
  json.Print();
  return Status();
}

// ---- The whole database -------------------------------------------------------------------

struct Counter {
  const char* name;
  std::uint64_t DatabaseStats::*value;
};
constexpr Counter kSizes[] = {{"collections", &DatabaseStats::collections},
                              {"rows", &DatabaseStats::rows},
                              {"deleted_rows", &DatabaseStats::deleted_rows},
                              {"growing_segments", &DatabaseStats::growing_segments},
                              {"sealed_segments", &DatabaseStats::sealed_segments},
                              {"buffered_bytes", &DatabaseStats::buffered_bytes},
                              {"memory_bytes", &DatabaseStats::memory_bytes},
                              {"disk_bytes", &DatabaseStats::disk_bytes},
                              {"log_bytes", &DatabaseStats::log_bytes}};
constexpr Counter kCounters[] = {{"writes", &DatabaseStats::writes},
                                 {"written_rows", &DatabaseStats::written_rows},
                                 {"deleted_keys", &DatabaseStats::deleted_keys},
                                 {"searches", &DatabaseStats::searches},
                                 {"reads", &DatabaseStats::reads},
                                 {"flushes", &DatabaseStats::flushes},
                                 {"compactions", &DatabaseStats::compactions},
                                 {"index_builds", &DatabaseStats::index_builds},
                                 {"recall_probes", &DatabaseStats::recall_probes},
                                 {"syncs", &DatabaseStats::syncs},
                                 {"written_bytes", &DatabaseStats::written_bytes},
                                 {"shared_reads", &DatabaseStats::shared_reads},
                                 {"evictions", &DatabaseStats::evictions},
                                 {"reloads", &DatabaseStats::reloads}};

struct MemoryKind {
  const char* name;
  MemoryUse DatabaseStats::*use;
};
constexpr MemoryKind kMemory[] = {{"all", &DatabaseStats::memory},
                                  {"growing rows", &DatabaseStats::growing_memory},
                                  {"segments", &DatabaseStats::segment_memory},
                                  {"columns", &DatabaseStats::column_memory},
                                  {"filters", &DatabaseStats::filter_memory},
                                  {"jobs", &DatabaseStats::job_memory},
                                  {"writes", &DatabaseStats::write_memory},
                                  {"reads", &DatabaseStats::read_memory}};

void WriteMemory(const DatabaseStats& stats, JsonWriter* json) {
  json->Name("memory");
  json->BeginArray();
  for (const MemoryKind& kind : kMemory) {
    const MemoryUse& use = stats.*kind.use;
    json->BeginObject();
    json->Member("of", kind.name);
    json->Member("used", use.used);
    json->Member("peak", use.peak);
    json->Member("limit", use.limit);
    json->EndObject();
  }
  json->EndArray();
}

void PrintMemory(const DatabaseStats& stats) {
  Table table;
  table.AddColumn("memory");
  table.AddColumn("used", Table::Align::kRight);
  table.AddColumn("peak", Table::Align::kRight);
  table.AddColumn("limit", Table::Align::kRight);
  for (const MemoryKind& kind : kMemory) {
    const MemoryUse& use = stats.*kind.use;
    table.AddRow({kind.name, BytesText(use.used), BytesText(use.peak),
                  use.limit == 0 ? std::string("none") : BytesText(use.limit)});
  }
  table.Print();
}

void WriteStats(const DatabaseStats& stats) {
  JsonWriter json;
  json.BeginObject();
  for (const Counter& size : kSizes) json.Member(size.name, stats.*size.value);
  json.Member("threads", std::uint64_t{stats.threads});
  for (const Counter& counter : kCounters) json.Member(counter.name, stats.*counter.value);
  WriteMemory(stats, &json);
  json.EndObject();
  json.Print();
}

void PrintSizes(const DatabaseStats& stats) {
  Print(Format("rows        {}, and {} deleted, in {} {}", Grouped(stats.rows),
               Grouped(stats.deleted_rows), Grouped(stats.collections),
               Plural(stats.collections, "collection", "collections")));
  Print(Format("segments    {} sealed with {} on disk, {} growing with {} in memory",
               Grouped(stats.sealed_segments), BytesText(stats.disk_bytes),
               Grouped(stats.growing_segments), BytesText(stats.buffered_bytes)));
  Print(Format("memory      {} in all, {} {}", BytesText(stats.memory_bytes), stats.threads,
               Plural(stats.threads, "thread", "threads")));
  Print(Format("log         {}", BytesText(stats.log_bytes)));
}

// Since the open, and a second since the picture before.
void PrintCounters(const DatabaseStats& stats, const DatabaseStats* last, double seconds) {
  Table table;
  table.AddColumn("since the open");
  table.AddColumn("count", Table::Align::kRight);
  if (last != nullptr) table.AddColumn("a second", Table::Align::kRight);
  for (const Counter& counter : kCounters) {
    const std::uint64_t now = stats.*counter.value;
    std::vector<std::string> cells{counter.name, Grouped(now)};
    if (last != nullptr) {
      const double rate = static_cast<double>(now - last->*counter.value) / seconds;
      cells.push_back(Grouped(static_cast<std::uint64_t>(rate)));
    }
    table.AddRow(std::move(cells));
  }
  table.Print();
}

// False when interrupted.
bool WaitFor(double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!Interrupted() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(kLook);
  }
  return !Interrupted();
}

// For ever on a terminal, unless told otherwise; a file gets one picture.
Status Top(const Session& session, const TopArguments& arguments) {
  const InterruptGuard guard;
  CLI_TRY_ASSIGN(const Lease database, session.OpenToRead(arguments.database));
  Watch watch(arguments.json || session.json);
  const bool live = session.holds() && StdoutIsTerminal();
  const std::uint64_t rounds = arguments.rounds.value_or(live ? ~std::uint64_t{0} : 1);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    if (round != 0 && !WaitFor(1)) break;
    CLI_TRY(watch.Draw(database));
    FlushOutput();
  }
  return Status();
}

}  // namespace

Status Watch::Draw(const Lease& database) {
  CLI_TRY_ASSIGN(const DatabaseStats stats, database->Stats());
  const Clock::time_point now = Clock::now();
  const double seconds = std::max(std::chrono::duration<double>(now - drawn_).count(), 1e-3);
  if (json_) {
    WriteStats(stats);
  } else {
    if (StdoutIsTerminal()) Write(kClearScreen);
    PrintSizes(stats);
    PrintMemory(stats);
    PrintCounters(stats, last_ ? &*last_ : nullptr, seconds);
  }
  last_ = stats;
  drawn_ = now;
  return Status();
}

Status Watch::DrawIfDue(const Lease& database) {
  if (last_ && Clock::now() - drawn_ < std::chrono::seconds(1)) return Status();
  const Status drawn = Draw(database);
  FlushOutput();
  return drawn;
}

int RunSegments(const Session& session, const SegmentsArguments& arguments) {
  const Status status = Segments(session, arguments);
  return status.ok() ? kExitOk : Fail(status);
}

int RunChannels(const Session& session, const ChannelsArguments& arguments) {
  const Status status = Channels(session, arguments);
  return status.ok() ? kExitOk : Fail(status);
}

int RunJobs(const Session& session, const JobsArguments& arguments) {
  const Status status = Jobs(session, arguments);
  return status.ok() ? kExitOk : Fail(status);
}

int RunTop(const Session& session, const TopArguments& arguments) {
  const Status status = Top(session, arguments);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace vecdb::cli
