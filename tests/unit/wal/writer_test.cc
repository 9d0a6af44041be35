#include "wal/writer.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "base/canary.h"
#include "io/layout.h"
#include "support/catch.h"
#include "support/wal_disk.h"
#include "support/wal_writing.h"

namespace {

using namespace vecdb;  // NOLINT
using test::ReplayedLog;
using test::WalDisk;
using test::WalWriting;
using Call = WalDisk::Call;
using Strings = std::vector<std::string>;

std::chrono::steady_clock::time_point Later(const WalWriting& w) {
  return w.clock.Now() + std::chrono::hours(1);
}

bool Mentions(const Status& status, std::string_view words) {
  return status.message().find(words) != std::string_view::npos;
}

}  // namespace

TEST_CASE("what is appended is replayed in order with its places and timestamps", "[writer]") {
  WalDisk disk;
  WalWriting w(disk);
  REQUIRE(w.first_log.ok());
  const auto a = w.Append("a");
  const auto b = w.Append("b", 3);
  REQUIRE(a.ok());
  REQUIRE(b.ok());
  CHECK(a->first_lsn == 1);
  CHECK(a->last_lsn == 1);
  CHECK(b->first_lsn == 2);
  CHECK(b->last_lsn == 4);
  CHECK(a->timestamp < b->timestamp);
  CHECK(w.writer->next_lsn() == 5);
  CHECK(w.writer->durable_lsn() == 0);
  CHECK(w.assigned == std::vector<Timestamp>{a->timestamp, b->timestamp});
  const ReplayedLog found = w.Replay();
  REQUIRE(found.status.ok());
  CHECK(found.payloads == Strings{"a", "b", "b", "b"});
  CHECK(found.lsns == std::vector<Lsn>{1, 2, 3, 4});
  CHECK(found.timestamps[3] == b->timestamp);
  CHECK(found.report.max_ts == base::Raw(b->timestamp));
}

TEST_CASE("a sync makes durable everything up to the record and says so", "[writer]") {
  WalDisk disk;
  WalWriting w(disk);
  int syncs = 0;
  disk.SetHook([&](Call& call) {
    if (call.kind == Call::kSync) ++syncs;
    return Status();
  });
  const auto a = w.Append("a");
  const auto b = w.Append("b");
  CHECK(w.writer->durable_timestamp() == Timestamp{0});
  REQUIRE(w.writer->Sync(a->last_lsn).ok());
  CHECK(w.writer->durable_lsn() == b->last_lsn);
  CHECK(w.writer->durable_timestamp() == b->timestamp);
  CHECK(syncs == 1);
  REQUIRE(w.writer->Sync(b->last_lsn).ok());
  REQUIRE(w.writer->SyncAll().ok());
  CHECK(syncs == 1);
  CHECK(w.writer->Sync(b->last_lsn + 1).code() == StatusCode::kInvalidArgument);
}

TEST_CASE("a power loss keeps every synced write and half of none", "[writer]") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    WalDisk disk;
    WalWriting w(disk, 40000);
    std::mt19937_64 random(seed);
    std::size_t synced = 0;
    Strings written;
    for (int i = 0; i < 30; ++i) {
      const std::string payload(random() % 9000, static_cast<char>('a' + i));
      REQUIRE(w.Append(payload, 2).ok());
      written.push_back(payload);
      written.push_back(payload);
      if (random() % 8 != 0) continue;
      REQUIRE(w.writer->SyncAll().ok());
      synced = written.size();
    }
    disk.PowerLoss(random);
    const ReplayedLog found = w.Replay();
    REQUIRE(found.status.ok());
    REQUIRE(found.payloads.size() >= synced);
    REQUIRE(found.payloads.size() % 2 == 0);
    REQUIRE(std::equal(found.payloads.begin(), found.payloads.end(), written.begin()));
  }
}

