// The part of a full check that needs the whole database: what its readers would see.
#pragma once

#include <memory>

#include "vecdb/check.h"

#include "io/file_system.h"

namespace vecdb::api {

// Opens the database read-only and reads the key of every visible row. Two rows that share a key
// are damage; `report` gets it, and the number of visible rows. A failure means that the database
// does not open, though each of its files was whole.
Status CheckRows(const std::shared_ptr<io::FileSystem>& fs, CheckReport* report);

}  // namespace vecdb::api
