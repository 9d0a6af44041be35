#include "recall/measured.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace vecdb::test {
namespace {

constexpr std::size_t kMostK = 100;

Options WithThreads() {
  Options options;
  options.auto_compaction = false;
  return options;
}

std::vector<float> AsStored(DataType type, std::vector<float> numbers) {
  if (type != DataType::kInt8Vector) return numbers;
  for (float& x : numbers) x = std::round(std::clamp(x, -127.0F, 127.0F));
  return numbers;
}

// What 32-bit sums may lose of a distance.
double Slack(double a, double b) {
  return 1e-6 * (std::fabs(a) + std::fabs(b)) + 1e-9;
}

}  // namespace

double MeanRecall::Chance() const {
  constexpr double kOthers = 128;
  return 2 * deviation * std::sqrt(1 / kOthers + 1 / static_cast<double>(queries));
}

Measured::Measured(const Set& set, DataType type, Metric metric, std::size_t segments)
    : type_(type),
      metric_(metric),
      dimension_(set.dimension),
      numbers_(AsStored(type, set.rows)),
      rows_(type, metric, set.dimension, numbers_),
      queries_(type, metric, set.dimension, AsStored(type, set.queries)),
      query_count_(set.queries.size() / set.dimension),
      database_(io::MakeMemoryFileSystem(), WithThreads()) {
  Fill(segments);
}

void Measured::Fill(std::size_t segments) {
  const std::size_t rows = rows_.shape().rows;
  const index::TestQuery first = QueryAt(0);
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < rows; ++i) order.emplace_back(-rows_.Distance(first.exact, i), i);
  std::sort(order.begin(), order.end());
  far_.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    far_[order[i].second] = static_cast<std::int64_t>(i * 1000 / rows);
  }
  std::mt19937_64 random(11);
  for (std::size_t i = 0; i < rows; ++i) {
    tags_.push_back(static_cast<std::int64_t>(random() % 1000));
  }
  const Schema schema = *SchemaBuilder()
                             .PrimaryKey("id")
                             .Scalar("tag", DataType::kInt64)
                             .Scalar("far", DataType::kInt64)
                             .Vector("v", dimension_, metric_, type_)
                             .Build();
  collection_.emplace(*database_->CreateCollection("points", schema));
  for (std::size_t part = 0; part < segments; ++part) {
    const std::size_t begin = part * rows / segments;
    Insert(begin, (part + 1) * rows / segments - begin);
    collection_->Flush().OrDie();
  }
}

void Measured::Insert(std::size_t first, std::size_t n) {
  Batch batch(collection_->schema());
  std::vector<std::int64_t> keys(n);
  std::iota(keys.begin(), keys.end(), static_cast<std::int64_t>(first));
  batch.AddColumn("id", std::span<const std::int64_t>(keys)).OrDie();
  batch.AddColumn("tag", std::span<const std::int64_t>(tags_).subspan(first, n)).OrDie();
  batch.AddColumn("far", std::span<const std::int64_t>(far_).subspan(first, n)).OrDie();
  const auto numbers = std::span<const float>(numbers_).subspan(first * dimension_, n * dimension_);
  if (type_ == DataType::kInt8Vector) {
    const std::vector<std::int8_t> bytes(numbers.begin(), numbers.end());
    batch.AddVectors("v", std::span<const std::int8_t>(bytes)).OrDie();
  } else {
    batch.AddVectors("v", numbers).OrDie();
  }
  collection_->Insert(batch).status().OrDie();
}

void Measured::Declare(const IndexSpec& spec) {
  collection_->ReplaceIndex("v", spec).OrDie();
  collection_->WaitForIndexes().OrDie();
  const IndexInfo info = *collection_->DescribeIndex("v");
  CHECK(info.state == IndexState::kFinished);
  CHECK(info.pending_rows == 0);
}

void Measured::Reopen() {
  collection_.reset();
  database_.Reopen();
  collection_.emplace(*database_->OpenCollection("points"));
}

void Measured::DeleteSome() {
  std::vector<Key> keys;
  for (std::size_t row = 1; row < rows_.shape().rows; row += 3) {
    keys.emplace_back(static_cast<std::int64_t>(row));
  }
  collection_->Delete(keys).status().OrDie();
  deleted_ = true;
  truths_.clear();
}

index::TestQuery Measured::QueryAt(std::size_t i) const {
  return index::TestQuery(type_, queries_.row(i), dimension_);
}

Hits Measured::Search(const index::TestQuery& query, std::size_t k, const SearchEffort& effort,
                      const std::string& filter) const {
  auto hits =
      collection_->Search({.query = query.view(), .limit = k, .filter = filter, .effort = effort});
  hits.status().OrDie();
  return std::move(*hits);
}

