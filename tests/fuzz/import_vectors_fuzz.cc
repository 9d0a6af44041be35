// Any bytes as a file of vectors. The first byte says which kind.
#include <array>

#include "formats/vector_source.h"
#include "fuzz/import_fuzzing.h"

using namespace vecdb;
using namespace vecdb::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array kNames{"f.fvecs", "f.bvecs", "f.ivecs", "f.fbin", "f.u8bin", "f.i8bin"};
  auto bytes = InputOf(data, size);
  const std::string name = kNames[TakeByte(&bytes) % kNames.size()];
  ReadRows([&] { return cli::VectorSource::Open(cli::Input::OfMemory(name, bytes), {}); });
  return 0;
}
