// Grammar in block_file.h. The seed of a file is crc32c(database id, file id), that of a block is
// crc32c(file seed, block number); the block's bytes continue from there. The table's own checksum
// is not seeded: it can be checked without knowing the database, and a foreign table cannot pass
// for ours because the footer that covers it must equal the manifest's copy.
#include "io/block_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/canary.h"
#include "base/status.h"
#include "io/large_memory.h"
#include "simd/kernels.h"

namespace vecdb::io {
namespace {

constexpr std::string_view kMagic = "VDBBLOCK";
constexpr std::size_t kFooterSize = 64;
constexpr std::size_t kFooterReserved = 16;
constexpr std::size_t kCrcSize = sizeof(std::uint32_t);
// Also a piece of the disk's work that a sync of the log may have to wait for: docs/adr/0045.
constexpr std::size_t kWriteBuffer = std::size_t{256} << 10;
// Of indexes, which are read at random: what is written at once, a system that can keeps in one
// large page: docs/adr/0063.
constexpr std::size_t kIndexWriteBuffer = std::size_t{2} << 20;
constexpr std::size_t kReadPiece = std::size_t{1} << 20;  // whole blocks
constexpr std::uint64_t kMaxBlocks = 0xffffffff;

std::uint32_t FileSeed(const DatabaseUuid& database, FileId file_id) {
  if (base::Canary(14)) file_id = 0;
  const std::uint32_t seed = simd::Crc32c(0, database.data(), database.size());
  return simd::Crc32c(seed, &file_id, sizeof file_id);
}

std::uint32_t BlockSeed(std::uint32_t file_seed, std::uint64_t block) {
  if (base::Canary(14)) block = 0;
  return simd::Crc32c(file_seed, &block, sizeof block);
}

std::uint32_t CrcOf(std::span<const std::byte> bytes) {
  return simd::Crc32c(0, bytes.data(), bytes.size());
}

constexpr std::uint64_t BlocksOf(std::uint64_t body_size) {
  return body_size / kBlockSize + (body_size % kBlockSize == 0 ? 0 : 1);
}

struct Footer {
  std::uint64_t body_size = 0;
  std::uint64_t rows = 0;
  std::uint64_t file_id = 0;
  std::uint32_t block_count = 0;
  std::uint32_t table_crc = 0;
  std::uint32_t kind = 0;
  std::uint32_t crc = 0;
};

void EncodeFooter(const Footer& footer, base::Bytes* out) {
  base::Bytes bytes;
  base::ByteWriter writer(&bytes);
  writer.PutBytes(base::AsBytes(kMagic));
  writer.Put(footer.body_size);
  writer.Put(footer.rows);
  writer.Put(footer.file_id);
  writer.Put(footer.block_count);
  writer.Put(footer.table_crc);
  writer.Put(footer.kind);
  bytes.resize(bytes.size() + kFooterReserved);
  writer.Put(CrcOf(bytes));
  base::ByteWriter(out).PutBytes(bytes);
}

Status DecodeFooter(std::span<const std::byte> bytes, const std::string& name, Footer* footer) {
  base::ByteReader reader(bytes, name);
  std::span<const std::byte> magic;
  VECDB_TRY(reader.GetBytes(kMagic.size(), &magic));
  if (base::AsText(magic) != kMagic) {
    return base::Corruption("'{}' does not end as a sealed file does", name);
  }
  VECDB_TRY(reader.Get(&footer->body_size));
  VECDB_TRY(reader.Get(&footer->rows));
  VECDB_TRY(reader.Get(&footer->file_id));
  VECDB_TRY(reader.Get(&footer->block_count));
  VECDB_TRY(reader.Get(&footer->table_crc));
  VECDB_TRY(reader.Get(&footer->kind));
  std::span<const std::byte> reserved;
  VECDB_TRY(reader.GetBytes(kFooterReserved, &reserved));
  VECDB_TRY(reader.Get(&footer->crc));
  if (!base::Canary(13) && footer->crc != CrcOf(bytes.first(kFooterSize - kCrcSize))) {
    return base::Corruption("'{}': the footer's checksum does not match", name);
  }
  const auto is_zero = [](std::byte b) { return b == std::byte{0}; };
  if (!std::all_of(reserved.begin(), reserved.end(), is_zero)) {
    return base::Corruption("'{}': reserved bytes of the footer are not zero", name);
  }
  return Status();
}

// The parts must fill the file exactly.
Status CheckLengths(const Footer& footer, std::uint64_t file_size, const std::string& name) {
  const std::uint64_t before_footer = file_size - kFooterSize;
  if (footer.body_size > before_footer || footer.block_count != BlocksOf(footer.body_size) ||
      before_footer - footer.body_size != std::uint64_t{footer.block_count} * kCrcSize) {
    return base::Corruption("'{}': a body of {} bytes in {} blocks does not make a file of {}",
                            name, footer.body_size, footer.block_count, file_size);
  }
  return Status();
}

struct Frame {
  std::uint64_t file_size = 0;
  Footer footer;
  std::vector<std::uint32_t> table;
};

// Footer and table, checked against the file's size and each other.
Status ReadFrame(const File& file, const std::string& name, Frame* frame) {
  VECDB_TRY_ASSIGN(frame->file_size, file.Size());
  if (frame->file_size < kFooterSize) {
    return base::Corruption("'{}' has {} bytes, fewer than a footer", name, frame->file_size);
  }
  std::array<std::byte, kFooterSize> bytes;
  VECDB_TRY(file.ReadAt(frame->file_size - kFooterSize, bytes));
  VECDB_TRY(DecodeFooter(bytes, name, &frame->footer));
  VECDB_TRY(CheckLengths(frame->footer, frame->file_size, name));
  frame->table.resize(frame->footer.block_count);
  const std::span<std::byte> table = std::as_writable_bytes(std::span(frame->table));
  VECDB_TRY(file.ReadAt(frame->footer.body_size, table));
  if (frame->footer.table_crc != CrcOf(table)) {
    return base::Corruption("'{}': the checksum of the table at {} does not match", name,
                            frame->footer.body_size);
  }
  return Status();
}

Status Differs(const std::string& name, std::string_view what, std::uint64_t found,
               std::uint64_t expected) {
  return base::Corruption("'{}': its {} is {}, recorded is {}", name, what, found, expected);
}

Status CheckExpected(const Frame& frame, const SealedFileInfo& expected, const std::string& name) {
  const Footer& footer = frame.footer;
  if (frame.file_size != expected.size_bytes) {
    return Differs(name, "size", frame.file_size, expected.size_bytes);
  }
  if (footer.file_id != expected.file_id) {
    return Differs(name, "file id", footer.file_id, expected.file_id);
  }
  if (footer.kind != static_cast<std::uint32_t>(expected.kind)) {
    return Differs(name, "kind", footer.kind, static_cast<std::uint32_t>(expected.kind));
  }
  if (footer.rows != expected.rows) {
    return Differs(name, "number of rows", footer.rows, expected.rows);
  }
  if (!base::Canary(13) && footer.crc != expected.footer_crc) {
    return Differs(name, "footer checksum", footer.crc, expected.footer_crc);
  }
  return Status();
}

}  // namespace

struct BlockFileWriter::Body {
  std::unique_ptr<File> file;
  std::string name;
  SealedFileInfo info;
  std::uint32_t seed = 0;
  std::uint64_t position = 0;  // bytes of body given to Append
  std::uint64_t written = 0;   // bytes given to the file
  std::size_t write_at_once = kWriteBuffer;
  base::Bytes buffer;                // what lies between
  std::vector<std::uint32_t> table;  // of whole blocks
  std::uint32_t block_crc = 0;       // of the block being filled
  Status failure;                    // the first one, or why no more may be written

