// A deletes file is an io::BlockFile of kind kDeletes; its footer's `rows` is the number of
// tombstones. Numbers are little-endian. The body:
//
//   header       64 bytes
//      0  u32    magic "VDEL"
//      4  u32    0
//      8  u64    count, at least 1
//     16  48 zero bytes
//   sections, each at a multiple of 64, zeros between them; the last ends the body:
//     rows       u32 a tombstone, none twice
//     timestamps u64 a tombstone, never falling
#include "segment/deletes_file.h"

#include "base/bitmap.h"
#include "base/timestamp_oracle.h"
#include "segment/column_header.h"

namespace vecdb::segment {
namespace {

constexpr std::uint32_t kMagic = 0x4C45'4456;
constexpr std::uint64_t kHeaderSize = 64;

}  // namespace

Result<io::SealedFileInfo> WriteDeletesFile(std::span<const Tombstone> tombstones,
                                            io::BlockFileWriter* out) {
  VECDB_CHECK(!tombstones.empty(), "a deletes file without tombstones");
  base::Bytes header;
  base::ByteWriter header_writer(&header);
  header_writer.Put(kMagic);
  header_writer.Put(std::uint32_t{0});
  header_writer.Put(std::uint64_t{tombstones.size()});
  header.resize(kHeaderSize);
  VECDB_TRY(out->Append(header));

  std::vector<RowIndex> rows;
  std::vector<std::uint64_t> timestamps;
  rows.reserve(tombstones.size());
  timestamps.reserve(tombstones.size());
  for (const Tombstone& tombstone : tombstones) {
    rows.push_back(tombstone.row);
    timestamps.push_back(base::Raw(tombstone.timestamp));
  }
  VECDB_TRY(out->Append(std::as_bytes(std::span(rows))));
  VECDB_TRY(out->PadTo(kSectionAlignment));
  VECDB_TRY(out->Append(std::as_bytes(std::span(timestamps))));
  return out->Finish(tombstones.size());
}

Result<std::vector<Tombstone>> ReadDeletesFile(const io::BlockFile& file, RowIndex segment_rows) {
  VECDB_TRY_ASSIGN(const auto body, file.Read(0, file.body_size()));
  base::ByteReader in(body, file.name());
  std::uint32_t magic = 0;
  std::uint32_t zero = 0;
  std::uint64_t count = 0;
  VECDB_TRY(in.Get(&magic));
  VECDB_TRY(in.Get(&zero));
  VECDB_TRY(in.Get(&count));
  if (magic != kMagic || zero != 0) return in.Bad("this is no deletes file");
  if (count == 0 || count != file.rows() || count > segment_rows) {
    return in.Bad("an impossible number of tombstones");
  }
  // Not above a segment's rows, which have 32 bits: nothing overflows.
  const std::uint64_t timestamps_at = AlignSection(kHeaderSize + 4 * count);
  if (timestamps_at + 8 * count != file.body_size()) {
    return in.Bad("the sections do not fill the file");
  }
  base::ByteReader rows(body.subspan(kHeaderSize), file.name());
  base::ByteReader timestamps(body.subspan(timestamps_at), file.name());
  base::Bitmap seen(segment_rows);
  std::vector<Tombstone> tombstones;
  tombstones.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    Tombstone one;
    std::uint64_t timestamp = 0;
    VECDB_TRY(rows.Get(&one.row));
    VECDB_TRY(timestamps.Get(&timestamp));
    one.timestamp = Timestamp{timestamp};
    if (one.row >= segment_rows) return rows.Bad("a tombstone of a row that does not exist");
    if (seen.Test(one.row)) return rows.Bad("a row is deleted twice");
    if (i > 0 && one.timestamp < tombstones.back().timestamp) {
      return timestamps.Bad("timestamps fall");
    }
    seen.Set(one.row);
    tombstones.push_back(one);
  }
  return tombstones;
}

}  // namespace vecdb::segment
