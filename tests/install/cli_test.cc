// The command line, command by command: what it prints and with which code it ends.
#include "cli_support.h"

#ifdef VECDB_TEST_CLI

#ifdef VECDB_HAVE_ZSTD
#include <zstd.h>
#endif

#include "vecdb/database.h"

namespace vecdb_test {
namespace {

using rapidjson::Document;

TEST_CASE("the version and the help are on stdout and end well", "[cli]") {
  const Shell shell;
  CHECK_THAT(shell.Must({"--version"}), StartsWith("vecdb "));
  const std::string help = shell.Must({"--help"});
  for (const char* command :
       {"import", "export",    "search", "query", "get",     "count", "insert",   "delete",
        "create", "drop",      "list",   "flush", "compact", "info",  "describe", "rename",
        "alias",  "partition", "index",  "set",   "inspect", "check", "shell",    "Examples:"}) {
    CHECK_THAT(help, ContainsSubstring(command));
  }
}

TEST_CASE("a wrong command line ends with 2 and says so on stderr", "[cli]") {
  const Shell shell;
  const std::vector<std::vector<std::string>> wrong{
      {},
      {"frobnicate"},
      {"import", "db"},
      {"search", "db", "books"},
      {"search", "db", "books", "--vector", "[1]", "--vector-file", "x.fvecs"},
      {"search", "db", "books", "--vector", "[1]", "-k", "many"},
      {"import", "db", "books", "f", "--metric", "COSY"},
      {"import", "db", "books", "f", "--batch", "0"}};
  for (const auto& words : wrong) {
    const Ran ran = shell.Vecdb(words);
    CHECK(ran.code == 2);
    CHECK_THAT(ran.error, StartsWith("vecdb: "));
    CHECK(ran.out.empty());
  }
}

TEST_CASE("numbers that are none or do not fit are refused with option and value", "[cli]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  const std::string file = shell.Write("a.fvecs", Fvecs(12));
  const std::vector<std::string> import{"import", database, "a", file, "--create"};
  const std::vector<std::string> search{"search", database, "books", "--vector", "[1, 0]"};
  const std::vector<std::string> row{"search", database, "books", "--vector-file", file};
  const std::vector<std::pair<std::vector<std::string>, std::string>> options{
      {import, "--limit"}, {import, "--segment-bytes"}, {import, "--batch"}, {search, "--limit"},
      {search, "-k"},      {search, "--offset"},        {row, "--row"}};
  for (const auto& [words, option] : options) {
    for (const char* value : {"-1", "", "+1", "1.0", " 1", "0x10", "99999999999999999999"}) {
      CAPTURE(option, value);
      std::vector<std::string> all = words;
      all.push_back(option);
      all.emplace_back(value);
      const Ran ran = shell.Vecdb(all);
      CHECK(ran.code == 2);
      const std::string name = option == "-k" ? "--limit" : option;
      CHECK_THAT(ran.error,
                 StartsWith("vecdb: " + name + ": '" + value + "' is no whole number from "));
    }
  }
  CHECK(shell.Vecdb({"count", database, "a"}).code == 1);  // none of them was imported
  shell.Must({"import", database, "a", file, "--create", "--limit", "010"});
  CHECK(shell.Must({"count", database, "a"}) == "10\n");
}

TEST_CASE("--segment-bytes for a collection that exists is told to do nothing", "[cli][import]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  const Ran ran = shell.Vecdb({"import", database, "books", shell.Path("books.jsonl"), "--upsert",
                               "--segment-bytes", "4096"});
  CHECK(ran.code == 0);
  CHECK(ran.error ==
        "vecdb: --segment-bytes is for new collections: 'books' keeps the size it was made with\n");
  const Ran zero = shell.Vecdb(
      {"import", database, "new", shell.Path("books.jsonl"), "--create", "--segment-bytes", "0"});
  CHECK(zero.code == 1);
  CHECK_THAT(zero.error, ContainsSubstring("segment_bytes is 0"));
}

TEST_CASE("a schema is guessed from JSON rows, shown, and the rows come back", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("books.db");
  const std::string out =
      shell.Must({"import", database, "books", shell.Write("books.jsonl", kBooks), "--create"});
  for (const char* line : {"field  type         dimension  metric  null  key\n",
                           "id     Int64                           no    yes\n",
                           "title  VarChar                         yes\n",
                           "year   Int64                           yes\n",
                           "price  Double                          yes\n",
                           "sold   Bool                            yes\n",
                           "cover  FloatVector          2  L2      no\n", "imported 3 rows in "}) {
    CHECK_THAT(out, ContainsSubstring(line));
  }
  Document json;
  ParseJson(shell.Must({"get", database, "books", "3", "2", "--json"}), &json);
  REQUIRE(json["rows"].Size() == 2);
  const auto& row = json["rows"][0];
  CHECK(row["id"].GetInt64() == 3);
  CHECK(std::string(row["title"].GetString()) == "Größe \"quoted\"");
  CHECK(row["year"].IsNull());
  CHECK(row["price"].GetDouble() == 7.25);
  CHECK(row["sold"].IsNull());
  CHECK(row["cover"][1].GetDouble() == 0.5);
  CHECK(json["rows"][1]["sold"].IsFalse());
}

