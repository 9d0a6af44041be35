// Rows of the tests of limits as files of every format that the command line imports.
#pragma once

#include <optional>
#include <string>

#include "vecdb/schema.h"

namespace vecdb::test::limits {

enum class FileFormat { kJsonl, kCsv, kNpz, kNpy, kFvecs, kBvecs, kIvecs, kFbin, kU8bin, kI8bin };
inline constexpr std::size_t kFileFormats = 10;

const char* EndingOf(FileFormat format);

// A file of one row: the value of the field "f" or what it is called, a key 1 if that is another
// field, and a vector [1] if the schema has an "other". Nothing where the format has no words for
// the value, or the same as for one of another kind.
std::optional<std::string> FileWith(FileFormat format, const Schema& schema, const Field& field,
                                    const Value& value);

// JSON as files bring it in: without blanks, without needless escapes.
std::string Compact(const std::string& json);

}  // namespace vecdb::test::limits
