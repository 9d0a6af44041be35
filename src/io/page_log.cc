// Writing a paged log. A group is framed into one buffer and written by one call:
//
// 1 frame: payload cut into pages, each with its checksum   crash: nothing on disk
// 2 write the group's pages                                  crash: a torn group, never valid
// 3 write zeros behind it, when the last ones are used up    crash: the file ends earlier
// A failure in 2 leaves a log that takes no more. A group that arrived whole all the same is
// cleared and that is synced, so that none becomes valid; if that fails too, the failure is not one
// of space any more.
#include "io/page_log.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <utility>

#include "base/mutex.h"
#include "io/page_format.h"

namespace vecdb::io {
namespace {

constexpr std::uint64_t kMinZeroAhead = std::uint64_t{64} << 10;
constexpr std::uint64_t kMaxZeroAhead = std::uint64_t{1} << 20;
constexpr std::size_t kKeptBuffer = std::size_t{8} << 20;

// Memory for a group, reused by the next; not cleared, since framing writes every byte.
class GroupBuffer {
 public:
  std::byte* Reserve(std::size_t size) {
    if (size > capacity_) {
      const std::size_t wanted = std::max(size, std::size_t{64} << 10);
      bytes_.reset();
      capacity_ = 0;  // until there is memory, which may run out
      bytes_ = std::make_unique_for_overwrite<std::byte[]>(wanted);
      capacity_ = wanted;
    }
    return bytes_.get();
  }
  void Trim() {
    if (capacity_ <= kKeptBuffer) return;
    bytes_.reset();
    capacity_ = 0;
  }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t capacity_ = 0;
};

// Pours a group's payload into its pages and closes each page as it gets full, while it is still
// in the processor's cache.
class PageFiller {
 public:
  PageFiller(std::byte* pages, PageHeader first, std::uint32_t seed)
      : page_(pages), header_(first), seed_(seed) {}

  void Put(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      if (used_ == kPagePayload) Close();
      const std::size_t part = std::min(bytes.size(), kPagePayload - used_);
      std::memcpy(page_ + kPageHeaderSize + used_, bytes.data(), part);
      used_ += part;
      bytes = bytes.subspan(part);
    }
  }
  template <typename T>
  void PutValue(T value) {
    Put(std::as_bytes(std::span(&value, 1)));
  }
  // Finishes the page begun last and goes on in the next one.
  void Close() {
    header_.used = static_cast<std::uint16_t>(used_);
    FinishPage(header_, seed_, page_);
    page_ += kPageSize;
    header_.kind = PageKind::kContinuation;
    ++header_.page;
    used_ = 0;
  }

 private:
  std::byte* page_;
  PageHeader header_;
  const std::uint32_t seed_;
  std::size_t used_ = 0;
};

class FilePageLogWriter final : public PageLogWriter {
 public:
  FilePageLogWriter(std::unique_ptr<File> file, std::string path, const LogIdentity& identity)
      : file_(std::move(file)),
        path_(std::move(path)),
        identity_(identity),
        seed_(PageSeed(identity)) {}

  Status AppendGroup(std::span<const LogRecord> records, Lsn first_lsn, Lsn durable_lsn,
                     std::uint64_t max_ts) override {
    GroupHeader header;
    header.records = static_cast<std::uint32_t>(records.size());
    header.first_lsn = first_lsn;
    header.last_lsn = first_lsn + records.size() - 1;
    header.durable_lsn = durable_lsn;
    header.max_ts = max_ts;
    if (records.empty()) return base::InvalidArgument("a group of no records");
    VECDB_TRY_ASSIGN(const std::size_t payload, PayloadSize(records));
    return Append(header, payload, records);
  }

  Status AppendSeal(Lsn next_lsn, Lsn durable_lsn, std::uint64_t max_ts) override {
    GroupHeader header;
    header.seal = true;
    header.first_lsn = next_lsn;
    header.last_lsn = next_lsn - 1;
    header.durable_lsn = durable_lsn;
    header.max_ts = max_ts;
    return Append(header, kGroupHeaderSize, {});
  }

