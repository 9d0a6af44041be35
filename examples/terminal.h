// What a person at a terminal sees: progress, bold words, the line that matters. Nothing here knows
// vecdb.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "text.h"

namespace terminal {

using Clock = std::chrono::steady_clock;

inline double MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// One line on standard error: in place on a terminal, else a line every two seconds.
class Progress {
 public:
  Progress(const char* verb, std::size_t files) : verb_(verb), files_(files) {}
  ~Progress() {
    if (on_terminal_) std::fputs("\r\033[K", stderr);
  }

  void Show(std::size_t files, std::size_t passages) {
    if (MillisecondsSince(shown_) < (on_terminal_ ? 50 : 2000)) return;
    shown_ = Clock::now();
    const double rate = static_cast<double>(passages) / MillisecondsSince(start_) * 1000;
    std::fprintf(stderr, "%s  %s: %zu of %zu files, %zu passages, %.0f/s%s",
                 on_terminal_ ? "\r\033[K" : "", verb_, files, files_, passages, rate,
                 on_terminal_ ? "" : "\n");
  }

 private:
  const char* verb_;
  const std::size_t files_;
  const bool on_terminal_ = isatty(STDERR_FILENO) != 0;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point shown_ = start_;
};

inline std::string Bold(std::string_view words) {
  static const bool on_terminal = isatty(STDOUT_FILENO) != 0;
  return on_terminal ? "\033[1m" + std::string(words) + "\033[0m" : std::string(words);
}

inline bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

// Calls back with the place and length of each word.
template <typename F>
void ForEachWord(std::string_view text, F&& each) {
  for (std::size_t at = 0, end = 0; at < text.size(); at = end + 1) {
    end = at;
    while (end < text.size() && IsLetter(text[end])) ++end;
    if (end > at) each(at, end - at);
  }
}

// "failed" is meant by "fails": words of four letters and more whose beginnings agree.
inline bool IsMeant(std::string_view word, std::string_view question) {
  constexpr std::size_t kLetters = 4;
  bool found = false;
  ForEachWord(question, [&](std::size_t at, std::size_t length) {
    std::size_t same = 0;
    while (same < std::min(length, word.size()) &&
           (word[same] | 32) == (question[at + same] | 32)) {
      ++same;
    }
    found |= same >= kLetters && same + 2 >= std::min(length, word.size());
  });
  return found;
}

// What the passage says from its line nearest to the question on, as one line; its words that the
// question means are bold on a terminal.
inline std::string Snippet(std::string_view passage, const std::string& question,
                           const text::TextVectors& vectors) {
  constexpr std::size_t kShownBytes = 88;
  const std::vector<float> meaning = vectors.Of(question);
  std::string snippet;
  float best_score = -1;
  while (!passage.empty()) {
    std::string_view line = text::NextLine(&passage);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const std::vector<float> of_line = vectors.Of(line);
    const float score = std::inner_product(meaning.begin(), meaning.end(), of_line.begin(), 0.0F);
    if (score > best_score) {
      best_score = score;
      snippet = line;
    } else if (snippet.size() < kShownBytes) {
      snippet.append(" ").append(line);
    }
  }
  const std::string_view shown = text::CutAt(snippet, kShownBytes);
  std::string bold;
  std::size_t copied = 0;
  ForEachWord(shown, [&](std::size_t at, std::size_t length) {
    const std::string_view word = shown.substr(at, length);
    bold += shown.substr(copied, at - copied);
    bold += IsMeant(word, question) ? Bold(word) : std::string(word);
    copied = at + length;
  });
  bold += shown.substr(copied);
  return shown.size() < snippet.size() ? bold + " ..." : bold;
}

}  // namespace terminal
