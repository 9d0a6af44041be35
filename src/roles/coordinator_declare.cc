// What indexes a collection is to have: one edit each; the files follow (coordinator_indexes.cc).
#include <utility>

#include "base/canary.h"
#include "base/status.h"
#include "roles/coordinator.h"
#include "segment/index_choice.h"

namespace vecdb::roles {
namespace {

using SegmentPtr = std::shared_ptr<segment::Segment>;

std::shared_ptr<const segment::View> WithoutIndexes(const segment::View& view,
                                                    std::uint32_t field) {
  return view.Changed([field](const SegmentPtr& segment) -> SegmentPtr {
    const auto sealed = segment::AsSealed(segment);
    if (sealed == nullptr || sealed->KnownIndex(field) == nullptr) return segment;
    return sealed->WithIndex(field, nullptr);
  });
}

std::vector<std::pair<SegmentId, catalog::IndexFileRecord>> FilesOf(const catalog::State& state,
                                                                    CollectionId collection,
                                                                    std::uint32_t field) {
  std::vector<std::pair<SegmentId, catalog::IndexFileRecord>> files;
  for (const auto& [id, record] : state.segments) {
    if (record.collection != collection) continue;
    if (const auto* file = record.IndexOf(field)) files.emplace_back(id, *file);
  }
  return files;
}

Result<std::uint32_t> IndexedField(const LiveCollection& collection, std::string_view name) {
  const auto fields = collection.record.schema.fields();
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) return i;
  }
  return base::InvalidArgument("there is no field named '{}'", name);
}

}  // namespace

Status Coordinator::CreateIndex(LiveCollection& collection, std::string_view name,
                                const IndexSpec& spec, bool replace) {
  VECDB_TRY_ASSIGN(const std::uint32_t field, IndexedField(collection, name));
  VECDB_TRY(segment::CheckIndex(collection.record.schema.fields()[field], spec));
  return strand_.Run([&]() -> Status {
    VECDB_TRY(collection.CheckAlive());
    auto next = std::make_shared<Indexes>(*collection.indexes());
    const auto known = next->find(field);
    if (known != next->end() && !replace) {
      if (known->second.spec == spec) return Status();
      return base::AlreadyExists("field '{}' has the index {}; it is asked for {}", name,
                                 ToString(known->second.spec), ToString(spec));
    }
    catalog::IndexRecord record{0, spec};
    VECDB_TRY_ASSIGN(record.id, parts_.manifest.NewIds(1));
    catalog::Edit edit;
    edit.operations.emplace_back(catalog::SetIndex{collection.record.id, field, record});
    next->insert_or_assign(field, record);
    const auto* const plain = std::get_if<FlatIndex>(&spec);
    const bool flat = plain != nullptr && !plain->codec;
    return DeclareIndexes(collection, edit, std::move(next),
                          flat ? std::optional(field) : std::nullopt);
  });
}

Status Coordinator::DropIndex(LiveCollection& collection, std::string_view name) {
  VECDB_TRY_ASSIGN(const std::uint32_t field, IndexedField(collection, name));
  return strand_.Run([&]() -> Status {
    VECDB_TRY(collection.CheckAlive());
    auto next = std::make_shared<Indexes>(*collection.indexes());
    if (next->erase(field) == 0) return base::NotFound("field '{}' has no index", name);
    catalog::Edit edit;
    edit.operations.emplace_back(catalog::DropIndex{collection.record.id, field});
    return DeclareIndexes(collection, edit, std::move(next), field);
  });
}

// On the strand. `emptied`: the field that the edit leaves without files.
Status Coordinator::DeclareIndexes(LiveCollection& collection, const catalog::Edit& edit,
                                   std::shared_ptr<const Indexes> next,
                                   std::optional<std::uint32_t> emptied) {
  std::shared_ptr<const segment::View> view;
  std::vector<std::pair<SegmentId, catalog::IndexFileRecord>> files;
  Retiring retiring(&trash_);
  if (emptied) {
    const auto before = collection.board.Pin();
    for (const SegmentPtr& segment : before->segments()) {
      const auto sealed = segment::AsSealed(segment);
      if (sealed != nullptr && sealed->KnownIndex(*emptied) != nullptr) retiring.AddForm(segment);
    }
    view = WithoutIndexes(*before, *emptied);
    files = FilesOf(*parts_.manifest.state(), collection.record.id, *emptied);
  }
  VECDB_TRY(RaiseFormat(catalog::kIndexFormatVersion));
  base::KillPoint("index.declare.before");
  VECDB_TRY(parts_.manifest.Commit(edit));
  base::KillPoint("index.declare.after");
  const auto declared = collection.indexes();
  collection.SetIndexes(std::move(next));
  DropUndeclaredParts(collection, *declared);
  if (view != nullptr) collection.board.Publish(std::move(view));
  retiring.Done();
  for (const auto& [segment, file] : files) RemoveIndexFile(segment, file);
  return Status();
}

}  // namespace vecdb::roles
