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
  // Bytes that are lent for as long as they are read.
  static std::unique_ptr<Input> OfMemory(const std::string& name, std::span<const std::byte> bytes);
  virtual ~Input() = default;

  // Fills `out` as far as the file goes; fewer bytes only at its end.
  Result<std::size_t> Read(std::span<std::byte> out);
  // Passes over bytes as far as the file goes; how many.
  Result<std::uint64_t> Skip(std::uint64_t bytes);

  const std::string& path() const { return path_; }
  std::uint64_t offset() const { return offset_; }  // of the next byte, decompressed
  bool compressed() const { return compressed_; }
  std::uint64_t file_size() const { return file_size_; }  // as it lies on disk; 0: not known
  double fraction() const;                                // of the file that has been read, 0 to 1

 protected:
  Input(std::string path, std::uint64_t file_size, bool compressed)
      : path_(std::move(path)), file_size_(file_size), compressed_(compressed) {}

  std::uint64_t consumed_ = 0;  // of the file on disk

 private:
  virtual Result<std::size_t> ReadSome(std::span<std::byte> out) = 0;  // 0 = end
  // Passes over as much as costs no reading, which may be nothing.
  virtual std::uint64_t Seek(std::uint64_t bytes);

  const std::string path_;
  const std::uint64_t file_size_;
  const bool compressed_;
  std::uint64_t offset_ = 0;
};

// The name without ".zst".
std::string WithoutZst(const std::string& path);
// What stands behind the last point of the name without ".zst", in lower case; "" where none does.
std::string EndingOf(const std::string& path);

}  // namespace vecdb::cli