  Status Flush();
  Status FlushOut();
  Status Fail(const Status& status) {
    failure = status;
    return status;
  }
  void Checksum(std::span<const std::byte> bytes);
};

Status BlockFileWriter::Body::Flush() {
  VECDB_TRY(file->WriteAt(written, buffer));
  written += buffer.size();
  buffer.clear();
  return Status();
}

// A sync of many megabytes at once would make the log's syncs wait for them.
Status BlockFileWriter::Body::FlushOut() {
  const std::uint64_t from = written;
  VECDB_TRY(Flush());
  return file->WriteOut(from, written - from);
}

void BlockFileWriter::Body::Checksum(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t filled = position % kBlockSize;
    if (filled == 0) block_crc = BlockSeed(seed, table.size());
    const std::size_t take = std::min(bytes.size(), kBlockSize - filled);
    block_crc = simd::Crc32c(block_crc, bytes.data(), take);
    position += take;
    bytes = bytes.subspan(take);
    if (position % kBlockSize == 0) table.push_back(block_crc);
  }
}

BlockFileWriter::BlockFileWriter(std::unique_ptr<Body> body) : body_(std::move(body)) {
}
BlockFileWriter::BlockFileWriter(BlockFileWriter&&) noexcept = default;
BlockFileWriter& BlockFileWriter::operator=(BlockFileWriter&&) noexcept = default;
BlockFileWriter::~BlockFileWriter() = default;

