// Indexes of vector fields, and how hard a search looks, through C.
#include <cmath>
#include <cstddef>
#include <utility>

#include "unit/api/c_sample.h"

using namespace vecdb::test;

namespace {

// What a visit was shown, in words of ours.
struct Shown {
  std::string field;
  std::string spec;
  std::int32_t state = 0;
  std::uint64_t total_rows = 0;
  std::vector<std::uint64_t> segments;  // the rows of each
};

void Show(void* user, const vecdb_index_info* index) {
  REQUIRE(index->struct_size == sizeof *index);
  CHECK(index->metric == VECDB_L2);
  CHECK(index->code == VECDB_OK);
  CHECK(index->message.size == 0);
  CHECK(index->indexed_rows + index->pending_rows <= index->total_rows);
  Shown shown = {
      StringOf(index->field), StringOf(index->type), index->state, index->total_rows, {}};
  for (std::size_t i = 0; i < index->parameter_count; ++i) {
    const vecdb_parameter& parameter = index->parameters[i];
    shown.spec += " " + StringOf(parameter.name) + "=" + StringOf(parameter.value);
  }
  for (std::size_t i = 0; i < index->segment_count; ++i) {
    REQUIRE(index->segments[i]->struct_size == sizeof(vecdb_indexed_segment));
    CHECK(index->segments[i]->segment > 0);
    CHECK(index->segments[i]->what.size > 0);
    shown.segments.push_back(index->segments[i]->rows);
  }
  static_cast<std::vector<Shown>*>(user)->push_back(std::move(shown));
}

Shown Described(const Handles& h) {
  std::vector<Shown> seen;
  C_OK(vecdb_describe_index(h.collection, Text("v"), Show, &seen, &error));
  REQUIRE(seen.size() == 1);
  return seen.front();
}

std::size_t Listed(const Handles& h) {
  std::vector<Shown> seen;
  C_OK(vecdb_list_indexes(h.collection, Show, &seen, &error));
  return seen.size();
}

vecdb_parameter Parameter(std::string_view name, std::string_view value) {
  return {Text(name), Text(value)};
}

constexpr std::uint64_t kRows = 1'200;  // enough to be worth a graph

// Keys from 1 on; key i lies at (i, 1).
void FlushRows(const Handles& h) {
  for (std::uint64_t id = 1; id <= kRows; ++id) AddFullRow(h.batch, static_cast<std::int64_t>(id));
  C_OK(vecdb_insert(h.collection, h.batch, nullptr, nullptr, &error));
  C_OK(vecdb_flush(h.db, &error));
}

const float kNear[2] = {3, 1};

vecdb_search_request Searching() {
  vecdb_search_request request;
  vecdb_search_request_init(&request, sizeof request);
  request.query = vecdb_value_floats(kNear, 2);
  return request;
}

std::int64_t Nearest(const Handles& h, const vecdb_search_request& request) {
  Handles found;
  C_OK(vecdb_search(h.collection, &request, &found.rows, &error));
  REQUIRE(vecdb_rows_count(found.rows) == 10);
  vecdb_key key;
  C_OK(vecdb_rows_key(found.rows, 0, &key, &error));
  return key.integer;
}

}  // namespace

