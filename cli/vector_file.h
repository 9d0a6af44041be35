// Files of nothing but vectors, read row by row:
//
//   fvecs   per row: i32 dimension, then as many f32
//   u8bin   u32 rows, u32 dimension, then rows * dimension bytes 0..255
//
// All little-endian. Nothing in them is believed: a size is compared with the file before memory is
// asked for it, and every failure names file, row and offset.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vecdb/status.h"

#include "input.h"

namespace vecdb::cli {

enum class VectorFormat { kFvecs, kU8bin };

// By the end of the name, ".zst" left aside.
std::optional<VectorFormat> VectorFormatOf(const std::string& path);

class VectorFile {
 public:
  static Result<std::unique_ptr<VectorFile>> Open(const std::string& path, VectorFormat format);

  std::uint32_t dimension() const { return dimension_; }
  // As the header or the size say; nothing when only reading on can tell.
  std::optional<std::uint64_t> rows() const { return rows_; }
  const Input& input() const { return *input_; }

  // Replaces `out` by the next rows, at most `max_rows`, row-major; none at the end.
  Result<std::size_t> Read(std::size_t max_rows, std::vector<float>* out);

 private:
  VectorFile(std::unique_ptr<Input> input, VectorFormat format)
      : input_(std::move(input)), format_(format) {}
  Status ReadFvecsHeader();
  Status ReadU8binHeader();
  Status CheckDimension(std::int64_t dimension);
  Result<std::size_t> ReadFvecs(std::size_t max_rows, std::vector<float>* out);
  Result<std::size_t> ReadU8bin(std::size_t max_rows, std::vector<float>* out);
  Result<bool> ReadFvecsRow(float* out);
  Status At(std::uint64_t offset, const std::string& problem) const;

  const std::unique_ptr<Input> input_;
  const VectorFormat format_;
  std::uint32_t dimension_ = 0;
  std::optional<std::uint64_t> rows_;
  std::uint64_t row_ = 0;              // the next one
  bool first_dimension_read_ = false;  // fvecs: Open has read that of row 0
  std::vector<std::byte> bytes_;
};

}  // namespace vecdb::cli
