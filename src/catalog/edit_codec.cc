// The bytes of an edit, all little-endian:
//
//   edit              u32 count (at most 65,536), operations
//   operation         { u16 type, u32 length, body of that length }
//     1 CreateCollection  u64 id, text name, u32 schema version, u64 created, schema, options
//     2 DropCollection    u64 id
//     3 AddSegment        u64 id, u64 collection, u32 shard, u64 partition, u32 schema version,
//                         u64 rows, u64 min timestamp, u64 max timestamp, u32 count, columns,
//                         keys file, bool has deletes, [deletes]
//     4 DropSegment       u64 id
//     5 CommitSegment     u64 id, u64 last lsn
//     6 SetDeletes        u64 segment, deletes
//     7 AddLog            u32 kind, database id[16], u32 pchannel, u64 number, u64 incarnation
//     8 DropLog           u32 pchannel, u64 number
//     9 SetCheckpoint     u32 pchannel, u64 checkpoint, u64 durable
//    10 LeaseIds          u64 next
//    11 SetMaxTimestamp   u64 timestamp
//    12 RenameCollection  u64 id, text name
//    13 SetAlias          text alias, u64 collection
//    14 DropAlias         text alias
//    15 SetProperties     u64 collection, properties
//    16 CreatePartition   u64 collection, u64 id, text name
//    17 DropPartition     u64 collection, u64 id
//    18 SetKeyRange       u64 segment, bool clustered, range
//    20 BindCollection    u64 collection, u32 pchannel (not 0)
//    21 CommitSegment     u64 id, u64 last lsn, u32 pchannel (not 0: else it is 5)
//    22 SetIndex          u64 collection, u32 field, u64 id, spec
//    23 DropIndex         u64 collection, u32 field
//    24 SetIndexFile      u64 segment, u32 field, u64 index, u32 milliseconds it took, file
//    25 DropIndexFile     u64 segment, u32 field
//   column            u32 field, u32 chunk, file
//   deletes           u64 number, file
//   file              u64 file id, u32 kind, u64 size in bytes, u64 rows, u32 footer crc
//   text              u32 length, bytes
//   schema, options   chunk/codec.h
//   properties        catalog/properties.cc
//   range             catalog/key_range.h
//   spec              catalog/index_codec.h
#include <algorithm>
#include <utility>

#include "catalog/edit.h"
#include "catalog/index_codec.h"
#include "catalog/limits.h"
#include "chunk/codec.h"

