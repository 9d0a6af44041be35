#include "query/scan.h"

#include <algorithm>
#include <memory>

#include "base/status.h"
#include "chunk/chunk.h"
#include "segment/view.h"

namespace vecdb::query {
namespace {

constexpr RowIndex kRowsPerStep = 8192;

// Of all rows of a sealed segment; null where that is not known, nor worth knowing.
Result<std::shared_ptr<const base::Bitmap>> PassedOf(const segment::Segment& segment,
                                                     const Filter& filter,
                                                     const base::Deadline& deadline,
                                                     FilterCache* cache) {
  if (auto known = cache->Find(segment.id(), filter.text())) return known;
  if (!cache->WasAsked(segment.id(), filter.text())) return std::shared_ptr<const base::Bitmap>();
  auto passed = std::make_shared<base::Bitmap>();
  VECDB_TRY(filter.EvaluateFrom(segment, 0, segment.rows(), deadline, passed.get()));
  cache->Put(segment.id(), filter.text(), passed);
  return std::shared_ptr<const base::Bitmap>(std::move(passed));
}

}  // namespace

Result<AllowedRows> AllowedRowsAt(const segment::Segment& segment, const segment::ReadTime& t,
                                  const Filter* filter, const base::Deadline& deadline,
                                  FilterCache* cache) {
  VECDB_TRY(deadline.Check());
  VECDB_TRY_ASSIGN(const segment::VisibleRows visible, segment::VisibleRowsAt(segment, t));
  AllowedRows allowed;
  allowed.first = visible.first;
  allowed.rows = visible.rows;
  if (visible.first == visible.rows) return allowed;
  std::shared_ptr<const base::Bitmap> passed;
  if (filter != nullptr && cache != nullptr && segment.sealed()) {
    VECDB_TRY_ASSIGN(passed, PassedOf(segment, *filter, deadline, cache));
  }
  if (passed != nullptr) {
    allowed.bitmap = *passed;
    allowed.bitmap->Resize(visible.rows);
    allowed.bitmap->ResetBefore(visible.first);
  } else if (filter != nullptr) {
    allowed.bitmap.emplace();
    VECDB_TRY(
        filter->EvaluateFrom(segment, visible.first, visible.rows, deadline, &*allowed.bitmap));
  } else if (visible.deleted != nullptr) {
    allowed.bitmap.emplace(visible.rows, true);
    allowed.bitmap->ResetBefore(visible.first);
  }
  if (visible.deleted != nullptr) allowed.bitmap->AndNot(*visible.deleted);
  return allowed;
}

Result<chunk::ColumnView> ReadKeys(const segment::Segment& segment, RowIndex first, RowIndex end) {
  const auto key_field = static_cast<std::uint32_t>(chunk::KeyFieldIndex(segment.schema()));
  return segment.Read(key_field, first, std::min(kRowsPerStep, end - first));
}

chunk::KeyView KeyIn(const chunk::ColumnView& keys, std::size_t row) {
  if (keys.type == DataType::kVarChar) return keys.As<std::string_view>()[row];
  return keys.As<std::int64_t>()[row];
}

Status FirstByKey::Offer(const segment::Segment& segment, const segment::ReadTime& t,
                         const Filter* filter, const base::Deadline& deadline) {
  VECDB_TRY_ASSIGN(const AllowedRows allowed, AllowedRowsAt(segment, t, filter, deadline));
  return OfferAllowed(segment, allowed, deadline, [](const Candidate&) { return true; });
}

void FirstByKey::Add(const Candidate& candidate) {
  if (heap_.size() == limit_) {
    if (!KeyBefore(candidate, heap_.front())) return;
    std::pop_heap(heap_.begin(), heap_.end(), KeyBefore);
    heap_.pop_back();
  }
  heap_.push_back(candidate);
  std::push_heap(heap_.begin(), heap_.end(), KeyBefore);
}

void FirstByKey::Merge(const FirstByKey& other) {
  for (const Candidate& candidate : other.heap_) Add(candidate);
}

std::vector<Candidate> FirstByKey::Take() {
  std::sort_heap(heap_.begin(), heap_.end(), KeyBefore);
  return std::move(heap_);
}

}  // namespace vecdb::query