TEST_CASE("writes above the limits are refused with the numbers", "[writer]") {
  WalDisk disk;
  WalWriting w(disk);
  const std::string large(io::kMaxRecordBytes, 'x');
  const Status record = w.Append(large).status();
  CHECK(record.code() == StatusCode::kInvalidArgument);
  CHECK(Mentions(record, std::to_string(io::kMaxRecordBytes)));
  CHECK(Mentions(record, std::to_string(large.size() + wal::kMessageHeaderSize)));
  const std::string eight(std::size_t{8} << 20, 'x');
  const Status batch = w.Append(eight, 5).status();
  CHECK(batch.code() == StatusCode::kInvalidArgument);
  CHECK(Mentions(batch, "batch"));
  CHECK(w.writer->Append({}).status().code() == StatusCode::kInvalidArgument);
  CHECK(w.writer->next_lsn() == 1);
  CHECK(w.assigned.empty());
  CHECK(w.Append(eight, 4).ok());
  CHECK(w.Replay().payloads.size() == 4);
}

TEST_CASE("a full log is followed by another whose first record points back", "[writer]") {
  WalDisk disk;
  WalWriting w(disk, 20000);
  std::vector<std::string> order;
  disk.SetHook([&](Call& call) {
    if (call.kind == Call::kCreate) order.push_back("create");
    if (call.kind == Call::kSync) order.push_back("sync " + call.path.substr(call.path.size() - 5));
    if (call.kind == Call::kSyncDirectory) order.push_back("sync " + call.path);
    return Status();
  });
  Strings written;
  for (int i = 0; i < 20; ++i) {
    written.push_back(std::to_string(i));
    REQUIRE(w.Append(written.back()).ok());
  }
  CHECK(w.logs.size() == 5);
  CHECK(order.size() == 12);
  CHECK(Strings(order.begin(), order.begin() + 3) == Strings{"create", "sync 2.wal", "sync wal/2"});
  order.clear();
  REQUIRE(w.writer->SyncAll().ok());  // old logs first
  CHECK(order == Strings{"sync 1.wal", "sync 2.wal", "sync 3.wal", "sync 4.wal", "sync 5.wal"});
  const ReplayedLog found = w.Replay();
  REQUIRE(found.status.ok());
  CHECK(found.payloads == written);
  CHECK(found.report.logs_read == 5);
  CHECK(found.report.last_lsn == 24);
  CHECK(found.lsns.back() == 24);

  SECTION("logs below a checkpoint are named, then forgotten") {
    CHECK(w.writer->LogsBelow(1).empty());
    CHECK(w.writer->LogsBelow(4).empty());
    const auto first = w.writer->LogsBelow(5);
    REQUIRE(first.size() == 1);
    CHECK(first[0] == w.logs[0]);
    CHECK(w.writer->LogsBelow(1000).size() == 4);
    const std::uint64_t before = w.writer->live_bytes();
    REQUIRE(w.writer->Forget(first).ok());
    CHECK(w.writer->live_bytes() == before - 20480);
    CHECK_FALSE(*disk.Exists(io::LogPath(2, 1)));
    w.logs.erase(w.logs.begin());
    CHECK(w.Replay(5).payloads.front() == "4");
    CHECK(w.Replay(4).status.code() == StatusCode::kCorruption);
    REQUIRE(w.writer->Forget(std::vector{w.logs.back()}).ok());  // the current one stays
    CHECK(*disk.Exists(io::LogPath(2, 5)));
  }
  SECTION("a log that the catalog names and nobody finds is corruption") {
    REQUIRE(disk.RemoveFile(io::LogPath(2, 3)).ok());
    CHECK(w.Replay().status.code() == StatusCode::kCorruption);
  }
}

TEST_CASE("names taken by litter are passed over", "[writer]") {
  WalDisk disk;
  REQUIRE(disk.Open(io::LogPath(2, 1), io::OpenMode::kCreate).ok());
  REQUIRE(disk.Open(io::LogPath(2, 2), io::OpenMode::kCreate).ok());
  WalWriting w(disk);
  REQUIRE(w.first_log.ok());
  CHECK(w.logs[0].number == 3);
}

