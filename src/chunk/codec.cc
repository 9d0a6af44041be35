// The bytes of chunks, keys and schemas. All integers are little-endian; nothing is padded or
// aligned; a decoder refuses bytes that remain after the last element.
//
//   chunk      = { u32 rows <= 100000, u16 columns, column * columns }    in the schema's order
//   column     = { u8 type, u32 dimension, u8 marked, validity, values }
//   validity   = u8[rows], 1 = a value, 0 = null    when marked is 1; nothing when it is 0
//   values     = rows values of the type's width    Bool u8 (0 or 1), Int8 to Int64, Float f32,
//                                                   Double f64, FloatVector f32[dimension],
//                                                   Float16Vector and BFloat16Vector
//                                                   u16[dimension], Int8Vector i8[dimension],
//                                                   BinaryVector u8[dimension / 8]
//              | texts                              VarChar, JSON; Array (chunk/array_value.h) and
//                                                   SparseFloatVector (chunk/sparse_value.h)
//   texts      = { u32 end[count], u8[end[count - 1]] }   text i is the bytes from end[i - 1] (0
//                                                   for the first) to end[i]; ends never descend
//   A null has a value too, of zeros or no bytes, so that row i is found without counting.
//
//   keys       = { u8 type, u32 count, i64[count] | texts }    type: Int64 or VarChar
//
//   schema     = { u32 fields, field * fields }
//   field      = { text name, u8 type, u8 metric, u32 dimension, u32 max_length, array, u8 flags,
//                  default }
//   array      = { u8 element type, u32 max_capacity }    Array; nothing for other types
//   flags      = bit 0 primary key, bit 1 auto id, bit 2 nullable; others 0
//   default    = u8 0                               there is none
//              | { u8 1, u8 bool } | { u8 2, i64 } | { u8 3, f64 } | { u8 4, text }
//              | { u8 5, u32 length, u8[length] }       an array, as chunk/array_value.h has it
//   text       = { u32 length, u8[length] }         UTF-8
//
//   options    = { u32 shards, u64 segment_bytes, u64 segment_rows, i64 seal_after_idle_ms,
//                  u8 check_keys }
//
// Types are numbered as DataType is, metrics as Metric is.
#include "chunk/codec.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

#include "base/status.h"
#include "chunk/array_value.h"
#include "chunk/half.h"
#include "chunk/json_text.h"
#include "chunk/kinds.h"
#include "chunk/text.h"
#include "chunk/validate.h"
#include "chunk/value.h"
#include "simd/kernels.h"

