// Every disk call of a workload fails in every way, once and from then on: each answer is right, or
// a clean error that changed nothing, or an outcome said to be unknown; and the next opening shows
// what was answered (durability.md: G4, G7 and 3.10).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "base/format.h"
#include "support/catch.h"
#include "support/crash_file_system.h"
#include "support/fault_file_system.h"
#include "support/seed.h"
#include "support/workload_runner.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr std::size_t kRuns = kSanitized ? 600 : 6'000;
constexpr std::chrono::seconds kHang{20};

// Where in the code a call comes from, as far as a path tells it.
std::string SiteOf(const CallRecord& call) {
  std::string site = std::string(NameOf(call.type)) + ' ';
  for (const char c : call.path) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) site += c;
    if (digit && site.back() != '#') site += '#';
  }
  return site;
}

std::string TextOf(const Fault& fault, const CallRecord& call) {
  return base::Format("{} {}{}{} at call {} ({} '{}')", NameOf(fault.kind),
                      fault.sticky ? "from then on" : "once", fault.under.empty() ? "" : " in ",
                      fault.under, fault.call, NameOf(call.type), call.path);
}

// "wal/1/" of a log of channel 1; "" of any other file.
std::string ChannelFolder(const std::string& path) {
  const std::size_t end = path.find('/', 4);
  if (!path.starts_with("wal/") || end == std::string::npos) return "";
  return path.substr(0, end + 1);
}

bool Lies(FaultKind kind) {
  return kind == FaultKind::kSyncLies || kind == FaultKind::kDirectorySyncLies;
}

// What one of several disks may be without.
bool IsFull(FaultKind kind) {
  return kind == FaultKind::kNoSpace || kind == FaultKind::kQuota ||
         kind == FaultKind::kWriteNone || kind == FaultKind::kWriteOne ||
         kind == FaultKind::kWriteHalf || kind == FaultKind::kWriteAllButOne;
}

Faults FaultsOf(FaultKind kind) {
  if (Lies(kind)) return Faults::kNone;  // until the power is cut
  const bool damaging = kind == FaultKind::kShortRead || IsSilent(kind);
  return damaging ? Faults::kDamaging : Faults::kFailing;
}

struct Figures {
  std::size_t calls = 0;  // of the longest workload
  std::uint64_t runs = 0;
  std::uint64_t full_channels = 0;  // runs in which one channel of several had no space
  std::uint64_t hangs = 0;
  std::uint64_t wrong = 0;
  std::uint64_t lost = 0;
  std::uint64_t silent = 0;
  std::set<std::string> sites;

  std::set<std::string> told;

  // One failure of a sort is enough to read.
  bool IsNew(const Problem& problem, const Fault& fault) {
    std::string sort = NameOf(fault.kind);
    for (const char c : problem.text.substr(problem.text.find(':') + 1)) {
      if (c < '0' || c > '9') sort += c;
    }
    return told.size() < 40 && told.insert(sort).second;
  }
  std::uint64_t failures() const { return hangs + wrong + lost + silent; }
  void Count(const WorkloadRunner& runner) {
    bool lost_here = false;
    bool wrong_here = false;
    for (const Problem& problem : runner.problems()) {
      const bool loss = problem.kind == ProblemKind::kLost || problem.kind == ProblemKind::kHole;
      (loss ? lost_here : wrong_here) = true;
    }
    wrong += wrong_here ? 1 : 0;
    lost += lost_here ? 1 : 0;
    silent += lost_here && runner.report().discarded_bytes == 0 ? 1 : 0;
  }
};

// The disk and the oracle at one moment.
struct Moment {
  CrashSnapshot disk;
  Oracle oracle;
};

// One run of the workload with one fault.
class FaultRun {
 public:
  FaultRun(const Fault& fault, std::string text, const Options& options, std::uint64_t seed,
           Figures* figures)
      : fault_(fault),
        text_(std::move(text)),
        options_(options),
        random_(seed),
        figures_(figures) {}