TEST_CASE(
    "a disk that fills up in the middle of a write refuses it, and takes it when there is space",
    "[writer][space]") {
  WalDisk disk;
  WalWriting w(disk);
  REQUIRE(w.Append("before").ok());
  bool full = true;
  int created = 0;
  disk.SetHook([&](Call& call) {
    if (call.kind == Call::kCreate) ++created;
    if (call.kind != Call::kWrite || !full) return Status();
    call.keep = call.size / 2;
    return base::ResourceExhausted("disk full");
  });
  const std::string payload(30000, 'p');
  for (int i = 0; i < 3; ++i) {
    const Status refused = w.Append(payload).status();
    CHECK(refused.code() == StatusCode::kResourceExhausted);
    CHECK(Mentions(refused, "space"));
  }
  CHECK(created == 3);
  CHECK(disk.Names().size() == 1);  // nothing that was begun is left
  CHECK(w.logs.size() == 1);
  CHECK(w.writer->next_lsn() == 2);
  CHECK(w.assigned.size() == 1);
  CHECK(w.writer->health().ok());
  CHECK(w.writer->SyncAll().ok());
  CHECK(w.Replay().payloads == Strings{"before"});
  full = false;
  const auto position = w.Append(payload);
  REQUIRE(position.ok());
  CHECK(position->first_lsn == 3);  // behind the LINK
  CHECK(w.assigned.back() == position->timestamp);
  REQUIRE(w.writer->Sync(position->last_lsn).ok());
  const ReplayedLog found = w.Replay(1, position->last_lsn);
  REQUIRE(found.status.ok());
  CHECK(found.payloads == Strings{"before", payload});
}

TEST_CASE("a write that fails in one log is tried again in another with the same place",
          "[writer][space]") {
  WalDisk disk;
  WalWriting w(disk);
  REQUIRE(w.Append("before").ok());
  for (const std::size_t kept : {std::size_t{0}, std::size_t{4096}, std::size_t{8191}}) {
    CAPTURE(kept);
    const std::string current = io::LogPath(2, w.logs.back().number);
    disk.SetHook([&](Call& call) {
      if (call.kind != Call::kWrite || call.path != current || call.size == 4096) return Status();
      call.keep = kept;
      return base::ResourceExhausted("quota");
    });
    const std::string payload(4100, 'q');
    REQUIRE(w.Append(payload).ok());
    disk.SetHook(nullptr);
  }
  CHECK(w.logs.size() == 4);
  REQUIRE(w.writer->Close().ok());
  const ReplayedLog found = w.Replay();
  REQUIRE(found.status.ok());
  CHECK(found.payloads.size() == 4);
  CHECK(found.report.sealed);
  CHECK(found.report.discarded_bytes == 0);
}

TEST_CASE("a failed sync ends all writing: its writes are unknown, later ones are refused",
          "[writer][failstop]") {
  WalDisk disk;
  WalWriting w(disk);
  const auto durable = w.Append("durable");
  REQUIRE(w.writer->Sync(durable->last_lsn).ok());
  bool broken = true;
  int syncs = 0;
  disk.SetHook([&](Call& call) {
    if (call.kind != Call::kSync) return Status();
    ++syncs;
    return broken ? base::IoError("the disk is gone") : Status();
  });
  const auto a = w.Append("a");
  const auto b = w.Append("b");
  const Status failed = w.writer->Sync(a->last_lsn);
  CHECK(failed.code() == StatusCode::kOutcomeUnknown);
  CHECK(Mentions(failed, "the disk is gone"));
  broken = false;  // a second sync would claim success
  CHECK(w.writer->Sync(b->last_lsn).code() == StatusCode::kOutcomeUnknown);
  CHECK(w.writer->Sync(durable->last_lsn).ok());
  CHECK(syncs == 1);
  for (const Status& later : {w.Append("c").status(), w.writer->SyncAll(), w.writer->Close(),
                              w.writer->SealIfIdle(Later(w))}) {
    CHECK(later.code() == StatusCode::kFailedPrecondition);
    CHECK(Mentions(later, "the disk is gone"));
  }
  CHECK(w.writer->health().code() == StatusCode::kIoError);
  CHECK(w.writer->durable_lsn() == durable->last_lsn);
  CHECK(w.writer->durable_timestamp() == durable->timestamp);
}

