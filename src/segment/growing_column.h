// One field of a growing segment: blocks of rows that never move or change once written.
//
// Thread safety: one thread at a time writes. Readers beside it may ask for a row once they have
// seen, with acquire order, something that was stored with release order after the row was written
// (GrowingSegment::rows does that). Nobody waits: blocks are found through arrays that only grow by
// further arrays.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "vecdb/types.h"

#include "base/ids.h"
#include "chunk/column.h"
#include "chunk/column_view.h"

namespace vecdb::segment {

// Numbers 0, 1, 2, ... cut into pieces: two of 2^small, then each twice the one before, and from
// 2^large on all of that size. Few numbers stay cheap, and the place of one is found without a
// search.
struct PieceLayout {
  struct Place {
    std::uint32_t piece = 0;
    std::uint32_t offset = 0;
    std::uint32_t size = 0;  // of the piece
  };

  Place PlaceOf(std::uint32_t i) const {
    if (const std::uint32_t whole = i >> large_shift; whole > 0) {
      const std::uint32_t size = std::uint32_t{1} << large_shift;
      return {large_shift - small_shift + whole, i & (size - 1), size};
    }
    const auto doublings = static_cast<std::uint32_t>(std::bit_width(i >> small_shift));
    if (doublings == 0) return {0, i, std::uint32_t{1} << small_shift};
    const std::uint32_t size = std::uint32_t{1} << (small_shift + doublings - 1);
    return {doublings, i - size, size};
  }
  std::uint32_t SizeOf(std::uint32_t piece) const {
    const std::uint32_t doublings = piece == 0 ? 0 : piece - 1;
    return std::uint32_t{1} << (doublings < large_shift - small_shift ? small_shift + doublings
                                                                      : large_shift);
  }

  std::uint32_t small_shift = 0;
  std::uint32_t large_shift = 0;
};

// Bytes that are only ever added to and never move.
class TextArena {
 public:
  bool open() const { return next_ != nullptr; }
  std::size_t room() const { return room_; }
  void Open(std::size_t at_least);  // a fresh piece; what room was left is given up
  char* Take(std::size_t bytes);    // bytes <= room()
  std::uint64_t memory_bytes() const { return memory_bytes_; }

 private:
  std::vector<std::unique_ptr<char[]>> pieces_;
  char* next_ = nullptr;
  std::size_t room_ = 0;
  std::size_t piece_bytes_ = 512;
  std::uint64_t memory_bytes_ = 0;
};

class GrowingColumn {
 public:
  GrowingColumn(DataType type, std::uint32_t dimension, bool nullable);

  // Puts all rows of `column` at rows `first` and on. Rows never read yet may be written again, so
  // a write that ran out of memory halfway leaves nothing behind that matters.
  void Write(RowIndex first, const chunk::Column& column);
  // The same value in rows [first, first + rows); the column holds Int64.
  void Fill(RowIndex first, RowIndex rows, std::int64_t value);

  // Rows [first, first + n), 1 <= n <= max_rows, as far as one block reaches. `keep` is empty: the
  // view lives as long as this column.
  chunk::ColumnView Read(RowIndex first, RowIndex max_rows) const;

  // One value; T is what the column stores (bool: std::uint8_t, IsVariable types:
  // std::string_view).
  template <typename T>
  const T& At(RowIndex row) const {
    const PieceLayout::Place place = layout_.PlaceOf(row);
    return reinterpret_cast<const T*>(BlockAt(place.piece))[place.offset];
  }

  DataType type() const { return type_; }
  std::uint64_t memory_bytes() const;  // the writer's thread

 private:
  struct FreeBlock {
    void operator()(std::byte* block) const;
  };
  // Values, then one validity byte per row if the field is nullable.
  using Block = std::unique_ptr<std::byte, FreeBlock>;

  static constexpr PieceLayout kDirectory{4, 31};
  static constexpr std::size_t kDirectoryPieces = 28;  // enough for 2^31 blocks

  std::byte* BlockAt(std::uint32_t block) const {
    const PieceLayout::Place place = kDirectory.PlaceOf(block);
    return directory_[place.piece][place.offset].get();
  }
  std::uint8_t* ValidityOf(std::byte* block, std::uint32_t block_rows) const {
    return reinterpret_cast<std::uint8_t*>(block + std::size_t{block_rows} * width_);
  }
  void Reserve(RowIndex rows);
  void AddBlock();
  void WriteFixed(RowIndex first, const chunk::Column& column);
  void WriteText(RowIndex first, const chunk::Column& column);
  void WriteTextViews(RowIndex first, const char* text, const std::uint32_t* ends,
                      std::size_t begin, RowIndex rows);
  void WriteValidity(RowIndex first, const chunk::Column& column);
  template <typename WritePart>
  void ForEachPart(RowIndex first, RowIndex rows, WritePart write);

  // Constant after construction.
  const DataType type_;
  const std::uint32_t dimension_;
  const bool nullable_;
  const std::size_t width_;
  const PieceLayout layout_;

  // Written by the writer; readers look only at entries of blocks whose rows they may ask for.
  std::array<std::unique_ptr<Block[]>, kDirectoryPieces> directory_;

  // The writer's own.
  std::uint32_t blocks_ = 0;
  RowIndex capacity_ = 0;
  std::uint64_t block_bytes_ = 0;
  TextArena texts_;
};

}  // namespace vecdb::segment
