// The bytes of a paged log, for its writer and its reader. The grammar stands in page_log.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "io/page_log.h"

namespace vecdb::io {

inline constexpr std::uint32_t kLogFormat = 1;
inline constexpr std::uint8_t kPageVersion = 1;
inline constexpr std::size_t kMaxGroupPages = (kMaxGroupBytes + kPagePayload - 1) / kPagePayload;

enum class PageKind : std::uint8_t { kUnwritten = 0, kStart = 1, kContinuation = 2, kSeal = 3 };

struct PageHeader {
  std::uint32_t crc = 0;
  PageKind kind = PageKind::kUnwritten;
  std::uint8_t version = kPageVersion;
  std::uint16_t used = 0;
  std::uint32_t page = 0;
  std::uint32_t group_page = 0;
  Lsn first_lsn = 0;
};

// Ties every page to its log: a page of another log, or of a former file of this name, fails.
std::uint32_t PageSeed(const LogIdentity& identity);

// Fills in header, zeros behind `used` bytes of payload, and checksum.
void FinishPage(const PageHeader& header, std::uint32_t seed, std::byte* page);
// Nothing but the decoding; see ValidPage.
PageHeader LoadPageHeader(std::span<const std::byte> page);
// The checksum holds and every field but kind and lsn is what a page at this place must have.
bool ValidPage(std::span<const std::byte> page, const PageHeader& header, std::uint32_t seed,
               std::uint32_t page_number);

std::array<std::byte, kGroupHeaderSize> EncodeGroupHeader(const GroupHeader& header);
// kCorruption when its checksum fails or a field cannot be; `seal` as the page's kind says.
Result<GroupHeader> DecodeGroupHeader(std::span<const std::byte> payload, bool seal);

// The checksum of a record as it is stored; `head` and `body` together are the record's body.
std::uint32_t RecordCrc(std::uint16_t type, Lsn lsn, std::span<const std::byte> head,
                        std::span<const std::byte> body);

base::Bytes EncodeLogHeader(const LogIdentity& identity, std::uint64_t created_ms);
Result<LogIdentity> DecodeLogHeader(std::span<const std::byte> page);

}  // namespace vecdb::io
