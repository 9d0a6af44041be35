// Schemas as text: the words that users write for fields.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vecdb/schema.h"
#include "vecdb/status.h"

namespace vecdb::cli {

Result<DataType> TypeNamed(std::string_view name);
Result<Metric> MetricNamed(std::string_view name);
// What words call the types and metrics that there are: "Bool, Int8, ...".
std::string TypeNames();
std::string MetricNames();
bool IsVector(DataType type);
Metric UsualMetric(DataType type);  // where none is said

// NAME:TYPE and then what else there is to say, in any order:
//   title:VarChar(200):nullable   cover:FloatVector(128):COSINE   id:Int64:key   n:Int32:default=7
//   tags:Array(VarChar,20)   about:JSON   words:SparseFloatVector
Result<Field> ParseField(std::string_view text);

// `fields` with those of `given` in the place of the ones they are named as, the others behind.
std::vector<Field> Overridden(std::vector<Field> fields, const std::vector<Field>& given);
Result<Schema> SchemaOf(const std::vector<Field>& fields);

}  // namespace vecdb::cli
