#include "chunk/index_spec.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/format.h"
#include "base/status.h"
#include "chunk/text.h"

namespace vecdb {
namespace {

constexpr std::uint32_t kMinM = 2;
constexpr std::uint32_t kMaxM = 2'048;
constexpr std::uint32_t kMaxCandidates = std::numeric_limits<std::int32_t>::max();

char Upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool SameWord(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Upper(x) == Upper(y); });
}

// ---- parameters -----------------------------------------------------------------------

enum Parameter : std::uint8_t { kM, kEfConstruction, kSqType, kRefine, kRefineType };

// In the order of the enum.
constexpr std::array<std::string_view, 5> kParameters = {"M", "efConstruction", "sq_type", "refine",
                                                         "refine_type"};

struct Type {
  std::string_view name;
  unsigned parameters;  // bit i: it has the parameter i

  bool Has(std::size_t parameter) const { return (parameters >> parameter & 1) != 0; }
};
constexpr unsigned kOfGraphs = 1U << kM | 1U << kEfConstruction;
constexpr unsigned kOfCodes = 1U << kSqType | 1U << kRefine | 1U << kRefineType;

// In the order of IndexSpec.
constexpr std::array<Type, std::variant_size_v<IndexSpec>> kTypes = {{
    {"AUTOINDEX", 0},
    {"FLAT", kOfCodes},
    {"HNSW", kOfGraphs},
    {"HNSW_SQ", kOfGraphs | kOfCodes},
}};

Status CheckNumber(std::string_view name, std::uint32_t value, std::uint32_t low,
                   std::uint32_t high) {
  if (value >= low && value <= high) return Status();
  return base::InvalidArgument("{} must be between {} and {}, not {}", name, low, high, value);
}

Status CheckGraph(std::uint32_t m, std::uint32_t ef_construction) {
  VECDB_TRY(CheckNumber("M", m, kMinM, kMaxM));
  return CheckNumber("efConstruction", ef_construction, 1, kMaxCandidates);
}

Status ReadNumber(std::string_view name, std::string_view text, std::uint32_t low,
                  std::uint32_t high, std::uint32_t* out) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *out);
  if (error == std::errc() && stop == end && *out >= low && *out <= high) return Status();
  return base::InvalidArgument("{} must be a number between {} and {}, not {}", name, low, high,
                               chunk::Quoted(text));
}

Status ReadCodec(std::string_view text, Codec* out) {
  for (const Codec codec : {Codec::kSq8, Codec::kSq4U, Codec::kFp16, Codec::kBf16}) {
    if (!SameWord(text, ToString(codec))) continue;
    *out = codec;
    return Status();
  }
  if (SameWord(text, "SQ6")) {
    return base::Unimplemented("there is no sq_type SQ6 here; the nearest is SQ8");
  }
  return base::InvalidArgument("sq_type must be SQ8, SQ4U, FP16 or BF16, not {}",
                               chunk::Quoted(text));
}

Status CheckRefine(std::string_view text) {
  if (SameWord(text, "true") || SameWord(text, "false")) return Status();
  return base::InvalidArgument("refine must be true or false, not {}", chunk::Quoted(text));
}

Status CheckRefineType(std::string_view text) {
  for (const std::string_view word : {"SQ6", "SQ8", "FP16", "BF16", "FP32"}) {
    if (SameWord(text, word)) return Status();
  }
  return base::InvalidArgument("refine_type must be SQ6, SQ8, FP16, BF16 or FP32, not {}",
                               chunk::Quoted(text));
}

Status Read(Parameter parameter, std::string_view text, HnswSqIndex* into) {
  const std::string_view name = kParameters[parameter];
  switch (parameter) {
    case kM:
      return ReadNumber(name, text, kMinM, kMaxM, &into->m);
    case kEfConstruction:
      return ReadNumber(name, text, 1, kMaxCandidates, &into->ef_construction);
    case kSqType:
      return ReadCodec(text, &into->codec);
    case kRefine:
      return CheckRefine(text);
    case kRefineType:
      return CheckRefineType(text);
  }
  return Status();
}

