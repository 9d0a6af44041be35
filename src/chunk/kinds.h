// What kinds of types there are, asked wherever code depends on more than one of them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "vecdb/types.h"

namespace vecdb::chunk {

constexpr bool IsVector(DataType type) {
  switch (type) {
    case DataType::kBinaryVector:
    case DataType::kFloatVector:
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
    case DataType::kSparseFloatVector:
    case DataType::kInt8Vector:
      return true;
    case DataType::kBool:
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
    case DataType::kFloat:
    case DataType::kDouble:
    case DataType::kVarChar:
    case DataType::kArray:
    case DataType::kJson:
      return false;
  }
  return false;
}

// Stored as a string of bytes whose length differs from row to row: text as it is, the rest in the
// encoding of chunk/array_value.h or chunk/sparse_value.h.
constexpr bool IsVariable(DataType type) {
  return type == DataType::kVarChar || type == DataType::kArray || type == DataType::kJson ||
         type == DataType::kSparseFloatVector;
}

constexpr bool IsHalf(DataType type) {
  return type == DataType::kFloat16Vector || type == DataType::kBFloat16Vector;
}

// A scalar that filters compare, and an Array may hold.
constexpr bool IsScalar(DataType type) {
  return !IsVector(type) && type != DataType::kArray && type != DataType::kJson;
}

// Bytes of one value of a fixed-width type; 0 where IsVariable.
constexpr std::size_t FixedWidth(DataType type, std::uint32_t dimension) {
  switch (type) {
    case DataType::kBool:
    case DataType::kInt8:
      return 1;
    case DataType::kInt16:
      return 2;
    case DataType::kInt32:
    case DataType::kFloat:
      return 4;
    case DataType::kInt64:
    case DataType::kDouble:
      return 8;
    case DataType::kVarChar:
    case DataType::kArray:
    case DataType::kJson:
    case DataType::kSparseFloatVector:
      return 0;
    case DataType::kBinaryVector:
      return dimension / 8;
    case DataType::kInt8Vector:
      return dimension;
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
      return std::size_t{2} * dimension;
    case DataType::kFloatVector:
      return std::size_t{4} * dimension;
  }
  return 0;
}

}  // namespace vecdb::chunk
