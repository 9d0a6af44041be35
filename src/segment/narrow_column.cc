#include "segment/narrow_column.h"

#include <algorithm>
#include <array>
#include <utility>

#include "io/large_memory.h"

namespace vecdb::segment {
namespace {

constexpr RowIndex kRowsAtOnce = 1024;
using Values = std::array<std::int64_t, kRowsAtOnce>;

std::size_t WidthOf(DataType type) {
  if (type == DataType::kInt16) return 2;
  if (type == DataType::kInt32) return 4;
  return type == DataType::kInt64 ? 8 : 0;
}

// The fewest bytes that tell numbers this far apart; 8 where four are too few.
std::size_t WidthFor(std::uint64_t distance) {
  if (distance <= 0xFF) return 1;
  if (distance <= 0xFFFF) return 2;
  return distance <= 0xFFFF'FFFF ? 4 : 8;
}

template <typename T>
void Copy(const chunk::ColumnView& view, std::int64_t* to) {
  std::copy_n(view.As<T>().data(), view.rows, to);
}

void CopyValues(const chunk::ColumnView& view, std::int64_t* to) {
  if (view.type == DataType::kInt16) Copy<std::int16_t>(view, to);
  if (view.type == DataType::kInt32) Copy<std::int32_t>(view, to);
  if (view.type == DataType::kInt64) Copy<std::int64_t>(view, to);
}

// The bits of a distance, less half of what their type holds, are those of Narrowed().
template <typename Narrow>
void NarrowInto(const std::int64_t* from, std::size_t rows, std::int64_t least, std::byte* values,
                RowIndex row) {
  constexpr auto kHalf = static_cast<Narrow>(Narrow{1} << (8 * sizeof(Narrow) - 1));
  auto* const to = reinterpret_cast<Narrow*>(values) + row;
  const auto start = static_cast<std::uint64_t>(least);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto distance = static_cast<Narrow>(static_cast<std::uint64_t>(from[i]) - start);
    to[i] = static_cast<Narrow>(distance ^ kHalf);
  }
}

}  // namespace

NarrowColumn::NarrowColumn(const Segment& segment, std::uint32_t field)
    : field_(field), rows_(segment.rows()) {
}

NarrowColumn::~NarrowColumn() {
  if (values_ != nullptr) io::FreeLarge(values_, std::uint64_t{rows_} * width_);
}

// Ends with the first rows that say that they are too far from one another.
NarrowColumn::Outcome NarrowColumn::FindFrame(const Segment& segment,
                                              const base::Deadline& deadline) {
  const std::size_t stored = WidthOf(segment.schema().fields()[field_].type);
  if (stored == 0) return Outcome::kTooWide;
  Values values;
  for (RowIndex row = 0; row < rows_;) {
    if (!deadline.Check().ok()) return Outcome::kRefused;
    const auto view = segment.Read(field_, row, std::min(kRowsAtOnce, rows_ - row), deadline);
    if (!view.ok()) return Outcome::kRefused;
    has_nulls_ = has_nulls_ || view->valid != nullptr;
    CopyValues(*view, values.data());
    for (std::size_t i = 0; i < view->rows; ++i) {
      if (view->IsNull(i)) continue;
      least_ = std::min(least_, values[i]);
      most_ = std::max(most_, values[i]);
    }
    const std::uint64_t distance =
        static_cast<std::uint64_t>(most_) - static_cast<std::uint64_t>(least_);
    width_ = least_ > most_ ? 1 : WidthFor(distance);
    if (width_ >= stored) return Outcome::kTooWide;
    row += static_cast<RowIndex>(view->rows);
  }
  return Outcome::kMade;
}

std::uint64_t NarrowColumn::MemoryNeeded() const {
  const std::uint64_t nulls = has_nulls_ ? (std::uint64_t{rows_} + 63) / 64 * 8 : 0;
  return sizeof(NarrowColumn) + io::LargeSize(std::uint64_t{rows_} * width_) + nulls;
}

NarrowColumn::Outcome NarrowColumn::Fill(const Segment& segment, Memory memory,
                                         const base::Deadline& deadline) {
  memory_ = std::move(memory);
  values_ = io::AllocateLarge(std::uint64_t{rows_} * width_);
  if (values_ == nullptr) return Outcome::kRefused;
  if (has_nulls_) known_.emplace(rows_);
  Values values;
  for (RowIndex row = 0; row < rows_;) {
    if (!deadline.Check().ok()) return Outcome::kRefused;
    const auto view = segment.Read(field_, row, std::min(kRowsAtOnce, rows_ - row), deadline);
    if (!view.ok()) return Outcome::kRefused;
    CopyValues(*view, values.data());
    if (width_ == 1) NarrowInto<std::uint8_t>(values.data(), view->rows, least_, values_, row);
    if (width_ == 2) NarrowInto<std::uint16_t>(values.data(), view->rows, least_, values_, row);
    if (width_ == 4) NarrowInto<std::uint32_t>(values.data(), view->rows, least_, values_, row);
    for (std::size_t i = 0; known_ && i < view->rows; ++i) {
      if (!view->IsNull(i)) known_->Set(row + i);
    }
    row += static_cast<RowIndex>(view->rows);
  }
  return Outcome::kMade;
}

}  // namespace vecdb::segment
