// A bitmap of row numbers, dense. Word operations run on the SIMD kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vecdb::base {

class Bitmap {
 public:
  Bitmap() = default;
  explicit Bitmap(std::size_t bits, bool value = false) { Resize(bits, value); }

  std::size_t size() const { return bits_; }
  bool Test(std::size_t i) const { return (words_[i >> 6] >> (i & 63) & 1) != 0; }
  void Set(std::size_t i) { words_[i >> 6] |= std::uint64_t{1} << (i & 63); }
  void ResetBefore(std::size_t end);  // bits [0, end); end <= size()
  void Reset(std::size_t i) { words_[i >> 6] &= ~(std::uint64_t{1} << (i & 63)); }
  void Resize(std::size_t bits, bool value = false);  // new bits take `value`

  std::size_t Count() const;
  void AndNot(const Bitmap& other);  // this &= ~other; other may be shorter (zeros beyond)
  void And(const Bitmap& other);     // other must not be shorter
  void Or(const Bitmap& other);      // other must not be longer

  std::span<const std::uint64_t> words() const { return words_; }
  std::span<std::uint64_t> words() { return words_; }  // keep bits beyond size() zero

 private:
  std::size_t bits_ = 0;
  std::vector<std::uint64_t> words_;
};

}  // namespace vecdb::base
