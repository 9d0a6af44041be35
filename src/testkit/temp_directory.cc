#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>

#include <stdlib.h>
#include <unistd.h>

#include "vecdb/testing.h"

namespace vecdb::testing {

namespace {

std::filesystem::path SystemFolder() {
  std::error_code failure;
  std::filesystem::path folder = std::filesystem::temp_directory_path(failure);
  return failure ? std::filesystem::path("/tmp") : folder;
}

}  // namespace

TempDirectory::TempDirectory() : TempDirectory(SystemFolder()) {
}

TempDirectory::TempDirectory(const std::filesystem::path& parent) : owner_(::getpid()) {
  std::string pattern = (parent / "vecdb-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    std::fprintf(stderr, "no directory can be made in '%s'\n", parent.c_str());
    std::abort();
  }
  path_ = std::filesystem::absolute(pattern);  // the process may change its folder
}

TempDirectory::~TempDirectory() {
  if (keep_ || ::getpid() != owner_) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace vecdb::testing
