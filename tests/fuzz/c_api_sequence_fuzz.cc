// Any bytes as a sequence of calls of the C interface on databases in memory: good ones, ones with
// handles that are null, freed, of another kind or made up, and ones with null pointers and values
// of every kind. Every call answers with a code that there is and the error that goes with it; what
// is counted and read is what the receipts of the writes said; and in the end no handle is left.
#include "fuzz/c_process.h"

using namespace vecdb;
using namespace vecdb::fuzz;

namespace {

class Machine : public Process {
 public:
  using Process::Process;

  void Run() {
    using Step = void (Machine::*)();
    constexpr Step kSteps[] = {
        &Machine::OpenDatabase, &Machine::MakeCollection, &Machine::NewBatch,
        &Machine::AddRows,      &Machine::Insert,         &Machine::Upsert,
        &Machine::Delete,       &Machine::Search,         &Machine::Query,
        &Machine::Get,          &Machine::Count,          &Machine::Flush,
        &Machine::UseRows,      &Machine::OpenCollection, &Machine::DropCollection,
        &Machine::Free,         &Machine::CloseDatabase,  &Machine::AddAnyRow,
        &Machine::AddAnyColumn, &Machine::UseDatabase,    &Machine::UseCollection,
        &Machine::AnySchema,    &Machine::UseNulls};
    for (int steps = 0; steps < 300 && !input_.empty(); ++steps) {
      (this->*kSteps[input_.Below(std::size(kSteps))])();
      lender_.Clear();
    }
    for (const CollectionSlot& slot : collections_) {
      if (slot.good()) CheckKeys(slot);
    }
  }

 private:
  // Any handle but a database's; the second time is refused.
  void Free() {
    const auto free = [](auto& slot, auto free_one) {
      const vecdb_code code = free_one(slot.handle);
      if (slot.live || slot.handle == nullptr) {
        Expect(code == VECDB_OK);
      } else {
        ExpectRefused(code);
      }
      slot.live = false;
    };
    switch (input_.Below(3)) {
      case 0:
        return free(PickCollection(), vecdb_collection_free);
      case 1:
        return free(PickBatch(), vecdb_batch_free);
      default:
        return free(Pick(rows_, &(stray_rows_ = {})), vecdb_rows_free);
    }
  }

  // ---- rows going in -----------------------------------------------------------------------

