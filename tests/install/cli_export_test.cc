// Export: what comes out, and that it goes in again.
#include <algorithm>

#include "cli_support.h"

#ifdef VECDB_TEST_CLI

namespace vecdb_test {
namespace {

namespace fs = std::filesystem;
using rapidjson::Document;

TEST_CASE("an exported collection imports again as an equal one", "[cli][export]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  shell.Must(
      {"insert", database, "books",
       R"({"id": -5, "title": "a,\"b\"\nc\td\\", "year": 0, "price": 0.1, "cover": [1e-7, 3]})",
       R"({"id": 9, "title": "", "sold": false, "cover": [0, -0.333333]})"});
  const std::string schema =
      shell.Write("schema", shell.Must({"info", database, "books", "--json"}));
  std::vector<std::string> endings{"jsonl", "csv"};
#ifdef VECDB_HAVE_ZSTD
  endings.insert(endings.end(), {"jsonl.zst", "csv.zst"});
#endif
  for (const std::string& ending : endings) {
    CAPTURE(ending);
    const std::string file = shell.Path("out." + ending);
    CHECK_THAT(shell.Must({"export", database, "books", file}), StartsWith("exported 5 rows in "));
    const std::string copy = shell.Path("copy-" + ending);
    shell.Must({"import", copy, "books", file, "--create", "--schema", schema});
    CHECK(shell.Must({"query", copy, "books", "--json"}) ==
          shell.Must({"query", database, "books", "--json"}));
    const std::string guessed = shell.Path("guessed-" + ending);
    shell.Must({"import", guessed, "books", file, "--create"});
    CHECK(shell.Must({"query", guessed, "books", "--json"}) ==
          shell.Must({"query", database, "books", "--json"}));
  }
}

TEST_CASE("a collection larger than one query is exported whole, by filter and fields",
          "[cli][export]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  std::string rows;
  for (int i = 0; i < 40'000; ++i) {
    rows += "{\"id\": \"k\\\"\\\\\\u0001" + std::to_string(i) + "\", \"n\": " + std::to_string(i) +
            ", \"v\": [1]}\n";
  }
  shell.Must({"import", database, "t", shell.Write("t.jsonl", rows), "--create"});
  const std::string file = shell.Path("t.csv");
  shell.Must({"export", database, "t", file});
  shell.Must({"import", database, "again", file, "--create"});
  CHECK(shell.Must({"count", database, "again"}) == "40000\n");
  const std::string some = shell.Must({"export", database, "t", "-", "--format", "csv", "--output",
                                       "n", "--filter", "n < 35000 or n == 39999"});
  CHECK(std::count(some.begin(), some.end(), '\n') == 35'002);
  CHECK_THAT(some, StartsWith("n\n"));
  CHECK(shell.Must({"export", database, "t", "-", "--format", "csv", "--output", "n", "--limit",
                    "1", "--filter", "n == 7"}) == "n\n7\n");
}

TEST_CASE("vectors and numbers are exported as arrays", "[cli][export]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  const std::string file = shell.Path("cover.npy");
  shell.Must({"export", database, "books", file});
  const std::string bytes = ReadFile(file);
  REQUIRE(bytes.size() == 128 + 24);
  CHECK_THAT(bytes.substr(8),
             ContainsSubstring("'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)"));
  CHECK(bytes.substr(128) == Raw(1.0F) + Raw(0.0F) + Raw(0.0F) + Raw(1.0F) + Raw(0.5F) + Raw(0.5F));
  shell.Must({"export", database, "books", shell.Path("year.npy"), "--output", "year", "--filter",
              "year is not null"});
  CHECK(ReadFile(shell.Path("year.npy")).substr(128) ==
        Raw(std::int64_t{1965}) + Raw(std::int64_t{1961}));
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong{
      {{"export", database, "books", shell.Path("w.npy"), "--output", "year"}, "has a null"},
      {{"export", database, "books", shell.Path("w.npy"), "--output", "title"}, "VarChar"},
      {{"export", database, "books", shell.Path("w.npy"), "--output", "id,year"}, "one field"},
      {{"export", database, "books", shell.Path("w.txt")}, "is no format"},
      {{"export", database, "books", shell.Path("w.csv"), "--output", "colour"}, "'colour'"},
      {{"export", database, "books", shell.Path("w.csv"), "--filter", "colour == 1"}, "colour"},
      {{"export", database, "books", file}, "--force replaces it"},
      {{"export", database, "books", shell.Path("no/w.csv")}, "cannot write"}};
  for (const auto& [words, message] : wrong) {
    const Ran ran = shell.Vecdb(words);
    CHECK(ran.code == 1);
    CHECK_THAT(ran.error, ContainsSubstring(message));
    CHECK((words[3] == file || !fs::exists(words[3])));
    CHECK_FALSE(fs::exists(words[3] + ".part"));
  }
  shell.Must({"export", database, "books", file, "--force", "--limit", "1"});
  CHECK(fs::file_size(file) == 128 + 8);
}

TEST_CASE("several vectors are searched for in one call", "[cli][search]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  const std::string file = shell.Path("cover.npy");
  shell.Must({"export", database, "books", file});
  const std::string table = shell.Must({"search", database, "books", "--file", file, "--rows",
                                        "1..2", "-k", "1", "--output", "title"});
  CHECK_THAT(table,
             StartsWith("row 1:\nrank  key  score  title\n   1  2        0  Solaris\n\nrow 2:"));
  const std::string lines =
      shell.Must({"search", database, "books", "--file", file, "--rows", "0..2", "--json"});
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 3);
  Document json;
  ParseJson(lines.substr(0, lines.find('\n')), &json);
  CHECK(std::string(json["query"].GetString()) == "row 0");
  CHECK(json["hits"][0]["key"].GetInt64() == 1);
  const Ran piped =
      shell.Vecdb({"search", database, "books", "-", "-k", "1"}, "[1, 0]\n\n[0, 1]\n");
  CHECK(piped.code == 0);
  CHECK_THAT(piped.out, ContainsSubstring("line 3:\nrank  key  score\n   1  2        0\n"));
  for (const char* rows : {"2..1", "1", "a..b", "0..3", "..", "0..200000"}) {
    CHECK(shell.Vecdb({"search", database, "books", "--file", file, "--rows", rows}).code == 1);
  }
}