namespace vecdb::chunk {
namespace {

constexpr std::uint32_t kMaxShards = 16;

enum Flags : std::uint8_t { kPrimaryKey = 1, kAutoId = 2, kNullable = 4, kAllFlags = 7 };
enum DefaultTag : std::uint8_t {
  kNoDefault,
  kBoolDefault,
  kIntDefault,
  kDoubleDefault,
  kTextDefault,
  kArrayDefault
};

// Room for `size` more bytes, at least doubling, so that appending many chunks stays linear.
void MakeRoom(std::size_t size, base::Bytes* out) {
  if (out->capacity() - out->size() >= size) return;
  out->reserve(std::max(out->size() + size, out->capacity() * 2));
}

template <typename T>
void CopyTo(std::span<const std::byte> bytes, std::vector<T>* out) {
  out->resize(bytes.size() / sizeof(T));
  if (!bytes.empty()) std::memcpy(out->data(), bytes.data(), bytes.size());
}

template <typename T>
bool AllFinite(std::span<const std::byte> bytes) {
  bool finite = true;
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    finite &= std::isfinite(value);
  }
  return finite;
}

bool AllBooleans(std::span<const std::byte> bytes) {
  std::byte any{0};
  for (const std::byte b : bytes) any |= b;
  return (any & ~std::byte{1}) == std::byte{0};
}

// Reads `texts`: ends that never descend, no value longer than `max_length`.
Status ReadTexts(std::size_t count, std::size_t max_length, base::ByteReader* in,
                 std::vector<std::uint32_t>* ends, std::string_view* text) {
  VECDB_TRY_ASSIGN(const std::size_t size,
                   base::CheckedMultiply(count, sizeof(std::uint32_t), "the ends of texts"));
  std::span<const std::byte> bytes;
  VECDB_TRY(in->GetBytes(size, &bytes));
  CopyTo(bytes, ends);
  std::uint32_t start = 0;
  for (const std::uint32_t end : *ends) {
    if (end < start) return in->Bad("the ends of texts descend");
    if (end - start > max_length) return in->Bad("a text is longer than its field allows");
    start = end;
  }
  VECDB_TRY(in->GetBytes(start, &bytes));
  *text = base::AsText(bytes);
  return Status();
}

// Whole and cut only between sequences: then every piece is well-formed too.
Status CheckUtf8(const base::ByteReader& in, std::span<const std::uint32_t> ends,
                 std::string_view text) {
  bool well_formed = IsUtf8(text);
  for (const std::uint32_t end : ends) {
    well_formed &= end == text.size() || BeginsUtf8(text[end]);
  }
  return well_formed ? Status() : in.Bad("a text is not UTF-8");
}

std::size_t MaxBytesOf(const Field& field) {
  if (field.type == DataType::kVarChar) return field.max_length;
  return field.type == DataType::kJson ? kMaxJsonBytes : kMaxEncodedBytes;
}

void PutTexts(std::span<const std::uint32_t> ends, std::string_view text, base::ByteWriter* out) {
  out->PutBytes(std::as_bytes(ends));
  out->PutBytes(base::AsBytes(text));
}

void PutDefault(const Field& field, base::ByteWriter* out) {
  const Value& value = field.default_value;
  if (field.type == DataType::kArray && !std::holds_alternative<std::monostate>(value)) {
    std::string array;
    EncodeArray(field.element_type, LentValue(value).view(), &array);
    out->Put(kArrayDefault);
    out->PutText(array);
  } else if (const auto* truth = std::get_if<bool>(&value)) {
    out->Put(kBoolDefault);
    out->Put(static_cast<std::uint8_t>(*truth));
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    out->Put(kIntDefault);
    out->Put(*integer);
  } else if (const auto* number = std::get_if<double>(&value)) {
    out->Put(kDoubleDefault);
    out->Put(*number);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    out->Put(kTextDefault);
    out->PutText(*text);
  } else {
    out->Put(kNoDefault);
  }
}

template <typename T>
Status GetDefault(base::ByteReader* in, Value* out) {
  T value{};
  if constexpr (std::is_same_v<T, bool>) {
    VECDB_TRY(in->GetBool(&value));
  } else if constexpr (std::is_same_v<T, std::string>) {
    VECDB_TRY(in->GetText(&value, kMaxJsonBytes));  // the field's own limit is judged later
  } else {
    VECDB_TRY(in->Get(&value));
  }
  *out = std::move(value);
  return Status();
}

Status ReadArrayDefault(base::ByteReader* in, const Field& field, Value* out) {
  std::uint32_t size = 0;
  std::span<const std::byte> bytes;
  VECDB_TRY(in->GetCount(&size, 1));
  VECDB_TRY(in->GetBytes(size, &bytes));
  const std::string_view array = base::AsText(bytes);
  if (Status status = CheckStoredArray(field, array); !status.ok()) {
    return in->Bad(status.message());
  }
  *out = ArrayView::From(array)->Owned();
  return Status();
}

Status ReadDefault(base::ByteReader* in, const Field& field, Value* out) {
  std::uint8_t tag = 0;
  VECDB_TRY(in->Get(&tag));
  switch (tag) {
    case kNoDefault:
      return Status();
    case kBoolDefault:
      return GetDefault<bool>(in, out);
    case kIntDefault:
      return GetDefault<std::int64_t>(in, out);
    case kDoubleDefault:
      return GetDefault<double>(in, out);
    case kTextDefault:
      return GetDefault<std::string>(in, out);
    case kArrayDefault:
      return ReadArrayDefault(in, field, out);
    default:
      return in->Bad("a default of an unknown kind");
  }
}

Status ReadField(base::ByteReader* in, Field* field) {
  std::uint8_t type = 0;
  std::uint8_t metric = 0;
  std::uint8_t flags = 0;
  VECDB_TRY(in->GetText(&field->name, kMaxNameBytes));
  VECDB_TRY(in->Get(&type));
  VECDB_TRY(in->Get(&metric));
  VECDB_TRY(in->Get(&field->dimension));
  VECDB_TRY(in->Get(&field->max_length));
  field->type = static_cast<DataType>(type);  // ValidateFields refuses what it does not know
  if (field->type == DataType::kArray) {
    std::uint8_t element = 0;
    VECDB_TRY(in->Get(&element));
    VECDB_TRY(in->Get(&field->max_capacity));
    field->element_type = static_cast<DataType>(element);
  }
  VECDB_TRY(in->Get(&flags));
  if ((flags & ~kAllFlags) != 0) return in->Bad("a field has unknown flags");
  field->metric = static_cast<Metric>(metric);
  field->primary_key = (flags & kPrimaryKey) != 0;
  field->auto_id = (flags & kAutoId) != 0;
  field->nullable = (flags & kNullable) != 0;
  return ReadDefault(in, *field, &field->default_value);
}

std::size_t EncodedSize(const Chunk& chunk) {
  constexpr std::size_t kColumnHead = 1 + 4 + 1;
  return 4 + 2 + chunk.columns.size() * kColumnHead + chunk.size_bytes();
}

}  // namespace

