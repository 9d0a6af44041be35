#include "io/install.h"

#include "base/canary.h"
#include "support/catch.h"
#include "support/crash_file_system.h"
#include "support/dump_tree.h"
#include "support/fault_file_system.h"

using namespace vecdb;
using test::DumpTree;
using test::PutFile;

namespace {

Status Install(io::FileSystem& fs, std::string_view text) {
  return io::InstallFile(fs, base::AsBytes(text), "CURRENT", "CURRENT");
}

// How many crash images of installing a second file show neither the first nor the second one.
std::size_t TornInstalls() {
  test::CrashFileSystem disk;
  disk.MakeDirectory("tmp").OrDie();
  disk.SyncDirectory("").OrDie();
  Install(disk, std::string(1500, 'a')).OrDie();
  std::vector<test::CrashSnapshot> moments;
  disk.SetHook([&](std::uint64_t) { moments.push_back(disk.Snapshot()); });
  Install(disk, std::string(1700, 'b')).OrDie();
  moments.push_back(disk.Snapshot());
  std::size_t torn = 0;
  for (std::size_t m = 0; m < moments.size(); ++m) {
    for (std::size_t i = 0; i < moments[m].CountImages(); ++i) {
      const auto tree = DumpTree(*moments[m].Image(i));
      const auto found = tree.find("CURRENT");
      const bool last = m + 1 == moments.size();
      const bool whole =
          found != tree.end() && (found->second == std::string(1700, 'b') ||
                                  (!last && found->second == std::string(1500, 'a')));
      if (!whole) ++torn;
    }
  }
  return torn;
}

}  // namespace

TEST_CASE("an installed file replaces the one before it and leaves nothing in tmp", "[install]") {
  const auto fs = io::MakeMemoryFileSystem();
  fs->MakeDirectory("tmp").OrDie();
  REQUIRE(Install(*fs, "one").ok());
  REQUIRE(Install(*fs, "two").ok());
  CHECK(DumpTree(*fs) == std::map<std::string, std::string>{{"tmp/", ""}, {"CURRENT", "two"}});
}

TEST_CASE("litter in tmp does not stop an installation", "[install]") {
  const auto fs = io::MakeMemoryFileSystem();
  fs->MakeDirectory("tmp").OrDie();
  PutFile(*fs, "tmp/CURRENT", "longer than what comes");
  REQUIRE(Install(*fs, "one").ok());
  CHECK(DumpTree(*fs).at("CURRENT") == "one");
}

TEST_CASE("a power cut during an installation shows the old file or the new one, whole",
          "[install]") {
  CHECK(TornInstalls() == 0);
}

TEST_CASE("an installation without one of its syncs is caught", "[install][canary]") {
  for (const int canary : {6, 7}) {
    base::SetCanary(canary);
    const std::size_t torn = TornInstalls();
    base::SetCanary(0);
    CHECK(torn > 0);
  }
}

TEST_CASE("whatever call of an installation fails, the file is the old one or the new one",
          "[install]") {
  std::size_t runs = 0;
  const auto prepared = [] {
    const auto fs = io::MakeMemoryFileSystem();
    fs->MakeDirectory("tmp").OrDie();
    PutFile(*fs, "CURRENT", "old");
    return fs;
  };
  test::FaultFileSystem counting(prepared());
  Install(counting, "new").OrDie();
  const std::vector<test::CallRecord> calls = counting.calls();
  for (std::size_t i = 0; i < calls.size(); ++i) {
    for (const test::FaultKind kind : test::AllFaultKinds()) {
      if (!test::Applies(kind, calls[i].type)) continue;
      const auto inner = prepared();
      test::FaultFileSystem faulty(inner);
      faulty.Arm({i, kind, false});
      const Status status = Install(faulty, "new");
      CHECK(faulty.fired() == 1);
      CHECK(status.ok() == test::IsSilent(kind));
      const std::string found = DumpTree(*inner).at("CURRENT");
      CHECK((found == "new" || (found == "old" && !status.ok())));
      faulty.Disarm();
      CHECK(Install(faulty, "third").ok());
      CHECK(DumpTree(*inner).at("CURRENT") == "third");
      ++runs;
    }
  }
  CHECK(runs > 25);
}

TEST_CASE("a whole file is read, and refused when it is longer than expected", "[install]") {
  const auto fs = io::MakeMemoryFileSystem();
  PutFile(*fs, "a", "12345");
  CHECK(base::AsText(*io::ReadWholeFile(*fs, "a", 5)) == "12345");
  CHECK(io::ReadWholeFile(*fs, "a", 4).status().code() == StatusCode::kCorruption);
  CHECK(io::ReadWholeFile(*fs, "b", 4).status().code() == StatusCode::kNotFound);
  PutFile(*fs, "b", "");
  CHECK(io::ReadWholeFile(*fs, "b", 0)->empty());
}

TEST_CASE("a tree is removed with everything in it, and again when it is gone", "[install]") {
  const auto fs = io::MakeMemoryFileSystem();
  std::string path = "t";
  for (int depth = 0; depth < 50; ++depth) {
    fs->MakeDirectory(path).OrDie();
    PutFile(*fs, path + "/file", "x");
    path += "/d";
  }
  PutFile(*fs, "kept", "y");
  CHECK(io::RemoveTree(*fs, "t").ok());
  CHECK(io::RemoveTree(*fs, "t").ok());
  CHECK(io::RemoveTree(*fs, "no/such/folder").ok());
  CHECK(DumpTree(*fs) == std::map<std::string, std::string>{{"kept", "y"}});
  CHECK(io::RemoveTree(*fs, "kept").ok());
  CHECK(DumpTree(*fs).empty());
}
