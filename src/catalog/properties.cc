// The bytes of properties, all little-endian:
//
//   properties        u32 count, properties by rising id
//   property          { u16 id, u32 length, value of that length }
//     1 ttl             i64 milliseconds
//     2 auto_compaction bool
//     3 consistency     u8
//     4 compact_when_deleted  f64
//     8 partition_key   bytes of the field's name
//     9 num_partitions  u32
//    10 clustering_key  bytes of the field's name
// An id that is not known refuses the manifest. Those that have their default are left out.
#include "catalog/properties.h"

#include "base/status.h"
#include "catalog/limits.h"
#include "catalog/manifest.h"

namespace vecdb::catalog {
namespace {

using base::ByteReader;
using base::ByteWriter;

enum class PropertyId : std::uint16_t {
  kTtl = 1,
  kAutoCompaction = 2,
  kConsistency = 3,
  kCompactWhenDeleted = 4,
  kPartitionKey = 8,
  kNumPartitions = 9,
  kClusteringKey = 10,
};

constexpr std::size_t kPropertyHeaderSize = 2 + 4;
constexpr std::size_t kMaxNameBytes = 255;
constexpr std::chrono::seconds kMaxTtl{3'155'760'000};

// Those that are written, in the order of their ids.
class Entries {
 public:
  template <typename T>
  void AddUnlessDefault(PropertyId id, T value, T usual) {
    if (value == usual) return;
    ByteWriter out(&bytes_);
    out.Put(id);
    out.Put(static_cast<std::uint32_t>(sizeof(value)));
    out.Put(value);
    ++count_;
  }
  void AddUnlessEmpty(PropertyId id, std::string_view text) {
    if (text.empty()) return;
    ByteWriter out(&bytes_);
    out.Put(id);
    out.PutText(text);
    ++count_;
  }
  void Write(ByteWriter* out) const {
    out->Put(count_);
    out->PutBytes(bytes_);
  }

 private:
  base::Bytes bytes_;
  std::uint32_t count_ = 0;
};

Status GetTtl(ByteReader* in, Properties* out) {
  std::int64_t ttl_ms = 0;
  VECDB_TRY(in->Get(&ttl_ms));
  out->ttl = std::chrono::milliseconds(ttl_ms);
  return Status();
}

Status GetConsistency(ByteReader* in, Properties* out) {
  std::uint8_t level = 0;
  VECDB_TRY(in->Get(&level));
  out->consistency = static_cast<Consistency>(level);
  return Status();
}

Status GetFieldName(ByteReader* in, std::string* out) {
  if (in->remaining() > kMaxNameBytes) return in->Bad("the name of a field is too long");
  std::span<const std::byte> name;
  VECDB_TRY(in->GetBytes(in->remaining(), &name));
  *out = base::AsText(name);
  return Status();
}

Status GetNumPartitions(ByteReader* in, Properties* out) {
  VECDB_TRY(in->Get(&out->num_partitions));
  if (out->num_partitions >= 1 && out->num_partitions <= kMaxPartitions) return Status();
  return in->Bad("a number of partitions is out of range");
}

Status GetProperty(std::uint16_t id, ByteReader* in, Properties* out) {
  switch (static_cast<PropertyId>(id)) {
    case PropertyId::kTtl:
      return GetTtl(in, out);
    case PropertyId::kAutoCompaction:
      return in->GetBool(&out->auto_compaction);
    case PropertyId::kConsistency:
      return GetConsistency(in, out);
    case PropertyId::kCompactWhenDeleted:
      return in->Get(&out->compact_when_deleted);
    case PropertyId::kPartitionKey:
      return GetFieldName(in, &out->partition_key);
    case PropertyId::kNumPartitions:
      return GetNumPartitions(in, out);
    case PropertyId::kClusteringKey:
      return GetFieldName(in, &out->clustering_key);
  }
  return in->Bad(base::Format("a property has id {}, which is not known", id));
}

Status CheckConsistency(Consistency level) {
  switch (level) {
    case Consistency::kStrong:
    case Consistency::kSession:
    case Consistency::kBounded:
    case Consistency::kEventual:
      return Status();
  }
  return base::InvalidArgument("CollectionProperties::consistency is {}, which names no level",
                               static_cast<unsigned>(level));
}

}  // namespace

std::uint32_t FormatVersionFor(const Properties& properties) {
  const Properties usual;
  const bool fourth = !properties.clustering_key.empty() ||
                      properties.compact_when_deleted != usual.compact_when_deleted;
  if (fourth) return kClusteringFormatVersion;
  return properties == usual ? kFirstFormatVersion : kChangesFormatVersion;
}

Status CheckProperties(const CollectionProperties& properties) {
  if (properties.ttl.count() < 0 || properties.ttl > kMaxTtl) {
    return base::InvalidArgument("CollectionProperties::ttl is {} ms, not between 0 and {} seconds",
                                 properties.ttl.count(), kMaxTtl.count());
  }
  const double share = properties.compact_when_deleted;
  if (!(share >= 0 && share <= 1)) {
    return base::InvalidArgument(
        "CollectionProperties::compact_when_deleted is {}, not between 0 and 1", share);
  }
  return CheckConsistency(properties.consistency);
}

Status CheckPartitionKey(const Schema& schema, std::string_view name, std::uint32_t partitions) {
  if (name.empty()) return Status();
  const Field* field = schema.Find(name);
  if (field == nullptr) {
    return base::InvalidArgument("CollectionOptions::partition_key: there is no field named '{}'",
                                 name);
  }
  if (field->type != DataType::kInt64 && field->type != DataType::kVarChar) {
    return base::InvalidArgument(
        "CollectionOptions::partition_key: field '{}' is a {}, not an Int64 or a VarChar", name,
        ToString(field->type));
  }
  if (field->primary_key || field->nullable) {
    return base::InvalidArgument("CollectionOptions::partition_key: field '{}' is {}", name,
                                 field->primary_key ? "the primary key" : "nullable");
  }
  if (partitions >= 1 && partitions <= kMaxPartitions) return Status();
  return base::InvalidArgument("CollectionOptions::num_partitions is {}, not between 1 and {}",
                               partitions, kMaxPartitions);
}

void EncodeProperties(const Properties& properties, ByteWriter* out) {
  const Properties usual;
  const auto level = [](Consistency consistency) { return static_cast<std::uint8_t>(consistency); };
  Entries entries;
  entries.AddUnlessDefault(PropertyId::kTtl, std::int64_t{properties.ttl.count()},
                           std::int64_t{usual.ttl.count()});
  entries.AddUnlessDefault(PropertyId::kAutoCompaction, properties.auto_compaction,
                           usual.auto_compaction);
  entries.AddUnlessDefault(PropertyId::kConsistency, level(properties.consistency),
                           level(usual.consistency));
  entries.AddUnlessDefault(PropertyId::kCompactWhenDeleted, properties.compact_when_deleted,
                           usual.compact_when_deleted);
  entries.AddUnlessEmpty(PropertyId::kPartitionKey, properties.partition_key);
  entries.AddUnlessDefault(PropertyId::kNumPartitions, properties.num_partitions,
                           usual.num_partitions);
  entries.AddUnlessEmpty(PropertyId::kClusteringKey, properties.clustering_key);
  entries.Write(out);
}

Result<Properties> DecodeProperties(ByteReader* in) {
  Properties properties;
  std::uint32_t count = 0;
  VECDB_TRY(in->GetCount(&count, kPropertyHeaderSize));
  std::uint16_t before = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint16_t id = 0;
    std::uint32_t length = 0;
    std::span<const std::byte> value;
    VECDB_TRY(in->Get(&id));
    VECDB_TRY(in->Get(&length));
    VECDB_TRY(in->GetBytes(length, &value));
    if (id <= before) return in->Bad("properties are not in the order of their ids");
    before = id;
    ByteReader inside(value, "a property");
    VECDB_TRY(GetProperty(id, &inside, &properties));
    VECDB_TRY(inside.ExpectEnd());
  }
  const Status sound = CheckProperties(properties);
  if (!sound.ok()) return in->Bad(sound.message());
  return properties;
}

}  // namespace vecdb::catalog
