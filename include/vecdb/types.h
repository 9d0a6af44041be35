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
  kVarChar = 21,         // UTF-8 text
  kArray = 22,           // of scalars of one type: Field::element_type
  kJson = 23,            // one JSON value as text
  kBinaryVector = 100,   // bits, eight to a byte
  kFloatVector = 101,    // 32-bit floats
  kFloat16Vector = 102,  // IEEE half precision
  kBFloat16Vector = 103,
  kSparseFloatVector = 104,  // the numbers that are not zero, by index
  kInt8Vector = 105,
};

// The name users know: "Int64", "VarChar", "FloatVector", "JSON".
VECDB_API std::string_view ToString(DataType type);

// How far apart two vectors are.
enum class Metric : std::uint8_t {
  kL2 = 1,            // squared Euclidean distance; smaller is nearer
  kInnerProduct = 2,  // larger is nearer
  kCosine = 3,        // cosine similarity, 0 for a zero vector; larger is nearer
  kHamming = 4,       // bits that differ; smaller is nearer
  kJaccard = 6,  // 1 - bits in both / bits in either, 1 when neither has any; smaller is nearer
};

// "L2", "IP", "COSINE", "HAMMING", "JACCARD".
VECDB_API std::string_view ToString(Metric metric);

// Which writes a read has to see. Every read sees whole writes only, in the order of the log. A
// write is acknowledged when it is visible, so all levels read the newest that is visible; only
// kSession may have to wait for it.
enum class Consistency : std::uint8_t {
  kStrong = 1,    // every write acknowledged before the read began (the default)
  kSession = 2,   // every write up to ReadOptions::session: waits until it is visible
  kBounded = 3,   // all but those of the last Options::bounded_staleness; never waits
  kEventual = 4,  // what is visible now; never waits
};

// "Strong", "Session", "Bounded", "Eventual".
VECDB_API std::string_view ToString(Consistency level);

// Whether a collection can be read: see Collection::Release().
enum class LoadState : std::uint8_t {
  kReleased = 1,
  kLoading = 2,  // a Load() is under way
  kLoaded = 3,
};

// A sparse vector, lent: values[i] stands at indices[i]. Indices rise and are below 2^32 - 1; none
// at all is the zero vector.
struct SparseView {
  std::span<const std::uint32_t> indices;
  std::span<const float> values;
};

// The same, owned.
struct SparseVector {
  std::vector<std::uint32_t> indices;
  std::vector<float> values;

  // It is lent where one is asked for.
  operator SparseView() const { return {indices, values}; }  // NOLINT: on purpose
  // The same numbers at the same places.
  friend bool operator==(const SparseVector& a, const SparseVector& b) {
    return a.indices == b.indices && a.values == b.values;
  }
};

// A value lent to vecdb for one call. vecdb copies what it keeps before the call returns.
// std::monostate is null. Bool is bool; Int8 to Int64 are std::int64_t; Float and Double are
// double; VarChar is text in UTF-8, JSON too. FloatVector, Float16Vector and BFloat16Vector are
// floats, Int8Vector is std::int8_t, BinaryVector is bytes of eight bits each. An Array is a span
// of what its elements are.
using ValueView = std::variant<
    std::monostate, bool, std::int64_t, double, std::string_view, std::span<const float>,
    SparseView, std::span<const std::int8_t>, std::span<const std::uint8_t>, std::span<const bool>,
    std::span<const std::int64_t>, std::span<const double>, std::span<const std::string_view>>;

// A value given to the caller, who owns it; the same alternatives.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string,
                           std::vector<float>, SparseVector, std::vector<std::int8_t>,
                           std::vector<std::uint8_t>, std::vector<bool>, std::vector<std::int64_t>,
                           std::vector<double>, std::vector<std::string>>;

}  // namespace vecdb
