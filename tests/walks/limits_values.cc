// Values at the edges of their types, through every door.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "chunk/half.h"
#include "chunk/kinds.h"
#include "chunk/value.h"
#include "walks/limits.h"

namespace vecdb::test::limits {
bool Same(const Value& a, const Value& b) {
  if (a.index() != b.index()) return false;
  if (const auto* x = std::get_if<double>(&a)) {
    return std::memcmp(x, std::get_if<double>(&b), sizeof(double)) == 0;
  }
  if (const auto* x = std::get_if<std::vector<float>>(&a)) {
    const auto& y = *std::get_if<std::vector<float>>(&b);
    return x->size() == y.size() &&
           (x->empty() || std::memcmp(x->data(), y.data(), x->size() * sizeof(float)) == 0);
  }
  if (const auto* x = std::get_if<SparseVector>(&a)) {
    return x->indices == std::get_if<SparseVector>(&b)->indices &&
           Same(x->values, std::get_if<SparseVector>(&b)->values);
  }
  return a == b;
}

namespace {

// What a field gives back for what it was given.
Value Stored(const Field& field, const Value& given) {
  const bool floating = field.type == DataType::kFloat || field.type == DataType::kDouble;
  Value value = given;
  if (const auto* i = std::get_if<std::int64_t>(&given); i != nullptr && floating) {
    value = static_cast<double>(*i);
  }
  if (const auto* d = std::get_if<double>(&value); d != nullptr && field.type == DataType::kFloat) {
    value = static_cast<double>(static_cast<float>(*d));
  }
  const auto* integers = std::get_if<std::vector<std::int64_t>>(&given);
  const bool reals =
      field.element_type == DataType::kFloat || field.element_type == DataType::kDouble;
  if (integers != nullptr && reals) {
    value = std::vector<double>(integers->begin(), integers->end());
  }
  if (auto* v = std::get_if<std::vector<float>>(&value);
      v != nullptr && chunk::IsHalf(field.type)) {
    std::vector<std::uint16_t> halves(v->size());
    chunk::ToHalf(field.type, *v, halves.data());
    chunk::FromHalf(field.type, halves, v->data());
  }
  return value;
}

Schema SchemaOf(const Field& field) {
  SchemaBuilder builder;
  if (!field.primary_key) builder.PrimaryKey("id");
  builder.Add(field);
  if (!chunk::IsVector(field.type)) builder.Vector("other", 1, Metric::kL2);
  return *builder.Build();
}

Status FillByRow(const ValueCase& c, Batch* batch) {
  const chunk::LentValue lent(c.value);
  std::vector<NamedValue> row{{c.field.name, lent.view()}};
  if (!c.field.primary_key) row.push_back({"id", std::int64_t{1}});
  if (!chunk::IsVector(c.field.type)) row.push_back({"other", kOther});
  return batch->Add(row);
}

Status AddOne(const Field& field, const Value& value, Batch* batch) {
  const std::string& name = field.name;
  if (const auto* text = std::get_if<std::string>(&value)) {
    const std::string_view one[] = {*text};
    return batch->AddColumn(name, one);
  }
  if (const auto* b = std::get_if<bool>(&value)) return batch->AddColumn(name, std::span(b, 1));
  if (const auto* i = std::get_if<std::int64_t>(&value)) {
    return batch->AddColumn(name, std::span(i, 1));
  }
  if (const auto* d = std::get_if<double>(&value)) return batch->AddColumn(name, std::span(d, 1));
  if (const auto* v = std::get_if<std::vector<float>>(&value)) return batch->AddVectors(name, *v);
  if (const auto* v = std::get_if<std::vector<std::int8_t>>(&value)) {
    return batch->AddVectors(name, *v);
  }
  if (const auto* v = std::get_if<std::vector<std::uint8_t>>(&value)) {
    return batch->AddVectors(name, *v);
  }
  const chunk::LentValue lent(value);
  if (const auto* v = std::get_if<SparseView>(&lent.view())) {
    return batch->AddSparse(name, std::span(v, 1));
  }
  if (const auto* a = std::get_if<std::span<const bool>>(&lent.view())) {
    return batch->AddColumn(name, std::span(a, 1));
  }
  if (const auto* a = std::get_if<std::span<const std::int64_t>>(&lent.view())) {
    return batch->AddColumn(name, std::span(a, 1));
  }
  if (const auto* a = std::get_if<std::span<const double>>(&lent.view())) {
    return batch->AddColumn(name, std::span(a, 1));
  }
  if (const auto* a = std::get_if<std::span<const std::string_view>>(&lent.view())) {
    return batch->AddColumn(name, std::span(a, 1));
  }
  const std::uint8_t null[] = {0};
  switch (field.type) {
    case DataType::kBool: {
      const bool one[] = {false};
      return batch->AddColumn(name, one, null);
    }
    case DataType::kArray: {
      const std::span<const std::int64_t> one[] = {{}};
      return batch->AddColumn(name, one, null);
    }
    case DataType::kJson:
    case DataType::kVarChar: {
      const std::string_view one[] = {""};
      return batch->AddColumn(name, one, null);
    }
    case DataType::kDouble:
    case DataType::kFloat: {
      const double one[] = {0};
      return batch->AddColumn(name, one, null);
    }
    default: {
      const std::int64_t one[] = {0};
      return batch->AddColumn(name, one, null);
    }
  }
}

Status FillByColumns(const ValueCase& c, Batch* batch) {
  if (!c.field.primary_key) {
    const std::int64_t id[] = {1};
    batch->AddColumn("id", id).OrDie();
  }
  if (!chunk::IsVector(c.field.type)) batch->AddVectors("other", kOther).OrDie();
  return AddOne(c.field, c.value, batch);
}

}  // namespace

bool ComesBack(const Field& field, const Value& expected, const Batch& batch) {
  TestDatabase db;
  Collection rows = *db->CreateCollection("rows", batch.schema());
  if (!rows.Insert(batch).ok()) return false;
  const auto there = [&] {
    const auto found = rows.Query({.output_fields = {field.name}});
    return found.ok() && found->size() == 1 && Same((*found)[0].values[0], expected);
  };
  const auto reopen = [&] {
    db.Reopen();
    rows = db.OpenBooks("rows");
  };
  bool same = there();
  reopen();
  same = same && there();
  same = same && rows.Flush().ok() && there();
  reopen();
  same = same && there();
  if (field.primary_key) {
    const Key key = std::holds_alternative<std::string>(expected)
                        ? Key(std::get<std::string>(expected))
                        : Key(std::get<std::int64_t>(expected));
    same = same && rows.Get(std::span(&key, 1), {})->missing.empty();
    same = same && rows.Delete(std::span(&key, 1)).ok() && *rows.Count() == 0;
  }
  return same;
}

void TryValue(Tally& tally, const ValueCase& c) {
  const bool null_vector = chunk::IsVector(c.field.type) && c.value.index() == 0;
  for (const Door door : {Door::kRows, Door::kColumns}) {
    if (door == Door::kColumns && null_vector) continue;  // that door cannot say it
    INFO(NameOf(door) << ", " << ToString(c.field.type) << " field, value kind "
                      << c.value.index());
    Batch batch(SchemaOf(c.field));
    const Status status = door == Door::kRows ? FillByRow(c, &batch) : FillByColumns(c, &batch);
    std::vector<std::string> words = c.words;
    words.push_back("'" + c.field.name + "'");
    Judge(tally, status, c.accepted, words);
    if (!c.accepted || !status.ok()) continue;
    const bool survived = ComesBack(c.field, Stored(c.field, c.value), batch);
    CHECK(survived);
    tally.survived += survived ? 1 : 0;
  }
  TryByC(tally, c, SchemaOf(c.field), Stored(c.field, c.value));
  TryByFiles(tally, c, SchemaOf(c.field), Stored(c.field, c.value));
}

namespace {

Field FieldOf(DataType type) {
  Field field{.name = "f", .type = type};
  if (type == DataType::kFloatVector) field.dimension = 3;
  return field;
}

template <typename Int>
void TryIntegers(Tally& tally, DataType type) {
  constexpr std::int64_t kLow = std::numeric_limits<Int>::min();
  constexpr std::int64_t kHigh = std::numeric_limits<Int>::max();
  const std::string range = std::to_string(kLow) + ".." + std::to_string(kHigh);
  for (const std::int64_t inside :
       {kLow, kLow + 1, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, kHigh - 1, kHigh}) {
    TryValue(tally, {FieldOf(type), inside});
  }
  for (const std::int64_t outside : {kLow - 1, kHigh + 1, std::numeric_limits<std::int64_t>::min(),
                                     std::numeric_limits<std::int64_t>::max()}) {
    TryValue(tally, {FieldOf(type), outside, false, {range, std::to_string(outside)}});
  }
}

void TryNumbers(Tally& tally) {
  TryIntegers<std::int8_t>(tally, DataType::kInt8);
  TryIntegers<std::int16_t>(tally, DataType::kInt16);
  TryIntegers<std::int32_t>(tally, DataType::kInt32);
  using Wide = std::numeric_limits<std::int64_t>;
  for (const std::int64_t value : {Wide::min(), Wide::min() + 1, std::int64_t{-1}, std::int64_t{0},
                                   Wide::max() - 1, Wide::max()}) {
    TryValue(tally, {FieldOf(DataType::kInt64), value});
    Field key = FieldOf(DataType::kInt64);
    key.primary_key = true;
    TryValue(tally, {key, value});
  }
  TryValue(tally, {FieldOf(DataType::kBool), true});
  TryValue(tally, {FieldOf(DataType::kBool), false});

  using Single = std::numeric_limits<float>;
  using Exact = std::numeric_limits<double>;
  const double largest = Single::max();
  for (const double value :
       {0.0, -0.0, 0.1, largest, -largest, double{Single::min()}, double{Single::denorm_min()},
        -double{Single::denorm_min()}, Exact::denorm_min(), 1e38, 16'777'217.0}) {
    TryValue(tally, {FieldOf(DataType::kFloat), value});
  }
  for (const double value :
       {std::nextafter(largest, Exact::infinity()), 3.5e38, -3.5e38, Exact::max(),
        Exact::infinity(), -Exact::infinity(), Exact::quiet_NaN()}) {
    TryValue(tally, {FieldOf(DataType::kFloat), value, false, {"holds"}});
  }
  for (const double value : {0.0, -0.0, Exact::max(), Exact::lowest(), Exact::min(),
                             Exact::denorm_min(), -Exact::denorm_min(), 1e38, 1e300}) {
    TryValue(tally, {FieldOf(DataType::kDouble), value});
  }
  for (const double value : {Exact::infinity(), -Exact::infinity(), Exact::quiet_NaN()}) {
    TryValue(tally, {FieldOf(DataType::kDouble), value, false, {"finite"}});
  }
  for (const std::int64_t sign : {-1, 1}) {
    for (const auto& [type, bits] :
         {std::pair(DataType::kFloat, 24), std::pair(DataType::kDouble, 53)}) {
      const std::int64_t limit = sign * (std::int64_t{1} << bits);
      TryValue(tally, {FieldOf(type), limit - sign});
      TryValue(tally, {FieldOf(type), limit});
      TryValue(tally, {FieldOf(type), limit + sign, false, {std::to_string(limit + sign)}});
    }
  }
}

// Each kind of value into each type of field.
void TryTypes(Tally& tally) {
  const std::vector<Value> values = {
      Value(), true, std::int64_t{1}, 1.5, std::string("text"), std::vector<float>{1, 2, 3}};
  const std::vector<std::pair<DataType, std::vector<std::size_t>>> takes = {
      {DataType::kBool, {1}},      {DataType::kInt8, {2}},    {DataType::kInt16, {2}},
      {DataType::kInt32, {2}},     {DataType::kInt64, {2}},   {DataType::kFloat, {2, 3}},
      {DataType::kDouble, {2, 3}}, {DataType::kVarChar, {4}}, {DataType::kFloatVector, {5}}};
  for (const auto& [type, kinds] : takes) {
    for (const Value& value : values) {
      const bool accepted = std::find(kinds.begin(), kinds.end(), value.index()) != kinds.end();
      TryValue(tally, {FieldOf(type), value, accepted});
    }
    if (type == DataType::kFloatVector) continue;
    Field nullable = FieldOf(type);
    nullable.nullable = true;
    TryValue(tally, {nullable, Value()});
    TryValue(tally, {nullable, values[kinds.back()]});
  }
}

void TryTexts(Tally& tally) {
  Field text = FieldOf(DataType::kVarChar);
  Field key = text;
  key.primary_key = true;
  Field ten = text;
  ten.max_length = 10;
  for (const std::size_t length : {0UL, 1UL, 65'534UL, 65'535UL}) {
    TryValue(tally, {text, std::string(length, 'x')});
    TryValue(tally, {key, std::string(length, 'k')});
  }
  for (const std::size_t length : {65'536UL, 65'537UL, 1'000'000UL}) {
    const std::vector<std::string> words{"65535", std::to_string(length)};
    TryValue(tally, {text, std::string(length, 'x'), false, words});
    TryValue(tally, {key, std::string(length, 'k'), false, words});
  }
  for (const std::size_t length : {9UL, 10UL}) TryValue(tally, {ten, std::string(length, 'x')});
  TryValue(tally, {ten, std::string(11, 'x'), false, {"10", "11"}});
  const std::string book = "\xF0\x9F\x93\x9A";
  TryValue(tally, {ten, book + book + "ab"});
  TryValue(tally, {ten, book + book + "abc", false, {"10", "11"}});

  for (const std::string& good :
       {std::string("a\0b", 3), std::string(1, '\0'), std::string("\0\0", 2), book,
        std::string("\xC2\x80"), std::string("\xDF\xBF"), std::string("\xE0\xA0\x80"),
        std::string("\xED\x9F\xBF"), std::string("\xEF\xBF\xBF"), std::string("\xF0\x90\x80\x80"),
        std::string("\xF4\x8F\xBF\xBF"), std::string("a\nb\r\t"), std::string("\x7F")}) {
    TryValue(tally, {text, good});
    TryValue(tally, {key, good});
  }
  for (const char* bad :
       {"\xFF", "\xFE", "\x80", "a\x80z", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF",
        "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xE2\x82", "\xF0\x9F\x93", "\xC3", "\xC3("}) {
    TryValue(tally, {text, std::string(bad), false, {"UTF-8", "byte"}});
    TryValue(tally, {key, std::string(bad), false, {"UTF-8", "byte"}});
  }
}

void TryVectors(Tally& tally) {
  using Single = std::numeric_limits<float>;
  for (const std::uint32_t dimension : {1U, 2U, 17U, 768U, 32'767U, 32'768U}) {
    Field field = FieldOf(DataType::kFloatVector);
    field.dimension = dimension;
    std::vector<float> v(dimension, 0.25F);
    TryValue(tally, {field, v});
    v.push_back(1);
    TryValue(tally, {field, v, false});
    v.resize(dimension - 1);
    TryValue(tally, {field, v, false});
    for (const float odd : {Single::quiet_NaN(), Single::infinity(), -Single::infinity()}) {
      for (const std::uint32_t at : {0U, dimension / 2, dimension - 1}) {
        std::vector<float> with(dimension, 1);
        with[at] = odd;
        TryValue(tally, {field, with, false, {"finite", "position " + std::to_string(at)}});
      }
    }
    for (const float edge :
         {Single::denorm_min(), -Single::denorm_min(), -0.0F, Single::min(), 9.2e18F, -9.2e18F}) {
      std::vector<float> with(dimension, 0);
      with[dimension - 1] = edge;
      TryValue(tally, {field, with});
    }
    for (const float beyond : {9.25e18F, -9.25e18F, 1e38F, Single::max()}) {
      std::vector<float> with(dimension, 0);
      with[0] = beyond;
      TryValue(tally, {field, with, false, {"norm"}});
    }
  }
}

}  // namespace

void TryValues(Tally& tally) {
  TryNumbers(tally);
  TryTypes(tally);
  TryTexts(tally);
  TryVectors(tally);
  TryOtherTypes(tally);
}

}  // namespace vecdb::test::limits
