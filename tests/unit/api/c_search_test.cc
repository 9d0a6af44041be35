// Searches through C, besides the plain one: within a range, page by page, by many vectors.
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

TEST_CASE("a search through C comes page by page, at the moment of its first page") {
  Handles h;
  OpenRows(&h);
  vecdb_iterate_search_request request;
  vecdb_iterate_search_request_init(&request, sizeof request);
  CHECK(request.batch_size == 1000);
  float origin[2] = {0, 1};
  const float radius = 200;
  request.query = vecdb_value_floats(origin, 2);
  request.batch_size = 6;
  request.radius = &radius;  // keys 1 to 14
  request.filter = Text("id != 2");
  C_OK(vecdb_iterate_search(h.collection, &request, &h.iterator, &error));
  origin[0] = 1e9F;  // it was copied
  vecdb_key gone = vecdb_key_int64(5);
  C_OK(vecdb_delete(h.collection, &gone, 1, nullptr, nullptr, &error));
  Keys seen;
  for (const std::size_t size : {6U, 6U, 1U, 0U, 0U}) {
    Handles page;
    C_OK(vecdb_iterator_next(h.iterator, &page.rows, &error));
    CHECK(vecdb_rows_count(page.rows) == size);
    for (const std::int64_t key : KeysOf(page.rows)) seen.push_back(key);
  }
  CHECK(seen == Keys{1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14});

  Handles now;
  origin[0] = 0;
  C_OK(vecdb_snapshot_new(h.collection, nullptr, &now.snapshot, &error));
  C_OK(vecdb_snapshot_iterate_search(now.snapshot, &request, &now.iterator, &error));
  C_OK(vecdb_iterator_next(now.iterator, &now.rows, &error));
  CHECK(KeysOf(now.rows) == Keys{1, 3, 4, 6, 7, 8});
  request.batch_size = 0;
  vecdb_iterator* none = nullptr;
  C_REFUSED(vecdb_iterate_search(h.collection, &request, &none, &error), kBad, "batch_size");
  request.batch_size = 1;
  request.query = vecdb_value_int64(1);
  C_REFUSED(vecdb_iterate_search(h.collection, &request, &none, &error), kBad,
            "vecdb_iterate_search_request.query");
  CHECK(none == nullptr);
}

TEST_CASE("many vectors are searched for in one call through C, or none is answered") {
  Handles h;
  OpenRows(&h);
  const std::size_t handles = vecdb_handle_count();
  const float points[3][2] = {{7, 1}, {1, 1}, {20, 1}};
  const std::array<vecdb_value, 3> queries = {vecdb_value_floats(points[0], 2),
                                              vecdb_value_floats(points[1], 2),
                                              vecdb_value_floats(points[2], 2)};
  vecdb_search_request request = Searching();
  request.query = vecdb_value_text(Text("not looked at"));
  request.limit = 2;
  std::array<vecdb_rows*, 3> out = {};
  const auto check = [&](const std::array<std::int64_t, 3>& nearest) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      REQUIRE(vecdb_rows_count(out[i]) == 2);
      vecdb_key key;
      float score = -1;
      C_OK(vecdb_rows_key(out[i], 0, &key, &error));
      C_OK(vecdb_rows_score(out[i], 0, &score, &error));
      CHECK(key.integer == nearest[i]);
      CHECK(vecdb_rows_free(out[i]) == VECDB_OK);
    }
  };
  C_OK(vecdb_search_many(h.collection, &request, queries.data(), 3, out.data(), &error));
  check({7, 1, 20});
  Handles then;
  C_OK(vecdb_snapshot_new(h.collection, nullptr, &then.snapshot, &error));
  const vecdb_key gone = vecdb_key_int64(20);
  C_OK(vecdb_delete(h.collection, &gone, 1, nullptr, nullptr, &error));
  C_OK(vecdb_search_many(h.collection, &request, queries.data(), 3, out.data(), &error));
  check({7, 1, 19});
  C_OK(vecdb_snapshot_search_many(then.snapshot, &request, queries.data(), 3, out.data(), &error));
  check({7, 1, 20});
  vecdb_snapshot_free(then.snapshot);
  then.snapshot = nullptr;

  std::array<vecdb_value, 3> wrong = queries;
  wrong[2] = vecdb_value_floats(points[2], 1);
  C_REFUSED(vecdb_search_many(h.collection, &request, wrong.data(), 3, out.data(), &error), kBad,
            "query 2");
  wrong[2] = vecdb_value_int64(5);
  C_REFUSED(vecdb_search_many(h.collection, &request, wrong.data(), 3, out.data(), &error), kBad,
            "queries[2]");
  for (const vecdb_rows* rows : out) CHECK(rows == nullptr);
  C_REFUSED(vecdb_search_many(h.collection, &request, queries.data(), 0, out.data(), &error), kBad,
            "queries");
  C_REFUSED(vecdb_search_many(h.collection, &request, nullptr, 2, out.data(), &error), kBad,
            "queries is NULL");
  C_REFUSED(vecdb_search_many(h.collection, &request, queries.data(), 3, nullptr, &error), kBad,
            "out");
  CHECK(vecdb_handle_count() == handles);
}
