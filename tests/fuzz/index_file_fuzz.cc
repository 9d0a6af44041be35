// Any bytes as the body of a graph file whose checksums hold: only the reader's own checks stand
// between the bytes and the memory. The first byte chooses the metric.
#include <array>
#include <vector>

#include "fuzz/fuzzing.h"
#include "index/index.h"
#include "io/block_file.h"
#include "io/file_system.h"

using namespace vecdb;
using namespace vecdb::fuzz;

namespace {

constexpr io::DatabaseUuid kDatabase{std::byte{7}};
constexpr RowIndex kRows = 30;
constexpr std::uint32_t kDimension = 3;

class Distances final : public index::ExactDistances {
 public:
  Status Compute(std::span<const std::uint32_t> rows, std::span<float> out) override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Expect(rows[i] < kRows);
      out[i] = static_cast<float>(rows[i] % 5);
    }
    return Status();
  }
};

void Search(const index::Index& graph, std::size_t k, const index::AllowedRows* allowed) {
  const std::array<float, kDimension> query{1, -2, 0.5F};
  index::NearestRequest request;
  request.query = std::span<const float>(query);
  request.k = k;
  request.effort.ef = 12;
  request.allowed = allowed;
  Distances exact;
  std::vector<index::Neighbor> found;
  if (!Taken(graph.Search(request, &exact, &found))) return;
  Expect(found.size() == std::min<std::size_t>(k, allowed == nullptr ? kRows : allowed->count));
  std::array<bool, kRows> seen{};
  for (const index::Neighbor& neighbor : found) {
    Expect(neighbor.row < kRows && !seen[neighbor.row]);
    seen[neighbor.row] = true;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto bytes = InputOf(data, size);
  const std::size_t which = TakeByte(&bytes);
  const auto fs = io::MakeMemoryFileSystem();
  auto out = io::BlockFileWriter::Create(*fs, "file", kDatabase, 5, io::FileKind::kIndex);
  Expect(out.ok() && out->Append(bytes).ok());
  const auto info = out->Finish(kRows);
  Expect(info.ok());
  auto file = io::BlockFile::Open(*fs, "file", kDatabase, *info, LoadMode::kMapped);
  if (!Taken(file.status())) return 0;
  const index::Shape shape{DataType::kFloatVector,
                           which % 2 == 0 ? Metric::kL2 : Metric::kInnerProduct, kDimension, kRows};
  const auto graph = index::Index::Open(*file, shape);
  if (!Taken(graph.status())) return 0;
  const std::array<std::uint64_t, 1> words{0x2AAA'AAAA};
  const index::AllowedRows allowed{words, 15};
  for (int pass = 0; pass < 2; ++pass) {  // as it was opened, then as it is once verified
    for (const std::size_t k : {1U, 5U, 40U}) {
      Search(**graph, k, nullptr);
      Search(**graph, k, &allowed);
    }
    if (!Taken((*graph)->Verify())) break;
  }
  (void)(*graph)->Describe();
  return 0;
}
