#include "wal/message.h"

namespace vecdb::wal {

void EncodeMessageHeader(const Message& message, Timestamp timestamp, base::Bytes* out) {
  base::ByteWriter writer(out);
  writer.Put(timestamp);
  writer.Put(message.shard);
  writer.Put(message.collection);
  writer.Put(message.schema_version);
  writer.Put(message.segment);
  writer.Put(message.partition);
}

Result<LoggedMessage> DecodeMessage(std::uint16_t type, Lsn lsn, std::span<const std::byte> body) {
  base::ByteReader reader(body, "log message");
  LoggedMessage logged;
  logged.lsn = lsn;
  switch (static_cast<MessageType>(type)) {
    case MessageType::kInsert:
    case MessageType::kUpsert:
    case MessageType::kDelete:
      logged.message.type = static_cast<MessageType>(type);
      break;
    default:  // read from disk: any number may come
      return base::Corruption("record {} of the log has the unknown type {}", lsn, type);
  }
  std::uint64_t timestamp = 0;
  VECDB_TRY(reader.Get(&timestamp));
  VECDB_TRY(reader.Get(&logged.message.shard));
  VECDB_TRY(reader.Get(&logged.message.collection));
  VECDB_TRY(reader.Get(&logged.message.schema_version));
  VECDB_TRY(reader.Get(&logged.message.segment));
  VECDB_TRY(reader.Get(&logged.message.partition));
  VECDB_TRY(reader.GetBytes(reader.remaining(), &logged.message.payload));
  logged.timestamp = Timestamp{timestamp};
  return logged;
}

}  // namespace vecdb::wal
