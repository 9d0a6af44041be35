// The command line's output: that all of it arrives, or the exit code says so.
#include "cli_support.h"

#ifdef VECDB_TEST_CLI

#include <array>

#include <unistd.h>

#include "vecdb/database.h"

namespace vecdb_test {
namespace {

std::string WithBooks(const Shell& shell) {
  std::string database = shell.Path("books.db");
  shell.Must({"import", database, "books", shell.Write("books.jsonl", kBooks), "--create"});
  return database;
}

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

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