TEST_CASE("an index is declared, described, replaced and dropped through C") {
  Handles h;
  OpenAll(&h);
  CHECK(Listed(h) == 0);
  FlushRows(h);
  const vecdb_parameter m = Parameter("m", "8");
  C_OK(vecdb_create_index(h.collection, Text("v"), Text("hnsw"), &m, 1, &error));
  C_OK(vecdb_create_index(h.collection, Text("v"), Text("HNSW"), &m, 1, &error));
  C_REFUSED(vecdb_create_index(h.collection, Text("v"), Text("HNSW"), nullptr, 0, &error),
            VECDB_ALREADY_EXISTS, "'v'");
  C_OK(vecdb_wait_for_indexes(h.collection, nullptr, &error));
  const Shown built = Described(h);
  CHECK(built.field == "v");
  CHECK(built.spec == "HNSW M=8 efConstruction=200");
  CHECK(built.state == VECDB_INDEX_FINISHED);
  CHECK(built.total_rows == kRows);
  CHECK(built.segments == std::vector<std::uint64_t>{kRows});
  CHECK(Nearest(h, Searching()) == 3);
  CHECK(Listed(h) == 1);
  C_OK(vecdb_replace_index(h.collection, Text("v"), Text("HNSW_SQ"), nullptr, 0, &error));
  C_OK(vecdb_wait_for_indexes(h.collection, nullptr, &error));
  CHECK(Described(h).spec == "HNSW_SQ M=16 efConstruction=200 sq_type=SQ8");
  CHECK(Nearest(h, Searching()) == 3);
  const vecdb_parameter codec = Parameter("sq_type", "fp16");
  C_OK(vecdb_replace_index(h.collection, Text("v"), Text("FLAT"), &codec, 1, &error));
  CHECK(Described(h).spec == "FLAT sq_type=FP16");
  C_OK(vecdb_replace_index(h.collection, Text("v"), Text("FLAT"), nullptr, 0, &error));
  CHECK(Described(h).spec == "FLAT");
  C_OK(vecdb_replace_index(h.collection, Text("v"), Text(""), nullptr, 0, &error));
  CHECK(Described(h).spec == "AUTOINDEX");
  C_OK(vecdb_drop_index(h.collection, Text("v"), &error));
  CHECK(Listed(h) == 0);
  std::vector<Shown> seen;
  C_REFUSED(vecdb_describe_index(h.collection, Text("v"), Show, &seen, &error), VECDB_NOT_FOUND,
            "'v'");
  C_REFUSED(vecdb_drop_index(h.collection, Text("v"), &error), VECDB_NOT_FOUND, "'v'");
}

TEST_CASE("an index in C is refused by field, type and parameter") {
  Handles h;
  OpenAll(&h);
  const auto create = [&](std::string_view field, std::string_view type,
                          const std::vector<vecdb_parameter>& parameters, vecdb_error* error) {
    return vecdb_create_index(h.collection, Text(field), Text(type), parameters.data(),
                              parameters.size(), error);
  };
  constexpr vecdb_code kBad = VECDB_INVALID_ARGUMENT;
  C_REFUSED(create("nope", "HNSW", {}, &error), kBad, "nope");
  C_REFUSED(create("n", "HNSW", {}, &error), kBad, "'n'");
  C_REFUSED(create("v", "HNSWX", {}, &error), kBad, "HNSWX");
  C_REFUSED(create("v", "IVF_FLAT", {}, &error), VECDB_UNIMPLEMENTED, "HNSW");
  C_REFUSED(create("v", "HNSW", {Parameter("M", "1")}, &error), kBad, "M must be");
  C_REFUSED(create("v", "HNSW", {Parameter("nlist", "1")}, &error), kBad, "'nlist'");
  C_REFUSED(create("v", "HNSW", {Parameter("M", "8"), Parameter("M", "8")}, &error), kBad, "twice");
  C_REFUSED(create("v", "HNSW", {{{nullptr, 1}, Text("8")}}, &error), kBad, "name of a parameter");
  C_REFUSED(create("v", "HNSW", {{Text("M"), {nullptr, 1}}}, &error), kBad, "value of a parameter");
  CHECK(Listed(h) == 0);
}

TEST_CASE(
    "how hard a search looks is told through C, and a program that does not know of it is "
    "served as before") {
  Handles h;
  OpenAll(&h);
  FlushRows(h);
  C_OK(vecdb_create_index(h.collection, Text("v"), Text("HNSW"), nullptr, 0, &error));
  C_OK(vecdb_wait_for_indexes(h.collection, nullptr, &error));
  vecdb_search_request request = Searching();
  CHECK(request.recall == 0.95F);
  CHECK(request.ef == 0);
  CHECK(request.refine_k == 0);
  request.ef = 10;
  request.refine_k = 2;
  CHECK(Nearest(h, request) == 3);
  const auto refused = [&](float recall, std::uint32_t ef, float refine_k, std::string_view words) {
    request.recall = recall;
    request.ef = ef;
    request.refine_k = refine_k;
    Handles none;
    C_REFUSED(vecdb_search(h.collection, &request, &none.rows, &error), VECDB_INVALID_ARGUMENT,
              words);
  };
  refused(0, 0, 0, "recall must be");
  refused(NAN, 0, 0, "recall must be");
  refused(1, 9, 0, "ef must be 0 or between limit + offset, 10,");
  refused(1, 0, 0.5F, "refine_k must be");
  request.struct_size = offsetof(vecdb_search_request, recall);
  CHECK(Nearest(h, request) == 3);
}

