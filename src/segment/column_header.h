// The first 64 bytes of a column file, and where the sections behind them stand. The grammar is on
// top of column_file.cc.
#pragma once

#include <cstdint>
#include <string>

#include "vecdb/schema.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

#include "base/bytes.h"
#include "base/ids.h"

namespace vecdb::segment {

inline constexpr std::uint64_t kSectionAlignment = 64;

constexpr std::uint64_t AlignSection(std::uint64_t offset) {
  return (offset + kSectionAlignment - 1) & ~(kSectionAlignment - 1);
}

enum class ColumnEncoding : std::uint8_t { kPlain = 1, kDictionary = 2, kRunLength = 3 };

// Offsets within the body; those of sections that a file does not have are 0.
struct ColumnLayout {
  std::uint64_t validity = 0;
  std::uint64_t index = 0;  // ends of texts, codes or ends of runs
  std::uint64_t ends = 0;   // of the dictionary's texts
  std::uint64_t data = 0;   // values, or the bytes of texts
  std::uint64_t end = 0;    // of the body
};

struct ColumnHeader {
  static constexpr std::uint64_t kSize = 64;
  static constexpr std::uint32_t kMagic = 0x4C4F'4356;  // "VCOL"
  static constexpr std::uint32_t kMaxDictionary = 65'535;

  ColumnEncoding encoding = ColumnEncoding::kPlain;
  DataType type = DataType::kInt64;
  std::uint8_t element = 0;  // number of the DataType in an array; 0 for other types
  bool has_validity = false;
  std::uint32_t dimension = 0;
  std::uint32_t rows = 0;
  std::uint32_t entries = 0;     // texts of the dictionary, or runs; 0 when plain
  std::uint64_t text_bytes = 0;  // of all texts together; 0 for types of fixed width

  static std::uint8_t ElementOf(const Field& field) {
    return field.type == DataType::kArray ? static_cast<std::uint8_t>(field.element_type) : 0;
  }
  void Encode(base::Bytes* out) const;
  // What the header promises is possible: it belongs to this field, and its sections fill a body of
  // `body_size` bytes exactly. kCorruption naming `name`.
  static Result<ColumnHeader> Decode(std::span<const std::byte> bytes, const Field& field,
                                     std::uint64_t body_size, const std::string& name);
  ColumnLayout Layout() const;
};

}  // namespace vecdb::segment
