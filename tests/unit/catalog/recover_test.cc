#include "catalog/current.h"
#include "catalog_sample.h"
#include "io/install.h"
#include "support/catch.h"
#include "support/crash_file_system.h"
#include "support/dump_tree.h"
#include "support/seed.h"

using namespace vecdb;
using namespace vecdb_test;
using test::CrashFileSystem;

namespace {

base::Bytes Read(io::FileSystem& fs, const std::string& path) {
  return *io::ReadWholeFile(fs, path, std::uint64_t{1} << 30);
}

void Write(io::FileSystem& fs, const std::string& path, std::span<const std::byte> bytes) {
  test::PutFile(fs, path, base::AsText(bytes));
}

// A database closed cleanly (or not) after a few edits.
std::shared_ptr<io::FileSystem> Database(bool close) {
  auto fs = io::MakeMemoryFileSystem();
  for (const char* folder : {"segments", "wal", "wal/0"}) fs->MakeDirectory(folder).OrDie();
  auto manifest = CreateIn(*fs, EmptyState());
  manifest->Commit(EverythingEdit()).OrDie();
  manifest->Commit(EditOf(catalog::DropSegment{10})).OrDie();
  manifest->Commit(EditOf(catalog::LeaseIds{500})).OrDie();
  if (close) manifest->Close().OrDie();
  return fs;
}

const std::string kManifest = io::ManifestName(1);

struct FlipCounts {
  std::uint64_t refused = 0;
  std::uint64_t same = 0;
  std::uint64_t shorter = 0;
  std::uint64_t wrong = 0;
};

FlipCounts FlipEveryByte(io::FileSystem& fs, const std::string& path, const std::string& last_text,
                         const std::string& before_text) {
  FlipCounts counts;
  const base::Bytes bytes = Read(fs, path);
  auto file = *fs.Open(path, io::OpenMode::kReadWrite);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::byte flipped = bytes[at] ^ static_cast<std::byte>(1U << (at % 8));
    file->WriteAt(at, std::span(&flipped, 1)).OrDie();
    const auto recovered = catalog::Recover(fs);
    if (!recovered.ok()) {
      ++(recovered.status().code() == StatusCode::kCorruption ? counts.refused : counts.wrong);
    } else {
      const std::string text = TextOf(recovered->state);
      const bool reported =
          recovered->report.discarded_bytes > 0 && !recovered->report.detail.empty();
      ++(!reported             ? counts.wrong
         : text == last_text   ? counts.same
         : text == before_text ? counts.shorter
                               : counts.wrong);
    }
    file->WriteAt(at, std::span(&bytes[at], 1)).OrDie();
  }
  return counts;
}

}  // namespace

TEST_CASE("CURRENT is one line that no changed byte and no other length can be") {
  const std::string text = catalog::EncodeCurrent(7);
  CHECK(text.substr(0, 30) == "MANIFEST-00000000000000000007 ");
  CHECK(text.size() == 39);
  CHECK(*catalog::DecodeCurrent(base::AsBytes(text)) == 7);
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    CHECK(catalog::DecodeCurrent(base::AsBytes(flipped)).status().code() ==
          StatusCode::kCorruption);
  }
  for (std::size_t size = 0; size < text.size(); ++size) {
    CHECK(!catalog::DecodeCurrent(base::AsBytes(text.substr(0, size))).ok());
  }
  CHECK(!catalog::DecodeCurrent(base::AsBytes(text + "\n")).ok());
}

TEST_CASE("an empty folder is no database") {
  const auto fs = io::MakeMemoryFileSystem();
  CHECK(catalog::Recover(*fs).status().code() == StatusCode::kNotFound);
}

TEST_CASE("any byte flipped after a clean close is refused, or harmless and reported") {
  const auto fs = Database(/*close=*/true);
  const std::string text = TextOf(catalog::Recover(*fs)->state);
  for (const std::string& path : {std::string("FORMAT"), std::string("CURRENT"), kManifest}) {
    const FlipCounts counts = FlipEveryByte(*fs, path, text, text);
    INFO(path << ": refused " << counts.refused << ", harmless " << counts.same);
    CHECK(counts.wrong == 0);
    CHECK(counts.shorter == 0);
    CHECK(counts.refused > 0);
    if (path != kManifest) CHECK(counts.same == 0);
  }
}

TEST_CASE("the manifest cut anywhere is refused or shows what an earlier moment did") {
  const auto fs = Database(/*close=*/true);
  const base::Bytes bytes = Read(*fs, kManifest);
  catalog::State state = EmptyState();
  std::vector<std::string> earlier = {TextOf(state)};
  for (const catalog::Edit& edit :
       {EverythingEdit(), EditOf(catalog::DropSegment{10}), EditOf(catalog::LeaseIds{500})}) {
    state = *catalog::Apply(state, edit);
    earlier.push_back(TextOf(state));
  }
  for (std::size_t size = 0; size < bytes.size(); size += 512) {
    Write(*fs, kManifest, std::span(bytes).first(size));
    const auto recovered = catalog::Recover(*fs);
    CHECK(recovered.ok() == (size >= 3 * 4096));
    if (recovered.ok()) {
      const std::string text = TextOf(recovered->state);
      CHECK(std::find(earlier.begin(), earlier.end(), text) != earlier.end());
    } else {
      CHECK(recovered.status().code() == StatusCode::kCorruption);
    }
  }
}

