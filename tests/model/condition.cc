#include "condition.h"

#include "base/format.h"

namespace vecdb::test {
namespace {

using Kind = Condition::Kind;
using Answer = std::optional<bool>;

bool IsText(const Field& field) {
  return field.type == DataType::kVarChar;
}
bool IsReal(const Field& field) {
  return field.type == DataType::kFloat || field.type == DataType::kDouble;
}
bool IsNumber(const Field& field) {
  return !IsText(field) && field.type != DataType::kBool && field.type != DataType::kFloatVector;
}

template <typename T>
bool Holds(const std::string& op, const T& a, const T& b) {
  if (op == "==") return a == b;
  if (op == "!=") return a != b;
  if (op == "<") return a < b;
  if (op == "<=") return a <= b;
  return op == ">" ? a > b : a >= b;
}

// Wide enough for every Int64 and every double.
long double Number(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  return std::get<double>(value);
}

bool CompareValues(const std::string& op, const Value& a, const Value& b) {
  if (const auto* text = std::get_if<std::string>(&a)) {
    return Holds(op, *text, std::get<std::string>(b));
  }
  if (const auto* truth = std::get_if<bool>(&a)) return Holds(op, *truth, std::get<bool>(b));
  return Holds(op, Number(a), Number(b));
}

// A Float field compares as a 32-bit float.
Value Seen(const Field& field, const Value& constant) {
  if (field.type != DataType::kFloat) return constant;
  return static_cast<double>(static_cast<float>(Number(constant)));
}

Answer InterpretAll(const Condition& condition, const Schema& schema, const Record& record) {
  const bool deciding = condition.kind == Kind::kOr;
  Answer all = !deciding;
  for (const Condition& part : condition.parts) {
    const Answer answer = Interpret(part, schema, record);
    if (answer == deciding) return deciding;
    if (!answer) all = std::nullopt;
  }
  return all;
}

std::string Literal(const Value& value) {
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value)) return base::Format("{:.17e}", *real);
  return "\"" + std::get<std::string>(value) + "\"";
}

class Maker {
 public:
  Maker(const Schema& schema, const Shape& shape, std::size_t key_space, Random* random)
      : schema_(schema), shape_(shape), key_space_(key_space), random_(random) {}

  Condition Make(int depth) {
    Condition condition;
    const std::size_t roll = random_->Below(depth == 0 ? 60 : 100);
    if (roll >= 60) {
      condition.kind = roll < 70 ? Kind::kNot : roll < 86 ? Kind::kAnd : Kind::kOr;
      const std::size_t parts = condition.kind == Kind::kNot ? 1 : 2 + random_->Below(2);
      for (std::size_t i = 0; i < parts; ++i) condition.parts.push_back(Make(depth - 1));
      return condition;
    }
    condition.field = random_->Below(kFirstVector);
    const Field& field = schema_.fields()[condition.field];
    condition.op = Operator(field);
    if (roll < 12) {
      condition.kind = Kind::kIsNull;
      condition.negated = random_->Chance(50);
    } else if (roll < 24) {
      condition.kind = Kind::kIn;
      condition.negated = random_->Chance(40);
      const std::size_t count = random_->Below(6);
      for (std::size_t i = 0; i < count; ++i) condition.constants.push_back(Constant(field));
    } else if (roll < 32 && PickOther(&condition)) {
      condition.kind = Kind::kFields;
    } else {
      condition.constants.push_back(Constant(field));
    }
    return condition;
  }

 private:
  std::string Operator(const Field& field) {
    static const std::vector<std::string> equality = {"==", "!="};
    static const std::vector<std::string> all = {"==", "!=", "<", "<=", ">", ">="};
    return random_->Pick(field.type == DataType::kBool ? equality : all);
  }

  bool PickOther(Condition* condition) {
    const Field& field = schema_.fields()[condition->field];
    condition->other = random_->Below(kFirstVector);
    const Field& other = schema_.fields()[condition->other];
    if (condition->other == condition->field || field.type == DataType::kBool) return false;
    return (IsText(field) && IsText(other)) || (IsNumber(field) && IsNumber(other));
  }

  Value Constant(const Field& field) {
    static const std::vector<std::string> texts = {"", "a", "apple", "größe", "zz", "k5"};
    if (field.primary_key) {
      const Key key = MakeKey(shape_, random_->Below(key_space_));
      return std::visit([](const auto& k) { return Value(k); }, key);
    }
    if (field.type == DataType::kBool) return random_->Chance(50);
    if (IsText(field)) return random_->Pick(texts);
    if (IsReal(field) && random_->Chance(70)) {
      static const std::vector<double> reals = {-1.5, -0.0, 0.1, 0.25, 0.5, 1e300};
      // What a 32-bit float cannot hold is no constant for a Float field.
      return field.type == DataType::kFloat ? Value(reals[random_->Below(5)])
                                            : Value(random_->Pick(reals));
    }
    if (field.name == "year") return random_->Between(1890, 2010);
    return random_->Chance(90) ? random_->Between(-10, 10) : random_->Between(-1000, 1000);
  }

  const Schema& schema_;
  const Shape& shape_;
  const std::size_t key_space_;
  Random* const random_;
};

}  // namespace

Condition MakeCondition(const Schema& schema, const Shape& shape, std::size_t key_space, int depth,
                        Random* random) {
  return Maker(schema, shape, key_space, random).Make(depth);
}

std::string TextOf(const Condition& condition, const Schema& schema) {
  const std::string& name = schema.fields()[condition.field].name;
  switch (condition.kind) {
    case Kind::kCompare:
      return name + " " + condition.op + " " + Literal(condition.constants[0]);
    case Kind::kFields:
      return name + " " + condition.op + " " + schema.fields()[condition.other].name;
    case Kind::kIn: {
      std::string text = name + (condition.negated ? " not in [" : " in [");
      for (const Value& value : condition.constants) text += Literal(value) + ",";
      return text + "]";
    }
    case Kind::kIsNull:
      return name + (condition.negated ? " is not null" : " is null");
    case Kind::kNot:
      return "not (" + TextOf(condition.parts[0], schema) + ")";
    case Kind::kAnd:
    case Kind::kOr:
      break;
  }
  std::string text;
  for (const Condition& part : condition.parts) {
    if (!text.empty()) text += condition.kind == Kind::kAnd ? " and " : " or ";
    text += "(" + TextOf(part, schema) + ")";
  }
  return text;
}

Answer Interpret(const Condition& condition, const Schema& schema, const Record& record) {
  const Field& field = schema.fields()[condition.field];
  const Value& value = record[condition.field];
  switch (condition.kind) {
    case Kind::kCompare:
      if (value.index() == 0) return std::nullopt;
      return CompareValues(condition.op, value, Seen(field, condition.constants[0]));
    case Kind::kFields: {
      const Value& other = record[condition.other];
      if (value.index() == 0 || other.index() == 0) return std::nullopt;
      return CompareValues(condition.op, value, other);
    }
    case Kind::kIn: {
      if (value.index() == 0) return std::nullopt;
      bool found = false;
      for (const Value& constant : condition.constants) {
        found = found || CompareValues("==", value, Seen(field, constant));
      }
      return found != condition.negated;
    }
    case Kind::kIsNull:
      return (value.index() == 0) != condition.negated;
    case Kind::kNot: {
      const Answer answer = Interpret(condition.parts[0], schema, record);
      return answer ? Answer(!*answer) : answer;
    }
    case Kind::kAnd:
    case Kind::kOr:
      return InterpretAll(condition, schema, record);
  }
  return std::nullopt;
}

}  // namespace vecdb::test
