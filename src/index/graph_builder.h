// Builds the graph: a navigable small world (HNSW's lowest level) in which rows come in a random
// but fixed order, so that the first of them, scattered all over, link far.
//
// Rows are inserted in batches. All rows of a batch look for their neighbours in the graph as it
// was before the batch, on any number of threads; then each row that was linked to takes in what is
// new, again on any number of threads. Nobody reads what another writes, and the outcome does not
// depend on who was faster.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "vecdb/status.h"

#include "index/beam.h"
#include "index/codes.h"
#include "index/index.h"
#include "index/walk.h"
#include "io/large_memory.h"

namespace vecdb::index {

// The rows in an order that looks random and depends on their number alone.
std::vector<std::uint32_t> Shuffled(RowIndex rows);

// How many rows a walk may start from: as many as can be compared with a query quickly, and fewer
// of few rows.
std::size_t EntryCount(const CodeFormat& format, RowIndex rows);

struct Graph {
  std::uint32_t degree = 0;              // places for links a row has
  io::LargeVector<std::uint32_t> links;  // degree a row, ended by kNoRow
  std::vector<std::uint32_t> entries;    // rows that walks start from
  std::uint32_t repaired = 0;            // rows that no walk would have reached

  Links view() const {
    return {links.data(), degree, static_cast<std::uint32_t>(links.size() / degree), entries};
  }
};

// Rows that come last, and what is to be done with the graph of all others: they are queries that
// it has never seen.
struct HeldBack {
  std::size_t rows = 0;
  std::function<Status(const Links& links, std::span<const std::uint32_t> held)> use;
};

// `codes`: one a row, stride() bytes each. Every row can be reached from the entries.
Result<Graph> BuildLinks(const CodeFormat& format, std::span<const std::byte> codes, RowIndex rows,
                         const GraphParameters& parameters, const BuildContext& context,
                         const HeldBack& held_back = {});

// What BuildLinks holds at most.
std::uint64_t LinksMemory(const GraphParameters& parameters, RowIndex rows);

}  // namespace vecdb::index
