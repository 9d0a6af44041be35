// The same rows in one segment or fifty, in one shard or sixteen, in memory or in files, read by
// one node or four: every answer is the same, bit for bit, and is that of a loop over all rows.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "brute_force.h"
#include "simd/kernels.h"
#include "support/catch.h"
#include "support/test_database.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr std::uint64_t kSeed = 7;
constexpr std::size_t kRows = 600;
constexpr int kSearches = 80;

struct Layout {
  std::uint32_t shards = 1;
  std::size_t flushes = 0;
  LoadMode load = LoadMode::kMapped;
  bool reopen = false;
  std::size_t partitions = 0;  // that were created, beside the default one
  std::uint32_t keyed = 0;     // partitions of the partition key "big"
  // Of each kind, with threads of their own; 0: the caller does everything.
  std::uint32_t nodes = 0;
};

Options OptionsOf(const Layout& layout) {
  Options options = QuietOptions();
  options.load = layout.load;
  if (layout.nodes == 0) return options;
  options.own_threads = true;
  options.auto_compaction = false;  // the segments are those of the layout
  options.channels = layout.nodes;
  options.streaming_nodes = layout.nodes;
  options.query_nodes = layout.nodes;
  options.background_threads = layout.nodes;
  options.search_threads = layout.nodes + 1;
  return options;
}

// Batches of rows, and between them upserts and deletes, the same for every layout.
struct Script {
  using Rows = std::vector<std::shared_ptr<const Record>>;
  std::vector<Rows> upserts;
  std::vector<std::vector<Key>> deletes;
  Table table;
};

Script MakeScript(const Schema& schema, const Shape& shape, Random* random) {
  Script script;
  for (std::size_t first = 0; first < kRows; first += 10) {
    Script::Rows rows;
    for (std::size_t i = 0; i < 10; ++i) {
      const bool again = i == 9 && first > 0;
      const Key key = MakeKey(shape, again ? random->Below(first) : first + i);
      rows.push_back(std::make_shared<const Record>(MakeRecord(schema, shape, key, random)));
      script.table[key] = rows.back();
    }
    script.upserts.push_back(std::move(rows));
    script.deletes.push_back({MakeKey(shape, random->Below(first + 10))});
    script.table.erase(script.deletes.back()[0]);
  }
  return script;
}

std::unique_ptr<TestDatabase> Build(const Script& script, const Schema& schema,
                                    const Layout& layout) {
  auto database = std::make_unique<TestDatabase>(io::MakeMemoryFileSystem(), OptionsOf(layout));
  database->SetSearchTaskBytes(1);  // from the next opening on
  if (layout.nodes != 0) database->Reopen();
  CollectionOptions choices;
  choices.shards = layout.shards;
  if (layout.keyed != 0) {
    choices.partition_key = "big";
    choices.num_partitions = layout.keyed;
  }
  Collection rows = *(*database)->CreateCollection("rows", schema, choices);
  Random random(kSeed);
  std::vector<std::string> partitions = {""};
  for (std::size_t i = 0; i < layout.partitions; ++i) {
    partitions.push_back("p" + std::to_string(i));
    rows.CreatePartition(partitions.back()).OrDie();
  }
  const std::size_t batches = script.upserts.size();
  for (std::size_t i = 0; i < batches; ++i) {
    const WriteOptions into{.partition = partitions[i % partitions.size()]};
    rows.Upsert(MakeBatch(schema, script.upserts[i], &random), into).status().OrDie();
    rows.Delete(script.deletes[i]).status().OrDie();
    const bool due = (i + 1) * layout.flushes / batches != i * layout.flushes / batches;
    if (due) rows.Flush().OrDie();
  }
  if (layout.reopen) database->Reopen();
  return database;
}

float ScoreOf(Metric metric, std::span<const float> query, std::span<const float> vector) {
  const simd::KernelTable& kernels = simd::Kernels();
  const std::size_t dimension = query.size();
  float result = 0;
  if (metric == Metric::kL2) {
    kernels.f32.l2_many(query.data(), vector.data(), dimension, 1, &result);
    return result;
  }
  kernels.f32.ip_many(query.data(), vector.data(), dimension, 1, &result);
  if (metric == Metric::kInnerProduct) return result;
  const float product = std::sqrt(kernels.f32.norm2(query.data(), dimension)) *
                        std::sqrt(kernels.f32.norm2(vector.data(), dimension));
  return product > 0 ? std::clamp(result / product, -1.0F, 1.0F) : 0.0F;
}

