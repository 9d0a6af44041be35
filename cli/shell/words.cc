#include "shell/words.h"

#include "text.h"

namespace vecdb::cli {
namespace {

class Splitter {
 public:
  explicit Splitter(std::string_view line) {
    for (std::size_t i = 0; i < line.size(); ++i) Take(line, &i);
  }

  char quote() const { return quote_; }  // that is still open, or 0
  bool in_word() const { return in_word_; }
  std::size_t word_at() const { return word_at_; }
  std::string& word() { return word_; }
  std::vector<std::string>& words() { return words_; }
  void End() {
    if (in_word_) words_.push_back(std::move(word_));
    word_.clear();
    in_word_ = false;
  }

 private:
  void Take(std::string_view line, std::size_t* i) {
    const char c = line[*i];
    const char next = *i + 1 < line.size() ? line[*i + 1] : '\0';
    if (quote_ == 0 && (c == ' ' || c == '\t')) return End();
    if (!in_word_) word_at_ = *i;
    in_word_ = true;
    if (quote_ == c) {
      quote_ = 0;
    } else if (quote_ == 0 && (c == '\'' || c == '"')) {
      quote_ = c;
    } else if (c == '\\' && next != '\0' &&
               (quote_ == 0 || (quote_ == '"' && (next == '"' || next == '\\')))) {
      word_ += next;
      ++*i;
    } else {
      word_ += c;
    }
  }

  std::vector<std::string> words_;
  std::string word_;
  std::size_t word_at_ = 0;
  bool in_word_ = false;
  char quote_ = 0;
};

}  // namespace

Result<std::vector<std::string>> SplitWords(std::string_view line) {
  Splitter splitter(line);
  if (splitter.quote() != 0) return Bad("the line ends inside of {} quotes", splitter.quote());
  splitter.End();
  return std::move(splitter.words());
}

OpenLine SplitOpenLine(std::string_view line) {
  Splitter splitter(line);
  OpenLine open;
  open.last = splitter.in_word() ? splitter.word() : "";
  open.last_at = splitter.in_word() ? splitter.word_at() : line.size();
  open.words = std::move(splitter.words());
  return open;
}

}  // namespace vecdb::cli
