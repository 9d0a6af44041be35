#include "command_line.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <sstream>

#include <CLI/CLI.hpp>

#include "vecdb/version.h"

#include "command_options.h"
#include "commands.h"
#include "formats/schema_text.h"
#include "index_commands.h"
#include "shell/shell.h"
#include "text.h"
#include "watch_commands.h"

namespace vecdb::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  vecdb import photos.db sift base.u8bin.zst --create
  vecdb import shop.db books books.jsonl --create --metric COSINE
  vecdb search shop.db books --vector "[0.1, 0.9]" --filter "year >= 1990" --output title
  vecdb query shop.db books --filter "year is null" --output title,year
  vecdb index create shop.db books cover --type HNSW_SQ --wait
  vecdb export shop.db books books.csv.zst --filter "sold == true"
  vecdb check shop.db --full
  vecdb shell shop.db

Exit codes: 0 fine; 1 it failed, a key is missing, damage was found, or output could not be written;
2 a wrong command line, or something could not be checked; 130 interrupted.)";

// The command line has made sure that it is one of the names.
Durability DurabilityNamed(const std::string& name) {
  if (name == "every-write") return Durability::kEveryWrite;
  return name == "interval" ? Durability::kInterval : Durability::kFlushOnly;
}

Result<VectorColumns> ParseColumns(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::size_t points = text.find("..", equals == std::string_view::npos ? 0 : equals);
  if (equals == std::string_view::npos || points == std::string_view::npos) {
    return Bad("{}: write NAME=FIRST..LAST, like v=v0..v127", Quoted(text));
  }
  return VectorColumns{std::string(text.substr(0, equals)),
                       std::string(text.substr(equals + 1, points - equals - 1)),
                       std::string(text.substr(points + 2))};
}

Result<char> ParseSeparator(std::string_view text) {
  if (text == "\\t" || text == "tab") return '\t';
  if (text.size() == 1 && text != "\"" && text != "\n" && text != "\r") return text[0];
  return Bad("{} is no separator: write one character, or tab", Quoted(text));
}

std::vector<const CLI::App*> AllOf(const CLI::App& app) {
  return app.get_subcommands(std::function<bool(const CLI::App*)>());
}

}  // namespace

// A command's arguments are filled before it is run.
struct CommandLine::Body {
  Body(Session* given, bool in_shell)
      : session(*given), app("A vector database in a directory.", "vecdb") {
    app.set_version_flag("--version", "vecdb " VECDB_VERSION, "Print the version and exit");
    app.require_subcommand(1);
    app.footer(kExamples);
    AddImport();
    AddExport();
    AddSearch();
    AddQuery();
    AddGet();
    AddCount();
    AddInsert();
    AddDelete();
    AddCreate();
    AddDrop();
    AddPartition();
    indexing.AddTo([this](auto&&... words) { return Command(words...); }, session);
    AddList();
    AddFlush();
    AddCompact();
    AddInfo();
    AddNames();
    AddSet();
    watching.AddTo([this](auto&&... words) { return Command(words...); }, session, in_shell);
    if (in_shell) return;
    AddCheck();
    AddShell();
  }

  CLI::App* Command(const char* name, const char* description, const char* example,
                    std::function<int()> what) {
    CLI::App* command = app.add_subcommand(name, description);
    command->footer(Format("Example:\n  vecdb {} {}", name, example));
    command->callback([this, what = std::move(what)] { run = what; });
    return command;
  }
  static void AddOutput(CLI::App* c, std::vector<std::string>* output, const char* description) {
    c->add_option("--output", *output, description)->delimiter(',')->allow_extra_args(false);
  }

  static void AddPartitions(CLI::App* c, std::vector<std::string>* partitions) {
    c->add_option("--partition", *partitions, "Only rows in these partitions: a,b")
        ->delimiter(',')
        ->allow_extra_args(false);
  }

  void AddImport();
  void AddImportMeaning(CLI::App* c);
  void AddExport();
  void AddSearch();
  void AddQuery();
  void AddGet();
  void AddCount();
  void AddInsert();
  void AddDelete();
  void AddCreate();
  void AddDrop();
  void AddPartition();
  void AddList();
  void AddFlush();
  void AddCompact();
  static void AddProperties(CLI::App* c, SomeProperties* properties);
  void AddInfo();
  void AddNames();
  void AddSet();
  void AddCheck();
  void AddShell();

