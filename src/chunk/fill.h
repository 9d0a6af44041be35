// The column door of a Batch: whole columns checked value by value and put in place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vecdb/schema.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

#include "chunk/column.h"

namespace vecdb::chunk {

// What a batch may weigh; the message says what it would weigh.
Status CheckBatchBytes(std::size_t size);

// T: bool, std::int64_t, double, std::string_view; spans of these for arrays; SparseView.
// kInvalidArgument when the field takes no such column.
template <typename T>
Status CheckTakesColumn(const Field& field);

// Fills an empty column. Where `valid` (empty, or one byte a row) is 0 the value is `fallback`.
// What a failure leaves in the column is the caller's to remove.
template <typename T>
Status FillColumn(const Field& field, const ValueView& fallback, std::span<const T> values,
                  std::span<const std::uint8_t> valid, Column* column);

// Component: float, std::uint16_t (halves), std::int8_t, std::uint8_t (eight bits).
// kInvalidArgument when the field takes no such vectors or the last is not whole.
template <typename Component>
Status CheckTakesVectors(const Field& field, std::size_t components);
template <typename Component>
Status FillVectors(const Field& field, std::span<const Component> row_major, Column* column);

}  // namespace vecdb::chunk
