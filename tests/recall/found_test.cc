// Every row can be found: by itself, through every link, after compaction and after reopening.
#include <algorithm>
#include <cstdio>

#include "index/graph_file.h"
#include "recall/measured.h"
#include "support/vector_oracle.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

// Ten times the candidates that a search for the nearest row has by default.
constexpr SearchEffort kCareful{.ef = 400, .refine_k = 40};

std::size_t Unreached(const index::GraphFile& graph) {
  const RowIndex rows = graph.header.rows;
  const std::uint32_t degree = graph.header.degree();
  std::vector<bool> reached(rows);
  std::vector<std::uint32_t> left;
  const auto reach = [&](std::uint32_t row) {
    if (row >= rows || reached[row]) return;  // no row: the end of the links
    reached[row] = true;
    left.push_back(row);
  };
  for (const std::uint32_t entry : graph.entries) reach(entry);
  while (!left.empty()) {
    const std::uint32_t row = left.back();
    left.pop_back();
    for (std::uint32_t i = 0; i < degree; ++i) {
      reach(graph.links()[std::size_t{row} * degree + i]);
    }
  }
  return static_cast<std::size_t>(std::count(reached.begin(), reached.end(), false));
}

}  // namespace

TEST_CASE("every row finds itself, compacted and reopened as well", "[recall][self]") {
  std::size_t searched = 0;
  std::size_t misses = 0;
  std::size_t lost = 0;
  for (const Set& set : MadeSets()) {
    for (const Metric metric : {Metric::kL2, Metric::kCosine}) {
      for (const IndexSpec& spec : {IndexSpec(HnswIndex{}), IndexSpec(HnswSqIndex{})}) {
        Measured measured(set, DataType::kFloatVector, metric, 3);
        const auto check = [&](const char* when) {
          INFO(set.name << " by " << ToString(metric) << ", " << ToString(spec) << ", " << when);
          const std::vector<std::size_t> rows = measured.RowsThere();
          const std::vector<std::size_t> missed = measured.SelfMisses(kCareful, rows);
          CHECK(missed.size() * 250 <= rows.size());  // a walk may pass by what lies far out
          const std::size_t never = measured.SelfMisses(kExhaustive, missed).size();
          CHECK(never == 0);
          searched += rows.size();
          misses += missed.size();
          lost += never;
        };
        measured.Declare(spec);
        check("built");
        // A search for 95 % of the nearest finds nearly all.
        CHECK(measured.SelfMisses({}, measured.RowsThere()).size() * 50 <= kRows);
        measured.DeleteSome();
        measured.collection().Compact().OrDie();
        measured.collection().WaitForIndexes().OrDie();
        CHECK(measured.collection().Stats()->sealed_segments == 1);
        check("compacted");
        measured.Reopen();
        check("reopened");
      }
    }
  }
  std::printf("FIG recall.self_searches=%zu self_misses=%zu self_lost=%zu\n", searched, misses,
              lost);
}

TEST_CASE("every row of a graph can be reached through its links", "[recall][reached]") {
  std::size_t rows = 0;
  std::size_t unreached = 0;
  for (const Set& set : MadeSets()) {
    for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
      for (const index::Codec codec : {index::Codec::kFloat32, index::Codec::kSq8}) {
        INFO(set.name << " by " << ToString(metric) << " as " << ToString(codec));
        const index::TestRows vectors(DataType::kFloatVector, metric, set.dimension, set.rows);
        index::TestGraph graph;
        index::BuildContext context;
        context.run = index::OnThreads(2);
        index::GraphParameters parameters;
        parameters.codec = codec;
        parameters.calibration_queries = 0;
        graph.Build(vectors, parameters, context).OrDie();
        auto file = io::BlockFile::Open(*graph.fs, "graph", {}, graph.info, LoadMode::kMapped);
        file.status().OrDie();
        const auto opened = index::GraphFile::Open(*file, vectors.shape());
        opened.status().OrDie();
        opened->VerifyAll().OrDie();
        const std::size_t lost = Unreached(*opened);
        CHECK(lost == 0);
        unreached += lost;
        rows += opened->header.rows;
      }
    }
  }
  std::printf("FIG recall.rows_reached=%zu rows_unreached=%zu\n", rows - unreached, unreached);
}
