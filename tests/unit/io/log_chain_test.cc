// The rule of log_chain.h under the generator that was used to find it: random histories of groups,
// syncs, rotations and failed groups, then a power loss.
#include "io/log_chain.h"

#include <cstdio>
#include <random>
#include <set>
#include <string>

#include "base/canary.h"
#include "base/status.h"
#include "support/catch.h"
#include "support/seed.h"
#include "support/wal_disk.h"

namespace {

using vecdb::Lsn;
using vecdb::Result;
using vecdb::Status;
using vecdb::StatusCode;
using vecdb::base::Bytes;
using vecdb::test::WalDisk;
using namespace vecdb::io;  // NOLINT

constexpr std::uint16_t kData = 2;

LogIdentity Identity(std::uint64_t number) {
  LogIdentity identity;
  identity.number = number;
  identity.incarnation = number * 77;
  return identity;
}
std::string Path(std::uint64_t number) {
  return vecdb::base::Format("{:06}", number);
}

// Reads a whole chain; the bodies tell whether a record is what was written under its number.
struct Outcome {
  Status status;
  ChainReport report;
  std::vector<Lsn> data;  // records of the caller, LINK records left out
};

Outcome Read(WalDisk& disk, std::uint64_t logs, Lsn first = 1, Lsn proven = 0) {
  std::vector<std::unique_ptr<PageLogReader>> readers;
  for (std::uint64_t number = 1; number <= logs; ++number) {
    auto reader = PageLogReader::Open(disk, Path(number), Identity(number));
    reader.status().OrDie();
    readers.push_back(std::move(*reader));
  }
  Outcome outcome;
  auto report = ReadChain(readers, first, proven,
                          [&](const GroupHeader&, std::span<const LogRecord> records) {
                            for (const LogRecord& record : records) {
                              if (record.type == kData) outcome.data.push_back(record.lsn);
                            }
                            return Status();
                          });
  outcome.status = report.status();
  if (report.ok()) outcome.report = *report;
  return outcome;
}

// A history as wal::Writer makes it, driven step by step.
class History {
 public:
  struct Group {
    std::uint64_t log = 0;
    std::uint32_t page = 0;
    std::uint32_t pages = 0;
    Lsn last = 0;
  };

  explicit History(std::uint64_t seed) : random(seed) { NewLog(); }

  std::uint64_t Below(std::uint64_t limit) { return random() % limit; }
  std::uint64_t Between(std::uint64_t low, std::uint64_t high) {
    return low + Below(high - low + 1);
  }
  double Chance() { return static_cast<double>(Below(1000000)) / 1e6; }

  void NewLog() {
    ++logs;
    auto made = PageLogWriter::Create(disk, Path(logs), Identity(logs), 0);
    made.status().OrDie();
    writer = std::move(*made);
    disk.FinishSync(0);
    writer->Sync().OrDie();  // a log's header is durable before anything in it may count
    link = Bytes();
    if (logs > 1) link = EncodeLink({logs - 1, Identity(logs - 1).incarnation, 1, lsn});
  }

  // Records that fill so many pages. With `keep`, the write fails after that many bytes.
  bool Put(std::uint64_t pages, std::uint64_t count, const std::size_t* keep = nullptr) {
    std::vector<LogRecord> records;
    if (!link.empty()) records.push_back({kLinkRecord, 0, link});
    const std::size_t body = (pages * kPagePayload - 200) / count - kRecordHeaderSize;
    bodies.assign(count, Bytes(body, static_cast<std::byte>(lsn)));
    for (const Bytes& b : bodies) records.push_back({kData, 0, b});
    Group group{logs, writer->next_page(), 0, lsn + records.size()};
    if (keep != nullptr) {
      // What clears the failed group's first page may fail too, but not when all of it is there.
      disk.SetHook([keep, pages, writes = 0](WalDisk::Call& call) mutable {
        if (call.kind != WalDisk::Call::kWrite) return Status();
        if (++writes > 1 && *keep > (pages - 1) * kPageSize) return Status();
        call.keep = writes > 1 ? 0 : *keep;
        return vecdb::base::ResourceExhausted("full");
      });
    }
    const Status written = writer->AppendGroup(records, lsn + 1, durable, 0);
    disk.SetHook(nullptr);
    if (!written.ok()) return false;
    group.pages = writer->next_page() - group.page;
    groups.push_back(group);
    lsn = group.last;
    link = Bytes();
    return true;
  }

