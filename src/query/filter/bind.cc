#include "query/filter/bind.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "chunk/kinds.h"
#include "chunk/text.h"
#include "query/filter/fit.h"

namespace vecdb::query::filter {
namespace {

using StepId = std::uint32_t;

// So many equality loops over a column cost less than asking a hash table about each row.
constexpr std::size_t kFewValues = 8;

Comparison ComparisonOf(TokenKind kind) {
  if (kind == TokenKind::kNotEqual) return Comparison::kNotEqual;
  if (kind == TokenKind::kLess) return Comparison::kLess;
  if (kind == TokenKind::kLessEqual) return Comparison::kLessEqual;
  if (kind == TokenKind::kGreater) return Comparison::kGreater;
  if (kind == TokenKind::kGreaterEqual) return Comparison::kGreaterEqual;
  return Comparison::kEqual;
}

bool IsOrder(Comparison op) {
  return op != Comparison::kEqual && op != Comparison::kNotEqual;
}
bool GoesUp(TokenKind kind) {
  return kind == TokenKind::kLess || kind == TokenKind::kLessEqual;
}
bool IsInclusive(TokenKind kind) {
  return kind == TokenKind::kLessEqual || kind == TokenKind::kGreaterEqual;
}

bool IsCondition(NodeKind kind) {
  return kind != NodeKind::kField && kind != NodeKind::kConstant && kind != NodeKind::kUnary &&
         kind != NodeKind::kBinary;
}

bool BothNumbers(DataType a, DataType b) {
  const auto is_number = [](DataType type) {
    return type != DataType::kBool && type != DataType::kVarChar;
  };
  return is_number(a) && is_number(b);
}

// Two constants of one field: -1, 0 or 1.
int Order(const Constant& low, const Constant& high) {
  const auto sign = [](bool less, bool greater) { return less ? -1 : greater ? 1 : 0; };
  if (const auto* a = std::get_if<std::string>(&low)) {
    const int order = a->compare(std::get<std::string>(high));
    return sign(order<0, order> 0);
  }
  const auto* i = std::get_if<std::int64_t>(&low);
  const auto* j = std::get_if<std::int64_t>(&high);
  if (i != nullptr && j != nullptr) return sign(*i<*j, *i> * j);
  if (i != nullptr) {
    const double b = std::get<double>(high);
    return sign(Compare(Comparison::kLess, *i, b), Compare(Comparison::kGreater, *i, b));
  }
  const double a = std::get<double>(low);
  if (j != nullptr) {
    return sign(Compare(Comparison::kGreater, *j, a), Compare(Comparison::kLess, *j, a));
  }
  return sign(a<std::get<double>(high), a> std::get<double>(high));
}

// Recurses at most kMaxDepth deep: the parser refuses deeper trees.
class Binder {
 public:
  Binder(const Ast& ast, const Schema& schema) : ast_(ast), schema_(schema) {}

  Result<Program> Run() {
    VECDB_TRY(Condition(ast_.root).status());
    return std::move(program_);
  }

 private:
  struct Operand {
    std::uint32_t column = 0;
    const Field* field = nullptr;
  };

  const Node& At(NodeId id) const { return ast_.nodes[id]; }
  const Constant& ConstantOf(const Node& node) const { return ast_.constants[node.first_constant]; }

  Result<StepId> Condition(NodeId id);
  Result<StepId> Junction(const Node& node, StepKind kind);
  Result<StepId> Negation(const Node& node);
  Result<StepId> Comparing(const Node& node);
  Result<StepId> ComparingFields(const Node& node, const Node& left, const Node& right);
  Result<StepId> Range(const Node& node);
  Result<StepId> Among(const Node& node);
  Result<StepId> NullTest(const Node& node);

  Status NotACondition(const Node& node) const;
  Status Unsupported(const Node& node) const;
  Status WrongOperand(const Node& node, const Node& operand) const;
  Status CheckRange(const Node& node, const Node& low, const Node& field, const Node& high) const;

  Result<Operand> AnyFieldOf(const Node& node);  // no vector
  Result<Operand> FieldOf(const Node& node);     // a scalar
  Result<StepId> CompareTo(const Operand& operand, const Node& op, Comparison comparison,
                           const Node& constant);
  StepId AddFitted(const Operand& operand, Fitted fitted);
  StepId AddSet(const Operand& operand, const std::vector<Fitted>& values);
  StepId Add(Step step);
  StepId Negated(StepId id) {
    Step step;
    step.kind = StepKind::kNot;
    step.children = {id};
    return Add(std::move(step));
  }

