// The command line on input and databases that are not what they should be.
#include "cli_support.h"

#ifdef VECDB_TEST_CLI

#include <algorithm>
#include <limits>
#include <tuple>

#include "vecdb/database.h"

namespace vecdb_test {
namespace {

namespace fs = std::filesystem;
using rapidjson::Document;

TEST_CASE("malformed rows are named by file, line and offset, and the rows before stay",
          "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string good = "{\"id\": 1, \"v\": [1, 2], \"n\": 1}\n";
  shell.Must({"import", database, "rows", shell.Write("good.jsonl", good), "--create"});
  const std::vector<std::pair<std::string, std::string>> bad{
      {"{\"id\": 3, \"v\": [1, 2]", "no JSON at character"},
      {"[1, 2]", "a row is a JSON object"},
      {"{\"id\": 3, \"v\": [1]}", "'v'"},
      {"{\"id\": 3, \"v\": [1, \"x\"]}", "element 1 is no number"},
      {"{\"id\": 3, \"v\": [1, 2], \"n\": \"x\"}", "field 'n' is of type Int64"},
      {"{\"id\": 3, \"v\": [1, 2], \"n\": 1.5}", "field 'n' is of type Int64"},
      {"{\"id\": 3, \"v\": [1, 2], \"n\": 99999999999999999999}", "field 'n' is of type Int64"},
      {"{\"id\": 3, \"v\": [1, 2], \"colour\": 1}", "no field 'colour'"},
      {"{\"id\": 3, \"id\": 4, \"v\": [1, 2]}", "'id'"},
      {"{\"v\": [1, 2]}", "'id'"},
      {"{\"id\": 3, \"v\": [1, 2], \"n\": \"\xff\"}", "no JSON at character"},
      {std::string(100'000, '['), "no JSON at character"}};
  for (const auto& [line, message] : bad) {
    CAPTURE(line.substr(0, 80));
    const std::string file = shell.Write("bad.jsonl", "{\"id\": 2, \"v\": [3, 4]}\n" + line + "\n");
    const Ran ran = shell.Vecdb({"import", database, "rows", file, "--upsert"});
    CHECK(ran.code == 1);
    CHECK_THAT(ran.error, StartsWith("vecdb: '" + file + "' line 2 offset 23: "));
    CHECK_THAT(ran.error, ContainsSubstring(message));
    CHECK_THAT(ran.error, ContainsSubstring("1 row before stays imported"));
  }
  CHECK(shell.Must({"count", database, "rows"}) == "2\n");
}

TEST_CASE("rows that no schema can hold are refused before anything is made", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::vector<std::pair<std::string, std::string>> bad{
      {"", "no rows"},
      {"[1, {\"a\": [2, \"x\"]}, [3], null]", "a row is a JSON object"},
      {"7", "a row is a JSON object"},
      {"{\"v\": [1], \"o\": {}}", "'o' is an object"},
      {"{\"v\": [1], \"a\": [\"x\"]}", "'a' is an array of other things"},
      {"{\"v\": []}", "'v' is an empty array"},
      {"{\"v\": [1], \"n\": 1}\n{\"v\": [1], \"n\": \"x\"}", "'n' is text here and an integer"},
      {"{\"v\": [1]}\n{\"v\": [1, 2]}", "2 numbers here and 1"},
      {"{\"id\": 1.5, \"v\": [1]}", "key field 'id' is a number"},
      {"{\"id\": 1, \"v\": [1]}\n{\"v\": [1]}", "1 of the first 2 rows have no 'id'"},
      {"{\"v\": [1], \"a b\": 1}", "a b"}};
  for (const auto& [rows, message] : bad) {
    CAPTURE(rows);
    const Ran ran =
        shell.Vecdb({"import", database, "rows", shell.Write("bad.jsonl", rows), "--create"});
    CHECK(ran.code == 1);
    CHECK_THAT(ran.error, ContainsSubstring(message));
    CHECK_FALSE(fs::exists(database));
  }
}

TEST_CASE("vector files that contradict themselves are refused with row and offset",
          "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::uint32_t huge = 0xffffffff;
  std::string mixed = Fvecs(2);
  mixed.replace(16, 4, Raw(std::int32_t{4}));
  std::string infinite = Fvecs(2);
  infinite.replace(24, 4, Raw(std::numeric_limits<float>::infinity()));
  const std::vector<std::tuple<std::string, std::string, std::string>> bad{
      {"empty.fvecs", "", "row 0 offset 0: the file ends"},
      {"zero.fvecs", Raw(std::int32_t{0}), "dimension 0"},
      {"minus.fvecs", Raw(std::int32_t{-1}), "dimension -1"},
      {"large.fvecs", Raw(std::int32_t{30'000}) + "x", "takes 120004 bytes, the file has 5"},
      {"cut.fvecs", Fvecs(3).substr(0, 40), "row 2 offset 36: the file ends 4 bytes into"},
      {"mixed.fvecs", mixed, "row 1 offset 16: a vector of dimension 4"},
      {"infinite.fvecs", infinite, "row 1 offset 20: element 1 is inf"},
      {"short.u8bin", "abc", "row 0 offset 0: the file ends after 3 bytes"},
      {"many.u8bin", Raw(huge) + Raw(std::uint32_t{30'000}) + "x", "4294967295 rows"},
      {"wide.u8bin", Raw(huge) + Raw(huge), "dimension 4294967295"},
      {"less.u8bin", U8bin(9).substr(0, 30), "the file has 30"},
      {"more.u8bin", U8bin(9) + "x", "the file has 36"},
#ifdef VECDB_HAVE_ZSTD
      {"not.u8bin.zst", U8bin(9), "not zstd data"}
#else
      {"not.u8bin.zst", U8bin(9), "built without zstd"}
#endif
  };
  for (const auto& [name, bytes, message] : bad) {
    CAPTURE(name);
    const std::string file = shell.Write(name, bytes);
    const std::string collection = name.substr(0, name.find('.'));
    const Ran ran = shell.Vecdb({"import", database, collection, file, "--create"});
    CHECK(ran.code == 1);
    CHECK_THAT(ran.error, StartsWith("vecdb: '" + file + "'"));
    CHECK_THAT(ran.error, ContainsSubstring(message));
  }
  const Ran folder = shell.Vecdb({"import", database, "a", shell.Path(""), "--create"});
  CHECK(folder.code == 1);
  CHECK_THAT(folder.error, ContainsSubstring("is a directory"));
  CHECK(shell.Vecdb({"import", database, "a", shell.Path("absent.fvecs")}).code == 1);
}

// ---- check and inspect --------------------------------------------------------------------

// Two segments, one of them with deletes, and rows in the log.
std::string MakeDatabase(const Shell& shell) {
  std::string database = shell.Path("db");
  std::string rows;
  for (int i = 0; i < 300; ++i) {
    rows += "{\"id\": " + std::to_string(i) + ", \"name\": \"row " + std::to_string(i % 7) +
            "\", \"v\": [" + std::to_string(i) + ", 1]}\n";
  }
  const std::string file = shell.Write("rows.jsonl", rows);
  shell.Must({"import", database, "rows", file, "--create", "--segment-bytes", "1048576"});
  auto opened = vecdb::Database::Open(database);
  REQUIRE(opened.ok());
  vecdb::Database held = *std::move(opened);
  auto collection = held.OpenCollection("rows");
  REQUIRE(collection.ok());
  REQUIRE(collection->Flush().ok());
  const std::vector<vecdb::Key> keys{vecdb::Key{std::int64_t{5}}, vecdb::Key{std::int64_t{6}}};
  REQUIRE(collection->Delete(keys).ok());
  REQUIRE(held.Close().ok());
  shell.Must({"import", database, "more", shell.Write("more.fvecs", Fvecs(20)), "--create"});
  return database;
}

std::vector<fs::path> FilesOf(const fs::path& database) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(database)) {
    if (entry.is_regular_file() && entry.path().filename() != "LOCK") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST_CASE("a whole database checks clean and every file of it can be inspected",
          "[cli][check][inspect]") {
  const Shell shell;
  const std::string database = MakeDatabase(shell);
  const std::string out = shell.Must({"check", database, "--full"});
  CHECK_THAT(out, ContainsSubstring("clean\n"));
  CHECK_THAT(out, ContainsSubstring("read 318 visible rows"));
  Document json;
  ParseJson(shell.Must({"check", database, "--json"}), &json);
  CHECK(json["clean"].IsTrue());
  CHECK(json["damaged"].Empty());
  CHECK(json["collections"].GetUint64() == 2);

  std::string everything;
  for (const fs::path& file : FilesOf(database)) {
    const std::string text = shell.Must({"inspect", file.string()});
    CHECK_THAT(text, ContainsSubstring("what       "));
    CHECK_THAT(text, ContainsSubstring("checksum"));
    everything += text;
  }
  for (const char* words :
       {"mark of a vecdb database", "manifest   MANIFEST-", "create collection",
        "FloatVector(2) L2", "a log of writes", "blocks     1, checksums ok", "type       VarChar",
        "encoding   dictionary", "structure  ok", "the keys of a segment"}) {
    CHECK_THAT(everything, ContainsSubstring(words));
  }
}

TEST_CASE("a flipped bit in any file that counts is found by check or harmless, never a crash",
          "[cli][check][inspect]") {
  const Shell shell;
  const std::string database = MakeDatabase(shell);
  for (const fs::path& file : FilesOf(database)) {
    const std::string name = fs::relative(file, database).string();
    const std::string whole = ReadFile(file);
    const bool log = file.extension() == ".wal";
    for (const std::size_t at : {std::size_t{0}, whole.size() / 2, whole.size() - 1}) {
      CAPTURE(name, at);
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
      WriteFile(file, flipped);
      const Ran checked = shell.Vecdb({"check", database, "--json"});
      Document json;
      ParseJson(checked.out, &json);
      if (log && at != 0) {  // behind its end, perhaps
        CHECK(checked.code <= 1);
      } else if (name.rfind("MANIFEST", 0) == 0 && at != 0) {
        CHECK(checked.code <= 1);  // so too
      } else {
        CHECK(checked.code == 1);
        REQUIRE(json.HasMember("damaged"));
        REQUIRE_FALSE(json["damaged"].Empty());
        CHECK(std::string(json["damaged"][0]["file"].GetString()) == name);
        CHECK(shell.Vecdb({"inspect", file.string()}).code == 1);
      }
      CHECK(shell.Vecdb({"inspect", file.string()}).code <= 1);
    }
    WriteFile(file, whole);
  }
  shell.Must({"check", database});
}

TEST_CASE("check names every damaged and every missing file", "[cli][check]") {
  const Shell shell;
  const std::string database = MakeDatabase(shell);
  std::vector<std::string> hurt;
  for (const fs::path& file : FilesOf(database)) {
    const std::string name = fs::relative(file, database).string();
    if (name.rfind("segments", 0) != 0) continue;
    if (hurt.size() % 2 == 0) {
      fs::remove(file);
    } else {
      fs::resize_file(file, fs::file_size(file) - 1);
    }
    hurt.push_back(name);
  }
  REQUIRE(hurt.size() >= 4);
  const Ran ran = shell.Vecdb({"check", database});
  CHECK(ran.code == 1);
  for (const std::string& name : hurt) CHECK_THAT(ran.out, ContainsSubstring("DAMAGED: " + name));
  CHECK_THAT(ran.out, ContainsSubstring("the file is missing"));
}

TEST_CASE("without a catalog check still looks at the files of segments", "[cli][check]") {
  const Shell shell;
  const std::string database = MakeDatabase(shell);
  fs::path column;
  for (const fs::path& file : FilesOf(database)) {
    if (file.filename().string().rfind("MANIFEST", 0) == 0) WriteFile(file, "no manifest");
    if (file.extension() == ".col") column = file;
  }
  std::string bytes = ReadFile(column);
  bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 1);
  WriteFile(column, bytes);
  const Ran ran = shell.Vecdb({"check", database});
  CHECK(ran.code == 1);
  CHECK_THAT(ran.out, ContainsSubstring("DAMAGED: MANIFEST"));
  CHECK_THAT(ran.out, ContainsSubstring("DAMAGED: " + fs::relative(column, database).string()));
}

TEST_CASE("what cannot be checked ends with 2", "[cli][check]") {
  const Shell shell;
  CHECK(shell.Vecdb({"check", shell.Path("nothing")}).code == 2);
  fs::create_directory(shell / "empty");
  const Ran empty = shell.Vecdb({"check", shell.Path("empty"), "--json"});
  CHECK(empty.code == 2);
  Document json;
  ParseJson(empty.out, &json);
  CHECK(json.HasMember("error"));
  CHECK(shell.Vecdb({"check", shell.Write("file", "x")}).code == 2);
}

TEST_CASE("files that nobody needs are told, and are no damage", "[cli][check]") {
  const Shell shell;
  const std::string database = MakeDatabase(shell);
  fs::create_directories(fs::path(database) / "segments" / "999999");
  WriteFile(fs::path(database) / "segments" / "999999" / "0-0.col", "left over");
  const Ran ran = shell.Vecdb({"check", database});
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out, ContainsSubstring("note: 1 file that no record needs"));
}

TEST_CASE("inspect survives any file under any name", "[cli][inspect]") {
  const Shell shell;
  const std::string database = MakeDatabase(shell);
  const std::vector<fs::path> files = FilesOf(database);
  for (const char* name : {"FORMAT", "CURRENT", "MANIFEST-00000000000000000009",
                           "00000000000000000001.wal", "0-0.col", "keys-0.key", "deletes-1.del"}) {
    CHECK(shell.Vecdb({"inspect", shell.Write(name, "")}).code == 1);
    CHECK(shell.Vecdb({"inspect", shell.Write(name, std::string(10'000, '\xee'))}).code == 1);
    for (const fs::path& file : files) {
      CHECK(shell.Vecdb({"inspect", shell.Write(name, ReadFile(file))}).code <= 1);
    }
  }
  for (const fs::path& file : files) {  // a copy elsewhere, under a name that says nothing
    CHECK(shell.Vecdb({"inspect", shell.Write("copy", ReadFile(file))}).code == 0);
  }
  CHECK(shell.Vecdb({"inspect", shell.Write("letter.txt", "Dear reader")}).code == 1);
  CHECK(shell.Vecdb({"inspect", database}).code == 1);
  CHECK(shell.Vecdb({"inspect", shell.Path("absent")}).code == 1);
}

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
