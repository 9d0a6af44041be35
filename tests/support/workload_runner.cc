#include "support/workload_runner.h"

#include <algorithm>
#include <utility>

#include "base/format.h"

namespace vecdb::test {
namespace {

ProblemKind KindOf(Finding finding) {
  switch (finding) {
    case Finding::kFine:
      break;
    case Finding::kLost:
      return ProblemKind::kLost;
    case Finding::kResurrected:
      return ProblemKind::kResurrected;
    case Finding::kHole:
      return ProblemKind::kHole;
  }
  return ProblemKind::kWrong;
}

// A directory in which names stand that nobody knows.
bool IsRefusal(const Status& status) {
  return status.code() == StatusCode::kInvalidArgument &&
         status.message().find("is not empty") != std::string_view::npos;
}

// Whose vector is searched; no workload writes it.
constexpr Book kSought{-7, 3};

}  // namespace

WorkloadRunner::WorkloadRunner(RunnerSetup setup, Oracle oracle)
    : setup_(std::move(setup)),
      oracle_(std::move(oracle)),
      clock_(setup_.wall_ms),
      random_(SeededRandom(setup_.wall_ms ^ 0x5eed)) {
}

WorkloadRunner::~WorkloadRunner() = default;

void WorkloadRunner::Add(ProblemKind kind, std::string text) {
  problems_.push_back({kind, at_ + ": " + std::move(text)});
}

void WorkloadRunner::AddVerdict(const std::string& name, const Verdict& verdict) {
  if (verdict.finding == Finding::kFine) return;
  Add(KindOf(verdict.finding), base::Format("'{}': {}; {} bytes discarded: {}", name, verdict.text,
                                            report_.discarded_bytes, report_.detail));
}

// ---- opening ----------------------------------------------------------------------------

bool WorkloadRunner::Open(Stop stop) {
  stop_ = stop;
  Options options = setup_.options;
  // Sealed files are read both ways, in turn.
  options.load = openings_++ % 2 == 0 ? LoadMode::kMapped : LoadMode::kResident;
  auto opened = api::DatabaseAccess::Open(roles::Environment{.fs = setup_.fs,
                                                             .clock = &clock_,
                                                             .random = random_,
                                                             .log_bytes = setup_.log_bytes,
                                                             .least_indexed_rows = 1},
                                          options);
  if (!opened.ok()) {
    if (faults_ == Faults::kNone) {
      Add(ProblemKind::kUnopenable, opened.status().ToString());
    } else if (!MayFailWith(opened.status().code()) &&
               !(faults_ == Faults::kDamaging && IsRefusal(opened.status()))) {
      Add(ProblemKind::kWrong, "opening failed with " + opened.status().ToString());
    }
    return false;
  }
  database_.emplace(std::move(*opened));
  report_ = database_->recovery();
  unobserved_ = oracle_.names();
  CheckReport();
  CheckNames();
  ObserveAll();
  return true;
}

// G6: what was thrown away is told, and nothing else.
void WorkloadRunner::CheckReport() {
  const bool discarded = report_.discarded_bytes != 0;
  if (discarded == report_.detail.empty()) {
    Add(ProblemKind::kReport, base::Format("{} bytes discarded, and the reason is '{}'",
                                           report_.discarded_bytes, report_.detail));
  }
  if (discarded && report_.clean) Add(ProblemKind::kReport, "a clean stop with a torn log");
  if (report_.first_lost_lsn != 0 && !discarded) {
    Add(ProblemKind::kReport, "a record is named as lost, but no byte was discarded");
  }
}

void WorkloadRunner::CheckNames() {
  const auto listed = database_->ListCollections();
  if (!listed.ok()) {
    Add(ProblemKind::kWrong, "listing failed: " + listed.status().ToString());
    return;
  }
  const std::set<std::string> known = oracle_.names();
  for (const std::string& name : *listed) {
    if (known.count(name) == 0) Add(ProblemKind::kResurrected, "nobody made '" + name + "'");
  }
}

void WorkloadRunner::ObserveAll() {
  std::set<std::string> left;
  for (const std::string& name : unobserved_) {
    if (!Observe(name)) left.insert(name);
  }
  unobserved_ = std::move(left);
}

// The first look after an opening decides what is there from now on.
bool WorkloadRunner::Observe(const std::string& name) {
  const Result<Contents> found = Read(name);
  if (!found.ok()) return false;
  if (faults_ != Faults::kLied) {
    AddVerdict(name, oracle_.JudgeReopened(name, *found, stop_));
  } else if (!oracle_.EverSent(name, *found)) {
    Add(ProblemKind::kResurrected, base::Format("'{}' has rows that nobody wrote", name));
  }
  oracle_.Settle(name, *found);
  return true;
}

Result<Contents> WorkloadRunner::Read(const std::string& name) {
  const Result<Collection> collection = database_->OpenCollection(name);
  if (collection.status().code() == StatusCode::kNotFound) return Contents();
  Result<Books> books =
      collection.ok() ? ReadRows(*collection) : Result<Books>(collection.status());
  if (books.ok()) return Contents(std::move(*books));
  if (!MayFailWith(books.status().code())) {
    Add(ProblemKind::kWrong,
        base::Format("reading '{}' failed: {}", name, books.status().ToString()));
  }
  return books.status();
}

// ---- the running database ---------------------------------------------------------------

bool WorkloadRunner::MayFailWith(StatusCode code) const {
  if (faults_ == Faults::kNone) return false;
  if (code == StatusCode::kCorruption) {
    return faults_ == Faults::kDamaging || faults_ == Faults::kLied;
  }
  // Even FORMAT may be gone then, and what is left looks like no database of ours.
  if (code == StatusCode::kInvalidArgument) return faults_ == Faults::kLied;
  return code == StatusCode::kIoError || code == StatusCode::kResourceExhausted;
}

void WorkloadRunner::CheckLive() {
  for (const std::string& name : oracle_.names()) {
    if (unobserved_.count(name) != 0) continue;
    const Result<Contents> found = Read(name);
    if (!found.ok()) continue;
    const Verdict verdict = oracle_.JudgeLive(name, *found);
    AddVerdict(name, verdict);
    if (verdict.finding != Finding::kFine || !*found) continue;
    CheckSearch(name, *database_->OpenCollection(name), **found);
  }
}

// Count, Search and Get agree with the rows.
void WorkloadRunner::CheckSearch(const std::string& name, const Collection& collection,
                                 const Books& books) {
  const auto wrong = [&](const Status& status, bool same, const char* what) {
    if (status.ok() ? same : MayFailWith(status.code())) return;
    Add(ProblemKind::kWrong,
        base::Format("{} of '{}' is wrong: {}", what, name, status.ToString()));
  };
  const auto count = collection.Count();
  wrong(count.status(), count.ok() && *count == books.size(), "the count");

  const Schema& schema = collection.schema();
  const auto searched =
      CheckSearchFor(collection, VectorOf(schema, kSought), VectorsOf(schema, books), 5);
  wrong(searched.status(), searched.ok() && searched->empty(), "a search");

  const std::vector<Key> keys = {Key(std::int64_t{1}), Key(std::int64_t{9}), Key(std::int64_t{40})};
  const auto expected =
      static_cast<std::size_t>(std::count_if(keys.begin(), keys.end(), [&](const Key& key) {
        return books.count(std::get<std::int64_t>(key)) != 0;
      }));
  const auto got = collection.Get(keys, {});
  wrong(got.status(), got.ok() && got->rows.size() == expected, "a get");
}

void WorkloadRunner::Change(const Step& step) {
  if (unobserved_.count(step.collection) != 0) return;  // nobody can say what it would do
  const StatusCode expected = oracle_.Expected(step);
  const bool stopped = oracle_.Undecided();
  oracle_.Sent(step);
  const Status status = Perform(*database_, step, clock_);
  oracle_.Answered(step, status);
  if (stopped && status.ok() && step.changes()) {
    Add(ProblemKind::kWrong, "a write was taken after one whose outcome is unknown");
  }
  CheckAnswer(step, expected, status);
}

void WorkloadRunner::CheckAnswer(const Step& step, StatusCode expected, const Status& status) {
  const StatusCode code = status.code();
  if (code == expected || MayFailWith(code)) return;
  const bool may_stop = faults_ != Faults::kNone || !database_->Health().ok();
  const bool stopped =
      code == StatusCode::kFailedPrecondition || code == StatusCode::kOutcomeUnknown;
  if (may_stop && stopped) {
    if (!database_->Health().ok()) return;
    Add(ProblemKind::kWrong, "the database is healthy after " + status.ToString());
    return;
  }
  // The last word of a step that does the due work is the health.
  if (may_stop && step.kind == StepKind::kBackground && !database_->Health().ok()) return;
  Add(ProblemKind::kWrong,
      base::Format("answered {}; expected code {}", status.ToString(), static_cast<int>(expected)));
}

void WorkloadRunner::Shut(StepKind how) {
  if (!database_) return;
  if (how == StepKind::kKill && setup_.halt) {
    setup_.halt();
    database_.reset();
    setup_.resume();
    return;
  }
  const bool healthy = database_->Health().ok();
  const Status closed = database_->Close();
  if (!closed.ok() && healthy && faults_ == Faults::kNone) {
    Add(ProblemKind::kWrong, "closing failed: " + closed.ToString());
  }
  if (closed.ok() && unobserved_.empty()) oracle_.Answered(Step{.kind = StepKind::kReopen}, closed);
  database_.reset();
}

void WorkloadRunner::RunStep(const Step& step) {
  if (step.kind == StepKind::kReopen || step.kind == StepKind::kKill) {
    Shut(step.kind);
    Open(Stop::kProcessEnd);
    return;
  }
  if (!database_ && !Open(Stop::kProcessEnd)) return;
  ObserveAll();
  if (step.kind == StepKind::kRead) {
    CheckLive();
  } else {
    Change(step);
  }
}

void WorkloadRunner::Run(const Workload& steps) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    at_ = base::Format("step {} ({})", i, Describe(steps[i]));
    RunStep(steps[i]);
  }
}