TEST_CASE("an index that is built is an event, a job and a number through C") {
  std::vector<std::string> events;
  vecdb_options options = QuietC();
  CHECK(options.index_threads == 0);
  options.index_threads = 257;
  Handles h;
  C_REFUSED(vecdb_open_in_memory(&options, &h.db, &error), VECDB_INVALID_ARGUMENT, "index_threads");
  options.index_threads = 1;
  CHECK(options.graph_builder == VECDB_BUILDER_VECDB);
  options.graph_builder = 3;
  C_REFUSED(vecdb_open_in_memory(&options, &h.db, &error), VECDB_INVALID_ARGUMENT, "graph_builder");
  options.graph_builder = VECDB_BUILDER_HNSWLIB;
#ifdef VECDB_HAVE_HNSWLIB
  Handles other;
  C_OK(vecdb_open_in_memory(&options, &other.db, &error));
#else
  C_REFUSED(vecdb_open_in_memory(&options, &h.db, &error), VECDB_UNIMPLEMENTED,
            "VECDB_WITH_HNSWLIB");
#endif
  options.graph_builder = VECDB_BUILDER_VECDB;
  options.listener_user = &events;
  options.listener = [](void* user, const vecdb_event* event) {
    if (event->type != VECDB_EVENT_INDEXED) return;
    static_cast<std::vector<std::string>*>(user)->push_back(StringOf(event->collection) + " " +
                                                            std::to_string(event->rows) +
                                                            (event->bytes > 0 ? " in a file" : ""));
  };
  C_OK(vecdb_open_in_memory(&options, &h.db, &error));
  C_OK(vecdb_schema_new(&h.schema, &error));
  DescribeAll(h.schema);
  C_OK(vecdb_create_collection(h.db, Text("all"), h.schema, nullptr, &h.collection, &error));
  C_OK(vecdb_batch_new(h.collection, &h.batch, &error));
  FlushRows(h);
  C_OK(vecdb_create_index(h.collection, Text("v"), Text("HNSW"), nullptr, 0, &error));
  C_OK(vecdb_wait_for_indexes(h.collection, nullptr, &error));
  CHECK(events == std::vector<std::string>{"all 1200 in a file"});
  vecdb_db_stats stats;
  vecdb_db_stats_init(&stats, sizeof stats);
  C_OK(vecdb_database_stats(h.db, &stats, &error));
  CHECK(stats.index_builds == 1);
  std::array<std::uint64_t, 8> ids = {};
  std::size_t count = 0;
  C_OK(vecdb_job_ids(h.db, ids.data(), ids.size(), &count, &error));
  REQUIRE(count > 0);
  vecdb_job job;
  vecdb_job_init(&job, sizeof job);
  C_OK(vecdb_job_find(h.db, ids[count - 1], &job, &error));
  CHECK(job.kind == VECDB_JOB_INDEX);
  CHECK(job.state == VECDB_JOB_DONE);
}

TEST_CASE("searches are made again, and rows in no file are told, through C") {
  vecdb_options options = QuietC();
  CHECK(options.recall_probe_every == 0);
  options.recall_probe_every = 1;
  Handles h;
  C_OK(vecdb_open_in_memory(&options, &h.db, &error));
  C_OK(vecdb_schema_new(&h.schema, &error));
  DescribeAll(h.schema);
  C_OK(vecdb_create_collection(h.db, Text("all"), h.schema, nullptr, &h.collection, &error));
  C_OK(vecdb_create_index(h.collection, Text("v"), Text("FLAT"), nullptr, 0, &error));
  C_OK(vecdb_batch_new(h.collection, &h.batch, &error));
  FlushRows(h);
  CHECK(Nearest(h, Searching()) == 3);
  vecdb_db_stats stats;
  vecdb_db_stats_init(&stats, sizeof stats);
  while (stats.recall_probes == 0) {  // once housekeeping looks, which is each second
    C_OK(vecdb_run_background(h.db, 100, &error));
    C_OK(vecdb_database_stats(h.db, &stats, &error));
  }
  const auto check = [](void*, const vecdb_index_info* index) {
    CHECK(index->probed_searches == 1);
    CHECK(index->probed_recall == 1);
    CHECK(index->growing_rows == 0);
    CHECK(index->growing_indexed_rows == 0);
    CHECK(index->growing_graph_rows == 0);
    CHECK(index->growing_bytes == 0);
  };
  C_OK(vecdb_describe_index(h.collection, Text("v"), check, nullptr, &error));
}
