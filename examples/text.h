// Text made ready for a vector database: bytes become passages, passages become vectors. Nothing
// here knows vecdb; put a language model's embeddings in the place of TextVectors when you have
// one.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace text {

// ---- UTF-8 --------------------------------------------------------------------------------

// How many bytes the character at the front of `bytes` takes; 0 when it is no UTF-8.
inline std::size_t CharacterBytes(std::string_view bytes) {
  const auto at = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.empty()) return 0;
  if (at(0) < 0x80) return 1;
  if (at(0) < 0xC2 || at(0) > 0xF4) return 0;
  const std::size_t length = at(0) < 0xE0 ? 2 : at(0) < 0xF0 ? 3 : 4;
  if (bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (at(0) == 0xE0 && at(1) < 0xA0) || (at(0) == 0xF0 && at(1) < 0x90);
  const bool surrogate = at(0) == 0xED && at(1) > 0x9F;
  const bool too_large = at(0) == 0xF4 && at(1) > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

inline bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = CharacterBytes(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

// Text as it is, or read as Latin-1, whose every byte is a character.
inline std::string ToUtf8(std::string bytes) {
  if (IsUtf8(bytes)) return bytes;
  std::string utf8;
  utf8.reserve(bytes.size() + bytes.size() / 8);
  for (const char byte : bytes) {
    const auto code = static_cast<unsigned char>(byte);
    if (code < 0x80) {
      utf8.push_back(byte);
    } else {
      utf8.push_back(static_cast<char>(0xC0 | code >> 6));
      utf8.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    }
  }
  return utf8;
}

// At most `bytes` bytes from the front, never half a character.
inline std::string_view CutAt(std::string_view utf8, std::size_t bytes) {
  if (utf8.size() <= bytes) return utf8;
  while (bytes > 0 && (static_cast<unsigned char>(utf8[bytes]) & 0xC0) == 0x80) --bytes;
  return utf8.substr(0, bytes);
}

// ---- Passages -----------------------------------------------------------------------------

struct Passage {
  std::int64_t line = 0;  // its first, counting from 1
  std::string text;       // whole lines
};

inline std::string_view NextLine(std::string_view* rest) {
  const std::size_t end = rest->find('\n');
  std::string_view line = rest->substr(0, end);
  rest->remove_prefix(end == std::string_view::npos ? rest->size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Cuts at blank lines. A heading or another short paragraph stays with the next one, and a long
// one is cut into several, so that all passages are of a size that answers a question.
inline std::vector<Passage> CutIntoPassages(std::string_view rest) {
  constexpr std::size_t kShort = 120;
  constexpr std::size_t kLong = 1000;
  std::vector<Passage> passages;
  Passage current;
  const auto finish = [&] {
    if (!current.text.empty()) passages.push_back(std::exchange(current, {}));
  };
  for (std::int64_t number = 1; !rest.empty(); ++number) {
    const std::string_view line = NextLine(&rest);
    if (line.find_first_not_of(" \t\f\v") == std::string_view::npos) {
      if (current.text.size() >= kShort) finish();
      continue;
    }
    if (current.text.size() + line.size() > kLong) finish();
    if (current.text.empty()) current.line = number;
    current.text.append(line) += '\n';
  }
  if (current.text.size() < kShort && !passages.empty()) {  // a short end belongs to what precedes
    passages.back().text += current.text;
  } else {
    finish();
  }
  return passages;
}

// ---- Vectors ------------------------------------------------------------------------------

// Vectors whose cosine says how many rare pieces of words two texts share. The pieces are the runs
// of 3 to 5 bytes of every lower-cased word, its two borders included: "fails" and "failed" share
// some. Words like "what" and "the" have none. A piece counts for log(1 + N/n) when n of the N
// passages learned have it, times 1 + log(times it occurs). Each is added to one dimension, its
// hash says which and with which sign.
class TextVectors {
 public:
  static constexpr std::uint32_t kDimension = 1024;
  static constexpr std::size_t kWeights = std::size_t{1} << 18;

  TextVectors() : weights_(kWeights, 1) {}
  explicit TextVectors(std::vector<float> weights) : weights_(std::move(weights)) {}

  // Counts the pieces of all passages, then turns the counts into weights.
  class Learner {
   public:
    void Add(std::string_view passage) {
      ++passages_;
      const std::vector<std::uint64_t> pieces = PiecesOf(passage);
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (i == 0 || pieces[i] != pieces[i - 1]) ++having_[WeightOf(pieces[i])];
      }
    }
    TextVectors Finish() {
      for (float& having : having_) having = std::log(1 + passages_ / (1 + having));
      return TextVectors(std::move(having_));
    }

   private:
    float passages_ = 1;
    std::vector<float> having_ = std::vector<float>(kWeights);
  };

  std::span<const float> weights() const { return weights_; }

  // Of length 1; zeros when the text has no letter and no digit.
  std::vector<float> Of(std::string_view passage) const {
    std::vector<float> vector(kDimension);
    const std::vector<std::uint64_t> pieces = PiecesOf(passage);
    for (std::size_t i = 0, next = 0; i < pieces.size(); i = next) {
      while (next < pieces.size() && pieces[next] == pieces[i]) ++next;
      const float times = 1 + std::log(static_cast<float>(next - i));
      const float sign = pieces[i] >> 63 == 0 ? 1.0F : -1.0F;
      vector[(pieces[i] >> 32) % kDimension] += sign * times * weights_[WeightOf(pieces[i])];
    }
    float squares = 0;
    for (const float x : vector) squares += x * x;
    if (squares == 0) return vector;
    for (float& x : vector) x /= std::sqrt(squares);
    return vector;
  }

  // How much of what a question says a passage says too, by weight: 0 to 1.
  float Covered(std::string_view question, std::string_view passage) const {
    const std::vector<std::uint64_t> in_passage = PiecesOf(passage);
    float all = 0;
    float found = 0;
    for (const std::uint64_t piece : PiecesOf(question)) {
      const float weight = weights_[WeightOf(piece)];
      all += weight;
      if (std::binary_search(in_passage.begin(), in_passage.end(), piece)) found += weight;
    }
    return all == 0 ? 0 : found / all;
  }

 private:
  static std::size_t WeightOf(std::uint64_t piece) { return piece % kWeights; }

  // Words that English questions are made of and that say nothing about their answers.
  static bool IsFiller(std::string_view bordered_word) {
    constexpr std::string_view kFillers =
        " a an and are as at be by can did do does for from happen happens has have how i if in is "
        "it its may must my not of on or should that the their there they this to was we what when "
        "where which who whose why will with you your ";
    return kFillers.find(bordered_word) != std::string_view::npos;
  }

  // The hashes of all pieces, in order, as often as they occur.
  static std::vector<std::uint64_t> PiecesOf(std::string_view passage) {
    std::vector<std::uint64_t> pieces;
    std::string word = " ";
    const auto finish_word = [&] {
      word += ' ';
      if (IsFiller(word)) {
        word = " ";
        return;
      }
      for (std::size_t length = 3; length <= 5; ++length) {
        for (std::size_t at = 0; at + length <= word.size(); ++at) {
          pieces.push_back(Hash(std::string_view(word).substr(at, length)));
        }
      }
      word = " ";
    };
    for (const char c : passage) {
      const bool is_upper = c >= 'A' && c <= 'Z';
      const bool is_in_word = is_upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                              static_cast<unsigned char>(c) >= 0x80;
      if (is_in_word) {
        word += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
      } else if (word.size() > 1) {
        finish_word();
      }
    }
    if (word.size() > 1) finish_word();
    std::sort(pieces.begin(), pieces.end());
    return pieces;
  }

  static std::uint64_t Hash(std::string_view piece) {  // FNV-1a, its bits mixed once more
    std::uint64_t hash = 0xCBF29CE484222325;
    for (const char c : piece) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
    hash = (hash ^ hash >> 33) * 0xFF51AFD7ED558CCD;
    return hash ^ hash >> 33;
  }

  std::vector<float> weights_;
};

}  // namespace text
