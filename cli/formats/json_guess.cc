#include "formats/json_guess.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "formats/json_parse.h"
#include "formats/schema_text.h"

namespace vecdb::cli {
namespace {

class GuessHandler : public JsonHandler {
 public:
  explicit GuessHandler(Guess* guess) : guess_(*guess) {}

  Status End() {
    CLI_TRY(status_);
    if (!object_) return Bad("a row is a JSON object, like {{\"id\": 1}}");
    std::sort(names_.begin(), names_.end());
    const auto twice = std::adjacent_find(names_.begin(), names_.end());
    if (twice != names_.end()) return Bad("the row has the member {} twice", Quoted(*twice));
    guess_.EndRow();
    return Status();
  }

  // Called by rapidjson, which fixes the names.
  bool Key(const char* name, rapidjson::SizeType size, bool /*copy*/) {
    if (!AtMember() || !status_.ok()) return true;
    names_.emplace_back(name, size);
    given_ = guess_.Given(names_.back());
    return true;
  }
  bool StartObject() {
    if (depth_ == 0) object_ = true;
    if (AtMember())
      Judge("is an object; --field NAME:JSON or NAME:SparseFloatVector says what it is to be");
    if (depth_ > 1) odd_ = true;
    ++depth_;
    return true;
  }
  bool EndObject(rapidjson::SizeType /*members*/) {
    --depth_;
    return !AtMember() || !given_ || Add(Shape::kText);
  }
  bool StartArray() {
    if (AtMember()) {
      numbers_ = 0;
      odd_ = false;
    } else {
      odd_ = true;
    }
    ++depth_;
    return true;
  }
  bool EndArray(rapidjson::SizeType elements) {
    --depth_;
    if (!AtMember()) return true;
    if (odd_) {
      Judge(
          "is an array of other things than numbers; --field NAME:Array(TYPE) or NAME:JSON says "
          "what it is to be");
    } else if (elements == 0) {
      Judge("is an empty array: a vector needs numbers");
    }
    return Add(Shape::kVector);
  }
  bool Null() { return Scalar(Shape::kNull); }
  bool Bool(bool /*value*/) { return Scalar(Shape::kBool); }
  bool String(const char* /*text*/, rapidjson::SizeType /*size*/, bool /*copy*/) {
    return Scalar(Shape::kText);
  }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    const std::string_view digits(text, size);
    if (depth_ == 2) ++numbers_;
    if (!AtMember()) return true;
    if (!IsIntegral(digits)) return Add(Shape::kReal);
    if (IntegerOf(digits)) return Add(Shape::kInteger);
    Judge(Format("is {}, an integer too large for every type", digits));
    return Add(Shape::kReal);
  }

 private:
  // Not so in an array that is in the place of a row.
  bool AtMember() const { return depth_ == 1 && object_; }
  bool Judge(std::string_view words) {
    if (given_ || !status_.ok()) return true;
    return Refuse(Bad("field {} {}", Quoted(names_.back()), words));
  }
  bool Scalar(Shape shape) {
    if (depth_ > 1) odd_ = true;
    return !AtMember() || Add(shape);
  }
  bool Add(Shape shape) {
    if (!status_.ok()) return true;
    const Status status = guess_.Add(names_.back(), shape, numbers_);
    return status.ok() || Refuse(status);
  }

  Guess& guess_;
  std::vector<std::string> names_;  // of the row's members
  bool object_ = false;
  bool given_ = false;         // the user has said what the member is
  std::uint32_t numbers_ = 0;  // in the array that is being read
  bool odd_ = false;           // it holds other things, too
};

using Json = rapidjson::Value;

// Builds a document whose numbers are exact. The value of a member "default" becomes its own text:
// what it means depends on the type of the field, and as JSON it keeps its digits.
class SchemaHandler : public JsonHandler {
 public:
  explicit SchemaHandler(rapidjson::Document* document) : document_(*document) {}

