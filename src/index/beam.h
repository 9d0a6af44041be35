// What a walk through a graph needs besides the graph, made once and used again: nothing here
// allocates when it has been used for as much before.
#pragma once

#include <algorithm>
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

// The nearest of many rows, for scans. A few are kept in order; of more, what is offered is sorted
// out now and then.
class Nearest {
 public:
  void Reset(std::size_t capacity) {
    capacity_ = capacity;
    bound_ = ~std::uint64_t{0};
    entries_.clear();
    entries_.reserve(2 * capacity);
  }
  // What is not nearer than this has no place.
  std::uint64_t bound() const { return bound_; }
  void Offer(std::uint64_t entry) {
    if (entry >= bound_) return;
    if (capacity_ <= kFew) return Insert(entry);
    entries_.push_back(entry);
    if (entries_.size() == 2 * capacity_) Cut();
  }
  // In order. Nothing may be offered afterwards.
  void Finish() {
    if (entries_.size() > capacity_) Cut();
    std::sort(entries_.begin(), entries_.end());
  }
  std::size_t size() const { return entries_.size(); }
  std::uint32_t id(std::size_t i) const { return static_cast<std::uint32_t>(entries_[i]) >> 1; }
  Key key(std::size_t i) const { return static_cast<Key>(entries_[i] >> 32); }

 private:
  static constexpr std::size_t kFew = 32;

  void Insert(std::uint64_t entry) {
    if (entries_.size() < capacity_) entries_.push_back(entry);
    std::size_t at = entries_.size() - 1;
    for (; at > 0 && entries_[at - 1] > entry; --at) entries_[at] = entries_[at - 1];
    entries_[at] = entry;
    if (entries_.size() == capacity_) bound_ = entries_.back();
  }
  void Cut() {
    const auto last = entries_.begin() + static_cast<std::ptrdiff_t>(capacity_ - 1);
    std::nth_element(entries_.begin(), last, entries_.end());
    bound_ = *last;
    entries_.resize(capacity_);
  }

  std::vector<std::uint64_t> entries_;
  std::size_t capacity_ = 0;
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
