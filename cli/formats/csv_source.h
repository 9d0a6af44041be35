// Rows from a table: one column a field, or several for the numbers of a vector.
#pragma once

#include <deque>
#include <optional>

#include "formats/csv.h"
#include "formats/json_rows.h"
#include "formats/source.h"

namespace vecdb::cli {

class CsvSource final : public RowSource {
 public:
  static Result<std::unique_ptr<RowSource>> Open(std::unique_ptr<Input> input,
                                                 const SourceOptions& options);

  Result<std::vector<Field>> Guess() override;
  Status Bind(const Schema& schema) override;
  Result<std::size_t> Read(std::size_t max_rows, Batch* batch) override;
  Result<std::uint64_t> Skip(std::uint64_t rows) override;
  std::string LastRows() const override;
  double fraction() const override { return reader_->input().fraction(); }

 private:
  // What becomes of the columns from `first` on: one, or those of a vector.
  struct Part {
    std::string name;
    std::size_t first = 0;
    std::size_t columns = 1;
    bool spread = false;           // one number of a vector each
    const Field* field = nullptr;  // of schema_
    std::vector<float> vector;
    std::string scratch;
  };
  // A record that was read for a guess, and is not yet given.
  struct Record {
    std::string where;
    std::uint64_t line = 0;
    std::vector<std::string> texts;
    std::vector<bool> quoted;
  };

  CsvSource(std::unique_ptr<CsvReader> reader, const SourceOptions& options)
      : reader_(std::move(reader)), options_(options) {}
  Status ChooseParts();
  Result<std::size_t> ColumnNamed(const std::string& name) const;
  Result<bool> Next();
  Status GuessPart(const Part& part, class Guess* guess) const;
  bool IsNull(const CsvCell& cell) const;
  Result<ValueView> ConvertSpread(Part* part) const;
  Result<ValueView> Convert(Part* part);
  Result<ValueView> ConvertNumber(const Part& part, std::string_view text) const;
  Status AddRow(Batch* batch);

  const std::unique_ptr<CsvReader> reader_;
  const SourceOptions options_;
  std::vector<Part> parts_;
  std::deque<Record> sample_;
  Record held_;                 // what cells_ are lent from, when they are of the sample
  std::vector<CsvCell> cells_;  // of the record that is looked at
  std::string where_;           // of a record of the sample; empty: the reader knows
  std::optional<Schema> schema_;
  std::unique_ptr<RowReader> json_;  // of what a cell holds as JSON
  std::vector<NamedValue> row_;
  std::uint64_t first_ = 0;  // lines of the last Read
  std::uint64_t last_ = 0;
  std::uint64_t line_ = 0;
};

}  // namespace vecdb::cli
