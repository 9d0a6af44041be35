#include "query/filter_cache.h"

#include <functional>

namespace vecdb::query {

std::shared_ptr<const base::Bitmap> FilterCache::Find(SegmentId segment, std::string_view filter) {
  base::MutexLock lock(mutex_);
  const auto found = by_name_.find(Name(segment, filter));
  if (found == by_name_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->passed;
}

bool FilterCache::WasAsked(SegmentId segment, std::string_view filter) {
  constexpr std::uint64_t kMix = 0x9E37'79B9'7F4A'7C15ULL;
  const std::size_t hash = std::hash<std::string_view>()(filter) + segment * kMix;
  base::MutexLock lock(mutex_);
  if (asked_.empty()) asked_.resize(kAskedPlaces);
  Asked& place = asked_[hash % kAskedPlaces];
  if (place.last == hash || place.before == hash) return true;
  place.before = std::exchange(place.last, hash);
  return false;
}

void FilterCache::Put(SegmentId segment, std::string_view filter,
                      std::shared_ptr<const base::Bitmap> passed) {
  Entry entry{Name(segment, filter), std::move(passed), 0, {}};
  entry.bytes = sizeof(Entry) + 2 * filter.size() + entry.passed->words().size_bytes();
  if (entry.bytes > most_bytes_ / 4) return;  // would push out too much
  auto memory = budget_.TryReserve(base::MemoryAccount::kReads, entry.bytes);
  if (!memory) return;
  entry.memory = std::move(*memory);
  std::list<Entry> one;
  one.push_back(std::move(entry));
  base::MutexLock lock(mutex_);
  const auto [place, is_new] = by_name_.emplace(one.front().name, one.begin());
  if (!is_new) return;  // another was quicker
  bytes_ += one.front().bytes;
  entries_.splice(entries_.begin(), one);
  while (bytes_ > most_bytes_) DropOldest();
}

void FilterCache::DropOldest() {
  bytes_ -= entries_.back().bytes;
  by_name_.erase(entries_.back().name);
  entries_.pop_back();
}

std::uint64_t FilterCache::Clear() {
  base::MutexLock lock(mutex_);
  const std::uint64_t had = bytes_;
  while (!entries_.empty()) DropOldest();
  return had;
}

std::uint64_t FilterCache::bytes() const {
  base::MutexLock lock(mutex_);
  return bytes_;
}

}  // namespace vecdb::query
