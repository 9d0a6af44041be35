// What a search should find, in double precision, for every type of vector and metric.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "vecdb/request.h"
#include "vecdb/result.h"
#include "vecdb/schema.h"

#include "base/format.h"

namespace vecdb::test {

// The sums that every metric is made of.
struct Terms {
  double l2 = 0, ip = 0, absolute = 0, norm_a = 0, norm_b = 0;

  void Add(double x, double y) {
    l2 += (x - y) * (x - y);
    ip += x * y;
    absolute += std::fabs(x * y);
    norm_a += x * x;
    norm_b += y * y;
  }
};

template <typename T>
Terms TermsOf(const std::vector<T>& a, const std::vector<T>& b) {
  Terms terms;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if constexpr (std::is_same_v<T, std::uint8_t>) {  // bits
      for (int bit = 0; bit < 8; ++bit) terms.Add(a[i] >> bit & 1, b[i] >> bit & 1);
    } else {
      terms.Add(static_cast<double>(a[i]), static_cast<double>(b[i]));
    }
  }
  return terms;
}

inline Terms TermsOf(const SparseVector& a, const SparseVector& b) {
  Terms terms;
  std::map<std::uint32_t, double> rest;
  for (std::size_t i = 0; i < b.indices.size(); ++i) rest[b.indices[i]] = b.values[i];
  for (std::size_t i = 0; i < a.indices.size(); ++i) {
    const auto found = rest.find(a.indices[i]);
    terms.Add(a.values[i], found == rest.end() ? 0 : found->second);
    if (found != rest.end()) rest.erase(found);
  }
  for (const auto& [index, y] : rest) terms.Add(0, y);
  return terms;
}

// Both are vectors of one field.
inline Terms TermsOf(const Value& a, const Value& b) {
  if (const auto* x = std::get_if<SparseVector>(&a)) {
    return TermsOf(*x, std::get<SparseVector>(b));
  }
  if (const auto* x = std::get_if<std::vector<float>>(&a)) {
    return TermsOf(*x, std::get<std::vector<float>>(b));
  }
  if (const auto* x = std::get_if<std::vector<std::int8_t>>(&a)) {
    return TermsOf(*x, std::get<std::vector<std::int8_t>>(b));
  }
  return TermsOf(std::get<std::vector<std::uint8_t>>(a), std::get<std::vector<std::uint8_t>>(b));
}

inline QueryVector QueryOf(const Value& vector) {
  if (const auto* sparse = std::get_if<SparseVector>(&vector)) return SparseView(*sparse);
  if (const auto* floats = std::get_if<std::vector<float>>(&vector)) return *floats;
  if (const auto* int8 = std::get_if<std::vector<std::int8_t>>(&vector)) return *int8;
  return std::get<std::vector<std::uint8_t>>(vector);
}

// Every row that a graph can reach is looked at, and where it has codes every exact distance is
// computed: what is found is what a scan finds, if a graph reaches every row and leaves out those
// that it has to.
inline constexpr SearchEffort kExhaustive{.ef = 0x7FFF'FFFF, .refine_k = 1e9F};

inline bool LargerIsNearer(Metric metric) {
  return metric == Metric::kInnerProduct || metric == Metric::kCosine;
}

inline double ExactScore(Metric metric, const Terms& terms) {
  const double lengths = std::sqrt(terms.norm_a) * std::sqrt(terms.norm_b);
  const double either = terms.norm_a + terms.norm_b - terms.ip;
  switch (metric) {
    case Metric::kL2:
    case Metric::kHamming:
      return terms.l2;
    case Metric::kInnerProduct:
      return terms.ip;
    case Metric::kCosine:
      return lengths > 0 ? terms.ip / lengths : 0;
    case Metric::kJaccard:
      return either > 0 ? 1 - terms.ip / either : 1;
  }
  return 0;
}

inline double ExactScore(Metric metric, const Value& query, const Value& row) {
  return ExactScore(metric, TermsOf(query, row));
}

// Empty when `hits` are the first of `rows` (key -> vector) for `query`, in order, ties by key;
// else what is wrong. Scores may be off by what 32-bit arithmetic loses.
inline std::string CheckNearest(Metric metric, const Value& query, const std::map<Key, Value>& rows,
                                const SearchRequest& request, const Hits& hits) {
  std::vector<std::pair<double, Key>> ranked;
  for (const auto& [key, vector] : rows) {
    const double score = ExactScore(metric, query, vector);
    ranked.emplace_back(LargerIsNearer(metric) ? -score : score, key);
  }
  std::sort(ranked.begin(), ranked.end());
  const std::size_t first = std::min(request.offset, ranked.size());
  const std::size_t expected = std::min(request.limit, ranked.size() - first);
  if (hits.size() != expected) {
    return base::Format("{} hits instead of {}", hits.size(), expected);
  }
  for (std::size_t i = 0; i < expected; ++i) {
    const double sign = LargerIsNearer(metric) ? -1 : 1;
    const double own = sign * ExactScore(metric, query, rows.at(hits[i].key));
    const double room = 1e-5 * (std::fabs(own) + 1);
    if (std::fabs(sign * static_cast<double>(hits[i].score) - own) > room) {
      return base::Format("hit {} has score {} instead of {}", i, hits[i].score, sign * own);
    }
    if (std::fabs(own - ranked[first + i].first) > room) {
      return base::Format("hit {} is at {} where {} should be", i, own, ranked[first + i].first);
    }
    if (i > 0 && hits[i].score == hits[i - 1].score && hits[i].key < hits[i - 1].key) {
      return base::Format("hits {} and {} are equally near and not in key order", i - 1, i);
    }
  }
  return {};
}

}  // namespace vecdb::test
