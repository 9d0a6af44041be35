#include "formats/zip.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#ifdef VECDB_CLI_ZLIB
#include <zlib.h>
#endif

#include "text.h"

// What is read of an archive, all little-endian:
//
//   end of directory   50 4b 05 06, disk u16, disk u16, entries u16, entries u16, size u32,
//                      offset u32, comment u16 and as many bytes
//   its zip64 locator  50 4b 06 07, disk u32, offset u64, disks u32         (before the end)
//   its zip64 record   50 4b 06 06, size u64, versions u16 u16, disks u32 u32, entries u64 u64,
//                      size u64, offset u64
//   directory entry    50 4b 01 02, versions u16 u16, flags u16, method u16, time u16, date u16,
//                      crc u32, packed u32, unpacked u32, name u16, extra u16, comment u16,
//                      disk u16, attributes u16 u32, offset u32, name, extra, comment
//   local header       50 4b 03 04, version u16, flags u16, method u16, time u16, date u16,
//                      crc u32, packed u32, unpacked u32, name u16, extra u16, name, extra

namespace vecdb::cli {
namespace {

constexpr std::size_t kMaxEntries = 64;
constexpr std::size_t kMaxDirectory = std::size_t{1} << 20;
constexpr std::size_t kMaxMemory = std::size_t{4} << 30;  // of a decompressed archive
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kLocatorSize = 20;
constexpr std::size_t kRecordSize = 56;
constexpr std::size_t kLocalSize = 30;
constexpr std::uint32_t kMany = 0xFFFFFFFF;  // the true number is in zip64's place

// Takes numbers from the front of bytes; all of them read 0 once the bytes have run out.
class Fields {
 public:
  explicit Fields(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <typename T>
  T Take() {
    T value{};
    if (bytes_.size() < sizeof(T)) {
      whole_ = false;
      bytes_ = {};
      return value;
    }
    std::memcpy(&value, bytes_.data(), sizeof(T));
    bytes_ = bytes_.subspan(sizeof(T));
    return value;
  }
  std::span<const std::byte> TakeBytes(std::size_t size) {
    whole_ = whole_ && size <= bytes_.size();
    const auto taken = bytes_.first(std::min(size, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }
  bool whole() const { return whole_; }
  bool empty() const { return bytes_.empty(); }

 private:
  std::span<const std::byte> bytes_;
  bool whole_ = true;
};

class FileBytes final : public RandomBytes {
 public:
  FileBytes(std::FILE* file, std::uint64_t size) : file_(file), size_(size) {}
  ~FileBytes() override { static_cast<void>(std::fclose(file_)); }
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  std::uint64_t size() const override { return size_; }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) override {
    if (::fseeko(file_, static_cast<off_t>(offset), SEEK_SET) == 0 &&
        std::fread(out.data(), 1, out.size(), file_) == out.size()) {
      return Status();
    }
    return Status(StatusCode::kIoError, Format("cannot read {} bytes at offset {}: {}", out.size(),
                                               offset, std::generic_category().message(errno)));
  }

 private:
  std::FILE* const file_;
  const std::uint64_t size_;
};

class MemoryBytes final : public RandomBytes {
 public:
  explicit MemoryBytes(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset) {
      return Bad("nothing at offset {}", offset);
    }
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return Status();
  }

 private:
  const std::vector<std::byte> bytes_;
};

Result<std::vector<std::byte>> Piece(RandomBytes& bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) {
    return Bad("{} bytes at offset {} are beyond its end", size, offset);
  }
  std::vector<std::byte> piece(static_cast<std::size_t>(size));
  CLI_TRY(bytes.ReadAt(offset, piece));
  return piece;
}

bool StartsWith(std::span<const std::byte> bytes, std::string_view mark) {
  return bytes.size() >= mark.size() && std::memcmp(bytes.data(), mark.data(), mark.size()) == 0;
}

struct Directory {
  std::uint64_t entries = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
};

Result<Directory> ReadZip64End(RandomBytes& bytes, std::uint64_t end) {
  if (end < kLocatorSize) return Bad("its zip64 locator is missing");
  CLI_TRY_ASSIGN(const auto locator, Piece(bytes, end - kLocatorSize, kLocatorSize));
  if (!StartsWith(locator, "PK\x06\x07")) return Bad("its zip64 locator is missing");
  Fields found(std::span<const std::byte>(locator).subspan(8));
  const auto offset = found.Take<std::uint64_t>();
  CLI_TRY_ASSIGN(const auto record, Piece(bytes, offset, kRecordSize));
  if (!StartsWith(record, "PK\x06\x06")) return Bad("its zip64 record is missing");
  Fields fields(std::span<const std::byte>(record).subspan(32));
  Directory directory;
  directory.entries = fields.Take<std::uint64_t>();
  directory.size = fields.Take<std::uint64_t>();
  directory.offset = fields.Take<std::uint64_t>();
  return directory;
}

// The end of the directory stands in the last bytes, in front of a comment of unknown length.
Result<Directory> FindDirectory(RandomBytes& bytes) {
  constexpr std::uint64_t kMaxComment = 0xFFFF;
  const std::uint64_t taken = std::min<std::uint64_t>(bytes.size(), kEndSize + kMaxComment);
  const std::uint64_t start = bytes.size() - taken;
  CLI_TRY_ASSIGN(const auto tail, Piece(bytes, start, taken));
  for (std::size_t at = tail.size(); at-- > 0;) {
    const auto end = std::span(tail).subspan(at);
    if (end.size() < kEndSize || !StartsWith(end, "PK\x05\x06")) continue;
    Fields fields(end.subspan(10));
    Directory directory;
    directory.entries = fields.Take<std::uint16_t>();
    directory.size = fields.Take<std::uint32_t>();
    directory.offset = fields.Take<std::uint32_t>();
    if (directory.entries != 0xFFFF && directory.size != kMany && directory.offset != kMany) {
      return directory;
    }
    return ReadZip64End(bytes, start + at);
  }
  return Bad("it is no ZIP archive, or its end is missing");
}

// Numbers too large for their place stand in the extra field of type 1, in this order.
Status TakeZip64(std::span<const std::byte> extra, ZipEntry* entry) {
  Fields fields(extra);
  while (!fields.empty()) {
    const auto type = fields.Take<std::uint16_t>();
    const auto size = fields.Take<std::uint16_t>();
    Fields inner(fields.TakeBytes(size));
    if (type != 1 || !fields.whole()) continue;
    for (std::uint64_t* number : {&entry->unpacked, &entry->packed, &entry->header}) {
      if (*number == kMany) *number = inner.Take<std::uint64_t>();
    }
    if (!inner.whole()) break;
    return Status();
  }
  return Bad("the zip64 sizes of {} are missing", Quoted(entry->name));
}

Result<ZipEntry> TakeEntry(Fields* fields) {
  const auto mark = fields->TakeBytes(4);
  if (!StartsWith(mark, "PK\x01\x02")) return Bad("its directory is damaged");
  ZipEntry entry;
  fields->TakeBytes(4);
  const auto flags = fields->Take<std::uint16_t>();
  const auto method = fields->Take<std::uint16_t>();
  fields->TakeBytes(4);
  entry.crc = fields->Take<std::uint32_t>();
  entry.packed = fields->Take<std::uint32_t>();
  entry.unpacked = fields->Take<std::uint32_t>();
  const auto name = fields->Take<std::uint16_t>();
  const auto extra = fields->Take<std::uint16_t>();
  const auto comment = fields->Take<std::uint16_t>();
  fields->TakeBytes(8);
  entry.header = fields->Take<std::uint32_t>();
  const auto text = fields->TakeBytes(name);
  entry.name.assign(reinterpret_cast<const char*>(text.data()), text.size());
  const auto more = fields->TakeBytes(extra);
  fields->TakeBytes(comment);
  if (!fields->whole()) return Bad("its directory is cut short");
  if ((flags & 1U) != 0) return Bad("its entry {} is encrypted", Quoted(entry.name));
  if (method != 0 && method != 8) {
    return Bad("its entry {} is compressed by method {}; possible are 0 (stored) and 8 (deflated)",
               Quoted(entry.name), method);
  }
  entry.deflated = method == 8;
  if (entry.packed == kMany || entry.unpacked == kMany || entry.header == kMany) {
    CLI_TRY(TakeZip64(more, &entry));
  }
  if (!entry.deflated && entry.packed != entry.unpacked) {
    return Bad("its entry {} is stored in {} bytes, which stand for {}", Quoted(entry.name),
               entry.packed, entry.unpacked);
  }
  return entry;
}

std::uint32_t Crc(std::uint32_t crc, std::span<const std::byte> bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> made{};
    for (std::uint32_t i = 0; i < made.size(); ++i) {
      made[i] = i;
      for (int bit = 0; bit < 8; ++bit) {
        made[i] = (made[i] >> 1) ^ ((made[i] & 1U) != 0 ? 0xEDB88320U : 0U);
      }
    }
    return made;
  }();
  crc = ~crc;
  for (const std::byte byte : bytes) {
    crc = (crc >> 8) ^ table[(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xFFU];
  }
  return ~crc;
}

// The bytes of an entry as they lie in the archive.
class PackedBytes {
 public:
  PackedBytes(std::shared_ptr<RandomBytes> bytes, std::uint64_t offset, std::uint64_t size)
      : bytes_(std::move(bytes)), offset_(offset), left_(size) {}
  std::uint64_t left() const { return left_; }
  Result<std::size_t> Read(std::span<std::byte> out) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_));
    CLI_TRY(bytes_->ReadAt(offset_, out.first(size)));
    offset_ += size;
    left_ -= size;
    return size;
  }

 private:
  const std::shared_ptr<RandomBytes> bytes_;
  std::uint64_t offset_;
  std::uint64_t left_;
};