  void Run(const Workload& steps) {
    const auto start = std::chrono::steady_clock::now();
    ++figures_->runs;
    RunWithFault(steps);
    for (const Moment& moment : moments_) CutPower(moment);
    if (std::chrono::steady_clock::now() - start < kHang) return;
    ++figures_->hangs;
    FAIL_CHECK(text_ << ": took more than 20 s");
  }

 private:
  void RunWithFault(const Workload& steps) {
    const auto disk = std::make_shared<CrashFileSystem>();
    const auto process = std::make_shared<FaultFileSystem>(
        disk, LossHooks{.lose_file = [&](const std::string& path) { disk->LoseUnsynced(path); }});
    process->SetRecording(false);
    process->Arm(fault_);
    WorkloadRunner runner({.fs = process,
                           .options = options_,
                           .halt = [&] { process->Halt(); },
                           .resume = [&] { process->Resume(); }},
                          Oracle());
    runner.SetFaults(FaultsOf(fault_.kind));
    std::uint64_t wait = 1 + random_() % 40;  // operations between the fault and the power cut
    disk->SetHook([&](std::uint64_t) {
      if (wait == 0 || process->fired() == 0 || --wait != 0) return;
      moments_.push_back({disk->Snapshot(), runner.oracle()});
    });
    runner.Run(steps);
    moments_.push_back({disk->Snapshot(), runner.oracle()});
    process->Disarm();
    runner.Finish();
    Judge(runner, "");
  }

  void CutPower(const Moment& moment) {
    const std::size_t image = random_() % moment.disk.CountImages();
    if (Lies(fault_.kind)) return CheckLyingDisk(moment, image);
    WorkloadRunner runner({.fs = moment.disk.Image(image), .options = options_}, moment.oracle);
    if (runner.Open(Stop::kPowerCut)) runner.Finish();
    Judge(runner, "; then power loss, image " + std::to_string(image));
  }

  // The disk said synced and was not: the database is refused, or shows rows that somebody wrote.
  void CheckLyingDisk(const Moment& moment, std::size_t image) {
    WorkloadRunner runner({.fs = moment.disk.Image(image), .options = options_}, moment.oracle);
    runner.SetFaults(Faults::kLied);
    if (runner.Open(Stop::kPowerCut)) {
      Step upsert{.kind = StepKind::kUpsert, .collection = "plain"};
      upsert.books = {{2, 5'000}, {901, 5'000}};
      const Step read;
      runner.Run({read, upsert, read, Step{.kind = StepKind::kReopen}, read});
    }
    Judge(runner, "; then power loss, image " + std::to_string(image));
  }

  void Judge(const WorkloadRunner& runner, const std::string& more) {
    figures_->Count(runner);
    if (runner.problems().empty() || !figures_->IsNew(runner.problems().front(), fault_)) return;
    FAIL_CHECK(text_ << ": " << runner.problems().front().text << more);
  }

  const Fault fault_;
  const std::string text_;
  const Options& options_;
  std::mt19937_64 random_;
  Figures* const figures_;
  std::vector<Moment> moments_;
};

// Every fault of a workload with these calls, in a random order in which each way to fail at each
// site comes first. With several channels the logs of one may be out of space alone.
std::vector<Fault> FaultsFor(const std::vector<CallRecord>& calls, bool channels,
                             std::uint64_t seed) {
  std::vector<Fault> all;
  for (std::uint64_t i = 0; i < calls.size(); ++i) {
    for (const FaultKind kind : AllFaultKinds()) {
      if (!Applies(kind, calls[i].type)) continue;
      all.push_back({.call = i, .kind = kind});
      all.push_back({.call = i, .kind = kind, .sticky = true});
      if (channels && IsFull(kind)) all.back().under = ChannelFolder(calls[i].path);
    }
  }
  std::shuffle(all.begin(), all.end(), std::mt19937_64(seed));
  std::set<std::tuple<std::string, FaultKind, bool>> seen;
  std::stable_partition(all.begin(), all.end(), [&](const Fault& fault) {
    return seen.emplace(SiteOf(calls[fault.call]), fault.kind, fault.sticky).second;
  });
  return all;
}

