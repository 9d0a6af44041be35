// FORMAT is 128 bytes, all little-endian:
//
//   magic "VDBFORMT", u32 version, database id[16], u64 compatible bits, u64 read-only compatible
//   bits, u64 incompatible bits, u64 created (milliseconds since 1970), zeros, u32 crc32c at 124
//   over the 124 bytes before
//
// Every version keeps these places, so that each can say by name what it cannot read.
#include <algorithm>

#include "catalog/manifest.h"
#include "chunk/kinds.h"
#include "io/install.h"
#include "io/layout.h"
#include "simd/kernels.h"

namespace vecdb::catalog {
namespace {

constexpr std::string_view kMagic = "VDBFORMT";
constexpr std::size_t kFormatSize = 128;
constexpr std::size_t kCrcAt = kFormatSize - 4;
constexpr std::string_view kWhat = io::kFormatName;

// Bits that this version knows: none so far.
constexpr std::uint64_t kKnownIncompatibleBits = 0;
constexpr std::uint64_t kKnownReadOnlyCompatibleBits = 0;

std::uint32_t CrcOf(std::span<const std::byte> bytes) {
  return simd::Crc32c(0, bytes.data(), kCrcAt);
}

// The places that no one can read without knowing them are read before the version is judged.
Status CheckFrame(std::span<const std::byte> bytes) {
  if (bytes.size() != kFormatSize) {
    return base::Corruption("{} has {} bytes instead of {}", kWhat, bytes.size(), kFormatSize);
  }
  if (base::AsText(bytes.first(kMagic.size())) != kMagic) {
    return base::Corruption("{} does not begin with {}", kWhat, kMagic);
  }
  std::uint32_t crc = 0;
  base::ByteReader tail(bytes.subspan(kCrcAt), kWhat);
  VECDB_TRY(tail.Get(&crc));
  if (crc != CrcOf(bytes)) return base::Corruption("{} does not match its checksum", kWhat);
  return Status();
}

Status CheckReadable(const Format& format) {
  if (format.version > kFormatVersion) {
    return base::FailedPrecondition(
        "the database has format version {}; this vecdb reads up to version {}", format.version,
        kFormatVersion);
  }
  if (format.version == 0) return base::Corruption("{} has version 0", kWhat);
  const std::uint64_t unknown = format.incompatible_bits & ~kKnownIncompatibleBits;
  if (unknown != 0) {
    return base::FailedPrecondition(
        "the database of format version {} uses features {:#x} that this vecdb, of version {}, "
        "does not know",
        format.version, unknown, kFormatVersion);
  }
  return Status();
}

}  // namespace

std::uint32_t FormatVersionFor(const Schema& schema) {
  const bool first =
      std::all_of(schema.fields().begin(), schema.fields().end(), [](const Field& field) {
        return chunk::IsScalar(field.type) || field.type == DataType::kFloatVector;
      });
  return first ? kFirstFormatVersion : 2;
}

base::Bytes EncodeFormat(const Format& format) {
  base::Bytes bytes;
  base::ByteWriter out(&bytes);
  out.PutBytes(base::AsBytes(kMagic));
  out.Put(format.version);
  out.PutBytes(format.database);
  out.Put(format.compatible_bits);
  out.Put(format.read_only_compatible_bits);
  out.Put(format.incompatible_bits);
  out.Put(format.created_ms);
  bytes.resize(kCrcAt);
  out.Put(CrcOf(bytes));
  return bytes;
}

Result<Format> DecodeFormat(std::span<const std::byte> bytes) {
  VECDB_TRY(CheckFrame(bytes));
  base::ByteReader in(bytes.first(kCrcAt), kWhat);
  Format format;
  std::span<const std::byte> database;
  VECDB_TRY(in.Skip(kMagic.size()));
  VECDB_TRY(in.Get(&format.version));
  VECDB_TRY(in.GetBytes(format.database.size(), &database));
  std::copy(database.begin(), database.end(), format.database.begin());
  VECDB_TRY(in.Get(&format.compatible_bits));
  VECDB_TRY(in.Get(&format.read_only_compatible_bits));
  VECDB_TRY(in.Get(&format.incompatible_bits));
  VECDB_TRY(in.Get(&format.created_ms));
  VECDB_TRY(CheckReadable(format));
  return format;
}

Status CheckWritable(const Format& format) {
  const std::uint64_t unknown = format.read_only_compatible_bits & ~kKnownReadOnlyCompatibleBits;
  if (unknown == 0) return Status();
  return base::FailedPrecondition(
      "the database of format version {} uses features {:#x} that this vecdb, of version {}, can "
      "read but not write; open it read-only",
      format.version, unknown, kFormatVersion);
}

Status WriteFormat(io::FileSystem& fs, const Format& format) {
  return io::InstallFile(fs, EncodeFormat(format), io::kFormatName, io::kFormatName);
}

}  // namespace vecdb::catalog
