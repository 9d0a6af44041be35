#include "segment/file_cache.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "base/status.h"

namespace vecdb::segment {
namespace {

// How long a read waits for memory that others hold: other reads, a compaction, rows that are being
// flushed. Most of them give it back soon; but what is missing may be held by the read itself, in
// another file or for its answer.
constexpr std::chrono::milliseconds kPatience{2'000};

}  // namespace

// ---- CachedFile -------------------------------------------------------------------------

CachedFile::CachedFile(FileCache& cache, std::string path, const io::SealedFileInfo& info)
    : cache_(cache), path_(std::move(path)), name_(cache.fs_.Describe(path_)), info_(info) {
  base::MutexLock lock(cache_.mutex_);
  place_ = cache_.files_.insert(cache_.files_.end(), this);
}

CachedFile::~CachedFile() {
  base::MutexLock lock(cache_.mutex_);
  cache_.files_.erase(place_);
}

// One thread's turn to open the file. However it ends, the others need not wait any more.
class CachedFile::Opening {
 public:
  explicit Opening(CachedFile& file) : file_(file) {}
  ~Opening() {
    base::MutexLock lock(file_.mutex_);
    file_.opening_ = false;
    file_.opened_.NotifyAll();
  }
  Opening(const Opening&) = delete;
  Opening& operator=(const Opening&) = delete;

 private:
  CachedFile& file_;
};

Result<std::shared_ptr<const io::BlockFile>> CachedFile::Open(
    base::MemoryReservation memory) const {
  auto file = io::BlockFile::Open(cache_.fs_, path_, cache_.database_, info_, cache_.mode_,
                                  std::move(memory));
  VECDB_TRY(Checked(file.status()));
  return file;
}

Status CachedFile::Checked(const Status& status) const {
  if (status.code() != StatusCode::kNotFound) return status;
  return base::Corruption("'{}' is missing, though the catalog names it", name_);
}

void CachedFile::Keep(std::shared_ptr<const io::BlockFile> opened, std::uint64_t bytes) {
  read_at_ = cache_.openings_.fetch_add(1, std::memory_order_relaxed) + 1;
  memory_bytes_ = bytes;
  base::MutexLock lock(mutex_);
  if (was_open_) cache_.reloads_.fetch_add(1, std::memory_order_relaxed);
  was_open_ = true;
  file_ = std::move(opened);
}

Result<std::shared_ptr<const io::BlockFile>> CachedFile::FindOrBegin(
    const base::Deadline& deadline) {
  const std::uint64_t now = cache_.openings_.load(std::memory_order_relaxed);
  base::MutexLock lock(mutex_);
  while (file_ == nullptr && opening_) {
    VECDB_TRY(deadline.Check());
    deadline.Wait(opened_, mutex_);
  }
  if (file_ == nullptr) {
    opening_ = true;
  } else if (read_at_.load(std::memory_order_relaxed) != now) {
    read_at_ = now;
  }
  return file_;
}

Result<std::shared_ptr<const io::BlockFile>> CachedFile::Pin(const base::Deadline& deadline) {
  VECDB_TRY_ASSIGN(auto open, FindOrBegin(deadline));
  if (open != nullptr) return open;
  const Opening opening(*this);
  const std::uint64_t bytes = io::BlockFile::MemoryFor(info_, cache_.mode_);
  auto memory =
      cache_.budget_.ReserveWithin(base::MemoryAccount::kColumns, bytes, kPatience, deadline);
  if (!memory.ok()) {
    VECDB_TRY(deadline.Check());
    return memory.status();
  }
  VECDB_TRY_ASSIGN(open, Open(std::move(*memory)));
  Keep(open, bytes);
  return open;
}

// Who holds it besides has it from Pin(), which takes the lock for it: a lone owner stays alone.
std::shared_ptr<const io::BlockFile> CachedFile::Close() {
  base::MutexLock lock(mutex_);
  if (file_ == nullptr || file_.use_count() > 1) return nullptr;
  memory_bytes_ = 0;
  return std::exchange(file_, nullptr);
}

// ---- FileCache --------------------------------------------------------------------------

Result<std::shared_ptr<CachedFile>> FileCache::Add(std::string path,
                                                   const io::SealedFileInfo& info) {
  // Not make_shared: the constructor is private.
  const std::shared_ptr<CachedFile> added(new CachedFile(*this, std::move(path), info));
  const std::uint64_t bytes = io::BlockFile::MemoryFor(info, mode_);
  auto memory = budget_.TryReserve(base::MemoryAccount::kColumns, bytes);
  if (!memory && mode_ == LoadMode::kResident) {
    VECDB_TRY(added->Checked(io::BlockFile::Check(fs_, added->path_, database_, info)));
    return added;
  }
  VECDB_TRY_ASSIGN(auto opened,
                   added->Open(memory ? std::move(*memory) : base::MemoryReservation()));
  if (!memory) return added;
  added->Keep(std::move(opened), bytes);
  return added;
}

std::uint64_t FileCache::Evict(std::uint64_t bytes) {
  std::vector<std::shared_ptr<const io::BlockFile>> closed;  // end after the lock
  std::uint64_t given_back = 0;
  base::MutexLock lock(mutex_);
  std::vector<std::pair<std::uint64_t, CachedFile*>> open;  // by when it was read
  for (CachedFile* file : files_) {
    if (file->memory_bytes() != 0) open.emplace_back(file->read_at_.load(), file);
  }
  std::sort(open.begin(), open.end());
  closed.reserve(open.size());
  for (const auto& [read_at, file] : open) {
    if (given_back >= bytes) break;
    const std::uint64_t held = file->memory_bytes();
    auto one = file->Close();
    if (one == nullptr) continue;
    given_back += held;
    evictions_.fetch_add(1, std::memory_order_relaxed);
    closed.push_back(std::move(one));
  }
  return given_back;
}

}  // namespace vecdb::segment
