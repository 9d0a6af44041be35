#include "formats/csv_source.h"

#include <charconv>
#include <cmath>

#include "formats/guess.h"
#include "formats/json_rows.h"
#include "formats/numbers.h"
#include "formats/schema_text.h"
#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::size_t kSampleRows = 1'000;
constexpr std::size_t kSampleBytes = std::size_t{8} << 20;
constexpr std::size_t kMaxBatchText = std::size_t{4} << 20;

template <typename T>
bool Parses(std::string_view text, T* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// One that is too large for a double, too; not "nan".
bool IsNumber(std::string_view text) {
  double number = 0;
  if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error != std::errc::invalid_argument && end == text.data() + text.size();
}

// As "007" is not: what looks like a number and is a code keeps its zeros as text.
bool IsPlainInteger(std::string_view text) {
  std::int64_t number = 0;
  const std::size_t sign = !text.empty() && text[0] == '-' ? 1 : 0;
  const bool zeros = text.size() > sign + 1 && text[sign] == '0';
  return !zeros && Parses(text, &number);
}

bool IsReal(std::string_view text) {
  double number = 0;
  const bool digits = text.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
  const std::size_t sign = !text.empty() && text[0] == '-' ? 1 : 0;
  const bool zeros =
      text.size() > sign + 1 && text[sign] == '0' && text[sign + 1] >= '0' && text[sign + 1] <= '9';
  return digits && !zeros && Parses(text, &number) && std::isfinite(number);
}

Shape ShapeOf(std::string_view text, std::uint32_t* dimension) {
  if (text == "true" || text == "false") return Shape::kBool;
  if (IsPlainInteger(text)) return Shape::kInteger;
  if (IsReal(text)) return Shape::kReal;
  if (text.empty() || text.front() != '[') return Shape::kText;
  std::vector<float> vector;
  std::string copy(text);
  if (!ParseVector(&copy, &vector).ok() || vector.empty()) return Shape::kText;
  *dimension = static_cast<std::uint32_t>(vector.size());
  return Shape::kVector;
}

}  // namespace

Result<std::unique_ptr<RowSource>> CsvSource::Open(std::unique_ptr<Input> input,
                                                   const SourceOptions& options) {
  CLI_TRY_ASSIGN(auto reader, CsvReader::Open(std::move(input), options.separator));
  std::unique_ptr<CsvSource> source(new CsvSource(std::move(reader), options));
  CLI_TRY(source->ChooseParts());
  return std::unique_ptr<RowSource>(std::move(source));
}

// ---- Columns ------------------------------------------------------------------------------

Result<std::size_t> CsvSource::ColumnNamed(const std::string& name) const {
  const auto& names = reader_->names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return i;
  }
  return Bad("'{}' has no column {}", reader_->input().path(), Quoted(name));
}

Status CsvSource::ChooseParts() {
  constexpr std::size_t kNone = ~std::size_t{0};
  const auto& names = reader_->names();
  std::vector<std::size_t> vector_of(names.size(), kNone);
  std::vector<std::size_t> lengths;
  for (const VectorColumns& columns : options_.vector_columns) {
    CLI_TRY_ASSIGN(const std::size_t first, ColumnNamed(columns.first));
    CLI_TRY_ASSIGN(const std::size_t last, ColumnNamed(columns.last));
    if (last < first) {
      return Bad("the column {} stands before {}", Quoted(columns.last), Quoted(columns.first));
    }
    for (std::size_t i = first; i <= last; ++i) {
      if (vector_of[i] != kNone) return Bad("the column {} is of two vectors", Quoted(names[i]));
      vector_of[i] = lengths.size();
    }
    lengths.push_back(last - first + 1);
  }
  for (std::size_t i = 0; i < names.size();) {
    Part part;
    part.name = names[i];
    part.first = i;
    if (vector_of[i] != kNone) {
      part.name = options_.vector_columns[vector_of[i]].field;
      part.columns = lengths[vector_of[i]];
      part.spread = true;
    }
    i += part.columns;
    parts_.push_back(std::move(part));
  }
  return Status();
}

// ---- Guessing -----------------------------------------------------------------------------

bool CsvSource::IsNull(const CsvCell& cell) const {
  return !cell.quoted && cell.text == options_.null_text;
}

Status CsvSource::GuessPart(const Part& part, cli::Guess* guess) const {
  std::uint32_t dimension = 0;
  if (!part.spread) {
    const CsvCell& cell = cells_[part.first];
    const Shape shape = IsNull(cell) ? Shape::kNull : ShapeOf(cell.text, &dimension);
    return guess->Add(part.name, shape, dimension);
  }
  for (std::size_t i = part.first; i < part.first + part.columns; ++i) {
    const Shape shape = ShapeOf(cells_[i].text, &dimension);
    if (shape == Shape::kInteger || shape == Shape::kReal) continue;
    return Bad("column {} is {}, no number of the vector {}", Quoted(reader_->names()[i]),
               Quoted(cells_[i].text), Quoted(part.name));
  }
  return guess->Add(part.name, Shape::kVector, static_cast<std::uint32_t>(part.columns));
}

Result<std::vector<Field>> CsvSource::Guess() {
  std::size_t bytes = 0;
  cli::Guess guess(options_, /*mixed_is_text=*/true);
  while (sample_.size() < kSampleRows && bytes < kSampleBytes) {
    CLI_TRY_ASSIGN(const bool found, reader_->Next());
    if (!found) break;
    bytes += reader_->record_bytes();
    Record record{reader_->Where(), reader_->line(), {}, {}};
    for (const CsvCell& cell : reader_->cells()) {
      record.texts.emplace_back(cell.text);
      record.quoted.push_back(cell.quoted);
    }
    cells_.assign(reader_->cells().begin(), reader_->cells().end());
    for (const Part& part : parts_) CLI_TRY(Annotate(GuessPart(part, &guess), record.where));
    guess.EndRow();
    sample_.push_back(std::move(record));
  }
  const std::string path = Format("'{}'", reader_->input().path());
  if (sample_.empty()) return Bad("{} has no rows to guess a schema from", path);
  auto fields = guess.Fields();
  if (!fields.ok()) return Annotate(fields.status(), path);
  return fields;
}

