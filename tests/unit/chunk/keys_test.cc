#include "chunk/keys.h"

#include <bit>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "chunk/split.h"
#include "support/catch.h"
#include "unit/chunk/sample.h"

using vecdb::Key;
using vecdb::chunk::HashKey;
using vecdb::chunk::KeyList;
using vecdb::chunk::KeySpan;
using vecdb::chunk::KeyView;
using vecdb::chunk::ShardOf;
using vecdb::chunk::ShardRows;
using vecdb::chunk::SplitByShard;

TEST_CASE("Int64 keys are routed by murmur3-32 with the top bit cleared", "[keys]") {
  constexpr std::uint32_t kShards = 1'000'003;  // a prime that shows nearly the whole hash
  constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
  CHECK(ShardOf(std::int64_t{0}, 0x80000000U) == 0x63852AFCU);
  CHECK(ShardOf(std::int64_t{0}, kShards) == 666669);
  CHECK(ShardOf(std::int64_t{1}, kShards) == 987380);
  CHECK(ShardOf(std::int64_t{-1}, kShards) == 855759);
  CHECK(ShardOf(std::int64_t{42}, kShards) == 674193);
  CHECK(ShardOf(kHigh, kShards) == 977479);  // the hash has its top bit set
  CHECK(ShardOf(kHigh, 0x80000000U) == 0x027144BFU);
  CHECK(ShardOf(kLow, kShards) == 269731);
  CHECK(ShardOf(std::int64_t{123456789012345}, kShards) == 479442);
}

TEST_CASE("text keys are routed by the CRC-32 of at most their first 100 bytes", "[keys]") {
  constexpr std::uint32_t kShards = 1'000'003;
  CHECK(ShardOf(std::string_view("123456789"), 0xFFFFFFFFU) == 0xCBF43926U);
  CHECK(ShardOf(std::string_view("123456789"), kShards) == 769999);
  CHECK(ShardOf(std::string_view(), kShards) == 0);
  CHECK(ShardOf(std::string_view("größe"), kShards) == 593533);
  const std::string hundred(100, 'x');
  CHECK(ShardOf(std::string_view(hundred), kShards) == 995028);
  CHECK(ShardOf(std::string_view(hundred + "y"), kShards) == 995028);
  CHECK(ShardOf(std::string_view(hundred).substr(1), kShards) != 995028);
}

TEST_CASE("one shard takes every key", "[keys]") {
  CHECK(ShardOf(std::int64_t{42}, 1) == 0);
  CHECK(ShardOf(std::string_view("a"), 1) == 0);
}

TEST_CASE("hashes are the ones that files hold", "[keys]") {
  CHECK(HashKey(std::int64_t{0}) == 0x9CA066F1A4AB2EEAU);
  CHECK(HashKey(std::int64_t{1}) == 0x25B775FAECA8F520U);
  CHECK(HashKey(std::int64_t{-1}) == 0x3CD617BBBCC39640U);
  CHECK(HashKey(std::string_view()) == 0x9353DFC8A195F3E2U);
  CHECK(HashKey(std::string_view("a")) == 0xE261EC5ABAF8FA1FU);
  CHECK(HashKey(std::string_view("exactly8")) == 0xCC8A8853962A9F5AU);
  CHECK(HashKey(std::string_view("more than eight")) == 0xC3362111314FFFF8U);
}

TEST_CASE("a hash does not depend on how the key is held", "[keys]") {
  CHECK(HashKey(KeyView(std::int64_t{5})) == HashKey(std::int64_t{5}));
  CHECK(HashKey(KeyView(std::string_view("abc"))) == HashKey(std::string_view("abc")));
}

TEST_CASE("each bit of a key moves about half the bits of its hash", "[keys]") {
  for (int bit = 0; bit < 64; ++bit) {
    int moved = 0;
    for (std::int64_t key = 0; key < 256; ++key) {
      const auto flipped = static_cast<std::int64_t>(static_cast<std::uint64_t>(key * 977) ^
                                                     (std::uint64_t{1} << bit));
      moved += std::popcount(HashKey(key * 977) ^ HashKey(flipped));
    }
    CHECK(moved > 256 * 28);
    CHECK(moved < 256 * 36);
  }
}

