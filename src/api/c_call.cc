#include "api/c_call.h"

#include <algorithm>

#include "chunk/text.h"

namespace vecdb::api {

vecdb_code Report(const Status& status, vecdb_error* error) noexcept {
  const auto code = static_cast<vecdb_code>(status.code());
  if (error == nullptr) return code;
  const std::string_view message = status.message();
  std::size_t size = std::min(message.size(), sizeof(error->message) - 1);
  // Not within a character, of up to four bytes; what is no UTF-8 is cut where it has to be.
  const std::size_t least = size - std::min<std::size_t>(size, 3);
  std::size_t begin = size;
  while (begin > least && begin < message.size() && !chunk::BeginsUtf8(message[begin])) --begin;
  if (begin == message.size() || chunk::BeginsUtf8(message[begin])) size = begin;
  error->code = code;
  message.substr(0, size).copy(error->message, size);
  error->message[size] = '\0';
  return code;
}

Status IsNull(std::string_view what) {
  return base::InvalidArgument("{} is NULL", what);
}

Result<std::string_view> Lent(const vecdb_text& text, std::string_view what) {
  VECDB_TRY_ASSIGN(const auto bytes, Lent(text.data, text.size, what));
  return std::string_view(bytes.data(), bytes.size());
}

Result<bool> FlagOf(std::uint8_t number, std::string_view what) {
  if (number > 1) return base::InvalidArgument("{} is {}; a flag is 0 or 1", what, number);
  return number == 1;
}

}  // namespace vecdb::api
