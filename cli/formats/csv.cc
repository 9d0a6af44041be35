#include "formats/csv.h"

#include <algorithm>

#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::size_t kMaxRecord = std::size_t{16} << 20;
constexpr std::size_t kMaxColumns = 33'000;  // the largest vector, a number a column, and more
constexpr std::size_t kBufferSize = std::size_t{256} << 10;

}  // namespace

Result<std::unique_ptr<CsvReader>> CsvReader::Open(std::unique_ptr<Input> input, char separator) {
  std::unique_ptr<CsvReader> reader(new CsvReader(std::move(input), separator));
  CLI_TRY(reader->TakeHeader());
  return reader;
}

std::string CsvReader::Where() const {
  return Format("'{}' line {} offset {}", input_->path(), record_line_, record_offset_);
}

Status CsvReader::TakeHeader() {
  CLI_TRY_ASSIGN(const bool found, ReadRecord());
  if (!found)
    return Bad("'{}' is empty: a table begins with the names of its columns", input_->path());
  for (const CsvCell& cell : cells_) names_.emplace_back(cell.text);
  std::vector<std::string_view> sorted(names_.begin(), names_.end());
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) return Bad("{}: the column {} comes twice", Where(), Quoted(*twice));
  return Status();
}

Result<bool> CsvReader::Next() {
  CLI_TRY_ASSIGN(const bool found, ReadRecord());
  if (!found) return false;
  if (cells_.size() == names_.size()) return true;
  return Bad("{}: {} {} where the header has {}", Where(), cells_.size(),
             Plural(cells_.size(), "cell", "cells"), names_.size());
}

Result<bool> CsvReader::Fill() {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  buffer_.resize(kBufferSize);
  at_ = 0;
  auto got = input_->Read(std::as_writable_bytes(std::span(buffer_)));
  buffer_.resize(got.ok() ? *got : 0);
  if (!got.ok()) return got.status();
  const std::string_view text(buffer_.data(), buffer_.size());
  if (!started_ && text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    at_ = kByteOrderMark.size();
    offset_ = at_;
  }
  started_ = true;
  return at_ < buffer_.size();
}

void CsvReader::BeginRecord() {
  text_.clear();
  bounds_.clear();
  cell_ = Bounds();
  state_ = State::kCellStart;
  record_line_ = line_;
  record_offset_ = offset_;
}

Result<bool> CsvReader::ReadRecord() {
  BeginRecord();
  while (true) {
    if (at_ == buffer_.size()) {
      CLI_TRY_ASSIGN(const bool more, Fill());
      if (!more) break;
      continue;
    }
    TakeRun();
    if (at_ == buffer_.size()) continue;
    const char c = buffer_[at_++];
    ++offset_;
    if (c == '\n') ++line_;
    CLI_TRY_ASSIGN(const bool ended, Take(c));
    if (!ended) continue;
    if (!IsBlank()) {
      EndRecord();
      return true;
    }
    BeginRecord();
  }
  if (state_ == State::kQuoted) return Bad("{}: the file ends inside of quotes", Where());
  if (bounds_.empty() && state_ == State::kCellStart) return false;
  CLI_TRY(EndCell(/*last=*/true));
  if (IsBlank()) return false;
  EndRecord();
  return true;
}

// Bytes inside of quotes that mean nothing but themselves, as many as stand in a row.
void CsvReader::TakeRun() {
  if (state_ != State::kQuoted) return;
  const std::size_t most = std::min(buffer_.size() - at_, kMaxRecord - text_.size());
  const char* const begin = buffer_.data() + at_;
  const char* const end =
      std::find_if(begin, begin + most, [](char c) { return c == '"' || c == '\n'; });
  text_.append(begin, end);
  const auto size = static_cast<std::size_t>(end - begin);
  at_ += size;
  offset_ += size;
}

Result<bool> CsvReader::Take(char c) {
  if (text_.size() >= kMaxRecord) {
    return Bad("{}: a record longer than {} bytes", Where(), kMaxRecord);
  }
  if (state_ == State::kQuoted) {
    if (c == '"') {
      state_ = State::kQuoteInQuoted;
    } else {
      text_ += c;
    }
    return false;
  }
  if (c == '"') {
    if (state_ == State::kPlain) {
      return Bad("{} cell {}: a quote in the middle of a cell that does not begin with one",
                 Where(), bounds_.size() + 1);
    }
    if (state_ == State::kQuoteInQuoted) text_ += c;
    cell_.quoted = true;
    state_ = State::kQuoted;
    return false;
  }
  if (c == separator_ || c == '\n') {
    CLI_TRY(EndCell(/*last=*/c == '\n'));
    return c == '\n';
  }
  if (state_ == State::kQuoteInQuoted && c != '\r') {
    return Bad("{} cell {}: text behind its closing quote", Where(), bounds_.size() + 1);
  }
  if (state_ == State::kQuoteInQuoted) return false;  // of a line that ends in "\r\n"
  state_ = State::kPlain;
  text_ += c;
  return false;
}

Status CsvReader::EndCell(bool last) {
  if (bounds_.size() >= kMaxColumns) return Bad("{}: more than {} columns", Where(), kMaxColumns);
  if (last && !cell_.quoted && text_.size() > cell_.begin && text_.back() == '\r') text_.pop_back();
  cell_.end = text_.size();
  bounds_.push_back(cell_);
  cell_ = {text_.size(), text_.size(), false};
  state_ = State::kCellStart;
  return Status();
}

bool CsvReader::IsBlank() const {
  return bounds_.size() == 1 && !bounds_[0].quoted && bounds_[0].begin == bounds_[0].end;
}

void CsvReader::EndRecord() {
  cells_.clear();
  for (const Bounds& bounds : bounds_) {
    cells_.push_back(
        {std::string_view(text_).substr(bounds.begin, bounds.end - bounds.begin), bounds.quoted});
  }
}

}  // namespace vecdb::cli
