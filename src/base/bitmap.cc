#include "base/bitmap.h"

#include <algorithm>

#include "base/status.h"
#include "simd/kernels.h"

namespace vecdb::base {

void Bitmap::Resize(std::size_t bits, bool value) {
  const std::size_t old = bits_;
  words_.resize((bits + 63) / 64, value ? ~std::uint64_t{0} : 0);
  bits_ = bits;  // behind what may throw
  if (value && old < bits && (old & 63) != 0) words_[old >> 6] |= ~std::uint64_t{0} << (old & 63);
  if ((bits & 63) != 0) words_.back() &= (std::uint64_t{1} << (bits & 63)) - 1;
}

void Bitmap::ResetBefore(std::size_t end) {
  std::fill_n(words_.begin(), end >> 6, std::uint64_t{0});
  if ((end & 63) != 0) words_[end >> 6] &= ~std::uint64_t{0} << (end & 63);
}

std::size_t Bitmap::Count() const {
  return simd::Kernels().words.popcount(words_.data(), words_.size());
}

void Bitmap::AndNot(const Bitmap& other) {
  const std::size_t n = std::min(words_.size(), other.words_.size());
  simd::Kernels().words.andnot_into(words_.data(), other.words_.data(), n);
}

void Bitmap::And(const Bitmap& other) {
  VECDB_CHECK(other.words_.size() >= words_.size(), "a bitmap is combined with a shorter one");
  simd::Kernels().words.and_into(words_.data(), other.words_.data(), words_.size());
}

void Bitmap::Or(const Bitmap& other) {
  VECDB_CHECK(other.words_.size() <= words_.size(), "a bitmap is combined with a longer one");
  simd::Kernels().words.or_into(words_.data(), other.words_.data(), other.words_.size());
}

}  // namespace vecdb::base