namespace vecdb::catalog {
namespace {

using base::ByteReader;
using base::ByteWriter;

enum class OperationType : std::uint16_t {
  kCreateCollection = 1,
  kDropCollection = 2,
  kAddSegment = 3,
  kDropSegment = 4,
  kCommitSegment = 5,
  kSetDeletes = 6,
  kAddLog = 7,
  kDropLog = 8,
  kSetCheckpoint = 9,
  kLeaseIds = 10,
  kSetMaxTimestamp = 11,
  kRenameCollection = 12,
  kSetAlias = 13,
  kDropAlias = 14,
  kSetProperties = 15,
  kCreatePartition = 16,
  kDropPartition = 17,
  kSetKeyRange = 18,
  kBindCollection = 20,
  kCommitSegmentIn = 21,
  kSetIndex = 22,
  kDropIndex = 23,
  kSetIndexFile = 24,
  kDropIndexFile = 25,
};
constexpr std::uint16_t kMayBeSkipped = 0x8000;

constexpr std::size_t kOperationHeaderSize = 2 + 4;
constexpr std::size_t kFileSize = 8 + 4 + 8 + 8 + 4;
constexpr std::size_t kColumnSize = 4 + 4 + kFileSize;
constexpr std::size_t kMaxNameBytes = 255;

// Encoding: Body() writes what follows an operation's header.

void PutFile(const io::SealedFileInfo& file, ByteWriter* out) {
  out->Put(file.file_id);
  out->Put(file.kind);
  out->Put(file.size_bytes);
  out->Put(file.rows);
  out->Put(file.footer_crc);
}

void PutDeletes(const DeletesFileRecord& deletes, ByteWriter* out) {
  out->Put(deletes.number);
  PutFile(deletes.info, out);
}

OperationType Body(const CreateCollection& operation, ByteWriter* out) {
  const CollectionRecord& record = operation.record;
  out->Put(record.id);
  out->PutText(record.name);
  out->Put(record.schema_version);
  out->Put(record.created);
  chunk::EncodeSchema(record.schema, out);
  chunk::EncodeCollectionOptions(record.options, out);
  return OperationType::kCreateCollection;
}

OperationType Body(const DropCollection& operation, ByteWriter* out) {
  out->Put(operation.id);
  return OperationType::kDropCollection;
}

OperationType Body(const AddSegment& operation, ByteWriter* out) {
  const SegmentRecord& record = operation.record;
  out->Put(record.id);
  out->Put(record.collection);
  out->Put(record.shard);
  out->Put(record.partition);
  out->Put(record.schema_version);
  out->Put(record.rows);
  out->Put(record.min_timestamp);
  out->Put(record.max_timestamp);
  out->Put(static_cast<std::uint32_t>(record.columns.size()));
  for (const ColumnFileRecord& column : record.columns) {
    out->Put(column.field);
    out->Put(column.chunk);
    PutFile(column.info, out);
  }
  PutFile(record.keys, out);
  out->Put(static_cast<std::uint8_t>(record.deletes.has_value() ? 1 : 0));
  if (record.deletes) PutDeletes(*record.deletes, out);
  return OperationType::kAddSegment;
}

OperationType Body(const DropSegment& operation, ByteWriter* out) {
  out->Put(operation.id);
  return OperationType::kDropSegment;
}

OperationType Body(const CommitSegment& operation, ByteWriter* out) {
  out->Put(operation.id);
  out->Put(operation.last_lsn);
  if (operation.pchannel == 0) return OperationType::kCommitSegment;
  out->Put(operation.pchannel);
  return OperationType::kCommitSegmentIn;
}

OperationType Body(const SetDeletes& operation, ByteWriter* out) {
  out->Put(operation.segment);
  PutDeletes(operation.file, out);
  return OperationType::kSetDeletes;
}

OperationType Body(const AddLog& operation, ByteWriter* out) {
  const io::LogIdentity& identity = operation.identity;
  out->Put(static_cast<std::uint32_t>(identity.kind));
  out->PutBytes(identity.database);
  out->Put(identity.channel);
  out->Put(identity.number);
  out->Put(identity.incarnation);
  return OperationType::kAddLog;
}

OperationType Body(const DropLog& operation, ByteWriter* out) {
  out->Put(operation.pchannel);
  out->Put(operation.number);
  return OperationType::kDropLog;
}

OperationType Body(const SetCheckpoint& operation, ByteWriter* out) {
  out->Put(operation.pchannel);
  out->Put(operation.checkpoint);
  out->Put(operation.durable);
  return OperationType::kSetCheckpoint;
}

OperationType Body(const LeaseIds& operation, ByteWriter* out) {
  out->Put(operation.next);
  return OperationType::kLeaseIds;
}

OperationType Body(const SetMaxTimestamp& operation, ByteWriter* out) {
  out->Put(operation.timestamp);
  return OperationType::kSetMaxTimestamp;
}

OperationType Body(const RenameCollection& operation, ByteWriter* out) {
  out->Put(operation.id);
  out->PutText(operation.name);
  return OperationType::kRenameCollection;
}

OperationType Body(const SetAlias& operation, ByteWriter* out) {
  out->PutText(operation.alias);
  out->Put(operation.collection);
  return OperationType::kSetAlias;
}

OperationType Body(const DropAlias& operation, ByteWriter* out) {
  out->PutText(operation.alias);
  return OperationType::kDropAlias;
}

OperationType Body(const SetProperties& operation, ByteWriter* out) {
  out->Put(operation.collection);
  EncodeProperties(operation.properties, out);
  return OperationType::kSetProperties;
}

OperationType Body(const CreatePartition& operation, ByteWriter* out) {
  out->Put(operation.collection);
  out->Put(operation.id);
  out->PutText(operation.name);
  return OperationType::kCreatePartition;
}

OperationType Body(const DropPartition& operation, ByteWriter* out) {
  out->Put(operation.collection);
  out->Put(operation.id);
  return OperationType::kDropPartition;
}

OperationType Body(const SetKeyRange& operation, ByteWriter* out) {
  out->Put(operation.segment);
  out->Put(static_cast<std::uint8_t>(operation.clustered ? 1 : 0));
  EncodeKeyRange(operation.range, out);
  return OperationType::kSetKeyRange;
}

OperationType Body(const BindCollection& operation, ByteWriter* out) {
  out->Put(operation.collection);
  out->Put(operation.pchannel);
  return OperationType::kBindCollection;
}

OperationType Body(const SetIndex& operation, ByteWriter* out) {
  out->Put(operation.collection);
  out->Put(operation.field);
  out->Put(operation.record.id);
  PutIndexSpec(operation.record.spec, out);
  return OperationType::kSetIndex;
}

OperationType Body(const DropIndex& operation, ByteWriter* out) {
  out->Put(operation.collection);
  out->Put(operation.field);
  return OperationType::kDropIndex;
}

OperationType Body(const SetIndexFile& operation, ByteWriter* out) {
  out->Put(operation.segment);
  out->Put(operation.file.field);
  out->Put(operation.file.index);
  out->Put(operation.file.build_ms);
  PutFile(operation.file.info, out);
  return OperationType::kSetIndexFile;
}

OperationType Body(const DropIndexFile& operation, ByteWriter* out) {
  out->Put(operation.segment);
  out->Put(operation.field);
  return OperationType::kDropIndexFile;
}

// Decoding: each function reads one body; the caller checks that nothing is left of it.

Status GetTimestamp(ByteReader* in, Timestamp* out) {
  std::uint64_t raw = 0;
  VECDB_TRY(in->Get(&raw));
  *out = Timestamp{raw};
  return Status();
}

Status GetFile(ByteReader* in, io::SealedFileInfo* out) {
  std::uint32_t kind = 0;
  VECDB_TRY(in->Get(&out->file_id));
  VECDB_TRY(in->Get(&kind));
  if (kind < static_cast<std::uint32_t>(io::FileKind::kColumn) ||
      kind > static_cast<std::uint32_t>(io::FileKind::kIndex)) {
    return in->Bad("a file is of no known kind");
  }
  out->kind = static_cast<io::FileKind>(kind);
  VECDB_TRY(in->Get(&out->size_bytes));
  VECDB_TRY(in->Get(&out->rows));
  return in->Get(&out->footer_crc);
}

Status GetDeletes(ByteReader* in, DeletesFileRecord* out) {
  VECDB_TRY(in->Get(&out->number));
  return GetFile(in, &out->info);
}

Result<Operation> GetCreateCollection(ByteReader* in) {
  CollectionId id = 0;
  std::string name;
  std::uint32_t schema_version = 0;
  Timestamp created{0};
  VECDB_TRY(in->Get(&id));
  VECDB_TRY(in->GetText(&name, kMaxNameBytes));
  VECDB_TRY(in->Get(&schema_version));
  VECDB_TRY(GetTimestamp(in, &created));
  VECDB_TRY_ASSIGN(auto schema, chunk::DecodeSchema(in));
  VECDB_TRY_ASSIGN(auto options, chunk::DecodeCollectionOptions(in));
  return Operation(CreateCollection{
      CollectionRecord{id, std::move(name), schema_version, schema, options, created}});
}

Result<Operation> GetAddSegment(ByteReader* in) {
  SegmentRecord record;
  VECDB_TRY(in->Get(&record.id));
  VECDB_TRY(in->Get(&record.collection));
  VECDB_TRY(in->Get(&record.shard));
  VECDB_TRY(in->Get(&record.partition));
  VECDB_TRY(in->Get(&record.schema_version));
  VECDB_TRY(in->Get(&record.rows));
  VECDB_TRY(GetTimestamp(in, &record.min_timestamp));
  VECDB_TRY(GetTimestamp(in, &record.max_timestamp));
  std::uint32_t columns = 0;
  VECDB_TRY(in->GetCount(&columns, kColumnSize));
  record.columns.resize(columns);
  for (ColumnFileRecord& column : record.columns) {
    VECDB_TRY(in->Get(&column.field));
    VECDB_TRY(in->Get(&column.chunk));
    VECDB_TRY(GetFile(in, &column.info));
  }
  VECDB_TRY(GetFile(in, &record.keys));
  bool has_deletes = false;
  VECDB_TRY(in->GetBool(&has_deletes));
  if (has_deletes) VECDB_TRY(GetDeletes(in, &record.deletes.emplace()));
  return Operation(AddSegment{std::move(record)});
}

Result<Operation> GetCommitSegment(ByteReader* in) {
  CommitSegment operation;
  VECDB_TRY(in->Get(&operation.id));
  VECDB_TRY(in->Get(&operation.last_lsn));
  return Operation(operation);
}

Result<Operation> GetCommitSegmentIn(ByteReader* in) {
  CommitSegment operation;
  VECDB_TRY(in->Get(&operation.id));
  VECDB_TRY(in->Get(&operation.last_lsn));
  VECDB_TRY(in->Get(&operation.pchannel));
  if (operation.pchannel == 0) return in->Bad("a segment is committed in pchannel 0 by type 21");
  return Operation(operation);
}

Result<Operation> GetSetKeyRange(ByteReader* in) {
  SetKeyRange operation;
  VECDB_TRY(in->Get(&operation.segment));
  VECDB_TRY(in->GetBool(&operation.clustered));
  VECDB_TRY_ASSIGN(operation.range, DecodeKeyRange(in));
  return Operation(std::move(operation));
}

Result<Operation> GetBindCollection(ByteReader* in) {
  BindCollection operation;
  VECDB_TRY(in->Get(&operation.collection));
  VECDB_TRY(in->Get(&operation.pchannel));
  return Operation(operation);
}

Result<Operation> GetSetDeletes(ByteReader* in) {
  SetDeletes operation;
  VECDB_TRY(in->Get(&operation.segment));
  VECDB_TRY(GetDeletes(in, &operation.file));
  return Operation(operation);
}

Result<Operation> GetAddLog(ByteReader* in) {
  AddLog operation;
  std::uint32_t kind = 0;
  VECDB_TRY(in->Get(&kind));
  if (kind != static_cast<std::uint32_t>(io::LogKind::kWal)) {
    return in->Bad("a log is of no known kind");
  }
  std::span<const std::byte> database;
  VECDB_TRY(in->GetBytes(operation.identity.database.size(), &database));
  std::copy(database.begin(), database.end(), operation.identity.database.begin());
  VECDB_TRY(in->Get(&operation.identity.channel));
  VECDB_TRY(in->Get(&operation.identity.number));
  VECDB_TRY(in->Get(&operation.identity.incarnation));
  return Operation(operation);
}

Result<Operation> GetDropLog(ByteReader* in) {
  DropLog operation;
  VECDB_TRY(in->Get(&operation.pchannel));
  VECDB_TRY(in->Get(&operation.number));
  return Operation(operation);
}

Result<Operation> GetSetCheckpoint(ByteReader* in) {
  SetCheckpoint operation;
  VECDB_TRY(in->Get(&operation.pchannel));
  VECDB_TRY(in->Get(&operation.checkpoint));
  VECDB_TRY(in->Get(&operation.durable));
  return Operation(operation);
}

Result<Operation> GetSetMaxTimestamp(ByteReader* in) {
  SetMaxTimestamp operation;
  VECDB_TRY(GetTimestamp(in, &operation.timestamp));
  return Operation(operation);
}

Result<Operation> GetRenameCollection(ByteReader* in) {
  RenameCollection operation;
  VECDB_TRY(in->Get(&operation.id));
  VECDB_TRY(in->GetText(&operation.name, kMaxNameBytes));
  return Operation(std::move(operation));
}

Result<Operation> GetSetAlias(ByteReader* in) {
  SetAlias operation;
  VECDB_TRY(in->GetText(&operation.alias, kMaxNameBytes));
  VECDB_TRY(in->Get(&operation.collection));
  return Operation(std::move(operation));
}

Result<Operation> GetDropAlias(ByteReader* in) {
  DropAlias operation;
  VECDB_TRY(in->GetText(&operation.alias, kMaxNameBytes));
  return Operation(std::move(operation));
}

Result<Operation> GetSetProperties(ByteReader* in) {
  SetProperties operation;
  VECDB_TRY(in->Get(&operation.collection));
  VECDB_TRY_ASSIGN(operation.properties, DecodeProperties(in));
  return Operation(operation);
}

Result<Operation> GetCreatePartition(ByteReader* in) {
  CreatePartition operation;
  VECDB_TRY(in->Get(&operation.collection));
  VECDB_TRY(in->Get(&operation.id));
  VECDB_TRY(in->GetText(&operation.name, kMaxNameBytes));
  return Operation(std::move(operation));
}

Result<Operation> GetDropPartition(ByteReader* in) {
  DropPartition operation;
  VECDB_TRY(in->Get(&operation.collection));
  VECDB_TRY(in->Get(&operation.id));
  return Operation(operation);
}

Result<Operation> GetSetIndex(ByteReader* in) {
  SetIndex operation;
  VECDB_TRY(in->Get(&operation.collection));
  VECDB_TRY(in->Get(&operation.field));
  VECDB_TRY(in->Get(&operation.record.id));
  VECDB_TRY_ASSIGN(operation.record.spec, GetIndexSpec(in));
  return Operation(operation);
}

template <typename T>  // the index of a field of a collection or segment
Result<Operation> GetIndexOf(ByteReader* in) {
  std::uint64_t id = 0;
  std::uint32_t field = 0;
  VECDB_TRY(in->Get(&id));
  VECDB_TRY(in->Get(&field));
  return Operation(T{id, field});
}

Result<Operation> GetSetIndexFile(ByteReader* in) {
  SetIndexFile operation;
  VECDB_TRY(in->Get(&operation.segment));
  VECDB_TRY(in->Get(&operation.file.field));
  VECDB_TRY(in->Get(&operation.file.index));
  VECDB_TRY(in->Get(&operation.file.build_ms));
  VECDB_TRY(GetFile(in, &operation.file.info));
  return Operation(operation);
}

// An operation of one number.
template <typename T>
Result<Operation> GetNumber(ByteReader* in) {
  std::uint64_t number = 0;
  VECDB_TRY(in->Get(&number));
  return Operation(T{number});
}

Result<Operation> GetOperation(std::uint16_t type, ByteReader* in) {
  switch (static_cast<OperationType>(type)) {
    case OperationType::kCreateCollection:
      return GetCreateCollection(in);
    case OperationType::kDropCollection:
      return GetNumber<DropCollection>(in);
    case OperationType::kAddSegment:
      return GetAddSegment(in);
    case OperationType::kDropSegment:
      return GetNumber<DropSegment>(in);
    case OperationType::kCommitSegment:
      return GetCommitSegment(in);
    case OperationType::kSetDeletes:
      return GetSetDeletes(in);
    case OperationType::kAddLog:
      return GetAddLog(in);
    case OperationType::kDropLog:
      return GetDropLog(in);
    case OperationType::kSetCheckpoint:
      return GetSetCheckpoint(in);
    case OperationType::kLeaseIds:
      return GetNumber<LeaseIds>(in);
    case OperationType::kSetMaxTimestamp:
      return GetSetMaxTimestamp(in);
    case OperationType::kRenameCollection:
      return GetRenameCollection(in);
    case OperationType::kSetAlias:
      return GetSetAlias(in);
    case OperationType::kDropAlias:
      return GetDropAlias(in);
    case OperationType::kSetProperties:
      return GetSetProperties(in);
    case OperationType::kCreatePartition:
      return GetCreatePartition(in);
    case OperationType::kDropPartition:
      return GetDropPartition(in);
    case OperationType::kSetKeyRange:
      return GetSetKeyRange(in);
    case OperationType::kBindCollection:
      return GetBindCollection(in);
    case OperationType::kCommitSegmentIn:
      return GetCommitSegmentIn(in);
    case OperationType::kSetIndex:
      return GetSetIndex(in);
    case OperationType::kDropIndex:
      return GetIndexOf<DropIndex>(in);
    case OperationType::kSetIndexFile:
      return GetSetIndexFile(in);
    case OperationType::kDropIndexFile:
      return GetIndexOf<DropIndexFile>(in);
  }
  return in->Bad(base::Format("an operation is of type {}, which is not known", type));
}

bool MayBeSkipped(std::uint16_t type) {
  return (type & kMayBeSkipped) != 0;
}

}  // namespace

base::Bytes EncodeEdit(const Edit& edit) {
  base::Bytes bytes;
  ByteWriter out(&bytes);
  out.Put(static_cast<std::uint32_t>(edit.operations.size()));
  base::Bytes body;
  for (const Operation& operation : edit.operations) {
    body.clear();
    ByteWriter into(&body);
    const OperationType type =
        std::visit([&](const auto& chosen) { return Body(chosen, &into); }, operation);
    out.Put(type);
    out.Put(static_cast<std::uint32_t>(body.size()));
    out.PutBytes(body);
  }
  return bytes;
}

Result<Edit> DecodeEdit(std::span<const std::byte> bytes, std::string_view what) {
  ByteReader in(bytes, what);
  std::uint32_t count = 0;
  VECDB_TRY(in.GetCount(&count, kOperationHeaderSize));
  if (count > kMaxOperations) return in.Bad("an edit has more operations than one may have");
  Edit edit;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint16_t type = 0;
    std::uint32_t length = 0;
    std::span<const std::byte> body;
    VECDB_TRY(in.Get(&type));
    VECDB_TRY(in.Get(&length));
    VECDB_TRY(in.GetBytes(length, &body));
    if (MayBeSkipped(type)) continue;
    ByteReader inside(body, what);
    VECDB_TRY_ASSIGN(auto operation, GetOperation(type, &inside));
    VECDB_TRY(inside.ExpectEnd());
    edit.operations.push_back(std::move(operation));
  }
  VECDB_TRY(in.ExpectEnd());
  return edit;
}

}  // namespace vecdb::catalog
