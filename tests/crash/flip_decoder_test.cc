// Every reader of a file against every byte of it: what is damaged is refused, or it is the tail of
// a log that nobody promised to keep, and then it is told.
#include <cstdio>
#include <cstring>

#include "catalog/current.h"
#include "catalog/manifest.h"
#include "catalog/manifest_log.h"
#include "chunk/codec.h"
#include "flip_databases.h"
#include "io/block_file.h"
#include "io/layout.h"
#include "io/page_log.h"
#include "segment/sealed_segment.h"
#include "support/seed.h"
#include "wal/reader.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

// What a reader made of a file.
struct Reading {
  Status status;
  std::string content = {};  // what was decoded
  Lsn last_lsn = 0;
  std::uint64_t discarded = 0;
  bool sealed = true;
  std::string detail = {};
};

struct Figures {
  std::uint64_t positions = 0;
  std::uint64_t detected = 0;
  std::uint64_t harmless = 0;
  std::uint64_t reported = 0;
  std::uint64_t wrong = 0;
};

std::string TextOf(std::span<const std::byte> bytes) {
  return std::string(base::AsText(bytes));
}

Reading OfChain(const Result<io::ChainReport>& chain, std::string content) {
  if (!chain.ok()) return {chain.status()};
  return {Status(),      std::move(content), chain->last_lsn, chain->discarded_bytes,
          chain->sealed, chain->detail};
}

// The readers of one database, over a disk of which one file changes.
class Readers {
 public:
  explicit Readers(const SampleDatabase& sample) : fs_(DiskWith(sample.files)) {
    auto recovered = catalog::Recover(*fs_);
    REQUIRE(recovered.ok());
    format_ = recovered->format;
    state_ = std::move(recovered->state);
    manifest_ = recovered->manifest_number;
    for (const auto& [number, log] : state_.pchannels.at(0).logs) logs_.push_back(log);
    for (const auto& [id, record] : state_.segments) AddSegment(record);
  }

  io::FileSystem& fs() { return *fs_; }

  // Nothing when no reader looks at this file.
  std::optional<Reading> Read(const std::string& path, bool mapped) {
    if (path == io::kFormatName) return ReadFormat();
    if (path == io::kCurrentName) return ReadCurrent();
    if (path == io::ManifestName(manifest_)) return ReadManifest();
    for (const io::LogIdentity& log : logs_) {
      if (path == io::LogPath(0, log.number)) return ReadLogs();
    }
    const auto sealed = sealed_.find(path);
    if (sealed != sealed_.end()) return ReadSealed(path, sealed->second, mapped);
    return std::nullopt;
  }

 private:
  struct Sealed {
    SegmentId segment = 0;
    io::SealedFileInfo info;
  };

  void AddSegment(const catalog::SegmentRecord& record) {
    const std::string folder = io::SegmentFolder(record.id);
    for (const auto& column : record.columns) {
      sealed_[io::Join(folder, io::ColumnName(column.field, column.chunk))] = {record.id,
                                                                               column.info};
    }
    sealed_[io::Join(folder, io::KeysName(0))] = {record.id, record.keys};
    if (record.deletes) {
      sealed_[io::Join(folder, io::DeletesName(record.deletes->number))] = {record.id,
                                                                            record.deletes->info};
    }
  }

  std::string Bytes(const std::string& path) {
    const auto file = *fs_->Open(path, io::OpenMode::kRead);
    std::string bytes(*file->Size(), '\0');
    file->ReadAt(0, std::as_writable_bytes(std::span(bytes))).OrDie();
    return bytes;
  }

  Reading ReadFormat() {
    const auto format = catalog::DecodeFormat(base::AsBytes(Bytes(io::kFormatName)));
    if (!format.ok()) return {format.status()};
    return {Status(), TextOf(catalog::EncodeFormat(*format))};
  }
  Reading ReadCurrent() {
    const auto number = catalog::DecodeCurrent(base::AsBytes(Bytes(io::kCurrentName)));
    if (!number.ok()) return {number.status()};
    return {Status(), std::to_string(*number)};
  }
  Reading ReadManifest() {
    const auto loaded = catalog::LoadManifestLog(*fs_, manifest_, &format_.database);
    if (!loaded.ok()) return {loaded.status()};
    std::string content;
    for (const catalog::Edit& edit : catalog::Snapshot(loaded->state)) {
      content += TextOf(catalog::EncodeEdit(edit));
    }
    return OfChain(loaded->report, std::move(content));
  }
  Reading ReadLogs() {
    const catalog::PchannelState& channel = state_.pchannels.at(0);
    std::string content;
    const auto chain =
        wal::Replay(*fs_, 0, logs_, channel.checkpoint, channel.durable,
                    [&](const wal::ReplayedGroup& group) { return DecodeGroup(group, &content); });
    return OfChain(chain, std::move(content));
  }
  Status DecodeGroup(const wal::ReplayedGroup& group, std::string* content) {
    for (const wal::LoggedMessage& logged : group.messages) {
      const auto collection = state_.collections.find(logged.message.collection);
      if (collection == state_.collections.end()) return base::Corruption("no such collection");
      const Schema& schema = collection->second.schema;
      const auto payload = logged.message.payload;
      VECDB_TRY(logged.message.type == wal::MessageType::kDelete
                    ? chunk::DecodeKeys(schema, payload).status()
                    : chunk::DecodeChunk(schema, payload).status());
      *content += std::to_string(logged.lsn) + ":" + TextOf(payload);
    }
    return Status();
  }
  Reading ReadSealed(const std::string& path, const Sealed& sealed, bool mapped) {
    const LoadMode mode = mapped ? LoadMode::kMapped : LoadMode::kResident;
    const auto file = io::BlockFile::Open(*fs_, path, format_.database, sealed.info, mode);
    if (!file.ok()) return {file.status()};
    if (Status verified = (*file)->VerifyAll(); !verified.ok()) return {std::move(verified)};
    const catalog::SegmentRecord& record = state_.segments.at(sealed.segment);
    const Schema& schema = state_.collections.at(record.collection).schema;
    const auto segment =
        segment::SealedSegment::Open(*fs_, format_.database, record, schema, nullptr, mode);
    if (!segment.ok()) return {segment.status()};
    return {(*segment)->VerifyAll(), "whole"};
  }

