// Rows on their way into a file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vecdb/result.h"
#include "vecdb/schema.h"
#include "vecdb/status.h"

namespace vecdb::cli {

class RowFormat {
 public:
  virtual ~RowFormat() = default;
  // What stands before the first row, and what a row becomes; appended to `out`.
  virtual Status Header(std::string* out) = 0;
  virtual Status Add(const Row& row, std::string* out) = 0;
};

struct FormatOptions {
  Schema schema;
  std::vector<const Field*> fields;  // of each row, in order
  std::uint64_t rows = 0;            // to come
  char separator = ',';
  std::string null_text;
};
// "jsonl", "csv" or "npy"; npy takes one field, the others any number.
Result<std::unique_ptr<RowFormat>> MakeRowFormat(const std::string& name,
                                                 const FormatOptions& options);

}  // namespace vecdb::cli
