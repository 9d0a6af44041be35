// A process that uses vecdb through C, driven by bytes: its handles, good ones and strays, and what
// becomes of its databases and collections.
#pragma once

#include <array>
#include <map>
#include <set>

#include "vecdb/types.h"

#include "fuzz/c_lending.h"

namespace vecdb::fuzz {

inline constexpr std::size_t kShapes = 3;

// What a collection must hold.
struct Shelf {
  std::size_t shape = 0;
  std::set<Key> keys = {};
  bool gone = false;  // dropped, or its database is closed
};

// A handle. One that was freed stays where it was, to be used again.
template <typename T>
struct Slot {
  T* handle = nullptr;
  bool live = false;
};
struct DatabaseSlot : Slot<vecdb_db> {
  std::map<std::string, std::shared_ptr<Shelf>> shelves = {};
};
struct CollectionSlot : Slot<vecdb_collection> {
  std::shared_ptr<Shelf> shelf = {};
  bool good() const { return live && !shelf->gone; }
};
struct BatchSlot : Slot<vecdb_batch> {
  std::size_t shape = 0;
  bool tidy = false;           // every row was added as it should be:
  std::vector<Key> keys = {};  // with these keys, none when the collection makes them
};

inline Key KeyOf(const vecdb_key& key) {
  if (key.type == VECDB_INT64) return key.integer;
  Expect(key.type == VECDB_VARCHAR);
  return std::string(key.text.data == nullptr ? "" : key.text.data, key.text.size);
}

class Process {
 public:
  explicit Process(std::span<const std::byte> bytes) : input_(bytes), lender_(&input_) {
    for (std::size_t shape = 0; shape < kShapes; ++shape) MakeSchema(shape);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    for (vecdb_schema* schema : schemas_) Expect(vecdb_schema_free(schema) == VECDB_OK);
    for (auto& slot : batches_) (void)vecdb_batch_free(slot.handle);
    for (auto& slot : rows_) (void)vecdb_rows_free(slot.handle);
    for (auto& slot : collections_) (void)vecdb_collection_free(slot.handle);
    for (auto& slot : databases_) (void)vecdb_close(slot.handle, nullptr);
    Expect(vecdb_handle_count() == 0);
  }

 protected:
  // ---- calls ----------------------------------------------------------------------------

  // A call's answer comes in two ways that agree. Neither memory nor a disk fails here.
  template <typename Call>
  vecdb_code Told(const Call& call) {
    vecdb_error error;
    std::memset(&error, 0x5a, sizeof(error));
    const bool heard = !input_.Rarely();
    const vecdb_code code = call(heard ? &error : nullptr);
    Expect(std::string_view(vecdb_code_name(code)) != "Unknown" && code < VECDB_IO_ERROR);
    if (!heard) return code;
    Expect(error.code == code);
    Expect(std::memchr(error.message, 0, sizeof(error.message)) != nullptr);
    Expect((error.message[0] == 0) == (code == VECDB_OK));
    return code;
  }
  // A call that makes something, which is there exactly when it went well.
  template <typename T, typename Call>
  vecdb_code Making(T** out, const Call& call) {
    *out = reinterpret_cast<T*>(std::uintptr_t{0x5a});
    const vecdb_code code = Told([&](vecdb_error* error) { return call(out, error); });
    Expect((*out != nullptr) == (code == VECDB_OK));
    return code;
  }
  static void ExpectRefused(vecdb_code code) {
    Expect(code == VECDB_INVALID_ARGUMENT || code == VECDB_FAILED_PRECONDITION);
  }

  // One of the slots; now and then one with a handle that is none.
  template <typename S, std::size_t N>
  S& Pick(std::array<S, N>& slots, S* stray) {
    if (!input_.Rarely()) return slots[input_.Below(N)];
    const auto number = reinterpret_cast<std::uintptr_t>(slots[input_.Below(N)].handle);
    const std::uintptr_t strays[] = {0, number & 0xFFF'FFFF,
                                     number ^ (std::uintptr_t{1} + input_.Below(15)) << 24,
                                     number + (std::uintptr_t{1} << 60)};
    stray->handle = reinterpret_cast<decltype(stray->handle)>(strays[input_.Below(4)]);
    return *stray;
  }
  DatabaseSlot& PickDatabase() { return Pick(databases_, &(stray_database_ = {})); }
  CollectionSlot& PickCollection() { return Pick(collections_, &(stray_collection_ = {})); }
  BatchSlot& PickBatch() { return Pick(batches_, &(stray_batch_ = {})); }
  // Where a new handle goes; what stood there is freed.
  template <typename S, std::size_t N, typename FreeOne>
  S& Room(std::array<S, N>& slots, FreeOne free) {
    S& slot = slots[input_.Below(N)];
    if (slot.live) Expect(free(slot.handle) == VECDB_OK);
    slot = {};
    return slot;
  }

  std::string Name() { return std::string(1, static_cast<char>('a' + input_.Below(3))); }

  // ---- databases and collections -----------------------------------------------------------

