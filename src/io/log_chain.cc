#include "io/log_chain.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/canary.h"

namespace vecdb::io {
namespace {

using Visit = std::function<Status(const GroupHeader&, std::span<const LogRecord>)>;

// A later log that has a valid first group.
struct NextLog {
  std::size_t index = 0;
  GroupHeader first;
  std::optional<Lsn> previous_last_lsn;  // what its LINK says; nothing if it has none
};

struct Proof {
  Lsn durable_lsn = 0;
  std::string where;
};

class ChainWalk {
 public:
  ChainWalk(std::span<const std::unique_ptr<PageLogReader>> logs, Lsn first_lsn, Lsn proven_durable,
            const Visit& visit)
      : logs_(logs), first_lsn_(first_lsn), proven_durable_(proven_durable), visit_(visit) {}

  Result<ChainReport> Run() {
    report_.last_lsn = first_lsn_ - 1;
    if (logs_.empty()) return NoLogs();
    VECDB_TRY(FindStart());
    while (true) {
      VECDB_TRY_ASSIGN(const std::optional<NextLog> next, FirstValidLog(log_ + 1));
      ++report_.logs_read;
      VECDB_TRY_ASSIGN(const bool complete, ReadLog(next));
      if (!complete) break;
      log_ = next->index;
    }
    VECDB_TRY(Judge());
    return std::move(report_);
  }

 private:
  Result<ChainReport> NoLogs() const {
    if (proven_durable_ >= first_lsn_) {
      return base::Corruption("no log holds record {}, though everything up to {} was synced",
                              first_lsn_, proven_durable_);
    }
    return report_;
  }

  // Logs in front that hold no valid group are passed over when what follows starts early enough:
  // they held only failed groups, or records that nobody needs any more.
  Status FindStart() {
    expected_ = first_lsn_;
    VECDB_TRY_ASSIGN(const std::optional<NextLog> start, FirstValidLog(0));
    if (!start.has_value()) return Status();
    if (start->first.first_lsn <= first_lsn_) {
      log_ = start->index;
      expected_ = start->first.first_lsn;
    } else if (start->index == 0) {
      return base::Corruption("'{}' starts at record {}; the log with record {} is missing",
                              logs_[0]->path(), start->first.first_lsn, first_lsn_);
    }
    return Status();
  }

  Result<std::optional<NextLog>> FirstValidLog(std::size_t from) {
    for (std::size_t i = from; i < logs_.size(); ++i) {
      VECDB_TRY_ASSIGN(const std::optional<GroupHeader> group, logs_[i]->GroupAt(1));
      if (!group.has_value()) continue;
      NextLog next{i, *group, std::nullopt};
      VECDB_TRY_ASSIGN(const std::vector<LogRecord> records, logs_[i]->Records());
      if (!records.empty() && records.front().type == kLinkRecord) {
        const auto link = DecodeLink(records.front().body);
        if (link.ok()) next.previous_last_lsn = link->previous_last_lsn;
      }
      return std::optional<NextLog>(next);
    }
    return std::optional<NextLog>();
  }

  // True when the log is complete and reading goes on in `next`. Its LINK is asked before each
  // group: a group whose write was reported as failed, but which stands there in full, comes again
  // in `next`, and only that one counts.
  Result<bool> ReadLog(const std::optional<NextLog>& next) {
    page_ = 1;
    while (true) {
      if (next.has_value() && next->previous_last_lsn == expected_ - 1) return true;
      VECDB_TRY_ASSIGN(const std::optional<GroupHeader> group, logs_[log_]->GroupAt(page_));
      if (!group.has_value() || group->first_lsn != expected_) return false;
      VECDB_TRY(Take(*group));
      page_ += group->pages;
    }
  }

  Status Take(const GroupHeader& group) {
    report_.durable_lsn = std::max(report_.durable_lsn, group.durable_lsn);
    report_.max_ts = std::max(report_.max_ts, group.max_ts);
    report_.last_lsn = std::max(report_.last_lsn, group.last_lsn);
    report_.sealed = group.seal && group.durable_lsn == group.last_lsn;
    expected_ = group.last_lsn + 1;
    if (group.seal || group.last_lsn < first_lsn_) return Status();
    VECDB_TRY_ASSIGN(const std::vector<LogRecord> records, logs_[log_]->Records());
    const Lsn skipped = first_lsn_ > group.first_lsn ? first_lsn_ - group.first_lsn : 0;
    const auto needed = std::span(records).subspan(static_cast<std::size_t>(skipped));
    ++report_.groups;
    report_.records += needed.size();
    return visit_(group, needed);
  }

