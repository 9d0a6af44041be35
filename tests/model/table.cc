#include "table.h"

#include <cstring>
#include <optional>

#include "base/format.h"
#include "chunk/keys.h"
#include "chunk/value.h"
#include "support/all_types.h"

namespace vecdb::test {
namespace {

const std::vector<std::string>& Titles() {
  static const std::vector<std::string> titles = {
      "", "a", "ab", "apple", "größe", "zebra", "Apple", "m\tm", std::string(300, 'x')};
  return titles;
}

Value MakeScalar(const Field& field, Random* random) {
  static const std::vector<double> reals = {-0.0, 0.0, 0.1, 0.5, -1.5, 3.0, 1e300, -7.25};
  switch (field.type) {
    case DataType::kBool:
      return random->Chance(50);
    case DataType::kInt8:
      return random->Chance(80) ? random->Between(-5, 5) : random->Between(-128, 127);
    case DataType::kInt64:
      return random->Chance(80) ? random->Between(-20, 20)
                                : static_cast<std::int64_t>(random->Next());
    case DataType::kFloat:
      return static_cast<double>(random->Chance(50) ? random->Unit() : 0.5F);
    case DataType::kDouble:
      return random->Pick(reals);
    case DataType::kVarChar:
      return random->Pick(Titles());
    default:
      return random->Between(1900, 1999);
  }
}

// A row's value as the row door takes it, or nothing when it is left out.
std::optional<ValueView> Given(const Field& field, const Value& value, const ValueView& view,
                               Random* random) {
  const bool is_default = field.default_value.index() != 0 && SameBits(value, field.default_value);
  if (is_default && random->Chance(50)) return std::nullopt;
  if (is_default && random->Chance(50)) return ValueView(std::monostate{});
  if (field.nullable && value.index() == 0 && random->Chance(50)) return std::nullopt;
  return view;
}

void AddRow(const Schema& schema, const Record& record, Random* random, Batch* batch) {
  std::vector<std::unique_ptr<chunk::LentValue>> lent;
  std::vector<NamedValue> row;
  for (std::size_t i = 0; i < record.size(); ++i) {
    const Field& field = schema.fields()[i];
    if (field.auto_id) continue;
    lent.push_back(std::make_unique<chunk::LentValue>(record[i]));
    const auto given = Given(field, record[i], lent.back()->view(), random);
    if (given) row.push_back({field.name, *given});
  }
  batch->Add(row).OrDie();
}

using Rows = std::vector<std::shared_ptr<const Record>>;

Field VectorField(const char* name, DataType type, std::uint32_t dimension, Metric metric) {
  Field field;
  field.name = name;
  field.type = type;
  field.metric = metric;
  if (type != DataType::kSparseFloatVector) {
    field.dimension = dimension * (type == DataType::kBinaryVector ? 8 : 1);
  }
  return field;
}

}  // namespace

Schema MakeSchema(const Shape& shape) {
  SchemaBuilder builder;
  if (shape.keys == KeyKind::kAuto) {
    builder.AutoPrimaryKey("id");
  } else {
    builder.PrimaryKey("id", shape.keys == KeyKind::kInt64 ? DataType::kInt64 : DataType::kVarChar);
  }
  Field rank;
  rank.name = "rank";
  rank.type = DataType::kInt32;
  rank.default_value = kRankDefault;
  builder.Nullable("flag", DataType::kBool)
      .Scalar("tiny", DataType::kInt8)
      .Nullable("year", DataType::kInt32)
      .Scalar("big", DataType::kInt64)
      .Nullable("ratio", DataType::kDouble)
      .Scalar("single", DataType::kFloat)
      .Nullable("title", DataType::kVarChar)
      .Add(rank)
      .Add(VectorField("v", shape.type, shape.dimension, shape.metric))
      .Add(VectorField("w", shape.second_type, 3, shape.second))
      .Nullable("json", DataType::kJson)
      .Add({.name = "tags",
            .type = DataType::kArray,
            .max_length = 100,
            .element_type = DataType::kVarChar,
            .max_capacity = 5,
            .nullable = true})
      .Add({.name = "switches",
            .type = DataType::kArray,
            .element_type = DataType::kBool,
            .default_value = std::vector<bool>{true, false}})
      .Array("shorts", DataType::kInt16, 4);
  return *builder.Build();
}

Key MakeKey(const Shape& shape, std::size_t number) {
  if (shape.keys != KeyKind::kVarChar) {
    return static_cast<std::int64_t>(number) * (number % 2 == 0 ? 1 : -1);
  }
  if (number == 0) return std::string();
  const std::string digits = std::to_string(number);
  if (number % 3 == 0) return "ключ" + digits;
  return number % 3 == 1 ? "k" + digits : std::string(110, 'l') + digits;  // beyond routing's 100
}

Value MakeVector(const Field& field, const Shape& shape, Random* random) {
  if (field.type != DataType::kFloatVector) return MakeVectorOf(field, random);
  std::vector<float> vector(field.dimension);
  if (random->Chance(2)) return vector;  // a zero vector
  for (float& x : vector) {
    x = shape.whole_numbers ? static_cast<float>(random->Between(-3, 3)) : random->Unit();
  }
  return vector;
}

Record MakeRecord(const Schema& schema, const Shape& shape, const Key& key, Random* random) {
  Record record;
  for (const Field& field : schema.fields()) {
    if (field.primary_key) {
      std::visit([&record](const auto& k) { record.emplace_back(k); }, key);
    } else if (chunk::IsVector(field.type)) {
      record.emplace_back(MakeVector(field, shape, random));
    } else if (!chunk::IsScalar(field.type)) {
      record.emplace_back(MakeValueOf(field, random));
    } else if (field.default_value.index() != 0) {
      record.emplace_back(random->Chance(40) ? field.default_value : Value(random->Between(0, 9)));
    } else {
      record.push_back(field.nullable && random->Chance(25) ? Value() : MakeScalar(field, random));
    }
  }
  return record;
}

Batch MakeBatch(const Schema& schema, const Rows& rows, Random* random) {
  Batch batch(schema);
  if (rows.empty() || random->Chance(60)) {
    for (const auto& row : rows) AddRow(schema, *row, random, &batch);
    return batch;
  }
  for (std::size_t i = 0; i < schema.fields().size(); ++i) {
    const Field& field = schema.fields()[i];
    if (field.auto_id) continue;
    std::vector<std::unique_ptr<chunk::LentValue>> lent;
    for (const auto& row : rows) lent.push_back(std::make_unique<chunk::LentValue>((*row)[i]));
    AddWholeColumn(field, lent, &batch).OrDie();
  }
  return batch;
}

bool SameBits(const Value& a, const Value& b) {
  if (a.index() != b.index()) return false;
  if (const auto* x = std::get_if<double>(&a)) {
    return std::memcmp(x, std::get_if<double>(&b), sizeof(double)) == 0;
  }
  if (const auto* x = std::get_if<std::vector<float>>(&a)) {
    const auto& y = std::get<std::vector<float>>(b);
    return x->size() == y.size() &&
           (x->empty() || std::memcmp(x->data(), y.data(), x->size() * 4) == 0);
  }
  if (const auto* x = std::get_if<SparseVector>(&a)) {
    return x->indices == std::get<SparseVector>(b).indices &&
           SameBits(x->values, std::get<SparseVector>(b).values);
  }
  return a == b;
}

std::string Shown(const Key& key) {
  return chunk::ToString(chunk::ViewOf(key));
}

}  // namespace vecdb::test
