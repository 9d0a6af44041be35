#include <algorithm>
#include <utility>

#include "base/status.h"
#include "index/calibrate.h"
#include "index/code_table.h"
#include "index/graph_builder.h"
#include "index/graph_file.h"
#include "index/hnswlib_builder.h"
#include "index/index.h"

namespace vecdb::index {
namespace {

// Samples, and what tasks have in hand.
constexpr std::uint64_t kWorkBytes = std::uint64_t{32} << 20;

CodeFormat FormatOf(const Shape& shape, Codec codec) {
  return {StoredCodec(shape, codec), shape.metric, shape.dimension};
}

// What links are made between: four bits tell too little apart (adr/0055).
CodeFormat LinkedFormat(const Shape& shape, Codec codec) {
  return FormatOf(shape, codec == Codec::kSq4U ? Codec::kSq8 : codec);
}

// All rows as codes of one format.
struct Encoded {
  Quantizer quantizer;
  CodeTable codes;
  bool lossless = false;
};

Result<Encoded> EncodeAll(const Shape& shape, const RowSource& source, const CodeFormat& format,
                          const BuildContext& context) {
  VECDB_TRY_ASSIGN(Quantizer quantizer, TrainOn(source, shape, format));
  Encoded encoded{std::move(quantizer), CodeTable(format, shape.rows)};
  VECDB_TRY_ASSIGN(encoded.lossless,
                   EncodeRows(source, shape, encoded.quantizer, context, &encoded.codes));
  return encoded;
}

// The builder that is asked for.
Result<Graph> LinkCodes(const CodeFormat& format, std::span<const std::byte> codes, RowIndex rows,
                        const GraphParameters& parameters, const BuildContext& context,
                        const HeldBack& held_back) {
  if constexpr (kHasHnswlib) {
    if (parameters.builder == GraphBuilder::kHnswlib) {
      return BuildLinksWithHnswlib(format, codes, rows, parameters, context, held_back);
    }
  }
  return BuildLinks(format, codes, rows, parameters, context, held_back);
}

std::uint64_t MemoryForLinks(const GraphParameters& parameters, RowIndex rows) {
  if constexpr (kHasHnswlib) {
    if (parameters.builder == GraphBuilder::kHnswlib) return HnswlibMemory(parameters, rows);
  }
  return LinksMemory(parameters, rows);
}

// Links for rows of which `kept` is what the file keeps.
Result<Graph> LinkRows(const Shape& shape, const RowSource& source, const Encoded& kept,
                       const GraphParameters& parameters, const BuildContext& context,
                       const HeldBack& held_back) {
  const CodeFormat format = LinkedFormat(shape, parameters.codec);
  if (format.codec == kept.codes.format().codec) {
    return LinkCodes(format, kept.codes.bytes(), shape.rows, parameters, context, held_back);
  }
  VECDB_TRY_ASSIGN(const Encoded finer, EncodeAll(shape, source, format, context));
  return LinkCodes(format, finer.codes.bytes(), shape.rows, parameters, context, held_back);
}

}  // namespace

Status CheckBuilder(GraphBuilder builder) {
  switch (builder) {
    case GraphBuilder::kVecdb:
      return Status();
    case GraphBuilder::kHnswlib:
      if (kHasHnswlib) return Status();
      return base::Unimplemented(
          "Options::graph_builder is kHnswlib, and this vecdb was built without hnswlib "
          "(VECDB_WITH_HNSWLIB)");
  }
  return base::InvalidArgument("Options::graph_builder is {}, which names no GraphBuilder",
                               static_cast<unsigned>(builder));
}

Status CheckParameters(const Shape& shape, const GraphParameters& parameters) {
  const bool dense = shape.type == DataType::kFloatVector ||
                     shape.type == DataType::kFloat16Vector ||
                     shape.type == DataType::kBFloat16Vector || shape.type == DataType::kInt8Vector;
  if (!dense) return base::Unimplemented("{} has no graph index", ToString(shape.type));
  if (shape.metric != Metric::kL2 && shape.metric != Metric::kInnerProduct &&
      shape.metric != Metric::kCosine) {
    return base::Unimplemented("a graph index by {}", ToString(shape.metric));
  }
  if (shape.rows > kMostRows) {
    return base::InvalidArgument("{} rows are more than the {} of a graph", shape.rows, kMostRows);
  }
  const bool graph = parameters.kind == Kind::kGraph;
  if (graph && (parameters.m < kMinM || parameters.m > kMaxM)) {
    return base::InvalidArgument("M is {}, it must be from {} to {}", parameters.m, kMinM, kMaxM);
  }
  if (graph && (parameters.ef_construction < 1 || parameters.ef_construction > kMaxEf)) {
    return base::InvalidArgument("efConstruction is {}, it must be from 1 to {}",
                                 parameters.ef_construction, kMaxEf);
  }
  const bool whole = LosslessCodec(shape.type) == Codec::kInt8;
  if (parameters.codec == Codec::kInt8 && !whole) {
    return base::InvalidArgument("{} cannot be kept as INT8; sq_type SQ8 has 8 bits a component",
                                 ToString(shape.type));
  }
  return Status();
}

std::uint64_t BuildMemory(const Shape& shape, const GraphParameters& parameters) {
  const CodeFormat format = FormatOf(shape, parameters.codec);
  const CodeFormat linked = LinkedFormat(shape, parameters.codec);
  const std::uint64_t codes = kWorkBytes + std::uint64_t{shape.rows} * format.stride();
  if (parameters.kind == Kind::kFlat) return codes;
  const std::size_t more = linked.codec == format.codec ? 0 : linked.stride();
  return codes + std::uint64_t{shape.rows} * more + MemoryForLinks(parameters, shape.rows);
}

Result<io::SealedFileInfo> BuildGraph(const Shape& shape, const RowSource& source,
                                      const GraphParameters& parameters,
                                      const BuildContext& context, io::BlockFileWriter* out) {
  VECDB_TRY(CheckParameters(shape, parameters));
  VECDB_TRY(CheckBuilder(parameters.builder));
  VECDB_CHECK(shape.rows > 0, "a graph has at least one row");
  const std::uint64_t memory = BuildMemory(shape, parameters);
  if (memory > context.memory_bytes) {
    return base::ResourceExhausted(
        "building an index of {} rows takes {} bytes, of which {} are free", shape.rows, memory,
        context.memory_bytes);
  }
  const CodeFormat format = FormatOf(shape, parameters.codec);
  VECDB_TRY_ASSIGN(const Encoded kept, EncodeAll(shape, source, format, context));
  GraphHeader header;
  header.format = format;
  header.type = shape.type;
  header.rows = shape.rows;
  header.scale = kept.quantizer.scale;
  header.lossless = kept.lossless;
  Graph graph;
  RecallTable recalls;
  if (parameters.kind == Kind::kGraph) {
    header.m = parameters.m;
    header.ef_construction = parameters.ef_construction;
    HeldBack held_back;
    held_back.rows = RowsForCalibration(shape.rows, parameters.calibration_queries);
    held_back.use = [&](const Links& links, std::span<const std::uint32_t> held) {
      VECDB_TRY_ASSIGN(recalls,
                       Calibrate({shape, source, header, kept.quantizer, links, kept.codes.bytes()},
                                 held, context));
      return Status();
    };
    VECDB_TRY_ASSIGN(graph, LinkRows(shape, source, kept, parameters, context, held_back));
    header.entries = static_cast<std::uint32_t>(graph.entries.size());
    header.recalls = static_cast<std::uint32_t>(recalls.rows().size());
  }
  VECDB_TRY_ASSIGN(
      const io::SealedFileInfo info,
      WriteGraphFile(
          {header, kept.quantizer, recalls, graph.entries, graph.links, kept.codes.bytes()}, out));
  if (context.progress) context.progress(1);
  return info;
}

}  // namespace vecdb::index
