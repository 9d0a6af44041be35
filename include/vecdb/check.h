// Looks at what is on disk without serving it: for backups, for operators and for the command line.
// Nothing is written, and no byte is believed before its checksum has been compared.
//
// Thread safety: both functions may be called from any thread. Check() holds the directory's shared
// lock while it runs: beside any number of readers, never beside a writer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/export.h"
#include "vecdb/status.h"

namespace vecdb {

// What is wrong with one file.
struct FileProblem {
  std::string file;  // within the database directory: "segments/7/0-0.col"; empty: none alone
  std::string text;
};

// What Check() has compared, and what it found.
struct CheckReport {
  std::uint64_t collections = 0;
  std::uint64_t segments = 0;
  std::uint64_t segment_rows = 0;  // in sealed segments, deleted ones included
  std::uint64_t files = 0;         // whose bytes were compared
  std::uint64_t bytes = 0;
  std::uint64_t log_groups = 0;  // that an open would apply
  std::uint64_t log_records = 0;
  std::uint64_t visible_rows = 0;  // counted only when `full`
  // Missing files too; in checked order, one entry a file, and with `full` up to 10 a collection.
  std::vector<FileProblem> damaged;
  std::vector<FileProblem> unchecked;  // the system refused to read these
  std::vector<std::string> notes;      // no damage: an unfinished last write, files nobody needs

  // No damage, and everything could be read.
  bool clean() const { return damaged.empty() && unchecked.empty(); }
};

// Compares every byte of every file that counts: FORMAT, CURRENT, the manifest, the logs and each
// sealed file, its checksums and what its structure promises. `full` also opens the database as a
// reader would, reads every visible row's key and makes sure that no two rows share one (with
// CollectionOptions::check_keys off that is not asked). A failure
// means that it could not be checked: no database there, a newer format (kFailedPrecondition), a
// writer has it (kUnavailable). Memory: about one segment; with `full`, the log's rows and 8 bytes
// a row.
VECDB_API Result<CheckReport> Check(const std::filesystem::path& directory, bool full = false);

// Says in readable lines what one file of a database directory holds: FORMAT, CURRENT, a manifest,
// a log, or a file of a segment. Its blocks are verified when the file lies in its database; else
// only what can be verified without. kCorruption when something was damaged (the lines say what and
// where), kInvalidArgument when it is no file of vecdb's.
VECDB_API Status Inspect(const std::filesystem::path& file,
                         const std::function<void(std::string_view line)>& print);

}  // namespace vecdb
