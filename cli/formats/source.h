// A file that rows are read from, front to back: what every format has in common.
//
// Nothing in a file is believed: a size is compared with the file before memory is asked for it,
// and every failure names the file and the place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vecdb/batch.h"
#include "vecdb/schema.h"
#include "vecdb/status.h"

#include "formats/input.h"

namespace vecdb::cli {

// Several columns of a table that are the numbers of one vector: NAME=FIRST..LAST.
struct VectorColumns {
  std::string field;
  std::string first;
  std::string last;
};

// How the user wants a file to be understood.
struct SourceOptions {
  std::string vector_field;             // of a file of vectors alone; empty: "vector", or the
                                        // only one of the collection
  std::string key_field;                // empty: "id"
  std::optional<Metric> metric;         // of new vector fields
  std::optional<DataType> vector_type;  // of new vector fields
  std::vector<Field> fields;            // given by the user: no guess is made about them
  char separator = ',';                 // of a table
  std::string null_text;                // of a table: what stands for null when not quoted
  std::vector<VectorColumns> vector_columns;
};

class RowSource {
 public:
  // By the end of the name; what is no other format is taken for JSON, line by line.
  static Result<std::unique_ptr<RowSource>> Open(const std::string& path,
                                                 const SourceOptions& options);
  virtual ~RowSource() = default;

  // The fields that the file has or its first rows suggest, in order, one of them the key.
  virtual Result<std::vector<Field>> Guess() = 0;
  // From here on rows are read for batches of this schema.
  virtual Status Bind(const Schema& schema) = 0;
  // Adds the next rows, at most `max_rows`, to an empty batch of the schema; 0 at the end. After a
  // failure the batch holds rows before the one that is to blame: all, or where columns are read
  // beside each other none of this call.
  virtual Result<std::size_t> Read(std::size_t max_rows, Batch* batch) = 0;
  // Passes over rows without looking at them, as far as the file goes; how many.
  virtual Result<std::uint64_t> Skip(std::uint64_t rows) = 0;
  // Of the last Read, for a message: "rows 0 to 4".
  virtual std::string LastRows() const = 0;
  virtual double fraction() const = 0;  // of the file that has been read, 0 to 1
};

// Of a row in memory, to choose how many of them make a batch.
std::size_t RowBytes(const Schema& schema);

}  // namespace vecdb::cli
