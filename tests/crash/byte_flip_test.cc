// Whole databases with damaged files: whatever the damage, every answer is right or an error, or
// the unacknowledged tail of a log is discarded and told. Nothing crashes, nothing hangs.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include "api/check_files.h"
#include "flip_damage.h"
#include "flip_databases.h"
#include "support/seed.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr unsigned kHangSeconds = kSanitized ? 100 : 20;
constexpr std::size_t kFlips = kSanitized ? 60 : 480;  // in each database
// What an unclean stop may take with it when its last proof is damaged.
constexpr std::size_t kTail = 3;

void StopHanging(int) {
  constexpr char kText[] = "a damaged database hangs; the case:\n";
  static_cast<void>(!::write(STDERR_FILENO, kText, sizeof(kText) - 1));
  std::abort();  // Catch2 names the case
}

struct Figures {
  std::uint64_t flips = 0;
  std::uint64_t damages = 0;
  std::uint64_t detected = 0;
  std::uint64_t harmless = 0;
  std::uint64_t reported = 0;
  std::uint64_t wrong = 0;
};

// One damaged database from opening to reopening.
class Visit {
 public:
  Visit(const SampleDatabase& sample, const Damage& damage, LoadMode load)
      : sample_(sample), damage_(damage), load_(load) {
    Files files = sample.files;
    damage.apply(&files);
    fs_ = DiskWith(files);
  }

  void Run() {
    CheckFiles();
    const bool clean_check = !noticed_;
    const Files before = DumpTree(*fs_);
    Open();
    if (!database_) {
      if (clean_check && damage_.flip) Wrong("check found nothing, and it does not open");
      if (WithoutLock(DumpTree(*fs_)) != WithoutLock(before)) Wrong("a failed open wrote");
      return;
    }
    Look first = LookAt(*database_, &sample_.whole());
    Compare(first);
    if (clean_check && damage_.flip && !first.failures.empty()) {
      Wrong("check found nothing, and reading failed: " + first.failures.front());
    }
    Use(first);
    if (wrong_.empty()) ComeBack();
  }

  bool noticed() const { return noticed_; }    // by an error
  bool reported() const { return reported_; }  // by the report of the recovery
  const std::string& wrong() const { return wrong_; }

 private:
  static Files WithoutLock(Files files) {
    files.erase("LOCK");
    return files;
  }

  void Wrong(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }
  void Notice(const Status& status) {
    if (status.ok()) return;
    noticed_ = true;
    if (status.code() == StatusCode::kInternal) Wrong(status.ToString());
  }

  void CheckFiles() {
    const auto report = api::CheckFiles(fs_, /*full=*/true);
    Notice(report.status());
    if (report.ok() && !report->clean()) noticed_ = true;
  }

  void Open() {
    Options options = QuietOptions();
    options.load = load_;
    auto opened = api::DatabaseAccess::Open(
        roles::Environment{fs_, &clock_, SeededRandom(openings_++)}, options);
    Notice(opened.status());
    if (!opened.ok()) return;
    database_.emplace(std::move(*opened));
    const RecoveryReport& report = database_->recovery();
    told_ = report.discarded_bytes != 0;
    if (told_ == report.detail.empty()) Wrong("bytes discarded without a reason");
    if (told_ && report.clean) Wrong("bytes discarded after a clean stop");
    unclean_ = !report.clean;
    reported_ = reported_ || told_;
  }

  // The states that may be there: the last one; before it, those that the damage may have cut off.
  void Compare(const Look& look) {
    for (const std::string& failure : look.failures) {
      noticed_ = true;
      if (failure.rfind("Internal", 0) == 0) Wrong(failure);
    }
    const std::vector<Look>& history = sample_.history;
    for (std::size_t i = history.size(); i-- > 0;) {
      if (!Agrees(look, history[i])) continue;
      state_ = i;
      const std::size_t lost = history.size() - 1 - i;
      if (lost == 0) return;
      if (sample_.closed) return Wrong(base::Format("{} changes are gone", lost));
      // A log that ends early, as if the rest had not been written, cannot say what is missing.
      if (damage_.cut && unclean_) return;
      if (!told_) return Wrong(base::Format("{} changes are gone, and nobody says so", lost));
      if (lost >= kTail)
        return Wrong(base::Format("{} changes are gone; no tail is so long", lost));
      return;
    }
    Wrong("something was read that never was");
  }

