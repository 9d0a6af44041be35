// Runs a workload on a disk that may fail, and compares every answer with the oracle's. What is not
// as it must be is written down as a Problem; the run goes on.
//
//   WorkloadRunner runner({.fs = disk}, Oracle());
//   runner.Run(FixedWorkload());
//   runner.Finish();
//   CHECK(runner.problems().empty());
//
// A power cut: open what is left of the disk with a copy of the oracle of that moment.
//
//   WorkloadRunner after({.fs = image}, runner.oracle());
//   after.Open(Stop::kPowerCut);
//   after.Finish();
//
// Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/oracle.h"

namespace vecdb::test {

enum class ProblemKind {
  kWrong,        // an answer that is none of those allowed
  kLost,         // an answered write is gone
  kResurrected,  // a row is there that must not be
  kHole,         // part of a write is gone
  kUnopenable,   // the database does not open, though the disk is as it may be
  kReport,       // the recovery report does not fit what happened
};

struct Problem {
  ProblemKind kind = ProblemKind::kWrong;
  std::string text = {};
};

struct RunnerSetup {
  std::shared_ptr<io::FileSystem> fs;
  Options options = QuietOptions();
  std::uint64_t log_bytes = 20'000;           // rotate often
  std::uint64_t wall_ms = 1'700'000'000'000;  // where the clock on the wall stands
  // Around the end of the process in kKill: from `halt` on nothing reaches the disk. Without them a
  // kill is a close.
  std::function<void()> halt = {};
  std::function<void()> resume = {};
};

// What a run may meet.
enum class Faults {
  kNone,
  kFailing,   // calls fail and say so
  kDamaging,  // what is read is not always what was written: kCorruption is an answer too
  kLied,      // the disk lost what it said was synced: kCorruption, or rows that were sent once
};

class WorkloadRunner {
 public:
  WorkloadRunner(RunnerSetup setup, Oracle oracle);
  ~WorkloadRunner();

  void SetFaults(Faults faults) { faults_ = faults; }

  // Opens and compares with what may be there after this stop. False when it does not open.
  bool Open(Stop stop);
  // Opens if need be; a failed Open is tried again before the next step.
  void Run(const Workload& steps);
  // With faults gone: the database answers right, and unless it stopped for good (fail-stop) it
  // takes a write and a flush; it closes, opens, takes writes and shows them after another opening.
  void Finish();

  const Oracle& oracle() const { return oracle_; }
  const std::vector<Problem>& problems() const { return problems_; }
  // Of the last opening.
  const RecoveryReport& report() const { return report_; }

 private:
  void RunStep(const Step& step);
  void Change(const Step& step);
  void CheckAnswer(const Step& step, StatusCode expected, const Status& status);
  bool MayFailWith(StatusCode code) const;
  void Shut(StepKind how);
  void ObserveAll();
  bool Observe(const std::string& name);
  void CheckLive();
  void CheckNames();
  void CheckSearch(const std::string& name, const Collection& collection, const Books& books);
  void CheckReport();
  Result<Contents> Read(const std::string& name);
  void Probe();
  void Add(ProblemKind kind, std::string text);
  void AddVerdict(const std::string& name, const Verdict& verdict);

  const RunnerSetup setup_;
  Oracle oracle_;
  Faults faults_ = Faults::kNone;
  base::ManualClock clock_;
  const std::function<std::uint64_t()> random_;
  std::optional<Database> database_;
  std::set<std::string> unobserved_;  // since the last opening
  Stop stop_ = Stop::kProcessEnd;     // before that
  std::string at_ = "start";
  RecoveryReport report_;
  std::uint64_t openings_ = 0;
  std::vector<Problem> problems_;
};

}  // namespace vecdb::test
