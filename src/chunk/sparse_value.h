// Sparse vectors as the bytes in which columns, the log and files hold them; the one encoder and
// decoder. Little-endian, not aligned; the count is an eighth of the length:
//
//   sparse = { u32 index[count], f32 value[count] }    indices rise, none is 2^32 - 1
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "vecdb/schema.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

namespace vecdb::chunk {

inline constexpr std::size_t kSparseEntryBytes = 8;

// The bytes of one sparse vector, read in place.
class SparseBytes {
 public:
  static bool IsShaped(std::string_view bytes) { return bytes.size() % kSparseEntryBytes == 0; }
  explicit SparseBytes(std::string_view bytes)  // which IsShaped
      : size_(bytes.size() / kSparseEntryBytes), data_(bytes.data()) {}

  std::size_t size() const { return size_; }
  std::uint32_t index(std::size_t i) const { return Load<std::uint32_t>(i); }
  float value(std::size_t i) const { return Load<float>(size_ + i); }
  Value Owned() const;

 private:
  template <typename T>
  T Load(std::size_t i) const {
    T value;
    std::memcpy(&value, data_ + i * sizeof(T), sizeof(T));
    return value;
  }

  std::size_t size_;
  const char* data_;
};

// Appends the vector to `out`; it has been checked (ValidateSparse).
void EncodeSparse(const SparseView& vector, std::string* out);

// A sparse vector on its way into `field` or to be searched for: as many values as indices, which
// rise; finite values, a squared norm that fits a float, not too many entries.
Status ValidateSparse(const Field& field, const SparseView& vector);

// Bytes that were read must be a sparse vector that `field` may hold. kInvalidArgument says why
// not.
Status CheckStoredSparse(const Field& field, std::string_view bytes);

}  // namespace vecdb::chunk
