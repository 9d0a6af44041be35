#include "api/inspect.h"

#include <algorithm>
#include <array>
#include <optional>

#include "vecdb/check.h"

#include "api/guard.h"
#include "base/status.h"
#include "base/timestamp_oracle.h"
#include "catalog/current.h"
#include "catalog/manifest.h"
#include "io/install.h"
#include "io/layout.h"

namespace vecdb::api {

std::string Hex(const io::DatabaseUuid& id) {
  std::string text;
  for (const std::byte byte : id) text += base::Format("{:02x}", static_cast<unsigned>(byte));
  return text;
}

// The civil calendar by arithmetic: no time zones, no shared state.
std::string TimeText(std::uint64_t milliseconds) {
  const std::uint64_t seconds = milliseconds / 1000;
  const std::uint64_t days = seconds / 86'400 + 719'468;  // since 0000-03-01
  const std::uint64_t era = days / 146'097;
  const std::uint64_t day_of_era = days % 146'097;
  const std::uint64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::uint64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint64_t shifted = (5 * day_of_year + 2) / 153;  // months since March
  const std::uint64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
  const std::uint64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  return base::Format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03} UTC", year, month,
                      day_of_year - (153 * shifted + 2) / 5 + 1, seconds / 3600 % 24,
                      seconds / 60 % 60, seconds % 60, milliseconds % 1000);
}

std::string TimestampText(std::uint64_t timestamp) {
  if (timestamp == 0) return "none";
  constexpr std::uint64_t kCounterMask = (std::uint64_t{1} << base::kTimestampCounterBits) - 1;
  return base::Format("{} ({} + {})", timestamp, TimeText(timestamp >> base::kTimestampCounterBits),
                      timestamp & kCounterMask);
}

namespace {

constexpr std::uint64_t kSmallFileLimit = 4096;

enum class Kind { kFormat, kCurrent, kLock, kLog, kSealed };

bool EndsWith(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::optional<Kind> KindByName(const std::string& name) {
  if (name == io::kFormatName) return Kind::kFormat;
  if (name == io::kCurrentName) return Kind::kCurrent;
  if (name == io::kLockName) return Kind::kLock;
  if (io::ParseManifestName(name) || EndsWith(name, ".wal")) return Kind::kLog;
  if (EndsWith(name, ".col") || EndsWith(name, ".key") || EndsWith(name, ".del")) {
    return Kind::kSealed;
  }
  return std::nullopt;
}

// For copies under another name.
Result<std::optional<Kind>> KindByContent(io::FileSystem& fs, const std::string& name) {
  constexpr std::uint64_t kMagicSize = 8;
  constexpr std::uint64_t kFooterSize = 64;
  std::array<std::byte, kMagicSize> magic{};
  const auto text = [&magic] { return base::AsText(magic); };
  VECDB_TRY_ASSIGN(const auto file, fs.Open(name, io::OpenMode::kRead));
  VECDB_TRY_ASSIGN(const std::uint64_t size, file->Size());
  if (size < kMagicSize) return std::optional<Kind>();
  VECDB_TRY(file->ReadAt(0, magic));
  if (text() == "VDBFORMT") return std::optional(Kind::kFormat);
  if (text() == "VDBWAL01" || text() == "VDBMAN01") return std::optional(Kind::kLog);
  if (text() == "MANIFEST") return std::optional(Kind::kCurrent);
  if (size < kFooterSize) return std::optional<Kind>();
  VECDB_TRY(file->ReadAt(size - kFooterSize, magic));
  if (text() == "VDBBLOCK") return std::optional(Kind::kSealed);
  return std::optional<Kind>();
}

Status InspectFormat(io::FileSystem& fs, const std::string& name, const Printer& out) {
  out.Line("what       the mark of a vecdb database");
  VECDB_TRY_ASSIGN(const auto bytes, io::ReadWholeFile(fs, name, kSmallFileLimit));
  out.Line("size       {} bytes", bytes.size());
  const auto format = catalog::DecodeFormat(bytes);
  if (!format.ok()) return format.status();
  out.Line("checksum   ok");
  out.Line("version    {}", format->version);
  out.Line("database   {}", Hex(format->database));
  out.Line("created    {}", TimeText(format->created_ms));
  out.Line("features   compatible {:#x}, read-only {:#x}, incompatible {:#x}",
           format->compatible_bits, format->read_only_compatible_bits, format->incompatible_bits);
  return Status();
}

Status InspectCurrent(io::FileSystem& fs, const std::string& name, const Printer& out) {
  out.Line("what       the name of the manifest that counts");
  VECDB_TRY_ASSIGN(const auto bytes, io::ReadWholeFile(fs, name, kSmallFileLimit));
  VECDB_TRY_ASSIGN(const std::uint64_t number, catalog::DecodeCurrent(bytes));
  const std::string manifest = io::ManifestName(number);
  out.Line("checksum   ok");
  out.Line("manifest   {}", manifest);
  VECDB_TRY_ASSIGN(const bool exists, fs.Exists(manifest));
  if (!exists) out.Line("note       no such file stands beside this one");
  return Status();
}

// The id of the database in whose segments/<id>/ the file lies.
std::optional<io::DatabaseUuid> DatabaseOf(const std::filesystem::path& folder) {
  const auto root = io::OpenDirectory(folder / ".." / "..", /*create=*/false);
  if (!root.ok()) return std::nullopt;
  const auto bytes = io::ReadWholeFile(**root, io::kFormatName, kSmallFileLimit);
  if (!bytes.ok()) return std::nullopt;
  const auto format = catalog::DecodeFormat(*bytes);
  if (!format.ok()) return std::nullopt;
  return format->database;
}

Status InspectFile(const std::filesystem::path& path, const Printer& out) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const std::string name = path.filename().string();
  VECDB_TRY_ASSIGN(const auto fs, io::OpenDirectory(folder, /*create=*/false));
  std::optional<Kind> kind = KindByName(name);
  if (!kind) {
    VECDB_TRY_ASSIGN(kind, KindByContent(*fs, name));
  }
  if (!kind) return base::InvalidArgument("'{}' is no file of a vecdb database", path.string());
  out.Line("file       {}", path.string());
  switch (*kind) {
    case Kind::kFormat:
      return InspectFormat(*fs, name, out);
    case Kind::kCurrent:
      return InspectCurrent(*fs, name, out);
    case Kind::kLock:
      out.Line("what       the lock; whoever has it open holds it, its bytes mean nothing");
      return Status();
    case Kind::kLog:
      return InspectLog(*fs, name, out);
    case Kind::kSealed: {
      const auto database = DatabaseOf(folder);
      return InspectSealedFile(*fs, name, database ? &*database : nullptr, out);
    }
  }
  return Status();
}

}  // namespace
}  // namespace vecdb::api

namespace vecdb {

Status Inspect(const std::filesystem::path& file,
               const std::function<void(std::string_view line)>& print) {
  return api::Guarded([&] { return api::InspectFile(file, api::Printer(print)); });
}

}  // namespace vecdb
