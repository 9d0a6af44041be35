// The clustering key, properties at creation and levels of segments on the command line.
#include "cli_support.h"

#ifdef VECDB_TEST_CLI

#include <rapidjson/document.h>

namespace vecdb_test {
namespace {

TEST_CASE("a collection is made with a clustering key, compacted by it and described",
          "[cli][clustering]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  shell.Must({"create", database, "t", "--field", "id:Int64:key", "--field", "n:Int64", "--field",
              "v:FloatVector(2)", "--clustering-key", "n"});
  shell.Must({"insert", database, "t", R"({"id": 1, "n": 5, "v": [1, 0]})",
              R"({"id": 2, "n": 2, "v": [2, 0]})"});
  shell.Must({"flush", database, "t"});
  const auto level = [&] {
    rapidjson::Document json;
    json.Parse(shell.Must({"segments", database, "t", "--json"}).c_str());
    return json["segments"][0]["level"].GetUint64();
  };
  CHECK(level() == 1);
  shell.Must({"compact", database, "t", "--clustering"});
  CHECK(level() == 2);
  CHECK_THAT(shell.Must({"segments", database, "t"}), ContainsSubstring("level"));
  CHECK(shell.Must({"count", database, "t", "--filter", "n == 5"}) == "1\n");
  CHECK_THAT(shell.Must({"describe", database, "t"}),
             ContainsSubstring("clustered    by the values of n"));
  rapidjson::Document info;
  info.Parse(shell.Must({"describe", database, "t", "--json"}).c_str());
  CHECK(std::string(info["options"]["clustering_key"].GetString()) == "n");
  const Ran vector = shell.Vecdb({"create", database, "u", "--field", "id:Int64:key", "--field",
                                  "v:FloatVector(2)", "--clustering-key", "v"});
  CHECK(vector.code == 1);
  CHECK_THAT(vector.error, ContainsSubstring("'v'"));
  shell.Must({"create", database, "u", "--field", "id:Int64:key", "--field", "v:FloatVector(2)"});
  const Ran none = shell.Vecdb({"compact", database, "u", "--clustering"});
  CHECK(none.code == 1);
  CHECK_THAT(none.error, ContainsSubstring("no clustering key"));
}

TEST_CASE("properties are given when a collection is made, and changed", "[cli][clustering]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  shell.Must({"create", database, "t", "--field", "id:Int64:key", "--field", "v:FloatVector(2)",
              "--ttl", "7d", "--auto-compaction", "off", "--consistency", "Bounded",
              "--compact-when-deleted", "0.5"});
  const auto properties = [&](const char* name) {
    rapidjson::Document info;
    info.Parse(shell.Must({"describe", database, "t", "--json"}).c_str());
    return info["properties"][name].IsDouble()
               ? std::to_string(info["properties"][name].GetDouble())
               : std::to_string(info["properties"][name].GetUint64());
  };
  CHECK(properties("ttl_ms") == "604800000");
  CHECK(properties("compact_when_deleted") == "0.500000");
  const std::string text = shell.Must({"describe", database, "t"});
  CHECK_THAT(text, ContainsSubstring("compact when 0.5 deleted"));
  CHECK_THAT(text, ContainsSubstring("consistency Bounded"));
  shell.Must({"set", database, "t", "--compact-when-deleted", "0.25"});
  CHECK(properties("compact_when_deleted") == "0.250000");
  CHECK(properties("ttl_ms") == "604800000");
  for (const char* share : {"1.5", "-0.1", "half", "nan", "0.2x"}) {
    CHECK(shell.Vecdb({"set", database, "t", "--compact-when-deleted", share}).code == 2);
  }
}

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
