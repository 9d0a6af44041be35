#include "query/scan.h"

#include <algorithm>

#include "base/status.h"
#include "chunk/chunk.h"
#include "segment/view.h"

namespace vecdb::query {
namespace {

constexpr RowIndex kRowsPerStep = 8192;

bool KeyBefore(const Candidate& a, const Candidate& b) {
  return a.key < b.key;
}

chunk::KeyView KeyOf(const chunk::ColumnView& view, std::size_t row) {
  if (view.type == DataType::kVarChar) return view.As<std::string_view>()[row];
  return view.As<std::int64_t>()[row];
}

}  // namespace

Result<AllowedRows> AllowedRowsAt(const segment::Segment& segment, const segment::ReadTime& t,
                                  const Filter* filter) {
  VECDB_TRY_ASSIGN(const segment::VisibleRows visible, segment::VisibleRowsAt(segment, t));
  AllowedRows allowed;
  allowed.first = visible.first;
  allowed.rows = visible.rows;
  if (visible.first == visible.rows) return allowed;
  if (filter != nullptr) {
    allowed.bitmap.emplace();
    VECDB_TRY(filter->Evaluate(segment, visible.rows, &*allowed.bitmap));
  } else if (visible.deleted != nullptr) {
    allowed.bitmap.emplace(visible.rows, true);
  }
  if (visible.deleted != nullptr) allowed.bitmap->AndNot(*visible.deleted);
  if (allowed.bitmap) allowed.bitmap->ResetBefore(visible.first);
  return allowed;
}

Status FirstByKey::Offer(const segment::Segment& segment, const segment::ReadTime& t,
                         const Filter* filter) {
  VECDB_TRY_ASSIGN(const AllowedRows allowed, AllowedRowsAt(segment, t, filter));
  const auto key_field = static_cast<std::uint32_t>(chunk::KeyFieldIndex(segment.schema()));
  for (RowIndex first = allowed.first; first < allowed.rows;) {
    const RowIndex wanted = std::min(kRowsPerStep, allowed.rows - first);
    VECDB_TRY_ASSIGN(const chunk::ColumnView keys, segment.Read(key_field, first, wanted));
    for (std::size_t i = 0; i < keys.rows; ++i) {
      const RowIndex row = first + static_cast<RowIndex>(i);
      if (allowed.bitmap && !allowed.bitmap->Test(row)) continue;
      const Candidate candidate{0, row, &segment, KeyOf(keys, i)};
      if (heap_.size() == limit_) {
        if (!KeyBefore(candidate, heap_.front())) continue;
        std::pop_heap(heap_.begin(), heap_.end(), KeyBefore);
        heap_.pop_back();
      }
      heap_.push_back(candidate);
      std::push_heap(heap_.begin(), heap_.end(), KeyBefore);
    }
    first += static_cast<RowIndex>(keys.rows);
  }
  return Status();
}

std::vector<Candidate> FirstByKey::Take() {
  std::sort_heap(heap_.begin(), heap_.end(), KeyBefore);
  return std::move(heap_);
}

}  // namespace vecdb::query
