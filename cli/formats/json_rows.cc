#include "formats/json_rows.h"

#include <bitset>
#include <limits>

#include "formats/json_parse.h"

namespace vecdb::cli {
namespace {

constexpr std::size_t kMaxFields = 64;

Status AddElement(std::string_view digits, std::vector<float>* vector) {
  const double number = RealOf(digits);
  if (std::abs(number) > std::numeric_limits<float>::max()) {
    return Bad("element {} is {}, too large for a float", vector->size(), digits);
  }
  vector->push_back(static_cast<float>(number));
  return Status();
}

// Collects a row for a schema.
class RowHandler : public JsonHandler {
 public:
  explicit RowHandler(const Schema& schema)
      : schema_(schema), fields_(schema_.fields()), vectors_(fields_.size()) {}

  void Begin() {
    JsonHandler::Begin();
    row_.clear();
    seen_.reset();
    field_ = nullptr;
  }
  std::span<const NamedValue> row() const { return row_; }
  Status End() {
    if (status_.ok() && !object_) Refuse(NoObject());
    return status_;
  }

  // Called by rapidjson, which fixes the names.
  bool Key(const char* name, rapidjson::SizeType size, bool /*copy*/) {
    if (depth_ != 1) return true;
    return Select({name, size});
  }
  bool StartObject() {
    if (depth_ == 0) object_ = true;
    if (depth_ == 1) Mismatch();
    if (depth_ > 1) RefuseElement();
    ++depth_;
    return true;
  }
  bool EndObject(rapidjson::SizeType /*members*/) {
    --depth_;
    return true;
  }
  bool StartArray() {
    if (depth_ == 0) object_ = false;
    if (depth_ == 1 && Wanted()) {
      if (field_->type == DataType::kFloatVector) {
        vector().clear();
      } else {
        Mismatch();
      }
    }
    if (depth_ > 1) RefuseElement();
    ++depth_;
    return true;
  }
  bool EndArray(rapidjson::SizeType /*elements*/) {
    if (--depth_ == 1 && Wanted()) Take(std::span<const float>(vector()));
    return true;
  }
  bool Null() {
    if (depth_ != 1) return Other();
    if (Wanted()) Take(std::monostate());
    return true;
  }
  bool Bool(bool value) {
    if (depth_ != 1) return Other();
    return !Wanted() || (field_->type == DataType::kBool ? Take(value) : Mismatch());
  }
  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    if (depth_ != 1) return Other();
    const std::string_view value(text, size);
    return !Wanted() || (field_->type == DataType::kVarChar ? Take(value) : Mismatch());
  }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    const std::string_view digits(text, size);
    if (depth_ == 0) return Other();
    if (!Wanted()) return true;
    if (depth_ == 1) return TakeNumber(digits);
    if (depth_ != 2) return true;
    const Status status = AddElement(digits, &vector());
    return status.ok() || RefuseField(status.message());
  }

 private:
  static Status NoObject() { return Bad("a row is a JSON object, like {{\"id\": 1}}"); }

  bool Wanted() const { return status_.ok() && field_ != nullptr; }
  std::vector<float>& vector() { return vectors_[static_cast<std::size_t>(index_)]; }

  // Rows mostly have their members in one order, often that of the schema.
  bool Select(std::string_view name) {
    const std::size_t next = field_ == nullptr ? 0 : index_ + 1;
    if (next < fields_.size() && fields_[next].name == name) {
      index_ = next;
    } else {
      const Field* found = schema_.Find(name);
      if (found == nullptr) {
        field_ = nullptr;
        return Refuse(Bad("the collection has no field {}", Quoted(name)));
      }
      index_ = static_cast<std::size_t>(found - fields_.data());
    }
    field_ = &fields_[index_];
    // JSON leaves open which of two members of one name counts; vecdb takes neither.
    if (seen_.test(index_)) return Refuse(Bad("the row has the member {} twice", Quoted(name)));
    seen_.set(index_);
    return true;
  }

  bool Take(ValueView value) {
    row_.emplace_back(field_->name, value);
    return true;
  }
  bool RefuseField(std::string_view words) {
    return Refuse(Bad("field '{}': {}", field_->name, words));
  }
  bool Mismatch() {
    if (!Wanted()) return true;
    return Refuse(Bad("field '{}' is of type {}, the row has something else", field_->name,
                      ToString(field_->type)));
  }
  bool RefuseElement() {
    if (depth_ == 2 && Wanted()) {
      RefuseField(Format("element {} is no number", vector().size()));
    }
    return true;
  }
  // A scalar that is no member.
  bool Other() {
    if (depth_ == 0) object_ = false;
    return RefuseElement();
  }

  // Integers stay integers, so that the batch can refuse those that a field would round.
  bool TakeNumber(std::string_view digits) {
    const bool integral = IsIntegral(digits);
    const auto integer = integral ? IntegerOf(digits) : std::nullopt;
    switch (field_->type) {
      case DataType::kInt8:
      case DataType::kInt16:
      case DataType::kInt32:
      case DataType::kInt64:
        return integer ? Take(*integer) : Mismatch();
      case DataType::kFloat:
      case DataType::kDouble:
        if (integer) return Take(*integer);
        if (integral) {
          return Refuse(Bad("field '{}' is of type {}, which does not hold the integer {} exactly",
                            field_->name, ToString(field_->type), digits));
        }
        return TakeReal(digits);
      case DataType::kBool:
      case DataType::kVarChar:
      case DataType::kFloatVector:
        return Mismatch();
    }
    return true;
  }
  bool TakeReal(std::string_view digits) {
    const double number = RealOf(digits);
    if (std::isfinite(number)) return Take(number);
    return RefuseField(Format("{} is too large for a number", digits));
  }

  const Schema schema_;
  const std::span<const Field> fields_;
  std::vector<std::vector<float>> vectors_;  // by field
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
    const Status status = AddElement({text, size}, &out_);
    return status.ok() || Refuse(status);
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

Status ParseVector(std::string* text, std::vector<float>* out) {
  VectorHandler handler(out);
  rapidjson::Reader reader;
  CLI_TRY(ParseText(text, &reader, &handler));
  return handler.End();
}

}  // namespace vecdb::cli
