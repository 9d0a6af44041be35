// Any bytes as a NumPy archive.
#include "formats/npz_source.h"
#include "fuzz/import_fuzzing.h"

using namespace vecdb;
using namespace vecdb::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = InputOf(data, size);
  ReadRows([&] {
    return cli::NpzSource::Open("f.npz", cli::RandomBytes::OfMemory({bytes.begin(), bytes.end()}),
                                {});
  });
  return 0;
}
