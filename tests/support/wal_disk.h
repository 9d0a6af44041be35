// A disk for tests of logs: files in memory that remember which of their pages a sync covered. A
// power loss keeps any of the others, loses them or tears them, in any combination.
//
// Thread-safe, except PowerLoss and the accessors of bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "io/file_system.h"

namespace vecdb::test {

inline constexpr std::size_t kDiskPage = 4096;
inline constexpr std::size_t kDiskSector = 512;

class WalDisk final : public io::FileSystem {
 public:
  using Page = std::array<std::byte, kDiskPage>;
  // What a call is about to do; the hook may refuse it. A refused write leaves `keep` bytes.
  struct Call {
    enum Kind { kCreate, kOpen, kWrite, kSync, kSyncDirectory, kRemove } kind = kCreate;
    std::string path;
    std::uint64_t offset = 0;
    std::size_t size = 0;
    std::size_t keep = 0;
  };
  using Hook = std::function<Status(Call&)>;

  // Called without the disk's lock.
  void SetHook(Hook hook) {
    std::lock_guard lock(mutex_);
    hook_ = std::make_shared<Hook>(std::move(hook));
  }

  Result<std::unique_ptr<io::File>> Open(const std::string& path, io::OpenMode mode) override {
    Call call{mode == io::OpenMode::kCreate ? Call::kCreate : Call::kOpen, path, 0, 0, 0};
    VECDB_TRY(Ask(call));
    std::lock_guard lock(mutex_);
    auto found = files_.find(path);
    if (mode == io::OpenMode::kCreate) {
      if (found != files_.end()) return base::AlreadyExists("'{}' exists", path);
      found = files_.emplace(path, std::make_shared<Content>()).first;
    }
    if (found == files_.end()) return base::NotFound("no '{}'", path);
    return std::unique_ptr<io::File>(std::make_unique<DiskFile>(this, path, found->second));
  }
  Status MakeDirectory(const std::string& path) override {
    std::lock_guard lock(mutex_);
    return folders_.insert(path).second ? Status() : base::AlreadyExists("'{}' exists", path);
  }
  Status SyncDirectory(const std::string& path) override {
    Call call{Call::kSyncDirectory, path, 0, 0, 0};
    return Ask(call);
  }
  Status Rename(const std::string&, const std::string&) override { return Refuse(); }
  Status RemoveFile(const std::string& path) override {
    Call call{Call::kRemove, path, 0, 0, 0};
    VECDB_TRY(Ask(call));
    std::lock_guard lock(mutex_);
    return files_.erase(path) > 0 ? Status() : base::NotFound("no '{}'", path);
  }
  Status RemoveDirectory(const std::string&) override { return Refuse(); }
  Result<std::vector<io::DirectoryEntry>> List(const std::string& path) override {
    std::lock_guard lock(mutex_);
    std::vector<io::DirectoryEntry> entries;
    for (const auto& [name, content] : files_) {
      const std::string prefix = path.empty() ? "" : path + "/";
      if (name.compare(0, prefix.size(), prefix) != 0) continue;
      io::DirectoryEntry entry;
      entry.name = name.substr(prefix.size());
      entry.is_regular = true;
      entries.push_back(entry);
    }
    return entries;
  }
  Result<bool> Exists(const std::string& path) override {
    std::lock_guard lock(mutex_);
    return files_.count(path) > 0;
  }
  Result<std::unique_ptr<io::FileLock>> Lock(const std::string&, bool) override { return Refuse(); }
  std::string Describe(const std::string& path) const override { return path; }
  bool OwnedByThisProcess() const override { return true; }

  // --- the test's own view ---

