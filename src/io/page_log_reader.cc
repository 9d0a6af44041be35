// Reading a paged log. Nothing in it is believed: a page counts by its checksum, a group by all of
// its pages, header and records. Memory grows only with pages that have proved themselves.
#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/canary.h"
#include "io/page_format.h"
#include "io/page_log.h"

namespace vecdb::io {
namespace {

constexpr std::uint32_t kWindowPages = 256;

class FilePageLogReader final : public PageLogReader {
 public:
  FilePageLogReader(std::unique_ptr<File> file, std::string path, std::uint64_t file_bytes,
                    const LogIdentity& identity)
      : file_(std::move(file)),
        path_(std::move(path)),
        file_bytes_(file_bytes),
        page_count_(static_cast<std::uint32_t>(
            std::min<std::uint64_t>(file_bytes / kPageSize, 0xffffffffU))),
        seed_(PageSeed(identity)) {}

  Result<std::optional<GroupHeader>> GroupAt(std::uint32_t page) override {
    holds_group_ = false;
    records_.clear();
    if (page == 0 || page >= page_count_) return std::optional<GroupHeader>();
    VECDB_TRY_ASSIGN(const auto bytes, Page(page));
    const PageHeader start = LoadPageHeader(bytes);
    if (start.kind != PageKind::kStart && start.kind != PageKind::kSeal) {
      return std::optional<GroupHeader>();
    }
    if (!ValidPage(bytes, start, seed_, page) || start.group_page != page) {
      return std::optional<GroupHeader>();
    }
    const auto payload = bytes.subspan(kPageHeaderSize, start.used);
    auto header = DecodeGroupHeader(payload, start.kind == PageKind::kSeal);
    if (header.ok() && base::Canary(33)) payload_.reserve(header->pages * kPagePayload);
    if (!header.ok() || header->pages > page_count_ - page ||
        header->first_lsn != start.first_lsn) {
      return std::optional<GroupHeader>();
    }
    payload_.assign(payload.begin(), payload.end());
    VECDB_TRY_ASSIGN(const bool complete, CollectPages(page, *header));
    if (!complete || !ParseRecords(*header)) return std::optional<GroupHeader>();
    holds_group_ = true;
    return std::optional<GroupHeader>(*header);
  }

  Result<std::vector<LogRecord>> Records() override {
    if (!holds_group_) return base::Internal("no group of '{}' was read", path_);
    return records_;
  }

  Result<Lsn> ProofAt(std::uint32_t page) override {
    if (page == 0 || page >= page_count_) return Lsn{0};
    VECDB_TRY_ASSIGN(const auto bytes, Page(page));
    const PageHeader start = LoadPageHeader(bytes);
    const bool seal = start.kind == PageKind::kSeal;
    if (!seal && start.kind != PageKind::kStart) return Lsn{0};
    if (!ValidPage(bytes, start, seed_, start.page)) return Lsn{0};
    const auto header = DecodeGroupHeader(bytes.subspan(kPageHeaderSize, start.used), seal);
    return header.ok() ? header->durable_lsn : Lsn{0};
  }

  std::uint32_t page_count() const override { return page_count_; }
  std::uint64_t file_bytes() const override { return file_bytes_; }
  const std::string& path() const override { return path_; }

  Result<std::uint64_t> NonZeroBytesFrom(std::uint32_t page) override {
    std::uint64_t count = 0;
    std::uint64_t at = std::uint64_t{page} * kPageSize;
    window_count_ = 0;  // its memory serves here
    while (at < file_bytes_) {
      window_.resize(static_cast<std::size_t>(
          std::min<std::uint64_t>(file_bytes_ - at, kWindowPages * kPageSize)));
      VECDB_TRY(file_->ReadAt(at, window_));
      count += CountNonZero(window_);
      at += window_.size();
    }
    return count;
  }

 private:
  static std::uint64_t CountNonZero(std::span<const std::byte> bytes) {
    std::uint64_t count = 0;
    while (bytes.size() >= sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data(), sizeof(word));
      if (word != 0) {  // the low bit of each byte becomes "any bit set"
        word |= word >> 4;
        word |= word >> 2;
        word |= word >> 1;
        count += static_cast<std::uint64_t>(std::popcount(word & 0x0101010101010101ULL));
      }
      bytes = bytes.subspan(sizeof(word));
    }
    for (const std::byte byte : bytes) count += byte != std::byte{0} ? 1 : 0;
    return count;
  }

  // One page, lent until the next call; read together with those behind it.
  Result<std::span<const std::byte>> Page(std::uint32_t page) {
    if (page < window_first_ || page - window_first_ >= window_count_) {
      window_count_ = 0;
      const std::uint32_t count = std::min(kWindowPages, page_count_ - page);
      window_.resize(std::size_t{count} * kPageSize);
      VECDB_TRY(file_->ReadAt(std::uint64_t{page} * kPageSize, window_));
      window_first_ = page;
      window_count_ = count;
    }
    return std::span<const std::byte>(window_).subspan(
        std::size_t{page - window_first_} * kPageSize, kPageSize);
  }

