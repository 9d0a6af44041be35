// The doors of the command line in the tests of limits: the same values in files.
#include <bitset>
#include <fstream>

#include "formats/source.h"
#include "support/temp_directory.h"
#include "walks/limits.h"
#include "walks/limits_files.h"

namespace vecdb::test::limits {
namespace {

// The one row of the file, as `vecdb import` reads it.
Status ReadInto(const std::string& path, const Schema& schema, Batch* batch) {
  auto source = cli::RowSource::Open(path, {});
  if (!source.ok()) return source.status();
  const Status bound = (*source)->Bind(schema);
  if (!bound.ok()) return bound;
  const auto read = (*source)->Read(10, batch);
  if (!read.ok()) return read.status();
  CHECK(*read == 1);
  const auto more = (*source)->Read(10, batch);
  CHECK((more.ok() && *more == 0));
  return Status();
}

}  // namespace

void TryByFiles(Tally& tally, const ValueCase& c, const Schema& schema, const Value& expected) {
  const vecdb::test::TempDirectory folder;
  for (std::size_t i = 0; i < kFileFormats; ++i) {
    const auto format = static_cast<FileFormat>(i);
    const auto bytes = FileWith(format, schema, c.field, c.value);
    if (!bytes) continue;
    INFO("a file ." << EndingOf(format) << ", " << ToString(c.field.type) << " field, value kind "
                    << c.value.index());
    const std::string path = folder.path() / ("row." + std::string(EndingOf(format)));
    std::ofstream(path, std::ios::binary) << *bytes;
    Batch batch(schema);
    const Status status = ReadInto(path, schema, &batch);
    Judge(tally, status, c.accepted, {path});
    if (!c.accepted || !status.ok()) continue;
    const auto* json = std::get_if<std::string>(&expected);
    const bool compact = c.field.type == DataType::kJson && json != nullptr;
    const bool survived = ComesBack(c.field, compact ? Value(Compact(*json)) : expected, batch);
    CHECK(survived);
    tally.survived += survived ? 1 : 0;
    tally.files.set(i);
  }
}

}  // namespace vecdb::test::limits
