// Which vecdb this is: the numbers of these headers, and of the library that the program runs with.
// While the major version is 0, a minor version may change the interface.
#pragma once

// The version of these headers.
#define VECDB_VERSION_MAJOR 0
#define VECDB_VERSION_MINOR 1
#define VECDB_VERSION_PATCH 0
#define VECDB_VERSION "0.1.0"

#ifdef __cplusplus
#include <string_view>

#include "vecdb/export.h"

namespace vecdb {

// "0.1.0", of the library and not of the headers: they differ when a program compiled with one
// version runs with the shared library of another. Lent for ever.
VECDB_API std::string_view LibraryVersion();

}  // namespace vecdb
#endif
