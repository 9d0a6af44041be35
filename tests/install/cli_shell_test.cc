// The shell: at a pseudo-terminal as people use it, and fed by scripts.
#include <algorithm>
#include <array>
#include <sstream>

#include <sys/stat.h>

#include "cli_process.h"

#ifdef VECDB_TEST_CLI

namespace vecdb_test {
namespace {

namespace fs = std::filesystem;

// Of lines a terminal got: each as wide as it may be at most.
std::size_t Widest(const std::string& text) {
  std::size_t widest = 0;
  std::size_t width = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      width = 0;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
      widest = std::max(widest, ++width);
    }
  }
  return widest;
}

TEST_CASE("a script runs line by line and stops at the first mistake, by its number",
          "[cli][shell]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  const Ran good = shell.Vecdb({"shell", database},
                               "# a comment\n\n.collections\ncount books\n.use books\n"
                               "count --filter \\\n \"year is null\"\n"
                               "insert '{\"id\": 9, \"title\": \"it'\\''s\", \"cover\": [1, 1]}'\n"
                               "get 9 --output title\n.mode json\nget 9 --output id\n"
                               ".mode table\nsearch --vector \"[1, 0]\" -k 1\ndelete 9\n"
                               "export - --format csv --output id\n.schema\n.quit\nfrob\n");
  CHECK(good.error.empty());
  CHECK(good.code == 0);
  CHECK_THAT(good.out,
             StartsWith("books\n3\n1\ninserted 1 row\ntitle\nit's\n{\"rows\":[{\"id\":9}],"
                        "\"missing\":[]}\nrank  key  score\n   1  1        0\ndeleted 1 row\n"
                        "id\n1\n2\n3\nbooks:\nfield  type"));
  const Ran bad =
      shell.Vecdb({"shell", database}, "count books\n\n# x\ncount \\\nfilms\ncount books\n");
  CHECK(bad.code == 1);
  CHECK(bad.out == "3\n");
  CHECK(bad.error == "vecdb: line 4: no collection named 'films'\n");
  const Ran going = shell.Vecdb({"shell", database, "--keep-going"},
                                "count films\nget 'x\n.use films\ncount books\nfrob\n.mode x\n");
  CHECK(going.code == 2);  // that of the last mistake
  CHECK(going.out == "3\n");
  for (const char* message : {"line 1: no collection", "line 2: the line ends inside of ' quotes",
                              "line 3: no collection", "line 5: ", "line 6: .mode table"}) {
    CHECK_THAT(going.error, ContainsSubstring(message));
  }
  CHECK_THAT(shell.Vecdb({"shell", database}, "insert books -\n").error,
             ContainsSubstring("here standard input has commands"));
  CHECK(shell.Vecdb({"shell", database, "--read-only"}, "delete books 1\n").code == 1);
  CHECK(shell.Vecdb({"shell", shell.Path("new")}, "").code == 1);
  CHECK(shell.Vecdb({"shell", shell.Path("new"), "--create"}, ".collections\n").code == 0);
}

TEST_CASE(
    "in mode json a script gets one JSON object a line from every command that shows something",
    "[cli][shell]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  const std::string script =
      ".mode json\n.collections\nlist\ncount books\n"
      "insert books '{\"id\": 9, \"title\": \"nine\", \"cover\": [1, 1]}'\ndelete books 9 1\n"
      "create made --field id:Int64:key --field v:FloatVector(2)\n.schema made\ndrop made\n";
  const Ran ran = shell.Vecdb({"shell", database}, script);
  CHECK(ran.error.empty());
  CHECK(ran.code == 0);
  const std::string made =
      R"({"name":"made","fields":[{"name":"id","type":"Int64","primary_key":true,)"
      R"("auto_id":false,"nullable":false,"default":null},)"
      R"({"name":"v","type":"FloatVector","dimension":2,"metric":"L2","primary_key":false,)"
      R"("auto_id":false,"nullable":false,"default":null}]})";
  CHECK(ran.out ==
        "{\"collections\":[\"books\"]}\n{\"collections\":[\"books\"]}\n"
        "{\"count\":3}\n{\"inserted\":1}\n{\"deleted\":2}\n" +
            made + "\n" + made + "\n{\"dropped_rows\":0}\n");
  // What .schema shows is what a new collection can be made of.
  const std::string all = shell.Vecdb({"shell", database}, ".mode json\n.schema\n").out;
  shell.Must({"create", shell.Path("copy"), "books", "--schema", shell.Write("schema", all)});
  CHECK(shell.Vecdb({"shell", shell.Path("copy")}, ".mode json\n.schema books\n").out == all);
}