  const std::shared_ptr<io::FileSystem> fs_;
  catalog::Format format_;
  catalog::State state_;
  std::uint64_t manifest_ = 0;
  std::vector<io::LogIdentity> logs_;
  std::map<std::string, Sealed> sealed_;
};

class DecoderFlips {
 public:
  DecoderFlips(const SampleDatabase& sample, Figures* figures)
      : sample_(sample), readers_(sample), figures_(figures) {}

  void Run() {
    for (const auto& [path, bytes] : sample_.files) {
      if (path.back() == '/') continue;
      const auto whole = readers_.Read(path, false);
      if (!whole) continue;
      INFO(sample_.name << ", " << path << ": " << whole->status.ToString());
      REQUIRE(whole->status.ok());
      file_ = *readers_.fs().Open(path, io::OpenMode::kReadWrite);
      FlipFile(path, bytes, *whole);
      file_.reset();
    }
  }

 private:
  // Every byte of what is small; of pages each byte of the headers and some of the rest; of the
  // zeros ahead one here and there.
  static bool Wanted(const std::string& path, const std::string& bytes, std::size_t at) {
    if (kSanitized && at % 7 != 3) return false;
    if (!IsLog(path) || SoakMinutes().count() != 0) return true;
    if (!IsWritten(bytes, at)) return at % 509 == 0;
    return at < io::kPageSize || at % io::kPageSize < 112 || at % 7 == 0;
  }
  static bool IsLog(const std::string& path) {
    return path.rfind("MANIFEST-", 0) == 0 || path.rfind("wal/", 0) == 0;
  }
  // Pages that were never written are zero, checksum and all.
  static bool IsWritten(const std::string& bytes, std::size_t at) {
    const std::string page = bytes.substr(at / io::kPageSize * io::kPageSize, io::kPageSize);
    return page.find_first_not_of('\0') != std::string::npos;
  }

  void FlipFile(const std::string& path, const std::string& bytes, const Reading& whole) {
    const bool soak = SoakMinutes().count() != 0;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      if (!Wanted(path, bytes, at)) continue;
      Flip(path, bytes, at, 0xFF, whole);
      if (soak) {
        for (unsigned bit = 0; bit < 8; ++bit) Flip(path, bytes, at, 1U << bit, whole);
      } else if (at % 4 == 0) {
        Flip(path, bytes, at, 0x01, whole);
      }
    }
  }

  void Flip(const std::string& path, const std::string& bytes, std::size_t at, unsigned mask,
            const Reading& whole) {
    Put(at, static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ mask));
    ++figures_->positions;
    const bool padding = IsLog(path) && !IsWritten(bytes, at);
    Judge(*readers_.Read(path, at % 2 == 0), whole, padding,
          [&] { return path + " offset " + std::to_string(at) + " mask " + std::to_string(mask); });
    Put(at, bytes[at]);
  }
  void Put(std::size_t at, char byte) {
    file_->WriteAt(at, std::as_bytes(std::span(&byte, 1))).OrDie();
  }

  // `padding`: the byte lies in a page that was never written, behind the end of a log.
  template <typename Where>
  void Judge(const Reading& found, const Reading& whole, bool padding, const Where& where) {
    const bool told = found.discarded != 0 && !found.detail.empty();
    const bool same = found.content == whole.content;
    // The last group that was acknowledged may have no proof behind it after an unclean stop.
    const bool tail = !sample_.closed && told && found.last_lsn + 3 > whole.last_lsn;
    if (!found.status.ok()) {
      ++figures_->detected;
      if (found.status.code() == StatusCode::kCorruption) return;
    } else if (same && found.discarded == 0) {
      ++figures_->harmless;
      if (padding) return;  // nothing else is harmless in a file that is read
    } else if (told && (same || tail)) {
      ++figures_->reported;
      return;
    }
    if (++figures_->wrong < 20) {
      FAIL_CHECK(sample_.name << ", " << where() << ": " << found.status.ToString()
                              << "; discarded " << found.discarded << " bytes (" << found.detail
                              << ") lsn " << found.last_lsn << " of " << whole.last_lsn);
    }
  }

  const SampleDatabase& sample_;
  Readers readers_;
  std::unique_ptr<io::File> file_;
  Figures* const figures_;
};

}  // namespace

TEST_CASE("no reader of a file believes a flipped byte", "[flip]") {
  Figures figures;
  for (const SampleDatabase& sample : MakeSampleDatabases()) DecoderFlips(sample, &figures).Run();
  std::printf(
      "FIG flip.decoder=%llu decoder_detected=%llu decoder_reported=%llu decoder_wrong=%llu\n",
      static_cast<unsigned long long>(figures.positions),
      static_cast<unsigned long long>(figures.detected),
      static_cast<unsigned long long>(figures.reported),
      static_cast<unsigned long long>(figures.wrong));
  CHECK(figures.positions >= (kSanitized ? 5'000 : 50'000));
  CHECK(figures.wrong == 0);
}
