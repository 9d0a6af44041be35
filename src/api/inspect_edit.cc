#include <algorithm>
#include <variant>

#include "api/inspect.h"
#include "base/status.h"
#include "base/timestamp_oracle.h"
#include "catalog/edit.h"
#include "catalog/manifest_log.h"
#include "chunk/kinds.h"
#include "chunk/text.h"

namespace vecdb::api {

std::string TypeDetail(const Field& field) {
  if (field.dimension != 0) return base::Format("({})", field.dimension);
  if (field.type != DataType::kArray) return "";
  return base::Format("({})", ToString(field.element_type));
}

namespace {

std::string Describe(const Field& field) {
  std::string text = base::Format("{} {}{}", field.name, ToString(field.type), TypeDetail(field));
  if (chunk::IsVector(field.type)) text += base::Format(" {}", ToString(field.metric));
  if (field.primary_key) text += field.auto_id ? " key auto" : " key";
  if (field.nullable) text += " nullable";
  return text;
}

std::string BoundText(const catalog::KeyValue& bound) {
  if (const auto* integer = std::get_if<std::int64_t>(&bound)) return base::Format("{}", *integer);
  if (const auto* real = std::get_if<double>(&bound)) return base::Format("{}", *real);
  if (const auto* text = std::get_if<std::string>(&bound)) return chunk::Quoted(*text);
  return "nothing";
}

// One line an operation.
class OperationPrinter {
 public:
  explicit OperationPrinter(const Printer& out) : out_(out) {}

  void operator()(const catalog::CreateCollection& operation) const {
    const catalog::CollectionRecord& record = operation.record;
    out_.Line("    create collection {} '{}': {} shards, schema version {}", record.id, record.name,
              record.options.shards, record.schema_version);
    for (const Field& field : record.schema.fields()) out_.Line("      {}", Describe(field));
  }
  void operator()(const catalog::DropCollection& operation) const {
    out_.Line("    drop collection {}", operation.id);
  }
  void operator()(const catalog::AddSegment& operation) const {
    const catalog::SegmentRecord& record = operation.record;
    out_.Line(
        "    add segment {}: collection {} shard {} partition {}, {} rows, {} bytes in {} "
        "files, times {} to {}",
        record.id, record.collection, record.shard, record.partition, record.rows,
        record.size_bytes(), record.columns.size() + 1 + (record.deletes ? 1 : 0),
        base::Raw(record.min_timestamp), base::Raw(record.max_timestamp));
  }
  void operator()(const catalog::DropSegment& operation) const {
    out_.Line("    drop segment {}", operation.id);
  }
  void operator()(const catalog::CommitSegment& operation) const {
    out_.Line("    segment {} holds everything up to record {}", operation.id, operation.last_lsn);
    if (operation.pchannel != 0) out_.Line("      of channel {}", operation.pchannel);
  }
  void operator()(const catalog::SetDeletes& operation) const {
    out_.Line("    deletes of segment {}: file {} with {}", operation.segment,
              operation.file.number, operation.file.info.rows);
  }
  void operator()(const catalog::AddLog& operation) const {
    out_.Line("    add log {} of channel {}, incarnation {:016x}", operation.identity.number,
              operation.identity.channel, operation.identity.incarnation);
  }
  void operator()(const catalog::DropLog& operation) const {
    out_.Line("    drop log {} of channel {}", operation.number, operation.pchannel);
  }
  void operator()(const catalog::SetCheckpoint& operation) const {
    out_.Line("    channel {}: replay from record {}, synced up to {}", operation.pchannel,
              operation.checkpoint, operation.durable);
  }
  void operator()(const catalog::BindCollection& operation) const {
    out_.Line("    collection {} writes to channel {}", operation.collection, operation.pchannel);
  }
  void operator()(const catalog::SetKeyRange& operation) const {
    out_.Line("    segment {}{}: field {} from {} to {}", operation.segment,
              operation.clustered ? ", clustered" : "", operation.range.field,
              BoundText(operation.range.lowest), BoundText(operation.range.highest));
  }
  void operator()(const catalog::LeaseIds& operation) const {
    out_.Line("    ids below {} may be in use", operation.next);
  }
  void operator()(const catalog::SetMaxTimestamp& operation) const {
    out_.Line("    newest time {}", TimestampText(base::Raw(operation.timestamp)));
  }
  void operator()(const catalog::CreatePartition& operation) const {
    out_.Line("    create partition {} '{}' of collection {}", operation.id, operation.name,
              operation.collection);
  }
  void operator()(const catalog::DropPartition& operation) const {
    out_.Line("    drop partition {} of collection {}", operation.id, operation.collection);
  }

  void operator()(const catalog::SetIndex& operation) const {
    out_.Line("    index {} of field {} of collection {}: {}", operation.record.id, operation.field,
              operation.collection, ToString(operation.record.spec));
  }
  void operator()(const catalog::DropIndex& operation) const {
    out_.Line("    drop the index of field {} of collection {}", operation.field,
              operation.collection);
  }
  void operator()(const catalog::SetIndexFile& operation) const {
    out_.Line("    segment {}: file {} of {} bytes is index {} of field {}", operation.segment,
              operation.file.info.file_id, operation.file.info.size_bytes, operation.file.index,
              operation.file.field);
  }
  void operator()(const catalog::DropIndexFile& operation) const {
    out_.Line("    segment {}: drop the index of field {}", operation.segment, operation.field);
  }

  void operator()(const catalog::RenameCollection& operation) const {
    out_.Line("    rename collection {} to '{}'", operation.id, operation.name);
  }
  void operator()(const catalog::SetAlias& operation) const {
    out_.Line("    alias '{}' names collection {}", operation.alias, operation.collection);
  }
  void operator()(const catalog::DropAlias& operation) const {
    out_.Line("    drop alias '{}'", operation.alias);
  }
  void operator()(const catalog::SetProperties& operation) const {
    const catalog::Properties& properties = operation.properties;
    out_.Line("    properties of collection {}: ttl {} ms, auto_compaction {}, consistency {}",
              operation.collection, properties.ttl.count(),
              properties.auto_compaction ? "on" : "off", ToString(properties.consistency));
  }

 private:
  const Printer& out_;
};

}  // namespace

bool InspectEdit(std::uint16_t type, std::span<const std::byte> body, const Printer& out) {
  if (type == catalog::kHeadRecord) {
    base::ByteReader reader(body, "head");
    std::uint32_t edits = 0;
    if (!reader.Get(&edits).ok() || !reader.ExpectEnd().ok()) return false;
    out.Line("    head: the next {} edits are the snapshot", edits);
    return true;
  }
  if (type != catalog::kEditRecord) return false;
  const auto edit = catalog::DecodeEdit(body, "edit");
  if (!edit.ok()) return false;
  for (const catalog::Operation& operation : edit->operations) {
    std::visit(OperationPrinter(out), operation);
  }
  return true;
}

}  // namespace vecdb::api
