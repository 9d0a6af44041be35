#include "formats/json_source.h"

#include "formats/json_guess.h"
#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::size_t kSampleRows = 1'000;
constexpr std::size_t kSampleBytes = std::size_t{8} << 20;
constexpr std::size_t kMaxBatchText = std::size_t{4} << 20;  // which is longer than its rows

}  // namespace

std::string JsonSource::Where(const JsonLine& line) const {
  return Format("'{}' line {} offset {}", lines_.input().path(), line.number, line.offset);
}

Status JsonSource::ReadSample() {
  std::size_t bytes = 0;
  while (sample_.size() < kSampleRows && bytes < kSampleBytes) {
    JsonLine line;
    CLI_TRY_ASSIGN(const bool found, lines_.Next(&line));
    if (!found) break;
    bytes += line.text.size();
    sample_.push_back(std::move(line));
  }
  return Status();
}

Result<std::vector<Field>> JsonSource::Guess() {
  CLI_TRY(ReadSample());
  const std::string path = Format("'{}'", lines_.input().path());
  if (sample_.empty()) return Bad("{} has no rows to guess a schema from", path);
  cli::Guess guess(options_, /*mixed_is_text=*/false);
  for (const JsonLine& line : sample_) {
    CLI_TRY(Annotate(GuessFromRow(line.text, &guess), Where(line)));
  }
  auto fields = guess.Fields();
  if (!fields.ok()) return Annotate(fields.status(), path);
  return fields;
}

Status JsonSource::Bind(const Schema& schema) {
  reader_ = std::make_unique<RowReader>(schema);
  return Status();
}

Result<bool> JsonSource::Next() {
  if (sample_.empty()) return lines_.Next(&line_);
  line_ = std::move(sample_.front());
  sample_.pop_front();
  return true;
}

Result<std::size_t> JsonSource::Read(std::size_t max_rows, Batch* batch) {
  std::size_t bytes = 0;
  std::size_t rows = 0;
  for (; rows < max_rows && bytes < kMaxBatchText; ++rows) {
    CLI_TRY_ASSIGN(const bool found, Next());
    if (!found) break;
    bytes += line_.text.size();
    CLI_TRY(Annotate(reader_->Add(&line_.text, batch), Where(line_)));
    if (rows == 0) first_ = line_.number;
    last_ = line_.number;
  }
  return rows;
}

Result<std::uint64_t> JsonSource::Skip(std::uint64_t rows) {
  for (std::uint64_t skipped = 0; skipped < rows; ++skipped) {
    CLI_TRY_ASSIGN(const bool found, Next());
    if (!found) return skipped;
  }
  return rows;
}

std::string JsonSource::LastRows() const {
  return Format("lines {} to {}", first_, last_);
}

}  // namespace vecdb::cli
