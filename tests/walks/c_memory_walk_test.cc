// Memory that runs out at any allocation of a call from C: the code says so, nothing is half done,
// no handle is lost, and what was written is what the codes said.
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "vecdb/c.h"

#include "walks/failing_memory.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

vecdb_text Text(std::string_view text) {
  return {text.data(), text.size()};
}

// A collection in memory with one row, and what a call may need.
struct Bed {
  vecdb_db* db = nullptr;
  vecdb_schema* schema = nullptr;
  vecdb_collection* collection = nullptr;
  vecdb_batch* batch = nullptr;

  Bed() {
    vecdb_options options;
    vecdb_options_init(&options, sizeof options);
    options.own_threads = 0;
    REQUIRE(vecdb_open_in_memory(&options, &db, nullptr) == VECDB_OK);
    REQUIRE(vecdb_schema_new(&schema, nullptr) == VECDB_OK);
    vecdb_schema_primary_key(schema, Text("id"), VECDB_INT64, nullptr);
    vecdb_schema_nullable(schema, Text("title"), VECDB_VARCHAR, nullptr);
    vecdb_schema_vector(schema, Text("v"), VECDB_FLOAT_VECTOR, 2, VECDB_L2, nullptr);
    REQUIRE(vecdb_create_collection(db, Text("c"), schema, nullptr, &collection, nullptr) ==
            VECDB_OK);
    REQUIRE(vecdb_batch_new(collection, &batch, nullptr) == VECDB_OK);
    Fill(1);
    REQUIRE(vecdb_insert(collection, batch, nullptr, nullptr, nullptr) == VECDB_OK);
    vecdb_batch_clear(batch, nullptr);
    Fill(2);
  }
  Bed(const Bed&) = delete;
  Bed& operator=(const Bed&) = delete;
  ~Bed() {
    vecdb_batch_free(batch);
    vecdb_collection_free(collection);
    vecdb_schema_free(schema);
    vecdb_close(db, nullptr);
  }

  void Fill(std::int64_t id) const {
    const std::array<float, 2> v = {1, 2};
    const std::string title(100, 't');
    REQUIRE(vecdb_batch_int64s(batch, Text("id"), &id, 1, nullptr, nullptr) == VECDB_OK);
    const vecdb_text text = Text(title);
    REQUIRE(vecdb_batch_texts(batch, Text("title"), &text, 1, nullptr, nullptr) == VECDB_OK);
    REQUIRE(vecdb_batch_floats(batch, Text("v"), v.data(), 2, nullptr) == VECDB_OK);
  }

  std::uint64_t Count() const {
    std::uint64_t count = 0;
    REQUIRE(vecdb_count(collection, Text(""), &count, nullptr) == VECDB_OK);
    return count;
  }
};

// Every allocation of `call` fails once, on a new bed each time. What it made it frees itself;
// `check` sees the bed and the code.
void Sweep(
    const std::function<vecdb_code(Bed&, vecdb_error*)>& call,
    const std::function<void(Bed&, vecdb_code)>& check,
    const std::function<void(Bed&)>& prepare = [](Bed&) {}) {
  const std::size_t before = vecdb_handle_count();
  bool failed = true;
  for (long n = 0; failed; ++n) {
    INFO("allocation " << n);
    {
      Bed bed;
      prepare(bed);
      vecdb_error error;
      vecdb_code code = VECDB_INTERNAL;
      failed = WithFailingAllocation(n, [&] { code = call(bed, &error); });
      REQUIRE(error.code == code);
      if (!failed) REQUIRE(code == VECDB_OK);
      REQUIRE(
          (code == VECDB_OK || code == VECDB_RESOURCE_EXHAUSTED || code == VECDB_OUTCOME_UNKNOWN));
      check(bed, code);
    }
    REQUIRE(vecdb_handle_count() == before);
  }
}

void Nothing(Bed& bed, vecdb_code) {
  REQUIRE(bed.Count() == 1);
}

}  // namespace