class EntryInput : public Input {
 public:
  EntryInput(const std::string& name, const ZipEntry& entry, PackedBytes packed)
      : Input(name, entry.unpacked, /*compressed=*/false),
        packed_(std::move(packed)),
        crc_wanted_(entry.crc),
        left_(entry.unpacked) {}

 protected:
  PackedBytes packed_;

 private:
  Result<std::size_t> ReadSome(std::span<std::byte> out) final {
    const auto room =
        out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_)));
    if (room.empty()) return std::size_t{0};
    CLI_TRY_ASSIGN(const std::size_t got, Unpack(room));
    if (got == 0) return Bad("'{}' ends {} bytes early", path(), left_);
    crc_ = Crc(crc_, room.first(got));
    left_ -= got;
    consumed_ += got;
    if (left_ == 0 && crc_ != crc_wanted_) return Bad("'{}': its checksum does not hold", path());
    return got;
  }
  virtual Result<std::size_t> Unpack(std::span<std::byte> out) { return packed_.Read(out); }

  const std::uint32_t crc_wanted_;
  std::uint32_t crc_ = 0;
  std::uint64_t left_;
};

#ifdef VECDB_CLI_ZLIB
class DeflatedInput final : public EntryInput {
 public:
  DeflatedInput(const std::string& name, const ZipEntry& entry, PackedBytes packed)
      : EntryInput(name, entry, std::move(packed)), buffer_(std::size_t{64} << 10) {
    ready_ = ::inflateInit2(&stream_, -MAX_WBITS) == Z_OK;
  }
  ~DeflatedInput() override { static_cast<void>(::inflateEnd(&stream_)); }
  DeflatedInput(const DeflatedInput&) = delete;
  DeflatedInput& operator=(const DeflatedInput&) = delete;

