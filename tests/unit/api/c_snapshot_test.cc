// Snapshots, iterators, limits and deletes by filter through C.
#include <vector>

#include "unit/api/c_sample.h"

using namespace vecdb::test;

namespace {

// Freed at the end, whatever the test did.
struct More : Handles {
  vecdb_rows* piece = nullptr;
  ~More() { vecdb_rows_free(piece); }
};

void Put(More* m, std::int64_t first, std::int64_t last) {
  C_OK(vecdb_batch_clear(m->batch, &error));
  for (std::int64_t id = first; id <= last; ++id) AddFullRow(m->batch, id);
  C_OK(vecdb_insert(m->collection, m->batch, nullptr, nullptr, &error));
}

vecdb_read_options ReadOf(const vecdb_stop* stop) {
  vecdb_read_options read;
  vecdb_read_options_init(&read, sizeof read);
  read.stop = stop;
  return read;
}

std::uint64_t CountAt(const vecdb_snapshot* snapshot, const char* filter) {
  std::uint64_t count = 0;
  C_OK(vecdb_snapshot_count(snapshot, Text(filter), nullptr, &count, &error));
  return count;
}

}  // namespace

TEST_CASE("a snapshot in C reads its moment, also when all handles but it are freed") {
  const std::size_t handles = vecdb_handle_count();
  {
    More m;
    OpenAll(&m);
    Put(&m, 1, 5);
    C_OK(vecdb_snapshot_new(m.collection, nullptr, &m.snapshot, &error));
    vecdb_receipt receipt;
    C_OK(vecdb_delete_where(m.collection, Text("id > 2"), nullptr, &receipt, &error));
    CHECK(vecdb_keys_count(receipt.keys) == 3);
    vecdb_keys_free(receipt.keys);
    Put(&m, 6, 6);
    std::uint64_t time = 0;
    C_OK(vecdb_snapshot_timestamp(m.snapshot, &time, &error));
    CHECK(time > 0);
    CHECK(time < receipt.timestamp);
    vecdb_collection_free(m.collection);
    m.collection = nullptr;
    CHECK(CountAt(m.snapshot, "") == 5);
    CHECK(CountAt(m.snapshot, "id > 2") == 3);

    vecdb_query_request query;
    vecdb_query_request_init(&query, sizeof query);
    C_OK(vecdb_snapshot_query(m.snapshot, &query, &m.rows, &error));
    CHECK(vecdb_rows_count(m.rows) == 5);
    vecdb_rows_free(m.rows);
    m.rows = nullptr;
    const std::array<float, 2> near = {4, 1};
    vecdb_search_request search;
    vecdb_search_request_init(&search, sizeof search);
    search.query = vecdb_value_floats(near.data(), near.size());
    C_OK(vecdb_snapshot_search(m.snapshot, &search, &m.rows, &error));
    REQUIRE(vecdb_rows_count(m.rows) == 5);
    vecdb_key key;
    C_OK(vecdb_rows_key(m.rows, 0, &key, &error));
    CHECK(key.integer == 4);
    vecdb_rows_free(m.rows);
    m.rows = nullptr;
    const std::array<vecdb_key, 2> keys = {vecdb_key_int64(5), vecdb_key_int64(6)};
    vecdb_get_request get;
    vecdb_get_request_init(&get, sizeof get);
    get.keys = keys.data();
    get.key_count = keys.size();
    C_OK(vecdb_snapshot_get(m.snapshot, &get, &m.rows, &m.keys, &error));
    CHECK(vecdb_rows_count(m.rows) == 1);
    C_OK(vecdb_rows_key(m.rows, 0, &key, &error));
    CHECK(key.integer == 5);
    CHECK(vecdb_keys_count(m.keys) == 1);
  }
  CHECK(vecdb_handle_count() == handles);
}

TEST_CASE("an iterator in C brings every row once, and then none") {
  More m;
  OpenAll(&m);
  Put(&m, 1, 10);
  vecdb_iterate_request request;
  vecdb_iterate_request_init(&request, sizeof request);
  CHECK(request.batch_size == 1000);
  const vecdb_key after = vecdb_key_int64(2);
  request.batch_size = 3;
  request.after = &after;
  request.limit = 7;
  request.filter = Text("id != 5");
  const bool of_snapshot = GENERATE(false, true);
  if (of_snapshot) {
    C_OK(vecdb_snapshot_new(m.collection, nullptr, &m.snapshot, &error));
    C_OK(vecdb_snapshot_iterate(m.snapshot, &request, &m.iterator, &error));
  } else {
    C_OK(vecdb_iterate(m.collection, &request, &m.iterator, &error));
  }
  C_OK(vecdb_delete_where(m.collection, Text("id > 0"), nullptr, nullptr, &error));
  std::vector<std::int64_t> seen;
  while (true) {
    C_OK(vecdb_iterator_next(m.iterator, &m.piece, &error));
    const std::size_t rows = vecdb_rows_count(m.piece);
    for (std::size_t i = 0; i < rows; ++i) {
      vecdb_key key;
      C_OK(vecdb_rows_key(m.piece, i, &key, &error));
      seen.push_back(key.integer);
    }
    vecdb_rows_free(m.piece);
    m.piece = nullptr;
    if (rows == 0) break;
  }
  CHECK(seen == std::vector<std::int64_t>{3, 4, 6, 7, 8, 9, 10});
}

