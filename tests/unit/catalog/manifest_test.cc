#include "catalog/limits.h"
#include "catalog_sample.h"
#include "support/catch.h"
#include "support/fault_file_system.h"

using namespace vecdb;
using namespace vecdb_test;
using test::Fault;
using test::FaultFileSystem;
using test::FaultKind;

namespace {

// A segment of `chunks` files; its ids follow from `id`.
catalog::Edit AddWide(std::uint64_t id, std::uint32_t chunks) {
  catalog::SegmentRecord record = SegmentOf(1, id, id * 1'000'000);
  for (std::uint32_t chunk = 1; chunk < chunks; ++chunk) {
    record.columns.push_back(
        {1, chunk, FileOf(id * 1'000'000 + 10 + chunk, io::FileKind::kColumn)});
  }
  return EditOf(catalog::AddSegment{std::move(record)});
}

std::vector<std::string> Manifests(io::FileSystem& fs) {
  std::vector<std::string> names;
  for (const io::DirectoryEntry& entry : *fs.List("")) {
    if (io::ParseManifestName(entry.name)) names.push_back(entry.name);
  }
  return names;
}

std::uint64_t CallsSoFar(const FaultFileSystem& fs) {
  return fs.call_count();
}

// The first call from now on of this type, found by running `work` on a copy of the situation.
std::uint64_t CallOfType(const FaultFileSystem& fs, std::uint64_t from, test::CallType type) {
  const auto calls = fs.calls();
  for (std::uint64_t i = from; i < calls.size(); ++i) {
    if (calls[i].type == type) return i;
  }
  FAIL("no such call");
  return 0;
}

}  // namespace

TEST_CASE("what was committed is there after reopening") {
  const auto fs = io::MakeMemoryFileSystem();
  auto manifest = CreateIn(*fs, EmptyState());
  REQUIRE(manifest->Commit(EverythingEdit()).ok());
  REQUIRE(manifest->Commit(EditOf(catalog::DropSegment{10})).ok());
  CHECK(manifest->state()->segments.size() == 1);
  const std::string expected = TextOf(*manifest->state());
  REQUIRE(manifest->Close().ok());
  CHECK(manifest->Close().ok());
  CHECK(manifest->Commit({}).code() == StatusCode::kFailedPrecondition);

  const auto recovered = catalog::Recover(*fs);
  REQUIRE(recovered.ok());
  CHECK(TextOf(recovered->state) == expected);
  CHECK(recovered->manifest_number == 1);
  CHECK(recovered->report.sealed);
  CHECK(recovered->report.discarded_bytes == 0);

  auto again = BeginIn(*fs, recovered->state, recovered->manifest_number + 1);
  REQUIRE(again.ok());
  CHECK((*again)->number() == 2);
  CHECK(Manifests(*fs) == std::vector{io::ManifestName(2)});
  CHECK(TextOf(catalog::Recover(*fs)->state) == expected);
}