  const Ast& ast_;
  const Schema& schema_;
  Program program_;
};

StepId Binder::Add(Step step) {
  for (const StepId child : step.children) {
    step.depth = std::max(step.depth, program_.steps[child].depth + 1);
  }
  program_.steps.push_back(std::move(step));
  return static_cast<StepId>(program_.steps.size() - 1);
}

Result<StepId> Binder::Condition(NodeId id) {
  const Node& node = At(id);
  switch (node.kind) {
    case NodeKind::kField:
    case NodeKind::kConstant:
      return NotACondition(node);
    case NodeKind::kUnary:
    case NodeKind::kBinary:
      return Unsupported(node);
    case NodeKind::kCompare:
      return Comparing(node);
    case NodeKind::kRange:
      return Range(node);
    case NodeKind::kIn:
    case NodeKind::kNotIn:
      return Among(node);
    case NodeKind::kIsNull:
    case NodeKind::kIsNotNull:
      return NullTest(node);
    case NodeKind::kNot:
      return Negation(node);
    case NodeKind::kAnd:
      return Junction(node, StepKind::kAnd);
    case NodeKind::kOr:
      return Junction(node, StepKind::kOr);
  }
  return NotACondition(node);
}

// --- and, or, not ---

Result<StepId> Binder::Junction(const Node& node, StepKind kind) {
  Step step;
  step.kind = kind;
  for (NodeId child = node.first_child; child != kNoNode; child = At(child).next) {
    VECDB_TRY_ASSIGN(const StepId bound, Condition(child));
    step.children.push_back(bound);
  }
  return Add(std::move(step));
}

Result<StepId> Binder::Negation(const Node& node) {
  VECDB_TRY_ASSIGN(const StepId child, Condition(node.first_child));
  return Negated(child);
}

Status Binder::NotACondition(const Node& node) const {
  if (node.kind == NodeKind::kConstant) {
    return ErrorAt(node.token.position,
                   base::Format("{} is a constant, not a condition: compare a field with it",
                                Shown(node.token)));
  }
  const Field* field = schema_.Find(node.token.text);
  if (field == nullptr) {
    return ErrorAt(node.token.position,
                   base::Format("there is no field named {}", chunk::Quoted(node.token.text)));
  }
  if (field->type == DataType::kBool) {
    return ErrorAt(node.token.position,
                   base::Format("field '{}' alone is not a condition: write `{} == true`",
                                field->name, field->name));
  }
  return ErrorAt(
      node.token.position,
      base::Format("field '{}' alone is not a condition: compare it with something", field->name));
}

Status Binder::Unsupported(const Node& node) const {
  return ErrorAt(node.token.position,
                 base::Format("operator {} is not supported in this version", Shown(node.token)));
}

// --- comparisons ---

Result<Binder::Operand> Binder::FieldOf(const Node& node) {
  VECDB_TRY_ASSIGN(const Operand operand, AnyFieldOf(node));
  if (chunk::IsScalar(operand.field->type)) return operand;
  return ErrorAt(node.token.position,
                 base::Format("field '{}' holds {}, of which this version asks only `is null`",
                              operand.field->name, ToString(operand.field->type)));
}

Result<Binder::Operand> Binder::AnyFieldOf(const Node& node) {
  const Field* field = schema_.Find(node.token.text);
  if (field == nullptr) {
    return ErrorAt(node.token.position,
                   base::Format("there is no field named {}", chunk::Quoted(node.token.text)));
  }
  if (chunk::IsVector(field->type)) {
    return ErrorAt(
        node.token.position,
        base::Format("field '{}' holds vectors: filters read scalar fields only", field->name));
  }
  const auto number = static_cast<std::uint32_t>(field - schema_.fields().data());
  std::uint32_t column = 0;
  while (column < program_.columns.size() && program_.columns[column].field != number) ++column;
  if (column == program_.columns.size()) program_.columns.push_back({number, field->type});
  return Operand{column, field};
}

Status Binder::WrongOperand(const Node& node, const Node& operand) const {
  if (!IsCondition(operand.kind)) return Unsupported(operand);
  const bool negation = operand.kind == NodeKind::kNot;
  return ErrorAt(node.token.position,
                 base::Format("{} takes fields and constants, not a condition{}", Shown(node.token),
                              negation ? ": 'not' binds tighter, write `not (...)`" : ""));
}

Result<StepId> Binder::Comparing(const Node& node) {
  const Node& left = At(node.first_child);
  const Node& right = At(node.last_child);
  for (const Node* side : {&left, &right}) {
    if (side->kind != NodeKind::kField && side->kind != NodeKind::kConstant) {
      return WrongOperand(node, *side);
    }
  }
  const Comparison op = ComparisonOf(node.token.kind);
  if (left.kind == NodeKind::kField && right.kind == NodeKind::kField) {
    return ComparingFields(node, left, right);
  }
  if (left.kind == NodeKind::kField) {
    VECDB_TRY_ASSIGN(const Operand operand, FieldOf(left));
    return CompareTo(operand, node, op, right);
  }
  if (right.kind == NodeKind::kField) {
    VECDB_TRY_ASSIGN(const Operand operand, FieldOf(right));
    return CompareTo(operand, node, Mirrored(op), left);
  }
  return ErrorAt(
      node.token.position,
      base::Format("{} compares two constants: one side must be a field", Shown(node.token)));
}

Result<StepId> Binder::CompareTo(const Operand& operand, const Node& op, Comparison comparison,
                                 const Node& constant) {
  const Constant& value = ConstantOf(constant);
  if (const auto problem = Mismatch(*operand.field, value)) {
    return ErrorAt(constant.token.position, *problem);
  }
  if (operand.field->type == DataType::kBool && IsOrder(comparison)) {
    return ErrorAt(op.token.position,
                   base::Format("{}: field '{}' holds Bool, which has no order: write == or !=",
                                Shown(op.token), operand.field->name));
  }
  return AddFitted(operand, Fit(comparison, operand.field->type, value));
}

StepId Binder::AddFitted(const Operand& operand, Fitted fitted) {
  Step step;
  step.column = operand.column;
  switch (fitted.outcome) {
    case Fitted::Outcome::kAlways:
      step.kind = StepKind::kAlways;
      break;
    case Fitted::Outcome::kNever:
      step.kind = StepKind::kNever;
      break;
    case Fitted::Outcome::kCompare:
      step.kind = StepKind::kConstant;
      step.op = fitted.op;
      step.constant = std::move(fitted.constant);
      break;
  }
  return Add(std::move(step));
}

Result<StepId> Binder::ComparingFields(const Node& node, const Node& left, const Node& right) {
  VECDB_TRY_ASSIGN(const Operand a, FieldOf(left));
  VECDB_TRY_ASSIGN(const Operand b, FieldOf(right));
  Step step;
  step.kind = StepKind::kFields;
  step.op = ComparisonOf(node.token.kind);
  step.column = a.column;
  step.other = b.column;
  const bool bools = a.field->type == DataType::kBool && b.field->type == DataType::kBool;
  if (bools && IsOrder(step.op)) {
    return ErrorAt(node.token.position,
                   base::Format("{}: fields '{}' and '{}' hold Bool, which has no order: write == "
                                "or !=",
                                Shown(node.token), a.field->name, b.field->name));
  }
  if (a.field->type != b.field->type && !BothNumbers(a.field->type, b.field->type)) {
    return ErrorAt(node.token.position,
                   base::Format("field '{}' holds {} and cannot be compared with field '{}', which "
                                "holds {}",
                                a.field->name, ToString(a.field->type), b.field->name,
                                ToString(b.field->type)));
  }
  return Add(std::move(step));
}

// --- chained ranges ---

Status Binder::CheckRange(const Node& node, const Node& low, const Node& field,
                          const Node& high) const {
  if (low.kind != NodeKind::kConstant || high.kind != NodeKind::kConstant) {
    return ErrorAt(node.token.position,
                   base::Format("the bounds of the chained comparison around {} must be constants",
                                Shown(field.token)));
  }
  if (GoesUp(node.token.kind) != GoesUp(node.second.kind)) {
    return ErrorAt(
        node.second.position,
        base::Format("{} after {}: both operators of a chained comparison point the same "
                     "way",
                     Shown(node.second), Shown(node.token)));
  }
  return Status();
}

// `low < field <= high` is `low < field and field <= high`, with bounds that leave room.
Result<StepId> Binder::Range(const Node& node) {
  const Node& left = At(node.first_child);
  const Node& middle = At(left.next);
  const Node& right = At(node.last_child);
  VECDB_TRY(CheckRange(node, left, middle, right));
  VECDB_TRY_ASSIGN(const Operand operand, FieldOf(middle));
  Node second = node;
  second.token = node.second;
  VECDB_TRY_ASSIGN(const StepId first,
                   CompareTo(operand, node, Mirrored(ComparisonOf(node.token.kind)), left));
  VECDB_TRY_ASSIGN(const StepId last,
                   CompareTo(operand, second, ComparisonOf(node.second.kind), right));
  const bool up = GoesUp(node.token.kind);
  const int order =
      up ? Order(ConstantOf(left), ConstantOf(right)) : Order(ConstantOf(right), ConstantOf(left));
  const bool inclusive = IsInclusive(node.token.kind) && IsInclusive(node.second.kind);
  if (order > 0 || (order == 0 && !inclusive)) {
    return ErrorAt(
        node.token.position,
        base::Format("no value lies between the bounds {} and {} of '{}'", Shown(ConstantOf(left)),
                     Shown(ConstantOf(right)), operand.field->name));
  }
  Step step;
  step.kind = StepKind::kAnd;
  step.children = {first, last};
  return Add(std::move(step));
}

// --- in, is null ---

Result<StepId> Binder::Among(const Node& node) {
  const Node& tested = At(node.first_child);
  if (tested.kind != NodeKind::kField) {
    if (tested.kind != NodeKind::kConstant) return WrongOperand(node, tested);
    return ErrorAt(node.token.position, "'in' needs a field on its left, not a constant");
  }
  VECDB_TRY_ASSIGN(const Operand operand, FieldOf(tested));
  std::vector<Fitted> values;
  for (std::uint32_t i = node.first_constant; i < node.first_constant + node.constants; ++i) {
    if (const auto problem = Mismatch(*operand.field, ast_.constants[i])) {
      return ErrorAt(ast_.constant_positions[i], *problem);
    }
    Fitted fitted = Fit(Comparison::kEqual, operand.field->type, ast_.constants[i]);
    if (fitted.outcome == Fitted::Outcome::kCompare) values.push_back(std::move(fitted));
  }
  const StepId found = AddSet(operand, values);
  return node.kind == NodeKind::kNotIn ? Negated(found) : found;
}

StepId Binder::AddSet(const Operand& operand, const std::vector<Fitted>& values) {
  if (values.empty()) return AddFitted(operand, {Fitted::Outcome::kNever, {}, {}});
  if (values.size() == 1) return AddFitted(operand, values.front());
  Step step;
  step.column = operand.column;
  if (values.size() <= kFewValues && operand.field->type != DataType::kVarChar) {
    step.kind = StepKind::kOr;
    for (const Fitted& value : values) step.children.push_back(AddFitted(operand, value));
    return Add(std::move(step));
  }
  step.kind = StepKind::kInSet;
  step.other = static_cast<std::uint32_t>(program_.sets.size());
  std::vector<std::uint64_t> keys;
  std::vector<std::string> texts;
  for (const Fitted& value : values) {
    if (const auto* text = std::get_if<std::string>(&value.constant)) {
      texts.push_back(*text);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value.constant)) {
      keys.push_back(ValueSet::KeyOf(*integer));
    } else if (const auto* single = std::get_if<float>(&value.constant)) {
      keys.push_back(ValueSet::KeyOf(*single));
    } else {
      keys.push_back(ValueSet::KeyOf(std::get<double>(value.constant)));
    }
  }
  program_.sets.push_back(texts.empty() ? ValueSet(keys) : ValueSet(std::move(texts)));
  return Add(std::move(step));
}

Result<StepId> Binder::NullTest(const Node& node) {
  const Node& tested = At(node.first_child);
  if (tested.kind != NodeKind::kField) {
    return ErrorAt(node.token.position, "'is' needs a field on its left");
  }
  VECDB_TRY_ASSIGN(const Operand operand, AnyFieldOf(tested));
  Step step;
  step.kind = node.kind == NodeKind::kIsNull ? StepKind::kIsNull : StepKind::kIsNotNull;
  step.column = operand.column;
  return Add(std::move(step));
}

}  // namespace

Result<Program> Bind(const Ast& ast, const Schema& schema) {
  return Binder(ast, schema).Run();
}

}  // namespace vecdb::query::filter
