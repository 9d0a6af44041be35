#include "formats/json_lines.h"

#include <cstring>
#include <span>

#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::size_t kMaxLine = std::size_t{16} << 20;
constexpr std::size_t kBufferSize = std::size_t{256} << 10;

}  // namespace

Result<bool> JsonLines::Next(JsonLine* line) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  while (true) {
    line->offset = line_offset_;
    CLI_TRY_ASSIGN(const bool found, ReadLine(&line->text));
    if (!found) return false;
    line->number = ++line_number_;
    if (line->number == 1 && line->text.rfind(kByteOrderMark, 0) == 0) {
      line->text.erase(0, kByteOrderMark.size());
    }
    if (line->text.find_first_not_of(" \t\r") != std::string::npos) return true;
  }
}

Result<bool> JsonLines::ReadLine(std::string* line) {
  line->clear();
  while (true) {
    if (at_ == buffer_.size()) {
      buffer_.resize(kBufferSize);
      at_ = 0;
      auto got = input_->Read(std::as_writable_bytes(std::span(buffer_)));
      buffer_.resize(got.ok() ? *got : 0);
      if (!got.ok()) return got.status();
      if (buffer_.empty()) {
        line_offset_ += line->size();
        return !line->empty();
      }
    }
    const char* start = buffer_.data() + at_;
    const std::size_t left = buffer_.size() - at_;
    const auto* newline = static_cast<const char*>(std::memchr(start, '\n', left));
    const std::size_t take = newline == nullptr ? left : static_cast<std::size_t>(newline - start);
    if (line->size() + take > kMaxLine) {
      return Bad("'{}' line {} offset {}: longer than {} bytes", input_->path(), line_number_ + 1,
                 line_offset_, kMaxLine);
    }
    line->append(start, take);
    at_ += take;
    if (newline == nullptr) continue;
    ++at_;
    line_offset_ += line->size() + 1;
    return true;
  }
}

}  // namespace vecdb::cli