  Status Sync() override {
    if (zeros_failed_.load(std::memory_order_acquire)) return zeros_failure_;
    base::MutexLock lock(sync_mutex_);
    if (!undo_failure_.ok()) return undo_failure_;
    return file_->Sync();
  }

  Status Reserve(std::uint64_t bytes) override {
    const std::uint64_t pages = (bytes + kGroupHeaderSize) / kPagePayload + 1;
    return ZeroUntil(size_bytes() + std::max(pages * kPageSize, kMinZeroAhead));
  }

  std::uint64_t size_bytes() const override { return std::uint64_t{next_page_} * kPageSize; }
  std::uint32_t next_page() const override { return next_page_; }
  bool failed() const override { return failed_.load(std::memory_order_acquire); }
  const LogIdentity& identity() const override { return identity_; }
  const std::string& path() const override { return path_; }

 private:
  static Result<std::size_t> PayloadSize(std::span<const LogRecord> records) {
    std::size_t size = kGroupHeaderSize;
    for (const LogRecord& record : records) {
      const std::size_t body = record.head.size() + record.body.size();
      if (body > kMaxRecordBytes) {
        return base::InvalidArgument("a log record of {} bytes; the limit is {}", body,
                                     kMaxRecordBytes);
      }
      size += kRecordHeaderSize + body;
      if (size > kMaxGroupBytes) {
        return base::InvalidArgument("a group of log records of more than {} bytes",
                                     kMaxGroupBytes);
      }
    }
    return size;
  }

  Status Append(GroupHeader header, std::size_t payload, std::span<const LogRecord> records) {
    if (failed()) {
      return base::FailedPrecondition("'{}' takes no more groups since a write failed", path_);
    }
    if (zeros_failed_.load(std::memory_order_acquire)) return Fail(zeros_failure_);
    if (header.first_lsn == 0 || header.durable_lsn >= header.first_lsn) {
      return base::InvalidArgument("record {} cannot follow durable record {}", header.first_lsn,
                                   header.durable_lsn);
    }
    const std::size_t pages = (payload + kPagePayload - 1) / kPagePayload;
    if (pages > std::uint32_t{0xffffffff} - next_page_) {
      return base::InvalidArgument("'{}' has no page numbers left", path_);
    }
    header.pages = static_cast<std::uint32_t>(pages);
    const std::span<const std::byte> framed = Frame(header, records);
    const Status written = file_->WriteAt(size_bytes(), framed);
    if (!written.ok()) return Fail(Undo(framed, written));
    next_page_ += header.pages;
    ZeroAhead();
    buffer_.Trim();
    return Status();
  }

  std::span<const std::byte> Frame(const GroupHeader& header, std::span<const LogRecord> records) {
    const std::size_t size = std::size_t{header.pages} * kPageSize;
    std::byte* const pages = buffer_.Reserve(size);
    PageHeader first;
    first.kind = header.seal ? PageKind::kSeal : PageKind::kStart;
    first.page = next_page_;
    first.group_page = next_page_;
    first.first_lsn = header.first_lsn;
    PageFiller filler(pages, first, seed_);
    filler.Put(EncodeGroupHeader(header));
    Lsn lsn = header.first_lsn;
    for (const LogRecord& record : records) {
      filler.PutValue(static_cast<std::uint32_t>(record.head.size() + record.body.size()));
      filler.PutValue(RecordCrc(record.type, lsn, record.head, record.body));
      filler.PutValue(record.type);
      filler.PutValue(std::uint16_t{0});
      filler.PutValue(lsn);
      filler.Put(record.head);
      filler.Put(record.body);
      ++lsn;
    }
    filler.Close();
    return {pages, size};
  }

