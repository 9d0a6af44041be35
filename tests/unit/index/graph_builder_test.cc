#include "index/graph_builder.h"

#include <set>

#include "base/status.h"
#include "index/code_table.h"
#include "unit/index/graph_testing.h"

using namespace vecdb;
using namespace vecdb::index;

namespace {

constexpr std::uint32_t kDimension = 16;

struct Linked {
  Linked(const TestRows& rows, index::Codec codec, std::uint32_t m = 6)
      : format{StoredCodec(rows.shape(), codec), rows.shape().metric, rows.shape().dimension},
        codes(format, rows.shape().rows) {
    const auto quantizer = TrainOn(rows, rows.shape(), format);
    quantizer.status().OrDie();
    EncodeRows(rows, rows.shape(), *quantizer, {}, &codes).status().OrDie();
    GraphParameters parameters;
    parameters.m = m;
    parameters.ef_construction = 50;
    auto built = BuildLinks(format, codes.bytes(), rows.shape().rows, parameters, {});
    built.status().OrDie();
    graph = std::move(*built);
  }

  CodeFormat format;
  CodeTable codes;
  Graph graph;
};

std::size_t Reached(const Links& links) {
  std::set<std::uint32_t> reached(links.entries.begin(), links.entries.end());
  std::vector<std::uint32_t> left(reached.begin(), reached.end());
  while (!left.empty()) {
    const std::uint32_t row = left.back();
    left.pop_back();
    for (std::size_t i = 0; i < links.degree && links.Of(row)[i] != kNoRow; ++i) {
      if (reached.insert(links.Of(row)[i]).second) left.push_back(links.Of(row)[i]);
    }
  }
  return reached.size();
}

}  // namespace

TEST_CASE("every row can be reached, however many are alike", "[builder]") {
  std::vector<std::vector<float>> sets = {Clouds(3000, kDimension, 1),
                                          std::vector<float>(2000 * kDimension, 0.5F)};
  std::vector<float> far_apart = Clouds(1000, kDimension, 2);  // ten islands
  for (std::size_t i = 0; i < 1000; ++i) {
    far_apart[i * kDimension] += 1000.0F * static_cast<float>(i % 10);
  }
  sets.push_back(far_apart);
  for (const std::vector<float>& numbers : sets) {
    for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
      for (const std::uint32_t m : {2U, 6U}) {
        const TestRows rows(DataType::kFloatVector, metric, kDimension, numbers);
        const Linked linked(rows, index::Codec::kSq8, m);
        CHECK(linked.graph.degree == 2 * m);
        CHECK(Reached(linked.graph.view()) == rows.shape().rows);
      }
    }
  }
}

TEST_CASE("no row links to itself, nor twice to another", "[builder]") {
  const TestRows rows(DataType::kFloatVector, Metric::kL2, kDimension, Clouds(2000, kDimension, 1));
  const Linked linked(rows, index::Codec::kFloat32);
  const Links links = linked.graph.view();
  for (std::uint32_t row = 0; row < 2000; ++row) {
    std::set<std::uint32_t> seen{row};
    for (std::size_t i = 0; i < links.degree && links.Of(row)[i] != kNoRow; ++i) {
      CHECK(seen.insert(links.Of(row)[i]).second);
    }
  }
}

