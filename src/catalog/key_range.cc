#include "catalog/key_range.h"

#include <type_traits>
#include <utility>

#include "base/status.h"

namespace vecdb::catalog {
namespace {

using base::ByteReader;
using base::ByteWriter;

// How values of a type are kept: the index in KeyValue, 0 for one that clusters nothing.
std::uint8_t KindOf(DataType type) {
  switch (type) {
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
      return 1;
    case DataType::kFloat:
    case DataType::kDouble:
      return 2;
    case DataType::kVarChar:
      return 3;
    case DataType::kBool:
    case DataType::kArray:
    case DataType::kJson:
    case DataType::kBinaryVector:
    case DataType::kFloatVector:
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
    case DataType::kSparseFloatVector:
    case DataType::kInt8Vector:
      return 0;
  }
  return 0;
}

KeyValue Owned(const KeyValueView& value) {
  return std::visit(
      [](const auto& held) -> KeyValue {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::string_view>) {
          return std::string(held);
        } else {
          return held;
        }
      },
      value);
}

// Not below any text that begins with the first kMaxBoundBytes of this one: the last byte that can
// be larger is. Texts are UTF-8, which has no byte 255.
void ShortenUp(std::string* text) {
  text->resize(kMaxBoundBytes);
  const auto last = static_cast<unsigned char>(text->back());
  text->back() = static_cast<char>(last + 1);
}

template <typename T>
Status GetBound(ByteReader* in, KeyValue* out) {
  T bound{};
  if constexpr (std::is_same_v<T, std::string>) {
    VECDB_TRY(in->GetText(&bound, kMaxBoundBytes));
  } else {
    VECDB_TRY(in->Get(&bound));
  }
  *out = std::move(bound);
  return Status();
}

template <typename T>
Status GetBounds(ByteReader* in, KeyRange* out) {
  VECDB_TRY(GetBound<T>(in, &out->lowest));
  return GetBound<T>(in, &out->highest);
}

void PutBound(const KeyValue& bound, ByteWriter* out) {
  if (const auto* integer = std::get_if<std::int64_t>(&bound)) out->Put(*integer);
  if (const auto* real = std::get_if<double>(&bound)) out->Put(*real);
  if (const auto* text = std::get_if<std::string>(&bound)) out->PutText(*text);
}

}  // namespace

KeyValueView ViewOf(const KeyValue& value) {
  return std::visit([](const auto& held) -> KeyValueView { return held; }, value);
}

bool IsBefore(const KeyValueView& a, const KeyValueView& b) {
  return a < b;
}

void Include(const KeyValueView& value, KeyRange* range) {
  if (value.index() == 0) return;
  if (range->empty() || IsBefore(value, ViewOf(range->lowest))) range->lowest = Owned(value);
  if (range->highest.index() == 0 || IsBefore(ViewOf(range->highest), value)) {
    range->highest = Owned(value);
  }
}

void Shorten(KeyRange* range) {
  auto* lowest = std::get_if<std::string>(&range->lowest);
  auto* highest = std::get_if<std::string>(&range->highest);
  if (lowest != nullptr && lowest->size() > kMaxBoundBytes) lowest->resize(kMaxBoundBytes);
  if (highest != nullptr && highest->size() > kMaxBoundBytes) ShortenUp(highest);
}

Status CheckClusteringKey(const Schema& schema, std::string_view name) {
  if (name.empty()) return Status();
  const Field* field = schema.Find(name);
  if (field == nullptr) {
    return base::InvalidArgument("CollectionOptions::clustering_key: there is no field named '{}'",
                                 name);
  }
  if (KindOf(field->type) != 0) return Status();
  return base::InvalidArgument(
      "CollectionOptions::clustering_key: field '{}' is a {}, not a number or a VarChar", name,
      ToString(field->type));
}

std::string ProblemOf(const KeyRange& range, const Schema& schema, std::string_view key) {
  const auto fields = schema.fields();
  if (range.field >= fields.size() || fields[range.field].name != key) {
    return base::Format("field {} is not the clustering key", range.field);
  }
  if (range.empty()) return "";
  if (range.lowest.index() != KindOf(fields[range.field].type) ||
      range.highest.index() != range.lowest.index()) {
    return base::Format("its bounds are no values of a {}", ToString(fields[range.field].type));
  }
  // Written so that a bound that is no number is wrong, too.
  const bool rises = range.lowest <= range.highest;
  return rises ? "" : "its bounds are not in order";
}

void EncodeKeyRange(const KeyRange& range, ByteWriter* out) {
  out->Put(range.field);
  out->Put(static_cast<std::uint8_t>(range.lowest.index()));
  PutBound(range.lowest, out);
  PutBound(range.highest, out);
}

Result<KeyRange> DecodeKeyRange(ByteReader* in) {
  KeyRange range;
  std::uint8_t kind = 0;
  VECDB_TRY(in->Get(&range.field));
  VECDB_TRY(in->Get(&kind));
  switch (kind) {
    case 0:
      return range;
    case 1:
      VECDB_TRY(GetBounds<std::int64_t>(in, &range));
      return range;
    case 2:
      VECDB_TRY(GetBounds<double>(in, &range));
      return range;
    case 3:
      VECDB_TRY(GetBounds<std::string>(in, &range));
      return range;
  }
  return in->Bad("the range of a key is of no known kind");
}

}  // namespace vecdb::catalog
