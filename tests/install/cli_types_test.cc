// Every type of field through import, export and search.
#include <tuple>

#include "cli_arrays.h"

#ifdef VECDB_TEST_CLI

namespace vecdb_test {
namespace {

using rapidjson::Document;

constexpr const char* kRows =
    R"({"id": 1, "h": [0.5, -2], "i": [-128, 127], "bits": [255, 1], )"
    R"("words": {"indices": [3, 7], "values": [0.5, 1]}, "tags": ["x", "y\n"], "ns": [1, -2], )"
    R"("xs": [0.5, 2], "fs": [true, false], )"
    R"("about": {"a": [1, 2.50, null, "\u00e9\""], "a b": {}}})"
    "\n"
    R"({"id": 2, "h": [1, 1], "i": [1, 2], "bits": [0, 0], )"
    R"("words": {"values": [], "indices": []}, "tags": [], "ns": [], "xs": [], "fs": [], )"
    R"("about": "text"})"
    "\n"
    R"({"id": 3, "h": [3, 4], "i": [0, 0], "bits": [15, 0], )"
    R"("words": {"indices": [7], "values": [2]}, "tags": null, "ns": [9], "xs": [1], )"
    R"("fs": [true], "about": null})";

std::string Fields(const Shell& shell, const std::string& database, const std::string& name) {
  const std::string text = shell.Must({"info", database, name, "--json"});
  return text.substr(text.find("\"fields\""));
}

TEST_CASE("rows of every type come in by JSON and go out again", "[cli][types]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  std::vector<std::string> create{"create", database, "t"};
  for (const char* field : {"id:Int64:key", "h:Float16Vector(2):COSINE", "i:Int8Vector(2):IP",
                            "bits:BinaryVector(16):JACCARD", "words:SparseFloatVector",
                            "tags:Array(VarChar,5):nullable", "ns:Array(Int8)", "xs:Array(Float)",
                            "fs:Array(Bool)", "about:JSON:nullable"}) {
    create.insert(create.end(), {"--field", field});
  }
  shell.Must(create);
  shell.Must({"import", database, "t", shell.Write("rows.jsonl", kRows)});
  const std::string all = shell.Must({"query", database, "t", "--json"});
  for (const char* piece : {R"("h":[0.5,-2])", R"("i":[-128,127])", R"("bits":[255,1])",
                            R"("words":{"indices":[3,7],"values":[0.5,1]})",
                            R"("tags":["x","y\n"])", R"("ns":[1,-2])", R"("xs":[0.5,2.0])",
                            R"("fs":[true,false])", R"("about":{"a":[1,2.50,null,"é\""],"a b":{}})",
                            R"("about":"text")", R"("tags":null)", R"("about":null)"}) {
    CHECK_THAT(all, ContainsSubstring(piece));
  }
  const std::string schema = shell.Write("schema", shell.Must({"info", database, "t", "--json"}));
  for (const char* ending : {"jsonl", "csv"}) {
    CAPTURE(ending);
    const std::string file = shell.Path(std::string("out.") + ending);
    shell.Must({"export", database, "t", file});
    const std::string copy = shell.Path(std::string("copy-") + ending);
    shell.Must({"import", copy, "t", file, "--create", "--schema", schema});
    CHECK(shell.Must({"query", copy, "t", "--json"}) == all);
    CHECK(Fields(shell, copy, "t") == Fields(shell, database, "t"));
  }
  const std::vector<std::tuple<std::string, std::string, std::int64_t>> searches{
      {"h", "[6, 8]", 3},
      {"i", "[2, 2]", 2},
      {"bits", "[15, 0]", 3},
      {"words", "{\"indices\": [3], \"values\": [1]}", 1}};
  for (const auto& [field, vector, key] : searches) {
    CAPTURE(field);
    Document json;
    ParseJson(shell.Must({"search", database, "t", "--field", field, "--vector", vector, "--json"}),
              &json);
    CHECK(json["hits"][0]["key"].GetInt64() == key);
  }
  const std::vector<std::pair<std::string, std::string>> bad{
      {R"("i": [1, 128])", "field 'i': element 1 is 128, out of range"},
      {R"("i": [1, 0.5])", "field 'i': element 1 is 0.5, no integer"},
      {R"("bits": [256, 0])", "field 'bits': element 0 is 256, out of range"},
      {R"("words": {"indices": [1]})", "field 'words': a sparse vector is written like"},
      {R"("words": {"indices": [1], "indices": [2]})", "'indices' comes twice"},
      {R"("words": {"index": [1]})", "indices and values, not 'index'"},
      {R"("words": [1])", "field 'words'"},
      {R"("tags": ["a", 1])", "field 'tags': element 1 is a number, not VarChar"},
      {R"("tags": [["a"]])", "field 'tags': element 0 is no scalar"},
      {R"("ns": [1, "a"])", "field 'ns': element 1 is text, not Int8"},
      {R"("ns": [1, 300])", "'ns'"},
      {R"("fs": [1])", "field 'fs': element 0 is a number, not Bool"},
      {R"("h": [1e6, 1])", "'h'"},
      {R"("about": {"a": 1)", "no JSON at character"}};
  for (const auto& [member, message] : bad) {
    CAPTURE(member);
    const Ran ran = shell.Vecdb({"insert", database, "t", "{\"id\": 9, " + member + "}"});
    CHECK(ran.code == 1);
    CHECK_THAT(ran.error, ContainsSubstring(message));
  }
}

