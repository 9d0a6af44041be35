#include "support/crash_file_system.h"

#include <set>

#include "base/bytes.h"
#include "support/catch.h"
#include "support/dump_tree.h"

using namespace vecdb;
using io::OpenMode;
using test::CrashFileSystem;
using test::DumpTree;
using test::PutFile;

namespace {

using Tree = std::map<std::string, std::string>;

std::set<Tree> ImagesOf(const CrashFileSystem& disk) {
  std::set<Tree> images;
  const test::CrashSnapshot snapshot = disk.Snapshot();
  for (std::size_t i = 0; i < snapshot.CountImages(); ++i) {
    images.insert(DumpTree(*snapshot.Image(i)));
  }
  return images;
}

void PutDurable(CrashFileSystem& disk, const std::string& folder, const std::string& name,
                std::string_view text) {
  PutFile(disk, io::Join(folder, name), text);
  (*disk.Open(io::Join(folder, name), OpenMode::kReadWrite))->Sync().OrDie();
  disk.SyncDirectory(folder).OrDie();
}

}  // namespace

TEST_CASE("what is synced, bytes and name, is in every image", "[crash]") {
  CrashFileSystem disk;
  disk.MakeDirectory("d").OrDie();
  disk.SyncDirectory("").OrDie();
  PutDurable(disk, "d", "a", "text");
  CHECK(disk.CountImages() == 1);
  CHECK(ImagesOf(disk) == std::set<Tree>{{{"d/", ""}, {"d/a", "text"}}});
}

TEST_CASE("a synced file without a synced name may be gone, a synced name may lack its bytes",
          "[crash]") {
  CrashFileSystem disk;
  PutFile(disk, "a", "text");
  (*disk.Open("a", OpenMode::kReadWrite))->Sync().OrDie();
  CHECK(ImagesOf(disk) == std::set<Tree>{{}, {{"a", "text"}}});
  CrashFileSystem other;
  PutFile(other, "a", "text");
  other.SyncDirectory("").OrDie();
  const std::string zeros(4, '\0');  // the size came, the bytes did not
  CHECK(ImagesOf(other) == std::set<Tree>{{{"a", ""}}, {{"a", "text"}}, {{"a", zeros}}});
}

TEST_CASE("a write tears between sectors and never within one", "[crash]") {
  CrashFileSystem disk;
  PutDurable(disk, "", "a", std::string(1536, '-'));
  const auto file = *disk.Open("a", OpenMode::kReadWrite);
  file->WriteAt(256, base::AsBytes(std::string(1024, 'x'))).OrDie();  // three sectors
  const std::string old_and_new[3][2] = {
      {std::string(512, '-'), std::string(256, '-') + std::string(256, 'x')},
      {std::string(512, '-'), std::string(512, 'x')},
      {std::string(512, '-'), std::string(256, 'x') + std::string(256, '-')}};
  const auto content = [&](int first, int second, int third) {
    return Tree{{"a", old_and_new[0][first] + old_and_new[1][second] + old_and_new[2][third]}};
  };
  CHECK(ImagesOf(disk) == std::set<Tree>{content(0, 0, 0), content(1, 0, 0), content(1, 1, 0),
                                         content(0, 1, 1), content(0, 0, 1), content(1, 1, 1)});
}

TEST_CASE("a later write to the same sector brings the earlier bytes with it", "[crash]") {
  CrashFileSystem disk;
  PutDurable(disk, "", "a", "....");
  const auto file = *disk.Open("a", OpenMode::kReadWrite);
  file->WriteAt(0, base::AsBytes("x")).OrDie();
  file->WriteAt(2, base::AsBytes("y")).OrDie();
  CHECK(ImagesOf(disk) == std::set<Tree>{{{"a", "...."}}, {{"a", "x..."}}, {{"a", "x.y."}}});
}

TEST_CASE("changes of names are independent until their directory is synced", "[crash]") {
  CrashFileSystem disk;
  PutDurable(disk, "", "old", "o");
  PutFile(disk, "a", "");
  PutFile(disk, "b", "");
  disk.RemoveFile("old").OrDie();
  CHECK(ImagesOf(disk).size() == 8);
  disk.SyncDirectory("").OrDie();
  CHECK(ImagesOf(disk) == std::set<Tree>{{{"a", ""}, {"b", ""}}});
}

TEST_CASE("a rename in one directory shows the old name or the new one", "[crash]") {
  CrashFileSystem disk;
  PutDurable(disk, "", "a", "1");
  PutDurable(disk, "", "b", "2");
  disk.Rename("a", "b").OrDie();
  CHECK(ImagesOf(disk) == std::set<Tree>{{{"a", "1"}, {"b", "2"}}, {{"b", "1"}}});
}

