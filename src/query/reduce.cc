#include "query/reduce.h"

#include <algorithm>
#include <compare>

#include "base/canary.h"
#include "base/status.h"
#include "chunk/chunk.h"

namespace vecdb::query {
namespace {

bool Nearer(const Candidate& a, const Candidate& b) {
  if (a.distance != b.distance) return a.distance < b.distance;
  return KeyBefore(a, b);
}

}  // namespace

bool KeyBefore(const Candidate& a, const Candidate& b) {
  const auto order = a.key <=> b.key;
  if (std::is_neq(order)) return std::is_lt(order);
  if (a.segment != b.segment) return a.segment->id() < b.segment->id();
  return a.row < b.row;
}

Result<chunk::KeyView> KeyAt(const segment::Segment& segment, RowIndex row) {
  const auto field = static_cast<std::uint32_t>(chunk::KeyFieldIndex(segment.schema()));
  VECDB_TRY_ASSIGN(const chunk::ColumnView view, segment.Read(field, row, 1));
  if (view.type == DataType::kVarChar) return chunk::KeyView(view.As<std::string_view>()[0]);
  return chunk::KeyView(view.As<std::int64_t>()[0]);
}

Status TopK::Offer(float distance, const segment::Segment& segment, RowIndex row) {
  if (distance > bound()) return Status();
  VECDB_TRY_ASSIGN(const chunk::KeyView key, KeyAt(segment, row));
  Add(Candidate{distance, row, &segment, key});
  return Status();
}

void TopK::Add(const Candidate& candidate) {
  if (heap_.size() < k_) {
    heap_.push_back(candidate);
    std::push_heap(heap_.begin(), heap_.end(), Nearer);
    return;
  }
  if (!Nearer(candidate, heap_.front())) return;
  std::pop_heap(heap_.begin(), heap_.end(), Nearer);
  heap_.back() = candidate;
  std::push_heap(heap_.begin(), heap_.end(), Nearer);
}

void TopK::Merge(const TopK& other) {
  for (const Candidate& candidate : other.heap_) Add(candidate);
}

void TopK::Forget(const segment::Segment& segment) {
  std::erase_if(heap_, [&segment](const Candidate& c) { return c.segment == &segment; });
  std::make_heap(heap_.begin(), heap_.end(), Nearer);
}

std::vector<Candidate> TopK::Take() {
  std::sort_heap(heap_.begin(), heap_.end(), Nearer);
  if (base::Canary(37) && heap_.size() > 1) heap_.pop_back();
  return std::move(heap_);
}

}  // namespace vecdb::query
