// A graph file is a sealed file (io/block_file.h) of kind 4 whose body is, little-endian,
//
//   header    64 bytes:
//             u32 magic "VGRH", u8 version 1, u8 codec, u8 type of the field, u8 metric,
//             u32 dimension, u32 rows, u32 M, u32 efConstruction, u32 entries, u32 recalls,
//             f32 scale, u8 lossless (0 or 1), 27 zero bytes
//   offsets   f32[dimension], with SQ8 and SQ4U only
//   recalls   {u32 k, u32 ef, f32 recall, f32 distances}[recalls], in the order of k, then of ef
//   entries   u32[entries]: rows
//   links     u32[rows][2 * M]: rows; FF FF FF FF fills what a row has no links for
//   codes     rows codes, each of CodeFormat::stride() bytes
//
// A file of codes alone has 0 for M, efConstruction, entries and recalls.
//
// Sections begin at multiples of 64, links and codes at multiples of 4096; zeros lie between.
#include "index/graph_file.h"

#include <cmath>
#include <utility>

#include "base/status.h"
#include "index/walk.h"
#include "simd/kernels.h"

namespace vecdb::index {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kZeros = 27;
constexpr std::uint64_t kSmallAlignment = 64;
constexpr std::uint64_t kLargeAlignment = 4096;
constexpr std::uint64_t kRecallSize = 16;

constexpr std::uint64_t Aligned(std::uint64_t offset, std::uint64_t alignment) {
  return (offset + alignment - 1) & ~(alignment - 1);
}

Status CheckShape(const base::ByteReader& in, const GraphHeader& header, const Shape& shape) {
  const CodeFormat& format = header.format;
  if (header.type != shape.type || format.metric != shape.metric ||
      format.dimension != shape.dimension) {
    return in.Bad("type, metric or dimension is not that of the field");
  }
  if (header.rows != shape.rows || header.rows == 0 || header.rows > kMostRows) {
    return in.Bad("the number of rows is not that of the segment");
  }
  if (format.codec < Codec::kFloat32 || format.codec > Codec::kSq4U ||
      StoredCodec(shape, format.codec) != format.codec) {
    return in.Bad("a codec that such vectors do not have");
  }
  return Status();
}

Status CheckCounts(const base::ByteReader& in, const GraphHeader& header) {
  if (!std::isfinite(header.scale) || header.scale <= 0) return in.Bad("an impossible scale");
  if (header.kind() == Kind::kFlat) {
    const bool bare = header.ef_construction == 0 && header.entries == 0 && header.recalls == 0;
    return bare ? Status() : in.Bad("more than codes, but no links");
  }
  if (header.m < kMinM || header.m > kMaxM) return in.Bad("an impossible M");
  if (header.ef_construction == 0 || header.ef_construction > kMaxEf) {
    return in.Bad("an impossible efConstruction");
  }
  if (header.entries == 0 || header.entries > header.rows ||
      header.entries > GraphHeader::kMostEntries) {
    return in.Bad("an impossible number of entries");
  }
  if (header.recalls > GraphHeader::kMostRecalls) return in.Bad("too many measured recalls");
  return Status();
}

Status ReadOffsets(base::ByteReader* in, std::uint32_t count, std::vector<float>* out) {
  out->resize(count);
  for (float& offset : *out) {
    VECDB_TRY(in->Get(&offset));
    if (!std::isfinite(offset)) return in->Bad("an offset is no number");
  }
  return Status();
}

bool Follows(const MeasuredRecall& next, const std::vector<MeasuredRecall>& rows) {
  if (rows.empty()) return true;
  const MeasuredRecall& last = rows.back();
  return next.k != last.k ? next.k > last.k : next.ef > last.ef;
}

Status ReadRecalls(base::ByteReader* in, std::uint32_t count, std::vector<MeasuredRecall>* out) {
  for (std::uint32_t i = 0; i < count; ++i) {
    MeasuredRecall row;
    VECDB_TRY(in->Get(&row.k));
    VECDB_TRY(in->Get(&row.ef));
    VECDB_TRY(in->Get(&row.recall));
    VECDB_TRY(in->Get(&row.distances));
    const bool possible = row.k > 0 && row.ef > 0 && row.ef <= kMaxEf && row.recall >= 0 &&
                          row.recall <= 1 && row.distances >= 0 && std::isfinite(row.distances);
    if (!possible || !Follows(row, *out)) return in->Bad("an impossible recall");
    out->push_back(row);
  }
  return Status();
}

Status ReadEntries(base::ByteReader* in, const GraphHeader& header,
                   std::vector<std::uint32_t>* out) {
  out->resize(header.entries);
  for (std::uint32_t& entry : *out) {
    VECDB_TRY(in->Get(&entry));
    if (entry >= header.rows) return in->Bad("an entry is no row");
  }
  return Status();
}

bool Finite(const CodeFormat& format, const std::byte* codes, std::size_t rows) {
  const simd::KernelTable& kernels = simd::Kernels();
  const std::size_t n = format.padded() * rows;
  if (format.codec == Codec::kFloat32) {
    return kernels.f32.all_finite(reinterpret_cast<const float*>(codes), n);
  }
  if (format.codec != Codec::kFloat16 && format.codec != Codec::kBFloat16) return true;
  const auto& halves = format.codec == Codec::kFloat16 ? kernels.f16 : kernels.bf16;
  return halves.all_finite(reinterpret_cast<const std::uint16_t*>(codes), n);
}

}  // namespace