  // The chain breaks at page_ of log_: torn tail or corruption?
  Status Judge() {
    Proof proof{proven_durable_, "the catalog"};
    for (std::size_t i = log_; i < logs_.size(); ++i) {
      VECDB_TRY(CollectProof(i, i == log_ ? page_ : 1, &proof));
    }
    const Lsn needed = std::max(expected_, first_lsn_);  // nobody misses what lies below
    const std::uint64_t offset = std::uint64_t{page_} * kPageSize;
    if (proof.durable_lsn >= needed) {
      return base::Corruption(
          "'{}' offset {}: record {} is damaged or missing, though it was acknowledged: {} says "
          "that "
          "everything up to {} was synced",
          logs_[log_]->path(), offset, expected_, proof.where, proof.durable_lsn);
    }
    for (std::size_t i = log_; i < logs_.size(); ++i) {
      VECDB_TRY_ASSIGN(const std::uint64_t bytes,
                       logs_[i]->NonZeroBytesFrom(i == log_ ? page_ : 1));
      report_.discarded_bytes += bytes;
    }
    if (report_.discarded_bytes == 0) return Status();
    report_.sealed = false;
    report_.first_lost_lsn = expected_;
    report_.detail = base::Format(
        "'{}' offset {}: no complete record {} here; {} bytes from there on, of which nothing "
        "proves "
        "that they were synced, are discarded",
        logs_[log_]->path(), offset, expected_, report_.discarded_bytes);
    return Status();
  }

  Status CollectProof(std::size_t log, std::uint32_t page, Proof* proof) {
    PageLogReader& reader = *logs_[log];
    for (; page < reader.page_count(); ++page) {
      VECDB_TRY_ASSIGN(const Lsn durable_lsn, reader.ProofAt(page));
      if (durable_lsn <= proof->durable_lsn) continue;
      proof->durable_lsn = durable_lsn;
      proof->where = base::Format("'{}' offset {}", reader.path(), std::uint64_t{page} * kPageSize);
    }
    return Status();
  }

  // Constant after construction.
  const std::span<const std::unique_ptr<PageLogReader>> logs_;
  const Lsn first_lsn_;
  const Lsn proven_durable_;
  const Visit& visit_;

  std::size_t log_ = 0;  // where the walk is
  std::uint32_t page_ = 1;
  Lsn expected_ = 0;
  ChainReport report_;
};

}  // namespace

base::Bytes EncodeLink(const LinkBody& link) {
  base::Bytes bytes;
  base::ByteWriter writer(&bytes);
  writer.Put(link.previous_number);
  writer.Put(link.previous_incarnation);
  writer.Put(link.previous_end_page);
  writer.Put(link.previous_last_lsn);
  return bytes;
}

Result<LinkBody> DecodeLink(std::span<const std::byte> body) {
  base::ByteReader reader(body, "LINK record");
  LinkBody link;
  VECDB_TRY(reader.Get(&link.previous_number));
  VECDB_TRY(reader.Get(&link.previous_incarnation));
  VECDB_TRY(reader.Get(&link.previous_end_page));
  VECDB_TRY(reader.Get(&link.previous_last_lsn));
  VECDB_TRY(reader.ExpectEnd());
  return link;
}

Result<ChainReport> ReadChain(std::span<const std::unique_ptr<PageLogReader>> logs, Lsn first_lsn,
                              Lsn proven_durable, const Visit& visit) {
  if (first_lsn == 0) return base::InvalidArgument("there is no record 0");
  if (!base::Canary(17)) return ChainWalk(logs, first_lsn, proven_durable, visit).Run();
  const Visit ignore = [](const GroupHeader&, std::span<const LogRecord>) { return Status(); };
  VECDB_TRY_ASSIGN(const ChainReport all, ChainWalk(logs, first_lsn, proven_durable, ignore).Run());
  std::uint64_t seen = 0;
  const Visit all_but_last = [&](const GroupHeader& group, std::span<const LogRecord> records) {
    return ++seen == all.groups ? Status() : visit(group, records);
  };
  return ChainWalk(logs, first_lsn, proven_durable, all_but_last).Run();
}

}  // namespace vecdb::io
