// What a walk through a graph needs besides the graph, made once and used again: nothing here
// allocates when it has been used for as much before.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "index/code_space.h"

namespace vecdb::index {

// The nearest rows seen so far, in order, each with a mark once it has been expanded. Equal keys
// stand in the order of their rows, so that a walk has one outcome.
class Beam {
 public:
  void Reset(std::size_t capacity) {
    if (entries_.size() < capacity + 1) entries_.resize(capacity + 1);
    capacity_ = capacity;
    size_ = 0;
    next_ = 0;
  }

  // What is not nearer than this has no place.
  std::uint64_t bound() const {
    return size_ < capacity_ ? ~std::uint64_t{0} : entries_[capacity_ - 1];
  }
  static std::uint64_t EntryOf(Key key, std::uint32_t id) {
    return std::uint64_t{key} << 32 | std::uint64_t{id} << 1;
  }

  static std::uint32_t IdOf(std::uint64_t entry) { return static_cast<std::uint32_t>(entry) >> 1; }

  // `entry` is below bound() and not in here. Where it stands now.
  std::size_t Insert(std::uint64_t entry) {
    const std::size_t at = PlaceOf(entry);
    const std::size_t last = size_ < capacity_ ? size_++ : size_ - 1;
    std::uint64_t* const place = entries_.data() + at;
    std::memmove(place + 1, place, (last - at) * sizeof *place);
    *place = entry;
    next_ = std::min(next_, at);
    return at;
  }

  std::size_t next() const { return next_; }
  bool HasNext() const { return next_ < size_; }
  std::uint64_t PeekEntry() const { return entries_[next_]; }
  std::uint32_t Peek() const { return IdOf(PeekEntry()); }
  // The nearest that is not expanded yet, which it is from now on.
  std::uint32_t TakeNext() {
    const std::uint32_t id = Peek();
    entries_[next_] |= kExpanded;
    while (++next_ < size_ && (entries_[next_] & kExpanded) != 0) continue;
    return id;
  }

  std::size_t size() const { return size_; }
  std::uint32_t id(std::size_t i) const { return IdOf(entries_[i]); }
  Key key(std::size_t i) const { return static_cast<Key>(entries_[i] >> 32); }

 private:
  static constexpr std::uint64_t kExpanded = 1;

  // Without branches: whether an entry is above another cannot be foreseen.
  std::size_t PlaceOf(std::uint64_t entry) const {
    const std::uint64_t* first = entries_.data();
    for (std::size_t n = size_; n > 0;) {
      const std::size_t half = n / 2;
      first += (n - half) & -static_cast<std::size_t>(first[half] < entry);
      n = half;
    }
    return static_cast<std::size_t>(first - entries_.data());
  }

  std::vector<std::uint64_t> entries_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  std::size_t next_ = 0;  // everything before it is expanded
};

// Which rows a walk has met.
class Visited {
 public:
  void Reset(std::size_t rows) { words_.assign((rows + 63) / 64, 0); }
  bool Has(std::uint32_t id) const { return (words_[id / 64] >> (id % 64) & 1) != 0; }
  // Whether `id` is met for the first time. Without a branch, which could not be foreseen.
  bool Meet(std::uint32_t id) {
    std::uint64_t& word = words_[id / 64];
    const std::uint64_t before = word;
    word = before | std::uint64_t{1} << (id % 64);
    return (before >> (id % 64) & 1) == 0;
  }

 private:
  std::vector<std::uint64_t> words_;
};

// The nearest of many rows, for scans: all that is nearer than a bound is kept until there is much
// of it, and the bound is moved then. No step has a branch that could not be foreseen.
class Nearest {
 public:
  static constexpr std::size_t kMostAtOnce = 256;

