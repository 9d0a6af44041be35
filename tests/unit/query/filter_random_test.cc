// Random expressions over random rows, against an interpreter that looks at one row at a time and
// shares no code with the evaluator.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <random>

#include "base/format.h"
#include "chunk/value.h"
#include "filter_sample.h"
#include "segment/key_values.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb_test;
using base::Format;

namespace {

constexpr std::uint64_t kSeed = 20240607;
constexpr std::size_t kRows = 700;
constexpr int kExpressions = 8000;

using Answer = std::optional<bool>;  // nullopt = unknown
using Row = std::vector<Value>;

struct Expression {
  enum class Kind { kCompare, kRange, kIn, kIsNull, kNot, kAnd, kOr };
  Kind kind = Kind::kCompare;
  bool negated = false;  // not in, is not null
  std::string op, second_op;
  std::size_t field = 0, other = 0;  // other = 0: a constant
  std::vector<Value> constants;
  std::vector<Expression> parts;
};

// A wide type that holds every number of every column exactly.
using Exact = long double;
static_assert(std::numeric_limits<Exact>::digits >= 64);

Exact Number(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<Exact>(*integer);
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? 1 : 0;
  return static_cast<Exact>(std::get<double>(value));
}

template <typename T>
bool Holds(const std::string& op, const T& a, const T& b) {
  if (op == "==") return a == b;
  if (op == "!=") return a != b;
  if (op == "<") return a < b;
  if (op == "<=") return a <= b;
  if (op == ">") return a > b;
  return a >= b;
}

Answer CompareValues(const std::string& op, const Value& a, const Value& b) {
  if (a.index() == 0 || b.index() == 0) return std::nullopt;
  if (const auto* text = std::get_if<std::string>(&a)) {
    return Holds(op, *text, std::get<std::string>(b));
  }
  return Holds(op, Number(a), Number(b));
}

// The constant as a column of this type sees it.
Value Seen(const Value& constant, DataType type) {
  if (type != DataType::kFloat) return constant;
  if (const auto* integer = std::get_if<std::int64_t>(&constant)) {
    return static_cast<double>(static_cast<float>(*integer));
  }
  return static_cast<double>(static_cast<float>(std::get<double>(constant)));
}

Answer Not(Answer a) {
  return a ? Answer(!*a) : a;
}

Answer Interpret(const Expression& e, const Row& row, std::span<const Field> fields) {
  using Kind = Expression::Kind;
  const Value& value = row[e.field];
  const auto seen = [&](std::size_t i) { return Seen(e.constants[i], fields[e.field].type); };
  switch (e.kind) {
    case Kind::kCompare:
      return CompareValues(e.op, value, e.other != 0 ? row[e.other] : seen(0));
    case Kind::kRange: {
      const Answer low = CompareValues(e.op, seen(0), value);
      const Answer high = CompareValues(e.second_op, value, seen(1));
      return low ? Answer(*low && *high) : low;
    }
    case Kind::kIn: {
      if (value.index() == 0) return std::nullopt;
      bool found = false;
      for (std::size_t i = 0; i < e.constants.size(); ++i) {
        found = found || *CompareValues("==", value, seen(i));
      }
      return found != e.negated;
    }
    case Kind::kIsNull:
      return (value.index() == 0) != e.negated;
    case Kind::kNot:
      return Not(Interpret(e.parts[0], row, fields));
    case Kind::kAnd:
    case Kind::kOr: {
      const bool deciding = e.kind == Kind::kOr;
      Answer all = !deciding;
      for (const Expression& part : e.parts) {
        const Answer answer = Interpret(part, row, fields);
        if (answer == deciding) return deciding;
        if (!answer) all = std::nullopt;
      }
      return all;
    }
  }
  return std::nullopt;
}

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::size_t Below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  bool Chance(std::size_t percent) { return Below(100) < percent; }
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }

  // A value that a column of this type can hold.
  Value Stored(DataType type) {
    switch (type) {
      case DataType::kBool:
        return Chance(50);
      case DataType::kInt8:
        return Integer({-128, -127, -1, 0, 1, 2, 5, 126, 127});
      case DataType::kInt16:
        return Integer({-32768, -1, 0, 1, 2, 5, 127, 128, 32767});
      case DataType::kInt32:
        return Integer({-2147483648, -1, 0, 1, 2, 5, 127, 16777217, 2147483647});
      case DataType::kInt64:
        return Integer(kLongs);
      case DataType::kFloat:
        return static_cast<double>(static_cast<float>(Pick(kReals)));
      case DataType::kDouble:
        return Chance(80) ? Pick(kReals) : Pick(kWideReals);
      default:
        return Pick(kTexts);
    }
  }

  // A constant that may be compared with such a column.
  Value Constant(DataType type) {
    if (type == DataType::kBool || type == DataType::kVarChar) return Stored(type);
    const bool real = type == DataType::kFloat || type == DataType::kDouble;
    if (real && Chance(60)) return Chance(80) ? Pick(kReals) : Pick(kWideReals);
    return Chance(50) && !real ? Stored(type) : Integer(kLongs);
  }

  Expression Condition(std::span<const Field> fields, int depth) {
    using Kind = Expression::Kind;
    Expression e;
    const std::size_t roll = depth == 0 ? Below(60) : Below(100);
    e.field = Below(fields.size() - 1);  // the vector is last
    const DataType type = fields[e.field].type;
    if (roll < 25) {
      Compare(fields, &e);
    } else if (roll < 33) {
      if (type == DataType::kBool || !Range(type, &e)) Compare(fields, &e);
    } else if (roll < 50) {
      e.kind = Kind::kIn;
      e.negated = Chance(40);
      const std::size_t count = Chance(70) ? Below(6) : 8 + Below(12);
      for (std::size_t i = 0; i < count; ++i) e.constants.push_back(Constant(type));
    } else if (roll < 60) {
      e.kind = Kind::kIsNull;
      e.negated = Chance(50);
    } else {
      e.kind = roll < 70 ? Kind::kNot : roll < 85 ? Kind::kAnd : Kind::kOr;
      const std::size_t parts = e.kind == Kind::kNot ? 1 : 2 + Below(3);
      for (std::size_t i = 0; i < parts; ++i) e.parts.push_back(Condition(fields, depth - 1));
    }
    return e;
  }

  std::string Text(const Expression& e, std::span<const Field> fields) {
    using Kind = Expression::Kind;
    const std::string& name = fields[e.field].name;
    switch (e.kind) {
      case Kind::kCompare:
        if (e.other != 0) return name + Gap() + e.op + Gap() + fields[e.other].name;
        if (Chance(30)) return Literal(e.constants[0]) + Gap() + Mirror(e.op) + Gap() + name;
        return name + Gap() + e.op + Gap() + Literal(e.constants[0]);
      case Kind::kRange:
        return Literal(e.constants[0]) + Gap() + e.op + Gap() + name + Gap() + e.second_op + Gap() +
               Literal(e.constants[1]);
      case Kind::kIn: {
        std::string text = name + (e.negated ? Either(" not in ", " NOT IN ") : " in ") + "[";
        for (const Value& value : e.constants) text += Literal(value) + "," + Gap();
        return text + "]";
      }
      case Kind::kIsNull:
        return name + (e.negated ? Either(" is not null", " IS NOT NULL") : " is null");
      case Kind::kNot: {
        const std::string part = Text(e.parts[0], fields);
        const bool bare = e.parts[0].kind == Kind::kNot || e.parts[0].kind == Kind::kIsNull;
        return Either("not ", "! ") + (bare && Chance(60) ? part : "(" + part + ")");
      }
      case Kind::kAnd:
      case Kind::kOr:
        break;
    }
    std::string text;
    for (const Expression& part : e.parts) {
      if (!text.empty()) {
        text +=
            e.kind == Kind::kAnd ? Either(" and ", "&&", " AND ") : Either(" or ", "||", " OR ");
      }
      const bool needed = e.kind == Kind::kAnd && part.kind == Kind::kOr;
      const std::string inner = Text(part, fields);
      text += needed || Chance(30) ? "(" + inner + ")" : inner;
    }
    return text;
  }

 private:
  static std::string Mirror(const std::string& op) {
    if (op.front() == '<') return ">" + op.substr(1);
    if (op.front() == '>') return "<" + op.substr(1);
    return op;
  }
  std::string Gap() { return Chance(80) ? " " : Chance(50) ? "" : "\t "; }
  std::string Either(const char* a, const char* b, const char* c = nullptr) {
    const std::size_t roll = Below(c == nullptr ? 2 : 3);
    return roll == 0 ? a : roll == 1 ? b : c;
  }
  Value Integer(const std::vector<std::int64_t>& from) {
    return Chance(70) ? Pick(from) : std::int64_t{static_cast<std::int64_t>(Below(10)) - 5};
  }

  std::string Literal(const Value& value) {
    if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "False";
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      if (*integer > 0 && Chance(10)) return Format("0x{:x}", *integer);
      if (*integer > 0 && Chance(10)) return Format("0b{:b}", *integer);
      return Format("{}", *integer);
    }
    if (const auto* real = std::get_if<double>(&value)) return Format("{:.17e}", *real);
    std::string text = "'";
    for (const char c : std::get<std::string>(value)) {
      const auto byte = static_cast<unsigned char>(c);
      const bool plain = byte >= 0x20 && c != '\'' && c != '\\';
      text += plain && Chance(95) ? std::string(1, c) : Format("\\x{:02x}", byte);
    }
    return text + "'";
  }

  void Compare(std::span<const Field> fields, Expression* e) {
    e->kind = Expression::Kind::kCompare;
    const DataType type = fields[e->field].type;
    const std::vector<std::string> equality = {"==", "!="};
    const std::vector<std::string> all = {"==", "!=", "<", "<=", ">", ">="};
    e->op = Pick(type == DataType::kBool ? equality : all);
    e->constants = {Constant(type)};
    if (Chance(60)) return;
    const std::size_t other = 1 + Below(fields.size() - 2);
    const auto group = [](DataType t) {
      return t == DataType::kBool ? 0 : t == DataType::kVarChar ? 1 : 2;
    };
    if (group(fields[other].type) == group(type)) e->other = other;
  }

  // False when the two constants leave no room.
  bool Range(DataType type, Expression* e) {
    e->kind = Expression::Kind::kRange;
    const bool up = Chance(50);
    e->op = up ? Either("<", "<=") : Either(">", ">=");
    e->second_op = up ? Either("<", "<=") : Either(">", ">=");
    e->constants = {Constant(type), Constant(type)};
    const auto low = up ? e->constants[0] : e->constants[1];
    const auto high = up ? e->constants[1] : e->constants[0];
    if (*CompareValues("<", low, high)) return true;
    return *CompareValues("==", low, high) && e->op.size() == 2 && e->second_op.size() == 2;
  }

  const std::vector<std::int64_t> kLongs = {std::numeric_limits<std::int64_t>::min(),
                                            std::numeric_limits<std::int64_t>::min() + 1,
                                            -9007199254740993,
                                            -2147483649,
                                            -129,
                                            -1,
                                            0,
                                            1,
                                            2,
                                            5,
                                            128,
                                            300,
                                            16777217,
                                            2147483648,
                                            9007199254740991,
                                            9007199254740992,
                                            9007199254740993,
                                            9223372036854775806,
                                            9223372036854775807};
  const std::vector<double> kReals = {-2147483648.0, -128, -1.5, -1,  -0.1, -0.0,     0,
                                      0.1,           0.5,  1,    1.5, 5,    16777216, 127};
  const std::vector<double> kWideReals = {-1e300,
                                          1e300,
                                          9007199254740992.0,
                                          9007199254740994.0,
                                          -9223372036854775808.0,
                                          9223372036854775808.0,
                                          9223372036854774784.0,
                                          5e-324,
                                          0.1F,
                                          16777217.0};
  const std::vector<std::string> kTexts = {"",  "a",    "ab",  "b",   "B",    std::string("a\0", 2),
                                           "ä", "\x7f", "'\\", "zzz", "apple"};

  std::mt19937_64 random_;
};

