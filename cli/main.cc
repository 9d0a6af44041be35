// The command line: says what there is, and hands what was asked for to the commands.
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <limits>
#include <new>
#include <optional>
#include <sstream>
#include <string>

#include <CLI/CLI.hpp>
#include <fcntl.h>

#include "vecdb/version.h"

#include "commands.h"
#include "jsonl.h"
#include "text.h"

namespace vecdb::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  vecdb import photos.db sift base.u8bin.zst --create
  vecdb import shop.db books books.jsonl --create --metric COSINE
  vecdb search shop.db books --vector "[0.1, 0.9]" --filter "year >= 1990" --output title
  vecdb search photos.db sift --vector-file query.u8bin.zst --row 7 -k 5 --json
  vecdb get shop.db books 17 42 --output title,year
  vecdb count shop.db books --filter "year is null"
  vecdb info shop.db
  vecdb check shop.db --full
  vecdb inspect shop.db/CURRENT

Exit codes: 0 fine; 1 it failed, a key is missing, damage was found, or output could not be written;
2 a wrong command line, or something could not be checked.)";

// The command line has made sure that each is one of its names.
Metric MetricNamed(const std::string& name) {
  if (name == "L2") return Metric::kL2;
  return name == "IP" ? Metric::kInnerProduct : Metric::kCosine;
}

Durability DurabilityNamed(const std::string& name) {
  if (name == "every-write") return Durability::kEveryWrite;
  return name == "interval" ? Durability::kInterval : Durability::kFlushOnly;
}

