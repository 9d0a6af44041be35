// The files of a folder, as far as they are worth searching. Nothing here knows vecdb.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "text.h"

namespace folder {

namespace fs = std::filesystem;

struct File {
  fs::path path;
  std::string name;           // its path within the folder, always UTF-8
  std::int64_t modified = 0;  // seconds since 1970
  std::string stamp;          // changes when the file does
};

// Not hidden folders, what builds and package managers leave, and databases of vecdb.
inline bool IsWorthSearching(const fs::path& folder) {
  const std::string name = folder.filename().string();
  std::error_code ignored;
  const bool is_database =
      fs::exists(folder / "FORMAT", ignored) && fs::exists(folder / "CURRENT", ignored);
  return !name.starts_with('.') && !name.starts_with("build") && name != "node_modules" &&
         !fs::exists(folder / "CMakeCache.txt", ignored) && !is_database;
}

// Nothing when it is gone already. The stamp is older than what is read later, so a change in
// between is seen next time.
inline std::optional<File> Look(const fs::path& path, const fs::path& name) {
  std::error_code size_error;
  std::error_code time_error;
  const std::uintmax_t size = fs::file_size(path, size_error);
  const fs::file_time_type written = fs::last_write_time(path, time_error);
  if (size_error || time_error) return std::nullopt;
  const auto age = std::chrono::file_clock::to_sys(written).time_since_epoch();
  return File{path, text::ToUtf8(name.generic_string()),
              std::chrono::floor<std::chrono::seconds>(age).count(),
              std::to_string(age.count()) + ":" + std::to_string(size)};
}

// All files, in no order; of a path that is a file, that file. An error means that the list is not
// whole: what it lacks may well be there. Folders that we may not enter count as empty.
inline std::vector<File> List(const fs::path& folder, std::error_code* error) {
  std::vector<File> files;
  error->clear();
  if (fs::is_regular_file(folder, *error)) {
    if (auto file = Look(folder, folder.filename())) files.push_back(*std::move(file));
    return files;
  }
  error->clear();
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied,
                                      *error);
  for (; !*error && at != fs::recursive_directory_iterator(); at.increment(*error)) {
    std::error_code ignored;
    if (at->is_symlink(ignored)) continue;
    if (at->is_directory(ignored) && !IsWorthSearching(at->path())) at.disable_recursion_pending();
    if (!at->is_regular_file(ignored)) continue;
    auto file = Look(at->path(), at->path().lexically_relative(folder));
    if (file) files.push_back(*std::move(file));
  }
  return files;
}

struct Contents {
  std::string text;     // UTF-8
  std::string no_text;  // why there is none
};

inline Contents Read(const File& file) {
  constexpr std::uintmax_t kHuge = 8u << 20;
  constexpr std::size_t kLookedAt = 8192;
  std::error_code ignored;
  if (fs::file_size(file.path, ignored) > kHuge) return {{}, "huge"};
  std::ifstream in(file.path, std::ios::binary);
  if (!in) return {{}, "unreadable"};
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) return {{}, "unreadable"};
  if (bytes.substr(0, kLookedAt).find('\0') != std::string::npos) return {{}, "binary"};
  return {text::ToUtf8(std::move(bytes)), {}};
}

}  // namespace folder