TEST_CASE("a walk finds the nearest codes, whatever the codec and the metric", "[walk]") {
  for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
    for (const index::Codec codec : {index::Codec::kFloat32, index::Codec::kFloat16,
                                     index::Codec::kBFloat16, index::Codec::kSq8}) {
      INFO(ToString(codec) << " by " << ToString(metric));
      const TestRows rows(DataType::kFloatVector, metric, kDimension, Clouds(3000, kDimension, 1));
      const Linked linked(rows, codec, 12);
      std::size_t found = 0;
      std::size_t computed = 0;
      WithSpace(linked.format, linked.codes.bytes().data(), [&](const auto& space) {
        Scratch scratch;
        EncodedQuery room;
        for (std::uint32_t q = 0; q < 3000; q += 30) {
          const auto* const query = space.AsQuery(q, &room);
          Walk(space, query, linked.graph.view(), 100, {}, Unchecked(), &scratch).OrDie();
          computed += scratch.computed;
          std::vector<std::uint64_t> all;
          for (std::uint32_t i = 0; i < 3000; ++i) {
            all.push_back(Beam::EntryOf(space.PairKey(query, i), i));
          }
          std::partial_sort(all.begin(), all.begin() + 10, all.end());
          std::set<std::uint32_t> got;
          for (std::size_t i = 0; i < 10; ++i) got.insert(scratch.beam.id(i));
          for (std::size_t i = 0; i < 10; ++i) {
            found += got.count(static_cast<std::uint32_t>(all[i]) >> 1);
          }
        }
      });
      CHECK(found >= 970);
      CHECK(computed < 100 * 2500);  // far fewer than a scan
    }
  }
}

TEST_CASE("a beam keeps the nearest in order and hands out each once", "[walk]") {
  Beam beam;
  std::mt19937 random(1);
  for (const std::size_t capacity : {1U, 2U, 7U, 100U}) {
    beam.Reset(capacity);
    std::set<std::uint64_t> all;
    std::set<std::uint32_t> taken;
    for (std::uint32_t id = 0; id < 1000; ++id) {
      const std::uint64_t entry = Beam::EntryOf(static_cast<index::Key>(random() % 500), id);
      all.insert(entry);
      if (entry < beam.bound()) beam.Insert(entry);
      if (id % 3 == 0 && beam.HasNext()) CHECK(taken.insert(beam.TakeNext()).second);
    }
    while (beam.HasNext()) CHECK(taken.insert(beam.TakeNext()).second);
    REQUIRE(beam.size() == capacity);
    auto expected = all.begin();
    for (std::size_t i = 0; i < capacity; ++i, ++expected) {
      CHECK(beam.id(i) == static_cast<std::uint32_t>(*expected) >> 1);
      CHECK(taken.count(beam.id(i)) == 1);
    }
  }
}

TEST_CASE("rows held back are searched for in a graph that has never seen them", "[builder]") {
  const TestRows rows(DataType::kFloatVector, Metric::kL2, kDimension, Clouds(2000, kDimension, 1));
  const CodeFormat format{index::Codec::kFloat32, Metric::kL2, kDimension};
  CodeTable codes(format, rows.shape().rows);
  REQUIRE(EncodeRows(rows, rows.shape(), Quantizer(), {}, &codes).ok());
  GraphParameters parameters;
  parameters.m = 8;
  std::set<std::uint32_t> asked;
  HeldBack held_back;
  held_back.rows = 50;
  held_back.use = [&](const Links& links, std::span<const std::uint32_t> held) {
    asked.insert(held.begin(), held.end());
    for (std::uint32_t row = 0; row < links.rows; ++row) {
      const std::uint32_t* const list = links.Of(row);
      std::size_t n = 0;
      for (; n < links.degree && list[n] != kNoRow; ++n) CHECK(asked.count(list[n]) == 0);
      CHECK(n <= std::size_t{2} * parameters.m);
      CHECK((n == 0) == (asked.count(row) == 1));
    }
    return Status();
  };
  const auto graph =
      BuildLinks(format, codes.bytes(), rows.shape().rows, parameters, {}, held_back);
  graph.status().OrDie();
  CHECK(asked.size() == 50);
  for (const std::uint32_t row : asked) CHECK(graph->view().Of(row)[0] != kNoRow);
  held_back.use = [](const Links&, std::span<const std::uint32_t>) {
    return base::Corruption("as it were");
  };
  CHECK(BuildLinks(format, codes.bytes(), rows.shape().rows, parameters, {}, held_back)
            .status()
            .code() == StatusCode::kCorruption);
}