 private:
  Result<std::size_t> Unpack(std::span<std::byte> out) override {
    if (!ready_) return Status(StatusCode::kResourceExhausted, "out of memory");
    constexpr std::size_t kPiece = std::size_t{1} << 20;
    const std::size_t room = std::min(out.size(), kPiece);
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(room);
    while (stream_.avail_out == room && !ended_) {
      if (stream_.avail_in == 0) {
        CLI_TRY_ASSIGN(const std::size_t got, packed_.Read(buffer_));
        stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
        stream_.avail_in = static_cast<uInt>(got);
      }
      const int state = ::inflate(&stream_, Z_NO_FLUSH);
      ended_ = state == Z_STREAM_END;
      if (state != Z_OK && !ended_) return Bad("'{}' is not deflated data", path());
    }
    return room - stream_.avail_out;
  }

  std::vector<std::byte> buffer_;
  z_stream stream_{};
  bool ready_ = false;
  bool ended_ = false;
};
#endif

}  // namespace

Result<std::shared_ptr<RandomBytes>> RandomBytes::Open(const std::string& path) {
  if (WithoutZst(path) != path) {
    CLI_TRY_ASSIGN(const auto input, Input::Open(path));
    std::vector<std::byte> bytes;
    for (std::size_t got = 1; got != 0;) {
      constexpr std::size_t kPiece = std::size_t{1} << 20;
      const std::size_t before = bytes.size();
      if (before > kMaxMemory) return Bad("'{}' holds more than {} bytes", path, kMaxMemory);
      bytes.resize(before + kPiece);
      CLI_TRY_ASSIGN(got, input->Read(std::span(bytes).subspan(before)));
      bytes.resize(before + got);
    }
    return OfMemory(std::move(bytes));
  }
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  std::FILE* const file = error ? nullptr : std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    return Status(StatusCode::kIoError,
                  Format("cannot open '{}': {}", path,
                         error ? error.message() : std::generic_category().message(errno)));
  }
  return std::shared_ptr<RandomBytes>(std::make_shared<FileBytes>(file, size));
}

