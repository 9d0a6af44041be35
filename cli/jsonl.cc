#include "jsonl.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::size_t kMaxLine = std::size_t{16} << 20;
constexpr std::size_t kBufferSize = std::size_t{256} << 10;
constexpr std::size_t kMaxFields = 64;  // of a schema; a guess stops there

// Nesting costs no stack, and every number comes out as its nearest double.
constexpr unsigned kParseFlags = rapidjson::kParseIterativeFlag |
                                 rapidjson::kParseValidateEncodingFlag |
                                 rapidjson::kParseFullPrecisionFlag;

using Json = rapidjson::Value;

std::string_view TextOf(const Json& value) {
  return {value.GetString(), value.GetStringLength()};
}

Status Parse(std::string_view text, rapidjson::Document* document) {
  // rapidjson takes a NUL for the end and would leave out what follows.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return Bad("no JSON at character {}: a NUL byte", nul + 1);
  }
  document->Parse<kParseFlags>(text.data(), text.size());
  if (!document->HasParseError()) return Status();
  return Bad("no JSON at character {}: {}", document->GetErrorOffset() + 1,
             rapidjson::GetParseError_En(document->GetParseError()));
}

// JSON leaves open which of two members of one name counts; vecdb takes neither.
Status CheckMembers(const Json& row) {
  std::vector<std::string_view> names;
  names.reserve(row.MemberCount());
  for (const auto& member : row.GetObject()) names.push_back(TextOf(member.name));
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return Status();
  return Bad("the row has the member {} twice", Quoted(*twice));
}

Status ParseObject(std::string_view text, rapidjson::Document* document) {
  CLI_TRY(Parse(text, document));
  if (!document->IsObject()) return Bad("a row is a JSON object, like {{\"id\": 1}}");
  return CheckMembers(*document);
}

// Looks for where the text of a member's value stands in the row.
class MemberFinder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, MemberFinder> {
 public:
  MemberFinder(std::string_view member, const rapidjson::MemoryStream& stream)
      : member_(member), stream_(stream) {}

  std::string_view Found(std::string_view row) const {
    std::string_view text = row.substr(start_, end_ - start_);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n:"), text.size()));
    return text;
  }

  // Called by rapidjson, which fixes the names. False ends the parse.
  bool Key(const char* name, rapidjson::SizeType size, bool /*copy*/) {
    if (depth_ != 1) return true;
    here_ = std::string_view(name, size) == member_;
    if (here_) start_ = stream_.Tell();
    return true;
  }
  bool Default() { return GoOn(); }
  bool StartObject() { return ++depth_ != 0; }
  bool StartArray() { return ++depth_ != 0; }
  bool EndObject(rapidjson::SizeType /*members*/) {
    --depth_;
    return GoOn();
  }
  bool EndArray(rapidjson::SizeType /*elements*/) {
    --depth_;
    return GoOn();
  }

 private:
  bool GoOn() {
    if (!here_ || depth_ != 1) return true;
    end_ = stream_.Tell();
    return false;
  }

  const std::string_view member_;
  const rapidjson::MemoryStream& stream_;
  std::size_t depth_ = 0;
  bool here_ = false;
  std::size_t start_ = 0;
  std::size_t end_ = 0;
};

// A member's value as it was written.
std::string_view MemberText(std::string_view row, std::string_view member) {
  rapidjson::MemoryStream stream(row.data(), row.size());
  rapidjson::Reader reader;
  MemberFinder finder(member, stream);
  static_cast<void>(reader.Parse<kParseFlags>(stream, finder));
  return finder.Found(row);
}

// The digits of a member of `row` when it is an integer beyond Int64. rapidjson makes a double of
// some of them, which has forgotten that it was an integer: then the text is read once more.
std::optional<std::string> HugeInteger(std::string_view row, std::string_view member,
                                       const Json& value) {
  constexpr double kBeyondInt64 = 9223372036854775808.0;
  if (!value.IsNumber() || value.IsInt64()) return std::nullopt;
  if (value.IsUint64()) return Format("{}", value.GetUint64());
  if (std::abs(value.GetDouble()) < kBeyondInt64) return std::nullopt;
  const std::string_view number = MemberText(row, member);
  if (number.find_first_of(".eE") != std::string_view::npos) return std::nullopt;
  return std::string(number);
}