TEST_CASE("bash completes every command and every option that the program has", "[cli]") {
  const Shell shell;
  if (std::system("command -v bash > /dev/null 2>&1") != 0) return;
  const auto completed = [&](const std::string& words) {
    const std::string out = shell.Path("completed");
    const std::string script = shell.Write(
        "complete.sh", ". '" VECDB_SOURCE_DIR "/doc/vecdb.bash-completion'\nCOMP_WORDS=(vecdb " +
                           words + ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_vecdb '" +
                           VECDB_TEST_CLI
                           "' \"${COMP_WORDS[COMP_CWORD]}\"\n"
                           "echo \" ${COMPREPLY[*]} \"\n");
    CHECK(std::system(("bash " + Quoted(script) + " > " + Quoted(out)).c_str()) == 0);
    return ReadFile(out);
  };
  const std::string help = shell.Must({"--help"});
  const std::size_t list = help.find("Subcommands:\n") + 13;
  std::istringstream lines(help.substr(list, help.find("\n\n", list) - list));
  const std::string commands = completed("''");
  std::size_t count = 0;
  for (std::string line, name; std::getline(lines, line);) {
    if (!(std::istringstream(line) >> name)) continue;
    CAPTURE(name);
    ++count;
    CHECK_THAT(commands, ContainsSubstring(" " + name + " "));
    const std::string options = completed(name + " db --");
    CHECK_THAT(options, ContainsSubstring(" --help "));
  }
  CHECK(count >= 16);
  CHECK(completed("cou") == " count \n");
  CHECK(completed("search db books --f") == " --field --filter --file \n");
  CHECK(completed("search db books -k") == " -k \n");
  CHECK(completed("--v") == " --version \n");
  CHECK(completed("count db books films") == "  \n");  // files, which bash itself knows
}

// The editor shows its prompt a moment before it takes keys as such: until it has completed a word,
// Ctrl-C and Ctrl-D would still be the terminal's.
void AwaitKeys(Terminal* terminal) {
#ifdef VECDB_TEST_LIBEDIT
  terminal->Type("coun\t");
  terminal->Await("t ");  // the completed end of the word, and a blank
#else
  static_cast<void>(terminal);
#endif
}

TEST_CASE("a person edits, completes, interrupts and leaves", "[cli][shell]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  const std::string state = "XDG_STATE_HOME=" + shell.Path("state");
  {
    Terminal terminal({database}, 80, {state});
    terminal.Await("vecdb> ");
    terminal.Type("count books --filter \"year > 1963\"\n");
    terminal.Await("\n1\r\n");
    terminal.Await("vecdb> ");
    AwaitKeys(&terminal);
    terminal.Type("nonsense\x03");
    terminal.Await("vecdb> ");
    terminal.Type("count films\n");
    terminal.Await("no collection named 'films'");
    terminal.Await("vecdb> ");
#ifdef VECDB_TEST_LIBEDIT
    terminal.Type("cou\tboo\t--fil\t\"ye\t== 1961\"\n");
    terminal.Await("\n1\r\n");
    terminal.Await("vecdb> ");
#endif
    terminal.Type(".timer on\n");
    terminal.Await("took ");
    terminal.Await("vecdb> ");
    terminal.Type("drop books\n");
    terminal.Await("for good? [y/N] ");
    terminal.Type("\n");
    terminal.Await("nothing was dropped");
    terminal.Await("vecdb> ");
    AwaitKeys(&terminal);
    terminal.Type("\x15\x04");
    CHECK(terminal.End() == 0);
  }
  CHECK(shell.Must({"count", database, "books"}) == "3\n");
#ifdef VECDB_TEST_LIBEDIT
  struct stat about {};
  REQUIRE(::stat(shell.Path("state/vecdb/history").c_str(), &about) == 0);
  CHECK((about.st_mode & 0777U) == 0600U);
  REQUIRE(::stat(shell.Path("state/vecdb").c_str(), &about) == 0);
  CHECK((about.st_mode & 0777U) == 0700U);
  Terminal terminal({"shell", database}, 80, {state});
  terminal.Await("vecdb> ");
  terminal.Type("\x10\x10\x10\n");  // what was written three lines before
  terminal.Await("\n1\r\n");
  terminal.Await("vecdb> ");
  AwaitKeys(&terminal);
  terminal.Type("\x15\x04");
  CHECK(terminal.End() == 0);
#endif
}

