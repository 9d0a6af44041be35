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

// Every allowed row of [first, end).
Status ScanRows(const segment::Segment& segment, const SearchPlan& plan, const AllowedRows& allowed,
                RowIndex first, RowIndex end, TopK* top) {
  return ForEachRun(segment, plan, first, end, [&](const chunk::ColumnView& view, RowIndex at) {
    return allowed.bitmap ? SearchAllowed(segment, plan, view, at, *allowed.bitmap, top)
                          : SearchRun(segment, plan, view, at, top);
  });
}

// What is left to scan of a segment: rows [first, end).
struct Rest {
  const segment::Segment* segment = nullptr;
  const AllowedRows* allowed = nullptr;
  RowIndex first = 0;
  RowIndex end = 0;
};

// A search of some segments by one thread. First all is collected that indexes are asked for: those
// of segments, and of parts of growing ones. They answer together, and rows that none of them has
// are scanned: all where none is wanted, or one turns out to be damaged.
class SegmentsSearch {
 public:
  SegmentsSearch(const SearchPlan& plan, TopK* top, Crossings* crossings = nullptr)
      : plan_(plan), top_(*top), crossings_(crossings) {}

  // All must stay where it is.
  void Add(const segment::Segment& segment, AllowedRows* allowed, Portion* portion) {
    if (allowed->first == allowed->rows) return;
    const segment::FieldIndex* const index = IndexFor(segment, plan_);
    const index::Index* const usable = index == nullptr ? nullptr : index->usable();
    if (usable != nullptr) {
      const IndexAsk::Of of{usable, &segment, 0, segment.rows()};
      asks_.push_back({index, allowed, portion, IndexAsk(of, plan_, *portion, allowed)});
      return;
    }
    const RowIndex first = AddParts(segment, allowed, portion);
    if (first < allowed->rows) rests_.push_back({&segment, allowed, first, allowed->rows});
  }

  Status Run() {
    if (asks_.size() == 1 || plan_.range) {
      for (Ask& ask : asks_) VECDB_TRY(Take(&ask, ask.of_index.Run(&top_)));
    } else {
      VECDB_TRY(RunTogether());
    }
    for (const Rest& rest : rests_) {
      VECDB_TRY(ScanRows(*rest.segment, plan_, *rest.allowed, rest.first, rest.end, &top_));
    }
    return Status();
  }

 private:
  struct Ask {
    const segment::FieldIndex* field = nullptr;  // null: of a part
    const AllowedRows* allowed = nullptr;
    Portion* portion = nullptr;  // of the segment
    IndexAsk of_index;
  };

  using Seeds = std::array<std::uint32_t, 4>;
  using CrossingPtr = segment::CrossingPlace::CrossingPtr;

  // Parts begin at row 0 and leave no gap. The first row that has none, of those allowed.
  RowIndex AddParts(const segment::Segment& segment, AllowedRows* allowed, Portion* portion) {
    RowIndex first = allowed->first;
    auto parts = PartsFor(segment, plan_);
    if (parts == nullptr) return first;
    const double rows = std::max(static_cast<double>(segment.rows()), 1.0);
    for (const auto& part : *parts) {
      if (std::min(part->range.end(), allowed->rows) <= first) continue;
      first = std::min(part->range.end(), allowed->rows);
      const double share = portion->part * static_cast<double>(part->range.rows) / rows;
      const IndexAsk::Of of{part->index.get(), &segment, part->range.first, part->range.rows};
      asks_.push_back(
          {nullptr, allowed, portion,
           IndexAsk(of, plan_, share > 0 ? PortionOf(plan_, share) : *portion, allowed)});
    }
    parts_.push_back(std::move(parts));
    return first;
  }

  Status RunTogether() {
    const std::vector<CrossingPtr> crossings = FindCrossings();
    std::vector<index::SearchOf> searches;
    searches.reserve(asks_.size());
    for (Ask& ask : asks_) searches.push_back(ask.of_index.Request());
    std::vector<Seeds> seeds(crossings.size());
    std::span<index::SearchOf> others = searches;
    if (!crossings.empty()) {
      SearchFirst(searches, crossings, seeds);
      others = others.subspan(1);
    }
    index::SearchTogether(others);
    for (std::size_t i = 0; i < asks_.size(); ++i) {
      Result<bool> answered = true;
      if (!searches[i].status.ok()) answered = searches[i].status;
      if (answered.ok()) {
        if (Status offered = asks_[i].of_index.Offer(&top_); !offered.ok()) answered = offered;
      }
      VECDB_TRY(Take(&asks_[i], answered));
    }
    return Status();
  }

  // Of an index of a segment, and 0 of a part.
  static RowIndex RowsOf(const Ask& ask) {
    return ask.field == nullptr ? 0 : ask.of_index.of().rows;
  }
  // Whether there are two between which a crossing is worth while: the largest comes first.
  bool LargestFirst() {
    if (crossings_ == nullptr || asks_.empty()) return false;
    const auto fewer = [](const Ask& a, const Ask& b) { return RowsOf(a) < RowsOf(b); };
    std::iter_swap(asks_.begin(), std::max_element(asks_.begin(), asks_.end(), fewer));
    const RowIndex most = RowsOf(asks_.front());
    return std::any_of(asks_.begin() + 1, asks_.end(),
                       [&](const Ask& ask) { return WorthCrossing(most, RowsOf(ask)); });
  }