// ---- Rows ---------------------------------------------------------------------------------

Status CsvSource::Bind(const Schema& schema) {
  schema_ = schema;
  json_ = std::make_unique<RowReader>(schema);
  for (Part& part : parts_) {
    part.field = schema_->Find(part.name);
    if (part.field == nullptr) {
      return Bad("'{}': the collection has no field {}", reader_->input().path(),
                 Quoted(part.name));
    }
    const bool floats =
        part.field->type >= DataType::kFloatVector && part.field->type <= DataType::kBFloat16Vector;
    if (part.spread && !floats) {
      return Bad("'{}': field '{}' is of type {}, no vector of floats", reader_->input().path(),
                 part.name, ToString(part.field->type));
    }
  }
  return Status();
}

Result<bool> CsvSource::Next() {
  if (sample_.empty()) {
    where_.clear();
    CLI_TRY_ASSIGN(const bool found, reader_->Next());
    if (found) cells_.assign(reader_->cells().begin(), reader_->cells().end());
    line_ = reader_->line();
    return found;
  }
  held_ = std::move(sample_.front());
  sample_.pop_front();
  where_ = held_.where;
  line_ = held_.line;
  cells_.clear();
  for (std::size_t i = 0; i < held_.texts.size(); ++i) {
    cells_.push_back({held_.texts[i], held_.quoted[i]});
  }
  return true;
}

Result<ValueView> CsvSource::ConvertNumber(const Part& part, std::string_view text) const {
  const DataType type = part.field->type;
  std::int64_t integer = 0;
  if (type == DataType::kFloat || type == DataType::kDouble) {
    if (IsNumber(text)) {
      const auto real = RealFor(type, text);
      if (!real.ok()) return Bad("field '{}' {}", part.name, real.status().message());
      return ValueView(*real);
    }
  } else if (Parses(text, &integer)) {
    return ValueView(integer);
  }
  return Bad("field '{}' is of type {}, which {} is not", part.name, ToString(type), Quoted(text));
}

Result<ValueView> CsvSource::ConvertSpread(Part* part) const {
  part->vector.clear();
  for (std::size_t i = part->first; i < part->first + part->columns; ++i) {
    float number = 0;
    if (!Parses(cells_[i].text, &number) || !std::isfinite(number)) {
      return Bad("field '{}': column {} is {}, no number", part->name, Quoted(reader_->names()[i]),
                 Quoted(cells_[i].text));
    }
    part->vector.push_back(number);
  }
  return ValueView(std::span<const float>(part->vector));
}

Result<ValueView> CsvSource::Convert(Part* part) {
  if (part->spread) return ConvertSpread(part);
  const CsvCell& cell = cells_[part->first];
  if (IsNull(cell)) return ValueView();
  switch (part->field->type) {
    case DataType::kBool:
      if (cell.text == "true" || cell.text == "1") return ValueView(true);
      if (cell.text == "false" || cell.text == "0") return ValueView(false);
      return Bad("field '{}' is of type Bool, which {} is not", part->name, Quoted(cell.text));
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
    case DataType::kFloat:
    case DataType::kDouble:
      return ConvertNumber(*part, cell.text);
    case DataType::kVarChar:
      return ValueView(cell.text);
    case DataType::kArray:
    case DataType::kJson:
    case DataType::kFloatVector:
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
    case DataType::kInt8Vector:
    case DataType::kBinaryVector:
    case DataType::kSparseFloatVector:
      break;
  }
  part->scratch = cell.text;
  auto value =
      json_->Read(static_cast<std::size_t>(part->field - schema_->fields().data()), &part->scratch);
  if (value.ok()) return value;
  const bool named = value.status().message().substr(0, 5) == "field";
  return named ? value : Annotate(value.status(), Format("field '{}'", part->name));
}

Status CsvSource::AddRow(Batch* batch) {
  row_.clear();
  for (Part& part : parts_) {
    CLI_TRY_ASSIGN(const ValueView value, Convert(&part));
    row_.emplace_back(part.name, value);
  }
  return batch->Add(std::span<const NamedValue>(row_));
}

Result<std::size_t> CsvSource::Read(std::size_t max_rows, Batch* batch) {
  std::size_t bytes = 0;
  std::size_t rows = 0;
  for (; rows < max_rows && bytes < kMaxBatchText; ++rows) {
    CLI_TRY_ASSIGN(const bool found, Next());
    if (!found) break;
    for (const CsvCell& cell : cells_) bytes += cell.text.size();
    const Status status = AddRow(batch);
    if (!status.ok()) return Annotate(status, where_.empty() ? reader_->Where() : where_);
    if (rows == 0) first_ = line_;
    last_ = line_;
  }
  return rows;
}

Result<std::uint64_t> CsvSource::Skip(std::uint64_t rows) {
  for (std::uint64_t skipped = 0; skipped < rows; ++skipped) {
    CLI_TRY_ASSIGN(const bool found, Next());
    if (!found) return skipped;
  }
  return rows;
}

std::string CsvSource::LastRows() const {
  return Format("lines {} to {}", first_, last_);
}

}  // namespace vecdb::cli
