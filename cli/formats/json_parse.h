// One pass of rapidjson over text in place; included where rows are parsed and nowhere else.
#pragma once

#include <string>
#include <string_view>

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include "vecdb/status.h"

#include "formats/numbers.h"
#include "text.h"

namespace vecdb::cli {

// Nesting costs no stack. Numbers stay text, which tells integers from others and large ones from
// their nearest doubles.
inline constexpr unsigned kParseFlags =
    rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag |
    rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNumbersAsStringsFlag;

// What every handler has in common: the first thing wrong is kept and the parse goes on, so that
// text that is no JSON at all is called that.
class JsonHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, JsonHandler> {
 public:
  const Status& status() const { return status_; }

 protected:
  bool Refuse(Status status) {
    if (status_.ok()) status_ = std::move(status);
    return true;
  }
  void Begin() {
    status_ = Status();
    depth_ = 0;
  }

  Status status_;
  std::size_t depth_ = 0;
};

// Scribbles over `text`.
template <typename Handler>
Status ParseText(std::string* text, rapidjson::Reader* reader, Handler* handler) {
  // rapidjson takes a NUL for the end and would leave out what follows.
  if (const std::size_t nul = text->find('\0'); nul != std::string::npos) {
    return Bad("no JSON at character {}: a NUL byte", nul + 1);
  }
  // It looks up to three bytes behind a character that the end cuts off.
  text->append(4, '\0');
  rapidjson::InsituStringStream stream(text->data());
  const rapidjson::ParseResult result = reader->Parse<kParseFlags>(stream, *handler);
  if (!result.IsError()) return handler->status();
  return Bad("no JSON at character {}: {}", result.Offset() + 1,
             rapidjson::GetParseError_En(result.Code()));
}

}  // namespace vecdb::cli
