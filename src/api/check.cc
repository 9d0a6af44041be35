// Reads a database directory file by file, in the order in which an open would believe them, and
// goes on past damage as far as what is left can still be judged.
#include "vecdb/check.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>

#include "api/check_files.h"
#include "api/check_rows.h"
#include "api/guard.h"
#include "base/status.h"
#include "catalog/current.h"
#include "catalog/manifest.h"
#include "catalog/manifest_log.h"
#include "chunk/codec.h"
#include "io/file_system.h"
#include "io/install.h"
#include "io/layout.h"
#include "segment/sealed_segment.h"
#include "wal/reader.h"

namespace vecdb::api {
namespace {

constexpr std::uint64_t kFormatFileLimit = 4096;

struct NamedFile {
  std::string path;
  io::SealedFileInfo info;
};

std::vector<NamedFile> FilesOf(const catalog::SegmentRecord& record) {
  const std::string folder = io::SegmentFolder(record.id);
  std::vector<NamedFile> files;
  for (const catalog::ColumnFileRecord& column : record.columns) {
    files.push_back({io::Join(folder, io::ColumnName(column.field, column.chunk)), column.info});
  }
  files.push_back({io::Join(folder, io::KeysName(0)), record.keys});
  if (record.deletes) {
    files.push_back(
        {io::Join(folder, io::DeletesName(record.deletes->number)), record.deletes->info});
  }
  for (const catalog::IndexFileRecord& index : record.indexes) {
    files.push_back({io::Join(folder, io::IndexName(index.field, index.info.file_id)), index.info});
  }
  return files;
}

class Checker {
 public:
  explicit Checker(std::shared_ptr<io::FileSystem> fs) : fs_(std::move(fs)) {}

  Result<CheckReport> Run(bool full) {
    VECDB_TRY(CheckFormat());
    VECDB_TRY(TakeLock());
    CheckCatalog();
    if (state_) {
      report_.collections = state_->collections.size();
      for (const auto& [number, channel] : state_->pchannels) CheckLogs(number, channel);
      for (const auto& [id, record] : state_->segments) CheckSegment(record);
      CountUnnamed();
    } else {
      CheckLooseSegments();
    }
    if (full && report_.clean()) VECDB_TRY(CheckAsReader());
    return std::move(report_);
  }

 private:
  // ---- What was found -------------------------------------------------------------------

  void Count(const std::string& path, std::uint64_t bytes) {
    needed_.insert(path);
    ++report_.files;
    report_.bytes += bytes;
  }

  // One entry a file: the first failure is the one to know.
  void Report(const std::string& path, const Status& failure) {
    needed_.insert(path);
    if (!reported_.insert(path).second) return;
    std::string text(failure.message());
    const std::string named = base::Format("'{}'", fs_->Describe(path));
    if (text.rfind(named, 0) == 0) {
      text.erase(0, named.size());
      text.erase(0, text.find_first_not_of(": "));
    }
    const StatusCode code = failure.code();
    const bool damage = code == StatusCode::kCorruption || code == StatusCode::kNotFound;
    if (code == StatusCode::kNotFound) text = "the file is missing";
    (damage ? report_.damaged : report_.unchecked).push_back({path, std::move(text)});
  }

  // The file that a message names, for failures of several files read as one.
  std::string FileNamedBy(const Status& failure, const std::vector<std::string>& paths,
                          const std::string& otherwise) const {
    for (const std::string& path : paths) {
      if (failure.message().find(path) != std::string_view::npos) return path;
    }
    return otherwise;
  }

  // ---- FORMAT, LOCK ---------------------------------------------------------------------

  // Fails when there is nothing here to check.
  Status CheckFormat() {
    const auto bytes = io::ReadWholeFile(*fs_, io::kFormatName, kFormatFileLimit);
    if (bytes.status().code() == StatusCode::kNotFound) {
      Status why = catalog::Recover(*fs_).status();
      if (why.code() == StatusCode::kNotFound) return why;
    }
    if (!bytes.ok()) {
      Report(io::kFormatName, bytes.status());
      return Status();
    }
    const auto format = catalog::DecodeFormat(*bytes);
    if (format.status().code() == StatusCode::kFailedPrecondition) return format.status();
    if (!format.ok()) {
      Report(io::kFormatName, format.status());
      return Status();
    }
    database_ = format->database;
    Count(io::kFormatName, bytes->size());
    return Status();
  }

