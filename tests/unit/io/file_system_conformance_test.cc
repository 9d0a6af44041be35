// The fakes are worth something only if they answer as the disk does: the same random calls go to a
// directory on disk and to one in memory, and every answer, every byte and every message must
// agree.
#include <cstdio>
#include <random>

#include "base/format.h"
#include "io/file_system.h"
#include "support/catch.h"
#include "support/crash_file_system.h"
#include "support/dump_tree.h"
#include "support/fault_file_system.h"
#include "support/temp_directory.h"

using namespace vecdb;
using io::OpenMode;

namespace {

// One file system under the sequence, with the files and locks that it has open.
struct Player {
  std::shared_ptr<io::FileSystem> fs;
  std::vector<std::unique_ptr<io::File>> files;
  std::vector<std::unique_ptr<io::FileLock>> locks;

  // The status as text, with the name of the root taken out.
  std::string Text(const Status& status) const {
    if (status.code() == StatusCode::kUnavailable) return "taken";  // names the holder on disk
    std::string text = status.ToString();
    const std::string root = fs->Describe("");
    for (std::size_t at = text.find(root); at != text.npos; at = text.find(root, at)) {
      text.replace(at, root.size(), "~");
    }
    return text;
  }
};

class Sequence {
 public:
  explicit Sequence(std::uint64_t seed) : random_(seed) {}

  // One random call, drawn once, then made on both.
  template <typename Play>
  void Draw(Play play) {
    kind_ = Below(17);
    path_ = Path();
    other_ = Path();
    slot_ = Below(64);
    offset_ = Below(4) == 0 ? Below(5000) : Below(700);
    size_ = Below(3) == 0 ? Below(3000) : Below(100);
    fill_ = static_cast<char>('a' + Below(26));
    play();
  }

  std::string Make(Player& player) const {
    if (kind_ <= 7 || kind_ >= 14) return MakeNameCall(player);
    if (player.files.empty()) return "no file";
    return MakeFileCall(player, *player.files[slot_ % player.files.size()]);
  }

 private:
  std::size_t Below(std::size_t n) { return random_() % n; }

  std::string Path() {
    if (Below(40) == 0) return Below(2) == 0 ? "" : std::string(300, 'n');
    std::string path(1, static_cast<char>('a' + Below(3)));
    while (path.size() < 6 && Below(2) == 0) path += {'/', static_cast<char>('a' + Below(3))};
    return path;
  }

  std::string MakeNameCall(Player& player) const;
  std::string MakeFileCall(Player& player, io::File& file) const;
  std::string MakeLockCall(Player& player) const;

