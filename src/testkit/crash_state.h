// What a disk owes after each operation and what it may still forget: the rules of power loss.
//
// Files are inodes with durable bytes and pending writes; directories have durable names and
// pending changes of names. A power cut leaves the durable part and any subset of the pending
// items:
//   - a write is absent, present, or torn between sectors of 512 bytes; a sector is never torn, and
//     a sector that is present shows all that was written to it up to then
//   - a file's size is that of what is present, or already the final one (zeros in between)
//   - changes of different names are independent; SyncDirectory makes those of its names durable
//   - a rename within one directory happens or does not. Between two directories it hangs on the
//     target's sync: before, a file may have the old name, the new one or both, never neither;
//     after, the old name may still be there until the source's sync. A directory never has two
//     names.
//   - SyncFile makes bytes and size durable, never a name
// Not thread-safe: CrashFileSystem locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace vecdb::testkit {

inline constexpr std::size_t kSectorSize = 512;

using InodeNumber = std::uint64_t;
inline constexpr InodeNumber kRootInode = 1;

using Names = std::map<std::string, InodeNumber, std::less<>>;

// A disk as it is found after the power came back.
struct DiskTree {
  std::map<InodeNumber, Names> directories;
  std::map<InodeNumber, std::shared_ptr<const base::Bytes>> files;
};

class CrashState {
 public:
  explicit CrashState(std::uint64_t seed);

  // Each mirrors an operation that has succeeded.
  InodeNumber Find(const std::string& path) const;  // must exist
  InodeNumber Add(const std::string& path, bool directory);
  void Rename(const std::string& from, const std::string& to);
  void Remove(const std::string& path);
  void SyncDirectory(const std::string& path);
  // `bytes` is what the file now has at `offset`, a multiple of the sector size, up to the end of
  // the last sector written or of the file.
  void Write(InodeNumber inode, std::uint64_t offset, base::Bytes bytes);
  void SyncFile(InodeNumber inode);
  // The pending writes will never become durable, though the running system still sees them.
  void LoseFile(InodeNumber inode);
  // Everything is durable (a disk just found).
  void SettleAll();

  std::size_t pending_items() const { return Items().size(); }
  std::size_t CountImages() const;
  DiskTree Image(std::size_t i) const;       // i < CountImages()
  std::string Explain(std::size_t i) const;  // what this image has and lacks

 private:
  struct PendingWrite {
    std::uint64_t sequence = 0;
    std::uint64_t offset = 0;
    std::shared_ptr<const base::Bytes> bytes;
  };
  struct Inode {
    bool directory = false;
    Names names;  // as the running system sees them
    Names durable_names;
    std::shared_ptr<base::Bytes> durable = std::make_shared<base::Bytes>();
    std::uint64_t size = 0;
    std::vector<PendingWrite> writes;
  };
  // One change of names: a new name, an old one gone, or both at once.
  struct Change {
    std::uint64_t sequence = 0;
    InodeNumber inode = 0;
    bool link = false;
    InodeNumber to_directory = 0;
    std::string to_name;
    bool unlink = false;
    InodeNumber from_directory = 0;
    std::string from_name;
    std::uint64_t after = 0;  // sequence of the pending link that this unlink belongs to
  };
  enum class ItemKind { kWrite, kSize, kChange };
  struct Item {
    ItemKind kind = ItemKind::kWrite;
    std::uint64_t sequence = 0;
    InodeNumber inode = 0;
    std::size_t index = 0;    // into writes or changes_
    std::size_t sectors = 0;  // of a write
  };
  // What becomes of one item: all of its sectors, none, or some.
  struct Fate {
    bool present = false;
    std::vector<bool> sectors;  // not empty: torn
  };
  using Plan = std::vector<Fate>;

  std::vector<Item> Items() const;
  std::vector<InodeNumber> NamedInodes() const;
  Plan PlanOf(std::size_t i, const std::vector<Item>& items) const;
  Plan WholePlan(std::size_t i, std::size_t n) const;
  Plan TornPlan(std::size_t i, const std::vector<Item>& items) const;
  Plan SampledPlan(std::size_t i, const std::vector<Item>& items) const;
  void CloseSelection(std::vector<bool>* selected) const;
  void Apply(const Change& change, std::map<InodeNumber, Names>* directories) const;
  std::map<InodeNumber, Names> DurableNames() const;
  Names& NamesOf(std::string_view parent);
  std::string TextOf(const Item& item) const;

  std::uint64_t seed_;
  std::uint64_t sequence_ = 0;
  InodeNumber next_inode_ = kRootInode + 1;
  std::map<InodeNumber, Inode> inodes_;
  std::vector<Change> changes_;
};

}  // namespace vecdb::testkit
