#include "wal/message.h"

#include "support/catch.h"

namespace {
using namespace vecdb;       // NOLINT
using namespace vecdb::wal;  // NOLINT
}  // namespace

TEST_CASE("a message comes back as it was encoded", "[message]") {
  const base::Bytes payload(17, std::byte{9});
  for (const MessageType type :
       {MessageType::kInsert, MessageType::kUpsert, MessageType::kDelete}) {
    Message message{type, 3, 1ULL << 60, 5, 77, 1ULL << 50, payload};
    base::Bytes body;
    EncodeMessageHeader(message, Timestamp{123456789012345ULL}, &body);
    CHECK(body.size() == kMessageHeaderSize);
    body.insert(body.end(), payload.begin(), payload.end());
    const auto decoded = DecodeMessage(static_cast<std::uint16_t>(type), 42, body);
    REQUIRE(decoded.ok());
    CHECK(decoded->lsn == 42);
    CHECK(decoded->timestamp == Timestamp{123456789012345ULL});
    CHECK(decoded->message.type == type);
    CHECK(decoded->message.shard == 3);
    CHECK(decoded->message.collection == 1ULL << 60);
    CHECK(decoded->message.schema_version == 5);
    CHECK(decoded->message.segment == 77);
    CHECK(decoded->message.partition == 1ULL << 50);
    CHECK(decoded->message.payload.size() == payload.size());
  }
}

TEST_CASE("a delete says in which partition it looks, and all is another number than the default",
          "[message]") {
  Message message{.type = MessageType::kDelete, .payload = {}};
  for (const PartitionId partition : {kDefaultPartition, PartitionId{5}}) {
    message.partition = DeletedIn(partition);
    CHECK(message.partition != kDeletedEverywhere);
    CHECK(PartitionOf(message) == partition);
  }
  message.type = MessageType::kUpsert;
  message.partition = kDefaultPartition;
  CHECK(PartitionOf(message) == kDefaultPartition);
}

TEST_CASE("short messages and unknown types are corruption", "[message]") {
  const base::Bytes body(kMessageHeaderSize);
  for (std::size_t size = 0; size < body.size(); ++size) {
    CHECK(DecodeMessage(2, 1, std::span(body).first(size)).status().code() ==
          StatusCode::kCorruption);
  }
  CHECK(DecodeMessage(2, 1, body).ok());
  for (const int type : {0, 1, 5, 6, 255, 0x8002, 65535}) {
    CHECK(DecodeMessage(static_cast<std::uint16_t>(type), 1, body).status().code() ==
          StatusCode::kCorruption);
  }
}
