// The small words every other header speaks in.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vecdb/export.h"

namespace vecdb {

// A primary key. One collection uses one of the two for all its rows.
using Key = std::variant<std::int64_t, std::string>;

// A point in the database's own time: 46 bits of milliseconds since 1970, then 18 bits that count
// within one millisecond. Later writes have larger timestamps; no two share one.
enum class Timestamp : std::uint64_t {};

// The stored numbers of these enums appear in files: never renumber. Those of
// DataType are Milvus's.
enum class DataType : std::uint8_t {
  kBool = 1,
  kInt8 = 2,
  kInt16 = 3,
  kInt32 = 4,
  kInt64 = 5,
  kFloat = 10,
  kDouble = 11,
  kVarChar = 21,       // UTF-8 text
  kFloatVector = 101,  // 32-bit floats
};

// The name users know: "Int64", "VarChar", "FloatVector".
VECDB_API std::string_view ToString(DataType type);

// How far apart two vectors are.
enum class Metric : std::uint8_t {
  kL2 = 1,            // squared Euclidean distance; smaller is nearer
  kInnerProduct = 2,  // larger is nearer
  kCosine = 3,        // cosine similarity, 0 for a zero vector; larger is nearer
};

// "L2", "IP", "COSINE".
VECDB_API std::string_view ToString(Metric metric);

// A value lent to vecdb for one call. vecdb copies what it keeps before the call returns.
// std::monostate is null. Bool is bool; Int8 to Int64 are std::int64_t; Float and Double are
// double; VarChar is text in UTF-8; FloatVector is floats.
using ValueView = std::variant<std::monostate, bool, std::int64_t, double, std::string_view,
                               std::span<const float>>;

// A value given to the caller, who owns it; the same alternatives.
using Value =
    std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<float>>;

}  // namespace vecdb
