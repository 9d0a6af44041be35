// What the log says about a collection's rows. One write of a caller is one group of records that
// share one timestamp; effects are logged, never predicates: keys, not filters, and every
// automatic id and default is already in the rows.
//
//   record body = { u64 ts, u32 vchannel (shard), u64 collection, u32 schema_version, u64 segment,
//                   u64 partition, payload }     types: 1 LINK (io), 2 insert, 3 upsert, 4 delete
//   insert, upsert payload = chunk (chunk/codec.h);  delete payload = keys
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "vecdb/status.h"
#include "vecdb/types.h"

#include "base/bytes.h"
#include "base/ids.h"

namespace vecdb::wal {

enum class MessageType : std::uint16_t { kInsert = 2, kUpsert = 3, kDelete = 4 };

// One record, without the parts the writer assigns (lsn, timestamp).
struct Message {
  MessageType type = MessageType::kInsert;
  ShardId shard = 0;
  CollectionId collection = 0;
  std::uint32_t schema_version = 0;
  SegmentId segment = 0;  // inserts, upserts: the growing segment the rows go to
  PartitionId partition = kDefaultPartition;  // of the rows; deletes: see DeletedIn
  std::span<const std::byte> payload;         // lent
};

// A delete looks in all partitions when it names number 0, so that the default one alone has a
// number of its own there.
inline constexpr PartitionId kDeletedEverywhere = 0;
inline constexpr PartitionId kDeletedInDefault = ~PartitionId{0};
inline PartitionId DeletedIn(PartitionId partition) {
  return partition == kDefaultPartition ? kDeletedInDefault : partition;
}

// And back: the partition that a message is about, the default one where it is about all.
inline PartitionId PartitionOf(const Message& message) {
  const bool only_default =
      message.type == MessageType::kDelete && message.partition == kDeletedInDefault;
  return only_default ? kDefaultPartition : message.partition;
}

struct LoggedMessage {
  Lsn lsn = 0;
  Timestamp timestamp{0};
  Message message;
};

inline constexpr std::size_t kMessageHeaderSize = 8 + 4 + 8 + 4 + 8 + 8;

void EncodeMessageHeader(const Message& message, Timestamp timestamp, base::Bytes* out);
Result<LoggedMessage> DecodeMessage(std::uint16_t type, Lsn lsn, std::span<const std::byte> body);

}  // namespace vecdb::wal
