// A write that has happened must not be reported as a failure, so the handle of its receipt is made
// before it.
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "vecdb/request.h"

#include "api/c_call.h"
#include "api/c_objects.h"
#include "api/c_requests.h"
#include "api/c_struct.h"
#include "api/c_value.h"

namespace vecdb::api {

template <>
struct CStruct<vecdb_write_options> {
  static constexpr std::string_view kName = "vecdb_write_options";
  static constexpr std::size_t kFirstSize = offsetof(vecdb_write_options, partition);
  static vecdb_write_options Defaults() {
    vecdb_write_options out = {};
    out.struct_size = sizeof(out);
    return out;
  }
};

namespace {

Result<WriteOptions> OptionsOf(const vecdb_write_options* given) {
  VECDB_TRY_ASSIGN(const vecdb_write_options from, ReadOptional(given));
  WriteOptions options;
  if (from.durability != 0) {
    VECDB_TRY_ASSIGN(options.durability,
                     EnumOf<Durability>(from.durability, "vecdb_write_options.durability"));
  }
  VECDB_TRY_ASSIGN(options.partition, Lent(from.partition, "vecdb_write_options.partition"));
  options.timeout = std::chrono::milliseconds(from.timeout_ms);
  VECDB_TRY_ASSIGN(options.stop, TokenOf(from.stop));
  return options;
}

// `write` is a function of (Collection&, const WriteOptions&) that gives a Result<WriteReceipt>.
template <typename F>
vecdb_code Write(vecdb_collection* collection, const vecdb_write_options* options,
                 vecdb_receipt* receipt, vecdb_error* error, F&& write) noexcept {
  if (receipt != nullptr) *receipt = {};
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    VECDB_TRY_ASSIGN(const WriteOptions how, OptionsOf(options));
    if (receipt == nullptr) return write(*o.collection, how).status();
    VECDB_TRY_ASSIGN(Made<KeysObject> keys, Make<KeysObject>());
    VECDB_TRY_ASSIGN(WriteReceipt written, write(*o.collection, how));
    keys->keys = std::move(written.keys);
    receipt->timestamp = static_cast<std::uint64_t>(written.timestamp);
    receipt->keys = keys.Publish();
    return Status();
  });
}

}  // namespace
}  // namespace vecdb::api

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

void vecdb_write_options_init(vecdb_write_options* options, size_t struct_size) {
  InitStruct(options, struct_size);
}

vecdb_code vecdb_insert(vecdb_collection* collection, const vecdb_batch* batch,
                        const vecdb_write_options* options, vecdb_receipt* receipt,
                        vecdb_error* error) {
  return Write(collection, options, receipt, error,
               [&](Collection& c, const WriteOptions& how) -> Result<WriteReceipt> {
                 VECDB_TRY_ASSIGN(const auto rows, Use<BatchObject>(batch));
                 return c.Insert(*rows->batch, how);
               });
}

vecdb_code vecdb_upsert(vecdb_collection* collection, const vecdb_batch* batch,
                        const vecdb_write_options* options, vecdb_receipt* receipt,
                        vecdb_error* error) {
  return Write(collection, options, receipt, error,
               [&](Collection& c, const WriteOptions& how) -> Result<WriteReceipt> {
                 VECDB_TRY_ASSIGN(const auto rows, Use<BatchObject>(batch));
                 return c.Upsert(*rows->batch, how);
               });
}

vecdb_code vecdb_delete(vecdb_collection* collection, const vecdb_key* keys, size_t key_count,
                        const vecdb_write_options* options, vecdb_receipt* receipt,
                        vecdb_error* error) {
  return Write(collection, options, receipt, error,
               [&](Collection& c, const WriteOptions& how) -> Result<WriteReceipt> {
                 VECDB_TRY_ASSIGN(const std::vector<Key> owned, OwnedKeys(keys, key_count));
                 return c.Delete(owned, how);
               });
}

vecdb_code vecdb_delete_where(vecdb_collection* collection, vecdb_text filter,
                              const vecdb_write_options* options, vecdb_receipt* receipt,
                              vecdb_error* error) {
  return Write(collection, options, receipt, error,
               [&](Collection& c, const WriteOptions& how) -> Result<WriteReceipt> {
                 VECDB_TRY_ASSIGN(const std::string_view condition, Lent(filter, "filter"));
                 return c.DeleteWhere(condition, how);
               });
}
