#include "chunk/column.h"

#include <algorithm>
#include <limits>
#include <variant>

#include "base/status.h"
#include "chunk/array_value.h"
#include "chunk/half.h"
#include "chunk/sparse_value.h"

namespace vecdb::chunk {
namespace {

template <typename T>
std::span<const std::byte> BytesOf(const T& value) {
  return std::as_bytes(std::span<const T>(&value, 1));
}

bool AllValid(std::span<const std::uint8_t> valid) {
  return std::find(valid.begin(), valid.end(), std::uint8_t{0}) == valid.end();
}

double AsDouble(const ValueView& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  return std::get<double>(value);
}

}  // namespace

std::size_t Column::size_bytes() const {
  return fixed_.size() + text_.size() + text_ends_.size() * sizeof(std::uint32_t) + valid_.size();
}

void Column::Grew(std::size_t rows) {
  rows_ += rows;
  if (!valid_.empty()) valid_.resize(rows_, 1);
  views_.Drop();
}

void Column::AppendFixed(std::span<const std::byte> values, std::size_t rows) {
  VECDB_CHECK(!IsVariable(type_) && values.size() == rows * FixedWidth(type_, dimension_),
              "a column was given values of another width");
  fixed_.insert(fixed_.end(), values.begin(), values.end());
  Grew(rows);
}

void Column::EndText() {
  VECDB_CHECK(text_.size() <= std::numeric_limits<std::uint32_t>::max(),
              "a column of text outgrew its 32-bit offsets");
  text_ends_.push_back(static_cast<std::uint32_t>(text_.size()));
  Grew(1);
}

void Column::AppendText(std::string_view value) {
  text_.append(value);
  EndText();
}

void Column::AppendHalves(std::span<const float> vector) {
  const std::size_t at = fixed_.size();
  fixed_.resize(at + vector.size() * sizeof(std::uint16_t));
  ToHalf(type_, vector, reinterpret_cast<std::uint16_t*>(fixed_.data() + at));
  Grew(1);
}

void Column::AppendNull() {
  if (IsVariable(type_)) {
    text_ends_.push_back(static_cast<std::uint32_t>(text_.size()));
  } else {
    fixed_.resize(fixed_.size() + FixedWidth(type_, dimension_));
  }
  if (valid_.empty()) valid_.assign(rows_, 1);
  Grew(1);
  valid_.resize(rows_, 1);
  valid_.back() = 0;
}

void Column::AppendValue(const ValueView& value) {
  if (std::holds_alternative<std::monostate>(value)) return AppendNull();
  switch (type_) {
    case DataType::kBool:
      return AppendFixed(BytesOf(static_cast<std::uint8_t>(std::get<bool>(value))), 1);
    case DataType::kInt8:
      return AppendFixed(BytesOf(static_cast<std::int8_t>(std::get<std::int64_t>(value))), 1);
    case DataType::kInt16:
      return AppendFixed(BytesOf(static_cast<std::int16_t>(std::get<std::int64_t>(value))), 1);
    case DataType::kInt32:
      return AppendFixed(BytesOf(static_cast<std::int32_t>(std::get<std::int64_t>(value))), 1);
    case DataType::kInt64:
      return AppendFixed(BytesOf(std::get<std::int64_t>(value)), 1);
    case DataType::kFloat:
      return AppendFixed(BytesOf(static_cast<float>(AsDouble(value))), 1);
    case DataType::kDouble:
      return AppendFixed(BytesOf(AsDouble(value)), 1);
    case DataType::kVarChar:
    case DataType::kJson:
      return AppendText(std::get<std::string_view>(value));
    case DataType::kArray:
      EncodeArray(element_, value, &text_);
      return EndText();
    case DataType::kSparseFloatVector:
      EncodeSparse(std::get<SparseView>(value), &text_);
      return EndText();
    case DataType::kFloatVector:
      return AppendFixed(std::as_bytes(std::get<std::span<const float>>(value)), 1);
    case DataType::kInt8Vector:
      return AppendFixed(std::as_bytes(std::get<std::span<const std::int8_t>>(value)), 1);
    case DataType::kBinaryVector:
      return AppendFixed(std::as_bytes(std::get<std::span<const std::uint8_t>>(value)), 1);
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
      return AppendHalves(std::get<std::span<const float>>(value));
  }
}

void Column::AppendRows(const Column& from, std::span<const std::uint32_t> rows) {
  VECDB_CHECK(from.type_ == type_ && from.dimension_ == dimension_,
              "rows were copied between columns of different types");
  const std::size_t before = rows_;
  if (IsVariable(type_)) {
    for (const std::uint32_t row : rows) {
      const std::uint32_t start = row == 0 ? 0 : from.text_ends_[row - 1];
      AppendText(std::string_view(from.text_).substr(start, from.text_ends_[row] - start));
    }
  } else {
    const std::size_t width = FixedWidth(type_, dimension_);
    if (fixed_.empty()) fixed_.reserve(rows.size() * width);
    for (std::size_t i = 0; i < rows.size();) {  // neighbours in one copy
      std::size_t end = i + 1;
      while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
      const auto run = std::span(from.fixed_).subspan(rows[i] * width, (end - i) * width);
      fixed_.insert(fixed_.end(), run.begin(), run.end());
      i = end;
    }
    Grew(rows.size());
  }
  if (from.valid_.empty()) return;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (from.valid_[rows[i]] != 0) continue;
    if (valid_.empty()) valid_.assign(rows_, 1);
    valid_[before + i] = 0;
  }
}

void Column::SetValidity(std::span<const std::uint8_t> valid) {
  VECDB_CHECK(valid.empty() || valid.size() == rows_, "validity of another number of rows");
  valid_.clear();
  if (!AllValid(valid)) valid_.assign(valid.begin(), valid.end());
  views_.Drop();
}

// Needs no memory, and mends a column in whose last change memory ran out: then its parts may have
// different lengths, none shorter than the rows that were there before.
void Column::Truncate(std::size_t rows) {
  if (rows > rows_) return;
  if (IsVariable(type_)) {
    text_.resize(rows == 0 ? 0 : text_ends_[rows - 1]);
    text_ends_.resize(rows);
  } else {
    fixed_.resize(rows * FixedWidth(type_, dimension_));
  }
  if (valid_.size() > rows) valid_.resize(rows);
  if (AllValid(valid_)) valid_.clear();
  rows_ = rows;
  views_.Drop();
}

void Column::Clear() {
  Truncate(0);
}

ColumnView Column::View() const {
  ColumnView view;
  view.type = type_;
  view.dimension = dimension_;
  view.rows = rows_;
  view.values = fixed_.data();
  view.valid = valid_.empty() ? nullptr : valid_.data();
  if (IsVariable(type_)) view.values = TextsMade().data();
  return view;
}

// Threads that read at once may all come here first; one of them makes the views.
const std::vector<std::string_view>& Column::TextsMade() const {
  if (views_.ready.load(std::memory_order_acquire)) return views_.made;
  base::MutexLock lock(views_.mutex);
  if (views_.ready.load(std::memory_order_relaxed)) return views_.made;
  views_.made.clear();
  views_.made.reserve(rows_);
  std::uint32_t start = 0;
  for (const std::uint32_t end : text_ends_) {
    views_.made.push_back(std::string_view(text_).substr(start, end - start));
    start = end;
  }
  views_.ready.store(true, std::memory_order_release);
  return views_.made;
}

ColumnView Column::View(std::size_t first, std::size_t rows) const {
  return View().Slice(first, rows);
}

}  // namespace vecdb::chunk