Status NoParameter(const Type& type, std::string_view name) {
  std::string known;
  for (std::size_t i = 0; i < kParameters.size(); ++i) {
    if (!type.Has(i)) continue;
    known += (known.empty() ? "" : ", ");
    known += kParameters[i];
  }
  return base::InvalidArgument("{} has no parameter {}; it takes {}", type.name,
                               chunk::Quoted(name), known.empty() ? "none" : known);
}

struct Given {
  HnswSqIndex graph;
  bool codec = false;
};

Result<Given> ReadParameters(const Type& type,
                             std::span<const std::pair<std::string_view, std::string_view>> given) {
  Given out;
  std::array<bool, kParameters.size()> seen = {};
  for (const auto& [name, value] : given) {
    std::size_t at = 0;
    while (at < kParameters.size() && !SameWord(name, kParameters[at])) ++at;
    if (at == kParameters.size() || !type.Has(at)) return NoParameter(type, name);
    if (seen[at]) return base::InvalidArgument("{} is given twice", kParameters[at]);
    seen[at] = true;
    VECDB_TRY(Read(static_cast<Parameter>(at), value, &out.graph));
  }
  out.codec = seen[kSqType];
  return out;
}

// ---- types ----------------------------------------------------------------------------

// Types of Milvus's that are not here, and what to do instead.
struct Missing {
  std::string_view name;
  std::string_view instead;
};

constexpr std::string_view kTakeHnswSq = "the nearest is HNSW_SQ";
constexpr std::string_view kBinary =
    "it is of BinaryVector fields, which are searched exactly, without an index";
constexpr std::string_view kSparse =
    "it is of SparseFloatVector fields, which are searched exactly, without an index";
constexpr std::string_view kScalar =
    "it is of scalar fields, which filters read without an index; only vectors have indexes";

constexpr std::array kMissing = {
    Missing{"IVF_FLAT", "the nearest is HNSW"},
    Missing{"IVF_SQ8", kTakeHnswSq},
    Missing{"IVF_PQ", kTakeHnswSq},
    Missing{"IVF_RABITQ", kTakeHnswSq},
    Missing{"SCANN", kTakeHnswSq},
    Missing{"DISKANN", kTakeHnswSq},
    Missing{"HNSW_PQ", kTakeHnswSq},
    Missing{"HNSW_PRQ", kTakeHnswSq},
    Missing{"BIN_FLAT", kBinary},
    Missing{"BIN_IVF_FLAT", kBinary},
    Missing{"MINHASH_LSH", kBinary},
    Missing{"SPARSE_INVERTED_INDEX", kSparse},
    Missing{"SPARSE_WAND", kSparse},
    Missing{"INVERTED", kScalar},
    Missing{"STL_SORT", kScalar},
    Missing{"TRIE", kScalar},
    Missing{"BITMAP", kScalar},
    Missing{"HYBRID", kScalar},
    Missing{"NGRAM", kScalar},
    Missing{"RTREE", kScalar},
};

Status NoType(std::string_view name) {
  constexpr std::string_view kGpu = "GPU_";
  if (SameWord(name.substr(0, kGpu.size()), kGpu)) {
    return base::Unimplemented(
        "index type {} is not supported: vecdb does not use GPUs; the nearest is HNSW_SQ",
        chunk::Quoted(name));
  }
  for (const Missing& missing : kMissing) {
    if (!SameWord(name, missing.name)) continue;
    return base::Unimplemented("there is no index type {} here; {}", missing.name, missing.instead);
  }
  return base::InvalidArgument(
      "there is no index type {}; there are AUTOINDEX, FLAT, HNSW and HNSW_SQ",
      chunk::Quoted(name));
}

