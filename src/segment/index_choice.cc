#include "segment/index_choice.h"

#include <type_traits>
#include <variant>

#include "base/format.h"
#include "base/status.h"
#include "chunk/index_spec.h"
#include "chunk/kinds.h"
#include "segment/field_index.h"

namespace vecdb::segment {
namespace {

// A scan of so many bytes takes as long as a search in a graph.
constexpr std::uint64_t kScannedAsFast = std::uint64_t{1} << 20;

index::Codec CodecOf(Codec codec) {
  switch (codec) {
    case Codec::kSq8:
      return index::Codec::kSq8;
    case Codec::kSq4U:
      return index::Codec::kSq4U;
    case Codec::kFp16:
      return index::Codec::kFloat16;
    case Codec::kBf16:
      return index::Codec::kBFloat16;
  }
  return index::Codec::kSq8;
}

IndexChoice Nothing(std::string why) {
  IndexChoice choice;
  choice.why = std::move(why);
  return choice;
}

IndexChoice Built(const index::GraphParameters& parameters, std::string why) {
  return {true, parameters, std::move(why)};
}

// The parameters of a spec that names a graph; nothing otherwise.
struct ParametersOf {
  const Field& field;
  IndexChoice operator()(const AutoIndex&) const { return {}; }
  IndexChoice operator()(const FlatIndex& flat) const {
    if (!flat.codec) return Nothing("as declared");
    index::GraphParameters parameters;
    parameters.kind = index::Kind::kFlat;
    parameters.codec = CodecOf(*flat.codec);
    return Built(parameters, "as declared");
  }
  IndexChoice operator()(const HnswIndex& hnsw) const {
    index::GraphParameters parameters;
    parameters.m = hnsw.m;
    parameters.ef_construction = hnsw.ef_construction;
    parameters.codec = index::LosslessCodec(field.type);
    return Built(parameters, "as declared");
  }
  IndexChoice operator()(const HnswSqIndex& hnsw) const {
    index::GraphParameters parameters;
    parameters.m = hnsw.m;
    parameters.ef_construction = hnsw.ef_construction;
    parameters.codec = CodecOf(hnsw.codec);
    return Built(parameters, "as declared");
  }
};

IndexChoice Automatic(const Field& field, RowIndex rows) {
  const std::uint64_t bytes = std::uint64_t{rows} * chunk::FixedWidth(field.type, field.dimension);
  if (bytes < kScannedAsFast) {
    return Nothing(base::Format("{} bytes of vectors are looked at as fast", bytes));
  }
  index::GraphParameters parameters;
  if (index::LosslessCodec(field.type) == index::Codec::kInt8) {
    parameters.codec = index::Codec::kInt8;
    return Built(parameters, "AUTOINDEX: a graph; the vectors are 8-bit numbers already");
  }
  parameters.codec = index::Codec::kSq8;
  return Built(parameters, "AUTOINDEX: a graph; 8-bit codes find the nearest");
}

}  // namespace

Status CheckIndex(const Field& field, const IndexSpec& spec) {
  VECDB_TRY(chunk::CheckIndexSpec(spec));
  if (!chunk::IsVector(field.type)) {
    return base::InvalidArgument("field '{}' is a {}, not a vector", field.name,
                                 ToString(field.type));
  }
  const Status fits = index::CheckParameters(ShapeOf(field, 0), index::GraphParameters{});
  if (fits.ok()) return fits;
  return base::Annotate(fits, base::Format("field '{}'", field.name));
}

IndexChoice ChooseIndex(const IndexSpec& spec, const Field& field, RowIndex rows,
                        const IndexLimits& limits) {
  const auto* const flat = std::get_if<FlatIndex>(&spec);
  if (flat != nullptr && !flat->codec) return Nothing("as declared");
  if (rows < limits.least_rows) {
    return Nothing(
        base::Format("{} rows are looked at as fast, fewer than {}", rows, kLeastIndexedRows));
  }
  const bool automatic = std::holds_alternative<AutoIndex>(spec);
  IndexChoice choice = automatic ? Automatic(field, rows) : std::visit(ParametersOf{field}, spec);
  choice.parameters.builder = limits.builder;
  if (!automatic || !choice.built) return choice;
  const std::uint64_t memory = index::BuildMemory(ShapeOf(field, rows), choice.parameters);
  if (memory <= limits.memory_bytes) return choice;
  return Nothing(base::Format("building a graph takes {} bytes, and the memory budget leaves {}",
                              memory, limits.memory_bytes));
}

IndexChoice WithoutCodes(const Field& field, float recall_of_codes, GraphBuilder builder) {
  index::GraphParameters parameters;
  parameters.builder = builder;
  parameters.codec = index::LosslessCodec(field.type);
  return Built(
      parameters,
      base::Format("AUTOINDEX: a graph; 8-bit codes found {:.3f} of the nearest", recall_of_codes));
}

IndexSpec SpecOf(const Field& field, const index::Description& graph) {
  Codec codec = Codec::kSq8;
  if (graph.codec == index::Codec::kSq4U) codec = Codec::kSq4U;
  if (graph.codec == index::Codec::kFloat16) codec = Codec::kFp16;
  if (graph.codec == index::Codec::kBFloat16) codec = Codec::kBf16;
  if (graph.kind == index::Kind::kFlat) return FlatIndex{codec};
  if (graph.codec == index::LosslessCodec(field.type)) {
    return HnswIndex{graph.m, graph.ef_construction};
  }
  return HnswSqIndex{graph.m, graph.ef_construction, codec};
}

}  // namespace vecdb::segment
