// Searches on the command line that say which scores they want.
#include "cli_support.h"

#ifdef VECDB_TEST_CLI

namespace vecdb_test {
namespace {

std::string WithPoints(const Shell& shell, const std::string& metric) {
  std::string rows;
  for (const std::string x : {"0", "1", "2", "3", "4"}) {
    rows += R"({"id": )" + x + R"(, "v": [)" + x + ", 0]}\n";
  }
  std::string database = shell.Path(metric);
  shell.Must(
      {"import", database, "t", shell.Write("rows.jsonl", rows), "--create", "--metric", metric});
  return database;
}

std::vector<std::int64_t> Keys(const std::string& output) {
  rapidjson::Document json;
  ParseJson(output, &json);
  std::vector<std::int64_t> keys;
  for (const auto& hit : json["hits"].GetArray()) keys.push_back(hit["key"].GetInt64());
  return keys;
}

using Found = std::vector<std::int64_t>;

TEST_CASE("a search on the command line keeps to a radius and a range filter", "[cli][search]") {
  const Shell shell;
  const auto search = [&](const std::string& database, const std::vector<std::string>& range) {
    std::vector<std::string> words{"search", database, "t", "--vector", "[1, 0]", "--json"};
    words.insert(words.end(), range.begin(), range.end());
    return shell.Vecdb(words);
  };
  const std::string l2 = WithPoints(shell, "L2");
  CHECK(Keys(search(l2, {"--radius", "4"}).out) == Found{1, 0, 2});
  CHECK(Keys(search(l2, {"--radius", "9.5", "--range-filter", "1"}).out) == Found{0, 2, 3, 4});
  CHECK(Keys(search(l2, {"--radius", "9"}).out) == Found{1, 0, 2, 3});
  const std::string ip = WithPoints(shell, "IP");
  CHECK(Keys(search(ip, {"--radius", "1"}).out) == Found{4, 3, 2});
  CHECK(Keys(search(ip, {"--radius", "-0.5", "--range-filter", "3"}).out) == Found{3, 2, 1, 0});

  const Ran turned = search(ip, {"--radius", "3", "--range-filter", "1"});
  CHECK(turned.code == 1);
  CHECK_THAT(turned.error, ContainsSubstring("range_filter must be above the radius of 3, not 1"));
  CHECK_THAT(search(l2, {"--range-filter", "1"}).error, ContainsSubstring("needs a radius"));
  CHECK_THAT(search(l2, {"--radius", "nan"}).error, ContainsSubstring("finite"));
  CHECK(search(l2, {"--radius", "near"}).code == 2);
}

}  // namespace
}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