Status ReadVector(const Json& value, std::vector<float>* out) {
  out->clear();
  out->reserve(value.Size());
  for (const Json& element : value.GetArray()) {
    if (!element.IsNumber()) return Bad("element {} is no number", out->size());
    const double number = element.GetDouble();
    if (std::abs(number) > std::numeric_limits<float>::max()) {
      return Bad("element {} is {}, too large for a float", out->size(), number);
    }
    out->push_back(static_cast<float>(number));
  }
  return Status();
}

// Whole numbers that fit a T.
template <typename T>
Status ReadIntegers(const Json& value, std::vector<T>* out) {
  out->clear();
  if (!value.IsArray()) return Bad("no array");
  for (const Json& element : value.GetArray()) {
    if (!element.IsInt64()) return Bad("element {} is no integer", out->size());
    const std::int64_t number = element.GetInt64();
    if (number < static_cast<std::int64_t>(std::numeric_limits<T>::min()) ||
        number > static_cast<std::int64_t>(std::numeric_limits<T>::max())) {
      return Bad("element {} is {}, out of range", out->size(), number);
    }
    out->push_back(static_cast<T>(number));
  }
  return Status();
}

// What a value of one field is lent from.
struct Room {
  std::vector<float> floats;
  std::vector<std::uint32_t> indices;
  std::vector<std::int8_t> int8;
  std::vector<std::uint8_t> bytes;
  std::vector<std::int64_t> integers;
  std::vector<double> reals;
  std::vector<std::string_view> texts;
  std::unique_ptr<bool[]> bools;

  Result<ValueView> ReadSparse(const Json& value);
  Result<ValueView> ReadArray(DataType element, const Json& value);
};

// {"indices": [..], "values": [..]}
Result<ValueView> Room::ReadSparse(const Json& value) {
  const bool shaped = value.IsObject() && value.MemberCount() == 2 && value.HasMember("indices") &&
                      value.HasMember("values") && value["values"].IsArray();
  if (!shaped) return Bad("no sparse vector, like {{\"indices\": [3, 7], \"values\": [0.5, 1]}}");
  CLI_TRY(ReadIntegers(value["indices"], &indices));
  CLI_TRY(ReadVector(value["values"], &floats));
  return ValueView(SparseView{indices, floats});
}

Result<ValueView> Room::ReadArray(DataType element, const Json& value) {
  if (!value.IsArray()) return Bad("no array");
  const auto all = [&](auto is) {
    return std::all_of(value.Begin(), value.End(), [&](const Json& one) { return is(one); });
  };
  if (element == DataType::kBool) {
    if (!all([](const Json& one) { return one.IsBool(); })) return Bad("not all true or false");
    bools = std::make_unique<bool[]>(value.Size());
    for (rapidjson::SizeType i = 0; i < value.Size(); ++i) bools[i] = value[i].GetBool();
    return ValueView(std::span<const bool>(bools.get(), value.Size()));
  }
  if (element == DataType::kVarChar) {
    if (!all([](const Json& one) { return one.IsString(); })) return Bad("not all texts");
    texts.clear();
    for (const Json& one : value.GetArray()) texts.push_back(TextOf(one));
    return ValueView(std::span<const std::string_view>(texts));
  }
  if (all([](const Json& one) { return one.IsInt64(); })) {
    CLI_TRY(ReadIntegers(value, &integers));
    return ValueView(std::span<const std::int64_t>(integers));
  }
  if (!all([](const Json& one) { return one.IsNumber(); })) return Bad("not all numbers");
  reals.clear();
  for (const Json& one : value.GetArray()) reals.push_back(one.GetDouble());
  return ValueView(std::span<const double>(reals));
}

std::string Where(const std::string& path, const JsonLine& line) {
  return Format("'{}' line {} offset {}", path, line.number, line.offset);
}

}  // namespace

// ---- Lines --------------------------------------------------------------------------------

Result<std::unique_ptr<JsonLines>> JsonLines::Open(const std::string& path) {
  CLI_TRY_ASSIGN(auto input, Input::Open(path));
  return std::unique_ptr<JsonLines>(new JsonLines(std::move(input)));
}