std::optional<std::uint64_t> WholeNumber(const std::string& text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

struct NumberRange {
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};

// An option that takes a number of digits alone. CLI11 itself would take "" for 0, wrap negative
// numbers around, and read "010" as 8.
template <typename T>
CLI::Option* AddNumber(CLI::App* command, const std::string& name, T* target,
                       const std::string& description, NumberRange range = {}) {
  const auto check = [range](const std::string& text) {
    const auto number = WholeNumber(text);
    if (number && *number >= range.least && *number <= range.most) return std::string();
    return Format("'{}' is no whole number from {} to {}", text, range.least, range.most);
  };
  const auto take = [target](const std::string& text) {
    *target = static_cast<T>(WholeNumber(text).value_or(0));  // it has been checked
  };
  return command->add_option_function<std::string>(name, take, description)
      ->type_name("UINT")
      ->check(check, "", "");
}

// The whole program's options. A command's arguments are filled before it is run.
class CommandLine {
 public:
  CommandLine() : app_("A vector database in a directory.", "vecdb") {
    app_.set_version_flag("--version", "vecdb " VECDB_VERSION, "Print the version and exit");
    app_.require_subcommand(1);
    app_.footer(kExamples);
    AddImport();
    AddSearch();
    AddGet();
    AddCount();
    AddInfo();
    AddInspect();
    AddCheck();
  }

  int Run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) {  // --help, --version
        std::ostringstream text;
        static_cast<void>(app_.exit(error, text));
        Write(text.str());
        return EndOutput(kExitOk, kExitFailure);
      }
      Complain(Format("{} (see `vecdb --help`)", error.what()));
      return kExitUsage;
    }
    const int code = run_();
    return EndOutput(code, unwritten_code_);
  }

 private:
  CLI::App* Command(const char* name, const char* description, std::function<int()> run) {
    CLI::App* command = app_.add_subcommand(name, description);
    command->callback([this, run = std::move(run)] { run_ = run; });
    return command;
  }

  void AddImport() {
    ImportArguments& a = import_;
    CLI::App* c =
        Command("import", "Add the rows of a file to a collection", [&a] { return RunImport(a); });
    c->add_option("DB", a.database, "Directory of the database")->required();
    c->add_option("COLLECTION", a.collection, "Name of the collection")->required();
    c->add_option("FILE", a.file,
                  ".fvecs, .u8bin, or JSON objects line by line; each also with .zst")
        ->required();
    c->add_flag("--create", a.create, "Make the database and the collection when missing");
    c->add_flag("--upsert", a.upsert, "Replace rows whose keys exist, instead of refusing");
    c->add_option("--field", a.field, "Field for the vectors of a vector file (default: vector)");
    c->add_option_function<std::string>(
         "--metric", [&a](const std::string& name) { a.metric = MetricNamed(name); },
         "How vectors of a new collection are compared: L2 (default), IP or COSINE")
        ->check(CLI::IsMember({"L2", "IP", "COSINE"}));
    c->add_option("--key-field", a.key_field,
                  "Field of the key (default: id; JSON without it gets keys from vecdb)");
    AddNumber(c, "--batch", &a.batch_rows, "Rows a write, up to 100000 (default: what fits well)",
              {1, 100'000});
    c->add_option_function<std::string>(
         "--durability", [&a](const std::string& name) { a.durability = DurabilityNamed(name); },
         "When writes are synced: every-write, interval (default) or flush-only; all are at the "
         "end")
        ->check(CLI::IsMember({"every-write", "interval", "flush-only"}));
    AddNumber(c, "--limit", &a.limit, "Stop after so many rows");
    AddNumber(c, "--segment-bytes", &a.segment_bytes,
              "Size at which segments of a new collection are sealed");
    c->add_flag("--progress", a.progress, "Show progress even when stderr is no terminal");
  }

  void AddSearch() {
    SearchArguments& a = search_;
    CLI::App* c =
        Command("search", "Find the rows nearest to a vector", [&a] { return RunSearch(a); });
    c->add_option("DB", a.database, "Directory of the database")->required();
    c->add_option("COLLECTION", a.collection, "Name of the collection")->required();
    constexpr NumberRange kSizes{0, std::numeric_limits<std::size_t>::max()};
    AddNumber(c, "-k,--limit", &a.limit, "How many rows (default: 10)", kSizes);
    AddNumber(c, "--offset", &a.offset, "How many rows to leave out first", kSizes);
    c->add_option("--field", a.field, "Vector field, when there is more than one");
    c->add_option("--filter", a.filter, "Only rows that match, like \"year >= 1990\"");
    c->add_option("--output", a.output, "Fields to show: a,b or \"*\"")
        ->delimiter(',')
        ->allow_extra_args(false);
    c->add_flag("--json", a.json, "One JSON object instead of a table");
    auto* row = AddNumber(c, "--row", &a.row, "Which row of --vector-file, from 0 (default: 0)");
    auto* query = c->add_option_group("query", "The vector");
    query->add_option("--vector", a.vector, "Its numbers: \"[0.1, 0.2]\"");
    auto* file =
        query->add_option("--vector-file", a.vector_file, "A row of .fvecs or .u8bin[.zst]");
    query->add_option("STDIN", a.standard_input, "A lone -: its numbers from standard input")
        ->check(CLI::IsMember({"-"}));
    query->require_option(1);
    row->needs(file);
  }

  void AddGet() {
    GetArguments& a = get_;
    CLI::App* c = Command("get", "Show rows by key", [&a] { return RunGet(a); });
    c->add_option("DB", a.database, "Directory of the database")->required();
    c->add_option("COLLECTION", a.collection, "Name of the collection")->required();
    c->add_option("KEY", a.keys, "Keys; write -- before a negative one")->required();
    c->add_option("--output", a.output, "Fields to show (default: all)")
        ->delimiter(',')
        ->allow_extra_args(false);
    c->add_flag("--json", a.json, "One JSON object instead of a table");
  }

  void AddCount() {
    CountArguments& a = count_;
    CLI::App* c = Command("count", "Count rows", [&a] { return RunCount(a); });
    c->add_option("DB", a.database, "Directory of the database")->required();
    c->add_option("COLLECTION", a.collection, "Name of the collection")->required();
    c->add_option("--filter", a.filter, "Only rows that match");
  }

  void AddInfo() {
    InfoArguments& a = info_;
    CLI::App* c =
        Command("info", "Show collections, their fields and sizes", [&a] { return RunInfo(a); });
    c->add_option("DB", a.database, "Directory of the database")->required();
    c->add_option("COLLECTION", a.collection, "Only this one, with its fields");
    c->add_flag("--json", a.json, "One JSON object instead of tables");
  }

  void AddInspect() {
    CLI::App* c = Command("inspect", "Say what one file of a database directory holds",
                          [this] { return RunInspect(inspect_file_); });
    c->add_option("FILE", inspect_file_, "FORMAT, CURRENT, MANIFEST-*, *.wal, *.col, *.key, *.del")
        ->required();
  }

  void AddCheck() {
    CheckArguments& a = check_;
    CLI::App* c = Command("check", "Verify every byte of a database", [this, &a] {
      unwritten_code_ = kExitUsage;  // 1 would say that there is damage
      return RunCheck(a);
    });
    c->add_option("DB", a.database, "Directory of the database")->required();
    c->add_flag("--full", a.full, "Also open it and make sure that no two rows share a key");
    c->add_flag("--json", a.json, "One JSON object instead of text");
  }

  CLI::App app_;
  std::function<int()> run_;
  int unwritten_code_ = kExitFailure;
  ImportArguments import_;
  SearchArguments search_;
  GetArguments get_;
  CountArguments count_;
  InfoArguments info_;
  std::string inspect_file_;
  CheckArguments check_;
};

// A standard stream that was closed would hand its number to the next file that is opened, and
// what is meant for the screen would go into the database. In its place stands a file that fails
// every use of that stream. Without one to be had there is nothing left to complain to.
bool HoldStandardStreams() {
  constexpr std::array<int, 3> kWrongWay{O_WRONLY, O_RDONLY, O_RDONLY};  // stdin, stdout, stderr
  for (std::size_t stream = 0; stream < kWrongWay.size(); ++stream) {
    const int number = static_cast<int>(stream);
    if (::fcntl(number, F_GETFD) != -1 || errno != EBADF) continue;
    if (::open("/dev/null", kWrongWay[stream]) != number) return false;
  }
  return true;
}

int Main(int argc, char** argv) {
  if (!HoldStandardStreams()) return kExitFailure;
  try {
    return CommandLine().Run(argc, argv);
  } catch (const std::bad_alloc&) {  // none for the usual way either, perhaps
    static_cast<void>(std::fputs("vecdb: out of memory\n", stderr));
    return kExitFailure;
  } catch (const std::exception& error) {
    Complain(error.what());
    return kExitFailure;
  }
}

}  // namespace
}  // namespace vecdb::cli

int main(int argc,
         char** argv) {  // NOLINT(bugprone-exception-escape): Main catches what CLI11 throws
  return vecdb::cli::Main(argc, argv);
}
