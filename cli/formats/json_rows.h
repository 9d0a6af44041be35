// Rows from text: one JSON object a line. Parsed in place, in one pass.
//
// A vector is an array of numbers, of bits as bytes; a sparse one
// {"indices": [3, 7], "values": [0.5, 1]}. A field of JSON takes any value.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/batch.h"
#include "vecdb/schema.h"
#include "vecdb/status.h"

namespace vecdb::cli {

// Puts rows into a batch. A refused row leaves the batch as it was.
class RowReader {
 public:
  explicit RowReader(const Schema& schema);
  ~RowReader();

  // `text` is scribbled over. A failure says what is wrong, not where.
  Status Add(std::string* text, Batch* batch);
  // The value of one field alone, lent from `text` and the reader until the field is read again.
  Result<ValueView> Read(std::size_t field, std::string* text);

 private:
  struct Body;
  const std::unique_ptr<Body> body_;
};

// "[0.5, 1, -2e3]" replaces `out`. `text` is scribbled over.
Status ParseVector(std::string* text, std::vector<float>* out);

}  // namespace vecdb::cli
