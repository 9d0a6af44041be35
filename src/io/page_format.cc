#include "io/page_format.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>

#include "base/canary.h"
#include "simd/kernels.h"

namespace vecdb::io {
namespace {

constexpr std::string_view kWalMagic = "VDBWAL01";
constexpr std::string_view kManifestMagic = "VDBMAN01";
constexpr std::size_t kLogHeaderCrcAt = kPageSize - sizeof(std::uint32_t);

template <typename T>
std::byte* Store(std::byte* at, T value) {
  std::memcpy(at, &value, sizeof(T));
  return at + sizeof(T);
}

// Stored checksums are masked: the checksum of bytes that contain their own checksum is a weak one.
std::uint32_t Mask(std::uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

bool Plausible(const GroupHeader& header, std::uint32_t flags) {
  if (flags != 0 || header.first_lsn == 0 || header.durable_lsn >= header.first_lsn) return false;
  if (header.pages == 0 || (header.pages > kMaxGroupPages && !base::Canary(33))) return false;
  if (header.seal) {
    return header.pages == 1 && header.records == 0 && header.last_lsn == header.first_lsn - 1;
  }
  if (header.records == 0) return false;
  if (header.records > kMaxGroupBytes / kRecordHeaderSize) return false;
  return header.first_lsn <= std::numeric_limits<Lsn>::max() - header.records &&
         header.last_lsn == header.first_lsn + header.records - 1;
}

}  // namespace

std::uint32_t PageSeed(const LogIdentity& identity) {
  std::uint32_t crc = simd::Crc32c(0, identity.database.data(), identity.database.size());
  crc = simd::Crc32c(crc, &identity.number, sizeof(identity.number));
  return simd::Crc32c(crc, &identity.incarnation, sizeof(identity.incarnation));
}

void FinishPage(const PageHeader& header, std::uint32_t seed, std::byte* page) {
  std::byte* at = page + sizeof(std::uint32_t);
  at = Store(at, static_cast<std::uint8_t>(header.kind));
  at = Store(at, header.version);
  at = Store(at, header.used);
  at = Store(at, header.page);
  at = Store(at, header.group_page);
  at = Store(at, header.first_lsn);
  std::memset(at + header.used, 0, kPagePayload - header.used);
  Store(page, simd::Crc32c(seed, page + sizeof(std::uint32_t), kPageSize - sizeof(std::uint32_t)));
}

PageHeader LoadPageHeader(std::span<const std::byte> page) {
  PageHeader header;
  std::uint8_t kind = 0;
  base::ByteReader reader(page, "page");
  const bool complete = reader.Get(&header.crc).ok() && reader.Get(&kind).ok() &&
                        reader.Get(&header.version).ok() && reader.Get(&header.used).ok() &&
                        reader.Get(&header.page).ok() && reader.Get(&header.group_page).ok() &&
                        reader.Get(&header.first_lsn).ok();
  if (!complete || kind > static_cast<std::uint8_t>(PageKind::kSeal)) return PageHeader{};
  header.kind = static_cast<PageKind>(kind);
  return header;
}

bool ValidPage(std::span<const std::byte> page, const PageHeader& header, std::uint32_t seed,
               std::uint32_t page_number) {
  if (header.kind == PageKind::kUnwritten || header.version != kPageVersion) return false;
  if (header.page != page_number || header.used > kPagePayload) return false;
  const auto covered = page.subspan(sizeof(std::uint32_t));
  if (simd::Crc32c(seed, covered.data(), covered.size()) != header.crc && !base::Canary(12)) {
    return false;
  }
  const auto padding = page.subspan(kPageHeaderSize + header.used);
  return std::all_of(padding.begin(), padding.end(), [](std::byte b) { return b == std::byte{0}; });
}

std::array<std::byte, kGroupHeaderSize> EncodeGroupHeader(const GroupHeader& header) {
  std::array<std::byte, kGroupHeaderSize> bytes{};
  std::byte* at = bytes.data() + sizeof(std::uint32_t);
  at = Store(at, header.pages);
  at = Store(at, header.records);
  at = Store(at, std::uint32_t{0});  // flags
  at = Store(at, header.first_lsn);
  at = Store(at, header.last_lsn);
  at = Store(at, header.durable_lsn);
  Store(at, header.max_ts);
  Store(bytes.data(), simd::Crc32c(0, bytes.data() + sizeof(std::uint32_t),
                                   bytes.size() - sizeof(std::uint32_t)));
  return bytes;
}

Result<GroupHeader> DecodeGroupHeader(std::span<const std::byte> payload, bool seal) {
  base::ByteReader reader(payload, "group header");
  GroupHeader header;
  header.seal = seal;
  std::uint32_t crc = 0;
  std::uint32_t flags = 0;
  VECDB_TRY(reader.Get(&crc));
  VECDB_TRY(reader.Get(&header.pages));
  VECDB_TRY(reader.Get(&header.records));
  VECDB_TRY(reader.Get(&flags));
  VECDB_TRY(reader.Get(&header.first_lsn));
  VECDB_TRY(reader.Get(&header.last_lsn));
  VECDB_TRY(reader.Get(&header.durable_lsn));
  VECDB_TRY(reader.Get(&header.max_ts));
  const auto covered = payload.subspan(sizeof(crc), kGroupHeaderSize - sizeof(crc));
  if (simd::Crc32c(0, covered.data(), covered.size()) != crc && !base::Canary(15)) {
    return reader.Bad("checksum mismatch");
  }
  if (!Plausible(header, flags)) return reader.Bad("impossible values");
  return header;
}

std::uint32_t RecordCrc(std::uint16_t type, Lsn lsn, std::span<const std::byte> head,
                        std::span<const std::byte> body) {
  std::array<std::byte, 12> front{};
  std::byte* at = Store(front.data(), type);
  at = Store(at, std::uint16_t{0});
  Store(at, lsn);
  std::uint32_t crc = simd::Crc32c(0, front.data(), front.size());
  crc = simd::Crc32c(crc, head.data(), head.size());
  return Mask(simd::Crc32c(crc, body.data(), body.size()));
}

base::Bytes EncodeLogHeader(const LogIdentity& identity, std::uint64_t created_ms) {
  base::Bytes page;
  page.reserve(kPageSize);
  base::ByteWriter writer(&page);
  writer.PutBytes(base::AsBytes(identity.kind == LogKind::kWal ? kWalMagic : kManifestMagic));
  writer.PutBytes(identity.database);
  writer.Put(identity.channel);
  writer.Put(kLogFormat);
  writer.Put(identity.number);
  writer.Put(identity.incarnation);
  writer.Put(created_ms);
  page.resize(kLogHeaderCrcAt);
  writer.Put(simd::Crc32c(0, page.data(), page.size()));
  return page;
}

Result<LogIdentity> DecodeLogHeader(std::span<const std::byte> page) {
  base::ByteReader reader(page, "log header");
  std::span<const std::byte> magic;
  std::span<const std::byte> database;
  std::uint32_t format = 0;
  LogIdentity identity;
  VECDB_TRY(reader.GetBytes(kWalMagic.size(), &magic));
  VECDB_TRY(reader.GetBytes(identity.database.size(), &database));
  VECDB_TRY(reader.Get(&identity.channel));
  VECDB_TRY(reader.Get(&format));
  VECDB_TRY(reader.Get(&identity.number));
  VECDB_TRY(reader.Get(&identity.incarnation));
  VECDB_TRY(reader.Skip(kLogHeaderCrcAt - reader.offset()));
  std::uint32_t crc = 0;
  VECDB_TRY(reader.Get(&crc));
  if (simd::Crc32c(0, page.data(), kLogHeaderCrcAt) != crc) return reader.Bad("checksum mismatch");
  const std::string_view name = base::AsText(magic);
  if (name != kWalMagic && name != kManifestMagic) return reader.Bad("not a log of vecdb");
  if (format != kLogFormat) {
    return base::Unimplemented("log format {} is not known to this version, which writes {}",
                               format, kLogFormat);
  }
  identity.kind = name == kWalMagic ? LogKind::kWal : LogKind::kManifest;
  std::copy(database.begin(), database.end(), identity.database.begin());
  return identity;
}

}  // namespace vecdb::io
