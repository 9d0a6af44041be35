// Arrays as the bytes in which columns, the log and files hold them; the one encoder and decoder.
// Little-endian, nothing is aligned:
//
//   array  = { u8 type of the elements, u32 count, values }
//   values = count values in the width of the type       Bool u8 (0 or 1), Int8 to Int64, f32, f64
//          | { u32 end[count], u8[end[count - 1]] }      VarChar; ends never descend
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vecdb/schema.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

namespace vecdb::chunk {

// Of one array or one sparse vector. With it the values of a row always fit one record of the log,
// and one value always fits a column file.
inline constexpr std::size_t kMaxEncodedBytes = std::size_t{256} << 10;

// The bytes of one array, read in place.
class ArrayView {
 public:
  // nullopt when the lengths in `bytes` do not add up or the type is none that arrays have; then
  // nothing in it can be read. What the elements are worth is CheckStoredArray's question.
  static std::optional<ArrayView> From(std::string_view bytes);

  DataType element() const { return element_; }
  std::size_t size() const { return size_; }
  // Each for elements of its kind: Bool, integers, Float and Double, VarChar.
  bool Bool(std::size_t i) const { return Load<std::uint8_t>(i) != 0; }
  std::int64_t Int(std::size_t i) const;
  double Number(std::size_t i) const;
  std::string_view Text(std::size_t i) const;

  Value Owned() const;

 private:
  ArrayView(DataType element, std::size_t size, std::string_view values)
      : element_(element), size_(size), values_(values) {}

  template <typename T>
  T Load(std::size_t i) const;

  DataType element_;
  std::size_t size_;
  std::string_view values_;
};

// Appends the array to `out`. The elements have been checked (ValidateArray).
void EncodeArray(DataType element, const ValueView& array, std::string* out);
std::size_t EncodedArrayBytes(DataType element, const ValueView& array);

// An array on its way into `field`: kind of elements, their widths and lengths, how many, and how
// many bytes in all. kInvalidArgument naming the element.
Status ValidateArray(const Field& field, const ValueView& array);

// Bytes that were read must be an array that `field` may hold. kInvalidArgument says why not.
Status CheckStoredArray(const Field& field, std::string_view bytes);

}  // namespace vecdb::chunk
