#include "import_ticket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

// The ticket, line by line; the name of the file ends it, whatever it holds:
//
//   vecdb import 1
//   size N / modified N / hash N / upsert 0|1 / skip N / base N / done N
//   file <bytes up to the end>

namespace vecdb::cli {
namespace {

constexpr std::string_view kMark = "vecdb import 1\n";
constexpr std::size_t kMaxTicket = 16'384;

Status SystemFailure(std::string_view verb, const std::string& path) {
  return Status(StatusCode::kIoError,
                Format("cannot {} '{}': {}", verb, path, std::generic_category().message(errno)));
}

std::uint64_t Hash(std::uint64_t hash, std::string_view bytes) {
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }
  return hash;
}

std::string Text(const ImportTicket& ticket) {
  return Format("{}size {}\nmodified {}\nhash {}\nupsert {}\nskip {}\nbase {}\ndone {}\nfile {}",
                kMark, ticket.identity.size, ticket.identity.modified_ns, ticket.identity.hash,
                ticket.upsert ? 1 : 0, ticket.skip, ticket.base_rows, ticket.done, ticket.file);
}

template <typename T>
bool Take(std::string_view* text, std::string_view name, T* number) {
  if (text->substr(0, name.size()) != name) return false;
  text->remove_prefix(name.size());
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), *number);
  if (error != std::errc() || end == text->data() + text->size() || *end != '\n') return false;
  text->remove_prefix(static_cast<std::size_t>(end - text->data()) + 1);
  return true;
}

bool Parse(std::string_view text, ImportTicket* ticket) {
  constexpr std::string_view kFile = "file ";
  if (text.substr(0, kMark.size()) != kMark) return false;
  text.remove_prefix(kMark.size());
  unsigned upsert = 0;
  if (!Take(&text, "size ", &ticket->identity.size) ||
      !Take(&text, "modified ", &ticket->identity.modified_ns) ||
      !Take(&text, "hash ", &ticket->identity.hash) || !Take(&text, "upsert ", &upsert) ||
      !Take(&text, "skip ", &ticket->skip) || !Take(&text, "base ", &ticket->base_rows) ||
      !Take(&text, "done ", &ticket->done) || text.substr(0, kFile.size()) != kFile) {
    return false;
  }
  ticket->upsert = upsert != 0;
  ticket->file = std::string(text.substr(kFile.size()));
  return true;
}

bool WriteAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(file, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

Status SyncFolderOf(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder.push_back('.');
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return SystemFailure("open", folder);
  const bool synced = ::fsync(opened) == 0;
  const Status status = synced ? Status() : SystemFailure("sync", folder);
  ::close(opened);
  return status;
}

}  // namespace

bool operator==(const FileIdentity& a, const FileIdentity& b) {
  return a.size == b.size && a.modified_ns == b.modified_ns && a.hash == b.hash;
}

std::optional<FileIdentity> IdentityOf(const std::string& path) {
  constexpr std::uint64_t kPiece = std::uint64_t{64} << 10;
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return std::nullopt;
  FileIdentity identity;
  identity.size = static_cast<std::uint64_t>(about.st_size);
  identity.modified_ns = about.st_mtim.tv_sec * std::int64_t{1'000'000'000} + about.st_mtim.tv_nsec;
  identity.hash = 14695981039346656037U;
  std::ifstream file(path, std::ios::binary);
  std::string bytes(static_cast<std::size_t>(std::min(kPiece, identity.size)), '\0');
  for (const std::uint64_t at : {std::uint64_t{0}, identity.size - bytes.size()}) {
    file.seekg(static_cast<std::streamoff>(at));
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file) return std::nullopt;
    identity.hash = Hash(identity.hash, bytes);
  }
  return identity;
}

std::string TicketPath(const std::string& database, const std::string& collection) {
  std::string path = std::filesystem::absolute(database).lexically_normal().string();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return Format("{}.{}.import", path, collection);
}

Status SaveTicket(const std::string& path, const ImportTicket& ticket) {
  const std::string part = path + ".part";
  const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return SystemFailure("write", part);
  const bool written = WriteAll(file, Text(ticket)) && ::fsync(file) == 0;
  const Status failure = written ? Status() : SystemFailure("write", part);
  ::close(file);
  CLI_TRY(failure);
  if (std::rename(part.c_str(), path.c_str()) != 0) return SystemFailure("write", path);
  return SyncFolderOf(path);
}

Result<std::optional<ImportTicket>> LoadTicket(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::optional<ImportTicket>();
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxTicket, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  ImportTicket ticket;
  if (!Parse(text, &ticket)) {
    return Bad("'{}' is no ticket of an import; remove it to forget what was interrupted", path);
  }
  return std::optional<ImportTicket>(std::move(ticket));
}

void RemoveTicket(const std::string& path) {
  static_cast<void>(std::remove(path.c_str()));
}

}  // namespace vecdb::cli
