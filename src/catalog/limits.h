// Bounds of the catalog's files, for writers and readers alike.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vecdb::catalog {

inline constexpr std::size_t kMaxOperations = 65'536;  // of one edit
inline constexpr std::size_t kSnapshotEditBytes = std::size_t{8} << 20;
// A manifest is followed by another one when this many edits, or more bytes of edits than this,
// stand behind its snapshot.
inline constexpr std::uint64_t kRolloverBytes = std::uint64_t{4} << 20;
inline constexpr std::uint64_t kRolloverEdits = 1'000;
inline constexpr std::uint32_t kMaxPartitions = 1'024;  // of one collection
inline constexpr std::uint64_t kIdLease = 1'024;

}  // namespace vecdb::catalog
