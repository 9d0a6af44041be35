// Rows that are in no file, searched through indexes in memory: of a growing segment so many rows
// at a time get one, beside the writer and beside readers.
//
// 1 Pick     NextPart(): which rows, codes before graphs   nothing of this is on disk: a crash
// 2 Build    from rows that never change                   leaves nothing, and an open begins anew
// 3 Publish  on the strand, if it is still wanted: one pointer swap
//
// One task builds one part, by a thread that builds indexes. What cannot be built, for want of
// memory, is tried again by Housekeeping; meanwhile rows are scanned.
#include <algorithm>
#include <utility>

#include "base/canary.h"
#include "base/status.h"
#include "chunk/kinds.h"
#include "query/index_search.h"
#include "roles/coordinator.h"
#include "segment/index_build.h"

namespace vecdb::roles {
namespace {

// Of the memory budget: all parts together, and what building one takes.
constexpr std::uint64_t kShareOfParts = 8;
// Who had to give them up needs the memory for something else.
constexpr std::chrono::seconds kRest{10};
// Where a test may let others come in between; ending the process there is like ending it anywhere,
// since nothing of a part is on disk.
constexpr const char* kPartBuilt = "part.built";

}  // namespace

void Coordinator::ScheduleParts(const std::shared_ptr<LiveCollection>& collection) {
  if (collection->parts_asked || closing_ || parts_.pacer.paused()) return;
  if (parts_.clock.Now().time_since_epoch() < parts_rest_until_.load()) return;
  bool asked = false;
  const auto post = [&] {
    if (!PickPart(*collection) || collection->parts_asked.exchange(true)) return Status();
    asked = true;
    PostPart(collection);
    return Status();
  };
  const bool posted = parts_.guard(std::ref(post)).ok();
  if (asked && !posted) collection->parts_asked = false;
}

void Coordinator::PostPart(std::shared_ptr<LiveCollection> collection) {
  const auto task = [this, collection = std::move(collection)] {
    const auto build = [&] { return BuildNextPart(*collection); };
    const Status built = parts_.guard(std::ref(build));
    collection->parts_asked = false;
    const auto go_on = [&] {
      const bool unwanted = built.code() == StatusCode::kCancelled;  // others may be wanted
      if (built.ok() || unwanted) ScheduleParts(collection);
      return Status();
    };
    (void)parts_.guard(std::ref(go_on));
  };
  if (!parts_.build_pool.Post(task)) parts_.compaction.Post(task);
}

// What cannot be built in the share of the budget must not stand before what can.
void Coordinator::KeepWithinShare(const Field& field, segment::PartPlan* plan) const {
  if (!parts_.memory.limited() || !plan->codes) return;
  const auto bytes = [&] {
    const index::Shape shape{field.type, field.metric, field.dimension, plan->graph};
    return index::BuildMemory(shape, *plan->codes);
  };
  while (plan->graph > plan->least && bytes() > parts_.memory.limit() / kShareOfParts) {
    plan->graph /= 2;
  }
}

// What takes rows out of the scan comes before what makes it quicker, in all segments.
std::optional<Coordinator::PartTask> Coordinator::PickPart(const LiveCollection& collection) const {
  const segment::IndexParts none;
  std::optional<PartTask> later;
  const auto declared = collection.indexes();
  if (declared->empty() || collection.load_state != LoadState::kLoaded) return later;
  for (const auto view = collection.board.Pin(); const auto& segment : view->segments()) {
    const segment::PartBoard* const board = segment->parts();
    if (board == nullptr || segment->sealed()) continue;
    for (const auto& [field, record] : *declared) {
      const Field& vectors = collection.record.schema.fields()[field];
      auto plan =
          segment::PlanParts(record.spec, vectors, parts_.part_rows, board->CodesFail(field));
      KeepWithinShare(vectors, &plan);
      const auto parts = board->Pin(field);
      const auto range = segment::NextPart(plan, parts == nullptr ? none : *parts, segment->rows());
      if (!range) continue;
      const bool codes = range->kind == index::Kind::kFlat;
      PartTask task{segment,      field, record.id, *range, codes ? *plan.codes : *plan.links,
                    plan.measured};
      task.parameters.builder = parts_.options.graph_builder;
      if (codes) return task;
      if (!later) later = std::move(task);
    }
  }
  return later;
}

Status Coordinator::BuildNextPart(LiveCollection& collection) {
  const auto task = PickPart(collection);
  if (!task) return Status();
  VECDB_TRY_ASSIGN(auto part, BuildPart(collection, *task));
  if (!task->measured) return PublishPart(collection, *task, std::move(part));
  VECDB_TRY_ASSIGN(const bool tells_apart, TellsApart(*task, *part));
  if (tells_apart) return PublishPart(collection, *task, std::move(part));
  return strand_.Run([&] {
    if (IsWanted(collection, *task)) task->segment->parts()->NoteCodesFail(task->field);
    return Status();
  });
}

// A part whose rows cannot be told apart by their codes would cost recall.
Result<bool> Coordinator::TellsApart(const PartTask& task, const segment::IndexPart& part) {
  const index::Description found = part.index->Describe();
  if (found.ef_at_10 != 0) return found.recall_at_10 >= segment::kLeastRecallOfCodes;
  VECDB_TRY_ASSIGN(const float recall, query::RecallOfPart(part, *task.segment, task.field, {}));
  return recall >= segment::kLeastRecallOfCodes;
}

// Whether the segment still is where it was, and its field has the index.
bool Coordinator::IsWanted(const LiveCollection& collection, const PartTask& task) {
  const auto declared = collection.indexes();
  const auto wanted = declared->find(task.field);
  if (wanted == declared->end() || wanted->second.id != task.index) return false;
  if (collection.dropped.load(std::memory_order_acquire)) return false;
  if (collection.load_state != LoadState::kLoaded) return false;
  const auto view = collection.board.Pin();
  const auto* const shown = view->FindSegment(task.segment->id());
  return shown != nullptr && *shown == task.segment;
}

Result<std::shared_ptr<segment::IndexPart>> Coordinator::BuildPart(const LiveCollection& collection,
                                                                   const PartTask& task) const {
  VECDB_TRY_ASSIGN(const auto memory, MemoryForPart(task));
  const auto over = [&] { return parts_.pacer.stopped() || !IsWanted(collection, task); };
  std::stop_source stop;
  index::BuildContext context;
  context.deadline = base::Deadline(parts_.clock, std::chrono::milliseconds(0), stop.get_token());
  context.run = [&](std::size_t tasks, const index::Task& one) {
    const auto unless_over = [&](std::size_t i) {
      return parts_.pacer.stopped() ? base::Cancelled("the database is being closed") : one(i);
    };
    return parts_.build_pool.Run(tasks, parts_.build_pool.most_threads(), unless_over);
  };
  context.progress = [&](double) {
    if (over()) stop.request_stop();
  };
  VECDB_TRY_ASSIGN(auto part, segment::BuildIndexPart(*task.segment, task.field, task.range,
                                                      task.parameters, context));
  base::KillPoint(kPartBuilt);
  VECDB_TRY_ASSIGN(part->memory, parts_.memory.Reserve(base::MemoryAccount::kGrowing, part->bytes));
  return part;
}

Result<base::MemoryReservation> Coordinator::MemoryForPart(const PartTask& task) const {
  const Field& field = task.segment->schema().fields()[task.field];
  const std::uint64_t bytes = index::BuildMemory(
      {field.type, field.metric, field.dimension, task.range.rows}, task.parameters);
  const std::uint64_t most = parts_.memory.limit() / kShareOfParts;
  if (parts_.memory.limited() && (bytes > most || PartBytes() > most)) {
    return parts_.memory.Refused(base::MemoryAccount::kJobs, bytes);
  }
  return parts_.memory.Reserve(base::MemoryAccount::kJobs, bytes);
}

Status Coordinator::PublishPart(LiveCollection& collection, const PartTask& task,
                                std::shared_ptr<const segment::IndexPart> part) {
  return strand_.Run([&] {
    if (IsWanted(collection, task)) {
      (void)task.segment->parts()->Publish(task.field, std::move(part));
    }
    return Status();
  });
}

// On the strand, when what is declared has changed: of what is being built nothing comes any more.
void Coordinator::DropUndeclaredParts(const LiveCollection& collection, const Indexes& before) {
  const auto declared = collection.indexes();
  for (const auto view = collection.board.Pin(); const auto& segment : view->segments()) {
    if (segment->parts() == nullptr) continue;
    for (const auto& [field, record] : before) {
      const auto now = declared->find(field);
      if (now == declared->end() || now->second.id != record.id) segment->parts()->Drop(field);
    }
  }
}

std::uint64_t Coordinator::DropParts() {
  std::uint64_t bytes = 0;
  for (const auto& collection : parts_.collections.All()) {
    for (const auto view = collection->board.Pin(); const auto& segment : view->segments()) {
      if (segment->parts() != nullptr) bytes += segment->parts()->DropAll();
    }
  }
  if (bytes != 0) parts_rest_until_ = parts_.clock.Now().time_since_epoch() + kRest;
  return bytes;
}

std::uint64_t Coordinator::PartBytes() const {
  std::uint64_t bytes = 0;
  for (const auto& collection : parts_.collections.All()) {
    for (const auto view = collection->board.Pin(); const auto& segment : view->segments()) {
      if (segment->parts() != nullptr) bytes += segment->parts()->bytes();
    }
  }
  return bytes;
}

}  // namespace vecdb::roles
