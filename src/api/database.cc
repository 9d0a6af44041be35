#include "vecdb/database.h"

#include <random>

#include "api/handle.h"
#include "api/open.h"
#include "base/clock.h"
#include "base/forever.h"
#include "io/file_system.h"
#include "roles/statistics.h"

namespace vecdb {

struct Database::Impl {
  std::shared_ptr<roles::Engine> engine;
};

namespace {

std::uint64_t SystemRandom() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

Status MovedFrom() {
  return api::Guarded([] {
    return base::FailedPrecondition("this Database object was moved from and holds no database");
  });
}

// Where no failure can be told. Handles of collections may keep the closed engine.
void CloseQuietly(roles::Engine& engine) {
  (void)api::Guarded([&] { return engine.Close(); });
}

roles::Environment SystemEnvironment(std::shared_ptr<io::FileSystem> fs) {
  return roles::Environment{std::move(fs), &base::SystemClock(), SystemRandom};
}

}  // namespace

Result<Database> api::DatabaseAccess::Open(roles::Environment environment, const Options& options) {
  return Guarded([&]() -> Result<Database> {
    environment.guard = [](const auto& task) { return Guarded(task); };
    auto impl = std::make_unique<Database::Impl>();
    VECDB_TRY_ASSIGN(impl->engine, roles::Engine::Open(std::move(environment), options));
    return Database(std::move(impl));
  });
}

roles::EngineParts& api::DatabaseAccess::Parts(Database& database) {
  return database.impl_->engine->parts();
}

Result<Database> Database::Open(const std::filesystem::path& directory, const Options& options) {
  return api::Guarded([&]() -> Result<Database> {
    const bool create = options.create_if_missing && !options.read_only;
    const io::DirectoryRules rules{options.allow_shared_directory,
                                   options.allow_network_file_system};
    VECDB_TRY_ASSIGN(auto fs, io::OpenDirectory(directory, create, rules));
    return api::DatabaseAccess::Open(SystemEnvironment(std::move(fs)), options);
  });
}

Result<Database> Database::OpenInMemory(const Options& options) {
  return api::Guarded([&]() -> Result<Database> {
    return api::DatabaseAccess::Open(SystemEnvironment(io::MakeMemoryFileSystem()), options);
  });
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
}
Database::Database(Database&&) noexcept = default;

Database& Database::operator=(Database&& other) noexcept {
  if (this == &other) return *this;
  if (impl_ != nullptr) CloseQuietly(*impl_->engine);
  impl_ = std::move(other.impl_);
  return *this;
}

Database::~Database() {
  if (impl_ != nullptr) CloseQuietly(*impl_->engine);
}

Result<Collection> Database::CreateCollection(std::string_view name, const Schema& schema,
                                              const CollectionOptions& options,
                                              const CollectionProperties& properties) {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, true, [&]() -> Result<Collection> {
    // First: behind the creation nothing may fail.
    auto handle = std::make_shared<Collection::Handle>(
        Collection::Handle{impl_->engine, nullptr, std::string(name)});
    VECDB_TRY_ASSIGN(handle->live, impl_->engine->parts().coordinator->CreateCollection(
                                       name, schema, options, properties));
    return Collection(std::move(handle));
  });
}

Result<Collection> Database::OpenCollection(std::string_view name) {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, false, [&]() -> Result<Collection> {
    auto live = impl_->engine->parts().collections.Find(name);
    if (live == nullptr) return base::NotFound("no collection named '{}'", name);
    return Collection(std::make_shared<Collection::Handle>(
        Collection::Handle{impl_->engine, std::move(live), std::string(name)}));
  });
}

Status Database::DropCollection(std::string_view name) {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, true,
                     [&] { return impl_->engine->parts().coordinator->DropCollection(name); });
}

Result<std::vector<std::string>> Database::ListCollections() const {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, false, [&]() -> Result<std::vector<std::string>> {
    return impl_->engine->parts().collections.Names();
  });
}

Result<bool> Database::HasCollection(std::string_view name) const {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, false, [&]() -> Result<bool> {
    return impl_->engine->parts().collections.Find(name) != nullptr;
  });
}