TEST_CASE("floating numbers that are whole come back from an export as they were",
          "[cli][types][export]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  shell.Must({"create", database, "t", "--field", "id:Int64:key", "--field", "f:Float", "--field",
              "v:FloatVector(1)", "--field", "d:Double", "--field", "fs:Array(Float)", "--field",
              "ds:Array(Double)"});
  const std::string rows =
      R"({"id": 1, "v": [1], "f": 25000000, "d": 1e15, "fs": [25000000], "ds": [9007199254740992]})"
      "\n"
      R"({"id": 2, "v": [-0], "f": -0.0, "d": -0, "fs": [-0, 16777216], )"
      R"("ds": [9007199254740992, 0.5]})"
      "\n"
      R"({"id": 3, "v": [2], "f": 3e38, "d": 36028797018963968, "fs": [0.5, 1e10], )"
      R"("ds": [0.5, 9223372036854775808]})";
  shell.Must({"import", database, "t", shell.Write("rows.jsonl", rows)});
  const std::string all = shell.Must({"query", database, "t", "--json"});
  for (const char* piece :
       {R"("f":25000000.0,"v":[1],"d":1000000000000000.0,"fs":[25000000.0])",
        R"("fs":[25000000.0],"ds":[9007199254740992.0])",
        R"("f":-0.0,"v":[-0],"d":-0.0,"fs":[-0.0,16777216.0],"ds":[9007199254740992.0,0.5])"}) {
    CHECK_THAT(all, ContainsSubstring(piece));
  }
  const std::string schema = shell.Write("schema", shell.Must({"info", database, "t", "--json"}));
  for (const char* ending : {"jsonl", "csv"}) {
    CAPTURE(ending);
    const std::string file = shell.Path(std::string("out.") + ending);
    shell.Must({"export", database, "t", file});
    const std::string copy = shell.Path(std::string("copy-") + ending);
    shell.Must({"import", copy, "t", file, "--create", "--schema", schema});
    CHECK(shell.Must({"query", copy, "t", "--json"}) == all);
  }
}

TEST_CASE("digits of integers fill a floating field exactly or not at all", "[cli][types]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  shell.Must({"create", database, "t", "--field", "id:Int64:key", "--field", "f:Float:nullable",
              "--field", "d:Double:nullable", "--field", "fs:Array(Float):nullable", "--field",
              "v:FloatVector(1)"});
  const std::string good = shell.Write(
      "good.csv",
      "id,v,f,d\n1,[1],25000000,36028797018963968\n2,[1],007,-0\n3,[1],-16777218,0.1\n");
  shell.Must({"import", database, "t", good});
  CHECK_THAT(shell.Must({"query", database, "t", "--json"}),
             ContainsSubstring(R"("f":25000000.0,"d":3.602879701896397e+16)") &&
                 ContainsSubstring(R"("f":7.0,"d":-0.0)") && ContainsSubstring("-16777218.0"));
  const std::vector<std::pair<std::string, std::string>> bad{
      {"f", "16777217"}, {"f", "-25000001"}, {"d", "9007199254740993"}, {"fs", "16777217"}};
  for (const auto& [field, digits] : bad) {
    CAPTURE(field, digits);
    const std::string message = "which does not hold the integer " + digits + " exactly";
    const std::string value = field == "fs" ? "[" + digits + "]" : digits;
    const std::string row = R"({"id": 9, "v": [1], ")" + field + "\": " + value + "}";
    CHECK_THAT(shell.Vecdb({"insert", database, "t", row}).error, ContainsSubstring(message));
    const std::string file = shell.Write("bad.csv", "id,v," + field + "\n9,[1]," + value + "\n");
    CHECK_THAT(shell.Vecdb({"import", database, "t", file}).error, ContainsSubstring(message));
  }
  CHECK(shell.Must({"count", database, "t"}) == "3\n");
}

