#include <algorithm>

#include "base/canary.h"
#include "catalog/current.h"
#include "catalog/manifest.h"
#include "catalog/manifest_log.h"
#include "io/install.h"
#include "io/layout.h"

namespace vecdb::catalog {
namespace {

constexpr std::uint64_t kFormatFileLimit = 4096;

Status Missing(const std::string& what) {
  return base::Corruption("{} is missing", what);
}

// What a folder holds; a missing one is empty.
Result<std::vector<io::DirectoryEntry>> ListIfThere(io::FileSystem& fs, const std::string& path) {
  Result<std::vector<io::DirectoryEntry>> entries = fs.List(path);
  if (!entries.ok() && entries.status().code() == StatusCode::kNotFound) {
    return std::vector<io::DirectoryEntry>();
  }
  return entries;
}

// Without FORMAT. Creation makes folders, first log, manifest, CURRENT and FORMAT, in this order
// and each synced before the next; only then can there be a collection, a segment or a row.
// Whatever one of them has left behind therefore proves that FORMAT was there.

// A manifest that cannot be read and that nothing names may be a creation cut short; one that is
// missing may have been swept by the next attempt.
Result<bool> ManifestHasCollections(io::FileSystem& fs, std::uint64_t number, bool named) {
  const Result<LoadedManifest> loaded = LoadManifestLog(fs, number, nullptr);
  if (loaded.ok()) return !loaded->state.collections.empty();
  const StatusCode code = loaded.status().code();
  if (code == StatusCode::kNotFound) return false;
  if (code == StatusCode::kCorruption) return named;
  return loaded.status();
}

Result<bool> AnyManifestCounts(io::FileSystem& fs) {
  const Result<std::uint64_t> current = ReadCurrent(fs);
  if (!current.ok() && current.status().code() == StatusCode::kCorruption) return true;
  if (!current.ok() && current.status().code() != StatusCode::kNotFound) return current.status();
  if (current.ok()) return ManifestHasCollections(fs, *current, /*named=*/true);
  VECDB_TRY_ASSIGN(const auto entries, fs.List(""));
  for (const io::DirectoryEntry& entry : entries) {
    const auto number = io::ParseManifestName(entry.name);
    if (!number || !entry.is_regular) continue;
    VECDB_TRY_ASSIGN(const bool counts, ManifestHasCollections(fs, *number, /*named=*/false));
    if (counts) return true;
  }
  return false;
}

// True when its first group, which every later one stands behind, is there and says something.
Result<bool> LogHasRows(io::FileSystem& fs, const std::string& path) {
  const Result<io::LogIdentity> identity = io::PageLogReader::PeekIdentity(fs, path);
  if (!identity.ok()) {
    if (identity.status().code() == StatusCode::kCorruption) return false;
    return identity.status();
  }
  VECDB_TRY_ASSIGN(const auto reader, io::PageLogReader::Open(fs, path, *identity));
  VECDB_TRY_ASSIGN(const auto group, reader->GroupAt(1));
  return group && !group->seal;
}

Result<bool> AnyLogHasRows(io::FileSystem& fs) {
  VECDB_TRY_ASSIGN(const auto pchannels, ListIfThere(fs, io::kWalFolder));
  for (const io::DirectoryEntry& pchannel : pchannels) {
    if (!pchannel.is_directory) continue;
    const std::string folder = io::Join(io::kWalFolder, pchannel.name);
    VECDB_TRY_ASSIGN(const auto logs, fs.List(folder));
    for (const io::DirectoryEntry& log : logs) {
      if (!log.is_regular || !io::ParseLogName(log.name)) continue;
      VECDB_TRY_ASSIGN(const bool has_rows, LogHasRows(fs, io::Join(folder, log.name)));
      if (has_rows) return true;
    }
  }
  return false;
}

Status WhyFormatIsMissing(io::FileSystem& fs) {
  VECDB_TRY_ASSIGN(const auto segments, ListIfThere(fs, io::kSegmentsFolder));
  if (!segments.empty()) return Missing(io::kFormatName);
  VECDB_TRY_ASSIGN(const bool manifest, AnyManifestCounts(fs));
  if (manifest) return Missing(io::kFormatName);
  VECDB_TRY_ASSIGN(const bool rows, AnyLogHasRows(fs));
  if (rows) return Missing(io::kFormatName);
  return base::NotFound("no database at '{}'", fs.Describe(""));
}

Result<Format> ReadFormat(io::FileSystem& fs) {
  const Result<base::Bytes> bytes = io::ReadWholeFile(fs, io::kFormatName, kFormatFileLimit);
  if (bytes.ok()) return DecodeFormat(*bytes);
  if (bytes.status().code() == StatusCode::kNotFound) return WhyFormatIsMissing(fs);
  return bytes.status();
}

Result<Recovered> RecoverManifest(io::FileSystem& fs, const Format& format, std::uint64_t number) {
  Result<LoadedManifest> loaded = LoadManifestLog(fs, number, &format.database);
  if (!loaded.ok()) {
    if (loaded.status().code() != StatusCode::kNotFound) return loaded.status();
    return Missing(base::Format("{}, which {} names,", io::ManifestName(number), io::kCurrentName));
  }
  return Recovered{format, std::move(loaded->state), number, std::move(loaded->report)};
}

Result<Recovered> RecoverCurrent(io::FileSystem& fs, const Format& format) {
  const Result<std::uint64_t> number = ReadCurrent(fs);
  if (number.ok()) return RecoverManifest(fs, format, *number);
  if (number.status().code() == StatusCode::kNotFound) return Missing(io::kCurrentName);
  return number.status();
}

// The fault of taking any manifest that can be read; the tests must catch it.
Result<Recovered> RecoverAnything(io::FileSystem& fs, const Format& format) {
  VECDB_TRY_ASSIGN(auto entries, fs.List(""));
  std::reverse(entries.begin(), entries.end());
  for (const io::DirectoryEntry& entry : entries) {
    const auto number = io::ParseManifestName(entry.name);
    if (!number) continue;
    Result<Recovered> recovered = RecoverManifest(fs, format, *number);
    if (recovered.ok()) return recovered;
  }
  return Missing(io::kCurrentName);
}

}  // namespace

Result<Recovered> Recover(io::FileSystem& fs) {
  VECDB_TRY_ASSIGN(const Format format, ReadFormat(fs));
  Result<Recovered> recovered = RecoverCurrent(fs, format);
  if (!recovered.ok() && base::Canary(20)) return RecoverAnything(fs, format);
  return recovered;
}

}  // namespace vecdb::catalog
