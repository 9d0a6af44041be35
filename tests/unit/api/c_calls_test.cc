// What each call does beyond passing values on: options, receipts, reports, the life of handles.
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "vecdb/vecdb.h"

#include "api/c_call.h"
#include "unit/api/c_sample.h"

using namespace vecdb::test;

namespace {

constexpr vecdb_code kBad = VECDB_INVALID_ARGUMENT;

std::string Name(const char* name) {
  return name;
}

void Insert(Handles* h, std::initializer_list<std::int64_t> ids, vecdb_receipt* receipt = nullptr,
            const vecdb_write_options* options = nullptr) {
  C_OK(vecdb_batch_clear(h->batch, &error));
  for (const std::int64_t id : ids) AddFullRow(h->batch, id);
  C_OK(vecdb_insert(h->collection, h->batch, options, receipt, &error));
}

std::uint64_t CountOf(const Handles& h, const char* filter = "") {
  std::uint64_t count = 0;
  C_OK(vecdb_count(h.collection, Text(filter), &count, &error));
  return count;
}

// The bytes of `T` as an older or a newer header would have them.
template <typename T>
struct Sized {
  T value;
  std::array<unsigned char, 64> behind;
};

template <typename T>
void CheckInit(void (*init)(T*, std::size_t)) {
  init(nullptr, sizeof(T));
  Sized<T> sized;
  std::memset(static_cast<void*>(&sized), 0xEE, sizeof sized);
  init(&sized.value, sizeof(T) - 8);  // writes no byte beyond what it was told
  std::size_t written = 0;
  std::memcpy(&written, &sized, sizeof written);
  CHECK(written == sizeof(T) - 8);
  CHECK(reinterpret_cast<const unsigned char*>(&sized)[sizeof(T) - 1] == 0xEE);
  init(&sized.value, sizeof sized);  // knows not what lies behind: zeros
  std::memcpy(&written, &sized, sizeof written);
  CHECK(written == sizeof sized);
  for (const unsigned char byte : sized.behind) REQUIRE(byte == 0);
  std::memset(static_cast<void*>(&sized), 0xEE, sizeof sized);
  init(&sized.value, sizeof(std::size_t) - 1);
  CHECK(reinterpret_cast<const unsigned char*>(&sized)[0] == 0xEE);
}

}  // namespace

TEST_CASE("codes, types and metrics have the names of C++, and other numbers have none") {
  CHECK(Name(vecdb_code_name(VECDB_OK)) == "OK");
  CHECK(Name(vecdb_code_name(VECDB_NOT_FOUND)) == "NotFound");
  CHECK(Name(vecdb_code_name(VECDB_OUTCOME_UNKNOWN)) == "OutcomeUnknown");
  CHECK(Name(vecdb_code_name(-1)) == "Unknown");
  CHECK(Name(vecdb_type_name(VECDB_VARCHAR)) == "VarChar");
  CHECK(Name(vecdb_type_name(VECDB_VARCHAR + 256)) == "unknown");
  CHECK(Name(vecdb_type_name(-235)) == "unknown");
  CHECK(Name(vecdb_metric_name(VECDB_INNER_PRODUCT)) == "IP");
  CHECK(Name(vecdb_metric_name(1000)) == "unknown");
  CHECK(std::count(vecdb_version(), vecdb_version() + std::strlen(vecdb_version()), '.') == 2);
  CHECK(vecdb_text_of(nullptr).size == 0);
  CHECK(vecdb_text_of("four").size == 4);
}

TEST_CASE("a message with bytes that are no text is cut where it is too long") {
  Handles h;
  const std::string path = "/nowhere/" + std::string(1900, '\x80');
  vecdb_error error;
  CHECK(vecdb_open(Text(path), nullptr, &h.db, &error) != VECDB_OK);
  CHECK(std::strlen(error.message) > sizeof error.message - 5);
}

TEST_CASE("a message that is too long is cut between two characters") {
  for (std::size_t before = 1; before < 4; ++before) {
    std::string text(before, 'x');
    for (int i = 0; i < 400; ++i) text += "\xE2\x82\xAC";  // three bytes each
    vecdb_error error;
    const vecdb::Status status(vecdb::StatusCode::kNotFound, text);
    CHECK(vecdb::api::Report(status, &error) == VECDB_NOT_FOUND);
    const std::size_t size = std::strlen(error.message);
    CHECK(size < sizeof error.message);
    CHECK(size > sizeof error.message - 4);
    CHECK((size - before) % 3 == 0);
    CHECK(text.compare(0, size, error.message) == 0);
  }
}

