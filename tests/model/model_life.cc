// What happens to the database as a whole: flushes, time, and ends of all kinds.
#include <algorithm>

#include "base/format.h"
#include "model_run.h"
#include "support/dump_tree.h"

namespace vecdb::test {

using base::Format;

std::string ModelRun::Flush() {
  const bool compact = random_.Chance(40);
  Note((compact ? "compact " : "flush ") + name_);
  const Status flushed = compact ? Open().Compact() : Open().Flush();
  if (!flushed.ok()) return flushed.ToString();
  const auto last = std::find_if(undo_.rbegin(), undo_.rend(), [this](const Undo& undo) {
    return undo.collection == modelled_->number;
  });
  Settle(last.base());  // the log is one: what came before is safe too
  const auto stats = Open().Stats();
  if (!stats.ok()) return stats.status().ToString();
  if (config_.partition_key || modelled_->partitions.size() > 1) return {};
  return stats->growing_segments == config_.shards ? "" : "a flush left rows in memory";
}

std::string ModelRun::FlushAll() {
  Note("flush all");
  if (const Status flushed = (*database_)->Flush(); !flushed.ok()) return flushed.ToString();
  Settle(undo_.end());
  return {};
}

std::string ModelRun::WaitDurable() {
  Timestamp wanted = last_;
  if (!undo_.empty() && random_.Chance(50)) wanted = undo_[random_.Below(undo_.size())].timestamp;
  Note("wait durable");
  if (const Status durable = (*database_)->WaitDurable(wanted); !durable.ok()) {
    return durable.ToString();
  }
  Settle(std::find_if(undo_.begin(), undo_.end(),
                      [wanted](const Undo& undo) { return undo.timestamp > wanted; }));
  return {};
}

std::string ModelRun::Background() {
  const std::chrono::milliseconds passed(random_.Below(random_.Chance(30) ? 4'000 : 120));
  Note(Format("background work, {} ms later", passed.count()));
  database_->clock().Advance(passed);
  const bool ageless = std::all_of(collections_.begin(), collections_.end(), [](const auto& entry) {
    return entry.second.properties.ttl.count() == 0;  // else what expired may come back, or be gone
  });
  if (ageless && random_.Chance(3)) {  // someone sets the wall clock back
    database_->clock().SetWall(database_->clock().WallMilliseconds() - random_.Below(5'000));
  }
  const Status done = (*database_)->RunBackground(std::chrono::seconds(5));
  return done.ok() ? "" : done.ToString();
}

std::string ModelRun::ReadOnlyVisit() {
  database_->options().read_only = true;
  const Status opened = database_->Open();
  if (!opened.ok()) return "a read-only open failed: " + opened.ToString();
  auto wrong = CheckEverything();
  if (wrong.empty() && !collections_.empty()) {
    const std::vector<Key> keys = {MakeKey(config_.shape, 1)};
    Collection first = *(*database_)->OpenCollection(collections_.begin()->first);
    const Status refused = first.Delete(keys).status();
    if (refused.code() != StatusCode::kFailedPrecondition) wrong = "a read-only write succeeded";
  }
  database_->Close();
  database_->options().read_only = false;
  return wrong;
}

std::string ModelRun::Reopen() {
  Note("reopen");
  held_.clear();
  ++figures_->reopens;
  database_->Close();
  undo_.clear();
  if (random_.Chance(25)) {
    if (auto wrong = ReadOnlyVisit(); !wrong.empty()) return wrong;
  }
  if (random_.Chance(20)) {
    database_->options().load = random_.Chance(50) ? LoadMode::kMapped : LoadMode::kResident;
  }
  if (const Status opened = database_->Open(); !opened.ok()) return opened.ToString();
  const RecoveryReport& report = (*database_)->recovery();
  if (!report.clean || report.discarded_bytes != 0) {
    return "after a clean close recovery reports " + report.detail;
  }
  return CheckEverything();
}

std::string ModelRun::Kill() {
  held_.clear();
  if (config_.power_cuts && random_.Chance(60)) return PowerCut();
  Note("kill");
  ++figures_->kills;
  std::shared_ptr<io::FileSystem> copy;
  if (config_.power_cuts) {
    crash_disk_ = std::make_shared<CrashFileSystem>(random_.Next());
    WatchDisk();
    copy = crash_disk_;
  } else {
    copy = io::MakeMemoryFileSystem();
  }
  CopyTree(*database_->fs(), *copy);
  undo_.clear();
  if (const Status opened = database_->ContinueOn(std::move(copy)); !opened.ok()) {
    return opened.ToString();
  }
  return CheckEverything();
}

void ModelRun::WatchDisk() {
  crash_disk_->SetHook([this, disk = crash_disk_.get()](std::uint64_t) {
    if (cut_after_ > 0 && --cut_after_ == 0) cut_.emplace(disk->Snapshot());
  });
}

void ModelRun::Settle(std::deque<Undo>::iterator end) {
  if (!cutting_) undo_.erase(undo_.begin(), end);
}

// Makes a call and keeps the disk as it was somewhere within. What the call wrote may be lost.
std::string ModelRun::CutDuringACall() {
  static const std::vector<Operation> calls = {
      Operation::kInsert,     Operation::kUpsert,     Operation::kDelete,   Operation::kFlush,
      Operation::kFlush,      Operation::kFlushAll,   Operation::kFlushAll, Operation::kBackground,
      Operation::kBackground, Operation::kWaitDurable};
  cutting_ = true;
  cut_after_ = 1 + random_.Below(random_.Chance(50) ? 6 : 150);
  auto wrong = Perform(random_.Pick(calls));
  cut_after_ = 0;
  cutting_ = false;
  return wrong;
}

std::string ModelRun::PowerCut() {
  ++figures_->power_cuts;
  if (random_.Chance(70)) {
    if (auto wrong = CutDuringACall(); !wrong.empty()) return wrong;
  }
  const CrashSnapshot snapshot = cut_ ? std::move(*cut_) : crash_disk_->Snapshot();
  figures_->cuts_within_calls += cut_ ? 1 : 0;
  cut_.reset();
  const std::size_t image = random_.Below(snapshot.CountImages());
  Note(Format("power cut, image {} of {}:\n{}", image, snapshot.CountImages(),
              snapshot.Explain(image)));
  crash_disk_ = snapshot.Image(image);
  WatchDisk();
  if (const Status opened = database_->ContinueOn(crash_disk_); !opened.ok()) {
    return opened.ToString();
  }
  return FindSurvivors();
}

// What was not durable may be lost, the newest first and nothing between.
std::string ModelRun::FindSurvivors() {
  std::string newest = CheckEverything();
  std::string wrong = newest;
  while (!wrong.empty() && !undo_.empty()) {
    const Undo& undo = undo_.back();
    for (auto& [name, modelled] : collections_) {
      if (modelled.number != undo.collection) continue;
      for (auto change = undo.before.rbegin(); change != undo.before.rend(); ++change) {
        Put(&modelled, change->key, change->record, change->home);
      }
    }
    undo_.pop_back();
    wrong = CheckEverything();
  }
  undo_.clear();
  // Times that nothing durable carries may be given again.
  last_ = Timestamp{0};
  last_auto_key_ = 0;
  for (const auto& [name, modelled] : collections_) {
    const auto largest = modelled.table.rbegin();
    if (largest == modelled.table.rend()) continue;
    if (const auto* key = std::get_if<std::int64_t>(&largest->first)) {
      last_auto_key_ = std::max(last_auto_key_, *key);
    }
  }
  return wrong.empty() ? wrong : "no prefix of the writes survived: " + newest;
}

}  // namespace vecdb::test