GraphLayout GraphHeader::Layout() const {
  GraphLayout at;
  at.end = kSize;
  const auto place = [&at](std::uint64_t size, std::uint64_t alignment) {
    const std::uint64_t start = Aligned(at.end, alignment);
    at.end = start + size;
    return start;
  };
  at.offsets = place(format.quantized() ? std::uint64_t{4} * format.dimension : 0, kSmallAlignment);
  at.recalls = place(kRecallSize * recalls, kSmallAlignment);
  at.entries = place(std::uint64_t{4} * entries, kSmallAlignment);
  at.links = place(std::uint64_t{4} * rows * degree(), kLargeAlignment);
  at.codes = place(std::uint64_t{rows} * format.stride(), kLargeAlignment);
  return at;
}

void GraphHeader::Encode(base::Bytes* out) const {
  const std::size_t start = out->size();
  base::ByteWriter writer(out);
  writer.Put(kMagic);
  writer.Put(kVersion);
  writer.Put(format.codec);
  writer.Put(type);
  writer.Put(format.metric);
  writer.Put(format.dimension);
  writer.Put(rows);
  writer.Put(m);
  writer.Put(ef_construction);
  writer.Put(entries);
  writer.Put(recalls);
  writer.Put(scale);
  writer.Put(static_cast<std::uint8_t>(lossless ? 1 : 0));
  out->resize(start + kSize);
}

Result<GraphHeader> GraphHeader::Decode(std::span<const std::byte> bytes, const Shape& shape,
                                        std::uint64_t body_size, const std::string& name) {
  base::ByteReader in(bytes, name);
  GraphHeader header;
  std::uint32_t magic = 0;
  std::uint8_t version = 0;
  std::uint8_t codec = 0;
  std::uint8_t type = 0;
  std::uint8_t metric = 0;
  VECDB_TRY(in.Get(&magic));
  VECDB_TRY(in.Get(&version));
  VECDB_TRY(in.Get(&codec));
  VECDB_TRY(in.Get(&type));
  VECDB_TRY(in.Get(&metric));
  if (magic != kMagic) return in.Bad("this is no graph file");
  if (version != kVersion) return in.Bad("a graph of unknown version");
  header.format.codec = static_cast<Codec>(codec);
  header.type = static_cast<DataType>(type);
  header.format.metric = static_cast<Metric>(metric);
  VECDB_TRY(in.Get(&header.format.dimension));
  VECDB_TRY(in.Get(&header.rows));
  VECDB_TRY(in.Get(&header.m));
  VECDB_TRY(in.Get(&header.ef_construction));
  VECDB_TRY(in.Get(&header.entries));
  VECDB_TRY(in.Get(&header.recalls));
  VECDB_TRY(in.Get(&header.scale));
  VECDB_TRY(in.GetBool(&header.lossless));
  for (std::size_t i = 0; i < kZeros; ++i) {
    std::uint8_t zero = 0;
    VECDB_TRY(in.Get(&zero));
    if (zero != 0) return in.Bad("a reserved byte is not zero");
  }
  VECDB_TRY(CheckShape(in, header, shape));
  VECDB_TRY(CheckCounts(in, header));
  // Rows have 31 bits, their links 14 and their codes 17: nothing overflows.
  if (header.Layout().end != body_size) return in.Bad("the sections do not fill the file");
  return header;
}

