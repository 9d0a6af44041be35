#include "segment/column_header.h"

#include "chunk/kinds.h"

namespace vecdb::segment {
namespace {

Status CheckEncoding(const base::ByteReader& in, const ColumnHeader& header) {
  const bool text = chunk::IsVariable(header.type);
  switch (header.encoding) {
    case ColumnEncoding::kPlain:
      if (header.entries != 0) return in.Bad("a plain column has entries");
      return Status();
    case ColumnEncoding::kDictionary:
      if (!text) return in.Bad("only text has a dictionary");
      if (header.entries == 0 || header.entries > ColumnHeader::kMaxDictionary) {
        return in.Bad("a dictionary of impossible size");
      }
      return Status();
    case ColumnEncoding::kRunLength:
      if (text || chunk::IsVector(header.type)) return in.Bad("only scalars have runs");
      if (header.entries == 0 || header.entries > header.rows) {
        return in.Bad("an impossible number of runs");
      }
      return Status();
  }
  return in.Bad("an encoding of unknown number");
}

Status CheckField(const base::ByteReader& in, const ColumnHeader& header, const Field& field) {
  if (header.type != field.type || header.dimension != field.dimension) {
    return in.Bad("type or dimension is not that of the field");
  }
  if (header.element != ColumnHeader::ElementOf(field)) {
    return in.Bad("elements are of another type than the field's");
  }
  if (header.has_validity && !field.nullable) return in.Bad("nulls in a field that has none");
  if (header.text_bytes != 0 && !chunk::IsVariable(header.type)) {
    return in.Bad("text in a field of another type");
  }
  return CheckEncoding(in, header);
}

}  // namespace

void ColumnHeader::Encode(base::Bytes* out) const {
  const std::size_t start = out->size();
  base::ByteWriter writer(out);
  writer.Put(kMagic);
  writer.Put(encoding);
  writer.Put(type);
  writer.Put(static_cast<std::uint8_t>(has_validity ? 1 : 0));
  writer.Put(element);
  writer.Put(dimension);
  writer.Put(rows);
  writer.Put(entries);
  writer.Put(std::uint32_t{0});
  writer.Put(text_bytes);
  out->resize(start + kSize);
}

Result<ColumnHeader> ColumnHeader::Decode(std::span<const std::byte> bytes, const Field& field,
                                          std::uint64_t body_size, const std::string& name) {
  base::ByteReader in(bytes, name);
  ColumnHeader header;
  std::uint32_t magic = 0;
  std::uint8_t encoding = 0;
  std::uint8_t type = 0;
  std::uint32_t zeros = 0;
  VECDB_TRY(in.Get(&magic));
  VECDB_TRY(in.Get(&encoding));
  VECDB_TRY(in.Get(&type));
  VECDB_TRY(in.GetBool(&header.has_validity));
  VECDB_TRY(in.Get(&header.element));
  VECDB_TRY(in.Get(&header.dimension));
  VECDB_TRY(in.Get(&header.rows));
  VECDB_TRY(in.Get(&header.entries));
  VECDB_TRY(in.Get(&zeros));
  VECDB_TRY(in.Get(&header.text_bytes));
  if (magic != kMagic) return in.Bad("this is no column file");
  if (zeros != 0) return in.Bad("a reserved byte is not zero");
  header.encoding = static_cast<ColumnEncoding>(encoding);
  header.type = static_cast<DataType>(type);
  VECDB_TRY(CheckField(in, header, field));
  // Every other size has at most 32 bits and a width of at most 128 KiB, so nothing overflows.
  if (header.text_bytes > body_size || header.Layout().end != body_size) {
    return in.Bad("the sections do not fill the file");
  }
  return header;
}

ColumnLayout ColumnHeader::Layout() const {
  const std::uint64_t width = chunk::FixedWidth(type, dimension);
  const std::uint64_t count = entries;
  ColumnLayout at;
  at.end = kSize;
  const auto place = [&at](std::uint64_t size) {
    const std::uint64_t start = AlignSection(at.end);
    at.end = start + size;
    return start;
  };
  if (has_validity) at.validity = place(rows);
  switch (encoding) {
    case ColumnEncoding::kPlain:
      if (chunk::IsVariable(type)) at.index = place(std::uint64_t{4} * rows);
      at.data = place(chunk::IsVariable(type) ? text_bytes : width * rows);
      break;
    case ColumnEncoding::kDictionary:
      at.index = place(std::uint64_t{2} * rows);
      at.ends = place(4 * count);
      at.data = place(text_bytes);
      break;
    case ColumnEncoding::kRunLength:
      at.index = place(4 * count);
      at.data = place(width * count);
      break;
  }
  return at;
}

}  // namespace vecdb::segment
