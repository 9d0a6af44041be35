// What C cannot rule out and the API must: no handle, a closed one, one of another kind; no
// pointer; numbers that mean nothing. Every function of vecdb/c.h and of the headers that it
// includes is in one of the lists below.
#include <array>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "support/temp_directory.h"
#include "unit/api/c_good_requests.h"
#include "unit/api/c_sample.h"

using namespace vecdb::test;

namespace {

using Calls = std::map<std::string, std::function<vecdb_code(const Handles&, vecdb_error*)>>;

vecdb_field Named(const char* name) {
  vecdb_field field;
  vecdb_field_init(&field, sizeof field);
  field.name = Text(name);
  return field;
}

void PassIndex(void* /*user*/, const vecdb_index_info* /*index*/) {
}

// What these calls store, freed at the end.
struct Stored : Handles {
  vecdb_text text = {};
  vecdb_key key = {};
  vecdb_value value = {};
  vecdb_finding finding = {};
  vecdb_field field = Named("");
  vecdb_stats stats = {sizeof(vecdb_stats), 0, 0, 0, 0, 0, 0, 0};
  vecdb_recovery recovery = {};
  vecdb_check_counts counts = {};
  vecdb_query_node node = {};
  size_t nodes = 0;
  vecdb_db_stats db_stats = {};
  vecdb_collection_info info = {};
  vecdb_collection_options options = {};
  vecdb_collection_properties properties = {};
  int32_t state = 0;
  uint64_t count = 0;
  size_t size = 0;
  vecdb_job job = {};
  float score = 0;
  int flag = 0;

