// Reads the logs of one channel as one sequence of records and decides, where it breaks, between a
// torn tail (unacknowledged, discarded with a report) and corruption (acknowledged data damaged).
//
// The rule. Expecting lsn L, no valid group stands at page p of log N.
//  1. Look for the first later log that has a valid first group. If that group's LINK record says
//     prev_last_lsn == L - 1, log N is complete: go on there.
//  2. Otherwise collect evidence that L was synced: a valid first page of a group in the remaining
//     pages of log N, or in any later log, with durable_lsn >= L, even where it does not belong; or
//     `proven_durable` >= L. Evidence means kCorruption naming file and offset. None means a torn
//     tail: everything from p on, and every later log, is discarded and counted.
// Evidence exists only after a sync that covered L returned OK, so no power loss can make it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/page_log.h"

namespace vecdb::io {

// The first record of the first group of every log but the first of a chain.
inline constexpr std::uint16_t kLinkRecord = 1;
struct LinkBody {
  std::uint64_t previous_number = 0;
  std::uint64_t previous_incarnation = 0;
  std::uint32_t previous_end_page = 0;
  Lsn previous_last_lsn = 0;
};
base::Bytes EncodeLink(const LinkBody& link);
Result<LinkBody> DecodeLink(std::span<const std::byte> body);

struct ChainReport {
  std::uint64_t logs_read = 0;
  std::uint64_t groups = 0;
  std::uint64_t records = 0;
  Lsn last_lsn = 0;     // of the last valid record; first_lsn - 1 if there is none
  Lsn durable_lsn = 0;  // the largest that any group carried
  std::uint64_t max_ts = 0;
  std::uint64_t discarded_bytes = 0;
  Lsn first_lost_lsn = 0;  // 0 = nothing was discarded
  bool sealed = false;     // the last valid group is a SEAL with durable_lsn == last_lsn
  std::string detail;      // what was discarded and why
};

// `logs` in order, all of one channel. The first record has `first_lsn`; smaller ones are read,
// checked and skipped. A first log that starts above `first_lsn` is kCorruption (a log is missing).
// `visit` gets every group with a record >= first_lsn; records below first_lsn are left out and
// LINK records are included. A failing visit ends the reading with its status.
Result<ChainReport> ReadChain(
    std::span<const std::unique_ptr<PageLogReader>> logs, Lsn first_lsn, Lsn proven_durable,
    const std::function<Status(const GroupHeader&, std::span<const LogRecord>)>& visit);

}  // namespace vecdb::io
