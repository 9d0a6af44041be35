// What a collection's rows look like. A Schema is checked once, when built, and never changes
// afterwards; copies share one immutable body.
//
// Thread safety: a Schema may be read from any number of threads; a SchemaBuilder belongs to one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "vecdb/export.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

namespace vecdb {

struct Field {
  std::string name;  // a letter or '_', then letters, digits, '_'; at most 255 bytes
  DataType type = DataType::kInt64;
  // Vectors only. L2, IP and COSINE for numbers, HAMMING and JACCARD for bits, IP for sparse ones.
  Metric metric = Metric::kL2;
  // Vectors only: 1..32768 numbers, a multiple of 8 bits up to 262144; sparse ones have none.
  std::uint32_t dimension = 0;
  std::uint32_t max_length = 65535;  // VarChar, alone or in an Array: bytes of UTF-8, 1..65535
  DataType element_type = DataType::kInt64;  // Array only: Bool to VarChar
  std::uint32_t max_capacity = 4096;         // Array only: elements, 1..4096
  bool primary_key = false;                  // Int64 or VarChar; never nullable, no default
  bool auto_id = false;                      // vecdb assigns the key (Int64 keys)
  bool nullable = false;                     // never a vector
  Value default_value = {};  // never of a vector: taken when the value is missing or null
};

class Schema;

// True when both describe the same fields in the same order.
VECDB_API bool operator==(const Schema& a, const Schema& b);

// 1 to 64 fields: exactly one primary key and 1 to 4 vectors. Names are unique; the words of
// filters (and, or, not, in, is, null, like, exists, true, false), RowID and Timestamp are taken.
// What its methods return is lent by the object.
class VECDB_API Schema {
 public:
  Schema(const Schema&) = default;  // moving copies too: there is no empty schema
  Schema& operator=(const Schema&) = default;

  std::span<const Field> fields() const;
  const Field& primary_key() const;
  const Field* Find(std::string_view name) const;  // nullptr when there is no such field

 private:
  friend class SchemaBuilder;
  friend bool operator==(const Schema& a, const Schema& b);
  struct Body;
  explicit Schema(std::shared_ptr<const Body> body);
  std::shared_ptr<const Body> body_;
};

// Builds a Schema by naming its fields in order. One that was moved from may only be assigned to or
// destroyed. The methods check nothing; Build() is
// kInvalidArgument for the first mistake, by name:
//   InvalidArgument: field 'cover' is a vector and needs a dimension between 1 and 32768, not 0
class VECDB_API SchemaBuilder {
 public:
  SchemaBuilder();
  SchemaBuilder(SchemaBuilder&&) noexcept;
  SchemaBuilder& operator=(SchemaBuilder&&) noexcept;
  ~SchemaBuilder();

  // Int64 or VarChar.
  SchemaBuilder& PrimaryKey(std::string_view name, DataType type = DataType::kInt64);
  SchemaBuilder& AutoPrimaryKey(std::string_view name);           // Int64, given by vecdb
  SchemaBuilder& Scalar(std::string_view name, DataType type);    // every row has a value
  SchemaBuilder& Nullable(std::string_view name, DataType type);  // null when left out
  SchemaBuilder& Json(std::string_view name);                     // every row has a value
  // Of Bool to VarChar; every row has a value, which may be empty.
  SchemaBuilder& Array(std::string_view name, DataType element, std::uint32_t max_capacity = 4096);
  // 1 to 32,768 numbers: FloatVector, Float16Vector, BFloat16Vector or Int8Vector.
  SchemaBuilder& Vector(std::string_view name, std::uint32_t dimension, Metric metric,
                        DataType type = DataType::kFloatVector);
  // 8 to 262,144 bits, a multiple of 8.
  SchemaBuilder& BinaryVector(std::string_view name, std::uint32_t dimension,
                              Metric metric = Metric::kHamming);
  SchemaBuilder& SparseVector(std::string_view name, Metric metric = Metric::kInnerProduct);
  SchemaBuilder& Add(Field field);  // everything the shorter forms leave at its default

  Result<Schema> Build() const;

 private:
  struct Draft;
  std::unique_ptr<Draft> draft_;
};

}  // namespace vecdb