Result<BlockFileWriter> BlockFileWriter::Create(FileSystem& fs, const std::string& path,
                                                const DatabaseUuid& database, FileId file_id,
                                                FileKind kind) {
  auto body = std::make_unique<Body>();
  VECDB_TRY_ASSIGN(body->file, fs.Open(path, OpenMode::kCreate));
  body->name = fs.Describe(path);
  body->info.file_id = file_id;
  body->info.kind = kind;
  body->seed = FileSeed(database, file_id);
  if (kind == FileKind::kIndex) body->write_at_once = kIndexWriteBuffer;
  body->buffer.reserve(body->write_at_once);
  return BlockFileWriter(std::move(body));
}

std::uint64_t BlockFileWriter::position() const {
  return body_->position;
}

Status BlockFileWriter::Append(std::span<const std::byte> bytes) {
  Body& body = *body_;
  VECDB_TRY(body.failure);
  body.Checksum(bytes);
  if (body.table.size() > kMaxBlocks) {
    return body.Fail(base::ResourceExhausted("'{}' would have too many blocks", body.name));
  }
  while (!bytes.empty()) {
    const std::size_t take = std::min(bytes.size(), body.write_at_once - body.buffer.size());
    body.buffer.insert(body.buffer.end(), bytes.begin(),
                       bytes.begin() + static_cast<std::ptrdiff_t>(take));
    bytes = bytes.subspan(take);
    if (body.buffer.size() < body.write_at_once) break;
    if (const Status status = body.FlushOut(); !status.ok()) return body.Fail(status);
  }
  return Status();
}

Status BlockFileWriter::PadTo(std::size_t alignment) {
  static std::array<std::byte, 4096> zeros{};  // not const: no room in the library
  const std::uint64_t mask = alignment - 1;
  std::uint64_t missing = ((body_->position + mask) & ~mask) - body_->position;
  while (missing > 0) {
    const std::size_t take = std::min<std::uint64_t>(missing, zeros.size());
    VECDB_TRY(Append(std::span<const std::byte>(zeros).first(take)));
    missing -= take;
  }
  return Status();
}

Result<SealedFileInfo> BlockFileWriter::Finish(std::uint64_t rows) {
  Body& body = *body_;
  VECDB_TRY(body.failure);
  body.failure = base::FailedPrecondition("'{}' is finished", body.name);
  if (body.position % kBlockSize != 0) body.table.push_back(body.block_crc);
  const auto table = std::as_bytes(std::span(body.table));
  body.buffer.insert(body.buffer.end(), table.begin(), table.end());
  Footer footer;
  footer.body_size = body.position;
  footer.rows = rows;
  footer.file_id = body.info.file_id;
  footer.block_count = static_cast<std::uint32_t>(body.table.size());
  footer.table_crc = CrcOf(table);
  footer.kind = static_cast<std::uint32_t>(body.info.kind);
  EncodeFooter(footer, &body.buffer);
  std::memcpy(&body.info.footer_crc, &*(body.buffer.end() - kCrcSize), kCrcSize);
  VECDB_TRY(body.Flush());
  if (!base::Canary(1)) VECDB_TRY(body.file->Sync());
  body.file.reset();
  body.info.rows = rows;
  body.info.size_bytes = body.written;
  return body.info;
}

namespace {

// What a block is verified with; everything is lent.
struct BlockChecks {
  const std::string& name;
  std::uint32_t seed;
  const std::vector<std::uint32_t>& table;

