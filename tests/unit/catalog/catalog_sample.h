// A small catalog with something of everything, and edits to grow it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "vecdb/schema.h"

#include "catalog/manifest.h"
#include "io/layout.h"

namespace vecdb_test {

namespace catalog = vecdb::catalog;
namespace io = vecdb::io;

inline constexpr io::DatabaseUuid kDatabase = {std::byte{7}, std::byte{1}, std::byte{2}};

inline catalog::CollectionRecord Books(std::uint64_t id, const std::string& name = "books") {
  vecdb::SchemaBuilder builder;
  builder.PrimaryKey("id")
      .Vector("cover", 8, vecdb::Metric::kCosine)
      .Nullable("title", vecdb::DataType::kVarChar)
      .Scalar("place", vecdb::DataType::kVarChar);
  return catalog::CollectionRecord{
      id, name, 1, *builder.Build(), vecdb::CollectionOptions{}, vecdb::Timestamp{1000 + id}};
}

inline io::SealedFileInfo FileOf(std::uint64_t id, io::FileKind kind) {
  return io::SealedFileInfo{id, kind, 1000 + id, 10, static_cast<std::uint32_t>(id * 77)};
}

// Uses the file ids first_file and the four behind it, or five with deletes.
inline catalog::SegmentRecord SegmentOf(std::uint64_t collection, std::uint64_t id,
                                        std::uint64_t first_file, bool deletes = false) {
  catalog::SegmentRecord record;
  record.id = id;
  record.collection = collection;
  record.rows = 10;
  record.min_timestamp = vecdb::Timestamp{50};
  record.max_timestamp = vecdb::Timestamp{60};
  for (std::uint32_t field = 0; field < 3; ++field) {
    record.columns.push_back({field, 0, FileOf(first_file + field, io::FileKind::kColumn)});
  }
  record.columns.push_back(
      {catalog::kTimestampField, 0, FileOf(first_file + 3, io::FileKind::kColumn)});
  record.keys = FileOf(first_file + 4, io::FileKind::kKeys);
  if (deletes) {
    record.deletes = catalog::DeletesFileRecord{1, FileOf(first_file + 5, io::FileKind::kDeletes)};
  }
  return record;
}

inline io::LogIdentity LogOf(std::uint32_t pchannel, std::uint64_t number) {
  return io::LogIdentity{io::LogKind::kWal, kDatabase, pchannel, number, number * 1000 + pchannel};
}

template <typename... Operations>
catalog::Edit EditOf(Operations... operations) {
  catalog::Edit edit;
  (edit.operations.emplace_back(std::move(operations)), ...);
  return edit;
}

// None of them at its default.
inline catalog::Properties EveryProperty() {
  catalog::Properties properties;
  properties.ttl = std::chrono::hours{1};
  properties.auto_compaction = false;
  properties.consistency = vecdb::Consistency::kBounded;
  properties.compact_when_deleted = 0.625;
  properties.partition_key = "place";
  properties.num_partitions = 3;
  properties.clustering_key = "id";
  return properties;
}

// Of field 1, "cover".
inline catalog::IndexFileRecord IndexFile(std::uint64_t index, std::uint64_t file) {
  return {1, index, 1234, FileOf(file, io::FileKind::kIndex)};
}

// Every kind of operation once, or nearly.
inline catalog::Edit EverythingEdit() {
  return EditOf(catalog::LeaseIds{100}, catalog::SetMaxTimestamp{vecdb::Timestamp{5000}},
                catalog::CreateCollection{Books(1)}, catalog::CreateCollection{Books(2, "papers")},
                catalog::BindCollection{2, 1}, catalog::CreatePartition{1, 3, "old"},
                catalog::CreatePartition{1, 4, "2-new"}, catalog::AddLog{LogOf(0, 1)},
                catalog::AddLog{LogOf(0, 2)}, catalog::AddLog{LogOf(1, 1)},
                catalog::AddSegment{SegmentOf(1, 10, 20)},
                catalog::AddSegment{SegmentOf(2, 11, 30, true)}, catalog::CommitSegment{10, 40},
                catalog::CommitSegment{11, 60, 1},
                catalog::SetDeletes{10, {1, FileOf(50, io::FileKind::kDeletes)}},
                catalog::SetCheckpoint{0, 12, 34}, catalog::SetCheckpoint{1, 5, 6},
                catalog::RenameCollection{2, "essays"}, catalog::SetAlias{"best", 2},
                catalog::SetAlias{"all", 2}, catalog::SetAlias{"best", 1},
                catalog::SetProperties{2, EveryProperty()},
                catalog::SetKeyRange{11, true, {0, std::int64_t{-3}, std::int64_t{44}}},
                catalog::SetIndex{1, 1, {90, vecdb::HnswIndex{8, 99}}},
                catalog::SetIndexFile{10, IndexFile(90, 91)},
                catalog::SetIndex{1, 1, {92, vecdb::HnswSqIndex{12, 77, vecdb::Codec::kBf16}}},
                catalog::SetIndex{2, 1, {93, vecdb::FlatIndex{vecdb::Codec::kSq8}}},
                catalog::SetIndex{2, 1, {93, vecdb::AutoIndex{}}},
                catalog::SetIndexFile{11, IndexFile(93, 94)}, catalog::DropIndexFile{11, 1},
                catalog::SetIndexFile{11, IndexFile(93, 95)});
}

inline catalog::State EmptyState() {
  catalog::State state;
  state.database = kDatabase;
  return state;
}

inline catalog::State Everything() {
  return *catalog::Apply(EmptyState(), EverythingEdit());
}

// Equal states, and only these, give equal texts.
inline std::string TextOf(const catalog::State& state) {
  std::string text(vecdb::base::AsText(state.database));
  for (const catalog::Edit& edit : catalog::Snapshot(state)) {
    text += vecdb::base::AsText(catalog::EncodeEdit(edit));
  }
  return text;
}

inline std::function<std::uint64_t()> Counting() {
  return [next = std::uint64_t{42}]() mutable { return next++; };
}

inline vecdb::Result<std::unique_ptr<catalog::Manifest>> BeginIn(io::FileSystem& fs,
                                                                 catalog::State state,
                                                                 std::uint64_t number = 1) {
  return catalog::Manifest::Begin(fs, std::move(state), number, Counting(), 1234);
}

inline catalog::Format FormatOf() {
  catalog::Format format;
  format.database = kDatabase;
  format.created_ms = 1234;
  return format;
}

// A database whose catalog holds `state`, open for edits.
inline std::unique_ptr<catalog::Manifest> CreateIn(io::FileSystem& fs, catalog::State state) {
  auto manifest = *BeginIn(fs, std::move(state));
  catalog::WriteFormat(fs, FormatOf()).OrDie();
  return manifest;
}

}  // namespace vecdb_test
