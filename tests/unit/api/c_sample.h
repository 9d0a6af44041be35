// A collection in memory behind the C API, and the words its tests share.
#pragma once

#include <array>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/c.h"

#include "support/catch.h"

namespace vecdb::test {

inline vecdb_text Text(std::string_view text) {
  return {text.data(), text.size()};
}

inline std::string StringOf(vecdb_text text) {
  return std::string(text.data == nullptr ? "" : text.data, text.size);
}

// Fails the test unless the call went well.
#define C_OK(call)                                        \
  do {                                                    \
    vecdb_error error = {-1, "not filled"};               \
    const vecdb_code code = (call);                       \
    INFO(vecdb_code_name(code) << ": " << error.message); \
    REQUIRE(code == VECDB_OK);                            \
    REQUIRE(error.code == VECDB_OK);                      \
    REQUIRE(std::string_view(error.message).empty());     \
  } while (false)

// Fails the test unless the call is refused with this code and a message that has these words.
#define C_REFUSED(call, wanted, words)                                            \
  do {                                                                            \
    vecdb_error error = {-1, "not filled"};                                       \
    const vecdb_code code = (call);                                               \
    INFO(vecdb_code_name(code) << ": " << error.message);                         \
    CHECK(code == (wanted));                                                      \
    CHECK(error.code == (wanted));                                                \
    CHECK(std::string_view(error.message).find(words) != std::string_view::npos); \
  } while (false)

// Every handle there is. All of them are freed at the end, whatever the test did to them.
struct Handles {
  vecdb_db* db = nullptr;
  vecdb_collection* collection = nullptr;
  vecdb_schema* schema = nullptr;
  vecdb_batch* batch = nullptr;
  vecdb_rows* rows = nullptr;
  vecdb_keys* keys = nullptr;
  vecdb_texts* texts = nullptr;
  vecdb_report* report = nullptr;
  vecdb_description* description = nullptr;
  vecdb_stop* stop = nullptr;
  vecdb_snapshot* snapshot = nullptr;
  vecdb_iterator* iterator = nullptr;

  Handles() = default;
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;
  ~Handles() { Free(); }

  void Free() const {
    vecdb_iterator_free(iterator);
    vecdb_snapshot_free(snapshot);
    vecdb_stop_free(stop);
    vecdb_description_free(description);
    vecdb_report_free(report);
    vecdb_texts_free(texts);
    vecdb_keys_free(keys);
    vecdb_rows_free(rows);
    vecdb_batch_free(batch);
    vecdb_schema_free(schema);
    vecdb_collection_free(collection);
    vecdb_close(db, nullptr);
  }
};

// Fields: id, and one of each type; all but the key and the vector may be null.
inline void DescribeAll(vecdb_schema* schema) {
  vecdb_error error;
  REQUIRE(vecdb_schema_primary_key(schema, Text("id"), VECDB_INT64, &error) == VECDB_OK);
  for (const auto& [name, type] :
       {std::pair("flag", VECDB_BOOL), std::pair("tiny", VECDB_INT8),
        std::pair("small", VECDB_INT16), std::pair("n", VECDB_INT32), std::pair("big", VECDB_INT64),
        std::pair("f", VECDB_FLOAT), std::pair("d", VECDB_DOUBLE), std::pair("t", VECDB_VARCHAR)}) {
    REQUIRE(vecdb_schema_nullable(schema, Text(name), type, &error) == VECDB_OK);
  }
  REQUIRE(vecdb_schema_vector(schema, Text("v"), VECDB_FLOAT_VECTOR, 2, VECDB_L2, &error) ==
          VECDB_OK);
}

inline vecdb_options QuietC() {
  vecdb_options options;
  vecdb_options_init(&options, sizeof options);
  options.own_threads = 0;
  return options;
}

// Opened: database, collection "all" of DescribeAll(), an empty batch.
inline void OpenAll(Handles* h) {
  const vecdb_options options = QuietC();
  C_OK(vecdb_open_in_memory(&options, &h->db, &error));
  C_OK(vecdb_schema_new(&h->schema, &error));
  DescribeAll(h->schema);
  C_OK(vecdb_create_collection(h->db, Text("all"), h->schema, nullptr, &h->collection, &error));
  C_OK(vecdb_batch_new(h->collection, &h->batch, &error));
}

// One row with every value there.
inline void AddFullRow(vecdb_batch* batch, std::int64_t id) {
  const std::array<float, 2> v = {static_cast<float>(id), 1};
  const std::array<vecdb_named_value, 10> row = {{
      {Text("id"), vecdb_value_int64(id)},
      {Text("flag"), vecdb_value_bool(id % 2 == 0 ? 0 : 7)},
      {Text("tiny"), vecdb_value_int64(-128)},
      {Text("small"), vecdb_value_int64(32767)},
      {Text("n"), vecdb_value_int64(id * 10)},
      {Text("big"), vecdb_value_int64(INT64_MIN)},
      {Text("f"), vecdb_value_double(0.5)},
      {Text("d"), vecdb_value_double(-1e300)},
      {Text("t"), vecdb_value_text(Text("text of it"))},
      {Text("v"), vecdb_value_floats(v.data(), v.size())},
  }};
  C_OK(vecdb_batch_add(batch, row.data(), row.size(), &error));
}

// The same, and rows with the keys 1 to 3 in it, and an answer of each kind.
inline void OpenEverything(Handles* h, const std::string& directory) {
  const vecdb_options options = QuietC();
  C_OK(vecdb_open(Text(directory), &options, &h->db, &error));
  C_OK(vecdb_close(h->db, &error));
  std::ofstream(directory + "/notes.txt") << "nobody needs it";  // a finding of the check
  C_OK(vecdb_check(Text(directory), 1, &h->report, &error));
  OpenAll(h);
  for (const int id : {1, 2, 3}) AddFullRow(h->batch, id);
  vecdb_receipt receipt;
  C_OK(vecdb_insert(h->collection, h->batch, nullptr, &receipt, &error));
  h->keys = receipt.keys;
  C_OK(vecdb_list_collections(h->db, &h->texts, &error));
  C_OK(vecdb_create_alias(h->db, Text("every"), Text("all"), &error));
  C_OK(vecdb_describe_collection(h->db, Text("all"), &h->description, &error));
  const std::array<float, 2> near = {1, 1};
  const std::array<vecdb_text, 1> all = {Text("*")};
  vecdb_search_request request;
  vecdb_search_request_init(&request, sizeof request);
  request.query = vecdb_value_floats(near.data(), near.size());
  request.output_fields = all.data();
  request.output_field_count = all.size();
  C_OK(vecdb_search(h->collection, &request, &h->rows, &error));
  C_OK(vecdb_stop_new(&h->stop, &error));
  C_OK(vecdb_snapshot_new(h->collection, nullptr, &h->snapshot, &error));
  vecdb_iterate_request iterate;
  vecdb_iterate_request_init(&iterate, sizeof iterate);
  C_OK(vecdb_iterate(h->collection, &iterate, &h->iterator, &error));
}

}  // namespace vecdb::test
