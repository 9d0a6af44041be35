// The walk through a graph: from its entries towards the query, always on from the nearest row
// whose links have not been followed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "vecdb/status.h"

#include "base/deadline.h"
#include "base/prefetch.h"
#include "base/status.h"
#include "index/admission.h"
#include "index/beam.h"

namespace vecdb::index {

inline constexpr std::uint32_t kNoRow = 0xFFFFFFFF;
inline constexpr std::size_t kDeadlineSteps = 64;  // between two looks at the deadline
// Rows whose links are followed at once, once the walk has come near.
inline constexpr std::size_t kTogether = 2;

// The links of all rows: `degree` places a row, the first kNoRow ends them.
struct Links {
  const std::uint32_t* first = nullptr;
  std::size_t degree = 0;
  std::uint32_t rows = 0;
  std::span<const std::uint32_t> entries;

  const std::uint32_t* Of(std::uint32_t row) const { return first + std::size_t{row} * degree; }
};

// What a walk reads, it asks for first: the links of a row (all of which must be rows), and the
// codes of rows, or of n rows from one on. This one trusts everything.
struct Unchecked {
  static Status LinksOf(std::uint32_t) { return Status(); }
  static Status CodesOf(const std::uint32_t*, std::size_t) { return Status(); }
  static Status CodesFrom(std::uint32_t, std::size_t) { return Status(); }
};

inline void PrefetchLinks(const Links& links, std::uint32_t row) {
  base::PrefetchLines(links.Of(row), links.degree * sizeof(std::uint32_t));
}

// The nearest of what is offered, a few.
class Seeds {
 public:
  void Offer(std::uint64_t entry) {
    if (count_ == kMost && entry >= best_[kMost - 1]) return;
    std::size_t place = count_ < kMost ? count_++ : kMost - 1;
    for (; place > 0 && best_[place - 1] > entry; --place) best_[place] = best_[place - 1];
    best_[place] = entry;
  }
  std::size_t size() const { return count_; }
  std::uint64_t operator[](std::size_t i) const { return best_[i]; }

 private:
  static constexpr std::size_t kMost = 4;
  std::uint64_t best_[kMost];
  std::size_t count_ = 0;
};

// Puts the nearest of the entries into the beam.
template <class Space, class Check, class Admit>
Status Seed(const Space& space, const typename Space::QueryType* query, const Links& links,
            const Check& check, Admit* admit, Scratch* scratch) {
  Seeds seeds;
  for (std::size_t at = 0; at < links.entries.size(); at += Space::kMostIds) {
    const std::size_t n = std::min(Space::kMostIds, links.entries.size() - at);
    const std::uint32_t* const ids = links.entries.data() + at;
    VECDB_TRY(check.CodesOf(ids, n));
    space.Keys(query, ids, n, scratch->keys.data());
    for (std::size_t i = 0; i < n; ++i) seeds.Offer(Beam::EntryOf(scratch->keys[i], ids[i]));
  }
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    if (!scratch->visited.Meet(Beam::IdOf(seeds[i]))) continue;
    if (seeds[i] >= std::min(scratch->beam.bound(), admit->bound())) continue;
    (void)scratch->beam.Insert(seeds[i]);
    admit->Met(seeds[i]);
    PrefetchLinks(links, Beam::IdOf(seeds[i]));
  }
  return Status();
}

// Rows in hand: what memory was asked for and has not been used.
struct InHand {
  std::uint32_t* rows = nullptr;
  std::size_t count = 0;
};

// Adds to `reached` what the links of a row lead to for the first time.
inline void Follow(const Links& links, std::uint32_t row, Visited* visited, InHand* reached) {
  const std::uint32_t* const linked = links.Of(row);
  std::size_t n = reached->count;
  for (std::size_t i = 0; i < links.degree && linked[i] != kNoRow; ++i) {
    reached->rows[n] = linked[i];
    n += visited->Meet(linked[i]) ? 1 : 0;
  }
  reached->count = n;
}

// Entries that were not met yet. Every row can be reached from some entry, but not from each.
inline void OtherEntries(const Links& links, Visited* visited, std::size_t* from, InHand* reached) {
  constexpr std::size_t kAtOnce = 16;
  for (; *from < links.entries.size() && reached->count < kAtOnce; ++*from) {
    const std::uint32_t entry = links.entries[*from];
    reached->rows[reached->count] = entry;
    reached->count += visited->Meet(entry) ? 1 : 0;
  }
}

// Computes the keys of the rows in hand and takes into the beam what is near enough: whether
// anything came nearer to the query than all before.
template <class Space, class Admit>
bool TakeIn(const Space& space, const typename Space::QueryType* query, const Links& links,
            InHand* reached, Admit* admit, Scratch* scratch) {
  Beam& beam = scratch->beam;
  const std::uint32_t* const ids = reached->rows;
  const std::size_t n = std::exchange(reached->count, 0);
  Key* const keys = scratch->keys.data();
  scratch->computed += n;
  for (std::size_t at = 0; at < n; at += Space::kMostIds) {
    space.Keys(query, ids + at, std::min(Space::kMostIds, n - at), keys + at);
  }
  bool nearer = false;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t entry = Beam::EntryOf(keys[i], ids[i]);
    if (entry >= beam.bound() || entry >= admit->bound()) continue;
    const std::size_t at = beam.Insert(entry);
    admit->Met(entry);
    nearer = nearer || at == 0;
    if (at == beam.next()) PrefetchLinks(links, ids[i]);
  }
  return nearer;
}