TEST_CASE("a last edit that is torn is dropped with a report, one before it is corruption") {
  const auto fs = Database(/*close=*/false);
  const auto whole = catalog::Recover(*fs);
  REQUIRE(whole.ok());
  base::Bytes bytes = Read(*fs, kManifest);
  // Behind the header come HEAD, the snapshot, then an edit and a seal three times: pages 3 to 8.
  const auto with_page_gone = [&](std::size_t page) {
    base::Bytes copy = bytes;
    std::fill_n(copy.begin() + static_cast<std::ptrdiff_t>(page * 4096), 600, std::byte{0xEE});
    Write(*fs, kManifest, copy);
    return catalog::Recover(*fs);
  };
  for (std::size_t page = 0; page < 8; ++page) {
    CHECK(with_page_gone(page).status().code() == StatusCode::kCorruption);
  }
  const auto without_seal = with_page_gone(8);
  REQUIRE(without_seal.ok());
  CHECK(TextOf(without_seal->state) == TextOf(whole->state));
  CHECK(without_seal->report.discarded_bytes > 0);

  std::fill(bytes.begin() + 8 * 4096, bytes.end(), std::byte{0});  // the seal never came to disk
  const auto torn = with_page_gone(7);
  REQUIRE(torn.ok());
  CHECK(torn->state.next_id == 100);
  CHECK(torn->report.first_lost_lsn > 0);
  CHECK(torn->report.discarded_bytes > 0);
}

TEST_CASE("a manifest without its snapshot is corruption, even with nothing behind it") {
  const auto fs = io::MakeMemoryFileSystem();
  CreateIn(*fs, EmptyState());
  const base::Bytes bytes = Read(*fs, kManifest);
  for (std::size_t pages = 0; pages < 3; ++pages) {
    Write(*fs, kManifest, std::span(bytes).first(pages * 4096));
    CHECK(catalog::Recover(*fs).status().code() == StatusCode::kCorruption);
  }
  fs->RemoveFile(kManifest).OrDie();
  const Status missing = catalog::Recover(*fs).status();
  CHECK(missing.code() == StatusCode::kCorruption);
  CHECK_THAT(std::string(missing.message()), ContainsSubstring(kManifest));
}

TEST_CASE("an older manifest never stands in for the one that CURRENT names") {
  const auto fs = Database(/*close=*/true);
  const base::Bytes older = Read(*fs, kManifest);
  const auto recovered = catalog::Recover(*fs);
  REQUIRE(recovered.ok());
  auto manifest = *BeginIn(*fs, recovered->state, 2);
  manifest->Commit(EditOf(catalog::DropSegment{11})).OrDie();
  manifest->Close().OrDie();
  Write(*fs, kManifest, older);
  CHECK(catalog::Recover(*fs)->manifest_number == 2);

  const std::string newer = io::ManifestName(2);
  base::Bytes bytes = Read(*fs, newer);
  bytes[5000] ^= std::byte{1};
  Write(*fs, newer, bytes);
  CHECK(catalog::Recover(*fs).status().code() == StatusCode::kCorruption);
  fs->RemoveFile(newer).OrDie();
  CHECK(catalog::Recover(*fs).status().code() == StatusCode::kCorruption);
  Write(*fs, newer, older);
  CHECK(catalog::Recover(*fs).status().code() == StatusCode::kCorruption);
  fs->RemoveFile("CURRENT").OrDie();
  CHECK(catalog::Recover(*fs).status().code() == StatusCode::kCorruption);
}

TEST_CASE("a manifest of another database is refused") {
  const auto fs = Database(/*close=*/true);
  catalog::Format other = FormatOf();
  other.database[9] = std::byte{1};
  catalog::WriteFormat(*fs, other).OrDie();
  const Status refused = catalog::Recover(*fs).status();
  CHECK(refused.code() == StatusCode::kCorruption);
  CHECK_THAT(std::string(refused.message()), ContainsSubstring("another database"));
}

