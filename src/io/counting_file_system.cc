#include "io/counting_file_system.h"

#include <utility>

#include "base/status.h"

namespace vecdb::io {
namespace {

using CountersPtr = std::shared_ptr<DiskCounters>;

void Add(std::atomic<std::uint64_t>& counter, std::uint64_t count) {
  counter.fetch_add(count, std::memory_order_relaxed);
}

class CountedFile final : public File {
 public:
  explicit CountedFile(CountersPtr counters) : counters_(std::move(counters)) {}
  void Hold(std::unique_ptr<File> file) { file_ = std::move(file); }

  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    return file_->ReadAt(offset, out);
  }
  Status WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) override {
    VECDB_TRY(file_->WriteAt(offset, bytes));
    Add(counters_->written_bytes, bytes.size());
    return Status();
  }
  Status Sync() override {
    VECDB_TRY(file_->Sync());
    Add(counters_->syncs, 1);
    return Status();
  }
  Status WriteOut(std::uint64_t offset, std::uint64_t size) override {
    return file_->WriteOut(offset, size);
  }
  Result<std::uint64_t> Size() const override { return file_->Size(); }
  Result<std::shared_ptr<const Mapping>> Map() const override { return file_->Map(); }

 private:
  const CountersPtr counters_;
  std::unique_ptr<File> file_;
};

class CountedFileSystem final : public FileSystem {
 public:
  CountedFileSystem(std::shared_ptr<FileSystem> fs, CountersPtr counters)
      : fs_(std::move(fs)), counters_(std::move(counters)) {}

  // Memory comes first: behind the opening nothing may fail.
  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    auto counted = std::make_unique<CountedFile>(counters_);
    VECDB_TRY_ASSIGN(auto file, fs_->Open(path, mode));
    counted->Hold(std::move(file));
    return std::unique_ptr<File>(std::move(counted));
  }
  Status MakeDirectory(const std::string& path) override { return fs_->MakeDirectory(path); }
  Status SyncDirectory(const std::string& path) override {
    VECDB_TRY(fs_->SyncDirectory(path));
    Add(counters_->syncs, 1);
    return Status();
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return fs_->Rename(from, to);
  }
  Status RemoveFile(const std::string& path) override { return fs_->RemoveFile(path); }
  Status RemoveDirectory(const std::string& path) override { return fs_->RemoveDirectory(path); }
  Result<std::vector<DirectoryEntry>> List(const std::string& path) override {
    return fs_->List(path);
  }
  Result<bool> Exists(const std::string& path) override { return fs_->Exists(path); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path, bool exclusive) override {
    return fs_->Lock(path, exclusive);
  }
  std::string Describe(const std::string& path) const override { return fs_->Describe(path); }
  bool OwnedByThisProcess() const override { return fs_->OwnedByThisProcess(); }

 private:
  const std::shared_ptr<FileSystem> fs_;
  const CountersPtr counters_;
};

}  // namespace

std::shared_ptr<FileSystem> CountOperations(std::shared_ptr<FileSystem> counted,
                                            std::shared_ptr<DiskCounters> counters) {
  return std::make_shared<CountedFileSystem>(std::move(counted), std::move(counters));
}

}  // namespace vecdb::io
