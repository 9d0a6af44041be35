// Where the values of a collection's clustering key lie in one segment: what reads leave segments
// out by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "vecdb/result.h"
#include "vecdb/schema.h"

#include "base/bytes.h"

namespace vecdb::catalog {

// A value of a clustering key, integers and floats widened to one type each; none for a null and
// for what is no number.
using KeyValue = std::variant<std::monostate, std::int64_t, double, std::string>;
// The same, lent.
using KeyValueView = std::variant<std::monostate, std::int64_t, double, std::string_view>;

KeyValueView ViewOf(const KeyValue& value);
// In the order of filters: no value first, texts by their bytes, the two zeros alike.
bool IsBefore(const KeyValueView& a, const KeyValueView& b);

// All values of one field in a segment lie between these, bounds included, nulls and NaN apart; no
// bounds where there are only those. Bounds of texts are at most kMaxBoundBytes long, and so may
// be wider than the values.
struct KeyRange {
  std::uint32_t field = 0;
  KeyValue lowest = {};
  KeyValue highest = {};

  bool empty() const { return lowest.index() == 0; }
  friend bool operator==(const KeyRange&, const KeyRange&) = default;
};
inline constexpr std::size_t kMaxBoundBytes = 64;

// Widens `range` by a value.
void Include(const KeyValueView& value, KeyRange* range);
// Shortens long texts: the bounds stay bounds.
void Shorten(KeyRange* range);

// kInvalidArgument naming the field: what a clustering key may be. An empty name is none.
Status CheckClusteringKey(const Schema& schema, std::string_view name);
// A sentence about what is wrong with it as the range of this field of a schema; empty: nothing.
std::string ProblemOf(const KeyRange& range, const Schema& schema, std::string_view key);

// u32 field, u8 kind, lowest, highest: 0 nothing, 1 i64, 2 f64, 3 texts.
void EncodeKeyRange(const KeyRange& range, base::ByteWriter* out);
Result<KeyRange> DecodeKeyRange(base::ByteReader* in);

}  // namespace vecdb::catalog
