// Indexes of rows that are in no file: of a growing segment, whose rows never change or move, some
// rows next to one another at a time get one, in memory and for good. Parts begin at row 0 and
// leave no gap; what comes behind them is scanned. Small ones of codes alone are there soon, and
// are replaced by larger ones, up to a graph.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "vecdb/index_spec.h"
#include "vecdb/schema.h"

#include "base/ids.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "index/index.h"

namespace vecdb::segment {

// Rows [first, first + rows), both multiples of 64.
struct PartRange {
  RowIndex first = 0;
  RowIndex rows = 0;
  index::Kind kind = index::Kind::kFlat;

  RowIndex end() const { return first + rows; }
  friend bool operator==(const PartRange&, const PartRange&) = default;
};

struct IndexPart {
  PartRange range;
  std::shared_ptr<const index::Index> index;  // of range.rows rows, numbered from 0
  std::uint64_t bytes = 0;
  base::MemoryReservation memory = {};
};
using IndexParts = std::vector<std::shared_ptr<const IndexPart>>;  // by row

// Thread safety: all methods from any thread. Readers wait at most for a pointer copy.
class PartBoard {
 public:
  std::shared_ptr<const IndexParts> Pin(std::uint32_t field) const EXCLUDES(mutex_);  // may be null
  // In the place of those that it covers. False, and nothing is changed, when it would leave a gap:
  // those before it were dropped meanwhile.
  bool Publish(std::uint32_t field, std::shared_ptr<const IndexPart> part) EXCLUDES(mutex_);
  void Drop(std::uint32_t field) EXCLUDES(mutex_);  // and what was noted of it
  std::uint64_t DropAll() EXCLUDES(mutex_);         // how many bytes they had
  std::uint64_t bytes() const EXCLUDES(mutex_);
  // That codes cannot tell the rows of the field apart: its parts are dropped.
  void NoteCodesFail(std::uint32_t field) EXCLUDES(mutex_);
  bool CodesFail(std::uint32_t field) const EXCLUDES(mutex_);

 private:
  mutable base::Mutex mutex_;  // leaf
  using ByField = std::map<std::uint32_t, std::shared_ptr<const IndexParts>>;
  ByField parts_ GUARDED_BY(mutex_);
  std::set<std::uint32_t> codes_fail_ GUARDED_BY(mutex_);
};

// How the parts of one field are built. Pure.
struct PartPlan {
  RowIndex least = 0;                                // rows of the smallest; powers of two
  RowIndex graph = 0;                                // rows of one with a graph
  std::optional<index::GraphParameters> codes = {};  // without: none but graphs
  std::optional<index::GraphParameters> links = {};  // without: none has a graph
  bool measured = false;  // a part whose codes find too little is not used
};

// For a spec that was checked. `least_rows` in the place of what suits the field, for tests; 0:
// none. `codes_fail`: see PartBoard::NoteCodesFail().
PartPlan PlanParts(const IndexSpec& spec, const Field& field, RowIndex least_rows, bool codes_fail);

// What is to be built next of a segment that has `rows` rows and these parts: first whatever makes
// the scan shorter, then fewer parts of more rows, then graphs. Nothing: all is there.
std::optional<PartRange> NextPart(const PartPlan& plan, const IndexParts& parts, RowIndex rows);

}  // namespace vecdb::segment