Result<CollectionInfo> Database::DescribeCollection(std::string_view name) const {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, false, [&]() -> Result<CollectionInfo> {
    const roles::Collections& collections = impl_->engine->parts().collections;
    const auto live = collections.Find(name);
    if (live == nullptr) return base::NotFound("no collection named '{}'", name);
    const catalog::CollectionRecord& record = live->record;
    return CollectionInfo{.id = record.id,
                          .name = live->name(),
                          .schema = record.schema,
                          .options = record.options,
                          .properties = *live->properties(),
                          .aliases = collections.AliasesOf(*live),
                          .created = record.created};
  });
}

Status Database::RenameCollection(std::string_view name, std::string_view new_name) {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, true, [&] {
    return impl_->engine->parts().coordinator->RenameCollection(name, new_name);
  });
}

Status Database::AlterCollection(std::string_view name, const CollectionProperties& properties) {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, true, [&] {
    return impl_->engine->parts().coordinator->AlterCollection(name, properties);
  });
}

Status Database::CreateAlias(std::string_view alias, std::string_view collection) {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, true, [&] {
    return impl_->engine->parts().coordinator->CreateAlias(alias, collection);
  });
}

Status Database::AlterAlias(std::string_view alias, std::string_view collection) {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, true, [&] {
    return impl_->engine->parts().coordinator->AlterAlias(alias, collection);
  });
}

Status Database::DropAlias(std::string_view alias) {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, true,
                     [&] { return impl_->engine->parts().coordinator->DropAlias(alias); });
}

Result<std::map<std::string, std::string>> Database::ListAliases() const {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, false, [&]() -> Result<std::map<std::string, std::string>> {
    std::map<std::string, std::string> names;
    for (const auto& [alias, live] : impl_->engine->parts().collections.Aliases()) {
      names.emplace(alias, live->name());
    }
    return names;
  });
}

Result<std::vector<QueryNodeInfo>> Database::QueryNodes() const {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, false, [&]() -> Result<std::vector<QueryNodeInfo>> {
    const roles::EngineParts& parts = impl_->engine->parts();
    return parts.query->Describe(parts.collections.All());
  });
}

Status Database::WaitDurable(Timestamp timestamp) {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, false, [&] { return impl_->engine->WaitDurable(timestamp); });
}

Status Database::RunBackground(std::chrono::milliseconds budget) {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, false, [&] { return impl_->engine->RunBackground(budget); });
}

Result<std::vector<JobInfo>> Database::Jobs() const {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, false, [&]() -> Result<std::vector<JobInfo>> {
    return impl_->engine->parts().jobs.All();
  });
}

Result<JobInfo> Database::WaitForJob(JobId id, std::chrono::milliseconds timeout) {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, false, [&] { return impl_->engine->WaitForJob(id, timeout); });
}

Status Database::PauseBackground() {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, false, [&] {
    impl_->engine->parts().pacer.Pause();
    return Status();
  });
}

Status Database::ResumeBackground() {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, false, [&] {
    impl_->engine->parts().pacer.Resume();
    return Status();
  });
}

const RecoveryReport& Database::recovery() const {
  static const base::Forever<RecoveryReport> none;
  if (impl_ == nullptr) return *none;
  return impl_->engine->parts().report;
}

Status Database::Health() const {
  if (impl_ == nullptr) return MovedFrom();
  return api::Guarded([&] { return impl_->engine->Health(); });
}

Result<std::vector<ChannelInfo>> Database::Channels() const {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, false, [&]() -> Result<std::vector<ChannelInfo>> {
    return roles::ChannelsOf(impl_->engine->parts());
  });
}

Result<DatabaseStats> Database::Stats() const {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, false, [&] { return roles::StatsOf(impl_->engine->parts()); });
}

Status Database::Flush() {
  if (impl_ == nullptr) return MovedFrom();
  return api::Inside(*impl_->engine, true,
                     [&] { return impl_->engine->parts().coordinator->FlushAll(); });
}

Status Database::Close() {
  if (impl_ == nullptr) return MovedFrom();
  return api::Guarded([&] { return impl_->engine->Close(); });
}

}  // namespace vecdb
