// vecdb segments, channels, top: what a database says about itself.
#include "cli_support.h"

#ifdef VECDB_TEST_CLI

namespace vecdb_test {
namespace {

using rapidjson::Document;

TEST_CASE("segments shows each segment of a collection, or of all", "[cli][watch]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  shell.Must({"flush", database});
  shell.Must({"delete", database, "books", "2"});
  const std::string table = shell.Must({"segments", database, "books"});
  CHECK_THAT(table, ContainsSubstring("Flushed"));
  CHECK_THAT(table, ContainsSubstring("_default"));
  Document json;
  ParseJson(shell.Must({"segments", database, "--json"}), &json);
  REQUIRE(json["segments"].Size() == 1);
  const auto& segment = json["segments"][0];
  CHECK(std::string(segment["collection"].GetString()) == "books");
  CHECK(std::string(segment["state"].GetString()) == "Flushed");
  CHECK(segment["rows"].GetUint64() == 3);
  CHECK(segment["deleted_rows"].GetUint64() == 1);
  CHECK(segment["disk_bytes"].GetUint64() > 0);
  CHECK(segment["min_timestamp"].GetUint64() <= segment["max_timestamp"].GetUint64());
  CHECK(shell.Vecdb({"segments", database, "nope"}).code == 1);
}

TEST_CASE("channels shows the log and the shards that need it", "[cli][watch]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  CHECK_THAT(shell.Must({"channels", database}), ContainsSubstring("books/0"));
  Document json;
  ParseJson(shell.Must({"channels", database, "--json"}), &json);
  REQUIRE(json["channels"].Size() == 1);
  const auto& channel = json["channels"][0];
  CHECK(channel["next_lsn"].GetUint64() > channel["durable_lsn"].GetUint64());
  CHECK(channel["checkpoint"].GetUint64() >= 1);
  CHECK(channel["log_bytes"].GetUint64() > 0);
  REQUIRE(channel["vchannels"].Size() == 1);
  CHECK(channel["vchannels"][0]["needed_lsn"].GetUint64() == 1);
  shell.Must({"flush", database});
  Document flushed;
  ParseJson(shell.Must({"channels", database, "--json"}), &flushed);
  CHECK(flushed["channels"][0]["vchannels"][0]["needed_lsn"].GetUint64() == 0);
}

TEST_CASE("top shows sizes and counters, in a shell those of the commands before", "[cli][watch]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  CHECK_THAT(shell.Must({"top", database}), ContainsSubstring("3, and 0 deleted"));
  Document json;
  ParseJson(shell.Must({"top", database, "--json"}), &json);
  CHECK(json["rows"].GetUint64() == 3);
  CHECK(json["threads"].GetUint64() == 0);  // it only reads
  const Ran ran = shell.Vecdb({"shell", database},
                              "count books\ndelete books 1\n"
                              "flush books\n.mode json\ntop\n");
  REQUIRE(ran.code == 0);
  Document held;
  ParseJson(ran.out.substr(ran.out.find('{')), &held);
  CHECK(held["rows"].GetUint64() == 2);
  CHECK(held["writes"].GetUint64() == 1);
  CHECK(held["deleted_keys"].GetUint64() == 1);
  CHECK(held["flushes"].GetUint64() == 1);
  CHECK(held["reads"].GetUint64() >= 1);
  CHECK(held["threads"].GetUint64() > 0);
}

TEST_CASE("jobs shows what the shell's database did in the background", "[cli][watch]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  CHECK_THAT(shell.Must({"jobs", database}), ContainsSubstring("no jobs"));
  const Ran ran = shell.Vecdb({"shell", database},
                              "delete books 1\ncompact books\n.mode json\njobs\nsegments books\n");
  CAPTURE(ran.error);
  REQUIRE(ran.code == 0);
  const std::string jobs = ran.out.substr(ran.out.find("{\"jobs\""));
  Document json;
  ParseJson(jobs.substr(0, jobs.find('\n')), &json);
  bool compacted = false;
  for (const auto& job : json["jobs"].GetArray()) {
    CHECK(std::string(job["collection"].GetString()) == "books");
    compacted |= std::string(job["kind"].GetString()) == "Compaction" &&
                 std::string(job["state"].GetString()) == "Done";
  }
  CHECK(compacted);
}

TEST_CASE("an import can be watched", "[cli][watch]") {
  const Shell shell;
  const std::string file = shell.Write("books.jsonl", kBooks);
  const std::string out =
      shell.Must({"import", shell.Path("db"), "books", file, "--create", "--watch"});
  CHECK_THAT(out, ContainsSubstring("since the open"));
  CHECK_THAT(out, ContainsSubstring("written_rows"));
  CHECK_THAT(out, ContainsSubstring("imported 3 rows"));
}

TEST_CASE("trace tells the life of one row", "[cli][watch]") {
  const Shell shell;
  const std::string database = WithBooks(shell);
  shell.Must({"flush", database});
  shell.Must({"delete", database, "books", "2"});
  const std::string story = shell.Must({"trace", database, "books", "2"});
  CHECK_THAT(story, ContainsSubstring("no read finds it"));
  CHECK_THAT(story, ContainsSubstring("row 1 of segment"));
  CHECK(story.find("hidden") > story.find("Flushed"));
  Document json;
  ParseJson(shell.Must({"trace", database, "books", "2", "--json"}), &json);
  CHECK(json["present"].GetBool() == false);
  REQUIRE(json["rows"].Size() == 1);
  CHECK(std::string(json["rows"][0]["state"].GetString()) == "Flushed");
  REQUIRE(json["log"].Size() == 1);
  CHECK(std::string(json["log"][0]["type"].GetString()) == "delete");
  CHECK(json["log"][0]["timestamp"].GetUint64() == json["rows"][0]["deleted"].GetUint64());
  CHECK_THAT(shell.Must({"trace", database, "books", "77"}), ContainsSubstring("nothing on disk"));
  CHECK(shell.Vecdb({"trace", database, "books", "two"}).code == 1);
}

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
