#include "table.h"

#include <cstring>
#include <optional>

#include "base/format.h"
#include "chunk/keys.h"
#include "chunk/value.h"

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
std::optional<ValueView> Given(const Field& field, const Value& value, Random* random) {
  const bool is_default = field.default_value.index() != 0 && SameBits(value, field.default_value);
  if (is_default && random->Chance(50)) return std::nullopt;
  if (is_default && random->Chance(50)) return ValueView(std::monostate{});
  if (field.nullable && value.index() == 0 && random->Chance(50)) return std::nullopt;
  return chunk::LentValue(value).view();  // never one of bools or texts
}

void AddRow(const Schema& schema, const Record& record, Random* random, Batch* batch) {
  std::vector<NamedValue> row;
  for (std::size_t i = 0; i < record.size(); ++i) {
    const Field& field = schema.fields()[i];
    if (field.auto_id) continue;
    if (const auto given = Given(field, record[i], random)) row.push_back({field.name, *given});
  }
  batch->Add(row).OrDie();
}

using Rows = std::vector<std::shared_ptr<const Record>>;

template <typename Stored, typename Lent = Stored>
void AddScalars(std::size_t index, const Field& field, const Rows& rows, Batch* batch) {
  const std::unique_ptr<Lent[]> values(new Lent[rows.size()]());
  std::vector<std::uint8_t> valid;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto* value = std::get_if<Stored>(&(*rows[i])[index]);
    valid.push_back(value != nullptr);
    if (value != nullptr) values[i] = *value;
  }
  const std::span<const std::uint8_t> given =
      field.nullable ? std::span<const std::uint8_t>(valid) : std::span<const std::uint8_t>();
  batch->AddColumn(field.name, std::span<const Lent>(values.get(), rows.size()), given).OrDie();
}

void AddWholeColumn(std::size_t index, const Field& field, const Rows& rows, Batch* batch) {
  switch (field.type) {
    case DataType::kBool:
      return AddScalars<bool>(index, field, rows, batch);
    case DataType::kFloat:
    case DataType::kDouble:
      return AddScalars<double>(index, field, rows, batch);
    case DataType::kVarChar:
      return AddScalars<std::string, std::string_view>(index, field, rows, batch);
    case DataType::kFloatVector: {
      std::vector<float> all;
      for (const auto& row : rows) {
        const auto& vector = std::get<std::vector<float>>((*row)[index]);
        all.insert(all.end(), vector.begin(), vector.end());
      }
      return batch->AddVectors(field.name, all).OrDie();
    }
    default:
      return AddScalars<std::int64_t>(index, field, rows, batch);
  }
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
      .Vector("v", shape.dimension, shape.metric)
      .Vector("w", 3, shape.second);
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

std::vector<float> MakeVector(const Field& field, const Shape& shape, Random* random) {
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
    } else if (field.type == DataType::kFloatVector) {
      record.emplace_back(MakeVector(field, shape, random));
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
    if (!field.auto_id) AddWholeColumn(i, field, rows, &batch);
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
    return x->size() == y.size() && std::memcmp(x->data(), y.data(), x->size() * 4) == 0;
  }
  return a == b;
}

std::string Shown(const Key& key) {
  return chunk::ToString(chunk::ViewOf(key));
}

}  // namespace vecdb::test
