// The walk through a graph: from its entries towards the query, always on from the nearest row
// whose links have not been followed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vecdb/status.h"

#include "base/deadline.h"
#include "base/status.h"
#include "index/admission.h"
#include "index/beam.h"

namespace vecdb::index {

inline constexpr std::uint32_t kNoRow = 0xFFFFFFFF;
inline constexpr std::size_t kDeadlineSteps = 64;  // between two looks at the deadline
// Rows whose links are followed at once, once the walk has come near: so that it waits for memory
// half as often.
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
  const auto* bytes = reinterpret_cast<const char*>(links.Of(row));
  for (std::size_t at = 0; at < links.degree * sizeof(std::uint32_t); at += 64) {
    __builtin_prefetch(bytes + at);
  }
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

// use(entry of a beam) for all rows that a walk may start from.
template <class Space, class Check, class Use>
Status ForEntries(const Space& space, const typename Space::QueryType* query, const Links& links,
                  const Check& check, Scratch* scratch, const Use& use) {
  for (std::size_t at = 0; at < links.entries.size(); at += Space::kMostIds) {
    const std::size_t n = std::min(Space::kMostIds, links.entries.size() - at);
    const std::uint32_t* const ids = links.entries.data() + at;
    VECDB_TRY(check.CodesOf(ids, n));
    space.Keys(query, ids, n, scratch->keys.data());
    for (std::size_t i = 0; i < n; ++i) use(Beam::EntryOf(scratch->keys[i], ids[i]));
  }
  return Status();
}

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
  }
  return Status();
}

// Puts what the links of `row` lead to for the first time at ids[n]...; the new n.
inline std::size_t Follow(const Links& links, std::uint32_t row, Visited* visited,
                          std::uint32_t* ids, std::size_t n) {
  const std::uint32_t* const linked = links.Of(row);
  for (std::size_t i = 0; i < links.degree && linked[i] != kNoRow; ++i) {
    ids[n] = linked[i];
    n += visited->Meet(linked[i]) ? 1 : 0;
  }
  return n;
}

// Puts entries that were not met yet at ids[0]...; how many. Every row can be reached from some
// entry, but not from each.
inline std::size_t OtherEntries(const Links& links, Visited* visited, std::size_t* from,
                                std::uint32_t* ids) {
  constexpr std::size_t kAtOnce = 16;
  std::size_t n = 0;
  for (; *from < links.entries.size() && n < kAtOnce; ++*from) {
    ids[n] = links.entries[*from];
    n += visited->Meet(ids[n]) ? 1 : 0;
  }
  return n;
}

// Computes the keys of the n rows in scratch->ids and takes into the beam what is near enough:
// whether anything came nearer to the query than all before.
template <class Space, class Admit>
bool TakeIn(const Space& space, const typename Space::QueryType* query, const Links& links,
            std::size_t n, Admit* admit, Scratch* scratch) {
  Beam& beam = scratch->beam;
  const std::uint32_t* const ids = scratch->ids.data();
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
template <class Space, class Check, class Admit = EveryRow>
// NOLINTNEXTLINE(readability-function-size): what is walked, and what for.
Status Walk(const Space& space, const typename Space::QueryType* query, const Links& links,
            std::size_t ef, const base::Deadline& deadline, const Check& check, Scratch* scratch,
            Admit&& admit = EveryRow()) {
  Beam& beam = scratch->beam;
  beam.Reset(ef);
  scratch->computed = 0;
  scratch->visited.Reset(links.rows);
  const std::size_t room = std::max(kTogether * links.degree, Space::kMostIds);
  scratch->ids.resize(std::max(scratch->ids.size(), room));
  scratch->keys.resize(std::max(scratch->keys.size(), room));
  VECDB_TRY(Seed(space, query, links, check, &admit, scratch));
  std::uint32_t* const ids = scratch->ids.data();
  std::size_t entries = 0;  // that were looked at for want of links
  bool nearer = true;       // the last step came nearer to the query than any before
  for (std::size_t steps = 1;; ++steps) {
    std::size_t n = 0;
    if (beam.HasNext()) {
      if (admit.IsOver(beam.PeekEntry(), scratch->computed)) break;
      for (std::size_t i = 0; i < (nearer ? 1 : kTogether) && beam.HasNext(); ++i) {
        const std::uint32_t row = beam.TakeNext();
        VECDB_TRY(check.LinksOf(row));
        n = Follow(links, row, &scratch->visited, ids, n);
      }
    } else {
      if (beam.size() == ef) break;
      n = OtherEntries(links, &scratch->visited, &entries, ids);
      if (n == 0) break;
    }
    if (beam.HasNext()) PrefetchLinks(links, beam.Peek());
    VECDB_TRY(check.CodesOf(ids, n));
    nearer = TakeIn(space, query, links, n, &admit, scratch);
    if (steps % kDeadlineSteps == 0) VECDB_TRY(deadline.Check());
  }
  return Status();
}

}  // namespace vecdb::index
