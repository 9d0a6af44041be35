// Cuts a file into lines, blank ones left out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vecdb/status.h"

#include "formats/input.h"

namespace vecdb::cli {

struct JsonLine {
  std::uint64_t number = 0;  // of the line, from 1
  std::uint64_t offset = 0;  // of its first byte, decompressed
  std::string text;          // not blank
};

class JsonLines {
 public:
  explicit JsonLines(std::unique_ptr<Input> input) : input_(std::move(input)) {}

  // Replaces `line`; false at the end.
  Result<bool> Next(JsonLine* line);
  const Input& input() const { return *input_; }

 private:
  Result<bool> ReadLine(std::string* line);

  const std::unique_ptr<Input> input_;
  std::vector<char> buffer_;
  std::size_t at_ = 0;  // in the buffer
  std::uint64_t line_number_ = 0;
  std::uint64_t line_offset_ = 0;  // of the next line
};

}  // namespace vecdb::cli
