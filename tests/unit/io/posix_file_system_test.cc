#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/file_failures.h"
#include "io/file_system.h"
#include "support/catch.h"
#include "support/dump_tree.h"
#include "support/temp_directory.h"

using namespace vecdb;
using io::OpenMode;
using test::PutFile;
using vecdb_test::ContainsSubstring;

namespace {

mode_t ModeOf(const std::filesystem::path& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

std::size_t OpenDescriptors() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    count += entry.path().empty() ? 0 : 1;
  }
  return count;
}

// The exit code of `run` in a child made by fork().
template <typename Run>
int InChild(Run run) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(run() ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("a directory is made with its parents, for its owner only", "[posix]") {
  const test::TempDirectory temp;
  CHECK(io::OpenDirectory(temp / "a/b/c", false).status().code() == StatusCode::kNotFound);
  REQUIRE(io::OpenDirectory(temp / "a/b/c", true).ok());
  CHECK(ModeOf(temp / "a/b/c") == 0700);
  const auto fs = *io::OpenDirectory(temp / "a/b/c", true);  // again: it is there
  fs->MakeDirectory("folder").OrDie();
  PutFile(*fs, "file", "x");
  CHECK(ModeOf(temp / "a/b/c/folder") == 0700);
  CHECK(ModeOf(temp / "a/b/c/file") == 0600);
  CHECK(fs->Describe("file") == (temp / "a/b/c/file").string());
  CHECK(io::OpenDirectory(temp / "a/b/", true).ok());
}

TEST_CASE("what is not a directory is refused by name", "[posix]") {
  const test::TempDirectory temp;
  std::ofstream(temp / "file") << "x";
  for (const bool create : {false, true}) {
    const Status at = io::OpenDirectory(temp / "file", create).status();
    CHECK(at.code() == StatusCode::kInvalidArgument);
    CHECK_THAT(std::string(at.message()), ContainsSubstring("is a file, not a directory"));
    CHECK_FALSE(io::OpenDirectory(temp / "file/below", create).ok());
    CHECK(io::OpenDirectory("", create).status().code() == StatusCode::kInvalidArgument);
  }
}

TEST_CASE("a symbolic link, a pipe or a directory in a file's place is refused at once",
          "[posix]") {
  const test::TempDirectory temp;
  const auto fs = *io::OpenDirectory(temp.path(), false);
  PutFile(*fs, "file", "x");
  fs->MakeDirectory("folder").OrDie();
  std::filesystem::create_symlink("file", temp / "link");
  std::filesystem::create_symlink("nowhere", temp / "dangling");
  REQUIRE(::mkfifo((temp / "pipe").c_str(), 0600) == 0);
  for (const char* name : {"link", "dangling", "pipe", "folder"}) {
    CHECK(fs->Open(name, OpenMode::kRead).status().code() == StatusCode::kIoError);
    CHECK(fs->Open(name, OpenMode::kReadWrite).status().code() == StatusCode::kIoError);
    CHECK(fs->Open(name, OpenMode::kCreate).status().code() == StatusCode::kAlreadyExists);
    CHECK(fs->Lock(name, true).status().code() == StatusCode::kIoError);
  }
  for (const io::DirectoryEntry& entry : *fs->List("")) {
    CHECK(entry.is_regular == (entry.name == "file"));
    CHECK(entry.is_directory == (entry.name == "folder"));
  }
  CHECK(*fs->Exists("dangling"));
  CHECK(io::RemoveTree(*fs, "link").ok());
  CHECK(*fs->Exists("file"));
}

TEST_CASE("a mapping keeps no descriptor open and outlives its file", "[posix]") {
  const test::TempDirectory temp;
  const auto fs = *io::OpenDirectory(temp.path(), false);
  PutFile(*fs, "file", "some bytes");
  PutFile(*fs, "empty", "");
  const std::size_t before = OpenDescriptors();
  const auto mapping = *(*fs->Open("file", OpenMode::kRead))->Map();
  const auto empty = *(*fs->Open("empty", OpenMode::kRead))->Map();
  CHECK(OpenDescriptors() == before);
  fs->RemoveFile("file").OrDie();
  CHECK(base::AsText(mapping->bytes()) == "some bytes");
  CHECK(empty->bytes().empty());
}

TEST_CASE("a read beyond the end names both sizes", "[posix]") {
  const test::TempDirectory temp;
  const auto fs = *io::OpenDirectory(temp.path(), false);
  PutFile(*fs, "file", "12345");
  const auto file = *fs->Open("file", OpenMode::kRead);
  std::array<std::byte, 4> out;
  const Status status = file->ReadAt(3, out);
  CHECK(status.code() == StatusCode::kCorruption);
  CHECK_THAT(std::string(status.message()), ContainsSubstring("5 bytes where 7"));
  CHECK(file->ReadAt(std::uint64_t{1} << 63, out).code() == StatusCode::kCorruption);
  CHECK(file->ReadAt(1, out).ok());
}

TEST_CASE("an exclusive lock stands alone, shared locks stand together", "[posix]") {
  const test::TempDirectory temp;
  const auto one = *io::OpenDirectory(temp.path(), false);
  const auto two = *io::OpenDirectory(temp.path(), false);
  CHECK(one->Lock("other", false).status().code() == StatusCode::kNotFound);
  {
    const auto held = one->Lock("LOCK", false);  // without a file the directory has to do
    CHECK(held.ok());
    CHECK(two->Lock("LOCK", false).ok());
    CHECK_FALSE(std::filesystem::exists(temp / "LOCK"));
    CHECK(two->Lock("LOCK", true).status().code() == StatusCode::kUnavailable);
  }
  {
    const auto held = *one->Lock("LOCK", true);
    for (const bool exclusive : {false, true}) {
      const Status taken = two->Lock("LOCK", exclusive).status();
      CHECK(taken.code() == StatusCode::kUnavailable);
      CHECK_THAT(std::string(taken.message()), ContainsSubstring(temp.path().string()));
      CHECK_THAT(std::string(taken.message()), ContainsSubstring(std::to_string(::getpid())));
    }
  }
  const auto reader = *one->Lock("LOCK", false);
  CHECK(two->Lock("LOCK", false).ok());
  CHECK(two->Lock("LOCK", true).status().code() == StatusCode::kUnavailable);
}

TEST_CASE("a lock holds though its file is read, deleted or replaced, and in other processes",
          "[posix]") {
  const test::TempDirectory temp;
  const auto one = *io::OpenDirectory(temp.path(), false);
  const auto two = *io::OpenDirectory(temp.path(), false);
  auto held = *one->Lock("LOCK", true);
  CHECK(test::DumpTree(*two).at("LOCK") == std::to_string(::getpid()) + "\n");  // opened and closed
  const auto is_taken = [&] {
    const auto other = io::OpenDirectory(temp.path(), false);
    return (*other)->Lock("LOCK", true).status().code() == StatusCode::kUnavailable;
  };
  CHECK(is_taken());
  CHECK(InChild(is_taken) == 0);
  CHECK(InChild([&] { return held.reset(), true; }) == 0);  // a child's copy does not free it
  CHECK(is_taken());
  two->RemoveFile("LOCK").OrDie();
  CHECK(is_taken());
  PutFile(*two, "LOCK", "1");
  CHECK(is_taken());
  CHECK(InChild(is_taken) == 0);
  held.reset();
  CHECK_FALSE(is_taken());
}

TEST_CASE("a child made by fork does not own the directory", "[posix]") {
  const test::TempDirectory temp;
  const auto fs = *io::OpenDirectory(temp.path(), false);
  CHECK(fs->OwnedByThisProcess());
  CHECK(InChild([&] { return !fs->OwnedByThisProcess(); }) == 0);
}

TEST_CASE("an error number becomes the code that says what to do", "[posix]") {
  const auto code = [](int error) { return io::StatusFromErrno("write", "x", error).code(); };
  for (const int error : {ENOSPC, EDQUOT, EFBIG, EMFILE, ENFILE, ENOMEM}) {
    CHECK(code(error) == StatusCode::kResourceExhausted);
  }
  CHECK(code(ENOENT) == StatusCode::kNotFound);
  CHECK(code(EEXIST) == StatusCode::kAlreadyExists);
  for (const int error : {EIO, EROFS, EACCES, ELOOP, ENOTDIR, EISDIR, ENOTEMPTY}) {
    CHECK(code(error) == StatusCode::kIoError);
  }
  const Status status = io::StatusFromErrno("write", "/db/LOCK", EROFS);
  CHECK(status.message() ==
        "cannot write '/db/LOCK': the file system is mounted read-only (errno " +
            std::to_string(EROFS) + ")");
}

TEST_CASE("a directory renamed under an open database stays usable", "[posix]") {
  const test::TempDirectory temp;
  const auto fs = *io::OpenDirectory(temp / "before", true);
  std::filesystem::rename(temp / "before", temp / "after");
  PutFile(*fs, "file", "x");
  CHECK(std::filesystem::exists(temp / "after/file"));
}

TEST_CASE("a lock that is given up is free though a child of a fork lives on", "[posix]") {
  const test::TempDirectory temp;
  const auto one = *io::OpenDirectory(temp.path(), false);
  auto held = *one->Lock("LOCK", true);
  int wait[2];
  REQUIRE(::pipe(wait) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char byte = 0;
    ::close(wait[1]);
    static_cast<void>(!::read(wait[0], &byte, 1));  // until the parent is done
    ::_exit(0);
  }
  held.reset();
  CHECK((*io::OpenDirectory(temp.path(), false))->Lock("LOCK", true).ok());
  ::close(wait[1]);
  ::close(wait[0]);
  CHECK(::waitpid(child, nullptr, 0) == child);
}

TEST_CASE("small files take no mapping of the process", "[posix]") {
  const test::TempDirectory temp;
  const auto fs = *io::OpenDirectory(temp.path(), false);
  const auto count = [] {
    std::ifstream maps("/proc/self/maps");
    std::size_t lines = 0;
    for (std::string line; std::getline(maps, line);) ++lines;
    return lines;
  };
  PutFile(*fs, "small", std::string(16 * 1024, 's'));
  PutFile(*fs, "large", std::string(16 * 1024 + 1, 'l'));
  PutFile(*fs, "empty", "");
  std::vector<std::shared_ptr<const io::Mapping>> kept;
  const auto map = [&](const std::string& name) {
    kept.push_back(*(*fs->Open(name, OpenMode::kRead))->Map());
    return kept.back()->bytes();
  };
  CHECK(map("empty").empty());
  const std::size_t before = count();
  for (int i = 0; i < 100; ++i) CHECK(map("small").back() == std::byte{'s'});
  CHECK(count() < before + 50);
  CHECK(map("large").size() == 16 * 1024 + 1);
}
