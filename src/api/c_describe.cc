// What a collection is, and what may change of it.
#include <chrono>
#include <string>
#include <string_view>

#include "vecdb/options.h"

#include "api/c_call.h"
#include "api/c_collection.h"
#include "api/c_field.h"
#include "api/c_objects.h"
#include "api/c_struct.h"

namespace vecdb::api {

vecdb_collection_properties LendProperties(const CollectionProperties& properties) {
  vecdb_collection_properties out = {};
  out.struct_size = sizeof(out);
  out.ttl_ms = properties.ttl.count();
  out.auto_compaction = properties.auto_compaction ? 1 : 0;
  out.consistency = static_cast<std::int32_t>(properties.consistency);
  out.compact_when_deleted = properties.compact_when_deleted;
  return out;
}

template <>
struct CStruct<vecdb_collection_info> {
  static constexpr std::string_view kName = "vecdb_collection_info";
  static constexpr std::size_t kFirstSize = sizeof(vecdb_collection_info);
  static vecdb_collection_info Defaults() { return {}; }
};

Result<CollectionProperties> PropertiesOf(const vecdb_collection_properties* given) {
  VECDB_TRY_ASSIGN(const vecdb_collection_properties from, ReadStruct(given));
  CollectionProperties properties;
  properties.ttl = std::chrono::milliseconds(from.ttl_ms);
  VECDB_TRY_ASSIGN(properties.auto_compaction,
                   FlagOf(from.auto_compaction, "vecdb_collection_properties.auto_compaction"));
  VECDB_TRY_ASSIGN(
      properties.consistency,
      EnumOf<Consistency>(from.consistency, "vecdb_collection_properties.consistency"));
  properties.compact_when_deleted = from.compact_when_deleted;
  return properties;
}

namespace {

// A call on a database with two names.
template <typename F>
vecdb_code CallWithNames(vecdb_db* db, const vecdb_text& first, const vecdb_text& second,
                         vecdb_error* error, F&& function) noexcept {
  return CallUsing<DatabaseObject>(db, error, [&](DatabaseObject& o) -> Status {
    VECDB_TRY_ASSIGN(const std::string_view one, Lent(first, "the first name"));
    VECDB_TRY_ASSIGN(const std::string_view other, Lent(second, "the second name"));
    return function(*o.database, one, other);
  });
}

}  // namespace
}  // namespace vecdb::api

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

void vecdb_collection_properties_init(vecdb_collection_properties* properties, size_t struct_size) {
  InitStruct(properties, struct_size);
}

void vecdb_collection_info_init(vecdb_collection_info* info, size_t struct_size) {
  InitStruct(info, struct_size);
}

vecdb_code vecdb_describe_collection(vecdb_db* db, vecdb_text name, vecdb_description** out,
                                     vecdb_error* error) {
  return CallMaking<DescriptionObject>(out, error, [&](DescriptionObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto database, Use<DatabaseObject>(db));
    VECDB_TRY_ASSIGN(const std::string_view called, Lent(name, "name"));
    VECDB_TRY_ASSIGN(made.info, database->database->DescribeCollection(called));
    for (const Field& field : made.info->schema.fields()) made.defaults.Add(field.default_value);
    return Status();
  });
}

vecdb_code vecdb_description_info(const vecdb_description* description, vecdb_collection_info* out,
                                  vecdb_error* error) {
  return CallUsing<DescriptionObject>(description, error, [&](DescriptionObject& o) {
    vecdb_collection_info whole = {};
    whole.id = o.info->id;
    whole.created = static_cast<std::uint64_t>(o.info->created);
    whole.name = Lend(std::string_view(o.info->name));
    whole.field_count = o.info->schema.fields().size();
    whole.alias_count = o.info->aliases.size();
    return WriteStruct(whole, out);
  });
}

vecdb_code vecdb_description_options(const vecdb_description* description,
                                     vecdb_collection_options* out, vecdb_error* error) {
  return CallUsing<DescriptionObject>(description, error, [&](DescriptionObject& o) {
    return WriteStruct(LendOptions(o.info->options), out);
  });
}

vecdb_code vecdb_description_properties(const vecdb_description* description,
                                        vecdb_collection_properties* out, vecdb_error* error) {
  return CallUsing<DescriptionObject>(description, error, [&](DescriptionObject& o) {
    return WriteStruct(LendProperties(o.info->properties), out);
  });
}

vecdb_code vecdb_description_field(const vecdb_description* description, size_t i, vecdb_field* out,
                                   vecdb_error* error) {
  return CallUsing<DescriptionObject>(description, error, [&](DescriptionObject& o) -> Status {
    VECDB_TRY_ASSIGN(const Field* field, ElementOf(o.info->schema.fields(), i, "field"));
    return WriteStruct(LendField(*field, o.defaults[i]), out);
  });
}

vecdb_code vecdb_description_alias(const vecdb_description* description, size_t i, vecdb_text* out,
                                   vecdb_error* error) {
  return CallUsing<DescriptionObject>(description, error, [&](DescriptionObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    VECDB_TRY_ASSIGN(const std::string* alias, ElementOf(o.info->aliases, i, "alias"));
    *out = Lend(std::string_view(*alias));
    return Status();
  });
}

vecdb_code vecdb_description_free(vecdb_description* description) {
  return Free<DescriptionObject>(description);
}

vecdb_code vecdb_rename_collection(vecdb_db* db, vecdb_text name, vecdb_text new_name,
                                   vecdb_error* error) {
  return CallWithNames(db, name, new_name, error, [](Database& d, auto from, auto to) {
    return d.RenameCollection(from, to);
  });
}

vecdb_code vecdb_alter_collection(vecdb_db* db, vecdb_text name,
                                  const vecdb_collection_properties* properties,
                                  vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error, [&](DatabaseObject& o) -> Status {
    VECDB_TRY_ASSIGN(const std::string_view called, Lent(name, "name"));
    VECDB_TRY_ASSIGN(const CollectionProperties next, PropertiesOf(properties));
    return o.database->AlterCollection(called, next);
  });
}

vecdb_code vecdb_create_alias(vecdb_db* db, vecdb_text alias, vecdb_text collection,
                              vecdb_error* error) {
  return CallWithNames(db, alias, collection, error,
                       [](Database& d, auto one, auto of) { return d.CreateAlias(one, of); });
}

vecdb_code vecdb_alter_alias(vecdb_db* db, vecdb_text alias, vecdb_text collection,
                             vecdb_error* error) {
  return CallWithNames(db, alias, collection, error,
                       [](Database& d, auto one, auto of) { return d.AlterAlias(one, of); });
}

vecdb_code vecdb_drop_alias(vecdb_db* db, vecdb_text alias, vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error, [&](DatabaseObject& o) -> Status {
    VECDB_TRY_ASSIGN(const std::string_view called, Lent(alias, "alias"));
    return o.database->DropAlias(called);
  });
}

vecdb_code vecdb_list_aliases(vecdb_db* db, vecdb_texts** out, vecdb_error* error) {
  return CallMaking<TextsObject>(out, error, [&](TextsObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto database, Use<DatabaseObject>(db));
    VECDB_TRY_ASSIGN(const auto aliases, database->database->ListAliases());
    for (const auto& [alias, collection] : aliases) {
      made.texts.push_back(alias);
      made.texts.push_back(collection);
    }
    return Status();
  });
}
