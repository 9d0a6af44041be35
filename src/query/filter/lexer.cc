#include "query/filter/lexer.h"

#include <algorithm>
#include <array>

#include "base/canary.h"
#include "base/status.h"
#include "chunk/text.h"

namespace vecdb::query::filter {
namespace {

struct Spelling {
  std::string_view text;
  TokenKind kind;
};

constexpr std::array<Spelling, 22> kWords = {{
    {"and", TokenKind::kAnd},       {"AND", TokenKind::kAnd},    {"or", TokenKind::kOr},
    {"OR", TokenKind::kOr},         {"not", TokenKind::kNot},    {"NOT", TokenKind::kNot},
    {"in", TokenKind::kIn},         {"IN", TokenKind::kIn},      {"is", TokenKind::kIs},
    {"IS", TokenKind::kIs},         {"null", TokenKind::kNull},  {"NULL", TokenKind::kNull},
    {"like", TokenKind::kLike},     {"LIKE", TokenKind::kLike},  {"exists", TokenKind::kExists},
    {"EXISTS", TokenKind::kExists}, {"true", TokenKind::kBool},  {"True", TokenKind::kBool},
    {"TRUE", TokenKind::kBool},     {"false", TokenKind::kBool}, {"False", TokenKind::kBool},
    {"FALSE", TokenKind::kBool},
}};

// Longer ones first: the first that fits is taken.
constexpr std::array<Spelling, 26> kSymbols = {{
    {"&&", TokenKind::kAnd},         {"||", TokenKind::kOr},
    {"==", TokenKind::kEqual},       {"!=", TokenKind::kNotEqual},
    {"<=", TokenKind::kLessEqual},   {">=", TokenKind::kGreaterEqual},
    {"<<", TokenKind::kShiftLeft},   {">>", TokenKind::kShiftRight},
    {"**", TokenKind::kPower},       {"(", TokenKind::kOpenParen},
    {")", TokenKind::kCloseParen},   {"[", TokenKind::kOpenBracket},
    {"]", TokenKind::kCloseBracket}, {",", TokenKind::kComma},
    {"<", TokenKind::kLess},         {">", TokenKind::kGreater},
    {"!", TokenKind::kNot},          {"+", TokenKind::kPlus},
    {"-", TokenKind::kMinus},        {"*", TokenKind::kTimes},
    {"/", TokenKind::kDivide},       {"%", TokenKind::kModulo},
    {"&", TokenKind::kBitAnd},       {"|", TokenKind::kBitOr},
    {"^", TokenKind::kBitXor},       {"~", TokenKind::kBitNot},
}};

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsWordStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool IsWordPart(char c) {
  return IsWordStart(c) || IsDigit(c);
}
bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool EndsOperand(TokenKind kind) {
  return kind == TokenKind::kIdentifier || kind == TokenKind::kInteger ||
         kind == TokenKind::kReal || kind == TokenKind::kString || kind == TokenKind::kBool ||
         kind == TokenKind::kNull || kind == TokenKind::kCloseParen ||
         kind == TokenKind::kCloseBracket;
}
bool IsPrefix(TokenKind kind) {
  return kind == TokenKind::kNot || kind == TokenKind::kMinus || kind == TokenKind::kPlus ||
         kind == TokenKind::kBitNot || kind == TokenKind::kExists;
}

// How deep the tree under the tokens seen so far can be: open brackets, and prefix operators whose
// operand has not ended.
class Nesting {
 public:
  // False when the token goes too deep. `sign` = a + or - right before a number.
  bool Accept(TokenKind kind, bool sign) {
    const bool operand_expected = !EndsOperand(last_);
    last_ = kind;
    if (kind == TokenKind::kOpenParen || kind == TokenKind::kOpenBracket) {
      outer_ += prefixes_ + 1;
      enclosing_.push_back(prefixes_);
      prefixes_ = 0;
    } else if (kind == TokenKind::kCloseParen || kind == TokenKind::kCloseBracket) {
      if (!enclosing_.empty()) {
        outer_ -= enclosing_.back() + 1;
        enclosing_.pop_back();
      }
      prefixes_ = 0;
    } else if (operand_expected && IsPrefix(kind) && !sign) {
      ++prefixes_;
    } else if (EndsOperand(kind)) {
      prefixes_ = 0;
    }
    return base::Canary(31) || outer_ + prefixes_ <= kMaxDepth;
  }

 private:
  TokenKind last_ = TokenKind::kEnd;
  std::uint32_t outer_ = 0;
  std::uint32_t prefixes_ = 0;
  std::vector<std::uint32_t> enclosing_;  // prefixes before each open bracket
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> Run() {
    while (true) {
      while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
      if (at_ == text_.size()) break;
      VECDB_TRY(Next());
      const Token& token = tokens_.back();
      if (!nesting_.Accept(token.kind, BeforeNumber())) {
        return ErrorAt(token.position, base::Format("{} nests the filter deeper than {} levels",
                                                    Shown(token), kMaxDepth));
      }
      if (tokens_.size() > kMaxTokens) {
        return ErrorAt(token.position,
                       base::Format("the filter has more than {} words and signs", kMaxTokens));
      }
    }
    tokens_.push_back({TokenKind::kEnd, static_cast<std::uint32_t>(at_), {}});
    return std::move(tokens_);
  }