  Stored() {
    recovery.struct_size = sizeof recovery;
    counts.struct_size = sizeof counts;
    node.struct_size = sizeof node;
    db_stats.struct_size = sizeof db_stats;
    vecdb_collection_info_init(&info, sizeof info);
    vecdb_collection_options_init(&options, sizeof options);
    vecdb_collection_properties_init(&properties, sizeof properties);
    job.struct_size = sizeof job;
  }
};

// One call on the handles `h` with the error `e`, storing into `s`.
#define CALL(...)                             \
  [](const Handles& h, vecdb_error* e) {      \
    [[maybe_unused]] Stored s;                \
    return static_cast<void>(e), __VA_ARGS__; \
  }

// Calls on a database, a schema, a batch: each good when the handles are.
const Calls& FillingCalls() {
  static const Calls calls = {
      {"vecdb_flush", CALL(vecdb_flush(h.db, e))},
      {"vecdb_wait_durable", CALL(vecdb_wait_durable(h.db, 1, e))},
      {"vecdb_run_background", CALL(vecdb_run_background(h.db, 0, e))},
      {"vecdb_health", CALL(vecdb_health(h.db, e))},
      {"vecdb_recovery_report", CALL(vecdb_recovery_report(h.db, &s.recovery, e))},
      {"vecdb_query_node_count", CALL(vecdb_query_node_count(h.db, &s.nodes, e))},
      {"vecdb_query_node_at", CALL(vecdb_query_node_at(h.db, 0, &s.node, e))},
      {"vecdb_has_collection", CALL(vecdb_has_collection(h.db, Text("all"), &s.flag, e))},
      {"vecdb_list_collections", CALL(vecdb_list_collections(h.db, &s.texts, e))},
      {"vecdb_list_aliases", CALL(vecdb_list_aliases(h.db, &s.texts, e))},
      {"vecdb_describe_collection",
       CALL(vecdb_describe_collection(h.db, Text("all"), &s.description, e))},
      {"vecdb_alter_collection", CALL(vecdb_alter_collection(h.db, Text("all"), &s.properties, e))},
      {"vecdb_create_alias", CALL(vecdb_create_alias(h.db, Text("every"), Text("all"), e))},
      {"vecdb_alter_alias", CALL(vecdb_alter_alias(h.db, Text("every"), Text("all"), e))},
      {"vecdb_open_collection", CALL(vecdb_open_collection(h.db, Text("all"), &s.collection, e))},
      {"vecdb_create_collection",
       CALL(vecdb_create_collection(h.db, Text("all"), h.schema, nullptr, &s.collection, e))},
      {"vecdb_create_collection_with",
       CALL(vecdb_create_collection_with(h.db, Text("all"), h.schema, nullptr, nullptr,
                                         &s.collection, e))},
      {"vecdb_schema_check", CALL(vecdb_schema_check(h.schema, e))},
      {"vecdb_batch_new", CALL(vecdb_batch_new(h.collection, &s.batch, e))},
      {"vecdb_upsert", CALL(vecdb_upsert(h.collection, h.batch, nullptr, nullptr, e))},
      {"vecdb_delete",
       [](auto& h, auto* e) {
         const vecdb_key key = vecdb_key_int64(77);
         return vecdb_delete(h.collection, &key, 1, nullptr, nullptr, e);
       }},
      {"vecdb_collection_name", CALL(vecdb_collection_name(h.collection, &s.text, e))},
      {"vecdb_collection_field", CALL(vecdb_collection_field(h.collection, 0, &s.field, e))},
      {"vecdb_collection_flush", CALL(vecdb_collection_flush(h.collection, e))},
      {"vecdb_collection_flush_within",
       CALL(vecdb_collection_flush_within(h.collection, nullptr, e))},
      {"vecdb_collection_load", CALL(vecdb_collection_load(h.collection, nullptr, e))},
      {"vecdb_collection_load_state", CALL(vecdb_collection_load_state(h.collection, &s.state, e))},
      {"vecdb_delete_where",
       CALL(vecdb_delete_where(h.collection, Text("id == 77"), nullptr, nullptr, e))},
      {"vecdb_stop_request", CALL(vecdb_stop_request(h.stop, e))},
      {"vecdb_snapshot_new", CALL(vecdb_snapshot_new(h.collection, nullptr, &s.snapshot, e))},
      {"vecdb_collection_stats", CALL(vecdb_collection_stats(h.collection, &s.stats, e))},
      {"vecdb_collection_segments",
       [](auto& h, auto* e) {
         const auto pass = [](void*, const vecdb_segment_info*) {};
         return vecdb_collection_segments(h.collection, pass, nullptr, e);
       }},
      {"vecdb_channels",
       [](auto& h, auto* e) {
         return vecdb_channels(
             h.db, [](void*, const vecdb_channel_info*) {}, nullptr, e);
       }},
      {"vecdb_database_stats", CALL(vecdb_database_stats(h.db, &s.db_stats, e))},
      {"vecdb_partition_stats",
       CALL(vecdb_partition_stats(h.collection, Text("_default"), &s.stats, e))},
      {"vecdb_create_partition", CALL(vecdb_create_partition(h.collection, Text("p"), e))},
      {"vecdb_has_partition", CALL(vecdb_has_partition(h.collection, Text("p"), &s.flag, e))},
      {"vecdb_list_partitions", CALL(vecdb_list_partitions(h.collection, &s.texts, e))},
      {"vecdb_create_index",
       CALL(vecdb_create_index(h.collection, Text("v"), Text("HNSW"), nullptr, 0, e))},
      {"vecdb_replace_index",
       CALL(vecdb_replace_index(h.collection, Text("v"), Text("FLAT"), nullptr, 0, e))},
      {"vecdb_describe_index",
       CALL(vecdb_describe_index(h.collection, Text("v"), PassIndex, nullptr, e))},
      {"vecdb_list_indexes", CALL(vecdb_list_indexes(h.collection, PassIndex, nullptr, e))},
      {"vecdb_wait_for_indexes", CALL(vecdb_wait_for_indexes(h.collection, nullptr, e))},
      {"vecdb_collection_compact", CALL(vecdb_collection_compact(h.collection, e))},
      {"vecdb_collection_start_compaction",
       CALL(vecdb_collection_start_compaction(h.collection, &s.count, e))},
      {"vecdb_collection_compact_with",
       CALL(vecdb_collection_compact_with(h.collection, nullptr, e))},
      {"vecdb_collection_start_compaction_with",
       CALL(vecdb_collection_start_compaction_with(h.collection, nullptr, &s.count, e))},
      {"vecdb_job_ids", CALL(vecdb_job_ids(h.db, &s.count, 1, &s.size, e))},
      {"vecdb_job_find", CALL(vecdb_job_find(h.db, 1, &s.job, e))},
      {"vecdb_wait_for_job", CALL(vecdb_wait_for_job(h.db, 1, 0, &s.job, e))},
      {"vecdb_pause_background", CALL(vecdb_pause_background(h.db, e))},
      {"vecdb_resume_background", CALL(vecdb_resume_background(h.db, e))},
  };
  return calls;
}

// Calls that change what the next one would meet; only refused here.
const Calls& ChangingCalls() {
  static const Calls calls = {
      {"vecdb_insert", CALL(vecdb_insert(h.collection, h.batch, nullptr, nullptr, e))},
      {"vecdb_rename_collection",
       CALL(vecdb_rename_collection(h.db, Text("all"), Text("some"), e))},
      {"vecdb_collection_release", CALL(vecdb_collection_release(h.collection, e))},
      {"vecdb_drop_alias", CALL(vecdb_drop_alias(h.db, Text("every"), e))},
      {"vecdb_drop_index", CALL(vecdb_drop_index(h.collection, Text("v"), e))},
      {"vecdb_drop_partition", CALL(vecdb_drop_partition(h.collection, Text("p"), e))},
      {"vecdb_drop_collection", CALL(vecdb_drop_collection(h.db, Text("all"), e))},
      {"vecdb_schema_add",
       [](auto& h, auto* e) {
         const vecdb_field field = Named("x");
         return vecdb_schema_add(h.schema, &field, e);
       }},
      {"vecdb_schema_primary_key", CALL(vecdb_schema_primary_key(h.schema, Text("x"), 5, e))},
      {"vecdb_schema_auto_primary_key",
       CALL(vecdb_schema_auto_primary_key(h.schema, Text("x"), e))},
      {"vecdb_schema_scalar", CALL(vecdb_schema_scalar(h.schema, Text("x"), 5, e))},
      {"vecdb_schema_array", CALL(vecdb_schema_array(h.schema, Text("x"), 5, 10, e))},
      {"vecdb_batch_arrays", CALL(vecdb_batch_arrays(h.batch, Text("a"), nullptr, 0, e))},
      {"vecdb_batch_halves", CALL(vecdb_batch_halves(h.batch, Text("v"), nullptr, 0, e))},
      {"vecdb_batch_int8s", CALL(vecdb_batch_int8s(h.batch, Text("v"), nullptr, 0, e))},
      {"vecdb_batch_bits", CALL(vecdb_batch_bits(h.batch, Text("v"), nullptr, 0, e))},
      {"vecdb_batch_sparse", CALL(vecdb_batch_sparse(h.batch, Text("v"), nullptr, 0, e))},
      {"vecdb_schema_nullable", CALL(vecdb_schema_nullable(h.schema, Text("x"), 5, e))},
      {"vecdb_schema_vector", CALL(vecdb_schema_vector(h.schema, Text("x"), 101, 2, 1, e))},
      {"vecdb_batch_clear", CALL(vecdb_batch_clear(h.batch, e))},
      {"vecdb_batch_add", CALL(vecdb_batch_add(h.batch, nullptr, 0, e))},
      {"vecdb_batch_bools", CALL(vecdb_batch_bools(h.batch, Text("flag"), nullptr, 0, nullptr, e))},
      {"vecdb_batch_int64s", CALL(vecdb_batch_int64s(h.batch, Text("n"), nullptr, 0, nullptr, e))},
      {"vecdb_batch_doubles",
       CALL(vecdb_batch_doubles(h.batch, Text("d"), nullptr, 0, nullptr, e))},
      {"vecdb_batch_texts", CALL(vecdb_batch_texts(h.batch, Text("t"), nullptr, 0, nullptr, e))},
      {"vecdb_batch_floats", CALL(vecdb_batch_floats(h.batch, Text("v"), nullptr, 0, e))},
  };
  return calls;
}

// Calls that ask, and read answers.
const Calls& ReadingCalls() {
  static const Calls calls = {
      {"vecdb_search",
       [](auto& h, auto* e) {
         const vecdb_search_request request = Searching();
         Stored s;
         return vecdb_search(h.collection, &request, &s.rows, e);
       }},
      {"vecdb_search_many",
       [](auto& h, auto* e) {
         const vecdb_search_request request = Searching();
         Stored s;
         return vecdb_search_many(h.collection, &request, &request.query, 1, &s.rows, e);
       }},
      {"vecdb_iterate_search",
       [](auto& h, auto* e) {
         const vecdb_iterate_search_request request = IteratingSearch();
         Stored s;
         return vecdb_iterate_search(h.collection, &request, &s.iterator, e);
       }},
      {"vecdb_query",
       [](auto& h, auto* e) {
         const vecdb_query_request request = Querying();
         Stored s;
         return vecdb_query(h.collection, &request, &s.rows, e);
       }},
      {"vecdb_get",
       [](auto& h, auto* e) {
         const vecdb_get_request request = Getting();
         Stored s;
         return vecdb_get(h.collection, &request, &s.rows, &s.keys, e);
       }},
      {"vecdb_count", CALL(vecdb_count(h.collection, Text(""), &s.count, e))},
      {"vecdb_count_with", CALL(vecdb_count_with(h.collection, Text(""), nullptr, &s.count, e))},
      {"vecdb_iterate",
       [](auto& h, auto* e) {
         const vecdb_iterate_request request = Iterating();
         Stored s;
         return vecdb_iterate(h.collection, &request, &s.iterator, e);
       }},
      {"vecdb_iterator_next", CALL(vecdb_iterator_next(h.iterator, &s.rows, e))},
      {"vecdb_snapshot_timestamp", CALL(vecdb_snapshot_timestamp(h.snapshot, &s.count, e))},
      {"vecdb_snapshot_count",
       CALL(vecdb_snapshot_count(h.snapshot, Text(""), nullptr, &s.count, e))},
      {"vecdb_snapshot_search",
       [](auto& h, auto* e) {
         const vecdb_search_request request = Searching();
         Stored s;
         return vecdb_snapshot_search(h.snapshot, &request, &s.rows, e);
       }},
      {"vecdb_snapshot_search_many",
       [](auto& h, auto* e) {
         const vecdb_search_request request = Searching();
         Stored s;
         return vecdb_snapshot_search_many(h.snapshot, &request, &request.query, 1, &s.rows, e);
       }},
      {"vecdb_snapshot_iterate_search",
       [](auto& h, auto* e) {
         const vecdb_iterate_search_request request = IteratingSearch();
         Stored s;
         return vecdb_snapshot_iterate_search(h.snapshot, &request, &s.iterator, e);
       }},
      {"vecdb_snapshot_query",
       [](auto& h, auto* e) {
         const vecdb_query_request request = Querying();
         Stored s;
         return vecdb_snapshot_query(h.snapshot, &request, &s.rows, e);
       }},
      {"vecdb_snapshot_get",
       [](auto& h, auto* e) {
         const vecdb_get_request request = Getting();
         Stored s;
         return vecdb_snapshot_get(h.snapshot, &request, &s.rows, &s.keys, e);
       }},
      {"vecdb_snapshot_iterate",
       [](auto& h, auto* e) {
         const vecdb_iterate_request request = Iterating();
         Stored s;
         return vecdb_snapshot_iterate(h.snapshot, &request, &s.iterator, e);
       }},
      {"vecdb_rows_key", CALL(vecdb_rows_key(h.rows, 0, &s.key, e))},
      {"vecdb_rows_score", CALL(vecdb_rows_score(h.rows, 0, &s.score, e))},
      {"vecdb_rows_field_name", CALL(vecdb_rows_field_name(h.rows, 0, &s.text, e))},
      {"vecdb_rows_value", CALL(vecdb_rows_value(h.rows, 0, 0, &s.value, e))},
      {"vecdb_rows_find", CALL(vecdb_rows_find(h.rows, 0, Text("n"), &s.value, e))},
      {"vecdb_keys_at", CALL(vecdb_keys_at(h.keys, 0, &s.key, e))},
      {"vecdb_texts_at", CALL(vecdb_texts_at(h.texts, 0, &s.text, e))},
      {"vecdb_report_finding", CALL(vecdb_report_finding(h.report, 0, &s.finding, e))},
      {"vecdb_report_counts", CALL(vecdb_report_counts(h.report, &s.counts, e))},
      {"vecdb_description_info", CALL(vecdb_description_info(h.description, &s.info, e))},
      {"vecdb_description_options", CALL(vecdb_description_options(h.description, &s.options, e))},
      {"vecdb_description_properties",
       CALL(vecdb_description_properties(h.description, &s.properties, e))},
      {"vecdb_description_field", CALL(vecdb_description_field(h.description, 0, &s.field, e))},
      {"vecdb_description_alias", CALL(vecdb_description_alias(h.description, 0, &s.text, e))},
  };
  return calls;
}

using Counts = std::map<std::string, std::function<std::size_t(const Handles&)>>;

const Counts& CountingCalls() {
  static const Counts calls = {
      {"vecdb_batch_rows", [](auto& h) { return vecdb_batch_rows(h.batch); }},
      {"vecdb_collection_field_count",
       [](auto& h) { return vecdb_collection_field_count(h.collection); }},
      {"vecdb_rows_count", [](auto& h) { return vecdb_rows_count(h.rows); }},
      {"vecdb_rows_field_count", [](auto& h) { return vecdb_rows_field_count(h.rows); }},
      {"vecdb_keys_count", [](auto& h) { return vecdb_keys_count(h.keys); }},
      {"vecdb_texts_count", [](auto& h) { return vecdb_texts_count(h.texts); }},
      {"vecdb_report_finding_count", [](auto& h) { return vecdb_report_finding_count(h.report); }},
  };
  return calls;
}

const Calls& FreeingCalls() {
  static const Calls calls = {
      {"vecdb_close", CALL(vecdb_close(h.db, e))},
      {"vecdb_collection_free", CALL(vecdb_collection_free(h.collection))},
      {"vecdb_schema_free", CALL(vecdb_schema_free(h.schema))},
      {"vecdb_batch_free", CALL(vecdb_batch_free(h.batch))},
      {"vecdb_rows_free", CALL(vecdb_rows_free(h.rows))},
      {"vecdb_keys_free", CALL(vecdb_keys_free(h.keys))},
      {"vecdb_texts_free", CALL(vecdb_texts_free(h.texts))},
      {"vecdb_report_free", CALL(vecdb_report_free(h.report))},
      {"vecdb_stop_free", CALL(vecdb_stop_free(h.stop))},
      {"vecdb_snapshot_free", CALL(vecdb_snapshot_free(h.snapshot))},
      {"vecdb_iterator_free", CALL(vecdb_iterator_free(h.iterator))},
      {"vecdb_description_free", CALL(vecdb_description_free(h.description))},
  };
  return calls;
}

// Named here, tested by name below and in the other tests of this folder.
const std::set<std::string> kWithoutHandles = {
    "vecdb_value_sparse",
    "vecdb_value_int8s",
    "vecdb_value_bits",
    "vecdb_value_bools",
    "vecdb_value_int64s",
    "vecdb_value_doubles",
    "vecdb_value_texts",
    "vecdb_handle_count",
    "vecdb_code_name",
    "vecdb_version",
    "vecdb_text_of",
    "vecdb_type_name",
    "vecdb_metric_name",
    "vecdb_key_int64",
    "vecdb_key_text",
    "vecdb_value_null",
    "vecdb_value_bool",
    "vecdb_value_int64",
    "vecdb_value_double",
    "vecdb_value_text",
    "vecdb_value_floats",
    "vecdb_options_init",
    "vecdb_recovery_init",
    "vecdb_field_init",
    "vecdb_collection_options_init",
    "vecdb_stats_init",
    "vecdb_db_stats_init",
    "vecdb_query_node_init",
    "vecdb_write_options_init",
    "vecdb_read_options_init",
    "vecdb_call_limits_init",
    "vecdb_iterate_request_init",
    "vecdb_iterate_search_request_init",
    "vecdb_stop_new",
    "vecdb_search_request_init",
    "vecdb_query_request_init",
    "vecdb_get_request_init",
    "vecdb_check_counts_init",
    "vecdb_collection_info_init",
    "vecdb_collection_properties_init",
    "vecdb_query_node_init",
    "vecdb_job_init",
    "vecdb_compact_options_init",
    "vecdb_query_node_init",
    "vecdb_open",
    "vecdb_open_in_memory",
    "vecdb_schema_new",
    "vecdb_check",
    "vecdb_inspect",
    "vecdb_trace",
};

template <typename F>
void ForEachCall(F&& f) {
  for (const Calls* calls : {&FillingCalls(), &ChangingCalls(), &ReadingCalls()}) {
    for (const auto& [name, call] : *calls) f(name, call);
  }
}

// The same numbers, each dressed as the next kind.
void Rotate(const Handles& from, Handles* to) {
  to->db = reinterpret_cast<vecdb_db*>(from.collection);
  to->collection = reinterpret_cast<vecdb_collection*>(from.schema);
  to->schema = reinterpret_cast<vecdb_schema*>(from.batch);
  to->batch = reinterpret_cast<vecdb_batch*>(from.rows);
  to->rows = reinterpret_cast<vecdb_rows*>(from.keys);
  to->keys = reinterpret_cast<vecdb_keys*>(from.texts);
  to->texts = reinterpret_cast<vecdb_texts*>(from.report);
  to->report = reinterpret_cast<vecdb_report*>(from.description);
  to->description = reinterpret_cast<vecdb_description*>(from.stop);
  to->stop = reinterpret_cast<vecdb_stop*>(from.snapshot);
  to->snapshot = reinterpret_cast<vecdb_snapshot*>(from.iterator);
  to->iterator = reinterpret_cast<vecdb_iterator*>(from.db);
}

}  // namespace