struct Table {
  std::vector<Row> rows;
  chunk::Chunk chunk;
};

Table RandomTable(Generator* generator) {
  const Schema schema = ShelfSchema();
  Table table;
  Batch batch(schema);
  static constexpr float kOrigin[2] = {0, 0};
  for (std::size_t i = 0; i < kRows; ++i) {
    Row row;
    for (const Field& field : schema.fields()) {
      if (field.primary_key) {
        row.emplace_back(static_cast<std::int64_t>(i) - 3);
      } else if (field.type == DataType::kFloatVector) {
        row.emplace_back();
      } else {
        row.push_back(field.nullable && generator->Chance(20) ? Value()
                                                              : generator->Stored(field.type));
      }
    }
    std::vector<NamedValue> named;
    for (std::size_t f = 0; f < row.size(); ++f) {
      ValueView view = std::span<const float>(kOrigin);
      if (schema.fields()[f].type != DataType::kFloatVector) {
        view = chunk::LentValue(row[f]).view();  // scalars are lent from the row itself
      }
      named.push_back({schema.fields()[f].name, view});
    }
    batch.Add(named).OrDie();
    table.rows.push_back(std::move(row));
  }
  table.chunk = *chunk::BatchAccess::TakeChunk(batch);
  return table;
}

CutSegment RandomlyCut(const Table& table, Generator* generator) {
  std::vector<std::vector<std::size_t>> cuts(table.chunk.columns.size());
  for (auto& of_field : cuts) {
    const std::size_t count = generator->Below(6);
    for (std::size_t i = 0; i < count; ++i) of_field.push_back(1 + generator->Below(kRows));
  }
  return CutSegment(table.chunk, std::move(cuts));
}

