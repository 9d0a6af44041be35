#include <algorithm>
#include <optional>
#include <variant>

#include "api/inspect.h"
#include "base/status.h"
#include "base/timestamp_oracle.h"
#include "catalog/edit.h"
#include "catalog/manifest_log.h"
#include "io/layout.h"
#include "io/log_chain.h"
#include "io/page_log.h"
#include "wal/message.h"

namespace vecdb::api {
namespace {

std::uint64_t OffsetOf(std::uint32_t page) {
  return std::uint64_t{page} * io::kPageSize;
}

std::string_view NameOf(wal::MessageType type) {
  switch (type) {
    case wal::MessageType::kInsert:
      return "insert";
    case wal::MessageType::kUpsert:
      return "upsert";
    case wal::MessageType::kDelete:
      return "delete";
  }
  return "unknown";
}

bool InspectLink(std::span<const std::byte> body, const Printer& out) {
  const auto link = io::DecodeLink(body);
  if (!link.ok()) return false;
  out.Line("    link: log {} ends before page {} with record {}", link->previous_number,
           link->previous_end_page, link->previous_last_lsn);
  return true;
}

bool InspectMessage(const io::LogRecord& record, const Printer& out) {
  if (record.type == io::kLinkRecord) return InspectLink(record.body, out);
  const auto logged = wal::DecodeMessage(record.type, record.lsn, record.body);
  if (!logged.ok()) return false;
  const wal::Message& message = logged->message;
  out.Line("    {}: collection {} shard {} segment {} partition {} schema {}, {} bytes, time {}",
           NameOf(message.type), message.collection, message.shard, message.segment,
           message.partition, message.schema_version, message.payload.size(),
           base::Raw(logged->timestamp));
  return true;
}

// Walks one log on its own. What the logs beside it prove is for Check() to say.
class LogWalk {
 public:
  LogWalk(io::PageLogReader& reader, io::LogKind kind, const Printer& out)
      : reader_(reader), kind_(kind), out_(out) {}

  Status Run() {
    std::uint32_t page = 1;
    while (page < reader_.page_count()) {
      VECDB_TRY_ASSIGN(const auto group, reader_.GroupAt(page));
      if (group) {
        VECDB_TRY(PrintGroup(page, *group));
        page += group->pages;
      } else {
        VECDB_TRY_ASSIGN(page, SkipBroken(page));
      }
    }
    out_.Line("groups     {} with {} records, last record {}, known to be synced up to {}", groups_,
              records_, last_lsn_, durable_lsn_);
    return Verdict();
  }

 private:
  Status PrintGroup(std::uint32_t page, const io::GroupHeader& group) {
    durable_lsn_ = std::max(durable_lsn_, group.durable_lsn);
    if (group.seal) {
      out_.Line("  page {} at {}: seal, everything up to {} is synced", page, OffsetOf(page),
                group.durable_lsn);
      return Status();
    }
    ++groups_;
    records_ += group.records;
    last_lsn_ = group.last_lsn;
    out_.Line("  page {} at {}: {} {}, records {} to {}, synced up to {}, checksums ok", page,
              OffsetOf(page), group.pages, group.pages == 1 ? "page" : "pages", group.first_lsn,
              group.last_lsn, group.durable_lsn);
    VECDB_TRY_ASSIGN(const auto records, reader_.Records());
    for (const io::LogRecord& record : records) {
      const bool known = kind_ == io::LogKind::kWal ? InspectMessage(record, out_)
                                                    : InspectEdit(record.type, record.body, out_);
      if (known) continue;
      out_.Line("    record {} of type {} with {} bytes cannot be understood", record.lsn,
                record.type, record.body.size());
      ++unreadable_;
    }
    return Status();
  }

