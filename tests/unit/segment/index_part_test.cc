// Which rows of a growing segment get an index together, and how readers come to see it.
#include "segment/index_part.h"

#include <thread>

#include "segment/index_build.h"
#include "support/catch.h"
#include "unit/segment/growing_rows.h"

using namespace vecdb;
using namespace vecdb::segment;

namespace {

const Field kField{.name = "v", .type = DataType::kFloatVector, .dimension = 128};

std::shared_ptr<const IndexPart> PartOf(const PartRange& range) {
  auto part = std::make_shared<IndexPart>();
  part->range = range;
  part->bytes = range.rows;
  return part;
}

// Builds, in thought, all that is to be built of so many rows; how many times.
std::size_t BuildAll(const PartPlan& plan, RowIndex rows, std::uint32_t field, PartBoard* board) {
  for (std::size_t built = 0;; ++built) {
    const auto parts = board->Pin(field);
    const auto next = NextPart(plan, parts == nullptr ? IndexParts() : *parts, rows);
    if (!next) return built;
    REQUIRE(next->end() <= rows);
    REQUIRE(board->Publish(field, PartOf(*next)));
  }
}

std::vector<PartRange> RangesOf(const PartBoard& board, std::uint32_t field) {
  std::vector<PartRange> ranges;
  if (const auto parts = board.Pin(field)) {
    for (const auto& part : *parts) ranges.push_back(part->range);
  }
  return ranges;
}

constexpr auto kFlat = index::Kind::kFlat;
constexpr auto kGraph = index::Kind::kGraph;

}  // namespace

TEST_CASE("parts leave no gap, are few, and become graphs", "[index-part]") {
  const PartPlan plan = PlanParts(AutoIndex{}, kField, 64, false);
  CHECK(plan.least == 64);
  CHECK(plan.graph == 1024);
  PartBoard board;
  RowIndex rows = 0;
  for (const RowIndex more : {63U, 1U, 700U, 1500U, 5U, 9000U}) {
    rows += more;
    BuildAll(plan, rows, 0, &board);
    RowIndex end = 0;
    std::size_t small = 0;
    for (const PartRange& range : RangesOf(board, 0)) {
      CHECK(range.first == end);
      CHECK(range.first % range.rows == 0);
      CHECK((range.kind == kGraph) == (range.rows == plan.graph));
      if (range.rows < plan.graph) ++small;
      end = range.end();
    }
    CHECK(end == rows / 64 * 64);
    CHECK(small <= 6);  // three of each size below
  }
  CHECK(board.bytes() == rows / 64 * 64);
  CHECK(BuildAll(plan, rows, 0, &board) == 0);
}

TEST_CASE("what is scanned becomes less before anything becomes quicker", "[index-part]") {
  const PartPlan plan = PlanParts(HnswSqIndex{}, kField, 64, false);
  PartBoard board;
  const auto next = [&](RowIndex rows) {
    const auto parts = board.Pin(0);
    return NextPart(plan, parts == nullptr ? IndexParts() : *parts, rows);
  };
  CHECK(next(1100) == PartRange{0, 1024, kFlat});
  CHECK(board.Publish(0, PartOf({0, 1024, kFlat})));
  CHECK(next(1100) == PartRange{1024, 64, kFlat});
  CHECK(board.Publish(0, PartOf({1024, 64, kFlat})));
  CHECK(next(1100) == PartRange{0, 1024, kGraph});
  CHECK(next(1280) == PartRange{1088, 64, kFlat});
}

