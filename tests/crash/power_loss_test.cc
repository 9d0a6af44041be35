// The power goes at every operation of a workload: every disk that may be left opens, holds every
// answered write and no half of another, and goes on working (durability.md: G1 to G4 and G6).
#include <algorithm>
#include <cstdio>
#include <random>

#include "support/catch.h"
#include "support/crash_file_system.h"
#include "support/fault_file_system.h"
#include "support/seed.h"
#include "support/workload_runner.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr std::uint64_t kWall = 1'700'000'000'000;
constexpr std::uint64_t kHour = 3'600'000;

// The disk before one operation, and what it may hold from then on.
struct Point {
  CrashSnapshot snapshot;
  Oracle oracle;
};

struct Figures {
  std::uint64_t points = 0;
  std::uint64_t images = 0;
  std::uint64_t nested = 0;
  std::size_t max_pending = 0;
  std::uint64_t lost = 0;
  std::uint64_t resurrected = 0;
  std::uint64_t holes = 0;
  std::uint64_t unopenable = 0;
  std::uint64_t reports = 0;
  std::uint64_t wrong = 0;

  void Count(const std::vector<Problem>& problems) {
    std::set<ProblemKind> kinds;
    for (const Problem& problem : problems) kinds.insert(problem.kind);
    lost += kinds.count(ProblemKind::kLost);
    resurrected += kinds.count(ProblemKind::kResurrected);
    holes += kinds.count(ProblemKind::kHole);
    unopenable += kinds.count(ProblemKind::kUnopenable);
    reports += kinds.count(ProblemKind::kReport);
    wrong += kinds.count(ProblemKind::kWrong);
  }
  std::uint64_t failures() const {
    return lost + resurrected + holes + unopenable + reports + wrong;
  }
};

// One workload on a disk that remembers every moment of it.
std::vector<Point> PointsOf(const Workload& steps, const Options& options, std::uint64_t seed) {
  std::vector<Point> points;
  const auto disk = std::make_shared<CrashFileSystem>(seed);
  const auto process = std::make_shared<FaultFileSystem>(disk);
  process->SetRecording(false);
  WorkloadRunner runner({.fs = process,
                         .options = options,
                         .halt = [&] { process->Halt(); },
                         .resume = [&] { process->Resume(); }},
                        Oracle());
  const auto remember = [&] { points.push_back({disk->Snapshot(), runner.oracle()}); };
  disk->SetHook([&](std::uint64_t) { remember(); });
  runner.Run(steps);
  for (const Problem& problem : runner.problems()) FAIL_CHECK("without a cut: " << problem.text);
  remember();
  return points;
}

// The image on which everything arrived: what the end of the process leaves.
std::size_t WholeImage(const CrashSnapshot& snapshot) {
  const std::size_t items = snapshot.pending_items();
  return items <= 10 ? (std::size_t{1} << items) - 1 : 1;
}

// Nothing, everything, and as many others as may be.
std::vector<std::size_t> PickImages(const CrashSnapshot& snapshot, std::size_t limit,
                                    std::mt19937_64& random) {
  const std::size_t count = snapshot.CountImages();
  std::set<std::size_t> picked = {0, WholeImage(snapshot)};
  if (count <= limit) {
    for (std::size_t i = 0; i < count; ++i) picked.insert(i);
  }
  while (picked.size() < std::min(limit, count)) picked.insert(random() % count);
  return {picked.begin(), picked.end()};
}

class PowerLoss {
 public:
  PowerLoss(std::string name, const Options& options, std::uint64_t seed)
      : name_(std::move(name)), options_(options), random_(seed) {}

  // Checks up to `limit` images of each point, and `nested` times a cut during recovery.
  void Run(const std::vector<Point>& points, std::size_t limit, std::size_t nested,
           Figures* figures) {
    figures_ = figures;
    std::vector<std::pair<std::size_t, std::size_t>> all;
    for (std::size_t p = 0; p < points.size(); ++p) {
      ++figures_->points;
      figures_->max_pending = std::max(figures_->max_pending, points[p].snapshot.pending_items());
      for (const std::size_t image : PickImages(points[p].snapshot, limit, random_)) {
        all.emplace_back(p, image);
        CheckImage(points[p], p, image);
      }
    }
    std::size_t done = 0;
    while (done < nested && figures_->failures() < 20) {
      const auto [p, image] = all[random_() % all.size()];
      done += CutRecovery(points[p], p, image);
    }
  }