  void NewBatch() {
    CollectionSlot& slot = PickCollection();
    BatchSlot& batch = Room(batches_, vecdb_batch_free);
    const vecdb_code code = Making(&batch.handle, [&](auto** out, vecdb_error* error) {
      return vecdb_batch_new(slot.handle, out, error);
    });
    if (!slot.live) return ExpectRefused(code);
    Expect(code == VECDB_OK);
    batch.shape = slot.shelf->shape;
    batch.tidy = true;
    batch.live = true;
  }
  void AddRows() {
    BatchSlot& batch = PickBatch();
    if (input_.Rarely()) {
      const vecdb_code code =
          Told([&](vecdb_error* error) { return vecdb_batch_clear(batch.handle, error); });
      if (!batch.live) return ExpectRefused(code);
      Expect(code == VECDB_OK && vecdb_batch_rows(batch.handle) == 0);
      batch.keys.clear();
      batch.tidy = true;
    }
    for (std::size_t i = input_.Below(6); i > 0; --i) AddRow(&batch);
  }
  // A row as it should be.
  void AddRow(BatchSlot* batch) {
    const std::size_t number = input_.Below(16);
    std::vector<vecdb_named_value> row;
    const auto add = [&](const char* name, const vecdb_value& value) {
      row.push_back({vecdb_text_of(name), value});
    };
    if (batch->shape == 0) {
      const auto v = lender_.Numbers<std::int8_t>(2);
      const std::vector<float> floats(v.begin(), v.end());
      batch->keys.emplace_back(static_cast<std::int64_t>(number));
      add("id", vecdb_value_int64(static_cast<std::int64_t>(number)));
      add("n", number % 3 == 0 ? vecdb_value_null() : vecdb_value_int64(7));
      add("v", vecdb_value_floats(lender_.Keep(floats).data(), 2));
    } else if (batch->shape == 1) {
      const std::string name(1, static_cast<char>('a' + number));
      batch->keys.emplace_back(name);
      add("id", vecdb_value_text(lender_.Text(name)));
      const std::size_t count = input_.Below(4);
      const std::vector<std::int64_t> array(count, 5);
      add("n", vecdb_value_int64s(lender_.Keep(array).data(), count));
      const auto index = static_cast<std::uint32_t>(input_.Below(9));
      add("v", vecdb_value_sparse(lender_.Keep(std::vector<std::uint32_t>{index}).data(),
                                  lender_.Keep(std::vector<float>{2}).data(), 1));
    } else {
      add("n", vecdb_value_text(lender_.Text("[" + std::to_string(number) + "]")));
      const std::vector<std::uint8_t> bits = {static_cast<std::uint8_t>(number)};
      add("v", vecdb_value_bits(lender_.Keep(bits).data(), 1));
    }
    const std::size_t before = vecdb_batch_rows(batch->handle);
    const vecdb_code code = Told([&](vecdb_error* error) {
      return vecdb_batch_add(batch->handle, row.data(), row.size(), error);
    });
    if (!batch->live) return ExpectRefused(code);
    Expect(!batch->tidy || code == VECDB_OK);
    Expect(vecdb_batch_rows(batch->handle) == before + (code == VECDB_OK ? 1 : 0));
  }
  // Of any values, in any fields: it is taken, or the batch stays as it was.
  void AddAnyRow() {
    constexpr const char* kNames[] = {"id", "n", "v", "", "other"};
    BatchSlot& batch = PickBatch();
    std::vector<vecdb_named_value> row;
    for (std::size_t i = input_.Below(5); i > 0; --i) {
      const vecdb_text name =
          input_.Rarely() ? lender_.AnyText() : vecdb_text_of(kNames[input_.Below(5)]);
      row.push_back({name, lender_.AnyValue()});
    }
    const std::size_t before = vecdb_batch_rows(batch.handle);
    const vecdb_code code = Told([&](vecdb_error* error) {
      return vecdb_batch_add(batch.handle, row.data(), row.size(), error);
    });
    if (!batch.live) return ExpectRefused(code);
    Expect(vecdb_batch_rows(batch.handle) == before + (code == VECDB_OK ? 1 : 0));
    if (code == VECDB_OK) batch.tidy = false;
  }
  void AddAnyColumn() {
    constexpr const char* kNames[] = {"id", "n", "v"};
    BatchSlot& batch = PickBatch();
    const vecdb_text name = vecdb_text_of(kNames[input_.Below(3)]);
    const std::size_t kind = input_.Below(10);
    const std::size_t rows = input_.Below(5);
    const std::uint8_t* valid =
        input_.Byte() % 2 == 0 ? nullptr : lender_.Numbers<std::uint8_t>(rows).data();
    const vecdb_code code = Told([&](vecdb_error* error) {
      return AddColumn(batch.handle, kind, name, rows, valid, error);
    });
    if (!batch.live) return ExpectRefused(code);
    if (code == VECDB_OK) batch.tidy = false;
  }
  vecdb_code AddColumn(vecdb_batch* batch, std::size_t kind, vecdb_text name, std::size_t rows,
                       const std::uint8_t* valid, vecdb_error* error) {
    switch (kind) {
      case 0:
        return vecdb_batch_bools(batch, name, lender_.Numbers<std::uint8_t>(rows).data(), rows,
                                 valid, error);
      case 1:
        return vecdb_batch_int64s(batch, name, lender_.Numbers<std::int64_t>(rows).data(), rows,
                                  valid, error);
      case 2:
        return vecdb_batch_doubles(batch, name, lender_.Numbers<double>(rows).data(), rows, valid,
                                   error);
      case 3:
        return vecdb_batch_texts(batch, name, lender_.AnyTexts(rows).data(), rows, valid, error);
      case 4: {
        std::vector<vecdb_value> arrays(rows);
        for (vecdb_value& array : arrays) array = lender_.AnyArray();
        return vecdb_batch_arrays(batch, name, lender_.Keep(arrays).data(), rows, error);
      }
      case 5: {
        std::vector<vecdb_sparse> vectors(rows);
        for (vecdb_sparse& vector : vectors) vector = lender_.AnySparse();
        return vecdb_batch_sparse(batch, name, lender_.Keep(vectors).data(), rows, error);
      }
      case 6:
        return vecdb_batch_halves(batch, name, lender_.Numbers<std::uint16_t>(rows).data(), rows,
                                  error);
      case 7:
        return vecdb_batch_int8s(batch, name, lender_.Numbers<std::int8_t>(rows).data(), rows,
                                 error);
      case 8:
        return vecdb_batch_bits(batch, name, lender_.Numbers<std::uint8_t>(rows).data(), rows,
                                error);
      default:
        return vecdb_batch_floats(batch, name, lender_.Numbers<float>(rows).data(), rows, error);
    }
  }

  // ---- writing -----------------------------------------------------------------------------

