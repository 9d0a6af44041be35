// Files of nothing but vectors of one kind of number, read row by row:
//
//   fvecs bvecs ivecs   per row: i32 dimension, then as many f32, u8, i32
//   fbin u8bin i8bin    u32 rows, u32 dimension, then rows * dimension numbers
//   npy                 see npy.h
//
// All little-endian.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vecdb/status.h"

#include "formats/elements.h"
#include "formats/input.h"

namespace vecdb::cli {

class VectorReader {
 public:
  // Whether a file whose name ends so is one of these.
  static bool Reads(const std::string& ending);
  static Result<std::unique_ptr<VectorReader>> Open(const std::string& path);
  static Result<std::unique_ptr<VectorReader>> Of(std::unique_ptr<Input> input,
                                                  const std::string& ending);

  Element element() const { return element_; }
  std::uint32_t dimension() const { return dimension_; }  // 0: one number a row (npy)
  // As the header or the size say; nothing when only reading on can tell.
  std::optional<std::uint64_t> rows() const { return rows_; }
  const Input& input() const { return *input_; }
  std::uint64_t row() const { return row_; }  // the next one

  // The next rows, at most `max_rows`, as they lie in the file; none at the end. Lent until the
  // next call. A failure comes when it is the turn of its row.
  Result<std::span<const std::byte>> Read(std::size_t max_rows);
  // Gives back rows that `convert` refuses, which is asked about `raw`, what Read gave, and about
  // each row of it: how many rows are before the first of them. The failure comes with the next
  // Read, or at once when there are none.
  template <typename Convert>
  Result<std::size_t> Accept(std::span<const std::byte> raw, const Convert& convert);
  Result<std::uint64_t> Skip(std::uint64_t rows);

  std::size_t row_bytes() const;
  // "'a.fvecs' row 7 offset 128: <problem>"
  Status At(std::uint64_t row, std::uint64_t offset, std::string_view problem) const;

 private:
  explicit VectorReader(std::unique_ptr<Input> input) : input_(std::move(input)) {}
  Status ReadHeader(const std::string& ending);
  Status ReadRowHeader(Element element);
  Status ReadFileHeader(Element element);
  Status ReadNpyHeader();
  Status SetDimension(std::int64_t dimension, Element element, std::uint64_t offset);
  Status ExpectSize(std::uint64_t header);
  std::uint64_t OffsetOf(std::uint64_t row) const;
  Status CheckRow(std::span<const std::byte> row, std::size_t wanted) const;
  Result<std::span<const std::byte>> TakeRows(std::size_t got, std::size_t wanted);
  Result<std::span<const std::byte>> End();

  const std::unique_ptr<Input> input_;
  Element element_ = Element::kFloat32;
  std::uint32_t dimension_ = 0;
  std::size_t prefix_ = 0;  // bytes before each row's numbers
  std::uint64_t body_ = 0;  // offset of row 0
  std::optional<std::uint64_t> rows_;
  std::uint64_t row_ = 0;
  std::vector<std::byte> bytes_;  // holds the first `kept_` bytes of the next row between calls
  std::size_t kept_ = 0;
  Status pending_;  // what stopped the last Read behind the rows that it gave
};

template <typename Convert>
Result<std::size_t> VectorReader::Accept(std::span<const std::byte> raw, const Convert& convert) {
  const std::size_t size = row_bytes();
  const std::size_t rows = raw.size() / size;
  if (convert(raw).ok()) return rows;
  const std::uint64_t first = row_ - rows;
  for (std::size_t row = 0; row < rows; ++row) {
    const Status status = convert(raw.subspan(row * size, size));
    if (status.ok()) continue;
    pending_ = At(first + row, OffsetOf(first + row) + prefix_, status.message());
    row_ = first + row;
    if (row == 0) return pending_;
    static_cast<void>(convert(raw.first(row * size)));  // those before are fine
    return row;
  }
  return rows;
}

}  // namespace vecdb::cli
