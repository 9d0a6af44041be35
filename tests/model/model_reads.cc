// What only looks.
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/format.h"
#include "model_run.h"
#include "support/vector_oracle.h"

namespace vecdb::test {
namespace {

using base::Format;

std::string Named(std::string_view call, std::string wrong) {
  return wrong.empty() ? wrong : Format("{}: {}", call, wrong);
}

}  // namespace

std::string ModelRun::Get() {
  std::vector<Key> keys = PickKeys(random_.Chance(10) ? 100 : 8);
  if (random_.Chance(20)) keys.push_back(keys.front());
  const std::vector<std::string> output = PickOutput();
  const ReadOptions read = PickReadOptions();
  Note(Format("get {} keys of {}, {} partitions", keys.size(), name_, read.partitions.size()));
  const auto result = Open().Get(keys, output, read);
  if (!result.ok()) return Named("get", result.status().ToString());
  const Table table = TableIn(read.partitions);
  return Named("get", BruteForce(schema_, table).CheckGet(keys, output, *result));
}

std::string ModelRun::Query() {
  const Where where = PickWhere();
  const QueryRequest request{.filter = where.text,
                             .output_fields = PickOutput(),
                             .limit = 1 + random_.Below(random_.Chance(50) ? 10 : 1000),
                             .offset = random_.Chance(60) ? 0 : random_.Below(40),
                             .read = PickReadOptions()};
  Note(Format("query {} limit {} offset {} where {}", name_, request.limit, request.offset,
              where.text));
  const auto rows = Open().Query(request);
  if (!rows.ok()) return Named("query", rows.status().ToString());
  const Table table = TableIn(request.read.partitions);
  return Named("query", BruteForce(schema_, table).CheckQuery(request, where, *rows));
}

std::string ModelRun::Search() {
  const Where where = PickWhere();
  const std::size_t field = kFirstVector + random_.Below(2);
  Value query = MakeVector(schema_.fields()[field], config_.shape, &random_);
  if (!modelled_->table.empty() && random_.Chance(30)) {
    const auto found = modelled_->table.lower_bound(PickKey());
    if (found != modelled_->table.end()) {
      query = (*found->second)[field];
    }
  }
  SearchRequest request{.field = schema_.fields()[field].name,
                        .query = QueryOf(query),
                        .limit = 1 + random_.Below(random_.Chance(70) ? 15 : 1500),
                        .offset = random_.Chance(60) ? 0 : random_.Below(40),
                        .filter = where.text,
                        .output_fields = PickOutput(),
                        .read = PickReadOptions(),
                        .effort = PickEffort()};
  const Table table = TableIn(request.read.partitions);
  const BruteForce expected(schema_, table);
  if (random_.Chance(30)) {
    request.radius = expected.RadiusAt(std::fabs(random_.Unit()), request, query, where);
    // Of the rows within the radius; the one at the radius itself is none of them.
    if (request.radius && random_.Chance(50)) {
      request.range_filter = expected.RadiusAt(std::fabs(random_.Unit()), request, query, where);
    }
  }
  Note(Format("search {}.{} limit {} offset {} radius {} to {} where {}", name_, request.field,
              request.limit, request.offset, request.radius.value_or(NAN),
              request.range_filter.value_or(NAN), where.text));
  if (random_.Chance(15)) return SearchPages(request, query, where, expected);
  if (random_.Chance(15)) return SearchMany(request, query, where, expected);
  const auto hits = Open().Search(request);
  if (!hits.ok()) return Named("search", hits.status().ToString());
  return Named("search", expected.CheckSearch(request, query, where, *hits));
}

// All of them are one search. An index may give rows that are equally far in another order.
std::string ModelRun::SearchPages(const SearchRequest& request, const Value& query,
                                  const Where& where, const BruteForce& expected) {
  IterateSearchRequest pages{.field = request.field,
                             .query = request.query,
                             .batch_size = 1 + random_.Below(random_.Chance(50) ? 10 : 300),
                             .limit = random_.Chance(50) ? 0 : request.limit,
                             .radius = request.radius,
                             .range_filter = request.range_filter,
                             .filter = request.filter,
                             .output_fields = request.output_fields,
                             .read = request.read,
                             .effort = request.effort};
  Note(Format("in pages of {}, {} rows", pages.batch_size, pages.limit));
  auto iterator = Open().IterateSearch(pages);
  if (!iterator.ok()) return Named("search in pages", iterator.status().ToString());
  Hits all;
  while (true) {
    auto page = iterator->Next();
    if (!page.ok()) return Named("a page of a search", page.status().ToString());
    if (page->empty()) break;
    if (page->size() > pages.batch_size) return "a page of a search is too large";
    all.insert(all.end(), page->begin(), page->end());
  }
  SearchRequest whole = request;
  whole.offset = 0;
  if (pages.limit == 0) whole.limit = 1'000'000;
  if (request.effort.recall < 1 || request.effort.ef > 0) {
    const bool larger = LargerIsNearer(schema_.Find(request.field)->metric);
    std::sort(all.begin(), all.end(), [larger](const Hit& a, const Hit& b) {
      if (a.score != b.score) return larger ? a.score > b.score : a.score < b.score;
      return a.key < b.key;
    });
  }
  return Named("search in pages", expected.CheckSearch(whole, query, where, all));
}

std::string ModelRun::SearchMany(const SearchRequest& request, const Value& query,
                                 const Where& where, const BruteForce& expected) {
  std::vector<Value> values = {query};
  const Field& field = *schema_.Find(request.field);
  // A range was chosen for one query: for others rows may be too near to its ends to say.
  for (std::size_t more = request.radius ? 0 : random_.Below(20); more > 0; --more) {
    values.push_back(MakeVector(field, config_.shape, &random_));
  }
  std::vector<QueryVector> queries;
  for (const Value& value : values) queries.push_back(QueryOf(value));
  Note(Format("together with {} other queries", queries.size() - 1));
  const auto answers = Open().SearchMany(request, queries);
  if (!answers.ok()) return Named("search by many", answers.status().ToString());
  if (answers->size() != queries.size()) return "a query has no answer";
  for (std::size_t i = 0; i < queries.size(); ++i) {
    auto wrong = expected.CheckSearch(request, values[i], where, (*answers)[i]);
    if (!wrong.empty()) return Named(Format("query {} of many", i), wrong);
  }
  return {};
}

std::string ModelRun::Count() {
  const Where where = PickWhere();
  Note(Format("count {} where {}", name_, where.text));
  const ReadOptions read = PickReadOptions();
  const auto count = Open().Count(where.text, read);
  if (!count.ok()) return Named("count", count.status().ToString());
  const Table table = TableIn(read.partitions);
  const std::size_t expected = BruteForce(schema_, table).Matching(where).size();
  return *count == expected ? "" : Format("{} rows counted instead of {}", *count, expected);
}

}  // namespace vecdb::test
