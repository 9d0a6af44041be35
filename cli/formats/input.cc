#include "formats/input.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#ifdef VECDB_HAVE_ZSTD
#include <zstd.h>
#endif

#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::string_view kZst = ".zst";
constexpr std::size_t kBufferSize = std::size_t{256} << 10;

bool IsZst(const std::string& path) {
  return path.size() > kZst.size() &&
         path.compare(path.size() - kZst.size(), kZst.size(), kZst) == 0;
}

struct Closer {
  void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
};
using FilePtr = std::unique_ptr<std::FILE, Closer>;

Status SystemFailure(const char* verb, const std::string& path, int error) {
  return Status(StatusCode::kIoError,
                Format("cannot {} '{}': {}", verb, path, std::generic_category().message(error)));
}

Result<std::size_t> ReadFile(std::FILE* file, const std::string& path, std::span<std::byte> out) {
  const std::size_t got = std::fread(out.data(), 1, out.size(), file);
  if (got < out.size() && std::ferror(file) != 0) return SystemFailure("read", path, errno);
  return got;
}

class PlainInput final : public Input {
 public:
  PlainInput(const std::string& path, std::uint64_t size, FilePtr file)
      : Input(path, size, /*compressed=*/false), file_(std::move(file)) {}

 private:
  Result<std::size_t> ReadSome(std::span<std::byte> out) override {
    CLI_TRY_ASSIGN(const std::size_t got, ReadFile(file_.get(), path(), out));
    consumed_ += got;
    return got;
  }

  std::uint64_t Seek(std::uint64_t bytes) override {
    const std::uint64_t skipped = std::min(bytes, file_size() - std::min(file_size(), consumed_));
    if (skipped == 0 || ::fseeko(file_.get(), static_cast<off_t>(skipped), SEEK_CUR) != 0) return 0;
    consumed_ += skipped;
    return skipped;
  }

  const FilePtr file_;
};

class MemoryInput final : public Input {
 public:
  MemoryInput(const std::string& name, std::span<const std::byte> bytes)
      : Input(name, bytes.size(), /*compressed=*/false), bytes_(bytes) {}

 private:
  Result<std::size_t> ReadSome(std::span<std::byte> out) override {
    const std::size_t got = std::min<std::size_t>(out.size(), bytes_.size() - consumed_);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(consumed_), got, out.begin());
    consumed_ += got;
    return got;
  }

  const std::span<const std::byte> bytes_;
};

#ifdef VECDB_HAVE_ZSTD
struct Freer {
  void operator()(ZSTD_DStream* stream) const { static_cast<void>(ZSTD_freeDStream(stream)); }
};

// Frames one behind the other. zstd itself bounds the memory that a frame may ask for.
class ZstInput final : public Input {
 public:
  ZstInput(const std::string& path, std::uint64_t size, FilePtr file)
      : Input(path, size, /*compressed=*/true),
        file_(std::move(file)),
        stream_(ZSTD_createDStream()),
        buffer_(kBufferSize) {}

 private:
  Result<std::size_t> ReadSome(std::span<std::byte> out) override {
    if (stream_ == nullptr) return Status(StatusCode::kResourceExhausted, "out of memory");
    if (ended_) return std::size_t{0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    while (to.pos == 0) {
      if (in_.pos == in_.size) CLI_TRY(Refill());
      const bool at_end = in_.size == 0;
      const std::size_t before = in_.pos;
      const std::size_t state = ZSTD_decompressStream(stream_.get(), &to, &in_);
      if (ZSTD_isError(state) != 0) {
        return Bad("'{}' offset {}: not zstd data: {}", path(), consumed_ + in_.pos - in_.size,
                   ZSTD_getErrorName(state));
      }
      if (to.pos != 0 || in_.pos != before) frame_open_ = state != 0;
      if (at_end && to.pos == 0) break;
    }
    if (to.pos == 0 && frame_open_) {
      return Bad("'{}' ends at {} in the middle of its compressed data", path(), consumed_);
    }
    ended_ = to.pos == 0;
    return to.pos;
  }

  Status Refill() {
    CLI_TRY_ASSIGN(const std::size_t got, ReadFile(file_.get(), path(), buffer_));
    consumed_ += got;
    in_ = {buffer_.data(), got, 0};
    return Status();
  }

  const FilePtr file_;
  const std::unique_ptr<ZSTD_DStream, Freer> stream_;
  std::vector<std::byte> buffer_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool frame_open_ = false;
  bool ended_ = false;
};
#endif

}  // namespace

std::string WithoutZst(const std::string& path) {
  return IsZst(path) ? path.substr(0, path.size() - kZst.size()) : path;
}

std::string EndingOf(const std::string& path) {
  const std::string name = WithoutZst(path);
  const std::size_t point = name.find_last_of("./");
  if (point == std::string::npos || name[point] == '/') return "";
  std::string ending = name.substr(point + 1);
  for (char& c : ending) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return ending;
}

Result<std::unique_ptr<Input>> Input::Open(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return Bad("'{}' is a directory where a file is expected", path);
  }
  FilePtr file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return SystemFailure("open", path, errno);
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  const std::uint64_t bytes = error ? 0 : size;  // not a regular file: its size is not known
  if (!IsZst(path)) {
    return std::unique_ptr<Input>(std::make_unique<PlainInput>(path, bytes, std::move(file)));
  }
#ifdef VECDB_HAVE_ZSTD
  return std::unique_ptr<Input>(std::make_unique<ZstInput>(path, bytes, std::move(file)));
#else
  return Status(StatusCode::kUnimplemented,
                Format("'{}': this vecdb was built without zstd (VECDB_WITH_ZSTD)", path));
#endif
}

Result<std::size_t> Input::Read(std::span<std::byte> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    CLI_TRY_ASSIGN(const std::size_t got, ReadSome(out.subspan(filled)));
    if (got == 0) break;
    filled += got;
    offset_ += got;
  }
  return filled;
}

Result<std::uint64_t> Input::Skip(std::uint64_t bytes) {
  std::uint64_t skipped = Seek(bytes);
  offset_ += skipped;
  std::vector<std::byte> dropped(
      static_cast<std::size_t>(std::min<std::uint64_t>(kBufferSize, bytes - skipped)));
  while (skipped < bytes) {
    const std::uint64_t piece = std::min<std::uint64_t>(dropped.size(), bytes - skipped);
    CLI_TRY_ASSIGN(const std::size_t got,
                   Read(std::span(dropped).first(static_cast<std::size_t>(piece))));
    if (got == 0) break;
    skipped += got;
  }
  return skipped;
}

std::uint64_t Input::Seek(std::uint64_t /*bytes*/) {
  return 0;
}

std::unique_ptr<Input> Input::OfMemory(const std::string& name, std::span<const std::byte> bytes) {
  return std::make_unique<MemoryInput>(name, bytes);
}

double Input::fraction() const {
  if (file_size_ == 0) return 0;
  return std::min(1.0, static_cast<double>(consumed_) / static_cast<double>(file_size_));
}

}  // namespace vecdb::cli
