// Any bytes as the pages of a log. The first byte says whether checksums are made right before the
// log is read.
#include <array>
#include <cstring>

#include "fuzz/fuzzing.h"
#include "io/file_system.h"
#include "io/layout.h"
#include "io/page_format.h"
#include "io/page_log.h"
#include "simd/kernels.h"
#include "wal/reader.h"

using namespace vecdb;
using namespace vecdb::fuzz;

namespace {

constexpr std::size_t kMaxPages = 8;

io::LogIdentity Identity() {
  io::LogIdentity identity;
  identity.database.fill(std::byte{0x5a});
  identity.number = 7;
  identity.incarnation = 11;
  return identity;
}

void RepairHeader(std::byte* page) {
  const std::size_t at = io::kPageHeaderSize;
  const std::uint32_t crc = simd::Crc32c(0, page + at + 4, io::kGroupHeaderSize - 4);
  std::memcpy(page + at, &crc, sizeof(crc));
}

// Of the first record, whose header is { len, crc, type, reserved, lsn }.
void RepairRecord(std::byte* page) {
  std::byte* record = page + io::kPageHeaderSize + io::kGroupHeaderSize;
  std::uint32_t length = 0;
  std::uint16_t type = 0;
  Lsn lsn = 0;
  std::memcpy(&length, record, sizeof(length));
  std::memcpy(&type, record + 8, sizeof(type));
  std::memcpy(&lsn, record + 12, sizeof(lsn));
  constexpr std::size_t kRoom = io::kPagePayload - io::kGroupHeaderSize - io::kRecordHeaderSize;
  if (length > kRoom) return;
  const std::span body(record + io::kRecordHeaderSize, length);
  const std::uint32_t crc = io::RecordCrc(type, lsn, {}, body);
  std::memcpy(record + 4, &crc, sizeof(crc));
}

// Pages carry at most their first 128 bytes from the input: what makes a page is there.
base::Bytes PagesOf(std::span<const std::byte> bytes, unsigned repair) {
  constexpr std::size_t kTaken = 128;
  base::Bytes pages;
  for (std::uint32_t number = 1; number <= kMaxPages && !bytes.empty(); ++number) {
    const auto taken = bytes.first(std::min(kTaken, bytes.size()));
    bytes = bytes.subspan(taken.size());
    pages.resize(number * io::kPageSize);
    std::byte* page = pages.data() + (number - 1) * io::kPageSize;
    std::memcpy(page, taken.data(), taken.size());
    if ((repair & 8) != 0) RepairRecord(page);
    if ((repair & 2) != 0) RepairHeader(page);
    if ((repair & 1) != 0) {
      const std::uint32_t crc = simd::Crc32c(io::PageSeed(Identity()), page + 4, io::kPageSize - 4);
      std::memcpy(page, &crc, sizeof(crc));
    }
  }
  return pages;
}

void ReadPages(io::FileSystem& fs, const std::string& path) {
  auto reader = io::PageLogReader::Open(fs, path, Identity());
  Expect(reader.ok());
  for (std::uint32_t page = 1; page < (*reader)->page_count(); ++page) {
    (void)Taken((*reader)->ProofAt(page).status());
    const auto group = (*reader)->GroupAt(page);
    if (!Taken(group.status()) || !group->has_value()) continue;
    const auto records = (*reader)->Records();
    Expect(records.ok());
    for (const io::LogRecord& record : *records) {
      (void)Taken(wal::DecodeMessage(record.type, record.lsn, record.body).status());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto bytes = InputOf(data, size);
  const unsigned repair = TakeByte(&bytes);
  const auto fs = io::MakeMemoryFileSystem();
  const std::string path = io::LogPath(0, Identity().number);
  fs->MakeDirectory(io::kWalFolder).OrDie();
  fs->MakeDirectory(io::PchannelFolder(0)).OrDie();
  {
    auto log = io::PageLogWriter::Create(*fs, path, Identity(), 0);
    Expect(log.ok());
  }
  auto file = fs->Open(path, io::OpenMode::kReadWrite);
  Expect(file.ok() && (*file)->WriteAt(io::kPageSize, PagesOf(bytes, repair)).ok());
  ReadPages(*fs, path);
  const std::array logs{Identity()};
  const Lsn proven = (repair & 4) != 0 ? 3 : 0;
  (void)Taken(wal::Replay(*fs, 0, logs, 1, proven, [](const auto&) { return Status(); }).status());
  return 0;
}
