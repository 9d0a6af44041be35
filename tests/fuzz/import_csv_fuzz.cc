// Any bytes as a table. The first byte says how cells are parted and what is null.
#include "formats/csv_source.h"
#include "fuzz/import_fuzzing.h"

using namespace vecdb;
using namespace vecdb::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto bytes = InputOf(data, size);
  const unsigned how = TakeByte(&bytes);
  cli::SourceOptions options;
  if ((how & 1U) != 0) options.separator = ';';
  if ((how & 2U) != 0) options.null_text = "NA";
  if ((how & 4U) != 0) options.vector_columns.push_back({"vector", "v0", "v1"});
  ReadRows([&] { return cli::CsvSource::Open(cli::Input::OfMemory("f.csv", bytes), options); });
  return 0;
}
