// Searches through C, besides the plain one: within a range.
#include <vector>

#include "unit/api/c_sample.h"

using namespace vecdb::test;

namespace {

constexpr vecdb_code kBad = VECDB_INVALID_ARGUMENT;
const float kOrigin[2] = {0, 1};

// Keys 1 to 20; key i is at distance i * i from kOrigin.
void OpenRows(Handles* h) {
  OpenAll(h);
  for (std::int64_t id = 1; id <= 20; ++id) AddFullRow(h->batch, id);
  C_OK(vecdb_insert(h->collection, h->batch, nullptr, nullptr, &error));
}

vecdb_search_request Searching() {
  vecdb_search_request request;
  vecdb_search_request_init(&request, sizeof request);
  request.query = vecdb_value_floats(kOrigin, 2);
  return request;
}

std::vector<std::int64_t> KeysOf(const vecdb_rows* rows) {
  std::vector<std::int64_t> keys;
  for (std::size_t i = 0; i < vecdb_rows_count(rows); ++i) {
    vecdb_key key;
    float score = 0;
    C_OK(vecdb_rows_key(rows, i, &key, &error));
    C_OK(vecdb_rows_score(rows, i, &score, &error));
    CHECK(score == static_cast<float>(key.integer * key.integer));
    keys.push_back(key.integer);
  }
  return keys;
}

using Keys = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a search through C takes a radius and a range filter") {
  Handles h;
  OpenRows(&h);
  const auto found = [&](const float* radius, const float* range_filter) {
    vecdb_search_request request = Searching();
    CHECK(request.radius == nullptr);
    CHECK(request.range_filter == nullptr);
    request.radius = radius;
    request.range_filter = range_filter;
    Handles answer;
    C_OK(vecdb_search(h.collection, &request, &answer.rows, &error));
    return KeysOf(answer.rows);
  };
  const float four = 4;
  const float twenty_five = 25;
  CHECK(found(&twenty_five, nullptr) == Keys{1, 2, 3, 4});
  CHECK(found(&twenty_five, &four) == Keys{2, 3, 4});
  CHECK(found(nullptr, nullptr).size() == 10);
  vecdb_search_request request = Searching();
  request.radius = &four;
  request.range_filter = &twenty_five;
  C_REFUSED(vecdb_search(h.collection, &request, &h.rows, &error), kBad, "range_filter");
  request.radius = nullptr;
  C_REFUSED(vecdb_search(h.collection, &request, &h.rows, &error), kBad, "radius");
  CHECK(h.rows == nullptr);
}
