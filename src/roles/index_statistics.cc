#include "roles/index_statistics.h"

#include <utility>

#include "base/status.h"
#include "segment/index_choice.h"
#include "segment/index_part.h"

namespace vecdb::roles {
namespace {

// A graph that is open: what it is, as it says itself.
void AddGraph(const Field& field, const segment::FieldIndex& index, IndexedSegment* info) {
  const index::Index* const graph = index.usable();
  if (graph == nullptr) {
    info->why =
        base::Format("its file is damaged and will be built again: {}", index.damage().message());
    return;
  }
  const index::Description found = graph->Describe();
  info->indexed = true;
  info->what = ToString(segment::SpecOf(field, found));
  info->bytes = index.record().info.size_bytes;
  info->build_ms = index.record().build_ms;
  info->recall_at_10 = found.recall_at_10;
  info->ef_at_10 = found.ef_at_10;
}

bool IsWanted(const segment::FieldIndex* known, const catalog::IndexRecord& record) {
  return known != nullptr && known->usable() != nullptr && known->record().index == record.id;
}

segment::IndexParts PartsOf(const segment::Segment& segment, std::uint32_t field) {
  const auto parts = segment.parts() == nullptr ? nullptr : segment.parts()->Pin(field);
  return parts == nullptr ? segment::IndexParts() : *parts;
}

IndexedSegment DescribeSegment(const segment::SealedSegment& segment, std::uint32_t field,
                               const catalog::IndexRecord& record,
                               const segment::IndexChoice& choice) {
  IndexedSegment info;
  info.segment = segment.id();
  info.rows = segment.rows();
  info.what = "FLAT";
  info.why = choice.why;
  const auto known = segment.KnownIndex(field);
  if (known != nullptr) AddGraph(segment.schema().fields()[field], *known, &info);
  if (info.indexed && !IsWanted(known.get(), record)) info.why = "as declared before";
  if (!info.indexed && choice.built && known == nullptr) {
    const bool parts = !PartsOf(segment, field).empty();
    info.why = parts ? "it waits to be built; rows are found through what they had in memory"
                     : "it waits to be built";
  }
  return info;
}

IndexState StateOf(const IndexInfo& info) {
  if (info.pending_rows == 0) return IndexState::kFinished;
  return info.failure.ok() ? IndexState::kBuilding : IndexState::kFailed;
}

void AddGrowing(const segment::Segment& segment, std::uint32_t field, IndexInfo* info) {
  info->growing_rows += segment.rows();
  for (const auto& part : PartsOf(segment, field)) {
    const bool graph = part->range.kind == index::Kind::kGraph;
    info->growing_indexed_rows += part->range.rows;
    info->growing_graph_rows += graph ? part->range.rows : 0;
    info->growing_bytes += part->bytes;
  }
}

IndexInfo Describe(const LiveCollection& collection, std::uint32_t number,
                   const catalog::IndexRecord& record, const segment::IndexLimits& limits) {
  const Field& field = collection.record.schema.fields()[number];
  IndexInfo info;
  info.field = field.name;
  info.spec = record.spec;
  info.metric = field.metric;
  info.failure = collection.index_outcome();
  for (const auto view = collection.board.Pin(); const auto& shown : view->segments()) {
    if (!shown->sealed()) {
      AddGrowing(*shown, number, &info);
      continue;
    }
    const auto& segment = static_cast<const segment::SealedSegment&>(*shown);
    const auto choice = segment::ChooseIndex(record.spec, field, segment.rows(), limits);
    info.segments.push_back(DescribeSegment(segment, number, record, choice));
    const IndexedSegment& one = info.segments.back();
    for (const auto& part : PartsOf(segment, number)) info.growing_bytes += part->bytes;
    info.total_rows += one.rows;
    info.bytes += one.bytes;
    info.build_ms += one.build_ms;
    if (IsWanted(segment.KnownIndex(number).get(), record)) {
      info.indexed_rows += one.rows;
    } else if (choice.built || one.indexed) {
      info.pending_rows += one.rows;
    }
  }
  const RecallProbes::Measured probed = collection.probes.Of(number, record.id);
  info.probed_searches = probed.searches;
  if (probed.wanted != 0) {
    info.probed_recall = static_cast<float>(probed.found) / static_cast<float>(probed.wanted);
  }
  info.state = StateOf(info);
  if (info.state != IndexState::kFailed) info.failure = Status();
  return info;
}

}  // namespace

Result<IndexInfo> DescribeIndex(const LiveCollection& collection, std::string_view field,
                                const segment::IndexLimits& limits) {
  VECDB_TRY(collection.CheckAlive());
  const auto fields = collection.record.schema.fields();
  for (const auto declared = collection.indexes(); const auto& [number, record] : *declared) {
    if (fields[number].name == field) return Describe(collection, number, record, limits);
  }
  if (collection.record.schema.Find(field) == nullptr) {
    return base::InvalidArgument("there is no field named '{}'", field);
  }
  return base::NotFound("field '{}' has no index", field);
}

Result<std::vector<IndexInfo>> ListIndexes(const LiveCollection& collection,
                                           const segment::IndexLimits& limits) {
  VECDB_TRY(collection.CheckAlive());
  std::vector<IndexInfo> infos;
  for (const auto declared = collection.indexes(); const auto& [number, record] : *declared) {
    infos.push_back(Describe(collection, number, record, limits));
  }
  return infos;
}

}  // namespace vecdb::roles