struct Printer {
  std::string operator()(const AutoIndex&) const { return "AUTOINDEX"; }
  std::string operator()(const FlatIndex& flat) const {
    return flat.codec ? base::Format("FLAT(sq_type={})", ToString(*flat.codec)) : "FLAT";
  }
  std::string operator()(const HnswIndex& graph) const {
    return base::Format("HNSW(M={}, efConstruction={})", graph.m, graph.ef_construction);
  }
  std::string operator()(const HnswSqIndex& graph) const {
    return base::Format("HNSW_SQ(M={}, efConstruction={}, sq_type={})", graph.m,
                        graph.ef_construction, ToString(graph.codec));
  }
};

Status CheckCodec(Codec codec) {
  if (ToString(codec) != "unknown") return Status();
  return base::InvalidArgument("sq_type must be SQ8, SQ4U, FP16 or BF16, not number {}",
                               static_cast<int>(codec));
}

struct Checker {
  Status operator()(const AutoIndex&) const { return Status(); }
  Status operator()(const FlatIndex& flat) const {
    return flat.codec ? CheckCodec(*flat.codec) : Status();
  }
  Status operator()(const HnswIndex& graph) const {
    return CheckGraph(graph.m, graph.ef_construction);
  }
  Status operator()(const HnswSqIndex& graph) const {
    VECDB_TRY(CheckGraph(graph.m, graph.ef_construction));
    return CheckCodec(graph.codec);
  }
};

}  // namespace

std::string_view ToString(Codec codec) {
  switch (codec) {
    case Codec::kSq8:
      return "SQ8";
    case Codec::kSq4U:
      return "SQ4U";
    case Codec::kFp16:
      return "FP16";
    case Codec::kBf16:
      return "BF16";
  }
  return "unknown";
}

std::string_view ToString(IndexState state) {
  switch (state) {
    case IndexState::kBuilding:
      return "Building";
    case IndexState::kFinished:
      return "Finished";
    case IndexState::kFailed:
      return "Failed";
  }
  return "unknown";
}

std::string_view TypeName(const IndexSpec& spec) {
  return kTypes[spec.index()].name;
}

std::string ToString(const IndexSpec& spec) {
  return std::visit(Printer(), spec);
}

Result<IndexSpec> ParseIndexSpec(
    std::string_view name,
    std::span<const std::pair<std::string_view, std::string_view>> parameters) {
  const std::string_view wanted = name.empty() ? kTypes.front().name : name;
  const auto* const type = std::find_if(kTypes.begin(), kTypes.end(), [&](const Type& known) {
    return SameWord(wanted, known.name);
  });
  if (type == kTypes.end()) return NoType(name);
  VECDB_TRY_ASSIGN(const Given given, ReadParameters(*type, parameters));
  const HnswSqIndex& graph = given.graph;
  if (type->name == TypeName(HnswSqIndex())) return IndexSpec(graph);
  if (type->name == TypeName(HnswIndex())) {
    return IndexSpec(HnswIndex{graph.m, graph.ef_construction});
  }
  if (type->name == TypeName(FlatIndex())) {
    return IndexSpec(given.codec ? FlatIndex{graph.codec} : FlatIndex());
  }
  return IndexSpec(AutoIndex());
}

namespace chunk {

Status CheckIndexSpec(const IndexSpec& spec) {
  return std::visit(Checker(), spec);
}

Status CheckEffort(const SearchEffort& effort, std::size_t window) {
  if (!(effort.recall > 0 && effort.recall <= 1)) {
    return base::InvalidArgument("recall must be above 0 and at most 1, not {}", effort.recall);
  }
  if (effort.ef != 0 && (effort.ef < window || effort.ef > kMaxCandidates)) {
    return base::InvalidArgument("ef must be 0 or between limit + offset, {}, and {}, not {}",
                                 window, kMaxCandidates, effort.ef);
  }
  if (effort.refine_k != 0 && !(effort.refine_k >= 1 && std::isfinite(effort.refine_k))) {
    return base::InvalidArgument("refine_k must be 0 or a finite number from 1, not {}",
                                 effort.refine_k);
  }
  return Status();
}

}  // namespace chunk
}  // namespace vecdb
