// Words that the walks share: what a refusal says, what a search finds, what lies in a folder.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/fsuid.h>
#include <sys/stat.h>

#include "support/dump_tree.h"
#include "support/test_database.h"

namespace vecdb::test {

// Fails the test unless `status` has this code and its message has every one of these words.
inline void CheckRefusal(const Status& status, StatusCode code,
                         std::initializer_list<std::string_view> words) {
  INFO("status: " << status.ToString());
  CHECK(status.code() == code);
  for (const std::string_view word : words) {
    INFO("looking for: " << word);
    CHECK(status.message().find(word) != std::string_view::npos);
  }
}

inline std::vector<Key> IntKeys(std::initializer_list<std::int64_t> keys) {
  return {keys.begin(), keys.end()};
}

inline std::uint32_t SealedIn(const Collection& collection) {
  return collection.Stats()->sealed_segments;
}

// Books first..last, both included, of one version.
inline std::vector<Book> BooksBetween(std::int64_t first, std::int64_t last,
                                      std::int64_t version = 0) {
  std::vector<Book> books;
  for (std::int64_t id = first; id <= last; ++id) books.push_back({id, version});
  return books;
}

inline Books ExpectedBetween(std::int64_t first, std::int64_t last, std::int64_t version = 0) {
  Books expected;
  for (std::int64_t id = first; id <= last; ++id) expected[id] = version;
  return expected;
}

// The keys that a search for `query` finds, best first.
inline std::vector<std::int64_t> KeysNear(const Collection& collection,
                                          const std::vector<float>& query, std::size_t limit,
                                          const std::string& filter = {}) {
  const auto hits = collection.Search({.query = query, .limit = limit, .filter = filter});
  hits.status().OrDie();
  std::vector<std::int64_t> keys;
  for (const Hit& hit : *hits) keys.push_back(std::get<std::int64_t>(hit.key));
  return keys;
}

// Does what is due until nothing is: a second of work is more than any of these tests has.
inline void RunDueWork(Database& database) {
  database.RunBackground(std::chrono::seconds(1)).OrDie();
}

// Waits until `condition` holds; false when it did not within 20 seconds.
inline bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

inline std::vector<std::string> NamesIn(io::FileSystem& fs, const std::string& folder) {
  std::vector<std::string> names;
  for (const io::DirectoryEntry& entry : *fs.List(folder)) names.push_back(entry.name);
  return names;
}

// ---- real folders ---------------------------------------------------------------------

// Everything a writer could change in a folder: path -> what it is, its mode, the time of its last
// change, its bytes.
inline std::map<std::string, std::string> ListingOf(const std::filesystem::path& folder) {
  std::map<std::string, std::string> listing;
  const auto add = [&](const std::filesystem::path& path) {
    struct stat info = {};
    if (::lstat(path.c_str(), &info) != 0) return;
    std::string text = std::to_string(info.st_mode) + " " + std::to_string(info.st_mtim.tv_sec) +
                       "." + std::to_string(info.st_mtim.tv_nsec) + " ";
    if (S_ISREG(info.st_mode)) {
      std::ifstream file(path, std::ios::binary);
      text.append(std::istreambuf_iterator<char>(file), {});
    }
    listing[path.lexically_relative(folder).string()] = std::move(text);
  };
  add(folder);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) add(entry.path());
  return listing;
}

// While it lives, this thread has no rights on files beyond those of everyone, whoever runs the
// test.
class WithoutPrivileges {
 public:
  WithoutPrivileges() : user_(::setfsuid(65'534)), group_(::setfsgid(65'534)) {}
  ~WithoutPrivileges() {
    ::setfsuid(static_cast<uid_t>(user_));
    ::setfsgid(static_cast<gid_t>(group_));
  }
  WithoutPrivileges(const WithoutPrivileges&) = delete;
  WithoutPrivileges& operator=(const WithoutPrivileges&) = delete;

 private:
  const int user_;
  const int group_;
};

// Gives every folder of a tree one mode and every file another.
inline void SetModes(const std::filesystem::path& folder, mode_t folders, mode_t files) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    ::chmod(entry.path().c_str(), entry.is_directory() ? folders : files);
  }
  ::chmod(folder.c_str(), folders);
}

}  // namespace vecdb::test
