#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "vecdb/index_spec.h"

#include "api/c_call.h"
#include "api/c_objects.h"
#include "api/c_requests.h"
#include "api/c_struct.h"

namespace vecdb::api {
namespace {

Result<IndexSpec> SpecOf(const vecdb_text& type, const vecdb_parameter* parameters,
                         std::size_t count) {
  VECDB_TRY_ASSIGN(const std::string_view called, Lent(type, "type"));
  VECDB_TRY_ASSIGN(const auto given, Lent(parameters, count, "parameters"));
  std::vector<std::pair<std::string_view, std::string_view>> words;
  for (const vecdb_parameter& parameter : given) {
    VECDB_TRY_ASSIGN(const std::string_view name, Lent(parameter.name, "the name of a parameter"));
    VECDB_TRY_ASSIGN(const std::string_view value,
                     Lent(parameter.value, "the value of a parameter"));
    words.emplace_back(name, value);
  }
  return ParseIndexSpec(called, words);
}

// The parameters of a spec, in words.
class LentParameters {
 public:
  explicit LentParameters(const IndexSpec& spec) { std::visit(*this, spec); }
  LentParameters(const LentParameters&) = delete;  // the numbers are lent
  LentParameters& operator=(const LentParameters&) = delete;

  const std::vector<vecdb_parameter>& list() const { return list_; }

  void operator()(const AutoIndex&) {}
  void operator()(const FlatIndex& flat) {
    if (flat.codec) AddCodec(*flat.codec);
  }
  void operator()(const HnswIndex& graph) { AddGraph(graph.m, graph.ef_construction); }
  void operator()(const HnswSqIndex& graph) {
    AddGraph(graph.m, graph.ef_construction);
    AddCodec(graph.codec);
  }

 private:
  void AddCodec(Codec codec) { list_.push_back({Lend("sq_type"), Lend(ToString(codec))}); }
  void AddGraph(std::uint32_t m, std::uint32_t ef_construction) {
    numbers_ = {std::to_string(m), std::to_string(ef_construction)};
    list_.push_back({Lend("M"), Lend(numbers_[0])});
    list_.push_back({Lend("efConstruction"), Lend(numbers_[1])});
  }

  std::array<std::string, 2> numbers_;
  std::vector<vecdb_parameter> list_;
};

vecdb_indexed_segment LendSegment(const IndexedSegment& from) {
  vecdb_indexed_segment lent = {};
  lent.struct_size = sizeof(lent);
  lent.segment = from.segment;
  lent.rows = from.rows;
  lent.indexed = from.indexed ? 1 : 0;
  lent.what = Lend(from.what);
  lent.why = Lend(from.why);
  lent.bytes = from.bytes;
  lent.build_ms = from.build_ms;
  lent.recall_at_10 = from.recall_at_10;
  lent.ef_at_10 = from.ef_at_10;
  return lent;
}

vecdb_index_info LendIndex(const IndexInfo& from) {
  vecdb_index_info lent = {};
  lent.struct_size = sizeof(lent);
  lent.field = Lend(from.field);
  lent.type = Lend(TypeName(from.spec));
  lent.metric = static_cast<vecdb_metric>(from.metric);
  lent.state = static_cast<std::int32_t>(from.state);
  lent.total_rows = from.total_rows;
  lent.indexed_rows = from.indexed_rows;
  lent.pending_rows = from.pending_rows;
  lent.bytes = from.bytes;
  lent.build_ms = from.build_ms;
  lent.code = static_cast<vecdb_code>(from.failure.code());
  lent.message = Lend(from.failure.message());
  lent.growing_rows = from.growing_rows;
  lent.growing_indexed_rows = from.growing_indexed_rows;
  lent.growing_graph_rows = from.growing_graph_rows;
  lent.growing_bytes = from.growing_bytes;
  lent.probed_searches = from.probed_searches;
  lent.probed_recall = from.probed_recall;
  return lent;
}

using Visit = void (*)(void* user, const vecdb_index_info* index);

void Show(const IndexInfo& from, Visit visit, void* user) {
  const LentParameters parameters(from.spec);
  std::vector<vecdb_indexed_segment> segments;
  for (const IndexedSegment& segment : from.segments) segments.push_back(LendSegment(segment));
  std::vector<const vecdb_indexed_segment*> places;
  places.reserve(segments.size());
  for (const vecdb_indexed_segment& segment : segments) places.push_back(&segment);
  vecdb_index_info lent = LendIndex(from);
  lent.parameters = parameters.list().data();
  lent.parameter_count = parameters.list().size();
  lent.segments = places.data();
  lent.segment_count = places.size();
  visit(user, &lent);
}

}  // namespace
}  // namespace vecdb::api

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

vecdb_code vecdb_create_index(vecdb_collection* collection, vecdb_text field, vecdb_text type,
                              const vecdb_parameter* parameters, size_t parameter_count,
                              vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    VECDB_TRY_ASSIGN(const std::string_view of, Lent(field, "field"));
    VECDB_TRY_ASSIGN(const IndexSpec spec, SpecOf(type, parameters, parameter_count));
    return o.collection->CreateIndex(of, spec);
  });
}

vecdb_code vecdb_replace_index(vecdb_collection* collection, vecdb_text field, vecdb_text type,
                               const vecdb_parameter* parameters, size_t parameter_count,
                               vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    VECDB_TRY_ASSIGN(const std::string_view of, Lent(field, "field"));
    VECDB_TRY_ASSIGN(const IndexSpec spec, SpecOf(type, parameters, parameter_count));
    return o.collection->ReplaceIndex(of, spec);
  });
}

vecdb_code vecdb_drop_index(vecdb_collection* collection, vecdb_text field, vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    VECDB_TRY_ASSIGN(const std::string_view of, Lent(field, "field"));
    return o.collection->DropIndex(of);
  });
}

vecdb_code vecdb_wait_for_indexes(vecdb_collection* collection, const vecdb_call_limits* limits,
                                  vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    VECDB_TRY_ASSIGN(const CallLimits within, LimitsOf(limits));
    return o.collection->WaitForIndexes(within);
  });
}

vecdb_code vecdb_describe_index(const vecdb_collection* collection, vecdb_text field,
                                void (*visit)(void* user, const vecdb_index_info* index),
                                void* user, vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    if (visit == nullptr) return IsNull("visit");
    VECDB_TRY_ASSIGN(const std::string_view of, Lent(field, "field"));
    VECDB_TRY_ASSIGN(const IndexInfo index, o.collection->DescribeIndex(of));
    Show(index, visit, user);
    return Status();
  });
}

vecdb_code vecdb_list_indexes(const vecdb_collection* collection,
                              void (*visit)(void* user, const vecdb_index_info* index), void* user,
                              vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    if (visit == nullptr) return IsNull("visit");
    VECDB_TRY_ASSIGN(const std::vector<IndexInfo> indexes, o.collection->ListIndexes());
    for (const IndexInfo& index : indexes) Show(index, visit, user);
    return Status();
  });
}
