// The recall that is asked for comes under filters, of rows at random and of those farthest away.
#include <algorithm>
#include <cstdio>

#include "recall/measured.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

struct Filter {
  std::string field;
  std::int64_t per_mille;
};

Asked AskedUnder(const Filter& filter, const Measured& measured, float recall) {
  Asked asked;
  asked.effort.recall = recall;
  asked.filter = filter.field + " < " + std::to_string(filter.per_mille);
  const std::vector<std::int64_t>& values =
      filter.field == "tag" ? measured.tags() : measured.far();
  asked.kept = [&values, below = filter.per_mille](std::size_t row) { return values[row] < below; };
  if (filter.field == "far") asked.queries = measured.QueriesNearTheFirst(40);
  return asked;
}

// Rows that are far away are nearly equally far, which codes see less well; and a walk has been
// measured without a filter.
double RoomOf(const Filter& filter) {
  return filter.field == "far" ? 0.03 : 0.01;
}

}  // namespace

TEST_CASE("the recall that is asked for comes under filters, near and far", "[recall][filter]") {
  const std::vector<Filter> filters = {{"tag", 10}, {"tag", 100}, {"tag", 500}, {"tag", 990},
                                       {"far", 10}, {"far", 100}, {"far", 500}};
  std::size_t cells = 0;
  std::size_t below = 0;
  double above = 0;
  for (const Set& set : MadeSets()) {
    for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
      Measured measured(set, DataType::kFloatVector, metric);
      for (const IndexSpec& spec : {IndexSpec(HnswIndex{}), IndexSpec(HnswSqIndex{})}) {
        measured.Declare(spec);
        for (const Filter& filter : filters) {
          for (const double target : {0.90, 0.95, 0.99}) {
            const Asked asked = AskedUnder(filter, measured, static_cast<float>(target));
            const MeanRecall recall = measured.Recall(asked);
            const double floor = target - RoomOf(filter) - recall.Chance();
            INFO(set.name << " by " << ToString(metric) << ", " << ToString(spec) << ", "
                          << asked.filter << " at recall " << target);
            CHECK(recall.mean >= floor);
            ++cells;
            above += recall.mean - target;
            below += recall.mean < floor ? 1 : 0;
          }
        }
      }
    }
  }
  CHECK(above >= 0);  // chance has no say in the mean of all
  std::printf("FIG recall.filter_cells=%zu filter_below=%zu filter_above=%.4f\n", cells, below,
              above / static_cast<double>(cells));
}