TEST_CASE("rows and collections are made, changed and removed by commands", "[cli]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::vector<std::string> create{"create",
                                        database,
                                        "t",
                                        "--field",
                                        "id:VarChar:key",
                                        "--field",
                                        "v:FloatVector(2):IP",
                                        "--field",
                                        "n:Int8:nullable"};
  CHECK_THAT(shell.Must(create), ContainsSubstring("created 't':"));
  CHECK_THAT(shell.Vecdb(create).error, ContainsSubstring("there is a collection named 't'"));
  CHECK(shell.Must({"insert", database, "t", R"({"id": "a", "v": [1, 2], "n": 1})",
                    R"({"id": "b", "v": [3, 4]})"}) == "inserted 2 rows\n");
  const Ran bad = shell.Vecdb({"insert", database, "t", R"({"id": "c", "v": [1, 2]})",
                               R"({"id": "d", "v": [1, 2], "n": 1000})"});
  CHECK(bad.code == 1);
  CHECK_THAT(bad.error, StartsWith("vecdb: row 1: "));
  CHECK(shell.Must({"count", database, "t"}) == "2\n");
  const Ran piped = shell.Vecdb({"insert", database, "t", "-", "--upsert"},
                                "{\"id\": \"b\", \"v\": [0, 0]}\n\n{\"id\": \"e\", \"v\": [1, 1]}");
  CHECK(piped.out == "inserted 2 rows\n");
  CHECK(shell.Must({"query", database, "t", "--filter", "n is null", "--output", "id,v", "--limit",
                    "1", "--offset", "1"}) == "id  v\ne   [1, 1]\n");
  CHECK(shell.Must({"query", database, "t", "--filter", "n == 5"}) == "no rows found\n");
  CHECK(shell.Must({"delete", database, "t", "a", "z", "a"}) == "deleted 1 row\n");
  CHECK(shell.Must({"delete", database, "t", "--filter", "n is null"}) == "deleted 2 rows\n");
  CHECK(shell.Vecdb({"delete", database, "t"}).code == 2);
  CHECK(shell.Must({"flush", database}).empty());
  CHECK(shell.Must({"flush", database, "t"}).empty());
  CHECK_THAT(shell.Must({"compact", database, "t", "--progress"}), ContainsSubstring(" became "));
  CHECK(shell.Vecdb({"compact", database, "nope"}).code == 1);
  CHECK(shell.Must({"create", shell.Path("empty")}).empty());
  CHECK(shell.Must({"list", database}) == "t\n");
  CHECK(shell.Must({"drop", database, "t"}) == "dropped 't' with 0 rows\n");
  CHECK(shell.Must({"list", database}).empty());
  CHECK(shell.Vecdb({"drop", database, "t"}).code == 1);
}

TEST_CASE("keys that begin with a hyphen are deleted behind --", "[cli]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  for (const char* type : {"Int64", "VarChar"}) {
    shell.Must({"create", database, type, "--field", std::string("id:") + type + ":key", "--field",
                "v:FloatVector(1)"});
  }
  shell.Must({"insert", database, "Int64", R"({"id": -5, "v": [1]})", R"({"id": 6, "v": [1]})"});
  shell.Must({"insert", database, "VarChar", R"({"id": "-x", "v": [1]})",
              R"({"id": "--filter", "v": [1]})"});
  CHECK(shell.Must({"delete", database, "Int64", "--", "-5"}) == "deleted 1 row\n");
  CHECK(shell.Must({"delete", database, "Int64", "6"}) == "deleted 1 row\n");
  CHECK(shell.Must({"delete", database, "VarChar", "--", "-x", "--filter"}) == "deleted 2 rows\n");
}

TEST_CASE("rows are deleted by keys or by a filter that says something", "[cli]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  for (const std::vector<std::string>& rest :
       {std::vector<std::string>{}, {"1", "--filter", "id == 2"}}) {
    std::vector<std::string> words{"delete", database, "books"};
    words.insert(words.end(), rest.begin(), rest.end());
    const Ran ran = shell.Vecdb(words);
    CHECK(ran.code == 2);
    CHECK_THAT(ran.error, ContainsSubstring("delete takes either keys or --filter"));
  }
  for (const char* filter : {"", " \t\n"}) {
    const Ran ran = shell.Vecdb({"delete", database, "books", "--filter", filter});
    CHECK(ran.code == 2);
    CHECK_THAT(ran.error, ContainsSubstring("--filter is empty, which every row would match"));
  }
  CHECK(shell.Must({"count", database, "books"}) == "3\n");
}

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