TEST_CASE("an edit that is refused changes nothing and harms nothing") {
  const auto fs = io::MakeMemoryFileSystem();
  auto manifest = CreateIn(*fs, Everything());
  const std::string before = TextOf(*manifest->state());
  CHECK(manifest->Commit(EditOf(catalog::DropSegment{99})).code() == StatusCode::kCorruption);
  CHECK(manifest->Commit(AddWide(99, 500'000)).code() != StatusCode::kOk);
  CHECK(TextOf(*manifest->state()) == before);
  CHECK(manifest->health().ok());
  CHECK(manifest->Commit(EditOf(catalog::DropSegment{10})).ok());
  CHECK(TextOf(catalog::Recover(*fs)->state) == TextOf(*manifest->state()));
}

TEST_CASE("an edit larger than a record may be is refused without a failure") {
  const auto fs = io::MakeMemoryFileSystem();
  catalog::State state = Everything();
  state.next_id = 1'000'000'000;
  auto manifest = CreateIn(*fs, std::move(state));
  CHECK(manifest->Commit(AddWide(99, 500'000)).code() == StatusCode::kInvalidArgument);
  catalog::Edit many;
  many.operations.assign(catalog::kMaxOperations + 1, catalog::LeaseIds{1'000'000'000});
  CHECK(manifest->Commit(many).code() == StatusCode::kInvalidArgument);
  CHECK(manifest->health().ok());
  CHECK(manifest->Commit(AddWide(99, 5)).ok());
  CHECK(catalog::Recover(*fs)->state.segments.count(99) == 1);
}

TEST_CASE("after 1,000 edits another manifest begins and the old one is removed") {
  const auto fs = io::MakeMemoryFileSystem();
  auto manifest = CreateIn(*fs, EmptyState());
  for (std::uint64_t i = 0; i < catalog::kRolloverEdits; ++i) {
    REQUIRE(manifest->Commit(EditOf(catalog::LeaseIds{2 + i})).ok());
  }
  CHECK(manifest->number() == 1);
  REQUIRE(manifest->Commit(EditOf(catalog::LeaseIds{5000})).ok());
  CHECK(manifest->number() == 2);
  CHECK(Manifests(*fs) == std::vector{io::ManifestName(2)});
  REQUIRE(manifest->Commit(EditOf(catalog::LeaseIds{5001})).ok());
  CHECK(manifest->number() == 2);
  const auto recovered = catalog::Recover(*fs);
  REQUIRE(recovered.ok());
  CHECK(recovered->manifest_number == 2);
  CHECK(recovered->state.next_id == 5001);
}

TEST_CASE("after 4 MiB of edits another manifest begins, however large its snapshot") {
  const auto fs = io::MakeMemoryFileSystem();
  catalog::State state = Everything();
  state.next_id = 1'000'000'000;
  auto manifest = CreateIn(*fs, std::move(state));
  for (std::uint64_t id = 60; id < 63; ++id) {  // 2 MiB each
    REQUIRE(manifest->Commit(AddWide(id, 50'000)).ok());
  }
  CHECK(manifest->number() == 1);
  REQUIRE(manifest->Commit(EditOf(catalog::DropSegment{10})).ok());
  CHECK(manifest->number() == 2);
  REQUIRE(manifest->Commit(EditOf(catalog::DropSegment{11})).ok());
  CHECK(manifest->number() == 2);
  CHECK(TextOf(catalog::Recover(*fs)->state) == TextOf(*manifest->state()));
}

TEST_CASE("no id is given twice, not even after reopening without a close") {
  const auto fs = io::MakeMemoryFileSystem();
  auto manifest = CreateIn(*fs, EmptyState());
  std::uint64_t above = 1;
  for (int open = 0; open < 4; ++open) {
    for (const std::uint64_t count : {1U, 1U, 10U, 2000U, 1U, 1024U, 0U, 1U}) {
      const auto first = manifest->NewIds(count);
      REQUIRE(first.ok());
      CHECK(*first >= above);
      above = *first + count;
      CHECK(manifest->state()->next_id >= above);
    }
    const auto recovered = catalog::Recover(*fs);
    REQUIRE(recovered.ok());
    manifest = *BeginIn(*fs, recovered->state, recovered->manifest_number + 1);
  }
  CHECK(manifest->NewIds(~std::uint64_t{0}).status().code() == StatusCode::kInvalidArgument);
  REQUIRE(manifest->Commit(EditOf(catalog::LeaseIds{50'000})).ok());
  CHECK(*manifest->NewIds(5000) >= 50'000);
}

TEST_CASE("litter of a turn cut short is passed over and swept") {
  const auto fs = io::MakeMemoryFileSystem();
  CreateIn(*fs, Everything());
  for (const std::uint64_t number : {2U, 3U}) {
    REQUIRE(fs->Open(io::ManifestName(number), io::OpenMode::kCreate).ok());
  }
  REQUIRE(fs->Open(io::TmpPath("CURRENT"), io::OpenMode::kCreate).ok());
  const auto manifest = BeginIn(*fs, Everything(), 2);
  REQUIRE(manifest.ok());
  CHECK((*manifest)->number() == 4);
  CHECK(Manifests(*fs) == std::vector{io::ManifestName(4)});
  CHECK(TextOf(catalog::Recover(*fs)->state) == TextOf(Everything()));
}

TEST_CASE("after a failed sync nothing more is committed and the first cause is named") {
  const auto memory = io::MakeMemoryFileSystem();
  const auto fs = std::make_shared<FaultFileSystem>(memory);
  auto manifest = CreateIn(*fs, Everything());
  const std::string before = TextOf(*manifest->state());
  const std::uint64_t first = CallsSoFar(*fs);
  REQUIRE(manifest->Commit(EditOf(catalog::LeaseIds{200})).ok());
  const std::uint64_t calls = CallsSoFar(*fs) - first;
  const std::uint64_t sync = CallOfType(*fs, first, test::CallType::kSync) - first;
  fs->Arm({first + calls + sync, FaultKind::kSyncFailsLost, false});
  CHECK(manifest->Commit(EditOf(catalog::DropSegment{10})).code() == StatusCode::kOutcomeUnknown);
  CHECK(fs->fired() == 1);
  CHECK(manifest->state()->segments.count(10) == 1);
  CHECK(manifest->health().code() == StatusCode::kIoError);
  const Status refused = manifest->Commit(EditOf(catalog::DropSegment{11}));
  CHECK(refused.code() == StatusCode::kFailedPrecondition);
  CHECK_THAT(std::string(refused.message()),
             ContainsSubstring(std::string(manifest->health().message())));
  CHECK(manifest->NewIds(1).status().code() == StatusCode::kFailedPrecondition);
  CHECK(manifest->Close().code() == StatusCode::kIoError);
}

TEST_CASE("an edit that finds the log full of a lost group goes into another manifest") {
  for (const FaultKind kind : {FaultKind::kNoSpace, FaultKind::kWriteNone, FaultKind::kWriteHalf,
                               FaultKind::kWriteAllButOne}) {
    const auto fs = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
    auto manifest = CreateIn(*fs, Everything());
    REQUIRE(manifest->Commit(EditOf(catalog::LeaseIds{200})).ok());
    fs->Arm({CallsSoFar(*fs), kind, false});
    REQUIRE(manifest->Commit(EditOf(catalog::DropSegment{10})).ok());
    CHECK(fs->fired() == 1);
    CHECK(manifest->number() == 2);
    CHECK(manifest->health().ok());
    REQUIRE(manifest->Commit(EditOf(catalog::DropSegment{11})).ok());
    CHECK(TextOf(catalog::Recover(*fs)->state) == TextOf(*manifest->state()));
  }
}

TEST_CASE("a full disk refuses edits, loses none, and lets them in when it has room again") {
  const auto fs = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
  auto manifest = CreateIn(*fs, Everything());
  REQUIRE(manifest->Commit(EditOf(catalog::LeaseIds{200})).ok());
  const std::string before = TextOf(*manifest->state());
  fs->Arm({CallsSoFar(*fs), FaultKind::kWriteHalf, true});
  for (int i = 0; i < 3; ++i) {
    CHECK(manifest->Commit(EditOf(catalog::DropSegment{10})).code() ==
          StatusCode::kResourceExhausted);
    CHECK(TextOf(*manifest->state()) == before);
    CHECK(manifest->health().ok());
    const auto recovered = catalog::Recover(*fs);
    REQUIRE(recovered.ok());
    CHECK(TextOf(recovered->state) == before);
    CHECK(recovered->manifest_number == 1);
    CHECK(Manifests(*fs).size() == 1);
  }
  fs->Disarm();
  REQUIRE(manifest->Commit(EditOf(catalog::DropSegment{11})).ok());
  CHECK(manifest->number() > 1);
  REQUIRE(manifest->Close().ok());
  CHECK(TextOf(catalog::Recover(*fs)->state) == TextOf(*manifest->state()));
}

namespace {

// Creates, commits, reopens, commits. Stops at the first failure.
struct Workload {
  std::vector<std::string> known;  // states that were acknowledged, in order
  std::vector<std::string> tried;  // the states that a failed call may have made, or not
  std::uint64_t refused = 0;

  void Run(io::FileSystem& fs) {
    known.push_back("");
    tried = {TextOf(EmptyState())};
    auto created = BeginIn(fs, EmptyState());
    if (!created.ok() || !catalog::WriteFormat(fs, FormatOf()).ok()) return;
    known.push_back(TextOf((*created)->state().operator*()));
    if (!CommitAll(**created, {EverythingEdit(), EditOf(catalog::DropSegment{10})})) return;
    if (!(*created)->Close().ok()) return;
    const catalog::State state = *(*created)->state();
    auto opened = BeginIn(fs, state, 2);
    if (!opened.ok()) return;
    CommitAll(**opened, {EditOf(catalog::DropAlias{"all"}, catalog::DropCollection{2}),
                         EditOf(catalog::LeaseIds{700})});
  }

  bool CommitAll(catalog::Manifest& manifest, const std::vector<catalog::Edit>& edits) {
    for (const catalog::Edit& edit : edits) {
      tried = {TextOf(*catalog::Apply(*manifest.state(), edit))};
      const Status committed = manifest.Commit(edit);
      if (committed.ok()) {
        known.push_back(tried.front());
        continue;
      }
      if (committed.code() != StatusCode::kOutcomeUnknown) tried.clear();
      return false;
    }
    tried.clear();
    return true;
  }
};

}  // namespace

TEST_CASE("whichever call fails, and however, acknowledged edits are there afterwards") {
  const auto counting = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
  Workload whole;
  whole.Run(*counting);
  REQUIRE(whole.known.size() == 6);
  const auto calls = counting->calls();
  std::uint64_t runs = 0;
  for (std::uint64_t call = 0; call < calls.size(); ++call) {
    for (const FaultKind kind : test::AllFaultKinds()) {
      if (!test::Applies(kind, calls[call].type) || test::IsSilent(kind)) continue;
      if (kind == FaultKind::kSyncFailsLost) continue;  // the crash test's
      for (const bool sticky : {false, true}) {
        const auto fs = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
        fs->Arm({call, kind, sticky});
        Workload workload;
        workload.Run(*fs);
        fs->Disarm();
        const auto recovered = catalog::Recover(*fs);
        INFO("call " << call << ' ' << test::NameOf(calls[call].type) << ' ' << calls[call].path
                     << ' ' << test::NameOf(kind) << ": " << recovered.status().ToString());
        ++runs;
        if (!recovered.ok()) {
          CHECK(recovered.status().code() == StatusCode::kNotFound);
          CHECK(workload.known.size() == 1);
          continue;
        }
        const std::string text = TextOf(recovered->state);
        const bool expected =
            text == workload.known.back() ||
            std::find(workload.tried.begin(), workload.tried.end(), text) != workload.tried.end();
        CHECK(expected);
      }
    }
  }
  CHECK(runs > 300);
}
