#include "catalog/index_codec.h"

#include "chunk/index_spec.h"

namespace vecdb::catalog {
namespace {

enum class IndexType : std::uint8_t { kAuto = 1, kFlat = 2, kHnsw = 3, kHnswSq = 4 };

void PutSpec(IndexType type, std::uint32_t m, std::uint32_t ef_construction, std::uint8_t codec,
             base::ByteWriter* out) {
  out->Put(static_cast<std::uint8_t>(type));
  out->Put(m);
  out->Put(ef_construction);
  out->Put(codec);
}

struct SpecWriter {
  base::ByteWriter* out;
  void operator()(const AutoIndex&) const { PutSpec(IndexType::kAuto, 0, 0, 0, out); }
  void operator()(const FlatIndex& flat) const {
    PutSpec(IndexType::kFlat, 0, 0, flat.codec ? static_cast<std::uint8_t>(*flat.codec) : 0, out);
  }
  void operator()(const HnswIndex& hnsw) const {
    PutSpec(IndexType::kHnsw, hnsw.m, hnsw.ef_construction, 0, out);
  }
  void operator()(const HnswSqIndex& hnsw) const {
    PutSpec(IndexType::kHnswSq, hnsw.m, hnsw.ef_construction, static_cast<std::uint8_t>(hnsw.codec),
            out);
  }
};

}  // namespace

void PutIndexSpec(const IndexSpec& spec, base::ByteWriter* out) {
  std::visit(SpecWriter{out}, spec);
}

Result<IndexSpec> GetIndexSpec(base::ByteReader* in) {
  std::uint8_t type = 0;
  std::uint32_t m = 0;
  std::uint32_t ef_construction = 0;
  std::uint8_t codec = 0;
  VECDB_TRY(in->Get(&type));
  VECDB_TRY(in->Get(&m));
  VECDB_TRY(in->Get(&ef_construction));
  VECDB_TRY(in->Get(&codec));
  if (type < static_cast<std::uint8_t>(IndexType::kAuto) ||
      type > static_cast<std::uint8_t>(IndexType::kHnswSq)) {
    return in->Bad("an index is of no known type");
  }
  IndexSpec spec;
  switch (static_cast<IndexType>(type)) {
    case IndexType::kAuto:
      break;
    case IndexType::kFlat:
      if (codec == 0) spec = FlatIndex{};
      if (codec != 0) spec = FlatIndex{static_cast<Codec>(codec)};
      break;
    case IndexType::kHnsw:
      spec = HnswIndex{m, ef_construction};
      break;
    case IndexType::kHnswSq:
      spec = HnswSqIndex{m, ef_construction, static_cast<Codec>(codec)};
      break;
  }
  const bool graph =
      std::holds_alternative<HnswIndex>(spec) || std::holds_alternative<HnswSqIndex>(spec);
  const bool codes =
      std::holds_alternative<FlatIndex>(spec) || std::holds_alternative<HnswSqIndex>(spec);
  const bool plain = (graph || (m == 0 && ef_construction == 0)) && (codes || codec == 0);
  if (!plain) return in->Bad("an index has a number that its type lacks");
  const Status sound = chunk::CheckIndexSpec(spec);
  if (!sound.ok()) return in->Bad(sound.message());
  return spec;
}

}  // namespace vecdb::catalog
