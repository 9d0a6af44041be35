#include <thread>

#include "io/file_system.h"
#include "support/catch.h"
#include "support/dump_tree.h"

using namespace vecdb;
using io::OpenMode;
using test::PutFile;

TEST_CASE("a mapping in memory keeps the bytes it was made of", "[memory]") {
  const auto fs = io::MakeMemoryFileSystem();
  PutFile(*fs, "file", "before");
  const auto file = *fs->Open("file", OpenMode::kReadWrite);
  const auto mapping = *file->Map();
  const auto again = *file->Map();
  CHECK(mapping->bytes().data() == again->bytes().data());  // not copied
  file->WriteAt(0, base::AsBytes("after!")).OrDie();
  fs->RemoveFile("file").OrDie();
  CHECK(base::AsText(mapping->bytes()) == "before");
  CHECK(base::AsText((*file->Map())->bytes()) == "after!");
}

TEST_CASE("files and locks outlive the memory file system object", "[memory]") {
  auto fs = io::MakeMemoryFileSystem();
  PutFile(*fs, "file", "text");
  const auto file = *fs->Open("file", OpenMode::kRead);
  auto lock = *fs->Lock("LOCK", true);
  fs.reset();
  CHECK(*file->Size() == 4);
  lock.reset();
}

TEST_CASE("threads may use one memory file system at once", "[memory]") {
  const auto fs = io::MakeMemoryFileSystem();
  PutFile(*fs, "shared", std::string(4000, '-'));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&fs, t] {
      const std::string mine = "file-" + std::to_string(t);
      const std::string text(1000, static_cast<char>('a' + t));
      const auto shared = *fs->Open("shared", OpenMode::kReadWrite);
      for (int i = 0; i < 200; ++i) {
        PutFile(*fs, mine, text);
        shared->WriteAt(static_cast<std::uint64_t>(t) * 1000, base::AsBytes(text)).OrDie();
        fs->Rename(mine, mine + "-moved").OrDie();
        fs->List("").status().OrDie();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::string expected;
  for (int t = 0; t < 4; ++t) expected += std::string(1000, static_cast<char>('a' + t));
  CHECK(test::DumpTree(*fs).at("shared") == expected);
  CHECK(fs->List("")->size() == 5);
}