TEST_CASE("a database whose FORMAT is gone is corrupt; a creation cut short is no database") {
  SECTION("with collections") {
    const auto fs = Database(/*close=*/true);
    fs->RemoveFile("FORMAT").OrDie();
    Status gone = catalog::Recover(*fs).status();
    CHECK(gone.code() == StatusCode::kCorruption);
    CHECK_THAT(std::string(gone.message()), ContainsSubstring("FORMAT is missing"));
    fs->RemoveFile("CURRENT").OrDie();
    CHECK(catalog::Recover(*fs).status().code() == StatusCode::kCorruption);
    fs->RemoveFile(kManifest).OrDie();
    CHECK(catalog::Recover(*fs).status().code() == StatusCode::kNotFound);
    fs->MakeDirectory("segments/12").OrDie();
    CHECK(catalog::Recover(*fs).status().code() == StatusCode::kCorruption);
  }
  SECTION("creation cut short") {
    const auto fs = io::MakeMemoryFileSystem();
    for (const char* folder : {"segments", "wal", "wal/0"}) fs->MakeDirectory(folder).OrDie();
    test::PutFile(*fs, io::LogPath(0, 1), "half a head");
    test::PutFile(*fs, io::ManifestName(2), "half a head");
    CHECK(catalog::Recover(*fs).status().code() == StatusCode::kNotFound);
    auto manifest = *BeginIn(*fs, EmptyState());
    CHECK(catalog::Recover(*fs).status().code() == StatusCode::kNotFound);
    const base::Bytes current = Read(*fs, "CURRENT");
    test::PutFile(*fs, "CURRENT", "MANIFEST");
    CHECK(catalog::Recover(*fs).status().code() == StatusCode::kCorruption);
    Write(*fs, "CURRENT", current);
    REQUIRE(BeginIn(*fs, EmptyState()).ok());
    catalog::WriteFormat(*fs, FormatOf()).OrDie();
    CHECK(catalog::Recover(*fs).ok());
  }
  SECTION("with rows in a log") {
    const auto fs = io::MakeMemoryFileSystem();
    for (const char* folder : {"segments", "wal", "wal/0"}) fs->MakeDirectory(folder).OrDie();
    auto log = *io::PageLogWriter::Create(*fs, io::LogPath(0, 1), LogOf(0, 1), 0);
    CHECK(catalog::Recover(*fs).status().code() == StatusCode::kNotFound);
    io::LogRecord record;
    record.type = 2;
    log->AppendGroup(std::span(&record, 1), 1, 0, 0).OrDie();
    CHECK(catalog::Recover(*fs).status().code() == StatusCode::kCorruption);
  }
}

TEST_CASE("recovery writes nothing") {
  const auto fs = Database(/*close=*/false);
  const auto before = test::DumpTree(*fs);
  REQUIRE(catalog::Recover(*fs).ok());
  CHECK(test::DumpTree(*fs) == before);
}

namespace {

// What the workload has been promised, at each of the disk's operations.
struct Moment {
  test::CrashSnapshot disk;
  std::size_t acknowledged = 0;  // how many of the states are known to be durable
};

struct CrashRun {
  std::vector<std::string> states;  // in order; one is tried at a time
  std::vector<Moment> moments;
};

CrashRun RunWithMoments() {
  CrashFileSystem disk;
  CrashRun run;
  std::size_t acknowledged = 0;
  disk.SetHook([&](std::uint64_t) { run.moments.push_back({disk.Snapshot(), acknowledged}); });
  run.states = {TextOf(EmptyState())};
  auto manifest = CreateIn(disk, EmptyState());
  acknowledged = 1;
  const auto commit = [&](const catalog::Edit& edit) {
    run.states.push_back(TextOf(*catalog::Apply(*manifest->state(), edit)));
    manifest->Commit(edit).OrDie();
    acknowledged = run.states.size();
  };
  commit(EverythingEdit());
  commit(EditOf(catalog::DropSegment{10}));
  commit(EditOf(catalog::LeaseIds{500}));
  for (std::uint64_t number = 2; number < 4; ++number) {
    if (number == 2) manifest->Close().OrDie();
    manifest = *BeginIn(disk, *manifest->state(), number);
    commit(EditOf(catalog::LeaseIds{600 * number}));
    commit(EditOf(catalog::SetCheckpoint{0, 20 * number, 40 * number}));
  }
  manifest->Close().OrDie();
  run.moments.push_back({disk.Snapshot(), acknowledged});
  return run;
}

}  // namespace

TEST_CASE("whenever the power goes, every committed edit is there and no other but the last") {
  const CrashRun run = RunWithMoments();
  std::uint64_t images = 0;
  std::uint64_t bad = 0;
  for (const Moment& moment : run.moments) {
    for (std::size_t i = 0; i < moment.disk.CountImages(); i += test::kSanitized ? 5 : 1) {
      const auto image = moment.disk.Image(i);
      ++images;
      const auto recovered = catalog::Recover(*image);
      bool right = false;
      if (!recovered.ok()) {
        right = recovered.status().code() == StatusCode::kNotFound && moment.acknowledged == 0;
      } else {
        const std::string text = TextOf(recovered->state);
        const std::size_t oldest = moment.acknowledged == 0 ? 0 : moment.acknowledged - 1;
        for (std::size_t s = oldest; s < run.states.size() && s <= moment.acknowledged; ++s) {
          right = right || text == run.states[s];
        }
        // What was seen once must go on in another manifest.
        auto again = BeginIn(*image, recovered->state, recovered->manifest_number + 1);
        right = right && again.ok() && TextOf(catalog::Recover(*image)->state) == text;
      }
      if (right) continue;
      ++bad;
      UNSCOPED_INFO(moment.disk.Explain(i) << " -> " << recovered.status().ToString());
    }
  }
  INFO("moments " << run.moments.size() << ", images " << images);
  CHECK(bad == 0);
  CHECK(run.moments.size() > 50);
  CHECK(images > (test::kSanitized ? 100 : 500));
}
