#include <algorithm>
#include <limits>
#include <span>
#include <type_traits>
#include <variant>
#include <vector>

#include "api/inspect.h"
#include "base/status.h"
#include "base/timestamp_oracle.h"
#include "catalog/records.h"
#include "chunk/kinds.h"
#include "chunk/validate.h"
#include "index/index.h"
#include "segment/column_file.h"
#include "segment/deletes_file.h"
#include "segment/key_file.h"

namespace vecdb::api {
namespace {

constexpr std::size_t kShownValues = 5;
constexpr std::size_t kShownText = 40;
constexpr std::size_t kShownBlocks = 20;

std::string_view NameOf(io::FileKind kind) {
  switch (kind) {
    case io::FileKind::kColumn:
      return "one field's values for some rows of a segment";
    case io::FileKind::kKeys:
      return "the keys of a segment";
    case io::FileKind::kDeletes:
      return "the deleted rows of a segment";
    case io::FileKind::kIndex:
      return "an index";
  }
  return "unknown";
}

std::string_view NameOf(segment::ColumnEncoding encoding) {
  switch (encoding) {
    case segment::ColumnEncoding::kPlain:
      return "plain";
    case segment::ColumnEncoding::kDictionary:
      return "dictionary";
    case segment::ColumnEncoding::kRunLength:
      return "run-length";
  }
  return "unknown";
}

// Text that a terminal cannot misunderstand.
std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text.substr(0, kShownText)) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    quoted += control ? '?' : c;
  }
  return quoted + (text.size() > kShownText ? "...'" : "'");
}

std::string TextOf(bool boolean) {
  return boolean ? "true" : "false";
}
std::string TextOf(const std::string& text) {
  return Quoted(text);
}
template <typename Number>
std::string TextOf(Number number) {
  return base::Format("{}", number);
}

template <typename T>
std::string ListOf(const std::vector<T>& elements) {
  std::string text = "[";
  for (std::size_t i = 0; i < elements.size() && i < kShownValues; ++i) {
    text += (i == 0 ? "" : ", ") + TextOf(static_cast<T>(elements[i]));
  }
  return text + (elements.size() > kShownValues ? ", ...]" : "]");
}

std::string TextOf(const Value& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::monostate>) {
          return "null";
        } else if constexpr (std::is_same_v<Held, SparseVector>) {
          return base::Format("{} at {}", ListOf(held.values), ListOf(held.indices));
        } else if constexpr (std::is_arithmetic_v<Held> || std::is_same_v<Held, std::string>) {
          return TextOf(held);
        } else {
          return ListOf(held);
        }
      },
      value);
}

void PrintValues(const chunk::ColumnView& view, const Printer& out) {
  for (std::size_t i = 0; i < view.rows && i < kShownValues; ++i) {
    out.Line("  row {}    {}", i, TextOf(view.At(i)));
  }
}

// Every bad block is named, not only the first.
Status VerifyBlocks(const io::BlockFile& file, const Printer& out) {
  std::uint64_t bad = 0;
  const std::uint64_t size = file.body_size();
  for (std::uint64_t at = 0; at < size; at += io::kBlockSize) {
    const auto block = file.Read(at, std::min<std::uint64_t>(io::kBlockSize, size - at));
    if (block.ok()) continue;
    if (++bad <= kShownBlocks) {
      out.Line("block      {} at {}: checksum does not match", at / io::kBlockSize, at);
    }
  }
  const std::uint64_t blocks = size / io::kBlockSize + (size % io::kBlockSize == 0 ? 0 : 1);
  if (bad != 0) return base::Corruption("{} of {} blocks do not match their checksum", bad, blocks);
  out.Line("blocks     {}, checksums ok", blocks);
  return Status();
}

Status InspectColumn(const std::shared_ptr<const io::BlockFile>& file, const Printer& out) {
  VECDB_TRY_ASSIGN(
      const auto bytes,
      file->Read(0, std::min<std::uint64_t>(file->body_size(), segment::ColumnHeader::kSize)));
  base::ByteReader reader(bytes, file->name());
  std::uint8_t type = 0;
  std::uint8_t element = 0;
  Field field;  // as the header says; the catalog knows better
  field.nullable = true;
  VECDB_TRY(reader.Skip(5));
  VECDB_TRY(reader.Get(&type));
  VECDB_TRY(reader.Skip(1));
  VECDB_TRY(reader.Get(&element));
  VECDB_TRY(reader.Get(&field.dimension));
  field.type = static_cast<DataType>(type);
  if (field.type == DataType::kArray) field.element_type = static_cast<DataType>(element);
  const bool dense = chunk::IsVector(field.type) && field.type != DataType::kSparseFloatVector;
  if (ToString(field.type) == "unknown" || dense != (field.dimension != 0) ||
      field.dimension > chunk::kMaxBits) {
    return base::Corruption("'{}': a column of type {}({})", file->name(), type, field.dimension);
  }
  VECDB_TRY_ASSIGN(const auto header,
                   segment::ColumnHeader::Decode(bytes, field, file->body_size(), file->name()));
  out.Line("type       {}{}", ToString(header.type), TypeDetail(field));
  out.Line("encoding   {}{}", NameOf(header.encoding),
           header.entries != 0 ? base::Format(", {} entries", header.entries) : "");
  out.Line("rows       {}{}", header.rows, header.has_validity ? ", some may be null" : "");
  if (header.text_bytes != 0) out.Line("text       {} bytes", header.text_bytes);
  const segment::ColumnFile column(field, file);
  VECDB_TRY(column.VerifyAll());
  out.Line("structure  ok");
  VECDB_TRY_ASSIGN(const auto view, column.Read(0, kShownValues));
  PrintValues(view, out);
  return Status();
}