Result<std::optional<JsonLine>> JsonLines::Next() {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  JsonLine line;
  while (true) {
    line.offset = line_offset_;
    CLI_TRY_ASSIGN(const bool found, ReadLine(&line.text));
    if (!found) return std::optional<JsonLine>();
    line.number = ++line_number_;
    if (line.number == 1 && line.text.rfind(kByteOrderMark, 0) == 0) {
      line.text.erase(0, kByteOrderMark.size());
    }
    if (line.text.find_first_not_of(" \t\r") != std::string::npos) break;
  }
  return std::optional<JsonLine>(std::move(line));
}

Result<bool> JsonLines::ReadLine(std::string* line) {
  line->clear();
  while (true) {
    if (at_ == buffer_.size()) {
      buffer_.resize(kBufferSize);
      at_ = 0;
      auto got = input_->Read(std::as_writable_bytes(std::span(buffer_)));
      buffer_.resize(got.ok() ? *got : 0);
      if (!got.ok()) return got.status();
      if (buffer_.empty()) {
        line_offset_ += line->size();
        return !line->empty();
      }
    }
    const char* start = buffer_.data() + at_;
    const std::size_t left = buffer_.size() - at_;
    const auto* newline = static_cast<const char*>(std::memchr(start, '\n', left));
    const std::size_t take = newline == nullptr ? left : static_cast<std::size_t>(newline - start);
    if (line->size() + take > kMaxLine) {
      return Bad("'{}' line {} offset {}: longer than {} bytes", input_->path(), line_number_ + 1,
                 line_offset_, kMaxLine);
    }
    line->append(start, take);
    at_ += take;
    if (newline == nullptr) continue;
    ++at_;
    line_offset_ += line->size() + 1;
    return true;
  }
}

// ---- Schema -------------------------------------------------------------------------------

namespace {

enum class Shape { kNull, kBool, kInteger, kReal, kText, kVector };

struct GuessedField {
  std::string name;
  Shape shape = Shape::kNull;
  std::uint32_t dimension = 0;
  std::size_t seen = 0;  // in how many rows, null left out
};

std::string_view Words(Shape shape) {
  switch (shape) {
    case Shape::kNull:
      return "null";
    case Shape::kBool:
      return "true or false";
    case Shape::kInteger:
      return "an integer";
    case Shape::kReal:
      return "a number";
    case Shape::kText:
      return "text";
    case Shape::kVector:
      return "an array";
  }
  return "unknown";
}

Result<Shape> ShapeOf(std::string_view row, std::string_view member, const Json& value) {
  if (value.IsNull()) return Shape::kNull;
  if (value.IsBool()) return Shape::kBool;
  if (value.IsInt64()) return Shape::kInteger;
  if (const auto digits = HugeInteger(row, member, value)) {
    return Bad("is {}, an integer too large for every type", *digits);
  }
  if (value.IsNumber()) return Shape::kReal;
  if (value.IsString()) return Shape::kText;
  if (value.IsObject()) return Bad("is an object, which no field can hold");
  if (value.Empty()) return Bad("is an empty array: a vector needs numbers");
  for (const Json& element : value.GetArray()) {
    if (!element.IsNumber()) return Bad("is an array of other things than numbers");
  }
  return Shape::kVector;
}

class Guess {
 public:
  // `text` is what the row was parsed from.
  Status AddRow(const Json& row, std::string_view text) {
    for (const auto& member : row.GetObject()) {
      if (fields_.size() > kMaxFields) return Bad("more than {} fields", kMaxFields);
      const Status merged = Merge(text, Find(TextOf(member.name)), member.value);
      if (!merged.ok()) return Bad("field {} {}", Quoted(TextOf(member.name)), merged.message());
    }
    ++rows_;
    return Status();
  }