TEST_CASE("limits and consistency reach every call through C") {
  More m;
  OpenAll(&m);
  Put(&m, 1, 3);
  C_OK(vecdb_stop_new(&m.stop, &error));
  const vecdb_read_options read = ReadOf(m.stop);
  std::uint64_t count = 0;
  C_OK(vecdb_count_with(m.collection, Text(""), &read, &count, &error));
  CHECK(count == 3);
  C_OK(vecdb_stop_request(m.stop, &error));
  C_REFUSED(vecdb_count_with(m.collection, Text(""), &read, &count, &error), VECDB_CANCELLED,
            "stop");
  CHECK(count == 0);
  C_REFUSED(vecdb_snapshot_new(m.collection, &read, &m.snapshot, &error), VECDB_CANCELLED, "stop");
  vecdb_query_request query;
  vecdb_query_request_init(&query, sizeof query);
  query.read = &read;
  C_REFUSED(vecdb_query(m.collection, &query, &m.rows, &error), VECDB_CANCELLED, "stop");
  const std::array<float, 2> near = {4, 1};
  vecdb_search_request search;
  vecdb_search_request_init(&search, sizeof search);
  search.query = vecdb_value_floats(near.data(), near.size());
  search.read = &read;
  C_REFUSED(vecdb_search(m.collection, &search, &m.rows, &error), VECDB_CANCELLED, "stop");
  const vecdb_key key = vecdb_key_int64(1);
  vecdb_get_request get;
  vecdb_get_request_init(&get, sizeof get);
  get.keys = &key;
  get.key_count = 1;
  get.read = &read;
  C_REFUSED(vecdb_get(m.collection, &get, &m.rows, nullptr, &error), VECDB_CANCELLED, "stop");
  vecdb_write_options write;
  vecdb_write_options_init(&write, sizeof write);
  write.stop = m.stop;
  C_REFUSED(vecdb_delete_where(m.collection, Text("id > 0"), &write, nullptr, &error),
            VECDB_CANCELLED, "stop");
  C_REFUSED(vecdb_delete(m.collection, &key, 1, &write, nullptr, &error), VECDB_CANCELLED, "stop");
  write.stop = nullptr;
  write.timeout_ms = -4;
  C_REFUSED(vecdb_delete(m.collection, &key, 1, &write, nullptr, &error), VECDB_INVALID_ARGUMENT,
            "-4");
  vecdb_call_limits limits;
  vecdb_call_limits_init(&limits, sizeof limits);
  limits.stop = m.stop;
  C_REFUSED(vecdb_collection_flush_within(m.collection, &limits, &error), VECDB_CANCELLED, "stop");
  C_OK(vecdb_collection_flush_within(m.collection, nullptr, &error));
  vecdb_read_options odd = ReadOf(nullptr);
  odd.consistency = 9;
  C_REFUSED(vecdb_count_with(m.collection, Text(""), &odd, &count, &error), VECDB_INVALID_ARGUMENT,
            "consistency");
  odd.consistency = VECDB_SESSION;
  odd.session = UINT64_MAX;
  C_REFUSED(vecdb_count_with(m.collection, Text(""), &odd, &count, &error), VECDB_INVALID_ARGUMENT,
            "session");
  odd.consistency = VECDB_EVENTUAL;
  C_OK(vecdb_count_with(m.collection, Text(""), &odd, &count, &error));
  CHECK(count == 3);
}

TEST_CASE("a collection is released and loaded through C") {
  More m;
  OpenAll(&m);
  Put(&m, 1, 3);
  std::int32_t state = 0;
  C_OK(vecdb_collection_load_state(m.collection, &state, &error));
  CHECK(state == VECDB_LOADED);
  C_OK(vecdb_collection_release(m.collection, &error));
  C_OK(vecdb_collection_load_state(m.collection, &state, &error));
  CHECK(state == VECDB_RELEASED);
  std::uint64_t count = 0;
  C_REFUSED(vecdb_count(m.collection, Text(""), &count, &error), VECDB_FAILED_PRECONDITION,
            "Load()");
  C_OK(vecdb_collection_load(m.collection, nullptr, &error));
  C_OK(vecdb_count(m.collection, Text(""), &count, &error));
  CHECK(count == 3);
}