class ColumnDecoder {
 public:
  ColumnDecoder(const Field& field, std::size_t rows, base::ByteReader* in)
      : field_(field), rows_(rows), in_(in) {}

  Status Decode(Column* column) {
    std::uint8_t type = 0;
    std::uint32_t dimension = 0;
    VECDB_TRY(in_->Get(&type));
    VECDB_TRY(in_->Get(&dimension));
    if (type != static_cast<std::uint8_t>(field_.type) || dimension != field_.dimension) {
      return in_->Bad("a column is of another type than its field");
    }
    VECDB_TRY(DecodeValidity(column));
    VECDB_TRY(IsVariable(field_.type) ? DecodeVariable(column) : DecodeFixed(column));
    column->rows_ = rows_;
    return Status();
  }

 private:
  Status DecodeValidity(Column* column) {
    bool marked = false;
    VECDB_TRY(in_->GetBool(&marked));
    if (!marked) return Status();
    if (!field_.nullable) return in_->Bad("nulls in a field that is not nullable");
    std::span<const std::byte> bytes;
    VECDB_TRY(in_->GetBytes(rows_, &bytes));
    if (!AllBooleans(bytes)) return in_->Bad("a validity byte is neither 0 nor 1");
    CopyTo(bytes, &column->valid_);
    return Status();
  }

  Status DecodeVariable(Column* column) {
    std::string_view text;
    VECDB_TRY(ReadTexts(rows_, MaxBytesOf(field_), in_, &column->text_ends_, &text));
    column->text_ = text;
    if (field_.type == DataType::kVarChar) return CheckUtf8(*in_, column->text_ends_, text);
    std::uint32_t start = 0;
    for (std::size_t row = 0; row < rows_; ++row) {
      const std::uint32_t end = column->text_ends_[row];
      const bool null = !column->valid_.empty() && column->valid_[row] == 0;
      const Status status = null ? Status() : CheckStored(field_, text.substr(start, end - start));
      if (!status.ok()) return in_->Bad(status.message());
      start = end;
    }
    return Status();
  }

  Status DecodeFixed(Column* column) {
    std::span<const std::byte> bytes;
    VECDB_TRY_ASSIGN(const std::size_t size,
                     base::CheckedMultiply(rows_, FixedWidth(field_.type, field_.dimension),
                                           "the values of a column"));
    VECDB_TRY(in_->GetBytes(size, &bytes));
    column->fixed_.assign(bytes.begin(), bytes.end());
    switch (field_.type) {
      case DataType::kBool:
        return AllBooleans(bytes) ? Status() : in_->Bad("a boolean is neither 0 nor 1");
      case DataType::kFloat:
        return AllFinite<float>(bytes) ? Status() : in_->Bad("a number is not finite");
      case DataType::kDouble:
        return AllFinite<double>(bytes) ? Status() : in_->Bad("a number is not finite");
      case DataType::kFloatVector:
      case DataType::kFloat16Vector:
      case DataType::kBFloat16Vector:
        return CheckVectors(*column);
      case DataType::kInt8:
      case DataType::kInt16:
      case DataType::kInt32:
      case DataType::kInt64:
      case DataType::kVarChar:
      case DataType::kArray:
      case DataType::kJson:
      case DataType::kSparseFloatVector:
      case DataType::kInt8Vector:
      case DataType::kBinaryVector:
        return Status();
    }
    return Status();
  }