  Result<Schema> Build(const SchemaHints& hints) {
    SchemaBuilder builder;
    CLI_TRY_ASSIGN(const std::string key, AddKey(hints, &builder));
    for (const GuessedField& field : fields_) {
      if (field.name == key) continue;
      switch (field.shape) {
        case Shape::kBool:
          builder.Nullable(field.name, DataType::kBool);
          break;
        case Shape::kInteger:
          builder.Nullable(field.name, DataType::kInt64);
          break;
        case Shape::kReal:
          builder.Nullable(field.name, DataType::kDouble);
          break;
        case Shape::kNull:
        case Shape::kText:
          builder.Nullable(field.name, DataType::kVarChar);
          break;
        case Shape::kVector:
          if (field.seen != rows_) {
            return Bad(
                "field {} is an array in {} of the first {} rows: no row may be without its vector",
                Quoted(field.name), field.seen, rows_);
          }
          builder.Vector(field.name, field.dimension, hints.metric);
          break;
      }
    }
    return builder.Build();
  }

 private:
  GuessedField* Find(std::string_view name) {
    for (GuessedField& field : fields_) {
      if (field.name == name) return &field;
    }
    fields_.push_back({std::string(name)});
    return &fields_.back();
  }

  static Status Merge(std::string_view row, GuessedField* field, const Json& value) {
    CLI_TRY_ASSIGN(const Shape shape, ShapeOf(row, field->name, value));
    if (shape == Shape::kNull) return Status();
    ++field->seen;
    if (shape == Shape::kVector) {
      const auto dimension = static_cast<std::uint32_t>(value.Size());
      if (field->shape == Shape::kVector && field->dimension != dimension) {
        return Bad("has {} numbers here and {} in a row before", dimension, field->dimension);
      }
      field->dimension = dimension;
    }
    const bool numbers = (field->shape == Shape::kInteger && shape == Shape::kReal) ||
                         (field->shape == Shape::kReal && shape == Shape::kInteger);
    if (field->shape == Shape::kNull || field->shape == shape) {
      field->shape = shape;
    } else if (numbers) {
      field->shape = Shape::kReal;
    } else {
      return Bad("is {} here and {} in a row before", Words(shape), Words(field->shape));
    }
    return Status();
  }

  // The name of the member that is the key; empty when vecdb gives the keys.
  Result<std::string> AddKey(const SchemaHints& hints, SchemaBuilder* builder) {
    const std::string name = hints.key_field.empty() ? "id" : hints.key_field;
    const auto found = std::find_if(fields_.begin(), fields_.end(),
                                    [&](const GuessedField& field) { return field.name == name; });
    if (found == fields_.end()) {
      if (!hints.key_field.empty()) return Bad("no row has the key field '{}'", name);
      builder->AutoPrimaryKey(name);
      return std::string();
    }
    if (found->seen != rows_) {
      return Bad("{} of the first {} rows have no '{}', which is to be their key",
                 rows_ - found->seen, rows_, name);
    }
    if (found->shape != Shape::kInteger && found->shape != Shape::kText) {
      return Bad("the key field '{}' is {}; a key is an integer or text", name,
                 Words(found->shape));
    }
    builder->PrimaryKey(name, found->shape == Shape::kText ? DataType::kVarChar : DataType::kInt64);
    return name;
  }

  std::vector<GuessedField> fields_;  // in the order of their first appearance
  std::size_t rows_ = 0;
};

}  // namespace

Result<Schema> GuessSchema(std::span<const JsonLine> lines, const SchemaHints& hints) {
  if (lines.empty()) return Bad("'{}' has no rows to guess a schema from", hints.path);
  Guess guess;
  for (const JsonLine& line : lines) {
    rapidjson::Document document;
    CLI_TRY(Annotate(ParseObject(line.text, &document), Where(hints.path, line)));
    CLI_TRY(Annotate(guess.AddRow(document, line.text), Where(hints.path, line)));
  }
  auto schema = guess.Build(hints);
  if (schema.ok()) return schema;
  return Annotate(schema.status(), Format("'{}'", hints.path));
}

// ---- Rows ---------------------------------------------------------------------------------

struct RowReader::Body {
  std::string path;
  Schema schema;
  std::vector<Room> rooms;  // by field
  std::vector<NamedValue> row;

  // The value is lent from `value`, `text` and `rooms`. `text` is what the row was parsed from.
  Result<ValueView> Convert(const Field& field, std::size_t index, const Json& value,
                            std::string_view text);
  Status AddObject(const Json& object, std::string_view text, Batch* batch);
};