TEST_CASE("structs of an older program and of a newer one are told apart from good ones") {
  CheckInit(vecdb_options_init);
  CheckInit(vecdb_recovery_init);
  CheckInit(vecdb_field_init);
  CheckInit(vecdb_collection_options_init);
  CheckInit(vecdb_stats_init);
  CheckInit(vecdb_db_stats_init);
  CheckInit(vecdb_query_node_init);
  CheckInit(vecdb_read_options_init);
  CheckInit(vecdb_search_request_init);
  CheckInit(vecdb_query_request_init);
  CheckInit(vecdb_get_request_init);
  CheckInit(vecdb_read_options_init);
  CheckInit(vecdb_call_limits_init);
  CheckInit(vecdb_iterate_request_init);
  CheckInit(vecdb_iterate_search_request_init);
  CheckInit(vecdb_check_counts_init);
  vecdb_options options;
  vecdb_options_init(&options, sizeof options);
  CHECK(options.struct_size == sizeof options);
  for (const std::size_t size : {std::size_t{0}, offsetof(vecdb_options, bounded_staleness_ms) - 1,
                                 sizeof options + 1, SIZE_MAX}) {
    Handles h;
    options.struct_size = size;
    C_REFUSED(vecdb_open_in_memory(&options, &h.db, &error), kBad, "struct_size");
    CHECK(h.db == nullptr);
  }
  vecdb_write_options write;
  vecdb_write_options_init(&write, sizeof write);
  write.struct_size = 5;
  Handles h;
  OpenAll(&h);
  AddFullRow(h.batch, 1);
  C_REFUSED(vecdb_insert(h.collection, h.batch, &write, nullptr, &error), kBad,
            "vecdb_write_options has a struct_size of 5");
  vecdb_stats stats;
  vecdb_stats_init(&stats, sizeof stats);
  stats.struct_size = 1;
  C_REFUSED(vecdb_collection_stats(h.collection, &stats, &error), kBad, "vecdb_stats_init");
  CHECK(CountOf(h) == 0);
}

TEST_CASE("query nodes are counted and told one by one") {
  vecdb_options options = QuietC();
  options.query_nodes = 3;
  Handles h;
  C_OK(vecdb_open_in_memory(&options, &h.db, &error));
  C_OK(vecdb_schema_new(&h.schema, &error));
  DescribeAll(h.schema);
  C_OK(vecdb_create_collection(h.db, Text("all"), h.schema, nullptr, &h.collection, &error));
  C_OK(vecdb_batch_new(h.collection, &h.batch, &error));
  for (std::int64_t id = 0; id < 4; ++id) {
    AddFullRow(h.batch, id);
    C_OK(vecdb_insert(h.collection, h.batch, nullptr, nullptr, &error));
    C_OK(vecdb_batch_clear(h.batch, &error));
    C_OK(vecdb_collection_flush(h.collection, &error));
  }
  size_t count = 0;
  C_OK(vecdb_query_node_count(h.db, &count, &error));
  REQUIRE(count == 3);
  uint64_t rows = 0;
  for (size_t i = 0; i < count; ++i) {
    vecdb_query_node node;
    vecdb_query_node_init(&node, sizeof node);
    C_OK(vecdb_query_node_at(h.db, i, &node, &error));
    CHECK(node.segments >= 1);
    CHECK(node.bytes > 0);
    rows += node.rows;
  }
  CHECK(rows == 4);
  vecdb_query_node node;
  vecdb_query_node_init(&node, sizeof node);
  C_REFUSED(vecdb_query_node_at(h.db, 3, &node, &error), VECDB_INVALID_ARGUMENT,
            "there is no query node 3: there are 3");
}