TEST_CASE("a write error other than no space ends all writing", "[writer][failstop]") {
  WalDisk disk;
  WalWriting w(disk);
  const auto a = w.Append("a");
  disk.SetHook([&](Call& call) {
    return call.kind == Call::kWrite ? base::IoError("bad sector") : Status();
  });
  CHECK(w.Append("b").status().code() == StatusCode::kOutcomeUnknown);
  disk.SetHook(nullptr);
  CHECK(w.Append("c").status().code() == StatusCode::kFailedPrecondition);
  CHECK(w.writer->Sync(a->last_lsn).code() == StatusCode::kOutcomeUnknown);
  CHECK(w.assigned.size() == 1);
}

TEST_CASE("a rotation that fails refuses the write and leaves the log as it was", "[writer]") {
  WalDisk disk;
  WalWriting w(disk, 8192);
  REQUIRE(w.Append("a").ok());
  SECTION("when the log cannot be announced") {
    w.announce_failure = base::ResourceExhausted("the catalog is full");
    for (int attempt = 0; attempt < 5; ++attempt) {
      CHECK(w.Append("b").status().code() == StatusCode::kResourceExhausted);
    }
    CHECK(disk.List(io::PchannelFolder(2))->size() == 1);  // no attempt leaves a file
    w.announce_failure = base::Unavailable("not now");
    CHECK(w.Append("b").status().code() == StatusCode::kUnavailable);
    w.announce_failure = Status();
  }
  SECTION("when the file cannot be made") {
    disk.SetHook([&](Call& call) {
      return call.kind == Call::kCreate ? base::ResourceExhausted("too many files") : Status();
    });
    CHECK(w.Append("b").status().code() == StatusCode::kResourceExhausted);
    disk.SetHook(nullptr);
  }
  REQUIRE(w.Append("b").ok());
  CHECK(w.Replay().payloads == Strings{"a", "b"});
}

TEST_CASE("a log that is dropped need not wait for the write behind it", "[writer]") {
  WalDisk disk;
  WalWriting w(disk, 1 << 20);
  CHECK(w.writer->RotateFrom(1).ok());
  CHECK(w.logs.size() == 1);  // it has no group
  REQUIRE(w.Append("a").ok());
  CHECK(w.writer->LogsBelow(w.writer->next_lsn()).empty());
  CHECK(w.writer->RotateFrom(1 << 20).ok());
  CHECK(w.logs.size() == 1);  // too small to be worth it
  CHECK(w.writer->RotateFrom(1).ok());
  CHECK(w.writer->RotateFrom(1).ok());
  CHECK(w.logs.size() == 2);
  CHECK(w.writer->LogsBelow(w.writer->next_lsn()).size() == 1);
  CHECK(w.Replay().payloads == Strings{"a"});
  REQUIRE(w.Append("b").ok());
  CHECK(w.Replay().payloads == Strings{"a", "b"});
  CHECK(w.writer->Close().ok());
  CHECK(w.writer->RotateFrom(1).code() == StatusCode::kFailedPrecondition);
}

TEST_CASE("a rotation whose sync fails ends all writing", "[writer][failstop]") {
  for (const auto kind : {Call::kSync, Call::kSyncDirectory}) {
    WalDisk disk;
    WalWriting w(disk, 8192);
    REQUIRE(w.Append("a").ok());
    disk.SetHook([&](Call& call) { return call.kind == kind ? base::IoError("gone") : Status(); });
    CHECK(w.Append("b").status().code() == StatusCode::kFailedPrecondition);
    disk.SetHook(nullptr);
    CHECK(w.Append("c").status().code() == StatusCode::kFailedPrecondition);
    CHECK(w.logs.size() == 1);
  }
}

TEST_CASE("a rotation that finds no descriptor for the folder is refused and forgotten",
          "[writer]") {
  WalDisk disk;
  WalWriting w(disk, 8192);
  REQUIRE(w.Append("a").ok());
  disk.SetHook([&](Call& call) {
    return call.kind == Call::kSyncDirectory ? base::ResourceExhausted("too many files") : Status();
  });
  CHECK(w.Append("b").status().code() == StatusCode::kResourceExhausted);
  CHECK(disk.List(io::PchannelFolder(2))->size() == 1);
  disk.SetHook(nullptr);
  REQUIRE(w.Append("b").ok());
  CHECK(w.Replay().payloads == Strings{"a", "b"});
}