  void Insert() { Write(vecdb_insert, /*takes_known=*/false); }
  void Upsert() { Write(vecdb_upsert, /*takes_known=*/true); }

  template <typename Call>
  void Write(Call call, bool takes_known) {
    CollectionSlot& slot = PickCollection();
    BatchSlot& batch = PickBatch();
    vecdb_write_options options;
    vecdb_write_options_init(&options, sizeof(options));
    options.durability = static_cast<std::int32_t>(input_.Size() % 5);
    const std::size_t rows = vecdb_batch_rows(batch.handle);
    vecdb_receipt receipt;
    const vecdb_code code = Told([&](vecdb_error* error) {
      return call(slot.handle, batch.handle, &options, &receipt, error);
    });
    Expect((receipt.keys != nullptr) == (code == VECDB_OK));
    if (!slot.good() || !batch.live) return Expect(code != VECDB_OK);
    const bool foretold = batch.tidy && batch.shape == slot.shelf->shape && rows != 0 &&
                          batch.shape != 2 && options.durability < 4;
    if (foretold) {
      const std::set<Key> fresh(batch.keys.begin(), batch.keys.end());
      const bool known = std::any_of(fresh.begin(), fresh.end(), [&](const Key& key) {
        return slot.shelf->keys.count(key) != 0;
      });
      const bool twice = fresh.size() != batch.keys.size();
      const vecdb_code otherwise = known && !takes_known ? VECDB_ALREADY_EXISTS : VECDB_OK;
      Expect(code == (twice ? VECDB_INVALID_ARGUMENT : otherwise));
    }
    if (code == VECDB_OK) Expect(vecdb_keys_count(receipt.keys) == rows);
    for (const Key& key : Settle(receipt)) {
      Expect(slot.shelf->keys.insert(key).second || takes_known);
    }
  }
  void Delete() {
    CollectionSlot& slot = PickCollection();
    std::vector<vecdb_key> keys(input_.Below(5));
    for (vecdb_key& key : keys) key = lender_.AnyKey();
    vecdb_receipt receipt;
    const vecdb_code code = Told([&](vecdb_error* error) {
      return vecdb_delete(slot.handle, keys.data(), keys.size(), nullptr, &receipt, error);
    });
    Expect(slot.good() || code != VECDB_OK);
    for (const Key& key : Settle(receipt)) slot.shelf->keys.erase(key);
  }
  // The keys of a write that was made; none of one that was not.
  std::vector<Key> Settle(const vecdb_receipt& receipt) {
    std::vector<Key> keys;
    for (std::size_t i = 0; i < vecdb_keys_count(receipt.keys); ++i) {
      vecdb_key key;
      Expect(vecdb_keys_at(receipt.keys, i, &key, nullptr) == VECDB_OK);
      keys.push_back(KeyOf(key));
    }
    Expect(vecdb_keys_free(receipt.keys) == VECDB_OK);
    return keys;
  }

  // ---- asking ------------------------------------------------------------------------------

  std::span<const vecdb_text> OutputFields() {
    constexpr const char* kNames[] = {"*", "id", "n", "v", "other"};
    std::vector<vecdb_text> names(input_.Below(4));
    for (vecdb_text& name : names) {
      name = input_.Rarely() ? lender_.AnyText() : vecdb_text_of(kNames[input_.Below(5)]);
    }
    return lender_.Keep(names);
  }
  vecdb_text Filter() {
    constexpr const char* kFilters[] = {"",          "",
                                        "n == 7",    "id in [1, 2, 3]",
                                        "id >= 'f'", "not (n is null)",
                                        "n in [5",   "id < 8 or n > 3"};
    return input_.Rarely() ? lender_.AnyText() : vecdb_text_of(kFilters[input_.Below(8)]);
  }
  // Answers are kept for UseRows, also when what was asked is gone.
  Slot<vecdb_rows>& RowsRoom() { return Room(rows_, vecdb_rows_free); }

