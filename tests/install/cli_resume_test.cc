// An import that is stopped: by Ctrl-C, by kill -9, as often as one likes. No row is doubled, none
// is lost.
#include "cli_process.h"

#ifdef VECDB_TEST_CLI

namespace vecdb_test {
namespace {

namespace fs = std::filesystem;

constexpr int kRows = 30'000;

std::string NumberedVectors() {
  std::string bytes = Raw(std::uint32_t{kRows}) + Raw(std::uint32_t{4});
  for (std::uint32_t row = 0; row < kRows; ++row) bytes += Raw(row);
  return bytes;
}

std::string NumberedLines(const std::string& key) {
  std::string text;
  for (int row = 0; row < kRows; ++row) {
    const std::string number = std::to_string(row);
    text += "{\"n\": " + number + ", \"v\": [" + number + ", 1]";
    if (!key.empty()) text += ", \"" + key + "\": \"k" + std::to_string(row * 7919 % kRows) + "\"";
    text += "}\n";
  }
  return text;
}

struct Kind {
  std::string name;
  std::string file;
  std::string bytes;
  std::vector<std::string> options;
};

std::vector<Kind> Kinds() {
  return {{"vectors", "v.u8bin", NumberedVectors(), {}},
          {"text keys", "t.jsonl", NumberedLines("id"), {}},
          {"given keys", "g.jsonl", NumberedLines(""), {}},
          {"upserts", "u.u8bin", NumberedVectors(), {"--upsert"}}};
}

std::vector<std::string> With(std::vector<std::string> words,
                              const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// What the collection holds, without the keys that vecdb gave.
std::string Contents(const Shell& shell, const std::string& database, const std::string& name,
                     const std::string& kind) {
  const bool given = kind == "given keys";
  return shell.Must(
      With({"export", database, name, "-", "--format", "jsonl"},
           given ? std::vector<std::string>{"--output", "n,v"} : std::vector<std::string>{}));
}

TEST_CASE("an import that is killed again and again ends with every row once", "[cli][resume]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  int kills = 0;
  for (const Kind& kind : Kinds()) {
    CAPTURE(kind.name);
    const std::string file = shell.Write(kind.file, kind.bytes);
    const std::string name = kind.name.substr(0, kind.name.find(' '));
    shell.Must(With({"import", database, name + "_whole", file, "--create"}, kind.options));
    const std::vector<std::string> words =
        With({"import", database, name, file, "--create", "--yes", "--batch", "3"}, kind.options);
    std::vector<std::string> next = words;
    for (int round = 0; round < 4; ++round) {
      Terminal terminal(next, 80);
      terminal.Await(" rows");
      const bool gentle = round % 2 == 1;
      terminal.Signal(gentle ? SIGINT : SIGKILL);
      std::string rest;
      const int code = terminal.End(&rest);
      if (code == 0) break;  // it was faster
      ++kills;
      CHECK(code == (gentle ? 130 : 128 + SIGKILL));
      if (gentle) {
        CHECK_THAT(rest, ContainsSubstring("in and safe"));
        CHECK_THAT(rest, ContainsSubstring("vecdb: to go on: vecdb import "));
        CHECK_THAT(rest, ContainsSubstring(" --resume"));
      }
      CHECK(fs::exists(database + "." + name + ".import"));
      next = With(words, {"--resume"});
    }
    if (fs::exists(database + "." + name + ".import")) shell.Must(With(words, {"--resume"}));
    CHECK_FALSE(fs::exists(database + "." + name + ".import"));
    const bool same = Contents(shell, database, name, kind.name) ==
                      Contents(shell, database, name + "_whole", kind.name);
    CHECK(same);
    CHECK(shell.Must({"count", database, name}) == std::to_string(kRows) + "\n");
  }
  CHECK(kills >= 4);
}

// Stops an import of `file` on its way.
void Interrupt(const std::vector<std::string>& words) {
  Terminal terminal(words, 80);
  terminal.Await(" rows");
  terminal.Signal(SIGKILL);
  REQUIRE(terminal.End() == 128 + SIGKILL);
}

TEST_CASE("an import is not resumed where rows could be doubled or lost", "[cli][resume]") {
  const Shell shell;
  for (const bool given : {false, true}) {
    CAPTURE(given);
    const std::string database = shell.Path(given ? "given" : "db");
    const std::string text = given ? NumberedLines("") : NumberedLines("id");
    const std::string file = shell.Write("rows.jsonl", text);
    const std::vector<std::string> words{"import",   database, "rows",    file,
                                         "--create", "--yes",  "--batch", "3"};
    const std::vector<std::string> resume = With(words, {"--resume"});
    const auto refused = [&](const std::string& message) {
      const Ran ran = shell.Vecdb(resume);
      CHECK(ran.code == 1);
      CHECK_THAT(ran.error, ContainsSubstring(message));
      CHECK(fs::exists(database + ".rows.import"));
    };
    CHECK_THAT(shell.Vecdb(resume).error, ContainsSubstring("nothing to resume"));
    CHECK(shell.Vecdb({"count", database, "rows"}).code == 1);
    Interrupt(words);

    const Ran again = shell.Vecdb(words);
    CHECK(again.code == 1);
    CHECK_THAT(again.error, ContainsSubstring("was interrupted: --resume goes on with it"));

    const std::string row =
        "{\"n\": -1, \"v\": [0, 0]" + std::string(given ? "}" : ", \"id\": \"other\"}");
    shell.Must({"insert", database, "rows", row});
    refused("was changed since");
    shell.Must({"delete", database, "rows", "--filter", "n == -1"});
    shell.Must({"delete", database, "rows", "--filter", "n == 0"});
    refused("was changed since");
    fs::last_write_time(file, fs::last_write_time(file) + std::chrono::seconds(5));
    refused("is not as it was when the import of");

    shell.Must({"drop", database, "rows"});
    CHECK_FALSE(fs::exists(database + ".rows.import"));
    Interrupt(words);
    shell.Must({"delete", database, "rows", "--filter", "n >= 0"});
    shell.Must(With(words, {"--restart"}));
    CHECK(shell.Must({"count", database, "rows"}) == std::to_string(kRows) + "\n");
    CHECK_FALSE(fs::exists(database + ".rows.import"));

    WriteFile(database + ".rows.import", "vecdb import 1\nsize x");
    CHECK_THAT(shell.Vecdb(resume).error, ContainsSubstring("is no ticket of an import"));
  }
}

TEST_CASE("--limit and --skip mean rows of the file, however often it is resumed",
          "[cli][resume]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string file = shell.Write("v.u8bin", NumberedVectors());
  const std::vector<std::string> words{"import",  database, "rows",   file,   "--create", "--yes",
                                       "--batch", "1",      "--skip", "1000", "--limit",  "20000"};
  Interrupt(words);
  shell.Must(With(words, {"--resume"}));
  CHECK(shell.Must({"count", database, "rows"}) == "20000\n");
  CHECK(shell.Must({"count", database, "rows", "--filter", "1000 <= id < 21000"}) == "20000\n");
}

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
