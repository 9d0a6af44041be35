// What a caller can ask. Requests are plain values meant for designated initializers:
//
//   books.Search({.field = "cover", .query = red, .limit = 5,
//                 .filter = "year >= 1990"});
//
// Vectors are lent: they must stay alive until the call returns, and no longer.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "vecdb/index_spec.h"
#include "vecdb/options.h"
#include "vecdb/types.h"

namespace vecdb {

// How long a call may take. When it has taken longer it ends with kDeadlineExceeded, when it was
// told to stop with kCancelled, either within 5 ms: at most every 1 MiB or few thousand rows that
// it reads it looks at the time. A system that is slow to run the thread or to read a page adds to
// that. Looking costs nothing where neither is given.
struct CallLimits {
  std::chrono::milliseconds timeout{0};  // 0 = none
  std::stop_token stop = {};
};

// Options shared by every read.
struct ReadOptions {
  std::optional<Consistency> consistency = {};  // empty = the collection's
  Timestamp session{0};                         // for kSession: the timestamp of a WriteReceipt
  std::chrono::milliseconds timeout{0};         // this and `stop`: see CallLimits
  std::stop_token stop = {};
  std::vector<std::string> partitions = {};  // only rows in these; empty = in any
};

// Options shared by every write. A write that ends with kDeadlineExceeded or kCancelled has changed
// nothing: once the log has it, it is waited for however long that takes.
struct WriteOptions {
  std::optional<Durability> durability = {};  // empty = Options::durability
  std::chrono::milliseconds timeout{0};       // this and `stop`: see CallLimits
  std::stop_token stop = {};
  // Where rows go; empty: the default one. Delete and DeleteWhere remove rows of this one only;
  // empty: of any.
  std::string partition = {};
};

// What a search looks for, lent: floats for FloatVector, Float16Vector and BFloat16Vector, int8_t
// for Int8Vector, bytes of eight bits for BinaryVector, a SparseView for SparseFloatVector.
using QueryVector = std::variant<std::span<const float>, std::span<const std::int8_t>,
                                 std::span<const std::uint8_t>, SparseView>;

// The nearest rows to one vector, best first; equal scores in key order. limit is at least 1, and
// limit + offset at most 16,384.
//
// With a radius, only rows nearer than that; with range_filter, too, none that are nearer than
// that one. Both are scores, as Hit::score has them, and finite:
//   smaller is nearer (L2, HAMMING, JACCARD)   range_filter <= score < radius
//   larger is nearer (IP, COSINE)              radius < score <= range_filter
// range_filter must be strictly on the nearer side of the radius, and needs one. The nearest rows
// that lie between count for limit and offset: fewer come where fewer are there.
struct SearchRequest {
  std::string field = {};  // a vector field; may be empty when the schema has exactly one
  QueryVector query = {};
  std::size_t limit = 10;
  std::size_t offset = 0;
  std::optional<float> radius = {};
  std::optional<float> range_filter = {};
  std::string filter = {};                      // docs/FILTER.md; empty = every row
  std::vector<std::string> output_fields = {};  // empty = only key and score; "*" = every field
  ReadOptions read = {};
  SearchEffort effort = {};  // where the field has an index
};

// The rows from the nearest to one vector on, however many, in pages: see SearchIterator. What has
// the names of SearchRequest's members means the same. The vector is copied.
struct IterateSearchRequest {
  std::string field = {};
  QueryVector query = {};
  std::size_t batch_size = 1000;  // of one page, 1 to 16,384
  std::uint64_t limit = 0;        // of all pages; 0 = no limit
  std::optional<float> radius = {};
  std::optional<float> range_filter = {};
  std::string filter = {};
  std::vector<std::string> output_fields = {};  // empty = only key and score
  ReadOptions read = {};                        // `timeout` is that of each page
  SearchEffort effort = {};                     // an ef is at least batch_size
};

// Rows by condition, in key order. limit is at least 1, and limit + offset at most 16,384.
struct QueryRequest {
  std::string filter = {};                      // empty = every row
  std::vector<std::string> output_fields = {};  // empty = only the key; "*" = every field
  std::size_t limit = 100;
  std::size_t offset = 0;
  ReadOptions read = {};
};

// Rows by condition in key order, however many, in pieces: see RowIterator.
struct IterateRequest {
  std::string filter = {};                      // empty = every row
  std::vector<std::string> output_fields = {};  // empty = only the key; "*" = every field
  std::size_t batch_size = 1000;                // of one piece, 1 to 16,384
  std::uint64_t limit = 0;                      // of all pieces; 0 = no limit
  std::optional<Key> after = {};                // begins behind this key: to go on where one ended
  ReadOptions read = {};                        // `timeout` is that of each piece
};

}  // namespace vecdb
