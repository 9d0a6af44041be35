#include "query/filter/constant.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <system_error>

#include "base/status.h"
#include "chunk/text.h"

namespace vecdb::query::filter {
namespace {

Status BadNumber(const Token& token) {
  return ErrorAt(token.position, base::Format("{} is not a number", Shown(token)));
}

Result<Constant> DecodeInteger(const Token& token, bool negative) {
  std::string_view digits = token.text;
  int base = 10;
  if (digits.size() > 1 && digits.front() == '0') {
    const char mark = digits[1];
    base = mark == 'x' || mark == 'X' ? 16 : mark == 'b' || mark == 'B' ? 2 : 8;
    digits.remove_prefix(base == 8 ? 1 : 2);
  }
  std::uint64_t magnitude = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, magnitude, base);
  if (error == std::errc::invalid_argument || stop != end) return BadNumber(token);
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (error == std::errc::result_out_of_range || magnitude > kMost + (negative ? 1 : 0)) {
    return ErrorAt(token.position,
                   base::Format("{} does not fit in 64 bits with a sign", Shown(token)));
  }
  return Constant(static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude));
}

Result<Constant> DecodeReal(const Token& token, bool negative) {
  double value = 0;
  const char* end = token.text.data() + token.text.size();
  const auto [stop, error] = std::from_chars(token.text.data(), end, value);
  if (error == std::errc::invalid_argument || stop != end) return BadNumber(token);
  if (error == std::errc::result_out_of_range) {
    return ErrorAt(token.position,
                   base::Format("{} is beyond the range of a 64-bit float", Shown(token)));
  }
  return Constant(negative ? -value : value);
}

void AppendUtf8(std::uint32_t point, std::string* out) {
  const auto put = [out](std::uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

// Reads what stands between the quotes.
class StringDecoder {
 public:
  explicit StringDecoder(const Token& token)
      : token_(token), inside_(token.text.substr(1, token.text.size() - 2)) {}

  Result<Constant> Run() {
    while (at_ < inside_.size()) {
      if (inside_[at_] != '\\') {
        out_.push_back(inside_[at_++]);
      } else {
        VECDB_TRY(Escape());
      }
    }
    return Constant(std::move(out_));
  }

 private:
  Status Escape() {
    constexpr std::string_view kMarks = "ntrabfv\\\"'";
    constexpr std::string_view kMeanings = "\n\t\r\a\b\f\v\\\"'";
    const char mark = inside_[at_ + 1];  // the lexer took the two together
    if (const std::size_t i = kMarks.find(mark); i != std::string_view::npos) {
      out_.push_back(kMeanings[i]);
      at_ += 2;
      return Status();
    }
    if (mark == 'x') return Byte(2, 2, 16);
    if (mark == 'u') return Point(4);
    if (mark == 'U') return Point(8);
    if (mark >= '0' && mark <= '7') return Byte(1, 3, 8);
    return Bad(2);
  }

  // A number of up to `digits` digits behind `skip` bytes of the escape.
  std::optional<std::uint32_t> Digits(std::size_t skip, std::size_t digits, int base,
                                      std::size_t* taken) const {
    const std::string_view from = inside_.substr(std::min(at_ + skip, inside_.size()), digits);
    std::uint32_t value = 0;
    const auto [stop, error] = std::from_chars(from.data(), from.data() + from.size(), value, base);
    *taken = static_cast<std::size_t>(stop - from.data());
    if (error != std::errc() || (base == 16 && *taken != digits)) return std::nullopt;
    return value;
  }

  Status Byte(std::size_t skip, std::size_t digits, int base) {
    std::size_t taken = 0;
    const auto value = Digits(skip, digits, base, &taken);
    if (!value || *value > 0xFF) return Bad(skip + digits);
    out_.push_back(static_cast<char>(*value));
    at_ += skip + taken;
    return Status();
  }

  Status Point(std::size_t digits) {
    std::size_t taken = 0;
    const auto value = Digits(2, digits, 16, &taken);
    if (!value || *value > 0x10FFFF || (*value >= 0xD800 && *value < 0xE000)) {
      return Bad(2 + digits);
    }
    AppendUtf8(*value, &out_);
    at_ += 2 + digits;
    return Status();
  }

  Status Bad(std::size_t bytes) const {
    return ErrorAt(token_.position + 1 + static_cast<std::uint32_t>(at_),
                   base::Format("{} is no escape of a string; there are \\n \\t \\r \\a \\b \\f "
                                "\\v \\\\ \\\" \\' \\xHH \\uXXXX \\UXXXXXXXX \\ooo",
                                chunk::Quoted(inside_.substr(at_, bytes))));
  }

  const Token& token_;
  const std::string_view inside_;
  std::size_t at_ = 0;
  std::string out_;
};

std::string ShownReal(double value) {
  std::string text = base::Format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string ShownText(const std::string& value) {
  const bool plain_above_ascii = chunk::IsUtf8(value);
  std::string text = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !plain_above_ascii)) {
      text += base::Format("\\x{:02x}", byte);
    } else {
      text += c;
    }
  }
  return text + '"';
}

}  // namespace

Result<Constant> DecodeConstant(const Token& token, bool negative) {
  if (token.kind == TokenKind::kInteger) return DecodeInteger(token, negative);
  if (token.kind == TokenKind::kReal) return DecodeReal(token, negative);
  if (token.kind == TokenKind::kBool) {
    return Constant(token.text.front() == 't' || token.text.front() == 'T');
  }
  return StringDecoder(token).Run();
}

std::string Shown(const Constant& constant) {
  if (const bool* value = std::get_if<bool>(&constant)) return *value ? "true" : "false";
  if (const auto* value = std::get_if<std::int64_t>(&constant)) return base::Format("{}", *value);
  if (const double* value = std::get_if<double>(&constant)) return ShownReal(*value);
  return ShownText(std::get<std::string>(constant));
}

const char* KindOf(const Constant& constant) {
  static constexpr const char* kNames[] = {"Bool", "Int", "Float", "String"};
  return kNames[constant.index()];
}

}  // namespace vecdb::query::filter
