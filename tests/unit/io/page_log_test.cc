#include "io/page_log.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>

#include <sys/resource.h>

#include "base/canary.h"
#include "io/page_format.h"
#include "simd/kernels.h"
#include "support/catch.h"
#include "support/crash_file_system.h"
#include "support/fault_file_system.h"
#include "support/wal_disk.h"

namespace {

using vecdb::Lsn;
using vecdb::Status;
using vecdb::StatusCode;
using vecdb::base::Bytes;
using vecdb::test::WalDisk;
using namespace vecdb::io;  // NOLINT

constexpr const char* kPath = "log";

LogIdentity Identity(std::uint64_t number = 7) {
  LogIdentity identity;
  identity.database.fill(std::byte{0x5a});
  identity.channel = 3;
  identity.number = number;
  identity.incarnation = 0x1234567890abcdef;
  return identity;
}

Bytes RandomBytes(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xff);
  return bytes;
}

LogRecord Record(std::span<const std::byte> body, std::uint16_t type = 2) {
  LogRecord record;
  record.type = type;
  record.body = body;
  return record;
}

std::unique_ptr<PageLogWriter> Create(FileSystem& fs, const LogIdentity& identity = Identity()) {
  auto made = PageLogWriter::Create(fs, kPath, identity, 1);
  made.status().OrDie();
  return std::move(*made);
}

std::unique_ptr<PageLogReader> Open(FileSystem& fs) {
  auto opened = PageLogReader::Open(fs, kPath, Identity());
  opened.status().OrDie();
  return std::move(*opened);
}

bool Holds(FileSystem& fs, std::uint32_t page) {
  auto group = Open(fs)->GroupAt(page);
  group.status().OrDie();
  return group->has_value();
}

// Makes the checksums of a tampered single-page group right again.
void Repair(WalDisk::Page* page, bool header_too) {
  if (header_too) {
    const std::uint32_t crc = vecdb::simd::Crc32c(0, page->data() + kPageHeaderSize + 4, 44);
    std::memcpy(page->data() + kPageHeaderSize, &crc, 4);
  }
  const std::uint32_t crc = vecdb::simd::Crc32c(PageSeed(Identity()), page->data() + 4, 4092);
  std::memcpy(page->data(), &crc, 4);
}

}  // namespace

TEST_CASE("groups of every size come back as they were written", "[page_log]") {
  WalDisk disk;
  auto writer = Create(disk);
  CHECK(writer->size_bytes() == kPageSize);
  const std::size_t sizes[] = {0,    1,    100,  4003, 4004,  4005,   4072,
                               8000, 8076, 8075, 8077, 12345, 100000, 3000000};
  Lsn lsn = 10;
  std::vector<std::uint32_t> starts;
  for (const std::size_t size : sizes) {
    const Bytes body = RandomBytes(size, size);
    const Bytes more = RandomBytes(size / 3, size + 1);
    std::vector<LogRecord> records = {Record(body), Record(more, 9)};
    records[1].head = std::span(body).first(size / 2);
    starts.push_back(writer->next_page());
    REQUIRE(writer->AppendGroup(records, lsn, lsn - 1, 1000 + lsn).ok());
    lsn += 2;
  }
  REQUIRE(writer->AppendSeal(lsn, lsn - 1, 99).ok());
  auto reader = Open(disk);
  CHECK(reader->file_bytes() >= writer->size_bytes());
  CHECK(reader->file_bytes() <= writer->size_bytes() + (std::size_t{2} << 20));
  lsn = 10;
  std::uint32_t page = 1;
  for (std::size_t i = 0; i < std::size(sizes); ++i) {
    CAPTURE(sizes[i]);
    CHECK(page == starts[i]);
    auto group = reader->GroupAt(page);
    REQUIRE(group.ok());
    REQUIRE(group->has_value());
    CHECK((*group)->first_lsn == lsn);
    CHECK((*group)->last_lsn == lsn + 1);
    CHECK((*group)->durable_lsn == lsn - 1);
    CHECK((*group)->max_ts == 1000 + lsn);
    CHECK_FALSE((*group)->seal);
    auto records = reader->Records();
    REQUIRE(records.ok());
    REQUIRE(records->size() == 2);
    const Bytes body = RandomBytes(sizes[i], sizes[i]);
    Bytes joined(body.begin(), body.begin() + static_cast<long>(sizes[i] / 2));
    const Bytes more = RandomBytes(sizes[i] / 3, sizes[i] + 1);
    joined.insert(joined.end(), more.begin(), more.end());
    CHECK(std::ranges::equal((*records)[0].body, body));
    CHECK(std::ranges::equal((*records)[1].body, joined));
    CHECK((*records)[1].type == 9);
    CHECK((*records)[1].lsn == lsn + 1);
    page += (*group)->pages;
    lsn += 2;
  }
  auto seal = reader->GroupAt(page);
  REQUIRE(seal.ok());
  REQUIRE(seal->has_value());
  CHECK((*seal)->seal);
  CHECK((*seal)->first_lsn == lsn);
  CHECK((*seal)->last_lsn == lsn - 1);
  CHECK(*reader->NonZeroBytesFrom(page + 1) == 0);
  CHECK(*reader->NonZeroBytesFrom(page) > 0);
  CHECK_FALSE(reader->GroupAt(page + 1)->has_value());
  CHECK_FALSE(reader->GroupAt(0)->has_value());
  CHECK_FALSE(reader->GroupAt(reader->page_count())->has_value());
  CHECK_FALSE(reader->GroupAt(starts[13] + 1)->has_value());
}