  Status Verify(std::uint64_t block, std::span<const std::byte> bytes) const {
    const std::uint32_t crc = simd::Crc32c(BlockSeed(seed, block), bytes.data(), bytes.size());
    if (crc == table[block]) return Status();
    return base::Corruption("'{}': the checksum of block {} at {} does not match", name, block,
                            block * kBlockSize);
  }

  Status ReadBlock(const File& file, std::uint64_t block, std::span<std::byte> bytes) const {
    VECDB_TRY(file.ReadAt(block * kBlockSize, bytes));
    return Verify(block, bytes);
  }
};

// Reads bytes of the body from `start`, the first of a block. A block that cannot be read or does
// not match is read once more: between the disk and here there may have been a passing fault.
Status ReadPiece(const File& file, const BlockChecks& checks, std::uint64_t start,
                 std::span<std::byte> piece) {
  const bool read = file.ReadAt(start, piece).ok();
  for (std::size_t at = 0; at < piece.size(); at += kBlockSize) {
    const std::span<std::byte> bytes = piece.subspan(at, std::min(kBlockSize, piece.size() - at));
    const std::uint64_t block = (start + at) / kBlockSize;
    if (read && checks.Verify(block, bytes).ok()) continue;
    VECDB_TRY(checks.ReadBlock(file, block, bytes));
  }
  return Status();
}

Status ReadBody(const File& file, const BlockChecks& checks, std::span<std::byte> body) {
  for (std::size_t start = 0; start < body.size(); start += kReadPiece) {
    const std::size_t size = std::min(kReadPiece, body.size() - start);
    VECDB_TRY(ReadPiece(file, checks, start, body.subspan(start, size)));
  }
  return Status();
}

// The frame of the file that `expected` describes.
Result<Frame> OpenFrame(const File& file, const std::string& name, const SealedFileInfo& expected) {
  Frame frame;
  if (!ReadFrame(file, name, &frame).ok()) {  // once more, as for blocks
    VECDB_TRY(ReadFrame(file, name, &frame));
  }
  VECDB_TRY(CheckExpected(frame, expected, name));
  return frame;
}

}  // namespace

Result<std::shared_ptr<const BlockFile>> BlockFile::Open(FileSystem& fs, const std::string& path,
                                                         const DatabaseUuid& database,
                                                         const SealedFileInfo& expected,
                                                         LoadMode mode,
                                                         base::MemoryReservation memory) {
  VECDB_TRY_ASSIGN(const std::unique_ptr<File> file, fs.Open(path, OpenMode::kRead));
  const std::shared_ptr<BlockFile> opened(new BlockFile());
  opened->memory_ = std::move(memory);
  opened->name_ = fs.Describe(path);
  VECDB_TRY_ASSIGN(Frame frame, OpenFrame(*file, opened->name_, expected));
  opened->body_size_ = frame.footer.body_size;
  opened->rows_ = frame.footer.rows;
  opened->seed_ = FileSeed(database, expected.file_id);
  opened->block_count_ = frame.table.size();
  opened->table_ = std::move(frame.table);
  VECDB_TRY(mode == LoadMode::kMapped ? opened->LoadMapped(*file, frame.file_size)
                                      : opened->LoadResident(*file));
  return std::shared_ptr<const BlockFile>(opened);
}

std::uint64_t BlockFile::MemoryFor(const SealedFileInfo& info, LoadMode mode) {
  const std::uint64_t blocks = BlocksOf(info.size_bytes);
  const std::uint64_t own = sizeof(BlockFile) + blocks * kCrcSize + blocks / 8;
  return mode == LoadMode::kMapped ? own : own + LargeSize(info.size_bytes);
}

Status BlockFile::Check(FileSystem& fs, const std::string& path, const DatabaseUuid& database,
                        const SealedFileInfo& expected) {
  VECDB_TRY_ASSIGN(const std::unique_ptr<File> file, fs.Open(path, OpenMode::kRead));
  const std::string name = fs.Describe(path);
  VECDB_TRY_ASSIGN(const Frame frame, OpenFrame(*file, name, expected));
  const std::uint64_t size = frame.footer.body_size;
  const BlockChecks checks{name, FileSeed(database, expected.file_id), frame.table};
  base::Bytes piece(std::min<std::uint64_t>(size, kReadPiece));
  for (std::uint64_t start = 0; start < size; start += kReadPiece) {
    const std::uint64_t left = std::min<std::uint64_t>(kReadPiece, size - start);
    VECDB_TRY(ReadPiece(*file, checks, start, std::span(piece).first(left)));
  }
  return Status();
}