// Fills scratch->beam, of capacity ef, with the nearest rows that are found, and counts in
// scratch->computed. Each goes to `admit` too, which says when the walk is over (admission.h).
//
// For each row that it follows a walk would wait for memory twice: for its links, and for the codes
// of the rows that they lead to. Once it has come near, a walk has rows in hand whose links and
// codes are on their way and others that it compares meanwhile; before that, one step says where
// the next one goes.
template <class Space, class Check, class Admit>
class Walker {
 public:
  using Query = typename Space::QueryType;

  Walker(const Space& space, const Query* query, const Links& links, const Check& check,
         Admit* admit, Scratch* scratch)
      : space_(space),
        query_(query),
        links_(links),
        check_(check),
        admit_(*admit),
        scratch_(*scratch),
        beam_(scratch->beam) {}

  // From rows that are known to be near, or, where there are none, the nearest entries.
  Status Begin(std::size_t ef, std::span<const std::uint32_t> seeds = {}) {
    ef_ = ef;
    beam_.Reset(ef);
    scratch_.computed = 0;
    scratch_.visited.Reset(links_.rows);
    const std::size_t room = std::max((kTogether + 1) * links_.degree, Space::kMostIds);
    scratch_.ids.resize(std::max(scratch_.ids.size(), 2 * room));
    scratch_.keys.resize(std::max(scratch_.keys.size(), room));
    coming_.rows = scratch_.ids.data();
    asked_.rows = scratch_.ids.data() + room;
    if (!kCrossings || seeds.empty())
      return Seed(space_, query_, links_, check_, &admit_, &scratch_);
    for (const std::uint32_t row : seeds.first(std::min(seeds.size(), room))) {
      asked_.rows[asked_.count] = row;
      asked_.count += scratch_.visited.Meet(row) ? 1 : 0;
    }
    return AskFrom(0);
  }

  // Behind Begin(): to the end.
  Status Run(const base::Deadline& deadline) {
    for (std::size_t steps = 1;; ++steps) {
      VECDB_TRY(FollowChosen());
      if (CanGoOn()) {
        Choose();
        if (nearer_) VECDB_TRY(FollowChosen());
      } else if (asked_.count == 0 && coming_.count == 0) {
        VECDB_TRY_ASSIGN(const bool more, AskOthers());
        if (!more) return Status();
      }
      Compare();
      if (steps % kDeadlineSteps == 0) VECDB_TRY(deadline.Check());
    }
  }

  // In the place of Run(), where several walks take turns: whether there is more to do. A turn ends
  // where it has asked memory for links or for codes, which come during the turns of the others.
  Result<bool> Turn() {
    if (chosen_count_ > 0) {
      VECDB_TRY(FollowChosen());
      if (asked_.count > 0) return true;
    }
    nearer_ = Take(&asked_);
    if (!CanGoOn()) return AskOthers();
    Choose();
    return true;
  }

 private:
  // Goes on from other entries, where the rows found are too few; false: the walk is over.
  Result<bool> AskOthers() {
    if (beam_.HasNext() || beam_.size() == ef_) return false;
    OtherEntries(links_, &scratch_.visited, &entries_, &asked_);
    if (asked_.count == 0) return false;
    VECDB_TRY(AskFrom(0));
    return true;
  }

  bool CanGoOn() { return beam_.HasNext() && !admit_.IsOver(beam_.PeekEntry(), scratch_.computed); }

  // Takes rows to follow from the beam, and asks for their links.
  void Choose() {
    const std::size_t most = nearer_ ? 1 : kTogether;
    while (chosen_count_ < most && beam_.HasNext()) {
      chosen_[chosen_count_] = beam_.TakeNext();
      PrefetchLinks(links_, chosen_[chosen_count_++]);
    }
    if (beam_.HasNext()) PrefetchLinks(links_, beam_.Peek());
  }

  // Asks for the codes of what the chosen rows lead to.
  Status FollowChosen() {
    const std::size_t before = asked_.count;
    for (std::size_t i = 0; i < chosen_count_; ++i) {
      VECDB_TRY(check_.LinksOf(chosen_[i]));
      Follow(links_, chosen_[i], &scratch_.visited, &asked_);
    }
    chosen_count_ = 0;
    return AskFrom(before);
  }
  Status AskFrom(std::size_t first) {
    const std::uint32_t* const rows = asked_.rows + first;
    space_.Prefetch(rows, asked_.count - first);
    return check_.CodesOf(rows, asked_.count - first);
  }

  // What was asked for in the last step; while the walk comes nearer, in this one too.
  void Compare() {
    const bool came_nearer = Take(&coming_);
    if (nearer_ || came_nearer) nearer_ = Take(&asked_);
    std::swap(coming_, asked_);
  }
  bool Take(InHand* reached) { return TakeIn(space_, query_, links_, reached, &admit_, &scratch_); }

  const Space& space_;
  const Query* const query_;
  const Links& links_;
  const Check& check_;
  Admit& admit_;
  Scratch& scratch_;
  Beam& beam_;
  std::uint32_t chosen_[kTogether];  // their links have been asked for
  std::size_t chosen_count_ = 0;
  std::size_t ef_ = 0;
  InHand asked_;             // their codes are asked for in this step
  InHand coming_;            // and were in the last one
  std::size_t entries_ = 0;  // that were looked at for want of links
  bool nearer_ = true;       // the last step came nearer to the query than any before
};

template <class Space, class Check, class Admit = EveryRow>
// NOLINTNEXTLINE(readability-function-size): what is walked, and what for.
Status Walk(const Space& space, const typename Space::QueryType* query, const Links& links,
            std::size_t ef, const base::Deadline& deadline, const Check& check, Scratch* scratch,
            Admit&& admit = EveryRow()) {
  Walker<Space, Check, std::remove_reference_t<Admit>> walker(space, query, links, check, &admit,
                                                              scratch);
  VECDB_TRY(walker.Begin(ef));
  return walker.Run(deadline);
}

}  // namespace vecdb::index