  Status TakeLock() {
    needed_.insert(io::kLockName);
    auto lock = fs_->Lock(io::kLockName, /*exclusive=*/false);
    if (lock.ok()) {
      lock_ = std::move(*lock);
    } else if (lock.status().code() == StatusCode::kNotFound) {
      Report(io::kLockName, lock.status());  // vecdb never removes it
    } else {
      return lock.status();
    }
    return Status();
  }

  // ---- CURRENT, MANIFEST ----------------------------------------------------------------

  void CheckCatalog() {
    const auto current = catalog::ReadCurrent(*fs_);
    std::optional<std::uint64_t> number;
    if (current.ok()) {
      number = *current;
      Count(io::kCurrentName, catalog::EncodeCurrent(*number).size());
    } else {
      Report(io::kCurrentName, current.status());
      number = NewestManifest();
    }
    if (number) LoadManifest(*number);
  }

  // Good enough to look further, where opening the database would refuse.
  std::optional<std::uint64_t> NewestManifest() {
    std::optional<std::uint64_t> newest;
    const auto entries = fs_->List("");
    if (!entries.ok()) return newest;
    for (const io::DirectoryEntry& entry : *entries) {
      if (const auto number = io::ParseManifestName(entry.name)) newest = number;
    }
    return newest;
  }

  void LoadManifest(std::uint64_t number) {
    const std::string path = io::ManifestName(number);
    auto loaded = catalog::LoadManifestLog(*fs_, number, database_ ? &*database_ : nullptr);
    if (!loaded.ok()) {
      Report(path, loaded.status());
      return;
    }
    if (loaded->report.discarded_bytes != 0) report_.notes.push_back(loaded->report.detail);
    database_ = loaded->state.database;
    state_ = std::move(loaded->state);
    Count(path, SizeOf(path));
  }

  std::uint64_t SizeOf(const std::string& path) {
    const auto file = fs_->Open(path, io::OpenMode::kRead);
    if (!file.ok()) return 0;
    const auto size = (*file)->Size();
    return size.ok() ? *size : 0;
  }

  // ---- Logs -----------------------------------------------------------------------------

  void CheckLogs(PchannelId number, const catalog::PchannelState& channel) {
    std::vector<io::LogIdentity> identities;
    std::vector<std::string> paths;
    bool complete = true;
    for (const auto& [log_number, identity] : channel.logs) {
      const std::string path = io::LogPath(number, log_number);
      const auto reader = io::PageLogReader::Open(*fs_, path, identity);
      if (reader.ok()) {
        Count(path, (*reader)->file_bytes());
      } else {
        Report(path, reader.status());
        complete = false;
      }
      identities.push_back(identity);
      paths.push_back(path);
    }
    if (!complete) return;
    const auto chain = wal::Replay(*fs_, number, identities, channel.checkpoint, channel.durable,
                                   [this](const wal::ReplayedGroup& group) {
                                     for (const wal::LoggedMessage& message : group.messages)
                                       VECDB_TRY(CheckMessage(message));
                                     return Status();
                                   });
    if (!chain.ok()) {
      const std::string folder = paths.size() == 1 ? paths.front() : io::PchannelFolder(number);
      Report(FileNamedBy(chain.status(), paths, folder), chain.status());
      return;
    }
    report_.log_groups += chain->groups;
    report_.log_records += chain->records;
    if (chain->discarded_bytes != 0) report_.notes.push_back(chain->detail);
  }

  Status CheckMessage(const wal::LoggedMessage& logged) const {
    const wal::Message& message = logged.message;
    const auto found = state_->collections.find(message.collection);
    if (found == state_->collections.end()) {
      const bool dropped =
          message.collection < state_->next_id && logged.timestamp <= state_->max_timestamp;
      if (dropped) return Status();
      return base::Corruption("record {} names collection {}, which never was", logged.lsn,
                              message.collection);
    }
    const catalog::CollectionRecord& collection = found->second;
    if (message.shard >= collection.options.shards) {
      return base::Corruption("record {} names shard {} of collection '{}', which has {}",
                              logged.lsn, message.shard, collection.name,
                              collection.options.shards);
    }
    const PartitionId partition = wal::PartitionOf(message);
    if (!state_->HadPartition(message.collection, partition, logged.timestamp)) {
      return base::Corruption("record {} names partition {} of collection '{}', which never was",
                              logged.lsn, partition, collection.name);
    }
    Status decoded = message.type == wal::MessageType::kDelete
                         ? chunk::DecodeKeys(collection.schema, message.payload).status()
                         : chunk::DecodeChunk(collection.schema, message.payload).status();
    if (decoded.ok()) return decoded;
    return base::Annotate(decoded, base::Format("record {}", logged.lsn));
  }

  // ---- Segments -------------------------------------------------------------------------