double Measured::DistanceOf(const Hit& hit) const {
  const double score = hit.score;
  return metric_ == Metric::kL2 ? score : -score;
}

const std::vector<double>& Measured::TruthOf(std::size_t query, const Asked& asked) {
  const auto [at, added] = truths_.try_emplace({asked.filter, query});
  if (added) {
    at->second = index::TrueDistances(rows_, QueryAt(query), kMostK, [&](std::size_t row) {
      return IsThere(row) && (!asked.kept || asked.kept(row));
    });
  }
  return at->second;
}

double Measured::Room(const index::TestQuery& query, std::size_t row, double exact) const {
  double terms = 0;  // an inner product may be far less than what it is the sum of
  if (metric_ == Metric::kInnerProduct) {
    for (std::size_t d = 0; d < dimension_; ++d) {
      terms += std::fabs(query.exact[d] * rows_.row(row)[d]);
    }
  }
  return 1e-5 * std::fabs(exact) + 4e-6 * terms + 1e-5;
}

double Measured::CountGood(const index::TestQuery& query, const Hits& hits, const Asked& asked,
                           const std::vector<double>& truth) const {
  if (hits.empty()) return 0;
  const double last = truth.at(hits.size() - 1);
  double good = 0;
  std::set<std::int64_t> seen;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const auto row = std::get<std::int64_t>(hits[i].key);
    const auto at = static_cast<std::size_t>(row);
    const double exact = rows_.Distance(query.exact, at);
    const bool right_score = std::fabs(DistanceOf(hits[i]) - exact) <= Room(query, at, exact);
    const bool in_order = i == 0 || DistanceOf(hits[i - 1]) <= DistanceOf(hits[i]);
    const bool wanted = IsThere(at) && (!asked.kept || asked.kept(at));
    if (!right_score || !in_order || !wanted || !seen.insert(row).second) {
      INFO("hit " << i << ", row " << row << ", " << DistanceOf(hits[i]) << " of " << exact);
      CHECK(right_score);
      CHECK(in_order);
      CHECK(wanted);
      CHECK(seen.size() == i + 1);
    }
    if (exact <= last + Slack(exact, last)) good += 1;
  }
  return good;
}

MeanRecall Measured::Recall(const Asked& asked) {
  std::vector<std::size_t> queries = asked.queries;
  if (queries.empty()) {
    queries.resize(query_count_);
    std::iota(queries.begin(), queries.end(), 0);
  }
  double sum = 0;
  double squares = 0;
  for (const std::size_t q : queries) {
    const index::TestQuery query = QueryAt(q);
    const std::vector<double>& truth = TruthOf(q, asked);
    const Hits hits = Search(query, asked.k, asked.effort, asked.filter);
    const std::size_t wanted = std::min(asked.k, truth.size());
    REQUIRE(hits.size() == wanted);
    const double good = CountGood(query, hits, asked, truth);
    const double recall = wanted == 0 ? 1 : good / static_cast<double>(wanted);
    sum += recall;
    squares += recall * recall;
  }
  const auto n = static_cast<double>(queries.size());
  const double mean = sum / n;
  return {mean, std::sqrt(std::max(0.0, squares / n - mean * mean)), queries.size()};
}

std::vector<std::size_t> Measured::RowsThere() const {
  std::vector<std::size_t> there;
  for (std::size_t row = 0; row < rows_.shape().rows; ++row) {
    if (IsThere(row)) there.push_back(row);
  }
  return there;
}

std::vector<std::size_t> Measured::SelfMisses(const SearchEffort& effort,
                                              const std::vector<std::size_t>& of) const {
  std::vector<std::size_t> misses;
  for (const std::size_t row : of) {
    const index::TestQuery query(type_, rows_.row(row), dimension_);
    const Hits hits = Search(query, 1, effort, {});
    REQUIRE(hits.size() == 1);
    const double own = rows_.Distance(query.exact, row);
    if (DistanceOf(hits[0]) > own + 1e-5 * (std::fabs(own) + 1)) misses.push_back(row);
  }
  return misses;
}

std::vector<std::size_t> Measured::QueriesNearTheFirst(std::size_t n) const {
  std::vector<std::pair<double, std::size_t>> order;
  const index::TestQuery first = QueryAt(0);
  for (std::size_t q = 0; q < query_count_; ++q) {
    double distance = 0;
    for (std::size_t d = 0; d < dimension_; ++d) {
      distance += std::fabs(first.exact[d] - queries_.row(q)[d]);
    }
    order.emplace_back(distance, q);
  }
  std::sort(order.begin(), order.end());
  std::vector<std::size_t> near;
  for (std::size_t i = 0; i < std::min(n, order.size()); ++i) near.push_back(order[i].second);
  return near;
}

}  // namespace vecdb::test
