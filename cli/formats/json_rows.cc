#include "formats/json_rows.h"

#include <bitset>
#include <cmath>
#include <deque>
#include <limits>

#include "formats/field_room.h"
#include "formats/json_parse.h"
#include "formats/schema_text.h"

namespace vecdb::cli {
namespace {

constexpr std::size_t kMaxFields = 64;

// Collects a row for a schema.
class RowHandler : public JsonHandler {
 public:
  explicit RowHandler(const Schema& schema)
      : schema_(schema), fields_(schema_.fields()), rooms_(fields_.size()) {}

  void Begin() {
    JsonHandler::Begin();
    row_.clear();
    seen_.reset();
    field_ = nullptr;
    object_ = true;
  }
  // The text is that of the field's value and nothing else.
  void BeginValue(std::size_t field) {
    Begin();
    depth_ = 1;
    Choose(field);
  }
  std::span<const NamedValue> row() const { return row_; }
  Status End() {
    if (status_.ok() && !object_) Refuse(Bad("a row is a JSON object, like {{\"id\": 1}}"));
    return status_;
  }

  // Called by rapidjson, which fixes the names.
  bool Key(const char* name, rapidjson::SizeType size, bool /*copy*/) {
    if (depth_ == 1) return Select({name, size});
    if (!Wanted()) return true;
    if (IsJson()) return room().writer().Key(name, size);
    return depth_ != 2 || Note(room().ChooseList({name, size}));
  }
  bool StartObject() {
    if (depth_ > 0 && Wanted()) {
      if (IsJson()) {
        room().writer().StartObject();
      } else if (depth_ > 1 || field_->type != DataType::kSparseFloatVector) {
        RefuseHere();
      }
    }
    ++depth_;
    return true;
  }
  bool EndObject(rapidjson::SizeType /*members*/) {
    --depth_;
    if (depth_ == 0 || !Wanted()) return true;
    if (IsJson()) room().writer().EndObject();
    return depth_ != 1 || TakeRoom();
  }
  bool StartArray() {
    if (depth_ == 0) object_ = false;
    if (depth_ > 0 && Wanted()) {
      if (IsJson()) {
        room().writer().StartArray();
      } else if (depth_ != ArrayDepth()) {
        RefuseHere();
      }
    }
    ++depth_;
    return true;
  }
  bool EndArray(rapidjson::SizeType /*elements*/) {
    --depth_;
    if (depth_ == 0 || !Wanted()) return true;
    if (IsJson()) room().writer().EndArray();
    return depth_ != 1 || TakeRoom();
  }
  bool Null() {
    if (depth_ == 0) return NoObject();
    if (!Wanted()) return true;
    if (depth_ == 1) return Take(std::monostate());  // for JSON, too: it says that there is none
    return IsJson() ? room().writer().Null() : RefuseHere();
  }
  bool Bool(bool value) {
    if (depth_ == 0) return NoObject();
    if (!Wanted()) return true;
    if (IsJson()) {
      room().writer().Bool(value);
      return depth_ != 1 || TakeRoom();
    }
    if (depth_ != 1) return InArray() ? Note(room().AddBool(*field_, value)) : RefuseHere();
    return field_->type == DataType::kBool ? Take(value) : RefuseHere();
  }
  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    if (depth_ == 0) return NoObject();
    if (!Wanted()) return true;
    const std::string_view value(text, size);
    if (IsJson()) {
      room().writer().String(text, size);
      return depth_ != 1 || TakeRoom();
    }
    if (depth_ != 1) return InArray() ? Note(room().AddText(*field_, value)) : RefuseHere();
    return field_->type == DataType::kVarChar ? Take(value) : RefuseHere();
  }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    if (depth_ == 0) return NoObject();
    if (!Wanted()) return true;
    const std::string_view digits(text, size);
    if (IsJson()) {
      room().writer().RawValue(text, size, rapidjson::kNumberType);
      return depth_ != 1 || TakeRoom();
    }
    if (depth_ == 1) return TakeNumber(digits);
    return InArray() ? Note(room().AddNumber(*field_, digits)) : RefuseHere();
  }

 private:
  bool Wanted() const { return status_.ok() && field_ != nullptr; }
  bool IsJson() const { return field_->type == DataType::kJson; }
  FieldRoom& room() { return rooms_[index_]; }
  // Where a list of elements may begin; 0: nowhere.
  std::size_t ArrayDepth() const {
    if (field_->type == DataType::kSparseFloatVector) return 2;
    return field_->type == DataType::kArray || IsVector(field_->type) ? 1 : 0;
  }
  bool InArray() const { return depth_ == ArrayDepth() + 1; }
  bool NoObject() {
    object_ = false;
    return true;
  }

