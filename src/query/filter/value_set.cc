#include "query/filter/value_set.h"

#include <bit>

namespace vecdb::query::filter {

ValueSet::ValueSet(const std::vector<std::uint64_t>& keys) {
  const auto bits = static_cast<unsigned>(std::bit_width(keys.size() * 2 + 1));
  shift_ = 64 - bits;
  slots_.resize(std::size_t{1} << bits);
  for (const std::uint64_t key : keys) {
    if (key == 0) has_zero_ = true;
    if (Contains(key)) continue;
    std::size_t at = Slot(key);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = key;
  }
}

ValueSet::ValueSet(std::vector<std::string> texts)
    : slots_(2), texts_(std::move(texts)), found_(texts_.begin(), texts_.end()) {
}

std::vector<std::uint64_t> ValueSet::keys() const {
  std::vector<std::uint64_t> keys;
  if (has_zero_) keys.push_back(0);
  for (const std::uint64_t key : slots_) {
    if (key != 0) keys.push_back(key);
  }
  return keys;
}

}  // namespace vecdb::query::filter
