// Any bytes as a NumPy array.
#include "formats/vector_source.h"
#include "fuzz/import_fuzzing.h"

using namespace vecdb;
using namespace vecdb::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = InputOf(data, size);
  ReadRows([&] { return cli::VectorSource::Open(cli::Input::OfMemory("f.npy", bytes), {}); });
  return 0;
}
