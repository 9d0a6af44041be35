// What the handles of the C API stand for.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "vecdb/batch.h"
#include "vecdb/c.h"
#include "vecdb/check.h"
#include "vecdb/collection.h"
#include "vecdb/database.h"
#include "vecdb/result.h"
#include "vecdb/schema.h"
#include "vecdb/snapshot.h"

#include "api/c_handles.h"
#include "api/c_value.h"

namespace vecdb::api {

template <typename H, HandleKind kind>
struct ObjectOf : HandleObject {
  using Handle = H;
  static constexpr HandleKind kKind = kind;
};

// The optional ones are empty only until the call that makes them succeeds.
struct DatabaseObject final : ObjectOf<vecdb_db, HandleKind::kDatabase> {
  std::optional<Database> database;
};

struct CollectionObject final : ObjectOf<vecdb_collection, HandleKind::kCollection> {
  std::optional<Collection> collection;
  std::optional<Schema> schema;  // the collection's
  LentValues defaults;           // of its fields, in their order
};

struct SchemaObject final : ObjectOf<vecdb_schema, HandleKind::kSchema> {
  SchemaBuilder builder;
};

struct BatchObject final : ObjectOf<vecdb_batch, HandleKind::kBatch> {
  std::optional<Batch> batch;
};

struct KeysObject final : ObjectOf<vecdb_keys, HandleKind::kKeys> {
  std::vector<Key> keys;
};

struct TextsObject final : ObjectOf<vecdb_texts, HandleKind::kTexts> {
  std::vector<std::string> texts;
};

struct ReportObject final : ObjectOf<vecdb_report, HandleKind::kReport> {
  CheckReport report;
};

struct DescriptionObject final : ObjectOf<vecdb_description, HandleKind::kDescription> {
  std::optional<CollectionInfo> info;
  LentValues defaults;  // of the fields, in their order
};

struct StopObject final : ObjectOf<vecdb_stop, HandleKind::kStop> {
  std::stop_source source;
};

struct SnapshotObject final : ObjectOf<vecdb_snapshot, HandleKind::kSnapshot> {
  std::optional<Snapshot> snapshot;
  std::string key_field;
};

struct IteratorObject final : ObjectOf<vecdb_iterator, HandleKind::kIterator> {
  std::optional<RowIterator> rows;  // or `hits`
  std::optional<SearchIterator> hits;
  std::vector<Row> unread;  // this and below: brought by a call that could not give them
  Hits unread_hits;
  std::string key_field;
};

struct RowsObject final : ObjectOf<vecdb_rows, HandleKind::kRows> {
  bool searched = false;   // then `hits` have keys and scores, too
  Hits hits;               // of a query or get: rows only
  std::size_t fields = 0;  // of each row
  LentValues values;       // row by row
  std::string key_field;
};

}  // namespace vecdb::api