Status BlockFile::LoadMapped(const File& file, std::uint64_t file_size) {
  VECDB_TRY_ASSIGN(mapping_, file.Map());
  if (mapping_->bytes().size() != file_size) {
    return Differs(name_, "size", mapping_->bytes().size(), file_size);
  }
  body_ = mapping_->bytes().first(body_size_);
  verified_ = std::make_unique<std::atomic<std::uint64_t>[]>((block_count_ + 63) / 64);
  return Status();
}

Status BlockFile::LoadResident(const File& file) {
  const std::shared_ptr<std::byte[]> memory(
      AllocateLarge(body_size_), [size = body_size_](std::byte* bytes) { FreeLarge(bytes, size); });
  if (memory == nullptr) {
    return base::ResourceExhausted("no memory for the {} bytes of '{}'", body_size_, name_);
  }
  const std::span<std::byte> body(memory.get(), body_size_);
  VECDB_TRY(ReadBody(file, {name_, seed_, table_}, body));
  resident_ = memory;
  body_ = body;
  verified_count_ = block_count_;
  return Status();
}

Result<std::span<const std::byte>> BlockFile::Read(std::uint64_t offset, std::uint64_t size) const {
  if (offset > body_size_ || size > body_size_ - offset) {
    return base::Corruption("'{}': {} bytes at {} are not within its body of {}", name_, size,
                            offset, body_size_);
  }
  const std::span<const std::byte> bytes = body_.subspan(offset, size);
  if (verified_count_.load(std::memory_order_acquire) == block_count_ || size == 0) return bytes;
  VECDB_TRY(VerifyBlocks(offset / kBlockSize, (offset + size - 1) / kBlockSize));
  return bytes;
}

// Two threads may verify the same block at once; only the one that sets the bit counts it.
Status BlockFile::VerifyBlocks(std::uint64_t first, std::uint64_t last) const {
  for (std::uint64_t block = first; block <= last; ++block) {
    std::atomic<std::uint64_t>& word = verified_[block / 64];
    const std::uint64_t bit = std::uint64_t{1} << (block % 64);
    if ((word.load(std::memory_order_acquire) & bit) != 0) continue;
    VECDB_TRY(VerifyBlock(block));
    if ((word.fetch_or(bit, std::memory_order_acq_rel) & bit) == 0) {
      verified_count_.fetch_add(1, std::memory_order_acq_rel);
    }
  }
  return Status();
}

Status BlockFile::VerifyBlock(std::uint64_t block) const {
  const std::uint64_t start = block * kBlockSize;
  const std::uint64_t size = std::min<std::uint64_t>(kBlockSize, body_size_ - start);
  return BlockChecks{name_, seed_, table_}.Verify(block, body_.subspan(start, size));
}

Status BlockFile::VerifyAll() const {
  for (std::uint64_t block = 0; block < block_count_; ++block) VECDB_TRY(VerifyBlock(block));
  return Status();
}

Result<SealedFileInfo> PeekSealedFile(FileSystem& fs, const std::string& path) {
  VECDB_TRY_ASSIGN(const std::unique_ptr<File> file, fs.Open(path, OpenMode::kRead));
  const std::string name = fs.Describe(path);
  Frame frame;
  VECDB_TRY(ReadFrame(*file, name, &frame));
  if (frame.footer.kind < static_cast<std::uint32_t>(FileKind::kColumn) ||
      frame.footer.kind > static_cast<std::uint32_t>(FileKind::kIndex)) {
    return base::Corruption("'{}': {} is no kind of sealed file", name, frame.footer.kind);
  }
  SealedFileInfo info;
  info.file_id = frame.footer.file_id;
  info.kind = static_cast<FileKind>(frame.footer.kind);
  info.size_bytes = frame.file_size;
  info.rows = frame.footer.rows;
  info.footer_crc = frame.footer.crc;
  return info;
}

}  // namespace vecdb::io