  std::mt19937_64 random_;
  std::size_t kind_ = 0;
  std::string path_;
  std::string other_;
  std::size_t slot_ = 0;
  std::size_t offset_ = 0;
  std::size_t size_ = 0;
  char fill_ = 'a';
};

std::string Sequence::MakeNameCall(Player& player) const {
  io::FileSystem& fs = *player.fs;
  switch (kind_) {
    case 0:
    case 1:
    case 15: {
      const auto mode = kind_ == 0 ? OpenMode::kCreate : static_cast<OpenMode>(slot_ % 2);
      Result<std::unique_ptr<io::File>> file = fs.Open(path_, mode);
      if (file.ok()) player.files.push_back(std::move(*file));
      return player.Text(file.status());
    }
    case 2:
    case 16:
      return player.Text(fs.MakeDirectory(path_));
    case 3:
      return player.Text(fs.Rename(path_, other_));
    case 4:
      return player.Text(fs.RemoveFile(path_));
    case 5:
      return player.Text(fs.RemoveDirectory(path_));
    case 6: {
      const auto entries = fs.List(path_);
      std::string text = player.Text(entries.status());
      if (entries.ok()) {
        for (const auto& entry : *entries) {
          text += base::Format(" {}{}{}", entry.name, entry.is_directory, entry.is_regular);
        }
      }
      return text;
    }
    case 7: {
      const Result<bool> exists = fs.Exists(path_);
      return exists.ok() ? base::Format("{}", *exists) : player.Text(exists.status());
    }
    default:
      return slot_ % 2 == 0 ? player.Text(fs.SyncDirectory(path_)) : MakeLockCall(player);
  }
}

std::string Sequence::MakeLockCall(Player& player) const {
  if (slot_ % 5 == 0) return player.Text(player.fs->RemoveFile("LOCK"));
  if (slot_ % 3 == 0 && !player.locks.empty()) {
    player.locks.erase(player.locks.begin());
    return "released";
  }
  Result<std::unique_ptr<io::FileLock>> lock = player.fs->Lock("LOCK", slot_ % 4 == 1);
  if (lock.ok()) player.locks.push_back(std::move(*lock));
  return player.Text(lock.status());
}

std::string Sequence::MakeFileCall(Player& player, io::File& file) const {
  switch (kind_) {
    case 8:
    case 9:
    case 10:
      return player.Text(file.WriteAt(offset_, base::AsBytes(std::string(size_, fill_))));
    case 11: {
      std::string out(size_, '\0');
      const Status status = file.ReadAt(offset_, std::as_writable_bytes(std::span(out)));
      return status.ok() ? out : player.Text(status);
    }
    case 12: {
      const auto mapping = file.Map();
      return mapping.ok() ? std::string(base::AsText((*mapping)->bytes()))
                          : player.Text(mapping.status());
    }
    default: {
      const Result<std::uint64_t> size = file.Size();
      return player.Text(file.Sync()) + (size.ok() ? std::to_string(*size) : "");
    }
  }
}

std::map<std::string, std::string> DumpWithoutLock(io::FileSystem& fs) {
  auto tree = test::DumpTree(fs);
  tree.erase("LOCK");  // on disk it holds a process id
  return tree;
}

// Plays one sequence on both; the first difference, or nothing.
std::string FirstDifference(std::uint64_t seed, Player a, Player b) {
  Sequence sequence(seed);
  std::string difference;
  for (int call = 0; call < 30 && difference.empty(); ++call) {
    sequence.Draw([&] {
      const std::string from_a = sequence.Make(a);
      const std::string from_b = sequence.Make(b);
      if (from_a != from_b) difference = base::Format("call {}: {} | {}", call, from_a, from_b);
    });
  }
  if (difference.empty() && DumpWithoutLock(*a.fs) != DumpWithoutLock(*b.fs)) {
    difference = "the bytes at the end differ";
  }
  return difference;
}

}  // namespace

TEST_CASE("the memory file system answers every call as the disk does", "[conformance]") {
  constexpr int kSequences = 10'000;
  const test::TempDirectory temp(test::FastFolder());
  int differences = 0;
  for (int i = 0; i < kSequences; ++i) {
    const std::filesystem::path folder = temp / std::to_string(i);
    const auto seed = static_cast<std::uint64_t>(i);
    const std::string difference = FirstDifference(seed, {*io::OpenDirectory(folder, true), {}, {}},
                                                   {io::MakeMemoryFileSystem(), {}, {}});
    std::filesystem::remove_all(folder);
    if (difference.empty()) continue;
    ++differences;
    UNSCOPED_INFO("SEED " << i << ": " << difference);
    if (differences > 5) break;
  }
  std::printf("FIG conformance.sequences=%d differences=%d\n", kSequences, differences);
  CHECK(differences == 0);
}

TEST_CASE("the file systems that fail and crash answer as the memory one while they do neither",
          "[conformance]") {
  int differences = 0;
  for (int i = 0; i < 1'000; ++i) {
    const auto seed = static_cast<std::uint64_t>(i);
    const auto faulty =
        std::make_shared<test::FaultFileSystem>(std::make_shared<test::CrashFileSystem>());
    const std::string difference =
        FirstDifference(seed, {faulty, {}, {}}, {io::MakeMemoryFileSystem(), {}, {}});
    if (difference.empty()) continue;
    ++differences;
    UNSCOPED_INFO("SEED " << i << ": " << difference);
    if (differences > 5) break;
  }
  CHECK(differences == 0);
}
