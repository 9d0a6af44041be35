#include "io/relative_path.h"

#include "base/status.h"

namespace vecdb::io {

Status CheckPath(std::string_view path, bool root_allowed) {
  if (path.empty() && root_allowed) return Status();
  std::string_view rest = path;
  for (bool more = true; more;) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || part.find('\0') != part.npos) {
      return base::InvalidArgument("'{}' is not a path within the database directory", path);
    }
    more = slash != rest.npos;
    if (more) rest.remove_prefix(slash + 1);
  }
  return Status();
}

std::string_view ParentOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? std::string_view() : path.substr(0, slash);
}

std::string_view LastPartOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

}  // namespace vecdb::io