 private:
  char Peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool BeforeNumber() const { return IsDigit(Peek()) || (Peek() == '.' && IsDigit(Peek(1))); }

  void Take(TokenKind kind, std::size_t bytes) {
    tokens_.push_back({kind, static_cast<std::uint32_t>(at_), text_.substr(at_, bytes)});
    at_ += bytes;
  }

  Status Next() {
    const char c = text_[at_];
    if (IsWordStart(c)) return Word();
    if (BeforeNumber()) return Number();
    if (c == '"' || c == '\'') return String(c);
    for (const Spelling& symbol : kSymbols) {
      if (text_.substr(at_).starts_with(symbol.text)) return Symbol(symbol);
    }
    return Unknown(c);
  }

  Status Symbol(const Spelling& symbol) {
    if (symbol.kind == TokenKind::kLess && Peek(1) == '>') {
      return ErrorAt(Here(), "'<>' is no operator: write '!='");
    }
    Take(symbol.kind, symbol.text.size());
    return Status();
  }

  Status Word() {
    std::size_t bytes = 1;
    while (IsWordPart(Peek(bytes))) ++bytes;
    const std::string_view word = text_.substr(at_, bytes);
    const auto* known = std::find_if(kWords.begin(), kWords.end(),
                                     [&](const Spelling& s) { return s.text == word; });
    Take(known == kWords.end() ? TokenKind::kIdentifier : known->kind, bytes);
    return Status();
  }

  Status Number() {
    std::size_t bytes = 0;
    bool real = false;
    if (Peek() == '0' && (Peek(1) == 'x' || Peek(1) == 'X' || Peek(1) == 'b' || Peek(1) == 'B')) {
      bytes = 2;
      while (IsWordPart(Peek(bytes))) ++bytes;
    } else {
      while (IsDigit(Peek(bytes))) ++bytes;
      if (Peek(bytes) == '.') {
        real = true;
        ++bytes;
        while (IsDigit(Peek(bytes))) ++bytes;
      }
      const std::size_t sign = Peek(bytes + 1) == '+' || Peek(bytes + 1) == '-' ? 1 : 0;
      if ((Peek(bytes) == 'e' || Peek(bytes) == 'E') && IsDigit(Peek(bytes + 1 + sign))) {
        real = true;
        bytes += 1 + sign;
        while (IsDigit(Peek(bytes))) ++bytes;
      }
      while (IsWordPart(Peek(bytes)) || Peek(bytes) == '.') {  // 12ab, 1.2.3: one bad word
        ++bytes;
        real = true;
      }
    }
    Take(real ? TokenKind::kReal : TokenKind::kInteger, bytes);
    return Status();
  }

  Status String(char quote) {
    std::size_t bytes = 1;
    while (at_ + bytes < text_.size() && Peek(bytes) != quote) {
      if (Peek(bytes) == '\n' || Peek(bytes) == '\r') {
        return ErrorAt(Here(), "the string contains a line break: write \\n or \\r");
      }
      bytes += Peek(bytes) == '\\' ? 2 : 1;
    }
    if (at_ + bytes >= text_.size()) {
      return ErrorAt(Here(), base::Format("the string has no closing {}", quote));
    }
    Take(TokenKind::kString, bytes + 1);
    return Status();
  }

  Status Unknown(char c) const {
    if (c == '=') return ErrorAt(Here(), "'=' is no operator: write '=='");
    if (c == '{') {
      return ErrorAt(Here(), "'{': placeholders such as {name} are not supported in this version");
    }
    if (c == '$') {
      return ErrorAt(Here(), "'$': the dynamic field is not supported in this version");
    }
    std::size_t bytes = 1;  // the whole character
    while (at_ + bytes < text_.size() && !chunk::BeginsUtf8(text_[at_ + bytes])) ++bytes;
    return ErrorAt(Here(), base::Format("{} has no meaning in a filter",
                                        chunk::Quoted(text_.substr(at_, bytes))));
  }

  std::uint32_t Here() const { return static_cast<std::uint32_t>(at_); }

  const std::string_view text_;
  std::size_t at_ = 0;
  Nesting nesting_;
  std::vector<Token> tokens_;
};

}  // namespace

Status ErrorAt(std::uint32_t position, std::string_view message) {
  return base::InvalidArgument("filter, position {}: {}", position + 1, message);
}

std::string Shown(const Token& token) {
  return token.kind == TokenKind::kEnd ? "the end" : chunk::Quoted(token.text);
}

Result<std::vector<Token>> Lex(std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    return base::InvalidArgument("the filter is longer than {} bytes", kMaxTextBytes);
  }
  return Lexer(text).Run();
}

}  // namespace vecdb::query::filter