// ---- the end ----------------------------------------------------------------------------

// Writes that every healthy database takes.
void WorkloadRunner::Probe() {
  std::int64_t version = 1'000 + static_cast<std::int64_t>(openings_) * 10;
  for (const std::string& name : oracle_.names()) {
    if (!oracle_.Visible(name)) continue;
    at_ = "probe of '" + name + "'";
    Step step{.kind = StepKind::kUpsert, .collection = name};
    for (const std::int64_t id : {2, 8, 900}) step.books.push_back({id, version});
    Change(step);
    Change(Step{.kind = StepKind::kDelete, .collection = name, .deleted = {1, 5, 900}});
    if (version++ % 2 == 0) Change(Step{.kind = StepKind::kFlush, .collection = name});
  }
}

void WorkloadRunner::Finish() {
  // What was mapped stays as it was read until it is opened anew.
  if (faults_ == Faults::kFailing) faults_ = Faults::kNone;
  at_ = "finish";
  if (!database_ && !Open(stop_)) return;
  ObserveAll();
  if (database_->Health().ok()) {
    Probe();
    at_ = "flush at the end";
    Change(Step{.kind = StepKind::kFlushAll});
  }
  at_ = "finish";
  CheckLive();
  Shut(StepKind::kReopen);
  faults_ = Faults::kNone;
  at_ = "reopened at the end";
  if (!Open(Stop::kProcessEnd)) return;
  Probe();
  at_ = "end";
  Shut(StepKind::kReopen);
  at_ = "opened once more";
  if (!Open(Stop::kProcessEnd)) return;
  CheckLive();
  Shut(StepKind::kReopen);
}

}  // namespace vecdb::test
