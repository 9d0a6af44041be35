// What a search should find, in double precision, for every type of vector and metric.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "vecdb/request.h"
#include "vecdb/result.h"
#include "vecdb/schema.h"

#include "base/format.h"

namespace vecdb::test {

// A vector as numbers by index; bits one by one.
inline std::map<std::uint32_t, double> NumbersOf(const Value& vector) {
  std::map<std::uint32_t, double> numbers;
  if (const auto* sparse = std::get_if<SparseVector>(&vector)) {
    for (std::size_t i = 0; i < sparse->indices.size(); ++i) {
      numbers[sparse->indices[i]] = sparse->values[i];
    }
  } else if (const auto* floats = std::get_if<std::vector<float>>(&vector)) {
    for (std::uint32_t i = 0; i < floats->size(); ++i) numbers[i] = (*floats)[i];
  } else if (const auto* int8 = std::get_if<std::vector<std::int8_t>>(&vector)) {
    for (std::uint32_t i = 0; i < int8->size(); ++i) numbers[i] = (*int8)[i];
  } else {
    const auto& bits = std::get<std::vector<std::uint8_t>>(vector);
    for (std::uint32_t i = 0; i < bits.size() * 8; ++i) numbers[i] = bits[i / 8] >> i % 8 & 1;
  }
  return numbers;
}

inline QueryVector QueryOf(const Value& vector) {
  if (const auto* sparse = std::get_if<SparseVector>(&vector)) return SparseView(*sparse);
  if (const auto* floats = std::get_if<std::vector<float>>(&vector)) return *floats;
  if (const auto* int8 = std::get_if<std::vector<std::int8_t>>(&vector)) return *int8;
  return std::get<std::vector<std::uint8_t>>(vector);
}

inline bool LargerIsNearer(Metric metric) {
  return metric == Metric::kInnerProduct || metric == Metric::kCosine;
}

inline double ExactScore(Metric metric, const Value& query, const Value& row) {
  auto a = NumbersOf(query);
  auto b = NumbersOf(row);
  double l2 = 0, ip = 0, norm_a = 0, norm_b = 0;
  for (const auto& [i, x] : a) b.try_emplace(i, 0);
  for (const auto& [i, y] : b) {
    const double x = a.try_emplace(i, 0).first->second;
    l2 += (x - y) * (x - y);
    ip += x * y;
    norm_a += x * x;
    norm_b += y * y;
  }
  switch (metric) {
    case Metric::kL2:
    case Metric::kHamming:
      return l2;
    case Metric::kInnerProduct:
      return ip;
    case Metric::kCosine:
      return norm_a * norm_b > 0 ? ip / std::sqrt(norm_a * norm_b) : 0;
    case Metric::kJaccard:
      return norm_a + norm_b > 0 ? 1 - ip / (norm_a + norm_b - ip) : 1;
  }
  return 0;
}

// Empty when `hits` are the first of `rows` (key -> vector) for `query`, in order, ties by key; else
// what is wrong. Scores may be off by what 32-bit arithmetic loses.
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