// Rows that pass have none but the values that the filter speaks of. How many fields it speaks of.
int CheckValues(const query::Filter& filter, const Table& table, const Ids& passing) {
  int found = 0;
  const Schema schema = ShelfSchema();
  for (const char* name : {"id", "large", "title", "author"}) {
    const auto field = static_cast<std::size_t>(schema.Find(name) - schema.fields().data());
    const auto values = filter.ValuesOf(static_cast<std::uint32_t>(field));
    if (!values) continue;
    ++found;
    for (const int id : passing) {
      const Value& value = table.rows[static_cast<std::size_t>(id) - 1][field];
      const auto same = [&](const Key& key) {
        const auto* text = std::get_if<std::string>(&key);
        return text != nullptr ? value == Value(*text) : value == Value(std::get<0>(key));
      };
      CAPTURE(name, id);
      REQUIRE(std::any_of(values->begin(), values->end(), same));
    }
  }
  return found;
}

// Rows in groups as a segment has them: where the range of a field says that no row of a group can
// pass, none does. How often that was said.
int CheckRanges(const query::Filter& filter, const CutSegment& segment, const Ids& passing,
                Generator* generator) {
  constexpr RowIndex kGroup = 7;
  int left_out = 0;
  const Schema schema = ShelfSchema();
  for (const char* name :
       {"id", "tiny", "small", "medium", "large", "single", "precise", "title", "author"}) {
    const auto field = static_cast<std::uint32_t>(schema.Find(name) - schema.fields().data());
    const auto first = static_cast<RowIndex>(generator->Below(kRows - kGroup));
    const auto range = *segment::FindKeyRange(field, kGroup, [&](RowIndex row, RowIndex max_rows) {
      return segment.Read(field, first + row, max_rows);
    });
    if (filter.MayPass(range)) continue;
    ++left_out;
    CAPTURE(name, first);
    REQUIRE(std::none_of(passing.begin(), passing.end(), [&](int id) {
      return id > static_cast<int>(first) && id <= static_cast<int>(first + kGroup);
    }));
  }
  return left_out;
}

}  // namespace

