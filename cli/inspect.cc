#include <filesystem>
#include <system_error>

#include "vecdb/check.h"

#include "commands.h"
#include "text.h"

namespace vecdb::cli {

int RunInspect(const std::string& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    return Fail(Bad("'{}' is a directory: `vecdb info` and `vecdb check` look at those", file));
  }
  const Status status = Inspect(file, [](std::string_view line) { Print(line); });
  if (status.code() == StatusCode::kCorruption) {
    Print(Format("DAMAGED    {}", status.message()));
    return kExitFailure;
  }
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace vecdb::cli