  Session& session;
  CLI::App app;
  std::function<int()> run;
  int unwritten = kExitFailure;
  ImportArguments import_rows;
  ExportArguments export_rows;
  SearchArguments search;
  QueryArguments query;
  GetArguments get;
  CountArguments count;
  InsertArguments insert;
  DeleteArguments delete_rows;
  CreateArguments create;
  DropArguments drop;
  PartitionArguments partition;
  IndexCommands indexing;
  std::string list_database;
  FlushArguments flush;
  CompactArguments compact;
  InfoArguments info;
  DescribeArguments describe;
  RenameArguments rename;
  AliasArguments alias;
  SetArguments set;
  WatchCommands watching;
  CheckArguments check;
  ShellArguments shell;
};

void CommandLine::Body::AddImport() {
  ImportArguments& a = import_rows;
  CLI::App* c = Command("import", "Add the rows of a file to a collection",
                        "shop.db books books.jsonl --create --metric COSINE",
                        [this, &a] { return RunImport(session, a); });
  AddPlace(c, &a.database, &a.collection);
  c->add_option("FILE", a.file,
                ".fvecs .bvecs .ivecs .fbin .u8bin .i8bin .npy .npz .csv, or JSON objects line by "
                "line; each also with .zst")
      ->required();
  c->add_flag("--create", a.create, "Make the database and the collection when missing");
  c->add_flag("-y,--yes", a.yes, "Do not ask whether the schema of a new collection is right");
  c->add_flag("--dry-run", a.dry_run, "Show the schema and read every row, but write nothing");
  c->add_flag("--upsert", a.upsert, "Replace rows whose keys exist, instead of refusing");
  c->add_option("--partition", a.partition, "Partition that the rows go to");
  CLI::Option* resume = c->add_flag("--resume", a.resume, "Go on with an import that was stopped");
  c->add_flag("--restart", a.restart, "Forget an import that was stopped")->excludes(resume);
  AddNumber(c, "--skip", &a.skip, "Leave out so many rows at the beginning");
  AddNumber(c, "--limit", &a.limit, "Stop after so many rows");
  AddNumber(c, "--batch", &a.batch_rows, "Rows a write, up to 100000 (default: what fits well)",
            {1, 100'000});
  c->add_option_function<std::string>(
       "--durability", [&a](const std::string& name) { a.durability = DurabilityNamed(name); },
       "When writes are synced: every-write, interval (default) or flush-only; all are at the "
       "end")
      ->check(CLI::IsMember({"every-write", "interval", "flush-only"}));
  AddNumber(c, "--segment-bytes", &a.segment_bytes,
            "Size at which segments of a new collection are sealed");
  c->add_flag("--progress", a.progress, "Show progress even when stderr is no terminal");
  c->add_flag("--watch", a.watch, "Show what top shows, each second, instead of progress");
  AddImportMeaning(c);
}

// How the file is to be understood.
void CommandLine::Body::AddImportMeaning(CLI::App* c) {
  ImportArguments& a = import_rows;
  const auto understood = [](const std::string& text) {
    if (text.find(':') == std::string::npos) return std::string();
    const auto field = ParseField(text);
    return field.ok() ? std::string() : std::string(field.status().message());
  };
  const auto take = [&a](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      if (text.find(':') == std::string::npos) {
        a.source.vector_field = text;
      } else {
        a.source.fields.push_back(*ParseField(text));
      }
    }
  };
  c->add_option_function<std::vector<std::string>>(
       "--field", take,
       "NAME: the field for the vectors of a vector file (default: vector). NAME:TYPE...: what a "
       "field of a new collection is, like cover:FloatVector(128):COSINE or year:Int16:nullable")
      ->allow_extra_args(false)
      ->check(understood, "", "");
  c->add_option("--schema", a.schema_file,
                "File with the schema of a new collection, as info --json prints it");
  AddParsed<DataType>(
      c, "--type", "TYPE", TypeNamed, [&a](DataType type) { a.source.vector_type = type; },
      "Type of the vectors of a new collection (default: FloatVector)");
  AddParsed<Metric>(
      c, "--metric", "METRIC", MetricNamed, [&a](Metric metric) { a.source.metric = metric; },
      "How vectors of a new collection are compared: L2 (default), IP or COSINE; of bits HAMMING "
      "(default) or JACCARD");
  c->add_option("--key-field", a.source.key_field,
                "Field of the key (default: id; rows without it get keys from vecdb)");
  AddParsed<VectorColumns>(
      c, "--columns", "NAME=FIRST..LAST", ParseColumns,
      [&a](VectorColumns columns) { a.source.vector_columns.push_back(std::move(columns)); },
      "Columns of a .csv that are the numbers of one vector");
  AddParsed<char>(
      c, "--separator", "CHAR", ParseSeparator,
      [&a](char separator) { a.source.separator = separator; },
      "Between the cells of a .csv (default: ,)");
  c->add_option("--null", a.source.null_text,
                "What stands for null in a .csv when not quoted (default: nothing)");
}

void CommandLine::Body::AddExport() {
  ExportArguments& a = export_rows;
  CLI::App* c = Command("export", "Write the rows of a collection to a file",
                        "shop.db books books.jsonl.zst --filter \"year >= 1990\"",
                        [this, &a] { return RunExport(session, a); });
  AddPlace(c, &a.database, &a.collection);
  c->add_option("FILE", a.file, ".jsonl, .csv or .npy, each also with .zst; - for standard output")
      ->required();
  c->add_option("--format", a.format, "jsonl, csv or npy (default: by the end of the name)")
      ->check(CLI::IsMember({"jsonl", "csv", "npy"}));
  c->add_option("--filter", a.filter, "Only rows that match, like \"year >= 1990\"");
  AddPartitions(c, &a.partitions);
  AddOutput(c, &a.output, "Fields to write (default: all; .npy: the vectors)");
  AddParsed<char>(
      c, "--separator", "CHAR", ParseSeparator, [&a](char separator) { a.separator = separator; },
      "Between the cells of a .csv (default: ,)");
  c->add_option("--null", a.null_text, "What a .csv has for null (default: nothing)");
  AddNumber(c, "--limit", &a.limit, "Stop after so many rows");
  c->add_flag("--force", a.force, "Replace the file when it exists");
  c->add_flag("--progress", a.progress, "Show progress even when stderr is no terminal");
}

void CommandLine::Body::AddSearch() {
  SearchArguments& a = search;
  CLI::App* c = Command("search", "Find the rows nearest to a vector",
                        "shop.db books --vector \"[0.1, 0.9]\" --filter \"year >= 1990\" -k 5",
                        [this, &a] { return RunSearch(session, a); });
  AddPlace(c, &a.database, &a.collection);
  constexpr NumberRange kSizes{0, std::numeric_limits<std::size_t>::max()};
  AddNumber(c, "-k,--limit", &a.limit, "How many rows (default: 10)", kSizes);
  AddNumber(c, "--offset", &a.offset, "How many rows to leave out first", kSizes);
  c->add_option("--field", a.field, "Vector field, when there is more than one");
  c->add_option("--filter", a.filter, "Only rows that match, like \"year >= 1990\"");
  AddPartitions(c, &a.partitions);
  AddOutput(c, &a.output, "Fields to show: a,b or \"*\"");
  AddEffort(c, &a.effort);
  AddRange(c, &a.radius, &a.range_filter);
  c->add_flag("--json", a.json, "JSON instead of a table: one object a line for each vector");
  CLI::Option* row = AddNumber(c, "--row", &a.row, "Which row of --file, from 0 (default: 0)");
  CLI::Option* rows = c->add_option("--rows", a.rows, "Several rows of --file: FIRST..LAST");
  auto* vector = c->add_option_group("query", "The vector");
  vector->add_option("--vector", a.vector, "Its numbers: \"[0.1, 0.2]\"");
  auto* file = vector->add_option("--file,--vector-file", a.file,
                                  "Rows of .fvecs .bvecs .ivecs .fbin .u8bin .i8bin .npy[.zst]");
  vector
      ->add_option("STDIN", a.standard_input,
                   "A lone -: its numbers from standard input, or several vectors line by line")
      ->check(CLI::IsMember({"-"}));
  vector->require_option(1);
  row->needs(file);
  rows->needs(file)->excludes(row);
}

void CommandLine::Body::AddQuery() {
  QueryArguments& a = query;
  CLI::App* c = Command("query", "Show rows by condition, in the order of their keys",
                        "shop.db books --filter \"year is null\" --output title,year",
                        [this, &a] { return RunQuery(session, a); });
  AddPlace(c, &a.database, &a.collection);
  constexpr NumberRange kSizes{0, std::numeric_limits<std::size_t>::max()};
  c->add_option("--filter", a.filter, "Only rows that match (default: all)");
  AddPartitions(c, &a.partitions);
  AddOutput(c, &a.output, "Fields to show (default: all)");
  AddNumber(c, "-k,--limit", &a.limit, "How many rows (default: 100)", kSizes);
  AddNumber(c, "--offset", &a.offset, "How many rows to leave out first", kSizes);
  c->add_flag("--json", a.json, "One JSON object instead of a table");
}

void CommandLine::Body::AddGet() {
  GetArguments& a = get;
  CLI::App* c = Command("get", "Show rows by key", "shop.db books 17 42 --output title,year",
                        [this, &a] { return RunGet(session, a); });
  AddPlace(c, &a.database, &a.collection);
  c->add_option("KEY", a.keys, "Keys; write -- before one that begins with -")->required();
  AddPartitions(c, &a.partitions);
  AddOutput(c, &a.output, "Fields to show (default: all)");
  c->add_flag("--json", a.json, "One JSON object instead of a table");
}

void CommandLine::Body::AddCount() {
  CountArguments& a = count;
  CLI::App* c = Command("count", "Count rows", "shop.db books --filter \"year is null\"",
                        [this, &a] { return RunCount(session, a); });
  AddPlace(c, &a.database, &a.collection);
  c->add_option("--filter", a.filter, "Only rows that match");
  AddPartitions(c, &a.partitions);
}

void CommandLine::Body::AddInsert() {
  InsertArguments& a = insert;
  CLI::App* c = Command("insert", "Add rows written as JSON, all of them or none",
                        "shop.db books '{\"id\": 7, \"title\": \"Ubik\", \"cover\": [0.2, 0.7]}'",
                        [this, &a] { return RunInsert(session, a); });
  AddPlace(c, &a.database, &a.collection);
  c->add_option("ROW", a.rows, "JSON objects; - for lines of standard input")->required();
  c->add_flag("--upsert", a.upsert, "Replace rows whose keys exist, instead of refusing");
  c->add_option("--partition", a.partition, "Partition that the rows go to");
}

void CommandLine::Body::AddDelete() {
  DeleteArguments& a = delete_rows;
  CLI::App* c = Command("delete", "Remove rows by key, or those that match a filter",
                        "shop.db books --filter \"year < 1900\"",
                        [this, &a] { return RunDelete(session, a); });
  AddPlace(c, &a.database, &a.collection);
  // No option group, whose positionals CLI11 does not find behind --; the command checks.
  c->add_option("KEY", a.keys, "Keys; write -- before one that begins with -");
  c->add_option_function<std::string>(
      "--filter", [&a](const std::string& filter) { a.filter = filter; },
      "Instead of keys: all rows that match, as one write");
  c->add_option("--partition", a.partition, "Only rows in this partition");
}

void CommandLine::Body::AddCreate() {
  CreateArguments& a = create;
  CLI::App* c = Command("create", "Make a collection, and the database when it is missing",
                        "shop.db books --field id:Int64:key --field title:VarChar:nullable --field "
                        "cover:FloatVector(128):COSINE",
                        [this, &a] { return RunCreate(session, a); });
  AddPlace(c, &a.database, nullptr);
  c->add_option("COLLECTION", a.collection, "Name of the collection; without: the database alone");
  AddParsed<Field>(
      c, "--field", "NAME:TYPE...", ParseField,
      [&a](Field field) { a.fields.push_back(std::move(field)); },
      "A field; behind its type key, auto, nullable, default=VALUE or a metric, each after a "
      "colon");
  c->add_option("--schema", a.schema_file, "File with the schema, as info --json prints it");
  AddNumber(c, "--segment-bytes", &a.segment_bytes, "Size at which segments are sealed");
  CLI::Option* key = c->add_option("--partition-key", a.partition_key,
                                   "Field, Int64 or VarChar, whose value chooses the partition");
  AddNumber(c, "--partitions", &a.partitions, "How many a partition key has (default: 16)",
            {1, 1'024})
      ->needs(key);
  c->add_option("--clustering-key", a.clustering_key,
                "Field, a number or VarChar, by whose value compaction puts rows together");
  AddProperties(c, &a.properties);
}

void CommandLine::Body::AddDrop() {
  DropArguments& a = drop;
  CLI::App* c = Command("drop", "Remove a collection with all of its rows, for good",
                        "shop.db books --yes", [this, &a] { return RunDrop(session, a); });
  AddPlace(c, &a.database, &a.collection);
  c->add_flag("-y,--yes", a.yes, "Do not ask (nobody is asked outside of terminals)");
}

void CommandLine::Body::AddPartition() {
  PartitionArguments& a = partition;
  CLI::App* c =
      Command("partition", "Make, drop or list the partitions of a collection",
              "create shop.db books 2024", [this, &a] { return RunPartition(session, a); });
  c->require_subcommand(1);
  const auto action = [&](const char* name, const char* description) {
    CLI::App* sub = c->add_subcommand(name, description);
    sub->callback([&a, name] { a.action = name; });
    AddPlace(sub, &a.database, &a.collection);
    return sub;
  };
  for (const auto& [name, description] :
       {std::pair("create", "Make a partition"),
        std::pair("drop", "Remove a partition with all of its rows, for good")}) {
    action(name, description)->add_option("NAME", a.name, "Name of the partition")->required();
  }
  c->get_subcommand("drop")->add_flag("-y,--yes", a.yes,
                                      "Do not ask (nobody is asked outside of terminals)");
  action("list", "Print the partitions, their rows and segments");
}

void CommandLine::Body::AddList() {
  CLI::App* c = Command("list", "Print the names of the collections", "shop.db",
                        [this] { return RunList(session, list_database); });
  AddPlace(c, &list_database, nullptr);
}

void CommandLine::Body::AddFlush() {
  FlushArguments& a = flush;
  CLI::App* c = Command("flush", "Seal rows into files", "shop.db books",
                        [this, &a] { return RunFlush(session, a); });
  AddPlace(c, &a.database, nullptr);
  c->add_option("COLLECTION", a.collection, "Only this one");
}

void CommandLine::Body::AddCompact() {
  CompactArguments& a = compact;
  CLI::App* c = Command("compact", "Merge segments, and drop deleted rows from the disk",
                        "shop.db books", [this, &a] { return RunCompact(session, a); });
  AddPlace(c, &a.database, &a.collection);
  c->add_flag("--clustering", a.clustering, "By the clustering key: near values together");
  c->add_flag("--progress", a.progress, "Show progress even when stderr is no terminal");
}

void CommandLine::Body::AddInfo() {
  InfoArguments& a = info;
  CLI::App* c = Command("info", "Show collections, their fields and sizes", "shop.db books --json",
                        [this, &a] { return RunInfo(session, a); });
  AddPlace(c, &a.database, nullptr);
  c->add_option("COLLECTION", a.collection, "Only this one, with its fields");
  c->add_flag("--json", a.json, "One JSON object instead of tables");
}

void CommandLine::Body::AddNames() {
  CLI::App* d = Command("describe", "Show what a collection is, and what may change of it",
                        "shop.db books --json", [this] { return RunDescribe(session, describe); });
  AddPlace(d, &describe.database, &describe.collection);
  d->add_flag("--json", describe.json, "One JSON object instead of text");
  CLI::App* r = Command("rename", "Give a collection another name", "shop.db books old_books",
                        [this] { return RunRename(session, rename); });
  AddPlace(r, &rename.database, &rename.collection);
  r->add_option("NEW_NAME", rename.new_name, "Its name from now on")->required();
  CLI::App* a = Command("alias", "List other names of collections, give one, or drop one",
                        "shop.db today books_monday", [this] { return RunAlias(session, alias); });
  AddPlace(a, &alias.database, nullptr);
  a->add_option("ALIAS", alias.alias, "The other name; without: all are listed");
  a->add_option("COLLECTION", alias.collection, "What it stands for from now on");
  a->add_flag("--drop", alias.drop, "Forget the alias");
}

void CommandLine::Body::AddSet() {
  SetArguments& a = set;
  CLI::App* c = Command("set", "Change properties of a collection", "shop.db books --ttl 7d",
                        [this, &a] { return RunSet(session, a); });
  AddPlace(c, &a.database, &a.collection);
  AddProperties(c, &a.properties);
}

void CommandLine::Body::AddProperties(CLI::App* c, SomeProperties* properties) {
  SomeProperties& p = *properties;
  AddParsed<std::chrono::milliseconds>(
      c, "--ttl", "TIME", ParseTtl, [&p](std::chrono::milliseconds ttl) { p.ttl = ttl; },
      "How long rows are seen after they were written: 90s, 12h, 7d, or off");
  AddParsed<bool>(
      c, "--auto-compaction", "on|off", ParseSwitch, [&p](bool on) { p.auto_compaction = on; },
      "Whether segments are merged and rewritten without being asked");
  AddParsed<Consistency>(
      c, "--consistency", "LEVEL", ConsistencyNamed,
      [&p](Consistency level) { p.consistency = level; },
      "Of reads that name none: Strong, Session, Bounded or Eventual");
  AddParsed<double>(
      c, "--compact-when-deleted", "SHARE", ParseShare,
      [&p](double share) { p.compact_when_deleted = share; },
      "Share of deleted rows, 0 to 1, from which on a segment is written again");
}

void CommandLine::Body::AddCheck() {
  CheckArguments& a = check;
  CLI::App* c = Command("check", "Verify every byte of a database", "shop.db --full", [this, &a] {
    unwritten = kExitUsage;  // 1 would say that there is damage
    return RunCheck(a);
  });
  AddPlace(c, &a.database, nullptr);
  c->add_flag("--full", a.full, "Also open it and make sure that no two rows share a key");
  c->add_flag("--json", a.json, "One JSON object instead of text");
}

void CommandLine::Body::AddShell() {
  ShellArguments& a = shell;
  CLI::App* c = Command("shell", "Run commands on an open database, one a line", "shop.db",
                        [this, &a] { return RunShell(&session, a); });
  AddPlace(c, &a.database, nullptr);
  c->add_flag("--create", a.create, "Make the database when it is missing");
  c->add_flag("--read-only", a.read_only, "Beside other readers, and without commands that write");
  c->add_flag("--keep-going", a.keep_going, "In scripts: go on behind a command that failed");
}

CommandLine::CommandLine(Session* session, bool in_shell)
    : body_(std::make_unique<Body>(session, in_shell)) {
}
CommandLine::~CommandLine() = default;

int CommandLine::unwritten_code() const {
  return body_->unwritten;
}

int CommandLine::Run(const std::vector<std::string>& words) {
  CLI::App& app = body_->app;
  body_->import_rows.command = words;
  body_->import_rows.command.insert(body_->import_rows.command.begin(), "vecdb");
  const std::vector<std::string> names = Commands();
  if (!words.empty() && words[0].rfind('-', 0) != 0 &&
      std::find(names.begin(), names.end(), words[0]) == names.end()) {
    Complain(Format("there is no command {} (see `vecdb --help`)", Quoted(words[0])));
    return kExitUsage;
  }
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      std::ostringstream text;
      static_cast<void>(app.exit(error, text));
      Write(text.str());
      return kExitOk;
    }
    Complain(Format("{} (see `vecdb --help`)", error.what()));
    return kExitUsage;
  }
  return body_->run();
}

std::vector<std::string> CommandLine::Commands() const {
  std::vector<std::string> names;
  const CLI::App& app = body_->app;
  for (const CLI::App* command : AllOf(app)) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> CommandLine::OptionsOf(const std::string& command) const {
  std::vector<std::string> names;
  const auto add = [&names](const CLI::App& app) {
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  };
  for (const CLI::App* app : AllOf(body_->app)) {
    if (app->get_name() != command) continue;
    add(*app);
    for (const CLI::App* group : AllOf(*app)) add(*group);
  }
  return names;
}

}  // namespace vecdb::cli
