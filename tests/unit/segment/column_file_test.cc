#include "segment/column_file.h"

#include <limits>

#include "support/catch.h"
#include "unit/segment/sealed_support.h"

namespace {

using namespace vecdb;           // NOLINT
using namespace vecdb::segment;  // NOLINT
using namespace vecdb_test;      // NOLINT

Field FieldOf(DataType type, bool nullable = false, std::uint32_t dimension = 0) {
  Field field;
  field.name = "values";
  field.type = type;
  field.nullable = nullable;
  field.dimension = dimension;
  return field;
}

TestFile FileOf(const Field& field, const chunk::Column& column) {
  return TestFile(io::FileKind::kColumn, [&](io::BlockFileWriter* out) {
    return WriteColumnFile(field, SourceOf(column), 0, static_cast<RowIndex>(column.rows()), out);
  });
}

enum class Pattern { kRandom, kRuns, kConstant };

// Runs are 12 rows long, constants as long as the column.
chunk::Column FixedColumn(const Field& field, std::size_t rows, Pattern pattern) {
  chunk::Column column(field);
  const std::size_t width = chunk::FixedWidth(field.type, field.dimension);
  Words words(static_cast<std::uint32_t>(rows + width));
  base::Bytes value(width);
  std::vector<std::uint8_t> valid;
  for (std::size_t row = 0; row < rows; ++row) {
    const bool next =
        pattern == Pattern::kRandom || row == 0 || (pattern == Pattern::kRuns && row % 12 == 0);
    if (next) {
      for (std::byte& b : value) {
        b = static_cast<std::byte>(words.Next() % (field.type == DataType::kBool ? 2 : 256));
      }
      // Any bits of a finite number.
      if (field.type == DataType::kFloatVector || field.type == DataType::kFloat) {
        for (std::size_t i = 3; i < width; i += 4) value[i] &= std::byte{0xBF};
      }
      if (field.type == DataType::kDouble) value[7] &= std::byte{0xBF};
    }
    column.AppendFixed(value, 1);
    valid.push_back(row % 7 == 3 ? 0 : 1);
  }
  if (field.nullable) column.SetValidity(valid);
  return column;
}

chunk::Column TextColumn(const Field& field, const std::vector<std::string>& texts) {
  chunk::Column column(field);
  for (std::size_t row = 0; row < texts.size(); ++row) {
    if (field.nullable && row % 5 == 2) {
      column.AppendNull();
    } else {
      column.AppendText(texts[row]);
    }
  }
  return column;
}

// Lengths at which representations change; all different from each other.
std::vector<std::string> BoundaryTexts() {
  Words words(1);
  std::vector<std::string> texts;
  for (const std::size_t length : {0u, 1u, 11u, 12u, 13u, 65'534u, 65'535u, 2u, 0u, 300u}) {
    texts.push_back(words.OfLength(length));
  }
  return texts;
}

void CheckRoundTrip(const Field& field, const chunk::Column& column, ColumnEncoding encoding) {
  const TestFile file = FileOf(field, column);
  CHECK(file.info().size_bytes <= kMaxColumnFileBytes);
  for (const LoadMode mode : {LoadMode::kMapped, LoadMode::kResident}) {
    const ColumnFile reader(field, file.Open(mode));
    CHECK(reader.rows() == column.rows());
    CHECK(Must(reader.encoding()) == encoding);
    const auto read = [&](RowIndex row, RowIndex n) { return reader.Read(row, n); };
    CHECK(Compare(column, read, 1u << 30) == Answer::kSame);
    CHECK(Compare(column, read, 1000) == Answer::kSame);
    if (column.rows() <= 300) CHECK(Compare(column, read, 1) == Answer::kSame);
    Must(reader.VerifyAll());
  }
}

// Every answer of a file with any one byte changed is the right one or kCorruption, and VerifyAll
// always notices.
void CheckFlips(const Field& field, const chunk::Column& column, std::size_t step) {
  TestFile file = FileOf(field, column);
  for (std::uint64_t at = 0; at < file.info().size_bytes; at += step) {
    const std::byte mask{static_cast<unsigned char>(1u << (at % 8))};
    file.Flip(at, mask);
    const auto opened = file.TryOpen(LoadMode::kMapped);
    if (opened.ok()) {
      const ColumnFile reader(field, *opened);
      const auto read = [&](RowIndex row, RowIndex n) { return reader.Read(row, n); };
      CHECK(Compare(column, read) != Answer::kDifferent);
      CHECK(IsCorruption(reader.VerifyAll()));
    } else {
      CHECK(IsCorruption(opened.status()));
    }
    CHECK(IsCorruption(file.TryOpen(LoadMode::kResident).status()));
    file.Flip(at, mask);
  }
}

// With checksums that match, the reader's own checks must keep every access within the file.
void ReadEverything(const ColumnFile& reader) {
  for (const RowIndex step : {1u, 50u, 8192u}) {
    for (RowIndex row = 0; row < reader.rows();) {
      const auto view = reader.Read(row, step);
      if (!view.ok()) {
        CHECK(IsCorruption(view.status()));
        break;
      }
      if (view->type == DataType::kVarChar) {  // touch the bytes
        std::string copy;
        for (const std::string_view text : view->As<std::string_view>()) copy += text;
        CHECK(copy.size() <= 8192u * 65'535u);
      }
      row += static_cast<RowIndex>(view->rows);
    }
  }
  const Status verified = reader.VerifyAll();
  CHECK((verified.ok() || IsCorruption(verified)));
}

void CheckHostile(const Field& field, const chunk::Column& column) {
  const TestFile file = FileOf(field, column);
  const base::Bytes body = file.Body();
  for (std::size_t at = 0; at + 4 <= body.size(); at += at < 64 ? 1 : 4) {
    for (const std::uint32_t value : {0u, 1u, 2u, 0x7FFF'FFFFu, 0xFFFF'FFFFu, 0x0101'0101u}) {
      base::Bytes changed = body;
      Poke(&changed, at, value);
      ReadEverything(ColumnFile(field, file.WithBody(changed)));
    }
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{63}, std::size_t{64},
                                 body.size() - 1, body.size() + 1}) {
    base::Bytes changed = body;
    changed.resize(size);
    const ColumnFile reader(field, file.WithBody(changed));
    CHECK(IsCorruption(reader.Read(0, 1).status()));
    CHECK(IsCorruption(reader.VerifyAll()));
  }
}

constexpr DataType kScalars[] = {DataType::kBool,  DataType::kInt8,  DataType::kInt16,
                                 DataType::kInt32, DataType::kInt64, DataType::kFloat,
                                 DataType::kDouble};

}  // namespace

TEST_CASE("scalars of every type come back bit for bit, plain and in runs") {
  for (const DataType type : kScalars) {
    for (const bool nullable : {false, true}) {
      const Field field = FieldOf(type, nullable);
      for (const std::size_t rows : {1u, 2u, 63u, 64u, 65u, 8192u, 8193u, 20'000u}) {
        CAPTURE(static_cast<int>(type), nullable, rows);
        // One-byte values that repeat by chance may still not be worth runs.
        CheckRoundTrip(field, FixedColumn(field, rows, Pattern::kRandom), ColumnEncoding::kPlain);
        const bool worth_it = rows >= 63;
        CheckRoundTrip(field, FixedColumn(field, rows, Pattern::kConstant),
                       worth_it ? ColumnEncoding::kRunLength : ColumnEncoding::kPlain);
      }
      CheckRoundTrip(field, FixedColumn(field, 20'000, Pattern::kRuns), ColumnEncoding::kRunLength);
    }
  }
}

TEST_CASE("a column's extreme values and signed zeros survive in runs and plain") {
  const Field field = FieldOf(DataType::kDouble);
  const double values[] = {0.0,
                           -0.0,
                           std::numeric_limits<double>::denorm_min(),
                           std::numeric_limits<double>::max(),
                           std::numeric_limits<double>::lowest(),
                           std::numeric_limits<double>::min()};
  for (const std::size_t repeat : {1u, 40u}) {
    chunk::Column column(field);
    for (const double value : values) {
      for (std::size_t i = 0; i < repeat; ++i) {
        column.AppendFixed(std::as_bytes(std::span(&value, 1)), 1);
      }
    }
    CheckRoundTrip(field, column,
                   repeat == 1 ? ColumnEncoding::kPlain : ColumnEncoding::kRunLength);
  }
}

TEST_CASE("vectors come back bit for bit, lent from the file") {
  for (const std::uint32_t dimension : {1u, 2u, 3u, 8u, 17u, 768u}) {
    const Field field = FieldOf(DataType::kFloatVector, false, dimension);
    for (const std::size_t rows : {1u, 5u, 600u}) {
      CheckRoundTrip(field, FixedColumn(field, rows, Pattern::kRandom), ColumnEncoding::kPlain);
      CheckRoundTrip(field, FixedColumn(field, rows, Pattern::kConstant), ColumnEncoding::kPlain);
    }
  }
  const Field field = FieldOf(DataType::kFloatVector, false, 4);
  const TestFile file = FileOf(field, FixedColumn(field, 3000, Pattern::kRandom));
  const ColumnFile reader(field, file.Open());
  const auto all = Must(reader.Read(0, 1u << 30));
  CHECK(all.rows == 3000);
  CHECK(all.keep == nullptr);
  const auto some = Must(reader.Read(100, 2900));
  CHECK(some.values == static_cast<const float*>(all.values) + 400);
}

TEST_CASE("texts of every length at which something changes come back") {
  for (const bool nullable : {false, true}) {
    const Field field = FieldOf(DataType::kVarChar, nullable);
    CheckRoundTrip(field, TextColumn(field, BoundaryTexts()), ColumnEncoding::kPlain);
    std::vector<std::string> repeated;
    for (int i = 0; i < 30; ++i) {
      for (const std::string& text : BoundaryTexts()) repeated.push_back(text);
    }
    CheckRoundTrip(field, TextColumn(field, repeated), ColumnEncoding::kDictionary);
    CheckRoundTrip(field, TextColumn(field, std::vector<std::string>(20'000)),
                   ColumnEncoding::kDictionary);  // all empty
  }
}

TEST_CASE("many texts are a dictionary when few are different") {
  const Field field = FieldOf(DataType::kVarChar, true);
  for (const std::size_t distinct : {1u, 2u, 255u, 257u, 3000u}) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < 20'000; ++i) {
      texts.push_back("shelf number " + std::to_string(i * 7919 % distinct));
    }
    CheckRoundTrip(field, TextColumn(field, texts), ColumnEncoding::kDictionary);
  }
  std::vector<std::string> different;
  for (int i = 0; i < 20'000; ++i) different.push_back("book " + std::to_string(i));
  CheckRoundTrip(field, TextColumn(field, different), ColumnEncoding::kPlain);
}

TEST_CASE("a dictionary has at most 65,535 texts") {
  const Field field = FieldOf(DataType::kVarChar);
  for (const std::size_t distinct : {65'535u, 65'536u}) {
    chunk::Column column(field);
    for (std::size_t i = 0; i < 4 * distinct; ++i) {
      column.AppendText("a text of some length, number " + std::to_string(i % distinct));
    }
    CheckRoundTrip(field, column,
                   distinct == 65'535 ? ColumnEncoding::kDictionary : ColumnEncoding::kPlain);
  }
}

TEST_CASE(
    "every file of a field keeps its limit and all but the last hold a power of two of rows") {
  Words words(3);
  chunk::Column text(FieldOf(DataType::kVarChar));
  for (int i = 0; i < 3000; ++i) text.AppendText(words.OfLength(words.Next() % 40));
  for (int i = 0; i < 10; ++i) text.AppendText(words.OfLength(3000));
  const Field numbers = FieldOf(DataType::kInt32, true);
  const Field vectors = FieldOf(DataType::kFloatVector, false, 5);
  const std::pair<Field, chunk::Column> columns[] = {
      {FieldOf(DataType::kVarChar), text},
      {numbers, FixedColumn(numbers, 5000, Pattern::kRandom)},
      {vectors, FixedColumn(vectors, 5000, Pattern::kRandom)}};
  for (const auto& [field, column] : columns) {
    const auto rows = static_cast<RowIndex>(column.rows());
    for (const std::uint64_t limit : {4096u, 10'000u, 20'000u, 1u << 24}) {
      const std::uint64_t per_file = Must(RowsPerColumnFile(field, rows, SourceOf(column), limit));
      CHECK((per_file & (per_file - 1)) == 0);
      std::uint64_t largest = 0;
      for (std::uint64_t first = 0; first < rows; first += per_file) {
        const auto n = static_cast<RowIndex>(std::min<std::uint64_t>(per_file, rows - first));
        const TestFile file(io::FileKind::kColumn, [&, field_of = &field, of = &column](auto* out) {
          return WriteColumnFile(*field_of, SourceOf(*of), static_cast<RowIndex>(first), n, out);
        });
        largest = std::max(largest, file.info().size_bytes);
        const ColumnFile reader(field, file.Open());
        CHECK(SameView(Must(reader.Read(0, n)), column.View(first, Must(reader.Read(0, n)).rows)));
      }
      CAPTURE(static_cast<int>(field.type), limit, per_file, largest);
      CHECK(largest <= limit);
      if (field.type == DataType::kFloatVector && per_file < rows) CHECK(2 * largest > limit - 200);
    }
  }
}

TEST_CASE("the longest texts and vectors fit a file, whatever their number") {
  chunk::Column text(FieldOf(DataType::kVarChar));
  Words words(4);
  for (int i = 0; i < 300; ++i) text.AppendText(words.OfLength(65'535));
  const auto per_file = Must(RowsPerColumnFile(FieldOf(DataType::kVarChar), 300, SourceOf(text)));
  CHECK(per_file == 128);
  const Field wide = FieldOf(DataType::kFloatVector, false, 32'768);
  CHECK(Must(RowsPerColumnFile(wide, 1000, nullptr)) == 64);
  CHECK(Must(RowsPerColumnFile(FieldOf(DataType::kFloatVector, false, 784), 60'000, nullptr)) ==
        4096);
}

TEST_CASE("no changed byte of a column file goes unnoticed") {
  const Field number = FieldOf(DataType::kInt64, true);
  CheckFlips(number, FixedColumn(number, 40, Pattern::kRandom), 1);
  CheckFlips(number, FixedColumn(number, 5000, Pattern::kRuns), 7);
  const Field vector = FieldOf(DataType::kFloatVector, false, 100);
  CheckFlips(vector, FixedColumn(vector, 100, Pattern::kRandom), 61);
  const Field text = FieldOf(DataType::kVarChar, true);
  CheckFlips(text, TextColumn(text, {"one", "", "two", "three", "größe"}), 1);
  CheckFlips(text, TextColumn(text, std::vector<std::string>(100, "the same")), 1);
}

TEST_CASE("numbers that lie behind matching checksums are refused, never followed") {
  const Field number = FieldOf(DataType::kInt16, true);
  CheckHostile(number, FixedColumn(number, 60, Pattern::kRandom));
  CheckHostile(number, FixedColumn(number, 300, Pattern::kRuns));
  const Field flag = FieldOf(DataType::kBool);
  CheckHostile(flag, FixedColumn(flag, 200, Pattern::kConstant));
  const Field vector = FieldOf(DataType::kFloatVector, false, 3);
  CheckHostile(vector, FixedColumn(vector, 20, Pattern::kRandom));
  const Field text = FieldOf(DataType::kVarChar, true);
  CheckHostile(text, TextColumn(text, {"one", "", "two", "three", "größe"}));
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i) texts.push_back("shelf " + std::to_string(i % 5));
  CheckHostile(text, TextColumn(text, texts));
}

TEST_CASE("a full check finds what checksums and reads cannot") {
  const auto verify = [](const Field& field, const chunk::Column& column, const auto& change) {
    const TestFile file = FileOf(field, column);
    base::Bytes body = file.Body();
    change(&body);
    return ColumnFile(field, file.WithBody(body)).VerifyAll();
  };
  const Field text = FieldOf(DataType::kVarChar);
  const chunk::Column words = TextColumn(text, {"one", "two", "three"});
  CHECK(verify(text, words, [](base::Bytes*) {}).ok());
  // Ends stand at 64, texts at 128.
  CHECK(IsCorruption(verify(text, words, [](auto* body) { Poke(body, 129, '\xFF'); })));
  CHECK(IsCorruption(verify(text, words, [](auto* body) { Poke(body, 72, std::uint32_t{10}); })));
  const Field flag = FieldOf(DataType::kBool, true);
  const chunk::Column flags = FixedColumn(flag, 10, Pattern::kRandom);
  CHECK(verify(flag, flags, [](base::Bytes*) {}).ok());
  CHECK(IsCorruption(verify(flag, flags, [](auto* body) { Poke(body, 65, '\x02'); })));
  CHECK(IsCorruption(verify(flag, flags, [](auto* body) { Poke(body, 130, '\x02'); })));
  const Field vector = FieldOf(DataType::kFloatVector, false, 2);
  const chunk::Column vectors = FixedColumn(vector, 4, Pattern::kRandom);
  CHECK(verify(vector, vectors, [](base::Bytes*) {}).ok());
  CHECK(IsCorruption(verify(vector, vectors, [](auto* body) {
    Poke(body, 68, std::numeric_limits<float>::quiet_NaN());
  })));
  const Field real = FieldOf(DataType::kDouble);
  const chunk::Column reals = FixedColumn(real, 4, Pattern::kRandom);
  CHECK(verify(real, reals, [](base::Bytes*) {}).ok());
  CHECK(IsCorruption(verify(
      real, reals, [](auto* body) { Poke(body, 72, -std::numeric_limits<double>::infinity()); })));
  const Field number = FieldOf(DataType::kInt64);
  const chunk::Column runs = FixedColumn(number, 48, Pattern::kRuns);  // ends 12, 24, 36, 48
  CHECK(verify(number, runs, [](base::Bytes*) {}).ok());
  CHECK(IsCorruption(verify(number, runs, [](auto* body) { Poke(body, 76, 47u); })));
  CHECK(IsCorruption(verify(number, runs, [](auto* body) { Poke(body, 68, 12u); })));
}

TEST_CASE("a column file is read only as the field it was written for") {
  const Field written = FieldOf(DataType::kInt32, true);
  const TestFile file = FileOf(written, FixedColumn(written, 10, Pattern::kRandom));
  for (const Field& other : {FieldOf(DataType::kFloat, true), FieldOf(DataType::kInt32, false),
                             FieldOf(DataType::kVarChar, true)}) {
    const Status status = ColumnFile(other, file.Open()).Read(0, 1).status();
    CHECK(IsCorruption(status));
    CHECK(std::string(status.message()).find("file") != std::string::npos);
  }
}
