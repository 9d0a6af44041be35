// One atomic change of the catalog: a list of operations that take effect together or not at all.
//
//   edit = u32 count, operations;  operation = { u16 type, u32 length, body }
// An unknown type with bit 15 set may be skipped; any other unknown type refuses the manifest.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "catalog/properties.h"
#include "catalog/records.h"

namespace vecdb::catalog {

struct CreateCollection {
  CollectionRecord record;
};
struct DropCollection {  // with its segments
  CollectionId id = 0;
};
struct AddSegment {
  SegmentRecord record;
};
struct DropSegment {
  SegmentId id = 0;
};
// The segment was committed once: replay skips its rows, also after it is dropped, until the log is
// truncated past last_lsn.
struct CommitSegment {
  SegmentId id = 0;
  Lsn last_lsn = 0;
  PchannelId pchannel = 0;  // where the lsn counts
};
struct SetDeletes {  // replaces the deletes file of a segment
  SegmentId segment = 0;
  DeletesFileRecord file;
};
struct AddLog {
  io::LogIdentity identity;
};
struct DropLog {
  PchannelId pchannel = 0;
  std::uint64_t number = 0;
};
// Replay begins at `checkpoint`; everything up to `durable` is known to be synced. Commit records
// that end below the checkpoint are forgotten.
struct SetCheckpoint {
  PchannelId pchannel = 0;
  Lsn checkpoint = 1;
  Lsn durable = 0;
};
// Every id below `next` may have been handed out.
struct LeaseIds {
  std::uint64_t next = 1;
};
struct SetMaxTimestamp {
  Timestamp timestamp{0};
};
struct RenameCollection {
  CollectionId id = 0;
  std::string name;
};
struct SetAlias {  // one more, or in place of what the alias named before
  std::string alias;
  CollectionId collection = 0;
};
struct DropAlias {
  std::string alias;
};
struct SetProperties {  // replaces those of a collection
  CollectionId collection = 0;
  Properties properties;
};
struct CreatePartition {
  CollectionId collection = 0;
  PartitionId id = 0;
  std::string name;
};
struct DropPartition {  // with its segments
  CollectionId collection = 0;
  PartitionId id = 0;
};
// Behind the segment's addition, in the same edit: where its clustering key lies.
struct SetKeyRange {
  SegmentId segment = 0;
  bool clustered = false;
  KeyRange range;
};
// Behind the collection's creation, in the same edit; without it the pchannel is 0.
struct BindCollection {
  CollectionId collection = 0;
  PchannelId pchannel = 0;
};

// A field of a collection has this index from now on; what segments have of another stays until
// each has its own. Of FLAT without a codec there are no files: those of another go at once.
struct SetIndex {
  CollectionId collection = 0;
  std::uint32_t field = 0;
  IndexRecord record;
};
struct DropIndex {  // with its files
  CollectionId collection = 0;
  std::uint32_t field = 0;
};
// Takes the place of what the field had in this segment.
struct SetIndexFile {
  SegmentId segment = 0;
  IndexFileRecord file;
};
struct DropIndexFile {
  SegmentId segment = 0;
  std::uint32_t field = 0;
};

using Operation = std::variant<CreateCollection, DropCollection, AddSegment, DropSegment,
                               CommitSegment, SetDeletes, AddLog, DropLog, SetCheckpoint, LeaseIds,
                               SetMaxTimestamp, RenameCollection, SetAlias, DropAlias,
                               SetProperties, CreatePartition, DropPartition, SetKeyRange,
                               BindCollection, SetIndex, DropIndex, SetIndexFile, DropIndexFile>;

struct Edit {
  std::vector<Operation> operations;
};

// Adds the segment, with all that its record says.
void AddTo(Edit* edit, SegmentRecord record);

base::Bytes EncodeEdit(const Edit& edit);
Result<Edit> DecodeEdit(std::span<const std::byte> bytes, std::string_view what);

}  // namespace vecdb::catalog
