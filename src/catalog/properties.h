// What may change of a collection while it lives: everything else about it never does.
#pragma once

#include <span>
#include <string_view>

#include "vecdb/options.h"
#include "vecdb/result.h"

#include "base/bytes.h"

namespace vecdb::catalog {

// Immutable once shared: a change is another object.
struct Properties : CollectionProperties {
  friend bool operator==(const Properties&, const Properties&) = default;
};

// kInvalidArgument naming the property, its value and its limit.
Status CheckProperties(const CollectionProperties& properties);

// Only what differs from the default is written, so that an older vecdb refuses a property that it
// does not know only where one is used.
void EncodeProperties(const Properties& properties, base::ByteWriter* out);
Result<Properties> DecodeProperties(base::ByteReader* in);

}  // namespace vecdb::catalog
