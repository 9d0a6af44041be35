// Recall and speed of several engines over the number of candidates, measured in turn.
#pragma once

#include <cmath>
#include <ctime>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/support/sets.h"

namespace vecdb::bench {

constexpr std::size_t kK = 10;

// Seconds of processor, of this thread or of the process.
inline double CpuSeconds(clockid_t clock = CLOCK_THREAD_CPUTIME_ID) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

struct Point {
  double recall = 0;
  double qps = 0;
  double p50 = 0;  // seconds, and below
  double p99 = 0;
};
using Curve = std::map<std::size_t, Point>;  // by the number of candidates

// The nearest kK rows of a query, with so many candidates.
using SearchFunction =
    std::function<void(const float* query, std::size_t ef, std::vector<std::uint32_t>* ids)>;

// What takes part in a comparison.
struct Side {
  std::string name;
  SearchFunction search;
  Curve curve = {};
};

// At this recall: between the two measured points around it, in the logarithm of the speed. The
// first point when it is beyond that already; nothing when the last one is not.
inline std::optional<double> QpsAt(const Curve& curve, double recall) {
  const Point* below = nullptr;
  for (const auto& [ef, point] : curve) {
    if (point.recall >= recall) {
      if (below == nullptr) return point.qps;
      const double part = (recall - below->recall) / (point.recall - below->recall);
      return std::exp(std::log(below->qps) + part * (std::log(point.qps) - std::log(below->qps)));
    }
    below = &point;
  }
  return std::nullopt;
}

// The first measured point at this recall or above.
inline Curve::const_iterator PointAt(const Curve& curve, double recall) {
  return std::find_if(curve.begin(), curve.end(),
                      [&](const auto& at) { return at.second.recall >= recall; });
}

class Sweep {
 public:
  // `kth`: Truth's. Sides stop at the first number of candidates that reaches `enough`.
  Sweep(const Set& set, std::span<const double> kth, std::size_t repeats, double enough)
      : set_(set), kth_(kth), repeats_(repeats), enough_(enough) {}

  void Run(std::span<const std::size_t> efs, std::vector<Side>* sides) const {
    for (const std::size_t ef : efs) {
      std::vector<Side*> left;
      for (Side& side : *sides) {
        if (side.curve.empty() || side.curve.rbegin()->second.recall < enough_) {
          left.push_back(&side);
        }
      }
      if (!left.empty()) RunOne(ef, left);
    }
  }

  double Recall(const Side& side, std::size_t ef) const {
    std::vector<std::uint32_t> ids;
    std::size_t good = 0;
    for (std::size_t q = 0; q < set_.queries.rows; ++q) {
      side.search(set_.queries.row(q), ef, &ids);
      for (const std::uint32_t id : ids) {
        const double distance =
            SquaredDistance(set_.queries.row(q), set_.base.row(id), set_.base.dimension);
        good += distance <= kth_[q] ? 1 : 0;
      }
    }
    return static_cast<double>(good) / static_cast<double>(set_.queries.rows * kK);
  }

 private:
  // By the clock of the thread; each query's seconds, which are appended, by the clock on the wall:
  // asking for the former between two queries would cost as much as a part of a search.
  double TimeAll(const Side& side, std::size_t ef, std::vector<double>* each) const {
    std::vector<std::uint32_t> ids;
    const double start = CpuSeconds();
    double before = Now();
    for (std::size_t q = 0; q < set_.queries.rows; ++q) {
      side.search(set_.queries.row(q), ef, &ids);
      const double now = Now();
      each->push_back(now - before);
      before = now;
    }
    return CpuSeconds() - start;
  }

  void RunOne(std::size_t ef, std::span<Side* const> sides) const {
    std::vector<std::vector<double>> totals(sides.size());
    std::vector<std::vector<double>> each(sides.size());
    for (Side* side : sides) side->curve[ef].recall = Recall(*side, ef);
    for (std::size_t round = 0; round < repeats_; ++round) {
      for (std::size_t s = 0; s < sides.size(); ++s) {
        totals[s].push_back(TimeAll(*sides[s], ef, &each[s]));
      }
    }
    for (std::size_t s = 0; s < sides.size(); ++s) {
      Point& point = sides[s]->curve[ef];
      point.qps = static_cast<double>(set_.queries.rows) / Median(totals[s]);
      point.p50 = Percentile(each[s], 0.50);
      point.p99 = Percentile(each[s], 0.99);
    }
  }

  const Set& set_;
  std::span<const double> kth_;
  std::size_t repeats_;
  double enough_;
};

// A line for each side: what it was at each number of candidates.
inline void PrintCurves(const std::string& what, std::span<const Side> sides) {
  for (const Side& side : sides) {
    std::printf("  %-22s %-16s", what.c_str(), side.name.c_str());
    for (const auto& [ef, point] : side.curve) {
      std::printf(" %zu:%.4f/%.0f", ef, point.recall, point.qps);
    }
    std::printf("  (ef:recall/qps)\n");
  }
}

inline void PrintSide(const Side& side, double recall) {
  const std::optional<double> qps = QpsAt(side.curve, recall);
  if (!qps) {
    std::printf(" | %s: not reached", side.name.c_str());
    return;
  }
  const auto at = PointAt(side.curve, recall);
  std::printf(" | %s %7.0f/s (ef %zu: p50 %.0f us, p99 %.0f us)", side.name.c_str(), *qps,
              at->first, at->second.p50 * 1e6, at->second.p99 * 1e6);
}

// A line for each recall: both sides, and the first one's speed in the second one's.
inline void PrintAt(const std::string& what, std::span<const Side> sides,
                    std::span<const double> recalls) {
  for (const double recall : recalls) {
    std::printf("%-22s recall %.2f", what.c_str(), recall);
    for (const Side& side : sides) PrintSide(side, recall);
    for (std::size_t s = 1; s < sides.size(); ++s) {
      const std::optional<double> mine = QpsAt(sides[0].curve, recall);
      const std::optional<double> theirs = QpsAt(sides[s].curve, recall);
      if (mine && theirs) std::printf(" | %.2f x %s", *mine / *theirs, sides[s].name.c_str());
    }
    std::printf("\n");
  }
  std::fflush(stdout);
}

}  // namespace vecdb::bench
