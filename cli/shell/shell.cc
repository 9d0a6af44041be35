#include "shell/shell.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "command_line.h"
#include "commands.h"
#include "import.h"
#include "schema_json.h"
#include "shell/completion.h"
#include "shell/line_editor.h"
#include "shell/words.h"
#include "terminal.h"
#include "text.h"

namespace vecdb::cli {
namespace {

constexpr const char* kHelp =
    R"(Commands, as on the command line but without the database (COMMAND --help says more):
  search query get count          read rows
  insert delete import export     change and move them
  create drop list info           collections
  flush compact                   what they take of the disk
  index                           how vectors are found
  segments channels jobs top      what the database does
Of the shell:
  .collections        their names
  .schema [NAME]      the fields of one, or of all
  .indexes [NAME]     the indexes of one, or of all
  .use NAME           the collection of commands that name none; without NAME: none
  .mode table|json    how results are shown: for people, or one JSON object a line
  .timer on|off       how long each command took
  .help  .quit
Words are parted by blanks; '...' and "..." keep them together. # begins a comment, a backslash at
its end continues a line.
)";

// A signal while a line is awaited ends that wait and nothing else.
class QuietInterrupts {
 public:
  QuietInterrupts() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    static_cast<void>(::sigemptyset(&action.sa_mask));
    static_cast<void>(::sigaction(SIGINT, &action, &before_));
  }
  ~QuietInterrupts() { static_cast<void>(::sigaction(SIGINT, &before_, nullptr)); }
  QuietInterrupts(const QuietInterrupts&) = delete;
  QuietInterrupts& operator=(const QuietInterrupts&) = delete;

 private:
  struct sigaction before_ {};
};

class Shell {
 public:
  Shell(Session* session, const ShellArguments& arguments, Database* database, bool interactive)
      : session_(*session),
        arguments_(arguments),
        database_(*database),
        interactive_(interactive),
        editor_(interactive ? LineEditor::ForTerminal([this](std::string_view line) {
          return Completions(line, commands_, &database_, current_);
        })
                            : LineEditor::ForScript()) {}

  int Run() {
    int code = kExitOk;
    std::string line;
    while (!quit_) {
      FlushOutput();
      const LineEditor::Event event = ReadCommand(&line);
      if (event == LineEditor::Event::kInterrupted) continue;
      if (event == LineEditor::Event::kEnd) {
        if (interactive_) Write("\n");
        break;
      }
      const int one = RunLine(line);
      if (interactive_ || one == kExitOk) continue;
      code = one;
      if (!arguments_.keep_going) break;
    }
    SetComplaintPlace("");
    return code;
  }

 private:
  // Lines that end in a backslash, with those that follow.
  LineEditor::Event ReadCommand(std::string* command) {
    command->clear();
    std::string line;
    bool first = true;
    while (true) {
      const LineEditor::Event event = editor_->Read(&line);
      if (event == LineEditor::Event::kEnd && !first) return LineEditor::Event::kLine;
      if (event != LineEditor::Event::kLine) return event;
      ++line_number_;
      if (first) command_line_number_ = line_number_;
      first = false;
      if (!line.empty() && line.back() == '\r') line.pop_back();
      const bool more = !line.empty() && line.back() == '\\';
      if (more) line.pop_back();
      *command += line;
      if (!more) return LineEditor::Event::kLine;
    }
  }