  // The squared norm need only be finite: the margin below kMaxSquaredNorm is for the rounding of
  // the machine that wrote it.
  Status CheckVectors(const Column& column) {
    const std::byte* at = column.fixed_.data();
    const std::size_t width = FixedWidth(field_.type, field_.dimension);
    for (std::size_t row = 0; row < rows_; ++row, at += width) {
      bool finite = false;
      float norm2 = 0;
      if (field_.type == DataType::kFloatVector) {
        const auto* vector = reinterpret_cast<const float*>(at);
        finite = simd::Kernels().f32.all_finite(vector, field_.dimension);
        norm2 = simd::Kernels().f32.norm2(vector, field_.dimension);
      } else {
        const std::span halves(reinterpret_cast<const std::uint16_t*>(at), field_.dimension);
        finite = chunk::AllFinite(field_.type, halves);
        norm2 = SquaredNorm(field_.type, halves);
      }
      if (!finite) return in_->Bad("a vector is not finite");
      if (!std::isfinite(norm2)) return in_->Bad("the squared norm of a vector is not finite");
    }
    return Status();
  }

  const Field& field_;  // outlives the decoder, as does the reader
  std::size_t rows_;
  base::ByteReader* in_;
};

void EncodeChunk(const Chunk& chunk, base::Bytes* out) {
  MakeRoom(EncodedSize(chunk), out);
  base::ByteWriter writer(out);
  writer.Put(static_cast<std::uint32_t>(chunk.rows));
  writer.Put(static_cast<std::uint16_t>(chunk.columns.size()));
  for (const Column& column : chunk.columns) {
    VECDB_CHECK(column.rows() == chunk.rows, "a chunk to encode has columns of unequal length");
    writer.Put(column.type());
    writer.Put(column.dimension());
    writer.Put(static_cast<std::uint8_t>(!column.validity().empty()));
    writer.PutBytes(std::as_bytes(std::span(column.validity())));
    writer.PutBytes(column.fixed());
    PutTexts(column.text_ends(), column.text(), &writer);
  }
}

Result<Chunk> DecodeChunk(const Schema& schema, std::span<const std::byte> bytes) {
  base::ByteReader in(bytes, "rows");
  std::uint32_t rows = 0;
  std::uint16_t columns = 0;
  VECDB_TRY(in.Get(&rows));
  VECDB_TRY(in.Get(&columns));
  if (rows > kMaxBatchRows) return in.Bad("more rows than a batch may hold");
  if (columns != schema.fields().size()) return in.Bad("another number of columns than fields");
  Chunk chunk = Chunk::For(schema);
  chunk.rows = rows;
  for (std::size_t i = 0; i < chunk.columns.size(); ++i) {
    VECDB_TRY(ColumnDecoder(schema.fields()[i], rows, &in).Decode(&chunk.columns[i]));
  }
  VECDB_TRY(in.ExpectEnd());
  return chunk;
}

void EncodeKeys(KeySpan keys, base::Bytes* out) {
  base::ByteWriter writer(out);
  writer.Put(keys.is_text() ? DataType::kVarChar : DataType::kInt64);
  writer.Put(static_cast<std::uint32_t>(keys.size()));
  if (!keys.is_text()) return writer.PutBytes(std::as_bytes(keys.ints()));
  std::uint32_t end = 0;
  for (const std::string_view key : keys.texts()) {
    end += static_cast<std::uint32_t>(key.size());
    writer.Put(end);
  }
  for (const std::string_view key : keys.texts()) writer.PutBytes(base::AsBytes(key));
}

