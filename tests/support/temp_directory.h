// The test kit's directory, and where files cost no disk.
#pragma once

#include <filesystem>
#include <system_error>

#include "vecdb/testing.h"

namespace vecdb::test {

using testing::TempDirectory;

// Where files cost no disk: memory if the machine offers it as a folder.
inline std::filesystem::path FastFolder() {
  std::error_code ignored;
  const std::filesystem::path memory = "/dev/shm";
  return std::filesystem::is_directory(memory, ignored) ? memory
                                                        : std::filesystem::temp_directory_path();
}

}  // namespace vecdb::test