TEST_CASE("every function of the headers is in a list of this file") {
  std::string text;
  for (const char* header : {"c.h", "c_collections.h", "c_indexes.h", "c_jobs.h", "c_limits.h",
                             "c_read.h", "c_watch.h"}) {
    std::ifstream file(std::string(VECDB_SOURCE_DIR) + "/include/vecdb/" + header);
    text.append(std::istreambuf_iterator<char>(file), {});
  }
  std::set<std::string> declared;  // the word before the first parenthesis of a declaration
  for (std::size_t at = text.find("\nVECDB_C_API "); at != std::string::npos;
       at = text.find("\nVECDB_C_API ", at + 1)) {
    const std::size_t end = text.find('(', at);
    const std::size_t begin = text.find_last_of(" *", end) + 1;
    declared.insert(text.substr(begin, end - begin));
  }
  std::set<std::string> listed = kWithoutHandles;
  ForEachCall([&](const std::string& name, const auto&) { listed.insert(name); });
  for (const auto& [name, call] : CountingCalls()) listed.insert(name);
  for (const auto& [name, call] : FreeingCalls()) listed.insert(name);
  CHECK(declared.size() > 80);
  CHECK(declared == listed);
}

TEST_CASE("every call goes well on good handles, and fills no error") {
  const TempDirectory directory;
  Handles h;
  OpenEverything(&h, directory.path().string());
  for (const Calls* calls : {&FillingCalls(), &ReadingCalls()}) {
    for (const auto& [name, call] : *calls) {
      INFO(name);
      C_OK(call(h, &error));
      CHECK(call(h, nullptr) == VECDB_OK);
    }
  }
  for (const auto& [name, count] : CountingCalls()) {
    INFO(name);
    CHECK(count(h) > 0);
  }
}