Result<KeyList> DecodeKeys(const Schema& schema, std::span<const std::byte> bytes) {
  const Field& field = schema.primary_key();
  base::ByteReader in(bytes, "keys");
  std::uint8_t type = 0;
  std::uint32_t count = 0;
  VECDB_TRY(in.Get(&type));
  if (type != static_cast<std::uint8_t>(field.type)) return in.Bad("keys of another type");
  const bool is_text = field.type == DataType::kVarChar;
  VECDB_TRY(in.GetCount(&count, is_text ? sizeof(std::uint32_t) : sizeof(std::int64_t)));
  KeyList keys(is_text);
  if (is_text) {
    std::vector<std::uint32_t> ends;
    std::string_view text;
    VECDB_TRY(ReadTexts(count, field.max_length, &in, &ends, &text));
    VECDB_TRY(CheckUtf8(in, ends, text));
    std::uint32_t start = 0;
    for (const std::uint32_t end : ends) {
      keys.Add(text.substr(start, end - start));
      start = end;
    }
  } else {
    for (std::uint32_t i = 0; i < count; ++i) {
      std::int64_t key = 0;
      VECDB_TRY(in.Get(&key));
      keys.Add(key);
    }
  }
  VECDB_TRY(in.ExpectEnd());
  return keys;
}

void EncodeSchema(const Schema& schema, base::ByteWriter* out) {
  out->Put(static_cast<std::uint32_t>(schema.fields().size()));
  for (const Field& field : schema.fields()) {
    out->PutText(field.name);
    out->Put(field.type);
    out->Put(field.metric);
    out->Put(field.dimension);
    out->Put(field.max_length);
    if (field.type == DataType::kArray) {
      out->Put(field.element_type);
      out->Put(field.max_capacity);
    }
    const int flags = (field.primary_key ? kPrimaryKey : 0) | (field.auto_id ? kAutoId : 0) |
                      (field.nullable ? kNullable : 0);
    out->Put(static_cast<std::uint8_t>(flags));
    PutDefault(field, out);
  }
}

Result<Schema> DecodeSchema(base::ByteReader* in) {
  constexpr std::size_t kSmallestField = 4 + 1 + 1 + 4 + 4 + 1 + 1;
  std::uint32_t count = 0;
  VECDB_TRY(in->GetCount(&count, kSmallestField));
  if (count > kMaxFields) return in->Bad("more fields than a schema may have");
  SchemaBuilder builder;
  for (std::uint32_t i = 0; i < count; ++i) {
    Field field;
    VECDB_TRY(ReadField(in, &field));
    builder.Add(std::move(field));
  }
  Result<Schema> schema = builder.Build();
  if (!schema.ok()) return in->Bad(schema.status().message());
  return schema;
}

void EncodeCollectionOptions(const CollectionOptions& options, base::ByteWriter* out) {
  out->Put(options.shards);
  out->Put(std::uint64_t{options.segment_bytes});
  out->Put(std::uint64_t{options.segment_rows});
  out->Put(std::int64_t{options.seal_after_idle.count()});
  out->Put(static_cast<std::uint8_t>(options.check_keys));
}

Result<CollectionOptions> DecodeCollectionOptions(base::ByteReader* in) {
  CollectionOptions options;
  std::uint64_t segment_bytes = 0;
  std::uint64_t segment_rows = 0;
  std::int64_t seal_after_idle_ms = 0;
  VECDB_TRY(in->Get(&options.shards));
  VECDB_TRY(in->Get(&segment_bytes));
  VECDB_TRY(in->Get(&segment_rows));
  VECDB_TRY(in->Get(&seal_after_idle_ms));
  VECDB_TRY(in->GetBool(&options.check_keys));
  if (options.shards == 0 || options.shards > kMaxShards) {
    return in->Bad("a number of shards outside 1..16");
  }
  if (seal_after_idle_ms < 0) return in->Bad("a negative time");
  options.segment_bytes = segment_bytes;
  options.segment_rows = segment_rows;
  options.seal_after_idle = std::chrono::milliseconds(seal_after_idle_ms);
  return options;
}

}  // namespace vecdb::chunk