TEST_CASE("rows without an id get keys from vecdb, and text can be the key", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string file =
      shell.Write("rows.jsonl", "{\"name\": \"a\", \"v\": [1]}\n{\"name\": \"b\", \"v\": [2]}");
  CHECK_THAT(shell.Must({"import", database, "given", file, "--create"}),
             ContainsSubstring("id     Int64                           no    given by vecdb"));
  CHECK(shell.Must({"count", database, "given"}) == "2\n");
  shell.Must({"import", database, "named", file, "--create", "--key-field", "name"});
  CHECK_THAT(shell.Must({"get", database, "named", "b"}), ContainsSubstring("[2]"));
  const Ran missing =
      shell.Vecdb({"import", database, "other", file, "--create", "--key-field", "isbn"});
  CHECK(missing.code == 1);
  CHECK_THAT(missing.error, ContainsSubstring("no row has the key field 'isbn'"));
}

TEST_CASE("vector files are keyed by row number, also compressed", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::vector<std::pair<std::string, std::string>> files{{"a.fvecs", Fvecs(100)},
                                                               {"b.u8bin", U8bin(100)}};
  for (const auto& [name, bytes] : files) {
    CAPTURE(name);
    const std::string collection = name.substr(0, 1);
    const std::string out = shell.Must({"import", database, collection, shell.Write(name, bytes),
                                        "--create", "--batch", "7", "--field", "pixels"});
    CHECK_THAT(out, ContainsSubstring("pixels  FloatVector          3  L2"));
    CHECK_THAT(out, ContainsSubstring("imported 100 rows"));
    Document json;
    ParseJson(shell.Must({"search", database, collection, "--vector-file", shell.Path(name),
                          "--row", "42", "-k", "2", "--output", "pixels", "--json"}),
              &json);
    REQUIRE(json["hits"].Size() == 2);
    CHECK(json["hits"][0]["key"].GetInt64() == 42);
    CHECK(json["hits"][0]["score"].GetDouble() == 0);
    CHECK(json["hits"][0]["fields"]["pixels"][1].GetDouble() == 84);
    CHECK(json["hits"][1]["score"].GetDouble() == 5);
#ifdef VECDB_HAVE_ZSTD
    std::string packed(ZSTD_compressBound(bytes.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 3));
    const std::string zst = shell.Write(name + ".zst", packed);
    shell.Must({"import", database, collection + "z", zst, "--create", "--limit", "64"});
    CHECK(shell.Must({"count", database, collection + "z"}) == "64\n");
    const Ran cut = shell.Vecdb(
        {"import", database, collection + "cut",
         shell.Write("cut." + name + ".zst", packed.substr(0, packed.size() - 3)), "--create"});
    CHECK(cut.code == 1);
    CHECK_THAT(cut.error, ContainsSubstring("in the middle of its compressed data"));
#endif
  }
}

TEST_CASE("importing twice needs --upsert, and --create only the first time", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string file = shell.Write("a.fvecs", Fvecs(5));
  const Ran absent = shell.Vecdb({"import", database, "a", file});
  CHECK(absent.code == 1);
  CHECK_THAT(absent.error, ContainsSubstring("--create"));
  CHECK_FALSE(std::filesystem::exists(database));
  shell.Must({"import", database, "a", file, "--create"});
  const Ran again = shell.Vecdb({"import", database, "a", file});
  CHECK(again.code == 1);
  CHECK_THAT(again.error, ContainsSubstring("rows 0 to 4"));
  shell.Must({"import", database, "a", file, "--upsert", "--durability", "every-write"});
  CHECK(shell.Must({"count", database, "a"}) == "5\n");
  const Ran other = shell.Vecdb({"import", database, "b", file});
  CHECK(other.code == 1);
  CHECK_THAT(other.error, ContainsSubstring("no collection named 'b'"));
}

TEST_CASE("progress is drawn on stderr when asked for, and taken away again", "[cli][import]") {
  const Shell shell;
  const std::vector<std::string> words{"import", shell.Path("db"), "a",
                                       shell.Write("a.fvecs", Fvecs(50)), "--create"};
  CHECK(shell.Vecdb(words).error.empty());
  std::vector<std::string> with_progress = words;
  with_progress[2] = "b";
  with_progress.emplace_back("--progress");
  const Ran ran = shell.Vecdb(with_progress);
  CHECK(ran.code == 0);
  CHECK_THAT(ran.error, ContainsSubstring("rows"));
  CHECK_THAT(ran.out, ContainsSubstring("imported 50 rows"));
}