Hits Expected(const Script& script, const Schema& schema, const SearchRequest& request,
              const Where& where) {
  const std::size_t index = kFirstVector;
  const Metric metric = schema.fields()[index].metric;
  Hits hits;
  for (const Key& key : BruteForce(schema, script.table).Matching(where)) {
    const Record& record = *script.table.at(key);
    const auto& vector = std::get<std::vector<float>>(record[index]);
    Hit hit{key, ScoreOf(metric, std::get<std::span<const float>>(request.query), vector), {}};
    for (std::size_t i = 0; i < record.size(); ++i) {
      hit.row.names.push_back(schema.fields()[i].name);
      hit.row.values.push_back(record[i]);
    }
    hits.push_back(std::move(hit));
  }
  std::stable_sort(hits.begin(), hits.end(), [metric](const Hit& a, const Hit& b) {
    return metric == Metric::kL2 ? a.score < b.score : a.score > b.score;
  });
  hits.erase(hits.begin(),
             hits.begin() + static_cast<std::ptrdiff_t>(std::min(request.offset, hits.size())));
  hits.resize(std::min(hits.size(), request.limit));
  return hits;
}

bool Same(const Hits& a, const Hits& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Hit& x, const Hit& y) {
    const bool same_row =
        x.row.names == y.row.names &&
        std::equal(x.row.values.begin(), x.row.values.end(), y.row.values.begin(), SameBits);
    return x.key == y.key && same_row && SameBits(double{x.score}, double{y.score});
  });
}

}  // namespace

TEST_CASE("the layout of segments and shards never shows in an answer", "[model]") {
  const std::uint64_t seed = SeedOr(kSeed);
  const auto metric = GENERATE(Metric::kL2, Metric::kInnerProduct, Metric::kCosine);
  const auto keys = GENERATE(KeyKind::kInt64, KeyKind::kVarChar);
  CAPTURE(seed, ToString(metric), static_cast<int>(keys));
  const Shape shape{.keys = keys,
                    .metric = metric,
                    .second = Metric::kL2,
                    .dimension = 19,
                    .whole_numbers = keys == KeyKind::kVarChar};
  const Schema schema = MakeSchema(shape);
  Random random(seed);
  const Script script = MakeScript(schema, shape, &random);
  std::vector<Layout> layouts = {
      {.shards = 1},
      {.shards = 1, .flushes = 1},
      {.shards = 1, .flushes = 50},
      {.shards = 16},
      {.shards = 16, .flushes = 8, .load = LoadMode::kResident},
      {.shards = 1, .flushes = 50, .load = LoadMode::kResident, .reopen = true},
      {.shards = 16, .flushes = 3, .reopen = true},
      {.shards = 1, .flushes = 5, .partitions = 7},
      {.shards = 16, .flushes = 2, .reopen = true, .partitions = 3},
      {.shards = 1, .flushes = 4, .keyed = 16},
      {.shards = 16, .flushes = 2, .reopen = true, .keyed = 5},
  };
  for (std::uint32_t shards = 1; shards <= 16; ++shards) {
    layouts.push_back({.shards = shards, .flushes = 50 / shards, .nodes = 1 + shards % 4});
  }
  std::vector<std::unique_ptr<TestDatabase>> databases;
  for (const Layout& layout : layouts) databases.push_back(Build(script, schema, layout));
  CHECK((*databases[0])->OpenCollection("rows")->Stats()->sealed_segments == 0);
  CHECK((*databases[2])->OpenCollection("rows")->Stats()->sealed_segments == 50);
  CHECK((*databases[3])->OpenCollection("rows")->Stats()->growing_segments == 16);

  for (int i = 0; i < kSearches; ++i) {
    const Value made = MakeVector(schema.fields()[kFirstVector], shape, &random);
    const auto& query = std::get<std::vector<float>>(made);
    Where where;
    if (random.Chance(50)) {
      where.condition = MakeCondition(schema, shape, kRows, 2, &random);
      where.text = TextOf(*where.condition, schema);
    }
    const SearchRequest request{.field = "v",
                                .query = query,
                                .limit = 1 + random.Below(random.Chance(50) ? 20 : 2 * kRows),
                                .offset = random.Below(2) * random.Below(30),
                                .filter = where.text,
                                .output_fields = {"*"}};
    const Hits expected = Expected(script, schema, request, where);
    for (std::size_t layout = 0; layout < layouts.size(); ++layout) {
      const auto hits = (*databases[layout])->OpenCollection("rows")->Search(request);
      CAPTURE(i, layout, where.text, request.limit, request.offset, hits.status().ToString());
      REQUIRE(hits.ok());
      REQUIRE(Same(*hits, expected));
    }
  }
  std::uint64_t shared_reads = 0;
  for (std::size_t layout = 0; layout < layouts.size(); ++layout) {
    if (layouts[layout].nodes == 0) continue;
    CHECK((*databases[layout])->QueryNodes()->size() == layouts[layout].nodes);
    shared_reads += (*databases[layout])->Stats()->shared_reads;
  }
  CHECK(shared_reads > 0);
}
