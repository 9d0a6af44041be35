#include "query/portion.h"

#include <algorithm>
#include <cmath>

namespace vecdb::query {
namespace {

constexpr double kDeviations = 2.5;

// A walk that keeps few candidates misses more of them, so its part is larger than that of the
// rows: as measured, it is the root of it.
std::uint32_t EfOf(std::uint32_t ef, double part) {
  return static_cast<std::uint32_t>(std::ceil(ef * std::sqrt(part)));
}

}  // namespace

Portion Whole(const SearchPlan& plan) {
  const std::size_t all = plan.limit + plan.offset;
  return {0, all, all, plan.effort.ef};
}

// The mean and some deviations of a binomial distribution.
std::size_t ShareOf(std::size_t n, double part) {
  const double mean = static_cast<double>(n) * part;
  const double most = mean + kDeviations * std::sqrt(mean * std::max(0.0, 1 - part));
  return std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(most)), 1, n);
}

Portion PortionOf(const SearchPlan& plan, double part) {
  Portion portion = Whole(plan);
  portion.part = part;
  portion.expected =
      static_cast<std::size_t>(std::ceil(static_cast<double>(portion.wanted) * part));
  portion.wanted = ShareOf(portion.wanted, part);
  portion.ef = EfOf(portion.ef, part);
  return portion;
}

std::vector<Portion> PortionsOf(const segment::View& view, const SearchPlan& plan) {
  const auto segments = view.segments();
  std::vector<Portion> portions(segments.size(), Whole(plan));
  if (plan.range) return portions;
  double rows = 0;
  for (const auto& segment : segments) rows += static_cast<double>(segment->rows());
  for (std::size_t i = 0; i < segments.size(); ++i) {
    portions[i] = PortionOf(plan, static_cast<double>(segments[i]->rows()) / std::max(rows, 1.0));
  }
  return portions;
}

}  // namespace vecdb::query