  // The next page at which a group stands, or the end.
  Result<std::uint32_t> SkipBroken(std::uint32_t page) {
    const std::uint32_t first = page;
    Lsn expected = last_lsn_ + 1;
    while (++page < reader_.page_count()) {
      VECDB_TRY_ASSIGN(const auto group, reader_.GroupAt(page));
      if (!group) continue;
      if (last_lsn_ == 0) expected = std::max<Lsn>(group->first_lsn, 2) - 1;  // all we know
      break;
    }
    if (page == reader_.page_count()) {
      VECDB_TRY_ASSIGN(const std::uint64_t bytes, reader_.NonZeroBytesFrom(first));
      if (bytes == 0) {
        out_.Line("  page {} at {}: zeros to the end, room for what comes next", first,
                  OffsetOf(first));
        return page;
      }
    }
    out_.Line("  page {} at {}: no complete group in {} {}", first, OffsetOf(first), page - first,
              page - first == 1 ? "page" : "pages");
    if (broken_page_ == 0) {
      broken_page_ = first;
      expected_lsn_ = expected;
    }
    return page;
  }

  Status Verdict() const {
    if (unreadable_ != 0) {
      return base::Corruption("{} records cannot be understood", unreadable_);
    }
    if (broken_page_ == 0) return Status();
    const std::uint64_t offset = OffsetOf(broken_page_);
    if (durable_lsn_ >= expected_lsn_) {
      return base::Corruption(
          "offset {}: record {} is damaged, though it was acknowledged: a later group says that "
          "everything up to {} was synced",
          offset, expected_lsn_, durable_lsn_);
    }
    out_.Line(
        "note       offset {}: the remains of a write that did not finish, or damage to the "
        "last one",
        offset);
    return Status();
  }

  io::PageLogReader& reader_;
  const io::LogKind kind_;
  const Printer& out_;
  std::uint64_t groups_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t unreadable_ = 0;
  Lsn last_lsn_ = 0;
  Lsn durable_lsn_ = 0;
  std::uint32_t broken_page_ = 0;  // the first one; 0 = none
  Lsn expected_lsn_ = 0;           // there
};

// A manifest also promises that its edits fit together.
Status InspectState(io::FileSystem& fs, const std::string& name, const Printer& out) {
  const auto number = io::ParseManifestName(name);
  if (!number) return Status();
  VECDB_TRY_ASSIGN(const auto loaded, catalog::LoadManifestLog(fs, *number, nullptr));
  const catalog::State& state = loaded.state;
  std::uint64_t rows = 0;
  for (const auto& [id, segment] : state.segments) rows += segment.rows;
  out.Line("state      {} collections, {} segments with {} rows, next id {}, newest time {}",
           state.collections.size(), state.segments.size(), rows, state.next_id,
           TimestampText(base::Raw(state.max_timestamp)));
  return Status();
}

}  // namespace

Status InspectLog(io::FileSystem& fs, const std::string& name, const Printer& out) {
  const bool manifest_by_name = io::ParseManifestName(name).has_value();
  const auto identity = io::PageLogReader::PeekIdentity(fs, name);
  if (!identity.ok()) {
    out.Line("what       {}", manifest_by_name ? "a manifest" : "a log");
    return identity.status();
  }
  const bool is_wal = identity->kind == io::LogKind::kWal;
  out.Line("what       {}",
           is_wal ? "a log of writes" : "a manifest: the catalog as a log of edits");
  out.Line("header     checksum ok");
  out.Line("database   {}", Hex(identity->database));
  out.Line("number     {}, channel {}, incarnation {:016x}", identity->number, identity->channel,
           identity->incarnation);
  VECDB_TRY_ASSIGN(const auto reader, io::PageLogReader::Open(fs, name, *identity));
  out.Line("size       {} bytes, {} pages", reader->file_bytes(), reader->page_count());
  Status walked = LogWalk(*reader, identity->kind, out).Run();
  if (!walked.ok() || is_wal) return walked;
  return InspectState(fs, name, out);
}

}  // namespace vecdb::api