  void Search() {
    CollectionSlot& slot = PickCollection();
    Slot<vecdb_rows>& rows = RowsRoom();
    vecdb_search_request request;
    vecdb_search_request_init(&request, sizeof(request));
    const bool fits = !input_.Rarely() && slot.shelf != nullptr;
    if (!fits) {
      request.field = lender_.AnyText();
      request.query = lender_.AnyValue();
    } else if (slot.shelf->shape == 0) {
      const auto v = lender_.Numbers<std::int8_t>(2);
      const std::vector<float> floats(v.begin(), v.end());
      request.query = vecdb_value_floats(lender_.Keep(floats).data(), 2);
    } else if (slot.shelf->shape == 1) {
      const auto index = lender_.Keep(std::vector<std::uint32_t>{5});
      request.query = vecdb_value_sparse(index.data(), lender_.Numbers<float>(1).data(), 1);
    } else {
      request.query = vecdb_value_bits(lender_.Numbers<std::uint8_t>(1).data(), 1);
    }
    request.limit = input_.Size();
    request.offset = input_.Below(4) == 0 ? input_.Size() : 0;
    request.filter = Filter();
    const auto fields = OutputFields();
    request.output_fields = fields.data();
    request.output_field_count = fields.size();
    const vecdb_code code = Making(&rows.handle, [&](auto** out, vecdb_error* error) {
      return vecdb_search(slot.handle, &request, out, error);
    });
    rows.live = code == VECDB_OK;
    if (!slot.good()) return Expect(code != VECDB_OK);
    if (code != VECDB_OK) return;
    const std::size_t found = vecdb_rows_count(rows.handle);
    Expect(found <= request.limit && found <= slot.shelf->keys.size());
    const bool all = request.filter.size == 0 && request.offset == 0;
    Expect(!all || found == std::min<std::size_t>(request.limit, slot.shelf->keys.size()));
    for (std::size_t i = 0; i < found; ++i) ExpectKnown(*slot.shelf, rows.handle, i);
  }
  static void ExpectKnown(const Shelf& shelf, const vecdb_rows* rows, std::size_t i) {
    vecdb_key key;
    Expect(vecdb_rows_key(rows, i, &key, nullptr) == VECDB_OK);
    Expect(shelf.keys.count(KeyOf(key)) == 1);
  }

  void Query() {
    CollectionSlot& slot = PickCollection();
    if (slot.good() && input_.Byte() % 4 == 0) return CheckKeys(slot);
    Slot<vecdb_rows>& rows = RowsRoom();
    vecdb_query_request request;
    vecdb_query_request_init(&request, sizeof(request));
    request.limit = input_.Size();
    request.offset = input_.Below(4) == 0 ? input_.Size() : 0;
    request.filter = Filter();
    const auto fields = OutputFields();
    request.output_fields = fields.data();
    request.output_field_count = fields.size();
    const vecdb_code code = Making(&rows.handle, [&](auto** out, vecdb_error* error) {
      return vecdb_query(slot.handle, &request, out, error);
    });
    rows.live = code == VECDB_OK;
    if (!slot.good()) return Expect(code != VECDB_OK);
    if (code != VECDB_OK) return;
    const std::size_t found = vecdb_rows_count(rows.handle);
    Expect(found <= request.limit && found <= slot.shelf->keys.size());
  }
  // The collection holds the keys of its shelf and no others.
  void CheckKeys(const CollectionSlot& slot) {
    vecdb_query_request request;
    vecdb_query_request_init(&request, sizeof(request));
    request.limit = 16'384;
    vecdb_rows* rows = nullptr;
    Expect(vecdb_query(slot.handle, &request, &rows, nullptr) == VECDB_OK);
    Expect(vecdb_rows_count(rows) == slot.shelf->keys.size());
    for (std::size_t i = 0; i < vecdb_rows_count(rows); ++i) ExpectKnown(*slot.shelf, rows, i);
    Expect(vecdb_rows_free(rows) == VECDB_OK);
  }

  void Get() {
    CollectionSlot& slot = PickCollection();
    Slot<vecdb_rows>& rows = RowsRoom();
    std::vector<vecdb_key> keys(input_.Below(5));
    for (vecdb_key& key : keys) key = lender_.AnyKey();
    vecdb_get_request request;
    vecdb_get_request_init(&request, sizeof(request));
    request.keys = keys.data();
    request.key_count = keys.size();
    const auto fields = OutputFields();
    request.output_fields = fields.data();
    request.output_field_count = fields.size();
    vecdb_keys* missing = nullptr;
    const bool wanted = input_.Byte() % 2 == 0;
    const vecdb_code code = Making(&rows.handle, [&](auto** out, vecdb_error* error) {
      return vecdb_get(slot.handle, &request, out, wanted ? &missing : nullptr, error);
    });
    rows.live = code == VECDB_OK;
    Expect((missing != nullptr) == (wanted && rows.live));
    Expect(slot.good() || !rows.live);
    if (!rows.live) return;
    std::size_t there = 0;
    for (const vecdb_key& key : keys) there += slot.shelf->keys.count(KeyOf(key));
    Expect(vecdb_rows_count(rows.handle) == there);
    Expect(!wanted || vecdb_keys_count(missing) == keys.size() - there);
    Expect(vecdb_keys_free(missing) == VECDB_OK);
  }
  void Count() {
    CollectionSlot& slot = PickCollection();
    const vecdb_text filter = Filter();
    std::uint64_t count = 0;
    const vecdb_code code =
        Told([&](vecdb_error* error) { return vecdb_count(slot.handle, filter, &count, error); });
    if (!slot.good()) return Expect(code != VECDB_OK);
    if (filter.size == 0) Expect(code == VECDB_OK && count == slot.shelf->keys.size());
    Expect(code != VECDB_OK || count <= slot.shelf->keys.size());
  }