TEST_CASE("an executor in C is handed tasks, and may run them late") {
  struct Kept {
    std::vector<std::pair<void (*)(void*), void*>> tasks;
  } kept;
  vecdb_options options = QuietC();
  options.executor_user = &kept;
  options.executor = [](void* user, void (*run)(void*), void* task) {
    static_cast<Kept*>(user)->tasks.emplace_back(run, task);
  };
  {
    Handles h;
    C_OK(vecdb_open_in_memory(&options, &h.db, &error));
    C_OK(vecdb_schema_new(&h.schema, &error));
    DescribeAll(h.schema);
    vecdb_collection_options small;
    vecdb_collection_options_init(&small, sizeof small);
    small.segment_rows = 1;
    C_OK(vecdb_create_collection(h.db, Text("all"), h.schema, &small, &h.collection, &error));
    C_OK(vecdb_batch_new(h.collection, &h.batch, &error));
    AddFullRow(h.batch, 1);
    C_OK(vecdb_insert(h.collection, h.batch, nullptr, nullptr, &error));
    REQUIRE_FALSE(kept.tasks.empty());
    for (std::size_t i = 0; i < kept.tasks.size(); ++i) {  // tasks make tasks
      const auto [run, task] = kept.tasks[i];
      run(task);
    }
    vecdb_stats stats;
    vecdb_stats_init(&stats, sizeof stats);
    C_OK(vecdb_collection_stats(h.collection, &stats, &error));
    CHECK(stats.sealed_segments == 1);
    kept.tasks.clear();
    C_OK(vecdb_batch_clear(h.batch, &error));
    AddFullRow(h.batch, 2);
    C_OK(vecdb_insert(h.collection, h.batch, nullptr, nullptr, &error));
  }
  for (const auto& [run, task] : kept.tasks) run(task);  // behind the end of the database
}

TEST_CASE("options have the defaults of C++") {
  const vecdb::Options cpp;
  vecdb_options options;
  vecdb_options_init(&options, sizeof options);
  CHECK((options.create_if_missing == 1) == cpp.create_if_missing);
  CHECK((options.own_threads == 1) == cpp.own_threads);
  CHECK(options.read_only == 0);
  CHECK(options.durability == static_cast<int>(cpp.durability));
  CHECK(options.load == static_cast<int>(cpp.load));
  CHECK(options.sync_interval_ms == cpp.sync_interval.count());
  CHECK(options.write_buffer_bytes == cpp.write_buffer_bytes);
  CHECK(options.search_threads == cpp.search_threads);
  CHECK(options.query_nodes == cpp.query_nodes);
  CHECK(options.memory_budget_bytes == cpp.memory_budget_bytes);
  CHECK(options.channels == cpp.channels);
  CHECK(options.streaming_nodes == cpp.streaming_nodes);
  CHECK(options.seal_after_ms == cpp.seal_after.count());
  CHECK(options.executor == nullptr);
  const vecdb::CollectionOptions of_collection;
  vecdb_collection_options collection;
  vecdb_collection_options_init(&collection, sizeof collection);
  CHECK(collection.shards == of_collection.shards);
  CHECK(collection.segment_bytes == of_collection.segment_bytes);
  CHECK(collection.segment_rows == of_collection.segment_rows);
  CHECK(collection.seal_after_idle_ms == of_collection.seal_after_idle.count());
  CHECK((collection.check_keys == 1) == of_collection.check_keys);
  CHECK(Name(vecdb_metric_name(VECDB_L2)) == "L2");
}

TEST_CASE("numbers that mean nothing are refused by name, in every option") {
  const auto refused = [](const char* words, void (*change)(vecdb_options*)) {
    vecdb_options options = QuietC();
    change(&options);
    Handles h;
    C_REFUSED(vecdb_open_in_memory(&options, &h.db, &error), kBad, words);
  };
  refused("create_if_missing is 2", [](auto* o) { o->create_if_missing = 2; });
  refused("read_only is 255", [](auto* o) { o->read_only = 255; });
  refused("own_threads", [](auto* o) { o->own_threads = 9; });
  refused("allow_shared_directory", [](auto* o) { o->allow_shared_directory = 9; });
  refused("allow_network_file_system", [](auto* o) { o->allow_network_file_system = 9; });
  refused("durability", [](auto* o) { o->durability = 4; });
  refused("durability is 257", [](auto* o) { o->durability = 257; });  // 1, if cut to a byte
  refused("durability is -255", [](auto* o) { o->durability = -255; });
  refused("load", [](auto* o) { o->load = 0; });
  refused("load is 258", [](auto* o) { o->load = 258; });
  refused("sync_interval", [](auto* o) { o->sync_interval_ms = -1; });
  refused("sync_interval", [](auto* o) { o->sync_interval_ms = INT64_MAX; });
  refused("write_buffer_bytes", [](auto* o) { o->write_buffer_bytes = 1; });
  refused("memory_budget_bytes", [](auto* o) { o->memory_budget_bytes = 1; });
  refused("background_threads", [](auto* o) { o->background_threads = 257; });

  Handles h;
  OpenAll(&h);
  const auto refused_there = [&](const char* words, void (*change)(vecdb_collection_options*)) {
    vecdb_collection_options options;
    vecdb_collection_options_init(&options, sizeof options);
    change(&options);
    Handles other;
    C_REFUSED(
        vecdb_create_collection(h.db, Text("other"), h.schema, &options, &other.collection, &error),
        kBad, words);
  };
  refused_there("shards", [](auto* o) { o->shards = 17; });
  refused_there("check_keys is 3", [](auto* o) { o->check_keys = 3; });
  refused_there("segment_bytes", [](auto* o) { o->segment_bytes = 1; });
  refused_there("seal_after_idle", [](auto* o) { o->seal_after_idle_ms = INT64_MIN; });
  AddFullRow(h.batch, 1);
  for (const std::int32_t durability : {4, 257, -1}) {
    vecdb_write_options options;
    vecdb_write_options_init(&options, sizeof options);
    options.durability = durability;
    C_REFUSED(vecdb_insert(h.collection, h.batch, &options, nullptr, &error), kBad, "durability");
  }
  C_REFUSED(vecdb_run_background(h.db, -1, &error), kBad, "budget_ms is -1");
  CHECK(CountOf(h) == 0);
}