  void Seal() { writer->AppendSeal(lsn + 1, durable, 0).OrDie(); }

  bool syncing() const { return in_flight_lsn != 0; }
  void BeginSync() {
    in_flight_lsn = lsn;
    in_flight = disk.BeginSync();
  }
  void FinishSync() {
    disk.FinishSync(in_flight);
    durable = in_flight_lsn;
    in_flight_lsn = 0;
  }

  WalDisk disk;
  std::mt19937_64 random;
  std::unique_ptr<PageLogWriter> writer;
  std::vector<Bytes> bodies;
  std::vector<Group> groups;
  Bytes link;
  std::uint64_t logs = 0;
  Lsn lsn = 0;
  Lsn durable = 0;
  Lsn in_flight_lsn = 0;
  std::uint64_t in_flight = 0;
};

// The single log of watermark_sim.
void OneLog(History& h, bool seals) {
  const std::uint64_t steps = h.Between(5, 40);
  for (std::uint64_t i = 0; i < steps; ++i) {
    const double r = h.Chance();
    if (r < .55) {
      h.Put(h.Between(1, 3), h.Between(1, 5));
    } else if (r < .75 && !h.syncing() && h.lsn > h.durable) {
      h.BeginSync();
    } else if (h.syncing()) {
      h.FinishSync();
      if (seals && h.Chance() < .5) h.Seal();
    }
  }
}

// Rotation and failed groups of watermark_rotate_sim.
void ManyLogs(History& h, bool seals) {
  const std::uint64_t steps = h.Between(8, 60);
  for (std::uint64_t i = 0; i < steps; ++i) {
    const double r = h.Chance();
    if (r < .5) {
      h.Put(h.Between(1, 3), h.Between(1, 4));
    } else if (r < .6) {
      if (h.writer->next_page() > 1) {
        h.NewLog();
        h.Put(h.Between(1, 2), h.Between(1, 4));
      }
    } else if (r < .66) {
      const std::uint64_t pages = h.Between(2, 4);
      const std::size_t keep = h.Below(pages * kPageSize + 1);
      h.Put(pages, 2, &keep);
      h.NewLog();
      while (h.Chance() < .3) {  // the disk stays full for a while
        const std::size_t kept = h.Below(kPageSize);
        h.Put(1, 1, &kept);
        h.NewLog();
      }
    } else if (r < .82 && !h.syncing() && h.lsn > h.durable) {
      h.BeginSync();
    } else if (h.syncing()) {
      h.FinishSync();
      if (seals && h.Chance() < .5 && h.link.empty() && !h.writer->failed()) h.Seal();
    }
  }
}

struct Figures {
  std::uint64_t images = 0, false_alarms = 0, lost_acked = 0, holes = 0, unreported = 0;
};

// What a legal power loss must leave: everything acknowledged, in order, and a report of the rest.
void JudgeImage(History& h, Figures* figures) {
  h.disk.PowerLoss(h.random);
  const Outcome outcome = Read(h.disk, h.logs);
  ++figures->images;
  if (!outcome.status.ok()) {
    ++figures->false_alarms;
    return;
  }
  if (outcome.report.last_lsn < h.durable) ++figures->lost_acked;
  if (outcome.report.last_lsn > h.lsn) ++figures->holes;
  for (std::size_t i = 1; i < outcome.data.size(); ++i) {
    if (outcome.data[i] <= outcome.data[i - 1]) ++figures->holes;
  }
  if ((outcome.report.first_lost_lsn != 0) != (outcome.report.discarded_bytes > 0) ||
      (outcome.report.first_lost_lsn != 0) == outcome.report.detail.empty()) {
    ++figures->unreported;
  }
}

struct Flips {
  std::uint64_t flips = 0, refused = 0, reported = 0, silent = 0;
};

void JudgeFlip(History& h, Flips* figures) {
  h.disk.PowerLoss(h.random);
  std::vector<History::Group> acked;
  for (const History::Group& group : h.groups) {
    if (group.last <= h.durable) acked.push_back(group);
  }
  if (acked.empty()) return;
  const History::Group& victim = acked[h.Below(acked.size())];
  const std::uint64_t at =
      std::uint64_t{victim.page} * kPageSize + h.Below(victim.pages * kPageSize);
  h.disk.Flip(Path(victim.log), at, static_cast<std::byte>(1U << h.Below(8)));
  const Outcome outcome = Read(h.disk, h.logs);
  ++figures->flips;
  if (outcome.status.code() == StatusCode::kCorruption) {
    ++figures->refused;
  } else if (outcome.status.ok() && outcome.report.last_lsn < h.durable &&
             outcome.report.discarded_bytes > 0 && outcome.report.first_lost_lsn > 0) {
    ++figures->reported;
  } else {
    ++figures->silent;
  }
}

}  // namespace

