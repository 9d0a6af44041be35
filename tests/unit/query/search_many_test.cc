#include "query/search_many.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <random>

#include "chunk/half.h"
#include "query/search.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb::query;

namespace {

// Keys and vectors that lie in memory, in runs of some rows.
class Rows final : public segment::Segment {
 public:
  Rows(const Schema& schema, std::uint64_t id, std::vector<float> floats)
      : Segment(SegmentId{id}, ShardId{0}, PartitionId{0}, schema,
                std::make_shared<segment::Tombstones>()),
        vectors_(schema.fields()[1]),
        floats_(std::move(floats)),
        keys_(floats_.size() / vectors_.dimension),
        halves_(floats_.size()) {
    std::mt19937 engine(static_cast<unsigned>(id));
    for (std::size_t i = 0; i < keys_.size(); ++i) keys_[i] = static_cast<std::int64_t>(engine());
    if (vectors_.type != DataType::kFloatVector) {
      chunk::ToHalf(vectors_.type, floats_, halves_.data());
    }
  }

  bool sealed() const override { return true; }
  RowIndex rows() const override { return static_cast<RowIndex>(keys_.size()); }
  Result<chunk::ColumnView> Read(std::uint32_t field, RowIndex first, RowIndex max_rows,
                                 const base::Deadline&) const override {
    constexpr RowIndex kRun = 700;
    chunk::ColumnView view;
    view.rows = std::min({max_rows, rows() - first, kRun - first % kRun});
    view.type = field == 0 ? DataType::kInt64 : vectors_.type;
    view.dimension = field == 0 ? 0 : vectors_.dimension;
    const std::size_t at = std::size_t{first} * vectors_.dimension;
    if (field == 0) {
      view.values = keys_.data() + first;
    } else if (vectors_.type == DataType::kFloatVector) {
      view.values = floats_.data() + at;
    } else {
      view.values = halves_.data() + at;
    }
    return view;
  }
  Result<RowIndex> RowsAt(Timestamp) const override { return rows(); }
  Result<Timestamp> TimestampOf(RowIndex) const override { return Timestamp{}; }
  Result<chunk::ColumnView> ReadTimestamps(RowIndex, RowIndex) const override {
    return chunk::ColumnView();
  }
  Status FindKey(chunk::KeyView, std::uint64_t, std::vector<RowIndex>*) const override {
    return Status();
  }
  Status MayContain(std::span<const std::uint64_t>, std::uint8_t*) const override {
    return Status();
  }
  std::uint64_t memory_bytes() const override { return 0; }
  std::uint64_t disk_bytes() const override { return 0; }

 private:
  const Field vectors_;
  const std::vector<float> floats_;
  std::vector<std::int64_t> keys_;
  std::vector<std::uint16_t> halves_;
};

struct Kind {
  DataType type;
  Metric metric;
  float scale;
  float offset;
  bool whole;  // many distances are the same
};

std::vector<float> Numbers(const Kind& kind, std::size_t n, std::mt19937* engine) {
  std::normal_distribution<float> normal;
  std::uniform_int_distribution<int> whole(-2, 2);
  std::vector<float> numbers(n);
  for (float& x : numbers) {
    const float drawn = kind.whole ? static_cast<float>(whole(*engine)) : normal(*engine);
    x = drawn * kind.scale + kind.offset;
  }
  return numbers;
}

void CheckSame(std::vector<Candidate> together, std::vector<Candidate> alone) {
  REQUIRE(together.size() == alone.size());
  for (std::size_t i = 0; i < alone.size(); ++i) {
    if (together[i].row != alone[i].row || together[i].segment != alone[i].segment ||
        std::bit_cast<std::uint32_t>(together[i].distance) !=
            std::bit_cast<std::uint32_t>(alone[i].distance)) {
      FAIL_CHECK("number " << i << " of " << alone.size());
    }
  }
}

// By all queries at once, and by each alone, in two segments of which some rows are allowed.
void CheckSearch(const Kind& kind, std::uint32_t dimension, std::size_t queries, bool filtered) {
  Field field;
  field.name = std::string("v");
  field.type = kind.type;
  field.metric = kind.metric;
  field.dimension = dimension;
  const Schema schema = *SchemaBuilder().PrimaryKey("id").Add(field).Build();
  std::mt19937 engine(dimension);
  const Rows first(schema, 1, Numbers(kind, 2100 * std::size_t{dimension}, &engine));
  const Rows second(schema, 2, Numbers(kind, 1500 * std::size_t{dimension}, &engine));
  const std::vector<float> numbers = Numbers(kind, queries * dimension, &engine);
  std::vector<QueryVector> lent;
  for (std::size_t q = 0; q < queries; ++q) {
    lent.emplace_back(std::span<const float>(numbers.data() + q * dimension, dimension));
  }
  const auto plans = *PlanSearches(schema, {.limit = 10}, lent);
  for (const std::size_t k : {10U, 300U}) {
    std::vector<TopK> tops(queries, TopK(k));
    std::vector<TopK> alone(queries, TopK(k));
    for (const Rows* rows : {&first, &second}) {
      AllowedRows allowed;
      allowed.first = 5;
      allowed.rows = rows->rows() - 3;
      if (filtered) {
        allowed.bitmap.emplace(allowed.rows);
        for (std::size_t i = 5; i < allowed.rows; ++i) {
          if (engine() % 3 != 0 || i < 64) allowed.bitmap->Set(i);
        }
      }
      SearchRowsMany(*rows, plans, allowed, tops).OrDie();
      for (std::size_t q = 0; q < queries; ++q) {
        AllowedRows same = allowed;
        SearchRows(*rows, plans[q], &same, &alone[q]).OrDie();
      }
    }
    for (std::size_t q = 0; q < queries; ++q) CheckSame(tops[q].Take(), alone[q].Take());
  }
}

}  // namespace

TEST_CASE("rows searched by many queries are those each finds alone, to the bit", "[query][near]") {
  const Kind kind = GENERATE(Kind{DataType::kFloatVector, Metric::kL2, 1, 0, false},
                             Kind{DataType::kFloatVector, Metric::kL2, 1, 0, true},
                             Kind{DataType::kFloatVector, Metric::kL2, 1, 1e5F, false},
                             Kind{DataType::kFloatVector, Metric::kL2, 0, 7, false},
                             Kind{DataType::kFloatVector, Metric::kL2, 1e-21F, 0, false},
                             Kind{DataType::kFloatVector, Metric::kInnerProduct, 1, 0, false},
                             Kind{DataType::kFloatVector, Metric::kInnerProduct, 1, 50, true},
                             Kind{DataType::kFloatVector, Metric::kCosine, 1, 0, false},
                             Kind{DataType::kFloatVector, Metric::kCosine, 1, 3, true},
                             Kind{DataType::kFloat16Vector, Metric::kL2, 1, 0, false},
                             Kind{DataType::kBFloat16Vector, Metric::kInnerProduct, 1, 0, false},
                             Kind{DataType::kFloat16Vector, Metric::kCosine, 1, 0, true});
  for (const std::uint32_t dimension : {1U, 16U, 67U, 130U}) {
    for (const std::size_t queries : {33U, 70U}) {
      INFO(ToString(kind.type) << " " << ToString(kind.metric) << " scale " << kind.scale
                               << " offset " << kind.offset << " dimension " << dimension << " by "
                               << queries);
      CheckSearch(kind, dimension, queries, false);
      CheckSearch(kind, dimension, queries, true);
    }
  }
}