TEST_CASE("a group above the limits is refused with the numbers and nothing is written",
          "[page_log]") {
  WalDisk disk;
  auto writer = Create(disk);
  const Bytes large(kMaxRecordBytes + 1);
  const Bytes fits(kMaxRecordBytes);
  const LogRecord too_large[] = {Record(large)};
  const Status record = writer->AppendGroup(too_large, 1, 0, 0);
  CHECK(record.code() == StatusCode::kInvalidArgument);
  CHECK(std::string(record.message()).find("16777217") != std::string::npos);
  const LogRecord too_many[] = {Record(fits), Record(fits), Record(std::span(fits).first(1 << 20))};
  CHECK(writer->AppendGroup(too_many, 1, 0, 0).code() == StatusCode::kInvalidArgument);
  CHECK(writer->AppendGroup({}, 1, 0, 0).code() == StatusCode::kInvalidArgument);
  CHECK(disk.SizeOf(kPath) == kPageSize);
  CHECK_FALSE(writer->failed());
  const LogRecord two[] = {Record(fits), Record(fits)};
  REQUIRE(writer->AppendGroup(two, 1, 0, 0).ok());
  CHECK(Holds(disk, 1));
}

TEST_CASE("a flip of any byte of a group makes it invalid", "[page_log]") {
  WalDisk disk;
  auto writer = Create(disk);
  const Bytes body = RandomBytes(5000, 1);
  const LogRecord records[] = {Record(body), Record(std::span(body).first(20))};
  REQUIRE(writer->AppendGroup(records, 1, 0, 5).ok());
  const std::uint32_t end = writer->next_page();
  REQUIRE(end == 3);
  REQUIRE(Holds(disk, 1));
  auto reader = Open(disk);
  for (std::uint64_t at = kPageSize; at < end * kPageSize; ++at) {
    const auto mask = static_cast<std::byte>(1U << (at % 8));
    disk.Flip(kPath, at, mask);
    if (at % 97 == 0 || at % kPageSize < 100) reader = Open(disk);
    if (Holds(disk, 1)) FAIL("flip at " << at);
    disk.Flip(kPath, at, mask);
  }
  CHECK(Holds(disk, 1));
}

TEST_CASE("a flip of any byte of the header page is corruption", "[page_log]") {
  WalDisk disk;
  Create(disk).reset();
  for (std::uint64_t at = 0; at < kPageSize; ++at) {
    disk.Flip(kPath, at, std::byte{0x10});
    if (PageLogReader::Open(disk, kPath, Identity()).status().code() != StatusCode::kCorruption ||
        PageLogReader::PeekIdentity(disk, kPath).status().code() != StatusCode::kCorruption) {
      FAIL("flip at " << at);
    }
    disk.Flip(kPath, at, std::byte{0x10});
  }
  CHECK(*PageLogReader::PeekIdentity(disk, kPath) == Identity());
  CHECK(PageLogReader::Open(disk, kPath, Identity(8)).status().code() == StatusCode::kCorruption);
  for (const std::uint64_t size : {0, 1, 4095}) {
    disk.Truncate(kPath, size);
    CHECK(PageLogReader::PeekIdentity(disk, kPath).status().code() == StatusCode::kCorruption);
  }
}