  // Each file alone first, so that every damaged one is named; then what they promise together.
  void CheckSegment(const catalog::SegmentRecord& record) {
    ++report_.segments;
    report_.segment_rows += record.rows;
    std::vector<std::string> paths;
    bool whole = true;
    for (const NamedFile& file : FilesOf(record)) {
      paths.push_back(file.path);
      whole = CheckSealedFile(file) && whole;
    }
    if (!whole) return;
    const Status verified = VerifySegment(record);
    if (verified.ok()) return;
    Report(FileNamedBy(verified, paths, io::SegmentFolder(record.id)), verified);
  }

  bool CheckSealedFile(const NamedFile& file) {
    const auto opened =
        io::BlockFile::Open(*fs_, file.path, *database_, file.info, LoadMode::kResident);
    if (!opened.ok()) {
      Report(file.path, opened.status());
      return false;
    }
    Count(file.path, file.info.size_bytes);
    return true;
  }

  Status VerifySegment(const catalog::SegmentRecord& record) {
    const auto collection = state_->collections.find(record.collection);
    if (collection == state_->collections.end()) {
      return base::Corruption("the segment's collection {} does not exist", record.collection);
    }
    VECDB_TRY_ASSIGN(const auto segment, segment::SealedSegment::Open(
                                             *fs_, *database_, record, collection->second.schema,
                                             nullptr, LoadMode::kResident));
    return segment->VerifyAll();
  }

  // Without a manifest nobody knows which files count, but each can still be compared with its own
  // footer.
  void CheckLooseSegments() {
    const auto folders = fs_->List(io::kSegmentsFolder);
    if (!folders.ok()) return;
    for (const io::DirectoryEntry& folder : *folders) {
      if (!folder.is_directory) continue;
      const std::string path = io::Join(io::kSegmentsFolder, folder.name);
      const auto files = fs_->List(path);
      if (!files.ok()) continue;
      ++report_.segments;
      for (const io::DirectoryEntry& file : *files) {
        if (file.is_regular) CheckLooseFile(io::Join(path, file.name));
      }
    }
  }

  void CheckLooseFile(const std::string& path) {
    const auto info = io::PeekSealedFile(*fs_, path);
    if (!info.ok()) {
      Report(path, info.status());
    } else if (database_) {
      static_cast<void>(CheckSealedFile({path, *info}));
    }
  }

  // ---- The rest -------------------------------------------------------------------------

  Status CheckAsReader() {
    Status checked = CheckRows(fs_, &report_);
    if (checked.code() != StatusCode::kCorruption) return checked;
    report_.damaged.push_back({"", std::string(checked.message())});
    return Status();
  }

  void CountUnnamed() {
    std::vector<std::string> unnamed;
    ListUnnamed("", 0, &unnamed);
    if (unnamed.empty()) return;
    report_.notes.push_back(base::Format(
        "{} {} that no record needs, such as '{}': the next open for writing removes what is "
        "vecdb's",
        unnamed.size(), unnamed.size() == 1 ? "file" : "files", unnamed.front()));
  }

  void ListUnnamed(const std::string& folder, int depth, std::vector<std::string>* unnamed) {
    constexpr int kMaxDepth = 4;  // a database has three
    const auto entries = fs_->List(folder);
    if (!entries.ok() || depth > kMaxDepth) return;
    for (const io::DirectoryEntry& entry : *entries) {
      const std::string path = folder.empty() ? entry.name : io::Join(folder, entry.name);
      if (entry.is_directory) {
        ListUnnamed(path, depth + 1, unnamed);
      } else if (needed_.count(path) == 0) {
        unnamed->push_back(path);
      }
    }
  }

  const std::shared_ptr<io::FileSystem> fs_;
  std::unique_ptr<io::FileLock> lock_;
  std::optional<io::DatabaseUuid> database_;
  std::optional<catalog::State> state_;
  std::set<std::string> needed_;
  std::set<std::string> reported_;
  CheckReport report_;
};

}  // namespace

Result<CheckReport> CheckFiles(std::shared_ptr<io::FileSystem> fs, bool full) {
  return Guarded([&] { return Checker(std::move(fs)).Run(full); });
}

}  // namespace vecdb::api

namespace vecdb {

Result<CheckReport> Check(const std::filesystem::path& directory, bool full) {
  return api::Guarded([&]() -> Result<CheckReport> {
    VECDB_TRY_ASSIGN(auto fs, io::OpenDirectory(directory, /*create=*/false));
    return api::CheckFiles(std::move(fs), full);
  });
}

}  // namespace vecdb
