// What may change of a collection: its name, its aliases, its properties. Each change is one edit:
//
// 1 FORMAT says that such changes may be met     crash: it does, and there is none
// 2 commit                                       crash before: nothing changed; after: all of it
// 3 the names or properties in memory            needs no memory, so that it cannot fail
//
// When the commit fails so that its outcome is unknown, this process goes on with what was before.
#include "base/canary.h"
#include "base/status.h"
#include "chunk/validate.h"
#include "roles/coordinator.h"

namespace vecdb::roles {
namespace {

constexpr std::size_t kMaxAliases = 65'536;

template <typename Operation>
catalog::Edit EditOf(Operation operation) {
  catalog::Edit edit;
  edit.operations.emplace_back(std::move(operation));
  return edit;
}

}  // namespace

// By its own name: whoever drops or renames must not be surprised by what an alias names just now.
Result<std::shared_ptr<LiveCollection>> Coordinator::Named(std::string_view name) const {
  if (const auto aliased = parts_.collections.FindAliased(name)) {
    return base::NotFound("no collection is named '{}', which is an alias of '{}'", name,
                          aliased->name());
  }
  if (auto live = parts_.collections.Find(name)) return live;
  return base::NotFound("no collection named '{}'", name);
}

// For a collection or an alias to come.
Status Coordinator::CheckFree(std::string_view name) const {
  if (const auto aliased = parts_.collections.FindAliased(name)) {
    return base::AlreadyExists("'{}' is an alias of collection '{}'", name, aliased->name());
  }
  if (parts_.collections.Find(name) == nullptr) return Status();
  return base::AlreadyExists("there is a collection named '{}'", name);
}

Status Coordinator::CommitChange(const catalog::Edit& edit) {
  VECDB_TRY(RaiseFormat(catalog::kChangesFormatVersion));
  return parts_.manifest.Commit(edit);
}

Status Coordinator::RenameCollection(std::string_view from, std::string_view to) {
  VECDB_TRY(chunk::ValidateName("collection", to));
  return strand_.Run([&]() -> Status {
    VECDB_TRY_ASSIGN(const auto live, Named(from));
    VECDB_TRY(CheckFree(to));
    const catalog::Edit edit = EditOf(catalog::RenameCollection{live->record.id, std::string(to)});
    std::string key(to);
    std::string name(to);
    base::KillPoint("ddl.rename.before");
    VECDB_TRY(CommitChange(edit));
    base::KillPoint("ddl.rename.after");
    parts_.collections.Rename(from, std::move(key));
    live->SetName(std::move(name));
    return Status();
  });
}

Status Coordinator::CreateAlias(std::string_view alias, std::string_view collection) {
  VECDB_TRY(chunk::ValidateName("alias", alias));
  return strand_.Run([&]() -> Status {
    VECDB_TRY_ASSIGN(const auto live, Named(collection));
    if (parts_.collections.FindAliased(alias) == live) return Status();
    VECDB_TRY(CheckFree(alias));
    if (parts_.collections.Aliases().size() >= kMaxAliases) {
      return base::ResourceExhausted("there are {} aliases, the limit", kMaxAliases);
    }
    return SetAlias(alias, live);
  });
}

Status Coordinator::AlterAlias(std::string_view alias, std::string_view collection) {
  return strand_.Run([&]() -> Status {
    VECDB_TRY_ASSIGN(const auto live, Named(collection));
    const auto before = parts_.collections.FindAliased(alias);
    if (before == nullptr) return base::NotFound("no alias named '{}'", alias);
    return before == live ? Status() : SetAlias(alias, live);
  });
}

// Called on the strand.
Status Coordinator::SetAlias(std::string_view alias, std::shared_ptr<LiveCollection> live) {
  const catalog::Edit edit = EditOf(catalog::SetAlias{std::string(alias), live->record.id});
  auto entry = Collections::EntryFor(std::string(alias), std::move(live));
  base::KillPoint("ddl.alias.before");
  VECDB_TRY(CommitChange(edit));
  base::KillPoint("ddl.alias.after");
  parts_.collections.SetAlias(std::move(entry));
  return Status();
}

Status Coordinator::DropAlias(std::string_view alias) {
  return strand_.Run([&]() -> Status {
    if (parts_.collections.FindAliased(alias) == nullptr) {
      return base::NotFound("no alias named '{}'", alias);
    }
    VECDB_TRY(CommitChange(EditOf(catalog::DropAlias{std::string(alias)})));
    base::KillPoint("ddl.alias.dropped");
    parts_.collections.DropAlias(alias);
    return Status();
  });
}

Status Coordinator::AlterCollection(std::string_view name, const CollectionProperties& properties) {
  VECDB_TRY(catalog::CheckProperties(properties));
  return strand_.Run([&]() -> Status {
    const auto live = parts_.collections.Find(name);
    if (live == nullptr) return base::NotFound("no collection named '{}'", name);
    auto next = std::make_shared<catalog::Properties>(*live->properties());
    static_cast<CollectionProperties&>(*next) = properties;
    if (*next == *live->properties()) return Status();
    const catalog::Edit edit = EditOf(catalog::SetProperties{live->record.id, *next});
    VECDB_TRY(RaiseFormat(catalog::FormatVersionFor(*next)));
    base::KillPoint("ddl.alter.before");
    VECDB_TRY(CommitChange(edit));
    base::KillPoint("ddl.alter.after");
    live->SetProperties(std::move(next));
    return Status();
  });
}

}  // namespace vecdb::roles