TEST_CASE("a group is invalid when the file ends before it does", "[page_log]") {
  WalDisk disk;
  auto writer = Create(disk);
  const Bytes body = RandomBytes(20000, 1);
  const LogRecord records[] = {Record(body)};
  REQUIRE(writer->AppendGroup(records, 1, 0, 5).ok());
  for (std::uint64_t size = kPageSize; size < writer->size_bytes(); size += 512) {
    disk.Truncate(kPath, size);
    CHECK_FALSE(Holds(disk, 1));
  }
  disk.Truncate(kPath, writer->size_bytes());
  CHECK(Holds(disk, 1));
}

TEST_CASE("hostile values are refused though every checksum is right", "[page_log][hostile]") {
  struct Case {
    std::size_t at;  // in the page
    std::uint64_t value;
    std::size_t size;
    bool repair_header;
  };
  const std::size_t h = kPageHeaderSize;
  const Case cases[] = {
      {4, 2, 1, false},     // a continuation
      {4, 3, 1, false},     // a seal with records
      {4, 9, 1, false},     // no kind at all
      {5, 2, 1, false},     // another version
      {6, 0, 2, false},     // used: nothing
      {6, 47, 2, false},    // used: less than the header
      {6, 80, 2, false},    // used: ends inside the record
      {6, 4072, 2, false},  // used: more than the records
      {6, 4073, 2, false},  // used: more than the page
      {6, 65535, 2, false},
      {8, 2, 4, false},     // another page
      {12, 2, 4, false},    // of another group
      {16, 2, 8, false},    // another lsn
      {h + 4, 0, 4, true},  // pages
      {h + 4, 2, 4, true},
      {h + 4, 0xffffffff, 4, true},
      {h + 4, 2, 4, false},  // pages, the header's checksum is wrong
      {h + 8, 0, 4, true},   // records
      {h + 8, 2, 4, true},
      {h + 8, 0xffffffff, 4, true},
      {h + 12, 1, 4, true},  // flags
      {h + 16, 0, 8, true},  // first lsn
      {h + 16, 0xffffffffffffffff, 8, true},
      {h + 24, 2, 8, true},            // last lsn
      {h + 32, 1, 8, true},            // durable before it was written
      {h + 40, 9, 8, false},           // timestamp, the header's checksum is wrong
      {h + 48, 0xffffffff, 4, false},  // record length
      {h + 48, 99, 4, false},
      {h + 48, 101, 4, false},
      {h + 52, 1, 4, false},             // record checksum
      {h + 56, 5, 2, false},             // record type
      {h + 58, 1, 2, false},             // reserved
      {h + 60, 2, 8, false},             // record lsn
      {h + 70, 1, 1, false},             // body
      {h + 48 + 20 + 100, 1, 1, false},  // padding
      {4095, 1, 1, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.at, c.value);
    WalDisk disk;
    auto writer = Create(disk);
    const Bytes body(100);
    const LogRecord records[] = {Record(body)};
    REQUIRE(writer->AppendGroup(records, 1, 0, 5).ok());
    REQUIRE(Holds(disk, 1));
    WalDisk::Page* page = disk.PageAt(kPath, 1);
    std::memcpy(page->data() + c.at, &c.value, c.size);
    Repair(page, c.repair_header);
    CHECK_FALSE(Holds(disk, 1));
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("a group that claims to be huge gets no memory for it", "[page_log][hostile]") {
  WalDisk disk;
  auto writer = Create(disk);
  const Bytes body(100);
  const LogRecord records[] = {Record(body)};
  REQUIRE(writer->AppendGroup(records, 1, 0, 5).ok());
  WalDisk::Page* page = disk.PageAt(kPath, 1);
  const std::uint32_t pages = 0xffffffff;
  std::memcpy(page->data() + kPageHeaderSize + 4, &pages, sizeof(pages));
  Repair(page, true);
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_AS, &before) == 0);
  rlimit small = before;
  small.rlim_cur = rlim_t{1} << 34;
  REQUIRE(setrlimit(RLIMIT_AS, &small) == 0);
  CHECK_NOTHROW(Holds(disk, 1));
  CHECK(setrlimit(RLIMIT_AS, &before) == 0);
  CHECK_FALSE(Holds(disk, 1));
}
#endif

