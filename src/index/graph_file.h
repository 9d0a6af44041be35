// The first 64 bytes of a graph file, and where the sections behind them stand. The grammar is on
// top of graph_file.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vecdb/status.h"

#include "base/bytes.h"
#include "index/codes.h"
#include "index/index.h"
#include "index/recall_table.h"
#include "io/block_file.h"

namespace vecdb::index {

// Offsets within the body.
struct GraphLayout {
  std::uint64_t offsets = 0;
  std::uint64_t recalls = 0;
  std::uint64_t entries = 0;
  std::uint64_t links = 0;
  std::uint64_t codes = 0;
  std::uint64_t end = 0;
};

struct GraphHeader {
  static constexpr std::uint64_t kSize = 64;
  static constexpr std::uint32_t kMagic = 0x4852'4756;  // "VGRH"
  static constexpr std::uint32_t kMostRecalls = 64;
  static constexpr std::uint32_t kMostEntries = 1024;

  CodeFormat format;
  DataType type = DataType::kFloatVector;
  RowIndex rows = 0;
  std::uint32_t m = 0;
  std::uint32_t ef_construction = 0;
  std::uint32_t entries = 0;
  std::uint32_t recalls = 0;
  float scale = 1;
  bool lossless = false;

  Kind kind() const { return m == 0 ? Kind::kFlat : Kind::kGraph; }
  std::uint32_t degree() const { return 2 * m; }
  GraphLayout Layout() const;
  void Encode(base::Bytes* out) const;
  // What the header promises is possible: it belongs to this shape, and its sections fill a body of
  // `body_size` bytes exactly. kCorruption naming `name`.
  static Result<GraphHeader> Decode(std::span<const std::byte> bytes, const Shape& shape,
                                    std::uint64_t body_size, const std::string& name);
};

// A graph file as it lies in memory. Only the small sections have been read.
struct GraphFile {
  std::shared_ptr<const io::BlockFile> file;
  GraphHeader header;
  GraphLayout at;
  Quantizer quantizer;
  RecallTable recalls;
  std::vector<std::uint32_t> entries;

  const std::uint32_t* links() const;  // not verified
  const std::byte* codes() const;      // not verified

  static Result<GraphFile> Open(std::shared_ptr<const io::BlockFile> file, const Shape& shape);
  // Every block, every link and every code.
  Status VerifyAll() const;
};

struct GraphParts {
  const GraphHeader& header;
  const Quantizer& quantizer;
  const RecallTable& recalls;
  std::span<const std::uint32_t> entries;
  std::span<const std::uint32_t> links;
  std::span<const std::byte> codes;
};
Result<io::SealedFileInfo> WriteGraphFile(const GraphParts& parts, io::BlockFileWriter* out);

}  // namespace vecdb::index