TEST_CASE("every call refuses what is no handle, and freeing NULL does nothing") {
  const Handles none;
  ForEachCall([&](const std::string& name, const auto& call) {
    INFO(name);
    C_REFUSED(call(none, &error), VECDB_INVALID_ARGUMENT, "NULL");
    CHECK(call(none, nullptr) == VECDB_INVALID_ARGUMENT);
  });
  for (const auto& [name, count] : CountingCalls()) CHECK(count(none) == 0);
  for (const auto& [name, call] : FreeingCalls()) CHECK(call(none, nullptr) == VECDB_OK);
}

TEST_CASE("every call refuses a handle that was closed, however often") {
  const TempDirectory directory;
  const std::size_t before = vecdb_handle_count();
  Handles h;
  OpenEverything(&h, directory.path().string());
  CHECK(vecdb_handle_count() == before + 12);
  for (const auto& [name, call] : FreeingCalls()) {
    INFO(name);
    CHECK(call(h, nullptr) == VECDB_OK);
  }
  CHECK(vecdb_handle_count() == before);
  for (int again = 0; again < 2; ++again) {
    ForEachCall([&](const std::string& name, const auto& call) {
      INFO(name);
      C_REFUSED(call(h, &error), VECDB_FAILED_PRECONDITION, "was closed before");
    });
    for (const auto& [name, count] : CountingCalls()) CHECK(count(h) == 0);
    for (const auto& [name, call] : FreeingCalls()) {
      INFO(name);
      CHECK(call(h, nullptr) == VECDB_FAILED_PRECONDITION);
    }
  }
}

