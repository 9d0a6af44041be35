// Column files of sealed segments that are open as long as the memory budget has room for them:
// those read longest ago are closed first, and opened again by the next read that needs them.
// Closing one gives back its bytes (LoadMode::kResident) or its mapping, and what is known of its
// blocks either way. Why: docs/adr/0043-one-memory-budget.md.
//
// Thread safety: all methods from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "vecdb/options.h"
#include "vecdb/result.h"

#include "base/deadline.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "io/block_file.h"
#include "io/file_system.h"

namespace vecdb::segment {

class FileCache;

class CachedFile {
 public:
  ~CachedFile();
  CachedFile(const CachedFile&) = delete;
  CachedFile& operator=(const CachedFile&) = delete;

  // The open file; opens it if need be. It stays open for as long as the result is held.
  // kResourceExhausted when others hold what it needs and do not give back within a while,
  // what the deadline says when that comes first; what is wrong with the file otherwise. The next
  // call tries again.
  Result<std::shared_ptr<const io::BlockFile>> Pin(const base::Deadline& deadline) EXCLUDES(mutex_);

  std::uint64_t rows() const { return info_.rows; }
  const std::string& name() const { return name_; }
  // 0 while it is closed.
  std::uint64_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }

 private:
  friend class FileCache;
  class Opening;
  // Open, or null: then it is the caller's turn to open it.
  Result<std::shared_ptr<const io::BlockFile>> FindOrBegin(const base::Deadline& deadline)
      EXCLUDES(mutex_);
  CachedFile(FileCache& cache, std::string path, const io::SealedFileInfo& info);
  Result<std::shared_ptr<const io::BlockFile>> Open(base::MemoryReservation memory) const;
  // Named by the catalog, it must be there.
  Status Checked(const Status& status) const;
  void Keep(std::shared_ptr<const io::BlockFile> opened, std::uint64_t bytes) EXCLUDES(mutex_);
  // Lets go of it, if nobody else holds it.
  std::shared_ptr<const io::BlockFile> Close() EXCLUDES(mutex_);

  // constant after construction
  FileCache& cache_;
  const std::string path_;
  const std::string name_;
  const io::SealedFileInfo info_;
  // thread-safe by themselves
  std::atomic<std::uint64_t> memory_bytes_{0};
  std::atomic<std::uint64_t> read_at_{0};  // in openings of the cache
  // the cache's
  std::list<CachedFile*>::iterator place_;
  // guarded
  base::Mutex mutex_;  // leaf; not held while the disk is read
  base::CondVar opened_;
  bool opening_ GUARDED_BY(mutex_) = false;
  bool was_open_ GUARDED_BY(mutex_) = false;
  std::shared_ptr<const io::BlockFile> file_ GUARDED_BY(mutex_);
};

class FileCache {
 public:
  // Everything lent outlives the cache and its files.
  FileCache(io::FileSystem& fs, const io::DatabaseUuid& database, LoadMode mode,
            base::MemoryBudget& budget)
      : fs_(fs), database_(database), mode_(mode), budget_(budget) {}

  // A file that was read and verified as `mode` says; open, if there was room. The cache outlives
  // it.
  Result<std::shared_ptr<CachedFile>> Add(std::string path, const io::SealedFileInfo& info)
      EXCLUDES(mutex_);

  // Closes files that nobody reads, those read longest ago first, until they have given back so
  // much; returns how much they have.
  std::uint64_t Evict(std::uint64_t bytes) EXCLUDES(mutex_);

  LoadMode mode() const { return mode_; }
  base::MemoryBudget& budget() const { return budget_; }
  std::uint64_t evictions() const { return evictions_.load(std::memory_order_relaxed); }
  // How often a file was opened that had been open before.
  std::uint64_t reloads() const { return reloads_.load(std::memory_order_relaxed); }

 private:
  friend class CachedFile;

  // constant after construction
  io::FileSystem& fs_;
  const io::DatabaseUuid database_;
  const LoadMode mode_;
  base::MemoryBudget& budget_;
  // thread-safe by themselves
  std::atomic<std::uint64_t> openings_{1};
  std::atomic<std::uint64_t> evictions_{0};
  std::atomic<std::uint64_t> reloads_{0};
  // guarded
  base::Mutex mutex_;  // before a file's own
  std::list<CachedFile*> files_ GUARDED_BY(mutex_);
};

}  // namespace vecdb::segment