TEST_CASE("random damage with repaired checksums never breaks the reader", "[page_log][hostile]") {
  std::mt19937_64 random(5);
  WalDisk disk;
  auto writer = Create(disk);
  const Bytes body = RandomBytes(300, 3);
  const LogRecord records[] = {Record(body), Record(body), Record(std::span(body).first(7))};
  REQUIRE(writer->AppendGroup(records, 1, 0, 5).ok());
  const WalDisk::Page good = *disk.PageAt(kPath, 1);
  int valid = 0;
  for (int round = 0; round < 20000; ++round) {
    WalDisk::Page* page = disk.PageAt(kPath, 1);
    *page = good;
    const int changes = 1 + static_cast<int>(random() % 4);
    for (int i = 0; i < changes; ++i) {
      (*page)[4 + random() % 140] = static_cast<std::byte>(random() & 0xff);
    }
    Repair(page, random() % 2 == 0);
    auto reader = Open(disk);
    auto group = reader->GroupAt(1);
    REQUIRE(group.ok());
    if (!group->has_value()) continue;
    ++valid;  // only the timestamp and the durable lsn are free
    auto read = reader->Records();
    REQUIRE(read.ok());
    CHECK(read->size() == 3);
  }
  CHECK(valid < 1000);
}

TEST_CASE("a write that fails leaves no group, whatever part of it was written", "[page_log]") {
  const Bytes body = RandomBytes(9000, 1);
  const LogRecord records[] = {Record(body)};
  for (const std::size_t kept : {0, 1, 4095, 4096, 8192, 8192 + 1000, 8192 + 4000, 12287, 12288}) {
    CAPTURE(kept);
    WalDisk disk;
    auto writer = Create(disk);
    const LogRecord small[] = {Record(std::span(body).first(10))};
    REQUIRE(writer->AppendGroup(small, 1, 0, 5).ok());
    bool full = true;
    disk.SetHook([&](WalDisk::Call& call) {
      if (call.kind != WalDisk::Call::kWrite || call.size == kPageSize || !full) return Status();
      call.keep = kept;
      return vecdb::base::ResourceExhausted("full");
    });
    CHECK(writer->AppendGroup(records, 2, 1, 6).code() == StatusCode::kResourceExhausted);
    CHECK(writer->failed());
    full = false;
    CHECK(writer->AppendGroup(records, 2, 1, 6).code() == StatusCode::kFailedPrecondition);
    CHECK(writer->AppendSeal(2, 1, 6).code() == StatusCode::kFailedPrecondition);
    CHECK(Holds(disk, 1));
    CHECK_FALSE(Holds(disk, 2));
  }
}

TEST_CASE("a refused group that arrived whole is not there after a power cut either",
          "[page_log]") {
  const Bytes body = RandomBytes(100, 1);  // its page ends in zeros, as the file does there
  const LogRecord records[] = {Record(body)};
  const auto disk = std::make_shared<vecdb::test::CrashFileSystem>();
  vecdb::test::FaultFileSystem fs(disk);
  auto writer = Create(fs);
  REQUIRE(writer->AppendGroup(records, 1, 0, 5).ok());
  REQUIRE(writer->Sync().ok());
  REQUIRE(disk->SyncDirectory("").ok());
  fs.Arm({fs.call_count(), vecdb::test::FaultKind::kWriteAllButOne, false});
  CHECK(writer->AppendGroup(records, 2, 1, 6).code() == StatusCode::kResourceExhausted);
  CHECK(fs.fired() == 1);
  const vecdb::test::CrashSnapshot left = disk->Snapshot();
  for (std::size_t i = 0; i < left.CountImages(); ++i) CHECK_FALSE(Holds(*left.Image(i), 2));
}

TEST_CASE("a refused group that arrived whole and cannot be cleared is no matter of space",
          "[page_log]") {
  const Bytes body = RandomBytes(100, 1);
  const LogRecord records[] = {Record(body)};
  WalDisk disk;
  auto writer = Create(disk);
  REQUIRE(writer->AppendGroup(records, 1, 0, 5).ok());
  bool first = true;
  disk.SetHook([&](WalDisk::Call& call) {
    if (call.kind != WalDisk::Call::kWrite) return Status();
    if (std::exchange(first, false)) call.keep = call.size - 1;
    return vecdb::base::ResourceExhausted("full");
  });
  CHECK(writer->AppendGroup(records, 2, 1, 6).code() == StatusCode::kIoError);
  CHECK(writer->failed());
  CHECK(writer->Sync().code() == StatusCode::kIoError);
}

