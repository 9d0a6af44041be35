// What a collection should hold, as plainly as it can be said: a map from keys to rows.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "vecdb/vecdb.h"

#include "support/seed.h"

namespace vecdb::test {

using Record = std::vector<Value>;  // by field, the key's too
using Table = std::map<Key, std::shared_ptr<const Record>>;

enum class KeyKind { kInt64, kVarChar, kAuto };

// What the collections of one run look like.
struct Shape {
  KeyKind keys = KeyKind::kInt64;
  Metric metric = Metric::kL2;                    // of field "v"
  Metric second = Metric::kCosine;                // of field "w"
  std::uint32_t dimension = 8;                    // of field "v", in bytes where these are bits
  DataType type = DataType::kFloatVector;         // of field "v"
  DataType second_type = DataType::kFloatVector;  // of field "w"
  bool whole_numbers = true;  // in vectors, so that distances are exact and often equal
};

// id, flag, tiny, year, big, ratio, single, title, rank (7 when left out), v, w; then what filters
// do not read: json, tags (Array of VarChar), switches (Array of Bool with a default), shorts
// (Array of Int16)
Schema MakeSchema(const Shape& shape);
inline constexpr std::size_t kRankField = 8;
inline constexpr std::int64_t kRankDefault = 7;
inline constexpr std::size_t kFirstVector = 9;

Key MakeKey(const Shape& shape, std::size_t number);
Value MakeVector(const Field& field, const Shape& shape, Random* random);
// A row as it will be read: with defaults taken and narrowed to the fields' widths.
Record MakeRecord(const Schema& schema, const Shape& shape, const Key& key, Random* random);

// The rows as a batch, by rows or by columns; what equals a default is sometimes left out.
Batch MakeBatch(const Schema& schema, const std::vector<std::shared_ptr<const Record>>& rows,
                Random* random);

// The same bits: -0.0 is not 0.0.
bool SameBits(const Value& a, const Value& b);
std::string Shown(const Key& key);

}  // namespace vecdb::test
