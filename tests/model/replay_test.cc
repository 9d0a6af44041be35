// What the log says is what was there: at stops of random lives the disk is copied and opened
// again, and every row, living or deleted, must be the one that the running database has.
#include <chrono>
#include <cstdio>

#include "configurations.h"
#include "dump.h"
#include "support/catch.h"
#include "support/dump_tree.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr std::uint64_t kSeed = 20250118;
constexpr int kStops = kSanitized ? 3 : 12;
constexpr int kCallsPerStop = 60;

class Replays {
 public:
  explicit Replays(std::uint64_t seed) : random_(seed) {}

  std::uint64_t runs() const { return runs_; }

  // Opens copies of what the running database has on disk now.
  void Stop(ModelRun* run) {
    CAPTURE(run->Context());
    TestDatabase& live = run->database();
    const std::string places = Dump(live, DumpDepth::kPhysical);
    const std::string rows = Dump(live, DumpDepth::kLogical);
    const auto first = Copy(*live.fs());
    Compare(*first, DumpDepth::kPhysical, places);
    const auto second = Copy(*live.fs());
    Compare(*second, DumpDepth::kPhysical, places);
    {  // what the first replay wrote is replayed again, and survives a clean close
      const auto again = Copy(*first->fs());
      Compare(*again, DumpDepth::kPhysical, places);
      again->Reopen();
      Compare(*again, DumpDepth::kPhysical, places);
    }
    MoveCheckpoint(&*second);
    Compare(*second, DumpDepth::kLogical, rows);
    Compare(*Copy(*second->fs()), DumpDepth::kLogical, rows);
    second->Reopen();
    Compare(*second, DumpDepth::kLogical, rows);
  }

 private:
  std::unique_ptr<TestDatabase> Copy(io::FileSystem& disk) {
    Options options = QuietOptions();
    options.auto_compaction = false;  // deleted rows are compared, too
    return std::make_unique<TestDatabase>(MemoryCopyOf(disk), options, random_.Next());
  }

  void Compare(TestDatabase& database, DumpDepth depth, const std::string& expected) {
    ++runs_;
    const bool same = Dump(database, depth) == expected;
    CAPTURE(runs_, static_cast<int>(depth));
    REQUIRE(same);
  }

  // Flushes one collection, or all, or lets the background work do what is due.
  void MoveCheckpoint(TestDatabase* database) {
    const auto names = *(*database)->ListCollections();
    if (names.empty() || random_.Chance(25)) return (*database)->Flush().OrDie();
    if (random_.Chance(25)) {
      database->clock().Advance(std::chrono::seconds(10));
      return (*database)->RunBackground(std::chrono::seconds(5)).OrDie();
    }
    (*database)->OpenCollection(random_.Pick(names))->Flush().OrDie();
  }

  Random random_;
  std::uint64_t runs_ = 0;
};

}  // namespace

TEST_CASE("a log replayed gives the rows that were there, however often and from where",
          "[replay]") {
  const std::uint64_t seed = SeedOr(kSeed);
  std::printf("replay: SEED=%llu\n", static_cast<unsigned long long>(seed));
  Replays replays(seed);
  RunFigures figures;
  std::uint64_t lives = 0;
  const auto until = std::chrono::steady_clock::now() + SoakMinutes();
  do {
    for (const RunConfig& config : Configurations()) {
      ModelRun run(config, seed + lives++, &figures);
      for (int call = 1; call <= kStops * kCallsPerStop; ++call) {
        const std::string wrong = run.Step();
        if (!wrong.empty()) FAIL(wrong + "\n" + run.Context());
        if (call % kCallsPerStop == 0) replays.Stop(&run);
      }
    }
  } while (std::chrono::steady_clock::now() < until);
  std::printf("FIG replay.runs=%llu diffs=0\n", static_cast<unsigned long long>(replays.runs()));
  CHECK(replays.runs() >= 100);
}
