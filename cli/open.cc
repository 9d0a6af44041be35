#include "commands.h"

namespace vecdb::cli {

Result<Database> OpenToRead(const std::string& directory) {
  Options options;
  options.create_if_missing = false;
  options.read_only = true;
  return Database::Open(directory, options);
}

}  // namespace vecdb::cli