 private:
  void CheckImage(const Point& point, std::size_t number, std::size_t image) {
    ++figures_->images;
    const bool whole = image == WholeImage(point.snapshot);
    // The clock may have been set back or far forward meanwhile.
    constexpr std::uint64_t kWalls[] = {kWall, kWall - kHour, kWall + kHour,
                                        kWall + 87'600 * kHour};
    WorkloadRunner runner({.fs = point.snapshot.Image(image),
                           .options = options_,
                           .wall_ms = kWalls[random_() % std::size(kWalls)]},
                          point.oracle);
    std::vector<Problem> more;
    if (runner.Open(whole ? Stop::kProcessEnd : Stop::kPowerCut)) {
      if (whole && runner.report().discarded_bytes != 0) {
        more.push_back({ProblemKind::kReport,
                        "bytes discarded, though nothing was torn: " + runner.report().detail});
      }
      runner.Finish();
    }
    more.insert(more.end(), runner.problems().begin(), runner.problems().end());
    Judge(more, number, point.snapshot.Explain(image), "");
  }

  // The power goes again while the database recovers; and once more when it has recovered, so that
  // nothing that was seen may change.
  std::size_t CutRecovery(const Point& point, std::size_t number, std::size_t image) {
    const auto disk = point.snapshot.Image(image);
    std::vector<CrashSnapshot> cuts;
    disk->SetHook([&](std::uint64_t) { cuts.push_back(disk->Snapshot()); });
    WorkloadRunner first({.fs = disk, .options = options_, .wall_ms = kWall + kHour}, point.oracle);
    if (!first.Open(Stop::kPowerCut)) return 0;
    const CrashSnapshot served = disk->Snapshot();
    const std::string what = point.snapshot.Explain(image);
    CheckNested(served, 0, first.oracle(), number, what + ", seen");
    std::size_t done = 1;
    for (int i = 0; i < 8 && !cuts.empty(); ++i) {
      const CrashSnapshot& cut = cuts[random_() % cuts.size()];
      CheckNested(cut, random_() % cut.CountImages(), point.oracle, number, what);
      ++done;
    }
    return done;
  }

  void CheckNested(const CrashSnapshot& cut, std::size_t image, const Oracle& oracle,
                   std::size_t number, const std::string& what) {
    ++figures_->nested;
    WorkloadRunner runner({.fs = cut.Image(image), .options = options_}, oracle);
    if (runner.Open(Stop::kPowerCut)) runner.Finish();
    Judge(runner.problems(), number, what, "; again: " + cut.Explain(image));
  }

  void Judge(const std::vector<Problem>& problems, std::size_t number, const std::string& what,
             const std::string& again) {
    figures_->Count(problems);
    if (problems.empty() || figures_->failures() > 20) return;
    FAIL_CHECK(name_ << ", operation " << number << ": " << problems.front().text
                     << "\n  disk: " << what << again);
  }

  const std::string name_;
  const Options options_;
  std::mt19937_64 random_;
  Figures* figures_ = nullptr;
};

void Print(const Figures& f) {
  std::printf(
      "FIG crashsim.points=%llu images=%llu nested=%llu max_pending=%zu lost_acked=%llu "
      "resurrected=%llu holes=%llu unopenable=%llu report_mismatch=%llu\n",
      static_cast<unsigned long long>(f.points), static_cast<unsigned long long>(f.images),
      static_cast<unsigned long long>(f.nested), f.max_pending,
      static_cast<unsigned long long>(f.lost), static_cast<unsigned long long>(f.resurrected),
      static_cast<unsigned long long>(f.holes), static_cast<unsigned long long>(f.unopenable),
      static_cast<unsigned long long>(f.reports));
}

}  // namespace

TEST_CASE("whatever a power cut leaves opens with every answered write and no half of another",
          "[crashsim]") {
  const std::uint64_t seed = SeedOr(1);
  std::printf("SEED %llu\n", static_cast<unsigned long long>(seed));
  Figures figures;
  Options options = QuietOptions();
  const auto run = [&](const char* name, const Workload& steps, std::size_t limit,
                       std::size_t nested, std::uint64_t salt) {
    PowerLoss(name, options, seed + salt)
        .Run(PointsOf(steps, options, seed + salt), std::max<std::size_t>(limit, 1), nested,
             &figures);
  };
  const auto times = static_cast<std::size_t>(std::max<std::int64_t>(SoakMinutes().count(), 1));
  constexpr std::size_t kShare = kSanitized ? 12 : 1;
  run("every write", FixedWorkload(), 12 * times / kShare, 1'000 * times / kShare, 1);
  run("interval", FixedWorkload(Durability::kInterval, 3), 6 * times / kShare, 400 * times / kShare,
      2);
  run("flush only", FixedWorkload(Durability::kFlushOnly, 1), 6 * times / kShare,
      400 * times / kShare, 3);
  for (std::uint64_t i = 0; i < 2 + (times - 1); ++i) {
    run("random", RandomWorkload(seed + i, 60), kSanitized ? 1 : 5, 150 / kShare, 4 + i);
  }
  options.channels = 2;
  options.streaming_nodes = 2;
  run("two channels", FixedWorkload(), 4 * times / kShare, 300 * times / kShare, 100);
  run("two channels, interval", FixedWorkload(Durability::kInterval), 2 * times / kShare,
      200 * times / kShare, 101);
  Print(figures);
  CHECK(figures.wrong == 0);
  CHECK(figures.failures() == 0);
}