TEST_CASE("defaults of a schema file keep their digits", "[cli][types]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string zeros(400, '0');
  const std::string json = "{\"a\":[1.50,18446744073709551616,0." + zeros + "1],\"default\":\"\"}";
  const std::string schema = shell.Write(
      "schema",
      R"({"fields": [{"name": "id", "type": "Int64", "primary_key": true},)"
      R"({"name": "v", "type": "FloatVector", "dimension": 1},)"
      R"({"name": "d", "type": "Double", "default": 0.1000000000000000055511151231257827},)"
      R"({"name": "z", "type": "Double", "default": 0.)" +
          zeros +
          R"(},{"name": "ds", "type": "Array", "element_type": "Double",)"
          R"("max_capacity": 3, "default": [1e23, 8]},)"
          R"({"name": "j", "type": "JSON", "default": )" +
          json + "}]}");
  shell.Must({"create", database, "t", "--schema", schema});
  shell.Must({"insert", database, "t", R"({"id": 1, "v": [1]})"});
  const std::string row = shell.Must({"get", database, "t", "1", "--json"});
  CHECK_THAT(row, ContainsSubstring(R"("d":0.1,"z":0.0,"ds":[1e+23,8.0],"j":)" + json));
  CHECK(shell
            .Vecdb({"create", database, "u", "--schema",
                    shell.Write("large", R"({"fields": [{"name": "id", "dimension": 1e999}]})")})
            .code == 1);
}

TEST_CASE("vector files fill vectors of halves, small integers and bits", "[cli][types]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string bytes = Raw(std::uint32_t{3}) + Raw(std::uint32_t{2}) + "\1\2\3\4\5\6";
  const std::string file = shell.Write("v.u8bin", bytes);
  for (const char* type : {"Float16Vector", "BFloat16Vector", "Int8Vector", "BinaryVector"}) {
    CAPTURE(type);
    shell.Must({"import", database, type, file, "--create", "--type", type});
    CHECK_THAT(shell.Must({"get", database, type, "2", "--json"}),
               ContainsSubstring("\"vector\":[5,6]"));
    Document json;
    ParseJson(
        shell.Must({"search", database, type, "--file", file, "--row", "1", "-k", "1", "--json"}),
        &json);
    CHECK(json["hits"][0]["key"].GetInt64() == 1);
    const std::string out = shell.Path(std::string(type) + ".npy");
    shell.Must({"export", database, type, out});
    shell.Must({"import", database, std::string(type) + "_again", out, "--create", "--type", type});
    CHECK(shell.Must({"query", database, std::string(type) + "_again", "--json"}) ==
          shell.Must({"query", database, type, "--json"}));
  }
  const std::string large = Raw(std::uint32_t{1}) + Raw(std::uint32_t{2}) + "\1\xC8";
  const Ran ran = shell.Vecdb({"import", database, "large", shell.Write("l.u8bin", large),
                               "--create", "--type", "Int8Vector"});
  CHECK(ran.code == 1);
  CHECK_THAT(ran.error, ContainsSubstring("row 0 offset 8: element 1 is 200, which an 8-bit"));
  const Ran floats = shell.Vecdb({"import", database, "floats", shell.Write("f.fvecs", Fvecs(1)),
                                  "--create", "--type", "BinaryVector"});
  CHECK(floats.code == 1);
  CHECK_THAT(floats.error, ContainsSubstring("vectors of float32, which field 'vector' of type"));
}

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