TEST_CASE("tables fit the terminal, however wide it is", "[cli]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string row = "{\"id\": 1, \"title\": \"" + std::string(50, 't') +
                          "\", \"author\": \"" + std::string(50, 'a') +
                          "\", \"year\": 1965, \"v\": [1, 2, 3, 4]}";
  shell.Must({"import", database, "t", shell.Write("t.jsonl", row), "--create"});
  const std::vector<std::string> words{"get", database, "t", "1"};
  for (const unsigned short columns : std::array<unsigned short, 2>{80, 40}) {
    CAPTURE(columns);
    std::string out;
    Terminal terminal(words, columns);
    CHECK(terminal.End(&out) == 0);
    CAPTURE(out);
    CHECK(Widest(out) <= columns);
    CHECK_THAT(out, ContainsSubstring("tttt"));
    CHECK_THAT(out, ContainsSubstring("\u2026"));
    CHECK(std::count(out.begin(), out.end(), '\n') == 2);
  }
  std::string narrow;
  Terminal terminal(words, 20);  // no room beside each other: one under the other
  CHECK(terminal.End(&narrow) == 0);
  CHECK(Widest(narrow) <= 20);
  CHECK_THAT(narrow, ContainsSubstring("year    1965\r\n"));
  CHECK(shell.Must(words).find("\u2026") == std::string::npos);
}

TEST_CASE("a schema is agreed to before it is used", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::vector<std::string> words{"import", database, "books",
                                       shell.Write("books.jsonl", kBooks), "--create"};
  {
    Terminal terminal(words, 80);
    terminal.Await("cover  FloatVector");
    terminal.Await("Make it so? [Y/n] ");
    CHECK_FALSE(fs::exists(database));
    terminal.Type("n\n");
    std::string rest;
    CHECK(terminal.End(&rest) == 1);
    CHECK_THAT(rest, ContainsSubstring("nothing was imported"));
    CHECK_FALSE(fs::exists(database));
  }
  {
    Terminal terminal(words, 80);
    terminal.Await("[Y/n] ");
    terminal.Type("\n");
    terminal.Await("imported 3 rows");
    CHECK(terminal.End() == 0);
  }
  std::vector<std::string> more{"import", database, "more", words[3], "--create", "--yes"};
  Terminal terminal(more, 80);
  terminal.Await("imported 3 rows");
  CHECK(terminal.End() == 0);
}

TEST_CASE("progress shows bar, rate and time left, and stays on one line", "[cli][import]") {
  const Shell shell;
  std::string bytes = Raw(std::uint32_t{60'000}) + Raw(std::uint32_t{4});
  for (std::uint32_t row = 0; row < 60'000; ++row) bytes += Raw(row);
  const std::string file = shell.Write("v.u8bin", bytes);
  for (const unsigned short columns : std::array<unsigned short, 2>{100, 40}) {
    CAPTURE(columns);
    Terminal terminal({"import", shell.Path("db"), "c" + std::to_string(columns), file, "--create",
                       "--yes", "--batch", "1"},
                      columns);
    std::string seen = terminal.Await("/s  ");
    seen += terminal.Await("\x1b[K");
    CHECK((seen.find("[==") != std::string::npos || seen.find("[  ") != std::string::npos) ==
          (columns == 100));
    if (columns == 100) CHECK_THAT(seen, ContainsSubstring(" left"));
    std::string rest;
    CHECK(terminal.End(&rest) == 0);
    CHECK_THAT(rest, ContainsSubstring("imported 60,000 rows"));
  }
}

TEST_CASE("the manual page is well-formed and names every command", "[cli]") {
  const Shell shell;
  const std::string page = std::string(VECDB_SOURCE_DIR) + "/doc/vecdb.1";
  const std::string text = ReadFile(page);
  for (const char* command :
       {"import", "export",    "search", "query", "get",     "count", "insert",   "delete",
        "create", "drop",      "list",   "flush", "compact", "info",  "describe", "rename",
        "alias",  "partition", "index",  "set",   "inspect", "check", "shell"}) {
    CHECK_THAT(text, ContainsSubstring(std::string(".SS ") + command + "\n"));
    CHECK_THAT(shell.Must({command, "--help"}), ContainsSubstring("Example:\n  vecdb "));
  }
  if (std::system("command -v man > /dev/null 2>&1") != 0) return;
  const std::string errors = shell.Path("errors");
  const std::string command =
      "LC_ALL=C.UTF-8 MANROFFSEQ= MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z " +
      Quoted(page) + " 2>" + Quoted(errors) + " >/dev/null";
  CHECK(std::system(command.c_str()) == 0);
  CHECK(ReadFile(errors).empty());
}

TEST_CASE("a signal at the question of an import ends it, and nothing is made", "[cli][import]") {
  const vecdb_test::Shell shell;
  const std::string database = shell.Path("db");
  const std::string file = shell.Write("books.jsonl", kBooks);
  for (const int number : {SIGINT, SIGTERM}) {
    Terminal terminal({"import", database, "books", file, "--create"}, 80);
    terminal.Await("Make it so? [Y/n] ");
    terminal.Signal(number);
    std::string rest;
    CHECK(terminal.End(&rest) == 130);
    CHECK_THAT(rest, ContainsSubstring("interrupted: nothing was imported"));
    CHECK_FALSE(std::filesystem::exists(database));
  }
}

TEST_CASE("a command that does not exist is named", "[cli]") {
  const vecdb_test::Shell shell;
  const std::string database = WithBooks(shell);
  const Ran ran = shell.Vecdb({"cuont", database});
  CHECK(ran.code == 2);
  CHECK_THAT(ran.error, ContainsSubstring("there is no command 'cuont'"));
  CHECK_THAT(shell.Vecdb({"shell", database}, "cuont books\n").error,
             ContainsSubstring("line 1: there is no command 'cuont'"));
}

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
