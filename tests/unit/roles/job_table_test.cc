#include "roles/job_table.h"

#include <thread>

#include "base/status.h"
#include "support/catch.h"

namespace vecdb::roles {
namespace {

const auto kNow = std::chrono::steady_clock::time_point::min();

TEST_CASE("a job waits, runs and ends once", "[jobs]") {
  base::ManualClock clock(5'000);
  JobTable jobs(clock);
  const JobId id = jobs.Add(JobKind::kCompaction, "books");
  CHECK(jobs.WaitFor(id, kNow)->state == JobState::kWaiting);
  clock.Advance(std::chrono::milliseconds(10));
  jobs.Start(id);
  jobs.Progress(id, 0.5, 7, 70);
  jobs.Progress(id, 0.25, 8, 80);
  JobInfo info = *jobs.WaitFor(id, kNow);
  CHECK(info.state == JobState::kRunning);
  CHECK(info.collection == "books");
  CHECK(info.progress == 0.5);  // never falls
  CHECK(info.rows == 8);
  CHECK(info.bytes == 80);
  CHECK(info.started_ms == 5'010);
  CHECK(info.ended_ms == 0);
  clock.Advance(std::chrono::milliseconds(5));
  jobs.Finish(id, Status());
  jobs.Finish(id, base::Internal("too late"));
  info = *jobs.WaitFor(id, std::chrono::steady_clock::time_point::max());
  CHECK(info.state == JobState::kDone);
  CHECK(info.progress == 1);
  CHECK(info.ended_ms == 5'015);
  CHECK(info.error.empty());
  CHECK(jobs.OutcomeOf(id).ok());
}

TEST_CASE("a job that fails says why, one that is cancelled is no failure", "[jobs]") {
  const base::ManualClock clock;
  JobTable jobs(clock);
  const JobId failed = jobs.Add(JobKind::kFlush, "a");
  const JobId cancelled = jobs.Add(JobKind::kCompaction, "b");
  jobs.Finish(failed, base::IoError("the disk is gone"));
  jobs.Finish(cancelled, base::Cancelled("closed"));
  CHECK(jobs.WaitFor(failed, kNow)->state == JobState::kFailed);
  CHECK(jobs.WaitFor(failed, kNow)->error.find("the disk is gone") != std::string::npos);
  CHECK(jobs.OutcomeOf(failed).code() == StatusCode::kIoError);
  CHECK(jobs.WaitFor(cancelled, kNow)->state == JobState::kCancelled);
  CHECK(jobs.WaitFor(99, kNow).status().code() == StatusCode::kNotFound);
}

TEST_CASE("who waits for a job is woken by its end", "[jobs]") {
  const base::ManualClock clock;
  JobTable jobs(clock);
  const JobId id = jobs.Add(JobKind::kFlush, "a");
  std::thread worker([&] { jobs.Finish(id, Status()); });
  CHECK(jobs.WaitFor(id, std::chrono::steady_clock::time_point::max())->state == JobState::kDone);
  worker.join();
}

TEST_CASE("the oldest jobs that ended are forgotten, those that have not never", "[jobs]") {
  const base::ManualClock clock;
  JobTable jobs(clock);
  const JobId waiting = jobs.Add(JobKind::kCompaction, "a");
  JobId last = 0;
  for (int i = 0; i < 1'000; ++i) {
    last = jobs.Add(JobKind::kFlush, "a");
    jobs.Finish(last, Status());
  }
  const std::vector<JobInfo> all = jobs.All();
  CHECK(all.size() <= 256);
  CHECK(all.front().id == waiting);
  CHECK(all.back().id == last);
}

TEST_CASE("a run that is left early ends its job", "[jobs]") {
  const base::ManualClock clock;
  JobTable jobs(clock);
  { const JobRun run(jobs, JobKind::kFlush, "a"); }
  CHECK(jobs.All().back().state == JobState::kFailed);
  JobId id = 0;
  {
    JobRun run(jobs, JobKind::kFlush, "a");
    id = run.Release();
  }
  CHECK(jobs.WaitFor(id, kNow)->state == JobState::kWaiting);
}

}  // namespace
}  // namespace vecdb::roles
