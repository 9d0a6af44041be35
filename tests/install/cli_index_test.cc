// Indexes on the command line.
#include "cli_support.h"

#ifdef VECDB_TEST_CLI

#include <rapidjson/document.h>

namespace vecdb_test {
namespace {

// "t" with 3,000 rows (r, 2r, 1).
std::string MakeDatabase(const Shell& shell) {
  std::string database = shell.Path("db");
  shell.Must({"import", database, "t", shell.Write("rows.fvecs", Fvecs(3'000)), "--create"});
  return database;
}

rapidjson::Document Described(const Shell& shell, const std::string& database) {
  rapidjson::Document json;
  ParseJson(shell.Must({"index", "describe", database, "t", "vector", "--json"}), &json);
  return json;
}

TEST_CASE("an index is made, shown, replaced and dropped on the command line", "[cli][index]") {
  const Shell shell;
  const std::string database = MakeDatabase(shell);
  CHECK(shell.Must({"index", "list", database}) == "no indexes\n");
  CHECK_THAT(shell.Must({"info", database, "t"}), ContainsSubstring("no index: every row"));
  CHECK_THAT(shell.Must({"index", "create", database, "t", "vector", "--type", "hnsw", "--param",
                         "M=8", "--param", "efConstruction=50", "--wait"}),
             ContainsSubstring("'vector' has HNSW(M=8, efConstruction=50): 3,000 of 3,000 rows"));
  const std::string list = shell.Must({"index", "list", database, "t"});
  CHECK_THAT(list, ContainsSubstring("HNSW(M=8, efConstruction=50)"));
  CHECK_THAT(list, ContainsSubstring("Finished"));
  CHECK_THAT(shell.Must({"index", "describe", database, "t", "vector"}),
             ContainsSubstring("rows        3,000 sealed: 3,000 indexed, 0 waiting, 0 that need"));
  for (const char* command : {"info", "describe"}) {
    CHECK_THAT(
        shell.Must({command, database, "t"}),
        ContainsSubstring("index of 'vector': HNSW(M=8, efConstruction=50), Finished, 3,000 of "
                          "3,000 rows"));
  }
  rapidjson::Document described;
  ParseJson(shell.Must({"describe", database, "t", "--json"}), &described);
  CHECK(std::string(described["indexes"][0]["field"].GetString()) == "vector");
  CHECK(described["indexes"][0]["indexed_rows"].GetUint64() == 3'000);
  ParseJson(shell.Must({"info", database, "--json"}), &described);
  CHECK(std::string(described["collections"][0]["indexes"][0]["index"].GetString()) ==
        "HNSW(M=8, efConstruction=50)");
  const rapidjson::Document hnsw = Described(shell, database);
  CHECK(hnsw["growing_rows"].GetUint64() == 0);
  CHECK(hnsw["probed_searches"].GetUint64() == 0);
  CHECK(std::string(hnsw["type"].GetString()) == "HNSW");
  CHECK(hnsw["parameters"]["M"].GetUint64() == 8);
  CHECK(hnsw["parameters"]["efConstruction"].GetUint64() == 50);
  CHECK(std::string(hnsw["state"].GetString()) == "Finished");
  CHECK(hnsw["rows"].GetUint64() == 3'000);
  CHECK(hnsw["segments"][0]["indexed"].GetBool());
  CHECK(hnsw["segments"][0]["disk_bytes"].GetUint64() > 0);

  CHECK_THAT(shell.Must({"index", "create", database, "t", "vector", "--type", "HNSW", "--param",
                         "M=8", "--param", "efConstruction=50"}),
             ContainsSubstring("'vector' gets HNSW"));
  const Ran other = shell.Vecdb({"index", "create", database, "t", "vector"});
  CHECK(other.code == 1);
  CHECK_THAT(other.error, ContainsSubstring("'vector'"));
  shell.Must({"index", "replace", database, "t", "vector", "--type", "HNSW_SQ", "--param",
              "sq_type=FP16", "--wait"});
  CHECK(std::string(Described(shell, database)["parameters"]["sq_type"].GetString()) == "FP16");
  shell.Must({"index", "replace", database, "t", "vector", "--type", "HNSW_SQ", "--param",
              "sq_type=SQ4U", "--wait"});
  CHECK(std::string(Described(shell, database)["parameters"]["sq_type"].GetString()) == "SQ4U");
  shell.Must({"index", "replace", database, "t", "vector", "--type", "FLAT", "--param",
              "sq_type=SQ8", "--wait"});
  CHECK(std::string(Described(shell, database)["parameters"]["sq_type"].GetString()) == "SQ8");
  rapidjson::Document all;
  ParseJson(shell.Must({"index", "list", database, "--json"}), &all);
  REQUIRE(all["indexes"].Size() == 1);
  CHECK(std::string(all["indexes"][0]["collection"].GetString()) == "t");
  CHECK_THAT(shell.Must({"index", "drop", database, "t", "vector"}),
             ContainsSubstring("dropped the index of 'vector'"));
  CHECK(shell.Vecdb({"index", "drop", database, "t", "vector"}).code == 1);
  CHECK(shell.Must({"index", "list", database, "t"}) == "no indexes\n");
}

TEST_CASE("rows that need no index are told from those that wait for one", "[cli][index]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  CHECK(shell.Must({"index", "create", database, "books", "cover", "--type", "HNSW", "--wait"}) ==
        "'cover' has HNSW(M=16, efConstruction=200): none of 3 rows needs it\n");
  CHECK_THAT(shell.Must({"index", "describe", database, "books", "cover"}),
             ContainsSubstring("3 sealed: 0 indexed, 0 waiting, 3 that need no index"));
}

TEST_CASE("a wrong index is refused by name, and nothing is declared", "[cli][index]") {
  const Shell shell;
  const std::string database = MakeDatabase(shell);
  const auto refused = [&](std::vector<std::string> words, int code, const std::string& message) {
    words.insert(words.begin(), {"index", "create", database, "t"});
    const Ran ran = shell.Vecdb(words);
    CHECK(ran.code == code);
    CHECK_THAT(ran.error, ContainsSubstring(message));
  };
  refused({"nope"}, 1, "nope");
  refused({"id"}, 1, "'id'");
  refused({"vector", "--type", "IVF_FLAT"}, 1, "HNSW");
  refused({"vector", "--type", "HNSWX"}, 1, "'HNSWX'");
  refused({"vector", "--type", "HNSW", "--param", "M=1"}, 1, "M must be");
  refused({"vector", "--type", "HNSW", "--param", "nlist=1"}, 1, "'nlist'");
  refused({"vector", "--type", "HNSW", "--param", "M"}, 2, "NAME=VALUE");
  refused({}, 2, "FIELD");
  CHECK(shell.Vecdb({"index", database, "t"}).code == 2);
  CHECK(shell.Must({"index", "list", database}) == "no indexes\n");
}

TEST_CASE("a search on the command line says how hard an index looks", "[cli][index]") {
  const Shell shell;
  const std::string database = MakeDatabase(shell);
  shell.Must({"index", "create", database, "t", "vector", "--type", "HNSW_SQ", "--wait"});
  const auto search = [&](const std::vector<std::string>& effort) {
    std::vector<std::string> words = {"search",     database, "t", "--vector",
                                      "[7, 14, 1]", "-k",     "3", "--json"};
    words.insert(words.end(), effort.begin(), effort.end());
    return shell.Vecdb(words);
  };
  for (const std::vector<std::string>& effort : {std::vector<std::string>{},
                                                 {"--recall", "1"},
                                                 {"--recall", "0.5"},
                                                 {"--ef", "64"},
                                                 {"--ef", "64", "--refine-k", "2.5"}}) {
    const Ran ran = search(effort);
    CHECK(ran.code == 0);
    rapidjson::Document json;
    ParseJson(ran.out, &json);
    REQUIRE(json["hits"].Size() == 3);
    CHECK(json["hits"][0]["key"].GetInt64() == 7);
    CHECK(json["hits"][0]["score"].GetDouble() == 0);
  }
  for (const std::string recall : {"0", "1.5", "nan"}) {
    const Ran ran = search({"--recall", recall});
    CHECK(ran.code == 1);
    CHECK_THAT(ran.error, ContainsSubstring("recall must be"));
  }
  CHECK_THAT(search({"--ef", "2"}).error, ContainsSubstring("ef must be"));
  CHECK_THAT(search({"--refine-k", "0.5"}).error, ContainsSubstring("refine_k must be"));
  for (const std::string option : {"--recall", "--ef", "--refine-k"}) {
    CHECK(search({option, "half"}).code == 2);
  }
}

TEST_CASE("the shell shows indexes and the jobs that built them", "[cli][index]") {
  const Shell shell;
  const std::string database = MakeDatabase(shell);
  const Ran ran = shell.Vecdb({"shell", database},
                              "index create t vector --type HNSW --wait\n.indexes\n.use t\n"
                              ".mode json\n.indexes\njobs\ntop\nindex drop t vector\n.indexes t\n");
  CAPTURE(ran.error);
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out, ContainsSubstring("'vector' has HNSW"));
  CHECK_THAT(ran.out, ContainsSubstring(R"({"indexes":[{"collection":"t","field":"vector")"));
  CHECK_THAT(ran.out, ContainsSubstring(R"("kind":"Index")"));
  CHECK_THAT(ran.out, ContainsSubstring(R"("index_builds":1)"));
  CHECK_THAT(ran.out, ContainsSubstring(R"({"indexes":[]})"));
}

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