TEST_CASE("every call refuses a handle of another kind, and leaves it open") {
  const TempDirectory directory;
  Handles h;
  OpenEverything(&h, directory.path().string());
  Handles wrong;
  Rotate(h, &wrong);
  ForEachCall([&](const std::string& name, const auto& call) {
    INFO(name);
    C_REFUSED(call(wrong, &error), VECDB_INVALID_ARGUMENT, "a handle of kind");
  });
  for (const auto& [name, count] : CountingCalls()) CHECK(count(wrong) == 0);
  for (const auto& [name, call] : FreeingCalls()) {
    INFO(name);
    CHECK(call(wrong, nullptr) == VECDB_INVALID_ARGUMENT);
  }
  for (const auto& [name, call] : ReadingCalls()) {
    INFO(name);
    C_OK(call(h, &error));
  }
}

TEST_CASE("indexes out of range are refused with the range") {
  const TempDirectory directory;
  Handles h;
  OpenEverything(&h, directory.path().string());
  Stored out;
  for (const std::size_t i : {std::size_t{3}, SIZE_MAX}) {
    C_REFUSED(vecdb_rows_key(h.rows, i, &out.key, &error), VECDB_INVALID_ARGUMENT, "holds 3");
    C_REFUSED(vecdb_rows_score(h.rows, i, &out.score, &error), VECDB_INVALID_ARGUMENT, "row");
    C_REFUSED(vecdb_rows_value(h.rows, i, 0, &out.value, &error), VECDB_INVALID_ARGUMENT, "row");
    C_REFUSED(vecdb_rows_find(h.rows, i, Text("n"), &out.value, &error), VECDB_INVALID_ARGUMENT,
              "row");
    C_REFUSED(vecdb_keys_at(h.keys, i, &out.key, &error), VECDB_INVALID_ARGUMENT, "key");
    C_REFUSED(vecdb_texts_at(h.texts, i, &out.text, &error), VECDB_INVALID_ARGUMENT, "holds 1");
  }
  for (const std::size_t i : {std::size_t{10}, SIZE_MAX}) {
    C_REFUSED(vecdb_rows_field_name(h.rows, i, &out.text, &error), VECDB_INVALID_ARGUMENT, "10");
    C_REFUSED(vecdb_rows_value(h.rows, 0, i, &out.value, &error), VECDB_INVALID_ARGUMENT, "10");
    C_REFUSED(vecdb_collection_field(h.collection, i, &out.field, &error), VECDB_INVALID_ARGUMENT,
              "there is no field");
  }
  C_REFUSED(vecdb_report_finding(h.report, 1'000'000, &out.finding, &error), VECDB_INVALID_ARGUMENT,
            "there is no finding 1000000");
  C_REFUSED(vecdb_rows_find(h.rows, 0, Text("nope"), &out.value, &error), VECDB_NOT_FOUND, "nope");
}