  // Called by rapidjson, which fixes the names.
  bool Null() {
    return Send([](auto& to) { return to.Null(); });
  }
  bool Bool(bool value) {
    return Send([value](auto& to) { return to.Bool(value); });
  }
  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return Send([text, size](auto& to) { return to.String(text, size, true); });
  }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    const std::string_view digits(text, size);
    return Send([this, digits](auto& to) { return Number(digits, to); });
  }
  bool Key(const char* name, rapidjson::SizeType size, bool /*copy*/) {
    if (inside_) return writer_.Key(name, size, true);
    inside_ = std::string_view(name, size) == "default";
    depth_ = 0;
    text_.Clear();
    writer_.Reset(text_);
    return document_.Key(name, size, true);
  }
  bool StartObject() {
    ++depth_;
    return inside_ ? writer_.StartObject() : document_.StartObject();
  }
  bool StartArray() {
    ++depth_;
    return inside_ ? writer_.StartArray() : document_.StartArray();
  }
  bool EndObject(rapidjson::SizeType members) {
    --depth_;
    return Send([members](auto& to) { return to.EndObject(members); });
  }
  bool EndArray(rapidjson::SizeType elements) {
    --depth_;
    return Send([elements](auto& to) { return to.EndArray(elements); });
  }

 private:
  using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

  // A value, or its end, to where it belongs.
  template <typename Give>
  bool Send(const Give& give) {
    if (!inside_) return give(document_);
    if (!give(writer_)) return false;
    if (depth_ != 0) return true;
    inside_ = false;
    return document_.String(text_.GetString(), static_cast<rapidjson::SizeType>(text_.GetSize()),
                            true);
  }
  bool Number(std::string_view digits, Writer& to) {
    return to.RawValue(digits.data(), digits.size(), rapidjson::kNumberType);
  }
  bool Number(std::string_view digits, rapidjson::Document& to) {
    if (const auto integer = IntegerOf(digits)) return to.Int64(*integer);
    const double number = RealOf(digits);
    if (!std::isfinite(number)) Refuse(Bad("{} is too large for a number", digits));
    return to.Double(number);
  }

  rapidjson::Document& document_;
  rapidjson::StringBuffer text_;
  Writer writer_{text_};
  bool inside_ = false;  // a default
};

Status ReadDocument(std::string text, rapidjson::Document* document) {
  Status status;
  const auto parse = [&](rapidjson::Document& to) {
    SchemaHandler handler(&to);
    rapidjson::Reader reader;
    status = ParseText(&text, &reader, &handler);
    return status.ok();
  };
  document->Populate(parse);
  return status;
}

Status TakeNumber(const Json& field, const char* name, std::uint32_t* out) {
  const auto member = field.FindMember(name);
  if (member == field.MemberEnd()) return Status();
  if (!member->value.IsUint()) return Bad("its '{}' is no whole number", name);
  *out = member->value.GetUint();
  return Status();
}

Status TakeFlag(const Json& field, const char* name, bool* out) {
  const auto member = field.FindMember(name);
  if (member == field.MemberEnd()) return Status();
  if (!member->value.IsBool()) return Bad("its '{}' is neither true nor false", name);
  *out = member->value.GetBool();
  return Status();
}

template <typename T, typename Is, typename Get>
Status TakeElements(const Json& array, const Is& is, const Get& get, Field* field) {
  std::vector<T> elements;
  for (const Json& element : array.GetArray()) {
    if (!is(element)) return Bad("its 'default' has elements of another type");
    elements.push_back(get(element));
  }
  field->default_value = std::move(elements);
  return Status();
}

Status TakeArrayDefault(const Json& array, Field* field) {
  if (field->type != DataType::kArray) return Bad("its 'default' is an array");
  if (field->element_type == DataType::kBool) {
    return TakeElements<bool>(
        array, [](const Json& v) { return v.IsBool(); }, [](const Json& v) { return v.GetBool(); },
        field);
  }
  if (field->element_type == DataType::kVarChar) {
    return TakeElements<std::string>(
        array, [](const Json& v) { return v.IsString(); },
        [](const Json& v) { return std::string(v.GetString(), v.GetStringLength()); }, field);
  }
  if (field->element_type == DataType::kFloat || field->element_type == DataType::kDouble) {
    return TakeElements<double>(
        array, [](const Json& v) { return v.IsNumber(); },
        [](const Json& v) { return v.GetDouble(); }, field);
  }
  return TakeElements<std::int64_t>(
      array, [](const Json& v) { return v.IsInt64(); }, [](const Json& v) { return v.GetInt64(); },
      field);
}