TEST_CASE("search takes its vector from the line, a file or standard input", "[cli][search]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  const std::string table =
      shell.Must({"search", database, "books", "--vector", "[1, 0]", "--output", "title,year"});
  CHECK_THAT(table, StartsWith("rank  key  score  title"));
  CHECK_THAT(table, ContainsSubstring("   1  1        0  Dune"));
  const Ran piped = shell.Vecdb(
      {"search", database, "books", "-", "--filter", "year < 1965", "--json"}, "[1,\n0]\n");
  REQUIRE(piped.code == 0);
  Document json;
  ParseJson(piped.out, &json);
  REQUIRE(json["hits"].Size() == 1);
  CHECK(json["hits"][0]["key"].GetInt64() == 2);
  CHECK(json["hits"][0]["score"].GetDouble() == 2);
  CHECK(shell.Must({"search", database, "books", "--vector", "[1, 0]", "--filter",
                    "year > 3000"}) == "no rows found\n");
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"[1, 0", "--vector: no JSON at character"},
      {"{}", "an array of numbers"},
      {"[1, \"a\"]", "element 1 is no number"},
      {"[1e300, 0]", "too large for a float"},
      {"[1, 2, 3]", "dimension"}};
  for (const auto& [vector, message] : wrong) {
    const Ran ran = shell.Vecdb({"search", database, "books", "--vector", vector});
    CHECK(ran.code == 1);
    CHECK_THAT(ran.error, ContainsSubstring(message));
  }
  const Ran filter =
      shell.Vecdb({"search", database, "books", "--vector", "[1, 0]", "--filter", "colour == 1"});
  CHECK(filter.code == 1);
  CHECK_THAT(filter.error, ContainsSubstring("colour"));
}

TEST_CASE("get names the keys that are missing and ends with 1", "[cli][get]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  const Ran some = shell.Vecdb({"get", database, "books", "2", "77", "--output", "title"});
  CHECK(some.code == 1);
  CHECK_THAT(some.out, ContainsSubstring("Solaris"));
  CHECK(some.error == "vecdb: no row has the key 77\n");
  const Ran json = shell.Vecdb({"get", database, "books", "--json", "--", "-5"});
  CHECK(json.code == 1);
  Document parsed;
  ParseJson(json.out, &parsed);
  CHECK(parsed["missing"][0].GetInt64() == -5);
  const Ran text = shell.Vecdb({"get", database, "books", "two"});
  CHECK(text.code == 1);
  CHECK_THAT(text.error, ContainsSubstring("'two' is no key"));
}

TEST_CASE("count counts what matches", "[cli][count]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  CHECK(shell.Must({"count", database, "books"}) == "3\n");
  CHECK(shell.Must({"count", database, "books", "--filter", "year >= 1961"}) == "2\n");
  CHECK(shell.Must({"count", database, "books", "--filter", "year is null"}) == "1\n");
  const Ran ran = shell.Vecdb({"count", database, "films"});
  CHECK(ran.code == 1);
  CHECK(ran.error == "vecdb: no collection named 'films'\n");
}

TEST_CASE("info shows collections, fields and what recovery found", "[cli][info]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  CHECK_THAT(shell.Must({"info", database}), ContainsSubstring("books"));
  CHECK_THAT(shell.Must({"info", database, "books"}),
             ContainsSubstring("FloatVector          2  L2"));
  Document json;
  ParseJson(shell.Must({"info", database, "--json"}), &json);
  CHECK(json["recovery"]["clean"].IsTrue());
  REQUIRE(json["collections"].Size() == 1);
  CHECK(json["collections"][0]["rows"].GetUint64() == 3);
  CHECK(json["collections"][0]["fields"].Size() == 6);
}

TEST_CASE("a database that is missing, locked or no database is told apart", "[cli]") {
  const Shell shell;
  const Ran missing = shell.Vecdb({"info", shell.Path("nothing")});
  CHECK(missing.code == 1);
  CHECK_FALSE(missing.error.empty());
  CHECK_FALSE(std::filesystem::exists(shell / "nothing"));

  std::filesystem::create_directory(shell / "empty");
  const Ran empty = shell.Vecdb({"info", shell.Path("empty")});
  CHECK(empty.code == 1);
  CHECK_THAT(empty.error, ContainsSubstring("no database"));

  const std::string database = WithBooks(shell);
  auto held = vecdb::Database::Open(database);
  REQUIRE(held.ok());
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"count", database, "books"},
        {"import", database, "books", shell.Path("books.jsonl"), "--upsert"}}) {
    const Ran locked = shell.Vecdb(words);
    CHECK(locked.code == 1);
    CHECK_THAT(locked.error, ContainsSubstring(database));
    CHECK_THAT(locked.error, ContainsSubstring("another"));
  }
  CHECK(shell.Vecdb({"check", database}).code == 2);
}

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
