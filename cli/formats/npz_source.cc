#include "formats/npz_source.h"

#include <algorithm>

#include "formats/schema_text.h"
#include "formats/vector_source.h"
#include "text.h"

namespace vecdb::cli {
namespace {

bool IsIntegerType(DataType type) {
  return type == DataType::kInt8 || type == DataType::kInt16 || type == DataType::kInt32 ||
         type == DataType::kInt64;
}

DataType TypeFor(Element element) {
  switch (element) {
    case Element::kBool:
      return DataType::kBool;
    case Element::kUint8:
      return DataType::kInt16;
    case Element::kInt8:
      return DataType::kInt8;
    case Element::kInt16:
      return DataType::kInt16;
    case Element::kInt32:
      return DataType::kInt32;
    case Element::kInt64:
      return DataType::kInt64;
    case Element::kFloat16:
    case Element::kFloat32:
      return DataType::kFloat;
    case Element::kFloat64:
      return DataType::kDouble;
  }
  return DataType::kInt64;
}

}  // namespace

Result<std::unique_ptr<RowSource>> NpzSource::Open(const std::string& path,
                                                   const std::shared_ptr<RandomBytes>& bytes,
                                                   const SourceOptions& options) {
  const auto entries = ReadZipDirectory(*bytes);
  if (!entries.ok()) return Annotate(entries.status(), Format("'{}'", path));
  std::unique_ptr<NpzSource> source(new NpzSource(path, options));
  for (const ZipEntry& entry : *entries) CLI_TRY(source->AddArray(bytes, entry));
  if (source->arrays_.empty()) return Bad("'{}' has no arrays", path);
  return std::unique_ptr<RowSource>(std::move(source));
}

Status NpzSource::AddArray(const std::shared_ptr<RandomBytes>& bytes, const ZipEntry& entry) {
  constexpr std::string_view kEnding = ".npy";
  if (entry.name.size() <= kEnding.size() ||
      entry.name.compare(entry.name.size() - kEnding.size(), kEnding.size(), kEnding) != 0) {
    return Bad("'{}': its entry {} is no array (.npy)", path_, Quoted(entry.name));
  }
  Array array;
  array.name = entry.name.substr(0, entry.name.size() - kEnding.size());
  for (const Array& other : arrays_) {
    if (other.name == array.name)
      return Bad("'{}' has the array {} twice", path_, Quoted(array.name));
  }
  CLI_TRY_ASSIGN(auto input, OpenZipEntry(path_, bytes, entry));
  CLI_TRY_ASSIGN(array.reader, VectorReader::Of(std::move(input), "npy"));
  const std::uint64_t rows = *array.reader->rows();
  if (!arrays_.empty() && rows != rows_) {
    return Bad("'{}': the array {} has {} rows, {} has {}", path_, Quoted(array.name), rows,
               Quoted(arrays_.front().name), rows_);
  }
  rows_ = rows;
  arrays_.push_back(std::move(array));
  return Status();
}

bool NpzSource::HasKey(const std::string& name) const {
  return std::any_of(arrays_.begin(), arrays_.end(),
                     [&](const Array& array) { return array.name == name; });
}

Result<std::vector<Field>> NpzSource::Guess() {
  std::vector<Field> fields;
  Field key;
  key.name = options_.key_field.empty() ? "id" : options_.key_field;
  key.primary_key = true;
  fields.push_back(key);
  for (const Array& array : arrays_) {
    if (array.name == key.name) {
      if (array.reader->dimension() == 0 && IsInteger(array.reader->element())) continue;
      return Bad("'{}': the array {} is to be the key, which takes one integer a row", path_,
                 Quoted(array.name));
    }
    Field field;
    field.name = array.name;
    field.dimension = array.reader->dimension();
    if (field.dimension == 0) {
      field.type = TypeFor(array.reader->element());
    } else {
      field.type = options_.vector_type.value_or(DataType::kFloatVector);
      field.metric = options_.metric.value_or(UsualMetric(field.type));
      field.dimension = DimensionFor(field.type, field.dimension);
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

Status NpzSource::CheckFits(const Array& array, const Field& field) {
  const VectorReader& reader = *array.reader;
  const auto refuse = [&](std::string_view needs) {
    return Bad("'{}' holds {} {}, field '{}' of type {} takes {}", reader.input().path(),
               NameOf(reader.element()),
               reader.dimension() == 0 ? std::string("numbers")
                                       : Format("vectors of dimension {}", reader.dimension()),
               field.name, ToString(field.type), needs);
  };
  if (IsVector(field.type)) {
    if (reader.dimension() == 0) return refuse("vectors");
    return CheckVectors(field, reader.element(), reader.dimension(), reader.input().path());
  }
  if (reader.dimension() != 0) return refuse("one value a row");
  if (IsIntegerType(field.type)) {
    return IsInteger(reader.element()) ? Status() : refuse("integers");
  }
  if (field.type == DataType::kFloat || field.type == DataType::kDouble) {
    return reader.element() != Element::kBool ? Status() : refuse("numbers");
  }
  if (field.type == DataType::kBool) {
    return reader.element() == Element::kBool ? Status() : refuse("bools");
  }
  return refuse("something else");
}

Status NpzSource::Bind(const Schema& schema) {
  schema_ = schema;
  for (Array& array : arrays_) {
    array.field = schema_->Find(array.name);
    if (array.field == nullptr) {
      return Bad("'{}': the collection has no field {}", path_, Quoted(array.name));
    }
    CLI_TRY(CheckFits(array, *array.field));
  }
  number_keys_ = !HasKey(schema.primary_key().name);
  return number_keys_ ? CheckNumberKey(schema, path_) : Status();
}

Status NpzSource::AddColumn(Array& array, std::size_t rows, Batch* batch) {
  const Field& field = *array.field;
  CLI_TRY_ASSIGN(const auto raw, array.reader->Read(rows));
  if (raw.size() != rows * array.reader->row_bytes()) {
    return Bad("'{}' ends before its row {}", array.reader->input().path(), row_ + rows);
  }
  const Element element = array.reader->element();
  // Columns stand beside each other: where one has a bad row, none of these rows is whole.
  const auto all = [&](const auto& convert) -> Status {
    const auto accepted = array.reader->Accept(raw, convert);
    if (!accepted.ok() || *accepted == rows) return accepted.status();
    return array.reader->Read(1).status();  // what comes behind those that are fine
  };
  if (IsVector(field.type)) {
    CLI_TRY(all(
        [&](std::span<const std::byte> bytes) { return vectors_.Convert(field, element, bytes); }));
    return vectors_.AddTo(field, batch);
  }
  if (field.type == DataType::kBool) {
    std::vector<std::uint8_t> flags(rows);
    std::transform(raw.begin(), raw.end(), flags.begin(),
                   [](std::byte byte) { return static_cast<std::uint8_t>(byte != std::byte{0}); });
    static_assert(sizeof(bool) == 1);
    return batch->AddColumn(
        field.name, std::span<const bool>(reinterpret_cast<const bool*>(flags.data()), rows));
  }
  if (IsIntegerType(field.type)) {
    ToIntegers(element, raw, &integers_);
    return batch->AddColumn(field.name, std::span<const std::int64_t>(integers_));
  }
  CLI_TRY(all([&](std::span<const std::byte> bytes) { return ToReals(field, element, bytes); }));
  return batch->AddColumn(field.name, std::span<const double>(doubles_));
}

// Integers keep their value in the field, or are refused.
Status NpzSource::ToReals(const Field& field, Element element, std::span<const std::byte> bytes) {
  if (field.type == DataType::kDouble || !IsInteger(element)) {
    return ToDoubles(element, bytes, &doubles_);
  }
  CLI_TRY(ToFloats(element, bytes, &floats_));
  doubles_.assign(floats_.begin(), floats_.end());
  return Status();
}

Result<std::size_t> NpzSource::Read(std::size_t max_rows, Batch* batch) {
  const auto rows = static_cast<std::size_t>(std::min<std::uint64_t>(max_rows, rows_ - row_));
  first_ = row_;
  if (rows == 0) {
    for (Array& array : arrays_)
      CLI_TRY(array.reader->Read(1).status());  // nothing behind the rows
    return rows;
  }
  if (number_keys_) CLI_TRY(AddNumberKeys(*schema_, row_, rows, &integers_, batch));
  for (Array& array : arrays_) {
    const Status status = AddColumn(array, rows, batch);
    if (status.ok()) continue;
    batch->Clear();
    row_ += rows;
    return Annotate(status, Format("'{}': array {}", path_, Quoted(array.name)));
  }
  row_ += rows;
  return rows;
}

Result<std::uint64_t> NpzSource::Skip(std::uint64_t rows) {
  const std::uint64_t skipped = std::min(rows, rows_ - row_);
  for (Array& array : arrays_) {
    CLI_TRY_ASSIGN(const std::uint64_t got, array.reader->Skip(skipped));
    if (got != skipped) return Bad("'{}' ends early", array.reader->input().path());
  }
  row_ += skipped;
  return skipped;
}

std::string NpzSource::LastRows() const {
  return Format("rows {} to {}", first_, row_ - 1);
}

double NpzSource::fraction() const {
  return rows_ == 0 ? 1 : static_cast<double>(row_) / static_cast<double>(rows_);
}

}  // namespace vecdb::cli
