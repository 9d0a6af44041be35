#include "roles/recall_probes.h"

namespace vecdb::roles {

bool RecallProbes::Wants(std::uint32_t every) {
  if (every == 0 || (searches_.fetch_add(1, std::memory_order_relaxed) + 1) % every != 0) {
    return false;
  }
  base::MutexLock lock(mutex_);
  return waiting_.size() < kMostWaiting;
}

void RecallProbes::Keep(KeptSearch search, base::MemoryBudget& memory) {
  const std::uint64_t bytes = sizeof(search) + search.request.filter.size() + search.query.bytes();
  auto reserved = memory.TryReserve(base::MemoryAccount::kReads, bytes);
  if (!reserved) return;
  search.memory = std::move(*reserved);
  base::MutexLock lock(mutex_);
  if (waiting_.size() < kMostWaiting) waiting_.push_back(std::move(search));
}

bool RecallProbes::any() const {
  base::MutexLock lock(mutex_);
  return !waiting_.empty();
}

std::optional<KeptSearch> RecallProbes::Take() {
  base::MutexLock lock(mutex_);
  if (waiting_.empty()) return std::nullopt;
  std::optional<KeptSearch> oldest(std::move(waiting_.front()));
  waiting_.pop_front();
  return oldest;
}

// Of an index that was replaced nothing is remembered.
void RecallProbes::Note(std::uint32_t field, IndexId index, const Measured& one) {
  base::MutexLock lock(mutex_);
  auto& [of, measured] = measured_[field];
  if (of > index) return;  // ids rise
  if (of < index) measured = {};
  of = index;
  measured.searches += one.searches;
  measured.found += one.found;
  measured.wanted += one.wanted;
}

RecallProbes::Measured RecallProbes::Of(std::uint32_t field, IndexId index) const {
  base::MutexLock lock(mutex_);
  const auto found = measured_.find(field);
  const bool same = found != measured_.end() && found->second.first == index;
  return same ? found->second.second : Measured{};
}

}  // namespace vecdb::roles
