// A file read from front to back, decompressed when its name ends in ".zst".
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "vecdb/status.h"

namespace vecdb::cli {

class Input {
 public:
  static Result<std::unique_ptr<Input>> Open(const std::string& path);
  virtual ~Input() = default;

  // Fills `out` as far as the file goes; fewer bytes only at its end.
  Result<std::size_t> Read(std::span<std::byte> out);

  const std::string& path() const { return path_; }
  std::uint64_t offset() const { return offset_; }  // of the next byte, decompressed
  bool compressed() const { return compressed_; }
  std::uint64_t file_size() const { return file_size_; }  // as it lies on disk
  double fraction() const;                                // of the file that has been read, 0 to 1

 protected:
  Input(std::string path, std::uint64_t file_size, bool compressed)
      : path_(std::move(path)), file_size_(file_size), compressed_(compressed) {}

  std::uint64_t consumed_ = 0;  // of the file on disk

 private:
  virtual Result<std::size_t> ReadSome(std::span<std::byte> out) = 0;  // 0 = end

  const std::string path_;
  const std::uint64_t file_size_;
  const bool compressed_;
  std::uint64_t offset_ = 0;
};

// The name without ".zst".
std::string WithoutZst(const std::string& path);

}  // namespace vecdb::cli
