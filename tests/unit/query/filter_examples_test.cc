// docs/FILTER.md promises that its examples run; here they do.
#include <fstream>
#include <sstream>

#include "filter_sample.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb_test;

TEST_CASE("the examples of the filter page pass the ids it says", "[filter]") {
  std::ifstream page(std::string(VECDB_SOURCE_DIR) + "/docs/FILTER.md");
  REQUIRE(page.good());
  const auto segment = GrowingShelf();
  bool reached = false;
  int examples = 0;
  for (std::string line; std::getline(page, line);) {
    reached = reached || line == "| filter | ids |";
    if (!reached || !line.starts_with("| `")) continue;
    const std::size_t end = line.rfind('`');
    const std::string text = line.substr(3, end - 3);
    std::istringstream rest(line.substr(line.find('|', end) + 1));
    Ids ids;
    for (int id = 0; rest >> id;) ids.push_back(id);
    CAPTURE(line);
    const auto filter = query::Filter::Compile(text, segment->schema());
    CAPTURE(filter.status().ToString());
    REQUIRE(filter.ok());
    CHECK(Matching(**filter, *segment) == ids);
    ++examples;
  }
  CHECK(examples >= 25);
}
