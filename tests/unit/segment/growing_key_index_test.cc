#include "segment/growing_key_index.h"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "support/catch.h"

namespace vecdb::segment {
namespace {

chunk::Column ColumnOf(const std::vector<std::int64_t>& keys) {
  chunk::Column column(DataType::kInt64, 0);
  column.AppendFixed(std::as_bytes(std::span(keys)), keys.size());
  return column;
}

chunk::Column ColumnOf(const std::vector<std::string>& keys) {
  chunk::Column column(DataType::kVarChar, 0);
  for (const std::string& key : keys) column.AppendText(key);
  return column;
}

chunk::KeyView ViewOf(const std::int64_t& key) {
  return key;
}
chunk::KeyView ViewOf(const std::string& key) {
  return std::string_view(key);
}

std::vector<RowIndex> Rows(const GrowingKeyIndex& index, chunk::KeyView key) {
  std::vector<RowIndex> rows;
  for (auto cursor = index.Find(key, chunk::HashKey(key)); !cursor.done(); cursor.Next()) {
    rows.push_back(cursor.row());
  }
  return rows;
}

// Adds the keys in batches of random size and compares with a multimap.
template <typename Key>
void CompareWithMap(DataType type, const std::vector<Key>& keys,
                    const std::vector<Key>& strangers) {
  GrowingColumn column(type, 0, false);
  GrowingKeyIndex index(column);
  std::multimap<Key, RowIndex> model;
  std::mt19937 random(7);
  for (RowIndex first = 0; first < keys.size();) {
    const std::size_t count = std::min<std::size_t>(1 + random() % 3'000, keys.size() - first);
    const auto begin = keys.begin() + static_cast<std::ptrdiff_t>(first);
    column.Write(first,
                 ColumnOf(std::vector<Key>(begin, begin + static_cast<std::ptrdiff_t>(count))));
    const auto rows = static_cast<RowIndex>(count);
    index.Reserve(first + rows);
    index.Insert(first, rows);
    for (RowIndex row = first; row < first + rows; ++row) model.emplace(keys[row], row);
    first += rows;
  }
  std::size_t different = 0;
  for (auto at = model.begin(); at != model.end();) {
    const auto end = model.upper_bound(at->first);
    std::vector<RowIndex> expected;
    for (auto same = at; same != end; ++same) expected.push_back(same->second);
    std::reverse(expected.begin(), expected.end());  // newest first
    different += Rows(index, ViewOf(at->first)) == expected ? 0 : 1;
    at = end;
  }
  CHECK(different == 0);

  std::vector<std::uint64_t> hashes;
  for (const Key& key : keys) hashes.push_back(chunk::HashKey(ViewOf(key)));
  for (const Key& key : strangers) hashes.push_back(chunk::HashKey(ViewOf(key)));
  std::vector<std::uint8_t> may(hashes.size(), 2);
  index.MayContain(hashes, may.data());
  const auto split = may.begin() + static_cast<std::ptrdiff_t>(keys.size());
  CHECK(std::all_of(may.begin(), split, [](std::uint8_t m) { return m == 1; }));
  CHECK(std::count(split, may.end(), 1) < 10);
  std::size_t found = 0;
  for (const Key& key : strangers) found += Rows(index, ViewOf(key)).size();
  CHECK(found == 0);
}

TEST_CASE("the key index finds all rows of 100,000 numbers, many of them twice", "[key_index]") {
  std::mt19937_64 random(11);
  std::vector<std::int64_t> keys;
  std::vector<std::int64_t> strangers;
  for (int i = 0; i < 100'000; ++i) keys.push_back(static_cast<std::int64_t>(random() % 70'000));
  for (int i = 0; i < 10'000; ++i) strangers.push_back(70'000 + i);
  keys[500] = std::numeric_limits<std::int64_t>::min();
  keys[600] = -1;
  CompareWithMap(DataType::kInt64, keys, strangers);
}

TEST_CASE("the key index finds all rows of 100,000 texts, many of them twice", "[key_index]") {
  std::mt19937_64 random(12);
  std::vector<std::string> keys;
  std::vector<std::string> strangers;
  for (int i = 0; i < 100'000; ++i) {
    keys.push_back("key/" + std::to_string(random() % 70'000) +
                   std::string(random() % 2 == 0 ? 0 : 30, 'x'));
  }
  keys[77] = "";
  for (int i = 0; i < 10'000; ++i) strangers.push_back("other/" + std::to_string(i));
  CompareWithMap(DataType::kVarChar, keys, strangers);
}

TEST_CASE("an empty key index finds nothing", "[key_index]") {
  const GrowingColumn column(DataType::kInt64, 0, false);
  const GrowingKeyIndex index(column);
  CHECK(Rows(index, std::int64_t{5}).empty());
  const std::uint64_t hash = chunk::HashKey(std::int64_t{5});
  std::uint8_t may = 1;
  index.MayContain(std::span(&hash, 1), &may);
  CHECK(may == 0);
}

}  // namespace
}  // namespace vecdb::segment
