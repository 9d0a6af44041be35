// Filters over narrow copies of columns, against the same filters over the columns.
#include <atomic>
#include <cstring>
#include <limits>
#include <random>
#include <thread>

#include "query/filter/filter.h"
#include "segment/narrow_cache.h"
#include "unit/segment/sealed_sample.h"

using namespace vecdb;
using namespace vecdb::segment;
using vecdb_test::Must;
using vecdb_test::SampleFolder;

namespace {

using Values = std::vector<std::int64_t>;

Schema NumbersSchema() {
  SchemaBuilder builder;
  builder.PrimaryKey("id")
      .Scalar("small", DataType::kInt16)
      .Nullable("medium", DataType::kInt32)
      .Scalar("large", DataType::kInt64)
      .Nullable("huge", DataType::kInt64)
      .Scalar("real", DataType::kDouble)
      .Vector("v", 2, Metric::kL2);
  return *builder.Build();
}

// How far apart the values of each row are, and where they begin.
struct Spread {
  std::int64_t from = 0;
  std::uint64_t width = 0;  // 0: one value
};

std::int64_t Draw(const Spread& spread, std::mt19937_64& random) {
  const std::uint64_t drawn = random();
  const std::uint64_t above =
      spread.width == ~std::uint64_t{0} ? drawn : drawn % (spread.width + 1);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(spread.from) + above);
}

// Sealed once with narrow copies and once without.
struct Numbers {
  Numbers(std::size_t count, const std::vector<Spread>& spreads, unsigned nulls, std::uint64_t seed,
          std::uint64_t most_bytes = 1 << 20)
      : rows(count), cache(most_bytes, budget) {
    std::mt19937_64 random(seed);
    const Schema schema = NumbersSchema();
    auto growing = GrowingSegment::Create(SegmentId{7}, 0, 0, 1, schema);
    chunk::Chunk chunk = chunk::Chunk::For(schema);
    values.resize(schema.fields().size());
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t field = 0; field < schema.fields().size(); ++field) {
        const Field& of = schema.fields()[field];
        const std::size_t width = chunk::FixedWidth(of.type, of.dimension);
        base::Bytes bytes(width);
        if (of.nullable && random() % 8 < nulls) {
          chunk.columns[field].AppendNull();
          continue;
        }
        if (field == 0) values[0].push_back(static_cast<std::int64_t>(row));
        if (field >= 1 && field <= 4) values[field].push_back(Draw(spreads[field - 1], random));
        if (field <= 4) std::memcpy(bytes.data(), &values[field].back(), width);
        chunk.columns[field].AppendFixed(bytes, 1);
      }
    }
    chunk.rows = rows;
    growing->Append(std::move(chunk), Timestamp{1000}, 1, 1);
    record = folder.Flush(*growing);
    wide = Open(nullptr);
    narrow = Open(&cache);
  }

  std::shared_ptr<SealedSegment> Open(NarrowCache* with) {
    Loading loading(LoadMode::kMapped);
    loading.narrow = with;
    return Must(SealedSegment::Open(folder.fs(), vecdb_test::kTestDatabase, record, NumbersSchema(),
                                    nullptr, loading));
  }

  const std::size_t rows;
  base::MemoryBudget budget;
  NarrowCache cache;
  SampleFolder folder;
  catalog::SegmentRecord record;
  std::vector<Values> values;  // by field, those that are not null
  std::shared_ptr<SealedSegment> wide;
  std::shared_ptr<SealedSegment> narrow;
};

base::Bitmap Passed(const SealedSegment& segment, const query::Filter& filter, RowIndex first,
                    RowIndex end) {
  base::Bitmap passed(3, true);  // whatever it held before
  filter.EvaluateFrom(segment, first, end, base::Deadline(), &passed).OrDie();
  return passed;
}

bool SameBits(const base::Bitmap& a, const base::Bitmap& b) {
  return a.size() == b.size() &&
         std::equal(a.words().begin(), a.words().end(), b.words().begin(), b.words().end());
}

// The third time there is a copy of all that fits, the first time there is none.
bool Agrees(const Numbers& numbers, const std::string& text, RowIndex first, RowIndex end) {
  const auto filter = Must(query::Filter::Compile(text, numbers.wide->schema()));
  const base::Bitmap right = Passed(*numbers.wide, *filter, first, end);
  for (int round = 0; round < 3; ++round) {
    if (!SameBits(Passed(*numbers.narrow, *filter, first, end), right)) return false;
  }
  return true;
}

std::string Literal(std::int64_t value) {
  return std::to_string(value);
}

class Texts {
 public:
  Texts(const Numbers& numbers, std::uint64_t seed) : numbers_(numbers), random_(seed) {}

  std::string Next(int depth = 2) {
    if (depth == 0 || random_() % 3 == 0) return Leaf();
    switch (random_() % 3) {
      case 0:
        return "not (" + Next(depth - 1) + ")";
      case 1:
        return "(" + Next(depth - 1) + ") and (" + Next(depth - 1) + ")";
    }
    return "(" + Next(depth - 1) + ") or (" + Next(depth - 1) + ")";
  }

