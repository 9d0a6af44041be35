// What the fields of a collection may be, as the first rows of a text file suggest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/schema.h"
#include "vecdb/status.h"

#include "formats/source.h"

namespace vecdb::cli {

enum class Shape { kNull, kBool, kInteger, kReal, kText, kVector };

// Integers become Int64, other numbers Double, text VarChar, true and false Bool, arrays of numbers
// FloatVector. Scalars may be missing or null.
class Guess {
 public:
  // `mixed_is_text`: what is of several shapes is text, as everything in a table is; else refused.
  Guess(const SourceOptions& options, bool mixed_is_text)
      : options_(options), mixed_is_text_(mixed_is_text) {}

  // Whether the user has said what this field is.
  bool Given(std::string_view name) const;
  // A value of the row that is being looked at; `dimension` is of vectors.
  Status Add(std::string_view name, Shape shape, std::uint32_t dimension);
  void EndRow() { ++rows_; }

  Result<std::vector<Field>> Fields() const;

 private:
  struct Guessed {
    std::string name;
    Shape shape = Shape::kNull;
    std::uint32_t dimension = 0;
    std::size_t seen = 0;  // in how many rows, null left out
  };

  Guessed* Find(std::string_view name);
  Result<Field> Key() const;
  Result<Field> FieldOf(const Guessed& guessed) const;

  const SourceOptions& options_;
  const bool mixed_is_text_;
  std::vector<Guessed> guessed_;  // in the order of their first appearance
  std::size_t rows_ = 0;
};

}  // namespace vecdb::cli
