// A table as text (RFC 4180): a header and records of as many cells, which may be quoted and then
// hold separators, line breaks and doubled quotes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/status.h"

#include "formats/input.h"

namespace vecdb::cli {

struct CsvCell {
  std::string_view text;  // without quotes
  bool quoted = false;
};

class CsvReader {
 public:
  // Reads the header: names that differ, at most 33,000.
  static Result<std::unique_ptr<CsvReader>> Open(std::unique_ptr<Input> input, char separator);

  const std::vector<std::string>& names() const { return names_; }
  // The next record, as many cells as names, blank lines left out; false at the end. Its cells are
  // lent until the next call.
  Result<bool> Next();
  std::span<const CsvCell> cells() const { return cells_; }
  // Where that record begins.
  std::uint64_t line() const { return record_line_; }
  std::string Where() const;
  std::size_t record_bytes() const { return text_.size(); }
  const Input& input() const { return *input_; }

 private:
  enum class State { kCellStart, kPlain, kQuoted, kQuoteInQuoted };
  struct Bounds {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool quoted = false;
  };

  CsvReader(std::unique_ptr<Input> input, char separator)
      : input_(std::move(input)), separator_(separator) {}
  Status TakeHeader();
  // False at the end of the file.
  Result<bool> ReadRecord();
  void BeginRecord();
  Result<bool> Fill();
  void TakeRun();
  // Whether the record ends with this byte.
  Result<bool> Take(char c);
  Status EndCell(bool last);
  bool IsBlank() const;
  void EndRecord();

  const std::unique_ptr<Input> input_;
  const char separator_;
  std::vector<std::string> names_;
  std::vector<char> buffer_;
  std::size_t at_ = 0;    // in the buffer
  bool started_ = false;  // past a byte order mark
  std::uint64_t line_ = 1;
  std::uint64_t offset_ = 0;

  State state_ = State::kCellStart;
  std::string text_;  // of the record's cells, one behind the other
  std::vector<Bounds> bounds_;
  std::vector<CsvCell> cells_;
  Bounds cell_;
  std::uint64_t record_line_ = 1;
  std::uint64_t record_offset_ = 0;
};

}  // namespace vecdb::cli
