#include "io/block_file.h"

#include <random>
#include <thread>

#include "base/canary.h"
#include "io/install.h"
#include "simd/kernels.h"
#include "support/catch.h"
#include "support/dump_tree.h"
#include "support/fault_file_system.h"

using namespace vecdb;
using io::BlockFile;
using io::BlockFileWriter;
using io::FileKind;
using io::kBlockSize;
using io::SealedFileInfo;

namespace {

io::DatabaseUuid Uuid(int number) {
  io::DatabaseUuid uuid{};
  uuid[0] = static_cast<std::byte>(number);
  return uuid;
}

std::string RandomText(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

SealedFileInfo WriteSealed(io::FileSystem& fs, const std::string& path, std::string_view body,
                           FileId id = 7, int database = 1, FileKind kind = FileKind::kColumn) {
  BlockFileWriter writer = *BlockFileWriter::Create(fs, path, Uuid(database), id, kind);
  writer.Append(base::AsBytes(body)).OrDie();
  CHECK(writer.position() == body.size());
  return *writer.Finish(42);
}

// Opens and reads all of it; the body, or the failure.
Result<std::string> ReadSealed(io::FileSystem& fs, const std::string& path,
                               const SealedFileInfo& info, LoadMode mode, int database = 1) {
  const auto file = BlockFile::Open(fs, path, Uuid(database), info, mode);
  if (!file.ok()) return file.status();
  const auto bytes = (*file)->Read(0, (*file)->body_size());
  if (!bytes.ok()) return bytes.status();
  return std::string(base::AsText(*bytes));
}

std::string Contents(io::FileSystem& fs, const std::string& path) {
  return std::string(base::AsText(*io::ReadWholeFile(fs, path, 1 << 30)));
}

// Puts the right checksum behind the footer's other 60 bytes.
void RepairFooter(std::string* file) {
  const std::size_t start = file->size() - 64;
  const std::uint32_t crc = simd::Crc32c(0, file->data() + start, 60);
  std::memcpy(file->data() + file->size() - 4, &crc, 4);
}

constexpr LoadMode kModes[] = {LoadMode::kMapped, LoadMode::kResident};

// What of a damaged file both modes say; true when either lets it pass.
bool Passes(const std::string& damaged, const SealedFileInfo& info) {
  const auto fs = io::MakeMemoryFileSystem();
  test::PutFile(*fs, "f", damaged);
  bool passes = false;
  for (const LoadMode mode : kModes) {
    const auto read = ReadSealed(*fs, "f", info, mode);
    if (read.ok() || read.status().code() != StatusCode::kCorruption) passes = true;
  }
  return passes;
}

bool PeekPasses(const std::string& damaged) {
  const auto fs = io::MakeMemoryFileSystem();
  test::PutFile(*fs, "f", damaged);
  return io::PeekSealedFile(*fs, "f").status().code() != StatusCode::kCorruption;
}

}  // namespace

TEST_CASE("a sealed file gives back what was written, whatever its size", "[block]") {
  const std::size_t sizes[] = {
      0, 1, kBlockSize - 1, kBlockSize, kBlockSize + 1, 3 * kBlockSize, 300'001, 3'000'000};
  for (const std::size_t size : sizes) {
    const auto fs = io::MakeMemoryFileSystem();
    const std::string body = RandomText(size, size);
    const SealedFileInfo info = WriteSealed(*fs, "f", body);
    CHECK(info.size_bytes == Contents(*fs, "f").size());
    CHECK(info.rows == 42);
    for (const LoadMode mode : kModes) {
      const auto file = *BlockFile::Open(*fs, "f", Uuid(1), info, mode);
      CHECK(file->body_size() == size);
      CHECK(file->rows() == 42);
      CHECK(base::AsText(*file->Read(0, size)) == body);
      CHECK(base::AsText(*file->Read(size / 2, size / 3)) == body.substr(size / 2, size / 3));
      CHECK(file->VerifyAll().ok());
      CHECK(file->Read(size, 1).status().code() == StatusCode::kCorruption);
      CHECK(file->Read(~std::uint64_t{0}, 2).status().code() == StatusCode::kCorruption);
      if (mode == LoadMode::kResident) {
        CHECK(reinterpret_cast<std::uintptr_t>(file->Read(0, 0)->data()) % 64 == 0);
      }
    }
    CHECK(*io::PeekSealedFile(*fs, "f") == info);
  }
}

TEST_CASE("the same body is the same file, however it is cut into appends", "[block]") {
  const auto fs = io::MakeMemoryFileSystem();
  const std::string body = RandomText(700'000, 1);
  const SealedFileInfo whole = WriteSealed(*fs, "whole", body);
  std::mt19937_64 random(2);
  BlockFileWriter writer = *BlockFileWriter::Create(*fs, "cut", Uuid(1), 7, FileKind::kColumn);
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t size = std::min<std::size_t>(random() % 40'000, body.size() - at);
    writer.Append(base::AsBytes(body).subspan(at, size)).OrDie();
    at += size;
  }
  CHECK(*writer.Finish(42) == whole);
  CHECK(Contents(*fs, "cut") == Contents(*fs, "whole"));
  CHECK(writer.Append(base::AsBytes("x")).code() == StatusCode::kFailedPrecondition);
  CHECK(writer.Finish(42).status().code() == StatusCode::kFailedPrecondition);
}

TEST_CASE("padding fills with zeros up to the alignment", "[block]") {
  const auto fs = io::MakeMemoryFileSystem();
  BlockFileWriter writer = *BlockFileWriter::Create(*fs, "f", Uuid(1), 7, FileKind::kKeys);
  writer.PadTo(4096).OrDie();
  CHECK(writer.position() == 0);
  writer.Append(base::AsBytes("x")).OrDie();
  writer.PadTo(8192).OrDie();
  CHECK(writer.position() == 8192);
  writer.PadTo(64).OrDie();
  CHECK(writer.position() == 8192);
  const SealedFileInfo info = *writer.Finish(1);
  CHECK(*ReadSealed(*fs, "f", info, LoadMode::kMapped) == "x" + std::string(8191, '\0'));
}

TEST_CASE("every flipped byte of a sealed file is found", "[block]") {
  const auto fs = io::MakeMemoryFileSystem();
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, kBlockSize + 300}) {
    const std::string path = "f" + std::to_string(size);
    const SealedFileInfo info = WriteSealed(*fs, path, RandomText(size, 3));
    std::string file = Contents(*fs, path);
    std::size_t passed = 0;
    for (std::size_t at = 0; at<file.size(); at += at> 200 && at + 300 < file.size() ? 7 : 1) {
      file[at] = static_cast<char>(file[at] ^ 0xff);
      if (Passes(file, info)) ++passed;
      file[at] = static_cast<char>(file[at] ^ 0xff);
    }
    CHECK(passed == 0);
    passed = 0;
    for (std::size_t at = size; at < file.size(); ++at) {  // what can be checked without the id
      file[at] = static_cast<char>(file[at] ^ 0x01);
      if (PeekPasses(file)) ++passed;
      file[at] = static_cast<char>(file[at] ^ 0x01);
    }
    CHECK(passed == 0);
    CHECK(Passes(file, info));  // whole again
    CHECK(PeekPasses(file));
  }
}

TEST_CASE("swapped blocks, swapped files and foreign files are refused", "[block]") {
  const auto fs = io::MakeMemoryFileSystem();
  const std::string body = RandomText(3 * kBlockSize, 4);
  const SealedFileInfo info = WriteSealed(*fs, "mine", body, 7, 1);
  const SealedFileInfo other = WriteSealed(*fs, "other", body, 8, 1);
  const SealedFileInfo foreign = WriteSealed(*fs, "foreign", body, 7, 2);
  std::string swapped = Contents(*fs, "mine");
  for (std::size_t i = 0; i < kBlockSize; ++i) std::swap(swapped[i], swapped[kBlockSize + i]);
  CHECK_FALSE(Passes(swapped, info));
  CHECK_FALSE(Passes(Contents(*fs, "other"), info));
  CHECK_FALSE(Passes(Contents(*fs, "foreign"), info));
  for (const LoadMode mode : kModes) {  // also when the record lies along with the file
    CHECK(ReadSealed(*fs, "other", info, mode).status().code() == StatusCode::kCorruption);
    CHECK(ReadSealed(*fs, "foreign", foreign, mode, 1).status().code() == StatusCode::kCorruption);
    CHECK(ReadSealed(*fs, "foreign", foreign, mode, 2).ok());
    CHECK(ReadSealed(*fs, "other", other, mode).ok());
  }
}

TEST_CASE("blocks swapped together with their checksums are refused", "[block]") {
  const auto fs = io::MakeMemoryFileSystem();
  SealedFileInfo info = WriteSealed(*fs, "f", RandomText(2 * kBlockSize, 5));
  std::string file = Contents(*fs, "f");
  for (std::size_t i = 0; i < kBlockSize; ++i) std::swap(file[i], file[kBlockSize + i]);
  char* table = file.data() + 2 * kBlockSize;
  for (std::size_t i = 0; i < 4; ++i) std::swap(table[i], table[4 + i]);
  const std::uint32_t table_crc = simd::Crc32c(0, table, 8);
  std::memcpy(file.data() + file.size() - 64 + 36, &table_crc, 4);
  RepairFooter(&file);
  std::memcpy(&info.footer_crc, file.data() + file.size() - 4, 4);
  CHECK_FALSE(Passes(file, info));
}

TEST_CASE("a sealed file cut short or grown is refused", "[block]") {
  const auto fs = io::MakeMemoryFileSystem();
  const SealedFileInfo info = WriteSealed(*fs, "f", RandomText(kBlockSize + 100, 6));
  const std::string file = Contents(*fs, "f");
  for (std::size_t size = 0; size < file.size(); size += size < 200 ? 1 : 97) {
    CHECK_FALSE(Passes(file.substr(0, size), info));
    CHECK_FALSE(PeekPasses(file.substr(0, size)));
  }
  CHECK_FALSE(Passes(file + "x", info));
  CHECK_FALSE(Passes(file + file, info));
  CHECK_FALSE(Passes(file + file.substr(file.size() - 64), info));
  CHECK_FALSE(PeekPasses(file + file.substr(file.size() - 64)));
}

TEST_CASE("hostile lengths with right checksums are refused before anything is allocated",
          "[block]") {
  const auto fs = io::MakeMemoryFileSystem();
  const SealedFileInfo info = WriteSealed(*fs, "f", RandomText(1000, 7));
  const std::string file = Contents(*fs, "f");
  const std::size_t footer = file.size() - 64;
  const std::uint64_t values[] = {0,     1,           999,        1001,       1004,
                                  16384, 0xffffffffu, 1ull << 40, 1ull << 63, ~0ull};
  for (const std::uint64_t value : values) {
    for (const auto& [offset, size] : {std::pair{8, 8}, {32, 4}}) {  // body_size, block_count
      std::string hostile = file;
      char* field = hostile.data() + footer + static_cast<std::size_t>(offset);
      std::uint64_t before = 0;
      std::memcpy(&before, field, static_cast<std::size_t>(size));
      std::memcpy(field, &value, static_cast<std::size_t>(size));
      if (before == (size == 4 ? value & 0xffffffffu : value)) continue;
      RepairFooter(&hostile);
      SealedFileInfo believed = info;
      std::memcpy(&believed.footer_crc, hostile.data() + hostile.size() - 4, 4);
      CHECK_FALSE(Passes(hostile, believed));
      CHECK_FALSE(PeekPasses(hostile));
    }
  }
}

TEST_CASE("a footer that disagrees with the record is refused", "[block]") {
  const auto fs = io::MakeMemoryFileSystem();
  const SealedFileInfo info = WriteSealed(*fs, "f", RandomText(1000, 8));
  std::vector<SealedFileInfo> wrong(5, info);
  wrong[0].file_id = 8;
  wrong[1].kind = FileKind::kIndex;
  wrong[2].size_bytes += 1;
  wrong[3].rows = 41;
  wrong[4].footer_crc ^= 1;
  for (const SealedFileInfo& record : wrong) CHECK_FALSE(Passes(Contents(*fs, "f"), record));
}

TEST_CASE("a mapped file is verified block by block, when first touched", "[block]") {
  const auto fs = io::MakeMemoryFileSystem();
  const std::string body = RandomText(200 * kBlockSize, 9);
  const SealedFileInfo info = WriteSealed(*fs, "f", body);
  std::string damaged = Contents(*fs, "f");
  damaged[5 * kBlockSize + 17] ^= 4;
  test::PutFile(*fs, "f", damaged);
  const auto file = *BlockFile::Open(*fs, "f", Uuid(1), info, LoadMode::kMapped);
  CHECK(file->Read(0, 5 * kBlockSize).ok());
  CHECK(file->Read(6 * kBlockSize, 194 * kBlockSize).ok());
  for (int again = 0; again < 2; ++again) {
    const Status status = file->Read(5 * kBlockSize - 1, 2).status();
    CHECK(status.code() == StatusCode::kCorruption);
    CHECK(status.message() == "'memory:/f': the checksum of block 5 at " +
                                  std::to_string(5 * kBlockSize) + " does not match");
  }
  CHECK(file->VerifyAll().code() == StatusCode::kCorruption);
  CHECK_FALSE(ReadSealed(*fs, "f", info, LoadMode::kResident).ok());
}

TEST_CASE("threads may touch the same blocks first at the same time", "[block]") {
  const auto fs = io::MakeMemoryFileSystem();
  const std::string body = RandomText(300 * kBlockSize + 5, 10);
  const SealedFileInfo info = WriteSealed(*fs, "f", body);
  const auto file = *BlockFile::Open(*fs, "f", Uuid(1), info, LoadMode::kMapped);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (int i = 0; i < 3000; ++i) {
        const std::uint64_t offset = random() % body.size();
        const std::uint64_t size = std::min<std::uint64_t>(random() % 40'000, body.size() - offset);
        const auto bytes = file->Read(offset, size);
        if (!bytes.ok() || base::AsText(*bytes) != std::string_view(body).substr(offset, size)) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("a passing read fault costs a resident file nothing, a lasting one is reported",
          "[block]") {
  const auto memory = io::MakeMemoryFileSystem();
  const std::string body = RandomText(100 * kBlockSize, 11);
  const SealedFileInfo info = WriteSealed(*memory, "f", body);
  test::FaultFileSystem counting(memory);
  REQUIRE(ReadSealed(counting, "f", info, LoadMode::kResident).ok());
  const std::vector<test::CallRecord> calls = counting.calls();
  using test::FaultKind;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (calls[i].type != test::CallType::kRead) continue;
    for (const FaultKind kind : {FaultKind::kIoError, FaultKind::kShortRead, FaultKind::kBadByte}) {
      test::FaultFileSystem once(memory);
      once.Arm({i, kind, false});
      const auto read = ReadSealed(once, "f", info, LoadMode::kResident);
      CHECK(once.fired() == 1);
      CHECK((read.ok() && *read == body));
      test::FaultFileSystem always(memory);
      always.Arm({i, kind, true});
      const Status status = ReadSealed(always, "f", info, LoadMode::kResident).status();
      CHECK(status.code() ==
            (kind == FaultKind::kIoError ? StatusCode::kIoError : StatusCode::kCorruption));
    }
  }
}

TEST_CASE("a writer that failed once writes no more", "[block]") {
  const auto memory = io::MakeMemoryFileSystem();
  test::FaultFileSystem fs(memory);
  BlockFileWriter writer = *BlockFileWriter::Create(fs, "f", Uuid(1), 7, FileKind::kColumn);
  fs.Arm({1, test::FaultKind::kNoSpace, false});
  CHECK(writer.Append(base::AsBytes(std::string(300'000, 'x'))).code() ==
        StatusCode::kResourceExhausted);
  CHECK(writer.Append(base::AsBytes("x")).code() == StatusCode::kResourceExhausted);
  CHECK(writer.Finish(0).status().code() == StatusCode::kResourceExhausted);
  CHECK(fs.fired() == 1);
}

TEST_CASE("a large file goes to the disk a quarter of a mebibyte at a time", "[block]") {
  const auto memory = io::MakeMemoryFileSystem();
  test::FaultFileSystem fs(memory);
  const std::string body = RandomText((std::size_t{7} << 19) + 5, 1);
  const SealedFileInfo info = WriteSealed(fs, "f", body);
  std::uint64_t syncs = 0;
  std::uint64_t first = 0;
  const std::vector<test::CallRecord> calls = fs.calls();
  for (std::uint64_t i = 0; i < calls.size(); ++i) {
    if (calls[i].type != test::CallType::kSync) continue;
    if (syncs++ == 0) first = i;
  }
  CHECK(syncs == 15);  // the file's own is the last
  CHECK(*ReadSealed(fs, "f", info, LoadMode::kMapped) == body);

  test::FaultFileSystem failing(memory);
  failing.Arm({first, test::FaultKind::kSyncFailsLost, false});
  BlockFileWriter writer = *BlockFileWriter::Create(failing, "g", Uuid(1), 7, FileKind::kColumn);
  CHECK(writer.Append(base::AsBytes(body)).code() == StatusCode::kIoError);
  CHECK(writer.Finish(0).status().code() == StatusCode::kIoError);
}

TEST_CASE("an index is written in pieces of a huge page", "[block]") {
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  const auto memory = io::MakeMemoryFileSystem();
  test::FaultFileSystem fs(memory);
  const std::string body = RandomText(2 * kHugePage + 5, 1);
  const SealedFileInfo info = WriteSealed(fs, "f", body, 7, 1, FileKind::kIndex);
  const std::vector<test::CallRecord> calls = fs.calls();
  CHECK(std::ranges::count(calls, test::CallType::kWrite, &test::CallRecord::type) == 3);
  CHECK(*ReadSealed(fs, "f", info, LoadMode::kMapped) == body);
}

TEST_CASE("a reader that skips the footer's checksum or the seeds is caught", "[block][canary]") {
  const auto fs = io::MakeMemoryFileSystem();
  WriteSealed(*fs, "f", RandomText(1000, 12));
  std::string flipped = Contents(*fs, "f");
  flipped[flipped.size() - 64 + 16] ^= 1;  // rows
  base::SetCanary(13);
  const bool passed = PeekPasses(flipped);
  base::SetCanary(14);
  const SealedFileInfo one = WriteSealed(*fs, "one", std::string(2 * kBlockSize, '1'), 7);
  WriteSealed(*fs, "two", std::string(2 * kBlockSize, '2'), 8);
  // The body and table of file 8 under the name and footer facts of file 7.
  std::string mixed = Contents(*fs, "two");
  const FileId id = 7;
  std::memcpy(mixed.data() + mixed.size() - 64 + 24, &id, 8);
  RepairFooter(&mixed);
  SealedFileInfo believed = one;
  std::memcpy(&believed.footer_crc, mixed.data() + mixed.size() - 4, 4);
  const bool seedless_passed = Passes(mixed, believed);
  base::SetCanary(0);
  CHECK(passed);
  CHECK(seedless_passed);
  CHECK_FALSE(PeekPasses(flipped));
  SealedFileInfo info = WriteSealed(*fs, "three", std::string(2 * kBlockSize, '2'), 8);
  mixed = Contents(*fs, "three");
  std::memcpy(mixed.data() + mixed.size() - 64 + 24, &id, 8);
  RepairFooter(&mixed);
  info.file_id = 7;
  std::memcpy(&info.footer_crc, mixed.data() + mixed.size() - 4, 4);
  CHECK_FALSE(Passes(mixed, info));
}