TEST_CASE("a rename between directories is decided by the target's sync and never loses the file",
          "[crash]") {
  CrashFileSystem disk;
  disk.MakeDirectory("s").OrDie();
  disk.MakeDirectory("t").OrDie();
  disk.SyncDirectory("").OrDie();
  PutDurable(disk, "s", "a", "1");
  disk.Rename("s/a", "t/a").OrDie();
  const Tree folders = {{"s/", ""}, {"t/", ""}};
  const auto with = [&](std::initializer_list<std::string> paths) {
    Tree tree = folders;
    for (const std::string& path : paths) tree[path] = "1";
    return tree;
  };
  CHECK(ImagesOf(disk) == std::set<Tree>{with({"s/a"}), with({"s/a", "t/a"}), with({"t/a"})});
  SECTION("the target's sync makes the new name durable, the old one may linger") {
    disk.SyncDirectory("t").OrDie();
    CHECK(ImagesOf(disk) == std::set<Tree>{with({"s/a", "t/a"}), with({"t/a"})});
    disk.SyncDirectory("s").OrDie();
    CHECK(ImagesOf(disk) == std::set<Tree>{with({"t/a"})});
  }
  SECTION("the source's sync alone decides nothing but rules out both names") {
    disk.SyncDirectory("s").OrDie();
    CHECK(ImagesOf(disk) == std::set<Tree>{with({"s/a"}), with({"t/a"})});
    disk.SyncDirectory("t").OrDie();
    CHECK(ImagesOf(disk) == std::set<Tree>{with({"t/a"})});
  }
  SECTION("the old name used again does not lose the file") {
    PutFile(disk, "s/a", "2");
    (*disk.Open("s/a", OpenMode::kReadWrite))->Sync().OrDie();
    disk.SyncDirectory("s").OrDie();
    Tree expected = with({"t/a"});
    expected["s/a"] = "2";
    CHECK(ImagesOf(disk) == std::set<Tree>{expected});
  }
}

TEST_CASE("a directory has one name in every image, with what was synced in it", "[crash]") {
  CrashFileSystem disk;
  for (const char* folder : {"tmp", "segments", "tmp/1"}) disk.MakeDirectory(folder).OrDie();
  disk.SyncDirectory("").OrDie();
  disk.SyncDirectory("tmp").OrDie();
  PutDurable(disk, "tmp/1", "a", "x");
  disk.Rename("tmp/1", "segments/1").OrDie();
  const Tree before = {{"tmp/", ""}, {"segments/", ""}, {"tmp/1/", ""}, {"tmp/1/a", "x"}};
  const Tree after = {{"tmp/", ""}, {"segments/", ""}, {"segments/1/", ""}, {"segments/1/a", "x"}};
  CHECK(ImagesOf(disk) == std::set<Tree>{before, after});
  disk.SyncDirectory("segments").OrDie();
  CHECK(ImagesOf(disk) == std::set<Tree>{after});
}

TEST_CASE("above ten pending items the images are chosen, the same for the same seed", "[crash]") {
  const auto run = [](std::uint64_t seed) {
    auto disk = std::make_unique<CrashFileSystem>(seed);
    PutDurable(*disk, "", "a", std::string(8192, '-'));
    const auto file = *disk->Open("a", OpenMode::kReadWrite);
    for (std::uint64_t i = 0; i < 12; ++i) {
      file->WriteAt(i * 512, base::AsBytes(std::string(1024, 'x'))).OrDie();
    }
    return disk;
  };
  const auto one = run(7);
  const auto two = run(7);
  const test::CrashSnapshot snapshot = one->Snapshot();
  CHECK(snapshot.pending_items() == 12);
  CHECK(snapshot.CountImages() == 2 + 12 + 12 + 11 + 12 * 4 + 64);
  for (std::size_t i = 0; i < snapshot.CountImages(); i += 7) {
    CHECK(DumpTree(*snapshot.Image(i)) == DumpTree(*two->Image(i)));
    CHECK_FALSE(snapshot.Explain(i).empty());
  }
  CHECK(ImagesOf(*one) != ImagesOf(*run(8)));
}

TEST_CASE("the hook sees every operation before it happens, and snapshots outlive the disk",
          "[crash]") {
  std::vector<std::uint64_t> numbers;
  std::vector<test::CrashSnapshot> moments;
  {
    CrashFileSystem disk;
    disk.SetHook([&](std::uint64_t number) {
      numbers.push_back(number);
      moments.push_back(disk.Snapshot());
    });
    PutDurable(disk, "", "a", "1");  // create, write, sync, sync directory
    CHECK(disk.operations() == 4);
  }
  CHECK(numbers == std::vector<std::uint64_t>{0, 1, 2, 3});
  CHECK(moments[0].CountImages() == 1);  // nothing
  CHECK(moments[1].CountImages() == 2);  // a name
  CHECK(moments[2].CountImages() == 8);  // a name, a write, a size
  CHECK(moments[3].CountImages() == 2);  // a name
}

TEST_CASE("an image is a disk of its own that can crash again", "[crash]") {
  CrashFileSystem disk;
  PutDurable(disk, "", "a", "1");
  const auto image = disk.Image(0);
  CHECK(image->CountImages() == 1);
  PutFile(*image, "b", "");
  CHECK(ImagesOf(*image) == std::set<Tree>{{{"a", "1"}}, {{"a", "1"}, {"b", ""}}});
  CHECK_FALSE(*disk.Exists("b"));
}

TEST_CASE("a directory whose move is synced is never found where it was made", "[crash]") {
  CrashFileSystem disk;
  disk.MakeDirectory("tmp").OrDie();
  disk.MakeDirectory("kept").OrDie();
  disk.SyncDirectory("").OrDie();
  disk.MakeDirectory("tmp/d").OrDie();  // a name that is never synced
  disk.Rename("tmp/d", "kept/d").OrDie();
  disk.SyncDirectory("kept").OrDie();
  CHECK(ImagesOf(disk) == std::set<Tree>{{{"kept/", ""}, {"kept/d/", ""}, {"tmp/", ""}}});
}
