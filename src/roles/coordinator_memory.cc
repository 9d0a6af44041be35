// What the coordinator's work takes of the memory budget. A flush takes what it needs of what is
// kept for it, one at a time, and is never refused: it is what makes room. A compaction waits for a
// while, is tried again later, and is made of fewer segments where the budget is small.
#include <algorithm>

#include "base/status.h"
#include "chunk/kinds.h"
#include "roles/coordinator.h"
#include "segment/column_file.h"

namespace vecdb::roles {
namespace {

// The buffers of one file and the texts that it has more than once, about.
constexpr std::uint64_t kFileBytes = std::uint64_t{1} << 20;
// Of keys, while they are sorted and written.
constexpr std::uint64_t kKeyRowBytes = 32;
// Of texts, while one field of them is written: where each begins, where it ends.
constexpr std::uint64_t kTextRowBytes = 32;
// Where each row of the output comes from, and where each row of an input goes.
constexpr std::uint64_t kOriginBytes = 12;

bool HasTexts(const Schema& schema) {
  return std::any_of(schema.fields().begin(), schema.fields().end(),
                     [](const Field& field) { return chunk::IsVariable(field.type); });
}

std::uint64_t WritingBytes(const Schema& schema, std::uint64_t rows) {
  return kFileBytes + rows * (kKeyRowBytes + (HasTexts(schema) ? kTextRowBytes : 0));
}

std::uint64_t LargestFile(const catalog::SegmentRecord& record) {
  std::uint64_t largest = 0;
  for (const catalog::ColumnFileRecord& file : record.columns) {
    largest = std::max(largest, file.info.size_bytes);
  }
  return largest;
}

}  // namespace

std::shared_ptr<segment::GrowingSegment> Coordinator::MakeGrowing(const LiveCollection& collection,
                                                                  SegmentId id, ShardId shard,
                                                                  PartitionId partition) const {
  const auto& record = collection.record;
  auto growing =
      segment::GrowingSegment::Create(id, shard, partition, record.schema_version, record.schema);
  growing->ChargeTo(parts_.memory);
  return growing;
}

base::MemoryReservation Coordinator::TakeForFlush(const segment::GrowingSegment& segment) const {
  const std::uint64_t bytes = WritingBytes(segment.schema(), segment.rows());
  parts_.memory.MakeRoom(bytes);
  return parts_.memory.Take(base::MemoryAccount::kJobs, bytes);
}

// Besides the columns that it reads, which the cache is charged with. Outputs are written one after
// the other.
std::uint64_t Coordinator::CompactionMemory(const catalog::State& state,
                                            const compaction::Plan& plan) const {
  std::uint64_t rows = 0;
  const Schema* schema = nullptr;
  for (const SegmentId id : plan.inputs) {
    const auto record = state.segments.find(id);
    if (record == state.segments.end()) continue;
    rows += record->second.rows;
    const auto collection = state.collections.find(record->second.collection);
    if (collection != state.collections.end()) schema = &collection->second.schema;
  }
  if (schema == nullptr) return 0;
  const std::uint64_t outputs = std::max<std::size_t>(1, plan.bands);
  return WritingBytes(*schema, rows / outputs) + rows * kOriginBytes;
}

// Each input has its turn with each row, and a file open for it; and so has the output, when it is
// compared with them.
void Coordinator::KeepWithinMemory(std::vector<compaction::Plan>* plans) const {
  if (!parts_.memory.limited()) return;
  const auto state = parts_.manifest.state();
  const auto pinned = [&](SegmentId id) -> std::uint64_t {
    const auto record = state->segments.find(id);
    if (parts_.options.load == LoadMode::kMapped || record == state->segments.end()) return 0;
    return LargestFile(record->second);
  };
  const auto rows = [&](SegmentId id) -> std::uint64_t {
    const auto record = state->segments.find(id);
    return record == state->segments.end() ? 0 : record->second.rows;
  };
  const auto fits = [&](const compaction::Plan& plan) {
    std::uint64_t files = 0;
    for (const SegmentId id : plan.inputs) files += pinned(id);
    files += std::min(files, segment::kMaxColumnFileBytes);
    return CompactionMemory(*state, plan) + files <= parts_.memory.limit() / 2;
  };
  std::erase_if(*plans, [&](compaction::Plan& plan) {
    if (plan.inputs.size() < 2) return false;  // one alone has dead rows, and may find room
    std::uint64_t all = 0;
    for (const SegmentId id : plan.inputs) all += rows(id);
    const std::size_t bands = plan.bands;  // as many for so many rows
    for (std::uint64_t left = all; plan.inputs.size() > 1 && !fits(plan);) {
      const std::uint64_t out = rows(plan.inputs.back());
      plan.inputs.pop_back();
      left -= out;
      plan.rows -= std::min(plan.rows, out);
      if (bands != 0) plan.bands = std::min<std::size_t>(bands, bands * left / all + 1);
    }
    return plan.inputs.size() < 2;
  });
}

}  // namespace vecdb::roles
