// Primary keys: one kind per collection, Int64 or text. KeyView is one key lent, KeySpan many.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vecdb/types.h"

#include "base/ids.h"

namespace vecdb::chunk {

using KeyView = std::variant<std::int64_t, std::string_view>;

// Keys lent, all of one kind.
class KeySpan {
 public:
  KeySpan() = default;
  KeySpan(std::span<const std::int64_t> keys) : ints_(keys), size_(keys.size()) {}  // NOLINT
  KeySpan(std::span<const std::string_view> keys)                                   // NOLINT
      : texts_(keys), size_(keys.size()), is_text_(true) {}

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool is_text() const { return is_text_; }
  KeyView operator[](std::size_t i) const {
    return is_text_ ? KeyView(texts_[i]) : KeyView(ints_[i]);
  }
  std::span<const std::int64_t> ints() const { return ints_; }
  std::span<const std::string_view> texts() const { return texts_; }

 private:
  std::span<const std::int64_t> ints_;
  std::span<const std::string_view> texts_;
  std::size_t size_ = 0;
  bool is_text_ = false;
};

// Keys owned, all of one kind.
class KeyList {
 public:
  explicit KeyList(bool is_text) : is_text_(is_text) {}
  void Add(KeyView key);
  KeySpan View() const;  // valid until the next Add
  std::size_t size() const { return is_text_ ? texts_.size() : ints_.size(); }
  bool is_text() const { return is_text_; }

 private:
  bool is_text_;
  std::vector<std::int64_t> ints_;
  std::vector<std::string> texts_;
  mutable std::vector<std::string_view> views_;
};

Key OwnedKey(KeyView key);
KeyView ViewOf(const Key& key);
std::string ToString(KeyView key);  // for messages: 17, 'abc'

// A strong 64-bit mix of the key, for hash tables and Bloom filters.
std::uint64_t HashKey(std::int64_t key);
std::uint64_t HashKey(std::string_view key);
std::uint64_t HashKey(KeyView key);

// Which of so many parts a value belongs to. Milvus's routing: Int64 by murmur3-32 over its 8
// little-endian bytes with the top bit cleared, text by CRC-32 (IEEE) of at most its first 100
// bytes; modulo parts. Keys belong to shards so, and values of a partition key to partitions.
std::uint32_t PartOf(KeyView value, std::uint32_t parts);
inline ShardId ShardOf(KeyView key, std::uint32_t shards) {
  return PartOf(key, shards);
}

}  // namespace vecdb::chunk