TEST_CASE("schemas refuse numbers and texts that mean nothing, and say what is wrong together") {
  Handles h;
  C_OK(vecdb_schema_new(&h.schema, &error));
  C_REFUSED(vecdb_schema_scalar(h.schema, Text("n"), 261, &error), kBad, "type is 261");
  C_REFUSED(vecdb_schema_scalar(h.schema, Text("n"), -1, &error), kBad, "type is -1");
  C_REFUSED(vecdb_schema_vector(h.schema, Text("v"), 101, 2, 258, &error), kBad, "metric is 258");
  C_REFUSED(vecdb_schema_scalar(h.schema, {nullptr, 3}, VECDB_INT8, &error), kBad,
            "name is NULL, with a count of 3");
  vecdb_field field;
  vecdb_field_init(&field, sizeof field);
  field.name = Text("n");
  field.nullable = 2;
  C_REFUSED(vecdb_schema_add(h.schema, &field, &error), kBad, "vecdb_field.nullable is 2");
  field.nullable = 0;
  field.default_value.kind = 99;
  C_REFUSED(vecdb_schema_add(h.schema, &field, &error), kBad, "kind 99");
  C_REFUSED(vecdb_schema_check(h.schema, &error), kBad, "primary key");  // nothing was added
  C_OK(vecdb_schema_primary_key(h.schema, Text("id"), VECDB_INT64, &error));
  C_OK(vecdb_schema_vector(h.schema, Text("v"), VECDB_FLOAT_VECTOR, 0, VECDB_L2, &error));
  C_REFUSED(vecdb_schema_check(h.schema, &error), kBad, "needs a dimension between 1 and 32768");
  Handles unknown;
  C_OK(vecdb_schema_new(&unknown.schema, &error));
  C_OK(vecdb_schema_primary_key(unknown.schema, Text("id"), 77, &error));
  C_REFUSED(vecdb_schema_check(unknown.schema, &error), kBad, "unknown data type, number 77");
}