  void Reset(std::size_t capacity) {
    capacity_ = capacity;
    much_ = std::max(2 * capacity, kMostAtOnce);
    bound_ = ~std::uint64_t{0};
    if (entries_.size() < much_ + kMostAtOnce) entries_.resize(much_ + kMostAtOnce);
    size_ = 0;
  }
  // What is not nearer than this has no place.
  std::uint64_t bound() const { return bound_; }
  void Offer(std::uint64_t entry) {
    if (entry >= bound_) return;
    entries_[size_++] = entry;
    if (size_ >= much_) Cut();
  }
  // Of n <= kMostAtOnce rows.
  void OfferAll(const Key* keys, const std::uint32_t* ids, std::size_t n) {
    std::uint64_t* end = entries_.data() + size_;
    const std::uint64_t bound = bound_;
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint64_t entry = Beam::EntryOf(keys[i], ids[i]);
      *end = entry;
      end += entry < bound ? 1 : 0;
    }
    size_ = static_cast<std::size_t>(end - entries_.data());
    if (size_ >= much_) Cut();
  }
  // In order. Nothing may be offered afterwards.
  void Finish() {
    if (size_ > capacity_) Cut();
    std::sort(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ = std::min(size_, capacity_);
  }
  std::size_t size() const { return size_; }
  std::uint32_t id(std::size_t i) const { return static_cast<std::uint32_t>(entries_[i]) >> 1; }
  Key key(std::size_t i) const { return static_cast<Key>(entries_[i] >> 32); }

 private:
  // Leaves as many as are wanted, and some more: those up to the end of the part, of 256 that are
  // equally wide, that the last wanted one lies in.
  void Cut() {
    std::uint64_t* const entries = entries_.data();
    std::uint64_t least = entries[0];
    std::uint64_t most = entries[0];
    for (std::size_t i = 1; i < size_; ++i) {
      least = std::min(least, entries[i]);
      most = std::max(most, entries[i]);
    }
    const int shift = std::max(0, 56 - std::countl_zero(most - least));
    std::uint32_t counts[256] = {};
    for (std::size_t i = 0; i < size_; ++i) ++counts[(entries[i] - least) >> shift];
    std::uint64_t part = 0;
    for (std::size_t seen = counts[0]; seen < capacity_; seen += counts[part]) ++part;
    const std::uint64_t last =
        (most - least) >> shift == part ? most : least + ((part + 1) << shift) - 1;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      const std::uint64_t entry = entries[i];
      entries[kept] = entry;
      kept += entry <= last ? 1 : 0;
    }
    size_ = kept;
    bound_ = std::min(bound_, last);
    if (size_ > much_ / 4 * 3) CutAll();
  }
  // Where a few are far from all others, nearly all lie in one part.
  void CutAll() {
    const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(size_);
    const auto last = entries_.begin() + static_cast<std::ptrdiff_t>(capacity_ - 1);
    std::nth_element(entries_.begin(), last, end);
    bound_ = *last;
    size_ = capacity_;
  }

  std::vector<std::uint64_t> entries_;  // the first size_ of them
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t much_ = 0;
  std::uint64_t bound_ = 0;
};

struct Scratch {
  Beam beam;
  Beam found;  // of a walk under a filter: the allowed rows
  Nearest nearest;
  Visited visited;
  EncodedQuery query;
  std::vector<std::uint32_t> ids;
  std::vector<Key> keys;
  std::vector<float> distances;
  std::uint64_t computed = 0;  // distances, by the last walk
};

// Lends each its own, as many as are asked for at once.
class ScratchPool {
 public:
  class Loan {
   public:
    explicit Loan(ScratchPool& pool) : pool_(pool), scratch_(pool.Take()) {}
    ~Loan() { pool_.Give(std::move(scratch_)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    Scratch& operator*() const { return *scratch_; }
    Scratch* operator->() const { return scratch_.get(); }

   private:
    ScratchPool& pool_;
    std::unique_ptr<Scratch> scratch_;
  };

 private:
  std::unique_ptr<Scratch> Take() EXCLUDES(mutex_) {
    {
      base::MutexLock lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<Scratch> scratch = std::move(idle_.back());
        idle_.pop_back();
        return scratch;
      }
      idle_.reserve(++made_);  // so that Give() needs no memory
    }
    return std::make_unique<Scratch>();
  }
  void Give(std::unique_ptr<Scratch> scratch) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    idle_.push_back(std::move(scratch));
  }

  base::Mutex mutex_;  // leaf
  std::vector<std::unique_ptr<Scratch>> idle_ GUARDED_BY(mutex_);
  std::size_t made_ GUARDED_BY(mutex_) = 0;
};

}  // namespace vecdb::index
