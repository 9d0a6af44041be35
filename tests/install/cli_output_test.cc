// The command line's output: that all of it arrives, or the exit code says so; and that names and
// values from elsewhere cannot pass for words of the program.
#include "cli_support.h"

#ifdef VECDB_TEST_CLI

#include <array>

#include <unistd.h>

#include "vecdb/database.h"

namespace vecdb_test {
namespace {

using rapidjson::Document;

// Every way to print something and end with 0.
std::vector<std::vector<std::string>> Printing(const std::string& database) {
  return {{"--help"},
          {"--version"},
          {"count", "--help"},
          {"count", database, "books"},
          {"get", database, "books", "1"},
          {"get", database, "books", "1", "--json"},
          {"search", database, "books", "--vector", "[1, 0]"},
          {"info", database},
          {"inspect", database + "/CURRENT"},
          {"import", database, "books", database + "/../books.jsonl", "--upsert"},
          {"check", database},
          {"check", database, "--json"}};
}

TEST_CASE("output that cannot be written is a failure", "[cli]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  const std::vector<std::pair<std::string, std::string>> outputs{
      {">/dev/full", "No space left on device"}, {">&-", "Bad file descriptor"}};
  for (const auto& [redirect, reason] : outputs) {
    for (const auto& words : Printing(database)) {
      CAPTURE(redirect, words);
      const Ran ran = shell.Vecdb(words, "", redirect);
      CHECK(ran.code == (words.front() == "check" ? 2 : 1));
      CHECK(ran.error == "vecdb: cannot write to standard output: " + reason + "\n");
    }
  }
  const Ran missing = shell.Vecdb({"get", database, "books", "1", "77"}, "", ">/dev/full");
  CHECK(missing.code == 1);
  CHECK_THAT(missing.error, ContainsSubstring("no row has the key 77"));
  CHECK_THAT(missing.error, ContainsSubstring("No space left"));
}

TEST_CASE("a database opened without standard streams is not written to by them", "[cli]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string file = shell.Write("books.jsonl", kBooks);
  const Ran ran = shell.Vecdb({"import", database, "books", file, "--create", "--progress"}, "",
                              "<&- >&- 2>&-");
  CHECK(ran.code == 1);
  CHECK_THAT(shell.Must({"check", database, "--full"}), ContainsSubstring("clean"));
  CHECK(shell.Must({"count", database, "books"}) == "3\n");
}

TEST_CASE("a reader that has gone away is told nothing", "[cli]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  ::close(ends[0]);
  REQUIRE(ends[1] < 10);  // shells take one digit
  for (const auto& words : Printing(database)) {
    CAPTURE(words);
    const Ran ran = shell.Vecdb(words, "", ">&" + std::to_string(ends[1]));
    CHECK(ran.code != 0);
    CHECK(ran.error.empty());
  }
  ::close(ends[1]);
}

// The end of the first line is the end of the text, and nothing in it moves a cursor, switches a
// colour or turns around.
void CheckPlainLine(const std::string& text) {
  CAPTURE(text);
  REQUIRE_FALSE(text.empty());
  CHECK(text.find('\n') == text.size() - 1);
  for (const char* control : {"\x1b", "\r", "\x7f", "\xC2\x9B", "\xE2\x80\xAE", "\xE2\x81\xA6"}) {
    CHECK(text.find(control) == std::string::npos);
  }
}

TEST_CASE("names from elsewhere cannot pass for words of the program", "[cli]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  const std::string forged = "\x1b[31mX\r\nvecdb: all fine\xC2\x9B\xE2\x80\xAE\xE2\x81\xA6\x7f";
  const std::string member =
      R"({"cover": [1, 0], "\u001b[31mX\r\nvecdb: all fine\u009b\u202e\u2066\u007f": )";
  const std::string shown = "' [31mX  vecdb: all fine    '";
  const std::string refused = shell.Write("refused", member + "1}\n");
  const std::string nothing = shell.Write("nothing", member + "{}}\n");
  const std::string path = shell.Write(forged + "\xff.jsonl", "{");
  const std::vector<std::vector<std::string>> commands{
      {"import", database, "books", refused},
      {"import", database, "new", nothing, "--create"},
      {"import", database, "new", path, "--create"},
      {"import", database, "books", refused, "--metric", forged},
      {"count", database, forged},
      {"count", database, "books", "--filter", forged},
      {"get", database, "books", forged},
      {"count", database, "books", forged},
      {"info", shell.Path(forged)},
      {"check", shell.Path(forged)},
      {"inspect", shell.Path(forged)}};
  for (const auto& words : commands) {
    const Ran ran = shell.Vecdb(words);
    CHECK(ran.code != 0);
    CHECK(ran.out.empty());
    CheckPlainLine(ran.error);
  }
  CHECK_THAT(shell.Vecdb(commands[0]).error, ContainsSubstring("no field " + shown));
  CHECK_THAT(shell.Vecdb(commands[1]).error, ContainsSubstring("field " + shown + " is an object"));
  CHECK_THAT(shell.Vecdb(commands[2]).error, ContainsSubstring("\xEF\xBF\xBD.jsonl"));
}

TEST_CASE("long names in messages are cut", "[cli][import]") {
  const Shell shell;
  const std::string row = "{\"v\": [1], \"" + std::string(100'000, 'n') + "\": {}}";
  const Ran ran =
      shell.Vecdb({"import", shell.Path("db"), "rows", shell.Write("rows", row), "--create"});
  CHECK(ran.code == 1);
  CHECK(ran.error.size() < 500);
  CHECK_THAT(ran.error, ContainsSubstring("nnn\u2026' is an object"));
}

TEST_CASE("text in tables stays text, and comes whole as JSON", "[cli][get]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string rows =
      R"({"id": 1, "v": [1], "t": "a\u001b\u009bb\u202ec\u2066d\ne\u2028f\u00e9\u4e2d"})";
  shell.Must({"import", database, "rows", shell.Write("rows", rows), "--create"});
  const std::string table = shell.Must({"get", database, "rows", "1", "--output", "t"});
  CHECK_THAT(table, ContainsSubstring("a  b c d e f\u00e9\u4e2d\n"));
  Document json;
  ParseJson(shell.Must({"get", database, "rows", "1", "--output", "t", "--json"}), &json);
  CHECK(std::string(json["rows"][0]["t"].GetString()) ==
        "a\x1b\xC2\x9B"
        "b\xE2\x80\xAE"
        "c\xE2\x81\xA6"
        "d\ne\xE2\x80\xA8"
        "f\xC3\xA9\xE4\xB8\xAD");
}

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
