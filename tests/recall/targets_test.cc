// The recall that is asked for comes: of every index, type and metric, on every kind of vectors,
// for queries that no row is.
#include <algorithm>
#include <cstdio>

#include "recall/measured.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

const std::vector<double> kTargets = {0.90, 0.95, 0.99};
constexpr double kRoom = 0.01;

const std::vector<IndexSpec>& AllSpecs() {
  static const std::vector<IndexSpec> specs = {AutoIndex{},
                                               FlatIndex{},
                                               FlatIndex{Codec::kSq8},
                                               FlatIndex{Codec::kSq4U},
                                               FlatIndex{Codec::kFp16},
                                               FlatIndex{Codec::kBf16},
                                               HnswIndex{},
                                               HnswSqIndex{},
                                               HnswSqIndex{.codec = Codec::kSq4U},
                                               HnswSqIndex{.codec = Codec::kFp16},
                                               HnswSqIndex{.codec = Codec::kBf16}};
  return specs;
}

// The least recall that will do: every row is looked at where there is no graph.
double Floor(const IndexSpec& spec, double target, const MeanRecall& recall) {
  const auto* flat = std::get_if<FlatIndex>(&spec);
  if (flat != nullptr && flat->codec == Codec::kSq4U) return 0.9;
  if (flat != nullptr) return flat->codec ? 0.99 : 1;
  return target - kRoom - recall.Chance();
}

struct Figures {
  std::size_t cells = 0;
  std::size_t below = 0;
  double worst = 1;  // recall above what was asked for
  double sum = 0;    // of the same

  void Take(double recall, double target, double floor) {
    ++cells;
    below += recall < floor ? 1 : 0;
    worst = std::min(worst, recall - target);
    sum += recall - target;
  }
  // Chance has no say in the mean of all.
  void Print(const char* name) const {
    const double mean = cells == 0 ? 0 : sum / static_cast<double>(cells);
    CHECK(mean >= 0);
    std::printf("FIG recall.%s_cells=%zu %s_below=%zu %s_worst=%.4f %s_above=%.4f\n", name, cells,
                name, below, name, worst, name, mean);
  }
};

void MeasureAll(Measured* measured, const std::string& what, const std::vector<IndexSpec>& specs,
                Figures* figures) {
  for (const IndexSpec& spec : specs) {
    measured->Declare(spec);
    for (const double target : kTargets) {
      for (const std::size_t k : {1U, 10U, 100U}) {
        const SearchEffort effort{.recall = static_cast<float>(target)};
        const MeanRecall recall = measured->Recall({.k = k, .effort = effort});
        const double floor = Floor(spec, target, recall);
        figures->Take(recall.mean, target, floor);
        INFO(what << ", " << ToString(spec) << ", " << k << " nearest at recall " << target);
        CHECK(recall.mean >= floor);
      }
    }
  }
}

std::string Named(const Set& set, DataType type, Metric metric) {
  return set.name + " as " + std::string(ToString(type)) + " by " + std::string(ToString(metric));
}

}  // namespace

TEST_CASE("every index of every type and metric has the recall that is asked for",
          "[recall][types]") {
  Figures figures;
  std::size_t next = 0;  // each kind of vectors has its turn
  for (const DataType type : {DataType::kFloatVector, DataType::kFloat16Vector,
                              DataType::kBFloat16Vector, DataType::kInt8Vector}) {
    for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
      const Set& set = MadeSets()[next++ % MadeSets().size()];
      Measured measured(set, type, metric);
      MeasureAll(&measured, Named(set, type, metric), AllSpecs(), &figures);
    }
  }
  figures.Print("types");
}

TEST_CASE("the recall that is asked for comes whatever the vectors are like", "[recall][sets]") {
  Figures figures;
  for (const Set& set : MadeSets()) {
    for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
      Measured measured(set, DataType::kFloatVector, metric);
      MeasureAll(&measured, Named(set, DataType::kFloatVector, metric),
                 {AutoIndex{}, HnswIndex{}, HnswSqIndex{}, HnswSqIndex{.codec = Codec::kSq4U}},
                 &figures);
    }
  }
  figures.Print("sets");
}

TEST_CASE("several segments together have the recall that is asked for", "[recall][segments]") {
  Figures figures;
  for (const Set& set : MadeSets()) {
    Measured measured(set, DataType::kFloatVector, Metric::kL2, 5);
    MeasureAll(&measured, Named(set, DataType::kFloatVector, Metric::kL2), {HnswSqIndex{}},
               &figures);
  }
  figures.Print("segments");
}

TEST_CASE("real vectors have the recall that is asked for", "[recall][real]") {
  Figures figures;
  for (const auto& [name, rows] : {std::pair("mnist-784", 5000), std::pair("dsift-128", 12'000)}) {
    const auto set = RealSet(name, static_cast<std::size_t>(rows), kQueries);
    if (!set) continue;
    Measured measured(*set, DataType::kFloatVector, Metric::kL2);
    MeasureAll(&measured, Named(*set, DataType::kFloatVector, Metric::kL2),
               {AutoIndex{}, FlatIndex{Codec::kSq8}, FlatIndex{Codec::kSq4U}, HnswIndex{},
                HnswSqIndex{}, HnswSqIndex{.codec = Codec::kSq4U}},
               &figures);
  }
  if (figures.cells > 0) figures.Print("real");
}
