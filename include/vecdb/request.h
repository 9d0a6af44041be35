// What a caller can ask. Requests are plain values meant for designated initializers:
//
//   books.Search({.field = "cover", .query = red, .limit = 5,
//                 .filter = "year >= 1990"});
//
// Vectors are lent: they must stay alive until the call returns, and no longer.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "vecdb/options.h"
#include "vecdb/types.h"

namespace vecdb {

// Options shared by every write.
struct WriteOptions {
  std::optional<Durability> durability = {};  // empty = Options::durability
  // Where rows go; empty: the default one. Delete removes rows of this one only; empty: of any.
  std::string partition = {};
};

// Options shared by every read.
struct ReadOptions {
  std::vector<std::string> partitions = {};  // only rows in these; empty = in any
};

// What a search looks for, lent: floats for FloatVector, Float16Vector and BFloat16Vector, int8_t
// for Int8Vector, bytes of eight bits for BinaryVector, a SparseView for SparseFloatVector.
using QueryVector = std::variant<std::span<const float>, std::span<const std::int8_t>,
                                 std::span<const std::uint8_t>, SparseView>;

// The nearest rows to one vector, best first; equal scores in key order. limit is at least 1, and
// limit + offset at most 16,384.
struct SearchRequest {
  std::string field = {};  // a vector field; may be empty when the schema has exactly one
  QueryVector query = {};
  std::size_t limit = 10;
  std::size_t offset = 0;
  std::string filter = {};                      // docs/FILTER.md; empty = every row
  std::vector<std::string> output_fields = {};  // empty = only key and score; "*" = every field
  ReadOptions read = {};
};

// Rows by condition, in key order. limit is at least 1, and limit + offset at most 16,384.
struct QueryRequest {
  std::string filter = {};                      // empty = every row
  std::vector<std::string> output_fields = {};  // empty = only the key; "*" = every field
  std::size_t limit = 100;
  std::size_t offset = 0;
  ReadOptions read = {};
};

}  // namespace vecdb
