#include "chunk/array_value.h"

#include <cmath>
#include <cstring>
#include <span>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/status.h"
#include "chunk/kinds.h"
#include "chunk/validate.h"
#include "chunk/value.h"

namespace vecdb::chunk {
namespace {

constexpr std::size_t kHeadBytes = 1 + sizeof(std::uint32_t);

template <typename T>
T LoadAt(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

template <typename T>
void Put(T value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(T));
}

// Calls use(T{}) with the type in which elements of this type are stored.
template <typename Use>
auto WithElement(DataType element, const Use& use) {
  switch (element) {
    case DataType::kInt8:
      return use(std::int8_t{});
    case DataType::kInt16:
      return use(std::int16_t{});
    case DataType::kInt32:
      return use(std::int32_t{});
    case DataType::kInt64:
      return use(std::int64_t{});
    case DataType::kFloat:
      return use(float{});
    case DataType::kDouble:
      return use(double{});
    case DataType::kVarChar:
      return use(std::string_view{});
    case DataType::kBool:
    case DataType::kArray:
    case DataType::kJson:
    case DataType::kBinaryVector:
    case DataType::kFloatVector:
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
    case DataType::kSparseFloatVector:
    case DataType::kInt8Vector:
      break;
  }
  return use(bool{});
}

// Calls use(span) with the elements that `array` lends; false when it is no array.
template <typename Use>
bool WithElements(const ValueView& array, const Use& use) {
  if (const auto* bools = std::get_if<std::span<const bool>>(&array)) return use(*bools), true;
  if (const auto* ints = std::get_if<std::span<const std::int64_t>>(&array)) {
    return use(*ints), true;
  }
  if (const auto* numbers = std::get_if<std::span<const double>>(&array)) {
    return use(*numbers), true;
  }
  if (const auto* texts = std::get_if<std::span<const std::string_view>>(&array)) {
    return use(*texts), true;
  }
  return false;
}

// Whether elements given as `Given` fill an array that stores them as `Stored`.
template <typename Stored, typename Given>
constexpr bool kFills = std::is_same_v<Stored, Given> ||
                        (std::is_same_v<Given, std::int64_t> && std::is_arithmetic_v<Stored> &&
                         !std::is_same_v<Stored, bool>) ||
                        (std::is_same_v<Given, double> && std::is_floating_point_v<Stored>);

Status WrongElements(const Field& field, const ValueView& array) {
  return base::InvalidArgument("field '{}' holds Array of {}, got {}", field.name,
                               ToString(field.element_type), Shown(array));
}

Status BadElement(const Field& field, std::size_t i, const ValueView& element) {
  Field one;  // a field of what the elements are says best what is wrong
  one.name = field.name;
  one.type = field.element_type;
  one.max_length = field.max_length;
  return base::Annotate(ValidateValue(one, element), base::Format("element {}", i));
}

template <typename Stored, typename Given>
Status CheckElements(const Field& field, std::span<const Given> elements) {
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if constexpr (std::is_same_v<Given, std::string_view>) {
      const Status status = ValidateText(field, elements[i]);
      if (!status.ok()) return base::Annotate(status, base::Format("element {}", i));
    } else if constexpr (!std::is_same_v<Given, bool>) {
      if (!Fits<Stored>(elements[i])) return BadElement(field, i, elements[i]);
    }
  }
  return Status();
}

Status CheckCapacity(const Field& field, std::size_t elements) {
  if (elements <= field.max_capacity) return Status();
  return base::InvalidArgument("field '{}' holds at most {} elements, got {}", field.name,
                               field.max_capacity, elements);
}

Status CheckEncodedBytes(const Field& field, std::size_t bytes) {
  if (bytes <= kMaxEncodedBytes) return Status();
  return base::InvalidArgument("field '{}' holds arrays of at most {} bytes, got {}", field.name,
                               kMaxEncodedBytes, bytes);
}

void PutElements(DataType /*element*/, std::span<const std::string_view> texts, std::string* out) {
  std::uint32_t end = 0;
  for (const std::string_view text : texts) {
    end += static_cast<std::uint32_t>(text.size());
    Put(end, out);
  }
  for (const std::string_view text : texts) out->append(text);
}

template <typename Given>
void PutElements(DataType element, std::span<const Given> elements, std::string* out) {
  WithElement(element, [&]<typename Stored>(Stored) {
    if constexpr (kFills<Stored, Given>) {
      for (const Given value : elements) Put(static_cast<Stored>(value), out);
    }
  });
}

template <typename To, typename Get>
std::vector<To> Elements(std::size_t size, const Get& get) {
  std::vector<To> elements;
  elements.reserve(size);
  for (std::size_t i = 0; i < size; ++i) elements.push_back(To(get(i)));
  return elements;
}

}  // namespace

template <typename T>
T ArrayView::Load(std::size_t i) const {
  return LoadAt<T>(values_, i * sizeof(T));
}

