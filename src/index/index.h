// Approximate nearest neighbours of one field in one segment: codes of its vectors and a graph over
// them, or the codes alone, built once from the rows, written to one sealed file and searched from
// that file as it lies in memory.
//
// A search is approximate only in which rows it finds: what it returns is as many as there are, at
// exact distances. Distances are smaller = nearer (rule 8). Row numbers are the segment's.
//
// Nothing here starts a thread, opens a path or knows a collection: rows, workers and the file come
// from the caller.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "vecdb/options.h"
#include "vecdb/request.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

#include "base/deadline.h"
#include "base/ids.h"
#include "chunk/column_view.h"
#include "io/block_file.h"

namespace vecdb::index {

// What the graph keeps of each vector. The first four are vectors as fields have them.
enum class Codec : std::uint8_t {
  kFloat32 = 1,
  kFloat16 = 2,
  kBFloat16 = 3,
  kInt8 = 4,
  kSq8 = 5,   // 8 bits a component, one scale for all components
  kSq4U = 6,  // 4 bits a component, the same; links are made as those of 8 bits
};
std::string_view ToString(Codec codec);  // "FP32", "FP16", "BF16", "INT8", "SQ8", "SQ4U"

// What is indexed: a Float, Float16, BFloat16 or Int8 vector field by L2, IP or COSINE.
struct Shape {
  DataType type = DataType::kFloatVector;
  Metric metric = Metric::kL2;
  std::uint32_t dimension = 0;
  RowIndex rows = 0;
};

enum class Kind : std::uint8_t {
  kGraph,  // searches walk
  kFlat,   // codes without links: searches scan them all, and little of a recall is lost
};

struct GraphParameters {
  std::uint32_t m = 16;                 // links a row makes; at most twice as many are kept of it
  std::uint32_t ef_construction = 200;  // candidates looked at to make them
  Codec codec = Codec::kSq8;
  std::uint32_t calibration_queries = 128;  // 0: the file has no table of recall
  Kind kind = Kind::kGraph;                 // kFlat: of the above only the codec counts
  GraphBuilder builder = GraphBuilder::kVecdb;
};
inline constexpr std::uint32_t kMinM = 2;
inline constexpr std::uint32_t kMaxM = 2048;
inline constexpr std::uint32_t kMaxEf = std::numeric_limits<std::int32_t>::max();
inline constexpr RowIndex kMostRows = std::numeric_limits<std::int32_t>::max();  // of one graph

// kUnimplemented, naming the option of the build, for a builder that is not compiled in.
Status CheckBuilder(GraphBuilder builder);

// The codec that keeps vectors of this type as they are.
Codec LosslessCodec(DataType type);

// kInvalidArgument naming parameter, value and limit, in Milvus's words (M, efConstruction,
// sq_type); kUnimplemented for a type or metric without a graph.
Status CheckParameters(const Shape& shape, const GraphParameters& parameters);

// The rows to build from. Read() gives rows from `first` on, at least one and at most `max_rows`,
// as vectors of the shape's type; it may be called from several threads at once.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual Result<chunk::ColumnView> Read(RowIndex first, RowIndex max_rows) const = 0;
};

// Runs task(0) to task(tasks - 1), each once, on as many threads as it likes, and returns when all
// have ended: the first failure, after which no more need begin.
using Task = std::function<Status(std::size_t)>;
using RunTasks = std::function<Status(std::size_t tasks, const Task& task)>;

struct BuildContext {
  RunTasks run;             // empty: on the caller's thread
  base::Deadline deadline;  // asked every few rows
  std::uint64_t memory_bytes = std::numeric_limits<std::uint64_t>::max();
  std::function<void(double)> progress;  // of the caller's thread: from 0 to 1; may be empty
};

// About what a build holds at most, on a few threads, beyond what `source` does.
std::uint64_t BuildMemory(const Shape& shape, const GraphParameters& parameters);

// Builds the graph and writes it to `out`, which it finishes. The bytes depend on the rows, the
// parameters and the level of the kernels, whose sums of floats differ in the last bits; not on how
// many threads there are, nor on which of them is faster; with GraphBuilder::kHnswlib, on those as
// well. Needs at least one row.
// kResourceExhausted when BuildMemory() is above context.memory_bytes, before anything is read. A
// failure leaves `out` unfinished: litter.
Result<io::SealedFileInfo> BuildGraph(const Shape& shape, const RowSource& source,
                                      const GraphParameters& parameters,
                                      const BuildContext& context, io::BlockFileWriter* out);