Status InspectKeys(const std::shared_ptr<const io::BlockFile>& file, const Printer& out) {
  VECDB_TRY_ASSIGN(const auto bytes, file->Read(0, std::min<std::uint64_t>(file->body_size(), 5)));
  base::ByteReader reader(bytes, file->name());
  std::uint8_t type = 0;
  VECDB_TRY(reader.Skip(4));
  VECDB_TRY(reader.Get(&type));
  Field field;
  field.primary_key = true;
  field.type = static_cast<DataType>(type);
  if (field.type != DataType::kInt64 && field.type != DataType::kVarChar) {
    return base::Corruption("'{}': keys of type {}", file->name(), type);
  }
  out.Line("type       {}", ToString(field.type));
  const segment::KeyFile keys(field, file);
  VECDB_TRY(keys.VerifyAll());
  out.Line("structure  ok");
  VECDB_TRY_ASSIGN(const auto view, keys.Read(0, kShownValues));
  PrintValues(view, out);
  return Status();
}

Status InspectDeletes(const io::BlockFile& file, const Printer& out) {
  VECDB_TRY_ASSIGN(const auto deletes,
                   segment::ReadDeletesFile(file, std::numeric_limits<RowIndex>::max()));
  out.Line("structure  ok");
  for (std::size_t i = 0; i < deletes.size() && i < kShownValues; ++i) {
    out.Line("  row {} deleted at {}", deletes[i].row,
             TimestampText(base::Raw(deletes[i].timestamp)));
  }
  return Status();
}

// Its shape stands in its header; the catalog knows better.
Status InspectIndex(const std::shared_ptr<const io::BlockFile>& file, const Printer& out) {
  VECDB_TRY_ASSIGN(const auto bytes, file->Read(0, std::min<std::uint64_t>(file->body_size(), 16)));
  base::ByteReader reader(bytes, file->name());
  std::uint8_t type = 0;
  std::uint8_t metric = 0;
  index::Shape shape;
  VECDB_TRY(reader.Skip(6));
  VECDB_TRY(reader.Get(&type));
  VECDB_TRY(reader.Get(&metric));
  VECDB_TRY(reader.Get(&shape.dimension));
  VECDB_TRY(reader.Get(&shape.rows));
  shape.type = static_cast<DataType>(type);
  shape.metric = static_cast<Metric>(metric);
  if (!index::CheckParameters(shape, index::GraphParameters{}).ok() || shape.dimension == 0 ||
      shape.dimension > chunk::kMaxDimension) {
    return base::Corruption("'{}': an index of type {}({}) by metric {}", file->name(), type,
                            shape.dimension, metric);
  }
  VECDB_TRY_ASSIGN(const auto index, index::Index::Open(file, shape));
  const index::Description graph = index->Describe();
  out.Line("type       {}({}) by {}", ToString(shape.type), shape.dimension,
           ToString(shape.metric));
  out.Line("graph      {} codes, M {}, efConstruction {}, {} rows", index::ToString(graph.codec),
           graph.m, graph.ef_construction, graph.rows);
  if (graph.ef_at_10 != 0) {
    out.Line("recall     {:.3f} of the 10 nearest with ef {}, as measured", graph.recall_at_10,
             graph.ef_at_10);
  }
  VECDB_TRY(index->Verify());
  out.Line("structure  ok");
  return Status();
}

}  // namespace

Status InspectSealedFile(io::FileSystem& fs, const std::string& name,
                         const io::DatabaseUuid* database, const Printer& out) {
  const auto info = io::PeekSealedFile(fs, name);
  if (!info.ok()) {
    out.Line("what       a file of a segment");
    return info.status();
  }
  const bool times = name.rfind(base::Format("{}-", catalog::kTimestampField), 0) == 0;
  out.Line("what       {}", times ? "when the rows of a segment were written" : NameOf(info->kind));
  out.Line("size       {} bytes", info->size_bytes);
  out.Line("footer     checksum ok, file id {}, {} rows, crc {:08x}", info->file_id, info->rows,
           info->footer_crc);
  if (database == nullptr) {
    out.Line("blocks     not verified: their checksums need the FORMAT of the file's database");
    return Status();
  }
  VECDB_TRY_ASSIGN(const auto file,
                   io::BlockFile::Open(fs, name, *database, *info, LoadMode::kMapped));
  VECDB_TRY(VerifyBlocks(*file, out));
  switch (info->kind) {
    case io::FileKind::kColumn:
      return InspectColumn(file, out);
    case io::FileKind::kKeys:
      return InspectKeys(file, out);
    case io::FileKind::kDeletes:
      return InspectDeletes(*file, out);
    case io::FileKind::kIndex:
      return InspectIndex(file, out);
  }
  return Status();
}

}  // namespace vecdb::api