TEST_CASE("zeros that find no space are no failure; a broken disk is told by the next call",
          "[page_log]") {
  const Bytes body = RandomBytes(10, 1);
  const LogRecord records[] = {Record(body)};
  for (const bool space : {true, false}) {
    WalDisk disk;
    auto writer = Create(disk);
    disk.SetHook([&](WalDisk::Call& call) {
      if (call.kind != WalDisk::Call::kWrite || call.offset == kPageSize) return Status();
      return space ? vecdb::base::ResourceExhausted("full") : vecdb::base::IoError("broken");
    });
    REQUIRE(writer->AppendGroup(records, 1, 0, 5).ok());
    CHECK(Holds(disk, 1));
    disk.SetHook(nullptr);
    CHECK(writer->Sync().ok() == space);
    CHECK(writer->AppendGroup(records, 2, 1, 6).code() ==
          (space ? StatusCode::kOk : StatusCode::kIoError));
    CHECK(writer->failed() != space);
  }
}

TEST_CASE("a new log is one page, and grows by zeros ahead of its groups", "[page_log]") {
  WalDisk disk;
  auto writer = Create(disk);
  CHECK(disk.SizeOf(kPath) == kPageSize);
  const Bytes body(10);
  const LogRecord records[] = {Record(body)};
  int grown = 0;
  std::uint64_t size = disk.SizeOf(kPath);
  for (Lsn lsn = 1; lsn <= 1000; ++lsn) {
    REQUIRE(writer->AppendGroup(records, lsn, 0, 5).ok());
    const std::uint64_t now = disk.SizeOf(kPath);
    if (now != size) ++grown;
    if (lsn == 1) CHECK(now <= (std::uint64_t{80} << 10));
    CHECK(now <= writer->size_bytes() + (std::uint64_t{1} << 20));
    size = now;
  }
  CHECK(grown < 12);
}

TEST_CASE("a large record is framed, and a full log searched, at the disk's speed", "[page_log]") {
  using Time = std::chrono::steady_clock;
  class NullFile final : public File {
   public:
    Status ReadAt(std::uint64_t, std::span<std::byte>) const override { return Status(); }
    Status WriteAt(std::uint64_t, std::span<const std::byte>) override { return Status(); }
    Status Sync() override { return Status(); }
    vecdb::Result<std::uint64_t> Size() const override { return std::uint64_t{0}; }
    vecdb::Result<std::shared_ptr<const Mapping>> Map() const override {
      return vecdb::base::Unimplemented("no");
    }
  };
  class NullDisk final : public FileSystem {
   public:
    vecdb::Result<std::unique_ptr<File>> Open(const std::string&, OpenMode) override {
      return std::unique_ptr<File>(std::make_unique<NullFile>());
    }
    Status MakeDirectory(const std::string&) override { return Status(); }
    Status SyncDirectory(const std::string&) override { return Status(); }
    Status Rename(const std::string&, const std::string&) override { return Status(); }
    Status RemoveFile(const std::string&) override { return Status(); }
    Status RemoveDirectory(const std::string&) override { return Status(); }
    vecdb::Result<std::vector<DirectoryEntry>> List(const std::string&) override {
      return std::vector<DirectoryEntry>();
    }
    vecdb::Result<bool> Exists(const std::string&) override { return false; }
    vecdb::Result<std::unique_ptr<FileLock>> Lock(const std::string&, bool) override {
      return vecdb::base::Unimplemented("no");
    }
    std::string Describe(const std::string& path) const override { return path; }
    bool OwnedByThisProcess() const override { return true; }
  };
  NullDisk null;
  auto sink = Create(null);
  const Bytes body = RandomBytes(3000000, 1);
  const LogRecord records[] = {Record(body)};
  double best = 0;
  for (Lsn lsn = 1; lsn <= 50; ++lsn) {
    const auto start = Time::now();
    REQUIRE(sink->AppendGroup(records, lsn, 0, 5).ok());
    const double seconds = std::chrono::duration<double>(Time::now() - start).count();
    best = std::max(best, static_cast<double>(body.size()) / seconds / 1e9);
  }
  auto memory = MakeMemoryFileSystem();
  auto writer = Create(*memory);
  const LogRecord row[] = {Record(std::span(body).first(600))};
  Lsn lsn = 1;
  for (; writer->size_bytes() < (std::uint64_t{64} << 20); ++lsn) {
    REQUIRE(writer->AppendGroup(row, lsn, 0, 5).ok());
  }
  const auto start = Time::now();
  auto reader = Open(*memory);
  std::uint32_t page = 1;
  while (page < reader->page_count()) {
    auto group = reader->GroupAt(page);
    page += group->has_value() ? (*group)->pages : 1;
  }
  const double ms = std::chrono::duration<double>(Time::now() - start).count() * 1000;
  std::printf("FIG page_log.frame_gb_per_s=%.1f scan_64mib_ms=%.0f\n", best, ms);
}
