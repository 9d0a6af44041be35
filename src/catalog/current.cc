#include "catalog/current.h"

#include "base/bytes.h"
#include "base/canary.h"
#include "io/install.h"
#include "io/layout.h"
#include "simd/kernels.h"

namespace vecdb::catalog {
namespace {

constexpr std::size_t kNameSize = 9 + 20;  // MANIFEST-<20 digits>

}  // namespace

std::string EncodeCurrent(std::uint64_t manifest_number) {
  const std::string name = io::ManifestName(manifest_number);
  return base::Format("{} {:08x}\n", name, simd::Crc32c(0, name.data(), name.size()));
}

Result<std::uint64_t> DecodeCurrent(std::span<const std::byte> bytes) {
  const std::string_view text = base::AsText(bytes);
  const auto number = io::ParseManifestName(text.substr(0, kNameSize));
  if (!number || text != EncodeCurrent(*number)) {
    return base::Corruption("{} does not name a manifest with its checksum", io::kCurrentName);
  }
  return *number;
}

Result<std::uint64_t> ReadCurrent(io::FileSystem& fs) {
  VECDB_TRY_ASSIGN(auto bytes, io::ReadWholeFile(fs, io::kCurrentName, EncodeCurrent(0).size()));
  return DecodeCurrent(bytes);
}

Status PrepareCurrent(io::FileSystem& fs, std::uint64_t manifest_number) {
  const std::string path = io::TmpPath(io::kCurrentName);
  // Removed, never written over: a power cut may have left it as a second name of CURRENT itself.
  const Status removed = fs.RemoveFile(path);
  if (!removed.ok() && removed.code() != StatusCode::kNotFound) return removed;
  VECDB_TRY_ASSIGN(auto file, fs.Open(path, io::OpenMode::kCreate));
  const std::string text = EncodeCurrent(manifest_number);
  VECDB_TRY(file->WriteAt(0, base::AsBytes(text)));
  if (base::Canary(6)) return Status();
  return file->Sync();
}

Status SwitchCurrent(io::FileSystem& fs) {
  VECDB_TRY(fs.Rename(io::TmpPath(io::kCurrentName), io::kCurrentName));
  base::KillPoint("manifest.rollover.renamed");
  if (base::Canary(7)) return Status();
  return fs.SyncDirectory("");
}

}  // namespace vecdb::catalog