std::optional<ArrayView> ArrayView::From(std::string_view bytes) {
  if (bytes.size() < kHeadBytes) return std::nullopt;
  const auto element = static_cast<DataType>(LoadAt<std::uint8_t>(bytes, 0));
  const std::size_t size = LoadAt<std::uint32_t>(bytes, 1);
  if (ToString(element) == "unknown" || !IsScalar(element)) return std::nullopt;
  const std::string_view values = bytes.substr(kHeadBytes);
  if (element != DataType::kVarChar) {
    const std::size_t width = FixedWidth(element, 0);
    if (values.size() % width != 0 || values.size() / width != size) return std::nullopt;
    return ArrayView(element, size, values);
  }
  if (size > values.size() / sizeof(std::uint32_t)) return std::nullopt;
  const std::size_t text_bytes = values.size() - size * sizeof(std::uint32_t);
  std::uint32_t before = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const auto end = LoadAt<std::uint32_t>(values, i * sizeof(std::uint32_t));
    if (end < before) return std::nullopt;
    before = end;
  }
  if (before != text_bytes) return std::nullopt;
  return ArrayView(element, size, values);
}

std::int64_t ArrayView::Int(std::size_t i) const {
  return WithElement(element_, [&]<typename T>(T) -> std::int64_t {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) return Load<T>(i);
    VECDB_CHECK(false, "an array of other things was read as integers");
  });
}

double ArrayView::Number(std::size_t i) const {
  if (element_ == DataType::kFloat) return static_cast<double>(Load<float>(i));
  VECDB_CHECK(element_ == DataType::kDouble, "an array of other things was read as numbers");
  return Load<double>(i);
}

std::string_view ArrayView::Text(std::size_t i) const {
  const std::size_t start = i == 0 ? 0 : Load<std::uint32_t>(i - 1);
  const std::size_t end = Load<std::uint32_t>(i);
  return values_.substr(size_ * sizeof(std::uint32_t) + start, end - start);
}

Value ArrayView::Owned() const {
  return WithElement(element_, [&]<typename T>(T) -> Value {
    if constexpr (std::is_same_v<T, bool>) {
      return Elements<bool>(size_, [&](std::size_t i) { return Bool(i); });
    } else if constexpr (std::is_integral_v<T>) {
      return Elements<std::int64_t>(size_, [&](std::size_t i) { return Load<T>(i); });
    } else if constexpr (std::is_floating_point_v<T>) {
      return Elements<double>(size_, [&](std::size_t i) { return Load<T>(i); });
    } else {
      return Elements<std::string>(size_, [&](std::size_t i) { return Text(i); });
    }
  });
}

void EncodeArray(DataType element, const ValueView& array, std::string* out) {
  Put(static_cast<std::uint8_t>(element), out);
  WithElements(array, [&](const auto& elements) {
    Put(static_cast<std::uint32_t>(elements.size()), out);
    PutElements(element, elements, out);
  });
}

std::size_t EncodedArrayBytes(DataType element, const ValueView& array) {
  std::size_t bytes = kHeadBytes;
  WithElements(array, [&]<typename Given>(std::span<const Given> elements) {
    if constexpr (std::is_same_v<Given, std::string_view>) {
      for (const std::string_view text : elements) bytes += sizeof(std::uint32_t) + text.size();
    } else {
      bytes += elements.size() * FixedWidth(element, 0);
    }
  });
  return bytes;
}

Status ValidateArray(const Field& field, const ValueView& array) {
  Status status = WrongElements(field, array);
  WithElements(array, [&]<typename Given>(std::span<const Given> elements) {
    WithElement(field.element_type, [&]<typename Stored>(Stored) {
      if constexpr (kFills<Stored, Given>) {
        status = CheckCapacity(field, elements.size());
        if (status.ok()) status = CheckElements<Stored>(field, elements);
      }
    });
  });
  VECDB_TRY(status);
  return CheckEncodedBytes(field, EncodedArrayBytes(field.element_type, array));
}

Status CheckStoredArray(const Field& field, std::string_view bytes) {
  VECDB_TRY(CheckEncodedBytes(field, bytes.size()));
  const std::optional<ArrayView> array = ArrayView::From(bytes);
  if (!array) return base::InvalidArgument("the bytes of field '{}' are no array", field.name);
  if (array->element() != field.element_type) {
    return base::InvalidArgument("field '{}' holds Array of {}, not of {}", field.name,
                                 ToString(field.element_type), ToString(array->element()));
  }
  VECDB_TRY(CheckCapacity(field, array->size()));
  for (std::size_t i = 0; i < array->size(); ++i) {
    if (field.element_type == DataType::kVarChar) {
      VECDB_TRY(ValidateText(field, array->Text(i)));
    } else if (field.element_type == DataType::kBool) {
      const auto raw = static_cast<unsigned char>(bytes[kHeadBytes + i]);
      if (raw > 1) return base::InvalidArgument("a Bool of field '{}' is not 0 or 1", field.name);
    } else if ((field.element_type == DataType::kFloat ||
                field.element_type == DataType::kDouble) &&
               !std::isfinite(array->Number(i))) {
      return base::InvalidArgument("field '{}' holds finite numbers, got {}", field.name,
                                   array->Number(i));
    }
  }
  return Status();
}

}  // namespace vecdb::chunk