RowReader::RowReader(std::string path, const Schema& schema)
    : body_(std::make_unique<Body>(Body{std::move(path), schema, {}, {}})) {
  body_->rooms.resize(body_->schema.fields().size());
}
RowReader::~RowReader() = default;

Status RowReader::Add(const JsonLine& line, Batch* batch) {
  rapidjson::Document document;
  Status status = ParseObject(line.text, &document);
  if (status.ok()) status = body_->AddObject(document, line.text, batch);
  return Annotate(status, Where(body_->path, line));
}

Status RowReader::Body::AddObject(const Json& object, std::string_view text, Batch* batch) {
  row.clear();
  for (const auto& member : object.GetObject()) {
    const std::string_view name = TextOf(member.name);
    const Field* field = schema.Find(name);
    if (field == nullptr) return Bad("the collection has no field {}", Quoted(name));
    const auto index = static_cast<std::size_t>(field - schema.fields().data());
    CLI_TRY_ASSIGN(const ValueView value, Convert(*field, index, member.value, text));
    row.push_back({name, value});
  }
  return batch->Add(std::span<const NamedValue>(row));
}

namespace {

Status InField(const Field& field, const Status& read) {
  return Annotate(read, Format("field '{}'", field.name));
}
Result<ValueView> InField(const Field& field, Result<ValueView> read) {
  return read.ok() ? std::move(read) : Result<ValueView>(InField(field, read.status()));
}

}  // namespace

// Integers stay integers, so that the batch can refuse those that a field would round.
Result<ValueView> RowReader::Body::Convert(const Field& field, std::size_t index, const Json& value,
                                           std::string_view text) {
  if (field.type == DataType::kJson) {
    // null is a JSON value, but to a row it says that there is none
    return value.IsNull() ? ValueView() : ValueView(MemberText(text, field.name));
  }
  if (value.IsNull()) return ValueView();
  Room& room = rooms[index];
  switch (field.type) {
    case DataType::kBool:
      if (value.IsBool()) return ValueView(value.GetBool());
      break;
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
      if (value.IsInt64()) return ValueView(value.GetInt64());
      break;
    case DataType::kFloat:
    case DataType::kDouble:
      if (value.IsInt64()) return ValueView(value.GetInt64());
      if (const auto digits = HugeInteger(text, field.name, value)) {
        return Bad("field '{}' is of type {}, which does not hold the integer {} exactly",
                   field.name, ToString(field.type), *digits);
      }
      if (value.IsNumber()) return ValueView(value.GetDouble());
      break;
    case DataType::kVarChar:
      if (value.IsString()) return ValueView(TextOf(value));
      break;
    case DataType::kArray:
      return InField(field, room.ReadArray(field.element_type, value));
    case DataType::kSparseFloatVector:
      return InField(field, room.ReadSparse(value));
    case DataType::kInt8Vector:
      if (!value.IsArray()) break;
      CLI_TRY(InField(field, ReadIntegers(value, &room.int8)));
      return ValueView(std::span<const std::int8_t>(room.int8));
    case DataType::kBinaryVector:
      if (!value.IsArray()) break;
      CLI_TRY(InField(field, ReadIntegers(value, &room.bytes)));
      return ValueView(std::span<const std::uint8_t>(room.bytes));
    case DataType::kFloatVector:
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
      if (!value.IsArray()) break;
      CLI_TRY(InField(field, ReadVector(value, &room.floats)));
      return ValueView(std::span<const float>(room.floats));
    case DataType::kJson:
      break;
  }
  return Bad("field '{}' is of type {}, the row has something else", field.name,
             ToString(field.type));
}

Result<std::vector<float>> ParseVector(std::string_view text, std::string_view what) {
  rapidjson::Document document;
  CLI_TRY(Annotate(Parse(text, &document), what));
  if (!document.IsArray()) return Bad("{}: a vector is an array of numbers, like [0.5, 1]", what);
  std::vector<float> vector;
  CLI_TRY(Annotate(ReadVector(document, &vector), what));
  return vector;
}

}  // namespace vecdb::cli
