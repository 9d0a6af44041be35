// A wal::Writer on a disk for tests, with the part of the catalog that it needs.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/timestamp_oracle.h"
#include "io/file_system.h"
#include "wal/reader.h"
#include "wal/writer.h"

namespace vecdb::test {

// What a replay found: one entry per message.
struct ReplayedLog {
  Status status;
  io::ChainReport report;
  std::vector<std::string> payloads;
  std::vector<Lsn> lsns;
  std::vector<Timestamp> timestamps;
};

struct WalWriting {
  explicit WalWriting(io::FileSystem& file_system,
                      std::uint64_t log_bytes = std::uint64_t{64} << 20, Lsn next_lsn = 1,
                      std::uint64_t next_number = 1)
      : fs(file_system) {
    wal::WriterOptions options;
    options.pchannel = 2;
    options.log_bytes = log_bytes;
    options.next_lsn = next_lsn;
    options.next_log_number = next_number;
    options.random = [this] { return ++randoms * 7919; };
    writer = std::make_unique<wal::Writer>(
        fs, oracle, clock, options,
        [this](const io::LogIdentity& identity) {
          std::lock_guard lock(mutex);
          if (announce_failure.ok()) logs.push_back(identity);
          return announce_failure;
        },
        [this](Timestamp timestamp) {
          std::lock_guard lock(mutex);
          assigned.push_back(timestamp);
        });
    auto first = writer->CreateFirstLog();
    first_log = first.status();
    if (first.ok()) logs.push_back(*first);
  }

  Result<wal::Position> Append(std::string_view payload, int messages = 1) {
    std::vector<wal::Message> batch(static_cast<std::size_t>(messages));
    for (wal::Message& message : batch) message.payload = base::AsBytes(payload);
    return writer->Append(batch);
  }

  ReplayedLog Replay(Lsn from = 1, Lsn proven = 0) const {
    ReplayedLog found;
    auto report = wal::Replay(fs, 2, logs, from, proven, [&](const wal::ReplayedGroup& group) {
      for (const wal::LoggedMessage& message : group.messages) {
        found.payloads.emplace_back(base::AsText(message.message.payload));
        found.lsns.push_back(message.lsn);
        found.timestamps.push_back(message.timestamp);
      }
      return Status();
    });
    found.status = report.status();
    if (report.ok()) found.report = *report;
    return found;
  }

  io::FileSystem& fs;
  base::ManualClock clock;
  base::TimestampOracle oracle{clock};
  std::atomic<std::uint64_t> randoms{0};
  mutable std::mutex mutex;
  std::vector<io::LogIdentity> logs;  // as a catalog would know them
  std::vector<Timestamp> assigned;
  Status announce_failure;
  Status first_log;
  std::unique_ptr<wal::Writer> writer;
};

}  // namespace vecdb::test