SCENARIO("a write from C without memory says whether it happened, and loses no handle",
         "[walk][memory]") {
  Sweep(
      [](Bed& bed, vecdb_error* error) {
        vecdb_receipt receipt;
        const vecdb_code code = vecdb_insert(bed.collection, bed.batch, nullptr, &receipt, error);
        REQUIRE((receipt.keys != nullptr) == (code == VECDB_OK));
        REQUIRE(vecdb_keys_count(receipt.keys) == (code == VECDB_OK ? 1 : 0));
        vecdb_keys_free(receipt.keys);
        return code;
      },
      [](Bed& bed, vecdb_code code) {
        if (code == VECDB_OUTCOME_UNKNOWN) return;
        REQUIRE(bed.Count() == (code == VECDB_OK ? 2 : 1));
      });
  Sweep(
      [](Bed& bed, vecdb_error* error) {
        const vecdb_key key = vecdb_key_int64(1);
        vecdb_receipt receipt;
        const vecdb_code code = vecdb_delete(bed.collection, &key, 1, nullptr, &receipt, error);
        vecdb_keys_free(receipt.keys);
        return code;
      },
      [](Bed& bed, vecdb_code code) {
        if (code == VECDB_OUTCOME_UNKNOWN) return;
        REQUIRE(bed.Count() == (code == VECDB_OK ? 0 : 1));
      });
}

SCENARIO("a collection made from C without memory is there or not, as the code says",
         "[walk][memory]") {
  Sweep(
      [](Bed& bed, vecdb_error* error) {
        vecdb_collection* made = nullptr;
        const vecdb_code code =
            vecdb_create_collection(bed.db, Text("d"), bed.schema, nullptr, &made, error);
        REQUIRE((made != nullptr) == (code == VECDB_OK));
        vecdb_collection_free(made);
        return code;
      },
      [](Bed& bed, vecdb_code code) {
        int there = -1;
        if (code == VECDB_OUTCOME_UNKNOWN) return;
        REQUIRE(vecdb_has_collection(bed.db, Text("d"), &there, nullptr) == VECDB_OK);
        REQUIRE(there == (code == VECDB_OK ? 1 : 0));
      });
}

SCENARIO("an index declared from C without memory is there or not, as the code says",
         "[walk][memory]") {
  const auto create = [](Bed& bed, vecdb_error* error) {
    const vecdb_parameter m = {Text("M"), Text("8")};
    return vecdb_create_index(bed.collection, Text("v"), Text("HNSW_SQ"), &m, 1, error);
  };
  const auto list = [](Bed& bed, std::string* shown, vecdb_error* error) {
    const auto show = [](void* user, const vecdb_index_info* index) {
      REQUIRE(index->parameter_count == 3);
      static_cast<std::string*>(user)->append(index->parameters[0].value.data,
                                              index->parameters[0].value.size);
    };
    return vecdb_list_indexes(bed.collection, show, shown, error);
  };
  Sweep(create, [&](Bed& bed, vecdb_code code) {
    if (code == VECDB_OUTCOME_UNKNOWN) return;
    std::string shown;
    REQUIRE(list(bed, &shown, nullptr) == VECDB_OK);
    REQUIRE(shown == (code == VECDB_OK ? "8" : ""));
  });
  Sweep(
      [&](Bed& bed, vecdb_error* error) {
        std::string shown;  // too short to be allocated
        const vecdb_code code = list(bed, &shown, error);
        REQUIRE(shown == (code == VECDB_OK ? "8" : ""));
        return code;
      },
      Nothing, [&](Bed& bed) { REQUIRE(create(bed, nullptr) == VECDB_OK); });
}

SCENARIO("reads from C without memory fail and can be repeated", "[walk][memory]") {
  Sweep(
      [](Bed& bed, vecdb_error* error) {
        const std::array<float, 2> near = {1, 1};
        const vecdb_text all = Text("*");
        vecdb_search_request request;
        vecdb_search_request_init(&request, sizeof request);
        request.query = vecdb_value_floats(near.data(), 2);
        request.filter = Text("id >= 1 and title != 'a title that is long enough'");
        request.output_fields = &all;
        request.output_field_count = 1;
        vecdb_rows* rows = nullptr;
        const vecdb_code code = vecdb_search(bed.collection, &request, &rows, error);
        REQUIRE(vecdb_rows_count(rows) == (code == VECDB_OK ? 1 : 0));
        vecdb_rows_free(rows);
        return code;
      },
      Nothing);
  Sweep(
      [](Bed& bed, vecdb_error* error) {
        const std::array<vecdb_key, 2> keys = {vecdb_key_int64(1), vecdb_key_int64(9)};
        const vecdb_text all = Text("*");
        vecdb_get_request request;
        vecdb_get_request_init(&request, sizeof request);
        request.keys = keys.data();
        request.key_count = keys.size();
        request.output_fields = &all;
        request.output_field_count = 1;
        vecdb_rows* rows = nullptr;
        vecdb_keys* missing = nullptr;
        const vecdb_code code = vecdb_get(bed.collection, &request, &rows, &missing, error);
        REQUIRE((rows != nullptr) == (code == VECDB_OK));
        REQUIRE(vecdb_keys_count(missing) == (code == VECDB_OK ? 1 : 0));
        vecdb_rows_free(rows);
        vecdb_keys_free(missing);
        return code;
      },
      Nothing);
  Sweep(
      [](Bed& bed, vecdb_error* error) {
        vecdb_texts* texts = nullptr;
        const vecdb_code code = vecdb_list_collections(bed.db, &texts, error);
        REQUIRE(vecdb_texts_count(texts) == (code == VECDB_OK ? 1 : 0));
        vecdb_texts_free(texts);
        return code;
      },
      Nothing);
}

