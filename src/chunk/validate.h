// Everything a row must satisfy before it may be logged. Messages name field, value and limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "vecdb/schema.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

#include "chunk/chunk.h"

namespace vecdb::chunk {

inline constexpr std::size_t kMaxBatchRows = 100'000;
inline constexpr std::size_t kMaxBatchBytes = std::size_t{32} << 20;
inline constexpr std::size_t kMaxTextBytes = 65'535;
inline constexpr std::uint32_t kMaxDimension = 32'768;
inline constexpr std::uint32_t kMaxBits = 262'144;
inline constexpr std::uint32_t kMaxCapacity = 4'096;
inline constexpr std::size_t kMaxFields = 64;
inline constexpr std::size_t kMaxVectorFields = 4;
inline constexpr std::size_t kMaxNameBytes = 255;
// Two vectors of this size are at most four times as far apart (squared), which is a little below
// the largest float: kernels of different widths round sums differently, and a distance that one of
// them can tell must be finite to all.
inline constexpr float kMaxSquaredNorm = 8.5e37F;

// [A-Za-z_][A-Za-z0-9_]{0,254}; `what` is "collection", "field", for the message.
Status ValidateName(std::string_view what, std::string_view name);
// [A-Za-z0-9_][A-Za-z0-9_-]{0,254}
Status ValidatePartitionName(std::string_view name);

// A whole field of a schema being built, and a schema's fields together.
Status ValidateField(const Field& field);
Status ValidateFields(std::span<const Field> fields);

// A value on its way into a field: type, width, length, UTF-8, dimension, finiteness, and a squared
// norm that fits a float. Null is refused unless the field is nullable or has a default.
Status ValidateValue(const Field& field, const ValueView& value);
Status ValidateText(const Field& field, std::string_view text);

// A dense vector on its way into a field of its type. Floats on their way into a field of halves
// must be finite as halves too; the bits of halves are taken as they are.
Status ValidateVector(const Field& field, std::span<const float> vector);
Status ValidateVector(const Field& field, std::span<const std::uint16_t> halves);
Status ValidateVector(const Field& field, std::span<const std::int8_t> vector);
Status ValidateVector(const Field& field, std::span<const std::uint8_t> bits);
// Floats that stay floats: dimension, finiteness and squared norm. A query of a field of halves.
Status ValidateFloats(const Field& field, std::span<const float> vector);

// A value that was read rather than given must be one that the field may have; a null is not looked
// at. kInvalidArgument says why not. For decoders of the log and checks of files.
Status CheckStored(const Field& field, std::string_view bytes);  // IsVariable
Status CheckStored(const Field& field, const ColumnView& view, std::size_t row);

// Rows about to be written: at least one, no more than the limits, columns of equal length, no key
// twice (kInvalidArgument naming the key).
Status ValidateChunk(const Schema& schema, const Chunk& chunk);

// Keys of a Delete or Get: kind equal to the schema's key, text no longer than its max_length.
Status ValidateKeys(const Schema& schema, std::span<const Key> keys);

}  // namespace vecdb::chunk
