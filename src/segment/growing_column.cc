#include "segment/growing_column.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include "base/status.h"

namespace vecdb::segment {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} << 10;
constexpr std::size_t kBlockAlignment = 64;
constexpr std::size_t kTextPieceBytes = std::size_t{256} << 10;

std::size_t WidthOf(DataType type, std::uint32_t dimension) {
  return chunk::IsVariable(type) ? sizeof(std::string_view) : chunk::FixedWidth(type, dimension);
}

// Blocks of a power of two rows, about kBlockBytes of values. The first ones hold 64 rows, or 16
// where rows are wide, so that a segment of a few rows takes little.
PieceLayout LayoutFor(std::size_t width) {
  const std::size_t rows = std::clamp<std::size_t>(kBlockBytes / width, 64, 65'536);
  return {width < 1024 ? 6u : 4u, static_cast<std::uint32_t>(std::bit_width(rows) - 1)};
}

}  // namespace

void TextArena::Open(std::size_t at_least) {
  piece_bytes_ = std::min(piece_bytes_ * 2, kTextPieceBytes);
  const std::size_t bytes = std::max(piece_bytes_, at_least);
  pieces_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
  next_ = pieces_.back().get();
  room_ = bytes;
  memory_bytes_ += bytes;
}

char* TextArena::Take(std::size_t bytes) {
  char* taken = next_;
  next_ += bytes;
  room_ -= bytes;
  return taken;
}

void GrowingColumn::FreeBlock::operator()(std::byte* block) const {
  ::operator delete (block, std::align_val_t{kBlockAlignment});
}

GrowingColumn::GrowingColumn(DataType type, std::uint32_t dimension, bool nullable)
    : type_(type),
      dimension_(dimension),
      nullable_(nullable),
      width_(WidthOf(type, dimension)),
      layout_(LayoutFor(width_)) {
}

std::uint64_t GrowingColumn::memory_bytes() const {
  return sizeof(*this) + block_bytes_ + texts_.memory_bytes();
}

void GrowingColumn::AddBlock() {
  const PieceLayout::Place place = kDirectory.PlaceOf(blocks_);
  if (directory_[place.piece] == nullptr) {
    directory_[place.piece] = std::make_unique<Block[]>(place.size);
    block_bytes_ += place.size * sizeof(Block);
  }
  const std::size_t rows = layout_.SizeOf(blocks_);
  const std::size_t bytes = rows * width_ + (nullable_ ? rows : 0);
  directory_[place.piece][place.offset].reset(
      static_cast<std::byte*>(::operator new (bytes, std::align_val_t{kBlockAlignment})));
  block_bytes_ += bytes;
  capacity_ += static_cast<RowIndex>(rows);
  ++blocks_;
}

void GrowingColumn::Reserve(RowIndex rows) {
  while (capacity_ < rows) AddBlock();
}

// Calls write(block, block_rows, offset in the block, rows done before, rows) for each block.
template <typename WritePart>
void GrowingColumn::ForEachPart(RowIndex first, RowIndex rows, WritePart write) {
  for (RowIndex done = 0; done < rows;) {
    const PieceLayout::Place place = layout_.PlaceOf(first + done);
    const RowIndex count = std::min(rows - done, place.size - place.offset);
    write(BlockAt(place.piece), place.size, place.offset, done, count);
    done += count;
  }
}

void GrowingColumn::Write(RowIndex first, const chunk::Column& column) {
  VECDB_CHECK(column.type() == type_ && column.dimension() == dimension_,
              "rows reach a growing segment in another type than its field's");
  VECDB_CHECK(column.rows() <= std::numeric_limits<RowIndex>::max() / 2 - first,
              "a growing segment has more rows than it can number");
  Reserve(first + static_cast<RowIndex>(column.rows()));
  if (chunk::IsVariable(type_)) {
    WriteText(first, column);
  } else {
    WriteFixed(first, column);
  }
  if (nullable_) WriteValidity(first, column);
}

void GrowingColumn::Fill(RowIndex first, RowIndex rows, std::int64_t value) {
  Reserve(first + rows);
  ForEachPart(first, rows,
              [&](std::byte* block, RowIndex, RowIndex offset, RowIndex, RowIndex count) {
                std::fill_n(reinterpret_cast<std::int64_t*>(block) + offset, count, value);
              });
}

void GrowingColumn::WriteFixed(RowIndex first, const chunk::Column& column) {
  const std::byte* from = column.fixed().data();
  ForEachPart(first, static_cast<RowIndex>(column.rows()),
              [&](std::byte* block, RowIndex, RowIndex offset, RowIndex done, RowIndex count) {
                std::memcpy(block + offset * width_, from + done * width_, count * width_);
              });
}

void GrowingColumn::WriteValidity(RowIndex first, const chunk::Column& column) {
  const std::uint8_t* from = column.validity().empty() ? nullptr : column.validity().data();
  ForEachPart(first, static_cast<RowIndex>(column.rows()),
              [&](std::byte* block, RowIndex size, RowIndex offset, RowIndex done, RowIndex count) {
                std::uint8_t* to = ValidityOf(block, size) + offset;
                if (from == nullptr) {
                  std::memset(to, 1, count);
                } else {
                  std::memcpy(to, from + done, count);
                }
              });
}

// As many values at a time as the arena's piece has room for.
void GrowingColumn::WriteText(RowIndex first, const chunk::Column& column) {
  const std::vector<std::uint32_t>& ends = column.text_ends();
  std::size_t begin = 0;
  for (std::size_t row = 0; row < column.rows();) {
    const auto from = ends.begin() + static_cast<std::ptrdiff_t>(row);
    const auto fit =
        static_cast<std::size_t>(std::upper_bound(from, ends.end(), begin + texts_.room()) - from);
    if (fit == 0 || !texts_.open()) {
      texts_.Open(ends[row] - begin);
      continue;
    }
    const std::size_t end = ends[row + fit - 1];
    char* text = texts_.Take(end - begin);
    std::memcpy(text, column.text().data() + begin, end - begin);
    WriteTextViews(first + static_cast<RowIndex>(row), text, ends.data() + row, begin,
                   static_cast<RowIndex>(fit));
    begin = end;
    row += fit;
  }
}

// `text` holds the values, which end at ends[i] - begin.
void GrowingColumn::WriteTextViews(RowIndex first, const char* text, const std::uint32_t* ends,
                                   std::size_t begin, RowIndex rows) {
  std::size_t at = 0;
  ForEachPart(first, rows,
              [&](std::byte* block, RowIndex, RowIndex offset, RowIndex done, RowIndex count) {
                auto* views = reinterpret_cast<std::string_view*>(block) + offset;
                for (RowIndex i = 0; i < count; ++i) {
                  const std::size_t end = ends[done + i] - begin;
                  new (views + i) std::string_view(text + at, end - at);
                  at = end;
                }
              });
}

chunk::ColumnView GrowingColumn::Read(RowIndex first, RowIndex max_rows) const {
  const PieceLayout::Place place = layout_.PlaceOf(first);
  std::byte* block = BlockAt(place.piece);
  chunk::ColumnView view;
  view.type = type_;
  view.dimension = dimension_;
  view.rows = std::min(max_rows, place.size - place.offset);
  view.values = block + place.offset * width_;
  if (nullable_) view.valid = ValidityOf(block, place.size) + place.offset;
  return view;
}

}  // namespace vecdb::segment
