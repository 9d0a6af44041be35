// Shared by the fuzz targets: what a decoder may say to bytes nobody wrote.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "vecdb/schema.h"
#include "vecdb/status.h"

#include "base/bytes.h"

namespace vecdb::fuzz {

inline void Expect(bool holds) {
  if (!holds) std::abort();
}

// Bytes are damaged or they are not; no other failure is possible.
inline bool Taken(const Status& status) {
  Expect(status.ok() || status.code() == StatusCode::kCorruption);
  return status.ok();
}

// What is taken, written and read again is written the same: nothing was guessed.
template <typename Decode, typename Encode>
void ExpectStable(std::span<const std::byte> bytes, const Decode& decode, const Encode& encode) {
  const auto first = decode(bytes);
  if (!Taken(first.status())) return;
  const base::Bytes written = encode(*first);
  const auto second = decode(std::span<const std::byte>(written));
  Expect(second.ok());
  Expect(encode(*second) == written);
}

// The first byte, which chooses between cases; the rest is the case's.
inline std::uint8_t TakeByte(std::span<const std::byte>* bytes) {
  if (bytes->empty()) return 0;
  const auto first = static_cast<std::uint8_t>(bytes->front());
  *bytes = bytes->subspan(1);
  return first;
}

inline std::span<const std::byte> InputOf(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

// One field of every kind, with nulls and defaults.
inline const Schema& EveryField() {
  static const Schema schema = *SchemaBuilder()
                                    .PrimaryKey("id")
                                    .Scalar("b", DataType::kBool)
                                    .Scalar("i8", DataType::kInt8)
                                    .Scalar("i16", DataType::kInt16)
                                    .Nullable("i32", DataType::kInt32)
                                    .Scalar("f", DataType::kFloat)
                                    .Nullable("d", DataType::kDouble)
                                    .Nullable("s", DataType::kVarChar)
                                    .Vector("v", 2, Metric::kL2)
                                    .Build();
  return schema;
}

// The kinds that EveryField lacks.
inline const Schema& EveryOtherField() {
  static const Schema schema = *SchemaBuilder()
                                    .PrimaryKey("id")
                                    .Nullable("j", DataType::kJson)
                                    .Array("ab", DataType::kBool)
                                    .Array("ai", DataType::kInt16, 3)
                                    .Array("af", DataType::kFloat)
                                    .Array("as", DataType::kVarChar)
                                    .Vector("h", 2, Metric::kL2, DataType::kFloat16Vector)
                                    .Vector("b", 2, Metric::kL2, DataType::kBFloat16Vector)
                                    .BinaryVector("x", 8)
                                    .SparseVector("s")
                                    .Build();
  return schema;
}

}  // namespace vecdb::fuzz
