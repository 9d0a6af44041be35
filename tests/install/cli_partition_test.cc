// Partitions on the command line.
#include "cli_support.h"

#ifdef VECDB_TEST_CLI

namespace vecdb_test {
namespace {

// "t" with rows 1 and 2 in "old", 3 in the default partition.
std::string MakeDatabase(const Shell& shell) {
  std::string database = shell.Path("db");
  shell.Must({"create", database, "t", "--field", "id:Int64:key", "--field", "n:Int64", "--field",
              "v:FloatVector(2)"});
  shell.Must({"partition", "create", database, "t", "old"});
  shell.Must({"insert", database, "t", R"({"id": 1, "n": 1, "v": [1, 0]})",
              R"({"id": 2, "n": 2, "v": [2, 0]})", "--partition", "old"});
  shell.Must({"insert", database, "t", R"({"id": 3, "n": 3, "v": [3, 0]})"});
  return database;
}

TEST_CASE("partitions are made, listed and dropped on the command line", "[cli][partition]") {
  const Shell shell;
  const std::string database = MakeDatabase(shell);
  CHECK_THAT(shell.Must({"partition", "create", database, "t", "old"}),
             ContainsSubstring("already"));
  const std::string list = shell.Must({"partition", "list", database, "t"});
  CHECK_THAT(list, ContainsSubstring("_default"));
  CHECK_THAT(list, ContainsSubstring("old"));
  CHECK_THAT(shell.Must({"partition", "drop", database, "t", "old"}),
             ContainsSubstring("dropped partition 'old' with 2 rows"));
  CHECK(shell.Must({"count", database, "t"}) == "1\n");
  const Ran again = shell.Vecdb({"partition", "drop", database, "t", "old"});
  CHECK(again.code == 1);
  CHECK_THAT(again.error, ContainsSubstring("'old'"));
  CHECK(shell.Vecdb({"partition", "drop", database, "t", "_default"}).code == 1);
  CHECK(shell.Vecdb({"partition", "create", database, "t", "-a"}).code != 0);
  CHECK(shell.Vecdb({"partition", database, "t"}).code == 2);
}

TEST_CASE("commands that read and write take a partition", "[cli][partition]") {
  const Shell shell;
  const std::string database = MakeDatabase(shell);
  CHECK(shell.Must({"count", database, "t", "--partition", "old"}) == "2\n");
  CHECK(shell.Must({"count", database, "t", "--partition", "old,_default"}) == "3\n");
  CHECK_THAT(shell.Must({"query", database, "t", "--partition", "_default", "--json"}),
             ContainsSubstring(R"("id":3)") && !ContainsSubstring(R"("id":1)"));
  CHECK_THAT(shell.Must({"search", database, "t", "--vector", "[3, 0]", "--partition", "old", "-k",
                         "1", "--json"}),
             ContainsSubstring(R"("key":2)"));
  CHECK(shell.Vecdb({"get", database, "t", "3", "--partition", "old"}).code == 1);
  const std::string file = shell.Path("out.jsonl");
  shell.Must({"export", database, "t", file, "--partition", "old"});
  shell.Must({"partition", "create", database, "t", "new"});
  shell.Must({"import", database, "t", file, "--upsert", "--partition", "new"});
  CHECK(shell.Must({"count", database, "t", "--partition", "new"}) == "2\n");
  CHECK(shell.Must({"count", database, "t", "--partition", "old"}) == "0\n");
  shell.Must({"delete", database, "t", "1", "3", "--partition", "new"});
  CHECK(shell.Must({"count", database, "t"}) == "2\n");
  shell.Must({"delete", database, "t", "--filter", "n > 0", "--partition", "new"});
  CHECK(shell.Must({"count", database, "t"}) == "1\n");
  const Ran lost = shell.Vecdb({"count", database, "t", "--partition", "lost"});
  CHECK(lost.code == 1);
  CHECK_THAT(lost.error, ContainsSubstring("'lost'"));
}

TEST_CASE("a collection with a partition key is made on the command line", "[cli][partition]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  shell.Must({"create", database, "t", "--field", "id:Int64:key", "--field", "n:Int64", "--field",
              "v:FloatVector(2)", "--partition-key", "n", "--partitions", "3"});
  shell.Must({"insert", database, "t", R"({"id": 1, "n": 1, "v": [1, 0]})",
              R"({"id": 2, "n": 2, "v": [2, 0]})"});
  CHECK(shell.Must({"count", database, "t", "--filter", "n == 2"}) == "1\n");
  CHECK_THAT(shell.Must({"partition", "list", database, "t"}), ContainsSubstring("_default_2"));
  CHECK_THAT(shell.Must({"describe", database, "t"}), ContainsSubstring("3, by the values of n"));
  CHECK_THAT(shell.Must({"describe", database, "t", "--json"}),
             ContainsSubstring(R"("partition_key":"n","num_partitions":3)"));
  CHECK(shell.Vecdb({"partition", "create", database, "t", "more"}).code == 1);
  CHECK(
      shell.Vecdb({"create", database, "u", "--field", "id:Int64:key", "--partitions", "3"}).code ==
      2);
}

TEST_CASE("the shell puts its database behind both words of a command", "[cli][partition]") {
  const Shell shell;
  const std::string database = MakeDatabase(shell);
  const Ran ran = shell.Vecdb({"shell", database},
                              "partition create t new\npartition list t\npartition drop t old\n"
                              "count t\n");
  CAPTURE(ran.error);
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out, ContainsSubstring("created partition 'new'"));
  CHECK_THAT(ran.out, ContainsSubstring("dropped partition 'old'"));
  CHECK(ran.out.substr(ran.out.size() - 2) == "1\n");
}

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