  std::string Leaf() {
    static const char* const kOps[] = {"==", "!=", "<", "<=", ">", ">="};
    const std::size_t field = random_() % 5;
    const std::string& name = numbers_.wide->schema().fields()[field].name;
    switch (random_() % 10) {
      case 0:
        return name + " in [" + Constants(field, 3) + "]";
      case 1:
        return name + " not in [" + Constants(field, 40) + "]";
      case 2:
        return name + (random_() % 2 == 0 ? " is null" : " is not null");
      case 3:
        return name + " < " + numbers_.wide->schema().fields()[(field + 1) % 5].name;
    }
    return name + " " + kOps[random_() % 6] + " " + Literal(Near(field));
  }

 private:
  std::string Constants(std::size_t field, std::size_t count) {
    std::string list = Literal(Near(field));
    for (std::size_t i = 1; i < count; ++i) list += ", " + Literal(Near(field));
    return list;
  }

  // A value, one beside it, or an extreme one.
  std::int64_t Near(std::size_t field) {
    static const std::int64_t kExtremes[] = {
        std::numeric_limits<std::int64_t>::min() + 1, std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int16_t>::max(), 0};
    const Values& values = numbers_.values[field];
    if (values.empty() || random_() % 6 == 0) return kExtremes[random_() % 5];
    const std::int64_t value = values[random_() % values.size()];
    const std::uint64_t moved = static_cast<std::uint64_t>(value) + random_() % 3 - 1;
    const auto near = static_cast<std::int64_t>(moved);
    return near == std::numeric_limits<std::int64_t>::min() ? near + 1 : near;
  }

  const Numbers& numbers_;
  std::mt19937_64 random_;
};

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

// Of small, medium, large and huge.
const std::vector<std::vector<Spread>> kSpreads = {
    {{-100, 255}, {1'000'000, 255}, {-128, 255}, {kLeast, 255}},
    {{-100, 256}, {-70'000, 65'535}, {kMost - 65'535, 65'535}, {-5, 65'536}},
    {{-32'768, 65'535}, {-2'147'483'648, 0xFFFF'FFFF}, {kLeast, 0xFFFF'FFFF}, {kMost - 7, 7}},
    {{32'767, 0}, {2'147'483'647, 0}, {kMost, 0}, {kLeast, ~std::uint64_t{0}}},
    {{5, 9}, {5, 90'000}, {kLeast + 1, 0x1'0000'0000}, {kLeast, ~std::uint64_t{0} - 1}},
};

}  // namespace

TEST_CASE("a filter over narrow copies leaves the rows that it leaves of columns",
          "[query][filter][narrow]") {
  const auto spreads = GENERATE(0U, 1U, 2U, 3U, 4U);
  const auto nulls = GENERATE(0U, 3U, 8U);
  const std::size_t rows = GENERATE(1U, 63U, 700U, 9000U);
  const Numbers numbers(rows, kSpreads[spreads], nulls, 17 * spreads + nulls);
  Texts texts(numbers, spreads + rows);
  std::mt19937_64 random(rows);
  for (int i = 0; i < 60; ++i) {
    const auto end = static_cast<RowIndex>(1 + random() % rows);
    const auto first = static_cast<RowIndex>(i % 3 == 0 ? 0 : random() % end);
    const std::string text = i % 2 == 0 ? texts.Leaf() : texts.Next();
    INFO(text << " of rows " << first << " to " << end << " of " << rows);
    CHECK(Agrees(numbers, text, first, i % 3 == 0 ? static_cast<RowIndex>(rows) : end));
  }
  CHECK(numbers.budget.used(base::MemoryAccount::kColumns) == numbers.cache.bytes());
  if (rows == 9000) CHECK(numbers.cache.bytes() > 0);
}

TEST_CASE("filters on many threads agree while copies are made and let go of",
          "[query][filter][narrow]") {
  Numbers numbers(5000, kSpreads[0], 2, 3);
  std::vector<std::string> texts = {"small < 3", "medium >= 1000100", "large != 5", "huge is null",
                                    "small > 0 and large < 9"};
  std::vector<std::shared_ptr<const query::Filter>> filters;
  std::vector<base::Bitmap> right;
  for (const std::string& text : texts) {
    filters.push_back(Must(query::Filter::Compile(text, numbers.wide->schema())));
    right.push_back(Passed(*numbers.wide, *filters.back(), 0, 5000));
  }
  std::atomic<bool> done{false};
  std::thread evicting([&] {
    while (!done) {
      (void)numbers.cache.Evict(1);
      std::this_thread::yield();
    }
  });
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      for (std::size_t round = 0; round < 400; ++round) {
        const std::size_t at = round % filters.size();
        if (!SameBits(Passed(*numbers.narrow, *filters[at], 0, 5000), right[at])) ++wrong;
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  done = true;
  evicting.join();
  CHECK(wrong == 0);
}
