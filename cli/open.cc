#include "commands.h"

namespace vecdb::cli {

Result<Database> OpenToRead(const std::string& directory) {
  Options options;
  options.create_if_missing = false;
  options.read_only = true;
  options.allow_shared_directory = true;  // whoever names it wants to see it
  options.allow_network_file_system = true;
  return Database::Open(directory, options);
}

}  // namespace vecdb::cli