TEST_CASE("a power loss never looks like damage and never takes an acknowledged record",
          "[log_chain][watermark]") {
  constexpr std::uint64_t kHistories = vecdb::test::kSanitized ? 1'000 : 12'000;  // of each kind
  Figures figures;
  for (std::uint64_t seed = 1; seed <= kHistories; ++seed) {
    History one(seed);
    OneLog(one, seed % 2 == 0);
    JudgeImage(one, &figures);
    History many(seed + 1000000);
    ManyLogs(many, seed % 2 == 0);
    JudgeImage(many, &figures);
  }
  std::printf("FIG watermark.images=%llu false_alarms=%llu lost_acked=%llu\n",
              static_cast<unsigned long long>(figures.images),
              static_cast<unsigned long long>(figures.false_alarms),
              static_cast<unsigned long long>(figures.lost_acked));
  CHECK(figures.images >= kHistories * 2 * 5 / 6);
  CHECK(figures.false_alarms == 0);
  CHECK(figures.lost_acked == 0);
  CHECK(figures.holes == 0);
  CHECK(figures.unreported == 0);
}

TEST_CASE("damage to an acknowledged page is refused or reported, never silent",
          "[log_chain][watermark]") {
  constexpr std::uint64_t kFlips = vecdb::test::kSanitized ? 1'000 : 10'000;
  Flips figures;
  Flips sealed;
  for (std::uint64_t seed = 1; figures.flips + sealed.flips < kFlips; ++seed) {
    for (const bool seals : {false, true}) {
      History one(seed);
      OneLog(one, seals);
      JudgeFlip(one, seals ? &sealed : &figures);
      History many(seed + 1000000);
      ManyLogs(many, seals);
      JudgeFlip(many, seals ? &sealed : &figures);
    }
  }
  for (const Flips* f : {&figures, &sealed}) {
    std::printf("FIG watermark_flips.seals=%d flips=%llu refused=%llu reported=%llu silent=%llu\n",
                f == &sealed ? 1 : 0, static_cast<unsigned long long>(f->flips),
                static_cast<unsigned long long>(f->refused),
                static_cast<unsigned long long>(f->reported),
                static_cast<unsigned long long>(f->silent));
    CHECK(f->silent == 0);
    CHECK(f->refused > f->reported);
  }
}

TEST_CASE("a clean chain reports what it holds", "[log_chain]") {
  History h(1);
  h.Put(1, 3);  // 1..3
  h.Put(2, 2);  // 4..5
  h.NewLog();
  h.Put(1, 1);  // LINK 6, 7
  h.BeginSync();
  h.FinishSync();
  h.Seal();
  Outcome outcome = Read(h.disk, h.logs);
  REQUIRE(outcome.status.ok());
  CHECK(outcome.data == std::vector<Lsn>{1, 2, 3, 4, 5, 7});
  CHECK(outcome.report.logs_read == 2);
  CHECK(outcome.report.groups == 3);
  CHECK(outcome.report.records == 7);
  CHECK(outcome.report.last_lsn == 7);
  CHECK(outcome.report.durable_lsn == 7);
  CHECK(outcome.report.sealed);
  CHECK(outcome.report.discarded_bytes == 0);
  CHECK(outcome.report.first_lost_lsn == 0);
  CHECK(outcome.report.detail.empty());

  SECTION("records below the first wanted one are left out") {
    outcome = Read(h.disk, h.logs, 5, 7);
    REQUIRE(outcome.status.ok());
    CHECK(outcome.data == std::vector<Lsn>{5, 7});
    CHECK(outcome.report.groups == 2);
    CHECK(outcome.report.records == 3);
    outcome = Read(h.disk, h.logs, 8, 7);
    REQUIRE(outcome.status.ok());
    CHECK(outcome.data.empty());
    CHECK(outcome.report.last_lsn == 7);
  }
  SECTION("a failing visit ends the reading with its status") {
    std::vector<std::unique_ptr<PageLogReader>> readers;
    readers.push_back(std::move(*PageLogReader::Open(h.disk, Path(1), Identity(1))));
    const auto stop = [](const GroupHeader&, std::span<const LogRecord>) {
      return vecdb::base::Cancelled("enough");
    };
    CHECK(ReadChain(readers, 1, 0, stop).status().code() == StatusCode::kCancelled);
  }
  SECTION("with a seal synced, damage to any group is refused") {
    for (const History::Group& group : h.groups) {
      h.disk.Flip(Path(group.log), std::uint64_t{group.page} * kPageSize + 50, std::byte{1});
      CHECK(Read(h.disk, h.logs).status.code() == StatusCode::kCorruption);
      h.disk.Flip(Path(group.log), std::uint64_t{group.page} * kPageSize + 50, std::byte{1});
    }
  }
  SECTION("the catalog's own knowledge is evidence too") {
    CHECK(Read(h.disk, h.logs, 1, 7).status.ok());
    CHECK(Read(h.disk, h.logs, 1, 8).status.code() == StatusCode::kCorruption);
  }
}

