// Rows from text: one JSON object a line. Only jsonl.cc and json.cc include rapidjson.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/batch.h"
#include "vecdb/schema.h"
#include "vecdb/status.h"

#include "input.h"

namespace vecdb::cli {

struct JsonLine {
  std::uint64_t number = 0;  // of the line, from 1
  std::uint64_t offset = 0;  // of its first byte, decompressed
  std::string text;          // not blank
};

// Cuts a file into lines, blank ones left out.
class JsonLines {
 public:
  static Result<std::unique_ptr<JsonLines>> Open(const std::string& path);

  Result<std::optional<JsonLine>> Next();  // nothing at the end
  const Input& input() const { return *input_; }
  std::uint64_t offset() const { return line_offset_; }

 private:
  explicit JsonLines(std::unique_ptr<Input> input) : input_(std::move(input)) {}
  Result<bool> ReadLine(std::string* line);

  const std::unique_ptr<Input> input_;
  std::vector<char> buffer_;
  std::size_t at_ = 0;  // in the buffer
  std::uint64_t line_number_ = 0;
  std::uint64_t line_offset_ = 0;  // of the next line
};

struct SchemaHints {
  std::string path;       // for messages
  std::string key_field;  // empty: "id" where the rows have it, else vecdb gives keys
  Metric metric = Metric::kL2;
};

// The schema that the first rows of a file suggest: integers Int64, other numbers Double, text
// VarChar, true and false Bool, arrays of numbers FloatVector. Scalars may be missing or null.
Result<Schema> GuessSchema(std::span<const JsonLine> lines, const SchemaHints& hints);

// Puts lines into a batch. A refused line leaves the batch as it was.
class RowReader {
 public:
  RowReader(std::string path, const Schema& schema);
  ~RowReader();

  Status Add(const JsonLine& line, Batch* batch);

 private:
  struct Body;
  const std::unique_ptr<Body> body_;
};

// "[0.5, 1, -2e3]"; `what` is for the message.
Result<std::vector<float>> ParseVector(std::string_view text, std::string_view what);

}  // namespace vecdb::cli
