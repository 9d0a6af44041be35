// A FileSystem that counts every call and makes chosen ones fail, so that a test can walk through
// all pairs of (call, fault) of a workload:
//
//   FaultFileSystem counting(inner);  RunWorkload(counting);
//   for each call i of counting.calls(): for each kind of AllFaultKinds() with Applies(kind, type):
//     FaultFileSystem faulty(fresh inner);  faulty.Arm({i, kind, sticky});  RunWorkload(faulty);
//     ...
//
// Thread-safe. Calls are numbered from 0 in the order in which they begin.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "io/file_system.h"

namespace vecdb::testkit {

enum class CallType {
  kOpenRead,
  kOpenWrite,
  kCreate,
  kRead,
  kWrite,
  kSync,
  kSize,
  kMap,
  kMakeDirectory,
  kSyncDirectory,
  kRename,
  kRemoveFile,
  kRemoveDirectory,
  kList,
  kExists,
  kLock,
};

enum class FaultKind {
  kIoError,            // EIO, nothing done
  kNoSpace,            // ENOSPC
  kQuota,              // EDQUOT
  kProcessFiles,       // EMFILE
  kSystemFiles,        // ENFILE
  kAccess,             // EACCES
  kReadOnly,           // EROFS
  kNoMemory,           // ENOMEM
  kWriteNone,          // ENOSPC after 0 bytes are written; of every later write too, when sticky
  kWriteOne,           // after 1 byte
  kWriteHalf,          // after half of them
  kWriteAllButOne,     // after all but the last
  kShortRead,          // the file ends in the middle of what is asked
  kBadByte,            // one byte read is not what was written
  kSyncFailsLost,      // EIO; what was unsynced is never written
  kSyncFailsKept,      // EIO; what was unsynced is durable
  kSyncLies,           // OK; what was unsynced is never written
  kDirectorySyncLies,  // OK; unsynced names are not durable
  kRenameFailsDone,    // EIO though the rename took place
  kRemoveFailsDone,    // EIO though the removal took place
  kListExtra,          // a name that is not there
  kListMissing,        // the last name left out
};

const char* NameOf(CallType type);
const char* NameOf(FaultKind kind);
const std::vector<FaultKind>& AllFaultKinds();
// Can a call of this type fail in this way?
bool Applies(FaultKind kind, CallType type);
// True for faults that the machine does not report: no code can notice them at the call.
bool IsSilent(FaultKind kind);

struct Fault {
  std::uint64_t call = 0;
  FaultKind kind = FaultKind::kIoError;
  bool sticky = false;                    // also every later call that the kind applies to
  std::optional<FaultKind> or_else = {};  // for calls that `kind` does not apply to
  std::string under = {};                 // sticky: only of paths that begin so
};

struct CallRecord {
  CallType type = CallType::kRead;
  std::string path;
};

// What losing unsynced data means for the file system below; without them the sync is only not
// passed on.
struct LossHooks {
  std::function<void(const std::string& path)> lose_file = {};
  std::function<void(const std::string& path)> lose_directory = {};
};

class FaultFileSystem final : public io::FileSystem {
 public:
  explicit FaultFileSystem(std::shared_ptr<io::FileSystem> inner, LossHooks hooks = {});

  void Arm(const Fault& fault);
  void Disarm();
  // From Halt() to Resume() no call reaches the disk: what the end of the process looks like to it.
  // Those calls fail and are not counted.
  void Halt();
  void HaltAt(std::uint64_t call);  // when this one begins
  void Resume();
  bool halted() const;
  std::uint64_t fired() const;  // calls that were made to fail
  std::uint64_t call_count() const;
  std::vector<CallRecord> calls() const;
  void SetRecording(bool recording);  // on at first; off saves memory in long runs

  Result<std::unique_ptr<io::File>> Open(const std::string& path, io::OpenMode mode) override;
  Status MakeDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status RemoveFile(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Result<std::vector<io::DirectoryEntry>> List(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override;
  Result<std::unique_ptr<io::FileLock>> Lock(const std::string& path, bool exclusive) override;
  std::string Describe(const std::string& path) const override { return inner_->Describe(path); }
  bool OwnedByThisProcess() const override { return inner_->OwnedByThisProcess(); }

 private:
  friend class FaultFile;
  // State shared with the files, which may outlive this object.
  struct Shared;

  const std::shared_ptr<io::FileSystem> inner_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace vecdb::testkit
