// The integers of one field of a sealed segment in fewer bytes than they are stored in: how far
// each lies above the least of them. For filters, which ask of all rows whether they lie in a
// range, and whose time goes into bringing them from memory.
//
// Thread safety: immutable once it is made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/bitmap.h"
#include "base/deadline.h"
#include "base/ids.h"
#include "base/memory_budget.h"
#include "segment/segment.h"

namespace vecdb::segment {

class NarrowColumn {
 public:
  // What a copy is charged to; given back with it.
  struct Memory {
    base::MemoryReservation budget;
    base::MemoryReservation share;
  };
  enum class Outcome : std::uint8_t {
    kMade,
    kTooWide,  // no integers, or too far from one another: so it stays
    kRefused,  // there was no room, or the segment could not be read
  };

  // One of this field, made in two steps, each of which reads it once. Only who makes it has it.
  NarrowColumn(const Segment& segment, std::uint32_t field);
  // Where the values lie; kMade when they are near enough to one another.
  Outcome FindFrame(const Segment& segment, const base::Deadline& deadline);
  // What it will take.
  std::uint64_t MemoryNeeded() const;
  Outcome Fill(const Segment& segment, Memory memory, const base::Deadline& deadline);
  ~NarrowColumn();
  NarrowColumn(const NarrowColumn&) = delete;
  NarrowColumn& operator=(const NarrowColumn&) = delete;

  // All values that are not null lie in [least, most]; all are null where least is above most.
  std::int64_t least() const { return least_; }
  std::int64_t most() const { return most_; }
  // Each value is a signed integer of so many bytes, 1, 2 or 4: Narrowed() of it. Nulls have any.
  std::size_t width() const { return width_; }
  const std::byte* values() const { return values_; }
  // Of a value in [least, most]: its distance from the least, moved so that it rises as signed
  // integers of this width do.
  std::int64_t Narrowed(std::int64_t value) const {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) -
                                     static_cast<std::uint64_t>(least_)) -
           (std::int64_t{1} << (8 * width_ - 1));
  }
  // Which rows are not null; nothing when none is.
  const base::Bitmap* known() const { return known_ ? &*known_ : nullptr; }

  RowIndex rows() const { return rows_; }
  std::uint64_t memory_bytes() const { return memory_.budget.bytes(); }

 private:
  Memory memory_;  // first, so that it goes last
  const std::uint32_t field_;
  const RowIndex rows_;
  std::int64_t least_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t most_ = std::numeric_limits<std::int64_t>::min();
  std::size_t width_ = 0;
  bool has_nulls_ = false;
  std::byte* values_ = nullptr;  // large memory, of LargeSize(rows * width) bytes
  std::optional<base::Bitmap> known_;
};

}  // namespace vecdb::segment
