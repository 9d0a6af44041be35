#include "brute_force.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/format.h"
#include "support/vector_oracle.h"

namespace vecdb::test {
namespace {

using base::Format;

// How far a 32-bit result may be from the exact one, as a share of the terms it is made of.
constexpr double kShare = 1e-5;

bool InOrder(Metric metric, const Hit& a, const Hit& b) {
  if (a.score != b.score) return LargerIsNearer(metric) ? a.score > b.score : a.score < b.score;
  return a.key < b.key;
}

double DistanceOf(Metric metric, double score) {
  return LargerIsNearer(metric) ? -score : score;
}

}  // namespace

std::size_t BruteForce::FieldIndex(const std::string& name) const {
  return static_cast<std::size_t>(schema_.Find(name) - schema_.fields().data());
}

std::vector<Key> BruteForce::Matching(const Where& where) const {
  std::vector<Key> keys;
  for (const auto& [key, record] : table_) {
    if (!where.condition || Interpret(*where.condition, schema_, *record) == true) {
      keys.push_back(key);
    }
  }
  return keys;
}

std::string BruteForce::CheckRow(const Key& key, const std::vector<std::string>& output,
                                 const Row& row) const {
  std::vector<std::size_t> fields;
  for (const std::string& name : output) {
    if (name != "*") {
      fields.push_back(FieldIndex(name));
      continue;
    }
    for (std::size_t i = 0; i < schema_.fields().size(); ++i) fields.push_back(i);
  }
  if (row.names.size() != fields.size() || row.values.size() != fields.size()) {
    return Format("the row of {} has {} fields, not {}", Shown(key), row.names.size(),
                  fields.size());
  }
  const auto found = table_.find(key);
  if (found == table_.end()) return Format("key {} is not in the collection", Shown(key));
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string& name = schema_.fields()[fields[i]].name;
    if (row.names[i] == name && SameBits(row.values[i], (*found->second)[fields[i]])) continue;
    return Format("field '{}' of key {} is not what was written", name, Shown(key));
  }
  return {};
}

std::string BruteForce::CheckGet(const std::vector<Key>& keys,
                                 const std::vector<std::string>& output,
                                 const GetResult& result) const {
  std::size_t row = 0;
  std::size_t missing = 0;
  const std::vector<std::string> fields = output.empty() ? std::vector<std::string>{"id"} : output;
  for (const Key& key : keys) {
    if (table_.count(key) == 0) {
      if (missing == result.missing.size() || result.missing[missing++] != key) {
        return Format("key {} is not named as missing", Shown(key));
      }
      continue;
    }
    if (row == result.rows.size()) return Format("the row of {} is missing", Shown(key));
    if (auto wrong = CheckRow(key, fields, result.rows[row++]); !wrong.empty()) return wrong;
  }
  return row == result.rows.size() && missing == result.missing.size() ? "" : "there is too much";
}

std::string BruteForce::CheckQuery(const QueryRequest& request, const Where& where,
                                   const std::vector<Row>& rows) const {
  const std::vector<Key> keys = Matching(where);
  const std::size_t first = std::min(request.offset, keys.size());
  const std::size_t expected = std::min(request.limit, keys.size() - first);
  if (rows.size() != expected) return Format("{} rows instead of {}", rows.size(), expected);
  const std::vector<std::string> output =
      request.output_fields.empty() ? std::vector<std::string>{"id"} : request.output_fields;
  for (std::size_t i = 0; i < expected; ++i) {
    if (auto wrong = CheckRow(keys[first + i], output, rows[i]); !wrong.empty()) return wrong;
  }
  return {};
}

BruteForce::Scored BruteForce::Score(const Field& field, const Value& query, const Key& key,
                                     const Record& record) const {
  const Terms terms = TermsOf(query, record[FieldIndex(field.name)]);
  const double distance = DistanceOf(field.metric, ExactScore(field.metric, terms));
  switch (field.metric) {
    case Metric::kL2:
    case Metric::kHamming:
      return {distance, kShare * distance + 1e-30, key};
    case Metric::kInnerProduct:
      return {distance, kShare * terms.absolute + 1e-30, key};
    case Metric::kCosine:
    case Metric::kJaccard:
      break;
  }
  return {distance, kShare, key};
}

std::string BruteForce::CheckHit(const Field& field, const Scored& own, const Scored& ranked,
                                 const Hit& hit) const {
  const double distance = DistanceOf(field.metric, hit.score);
  if (std::fabs(distance - own.distance) > own.tolerance) {
    return Format("key {} has score {}, which is {} away", Shown(hit.key), hit.score,
                  distance - own.distance);
  }
  const double room = std::max(own.tolerance, ranked.tolerance);
  if (std::fabs(own.distance - ranked.distance) > room) {
    return Format("key {} at distance {} stands where {} at {} should", Shown(hit.key),
                  own.distance, Shown(ranked.key), ranked.distance);
  }
  return {};
}

