// A field of a schema in C.
#pragma once

#include <string_view>

#include "vecdb/c.h"
#include "vecdb/schema.h"

#include "api/c_struct.h"

namespace vecdb::api {

template <>
struct CStruct<vecdb_field> {
  static constexpr std::string_view kName = "vecdb_field";
  static constexpr std::size_t kFirstSize = sizeof(vecdb_field);
  static vecdb_field Defaults();
};

vecdb_field LendField(const Field& field, const vecdb_value& default_value);

}  // namespace vecdb::api
