#include "index/hnswlib_builder.h"

#include <cstdio>
#include <set>
#include <stdexcept>

#include "base/status.h"
#include "index/code_table.h"
#include "index/guard.h"
#include "unit/index/graph_testing.h"

using namespace vecdb;
using namespace vecdb::index;

TEST_CASE("what an engine throws becomes a status", "[guard]") {
  const auto thrown = [](const auto& what) { return Guarded([&]() -> Status { throw what; }); };
  CHECK(Guarded([] { return Status(); }).ok());
  CHECK(thrown(std::bad_alloc()).code() == StatusCode::kResourceExhausted);
  CHECK(thrown(std::runtime_error("Not enough memory: addPoint failed")).code() ==
        StatusCode::kResourceExhausted);
  const Status other = thrown(std::runtime_error("Level error"));
  CHECK(other.code() == StatusCode::kInternal);
  CHECK(other.message().find("Level error") != std::string_view::npos);
  CHECK(thrown(7).code() == StatusCode::kInternal);
}

TEST_CASE("a builder that is not there is refused before anything is built", "[hnswlib]") {
  const Status status = CheckBuilder(GraphBuilder::kHnswlib);
  CHECK(status.ok() == kHasHnswlib);
  CHECK(CheckBuilder(GraphBuilder::kVecdb).ok());
  CHECK(CheckBuilder(static_cast<GraphBuilder>(9)).code() == StatusCode::kInvalidArgument);
  if (kHasHnswlib) return;
  CHECK(status.code() == StatusCode::kUnimplemented);
  CHECK(status.message().find("VECDB_WITH_HNSWLIB") != std::string_view::npos);
  const TestRows rows(DataType::kFloatVector, Metric::kL2, 8, Clouds(100, 8, 1));
  TestGraph graph;
  GraphParameters parameters;
  parameters.builder = GraphBuilder::kHnswlib;
  CHECK(graph.Build(rows, parameters).code() == StatusCode::kUnimplemented);
}

#ifdef VECDB_HAVE_HNSWLIB

namespace {

constexpr std::uint32_t kDimension = 16;

struct Codes {
  Codes(const TestRows& rows, index::Codec codec)
      : format{StoredCodec(rows.shape(), codec), rows.shape().metric, rows.shape().dimension},
        table(format, rows.shape().rows) {
    const auto quantizer = TrainOn(rows, rows.shape(), format);
    quantizer.status().OrDie();
    EncodeRows(rows, rows.shape(), *quantizer, {}, &table).status().OrDie();
  }
  Result<Graph> Link(const GraphParameters& parameters, const BuildContext& context = {},
                     const HeldBack& held_back = {}) const {
    const auto rows = static_cast<RowIndex>(table.bytes().size() / format.stride());
    return BuildLinksWithHnswlib(format, table.bytes(), rows, parameters, context, held_back);
  }

  CodeFormat format;
  CodeTable table;
};

GraphParameters Parameters(std::uint32_t m) {
  GraphParameters parameters;
  parameters.m = m;
  parameters.ef_construction = 50;
  parameters.builder = GraphBuilder::kHnswlib;
  return parameters;
}

// Follows the links of every row. Each leads to another row; only a row that no walk would have
// reached may take over a link that it has already.
std::size_t Reached(const Graph& graph) {
  const Links links = graph.view();
  std::set<std::uint32_t> reached(links.entries.begin(), links.entries.end());
  std::vector<std::uint32_t> left(reached.begin(), reached.end());
  while (!left.empty()) {
    const std::uint32_t row = left.back();
    left.pop_back();
    std::set<std::uint32_t> seen;
    for (std::size_t i = 0; i < links.degree && links.Of(row)[i] != kNoRow; ++i) {
      const std::uint32_t to = links.Of(row)[i];
      CHECK(to != row);
      CHECK((seen.insert(to).second || graph.repaired > 0));
      if (reached.insert(to).second) left.push_back(to);
    }
  }
  return reached.size();
}

}  // namespace