Result<GraphFile> GraphFile::Open(std::shared_ptr<const io::BlockFile> file, const Shape& shape) {
  GraphFile opened;
  VECDB_TRY_ASSIGN(const auto first, file->Read(0, GraphHeader::kSize));
  VECDB_TRY_ASSIGN(opened.header,
                   GraphHeader::Decode(first, shape, file->body_size(), file->name()));
  const GraphHeader& header = opened.header;
  opened.at = header.Layout();
  VECDB_TRY_ASSIGN(const auto small, file->Read(0, opened.at.links));
  base::ByteReader in(small, file->name());
  VECDB_TRY(in.Skip(opened.at.offsets));
  opened.quantizer.scale = header.scale;
  const std::uint32_t offsets = header.format.quantized() ? header.format.dimension : 0;
  VECDB_TRY(ReadOffsets(&in, offsets, &opened.quantizer.offset));
  VECDB_TRY(in.Skip(opened.at.recalls - in.offset()));
  std::vector<MeasuredRecall> recalls;
  VECDB_TRY(ReadRecalls(&in, header.recalls, &recalls));
  opened.recalls = RecallTable(std::move(recalls));
  VECDB_TRY(in.Skip(opened.at.entries - in.offset()));
  VECDB_TRY(ReadEntries(&in, header, &opened.entries));
  opened.file = std::move(file);
  return opened;
}

const std::uint32_t* GraphFile::links() const {
  return reinterpret_cast<const std::uint32_t*>((*file->Read(at.links, 0)).data());
}
const std::byte* GraphFile::codes() const {
  return (*file->Read(at.codes, 0)).data();
}

Status GraphFile::VerifyAll() const {
  VECDB_TRY(file->VerifyAll());
  const std::size_t degree = header.degree();
  const auto bad = [this](const char* problem, std::uint32_t row) {
    return base::Corruption("'{}': {}, in row {}", file->name(), problem, row);
  };
  for (std::uint32_t row = 0; row < header.rows; ++row) {
    const std::uint32_t* const list = links() + row * degree;
    bool ended = false;
    for (std::size_t i = 0; i < degree; ++i) {
      if (list[i] != kNoRow && ended) return bad("a link after the last", row);
      ended = list[i] == kNoRow;
      if (!ended && list[i] >= header.rows) return bad("a link to no row", row);
    }
    const std::byte* const code = codes() + row * header.format.stride();
    if (!Finite(header.format, code, 1)) return bad("a code that is no number", row);
  }
  return Status();
}

Result<io::SealedFileInfo> WriteGraphFile(const GraphParts& parts, io::BlockFileWriter* out) {
  base::Bytes header;
  parts.header.Encode(&header);
  VECDB_TRY(out->Append(header));
  VECDB_TRY(out->PadTo(kSmallAlignment));
  if (parts.header.format.quantized()) {
    VECDB_TRY(out->Append(std::as_bytes(std::span(parts.quantizer.offset))));
  }
  VECDB_TRY(out->PadTo(kSmallAlignment));
  base::Bytes recalls;
  base::ByteWriter writer(&recalls);
  for (const MeasuredRecall& row : parts.recalls.rows()) {
    writer.Put(row.k);
    writer.Put(row.ef);
    writer.Put(row.recall);
    writer.Put(row.distances);
  }
  VECDB_TRY(out->Append(recalls));
  VECDB_TRY(out->PadTo(kSmallAlignment));
  VECDB_TRY(out->Append(std::as_bytes(parts.entries)));
  VECDB_TRY(out->PadTo(kLargeAlignment));
  VECDB_TRY(out->Append(std::as_bytes(parts.links)));
  VECDB_TRY(out->PadTo(kLargeAlignment));
  VECDB_TRY(out->Append(parts.codes));
  return out->Finish(parts.header.rows);
}

}  // namespace vecdb::index