  // Rows mostly have their members in one order, often that of the schema.
  bool Select(std::string_view name) {
    std::size_t next = field_ == nullptr ? 0 : index_ + 1;
    if (next >= fields_.size() || fields_[next].name != name) {
      const Field* found = schema_.Find(name);
      if (found == nullptr) {
        field_ = nullptr;
        return Refuse(Bad("the collection has no field {}", Quoted(name)));
      }
      next = static_cast<std::size_t>(found - fields_.data());
    }
    // JSON leaves open which of two members of one name counts; vecdb takes neither.
    if (seen_.test(next)) return Refuse(Bad("the row has the member {} twice", Quoted(name)));
    seen_.set(next);
    return Choose(next);
  }
  bool Choose(std::size_t index) {
    index_ = index;
    field_ = &fields_[index];
    if (field_->type == DataType::kArray || field_->type >= DataType::kJson) room().Clear();
    return true;
  }

  bool Take(ValueView value) {
    row_.emplace_back(field_->name, value);
    return true;
  }
  bool TakeRoom() {
    if (IsJson()) return Take(room().json());
    const auto value = room().Take(*field_);
    return value.ok() ? Take(*value) : Note(value.status());
  }
  // A failure of the field's value.
  bool Note(const Status& status) {
    return status.ok() || Refuse(Annotate(status, Format("field '{}'", field_->name)));
  }
  // What stands here is not what the field takes.
  bool RefuseHere() {
    if (depth_ > 1 && ArrayDepth() == 1) {
      return Note(Bad("element {} is no {}", room().elements(),
                      field_->type == DataType::kArray ? "scalar" : "number"));
    }
    return Refuse(Bad("field '{}' is of type {}, the row has something else", field_->name,
                      ToString(field_->type)));
  }

  bool TakeNumber(std::string_view digits) {
    if (field_->type == DataType::kFloat || field_->type == DataType::kDouble) {
      const auto real = RealFor(field_->type, digits);
      return real.ok() ? Take(*real)
                       : Refuse(Bad("field '{}' {}", field_->name, real.status().message()));
    }
    const auto integer = IntegerOf(digits);
    const bool takes = field_->type >= DataType::kInt8 && field_->type <= DataType::kInt64;
    return takes && integer ? Take(*integer) : RefuseHere();
  }

  const Schema schema_;
  const std::span<const Field> fields_;
  std::deque<FieldRoom> rooms_;  // by field; they stay where they are
  std::vector<NamedValue> row_;
  std::bitset<kMaxFields> seen_;
  const Field* field_ = nullptr;  // of the member that is being read; nullptr: none that counts
  std::size_t index_ = 0;
  bool object_ = true;
};

// A vector alone.
class VectorHandler : public JsonHandler {
 public:
  explicit VectorHandler(std::vector<float>* out) : out_(*out) { out_.clear(); }

  Status End() {
    if (array_) return status_;
    return Bad("a vector is an array of numbers, like [0.5, 1]");
  }

  bool StartArray() {
    if (depth_ == 0) array_ = true;
    return depth_++ == 0 || RefuseElement();
  }
  bool EndArray(rapidjson::SizeType /*elements*/) {
    --depth_;
    return true;
  }
  bool StartObject() { return depth_++ == 0 || RefuseElement(); }
  bool EndObject(rapidjson::SizeType /*members*/) {
    --depth_;
    return true;
  }
  bool Key(const char* /*name*/, rapidjson::SizeType /*size*/, bool /*copy*/) { return true; }
  bool Null() { return RefuseElement(); }
  bool Bool(bool /*value*/) { return RefuseElement(); }
  bool String(const char* /*text*/, rapidjson::SizeType /*size*/, bool /*copy*/) {
    return RefuseElement();
  }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    if (depth_ != 1 || !status_.ok()) return true;
    const double number = RealOf({text, size});
    if (std::abs(number) > std::numeric_limits<float>::max()) {
      return Refuse(Bad("element {} is {}, too large for a float", out_.size(),
                        std::string_view(text, size)));
    }
    out_.push_back(static_cast<float>(number));
    return true;
  }

 private:
  bool RefuseElement() { return Refuse(Bad("element {} is no number", out_.size())); }

  std::vector<float>& out_;
  bool array_ = false;
};

}  // namespace

struct RowReader::Body {
  explicit Body(const Schema& schema) : handler(schema) {}
  RowHandler handler;
  rapidjson::Reader reader;
};

RowReader::RowReader(const Schema& schema) : body_(std::make_unique<Body>(schema)) {
}
RowReader::~RowReader() = default;

Status RowReader::Add(std::string* text, Batch* batch) {
  RowHandler& handler = body_->handler;
  handler.Begin();
  CLI_TRY(ParseText(text, &body_->reader, &handler));
  CLI_TRY(handler.End());
  return batch->Add(handler.row());
}

Result<ValueView> RowReader::Read(std::size_t field, std::string* text) {
  RowHandler& handler = body_->handler;
  handler.BeginValue(field);
  CLI_TRY(ParseText(text, &body_->reader, &handler));
  CLI_TRY(handler.End());
  return handler.row().front().value;
}

Status ParseVector(std::string* text, std::vector<float>* out) {
  VectorHandler handler(out);
  rapidjson::Reader reader;
  CLI_TRY(ParseText(text, &reader, &handler));
  return handler.End();
}

}  // namespace vecdb::cli
