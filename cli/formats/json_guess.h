// What the values of JSON rows look like.
#pragma once

#include <string_view>

#include "vecdb/status.h"

#include "formats/guess.h"

namespace vecdb::cli {

Status GuessFromRow(std::string_view text, Guess* guess);
// The fields of a schema as JSON: an object with the member "fields", as `vecdb info --json` prints
// for a collection, or that whole output when it has one collection.
Result<std::vector<Field>> ParseSchema(std::string_view text);

}  // namespace vecdb::cli