TEST_CASE("each index has parts of its own kind", "[index-part]") {
  const PartPlan automatic = PlanParts(AutoIndex{}, kField, 0, false);
  CHECK(automatic.least == 4096);
  CHECK(automatic.graph == 65'536);
  CHECK(automatic.measured);
  CHECK(automatic.codes->codec == index::Codec::kSq8);
  CHECK(automatic.links->codec == index::Codec::kSq8);

  const PartPlan failed = PlanParts(AutoIndex{}, kField, 0, true);
  CHECK_FALSE(failed.codes.has_value());
  CHECK(failed.links->codec == index::Codec::kFloat32);
  CHECK_FALSE(failed.measured);
  CHECK(NextPart(failed, {}, failed.graph) == PartRange{0, failed.graph, kGraph});
  CHECK_FALSE(NextPart(failed, {}, failed.graph - 1).has_value());

  CHECK_FALSE(PlanParts(FlatIndex{}, kField, 0, false).codes.has_value());
  CHECK_FALSE(NextPart(PlanParts(FlatIndex{}, kField, 0, false), {}, 1 << 20).has_value());
  const PartPlan codes = PlanParts(FlatIndex{Codec::kFp16}, kField, 0, false);
  CHECK(codes.codes->codec == index::Codec::kFloat16);
  CHECK_FALSE(codes.links.has_value());
  CHECK_FALSE(codes.measured);
  const PartPlan halves = PlanParts(HnswSqIndex{.m = 4, .codec = Codec::kBf16}, kField, 0, false);
  CHECK(halves.links->codec == index::Codec::kBFloat16);
  CHECK(halves.links->m == 4);
  CHECK(PlanParts(HnswIndex{}, kField, 0, false).measured);

  Field wide = kField;
  wide.dimension = 32'768;
  CHECK(PlanParts(AutoIndex{}, wide, 0, false).graph == 8192);
  Field bytes = kField;
  bytes.type = DataType::kInt8Vector;
  CHECK_FALSE(PlanParts(AutoIndex{}, bytes, 0, false).measured);
  CHECK(PlanParts(AutoIndex{}, bytes, 0, false).codes->codec == index::Codec::kInt8);
}

TEST_CASE("a part that came too late is not published", "[index-part]") {
  PartBoard board;
  CHECK(board.Publish(3, PartOf({0, 64, kFlat})));
  CHECK(board.Publish(3, PartOf({64, 64, kFlat})));
  CHECK_FALSE(board.Publish(3, PartOf({192, 64, kFlat})));  // a gap
  CHECK(board.Publish(3, PartOf({0, 256, kFlat})));         // in the place of both
  CHECK_FALSE(board.Publish(3, PartOf({64, 64, kFlat})));   // a larger one has them
  CHECK(RangesOf(board, 3) == std::vector<PartRange>{{0, 256, kFlat}});
  const auto pinned = board.Pin(3);
  board.Drop(3);
  CHECK_FALSE(board.Publish(3, PartOf({256, 64, kFlat})));  // those before it are gone
  CHECK(RangesOf(board, 3).empty());
  CHECK(pinned->size() == 1);  // a reader goes on with what it has
  CHECK(board.Publish(3, PartOf({0, 64, kFlat})));
  CHECK(board.Publish(4, PartOf({0, 64, kFlat})));
  CHECK(board.DropAll() == 128);
  CHECK(board.bytes() == 0);

  CHECK(board.Publish(3, PartOf({0, 64, kFlat})));
  board.NoteCodesFail(3);
  CHECK(board.CodesFail(3));
  CHECK(RangesOf(board, 3).empty());
  board.Drop(3);
  CHECK_FALSE(board.CodesFail(3));
}

TEST_CASE("readers see whole lists while parts come and go", "[index-part]") {
  const PartPlan plan = PlanParts(AutoIndex{}, kField, 64, false);
  PartBoard board;
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int round = 0; round < 50; ++round) {
      BuildAll(plan, 1500, 0, &board);
      (void)board.DropAll();
    }
    done = true;
  });
  while (!done) {
    const auto parts = board.Pin(0);
    RowIndex end = 0;
    if (parts != nullptr) {
      for (const auto& part : *parts) {
        REQUIRE(part->range.first == end);
        end = part->range.end();
      }
    }
  }
  writer.join();
}

TEST_CASE("an index of some rows numbers them from its first", "[index-part]") {
  const Schema schema = NumberedSchema();
  const auto segment = NewSegment(schema);
  segment->Append(NumberedRows(schema, KeysFrom(0, 300)), Timestamp{1}, 1, 1);
  index::GraphParameters parameters;
  parameters.kind = index::Kind::kFlat;
  parameters.codec = index::Codec::kFloat32;
  const auto part = BuildIndexPart(*segment, kVectorField, {128, 128, kFlat}, parameters, {});
  part.status().OrDie();
  CHECK((*part)->bytes >= 128 * kDimension * sizeof(float));
  CHECK((*part)->index->Describe().rows == 128);
  std::vector<float> query(kDimension);
  for (std::uint32_t i = 0; i < kDimension; ++i) query[i] = VectorValue(200, i);
  index::NearestRequest request;
  request.query = std::span<const float>(query);
  request.k = 1;
  class None final : public index::ExactDistances {
    Status Compute(std::span<const std::uint32_t>, std::span<float> out) override {
      std::fill(out.begin(), out.end(), 0.0F);
      return Status();
    }
  } exact;
  std::vector<index::Neighbor> found;
  (*part)->index->Search(request, &exact, &found).OrDie();
  CHECK(found == std::vector<index::Neighbor>{{0, 72}});
}