TEST_CASE("recovered groups are copied with the places and timestamps they had", "[writer]") {
  WalDisk old_disk;
  WalWriting old(old_disk, 8192);
  for (int i = 0; i < 5; ++i) REQUIRE(old.Append(std::to_string(i), 2).ok());
  WalDisk disk;
  WalWriting w(disk, 1 << 20, 4, 9);
  CHECK(w.logs[0].number == 9);
  auto report = wal::Replay(old_disk, 2, old.logs, 4, 0, [&](const wal::ReplayedGroup& group) {
    return w.writer->CopyGroup(group.records, group.records.front().lsn, group.header.max_ts);
  });
  REQUIRE(report.ok());
  CHECK(w.writer->CopyGroup({}, 1, 1).code() == StatusCode::kFailedPrecondition);
  REQUIRE(w.writer->SyncAll().ok());
  CHECK(w.writer->durable_lsn() == 14);
  CHECK(w.writer->durable_timestamp() == old.assigned.back());
  const ReplayedLog copied = w.Replay(4, 14);
  const ReplayedLog before = old.Replay(4);
  REQUIRE(copied.status.ok());
  CHECK(copied.payloads == before.payloads);
  CHECK(copied.lsns == before.lsns);
  CHECK(copied.timestamps == before.timestamps);
  w.oracle.AdvancePast(Timestamp{report->max_ts});
  REQUIRE(w.Append("new").ok());
  CHECK(w.writer->CopyGroup({}, 16, 1).code() == StatusCode::kFailedPrecondition);
  CHECK(w.Replay(4).payloads.back() == "new");
}

TEST_CASE("an idle log is sealed once, with what is durable", "[writer][seal]") {
  WalDisk disk;
  WalWriting w(disk);
  const auto size = [&] { return w.writer->live_bytes(); };
  const std::uint64_t empty = size();
  REQUIRE(w.writer->SealIfIdle(Later(w)).ok());  // nothing to seal
  CHECK(size() == empty);
  REQUIRE(w.Append("a").ok());
  REQUIRE(w.writer->SealIfIdle(w.clock.Now() - std::chrono::milliseconds(1)).ok());  // not idle yet
  CHECK(size() == empty + io::kPageSize);
  REQUIRE(w.writer->SyncAll().ok());
  REQUIRE(w.writer->SealIfIdle(w.clock.Now()).ok());
  REQUIRE(w.writer->SealIfIdle(Later(w)).ok());
  CHECK(size() == empty + 2 * io::kPageSize);
  CHECK(w.Replay().report.sealed);
  REQUIRE(w.Append("b").ok());
  CHECK_FALSE(w.Replay().report.sealed);
  CHECK(w.Replay().payloads == Strings{"a", "b"});
}

TEST_CASE("after a clean close every damaged page is refused", "[writer][seal]") {
  WalDisk disk;
  WalWriting w(disk);
  for (int i = 0; i < 4; ++i) REQUIRE(w.Append(std::string(3000, 'z')).ok());
  REQUIRE(w.writer->Close().ok());
  REQUIRE(w.writer->Close().ok());
  CHECK(w.writer->SealIfIdle(Later(w)).ok());
  CHECK(w.Append("late").status().code() == StatusCode::kFailedPrecondition);
  std::mt19937_64 random(1);
  disk.PowerLoss(random);
  CHECK(w.Replay().report.sealed);
  for (std::uint64_t page = 1; page <= 4; ++page) {
    disk.Flip(io::LogPath(2, 1), page * io::kPageSize + 1000, std::byte{4});
    CHECK(w.Replay().status.code() == StatusCode::kCorruption);
    disk.Flip(io::LogPath(2, 1), page * io::kPageSize + 1000, std::byte{4});
  }
}

