// Keys, values and rows as text and as JSON.
#pragma once

#include <string>

#include "vecdb/result.h"
#include "vecdb/schema.h"

#include "json.h"

namespace vecdb::cli {

std::string KeyText(const Key& key);
// For a cell of a table: long texts and vectors are cut.
std::string ValueText(const Value& value);
// "Int64", "VarChar(200)", "Array(Bool)".
std::string TypeText(const Field& field);

void WriteKey(const Key& key, JsonWriter* out);
void WriteValue(const Field& field, const Value& value, JsonWriter* out);
void WriteFields(const Schema& schema, const Row& row, JsonWriter* out);  // an object

}  // namespace vecdb::cli