  int RunLine(const std::string& line) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos || line[begin] == '#') return kExitOk;
    if (!interactive_) SetComplaintPlace(Format("line {}: ", command_line_number_));
    auto words = SplitWords(line);
    if (!words.ok()) {
      Complain(words.status().message());
      return kExitUsage;
    }
    const auto start = std::chrono::steady_clock::now();
    const int code = (*words)[0].rfind('.', 0) == 0 ? RunDot(*words) : RunCommand(*words);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (timer_) {
      FlushOutput();
      std::fputs(Format("took {:.3f} ms\n", took.count() * 1e3).c_str(), stderr);
    }
    return code;
  }

  int RunCommand(std::vector<std::string> words) {
    if (words[0] == "exit" || words[0] == "quit") return RunDot({".quit"});
    if (words[0] == "help") return RunDot({".help"});
    words = WithPlace(std::move(words));
    CommandLine command(&session_, /*in_shell=*/true);
    return command.Run(words);
  }

  // The database behind the command's name (of two words where its second says what is done), and
  // the collection in use where none is named.
  std::vector<std::string> WithPlace(std::vector<std::string> words) const {
    if (words.size() > 1 && (words[1] == "--help" || words[1] == "-h")) return words;
    if (!current_.empty() && !NamesCollection(words)) words.insert(words.begin() + 1, current_);
    const bool of_two = words[0] == "partition" || words[0] == "index";
    const std::size_t name = of_two ? std::min<std::size_t>(2, words.size()) : 1;
    words.insert(words.begin() + static_cast<std::ptrdiff_t>(name), arguments_.database);
    return words;
  }

  bool NamesCollection(const std::vector<std::string>& words) const {
    static const std::vector<std::string> always{"alias", "channels", "create",    "drop", "index",
                                                 "jobs",  "list",     "partition", "top"};
    if (std::find(always.begin(), always.end(), words[0]) != always.end()) return true;
    const auto is_option = [](const std::string& word) {
      return word.size() > 1 && word[0] == '-';
    };
    const auto options = std::find_if(words.begin() + 1, words.end(), is_option);
    const auto plain = options - words.begin() - 1;
    if (words[0] == "import" || words[0] == "export") return plain != 1;
    if (plain == 0) return false;
    const auto there = database_.HasCollection(words[1]);
    return there.ok() && *there;
  }

  int Misused(std::string_view words) const {
    Complain(words);
    return kExitUsage;
  }

  int RunDot(const std::vector<std::string>& words) {
    const std::string& name = words[0];
    const std::string argument = words.size() > 1 ? words[1] : "";
    if (words.size() > 2) return Misused(Format("{} takes one word at most", Quoted(name)));
    if (name == ".quit" || name == ".exit") {
      quit_ = true;
    } else if (name == ".help") {
      Write(kHelp);
    } else if (name == ".collections") {
      return RunList(session_, arguments_.database);
    } else if (name == ".schema") {
      return PrintSchemas(argument.empty() ? current_ : argument);
    } else if (name == ".indexes") {
      return PrintIndexes(argument.empty() ? current_ : argument);
    } else if (name == ".use") {
      return Use(argument);
    } else if (name == ".timer") {
      if (argument != "on" && argument != "off") return Misused(".timer on, or .timer off");
      timer_ = argument == "on";
    } else if (name == ".mode") {
      if (argument != "table" && argument != "json") return Misused(".mode table, or .mode json");
      session_.json = argument == "json";
    } else {
      return Misused(Format("no command {}; .help lists them", Quoted(name)));
    }
    return kExitOk;
  }

  int Use(const std::string& name) {
    if (!name.empty()) {
      const auto opened = database_.OpenCollection(name);
      if (!opened.ok()) return Fail(opened.status());
    }
    current_ = name;
    return kExitOk;
  }

  int PrintIndexes(const std::string& only) const {
    IndexArguments list;
    list.action = "list";
    list.database = arguments_.database;
    list.collection = only;
    return RunIndex(session_, list);
  }

  int PrintSchemas(const std::string& only) const {
    auto names = database_.ListCollections();
    if (!names.ok()) return Fail(names.status());
    if (!only.empty()) *names = {only};
    for (const std::string& name : *names) {
      const auto opened = database_.OpenCollection(name);
      if (!opened.ok()) return Fail(opened.status());
      if (session_.json) {
        PrintSchemaObject(name, opened->schema());
        continue;
      }
      if (name != names->front()) Print("");
      PrintSchemaTable(Format("{}:", name), opened->schema());
    }
    return kExitOk;
  }

  Session& session_;
  const ShellArguments& arguments_;
  Database& database_;
  const bool interactive_;
  CommandLine commands_{&session_, /*in_shell=*/true};  // asked what there is
  std::string current_;
  const std::unique_ptr<LineEditor> editor_;
  bool timer_ = false;
  bool quit_ = false;
  std::size_t line_number_ = 0;
  std::size_t command_line_number_ = 0;
};

}  // namespace

int RunShell(Session* session, const ShellArguments& arguments) {
  Options options;
  options.create_if_missing = arguments.create;
  options.read_only = arguments.read_only;
  options.allow_shared_directory = arguments.read_only;
  options.allow_network_file_system = arguments.read_only;
  auto opened = Database::Open(arguments.database, options);
  if (!opened.ok()) return Fail(opened.status());
  Database database = *std::move(opened);
  session->Hold(&database);
  const bool interactive = CanAsk();
  int code = kExitOk;
  {
    const QuietInterrupts quiet;
    if (interactive) Print(Format("{}; .help lists the commands", arguments.database));
    code = Shell(session, arguments, &database, interactive).Run();
  }
  session->Hold(nullptr);
  const Status closed = database.Close();
  return closed.ok() ? code : Fail(closed);
}

}  // namespace vecdb::cli