std::shared_ptr<RandomBytes> RandomBytes::OfMemory(std::vector<std::byte> bytes) {
  return std::make_shared<MemoryBytes>(std::move(bytes));
}

Result<std::vector<ZipEntry>> ReadZipDirectory(RandomBytes& bytes) {
  CLI_TRY_ASSIGN(const Directory directory, FindDirectory(bytes));
  if (directory.entries > kMaxEntries || directory.size > kMaxDirectory) {
    return Bad("a directory of {} entries in {} bytes; at most {} in {} are read",
               directory.entries, directory.size, kMaxEntries, kMaxDirectory);
  }
  CLI_TRY_ASSIGN(const auto listing, Piece(bytes, directory.offset, directory.size));
  Fields fields(listing);
  std::vector<ZipEntry> entries;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    CLI_TRY_ASSIGN(ZipEntry entry, TakeEntry(&fields));
    entries.push_back(std::move(entry));
  }
  return entries;
}

Result<std::unique_ptr<Input>> OpenZipEntry(const std::string& path,
                                            std::shared_ptr<RandomBytes> bytes,
                                            const ZipEntry& entry) {
  const std::string name = Format("{}:{}", path, entry.name);
  CLI_TRY_ASSIGN(const auto local, Piece(*bytes, entry.header, kLocalSize));
  if (!StartsWith(local, "PK\x03\x04")) return Bad("'{}' is not where its directory says", name);
  Fields fields(std::span<const std::byte>(local).subspan(26));
  const auto name_size = fields.Take<std::uint16_t>();
  const auto extra_size = fields.Take<std::uint16_t>();
  const std::uint64_t start = entry.header + kLocalSize + name_size + extra_size;
  if (start > bytes->size() || entry.packed > bytes->size() - start) {
    return Bad("'{}' takes {} bytes at offset {}, the archive has {}", name, entry.packed, start,
               bytes->size());
  }
  PackedBytes packed(std::move(bytes), start, entry.packed);
  if (!entry.deflated) {
    return std::unique_ptr<Input>(std::make_unique<EntryInput>(name, entry, std::move(packed)));
  }
#ifdef VECDB_CLI_ZLIB
  return std::unique_ptr<Input>(std::make_unique<DeflatedInput>(name, entry, std::move(packed)));
#else
  return Status(StatusCode::kUnimplemented,
                Format("'{}' is deflated: this vecdb was built without zlib (VECDB_WITH_ZLIB); "
                       "numpy.savez stores without",
                       name));
#endif
}

}  // namespace vecdb::cli