// How hard to look. An ef wins over a recall; with neither, recall is 0.95.
//
// Searches without an end need nothing more: an iterator asks again, with what it has returned no
// longer allowed; a search within a radius asks for twice as many while the farthest is within it.
struct Effort {
  std::uint32_t ef = 0;       // candidates kept, all of them allowed; less than k is k
  float recall = 0;           // of the k nearest, on average, as measured when the graph was built
  std::size_t recall_of = 0;  // or of so many, where others of the k are hardly ever wanted
  float refine_k = 0;  // candidates whose exact distance is computed, in units of k; 0: by codec
};

// The rows a search may return: bit i of the words is row i; bits from `rows` on are zero.
struct AllowedRows {
  std::span<const std::uint64_t> words;
  RowIndex count = 0;  // how many bits are set
};

// Exact distances from the query to rows of the segment, smaller = nearer; any number of rows.
class ExactDistances {
 public:
  virtual ~ExactDistances() = default;
  virtual Status Compute(std::span<const std::uint32_t> rows, std::span<float> out) = 0;
};

struct Neighbor {
  float distance = 0;
  std::uint32_t row = 0;

  friend bool operator==(const Neighbor&, const Neighbor&) = default;
};

// How a search finds its rows; for measurements and tests.
enum class Way : std::uint8_t {
  kChosen,     // whichever is expected to cost least
  kWalk,       // through the graph, where there is one
  kScanCodes,  // every allowed row's code, then the exact distances of the nearest
  kScanExact,  // every allowed row's exact distance
};

// Where rows are known that are near a query, walks begin there: what crossings (crossing.h) are
// for. A small build has none; its tests try them all the same.
#if defined(VECDB_EDGE) && !defined(VECDB_TESTING)
inline constexpr bool kCrossings = false;
#else
inline constexpr bool kCrossings = true;
#endif

struct NearestRequest {
  QueryVector query;  // of the field's kind and dimension, finite
  std::size_t k = 0;
  Effort effort;
  const AllowedRows* allowed = nullptr;  // null: every row
  // Rows of the index that are known to be near: a walk begins there, not at the entries.
  std::span<const std::uint32_t> seeds = {};
  base::Deadline deadline;
  Way way = Way::kChosen;
};

struct Description {
  Codec codec = Codec::kFloat32;
  std::uint32_t m = 0;
  std::uint32_t ef_construction = 0;
  RowIndex rows = 0;
  std::uint64_t file_bytes = 0;
  float recall_at_10 = 0;  // measured at ef_at_10, the least that reached 0.95 if any did; 0: not
  std::uint32_t ef_at_10 = 0;
  Kind kind = Kind::kGraph;  // kFlat: m and ef_construction are 0, no recall was measured
};

// A graph open for searching. Thread-safe.
class Index {
 public:
  virtual ~Index() = default;

  // Checks what can be checked without reading all of the file: its header, and that its sections
  // fill it. kCorruption otherwise, or when it is no graph of this shape.
  static Result<std::shared_ptr<const Index>> Open(std::shared_ptr<const io::BlockFile> file,
                                                   const Shape& shape);

  // The nearest of the allowed rows by (distance, row): min(k, allowed) of them. Damage found on
  // the way is kCorruption: the caller scans instead. Allocates nothing once as many searches as
  // now run have run before.
  virtual Status Search(const NearestRequest& request, ExactDistances* exact,
                        std::vector<Neighbor>* out) const = 0;

  // Reads every byte and checks every promise of the format. Until it has succeeded once, searches
  // check each block and each row number before they use it; afterwards they need not.
  virtual Status Verify() const = 0;

  virtual Description Describe() const = 0;
};

// One of several searches, as Index::Search() makes it.
struct SearchOf {
  const Index* index = nullptr;
  NearestRequest request;
  ExactDistances* exact = nullptr;
  std::vector<Neighbor>* out = nullptr;
  Status status = {};  // set behind it
};

// Makes all of them on this thread, a few at a time side by side: what one has asked memory for
// comes while others compute. Each finds what it finds whatever the others are.
void SearchTogether(std::span<SearchOf> searches);

}  // namespace vecdb::index
