#include "query/search.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/status.h"
#include "chunk/kinds.h"
#include "query/index_search.h"
#include "query/scan.h"
#include "segment/field_index.h"
#include "segment/index_part.h"

namespace vecdb::query {
namespace {

constexpr std::size_t kBatch = Distances::kBatch;

// One contiguous run of vectors, rows [first, first + view.rows) of the segment.
Status SearchRun(const segment::Segment& segment, const SearchPlan& plan,
                 const chunk::ColumnView& view, RowIndex first, TopK* top) {
  std::array<float, kBatch> distance;
  for (std::size_t at = 0; at < view.rows; at += kBatch) {
    const std::size_t n = std::min(kBatch, view.rows - at);
    plan.distances->Many(view, at, std::span(distance).first(n));
    for (std::size_t i = 0; i < n; ++i) {
      if (distance[i] > top->bound()) continue;
      VECDB_TRY(top->Offer(distance[i], segment, first + static_cast<RowIndex>(at + i)));
    }
  }
  return Status();
}

// The same, for the rows of the run that `allowed` names.
Status SearchAllowed(const segment::Segment& segment, const SearchPlan& plan,
                     const chunk::ColumnView& view, RowIndex first, const base::Bitmap& allowed,
                     TopK* top) {
  std::array<float, kBatch> distance;
  std::array<std::uint32_t, kBatch> ids;
  std::size_t n = 0;
  const auto offer = [&]() -> Status {
    plan.distances->Ids(view, std::span(ids).first(n), std::span(distance).first(n));
    for (std::size_t i = 0; i < n; ++i) {
      if (distance[i] > top->bound()) continue;
      VECDB_TRY(top->Offer(distance[i], segment, first + ids[i]));
    }
    n = 0;
    return Status();
  };
  for (std::size_t row = 0; row < view.rows; ++row) {
    const std::size_t bit = first + row;
    if ((bit & 63) == 0 && row + 64 <= view.rows && allowed.words()[bit >> 6] == 0) {
      row += 63;
      continue;
    }
    if (!allowed.Test(bit)) continue;
    ids[n++] = static_cast<std::uint32_t>(row);
    if (n == kBatch) VECDB_TRY(offer());
  }
  return n == 0 ? Status() : offer();
}

bool IsExact(const SearchPlan& plan) {
  return plan.effort.ef == 0 && plan.effort.recall >= 1;
}

// Null: the answer is to be exact, or there is none.
const segment::FieldIndex* IndexFor(const segment::Segment& segment, const SearchPlan& plan) {
  return IsExact(plan) ? nullptr : segment.IndexOn(plan.field);
}
std::shared_ptr<const segment::IndexParts> PartsFor(const segment::Segment& segment,
                                                    const SearchPlan& plan) {
  const segment::PartBoard* const board = IsExact(plan) ? nullptr : segment.parts();
  return board == nullptr ? nullptr : board->Pin(plan.field);
}

// False: nothing was offered, and a scan is to answer.
Result<bool> AskIndex(const segment::FieldIndex& index, const segment::Segment& segment,
                      const SearchPlan& plan, AllowedRows* allowed, TopK* top, Portion* portion) {
  const index::Index* const usable = index.usable();
  if (usable == nullptr) return false;
  const Result<bool> answered = SearchIndex(*usable, segment, plan, allowed, top, portion);
  if (answered.ok() || answered.status().code() != StatusCode::kCorruption) return answered;
  index.NoteDamage(answered.status());
  top->Forget(segment);  // a key may have been what is damaged, behind rows that were offered
  portion->farthest.reset();
  return false;
}

// Every allowed row of [first, end).
Status ScanRows(const segment::Segment& segment, const SearchPlan& plan, const AllowedRows& allowed,
                RowIndex first, RowIndex end, TopK* top) {
  return ForEachRun(segment, plan, first, end, [&](const chunk::ColumnView& view, RowIndex at) {
    return allowed.bitmap ? SearchAllowed(segment, plan, view, at, *allowed.bitmap, top)
                          : SearchRun(segment, plan, view, at, top);
  });
}

// Rows that have no index are scanned, and all where none is wanted. Parts begin at row 0 and leave
// no gap.
Status SearchParts(const segment::Segment& segment, const SearchPlan& plan, AllowedRows* allowed,
                   TopK* top) {
  RowIndex first = allowed->first;
  const auto parts = PartsFor(segment, plan);
  if (parts != nullptr) {
    for (const auto& part : *parts) {
      const RowIndex end = std::min(part->range.end(), allowed->rows);
      if (end <= first) continue;
      Result<bool> answered = SearchPart(*part, segment, plan, allowed, top);
      if (answered.status().code() == StatusCode::kCorruption) answered = false;
      VECDB_TRY(answered.status());
      if (!*answered) VECDB_TRY(ScanRows(segment, plan, *allowed, first, end, top));
      first = end;
    }
  }
  return ScanRows(segment, plan, *allowed, first, allowed->rows, top);
}

}  // namespace

RowIndex RowsPerLook(const Field& field) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 20;
  constexpr std::size_t kMostRows = 8192;
  const std::size_t width = chunk::FixedWidth(field.type, field.dimension);
  if (width == 0) return kMostRows / 2;
  const std::size_t rows = std::clamp<std::size_t>(kMostBytes / width, 1, kMostRows);
  return static_cast<RowIndex>(rows < kBatch ? rows : rows - rows % kBatch);
}

bool MayAskIndex(const segment::Segment& segment, const SearchPlan& plan) {
  if (PartsFor(segment, plan) != nullptr) return true;
  const segment::FieldIndex* const index = IndexFor(segment, plan);
  return index != nullptr && index->usable() != nullptr;
}

Status SearchSegment(const segment::Segment& segment, const segment::ReadTime& t,
                     const SearchPlan& plan, TopK* top, FilterCache* cache, Portion* portion) {
  VECDB_TRY_ASSIGN(AllowedRows allowed,
                   AllowedRowsAt(segment, t, plan.filter.get(), plan.deadline, cache));
  return SearchRows(segment, plan, &allowed, top, portion);
}

Status SearchLeft(const segment::Segment& segment, const segment::ReadTime& t,
                  const SearchPlan& plan, std::optional<AllowedRows>* left, TopK* top,
                  FilterCache* cache) {
  if (!*left) {
    VECDB_TRY_ASSIGN(AllowedRows allowed,
                     AllowedRowsAt(segment, t, plan.filter.get(), plan.deadline, cache));
    if (!allowed.bitmap) {
      allowed.bitmap.emplace(allowed.rows, true);
      allowed.bitmap->ResetBefore(allowed.first);
    }
    *left = std::move(allowed);
  }
  return SearchRows(segment, plan, &**left, top);
}

Status SearchRows(const segment::Segment& segment, const SearchPlan& plan, AllowedRows* allowed,
                  TopK* top, Portion* portion) {
  if (allowed->first == allowed->rows) return Status();
  if (const segment::FieldIndex* const index = IndexFor(segment, plan); index != nullptr) {
    Portion whole = Whole(plan);
    VECDB_TRY_ASSIGN(const bool answered, AskIndex(*index, segment, plan, allowed, top,
                                                   portion == nullptr ? &whole : portion));
    if (answered) return Status();
  }
  return SearchParts(segment, plan, allowed, top);
}

}  // namespace vecdb::query
