// Numbers of vector files as vectors of a field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "vecdb/batch.h"
#include "vecdb/schema.h"
#include "vecdb/status.h"

#include "formats/elements.h"

namespace vecdb::cli {

// Whether vectors of so many elements each go into the field. Vectors of bits come as bytes.
Status CheckVectors(const Field& field, Element element, std::uint32_t dimension,
                    std::string_view path);
// What a field of this type has as its dimension for so many elements.
std::uint32_t DimensionFor(DataType type, std::uint32_t elements);

// Whole rows on their way into a field of vectors.
class VectorColumn {
 public:
  // The message of a failure begins with "element N", counted in `raw`.
  Status Convert(const Field& field, Element element, std::span<const std::byte> raw);
  Status AddTo(const Field& field, Batch* batch) const;
  Value Take(const Field& field);  // of one row

 private:
  std::vector<float> floats_;
  std::vector<std::int8_t> int8_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace vecdb::cli
