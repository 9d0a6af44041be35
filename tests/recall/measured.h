// A collection whose answers are compared with brute force in double precision.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "recall/sets.h"
#include "support/test_database.h"
#include "unit/index/graph_testing.h"

namespace vecdb::test {

// What is asked for, beside the nearest of all rows by the collection's own effort.
struct Asked {
  std::size_t k = 10;
  SearchEffort effort = {};
  std::string filter = {};
  std::function<bool(std::size_t row)> kept = {};  // what `filter` says; empty: every row
  std::vector<std::size_t> queries = {};           // by number; empty: all
};

// The share of the nearest that was found: mean over the queries.
struct MeanRecall {
  double mean = 0;
  double deviation = 0;  // of one query
  std::size_t queries = 0;

  // By which a mean that 128 other queries had, when an index was built, may differ from this one
  // for chance alone: two standard deviations.
  double Chance() const;
};

class Measured {
 public:
  // The rows as int64 keys 0, 1, ... in `segments` sealed segments.
  Measured(const Set& set, DataType type, Metric metric, std::size_t segments = 1);

  // And waits until every segment has it.
  void Declare(const IndexSpec& spec);
  // Of the true k nearest the share that is found, mean over the queries; a row counts when it is
  // no farther than the k-th. Fails the test unless as many rows come as there are, each once, in
  // order, with the score that it has, and kept.
  MeanRecall Recall(const Asked& asked);
  // The rows of these, or of all that are there, that find neither themselves nor one as near.
  std::vector<std::size_t> SelfMisses(const SearchEffort& effort,
                                      const std::vector<std::size_t>& of) const;
  std::vector<std::size_t> RowsThere() const;

  // Every third row goes.
  void DeleteSome();
  bool IsThere(std::size_t row) const { return !deleted_ || row % 3 != 1; }

  // The query nearest to the first one, first; so many.
  std::vector<std::size_t> QueriesNearTheFirst(std::size_t n) const;
  // Of each row the per mille of all rows that are farther from the first query: also the field
  // "far". The field "tag" is 0 to 999 at random.
  const std::vector<std::int64_t>& far() const { return far_; }
  const std::vector<std::int64_t>& tags() const { return tags_; }

  Collection& collection() { return *collection_; }
  void Reopen();

 private:
  void Fill(std::size_t segments);
  void Insert(std::size_t first, std::size_t n);
  Hits Search(const index::TestQuery& query, std::size_t k, const SearchEffort& effort,
              const std::string& filter) const;
  index::TestQuery QueryAt(std::size_t i) const;
  // Smaller is nearer.
  double DistanceOf(const Hit& hit) const;
  // What 32-bit sums may lose of the score of a row.
  double Room(const index::TestQuery& query, std::size_t row, double exact) const;
  double CountGood(const index::TestQuery& query, const Hits& hits, const Asked& asked,
                   const std::vector<double>& truth) const;
  // The distances of the 100 nearest, found once for each filter.
  const std::vector<double>& TruthOf(std::size_t query, const Asked& asked);

  const DataType type_;
  const Metric metric_;
  const std::uint32_t dimension_;
  const std::vector<float> numbers_;
  const index::TestRows rows_;
  const index::TestRows queries_;
  const std::size_t query_count_;
  std::vector<std::int64_t> tags_;
  std::vector<std::int64_t> far_;
  std::map<std::pair<std::string, std::size_t>, std::vector<double>> truths_;
  bool deleted_ = false;
  TestDatabase database_;
  std::optional<Collection> collection_;
};

}  // namespace vecdb::test
