// Any bytes as the body of a column, key or deletes file whose checksums hold: only the reader's
// own checks stand between the bytes and the memory.
#include <array>

#include "fuzz/fuzzing.h"
#include "io/block_file.h"
#include "io/file_system.h"
#include "segment/column_file.h"
#include "segment/deletes_file.h"
#include "segment/key_file.h"

using namespace vecdb;
using namespace vecdb::fuzz;

namespace {

constexpr io::DatabaseUuid kDatabase{std::byte{7}};

std::shared_ptr<const io::BlockFile> Sealed(std::span<const std::byte> body, io::FileKind kind,
                                            std::uint64_t rows) {
  const auto fs = io::MakeMemoryFileSystem();
  auto out = io::BlockFileWriter::Create(*fs, "file", kDatabase, 5, kind);
  Expect(out.ok() && out->Append(body).ok());
  const auto info = out->Finish(rows);
  Expect(info.ok());
  auto file = io::BlockFile::Open(*fs, "file", kDatabase, *info, LoadMode::kMapped);
  return Taken(file.status()) ? *file : nullptr;
}

std::size_t Touch(const chunk::ColumnView& view) {
  std::size_t sum = 0;
  if (chunk::IsVariable(view.type)) {
    for (const std::string_view text : view.As<std::string_view>()) {
      for (const char c : text) sum += static_cast<unsigned char>(c);
    }
    for (std::size_t row = 0; row < view.rows; ++row) sum += view.At(row).index();
    return sum;
  }
  const auto* values = static_cast<const unsigned char*>(view.values);
  const std::size_t width = chunk::FixedWidth(view.type, view.dimension);
  for (std::size_t i = 0; i < view.rows * width; ++i) sum += values[i];
  return sum;
}

template <typename File>
void ReadAll(const File& file, RowIndex rows) {
  for (RowIndex row = 0; row < rows;) {
    const auto view = file.Read(row, 50);
    if (!Taken(view.status())) break;
    Expect(view->rows > 0 && view->rows <= rows - row);
    volatile std::size_t kept = Touch(*view);
    (void)kept;
    row += static_cast<RowIndex>(view->rows);
  }
  (void)Taken(file.VerifyAll());
}

void ReadKeys(const Field& field, std::shared_ptr<const io::BlockFile> sealed, RowIndex rows,
              chunk::KeyView key) {
  const segment::KeyFile file(field, std::move(sealed));
  ReadAll(file, rows);
  std::vector<RowIndex> found;
  const std::array<std::uint64_t, 2> hashes{3, ~std::uint64_t{0}};
  std::array<std::uint8_t, 2> may{};
  (void)Taken(file.FindKey(key, 3, &found));
  (void)Taken(file.MayContain(hashes, may.data()));
}

const Field& TextKey() {
  static const Schema schema =
      *SchemaBuilder().PrimaryKey("id", DataType::kVarChar).Vector("v", 2, Metric::kL2).Build();
  return schema.primary_key();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto bytes = InputOf(data, size);
  const std::size_t which = TakeByte(&bytes);
  const auto rows = static_cast<RowIndex>(TakeByte(&bytes) + 1);
  const auto& fields = EveryField().fields();
  const auto& others = EveryOtherField().fields();
  if (which >= 200) {
    if (auto file = Sealed(bytes, io::FileKind::kColumn, rows)) {
      ReadAll(segment::ColumnFile(others[which % others.size()], std::move(file)), rows);
    }
    return 0;
  }
  const std::size_t kinds = fields.size() + 3;
  if (which % kinds < fields.size()) {
    if (auto file = Sealed(bytes, io::FileKind::kColumn, rows)) {
      ReadAll(segment::ColumnFile(fields[which % kinds], std::move(file)), rows);
    }
    return 0;
  }
  if (which % kinds == fields.size()) {
    const auto file = Sealed(bytes, io::FileKind::kDeletes, rows);
    if (file != nullptr) (void)Taken(segment::ReadDeletesFile(*file, rows).status());
    return 0;
  }
  auto file = Sealed(bytes, io::FileKind::kKeys, rows);
  if (file == nullptr) return 0;
  if (which % kinds == fields.size() + 1) {
    ReadKeys(EveryField().primary_key(), std::move(file), rows, std::int64_t{3});
  } else {
    ReadKeys(TextKey(), std::move(file), rows, std::string_view("three"));
  }
  return 0;
}
