#include "io/layout.h"

#include <charconv>

#include "base/format.h"

namespace vecdb::io {
namespace {

constexpr std::string_view kManifestPrefix = "MANIFEST-";
constexpr std::string_view kLogSuffix = ".wal";
constexpr std::size_t kPaddedDigits = 20;  // the largest u64 has 20

std::optional<std::uint64_t> ParsePadded(std::string_view digits) {
  if (digits.size() != kPaddedDigits) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace

std::string ManifestName(std::uint64_t number) {
  return base::Format("{}{:020}", kManifestPrefix, number);
}

std::string PchannelFolder(PchannelId pchannel) {
  return base::Format("{}/{}", kWalFolder, pchannel);
}

std::string LogPath(PchannelId pchannel, std::uint64_t log_number) {
  return base::Format("{}/{}/{:020}{}", kWalFolder, pchannel, log_number, kLogSuffix);
}

std::string SegmentFolder(SegmentId segment) {
  return base::Format("{}/{}", kSegmentsFolder, segment);
}

std::string TmpSegmentFolder(SegmentId segment) {
  return base::Format("{}/{}", kTmpFolder, segment);
}

std::string ColumnName(std::uint32_t field, std::uint32_t chunk) {
  return base::Format("{}-{}.col", field, chunk);
}

std::string KeysName(std::uint32_t number) {
  return base::Format("keys-{}.key", number);
}

std::string DeletesName(std::uint64_t number) {
  return base::Format("deletes-{}.del", number);
}

std::string IndexName(std::uint32_t field, FileId file) {
  return base::Format("{}-{}.idx", field, file);
}

std::string TmpPath(std::string_view name) {
  return Join(kTmpFolder, name);
}

std::string Join(std::string_view folder, std::string_view name) {
  if (folder.empty()) return std::string(name);
  return base::Format("{}/{}", folder, name);
}

std::optional<std::uint64_t> ParseManifestName(std::string_view name) {
  if (!name.starts_with(kManifestPrefix)) return std::nullopt;
  return ParsePadded(name.substr(kManifestPrefix.size()));
}

std::optional<std::uint64_t> ParseLogName(std::string_view name) {
  if (!name.ends_with(kLogSuffix)) return std::nullopt;
  return ParsePadded(name.substr(0, name.size() - kLogSuffix.size()));
}

std::optional<std::uint64_t> ParseNumber(std::string_view name) {
  if (name.size() > 1 && name.front() == '0') return std::nullopt;  // one spelling per number
  std::uint64_t number = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc() || stop != end || name.empty()) return std::nullopt;
  return number;
}

}  // namespace vecdb::io