Status TakeDefault(const std::string& text, Field* field) {
  rapidjson::Document value;
  CLI_TRY(ReadDocument(text, &value));
  if (value.IsNull()) return Status();
  if (field->type == DataType::kJson) {
    field->default_value = text;
  } else if (value.IsArray()) {
    return TakeArrayDefault(value, field);
  } else if (value.IsBool()) {
    field->default_value = value.GetBool();
  } else if (value.IsInt64() && field->type != DataType::kFloat &&
             field->type != DataType::kDouble) {
    field->default_value = value.GetInt64();
  } else if (value.IsNumber()) {
    field->default_value = value.GetDouble();
  } else if (value.IsString()) {
    field->default_value = std::string(value.GetString(), value.GetStringLength());
  } else {
    return Bad("its 'default' is no scalar");
  }
  return Status();
}

Result<std::string> TakeText(const Json& field, const char* name) {
  const auto member = field.FindMember(name);
  if (member == field.MemberEnd()) return Bad("it has no '{}'", name);
  if (!member->value.IsString()) return Bad("its '{}' is no text", name);
  return std::string(member->value.GetString(), member->value.GetStringLength());
}

Result<Field> FieldOf(const Json& json) {
  if (!json.IsObject()) return Bad("it is no object");
  Field field;
  CLI_TRY_ASSIGN(field.name, TakeText(json, "name"));
  CLI_TRY_ASSIGN(const std::string type, TakeText(json, "type"));
  CLI_TRY_ASSIGN(field.type, TypeNamed(type));
  field.metric = UsualMetric(field.type);
  if (json.HasMember("element_type")) {
    CLI_TRY_ASSIGN(const std::string element, TakeText(json, "element_type"));
    CLI_TRY_ASSIGN(field.element_type, TypeNamed(element));
  }
  CLI_TRY(TakeNumber(json, "max_capacity", &field.max_capacity));
  if (json.HasMember("metric")) {
    CLI_TRY_ASSIGN(const std::string metric, TakeText(json, "metric"));
    CLI_TRY_ASSIGN(field.metric, MetricNamed(metric));
  }
  CLI_TRY(TakeNumber(json, "dimension", &field.dimension));
  CLI_TRY(TakeNumber(json, "max_length", &field.max_length));
  CLI_TRY(TakeFlag(json, "primary_key", &field.primary_key));
  CLI_TRY(TakeFlag(json, "auto_id", &field.auto_id));
  CLI_TRY(TakeFlag(json, "nullable", &field.nullable));
  if (json.HasMember("default")) {
    CLI_TRY_ASSIGN(const std::string text, TakeText(json, "default"));
    CLI_TRY(TakeDefault(text, &field));
  }
  return field;
}

}  // namespace

Status GuessFromRow(std::string_view text, Guess* guess) {
  std::string copy(text);
  GuessHandler handler(guess);
  rapidjson::Reader reader;
  CLI_TRY(ParseText(&copy, &reader, &handler));
  return handler.End();
}

Result<std::vector<Field>> ParseSchema(std::string_view text) {
  rapidjson::Document document;
  CLI_TRY(ReadDocument(std::string(text), &document));
  const Json* found = &document;
  if (document.IsObject() && document.HasMember("collections")) {
    const Json& collections = document["collections"];
    if (!collections.IsArray() || collections.Size() != 1) {
      return Bad("it describes other than one collection");
    }
    found = &collections[0];
  }
  if (!found->IsObject() || !found->HasMember("fields") || !(*found)["fields"].IsArray()) {
    return Bad("it is no object with an array 'fields'");
  }
  std::vector<Field> fields;
  for (const Json& json : (*found)["fields"].GetArray()) {
    auto field = FieldOf(json);
    if (!field.ok()) return Annotate(field.status(), Format("field {}", fields.size()));
    fields.push_back(*std::move(field));
  }
  return fields;
}

}  // namespace vecdb::cli