TEST_CASE("random filters pass the rows that a row-by-row interpreter passes", "[filter]") {
  std::printf("random filters: seed %llu\n", static_cast<unsigned long long>(kSeed));
  Generator generator(kSeed);
  const Schema schema = ShelfSchema();
  const Table table = RandomTable(&generator);
  int passing = 0;
  int failing = 0;
  int constrained = 0;
  int left_out = 0;
  for (int i = 0; i < kExpressions; ++i) {
    const Expression expression = generator.Condition(schema.fields(), 4);
    const std::string text = generator.Text(expression, schema.fields());
    const CutSegment segment = RandomlyCut(table, &generator);
    CAPTURE(i, text);
    const auto filter = query::Filter::Compile(text, schema);
    CAPTURE(filter.status().ToString());
    REQUIRE(filter.ok());
    Ids expected;
    for (std::size_t row = 0; row < kRows; ++row) {
      if (Interpret(expression, table.rows[row], schema.fields()) == true) {
        expected.push_back(static_cast<int>(row) + 1);
      }
    }
    REQUIRE(Matching(**filter, segment) == expected);
    constrained += CheckValues(**filter, table, expected);
    left_out += CheckRanges(**filter, segment, expected, &generator);
    passing += expected.empty() ? 0 : 1;
    failing += expected.size() < kRows ? 1 : 0;
    const std::string printed = (*filter)->ToString();
    const auto again = query::Filter::Compile(printed, schema);
    CAPTURE(printed, again.status().ToString());
    REQUIRE(again.ok());
    REQUIRE((*again)->ToString() == printed);
    REQUIRE(Matching(**again, segment) == expected);
  }
  CHECK(passing > kExpressions / 2);  // the test tests something
  CHECK(failing > kExpressions / 2);
  CHECK(constrained > kExpressions / 100);
  CHECK(left_out > kExpressions / 100);
}
