// Databases that answer the same queries in turn, by the clock on the wall: what is measured from
// outside is what a caller waits.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bench/support/curve.h"

namespace vecdb::bench {

// Of the first queries, in their order.
struct Answers {
  std::vector<double> seconds;
  std::vector<std::vector<std::uint32_t>> rows;
};

struct Contender {
  std::string name;
  std::size_t queries = 0;  // how many are asked: the slow ones get fewer
  std::function<Answers(std::size_t ef, std::size_t queries)> run;
  std::function<Answers(std::size_t queries)> small = {};  // of 20 rows: what a call costs; or none
  Curve wall = {};                                         // as measured
  Curve core = {};                                         // without what a call costs
};

class Rounds {
 public:
  // `kth`: Truth's. Contenders stop at the first number of candidates that reaches `enough`.
  Rounds(const Set& set, std::span<const double> kth, std::size_t repeats, double enough)
      : set_(set), kth_(kth), repeats_(repeats), enough_(enough) {}

  void Run(std::span<const std::size_t> efs, std::vector<Contender>* contenders) const {
    for (const std::size_t ef : efs) {
      std::vector<Contender*> left;
      for (Contender& contender : *contenders) {
        const Curve& curve = contender.wall;
        if (curve.empty() || curve.rbegin()->second.recall < enough_) left.push_back(&contender);
      }
      RunOne(ef, left);
    }
  }

 private:
  // What the rounds of one contender gave.
  struct Seen {
    std::vector<std::vector<double>> seconds;  // of each query
    std::vector<double> small;
    double recall = 0;
  };

  void RunOne(std::size_t ef, std::span<Contender* const> contenders) const {
    std::vector<Seen> seen(contenders.size());
    for (std::size_t round = 0; round < repeats_; ++round) {
      for (std::size_t c = 0; c < contenders.size(); ++c) RunOnce(ef, *contenders[c], &seen[c]);
    }
    for (std::size_t c = 0; c < contenders.size(); ++c) Conclude(ef, seen[c], contenders[c]);
  }

  void RunOnce(std::size_t ef, const Contender& contender, Seen* seen) const {
    constexpr std::size_t kSmall = 100;
    const std::size_t n = std::min(contender.queries, set_.queries.rows);
    if (contender.small) {
      const Answers small = contender.small(std::min(kSmall, n));
      seen->small.insert(seen->small.end(), small.seconds.begin(), small.seconds.end());
    }
    const Answers answers = contender.run(ef, n);
    seen->seconds.resize(answers.seconds.size());
    for (std::size_t q = 0; q < answers.seconds.size(); ++q) {
      seen->seconds[q].push_back(answers.seconds[q]);
    }
    seen->recall = Recall(answers);
  }

  double Recall(const Answers& answers) const {
    std::size_t good = 0;
    for (std::size_t q = 0; q < answers.rows.size(); ++q) {
      for (const std::uint32_t row : answers.rows[q]) {
        const double distance =
            SquaredDistance(set_.queries.row(q), set_.base.row(row), set_.base.dimension);
        good += distance <= kth_[q] ? 1 : 0;
      }
    }
    const double wanted = static_cast<double>(answers.rows.size() * kK);
    return wanted > 0 ? static_cast<double>(good) / wanted : 0;
  }

  // Each query counts with the median of its rounds, so that what disturbs one of them does not.
  static void Conclude(std::size_t ef, const Seen& seen, Contender* contender) {
    if (seen.seconds.empty()) return;  // it has ended
    std::vector<double> medians;
    std::vector<double> all;
    double sum = 0;
    for (const std::vector<double>& rounds : seen.seconds) {
      medians.push_back(Median(rounds));
      sum += medians.back();
      all.insert(all.end(), rounds.begin(), rounds.end());
    }
    const double mean = sum / static_cast<double>(medians.size());
    const double call = Median(seen.small);
    const Point point{seen.recall, 1 / mean, Percentile(all, 0.5), Percentile(all, 0.99)};
    contender->wall[ef] = point;
    const double left = std::max(mean - call, 1e-7);
    contender->core[ef] = {seen.recall, 1 / left, std::max(point.p50 - call, 0.0),
                           std::max(point.p99 - call, 0.0)};
  }

  const Set& set_;
  std::span<const double> kth_;
  std::size_t repeats_;
  double enough_;
};

}  // namespace vecdb::bench
