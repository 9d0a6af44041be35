// Every type in a growing segment, in the files of a sealed one, and in files that lie.
#include <cstring>

#include "chunk/array_value.h"
#include "chunk/batch_access.h"
#include "support/all_types.h"
#include "unit/segment/sealed_sample.h"

using namespace vecdb_test;
using vecdb::DataType;
using vecdb::Field;
using vecdb::Schema;
using vecdb::test::AllTypes;
using vecdb::test::MakeValues;
namespace chunk = vecdb::chunk;
namespace segment = vecdb::segment;

namespace {

std::shared_ptr<segment::GrowingSegment> Grown(const Schema& schema, std::int64_t rows) {
  auto grown = segment::GrowingSegment::Create(kSampleId, 0, 0, 1, schema);
  for (std::int64_t first = 0; first < rows; first += 150) {
    const std::int64_t count = std::min<std::int64_t>(150, rows - first);
    const auto batch = vecdb::test::AllTypesBatch(schema, first, count, first % 300 == 0);
    grown->Append(Must(chunk::BatchAccess::TakeChunk(batch)),
                  vecdb::Timestamp{1000 + static_cast<std::uint64_t>(first)},
                  static_cast<std::uint64_t>(first) + 1, static_cast<std::uint64_t>(first) + 1);
  }
  return grown;
}

// Rows are in the order of their keys, from 0.
void CheckValues(const segment::Segment& of, RowIndex step) {
  const Schema& schema = of.schema();
  for (std::uint32_t field = 0; field < schema.fields().size(); ++field) {
    for (RowIndex row = 0; row < of.rows();) {
      const auto view = Must(of.Read(field, row, step));
      for (std::size_t i = 0; i < view.rows; ++i, ++row) {
        if (view.At(i) == MakeValues(schema, row)[field]) continue;
        INFO(schema.fields()[field].name << " of row " << row);
        REQUIRE(false);
      }
    }
  }
}

TestFile FileOf(const Field& field, const chunk::Column& column) {
  return TestFile(vecdb::io::FileKind::kColumn, [&](vecdb::io::BlockFileWriter* out) {
    const auto source = [&](RowIndex first, RowIndex rows) {
      return Result<chunk::ColumnView>(column.View(first, rows));
    };
    return segment::WriteColumnFile(field, source, 0, static_cast<RowIndex>(column.rows()), out);
  });
}

std::string ArrayBytes(const std::vector<std::int64_t>& elements) {
  std::string bytes;
  chunk::EncodeArray(DataType::kInt16, std::span<const std::int64_t>(elements), &bytes);
  return bytes;
}

const Field kShorts = {
    .name = "a", .type = DataType::kArray, .element_type = DataType::kInt16, .nullable = true};
const Field kSparse = {
    .name = "s", .type = DataType::kSparseFloatVector, .metric = vecdb::Metric::kInnerProduct};

}  // namespace

TEST_CASE("every type is read as it was written, growing and sealed, mapped and resident",
          "[types]") {
  const int vectors = GENERATE(0, 1, 2);
  const Schema schema = AllTypes(vectors);
  const auto grown = Grown(schema, 700);
  CheckValues(*grown, 1000);
  SampleFolder folder;
  const auto record = folder.Flush(*grown);
  for (const LoadMode mode : {LoadMode::kMapped, LoadMode::kResident}) {
    const auto sealed = Must(folder.TryOpen(record, mode, schema));
    CheckValues(*sealed, 1000);
    CheckValues(*sealed, 37);
    CHECK(SameRows(*grown, *sealed));
  }
  SampleFolder small;
  const auto pieces = small.FlushSmall(*grown, 4000);
  CHECK(pieces.columns.size() > record.columns.size());
  CheckValues(*Must(small.TryOpen(pieces, LoadMode::kMapped, schema)), 1000);
}

