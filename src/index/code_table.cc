#include "index/code_table.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "base/status.h"

namespace vecdb::index {
namespace {

constexpr std::size_t kSampleNumbers = std::size_t{1} << 18;
constexpr RowIndex kFewestSampled = 64;
constexpr RowIndex kRowsOfTask = 1024;  // encoded by one task

}  // namespace

Status RunAll(const BuildContext& context, std::size_t tasks, const Task& task) {
  const auto checked = [&](std::size_t i) {
    VECDB_TRY(context.deadline.Check());
    return task(i);
  };
  if (context.run && tasks > 1) return context.run(tasks, checked);
  for (std::size_t i = 0; i < tasks; ++i) VECDB_TRY(checked(i));
  return Status();
}

Result<Quantizer> TrainOn(const RowSource& source, const Shape& shape, const CodeFormat& format) {
  if (!format.quantized()) return Quantizer();
  const auto fit = static_cast<RowIndex>(kSampleNumbers / shape.dimension);
  const RowIndex rows = std::min(shape.rows, std::max(fit, kFewestSampled));
  std::vector<float> sample(std::size_t{rows} * shape.dimension);
  for (RowIndex i = 0; i < rows; ++i) {
    const auto row = static_cast<RowIndex>(std::uint64_t{i} * shape.rows / rows);
    VECDB_TRY_ASSIGN(const chunk::ColumnView view, source.Read(row, 1));
    RowAsFloats(view, 0, shape.metric, sample.data() + std::size_t{i} * shape.dimension);
  }
  return TrainQuantizer(format, sample);
}

Result<bool> EncodeRows(const RowSource& source, const Shape& shape, const Quantizer& quantizer,
                        const BuildContext& context, CodeTable* out) {
  std::atomic<bool> exact{true};
  VECDB_TRY(RunAll(context, (shape.rows + kRowsOfTask - 1) / kRowsOfTask, [&](std::size_t task) {
    Encoder encoder(out->format(), quantizer);
    const auto first = static_cast<RowIndex>(task * kRowsOfTask);
    const RowIndex end = std::min(shape.rows, first + kRowsOfTask);
    for (RowIndex row = first; row < end;) {
      VECDB_TRY_ASSIGN(const chunk::ColumnView view, source.Read(row, end - row));
      for (std::size_t i = 0; i < view.rows; ++i, ++row) encoder.Encode(view, i, out->row(row));
    }
    if (!encoder.exact()) exact.store(false, std::memory_order_relaxed);
    return Status();
  }));
  return exact.load();
}

}  // namespace vecdb::index