  void OpenDatabase() {
    DatabaseSlot& slot = databases_[input_.Below(databases_.size())];
    if (slot.live) return;
    vecdb_options options;
    vecdb_options_init(&options, sizeof(options));
    options.own_threads = 0;
    const bool good = !input_.Rarely();
    if (!good) options.durability = static_cast<std::int32_t>(input_.Size());
    slot = {};
    const vecdb_code code = Making(&slot.handle, [&](vecdb_db** out, vecdb_error* error) {
      return vecdb_open_in_memory(&options, out, error);
    });
    Expect(!good || code == VECDB_OK);
    slot.live = code == VECDB_OK;
  }
  void CloseDatabase() {
    DatabaseSlot& slot = PickDatabase();
    const bool null = slot.handle == nullptr;
    const vecdb_code code =
        Told([&](vecdb_error* error) { return vecdb_close(slot.handle, error); });
    if (!slot.live) return null ? Expect(code == VECDB_OK) : ExpectRefused(code);
    Expect(code == VECDB_OK);
    for (auto& [name, shelf] : slot.shelves) shelf->gone = true;
    slot.live = false;
  }
  void UseDatabase() {
    DatabaseSlot& slot = PickDatabase();
    vecdb_texts* names = nullptr;
    const vecdb_code listed = Making(&names, [&](vecdb_texts** out, vecdb_error* error) {
      return vecdb_list_collections(slot.handle, out, error);
    });
    int has = -1;
    const std::string name = Name();
    const vecdb_text sought = lender_.Text(name);
    const vecdb_code found = Told(
        [&](vecdb_error* error) { return vecdb_has_collection(slot.handle, sought, &has, error); });
    vecdb_recovery recovery;
    vecdb_recovery_init(&recovery, sizeof(recovery));
    const vecdb_code codes[] = {
        listed,
        found,
        Told([&](vecdb_error* e) { return vecdb_flush(slot.handle, e); }),
        Told([&](vecdb_error* e) { return vecdb_health(slot.handle, e); }),
        Told([&](vecdb_error* e) { return vecdb_run_background(slot.handle, 5, e); }),
        Told([&](vecdb_error* e) { return vecdb_recovery_report(slot.handle, &recovery, e); })};
    for (const vecdb_code code : codes) slot.live ? Expect(code == VECDB_OK) : ExpectRefused(code);
    if (!slot.live) return;
    Expect(vecdb_texts_count(names) == slot.shelves.size());
    Expect(has == (slot.shelves.count(name) != 0 ? 1 : 0));
    Expect(vecdb_texts_free(names) == VECDB_OK);
  }

  void MakeSchema(std::size_t shape) {
    vecdb_schema* schema = nullptr;
    const auto ok = [](vecdb_code code) { Expect(code == VECDB_OK); };
    const auto text = [](const char* name) { return vecdb_text_of(name); };
    ok(vecdb_schema_new(&schema, nullptr));
    if (shape == 0) {
      ok(vecdb_schema_primary_key(schema, text("id"), VECDB_INT64, nullptr));
      ok(vecdb_schema_nullable(schema, text("n"), VECDB_INT32, nullptr));
      ok(vecdb_schema_vector(schema, text("v"), VECDB_FLOAT_VECTOR, 2, VECDB_L2, nullptr));
    } else if (shape == 1) {
      ok(vecdb_schema_primary_key(schema, text("id"), VECDB_VARCHAR, nullptr));
      ok(vecdb_schema_array(schema, text("n"), VECDB_INT16, 3, nullptr));
      ok(vecdb_schema_vector(schema, text("v"), VECDB_SPARSE_FLOAT_VECTOR, 0, VECDB_INNER_PRODUCT,
                             nullptr));
    } else {
      ok(vecdb_schema_auto_primary_key(schema, text("id"), nullptr));
      ok(vecdb_schema_scalar(schema, text("n"), VECDB_JSON, nullptr));
      ok(vecdb_schema_vector(schema, text("v"), VECDB_BINARY_VECTOR, 8, VECDB_JACCARD, nullptr));
    }
    schemas_.push_back(schema);
  }
  // Of any fields; what it says of itself is what a collection says of it.
  void AnySchema() {
    vecdb_schema* schema = nullptr;
    Expect(vecdb_schema_new(&schema, nullptr) == VECDB_OK);
    for (std::size_t i = input_.Below(4); i > 0; --i) {
      vecdb_field field;
      vecdb_field_init(&field, sizeof(field));
      field.name = lender_.AnyText();
      field.type = static_cast<vecdb_type>(input_.Size());
      field.metric = static_cast<vecdb_metric>(input_.Size());
      field.dimension = static_cast<std::uint32_t>(input_.Size());
      field.max_length = static_cast<std::uint32_t>(input_.Size());
      field.element_type = static_cast<vecdb_type>(input_.Size());
      field.max_capacity = static_cast<std::uint32_t>(input_.Size());
      field.primary_key = input_.Byte() % 3;
      field.nullable = input_.Byte() % 3;
      field.default_value = lender_.AnyValue();
      (void)Told([&](vecdb_error* error) { return vecdb_schema_add(schema, &field, error); });
    }
    const vecdb_code checked =
        Told([&](vecdb_error* error) { return vecdb_schema_check(schema, error); });
    DatabaseSlot& slot = databases_[0];
    if (slot.live) {
      vecdb_collection* made = nullptr;
      const vecdb_code code = Making(&made, [&](vecdb_collection** out, vecdb_error* error) {
        return vecdb_create_collection(slot.handle, vecdb_text_of("any"), schema, nullptr, out,
                                       error);
      });
      Expect(code == checked);
      if (code == VECDB_OK) {
        Expect(vecdb_collection_free(made) == VECDB_OK);
        Expect(vecdb_drop_collection(slot.handle, vecdb_text_of("any"), nullptr) == VECDB_OK);
      }
    }
    Expect(vecdb_schema_free(schema) == VECDB_OK);
  }

