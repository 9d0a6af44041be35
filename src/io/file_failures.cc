#include "io/file_failures.h"

#include <cerrno>
#include <string>
#include <system_error>

#include "base/status.h"

namespace vecdb::io {
namespace {

StatusCode CodeFromErrno(int error) {
  switch (error) {
    case ENOENT:
      return StatusCode::kNotFound;
    case EEXIST:
      return StatusCode::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return StatusCode::kResourceExhausted;
    default:  // an open set: the system may say anything
      return StatusCode::kIoError;
  }
}

std::string TextFromErrno(int error) {
  switch (error) {
    case EROFS:
      return "the file system is mounted read-only";
    case EACCES:
    case EPERM:
      return "permission denied to this process";
    case ELOOP:
      return "it is a symbolic link, which is never followed";
    default:
      return std::generic_category().message(error);
  }
}

}  // namespace

Status StatusFromErrno(std::string_view operation, std::string_view path, int error) {
  return Status(CodeFromErrno(error), base::Format("cannot {} '{}': {} (errno {})", operation, path,
                                                   TextFromErrno(error), error));
}

Status RenameFailure(std::string_view from, std::string_view to, int error) {
  return Status(CodeFromErrno(error), base::Format("cannot rename '{}' to '{}': {} (errno {})",
                                                   from, to, TextFromErrno(error), error));
}

Status FileEndsBefore(std::string_view path, std::uint64_t end, std::uint64_t size) {
  return base::Corruption("'{}' has {} bytes where {} are needed", path, size, end);
}

Status LockIsTaken(std::string_view directory, std::string_view holder) {
  if (holder.empty()) {
    return base::Unavailable("'{}' is in use by another open database", directory);
  }
  return base::Unavailable("'{}' is in use by another open database (process {})", directory,
                           holder);
}

}  // namespace vecdb::io