  // Pages written so far; give it to FinishSync for a sync that began now.
  std::uint64_t BeginSync() {
    std::lock_guard lock(mutex_);
    return clock_;
  }
  // What was written before `began` is durable, in every file.
  void FinishSync(std::uint64_t began) {
    std::lock_guard lock(mutex_);
    for (auto& [path, content] : files_) content->Keep(began);
  }
  // Every page without a sync: kept, lost (as before) or torn, as chance wants.
  void PowerLoss(std::mt19937_64& random) {
    for (auto& [path, content] : files_) content->LosePower(random);
  }
  // The bytes of a page, or nothing where nobody wrote anything but zeros.
  Page* PageAt(const std::string& path, std::uint32_t page) {
    auto& pages = files_.at(path)->pages;
    const auto found = pages.find(page);
    return found == pages.end() ? nullptr : &found->second;
  }
  std::uint64_t SizeOf(const std::string& path) { return files_.at(path)->size; }
  void Truncate(const std::string& path, std::uint64_t size) { files_.at(path)->size = size; }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& [path, content] : files_) names.push_back(path);
    return names;
  }
  void Flip(const std::string& path, std::uint64_t offset, std::byte mask) {
    auto& pages = files_.at(path)->pages;
    pages[static_cast<std::uint32_t>(offset / kDiskPage)][offset % kDiskPage] ^= mask;
  }

 private:
  struct Content {
    struct Before {
      bool existed = false;
      Page bytes{};
      std::uint64_t written = 0;  // when the page was written last
    };

    void Write(std::uint64_t offset, std::span<const std::byte> bytes, std::uint64_t now) {
      size = std::max(size, offset + bytes.size());
      while (!bytes.empty()) {
        const auto page = static_cast<std::uint32_t>(offset / kDiskPage);
        const std::size_t at = offset % kDiskPage;
        const std::size_t part = std::min(bytes.size(), kDiskPage - at);
        auto found = pages.find(page);
        const bool zeros = std::all_of(bytes.begin(), bytes.begin() + static_cast<long>(part),
                                       [](std::byte b) { return b == std::byte{0}; });
        if (found != pages.end() || !zeros) {
          Before& old = pending[page];
          if (old.written == 0 && found != pages.end()) {
            old.existed = true;
            old.bytes = found->second;
          }
          old.written = now;
          Page& target = pages[page];
          std::memcpy(target.data() + at, bytes.data(), part);
        }
        offset += part;
        bytes = bytes.subspan(part);
      }
    }
    void Keep(std::uint64_t began) {
      for (auto it = pending.begin(); it != pending.end();) {
        it = it->second.written <= began ? pending.erase(it) : std::next(it);
      }
    }
    void LosePower(std::mt19937_64& random) {
      for (auto& [page, before] : pending) {
        const std::uint64_t fate = random() % 10;
        if (fate < 4) continue;
        Page& now = pages[page];
        if (fate < 6) {  // torn: some sectors are the old ones
          for (std::size_t at = 0; at < kDiskPage; at += kDiskSector) {
            if (random() % 2 == 0) std::memcpy(&now[at], &before.bytes[at], kDiskSector);
          }
        } else if (before.existed) {
          now = before.bytes;
        } else {
          pages.erase(page);
        }
      }
      pending.clear();
    }

    std::map<std::uint32_t, Page> pages;  // those that were ever anything but zeros
    std::map<std::uint32_t, Before> pending;
    std::uint64_t size = 0;
  };

  class DiskFile final : public io::File {
   public:
    DiskFile(WalDisk* disk, std::string path, std::shared_ptr<Content> content)
        : disk_(disk), path_(std::move(path)), content_(std::move(content)) {}

    Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
      std::lock_guard lock(disk_->mutex_);
      if (offset + out.size() > content_->size) {
        return base::Corruption("'{}' ends at {}", path_, content_->size);
      }
      std::memset(out.data(), 0, out.size());
      const auto last = static_cast<std::uint32_t>((offset + out.size() - 1) / kDiskPage);
      auto page = content_->pages.lower_bound(static_cast<std::uint32_t>(offset / kDiskPage));
      for (; page != content_->pages.end() && page->first <= last; ++page) {
        const std::uint64_t start = std::uint64_t{page->first} * kDiskPage;
        const std::uint64_t from = std::max(start, offset);
        const std::uint64_t to = std::min(start + kDiskPage, offset + out.size());
        std::memcpy(out.data() + (from - offset), page->second.data() + (from - start), to - from);
      }
      return Status();
    }
    Status WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) override {
      Call call{Call::kWrite, path_, offset, bytes.size(), 0};
      const Status asked = disk_->Ask(call);
      std::lock_guard lock(disk_->mutex_);
      const std::size_t kept = asked.ok() ? bytes.size() : std::min(call.keep, bytes.size());
      content_->Write(offset, bytes.first(kept), ++disk_->clock_);
      return asked;
    }
    Status Sync() override {
      const std::uint64_t began = disk_->BeginSync();
      Call call{Call::kSync, path_, 0, 0, 0};
      VECDB_TRY(disk_->Ask(call));
      std::lock_guard lock(disk_->mutex_);
      content_->Keep(began);
      return Status();
    }
    Result<std::uint64_t> Size() const override {
      std::lock_guard lock(disk_->mutex_);
      return content_->size;
    }
    Result<std::shared_ptr<const io::Mapping>> Map() const override { return Refuse(); }

   private:
    WalDisk* disk_;
    std::string path_;
    std::shared_ptr<Content> content_;
  };

  static Status Refuse() { return base::Unimplemented("not on this disk"); }
  Status Ask(Call& call) {
    std::shared_ptr<Hook> hook;
    {
      std::lock_guard lock(mutex_);
      hook = hook_;
    }
    return hook && *hook ? (*hook)(call) : Status();
  }

  std::mutex mutex_;
  std::shared_ptr<Hook> hook_;
  std::map<std::string, std::shared_ptr<Content>> files_;
  std::set<std::string> folders_;
  std::uint64_t clock_ = 0;
};

}  // namespace vecdb::test
