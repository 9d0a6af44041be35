#include "chunk/sparse_value.h"

#include <cmath>
#include <limits>
#include <vector>

#include "base/status.h"
#include "chunk/array_value.h"
#include "chunk/validate.h"

namespace vecdb::chunk {
namespace {

constexpr std::uint32_t kNoIndex = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kMaxEntries = kMaxEncodedBytes / kSparseEntryBytes;

// index(i) and value(i) for i < size.
template <typename Index, typename At>
Status CheckEntries(const Field& field, std::size_t size, const Index& index, const At& value) {
  if (size > kMaxEntries) {
    return base::InvalidArgument("field '{}' holds sparse vectors of at most {} entries, got {}",
                                 field.name, kMaxEntries, size);
  }
  double norm2 = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (index(i) == kNoIndex) {
      return base::InvalidArgument("field '{}' takes indices up to {}, got {}", field.name,
                                   kNoIndex - 1, index(i));
    }
    if (i > 0 && index(i) <= index(i - 1)) {
      return base::InvalidArgument("field '{}' takes indices that rise, got {} after {}",
                                   field.name, index(i), index(i - 1));
    }
    if (!std::isfinite(value(i))) {
      return base::InvalidArgument("field '{}' holds finite numbers, got {} at index {}",
                                   field.name, value(i), index(i));
    }
    norm2 += double{value(i)} * value(i);
  }
  if (norm2 <= kMaxSquaredNorm) return Status();
  return base::InvalidArgument("field '{}' holds vectors of a squared norm up to {}, got {}",
                               field.name, kMaxSquaredNorm, norm2);
}

}  // namespace

Value SparseBytes::Owned() const {
  SparseVector vector;
  vector.indices.resize(size_);
  vector.values.resize(size_);
  if (size_ != 0) {
    std::memcpy(vector.indices.data(), data_, size_ * sizeof(std::uint32_t));
    std::memcpy(vector.values.data(), data_ + size_ * sizeof(std::uint32_t), size_ * sizeof(float));
  }
  return vector;
}

void EncodeSparse(const SparseView& vector, std::string* out) {
  out->append(reinterpret_cast<const char*>(vector.indices.data()), vector.indices.size_bytes());
  out->append(reinterpret_cast<const char*>(vector.values.data()), vector.values.size_bytes());
}

Status ValidateSparse(const Field& field, const SparseView& vector) {
  if (vector.indices.size() != vector.values.size()) {
    return base::InvalidArgument("field '{}' got a sparse vector of {} indices and {} values",
                                 field.name, vector.indices.size(), vector.values.size());
  }
  return CheckEntries(
      field, vector.indices.size(), [&](std::size_t i) { return vector.indices[i]; },
      [&](std::size_t i) { return vector.values[i]; });
}

Status CheckStoredSparse(const Field& field, std::string_view bytes) {
  if (!SparseBytes::IsShaped(bytes)) {
    return base::InvalidArgument("the bytes of field '{}' are no sparse vector", field.name);
  }
  const SparseBytes vector(bytes);
  return CheckEntries(
      field, vector.size(), [&](std::size_t i) { return vector.index(i); },
      [&](std::size_t i) { return vector.value(i); });
}

}  // namespace vecdb::chunk
