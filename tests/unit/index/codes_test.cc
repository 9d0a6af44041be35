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

CodeFormat Sq4U(Metric metric, std::uint32_t dimension) {
  return {index::Codec::kSq4U, metric, dimension};
}

// Component i of a row of four bits, 0 to 15.
int FourBits(std::span<const std::byte> code, std::size_t i) {
  const auto both = static_cast<int>(code[i / 128 * 64 + i % 64]);
  return i % 128 < 64 ? both & 15 : both >> 4;
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

TEST_CASE("four bits say numbers within half a step, in halves of bytes of whole lines",
          "[codes]") {
  for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
    for (const std::uint32_t d : {1U, 3U, 63U, 64U, 65U, 128U, 129U, 200U}) {
      INFO(ToString(metric) << ", dimension " << d);
      std::vector<float> numbers = Clouds(100, d, 7);
      const CodeFormat format = Sq4U(metric, d);
      CHECK(format.padded() == (d + 127) / 128 * 128);
      CHECK(format.stride() == format.padded() / 2);
      if (metric == Metric::kCosine) {
        for (std::size_t i = 0; i < 100; ++i) Normalize(std::span(numbers).subspan(i * d, d));
      }
      const Quantizer quantizer = TrainQuantizer(format, numbers);
      Encoder encoder(format, quantizer);
      std::vector<std::byte> code(format.stride());
      for (std::size_t i = 0; i < 100; ++i) {
        encoder.Encode(ViewOf(numbers, d), i, code.data());
        for (std::size_t k = 0; k < format.padded(); ++k) {
          const int four = FourBits(code, k) - 8;
          if (k >= d) {
            CHECK(four == 0);
            continue;
          }
          const double said = double{quantizer.offset[k]} + four * double{quantizer.scale};
          const double lost = std::abs(double{numbers[i * d + k]} - said);
          CHECK((lost <= 0.51 * double{quantizer.scale} || four == -8 || four == 7));
        }
      }
    }
  }
}

TEST_CASE("sixteen whole numbers lose nothing in four bits, wherever they lie", "[codes]") {
  std::mt19937 random(3);
  std::vector<float> numbers;
  for (int i = 0; i < 300; ++i) {
    numbers.push_back(static_cast<float>(100 + random() % 16));
    numbers.push_back(static_cast<float>(random() % 16));
  }
  for (const Metric metric : {Metric::kL2, Metric::kInnerProduct}) {
    const CodeFormat format = Sq4U(metric, 2);
    const Quantizer quantizer = TrainQuantizer(format, numbers);
    Encoder encoder(format, quantizer);
    std::vector<std::byte> code(format.stride());
    for (std::size_t i = 0; i < 300; ++i) encoder.Encode(ViewOf(numbers, 2), i, code.data());
    CHECK(encoder.exact());
  }
}

TEST_CASE("bytes lose nothing, whichever of them a sample shows", "[codes]") {
  std::mt19937 random(4);
  for (const std::uint32_t most : {200U, 244U, 255U}) {
    std::vector<float> numbers;
    for (int i = 0; i < 600; ++i) numbers.push_back(static_cast<float>(random() % most));
    const CodeFormat format = Sq8(Metric::kL2, 2);
    const Quantizer quantizer = TrainQuantizer(format, numbers);
    Encoder encoder(format, quantizer);
    std::vector<std::byte> code(format.stride());
    const std::vector<float> others = {0, 255, 255, 0, 17, 254};
    for (std::size_t i = 0; i < 3; ++i) encoder.Encode(ViewOf(others, 2), i, code.data());
    CHECK(encoder.exact());
  }
}

TEST_CASE("keys of four bits are as far apart as the distances of what the codes say", "[codes]") {
  for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
    for (const std::uint32_t d : {5U, 100U, 131U}) {
      INFO(ToString(metric) << ", dimension " << d);
      const std::size_t n = 60;
      std::vector<float> numbers = Clouds(n, d, 7, 3);
      for (float& x : numbers) x += 9;  // far from zero: products have offsets too
      const CodeFormat format = Sq4U(metric, d);
      std::vector<float> sample = numbers;
      if (metric == Metric::kCosine) {
        for (std::size_t i = 0; i < n; ++i) Normalize(std::span(sample).subspan(i * d, d));
      }
      const Quantizer quantizer = TrainQuantizer(format, sample);
      Encoder encoder(format, quantizer);
      std::vector<std::byte> codes(n * format.stride());
      for (std::size_t i = 0; i < n; ++i) {
        encoder.Encode(ViewOf(numbers, d), i, codes.data() + i * format.stride());
      }
      EncodedQuery query;
      EncodeQuery(format, quantizer, QueryVector(std::span<const float>(numbers).first(d)), &query);
      CHECK(!query.exact);
      std::vector<float> asked(numbers.begin(), numbers.begin() + d);
      if (metric == Metric::kCosine) Normalize(asked);
      std::vector<index::Key> keys(n);
      WithSpace(format, codes.data(), [&](const auto& space) {
        space.KeysFrom(std::decay_t<decltype(space)>::Of(query), 0, n, keys.data());
      });
      float largest = 0;  // of the query, which fills eight bits under products
      for (const float x : asked) largest = std::max(largest, std::abs(x));
      const double scale = quantizer.scale;
      const double unit = metric == Metric::kL2 ? scale * scale / 8 : scale * double{largest} / 127;
      const auto distance = [&](std::size_t row) {
        double sum = 0;
        for (std::size_t k = 0; k < d; ++k) {
          const std::span<const std::byte> code(codes.data() + row * format.stride(),
                                                format.stride());
          const double said = double{quantizer.offset[k]} + (FourBits(code, k) - 8) * scale;
          const double x = asked[k];
          sum += metric == Metric::kL2 ? (x - said) * (x - said) : -x * said;
        }
        return sum;
      };
      const double least = distance(0) - unit * double{NumberOf<std::int32_t>(keys[0])};
      // A component of the query is rounded by half of its step, and may be cut off.
      const double room = d * scale * (metric == Metric::kL2 ? scale * 0.7 : double{largest} / 32);
      for (std::size_t i = 1; i < n; ++i) {
        const double said = least + unit * double{NumberOf<std::int32_t>(keys[i])};
        CHECK(std::abs(said - distance(i)) <= room);
      }
    }
  }
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

TEST_CASE("many rows that are all the same do not decide how the others are told apart",
          "[codes]") {
  constexpr std::uint32_t d = 8;
  std::vector<float> numbers(97 * d, 0.0F);
  for (std::size_t i = 0; i < 3 * d; ++i) {
    numbers.push_back(static_cast<float>(static_cast<int>(i * 37 % 200) - 100) / 100);
  }
  for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
    CHECK(TrainQuantizer(Sq8(metric, d), numbers).scale > 1e-3);
    CHECK(TrainQuantizer(Sq4U(metric, d), numbers).scale > 2e-2);
  }
}

TEST_CASE("rows of zeros, of one number and of the largest numbers can be encoded", "[codes]") {
  const float largest = std::numeric_limits<float>::max();
  for (const float x : {0.0F, 1e-38F, 3.5F, largest, -largest}) {
    for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
      const CodeFormat format = Sq8(metric, 3);
      std::vector<float> numbers(9, x);
      const Quantizer coarse = TrainQuantizer(Sq4U(metric, 3), numbers);
      REQUIRE(std::isfinite(coarse.scale));
      for (const float offset : coarse.offset) REQUIRE(std::isfinite(offset));
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
