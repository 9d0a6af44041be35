// Importing arrays, tables and files of vectors: what comes in, and what is refused.
#include "cli_support.h"

#ifdef VECDB_TEST_CLI

#include <limits>
#include <tuple>

#ifdef VECDB_HAVE_ZSTD
#include <zstd.h>
#endif

#include "cli_arrays.h"

namespace vecdb_test {
namespace {

namespace fs = std::filesystem;
using rapidjson::Document;

// Row r is (r, 2r, 1).
template <typename T>
std::string RowsOf(int rows, bool prefixed) {
  std::string bytes;
  for (int row = 0; row < rows; ++row) {
    if (prefixed) bytes += Raw(std::int32_t{3});
    bytes += Raw(static_cast<T>(row)) + Raw(static_cast<T>(2 * row)) + Raw(static_cast<T>(1));
  }
  return bytes;
}

std::string Bin(std::uint32_t rows, const std::string& body) {
  return Raw(rows) + Raw(std::uint32_t{3}) + body;
}

TEST_CASE("every kind of vector file gives the same rows", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::vector<std::pair<std::string, std::string>> files{
      {"fvecs", RowsOf<float>(50, true)},
      {"bvecs", RowsOf<std::uint8_t>(50, true)},
      {"ivecs", RowsOf<std::int32_t>(50, true)},
      {"fbin", Bin(50, RowsOf<float>(50, false))},
      {"u8bin", Bin(50, RowsOf<std::uint8_t>(50, false))},
      {"i8bin", Bin(50, RowsOf<std::int8_t>(50, false))},
      {"f4.npy", Npy("<f4", "(50, 3)", RowsOf<float>(50, false))},
      {"f8.npy", Npy("<f8", "(50, 3)", RowsOf<double>(50, false), 2)},
      {"i1.npy", Npy("|i1", "(50, 3)", RowsOf<std::int8_t>(50, false), 3)},
      {"u1.npy", Npy("|u1", "(50L, 3L,)", RowsOf<std::uint8_t>(50, false))},
      {"i4.npy", Npy("<i4", "(50, 3)", RowsOf<std::int32_t>(50, false))},
      {"i8.npy", Npy("<i8", "(50, 3)", RowsOf<std::int64_t>(50, false))}};
  std::size_t number = 0;
  std::string first;
  for (const auto& [name, bytes] : files) {
    CAPTURE(name);
    const std::string collection = "c" + std::to_string(number++);
    const std::string path = shell.Write("rows." + name, bytes);
    CHECK_THAT(shell.Must({"import", database, collection, path, "--create", "--batch", "7"}),
               ContainsSubstring("imported 50 rows"));
    const std::string rows = shell.Must({"query", database, collection, "--json"});
    if (first.empty()) first = rows;
    CHECK(rows == first);
    Document json;
    ParseJson(shell.Must({"search", database, collection, "--file", path, "--row", "21", "-k", "1",
                          "--json"}),
              &json);
    CHECK(json["hits"][0]["key"].GetInt64() == 21);
    CHECK(json["hits"][0]["score"].GetDouble() == 0);
  }
  CHECK_THAT(first, ContainsSubstring("{\"id\":49,\"vector\":[49,98,1]}"));
}

TEST_CASE("half precision is widened exactly", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string halves = Raw(std::uint16_t{0x3c00}) + Raw(std::uint16_t{0xc500}) +
                             Raw(std::uint16_t{0x0001}) + Raw(std::uint16_t{0x7bff});
  shell.Must(
      {"import", database, "h", shell.Write("h.npy", Npy("<f2", "(1, 4)", halves)), "--create"});
  Document json;
  ParseJson(shell.Must({"get", database, "h", "0", "--json"}), &json);
  const auto& vector = json["rows"][0]["vector"];
  CHECK(vector[0].GetDouble() == 1);
  CHECK(vector[1].GetDouble() == -5);
  CHECK(static_cast<float>(vector[2].GetDouble()) == 0x1p-24F);
  CHECK(vector[3].GetDouble() == 65504);
  const std::string nan = Raw(std::uint16_t{0x3c00}) + Raw(std::uint16_t{0x7e00});
  const Ran ran = shell.Vecdb(
      {"import", database, "nan", shell.Write("nan.npy", Npy("<f2", "(1, 2)", nan)), "--create"});
  CHECK(ran.code == 1);
  CHECK_THAT(ran.error, ContainsSubstring("row 0 offset 128: element 1 is nan"));
}

TEST_CASE("an archive of arrays is one field an array", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string id = Raw(std::int64_t{7}) + Raw(std::int64_t{5});
  const std::string vectors = Raw(1.5F) + Raw(2.0F) + Raw(3.0F) + Raw(4.0F);
  const std::string price = Raw(0.5) + Raw(-1.0);
  const std::vector<ZipFile> arrays{{"id.npy", Npy("<i8", "(2,)", id)},
                                    {"cover.npy", Npy("<f4", "(2, 2)", vectors)},
                                    {"price.npy", Npy("<f8", "(2,)", price)},
                                    {"sold.npy", Npy("|b1", "(2,)", std::string("\1\0", 2))},
                                    {"year.npy", Npy("<i2", "(2,)", std::string("\1\0\2\0", 4))}};
  const std::string stored = Zip(arrays);
  const std::string out = shell.Must(
      {"import", database, "shop", shell.Write("shop.npz", stored), "--create", "--metric", "IP"});
  CHECK_THAT(out, ContainsSubstring("cover  FloatVector          2  IP"));
  CHECK_THAT(out, ContainsSubstring("year   Int16"));
  Document json;
  ParseJson(shell.Must({"get", database, "shop", "5", "7", "--json"}), &json);
  CHECK(json["rows"][0]["cover"][1].GetDouble() == 4);
  CHECK(json["rows"][0]["price"].GetDouble() == -1);
  CHECK(json["rows"][0]["sold"].IsFalse());
  CHECK(json["rows"][1]["year"].GetInt64() == 1);

#ifdef VECDB_TEST_ZLIB
  std::vector<ZipFile> packed = arrays;
  for (ZipFile& array : packed) array.deflated = true;
  shell.Must({"import", database, "packed", shell.Write("p.npz", Zip(packed)), "--create",
              "--metric", "IP"});
  CHECK(shell.Must({"query", database, "packed", "--json"}) ==
        shell.Must({"query", database, "shop", "--json"}));
#endif
  std::vector<ZipFile> keyless(arrays.begin() + 1, arrays.end());
  shell.Must({"import", database, "numbered", shell.Write("k.npz", Zip(keyless)), "--create"});
  CHECK_THAT(shell.Must({"get", database, "numbered", "0", "--output", "price"}),
             ContainsSubstring("0.5"));
}

TEST_CASE("archives that contradict themselves are refused by name", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const ZipFile cover{"cover.npy", Npy("<f4", "(2, 2)", std::string(16, '\0'))};
  const ZipFile three{"n.npy", Npy("<i4", "(3,)", std::string(12, '\0'))};
  const ZipFile cut{"n.npy", Npy("<i4", "(2,)", std::string(4, '\0'))};
  const ZipFile text{"n.npy", Npy("<U4", "(2,)", std::string(32, '\0'))};
  const std::string good = Zip({cover});
  std::string flipped = good;
  flipped[200] = 'x';  // in the numbers: the checksum does not hold
  std::string encrypted = good;
  encrypted[encrypted.find("PK\1\2") + 8] = 1;
  std::string method = good;
  method[method.find("PK\1\2") + 10] = 12;
  std::string deflated = good;
  deflated[deflated.find("PK\1\2") + 10] = 8;
  const std::vector<std::tuple<std::string, std::string, std::string>> bad{
      {"empty", "", "it is no ZIP archive"},
      {"cut", good.substr(0, good.size() - 10), "it is no ZIP archive"},
      {"front", good.substr(60), "are beyond its end"},
      {"three", Zip({cover, three}), "the array 'n' has 3 rows, 'cover' has 2"},
      {"twice", Zip({cover, cover}), "the array 'cover' twice"},
      {"short", Zip({cover, cut}), "the header says 2 rows"},
      {"text", Zip({cover, text}), "elements of type '<U4'"},
      {"other", Zip({{"readme.txt", "hello"}}), "its entry 'readme.txt' is no array"},
      {"none", Zip({}), "has no arrays"},
      {"flipped", flipped, "its checksum does not hold"},
      {"encrypted", encrypted, "is encrypted"},
      {"method", method, "compressed by method 12"},
#ifdef VECDB_TEST_ZLIB
      {"deflated", deflated, "cover.npy"},
#else
      {"deflated", deflated, "built without zlib"},
#endif
  };
  for (const auto& [name, bytes, message] : bad) {
    CAPTURE(name);
    const std::string file = shell.Write(name + ".npz", bytes);
    const Ran ran = shell.Vecdb({"import", database, name, file, "--create"});
    CHECK(ran.code == 1);
    CHECK_THAT(ran.error, StartsWith("vecdb: "));
    CHECK_THAT(ran.error, ContainsSubstring(message));
    CHECK(shell.Vecdb({"count", database, name}).code == 1);
  }
}

TEST_CASE("arrays of another order, type or shape are refused by name", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string body(24, '\0');
  std::string fortran = Npy("<f4", "(2, 3)", body);
  fortran.replace(fortran.find("False"), 5, "True ");
  std::string version = Npy("<f4", "(2, 3)", body);
  version[6] = 9;
  std::string huge = Npy("<f4", "(2, 3)", body, 2);
  huge.replace(8, 4, Raw(std::uint32_t{0x7fffffff}));
  const std::string infinite = std::string(20, '\0') + Raw(std::numeric_limits<float>::infinity());
  const std::vector<std::tuple<std::string, std::string, std::string>> bad{
      {"empty", "", "does not begin as a NumPy array"},
      {"magic", "PK\3\4 and more", "does not begin as a NumPy array"},
      {"version", version, "version 9; possible are 1 to 3"},
      {"huge", huge, "a header of 2147483647 bytes"},
      {"header", version.substr(0, 40).replace(6, 1, "\1"), "the file ends in its header"},
      {"fortran", fortran, "Fortran order"},
      {"big", Npy(">f4", "(2, 3)", body), "elements of type '>f4'"},
      {"flat", Npy("<f4", "(6,)", body), "one dimension"},
      {"cube", Npy("<f4", "(1, 2, 3)", body), "an array of 3 dimensions"},
      {"point", Npy("<f4", "()", body), "an array of 0 dimensions"},
      {"wide", Npy("<f4", "(1, 99999)", body), "a vector of dimension 99999"},
      {"tall", Npy("<f4", "(18446744073709551615, 3)", body), "more than any file can hold"},
      {"less", Npy("<f4", "(3, 3)", body), "the header says 3 rows"},
      {"more", Npy("<f4", "(1, 3)", body), "the header says 1 rows"},
      {"shape", Npy("<f4", "(-1, 3)", body), "'shape' is no tuple of sizes"},
      {"infinite", Npy("<f4", "(2, 3)", infinite), "row 1 offset 140: element 2 is inf"},
      {"inexact", Npy("<i4", "(1, 1)", Raw(std::int32_t{16'777'217})),
       "element 0 is 16777217, which a 32-bit float does not hold exactly"},
      {"large", Npy("<f8", "(1, 1)", Raw(1e300)), "element 0 is 1e+300, too large for a float"}};
  for (const auto& [name, bytes, message] : bad) {
    CAPTURE(name);
    const std::string file = shell.Write(name + ".npy", bytes);
    const Ran ran = shell.Vecdb({"import", database, name, file, "--create"});
    CHECK(ran.code == 1);
    CHECK_THAT(ran.error, StartsWith("vecdb: '" + file + "'"));
    CHECK_THAT(ran.error, ContainsSubstring(message));
    CHECK_FALSE(fs::exists(database + "." + name + ".import"));
  }
  CHECK(shell.Must({"count", database, "infinite"}) == "1\n");  // the row before stays
}

TEST_CASE("integers of an archive fill a floating field exactly or not at all", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const auto archive = [&](std::int32_t f, std::int64_t d) {
    return shell.Write("a.npz", Zip({{"f.npy", Npy("<i4", "(1,)", Raw(f))},
                                     {"d.npy", Npy("<i8", "(1,)", Raw(d))},
                                     {"v.npy", Npy("<f4", "(1, 1)", Raw(1.0F))}}));
  };
  shell.Must({"create", database, "t", "--field", "id:Int64:key", "--field", "f:Float", "--field",
              "d:Double", "--field", "v:FloatVector(1)"});
  shell.Must({"import", database, "t", archive(25'000'000, 36'028'797'018'963'968)});
  CHECK_THAT(shell.Must({"query", database, "t", "--json"}),
             ContainsSubstring(R"("f":25000000.0,"d":3.602879701896397e+16)"));
  const Ran single = shell.Vecdb({"import", database, "t", archive(25'000'001, 1)});
  CHECK(single.code == 1);
  CHECK_THAT(single.error, ContainsSubstring("25000001, which a 32-bit float does not hold"));
  const Ran twice = shell.Vecdb({"import", database, "t", archive(1, 9'007'199'254'740'993)});
  CHECK(twice.code == 1);
  CHECK_THAT(twice.error, ContainsSubstring("9007199254740993, which a double does not hold"));
  CHECK(shell.Must({"count", database, "t"}) == "1\n");
}

TEST_CASE("rows before a broken one stay, and --skip goes on behind it", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  std::string mixed = RowsOf<float>(5, true);
  mixed.replace(3 * 16, 4, Raw(std::int32_t{4}));
  const std::string file = shell.Write("a.fvecs", mixed);
  const Ran ran = shell.Vecdb({"import", database, "a", file, "--create"});
  CHECK(ran.code == 1);
  CHECK_THAT(ran.error, ContainsSubstring("row 3 offset 48: a vector of dimension 4"));
  CHECK_THAT(ran.error, ContainsSubstring("3 rows before stay imported"));
  CHECK(shell.Must({"count", database, "a"}) == "3\n");
  shell.Write("a.fvecs", RowsOf<float>(5, true));
  shell.Must({"import", database, "a", file, "--skip", "3"});
  CHECK_THAT(shell.Must({"query", database, "a", "--json"}),
             ContainsSubstring("{\"id\":4,\"vector\":[4,8,1]}]"));
  const Ran beyond = shell.Vecdb({"import", database, "a", file, "--skip", "6"});
  CHECK(beyond.code == 1);
  CHECK_THAT(beyond.error, ContainsSubstring("has 5 rows, fewer than --skip"));
}

// ---- Tables -------------------------------------------------------------------------------

TEST_CASE("a table is read with quotes, breaks, nulls and vectors of two kinds", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string table =
      "\xEF\xBB\xBFid,title,year,code,\"sold\",cover,v0,v1\r\n"
      "1,\"a \"\"b\"\", c\nd\",1965,007,true,\"[1, 0.5]\",1,2\r\n"
      "\r\n"
      "2,,,008,false,\"[3, -4]\",1e2,-2.5\r\n"
      "3,\"\",12,009,,\"[0,0]\",0,0";
  const std::string out = shell.Must(
      {"import", database, "t", shell.Write("t.csv", table), "--create", "--columns", "v=v0..v1"});
  CHECK_THAT(out, ContainsSubstring("code   VarChar"));
  CHECK_THAT(out, ContainsSubstring("year   Int64"));
  Document json;
  ParseJson(shell.Must({"query", database, "t", "--json"}), &json);
  const auto& rows = json["rows"];
  REQUIRE(rows.Size() == 3);
  CHECK(std::string(rows[0]["title"].GetString()) == "a \"b\", c\nd");
  CHECK(rows[1]["title"].IsNull());
  CHECK(std::string(rows[2]["title"].GetString()).empty());
  CHECK(rows[1]["year"].IsNull());
  CHECK(std::string(rows[0]["code"].GetString()) == "007");
  CHECK(rows[2]["sold"].IsNull());
  CHECK(rows[1]["cover"][1].GetDouble() == -4);
  CHECK(rows[1]["v"][0].GetDouble() == 100);

  const std::string other = "id;n;v\n1;NA;[1]\n2;\"NA\";[2]\n";
  shell.Must({"import", database, "o", shell.Write("o.csv", other), "--create", "--separator", ";",
              "--null", "NA"});
  CHECK_THAT(shell.Must({"query", database, "o", "--json"}),
             ContainsSubstring("\"n\":null,\"v\":[1]},{\"id\":2,\"n\":\"NA\""));
}

TEST_CASE("malformed tables are refused by line and cell", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string head = "id,v,n\n1,[1],5\n";
  shell.Must({"import", database, "t", shell.Write("good.csv", head), "--create"});
  const std::vector<std::pair<std::string, std::string>> bad{
      {"", "is empty"},
      {"id,v,id\n", "the column 'id' comes twice"},
      {head + "2,[1]\n", "line 3 offset 15: 2 cells where the header has 3"},
      {head + "2,[1],3,4\n", "4 cells where the header has 3"},
      {head + "2,\"[1],5\n", "the file ends inside of quotes"},
      {head + "2,\"[1]\"x,5\n", "cell 2: text behind its closing quote"},
      {head + "2,[1]\",5\n", "cell 2: a quote in the middle of a cell"},
      {head + "2,[1],x\n", "field 'n' is of type Int64, which 'x' is not"},
      {head + "2,[1],1.5\n", "field 'n' is of type Int64, which '1.5' is not"},
      {head + "2,[1],99999999999999999999\n", "field 'n' is of type Int64"},
      {head + "2,[1;2],5\n", "field 'v': no JSON at character"},
      {head + "2,[1,5\n", "field 'v': no JSON"},
      {head + "2,[nan],5\n", "field 'v': no JSON"},
      {head + "2,,5\n", "field 'v'"},
      {head + "2,[1],5\n", "2 rows before"},
      {"id,v,colour\n2,[1],red\n", "no field 'colour'"},
      {head + "2,\"" + std::string(17 << 20, 'x') + "\",5\n", "a record longer than"}};
  for (const auto& [table, message] : bad) {
    CAPTURE(table.substr(0, 80));
    const bool fine = message == "2 rows before";
    const Ran ran =
        shell.Vecdb({"import", database, "t", shell.Write("bad.csv", table), "--upsert"});
    CHECK(ran.code == (fine ? 0 : 1));
    if (!fine) CHECK_THAT(ran.error, ContainsSubstring(message));
  }
  const Ran column = shell.Vecdb(
      {"import", database, "c", shell.Path("good.csv"), "--create", "--columns", "w=n..v"});
  CHECK(column.code == 1);
  CHECK_THAT(column.error, ContainsSubstring("stands before"));
  const Ran text = shell.Vecdb(
      {"import", database, "c", shell.Path("good.csv"), "--create", "--columns", "w=v..n"});
  CHECK(text.code == 1);
  CHECK_THAT(text.error, ContainsSubstring("column 'v' is '[1]', no number of the vector 'w'"));
}

// ---- Schemas ------------------------------------------------------------------------------

TEST_CASE("the user's word about a field takes the place of the guess", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string file = shell.Write("books.jsonl", kBooks);
  const std::string out =
      shell.Must({"import", database, "books", file, "--create", "--field", "year:Int16:nullable",
                  "--field", "cover:FloatVector(2):COSINE", "--field", "price:Float", "--field",
                  "shelf:VarChar(8):default=a:b", "--field", "title:VarChar(40)"});
  for (const char* line :
       {"year   Int16", "cover  FloatVector          2  COSINE  no", "price  Float",
        "shelf  VarChar(8)                      no         a:b", "title  VarChar(40)"}) {
    CHECK_THAT(out, ContainsSubstring(line));
  }
  CHECK_THAT(shell.Must({"get", database, "books", "3", "--output", "shelf,year"}),
             ContainsSubstring("a:b    null"));
  const std::string schema =
      shell.Write("schema", shell.Must({"info", database, "books", "--json"}));
  shell.Must({"import", database, "again", file, "--create", "--schema", schema});
  const auto fields = [&](const std::string& name) {
    const std::string text = shell.Must({"info", database, name, "--json"});
    return text.substr(text.find("\"fields\""));
  };
  CHECK(fields("again") == fields("books"));
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"year:Int17", "'Int17' is no type"},
      {"year:Int16(4)", "Int16 takes no size"},
      {"year:Int16:primary", "'primary' is none of key"},
      {"year:Int16:default=x", "'x' is no default for Int16"},
      {"cover:FloatVector(x)", "'x' is no size"},
      {"title:VarChar(4:nullable", "does not end in ')'"}};
  for (const auto& [word, message] : wrong) {
    const Ran ran = shell.Vecdb({"import", database, "w", file, "--create", "--field", word});
    CHECK(ran.code == 2);
    CHECK_THAT(ran.error, ContainsSubstring(message));
  }
  for (const char* text :
       {"", "[]", "{\"fields\": 1}", "{\"fields\": [{}]}",
        "{\"fields\": [{\"name\": \"a\", \"type\": \"Int9\"}]}", "{\"collections\": [{}, {}]}"}) {
    const Ran ran = shell.Vecdb(
        {"import", database, "w", file, "--create", "--schema", shell.Write("wrong", text)});
    CHECK(ran.code == 1);
    CHECK_THAT(ran.error, StartsWith("vecdb: '" + shell.Path("wrong") + "'"));
  }
}

TEST_CASE("a dry run reads everything and writes nothing", "[cli][import]") {
  const Shell shell;
  const std::string database = shell.Path("db");
  const std::string file = shell.Write("books.jsonl", kBooks);
  const std::string out = shell.Must({"import", database, "books", file, "--create", "--dry-run"});
  CHECK_THAT(out, ContainsSubstring("'books' would be new, with this schema:"));
  CHECK_THAT(out, ContainsSubstring("3 rows can be imported; nothing was written"));
  CHECK_FALSE(fs::exists(database));
  WithBooks(shell);
  const Ran bad =
      shell.Vecdb({"import", shell.Path("books.db"), "books",
                   shell.Write("bad.jsonl", "{\"id\": 9, \"cover\": [1]}"), "--dry-run"});
  CHECK(bad.code == 1);
  CHECK_THAT(bad.error, ContainsSubstring("line 1 offset 0: "));
}

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