TEST_CASE("what is lent to a batch is measured before it is touched") {
  Handles h;
  OpenAll(&h);
  const std::array<std::uint8_t, 2> bools = {1, 2};
  const std::array<std::int64_t, 2> ids = {1, 2};
  const std::array<vecdb_text, 2> texts = {Text("a"), {nullptr, 9}};
  C_REFUSED(vecdb_batch_int64s(h.batch, Text("id"), nullptr, 2, nullptr, &error), kBad,
            "values is NULL, with a count of 2");
  C_REFUSED(vecdb_batch_int64s(h.batch, Text("id"), ids.data(), SIZE_MAX, nullptr, &error), kBad,
            "at most 100000 rows");
  C_REFUSED(vecdb_batch_texts(h.batch, Text("t"), texts.data(), SIZE_MAX / 2, nullptr, &error),
            kBad, "at most 100000 rows");
  C_REFUSED(vecdb_batch_floats(h.batch, Text("v"), nullptr, SIZE_MAX, &error), kBad, "NULL");
  const float v = 1;
  C_REFUSED(vecdb_batch_floats(h.batch, Text("v"), &v, SIZE_MAX, &error), kBad, "no memory");
  C_REFUSED(vecdb_batch_floats(h.batch, Text("v"), &v, 1, &error), kBad, "dimension 2");
  C_REFUSED(vecdb_batch_bools(h.batch, Text("flag"), bools.data(), 2, nullptr, &error), kBad,
            "the value is 2 in row 1");
  C_REFUSED(vecdb_batch_int64s(h.batch, Text("n"), ids.data(), 2, bools.data(), &error), kBad,
            "valid is 2 in row 1");
  C_REFUSED(vecdb_batch_texts(h.batch, Text("t"), texts.data(), 2, nullptr, &error), kBad,
            "a text of the column is NULL");
  C_REFUSED(vecdb_batch_int64s(h.batch, {nullptr, 1}, ids.data(), 2, nullptr, &error), kBad,
            "field is NULL");
  C_REFUSED(vecdb_batch_int64s(h.batch, Text("nope"), ids.data(), 2, nullptr, &error),
            VECDB_NOT_FOUND, "nope");
  C_REFUSED(vecdb_batch_add(h.batch, nullptr, 2, &error), kBad, "row is NULL");
  std::vector<vecdb_named_value> many(65, {Text("n"), vecdb_value_null()});
  C_REFUSED(vecdb_batch_add(h.batch, many.data(), many.size(), &error), kBad, "at most 64 values");
  vecdb_value odd = vecdb_value_null();
  odd.kind = 6000;
  const vecdb_named_value row = {Text("n"), odd};
  C_REFUSED(vecdb_batch_add(h.batch, &row, 1, &error), kBad,
            "field 'n': the value is of kind 6000");
  CHECK(vecdb_batch_rows(h.batch) == 0);
  AddFullRow(h.batch, 1);  // and goes on
}

TEST_CASE("requests refuse what they cannot mean") {
  Handles h;
  OpenAll(&h);
  Insert(&h, {1, 2});
  const float near[2] = {1, 1};
  vecdb_search_request search;
  vecdb_search_request_init(&search, sizeof search);
  CHECK(search.limit == 10);
  C_REFUSED(vecdb_search(h.collection, &search, &h.rows, &error), kBad, "'v'");  // no query
  search.query = vecdb_value_text(Text("red"));
  C_REFUSED(vecdb_search(h.collection, &search, &h.rows, &error), kBad, "not a vector");
  search.query = vecdb_value_floats(near, 1);
  C_REFUSED(vecdb_search(h.collection, &search, &h.rows, &error), kBad, "dimension");
  search.query = vecdb_value_floats(near, 2);
  search.output_field_count = 1;
  C_REFUSED(vecdb_search(h.collection, &search, &h.rows, &error), kBad, "output_fields is NULL");
  search.output_field_count = 0;
  search.limit = UINT64_MAX;
  C_REFUSED(vecdb_search(h.collection, &search, &h.rows, &error), kBad, "16384");
  search.limit = 1;
  search.filter = {nullptr, 8};
  C_REFUSED(vecdb_search(h.collection, &search, &h.rows, &error), kBad, "filter is NULL");
  search.filter = Text("n >");
  C_REFUSED(vecdb_search(h.collection, &search, &h.rows, &error), kBad, "");
  search.filter = Text("n > 10");
  search.field = Text("v");
  C_OK(vecdb_search(h.collection, &search, &h.rows, &error));
  REQUIRE(vecdb_rows_count(h.rows) == 1);
  float score = 0;
  C_OK(vecdb_rows_score(h.rows, 0, &score, &error));
  CHECK(score == 1.0F);
  vecdb_key key = vecdb_key_int64(1);
  key.type = VECDB_BOOL;
  C_REFUSED(vecdb_delete(h.collection, &key, 1, nullptr, nullptr, &error), kBad,
            "key 0 is of type");
  C_REFUSED(vecdb_delete(h.collection, nullptr, 1, nullptr, nullptr, &error), kBad, "keys is NULL");
  const vecdb_key text = vecdb_key_text(Text("one"));
  C_REFUSED(vecdb_delete(h.collection, &text, 1, nullptr, nullptr, &error), kBad, "");
  REQUIRE(vecdb_rows_free(h.rows) == VECDB_OK);
  vecdb_query_request query;
  vecdb_query_request_init(&query, sizeof query);
  C_OK(vecdb_query(h.collection, &query, &h.rows, &error));
  C_REFUSED(vecdb_rows_score(h.rows, 0, &score, &error), VECDB_FAILED_PRECONDITION, "a search");
  CHECK(CountOf(h) == 2);
}
