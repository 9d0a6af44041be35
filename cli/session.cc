#include "session.h"

namespace vecdb::cli {
namespace {

Options ToRead() {
  Options options;
  options.create_if_missing = false;
  options.read_only = true;
  options.allow_shared_directory = true;  // whoever names it wants to see it
  options.allow_network_file_system = true;
  return options;
}

Result<Lease> Open(Database* held, const std::string& directory, const Options& options) {
  if (held != nullptr) return Lease(held);
  auto opened = Database::Open(directory, options);
  if (!opened.ok()) return opened.status();
  return Lease(*std::move(opened));
}

}  // namespace

Result<Lease> Session::OpenToRead(const std::string& directory) const {
  return Open(held_, directory, ToRead());
}

Result<Lease> Session::OpenToWrite(const std::string& directory) const {
  Options options;
  options.create_if_missing = false;
  return Open(held_, directory, options);
}

Result<Lease> Session::OpenOrMake(const std::string& directory) const {
  return Open(held_, directory, Options());
}

}  // namespace vecdb::cli
