#include "formats/output.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <vector>

#include <unistd.h>

#ifdef VECDB_HAVE_ZSTD
#include <zstd.h>
#endif

#include "formats/input.h"
#include "text.h"

namespace vecdb::cli {
namespace {

class StandardOutput final : public Output {
 public:
  Status Write(std::string_view bytes) override {
    cli::Write(bytes);  // a failure is told at the end of the program
    return Status();
  }
  Status Finish() override { return Status(); }
};

class FileOutput final : public Output {
 public:
  FileOutput(std::string path, std::FILE* file)
      : path_(std::move(path)), part_(path_ + ".part"), file_(file) {}
  ~FileOutput() override {
    if (file_ != nullptr) static_cast<void>(std::fclose(file_));
    if (!finished_) static_cast<void>(std::remove(part_.c_str()));
  }
  FileOutput(const FileOutput&) = delete;
  FileOutput& operator=(const FileOutput&) = delete;

  Status Write(std::string_view bytes) override {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size()) return Status();
    return Failure();
  }
  Status Finish() override {
    const bool flushed = std::fflush(file_) == 0 && ::fsync(::fileno(file_)) == 0;
    if (!flushed) return Failure();
    const bool closed = std::fclose(file_) == 0;
    file_ = nullptr;
    if (!closed || std::rename(part_.c_str(), path_.c_str()) != 0) return Failure();
    finished_ = true;
    return Status();
  }

 private:
  Status Failure() const {
    return Status(StatusCode::kIoError,
                  Format("cannot write '{}': {}", path_, std::generic_category().message(errno)));
  }

  const std::string path_;
  const std::string part_;
  std::FILE* file_;
  bool finished_ = false;
};

#ifdef VECDB_HAVE_ZSTD
struct Freer {
  void operator()(ZSTD_CStream* stream) const { static_cast<void>(ZSTD_freeCStream(stream)); }
};

class ZstOutput final : public Output {
 public:
  explicit ZstOutput(std::unique_ptr<Output> file)
      : file_(std::move(file)), stream_(ZSTD_createCStream()), buffer_(ZSTD_CStreamOutSize()) {}

  Status Write(std::string_view bytes) override { return Pack(bytes, ZSTD_e_continue); }
  Status Finish() override {
    CLI_TRY(Pack({}, ZSTD_e_end));
    return file_->Finish();
  }

 private:
  Status Pack(std::string_view bytes, ZSTD_EndDirective directive) {
    if (stream_ == nullptr) return Status(StatusCode::kResourceExhausted, "out of memory");
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (bool done = false; !done;) {
      ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
      const std::size_t left = ZSTD_compressStream2(stream_.get(), &out, &in, directive);
      if (ZSTD_isError(left) != 0) {
        return Status(StatusCode::kInternal, Format("zstd: {}", ZSTD_getErrorName(left)));
      }
      CLI_TRY(file_->Write({buffer_.data(), out.pos}));
      done = directive == ZSTD_e_end ? left == 0 : in.pos == in.size;
    }
    return Status();
  }

  const std::unique_ptr<Output> file_;
  const std::unique_ptr<ZSTD_CStream, Freer> stream_;
  std::vector<char> buffer_;
};
#endif

}  // namespace

Result<std::unique_ptr<Output>> Output::Create(const std::string& path, bool replace) {
  if (path == "-") return std::unique_ptr<Output>(std::make_unique<StandardOutput>());
  std::error_code error;
  if (std::filesystem::exists(path, error) && !replace) {
    return Status(StatusCode::kAlreadyExists, Format("'{}' exists; --force replaces it", path));
  }
  const bool compressed = WithoutZst(path) != path;
#ifndef VECDB_HAVE_ZSTD
  if (compressed) {
    return Status(StatusCode::kUnimplemented,
                  Format("'{}': this vecdb was built without zstd (VECDB_WITH_ZSTD)", path));
  }
#endif
  std::FILE* const file = std::fopen((path + ".part").c_str(), "wb");
  if (file == nullptr) {
    return Status(StatusCode::kIoError,
                  Format("cannot write '{}': {}", path, std::generic_category().message(errno)));
  }
  std::unique_ptr<Output> output = std::make_unique<FileOutput>(path, file);
#ifdef VECDB_HAVE_ZSTD
  if (compressed) output = std::make_unique<ZstOutput>(std::move(output));
#endif
  return output;
}

}  // namespace vecdb::cli