TEST_CASE("writers at the same time share syncs and keep log order equal to time order",
          "[writer][threads]") {
  constexpr int kThreads = 16;
  constexpr int kWrites = 200;
  WalDisk disk;
  WalWriting w(disk, 300000);  // rotates now and then
  std::atomic<int> syncs{0};
  disk.SetHook([&](Call& call) {
    if (call.kind == Call::kSync) ++syncs;
    return Status();
  });
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kWrites; ++i) {
        const auto position = w.Append(std::to_string(t) + " " + std::to_string(i));
        if (!position.ok() || !w.writer->Sync(position->last_lsn).ok() ||
            w.writer->durable_lsn() < position->last_lsn ||
            w.writer->durable_timestamp() < position->timestamp) {
          ++failures;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(w.writer->durable_lsn() == w.writer->next_lsn() - 1);
  CHECK(std::is_sorted(w.assigned.begin(), w.assigned.end()));
  CHECK(w.logs.size() > 10);
  std::mt19937_64 random(1);
  disk.PowerLoss(random);  // everything was acknowledged
  const ReplayedLog found = w.Replay();
  REQUIRE(found.status.ok());
  CHECK(found.payloads.size() == kThreads * kWrites);
  CHECK(found.timestamps == w.assigned);
  CHECK(std::is_sorted(found.lsns.begin(), found.lsns.end()));
  CHECK(found.report.discarded_bytes == 0);
}

TEST_CASE("while one sync runs, those that came too late wait for one more", "[writer][threads]") {
  constexpr int kLate = 12;
  WalDisk disk;
  WalWriting w(disk);
  std::mutex mutex;
  std::condition_variable changed;
  int syncs = 0;
  bool open = false;
  disk.SetHook([&](Call& call) {
    if (call.kind != Call::kSync) return Status();
    std::unique_lock lock(mutex);
    ++syncs;
    changed.notify_all();
    changed.wait(lock, [&] { return open; });
    return Status();
  });
  std::vector<std::thread> threads;
  const auto write = [&] {
    const auto position = w.Append("x");
    w.writer->Sync(position->last_lsn).OrDie();
  };
  threads.emplace_back(write);
  {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(10), [&] { return syncs == 1; });
  }
  for (int i = 0; i < kLate; ++i) threads.emplace_back(write);
  while (w.writer->next_lsn() != kLate + 2) std::this_thread::yield();
  {
    std::lock_guard lock(mutex);
    open = true;
    changed.notify_all();
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(syncs == 2);
}

TEST_CASE("everyone who waits for a sync that fails is told that the outcome is unknown",
          "[writer][threads][failstop]") {
  WalDisk disk;
  WalWriting w(disk);
  std::atomic<bool> open{false};
  std::atomic<int> syncs{0};
  disk.SetHook([&](Call& call) {
    if (call.kind != Call::kSync) return Status();
    ++syncs;
    while (!open) std::this_thread::yield();
    return base::IoError("torn off");
  });
  std::atomic<int> unknown{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto position = w.Append("x");
      if (w.writer->Sync(position->last_lsn).code() == StatusCode::kOutcomeUnknown) ++unknown;
    });
  }
  while (w.writer->next_lsn() != 9) std::this_thread::yield();
  open = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(unknown == 8);
  CHECK(syncs == 1);
}

#if defined(VECDB_TESTING)
TEST_CASE("skipped barriers are noticed", "[writer][canary]") {
  const auto run = [](int canary) {
    WalDisk disk;
    std::string calls;
    bool broken = false;
    disk.SetHook([&](Call& call) {
      if (call.kind == Call::kSync) calls += 's';
      if (call.kind == Call::kSyncDirectory) calls += 'd';
      return call.kind == Call::kSync && std::exchange(broken, false) ? base::IoError("once")
                                                                      : Status();
    });
    base::SetCanary(canary);
    WalWriting w(disk);
    const auto position = w.Append("a");
    broken = true;
    calls += w.writer->Sync(position->last_lsn).ok() ? '+' : '-';
    base::SetCanary(0);
    return calls;
  };
  CHECK(run(0) == "ddsds-");
  CHECK(run(8) == "ddss-");
  CHECK(run(9) == "ddsd+");
  CHECK(run(10) == "ddsds+");
  CHECK(run(11) == "ddsdss+");
}
#endif