  // Keeps zeros written behind the last group: a sync that need not also record new blocks is the
  // faster one. No space for them is no failure; anything else is told by the next call.
  void ZeroAhead() {
    const std::uint64_t end = size_bytes();
    if (end <= zeroed_end_) return;
    zeroed_end_ = end;
    Status written = ZeroUntil(end + std::clamp(end, kMinZeroAhead, kMaxZeroAhead));
    if (written.ok() || written.code() == StatusCode::kResourceExhausted) return;
    zeros_failure_ = std::move(written);
    zeros_failed_.store(true, std::memory_order_release);
  }

  Status ZeroUntil(std::uint64_t end) {
    static std::array<std::byte, kMinZeroAhead> zeros{};  // not const: no room in the library
    while (zeroed_end_ < end) {
      const std::uint64_t part = std::min<std::uint64_t>(end - zeroed_end_, zeros.size());
      VECDB_TRY(file_->WriteAt(zeroed_end_, std::span<const std::byte>(zeros).first(part)));
      zeroed_end_ += part;
    }
    return Status();
  }

  // A write that failed may have left all but the zeros at its end, which may have been there
  // before. Makes sure that the group is not valid by luck, not after a power cut either; returns
  // what the failure comes to.
  Status Undo(std::span<const std::byte> framed, const Status& failure) {
    base::MutexLock lock(sync_mutex_);
    const Status undone = MakeInvalid(framed);
    if (undone.ok()) return failure;
    undo_failure_ = base::IoError("{}; nor could what it left be cleared: {}", failure.message(),
                                  undone.message());
    return undo_failure_;
  }

  // A group that lacks a byte stays invalid whichever of its sectors reach the disk. One that is
  // whole must be cleared, and that synced.
  Status MakeInvalid(std::span<const std::byte> framed) REQUIRES(sync_mutex_) {
    static std::array<std::byte, kPageSize> zero_page{};  // not const, as above
    VECDB_TRY_ASSIGN(const bool whole, Holds(framed));
    if (!whole) return Status();
    const Status cleared = file_->WriteAt(size_bytes(), zero_page);
    VECDB_TRY_ASSIGN(const bool still_whole, Holds(framed));
    return still_whole ? cleared : file_->Sync();
  }

  // Do these bytes stand where the next group goes?
  Result<bool> Holds(std::span<const std::byte> framed) const {
    VECDB_TRY_ASSIGN(const std::uint64_t size, file_->Size());
    if (size < size_bytes() + framed.size()) return false;
    std::array<std::byte, kPageSize> page;
    for (std::size_t at = 0; at < framed.size(); at += page.size()) {
      VECDB_TRY(file_->ReadAt(size_bytes() + at, page));
      if (std::memcmp(page.data(), framed.data() + at, page.size()) != 0) return false;
    }
    return true;
  }

  Status Fail(const Status& cause) {
    failed_.store(true, std::memory_order_release);
    return cause;
  }

  // Constant after construction.
  const std::unique_ptr<File> file_;  // thread-safe by itself
  const std::string path_;
  const LogIdentity identity_;
  const std::uint32_t seed_;
  // Thread-safe by themselves; the failure is written once, before its flag.
  std::atomic<bool> failed_{false};
  std::atomic<bool> zeros_failed_{false};
  Status zeros_failure_;
  base::Mutex sync_mutex_;  // held over a sync: the system tells of a failed one only once
  Status undo_failure_ GUARDED_BY(sync_mutex_);
  // The appending thread's.
  GroupBuffer buffer_;
  std::uint32_t next_page_ = 1;
  std::uint64_t zeroed_end_ = kPageSize;
};

}  // namespace

Result<std::unique_ptr<PageLogWriter>> PageLogWriter::Create(FileSystem& fs,
                                                             const std::string& path,
                                                             const LogIdentity& identity,
                                                             std::uint64_t created_ms) {
  VECDB_TRY_ASSIGN(std::unique_ptr<File> file, fs.Open(path, OpenMode::kCreate));
  VECDB_TRY(file->WriteAt(0, EncodeLogHeader(identity, created_ms)));
  return std::unique_ptr<PageLogWriter>(
      std::make_unique<FilePageLogWriter>(std::move(file), path, identity));
}

}  // namespace vecdb::io
