#include "index/codes.h"

#include <cmath>
#include <limits>

#include "index/code_space.h"
#include "index/recall_table.h"
#include "index/search_plan.h"
#include "unit/index/graph_testing.h"

using namespace vecdb;
using namespace vecdb::index;

namespace {

CodeFormat Sq8(Metric metric, std::uint32_t dimension) {
  return {index::Codec::kSq8, metric, dimension};
}

// What a code says of a component.
double Decoded(const Quantizer& quantizer, std::byte code, std::size_t i) {
  const auto number = static_cast<double>(static_cast<std::int8_t>(code));
  return double{quantizer.offset[i]} + number * double{quantizer.scale};
}

chunk::ColumnView ViewOf(const std::vector<float>& numbers, std::uint32_t dimension) {
  chunk::ColumnView view;
  view.type = DataType::kFloatVector;
  view.dimension = dimension;
  view.rows = numbers.size() / dimension;
  view.values = numbers.data();
  return view;
}

}  // namespace

TEST_CASE("keys are in the order of their numbers and give them back", "[codes]") {
  const std::vector<float> floats = {
      -std::numeric_limits<float>::infinity(), -1e30F, -1, -1e-40F, 0, 1e-40F, 1, 1e30F,
      std::numeric_limits<float>::infinity()};
  for (std::size_t i = 0; i < floats.size(); ++i) {
    CHECK(NumberOf<float>(OrderedKey(floats[i])) == floats[i]);
    if (i > 0) CHECK(OrderedKey(floats[i - 1]) < OrderedKey(floats[i]));
  }
  CHECK(OrderedKey(-0.0F) == OrderedKey(0.0F));
  const std::vector<std::int32_t> numbers = {std::numeric_limits<std::int32_t>::min(), -1, 0, 1,
                                             std::numeric_limits<std::int32_t>::max()};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    CHECK(NumberOf<std::int32_t>(OrderedKey(numbers[i])) == static_cast<float>(numbers[i]));
    if (i > 0) CHECK(OrderedKey(numbers[i - 1]) < OrderedKey(numbers[i]));
  }
}

TEST_CASE("whole numbers within 255 of each other lose nothing in 8 bits", "[codes]") {
  const std::uint32_t d = 5;
  std::vector<float> numbers(200 * d);
  std::mt19937 random(3);
  for (float& x : numbers) x = static_cast<float>(random() % 200);
  for (std::size_t i = 2; i < numbers.size(); i += d) numbers[i] = 3;
  numbers[0] = 0;
  numbers[1] = 250;
  const CodeFormat format = Sq8(Metric::kL2, d);
  const Quantizer quantizer = TrainQuantizer(format, numbers);
  Encoder encoder(format, quantizer);
  std::vector<std::byte> code(format.stride());
  for (std::size_t i = 0; i < 200; ++i) {
    encoder.Encode(ViewOf(numbers, d), i, code.data());
    for (std::size_t k = 0; k < d; ++k) {
      CHECK(Decoded(quantizer, code[k], k) == double{numbers[i * d + k]});
    }
  }
  CHECK(encoder.exact());
  const std::vector<float> never_seen = {0, 250, 0, 250, 7};
  encoder.Encode(ViewOf(never_seen, d), 0, code.data());
  CHECK(encoder.exact());
  const std::vector<float> between = {0, 250, 0, 250, 7.25F};
  encoder.Encode(ViewOf(between, d), 0, code.data());
  CHECK(!encoder.exact());
}

TEST_CASE("whole numbers twice as far out as the sample shows lose nothing either", "[codes]") {
  const std::uint32_t d = 3;
  std::vector<float> numbers(100 * d);
  std::mt19937 random(5);
  for (float& x : numbers) x = static_cast<float>(random() % 120);
  const CodeFormat format = Sq8(Metric::kL2, d);
  const Quantizer quantizer = TrainQuantizer(format, numbers);
  Encoder encoder(format, quantizer);
  std::vector<std::byte> code(format.stride());
  const std::vector<float> farther = {0, 180, 119};
  encoder.Encode(ViewOf(farther, d), 0, code.data());
  CHECK(encoder.exact());
}

TEST_CASE("a query has the code that the same row has, and says whether it is exact", "[codes]") {
  for (const std::uint32_t d : {1U, 15U, 16U, 17U, 100U}) {
    INFO("dimension " << d);
    for (const bool whole : {true, false}) {
      std::vector<float> numbers = Clouds(100, d, 7, 30);
      if (whole) {
        for (float& x : numbers) x = std::clamp(std::nearbyint(x), -100.0F, 100.0F);
      }
      const CodeFormat format = Sq8(Metric::kL2, d);
      const Quantizer quantizer = TrainQuantizer(format, numbers);
      Encoder encoder(format, quantizer);
      std::vector<std::byte> code(format.stride());
      EncodedQuery query;
      for (std::size_t i = 0; i < 100; ++i) {
        const auto row = std::span<const float>(numbers).subspan(i * d, d);
        encoder.Encode(ViewOf(numbers, d), i, code.data());
        EncodeQuery(format, quantizer, QueryVector(row), &query);
        REQUIRE(query.bytes.size() == format.stride());
        for (std::size_t k = 0; k < code.size(); ++k) {
          const int lost = std::abs(int{query.bytes[k]} - static_cast<std::int8_t>(code[k]));
          CHECK(lost <= (whole ? 0 : 1));  // halfway between two codes either is as good
        }
        if (whole) CHECK(query.exact);
      }
      std::vector<float> between(numbers.begin(), numbers.begin() + d);
      between[d / 2] += quantizer.scale / 4;
      EncodeQuery(format, quantizer, QueryVector(std::span<const float>(between)), &query);
      CHECK(!query.exact);
      const std::vector<float> outside(d, 1e6F);
      EncodeQuery(format, quantizer, QueryVector(std::span<const float>(outside)), &query);
      CHECK(!query.exact);
    }
  }
}

