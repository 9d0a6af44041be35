// What may change of a collection while it lives: everything else about it never does.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "vecdb/options.h"
#include "vecdb/result.h"
#include "vecdb/schema.h"

#include "base/bytes.h"

namespace vecdb::catalog {

// Immutable once shared: a change is another object. What stands here itself was chosen when the
// collection was created, and no change touches it.
struct Properties : CollectionProperties {
  std::string partition_key = {};  // see CollectionOptions
  std::uint32_t num_partitions = CollectionOptions().num_partitions;
  std::string clustering_key = {};  // see CollectionOptions

  friend bool operator==(const Properties&, const Properties&) = default;
};

// The smallest format version whose vecdbs know them.
std::uint32_t FormatVersionFor(const Properties& properties);

// kInvalidArgument naming the property, its value and its limit.
Status CheckProperties(const CollectionProperties& properties);
// The same for a partition key of this schema; an empty one is none.
Status CheckPartitionKey(const Schema& schema, std::string_view name, std::uint32_t partitions);

// Only what differs from the default is written, so that an older vecdb refuses a property that it
// does not know only where one is used.
void EncodeProperties(const Properties& properties, base::ByteWriter* out);
Result<Properties> DecodeProperties(base::ByteReader* in);

}  // namespace vecdb::catalog
