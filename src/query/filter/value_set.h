// The constants of an IN list, ready to be asked about each row.
//
// Thread safety: immutable after construction.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <vector>

namespace vecdb::query::filter {

class ValueSet {
 public:
  // Numbers by the key they have in their column's type, see KeyOf.
  explicit ValueSet(const std::vector<std::uint64_t>& keys);
  explicit ValueSet(std::vector<std::string> texts);
  // The views in `found_` point into `texts_`.
  ValueSet(ValueSet&&) = default;
  ValueSet& operator=(ValueSet&&) = default;
  ValueSet(const ValueSet&) = delete;
  ValueSet& operator=(const ValueSet&) = delete;

  bool Contains(std::uint64_t key) const {
    if (key == 0) return has_zero_;
    std::size_t at = Slot(key);
    while (slots_[at] != 0) {
      if (slots_[at] == key) return true;
      at = (at + 1) & (slots_.size() - 1);
    }
    return false;
  }
  bool Contains(std::string_view text) const { return found_.count(text) != 0; }

  // Whether `wanted` holds for a key in it.
  template <typename F>
  bool AnyKey(const F& wanted) const {
    if (has_zero_ && wanted(std::uint64_t{0})) return true;
    return std::any_of(slots_.begin(), slots_.end(),
                       [&](std::uint64_t key) { return key != 0 && wanted(key); });
  }

  // What is in it, in no order: the numbers by their keys, or the texts.
  std::vector<std::uint64_t> keys() const;
  const std::vector<std::string>& texts() const { return texts_; }

  // Equal values have equal keys and others have not: integers of any width, and the bits of floats
  // (zero has two).
  template <typename T>
  static std::uint64_t KeyOf(T value) {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
    } else {
      if (value == 0) return 0;
      std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t> bits = 0;
      std::memcpy(&bits, &value, sizeof(bits));
      return bits;
    }
  }

 private:
  std::size_t Slot(std::uint64_t key) const {
    return static_cast<std::size_t>(key * 0x9E3779B97F4A7C15U >> shift_);
  }

  bool has_zero_ = false;
  unsigned shift_ = 63;
  std::vector<std::uint64_t> slots_;  // a power of two, at most half full; 0 = free
  std::vector<std::string> texts_;
  std::unordered_set<std::string_view> found_;
};

}  // namespace vecdb::query::filter
