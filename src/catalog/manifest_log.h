// One MANIFEST-<n>: a paged log whose lsns begin at 1.
//
//   records   type 3 HEAD: u32 number of snapshot edits; lsn 1, alone in the first group
//             type 2 EDIT: an edit (edit_codec.cc), alone in its group
// The first edits, as many as HEAD says, are the snapshot. All of them were synced before CURRENT
// named the manifest, so that a manifest which counts and lacks one of them is damaged, not torn.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "catalog/state.h"
#include "io/file_system.h"
#include "io/log_chain.h"
#include "io/page_log.h"

namespace vecdb::catalog {

inline constexpr std::uint16_t kEditRecord = 2;
inline constexpr std::uint16_t kHeadRecord = 3;

struct ManifestSource {
  io::DatabaseUuid database{};
  std::uint64_t incarnation = 0;
  std::uint64_t created_ms = 0;
};

// A manifest that holds a snapshot and that nothing names yet.
struct FreshManifest {
  std::unique_ptr<io::PageLogWriter> log;
  Lsn last_lsn = 0;  // of the snapshot; synced
};

// Makes MANIFEST-<number> with a snapshot of `state`, file and name synced. kAlreadyExists leaves
// what is there alone; any other failure leaves litter.
Result<FreshManifest> CreateManifestLog(io::FileSystem& fs, std::uint64_t number,
                                        const ManifestSource& source, const State& state);

struct LoadedManifest {
  State state;
  io::ChainReport report;
};
// The state that MANIFEST-<number> describes. A torn last edit is left out and reported. kNotFound
// when there is no such file; else kCorruption names it. Its database must be `database` unless
// that is null.
Result<LoadedManifest> LoadManifestLog(io::FileSystem& fs, std::uint64_t number,
                                       const io::DatabaseUuid* database);

}  // namespace vecdb::catalog
