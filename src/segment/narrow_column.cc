#include "segment/narrow_column.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "io/large_memory.h"

namespace vecdb::segment {
namespace {

constexpr RowIndex kRowsAtOnce = 65'536;

// Calls use(T{}) with the type in which the field stores its values; false where a copy of them
// cannot be narrower.
template <typename Use>
bool WithInteger(DataType type, const Use& use) {
  if (type == DataType::kInt16) return use(std::int16_t{});
  if (type == DataType::kInt32) return use(std::int32_t{});
  if (type == DataType::kInt64) return use(std::int64_t{});
  return false;
}

std::uint64_t Distance(std::int64_t least, std::int64_t most) {
  return static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least);
}

// The fewest bytes that tell numbers this far apart; 8 where four are too few.
std::size_t WidthOf(std::uint64_t distance) {
  if (distance <= 0xFF) return 1;
  if (distance <= 0xFFFF) return 2;
  return distance <= 0xFFFF'FFFF ? 4 : 8;
}

// Calls use(view, row) for all rows of the field; false as soon as it is, or where they cannot be
// read.
template <typename Use>
bool EachView(const Segment& segment, std::uint32_t field, RowIndex rows,
              const base::Deadline& deadline, const Use& use) {
  for (RowIndex row = 0; row < rows;) {
    if (!deadline.Check().ok()) return false;
    const auto view = segment.Read(field, row, std::min(kRowsAtOnce, rows - row), deadline);
    if (!view.ok() || !use(*view, row)) return false;
    row += static_cast<RowIndex>(view->rows);
  }
  return true;
}

template <typename T>
void Widen(const chunk::ColumnView& view, std::int64_t* least, std::int64_t* most) {
  const T* const values = view.As<T>().data();
  if (view.valid == nullptr) {
    T low = std::numeric_limits<T>::max();
    T high = std::numeric_limits<T>::min();
    for (std::size_t i = 0; i < view.rows; ++i) {
      low = std::min(low, values[i]);
      high = std::max(high, values[i]);
    }
    *least = std::min<std::int64_t>(*least, low);
    *most = std::max<std::int64_t>(*most, high);
    return;
  }
  for (std::size_t i = 0; i < view.rows; ++i) {
    if (view.valid[i] == 0) continue;
    *least = std::min<std::int64_t>(*least, values[i]);
    *most = std::max<std::int64_t>(*most, values[i]);
  }
}

// The bits of a distance, less half of what their type holds, are those of Narrowed().
template <typename Narrow, typename T>
void NarrowInto(const T* from, std::size_t rows, std::int64_t least, Narrow* to) {
  constexpr auto kHalf = static_cast<Narrow>(Narrow{1} << (8 * sizeof(Narrow) - 1));
  const auto start = static_cast<std::uint64_t>(least);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto value = static_cast<std::uint64_t>(static_cast<std::int64_t>(from[i]));
    to[i] = static_cast<Narrow>(static_cast<Narrow>(value - start) ^ kHalf);
  }
}

template <typename T>
void NarrowAll(const chunk::ColumnView& view, RowIndex row, std::int64_t least, std::size_t width,
               std::byte* values) {
  const T* const from = view.As<T>().data();
  std::byte* const to = values + row * width;
  if (width == 1) NarrowInto(from, view.rows, least, reinterpret_cast<std::uint8_t*>(to));
  if (width == 2) NarrowInto(from, view.rows, least, reinterpret_cast<std::uint16_t*>(to));
  if (width == 4) NarrowInto(from, view.rows, least, reinterpret_cast<std::uint32_t*>(to));
}

}  // namespace

NarrowColumn::Made NarrowColumn::Make(const Segment& segment, std::uint32_t field,
                                      const Reserve& reserve, const base::Deadline& deadline) {
  const std::shared_ptr<NarrowColumn> made(new NarrowColumn());
  made->rows_ = segment.rows();
  Outcome outcome = Outcome::kRefused;
  if (!made->FindFrame(segment, field, deadline, &outcome)) return {outcome};
  if (!made->Allocate(reserve) || !made->Fill(segment, field, deadline)) return {Outcome::kRefused};
  return {Outcome::kMade, made};
}

NarrowColumn::~NarrowColumn() {
  if (values_ != nullptr) io::FreeLarge(values_, std::uint64_t{rows_} * width_);
}

// Ends with the first row that says that they are too far from one another.
bool NarrowColumn::FindFrame(const Segment& segment, std::uint32_t field,
                             const base::Deadline& deadline, Outcome* outcome) {
  least_ = std::numeric_limits<std::int64_t>::max();
  most_ = std::numeric_limits<std::int64_t>::min();
  const auto look = [&](const chunk::ColumnView& view, RowIndex) {
    has_nulls_ = has_nulls_ || view.valid != nullptr;
    const bool fits = WithInteger(view.type, [&]<typename T>(T) {
      Widen<T>(view, &least_, &most_);
      width_ = least_ > most_ ? 1 : WidthOf(Distance(least_, most_));
      return width_ < sizeof(T);
    });
    if (!fits) *outcome = Outcome::kTooWide;
    return fits;
  };
  return EachView(segment, field, rows_, deadline, look);
}

bool NarrowColumn::Allocate(const Reserve& reserve) {
  const std::uint64_t size = std::uint64_t{rows_} * width_;
  const std::uint64_t nulls = has_nulls_ ? (std::uint64_t{rows_} + 63) / 64 * 8 : 0;
  auto memory = reserve(sizeof(NarrowColumn) + io::LargeSize(size) + nulls);
  if (!memory) return false;
  memory_ = std::move(*memory);
  values_ = io::AllocateLarge(size);
  if (values_ != nullptr && has_nulls_) known_.emplace(rows_);
  return values_ != nullptr;
}

bool NarrowColumn::Fill(const Segment& segment, std::uint32_t field,
                        const base::Deadline& deadline) {
  return EachView(segment, field, rows_, deadline,
                  [&](const chunk::ColumnView& view, RowIndex row) {
                    for (std::size_t i = 0; known_ && i < view.rows; ++i) {
                      if (!view.IsNull(i)) known_->Set(row + i);
                    }
                    return WithInteger(view.type, [&]<typename T>(T) {
                      NarrowAll<T>(view, row, least_, width_, values_);
                      return true;
                    });
                  });
}

}  // namespace vecdb::segment
