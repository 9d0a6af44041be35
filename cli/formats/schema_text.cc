#include "formats/schema_text.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::array kTypes{DataType::kBool,           DataType::kInt8,
                            DataType::kInt16,          DataType::kInt32,
                            DataType::kInt64,          DataType::kFloat,
                            DataType::kDouble,         DataType::kVarChar,
                            DataType::kArray,          DataType::kJson,
                            DataType::kFloatVector,    DataType::kFloat16Vector,
                            DataType::kBFloat16Vector, DataType::kInt8Vector,
                            DataType::kBinaryVector,   DataType::kSparseFloatVector};
constexpr std::array kMetrics{Metric::kL2, Metric::kInnerProduct, Metric::kCosine, Metric::kHamming,
                              Metric::kJaccard};

template <typename List>
std::string Names(const List& list) {
  std::string names;
  for (const auto item : list) names += Format("{}{}", names.empty() ? "" : ", ", ToString(item));
  return names;
}

std::string_view TakeUntil(std::string_view* text, char end) {
  const std::size_t at = text->find(end);
  const std::string_view taken = text->substr(0, at);
  text->remove_prefix(at == std::string_view::npos ? text->size() : at + 1);
  return taken;
}

Result<std::uint32_t> Number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Bad("{} is no size", Quoted(text));
  }
  return number;
}

// Of an array: "Int64", or "VarChar,100" for at most 100 of them.
Status TakeElement(std::string_view text, Field* field) {
  CLI_TRY_ASSIGN(field->element_type, TypeNamed(TakeUntil(&text, ',')));
  if (text.empty()) return Status();
  CLI_TRY_ASSIGN(field->max_capacity, Number(text));
  return Status();
}

// "VarChar(200)"
Status TakeType(std::string_view text, Field* field) {
  const std::size_t open = text.find('(');
  CLI_TRY_ASSIGN(field->type, TypeNamed(text.substr(0, open)));
  field->metric = UsualMetric(field->type);
  if (open == std::string_view::npos) return Status();
  if (text.back() != ')') return Bad("{} does not end in ')'", Quoted(text));
  const std::string_view inner = text.substr(open + 1, text.size() - open - 2);
  if (field->type == DataType::kArray) return TakeElement(inner, field);
  CLI_TRY_ASSIGN(const std::uint32_t size, Number(inner));
  if (IsVector(field->type)) {
    field->dimension = size;
  } else if (field->type == DataType::kVarChar) {
    field->max_length = size;
  } else {
    return Bad("{} takes no size", ToString(field->type));
  }
  return Status();
}

Result<Value> DefaultOf(DataType type, std::string_view text) {
  if (type == DataType::kVarChar) return Value(std::string(text));
  if (type == DataType::kBool && (text == "true" || text == "false")) return Value(text == "true");
  const char* const end = text.data() + text.size();
  if (type == DataType::kFloat || type == DataType::kDouble) {
    double number = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && stop == end) return Value(number);
  } else if (type == DataType::kJson) {
    return Value(std::string(text));
  } else if (type != DataType::kBool && type != DataType::kArray && !IsVector(type)) {
    std::int64_t number = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && stop == end) return Value(number);
  }
  return Bad("{} is no default for {}", Quoted(text), ToString(type));
}

Status TakeWord(std::string_view word, Field* field) {
  constexpr std::string_view kDefault = "default=";
  if (word == "key") {
    field->primary_key = true;
  } else if (word == "auto") {
    field->primary_key = true;
    field->auto_id = true;
  } else if (word == "nullable") {
    field->nullable = true;
  } else if (word.substr(0, kDefault.size()) == kDefault) {
    CLI_TRY_ASSIGN(field->default_value, DefaultOf(field->type, word.substr(kDefault.size())));
  } else {
    const auto metric = MetricNamed(word);
    if (!metric.ok() || !IsVector(field->type)) {
      return Bad("{} is none of key, auto, nullable, default=VALUE{}", Quoted(word),
                 IsVector(field->type) ? ", " + MetricNames() : std::string());
    }
    field->metric = *metric;
  }
  return Status();
}

}  // namespace

Result<DataType> TypeNamed(std::string_view name) {
  for (const DataType type : kTypes) {
    if (ToString(type) == name) return type;
  }
  return Bad("{} is no type: there are {}", Quoted(name), TypeNames());
}

Result<Metric> MetricNamed(std::string_view name) {
  for (const Metric metric : kMetrics) {
    if (ToString(metric) == name) return metric;
  }
  return Bad("{} is no metric: there are {}", Quoted(name), MetricNames());
}

std::string TypeNames() {
  return Names(kTypes);
}

std::string MetricNames() {
  return Names(kMetrics);
}

bool IsVector(DataType type) {
  return type >= DataType::kBinaryVector;
}

Metric UsualMetric(DataType type) {
  if (type == DataType::kBinaryVector) return Metric::kHamming;
  return type == DataType::kSparseFloatVector ? Metric::kInnerProduct : Metric::kL2;
}

Result<Field> ParseField(std::string_view text) {
  Field field;
  std::string_view rest = text;
  field.name = std::string(TakeUntil(&rest, ':'));
  Status status = TakeType(TakeUntil(&rest, ':'), &field);
  while (status.ok() && !rest.empty()) {
    // A default may hold anything, and so is the last word.
    const bool last = rest.substr(0, 8) == "default=";
    status = TakeWord(TakeUntil(&rest, last ? '\0' : ':'), &field);
  }
  if (!status.ok()) return Annotate(status, Format("field {}", Quoted(text)));
  return field;
}

std::vector<Field> Overridden(std::vector<Field> fields, const std::vector<Field>& given) {
  for (const Field& field : given) {
    const auto same = std::find_if(fields.begin(), fields.end(),
                                   [&](const Field& other) { return other.name == field.name; });
    if (same != fields.end()) {
      *same = field;
    } else {
      fields.push_back(field);
    }
  }
  return fields;
}

Result<Schema> SchemaOf(const std::vector<Field>& fields) {
  SchemaBuilder builder;
  for (const Field& field : fields) builder.Add(field);
  return builder.Build();
}

}  // namespace vecdb::cli