TEST_CASE("places to store into that are NULL are refused before anything happens") {
  const TempDirectory directory;
  Handles h;
  OpenEverything(&h, directory.path().string());
  constexpr vecdb_code kBad = VECDB_INVALID_ARGUMENT;
  C_REFUSED(vecdb_open_in_memory(nullptr, nullptr, &error), kBad, "out is NULL");
  C_REFUSED(vecdb_open(Text("never-made"), nullptr, nullptr, &error), kBad, "out is NULL");
  C_REFUSED(vecdb_schema_new(nullptr, &error), kBad, "out is NULL");
  C_REFUSED(vecdb_has_collection(h.db, Text("all"), nullptr, &error), kBad, "out is NULL");
  C_REFUSED(vecdb_create_collection(h.db, Text("x"), h.schema, nullptr, nullptr, &error), kBad,
            "out is NULL");
  C_REFUSED(vecdb_batch_new(h.collection, nullptr, &error), kBad, "out is NULL");
  C_REFUSED(vecdb_list_collections(h.db, nullptr, &error), kBad, "out is NULL");
  C_REFUSED(vecdb_collection_name(h.collection, nullptr, &error), kBad, "out is NULL");
  C_REFUSED(vecdb_collection_field(h.collection, 0, nullptr, &error), kBad, "vecdb_field is NULL");
  C_REFUSED(vecdb_collection_stats(h.collection, nullptr, &error), kBad, "vecdb_stats is NULL");
  C_REFUSED(vecdb_query_node_count(h.db, nullptr, &error), kBad, "out is NULL");
  C_REFUSED(vecdb_query_node_at(h.db, 0, nullptr, &error), kBad, "vecdb_query_node is NULL");
  C_REFUSED(vecdb_recovery_report(h.db, nullptr, &error), kBad, "vecdb_recovery is NULL");
  C_REFUSED(vecdb_report_counts(h.report, nullptr, &error), kBad, "vecdb_check_counts is NULL");
  C_REFUSED(vecdb_report_finding(h.report, 0, nullptr, &error), kBad, "out is NULL");
  C_REFUSED(vecdb_count(h.collection, Text(""), nullptr, &error), kBad, "out is NULL");
  C_REFUSED(vecdb_search(h.collection, nullptr, &h.rows, &error), kBad,
            "vecdb_search_request is NULL");
  CHECK(h.rows == nullptr);  // after a failure
  C_REFUSED(vecdb_query(h.collection, nullptr, &h.rows, &error), kBad, "vecdb_query_request");
  C_REFUSED(vecdb_get(h.collection, nullptr, &h.rows, nullptr, &error), kBad, "vecdb_get_request");
  C_REFUSED(vecdb_schema_add(h.schema, nullptr, &error), kBad, "vecdb_field is NULL");
  C_REFUSED(vecdb_inspect(Text("x"), nullptr, nullptr, &error), kBad, "print is NULL");
  C_REFUSED(vecdb_collection_segments(h.collection, nullptr, nullptr, &error), kBad,
            "visit is NULL");
  C_REFUSED(vecdb_describe_index(h.collection, Text("v"), nullptr, nullptr, &error), kBad,
            "visit is NULL");
  C_REFUSED(vecdb_list_indexes(h.collection, nullptr, nullptr, &error), kBad, "visit is NULL");
  C_REFUSED(vecdb_create_index(h.collection, Text("v"), Text("HNSW"), nullptr, 1, &error), kBad,
            "parameters is NULL");
  const vecdb_key key = vecdb_key_int64(1);
  C_REFUSED(vecdb_trace(Text("x"), Text("all"), &key, nullptr, nullptr, &error), kBad,
            "visit is NULL");
  C_REFUSED(vecdb_trace(Text("x"), Text("all"), nullptr, nullptr, nullptr, &error), kBad,
            "key is NULL");
  C_REFUSED(vecdb_channels(h.db, nullptr, nullptr, &error), kBad, "visit is NULL");
  C_REFUSED(vecdb_database_stats(h.db, nullptr, &error), kBad, "vecdb_db_stats is NULL");
  C_REFUSED(vecdb_keys_at(h.keys, 0, nullptr, &error), kBad, "out is NULL");
  C_REFUSED(vecdb_texts_at(h.texts, 0, nullptr, &error), kBad, "out is NULL");
  std::size_t count = 0;
  C_REFUSED(vecdb_job_ids(h.db, nullptr, 0, nullptr, &error), kBad, "count is NULL");
  C_REFUSED(vecdb_job_ids(h.db, nullptr, 1, &count, &error), kBad, "ids is NULL");
  C_REFUSED(vecdb_job_find(h.db, 1, nullptr, &error), kBad, "vecdb_job is NULL");
  C_REFUSED(vecdb_wait_for_job(h.db, 1, -1, nullptr, &error), kBad, "timeout_ms is -1");
  C_REFUSED(vecdb_collection_start_compaction(h.collection, nullptr, &error), kBad, "job is NULL");
  CHECK(std::filesystem::exists("never-made") == false);
}
