#include <chrono>

#include "commands.h"
#include "interrupt.h"
#include "progress.h"
#include "terminal.h"
#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::chrono::milliseconds kLook{100};

// How it ended, or kCancelled when somebody asked to stop.
Result<JobInfo> Await(const Lease& database, JobId id, Progress* progress) {
  while (true) {
    Result<JobInfo> job = database->WaitForJob(id, kLook);
    if (job.status().code() != StatusCode::kDeadlineExceeded) return job;
    if (Interrupted()) return Status(StatusCode::kCancelled, "interrupted");
    CLI_TRY_ASSIGN(const auto jobs, database->Jobs());
    for (const JobInfo& one : jobs) {
      if (one.id == id) progress->Update(one.progress, one.rows);
    }
  }
}

void PrintSaved(const CollectionStats& before, const CollectionStats& after) {
  Print(Format("{} {} of {} became {} of {}", before.sealed_segments,
               Plural(before.sealed_segments, "segment", "segments"), BytesText(before.disk_bytes),
               after.sealed_segments, BytesText(after.disk_bytes)));
}

Status Compact(const Session& session, const CompactArguments& arguments) {
  CLI_TRY_ASSIGN(Lease database, session.OpenToWrite(arguments.database));
  CLI_TRY_ASSIGN(Collection collection, database->OpenCollection(arguments.collection));
  CLI_TRY(collection.Flush());
  CLI_TRY_ASSIGN(const CollectionStats before, collection.Stats());
  Progress progress(arguments.progress || StderrIsTerminal());
  progress.Start(0, 0);
  CLI_TRY_ASSIGN(const JobId id, collection.StartCompaction({.clustering = arguments.clustering}));
  CLI_TRY_ASSIGN(const JobInfo job, Await(database, id, &progress));
  progress.Clear();
  if (job.state != JobState::kDone) {
    return Status(StatusCode::kInternal,
                  Format("the compaction ended as {}: {}", ToString(job.state), job.error));
  }
  CLI_TRY_ASSIGN(const CollectionStats after, collection.Stats());
  CLI_TRY(database.Close());
  PrintSaved(before, after);
  return Status();
}

}  // namespace

int RunCompact(const Session& session, const CompactArguments& arguments) {
  const InterruptGuard guard;
  const Status status = Compact(session, arguments);
  if (status.code() == StatusCode::kCancelled) {
    Complain(status.message());
    return kExitInterrupted;
  }
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace vecdb::cli
