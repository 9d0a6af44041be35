// Which index to build on a vector field, and how hard to look in it. Names, parameters and ranges
// are Milvus's.
//
// An index never changes what a search means: whichever it is, as many rows come as match, at exact
// distances; only which rows are found is approximate. Of rows that are as far as the last one that
// comes, any may come.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "vecdb/export.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

namespace vecdb {

// What a quantised index keeps of each vector.
enum class Codec : std::uint8_t {
  kSq8 = 1,   // 8 bits a dimension
  kSq4U = 2,  // 4 bits a dimension, one scale for all
  kFp16 = 3,  // a half-precision float a dimension
  kBf16 = 4,  // a bfloat16 a dimension
};

// "SQ8", "SQ4U", "FP16", "BF16".
VECDB_API std::string_view ToString(Codec codec);

// vecdb chooses for each segment, by its rows and by the recall that it measures (IndexedSegment
// says what and why).
struct AutoIndex {
  // Always.
  friend bool operator==(const AutoIndex&, const AutoIndex&) = default;
};

// Exact: every row is looked at, and nothing is built. With a codec it is the codes of the vectors
// that are looked at, a fraction of the bytes, and the nearest by code are compared again by their
// vectors: a little less than exact; with SQ4U, of vectors with heavy tails, a tenth less.
struct FlatIndex {
  std::optional<Codec> codec = {};

  // Of the same parameters.
  friend bool operator==(const FlatIndex&, const FlatIndex&) = default;
};

// A graph over the vectors as they are.
struct HnswIndex {
  std::uint32_t m = 16;                 // links a row makes, 2 to 2,048; more: larger, more exact
  std::uint32_t ef_construction = 200;  // candidates looked at to make them, from 1

  // The same parameters.
  friend bool operator==(const HnswIndex&, const HnswIndex&) = default;
};

// A graph over codes of the vectors: a fraction of the memory, and faster. The nearest by code are
// compared again by their vectors.
struct HnswSqIndex {
  std::uint32_t m = 16;
  std::uint32_t ef_construction = 200;
  Codec codec = Codec::kSq8;

  // The same parameters.
  friend bool operator==(const HnswSqIndex&, const HnswSqIndex&) = default;
};

// One of them; without another, AutoIndex.
using IndexSpec = std::variant<AutoIndex, FlatIndex, HnswIndex, HnswSqIndex>;

// "AUTOINDEX", "FLAT", "HNSW", "HNSW_SQ".
VECDB_API std::string_view TypeName(const IndexSpec& spec);

// "HNSW_SQ(M=16, efConstruction=200, sq_type=SQ8)".
VECDB_API std::string ToString(const IndexSpec& spec);

// From Milvus's words: "HNSW" with {"M", "16"} and {"efConstruction", "200"}, in any case; an empty
// name is AUTOINDEX. HNSW_SQ and FLAT take sq_type; for Milvus's scripts refine and refine_type,
// which change nothing: vecdb always refines, from the vectors themselves. kInvalidArgument: a
// parameter that the type does not have, one that is given twice, a value out of range;
// kUnimplemented: a type of Milvus's that this build lacks.
VECDB_API Result<IndexSpec> ParseIndexSpec(
    std::string_view name,
    std::span<const std::pair<std::string_view, std::string_view>> parameters = {});

// How hard a search looks in the indexes it meets. An `ef` wins over a recall.
struct SearchEffort {
  // Of the nearest rows, the share that is found, on average: above 0, at most 1. Each index was
  // measured when it was built; 1 asks no index.
  float recall = 0.95F;
  // Candidates a graph of all rows keeps (of several each keeps fewer): 0, or from limit + offset
  // to 2^31 - 1. More than there are rows is as many as there are.
  std::uint32_t ef = 0;
  // Candidates whose exact distance is computed, as a multiple of limit + offset: 0 = by the codec,
  // or from 1.
  float refine_k = 0;
};

// How far the index of a field is.
enum class IndexState : std::uint8_t {
  kBuilding = 1,  // some sealed segments are not indexed yet
  kFinished = 2,  // every sealed segment that is worth an index has one
  kFailed = 3,    // the last attempt at one failed (IndexInfo::failure); it will be tried again
};

// "Building", "Finished", "Failed".
VECDB_API std::string_view ToString(IndexState state);

// What a field's index is in one sealed segment.
struct IndexedSegment {
  std::uint64_t segment = 0;
  std::uint64_t rows = 0;
  bool indexed = false;        // false: searches look at every row
  std::string what;            // "HNSW_SQ(M=16, efConstruction=200, sq_type=SQ8)"; "FLAT"
  std::string why;             // in words
  std::uint64_t bytes = 0;     // of its file
  std::uint64_t build_ms = 0;  // it took so long
  float recall_at_10 = 0;      // as measured when it was built, with so many candidates;
  std::uint32_t ef_at_10 = 0;  // 0: it was not
};

// The index of one field, at one instant.
struct IndexInfo {
  std::string field;
  IndexSpec spec;
  Metric metric = Metric::kL2;
  IndexState state = IndexState::kFinished;
  std::uint64_t total_rows = 0;    // of sealed segments, with those that are deleted
  std::uint64_t indexed_rows = 0;  // of those with what `spec` wants
  std::uint64_t pending_rows = 0;  // of those that wait for it
  std::uint64_t bytes = 0;         // of its files
  std::uint64_t build_ms = 0;      // together
  Status failure = {};             // kFailed: why
  std::vector<IndexedSegment> segments;
  // Of rows that are in no file. Some of them at a time get an index in memory; the rest is looked
  // at row by row. It goes when they are flushed, without a memory budget when the index of the
  // segment that they became is there.
  std::uint64_t growing_rows = 0;
  std::uint64_t growing_indexed_rows = 0;  // of those
  std::uint64_t growing_graph_rows = 0;    // of those again: by a graph, not by codes alone
  std::uint64_t growing_bytes = 0;         // of memory, for that and for flushed rows
  // Searches that were made again by looking at every row (Options::recall_probe_every) since the
  // database was opened or the index declared; and the share of the nearest that they found.
  std::uint64_t probed_searches = 0;
  float probed_recall = 0;  // 0 without any
};

}  // namespace vecdb
