#include "vecdb/types.h"

namespace vecdb {

std::string_view ToString(DataType type) {
  switch (type) {
    case DataType::kBool:
      return "Bool";
    case DataType::kInt8:
      return "Int8";
    case DataType::kInt16:
      return "Int16";
    case DataType::kInt32:
      return "Int32";
    case DataType::kInt64:
      return "Int64";
    case DataType::kFloat:
      return "Float";
    case DataType::kDouble:
      return "Double";
    case DataType::kVarChar:
      return "VarChar";
    case DataType::kArray:
      return "Array";
    case DataType::kJson:
      return "JSON";
    case DataType::kBinaryVector:
      return "BinaryVector";
    case DataType::kFloatVector:
      return "FloatVector";
    case DataType::kFloat16Vector:
      return "Float16Vector";
    case DataType::kBFloat16Vector:
      return "BFloat16Vector";
    case DataType::kSparseFloatVector:
      return "SparseFloatVector";
    case DataType::kInt8Vector:
      return "Int8Vector";
  }
  return "unknown";
}

std::string_view ToString(Metric metric) {
  switch (metric) {
    case Metric::kL2:
      return "L2";
    case Metric::kInnerProduct:
      return "IP";
    case Metric::kCosine:
      return "COSINE";
    case Metric::kHamming:
      return "HAMMING";
    case Metric::kJaccard:
      return "JACCARD";
  }
  return "unknown";
}

std::string_view ToString(Consistency level) {
  switch (level) {
    case Consistency::kStrong:
      return "Strong";
    case Consistency::kSession:
      return "Session";
    case Consistency::kBounded:
      return "Bounded";
    case Consistency::kEventual:
      return "Eventual";
  }
  return "unknown";
}

}  // namespace vecdb