TEST_CASE("every row of hnswlib's graphs can be reached, however many are alike", "[hnswlib]") {
  std::vector<float> far_apart = Clouds(1000, kDimension, 2);  // ten islands
  for (std::size_t i = 0; i < 1000; ++i) {
    far_apart[i * kDimension] += 1000.0F * static_cast<float>(i % 10);
  }
  const std::vector<std::vector<float>> sets = {Clouds(3000, kDimension, 1), far_apart,
                                                std::vector<float>(2000 * kDimension, 0.5F),
                                                Clouds(1, kDimension, 1)};
  BuildContext threads;
  threads.run = OnThreads(3);
  for (const std::vector<float>& numbers : sets) {
    for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
      for (const std::uint32_t m : {2U, 6U}) {
        const TestRows rows(DataType::kFloatVector, metric, kDimension, numbers);
        const auto graph = Codes(rows, index::Codec::kSq8).Link(Parameters(m), threads);
        graph.status().OrDie();
        CHECK(graph->degree == 2 * m);
        CHECK(Reached(*graph) == rows.shape().rows);
      }
    }
  }
}

TEST_CASE("hnswlib's graphs are searched from files as all are", "[hnswlib]") {
  for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
    for (const index::Codec codec :
         {index::Codec::kFloat32, index::Codec::kFloat16, index::Codec::kBFloat16,
          index::Codec::kSq8, index::Codec::kSq4U}) {
      INFO(ToString(codec) << " by " << ToString(metric));
      const TestRows rows(DataType::kFloatVector, metric, kDimension, Clouds(3000, kDimension, 1));
      GraphParameters parameters = Parameters(12);
      parameters.codec = codec;
      double progress = 0;
      BuildContext context;
      context.progress = [&](double share) {
        CHECK(share >= progress);
        progress = share;
      };
      TestGraph graph;
      graph.Build(rows, parameters, context).OrDie();
      CHECK(progress == 1);
      const auto index = graph.Open(rows.shape());
      index->Verify().OrDie();
      CHECK(index->Describe().recall_at_10 >= 0.9F);  // measured with rows held back
      double sum = 0;
      for (std::size_t i = 0; i < 100; ++i) {
        const TestQuery query(DataType::kFloatVector, rows.row(i * 30), kDimension);
        const auto truth = TrueDistances(rows, query, 10, [](std::size_t) { return true; });
        sum += RecallOf(SearchIn(*index, rows, query, 10, {.ef = 100}), rows, query, truth);
      }
      CHECK(sum / 100 >= 0.97);
    }
  }
}

TEST_CASE("rows held back from hnswlib are in no link, and in the graph afterwards", "[hnswlib]") {
  const TestRows rows(DataType::kFloatVector, Metric::kL2, kDimension, Clouds(2000, kDimension, 1));
  const Codes codes(rows, index::Codec::kFloat32);
  std::set<std::uint32_t> asked;
  HeldBack held_back;
  held_back.rows = 50;
  held_back.use = [&](const Links& links, std::span<const std::uint32_t> held) {
    asked.insert(held.begin(), held.end());
    for (const std::uint32_t entry : links.entries) CHECK(asked.count(entry) == 0);
    for (std::uint32_t row = 0; row < links.rows; ++row) {
      const std::uint32_t* const list = links.Of(row);
      std::size_t n = 0;
      for (; n < links.degree && list[n] != kNoRow; ++n) CHECK(asked.count(list[n]) == 0);
      CHECK((n == 0) == (asked.count(row) == 1));
    }
    return Status();
  };
  const auto graph = codes.Link(Parameters(8), {}, held_back);
  graph.status().OrDie();
  CHECK(asked.size() == 50);
  for (const std::uint32_t row : asked) CHECK(graph->view().Of(row)[0] != kNoRow);
  held_back.use = [](const Links&, std::span<const std::uint32_t>) {
    return base::Corruption("as it were");
  };
  CHECK(codes.Link(Parameters(8), {}, held_back).status().code() == StatusCode::kCorruption);
}

TEST_CASE("hnswlib stops when it is told to, and asks for its memory first", "[hnswlib]") {
  const TestRows rows(DataType::kFloatVector, Metric::kL2, kDimension, Clouds(6000, kDimension, 1));
  std::stop_source stop;
  BuildContext context;
  context.run = OnThreads(2);
  context.deadline =
      base::Deadline(base::SystemClock(), std::chrono::milliseconds(0), stop.get_token());
  context.progress = [&](double) { stop.request_stop(); };
  CHECK(TestGraph().Build(rows, Parameters(8), context).code() == StatusCode::kCancelled);
  const std::uint64_t memory = BuildMemory(rows.shape(), Parameters(8));
  CHECK(memory > BuildMemory(rows.shape(), GraphParameters{.m = 8}));
  context = {};
  context.memory_bytes = memory - 1;
  CHECK(TestGraph().Build(rows, Parameters(8), context).code() == StatusCode::kResourceExhausted);
}

#endif