TEST_CASE("a log that starts too late means that one is missing", "[log_chain]") {
  History h(1);
  h.Put(1, 3);
  h.NewLog();
  h.Put(1, 1);  // LINK 4, 5
  std::vector<std::unique_ptr<PageLogReader>> readers;
  readers.push_back(std::move(*PageLogReader::Open(h.disk, Path(2), Identity(2))));
  const auto visit = [](const GroupHeader&, std::span<const LogRecord>) { return Status(); };
  CHECK(ReadChain(readers, 3, 0, visit).status().code() == StatusCode::kCorruption);
  CHECK(ReadChain(readers, 4, 0, visit).ok());
  CHECK(ReadChain(readers, 5, 0, visit).ok());
  CHECK(ReadChain({}, 5, 5, visit).status().code() == StatusCode::kCorruption);
  CHECK(ReadChain({}, 5, 4, visit)->last_lsn == 4);
}

TEST_CASE("a group whose write was reported as failed counts once, where it was tried again",
          "[log_chain]") {
  History h(1);
  h.Put(1, 1);
  const Bytes body(100);
  const LogRecord twin[] = {{kData, 0, body}};
  h.writer->AppendGroup(twin, 2, 0, 0).OrDie();  // stands there in full though nobody was told so
  h.NewLog();                                    // its LINK says that record 1 was the last
  h.Put(1, 2);                                   // LINK 2, 3, 4
  h.BeginSync();
  h.FinishSync();
  h.Seal();
  const Outcome outcome = Read(h.disk, h.logs);
  REQUIRE(outcome.status.ok());
  CHECK(outcome.data == std::vector<Lsn>{1, 3, 4});
  CHECK(outcome.report.last_lsn == 4);
}

TEST_CASE("leading logs with failed groups only do not hide the records behind them",
          "[log_chain]") {
  History h(1);
  const std::size_t keep = 100;
  h.Put(2, 1, &keep);
  h.NewLog();
  h.Put(1, 1, &keep);
  h.NewLog();
  h.Put(1, 4);  // LINK 1, 2..5
  h.BeginSync();
  h.FinishSync();
  h.Put(1, 1);
  for (const Lsn first : {1, 3}) {
    const Outcome outcome = Read(h.disk, h.logs, first, 5);
    REQUIRE(outcome.status.ok());
    CHECK(outcome.report.last_lsn == 6);
  }
}

TEST_CASE("a LINK survives its encoding and refuses other sizes", "[log_chain]") {
  const LinkBody link{5, 6, 7, 8};
  const Bytes bytes = EncodeLink(link);
  CHECK(bytes.size() == 28);
  CHECK(DecodeLink(bytes)->previous_number == 5);
  CHECK(DecodeLink(bytes)->previous_incarnation == 6);
  CHECK(DecodeLink(bytes)->previous_end_page == 7);
  CHECK(DecodeLink(bytes)->previous_last_lsn == 8);
  CHECK_FALSE(DecodeLink(std::span(bytes).first(27)).ok());
  Bytes longer = bytes;
  longer.push_back(std::byte{0});
  CHECK_FALSE(DecodeLink(longer).ok());
}

#if defined(VECDB_TESTING)
TEST_CASE("a chain that loses its last group is noticed", "[log_chain][canary]") {
  History h(1);
  h.Put(1, 1);
  h.Put(1, 1);
  vecdb::base::SetCanary(17);
  const Outcome outcome = Read(h.disk, h.logs);
  vecdb::base::SetCanary(0);
  CHECK(outcome.data != std::vector<Lsn>{1, 2});
}
#endif