bool BruteForce::AreExact(Metric metric, const std::vector<Scored>& ranked) {
  return metric != Metric::kCosine && metric != Metric::kJaccard &&
         std::all_of(ranked.begin(), ranked.end(), [](const Scored& scored) {
           return scored.distance == std::trunc(scored.distance) && scored.distance < 1e6;
         });
}

std::vector<BruteForce::Scored> BruteForce::Ranked(const SearchRequest& request, const Value& query,
                                                   const Where& where) const {
  const Field& field = *schema_.Find(request.field);
  const auto in_range = [&](double distance) {
    return (!request.radius || distance < DistanceOf(field.metric, *request.radius)) &&
           (!request.range_filter || distance >= DistanceOf(field.metric, *request.range_filter));
  };
  std::vector<Scored> ranked;
  for (const Key& key : Matching(where)) {
    Scored scored = Score(field, query, key, *table_.at(key));
    if (in_range(scored.distance)) ranked.push_back(std::move(scored));
  }
  std::sort(ranked.begin(), ranked.end(), [](const Scored& a, const Scored& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.key < b.key;
  });
  return ranked;
}

std::optional<float> BruteForce::RadiusAt(double share, const SearchRequest& request,
                                          const Value& query, const Where& where) const {
  const Metric metric = schema_.Find(request.field)->metric;
  const std::vector<Scored> ranked = Ranked(request, query, where);
  if (ranked.size() < 2) return std::nullopt;
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(ranked.size() - 1));
  const Scored& here = ranked[rank];
  if (AreExact(metric, ranked)) return static_cast<float>(DistanceOf(metric, here.distance));
  const Scored& next = ranked[rank + 1];
  if (next.distance - here.distance < 4 * (here.tolerance + next.tolerance)) return std::nullopt;
  return static_cast<float>(DistanceOf(metric, (here.distance + next.distance) / 2));
}

std::string BruteForce::CheckSearch(const SearchRequest& request, const Value& query,
                                    const Where& where, const Hits& hits) const {
  const Field& field = *schema_.Find(request.field);
  const std::vector<Scored> ranked = Ranked(request, query, where);
  std::map<Key, Scored> by_key;
  for (const Scored& scored : ranked) by_key.emplace(scored.key, scored);
  const std::size_t first = std::min(request.offset, ranked.size());
  const std::size_t expected = std::min(request.limit, ranked.size() - first);
  if (hits.size() != expected) return Format("{} hits instead of {}", hits.size(), expected);
  // Of rows that are as far as the last one an index may find any.
  const bool exact = request.effort.recall == 1 && AreExact(field.metric, ranked);
  std::set<Key> seen;
  for (std::size_t i = 0; i < expected; ++i) {
    const Hit& hit = hits[i];
    if (!seen.insert(hit.key).second) return Format("key {} comes twice", Shown(hit.key));
    if (i > 0 && !InOrder(field.metric, hits[i - 1], hit)) {
      return Format("keys {} and {} are out of order", Shown(hits[i - 1].key), Shown(hit.key));
    }
    const auto own = by_key.find(hit.key);
    if (own == by_key.end()) return Format("key {} should not be found", Shown(hit.key));
    const Scored& rank = ranked[first + i];
    if (exact && hit.key != rank.key) {
      return Format("key {} stands where {} should", Shown(hit.key), Shown(rank.key));
    }
    if (auto wrong = CheckHit(field, own->second, rank, hit); !wrong.empty()) return wrong;
    if (auto wrong = CheckRow(hit.key, request.output_fields, hit.row); !wrong.empty()) {
      return wrong;
    }
  }
  return {};
}

std::string BruteForce::CheckFindsItself(const Key& key, const Field& field,
                                         const Hits& hits) const {
  const Record& record = *table_.at(key);
  const Scored own = Score(field, record[FieldIndex(field.name)], key, record);
  if (hits.empty()) return Format("key {} does not find itself", Shown(key));
  if (hits[0].key == key || field.metric == Metric::kInnerProduct) return {};  // longer ones win
  const double best = DistanceOf(field.metric, hits[0].score);
  if (own.distance <= best + own.tolerance) return {};
  return Format("key {} finds {} before itself", Shown(key), Shown(hits[0].key));
}

std::string BruteForce::CheckAll(const std::vector<Row>& rows) const {
  const QueryRequest all{.output_fields = {"*"}, .limit = 16'384};
  return CheckQuery(all, Where(), rows);
}

}  // namespace vecdb::test
