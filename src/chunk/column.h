// The values of one field for some rows in transit: from a Batch to the log and to a growing
// segment. Owns its bytes. Values are stored in the width of their type (bool as a byte 0 or 1),
// vectors row by row; those of an IsVariable type as one string and the end offset of each value.
//
// Thread safety: any number of threads may read while none changes it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/schema.h"
#include "vecdb/types.h"

#include "base/bytes.h"
#include "base/mutex.h"
#include "chunk/column_view.h"

namespace vecdb::chunk {

class Column {
 public:
  Column(DataType type, std::uint32_t dimension) : type_(type), dimension_(dimension) {}
  explicit Column(const Field& field)
      : type_(field.type), element_(field.element_type), dimension_(field.dimension) {}

  DataType type() const { return type_; }
  std::uint32_t dimension() const { return dimension_; }
  std::size_t rows() const { return rows_; }
  std::size_t size_bytes() const;  // of what it holds, for limits and budgets

  // The value must already be of this column's type and width (chunk/validate.h).
  void AppendFixed(std::span<const std::byte> values, std::size_t rows);  // rows * width bytes
  void AppendText(std::string_view value);   // text as it is, or an encoded value
  void AppendNull();                         // a zero value, marked null
  void AppendValue(const ValueView& value);  // any checked value; std::monostate is null
  // Rows of another column of the same type and dimension.
  void AppendRows(const Column& from, std::span<const std::uint32_t> rows);
  void SetValidity(std::span<const std::uint8_t> valid);  // one byte per row; empty = all valid
  void Truncate(std::size_t rows);                        // back to the first `rows`
  void Clear();

  // Everything in it, lent; text views are made on the first call after a change.
  ColumnView View() const;
  ColumnView View(std::size_t first, std::size_t rows) const;

  // Encoded form: see chunk/codec.h.
  const base::Bytes& fixed() const { return fixed_; }
  const std::string& text() const { return text_; }
  const std::vector<std::uint32_t>& text_ends() const { return text_ends_; }
  const std::vector<std::uint8_t>& validity() const { return valid_; }  // empty = all valid

 private:
  friend class ColumnDecoder;

  // The views point into text_, so a copy or a move of the column starts without them.
  struct TextViews {
    TextViews() = default;
    TextViews(const TextViews&) noexcept {}
    TextViews& operator=(const TextViews&) noexcept {
      Drop();
      return *this;
    }
    void Drop() {
      ready.store(false, std::memory_order_relaxed);
      made.clear();
    }
    base::Mutex mutex;  // leaf; between threads that only read
    std::atomic<bool> ready{false};
    std::vector<std::string_view> made;
  };

  void AppendHalves(std::span<const float> vector);
  void EndText();  // what stands in text_ behind the last end is one more value
  const std::vector<std::string_view>& TextsMade() const;
  void Grew(std::size_t rows);  // bookkeeping after `rows` valid values were appended

  DataType type_;
  DataType element_ = DataType::kInt64;  // of arrays
  std::uint32_t dimension_;
  std::size_t rows_ = 0;
  base::Bytes fixed_;
  std::string text_;
  std::vector<std::uint32_t> text_ends_;
  std::vector<std::uint8_t> valid_;
  mutable TextViews views_;  // made by View(), dropped by every change
};

}  // namespace vecdb::chunk
