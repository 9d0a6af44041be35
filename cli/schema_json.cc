#include "schema_json.h"

#include "formats/schema_text.h"
#include "values.h"

namespace vecdb::cli {
namespace {

void WriteField(const Field& field, JsonWriter* json) {
  json->BeginObject();
  json->Member("name", field.name);
  json->Member("type", ToString(field.type));
  if (field.dimension != 0) json->Member("dimension", field.dimension);
  if (IsVector(field.type)) json->Member("metric", ToString(field.metric));
  const bool array = field.type == DataType::kArray;
  if (array) {
    json->Member("element_type", ToString(field.element_type));
    json->Member("max_capacity", field.max_capacity);
  }
  if (DataType::kVarChar == (array ? field.element_type : field.type))
    json->Member("max_length", field.max_length);
  json->Flag("primary_key", field.primary_key);
  json->Flag("auto_id", field.auto_id);
  json->Flag("nullable", field.nullable);
  json->Name("default");
  WriteValue(field, field.default_value, json);
  json->EndObject();
}

}  // namespace

void WriteSchema(const Schema& schema, JsonWriter* json) {
  json->BeginArray();
  for (const Field& field : schema.fields()) WriteField(field, json);
  json->EndArray();
}

void PrintSchemaObject(const std::string& collection, const Schema& schema) {
  JsonWriter json;
  json.BeginObject();
  json.Member("name", collection);
  json.Name("fields");
  WriteSchema(schema, &json);
  json.EndObject();
  json.Print();
}

}  // namespace vecdb::cli
