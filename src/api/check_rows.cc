#include "api/check_rows.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "chunk/chunk.h"
#include "chunk/keys.h"
#include "io/layout.h"
#include "roles/engine.h"

namespace vecdb::api {
namespace {

constexpr std::size_t kMaxReported = 10;  // keys of one collection

// Calls `visit` with the key of every row of the segment that is visible at `t`.
template <typename Visit>
Status VisitKeys(const segment::Segment& segment, Timestamp t, Visit&& visit) {
  VECDB_TRY_ASSIGN(const segment::VisibleRows visible, segment::VisibleRowsAt(segment, t));
  const auto field = static_cast<std::uint32_t>(chunk::KeyFieldIndex(segment.schema()));
  for (RowIndex first = 0; first < visible.rows;) {
    VECDB_TRY_ASSIGN(const auto view, segment.Read(field, first, visible.rows - first));
    for (std::size_t i = 0; i < view.rows; ++i) {
      const std::size_t row = first + i;
      if (visible.deleted != nullptr && row < visible.deleted->size() &&
          visible.deleted->Test(row)) {
        continue;
      }
      visit(view.type == DataType::kVarChar ? chunk::KeyView(view.As<std::string_view>()[i])
                                            : chunk::KeyView(view.As<std::int64_t>()[i]));
    }
    first += static_cast<RowIndex>(view.rows);
  }
  return Status();
}

// Hashes that more than one row has, sorted.
std::vector<std::uint64_t> Repeated(std::vector<std::uint64_t> hashes) {
  std::sort(hashes.begin(), hashes.end());
  std::vector<std::uint64_t> repeated;
  for (std::size_t i = 1; i < hashes.size(); ++i) {
    if (hashes[i] == hashes[i - 1] && (repeated.empty() || repeated.back() != hashes[i])) {
      repeated.push_back(hashes[i]);
    }
  }
  return repeated;
}

Status CheckCollection(const roles::LiveCollection& collection, Timestamp t, CheckReport* report) {
  const auto view = collection.board.Pin();
  std::vector<std::uint64_t> hashes;
  for (const auto& segment : view->segments()) {
    VECDB_TRY(
        VisitKeys(*segment, t, [&](chunk::KeyView key) { hashes.push_back(chunk::HashKey(key)); }));
  }
  report->visible_rows += hashes.size();
  const std::vector<std::uint64_t> repeated = Repeated(std::move(hashes));
  const bool allowed = !collection.record.options.check_keys;
  if (repeated.empty() || allowed) return Status();
  std::map<std::string, SegmentId> seen;  // two keys may share a hash
  std::size_t reported = 0;
  for (const auto& segment : view->segments()) {
    VECDB_TRY(VisitKeys(*segment, t, [&](chunk::KeyView key) {
      if (!std::binary_search(repeated.begin(), repeated.end(), chunk::HashKey(key))) return;
      const auto [first, inserted] = seen.emplace(chunk::ToString(key), segment->id());
      if (inserted || ++reported > kMaxReported) return;
      report->damaged.push_back(
          {io::SegmentFolder(segment->id()),
           base::Format("key {} of collection '{}' has another visible row, in segment {}",
                        first->first, collection.record.name, first->second)});
    }));
  }
  return Status();
}

}  // namespace

Status CheckRows(const std::shared_ptr<io::FileSystem>& fs, CheckReport* report) {
  Options options;
  options.read_only = true;
  const roles::Environment environment{fs, &base::SystemClock(), [] { return std::uint64_t{0}; }};
  VECDB_TRY_ASSIGN(const auto engine, roles::Engine::Open(environment, options));
  roles::EngineParts& parts = engine->parts();
  for (const auto& collection : parts.collections.All()) {
    VECDB_TRY(CheckCollection(*collection, collection->channel->watermark.ReadTime(), report));
  }
  return engine->Close();
}

}  // namespace vecdb::api