  void MakeCollection() {
    DatabaseSlot& slot = PickDatabase();
    const std::string name = Name();
    const vecdb_text lent = lender_.Text(name);
    const std::size_t shape = input_.Below(kShapes);
    vecdb_collection_options options;
    vecdb_collection_options_init(&options, sizeof(options));
    options.shards = 1 + static_cast<std::uint32_t>(input_.Below(2));
    options.segment_rows = input_.Below(6);
    CollectionSlot& made = Room(collections_, vecdb_collection_free);
    const vecdb_code code = Making(&made.handle, [&](auto** out, vecdb_error* error) {
      return vecdb_create_collection(slot.handle, lent, schemas_[shape], &options, out, error);
    });
    if (!slot.live) return ExpectRefused(code);
    std::shared_ptr<Shelf>& shelf = slot.shelves[name];
    if (shelf == nullptr) shelf = std::make_shared<Shelf>(Shelf{shape});
    Expect(code == (shelf->shape == shape ? VECDB_OK : VECDB_ALREADY_EXISTS));
    if (code != VECDB_OK) return;
    made.shelf = shelf;
    made.live = true;
  }
  void OpenCollection() {
    DatabaseSlot& slot = PickDatabase();
    const std::string name = Name();
    const vecdb_text lent = lender_.Text(name);
    CollectionSlot& opened = Room(collections_, vecdb_collection_free);
    const vecdb_code code = Making(&opened.handle, [&](auto** out, vecdb_error* error) {
      return vecdb_open_collection(slot.handle, lent, out, error);
    });
    if (!slot.live) return ExpectRefused(code);
    const auto found = slot.shelves.find(name);
    Expect(code == (found != slot.shelves.end() ? VECDB_OK : VECDB_NOT_FOUND));
    if (code != VECDB_OK) return;
    opened.shelf = found->second;
    opened.live = true;
  }
  void DropCollection() {
    DatabaseSlot& slot = PickDatabase();
    const std::string name = Name();
    const vecdb_text lent = lender_.Text(name);
    const vecdb_code code =
        Told([&](vecdb_error* error) { return vecdb_drop_collection(slot.handle, lent, error); });
    if (!slot.live) return ExpectRefused(code);
    const auto found = slot.shelves.find(name);
    Expect(code == (found != slot.shelves.end() ? VECDB_OK : VECDB_NOT_FOUND));
    if (code != VECDB_OK) return;
    found->second->gone = true;
    slot.shelves.erase(found);
  }
  void Flush() {
    CollectionSlot& slot = PickCollection();
    const vecdb_code code =
        Told([&](vecdb_error* error) { return vecdb_collection_flush(slot.handle, error); });
    Expect((code == VECDB_OK) == slot.good());
  }
  void UseCollection() {
    CollectionSlot& slot = PickCollection();
    vecdb_text name = {};
    const vecdb_code named =
        Told([&](vecdb_error* error) { return vecdb_collection_name(slot.handle, &name, error); });
    slot.live ? Expect(named == VECDB_OK && name.size == 1) : ExpectRefused(named);
    Expect(vecdb_collection_field_count(slot.handle) == (slot.live ? 3 : 0));
    const std::size_t i = input_.Below(5);
    vecdb_field field;
    vecdb_field_init(&field, sizeof(field));
    const vecdb_code described = Told(
        [&](vecdb_error* error) { return vecdb_collection_field(slot.handle, i, &field, error); });
    Expect((described == VECDB_OK) == (slot.live && i < 3));
    vecdb_stats stats;
    vecdb_stats_init(&stats, sizeof(stats));
    const vecdb_code counted = Told(
        [&](vecdb_error* error) { return vecdb_collection_stats(slot.handle, &stats, error); });
    Expect((counted == VECDB_OK) == slot.good());
    Expect(!slot.good() || stats.rows == slot.shelf->keys.size());
  }

  Input input_;
  Lender lender_;
  std::vector<vecdb_schema*> schemas_;  // by shape
  std::array<DatabaseSlot, 2> databases_;
  std::array<CollectionSlot, 4> collections_;
  std::array<BatchSlot, 3> batches_;
  std::array<Slot<vecdb_rows>, 2> rows_;
  // For handles that are none.
  DatabaseSlot stray_database_;
  CollectionSlot stray_collection_;
  BatchSlot stray_batch_;
  Slot<vecdb_rows> stray_rows_;
};

}  // namespace vecdb::fuzz