std::vector<CallRecord> CallsOf(const Workload& steps, const Options& options) {
  const auto process = std::make_shared<FaultFileSystem>(std::make_shared<CrashFileSystem>());
  WorkloadRunner runner({.fs = process,
                         .options = options,
                         .halt = [&] { process->Halt(); },
                         .resume = [&] { process->Resume(); }},
                        Oracle());
  runner.Run(steps);
  for (const Problem& problem : runner.problems()) FAIL_CHECK("without faults: " << problem.text);
  return process->calls();
}

// "231,ENOSPC,once", "231,ENOSPC,sticky" or "231,ENOSPC,sticky,wal/1/": this fault alone, to look
// at one failure.
std::optional<Fault> OnlyFault() {
  const char* text = std::getenv("VECDB_FAULT");
  if (text == nullptr) return std::nullopt;
  char kind[64] = {};
  char mode[16] = {};
  char under[64] = {};
  unsigned long long call = 0;
  if (std::sscanf(text, "%llu,%63[^,],%15[^,],%63s", &call, kind, mode, under) < 3) {
    return std::nullopt;
  }
  for (const FaultKind one : AllFaultKinds()) {
    if (std::string(NameOf(one)) != kind) continue;
    return Fault{
        .call = call, .kind = one, .sticky = std::string(mode) == "sticky", .under = under};
  }
  return std::nullopt;
}

void Sweep(const Workload& steps, const Options& options, std::size_t runs, std::uint64_t seed,
           Figures* figures) {
  const std::vector<CallRecord> calls = CallsOf(steps, options);
  figures->calls = std::max(figures->calls, calls.size());
  std::vector<Fault> faults = FaultsFor(calls, options.channels > 1, seed);
  if (const auto only = OnlyFault()) faults = {*only};
  faults.resize(std::min(faults.size(), runs));
  for (const Fault& fault : faults) {
    const CallRecord& call = calls.at(fault.call);
    figures->sites.insert(SiteOf(call));
    if (!fault.under.empty()) ++figures->full_channels;
    FaultRun(fault, TextOf(fault, call), options, seed ^ fault.call, figures).Run(steps);
  }
}

}  // namespace

TEST_CASE("every disk call may fail in every way, and no answer is wrong and no write is lost",
          "[fault]") {
  const std::uint64_t seed = SeedOr(1);
  const auto times = std::max<std::int64_t>(SoakMinutes().count(), 1);
  std::printf("SEED %llu\n", static_cast<unsigned long long>(seed));
  Figures figures;
  for (const std::size_t first_shape : {0U, 3U}) {  // each of the six shapes once
    const Workload steps = FixedWorkload(Durability::kEveryWrite, first_shape);
    Sweep(steps, QuietOptions(), kRuns / 2, seed + first_shape, &figures);
  }
  Options two_channels = QuietOptions();
  two_channels.channels = 2;
  two_channels.streaming_nodes = 2;
  Sweep(FixedWorkload(), two_channels, kRuns / 4, seed, &figures);
  for (std::int64_t i = 1; i < times; ++i) {
    const std::uint64_t other = seed + static_cast<std::uint64_t>(i);
    const Options options = i % 2 == 0 ? two_channels : QuietOptions();
    Sweep(RandomWorkload(other, 40), options, kRuns, other, &figures);
  }
  std::printf(
      "FIG fault.calls=%zu kinds=%zu runs=%llu sites=%zu full_channels=%llu crashes=0 hangs=%llu "
      "wrong=%llu lost_acked=%llu silent=%llu\n",
      figures.calls, AllFaultKinds().size(), static_cast<unsigned long long>(figures.runs),
      figures.sites.size(), static_cast<unsigned long long>(figures.full_channels),
      static_cast<unsigned long long>(figures.hangs),
      static_cast<unsigned long long>(figures.wrong), static_cast<unsigned long long>(figures.lost),
      static_cast<unsigned long long>(figures.silent));
  CHECK(figures.failures() == 0);
}
