// Rows on their way in. Fill a Batch by rows or by whole columns, whichever you have; both
// doors lead to the same columns inside. A Batch is checked against its schema as it is filled,
// so a mistake is reported on the line that made it.
//
// Thread safety: one thread fills a Batch; while none does, any number may write it to collections.
// Limits: 100,000
// rows and 32 MiB a batch; the message of a refusal names the limit. A Batch that was moved from
// may only be assigned to or destroyed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>

#include "vecdb/export.h"
#include "vecdb/schema.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

namespace vecdb {

namespace chunk {
class BatchAccess;
}

// Lent until the call returns. For null write std::monostate(), or leave the field out.
struct NamedValue {
  NamedValue(std::string_view name, ValueView given) : field(name), value(given) {}
  template <typename Null>
  requires std::is_same_v<Null, std::nullptr_t> NamedValue(std::string_view, Null)
  = delete;  // it would pass for text

  std::string_view field;
  ValueView value;
};

class VECDB_API Batch {
 public:
  explicit Batch(const Schema& schema);
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;
  ~Batch();

  // Every failure is kInvalidArgument, or kNotFound for an unknown field. Integers fill Int8 to
  // Int64, and Float and Double where that is exact; doubles fill Float (rounded) and Double; bool
  // and text fill Bool and VarChar; an Array is filled by what fills its elements. Numbers are
  // finite, text is UTF-8, JSON is one value as RFC 8259 has it: at most 64 KiB, 64 levels deep,
  // with numbers that a double can hold. Floats fill Float16Vector and BFloat16Vector, rounded to
  // the nearest (even when halfway); one that would become infinite is refused. The elements of an
  // Array, or the entries of a sparse vector, take at most 256 KiB. A key that vecdb gives
  // (auto_id) may not be brought.

  // Row door. Fields left out take their default, else null where the schema allows it. Integers
  // must fit the field's width. A failed Add leaves the batch as it was before the call.
  Status Add(std::initializer_list<NamedValue> row);
  Status Add(std::span<const NamedValue> row);

  // Column door: one call brings a whole column for the rows of this batch. Every column must
  // bring the same number of rows before the batch is inserted; columns never brought take their
  // default or null. Do not mix the two doors in one batch. `valid` is empty (every value is
  // there) or one byte per row, 0 for null. A failed call leaves the batch as it was.
  Status AddColumn(std::string_view field, std::span<const std::int64_t> values,
                   std::span<const std::uint8_t> valid = {});
  Status AddColumn(std::string_view field, std::span<const double> values,
                   std::span<const std::uint8_t> valid = {});
  Status AddColumn(std::string_view field, std::span<const bool> values,
                   std::span<const std::uint8_t> valid = {});
  Status AddColumn(std::string_view field, std::span<const std::string_view> values,  // and JSON
                   std::span<const std::uint8_t> valid = {});
  // Arrays, one span a row.
  Status AddColumn(std::string_view field, std::span<const std::span<const std::int64_t>> values,
                   std::span<const std::uint8_t> valid = {});
  Status AddColumn(std::string_view field, std::span<const std::span<const double>> values,
                   std::span<const std::uint8_t> valid = {});
  Status AddColumn(std::string_view field, std::span<const std::span<const bool>> values,
                   std::span<const std::uint8_t> valid = {});
  Status AddColumn(std::string_view field,
                   std::span<const std::span<const std::string_view>> values,
                   std::span<const std::uint8_t> valid = {});
  // rows x dimension numbers, one vector after the other: floats for FloatVector, Float16Vector and
  // BFloat16Vector, the bits of halves for the latter two; bytes of eight bits for BinaryVector.
  Status AddVectors(std::string_view field, std::span<const float> row_major);
  Status AddVectors(std::string_view field, std::span<const std::uint16_t> row_major);
  Status AddVectors(std::string_view field, std::span<const std::int8_t> row_major);
  Status AddVectors(std::string_view field, std::span<const std::uint8_t> row_major);
  Status AddSparse(std::string_view field, std::span<const SparseView> rows);

  std::size_t rows() const;
  const Schema& schema() const;  // lent by the batch
  void Clear();                  // keeps the memory for the next fill

 private:
  friend class chunk::BatchAccess;
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace vecdb