  // The payload of a group behind its first page. Every page but the last is full. A page names
  // its group's first page, so a scan of a hostile file looks at each page twice at most.
  Result<bool> CollectPages(std::uint32_t first, const GroupHeader& header) {
    for (std::uint32_t i = 1; i < header.pages; ++i) {
      if (payload_.size() != i * kPagePayload) return false;
      VECDB_TRY_ASSIGN(const auto bytes, Page(first + i));
      const PageHeader page = LoadPageHeader(bytes);
      if (page.kind != PageKind::kContinuation || page.group_page != first || page.used == 0 ||
          page.first_lsn != header.first_lsn || !ValidPage(bytes, page, seed_, first + i)) {
        return false;
      }
      const auto payload = bytes.subspan(kPageHeaderSize, page.used);
      payload_.insert(payload_.end(), payload.begin(), payload.end());
    }
    return true;
  }

  bool ParseRecords(const GroupHeader& header) {
    base::ByteReader reader(payload_, "group");
    if (!reader.Skip(kGroupHeaderSize).ok()) return false;
    if (header.records > reader.remaining() / kRecordHeaderSize) return false;
    records_.reserve(header.records);
    for (std::uint32_t i = 0; i < header.records; ++i) {
      if (!ParseRecord(reader, header.first_lsn + i)) return false;
    }
    return reader.ExpectEnd().ok();
  }

  bool ParseRecord(base::ByteReader& reader, Lsn lsn) {
    LogRecord record;
    std::uint32_t size = 0;
    std::uint32_t crc = 0;
    std::uint16_t reserved = 0;
    const bool complete = reader.Get(&size).ok() && reader.Get(&crc).ok() &&
                          reader.Get(&record.type).ok() && reader.Get(&reserved).ok() &&
                          reader.Get(&record.lsn).ok() && size <= kMaxRecordBytes &&
                          reader.GetBytes(size, &record.body).ok();
    if (!complete || reserved != 0 || record.lsn != lsn) return false;
    if (RecordCrc(record.type, record.lsn, {}, record.body) != crc) return false;
    records_.push_back(record);
    return true;
  }

  // Constant after construction.
  const std::unique_ptr<File> file_;
  const std::string path_;
  const std::uint64_t file_bytes_;
  const std::uint32_t page_count_;
  const std::uint32_t seed_;

  base::Bytes window_;  // pages as they stand in the file
  std::uint32_t window_first_ = 0;
  std::uint32_t window_count_ = 0;
  base::Bytes payload_;  // of the group read last; its records point into it
  std::vector<LogRecord> records_;
  bool holds_group_ = false;
};

struct OpenedLog {
  std::unique_ptr<File> file;
  std::uint64_t bytes = 0;
  LogIdentity identity;
};

Result<OpenedLog> OpenLog(FileSystem& fs, const std::string& path) {
  OpenedLog log;
  VECDB_TRY_ASSIGN(log.file, fs.Open(path, OpenMode::kRead));
  VECDB_TRY_ASSIGN(log.bytes, log.file->Size());
  if (log.bytes < kPageSize) {
    return base::Corruption("'{}' has {} bytes, fewer than its header page", fs.Describe(path),
                            log.bytes);
  }
  std::array<std::byte, kPageSize> page{};
  VECDB_TRY(log.file->ReadAt(0, page));
  auto identity = DecodeLogHeader(page);
  if (!identity.ok()) {
    return base::Annotate(identity.status(), base::Format("'{}' offset 0", fs.Describe(path)));
  }
  log.identity = *identity;
  return log;
}

}  // namespace

Result<std::unique_ptr<PageLogReader>> PageLogReader::Open(FileSystem& fs, const std::string& path,
                                                           const LogIdentity& expected) {
  VECDB_TRY_ASSIGN(OpenedLog log, OpenLog(fs, path));
  if (log.identity != expected) {
    return base::Corruption(
        "'{}' offset 0: not the log that was expected here: number {} incarnation {:x} channel {} "
        "instead of {}, {:x}, {}",
        fs.Describe(path), log.identity.number, log.identity.incarnation, log.identity.channel,
        expected.number, expected.incarnation, expected.channel);
  }
  return std::unique_ptr<PageLogReader>(
      std::make_unique<FilePageLogReader>(std::move(log.file), path, log.bytes, log.identity));
}

Result<LogIdentity> PageLogReader::PeekIdentity(FileSystem& fs, const std::string& path) {
  VECDB_TRY_ASSIGN(const OpenedLog log, OpenLog(fs, path));
  return log.identity;
}

}  // namespace vecdb::io