SCENARIO("an iterator from C that runs out of memory gives the same rows again", "[walk][memory]") {
  Sweep(
      [](Bed& bed, vecdb_error* error) {
        const vecdb_text all = Text("*");
        vecdb_iterate_request request;
        vecdb_iterate_request_init(&request, sizeof request);
        request.output_fields = &all;
        request.output_field_count = 1;
        vecdb_iterator* iterator = nullptr;
        vecdb_code code = vecdb_iterate(bed.collection, &request, &iterator, error);
        if (code != VECDB_OK) return code;
        vecdb_rows* rows = nullptr;
        code = vecdb_iterator_next(iterator, &rows, error);
        REQUIRE((rows != nullptr) == (code == VECDB_OK));
        allocations_left = -1;
        if (rows == nullptr) vecdb_iterator_next(iterator, &rows, nullptr);
        REQUIRE(vecdb_rows_count(rows) == 1);
        vecdb_rows_free(rows);
        vecdb_iterator_free(iterator);
        return code;
      },
      Nothing);
}

SCENARIO("schemas and batches filled from C without memory stay what they were", "[walk][memory]") {
  const std::string name(40, 'n');
  const std::string title(300, 't');
  Sweep(
      [&](Bed& bed, vecdb_error* error) {
        vecdb_field field;
        vecdb_field_init(&field, sizeof field);
        field.name = Text(name);
        field.type = VECDB_VARCHAR;
        field.default_value = vecdb_value_text(Text("a default that is long enough to allocate"));
        return vecdb_schema_add(bed.schema, &field, error);
      },
      [](Bed& bed, vecdb_code) { REQUIRE(vecdb_schema_check(bed.schema, nullptr) == VECDB_OK); });
  Sweep(
      [&](Bed& bed, vecdb_error* error) {
        vecdb_batch* batch = nullptr;
        vecdb_code code = vecdb_batch_new(bed.collection, &batch, error);
        if (code == VECDB_OK) {
          const std::array<float, 2> v = {1, 2};
          const std::array<vecdb_named_value, 3> row = {
              {{Text("id"), vecdb_value_int64(5)},
               {Text("title"), vecdb_value_text(Text(title))},
               {Text("v"), vecdb_value_floats(v.data(), 2)}}};
          code = vecdb_batch_add(batch, row.data(), row.size(), error);
          REQUIRE(vecdb_batch_rows(batch) == (code == VECDB_OK ? 1 : 0));
        }
        vecdb_batch_free(batch);
        return code;
      },
      Nothing);
}

SCENARIO("a database opened or closed from C without memory can be tried again", "[walk][memory]") {
  Sweep(
      [](Bed&, vecdb_error* error) {
        vecdb_options options;
        vecdb_options_init(&options, sizeof options);
        options.own_threads = 0;
        vecdb_db* db = nullptr;
        const vecdb_code code = vecdb_open_in_memory(&options, &db, error);
        REQUIRE((db != nullptr) == (code == VECDB_OK));
        allocations_left = -1;  // closing is another call
        vecdb_close(db, nullptr);
        return code;
      },
      Nothing);
  Sweep(
      [](Bed& bed, vecdb_error* error) { return vecdb_close(bed.db, error); },
      [](Bed& bed, vecdb_code code) {
        const vecdb_code again = vecdb_close(bed.db, nullptr);
        REQUIRE(again == (code == VECDB_RESOURCE_EXHAUSTED ? VECDB_OK : VECDB_FAILED_PRECONDITION));
      });
}
