#include <algorithm>
#include <string_view>
#include <vector>

#include "api/c_call.h"
#include "api/c_objects.h"
#include "chunk/text.h"

namespace vecdb::api {

namespace {

Status CheckRow(const RowsObject& rows, std::size_t i) {
  return ElementOf(rows.hits, i, "row").status();
}

// The number of the named output field; kNotFound when there is none.
Result<std::size_t> FieldNamed(const RowsObject& rows, std::string_view name) {
  if (!rows.hits.empty()) {
    const std::vector<std::string>& names = rows.hits.front().row.names;
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  }
  return base::NotFound("{} is not among the output fields", chunk::Quoted(name));
}

Result<vecdb_key> KeyOf(const RowsObject& rows, std::size_t i) {
  VECDB_TRY(CheckRow(rows, i));
  const Hit& hit = rows.hits[i];
  if (rows.searched) return LendKey(hit.key);
  VECDB_TRY_ASSIGN(const std::size_t field, FieldNamed(rows, rows.key_field));
  const Value& value = hit.row.values[field];
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return vecdb_key_int64(*integer);
  return vecdb_key_text(Lend(std::string_view(*std::get_if<std::string>(&value))));
}

}  // namespace
}  // namespace vecdb::api

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

size_t vecdb_rows_count(const vecdb_rows* rows) {
  return CountIn<RowsObject>(rows, [](RowsObject& o) { return o.hits.size(); });
}

vecdb_code vecdb_rows_key(const vecdb_rows* rows, size_t i, vecdb_key* out, vecdb_error* error) {
  return CallUsing<RowsObject>(rows, error, [&](RowsObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    VECDB_TRY_ASSIGN(*out, KeyOf(o, i));
    return Status();
  });
}

vecdb_code vecdb_rows_score(const vecdb_rows* rows, size_t i, float* out, vecdb_error* error) {
  return CallUsing<RowsObject>(rows, error, [&](RowsObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    VECDB_TRY(CheckRow(o, i));
    if (!o.searched) return base::FailedPrecondition("only the rows of a search have scores");
    *out = o.hits[i].score;
    return Status();
  });
}

size_t vecdb_rows_field_count(const vecdb_rows* rows) {
  return CountIn<RowsObject>(rows, [](RowsObject& o) { return o.fields; });
}

vecdb_code vecdb_rows_field_name(const vecdb_rows* rows, size_t field, vecdb_text* out,
                                 vecdb_error* error) {
  return CallUsing<RowsObject>(rows, error, [&](RowsObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    const std::vector<std::string> none;
    const auto& names = o.hits.empty() ? none : o.hits.front().row.names;
    VECDB_TRY_ASSIGN(const std::string* name, ElementOf(names, field, "output field"));
    *out = Lend(std::string_view(*name));
    return Status();
  });
}

vecdb_code vecdb_rows_value(const vecdb_rows* rows, size_t i, size_t field, vecdb_value* out,
                            vecdb_error* error) {
  return CallUsing<RowsObject>(rows, error, [&](RowsObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    VECDB_TRY(CheckRow(o, i));
    VECDB_TRY(ElementOf(o.hits[i].row.values, field, "output field").status());
    *out = o.values[i * o.fields + field];
    return Status();
  });
}

vecdb_code vecdb_rows_find(const vecdb_rows* rows, size_t i, vecdb_text name, vecdb_value* out,
                           vecdb_error* error) {
  return CallUsing<RowsObject>(rows, error, [&](RowsObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    VECDB_TRY(CheckRow(o, i));
    VECDB_TRY_ASSIGN(const std::string_view wanted, Lent(name, "name"));
    VECDB_TRY_ASSIGN(const std::size_t field, FieldNamed(o, wanted));
    *out = o.values[i * o.fields + field];
    return Status();
  });
}

vecdb_code vecdb_rows_free(vecdb_rows* rows) {
  return Free<RowsObject>(rows);
}

size_t vecdb_keys_count(const vecdb_keys* keys) {
  return CountIn<KeysObject>(keys, [](KeysObject& o) { return o.keys.size(); });
}

vecdb_code vecdb_keys_at(const vecdb_keys* keys, size_t i, vecdb_key* out, vecdb_error* error) {
  return CallUsing<KeysObject>(keys, error, [&](KeysObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    VECDB_TRY_ASSIGN(const Key* key, ElementOf(o.keys, i, "key"));
    *out = LendKey(*key);
    return Status();
  });
}

vecdb_code vecdb_keys_free(vecdb_keys* keys) {
  return Free<KeysObject>(keys);
}

size_t vecdb_texts_count(const vecdb_texts* texts) {
  return CountIn<TextsObject>(texts, [](TextsObject& o) { return o.texts.size(); });
}

vecdb_code vecdb_texts_at(const vecdb_texts* texts, size_t i, vecdb_text* out, vecdb_error* error) {
  return CallUsing<TextsObject>(texts, error, [&](TextsObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    VECDB_TRY_ASSIGN(const std::string* text, ElementOf(o.texts, i, "text"));
    *out = Lend(std::string_view(*text));
    return Status();
  });
}

vecdb_code vecdb_texts_free(vecdb_texts* texts) {
  return Free<TextsObject>(texts);
}
