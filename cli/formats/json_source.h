// Rows from JSON objects, line by line.
#pragma once

#include <deque>
#include <optional>

#include "formats/json_lines.h"
#include "formats/json_rows.h"
#include "formats/source.h"

namespace vecdb::cli {

class JsonSource final : public RowSource {
 public:
  JsonSource(std::unique_ptr<Input> input, const SourceOptions& options)
      : lines_(std::move(input)), options_(options) {}

  Result<std::vector<Field>> Guess() override;
  Status Bind(const Schema& schema) override;
  Result<std::size_t> Read(std::size_t max_rows, Batch* batch) override;
  Result<std::uint64_t> Skip(std::uint64_t rows) override;
  std::string LastRows() const override;
  double fraction() const override { return lines_.input().fraction(); }

 private:
  std::string Where(const JsonLine& line) const;
  Status ReadSample();
  Result<bool> Next();

  JsonLines lines_;
  const SourceOptions options_;
  std::deque<JsonLine> sample_;  // read for a guess, and not yet given
  JsonLine line_;
  std::unique_ptr<RowReader> reader_;
  std::uint64_t first_ = 0;  // lines of the last Read
  std::uint64_t last_ = 0;
};

}  // namespace vecdb::cli
