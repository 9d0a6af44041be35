// For the tests of programs that use vecdb: databases that cost no disk, directories that go away,
// and a disk that fails, loses power and repeats itself to the byte. docs/TESTING.md shows how.
//
// Link the test with vecdb::testing instead of vecdb::vecdb; what is here is in no other library.
// Nothing here is part of the stable interface, and no stored byte depends on it.
//
// Thread safety: a FaultDisk may be used from any thread, but is moved and destroyed by one. What
// cannot work (no memory, no folder for temporary files) ends the process with a sentence.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "vecdb/database.h"
#include "vecdb/export.h"
#include "vecdb/options.h"
#include "vecdb/status.h"

namespace vecdb::testing {

// The defaults without threads: what is due in the background waits for RunBackground(), so that a
// test decides when it happens.
VECDB_API Options QuietOptions();

// A database in memory.
VECDB_API Database InMemory(const Options& options = QuietOptions());

// A new directory of this process, removed with all that is in it at the end. Links are removed,
// never followed; a child made by fork() leaves it alone.
class VECDB_API TempDirectory {
 public:
  TempDirectory();  // in the system's folder for temporary files
  explicit TempDirectory(const std::filesystem::path& parent);
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  // The directory, and what is called `name` in it.
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  void Keep() { keep_ = true; }  // to be looked at after a failure

 private:
  std::filesystem::path path_;
  long owner_ = 0;
  bool keep_ = false;
};

// How a disk operation fails. One that cannot fail that way (a read for want of space) works.
enum class DiskFault : std::uint8_t {
  kIoError,    // EIO, for every operation; a sync that fails loses what it should have kept
  kNoSpace,    // ENOSPC, for what takes space
  kTornWrite,  // ENOSPC when half of a write is done
  kNoFiles,    // EMFILE, for what opens a file
  kBadByte,    // a read succeeds with one byte changed
  kLyingSync,  // a sync succeeds and keeps nothing: a power cut takes it
};

// A disk in memory for one database, with a clock that only the test turns. It numbers what a
// database asks of it: reads, writes, syncs, opens, renames, ... from 0, in their order.
//
// A database without threads of its own (QuietOptions) that is asked the same things in the same
// order does the same operations and writes the same bytes, in every run and on every machine.
//
// Databases that were opened from it may outlive it.
class VECDB_API FaultDisk {
 public:
  explicit FaultDisk(std::uint64_t seed = 1);  // of ids, and of which power cuts are sampled
  FaultDisk(FaultDisk&&) noexcept;
  FaultDisk& operator=(FaultDisk&&) noexcept;
  ~FaultDisk();

  // As Database::Open(); one at a time, which a lock on the disk makes sure of.
  Result<Database> Open(const Options& options = QuietOptions());

  // The clock. What becomes due is done by RunBackground().
  void AdvanceTime(std::chrono::milliseconds by);

  // ---- Faults -----------------------------------------------------------------------

  std::uint64_t operations() const;  // begun so far: the number of the next one
  // This operation fails so; with `lasting`, every later one too. Replaces an earlier choice.
  void FailAt(std::uint64_t operation, DiskFault fault, bool lasting = false);
  void StopFailing();
  std::uint64_t failures() const;  // shown so far

  // ---- Crashes ----------------------------------------------------------------------

  // The process ends before this operation: from there on nothing reaches the disk, and every
  // operation fails until Restart(). Without a number: now.
  void StopAt(std::uint64_t operation);
  void Stop();
  bool stopped() const;
  // The next process begins. What the one before wrote is there, synced or not. Let go of its
  // databases first: they hold the lock.
  void Restart();

  // If the power failed now, any of so many disks may be left: every unsynced sector, size and name
  // may have arrived or not. Few are pending: every combination; many: none, all, each alone, each
  // missing, each write torn, and samples.
  std::size_t CountPowerCuts() const;
  FaultDisk PowerCut(std::size_t i) const;  // a disk of its own; this one goes on
  std::string ExplainPowerCut(std::size_t i) const;

  // ---- Looking ----------------------------------------------------------------------

  // Of all names and bytes: equal for equal disks.
  std::uint64_t Fingerprint() const;
  // Writes all files below this directory (which is made): for `vecdb check`, or a debugger.
  Status CopyTo(const std::filesystem::path& directory) const;

 private:
  struct Body;
  explicit FaultDisk(std::shared_ptr<Body> body);
  std::shared_ptr<Body> body_;
};

}  // namespace vecdb::testing
