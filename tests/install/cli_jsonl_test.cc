// Importing JSON lines: nothing that a line says is dropped, rounded or made up.
#include "cli_support.h"

#ifdef VECDB_TEST_CLI

namespace vecdb_test {
namespace {

using rapidjson::Document;

TEST_CASE("a NUL byte in a line is refused, not taken for its end", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string good = "{\"id\":1,\"v\":[1,2]}\n";
  const std::string bad = std::string("{\"id\":2,\"v\":[1,2]}") + '\0' +
                          "{\"id\":3,\"v\":[3,4]}\n{\"id\":4,\"v\":[3,4]}\n";
  shell.Must({"import", database, "rows", shell.Write("good", good), "--create"});
  const Ran ran = shell.Vecdb({"import", database, "rows", shell.Write("bad", bad)});
  CHECK(ran.code == 1);
  CHECK_THAT(ran.error, ContainsSubstring("line 1 offset 0: no JSON at character 19: a NUL byte"));
  CHECK(shell.Must({"count", database, "rows"}) == "1\n");
  const Ran guess = shell.Vecdb({"import", database, "new", shell.Path("bad"), "--create"});
  CHECK(guess.code == 1);
  CHECK_THAT(guess.error, ContainsSubstring("line 1 offset 0: no JSON at character 19"));
  const Ran query = shell.Vecdb({"search", database, "rows", "-"}, std::string("[1, 2]\0[", 8));
  CHECK(query.code == 1);
  CHECK_THAT(query.error, ContainsSubstring("standard input: no JSON at character 7: a NUL byte"));
}

TEST_CASE("integers that a field of floating numbers would round are refused", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string good = "{\"id\": 1, \"x\": 1.5, \"v\": [1]}\n";
  shell.Must({"import", database, "rows", shell.Write("good", good), "--create"});
  const std::vector<std::string> exact{
      "-0.0",  "9007199254740992", "-9007199254740992",    "9007199254740993.0",  "1e300",
      "-1E22", "9007199254740994", "-9223372036854775808", "18446744073709551616"};
  std::string rows;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    rows += "{\"id\": " + std::to_string(i + 2) + ", \"x\": " + exact[i] + ", \"v\": [2]}\n";
  }
  shell.Must({"import", database, "rows", shell.Write("exact", rows)});
  for (const char* digits :
       {"9007199254740993", "-9007199254740993", "-9223372036854775809", "9223372036854775807",
        "18446744073709551615", "1000000000000000000000000000000"}) {
    CAPTURE(digits);
    const std::string row =
        std::string("{\"v\": [922337203685477580], \"id\": 99, \"x\": ") + digits + "}\n";
    const Ran ran = shell.Vecdb({"import", database, "rows", shell.Write("bad", row)});
    CHECK(ran.code == 1);
    CHECK_THAT(ran.error, ContainsSubstring("line 1 offset 0: field 'x'"));
    CHECK_THAT(ran.error, ContainsSubstring(digits));
    CHECK(shell.Must({"count", database, "rows"}) == "10\n");
  }
}

TEST_CASE("no type is guessed for integers beyond all types", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  for (const char* digits :
       {"9223372036854775808", "18446744073709551616", "-1000000000000000000000000000000"}) {
    CAPTURE(digits);
    const std::string file =
        shell.Write("rows", std::string("{\"id\": 1, \"v\": [1], \"x\": ") + digits + "}\n");
    const Ran ran = shell.Vecdb({"import", database, "rows", file, "--create"});
    CHECK(ran.code == 1);
    CHECK_THAT(ran.error,
               ContainsSubstring(std::string("line 1 offset 0: field 'x' is ") + digits));
    CHECK_FALSE(std::filesystem::exists(database));
  }
}

TEST_CASE("rows with more members than a schema has fields are refused", "[cli][import]") {
  const Shell shell;
  std::string row = "{\"v\": [1]";
  for (int i = 0; i < 200'000; ++i) row += ",\"f" + std::to_string(i) + "\": 1e300";
  const Ran ran = shell.Vecdb(
      {"import", shell.Path("db"), "rows", shell.Write("wide", row + "}\n"), "--create"});
  CHECK(ran.code == 1);
  CHECK_THAT(ran.error, ContainsSubstring("line 1 offset 0: more than 64 fields"));
}

TEST_CASE("a member given twice is refused by its name", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string good = "{\"id\":1,\"v\":[1,2]}\n";
  const std::string twice = good + "{\"id\":2,\"id\":2,\"v\":[1,2]}\n";
  const Ran guess =
      shell.Vecdb({"import", database, "rows", shell.Write("twice", twice), "--create"});
  CHECK(guess.code == 1);
  CHECK_THAT(guess.error, ContainsSubstring("line 2 offset 19: the row has the member 'id' twice"));
  CHECK_FALSE(std::filesystem::exists(database));
  shell.Must({"import", database, "rows", shell.Write("good", good), "--create"});
  const Ran ran = shell.Vecdb({"import", database, "rows", shell.Path("twice"), "--upsert"});
  CHECK(ran.code == 1);
  CHECK_THAT(ran.error, ContainsSubstring("line 2 offset 19: the row has the member 'id' twice"));
}

TEST_CASE("a vector that a row is without is refused before anything is made", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  for (const char* rows :
       {"{\"id\":1,\"v\":[1,2],\"n\":null}\n{\"id\":2,\"v\":[1,2],\"n\":[1,2,3]}",
        "{\"id\":1,\"v\":[1,2],\"n\":[1]}\n{\"id\":2,\"v\":[1,2]}"}) {
    const Ran ran =
        shell.Vecdb({"import", database, "rows", shell.Write("rows", rows), "--create"});
    CHECK(ran.code == 1);
    CHECK_THAT(ran.error, ContainsSubstring("field 'n' is an array in 1 of the first 2 rows"));
    CHECK_FALSE(std::filesystem::exists(database));
  }
}

TEST_CASE("a name or an option that cannot be leaves no database", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::vector<std::string> files{shell.Write("books.jsonl", kBooks),
                                       shell.Write("a.fvecs", Fvecs(3))};
  for (const std::string& file : files) {
    const Ran name = shell.Vecdb({"import", database, "my-coll", file, "--create"});
    CHECK(name.code == 1);
    CHECK_THAT(name.error, ContainsSubstring("my-coll"));
    const Ran option =
        shell.Vecdb({"import", database, "rows", file, "--create", "--segment-bytes", "1"});
    CHECK(option.code == 1);
    CHECK_THAT(option.error, ContainsSubstring("segment_bytes is 1"));
    CHECK_FALSE(std::filesystem::exists(database));
  }
}

TEST_CASE("a new collection that gets no row is dropped again", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string good = "{\"id\": 1, \"v\": [1], \"t\": \"x\"}\n";
  const std::string bad = "{\"id\": 1, \"v\": [1], \"t\": \"" + std::string(70'000, 'x') + "\"}\n";
  const std::vector<std::string> words{"import", database, "rows", shell.Write("rows", bad),
                                       "--create"};
  const Ran ran = shell.Vecdb(words);
  CHECK(ran.code == 1);
  CHECK_THAT(ran.error, ContainsSubstring("line 1 offset 0: field 't'"));
  CHECK_THAT(ran.error, ContainsSubstring("; the new collection 'rows' is dropped again"));
  CHECK_THAT(shell.Must({"info", database}), ContainsSubstring("no collections"));

  shell.Write("rows", good + bad);  // one row stays, and so does what holds it
  const Ran some = shell.Vecdb(words);
  CHECK(some.code == 1);
  CHECK_THAT(some.error, ContainsSubstring("1 row before stays imported"));
  CHECK(shell.Must({"count", database, "rows"}) == "1\n");

  shell.Write("rows", bad);  // it is no new one
  CHECK(shell.Vecdb(words).code == 1);
  CHECK(shell.Must({"count", database, "rows"}) == "1\n");
}

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
