// Two stacks, one of operands and one of operators that wait for their right side; no recursion,
// so the shape of an expression never decides how much machine stack it takes.
#include "query/filter/parse.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/status.h"
#include "chunk/text.h"
#include "query/filter/lexer.h"

namespace vecdb::query::filter {
namespace {

// Steps of the ladder: the smaller binds tighter.
constexpr int kPrefixLevel = 4;
constexpr int kInLevel = 8;
constexpr int kRangeLevel = 9;
constexpr int kNoLevel = 0;
constexpr int kParenLevel = 100;  // waits for its ')'

struct Rung {
  TokenKind kind;
  int level;
};
constexpr std::array<Rung, 22> kBinaryLadder = {{
    {TokenKind::kLike, 2},       {TokenKind::kPower, 3},         {TokenKind::kTimes, 5},
    {TokenKind::kDivide, 5},     {TokenKind::kModulo, 5},        {TokenKind::kPlus, 6},
    {TokenKind::kMinus, 6},      {TokenKind::kShiftLeft, 7},     {TokenKind::kShiftRight, 7},
    {TokenKind::kIn, kInLevel},  {TokenKind::kLess, 10},         {TokenKind::kLessEqual, 10},
    {TokenKind::kGreater, 10},   {TokenKind::kGreaterEqual, 10}, {TokenKind::kEqual, 11},
    {TokenKind::kNotEqual, 11},  {TokenKind::kBitAnd, 12},       {TokenKind::kBitXor, 13},
    {TokenKind::kBitOr, 14},     {TokenKind::kAnd, 15},          {TokenKind::kOr, 16},
    {TokenKind::kEnd, kNoLevel},
}};
constexpr std::array<Rung, 5> kPrefixLadder = {{
    {TokenKind::kExists, 1},
    {TokenKind::kNot, kPrefixLevel},
    {TokenKind::kMinus, kPrefixLevel},
    {TokenKind::kPlus, kPrefixLevel},
    {TokenKind::kBitNot, kPrefixLevel},
}};

constexpr std::array<std::string_view, 24> kFunctions = {
    "array_length",  "array_contains",    "array_contains_all", "array_contains_any",
    "json_contains", "json_contains_all", "json_contains_any",  "text_match",
    "phrase_match",  "random_sample",     "st_equals",          "st_touches",
    "st_overlaps",   "st_crosses",        "st_contains",        "st_intersects",
    "st_within",     "st_dwithin",        "st_isvalid",         "element_filter",
    "match_any",     "match_all",         "match_least",        "match_most"};

template <std::size_t kCount>
int LevelIn(const std::array<Rung, kCount>& ladder, TokenKind kind) {
  for (const Rung& rung : ladder) {
    if (rung.kind == kind) return rung.level;
  }
  return kNoLevel;
}

bool IsOrder(TokenKind kind) {
  return kind == TokenKind::kLess || kind == TokenKind::kLessEqual || kind == TokenKind::kGreater ||
         kind == TokenKind::kGreaterEqual;
}
bool IsComparison(TokenKind kind) {
  return IsOrder(kind) || kind == TokenKind::kEqual || kind == TokenKind::kNotEqual;
}
bool IsNumber(TokenKind kind) {
  return kind == TokenKind::kInteger || kind == TokenKind::kReal;
}
bool IsConstant(TokenKind kind) {
  return IsNumber(kind) || kind == TokenKind::kString || kind == TokenKind::kBool;
}

std::string Lowered(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

class Parser {
 public:
  // One byte too many is enough to be refused.
  explicit Parser(std::string_view text) : ast_(std::make_unique<Ast>()) {
    ast_->text = text.substr(0, kMaxTextBytes + 1);
  }

  Result<std::unique_ptr<const Ast>> Run();

 private:
  struct Operator {
    Token token;
    int level = kNoLevel;
    bool prefix = false;
    NodeId middle = kNoNode;  // of a range
    Token second = {};        // of a range
  };

  const Token& Peek(std::size_t ahead = 0) const {
    return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
  }

  Status Operand();
  Status PushConstant(bool negative);
  Status Identifier();
  Status UnexpectedOperand() const;
  Status AfterOperand();
  Status UnexpectedAfterOperand() const;
  Status CloseParen();
  Status Binary(int level);
  Status RangeChain();
  Status NullTest();
  Status InList();
  Status ListItem();

  Status ReduceUpTo(int level);
  Status Reduce();
  Status ReducePrefix(const Operator& op);
  Status Join(const Operator& op, NodeId left, NodeId right);
  Status Push(Node node, std::initializer_list<NodeId> children);
  NodeId Pop() {
    const NodeId id = operands_.back();
    operands_.pop_back();
    return id;
  }
  Node& At(NodeId id) { return ast_->nodes[id]; }
  NodeId Add(const Node& node) {
    ast_->nodes.push_back(node);
    return static_cast<NodeId>(ast_->nodes.size() - 1);
  }
  void Adopt(Node* parent, NodeId child);

  std::unique_ptr<Ast> ast_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  bool operand_expected_ = true;
  std::vector<NodeId> operands_;
  std::vector<Operator> operators_;
};

Result<std::unique_ptr<const Ast>> Parser::Run() {
  VECDB_TRY_ASSIGN(tokens_, Lex(ast_->text));
  if (tokens_.size() == 1) return ErrorAt(0, "the filter is empty");
  while (operand_expected_ || Peek().kind != TokenKind::kEnd) {
    VECDB_TRY(operand_expected_ ? Operand() : AfterOperand());
  }
  VECDB_TRY(ReduceUpTo(kParenLevel - 1));
  if (!operators_.empty()) {
    return ErrorAt(Peek().position, base::Format("expected ')' for the '(' at position {}",
                                                 operators_.back().token.position + 1));
  }
  ast_->root = Pop();
  return std::unique_ptr<const Ast>(std::move(ast_));
}

// --- where a field, a constant or an opening stands ---

Status Parser::Operand() {
  const Token token = Peek();
  const bool sign = token.kind == TokenKind::kMinus || token.kind == TokenKind::kPlus;
  if (sign && IsNumber(Peek(1).kind) && Peek(2).kind != TokenKind::kPower) {
    ++next_;
    return PushConstant(token.kind == TokenKind::kMinus);
  }
  if (IsConstant(token.kind)) return PushConstant(false);
  if (token.kind == TokenKind::kIdentifier) return Identifier();
  if (token.kind == TokenKind::kOpenParen) {
    operators_.push_back({token, kParenLevel, true});
  } else if (const int level = LevelIn(kPrefixLadder, token.kind); level != kNoLevel) {
    operators_.push_back({token, level, true});
  } else {
    return UnexpectedOperand();
  }
  ++next_;
  return Status();
}

Status Parser::PushConstant(bool negative) {
  const Token token = Peek();
  VECDB_TRY_ASSIGN(Constant constant, DecodeConstant(token, negative));
  Node node;
  node.kind = NodeKind::kConstant;
  node.token = token;
  node.first_constant = static_cast<std::uint32_t>(ast_->constants.size());
  node.constants = 1;
  ast_->constants.push_back(std::move(constant));
  ast_->constant_positions.push_back(token.position);
  operands_.push_back(Add(node));
  ++next_;
  operand_expected_ = false;
  return Status();
}

Status Parser::Identifier() {
  const Token token = Peek();
  if (Peek(1).kind == TokenKind::kOpenParen) {
    const std::string name = Lowered(token.text);
    const bool known = std::find(kFunctions.begin(), kFunctions.end(), name) != kFunctions.end();
    return ErrorAt(token.position,
                   known
                       ? base::Format("function {} is not supported in this version",
                                      chunk::Quoted(token.text))
                       : base::Format("there is no function named {}", chunk::Quoted(token.text)));
  }
  if (Peek(1).kind == TokenKind::kOpenBracket) {
    return ErrorAt(Peek(1).position,
                   base::Format("'[' after {}: JSON paths and array elements are not supported in "
                                "this version",
                                chunk::Quoted(token.text)));
  }
  Node node;
  node.kind = NodeKind::kField;
  node.token = token;
  operands_.push_back(Add(node));
  ++next_;
  operand_expected_ = false;
  return Status();
}

Status Parser::UnexpectedOperand() const {
  const Token& token = Peek();
  if (token.kind == TokenKind::kOpenBracket) {
    return ErrorAt(token.position, "'[': a list stands only after 'in'");
  }
  return ErrorAt(token.position,
                 base::Format("{}: expected a field, a constant or '('", Shown(token)));
}

// --- where an operator, a ')' or the end stands ---

Status Parser::AfterOperand() {
  const Token& token = Peek();
  if (token.kind == TokenKind::kCloseParen) return CloseParen();
  if (token.kind == TokenKind::kIs) return NullTest();
  if (token.kind == TokenKind::kIn ||
      (token.kind == TokenKind::kNot && Peek(1).kind == TokenKind::kIn)) {
    return InList();
  }
  if (IsOrder(token.kind) && Peek(1).kind == TokenKind::kIdentifier && IsOrder(Peek(2).kind)) {
    return RangeChain();
  }
  const int level = LevelIn(kBinaryLadder, token.kind);
  return level == kNoLevel ? UnexpectedAfterOperand() : Binary(level);
}

Status Parser::UnexpectedAfterOperand() const {
  const Token& token = Peek();
  if (token.kind == TokenKind::kIdentifier) {
    const std::string lower = Lowered(token.text);
    for (const char* word : {"and", "or", "not", "in", "is", "like"}) {
      if (lower == word) {
        return ErrorAt(token.position, base::Format("{}: keywords are written all in lower or all "
                                                    "in upper case",
                                                    Shown(token)));
      }
    }
  }
  return ErrorAt(token.position,
                 base::Format("{}: expected an operator, ')' or the end", Shown(token)));
}

Status Parser::CloseParen() {
  VECDB_TRY(ReduceUpTo(kParenLevel - 1));
  if (operators_.empty()) {
    return ErrorAt(Peek().position, "')' closes nothing: expected an operator or the end");
  }
  operators_.pop_back();
  ++next_;
  return Status();
}

Status Parser::Binary(int level) {
  VECDB_TRY(ReduceUpTo(level));
  operators_.push_back({Peek(), level, false});
  ++next_;
  operand_expected_ = true;
  return Status();
}

// `< field <`: one operator between two bounds.
Status Parser::RangeChain() {
  VECDB_TRY(ReduceUpTo(kRangeLevel));
  Node field;
  field.kind = NodeKind::kField;
  field.token = Peek(1);
  operators_.push_back({Peek(), kRangeLevel, false, Add(field), Peek(2)});
  next_ += 3;
  operand_expected_ = true;
  return Status();
}

// Part of the operand just read, so nothing waiting is finished first.
Status Parser::NullTest() {
  const Token is = Peek();
  const bool negated = Peek(1).kind == TokenKind::kNot;
  const Token& null = Peek(negated ? 2 : 1);
  if (null.kind != TokenKind::kNull) {
    return ErrorAt(null.position, base::Format("{}: expected {} after 'is'", Shown(null),
                                               negated ? "'null'" : "'null' or 'not null'"));
  }
  next_ += negated ? 3 : 2;
  Node node;
  node.kind = negated ? NodeKind::kIsNotNull : NodeKind::kIsNull;
  node.token = is;
  return Push(node, {Pop()});
}

Status Parser::InList() {
  VECDB_TRY(ReduceUpTo(kInLevel));
  Node node;
  node.kind = Peek().kind == TokenKind::kNot ? NodeKind::kNotIn : NodeKind::kIn;
  next_ += node.kind == NodeKind::kNotIn ? 1 : 0;
  node.token = Peek();
  ++next_;
  if (Peek().kind != TokenKind::kOpenBracket) {
    return ErrorAt(Peek().position, base::Format("{}: expected '[' after 'in'", Shown(Peek())));
  }
  ++next_;
  node.first_constant = static_cast<std::uint32_t>(ast_->constants.size());
  while (Peek().kind != TokenKind::kCloseBracket) {
    VECDB_TRY(ListItem());
    if (Peek().kind == TokenKind::kComma) {
      ++next_;
    } else if (Peek().kind != TokenKind::kCloseBracket) {
      return ErrorAt(Peek().position, base::Format("{}: expected ',' or ']'", Shown(Peek())));
    }
  }
  ++next_;
  node.constants = static_cast<std::uint32_t>(ast_->constants.size()) - node.first_constant;
  return Push(node, {Pop()});
}

Status Parser::ListItem() {
  const TokenKind sign = Peek().kind;
  const bool is_signed =
      (sign == TokenKind::kMinus || sign == TokenKind::kPlus) && IsNumber(Peek(1).kind);
  if (is_signed) ++next_;
  const Token& token = Peek();
  if (!IsConstant(token.kind)) {
    return ErrorAt(token.position, base::Format("{}: expected a constant or ']'", Shown(token)));
  }
  VECDB_TRY_ASSIGN(Constant constant,
                   DecodeConstant(token, is_signed && sign == TokenKind::kMinus));
  ast_->constants.push_back(std::move(constant));
  ast_->constant_positions.push_back(token.position);
  ++next_;
  return Status();
}

// --- from operators to nodes ---

// Finishes every waiting operator that binds at least as tightly.
Status Parser::ReduceUpTo(int level) {
  while (!operators_.empty() && operators_.back().level <= level) VECDB_TRY(Reduce());
  return Status();
}

Status Parser::Reduce() {
  const Operator op = operators_.back();
  operators_.pop_back();
  if (op.prefix) return ReducePrefix(op);
  const NodeId right = Pop();
  const NodeId left = Pop();
  if (op.token.kind == TokenKind::kAnd || op.token.kind == TokenKind::kOr) {
    return Join(op, left, right);
  }
  Node node;
  node.token = op.token;
  node.second = op.second;
  if (op.middle != kNoNode) {
    node.kind = NodeKind::kRange;
    return Push(node, {left, op.middle, right});
  }
  node.kind = IsComparison(op.token.kind) ? NodeKind::kCompare : NodeKind::kBinary;
  return Push(node, {left, right});
}

// Signs of constants are applied here; all else becomes a node.
Status Parser::ReducePrefix(const Operator& op) {
  const NodeId operand = Pop();
  const Node& inner = At(operand);
  if (inner.kind == NodeKind::kConstant &&
      (op.token.kind == TokenKind::kMinus || op.token.kind == TokenKind::kPlus)) {
    Constant& constant = ast_->constants[inner.first_constant];
    const bool negative = op.token.kind == TokenKind::kMinus;
    if (double* real = std::get_if<double>(&constant)) {
      *real = negative ? -*real : *real;
    } else if (auto* integer = std::get_if<std::int64_t>(&constant)) {
      if (negative && *integer == std::numeric_limits<std::int64_t>::min()) {
        return ErrorAt(op.token.position, "'-': the number does not fit in 64 bits with a sign");
      }
      *integer = negative ? -*integer : *integer;
    } else {
      return ErrorAt(op.token.position, base::Format("{} takes a number, not a {}", Shown(op.token),
                                                     KindOf(constant)));
    }
    operands_.push_back(operand);
    return Status();
  }
  Node node;
  node.kind = op.token.kind == TokenKind::kNot ? NodeKind::kNot : NodeKind::kUnary;
  node.token = op.token;
  return Push(node, {operand});
}

// `a and b and c` is one node with three children.
Status Parser::Join(const Operator& op, NodeId left, NodeId right) {
  Node node;
  node.kind = op.token.kind == TokenKind::kAnd ? NodeKind::kAnd : NodeKind::kOr;
  node.token = op.token;
  if (At(left).kind != node.kind) return Push(node, {left, right});
  Adopt(&At(left), right);
  operands_.push_back(left);
  if (At(left).depth > kMaxDepth) {
    return ErrorAt(op.token.position, base::Format("{} nests the filter deeper than {} levels",
                                                   Shown(op.token), kMaxDepth));
  }
  return Status();
}

Status Parser::Push(Node node, std::initializer_list<NodeId> children) {
  // The list's own brackets are a level too.
  node.depth = node.kind == NodeKind::kIn || node.kind == NodeKind::kNotIn ? 2 : 1;
  for (const NodeId child : children) Adopt(&node, child);
  if (node.depth > kMaxDepth) {
    return ErrorAt(node.token.position, base::Format("{} nests the filter deeper than {} levels",
                                                     Shown(node.token), kMaxDepth));
  }
  operands_.push_back(Add(node));
  operand_expected_ = false;
  return Status();
}

void Parser::Adopt(Node* parent, NodeId child) {
  if (parent->first_child == kNoNode) {
    parent->first_child = child;
  } else {
    At(parent->last_child).next = child;
  }
  parent->last_child = child;
  parent->depth = std::max(parent->depth, At(child).depth + 1);
}

}  // namespace

Result<std::unique_ptr<const Ast>> Parse(std::string_view text) {
  return Parser(text).Run();
}

}  // namespace vecdb::query::filter
