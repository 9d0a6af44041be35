// Another builder of graphs: hnswlib, where it is compiled in (VECDB_WITH_HNSWLIB; the tests take
// it wherever it is found). Its lowest level becomes the graph, whose entries and promises are
// those of every graph.
//
// It inserts row after row under locks: on several threads the links depend on which of them was
// faster.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vecdb/status.h"

#include "index/codes.h"
#include "index/graph_builder.h"
#include "index/index.h"

namespace vecdb::index {

#ifdef VECDB_HAVE_HNSWLIB
inline constexpr bool kHasHnswlib = true;
#else
inline constexpr bool kHasHnswlib = false;  // nobody may call these
#endif

// As BuildLinks(). kResourceExhausted when there is no memory.
Result<Graph> BuildLinksWithHnswlib(const CodeFormat& format, std::span<const std::byte> codes,
                                    RowIndex rows, const GraphParameters& parameters,
                                    const BuildContext& context, const HeldBack& held_back = {});

// What that holds at most, on a few threads.
std::uint64_t HnswlibMemory(const GraphParameters& parameters, RowIndex rows);

}  // namespace vecdb::index
