// The inside of a public Batch: a chunk being filled, and the door it is filled through.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "vecdb/batch.h"

#include "chunk/chunk.h"
#include "chunk/validate.h"
#include "chunk/value.h"

namespace vecdb {

struct Batch::Body {
  enum class Door : std::uint8_t { kNone, kRows, kColumns };
  class Undo;

  explicit Body(const Schema& of);

  // Each leaves everything as it was when it fails.
  Status AddRow(std::span<const NamedValue> given);
  template <typename T>
  Status AddColumn(std::string_view name, std::span<const T> values,
                   std::span<const std::uint8_t> valid);
  template <typename Component>
  Status AddVectors(std::string_view name, std::span<const Component> row_major);
  void Clear();

  Schema schema;
  chunk::Chunk held;  // the key column of an auto_id schema stays empty
  Door door = Door::kNone;
  std::vector<bool> brought;               // by field; column door only
  std::vector<chunk::LentValue> defaults;  // by field, lent from `schema`

 private:
  using Row = std::array<ValueView, chunk::kMaxFields>;  // by field, defaults filled in

  Result<std::size_t> FindField(std::string_view name, std::size_t guess) const;
  Status ResolveRow(std::span<const NamedValue> given, Row* row) const;
  Status CheckRoom(const Row& row) const;
  Result<std::size_t> FindColumn(std::string_view name) const;  // one that may still be brought
  // Fills a whole column that FindColumn found, or leaves it empty.
  template <typename Fill>
  Status Bring(std::size_t index, std::size_t rows, std::span<const std::uint8_t> valid,
               const Fill& fill);
  Status CheckRows(const Field& field, std::size_t rows, std::span<const std::uint8_t> valid) const;
  // Keeps the column just filled, or empties it again.
  Status EndColumn(std::size_t index, const Status& filled);
};

namespace chunk {

// The weight of `chunk` against kMaxBatchBytes, with the keys yet to be assigned.
std::size_t BatchBytes(const Schema& schema, const Chunk& chunk);

}  // namespace chunk
}  // namespace vecdb
