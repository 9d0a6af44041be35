// Any bytes as a chunk, keys, a schema, options, an edit, a record, a page's headers, FORMAT or
// CURRENT.
#include "catalog/current.h"
#include "catalog/edit.h"
#include "catalog/manifest.h"
#include "chunk/codec.h"
#include "fuzz/fuzzing.h"
#include "io/page_format.h"
#include "wal/message.h"

using namespace vecdb;
using namespace vecdb::fuzz;

namespace {

void DecodeKeys(std::span<const std::byte> bytes, const Schema& schema) {
  ExpectStable(
      bytes, [&](auto in) { return chunk::DecodeKeys(schema, in); },
      [](const chunk::KeyList& keys) {
        base::Bytes out;
        chunk::EncodeKeys(keys.View(), &out);
        return out;
      });
}

void DecodeChunk(std::span<const std::byte> bytes, const Schema& schema) {
  ExpectStable(
      bytes, [&](auto in) { return chunk::DecodeChunk(schema, in); },
      [](const chunk::Chunk& rows) {
        for (const chunk::Column& column : rows.columns) {
          const chunk::ColumnView view = column.View();
          for (std::size_t row = 0; row < view.rows; ++row) (void)view.At(row);
        }
        base::Bytes out;
        chunk::EncodeChunk(rows, &out);
        return out;
      });
}

void DecodeSchema(std::span<const std::byte> bytes) {
  ExpectStable(
      bytes,
      [](auto in) {
        base::ByteReader reader(in, "a schema");
        return chunk::DecodeSchema(&reader);
      },
      [](const Schema& schema) {
        base::Bytes out;
        base::ByteWriter writer(&out);
        chunk::EncodeSchema(schema, &writer);
        return out;
      });
}

void DecodeOptions(std::span<const std::byte> bytes) {
  ExpectStable(
      bytes,
      [](auto in) {
        base::ByteReader reader(in, "options");
        return chunk::DecodeCollectionOptions(&reader);
      },
      [](const CollectionOptions& options) {
        base::Bytes out;
        base::ByteWriter writer(&out);
        chunk::EncodeCollectionOptions(options, &writer);
        return out;
      });
}

void DecodeEdit(std::span<const std::byte> bytes) {
  ExpectStable(
      bytes, [](auto in) { return catalog::DecodeEdit(in, "an edit"); },
      [](const catalog::Edit& edit) { return catalog::EncodeEdit(edit); });
}

void DecodeMessage(std::span<const std::byte> bytes) {
  const std::uint16_t type = TakeByte(&bytes);
  (void)Taken(wal::DecodeMessage(type, 1, bytes).status());
}

void DecodePage(std::span<const std::byte> bytes) {
  base::Bytes page(bytes.begin(), bytes.end());
  page.resize(io::kPageSize);  // as a reader has it: whole
  (void)Taken(io::DecodeLogHeader(page).status());
  for (const bool seal : {false, true}) {
    (void)Taken(io::DecodeGroupHeader(std::span(page).subspan(io::kPageHeaderSize), seal).status());
  }
  (void)io::ValidPage(page, io::LoadPageHeader(page), 0, 1);
}

const Schema& TextKeys() {
  static const Schema schema =
      *SchemaBuilder().PrimaryKey("id", DataType::kVarChar).Vector("v", 2, Metric::kL2).Build();
  return schema;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto bytes = InputOf(data, size);
  const std::uint8_t kind = TakeByte(&bytes);
  if (kind == 'T') {
    DecodeChunk(bytes, EveryOtherField());
    return 0;
  }
  switch (kind % 9) {
    case 0:
      DecodeChunk(bytes, EveryField());
      break;
    case 1:
      DecodeKeys(bytes, EveryField());
      break;
    case 2:
      DecodeKeys(bytes, TextKeys());
      break;
    case 3:
      DecodeSchema(bytes);
      break;
    case 4:
      DecodeOptions(bytes);
      break;
    case 5:
      DecodeEdit(bytes);
      break;
    case 6:
      DecodeMessage(bytes);
      break;
    case 7:
      DecodePage(bytes);
      break;
    default:
      (void)Taken(catalog::DecodeFormat(bytes).status());
      (void)Taken(catalog::DecodeCurrent(bytes).status());
  }
  return 0;
}
