// A disk in memory from which the power may be taken at any moment.
//
//   CrashFileSystem disk(seed);
//   disk.SetHook([&](std::uint64_t operation) { snapshots.push_back(disk.Snapshot()); });
//   RunWorkload(disk);
//   for each snapshot, for i < CountImages(): recover from Image(i), compare with the model.
//
// Calls answer as those of the memory file system, which answers as the disk does. The rules of
// what a power cut may leave are in crash_state.h. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "io/file_system.h"
#include "testkit/crash_state.h"

namespace vecdb::testkit {

class CrashFileSystem;

// The disk at one moment, detached from the running one. Cheap to copy: bytes are shared.
class CrashSnapshot {
 public:
  explicit CrashSnapshot(CrashState state) : state_(std::move(state)) {}

  std::size_t pending_items() const { return state_.pending_items(); }
  std::size_t CountImages() const { return state_.CountImages(); }
  // The i-th legal disk: the same for the same history and seed. Everything on it is durable.
  std::shared_ptr<CrashFileSystem> Image(std::size_t i) const;
  std::string Explain(std::size_t i) const { return state_.Explain(i); }

 private:
  CrashState state_;
};

class CrashFileSystem final : public io::FileSystem {
 public:
  explicit CrashFileSystem(std::uint64_t seed = 1);
  explicit CrashFileSystem(const DiskTree& disk, std::uint64_t seed = 1);

  // Called before every operation that changes the disk or what it owes, with the operation's
  // number from 0; no lock is held. Set it before the first operation.
  void SetHook(std::function<void(std::uint64_t operation)> hook);
  std::uint64_t operations() const;

  CrashSnapshot Snapshot() const;
  std::size_t CountImages() const { return Snapshot().CountImages(); }
  std::shared_ptr<CrashFileSystem> Image(std::size_t i) const { return Snapshot().Image(i); }

  // The unsynced bytes of this file will never become durable, though reads still see them: what a
  // kernel does after a failed sync (for LossHooks::lose_file). Nothing when there is no such file.
  void LoseUnsynced(const std::string& path);

  Result<std::unique_ptr<io::File>> Open(const std::string& path, io::OpenMode mode) override;
  Status MakeDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status RemoveFile(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Result<std::vector<io::DirectoryEntry>> List(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override;
  Result<std::unique_ptr<io::FileLock>> Lock(const std::string& path, bool exclusive) override;
  std::string Describe(const std::string& path) const override;
  bool OwnedByThisProcess() const override { return true; }

 private:
  friend class CrashFile;
  // Shared with the open files.
  struct Shared;

  const std::shared_ptr<Shared> shared_;
};

}  // namespace vecdb::testkit
