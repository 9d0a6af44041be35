#include "segment/index_part.h"

#include <algorithm>
#include <bit>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/canary.h"
#include "base/status.h"
#include "chunk/kinds.h"
#include "segment/index_choice.h"

namespace vecdb::segment {
namespace {

// A scan of so many bytes beside the parts is nothing much.
constexpr std::uint64_t kScannedBytes = std::uint64_t{2} << 20;
// Four graphs or so in a segment that is full: each is searched by itself.
constexpr std::uint64_t kGraphBytes = std::uint64_t{32} << 20;
// Graphs of few rows that are soon gone: made quickly. Recall is measured all the same.
constexpr std::uint32_t kM = 12;
constexpr std::uint32_t kEfConstruction = 64;
constexpr std::uint32_t kCalibrationQueries = 64;
constexpr RowIndex kGrowth = 4;  // rows of a part over those of the next smaller
constexpr RowIndex kLeastPart = 64;

RowIndex RowsOf(std::uint64_t bytes, const Field& field, RowIndex least, RowIndex most) {
  const std::uint64_t width =
      std::max<std::uint64_t>(1, chunk::FixedWidth(field.type, field.dimension));
  const std::uint64_t rows = std::bit_floor(std::max<std::uint64_t>(1, bytes / width));
  return static_cast<RowIndex>(std::clamp<std::uint64_t>(rows, least, most));
}

index::GraphParameters CodesOf(index::Codec codec) {
  index::GraphParameters parameters;
  parameters.kind = index::Kind::kFlat;
  parameters.codec = codec;
  return parameters;
}

index::GraphParameters LinksOf(index::Codec codec, std::uint32_t m, std::uint32_t ef) {
  index::GraphParameters parameters;
  parameters.m = std::min(m, kM);
  parameters.ef_construction = std::min(ef, kEfConstruction);
  parameters.codec = codec;
  parameters.calibration_queries = kCalibrationQueries;
  return parameters;
}

// Codes where they tell the rows apart, otherwise the vectors themselves, and then in graphs only.
void PlanMeasured(const Field& field, std::uint32_t m, std::uint32_t ef, bool codes_fail,
                  PartPlan* plan) {
  const index::Codec lossless = index::LosslessCodec(field.type);
  const bool whole = lossless == index::Codec::kInt8;
  const index::Codec codec = whole || codes_fail ? lossless : index::Codec::kSq8;
  plan->measured = codec == index::Codec::kSq8;
  if (whole || !codes_fail) plan->codes = CodesOf(codec);
  plan->links = LinksOf(codec, m, ef);
}

void PlanDeclared(const IndexSpec& spec, const Field& field, bool codes_fail, PartPlan* plan) {
  if (std::holds_alternative<AutoIndex>(spec)) {
    return PlanMeasured(field, kM, kEfConstruction, codes_fail, plan);
  }
  if (const auto* const hnsw = std::get_if<HnswIndex>(&spec)) {
    return PlanMeasured(field, hnsw->m, hnsw->ef_construction, codes_fail, plan);
  }
  const IndexChoice choice = ChooseIndex(spec, field, index::kMostRows);
  if (!choice.built) return;
  plan->codes = CodesOf(choice.parameters.codec);
  if (choice.parameters.kind == index::Kind::kFlat) return;
  plan->links =
      LinksOf(choice.parameters.codec, choice.parameters.m, choice.parameters.ef_construction);
}

RowIndex Covered(const IndexParts& parts) {
  return parts.empty() ? 0 : parts.back()->range.end();
}

// The largest part of codes that may begin at `first` and has all of its rows before `end`.
std::optional<PartRange> Largest(const PartPlan& plan, RowIndex first, RowIndex end) {
  std::optional<PartRange> largest;
  for (RowIndex rows = plan.least; first % rows == 0 && end - first >= rows;) {
    largest = PartRange{first, rows};
    if (rows == plan.graph) break;
    rows = std::min(rows * kGrowth, plan.graph);
  }
  return largest;
}

// The first rows that several parts have and one could.
std::optional<PartRange> Mergeable(const PartPlan& plan, const IndexParts& parts) {
  for (const auto& part : parts) {
    const auto larger = Largest(plan, part->range.first, Covered(parts));
    if (larger && larger->rows > part->range.rows) return larger;
  }
  return std::nullopt;
}

}  // namespace

std::shared_ptr<const IndexParts> PartBoard::Pin(std::uint32_t field) const {
  base::MutexLock lock(mutex_);
  const auto found = parts_.find(field);
  return found == parts_.end() ? nullptr : found->second;
}

bool PartBoard::Publish(std::uint32_t field, std::shared_ptr<const IndexPart> part) {
  const PartRange range = part->range;
  std::shared_ptr<const IndexParts> replaced;  // goes with no lock held
  auto next = std::make_shared<IndexParts>();
  base::SchedulePoint();
  base::MutexLock lock(mutex_);
  std::shared_ptr<const IndexParts>& current = parts_[field];
  if (current != nullptr) *next = *current;
  const auto begin = std::find_if(next->begin(), next->end(), [&](const auto& other) {
    return other->range.end() > range.first;
  });
  const auto end = std::find_if(
      begin, next->end(), [&](const auto& other) { return other->range.first >= range.end(); });
  const RowIndex from = begin == next->end() ? Covered(*next) : (*begin)->range.first;
  if (from != range.first) return false;
  if (begin != end && (*(end - 1))->range.end() > range.end()) return false;
  next->insert(next->erase(begin, end), std::move(part));
  replaced = std::exchange(current, std::move(next));
  return true;
}

void PartBoard::Drop(std::uint32_t field) {
  std::shared_ptr<const IndexParts> dropped;  // goes with no lock held
  base::MutexLock lock(mutex_);
  codes_fail_.erase(field);
  const auto found = parts_.find(field);
  if (found != parts_.end()) dropped.swap(found->second);
}

std::uint64_t PartBoard::DropAll() {
  ByField dropped;  // the same
  const std::uint64_t had = bytes();
  base::MutexLock lock(mutex_);
  dropped.swap(parts_);
  return had;
}

std::uint64_t PartBoard::bytes() const {
  std::uint64_t bytes = 0;
  base::MutexLock lock(mutex_);
  for (const auto& [field, parts] : parts_) {
    if (parts == nullptr) continue;
    for (const auto& part : *parts) bytes += part->bytes;
  }
  return bytes;
}

void PartBoard::NoteCodesFail(std::uint32_t field) {
  Drop(field);
  base::MutexLock lock(mutex_);
  codes_fail_.insert(field);
}

bool PartBoard::CodesFail(std::uint32_t field) const {
  base::MutexLock lock(mutex_);
  return codes_fail_.count(field) != 0;
}

PartPlan PlanParts(const IndexSpec& spec, const Field& field, RowIndex least_rows,
                   bool codes_fail) {
  PartPlan plan;
  plan.least = RowsOf(kScannedBytes, field, 1024, 65'536);
  plan.graph = RowsOf(kGraphBytes, field, 8192, 262'144);
  if (least_rows != 0) {
    plan.least = std::max(kLeastPart, std::bit_floor(least_rows));
    plan.graph = plan.least * kGrowth * kGrowth;
  }
  PlanDeclared(spec, field, codes_fail, &plan);
  return plan;
}

std::optional<PartRange> NextPart(const PartPlan& plan, const IndexParts& parts, RowIndex rows) {
  const RowIndex covered = Covered(parts);
  if (!plan.codes) {
    if (!plan.links || rows - covered < plan.graph) return std::nullopt;
    return PartRange{covered, plan.graph, index::Kind::kGraph};
  }
  if (auto further = Largest(plan, covered, rows)) return further;
  if (auto merged = Mergeable(plan, parts)) return merged;
  if (!plan.links) return std::nullopt;
  for (const auto& part : parts) {
    if (part->range.rows != plan.graph || part->range.kind == index::Kind::kGraph) continue;
    return PartRange{part->range.first, plan.graph, index::Kind::kGraph};
  }
  return std::nullopt;
}

}  // namespace vecdb::segment