TEST_CASE("texts that differ in one byte, one zero or their length do not collide", "[keys]") {
  std::set<std::uint64_t> hashes;
  std::size_t texts = 0;
  for (std::size_t length = 0; length < 40; ++length) {
    for (std::size_t at = 0; at < std::max<std::size_t>(length, 1); ++at) {
      for (const char c : {'a', 'b', '\xFF'}) {
        std::string text(length, '\0');
        if (length != 0) text[at] = c;
        hashes.insert(HashKey(std::string_view(text)));
        ++texts;
        if (length == 0) break;
      }
    }
  }
  CHECK(hashes.size() == texts);
  // Low bits, which choose the slot, are spread too.
  std::vector<int> slots(256);
  for (int i = 0; i < 25'600; ++i) {
    ++slots[HashKey(std::string_view("key-" + std::to_string(i))) & 255];
  }
  for (const int load : slots) CHECK((load > 50 && load < 150));
}

TEST_CASE("a list of keys lends what was added, also after it is copied", "[keys]") {
  KeyList texts(true);
  texts.Add(std::string_view("short"));
  texts.Add(std::string_view("another key, too long to be kept inside the string"));
  const KeyList copy = texts;
  texts = KeyList(true);
  const KeySpan view = copy.View();
  REQUIRE(view.size() == 2);
  CHECK(view.is_text());
  CHECK(view.texts()[0] == "short");
  CHECK(view[1] == KeyView(std::string_view("another key, too long to be kept inside the string")));

  KeyList ints(false);
  ints.Add(std::int64_t{7});
  CHECK(ints.size() == 1);
  CHECK(ints.View().ints()[0] == 7);
  CHECK(KeyList(false).View().empty());
}

TEST_CASE("keys can be owned, lent and shown", "[keys]") {
  CHECK(vecdb::chunk::OwnedKey(std::int64_t{3}) == Key(std::int64_t{3}));
  CHECK(vecdb::chunk::OwnedKey(std::string_view("a")) == Key(std::string("a")));
  const Key text = std::string("a");
  CHECK(vecdb::chunk::ViewOf(text) == KeyView(std::string_view("a")));
  CHECK(vecdb::chunk::ToString(std::int64_t{17}) == "17");
  CHECK(vecdb::chunk::ToString(std::string_view("abc")) == "'abc'");
}

TEST_CASE("a split gives each row to its shard once, in order", "[split]") {
  std::vector<std::int64_t> keys;
  for (std::int64_t i = 0; i < 5000; ++i) keys.push_back(i * i - 17);
  for (const std::uint32_t shards : {1U, 2U, 3U, 16U}) {
    const std::vector<ShardRows> split = SplitByShard(std::span<const std::int64_t>(keys), shards);
    std::vector<int> seen(keys.size());
    for (std::size_t i = 0; i < split.size(); ++i) {
      if (i > 0) CHECK(split[i - 1].shard < split[i].shard);
      CHECK_FALSE(split[i].rows.empty());
      CHECK(std::is_sorted(split[i].rows.begin(), split[i].rows.end()));
      for (const std::uint32_t row : split[i].rows) {
        ++seen[row];
        if (ShardOf(keys[row], shards) != split[i].shard) FAIL("row " << row);
      }
    }
    CHECK(split.size() == shards);
    CHECK(std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; }));
  }
}

TEST_CASE("shards without rows are left out of a split", "[split]") {
  const std::vector<std::string_view> one = {"only"};
  CHECK(SplitByShard(std::span<const std::string_view>(one), 16).size() == 1);
  CHECK(SplitByShard(KeySpan(), 16).empty());
  CHECK(SplitByShard(KeySpan(), 1).empty());
}

TEST_CASE("the parts of a split hold the rows of the whole", "[split]") {
  const vecdb::Schema schema = vecdb_test::EveryType();
  const vecdb::chunk::Chunk whole = vecdb_test::EveryTypeChunk(100);
  std::size_t rows = 0;
  for (const ShardRows& part : SplitByShard(KeysOf(schema, whole), 3)) {
    const vecdb::chunk::Chunk picked = Pick(schema, whole, part.rows);
    REQUIRE(picked.rows == part.rows.size());
    rows += picked.rows;
    for (std::size_t c = 0; c < whole.columns.size(); ++c) {
      const auto from = whole.columns[c].View();
      const auto to = picked.columns[c].View();
      for (std::size_t i = 0; i < picked.rows; ++i) CHECK(to.At(i) == from.At(part.rows[i]));
    }
  }
  CHECK(rows == 100);
}