  // Every part of an answer, and parts that it does not have.
  void UseRows() {
    Slot<vecdb_rows>& slot = Pick(rows_, &(stray_rows_ = {}));
    const std::size_t rows = vecdb_rows_count(slot.handle);
    const std::size_t fields = vecdb_rows_field_count(slot.handle);
    Expect(slot.live || (rows == 0 && fields == 0));
    for (std::size_t i = 0; i <= rows; ++i) {
      vecdb_key key;
      float score = 0;
      (void)Told([&](vecdb_error* e) { return vecdb_rows_key(slot.handle, i, &key, e); });
      (void)Told([&](vecdb_error* e) { return vecdb_rows_score(slot.handle, i, &score, e); });
      for (std::size_t field = 0; field <= fields; ++field) {
        vecdb_text name;
        vecdb_value value;
        vecdb_value found;
        const vecdb_code named = Told(
            [&](vecdb_error* e) { return vecdb_rows_field_name(slot.handle, field, &name, e); });
        const vecdb_code read = Told(
            [&](vecdb_error* e) { return vecdb_rows_value(slot.handle, i, field, &value, e); });
        Expect((named == VECDB_OK) == (field < fields));
        Expect((read == VECDB_OK) == (field < fields && i < rows));
        if (read != VECDB_OK) continue;
        Expect(vecdb_rows_find(slot.handle, i, name, &found, nullptr) == VECDB_OK);
        Expect(found.kind == value.kind);
      }
    }
  }

  // Null where something should be, in calls whose handles are good.
  void UseNulls() {
    vecdb_db* db = databases_[0].handle;
    vecdb_collection* collection = collections_[0].handle;
    vecdb_batch* batch = batches_[0].handle;
    vecdb_rows* rows = rows_[0].handle;
    vecdb_error error;
    const vecdb_text none = {nullptr, 3};
    const vecdb_key key = vecdb_key_text(none);
    std::uint64_t count = 0;
    const vecdb_code codes[] = {
        vecdb_open(none, nullptr, nullptr, &error),
        vecdb_open_in_memory(nullptr, nullptr, &error),
        vecdb_recovery_report(db, nullptr, &error),
        vecdb_schema_new(nullptr, &error),
        vecdb_schema_add(schemas_[0], nullptr, &error),
        vecdb_create_collection(db, none, schemas_[0], nullptr, nullptr, &error),
        vecdb_open_collection(db, none, nullptr, &error),
        vecdb_has_collection(db, none, nullptr, &error),
        vecdb_drop_collection(db, none, &error),
        vecdb_list_collections(db, nullptr, &error),
        vecdb_collection_name(collection, nullptr, &error),
        vecdb_collection_field(collection, 0, nullptr, &error),
        vecdb_collection_stats(collection, nullptr, &error),
        vecdb_batch_new(collection, nullptr, &error),
        vecdb_batch_add(batch, nullptr, 2, &error),
        vecdb_batch_int64s(batch, none, nullptr, 2, nullptr, &error),
        vecdb_batch_floats(batch, vecdb_text_of("v"), nullptr, ~std::size_t{0}, &error),
        vecdb_insert(collection, nullptr, nullptr, nullptr, &error),
        vecdb_delete(collection, nullptr, 1, nullptr, nullptr, &error),
        vecdb_delete(collection, &key, 1, nullptr, nullptr, &error),
        vecdb_search(collection, nullptr, nullptr, &error),
        vecdb_query(collection, nullptr, nullptr, &error),
        vecdb_get(collection, nullptr, nullptr, nullptr, &error),
        vecdb_count(collection, none, &count, &error),
        vecdb_count(collection, {}, nullptr, &error),
        vecdb_rows_key(rows, 0, nullptr, &error),
        vecdb_rows_value(rows, 0, 0, nullptr, &error),
        vecdb_check(none, 0, nullptr, &error),
        vecdb_inspect(none, nullptr, nullptr, &error)};
    for (const vecdb_code code : codes) ExpectRefused(code);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Machine(InputOf(data, size)).Run();
  return 0;
}