  void Use(const Look& look) {
    for (const auto& [name, seen] : look.collections) {
      auto collection = database_->OpenCollection(name);
      const auto inserted = collection->Insert(ProbeFor(*collection));
      Notice(inserted.status());
      if (inserted.ok()) probed_.push_back(name);
    }
    Notice(database_->Flush());
    Notice(database_->Close());
    database_.reset();
    CheckFiles();
  }

  // What was there and what was written since is there after another opening.
  void ComeBack() {
    Open();
    if (!database_) return;
    const Look again = LookAt(*database_, &sample_.whole());
    for (const std::string& failure : again.failures) {
      noticed_ = true;
      if (failure.rfind("Internal", 0) == 0) Wrong(failure);
    }
    const Look& state = sample_.history[state_];
    for (const auto& [name, seen] : again.collections) {
      const auto before = state.collections.find(name);
      if (before == state.collections.end()) return Wrong("a collection came back");
      if (!seen.rows) continue;
      auto expected = *before->second.rows;
      if (std::count(probed_.begin(), probed_.end(), name) != 0) {
        expected[kProbeKey] = sample_.probes.at(name);
      }
      if (*seen.rows != expected) Wrong("rows of '" + name + "' are others after reopening");
    }
    Notice(database_->Close());
  }

  const SampleDatabase& sample_;
  const Damage& damage_;
  const LoadMode load_;
  std::shared_ptr<io::FileSystem> fs_;
  base::ManualClock clock_;
  std::uint64_t openings_ = 77;
  std::optional<Database> database_;
  std::vector<std::string> probed_;
  std::size_t state_ = 0;
  bool noticed_ = false;
  bool told_ = false;
  bool unclean_ = false;
  bool reported_ = false;
  std::string wrong_;
};

void Judge(const SampleDatabase& sample, const Damage& damage, LoadMode load, Figures* figures) {
  ++(damage.flip ? figures->flips : figures->damages);
  INFO(sample.name << ", " << damage.what);
  ::alarm(kHangSeconds);
  Visit visit(sample, damage, load);
  visit.Run();
  ::alarm(0);
  std::string wrong = visit.wrong();
  if (visit.noticed()) {
    ++figures->detected;
  } else if (visit.reported()) {
    ++figures->reported;
  } else {
    ++figures->harmless;
    if (wrong.empty() && damage.flip && !damage.padding) wrong = "nobody noticed";
  }
  if (wrong.empty()) return;
  if (++figures->wrong < 30) FAIL_CHECK(wrong);
}

}  // namespace

TEST_CASE("a database with damaged files answers right or not at all", "[flip]") {
  const std::uint64_t seed = SeedOr(1);
  std::printf("SEED %llu\n", static_cast<unsigned long long>(seed));
  const std::vector<SampleDatabase> samples = MakeSampleDatabases();
  const auto minutes = static_cast<std::size_t>(std::max<std::int64_t>(SoakMinutes().count(), 1));
  Figures figures;
  auto* const before = std::signal(SIGALRM, &StopHanging);
  std::size_t number = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const SampleDatabase& sample = samples[i];
    std::vector<Damage> damages =
        OtherDamage(sample.files, samples[(i + 1) % samples.size()].files);
    const auto flips = Flips(sample.files, kFlips * minutes, seed + i);
    damages.insert(damages.end(), flips.begin(), flips.end());
    for (const Damage& damage : damages) {
      Judge(sample, damage, ++number % 2 == 0 ? LoadMode::kMapped : LoadMode::kResident, &figures);
    }
  }
  std::signal(SIGALRM, before);
  std::printf(
      "FIG flip.db=%llu damages=%llu detected=%llu harmless=%llu reported_tail=%llu wrong=%llu "
      "crash=0 hang=0\n",
      static_cast<unsigned long long>(figures.flips),
      static_cast<unsigned long long>(figures.damages),
      static_cast<unsigned long long>(figures.detected),
      static_cast<unsigned long long>(figures.harmless),
      static_cast<unsigned long long>(figures.reported),
      static_cast<unsigned long long>(figures.wrong));
  CHECK(figures.flips >= (kSanitized ? 400 : 3'000));
  CHECK(figures.wrong == 0);
}