TEST_CASE("a query whose code is a rounding away from it is not exact", "[codes]") {
  std::vector<float> numbers;  // each half a step from whole numbers, as far out as halves exist
  for (int i = 0; i < 128; ++i) numbers.push_back(8388608.0F - 127.5F + static_cast<float>(i));
  const CodeFormat format = Sq8(Metric::kL2, 1);
  const Quantizer quantizer = TrainQuantizer(format, numbers);
  EncodedQuery query;
  const float beyond = 8388610.0F;
  EncodeQuery(format, quantizer, QueryVector(std::span(&beyond, 1)), &query);
  CHECK(!query.exact);
}

TEST_CASE("a few numbers far out do not coarsen the codes of all the others", "[codes]") {
  const std::uint32_t d = 4;
  std::vector<float> numbers = Clouds(1000, d, 7);
  for (std::size_t i = 0; i < numbers.size(); i += 401) numbers[i] = 1e7F;
  const Quantizer quantizer = TrainQuantizer(Sq8(Metric::kL2, d), numbers);
  CHECK(quantizer.scale < 0.1F);
  // The largest products are with those far out.
  CHECK(TrainQuantizer(Sq8(Metric::kInnerProduct, d), numbers).scale > 1000);
}

TEST_CASE("rows of zeros, of one number and of the largest numbers can be encoded", "[codes]") {
  const float largest = std::numeric_limits<float>::max();
  for (const float x : {0.0F, 1e-38F, 3.5F, largest, -largest}) {
    for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
      const CodeFormat format = Sq8(metric, 3);
      std::vector<float> numbers(9, x);
      if (metric == Metric::kCosine) {
        for (std::size_t i = 0; i < 9; i += 3) Normalize(std::span(numbers).subspan(i, 3));
      }
      const Quantizer quantizer = TrainQuantizer(format, numbers);
      REQUIRE(std::isfinite(quantizer.scale));
      for (const float offset : quantizer.offset) REQUIRE(std::isfinite(offset));
      std::vector<std::byte> code(format.stride());
      Encoder(format, quantizer).Encode(ViewOf(numbers, 3), 1, code.data());
      for (std::size_t i = 0; i < 3; ++i) {
        const double lost = std::abs(Decoded(quantizer, code[i], i) - double{numbers[i]});
        CHECK(lost <= std::abs(double{numbers[i]}) / 100 + 1e-28);
      }
    }
  }
}

TEST_CASE("codes of halves stay finite whatever the floats", "[codes]") {
  const std::vector<float> numbers = {1e38F, -1e38F, 3.4e38F, -3.4e38F};
  for (const index::Codec codec : {index::Codec::kFloat16, index::Codec::kBFloat16}) {
    const CodeFormat format{codec, Metric::kL2, 4};
    std::vector<std::uint16_t> halves(4);
    const Quantizer quantizer;
    Encoder(format, quantizer)
        .Encode(ViewOf(numbers, 4), 0, reinterpret_cast<std::byte*>(halves.data()));
    const DataType type =
        codec == index::Codec::kFloat16 ? DataType::kFloat16Vector : DataType::kBFloat16Vector;
    CHECK(chunk::AllFinite(type, halves));
  }
}

TEST_CASE("the table of recall gives the least ef that reached it, and more beyond it",
          "[recall]") {
  const RecallTable table({{10, 10, 0.5F, 100},
                           {10, 20, 0.8F, 200},
                           {10, 40, 0.96F, 400},
                           {100, 100, 0.9F, 900},
                           {100, 200, 0.99F, 1800}});
  CHECK(table.EfFor(10, 0.5F) == 10);
  CHECK(table.EfFor(10, 0.96F) == 40);
  const std::size_t between = table.EfFor(10, 0.9F);
  CHECK(between > 20);
  CHECK(between < 40);
  CHECK(table.EfFor(10, 0.999F) > 40);
  CHECK(table.EfFor(30, 0.9F) > table.EfFor(10, 0.9F));
  CHECK(table.EfFor(30, 0.9F) < table.EfFor(100, 0.9F) + 1);
  CHECK(table.EfFor(1000, 0.9F) >= 1000);
  CHECK(table.EfFor(5, 0.5F) == 10);
  CHECK(RecallTable().EfFor(10, 0.95F) >= 10);
  CHECK(RecallTable().EfFor(500, 0.95F) >= 500);
}
