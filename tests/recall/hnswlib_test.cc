// vecdb's graphs beside those that hnswlib builds of the same codes, with the same parameters: both
// are walked from the same entries, with the same number of candidates.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "index/code_table.h"
#include "index/hnswlib_builder.h"
#include "index/walk.h"
#include "recall/sets.h"
#include "unit/index/graph_testing.h"

using namespace vecdb;
using namespace vecdb::test;

#ifdef VECDB_HAVE_HNSWLIB

namespace {

constexpr std::size_t kNearest = 10;
constexpr double kRoom = 0.01;
constexpr double kMostComputed = 1.2;  // times the distances that hnswlib's take

struct Walked {
  std::vector<double> recalls;  // of the nearest by code, a query
  double computed = 0;          // distances, a query
};

double Mean(const std::vector<double>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), 0.0) / static_cast<double>(numbers.size());
}

// By how much the recall of one is above that of the other, and what of it may be chance: two
// standard deviations.
struct Difference {
  Difference(const Walked& a, const Walked& b) {
    std::vector<double> differences(a.recalls.size());
    for (std::size_t i = 0; i < differences.size(); ++i) {
      differences[i] = a.recalls[i] - b.recalls[i];
    }
    mean = Mean(differences);
    for (double& d : differences) d = (d - mean) * (d - mean);
    chance = 2 * std::sqrt(Mean(differences) / static_cast<double>(differences.size()));
  }

  double mean = 0;
  double chance = 0;
};

// Rows as codes, with the queries behind them, so that these are codes as well.
class Compared {
 public:
  Compared(const Set& set, Metric metric, index::Codec codec)
      : rows_(static_cast<RowIndex>(set.rows.size() / set.dimension)),
        format_{index::StoredCodec({DataType::kFloatVector, metric, set.dimension, 1}, codec),
                metric, set.dimension},
        codes_(format_, static_cast<RowIndex>(rows_ + set.queries.size() / set.dimension)) {
    std::vector<float> all = set.rows;
    all.insert(all.end(), set.queries.begin(), set.queries.end());
    const index::TestRows vectors(DataType::kFloatVector, metric, set.dimension, std::move(all));
    const auto quantizer = index::TrainOn(vectors, vectors.shape(), format_);
    quantizer.status().OrDie();
    index::EncodeRows(vectors, vectors.shape(), *quantizer, {}, &codes_).status().OrDie();
  }

  template <class Build>
  index::Graph Link(const Build& build) const {
    index::BuildContext context;
    context.run = index::OnThreads(1);  // links of hnswlib depend on who is faster
    auto graph = build(format_, codes_.bytes().first(rows_ * format_.stride()), rows_,
                       index::GraphParameters{}, context, index::HeldBack{});
    graph.status().OrDie();
    return std::move(*graph);
  }

  Walked Walk(const index::Graph& graph, std::size_t ef) {
    return index::WithSpace(format_, codes_.bytes().data(), [&](const auto& space) {
      Walked walked;
      const std::uint32_t end = Rows();
      for (std::uint32_t query = rows_; query < end; ++query) {
        const auto* const numbers = space.AsQuery(query, &scratch_.query);
        index::Walk(space, numbers, graph.view(), ef, {}, index::Unchecked(), &scratch_).OrDie();
        const index::Key farthest = TruthOf(space, query);
        double good = 0;
        for (std::size_t i = 0; i < kNearest; ++i) {
          good += scratch_.beam.key(i) <= farthest ? 1 : 0;
        }
        walked.recalls.push_back(good / kNearest);
        walked.computed += static_cast<double>(scratch_.computed);
      }
      walked.computed /= end - rows_;
      return walked;
    });
  }

 private:
  std::uint32_t Rows() const {  // with the queries
    return static_cast<std::uint32_t>(codes_.bytes().size() / format_.stride());
  }
  // The key of the last of the nearest.
  template <class Space>
  index::Key TruthOf(const Space& space, std::uint32_t query) {
    truths_.resize(Rows() - rows_, 0);
    index::Key& truth = truths_[query - rows_];
    if (truth != 0) return truth;
    std::vector<index::Key> keys(rows_);
    index::EncodedQuery room;
    const auto* const numbers = space.AsQuery(query, &room);
    for (std::uint32_t row = 0; row < rows_; ++row) keys[row] = space.PairKey(numbers, row);
    std::nth_element(keys.begin(), keys.begin() + kNearest - 1, keys.end());
    return truth = keys[kNearest - 1];
  }

  const RowIndex rows_;
  const index::CodeFormat format_;
  index::CodeTable codes_;
  index::Scratch scratch_;
  std::vector<index::Key> truths_;
};

}  // namespace

TEST_CASE("vecdb's graphs are as good as hnswlib's", "[recall][oracle]") {
  std::vector<Set> sets = MadeSets();
  for (const char* name : {"mnist-784", "dsift-128"}) {
    if (auto set = RealSet(name, 5000, 200)) sets.push_back(std::move(*set));
  }
  std::size_t below = 0;
  std::vector<double> differences;
  for (const Set& set : sets) {
    for (const auto& [metric, codec] : {std::pair(Metric::kL2, index::Codec::kSq8),
                                        std::pair(Metric::kCosine, index::Codec::kFloat32)}) {
      Compared compared(set, metric, codec);
      const index::Graph ours = compared.Link(index::BuildLinks);
      const index::Graph theirs = compared.Link(index::BuildLinksWithHnswlib);
      CHECK(ours.entries == theirs.entries);
      for (const std::size_t ef : {10U, 20U, 40U, 80U}) {
        const Walked a = compared.Walk(ours, ef);
        const Walked b = compared.Walk(theirs, ef);
        const Difference above(a, b);
        std::printf("%-15s %-6s ef %2zu: recall %.4f, hnswlib's %.4f; distances %.0f, %.0f\n",
                    set.name.c_str(), std::string(ToString(metric)).c_str(), ef, Mean(a.recalls),
                    Mean(b.recalls), a.computed, b.computed);
        INFO(set.name << " by " << ToString(metric) << ", ef " << ef << ": " << above.mean
                      << " above hnswlib's, by chance " << above.chance);
        CHECK(above.mean + above.chance >= -kRoom);
        CHECK(a.computed <= kMostComputed * b.computed);
        below += above.mean + above.chance >= -kRoom ? 0 : 1;
        differences.push_back(above.mean);
      }
    }
  }
  CHECK(Mean(differences) >= -kRoom);  // chance has no say in the mean of all
  std::printf("FIG oracle.cells=%zu below=%zu worst=%.4f above=%.4f\n", differences.size(), below,
              *std::min_element(differences.begin(), differences.end()), Mean(differences));
}

#else

TEST_CASE("vecdb's graphs are as good as hnswlib's", "[recall][oracle]") {
  std::printf(
      "!! SKIPPED: hnswlib was not found (Debian: libhnswlib-dev), or this is a build with "
      "sanitizers or a small one: nobody has compared vecdb's graphs with hnswlib's\n");
}

#endif
