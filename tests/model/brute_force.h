// Answers checked against a Table, slowly and plainly: every row looked at, distances in double.
// Each check returns what is wrong in words, or "" when nothing is.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "condition.h"
#include "table.h"

namespace vecdb::test {

// A filter may be missing; `text` is what the request carries.
struct Where {
  std::optional<Condition> condition;
  std::string text;
};

class BruteForce {
 public:
  BruteForce(const Schema& schema, const Table& table) : schema_(schema), table_(table) {}

  std::vector<Key> Matching(const Where& where) const;  // ascending

  std::string CheckGet(const std::vector<Key>& keys, const std::vector<std::string>& output,
                       const GetResult& result) const;
  std::string CheckQuery(const QueryRequest& request, const Where& where,
                         const std::vector<Row>& rows) const;
  // A radius for a search: the score of a row where that is exact, or one that no row is near; as a
  // share of the rows, how many are nearer. Nothing where rows are too close to say.
  std::optional<float> RadiusAt(double share, const SearchRequest& request, const Value& query,
                                const Where& where) const;
  // `query` is what the request lends.
  std::string CheckSearch(const SearchRequest& request, const Value& query, const Where& where,
                          const Hits& hits) const;
  // Whether the row of `key` comes first for its own vector, or as near as the first.
  std::string CheckFindsItself(const Key& key, const Field& field, const Hits& hits) const;
  // Every row, every field.
  std::string CheckAll(const std::vector<Row>& rows) const;

 private:
  struct Scored {
    double distance = 0;   // smaller is nearer
    double tolerance = 0;  // of a distance computed in 32-bit floats
    Key key;
  };
  // Whether 32-bit floats hold the scores of these rows exactly.
  static bool AreExact(Metric metric, const std::vector<Scored>& ranked);
  // Ascending; in the request's range only.
  std::vector<Scored> Ranked(const SearchRequest& request, const Value& query,
                             const Where& where) const;
  Scored Score(const Field& field, const Value& query, const Key& key, const Record& record) const;
  std::size_t FieldIndex(const std::string& name) const;
  std::string CheckRow(const Key& key, const std::vector<std::string>& output,
                       const Row& row) const;
  std::string CheckHit(const Field& field, const Scored& own, const Scored& ranked,
                       const Hit& hit) const;

  const Schema& schema_;
  const Table& table_;
};

}  // namespace vecdb::test
