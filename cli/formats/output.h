// A file written from front to back, compressed when its name ends in ".zst". It takes its name
// only when it is whole.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "vecdb/status.h"

namespace vecdb::cli {

class Output {
 public:
  // "-" is standard output. An existing file is refused unless `replace`.
  static Result<std::unique_ptr<Output>> Create(const std::string& path, bool replace);
  virtual ~Output() = default;

  virtual Status Write(std::string_view bytes) = 0;
  // Ends the file and gives it its name. Without it nothing is left.
  virtual Status Finish() = 0;
};

}  // namespace vecdb::cli
