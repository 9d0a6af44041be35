// Names, aliases and properties of collections on the command line.
#include "cli_support.h"

#ifdef VECDB_TEST_CLI

namespace vecdb_test {
namespace {

TEST_CASE("a collection is described, and its description is a schema to create from", "[cli]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  shell.Must({"alias", database, "best", "books"});
  const std::string text = shell.Must({"describe", database, "best"});
  for (const char* words : {"collection   books", "aliases      best", " UTC", "ttl off",
                            "consistency Strong", "1 shard", "keys checked", "price"}) {
    CHECK_THAT(text, ContainsSubstring(words));
  }
  const std::string json = shell.Must({"describe", database, "books", "--json"});
  rapidjson::Document info;
  info.Parse(json.c_str());
  REQUIRE(info.IsObject());
  CHECK(std::string(info["name"].GetString()) == "books");
  CHECK(info["id"].GetUint64() > 0);
  CHECK(info["created"].GetUint64() > 0);
  REQUIRE(info["aliases"].Size() == 1);
  CHECK(std::string(info["aliases"][0].GetString()) == "best");
  CHECK(info["properties"]["ttl_ms"].GetUint64() == 0);
  CHECK(info["properties"]["auto_compaction"].GetBool());
  CHECK(info["options"]["shards"].GetUint64() == 1);
  const std::string copy = shell.Path("copy");
  shell.Must({"create", copy, "books", "--schema", shell.Write("schema", json)});
  CHECK_THAT(shell.Must({"describe", copy, "books"}), ContainsSubstring("aliases      none"));
  CHECK(shell.Vecdb({"describe", database, "nope"}).code == 1);
}

TEST_CASE("a collection is renamed and keeps its rows", "[cli]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  const std::string rows = shell.Must({"query", database, "books", "--json"});
  CHECK(shell.Must({"rename", database, "books", "essays"}) == "'books' is called 'essays' now\n");
  CHECK(shell.Must({"list", database}) == "essays\n");
  CHECK(shell.Must({"query", database, "essays", "--json"}) == rows);
  const Ran again = shell.Vecdb({"rename", database, "books", "poems"});
  CHECK(again.code == 1);
  CHECK_THAT(again.error, ContainsSubstring("'books'"));
}

TEST_CASE("aliases are given, moved, listed and dropped", "[cli]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  shell.Must(
      {"create", database, "other", "--field", "id:Int64:key", "--field", "v:FloatVector(2):L2"});
  CHECK(shell.Must({"alias", database}).empty());
  CHECK(shell.Must({"alias", database, "best", "books"}) == "'best' stands for 'books'\n");
  CHECK(shell.Must({"count", database, "best"}) == shell.Must({"count", database, "books"}));
  CHECK(shell.Must({"alias", database, "best", "other"}) == "'best' stands for 'other'\n");
  CHECK(shell.Must({"count", database, "best"}) == "0\n");
  CHECK(shell.Must({"alias", database}) == "alias  collection\nbest   other\n");
  const Ran held = shell.Vecdb({"drop", database, "other", "--yes"});
  CHECK(held.code == 1);
  CHECK_THAT(held.error, ContainsSubstring("'best'"));
  CHECK(shell.Must({"alias", database, "best", "--drop"}) == "dropped the alias 'best'\n");
  shell.Must({"drop", database, "other", "--yes"});
  CHECK(shell.Vecdb({"alias", database, "best"}).code == 2);
  CHECK(shell.Vecdb({"alias", database, "best", "books", "--drop"}).code == 2);
  CHECK(shell.Vecdb({"alias", database, "--drop"}).code == 2);
  CHECK(shell.Vecdb({"alias", database, "best", "--drop"}).code == 1);
  CHECK(shell.Vecdb({"alias", database, "best", "nope"}).code == 1);
}

TEST_CASE("properties are set one by one, and those not given stay", "[cli]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  CHECK_THAT(shell.Must({"set", database, "books", "--ttl", "36h"}), ContainsSubstring("ttl 36h,"));
  CHECK_THAT(shell.Must({"set", database, "books", "--auto-compaction", "off", "--consistency",
                         "Bounded"}),
             ContainsSubstring("ttl 36h, automatic compaction off, consistency Bounded"));
  CHECK_THAT(shell.Must({"set", database, "books", "--ttl", "48h"}), ContainsSubstring("ttl 2d,"));
  CHECK_THAT(shell.Must({"set", database, "books", "--ttl", "1500ms"}),
             ContainsSubstring("ttl 1500ms,"));
  CHECK_THAT(shell.Must({"set", database, "books", "--ttl", "off"}), ContainsSubstring("ttl off,"));
  CHECK(shell.Vecdb({"set", database, "books"}).code == 2);
  for (const char* bad :
       {"", "7", "-1s", "1.5h", "s", "7 d", "99999999999999999999s", "9223372036854775807d"}) {
    const Ran ran = shell.Vecdb({"set", database, "books", "--ttl", bad});
    CHECK(ran.code == 2);
    CHECK_THAT(ran.error, ContainsSubstring("--ttl"));
  }
  CHECK(shell.Vecdb({"set", database, "books", "--consistency", "strong-ish"}).code == 2);
  CHECK(shell.Vecdb({"set", database, "books", "--auto-compaction", "1"}).code == 2);
  const Ran long_ttl = shell.Vecdb({"set", database, "books", "--ttl", "99999d"});
  CHECK(long_ttl.code == 1);
  CHECK_THAT(long_ttl.error, ContainsSubstring("3155760000 seconds"));
}

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
