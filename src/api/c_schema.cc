#include <string>
#include <utility>

#include "vecdb/schema.h"

#include "api/c_call.h"
#include "api/c_field.h"
#include "api/c_objects.h"

namespace vecdb::api {

vecdb_field CStruct<vecdb_field>::Defaults() {
  const Field defaults;
  vecdb_field out = {};
  out.struct_size = sizeof(out);
  out.type = static_cast<vecdb_type>(defaults.type);
  out.metric = static_cast<vecdb_metric>(defaults.metric);
  out.dimension = defaults.dimension;
  out.max_length = defaults.max_length;
  out.element_type = static_cast<vecdb_type>(defaults.element_type);
  out.max_capacity = defaults.max_capacity;
  return out;
}

vecdb_field LendField(const Field& field, const vecdb_value& default_value) {
  vecdb_field out = {};
  out.name = Lend(std::string_view(field.name));
  out.type = static_cast<vecdb_type>(field.type);
  out.metric = static_cast<vecdb_metric>(field.metric);
  out.dimension = field.dimension;
  out.max_length = field.max_length;
  out.element_type = static_cast<vecdb_type>(field.element_type);
  out.max_capacity = field.max_capacity;
  out.primary_key = field.primary_key ? 1 : 0;
  out.auto_id = field.auto_id ? 1 : 0;
  out.nullable = field.nullable ? 1 : 0;
  out.default_value = default_value;
  return out;
}

namespace {

Result<Field> FieldOf(const vecdb_field* given) {
  VECDB_TRY_ASSIGN(const vecdb_field from, ReadStruct(given));
  Field field;
  VECDB_TRY_ASSIGN(field.name, Lent(from.name, "vecdb_field.name"));
  VECDB_TRY_ASSIGN(field.type, EnumOf<DataType>(from.type, "vecdb_field.type"));
  VECDB_TRY_ASSIGN(field.metric, EnumOf<Metric>(from.metric, "vecdb_field.metric"));
  field.dimension = from.dimension;
  field.max_length = from.max_length;
  VECDB_TRY_ASSIGN(field.element_type,
                   EnumOf<DataType>(from.element_type, "vecdb_field.element_type"));
  field.max_capacity = from.max_capacity;
  VECDB_TRY_ASSIGN(field.primary_key, FlagOf(from.primary_key, "vecdb_field.primary_key"));
  VECDB_TRY_ASSIGN(field.auto_id, FlagOf(from.auto_id, "vecdb_field.auto_id"));
  VECDB_TRY_ASSIGN(field.nullable, FlagOf(from.nullable, "vecdb_field.nullable"));
  VECDB_TRY_ASSIGN(field.default_value, OwnedOf(from.default_value, "vecdb_field.default_value"));
  return field;
}

// The shorter forms: a field with a name and a type; `change` sets the rest.
template <typename Change>
vecdb_code AddField(vecdb_schema* schema, const vecdb_text& name, vecdb_type type,
                    vecdb_error* error, Change&& change) noexcept {
  return CallUsing<SchemaObject>(schema, error, [&](SchemaObject& o) -> Status {
    Field field;
    VECDB_TRY_ASSIGN(field.name, Lent(name, "name"));
    VECDB_TRY_ASSIGN(field.type, EnumOf<DataType>(type, "type"));
    VECDB_TRY(change(field));
    o.builder.Add(std::move(field));
    return Status();
  });
}

}  // namespace
}  // namespace vecdb::api

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

void vecdb_field_init(vecdb_field* field, size_t struct_size) {
  InitStruct(field, struct_size);
}

vecdb_code vecdb_schema_new(vecdb_schema** out, vecdb_error* error) {
  return CallMaking<SchemaObject>(out, error, [](SchemaObject&) { return Status(); });
}

vecdb_code vecdb_schema_free(vecdb_schema* schema) {
  return Free<SchemaObject>(schema);
}

vecdb_code vecdb_schema_add(vecdb_schema* schema, const vecdb_field* field, vecdb_error* error) {
  return CallUsing<SchemaObject>(schema, error, [&](SchemaObject& o) -> Status {
    VECDB_TRY_ASSIGN(Field added, FieldOf(field));
    o.builder.Add(std::move(added));
    return Status();
  });
}

vecdb_code vecdb_schema_primary_key(vecdb_schema* schema, vecdb_text name, vecdb_type type,
                                    vecdb_error* error) {
  return AddField(schema, name, type, error, [](Field& field) {
    field.primary_key = true;
    return Status();
  });
}

vecdb_code vecdb_schema_auto_primary_key(vecdb_schema* schema, vecdb_text name,
                                         vecdb_error* error) {
  return AddField(schema, name, VECDB_INT64, error, [](Field& field) {
    field.primary_key = true;
    field.auto_id = true;
    return Status();
  });
}

vecdb_code vecdb_schema_scalar(vecdb_schema* schema, vecdb_text name, vecdb_type type,
                               vecdb_error* error) {
  return AddField(schema, name, type, error, [](Field&) { return Status(); });
}

vecdb_code vecdb_schema_nullable(vecdb_schema* schema, vecdb_text name, vecdb_type type,
                                 vecdb_error* error) {
  return AddField(schema, name, type, error, [](Field& field) {
    field.nullable = true;
    return Status();
  });
}

vecdb_code vecdb_schema_vector(vecdb_schema* schema, vecdb_text name, vecdb_type type,
                               uint32_t dimension, vecdb_metric metric, vecdb_error* error) {
  return AddField(schema, name, type, error, [&](Field& field) -> Status {
    field.dimension = dimension;
    VECDB_TRY_ASSIGN(field.metric, EnumOf<Metric>(metric, "metric"));
    return Status();
  });
}

vecdb_code vecdb_schema_array(vecdb_schema* schema, vecdb_text name, vecdb_type element,
                              uint32_t max_capacity, vecdb_error* error) {
  return AddField(schema, name, VECDB_ARRAY, error, [&](Field& field) -> Status {
    VECDB_TRY_ASSIGN(field.element_type, EnumOf<DataType>(element, "element"));
    field.max_capacity = max_capacity;
    return Status();
  });
}

vecdb_code vecdb_schema_check(const vecdb_schema* schema, vecdb_error* error) {
  return CallUsing<SchemaObject>(schema, error,
                                 [](SchemaObject& o) { return o.builder.Build().status(); });
}
