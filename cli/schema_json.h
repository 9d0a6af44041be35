// Schemas as JSON: as `--schema` reads them.
#pragma once

#include <string>

#include "vecdb/schema.h"

#include "json.h"

namespace vecdb::cli {

// The fields as an array.
void WriteSchema(const Schema& schema, JsonWriter* json);
// {"name": ..., "fields": [...]}, as JsonWriter::Print.
void PrintSchemaObject(const std::string& collection, const Schema& schema);

}  // namespace vecdb::cli