  // From the first index to each that has one; empty where none has.
  std::vector<CrossingPtr> FindCrossings() {
    std::vector<CrossingPtr> crossings;
    if (!index::kCrossings || !LargestFirst()) return crossings;
    const segment::FieldIndex& first = *asks_.front().field;
    crossings.resize(asks_.size());
    bool any = false;
    for (std::size_t i = 1; i < asks_.size(); ++i) {
      if (!WorthCrossing(RowsOf(asks_.front()), RowsOf(asks_[i]))) continue;
      bool wanted = false;
      crossings[i] = asks_[i].field->crossing().Find(first, &wanted);
      if (wanted) crossings_->Want(first.share(), asks_[i].field->share());
      any = any || crossings[i] != nullptr;
    }
    if (!any) crossings.clear();
    return crossings;
  }

  // Where it has found its rows, others begin to which there is a crossing.
  static void SearchFirst(std::span<index::SearchOf> searches,
                          std::span<const CrossingPtr> crossings, std::span<Seeds> seeds) {
    index::SearchOf& first = searches.front();
    first.status = first.index->Search(first.request, first.exact, first.out);
    for (std::size_t i = 1; i < searches.size() && first.status.ok(); ++i) {
      if (crossings[i] == nullptr) continue;
      searches[i].request.seeds = crossings[i]->SeedsOf(*first.out, seeds[i]);
    }
  }

  // What an index has answered. It may have been a key that is damaged, behind rows that were
  // offered.
  Status Take(Ask* ask, const Result<bool>& answered) {
    const IndexAsk::Of& of = ask->of_index.of();
    if (answered.ok() && *answered) {
      const auto farthest = ask->of_index.farthest();
      auto& least = ask->portion->farthest;
      if (farthest && (!least || *farthest < *least)) least = farthest;
      return Status();
    }
    if (answered.status().code() == StatusCode::kCorruption) {
      if (ask->field != nullptr) {
        ask->field->NoteDamage(answered.status());
        top_.Forget(*of.segment);
      }
    } else {
      VECDB_TRY(answered.status());
    }
    const RowIndex first = std::max(of.first, ask->allowed->first);
    rests_.push_back(
        {of.segment, ask->allowed, first, std::min(of.first + of.rows, ask->allowed->rows)});
    return Status();
  }

  const SearchPlan& plan_;
  TopK& top_;
  Crossings* const crossings_;
  std::vector<Ask> asks_;
  std::vector<Rest> rests_;
  std::vector<std::shared_ptr<const segment::IndexParts>> parts_;  // pinned
};

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
  const auto parts = PartsFor(segment, plan);
  if (parts != nullptr && !parts->empty() && parts->back()->range.end() >= segment.rows() / 2) {
    return true;
  }
  const segment::FieldIndex* const index = IndexFor(segment, plan);
  return index != nullptr && index->usable() != nullptr;
}

Status SearchSegment(const segment::Segment& segment, const segment::ReadTime& t,
                     const SearchPlan& plan, TopK* top, FilterCache* cache) {
  VECDB_TRY_ASSIGN(AllowedRows allowed,
                   AllowedRowsAt(segment, t, plan.filter.get(), plan.deadline, cache));
  return SearchRows(segment, plan, &allowed, top);
}

Status SearchSegments(const segment::View& view, std::span<const std::size_t> which,
                      const segment::ReadTime& t, const SearchPlan& plan, const SearchInto& into) {
  for (; !which.empty(); which = which.subspan(std::min(which.size(), kSegmentsTogether))) {
    const auto some = which.first(std::min(which.size(), kSegmentsTogether));
    std::vector<AllowedRows> allowed(some.size());
    for (std::size_t i = 0; i < some.size(); ++i) {
      VECDB_TRY_ASSIGN(allowed[i], AllowedRowsAt(*view.segments()[some[i]], t, plan.filter.get(),
                                                 plan.deadline, into.cache));
    }
    VECDB_TRY(SearchKnown(view, some, allowed, plan, into));
  }
  return Status();
}

Status SearchKnown(const segment::View& view, std::span<const std::size_t> which,
                   std::span<AllowedRows> allowed, const SearchPlan& plan, const SearchInto& into) {
  SegmentsSearch search(plan, into.top, into.crossings);
  for (std::size_t i = 0; i < which.size(); ++i) {
    search.Add(*view.segments()[which[i]], &allowed[i], &into.portions[which[i]]);
  }
  return search.Run();
}

Status SearchAgain(const segment::View& view, const segment::ReadTime& t, const SearchPlan& plan,
                   const SearchInto& into) {
  for (std::size_t i = 0; i < into.portions.size(); ++i) {
    if (!NeedsMore(into.portions[i], *into.top)) continue;
    const segment::Segment& segment = *view.segments()[i];
    into.portions[i] = Whole(plan);
    into.top->Forget(segment);
    VECDB_TRY(SearchSegment(segment, t, plan, into.top, into.cache));
  }
  return Status();
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
                  TopK* top) {
  Portion whole = Whole(plan);
  SegmentsSearch search(plan, top);
  search.Add(segment, allowed, &whole);
  return search.Run();
}

}  // namespace vecdb::query