TEST_CASE("arrays and sparse vectors that repeat become a dictionary", "[types]") {
  chunk::Column column(kShorts);
  for (int i = 0; i < 500; ++i) {
    column.AppendText(ArrayBytes({1, 2, static_cast<std::int64_t>(i % 5), 70, 71, 72}));
  }
  column.AppendNull();
  const TestFile file = FileOf(kShorts, column);
  const segment::ColumnFile read(kShorts, file.Open());
  CHECK(Must(read.encoding()) == segment::ColumnEncoding::kDictionary);
  Must(read.VerifyAll());
  const auto view = Must(read.Read(0, 501));
  CHECK(view.At(7) == vecdb::Value(std::vector<std::int64_t>{1, 2, 2, 70, 71, 72}));
  CHECK(view.At(500) == vecdb::Value());
}

TEST_CASE("bytes whose lengths do not add up are never read as a value", "[types]") {
  const auto refused = [](const Field& field, const std::vector<std::string>& values) {
    chunk::Column column(field);
    for (const std::string& value : values) column.AppendText(value);
    const TestFile file = FileOf(field, column);
    for (const LoadMode mode : {LoadMode::kMapped, LoadMode::kResident}) {
      const segment::ColumnFile read(field, file.Open(mode));
      const Status status = read.Read(0, 10).status();
      INFO(status.ToString());
      CHECK(status.code() == StatusCode::kCorruption);
      CHECK(read.VerifyAll().code() == StatusCode::kCorruption);
    }
  };
  const std::string good = ArrayBytes({1, 2});
  refused(kShorts, {good, ""});
  refused(kShorts, {good, good + "x"});
  refused(kShorts, {good.substr(0, 7)});
  std::string other = good;
  other[0] = static_cast<char>(DataType::kVarChar);
  refused(kShorts, {other});
  other[0] = static_cast<char>(DataType::kInt32);
  refused(kShorts, {other});
  refused(kSparse, {"1234567"});
  refused(kSparse, {std::string(8, '\1'), "1"});
}

TEST_CASE("a whole check finds values that a field may not have", "[types]") {
  const auto found = [](const Field& field, const std::string& value) {
    chunk::Column column(field);
    if (chunk::IsVariable(field.type)) {
      column.AppendText(value);
    } else {
      column.AppendFixed(vecdb::base::AsBytes(value), 1);
    }
    const TestFile file = FileOf(field, column);
    const segment::ColumnFile read(field, file.Open());
    CHECK(read.Read(0, 1).ok());
    CHECK(read.VerifyAll().code() == StatusCode::kCorruption);
  };
  const auto floats = [](const std::vector<float>& values) {
    return std::string(reinterpret_cast<const char*>(values.data()), values.size() * 4);
  };
  const std::string indices("\2\0\0\0\2\0\0\0", 8);
  found(kSparse, indices + floats({1, 2}));
  found(kSparse, std::string("\2\0\0\0\3\0\0\0", 8) + floats({1, INFINITY}));
  found(kSparse, std::string("\xFF\xFF\xFF\xFF", 4) + floats({1}));
  found({.name = "j", .type = DataType::kJson}, "[1,]");
  Field few = kShorts;
  few.max_capacity = 1;
  found(few, ArrayBytes({1, 2}));
  const std::string infinite16("\0\x7C", 2);
  found({.name = "h", .type = DataType::kFloat16Vector, .dimension = 1}, infinite16);
  const std::string huge16("\x7F\x7F", 2);  // the largest bfloat16: its square is no float
  found({.name = "b", .type = DataType::kBFloat16Vector, .dimension = 1}, huge16);
}

TEST_CASE("a column file is refused for a field with other elements", "[types]") {
  chunk::Column column(kShorts);
  column.AppendText(ArrayBytes({1}));
  const TestFile file = FileOf(kShorts, column);
  Field other = kShorts;
  other.element_type = DataType::kInt32;
  CHECK(segment::ColumnFile(other, file.Open()).Read(0, 1).status().code() ==
        StatusCode::kCorruption);
  TestFile::Bytes body = file.Body();
  body[7] = static_cast<std::byte>(DataType::kInt8);
  CHECK(segment::ColumnFile(kShorts, file.WithBody(body, 1)).Read(0, 1).status().code() ==
        StatusCode::kCorruption);
}
