#include "testkit/crash_state.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <set>
#include <utility>

#include "base/format.h"
#include "io/relative_path.h"

namespace vecdb::testkit {
namespace {

constexpr std::size_t kExhaustive = 10;  // items up to which every subset is an image
constexpr std::size_t kSamples = 64;
constexpr std::size_t kMaxBoundaries = 64;  // of one write that are torn at
constexpr std::size_t kTornVariants = 4;  // head or tail kept; other items all or the earlier ones

std::size_t SectorsOf(std::size_t size) {
  return (size + kSectorSize - 1) / kSectorSize;
}

std::size_t BoundariesOf(std::size_t sectors) {
  return sectors < 2 ? 0 : std::min(sectors - 1, kMaxBoundaries);
}

std::size_t WholeImages(std::size_t n) {
  return n <= kExhaustive ? std::size_t{1} << n : 2 + n + n + (n - 1);
}

// Copies the kept sectors of a write.
void ApplyWrite(std::uint64_t offset, std::span<const std::byte> bytes,
                const std::vector<bool>& kept, base::Bytes* content) {
  for (std::size_t at = 0; at < bytes.size(); at += kSectorSize) {
    if (!kept.empty() && !kept[at / kSectorSize]) continue;
    const std::span<const std::byte> sector =
        bytes.subspan(at, std::min(kSectorSize, bytes.size() - at));
    if (content->size() < offset + at + sector.size()) content->resize(offset + at + sector.size());
    std::memcpy(content->data() + offset + at, sector.data(), sector.size());
  }
}

[[noreturn]] void Broken(const char* what) {
  std::fprintf(stderr, "crash state: %s\n", what);
  std::abort();
}

}  // namespace

CrashState::CrashState(std::uint64_t seed) : seed_(seed) {
  inodes_[kRootInode].directory = true;
}

InodeNumber CrashState::Find(const std::string& path) const {
  InodeNumber here = kRootInode;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const Names& names = inodes_.at(here).names;
    const auto found = names.find(rest.substr(0, slash));
    if (found == names.end()) Broken("a path that should exist does not");
    here = found->second;
    rest = slash == rest.npos ? std::string_view() : rest.substr(slash + 1);
  }
  return here;
}

Names& CrashState::NamesOf(std::string_view parent) {
  return inodes_.at(Find(std::string(parent))).names;
}

InodeNumber CrashState::Add(const std::string& path, bool directory) {
  const InodeNumber inode = next_inode_++;
  inodes_[inode].directory = directory;
  Change change;
  change.sequence = ++sequence_;
  change.inode = inode;
  change.link = true;
  change.to_directory = Find(std::string(io::ParentOf(path)));
  change.to_name = io::LastPartOf(path);
  inodes_.at(change.to_directory).names[change.to_name] = inode;
  changes_.push_back(std::move(change));
  return inode;
}

void CrashState::Rename(const std::string& from, const std::string& to) {
  if (from == to) return;
  Change link;
  link.sequence = ++sequence_;
  link.inode = Find(from);
  link.link = true;
  link.to_directory = Find(std::string(io::ParentOf(to)));
  link.to_name = io::LastPartOf(to);
  Change unlink;
  unlink.sequence = ++sequence_;
  unlink.inode = link.inode;
  unlink.unlink = true;
  unlink.from_directory = Find(std::string(io::ParentOf(from)));
  unlink.from_name = io::LastPartOf(from);
  inodes_.at(unlink.from_directory).names.erase(unlink.from_name);
  inodes_.at(link.to_directory).names[link.to_name] = link.inode;
  if (link.to_directory == unlink.from_directory || inodes_.at(link.inode).directory) {
    link.unlink = true;
    link.from_directory = unlink.from_directory;
    link.from_name = unlink.from_name;
    changes_.push_back(std::move(link));
    return;
  }
  unlink.after = link.sequence;
  changes_.push_back(std::move(link));
  changes_.push_back(std::move(unlink));
}

void CrashState::Remove(const std::string& path) {
  Change change;
  change.sequence = ++sequence_;
  change.inode = Find(path);
  change.unlink = true;
  change.from_directory = Find(std::string(io::ParentOf(path)));
  change.from_name = io::LastPartOf(path);
  inodes_.at(change.from_directory).names.erase(change.from_name);
  changes_.push_back(std::move(change));
}

// A name that is given to another inode pulls with it the earlier change that moved its former
// owner away: the file system's journal is in order there, so nothing loses its only name. So does
// what a directory went through: it has one name at a time, and never goes back to an earlier one.
void CrashState::CloseSelection(std::vector<bool>* selected) const {
  for (std::size_t i = changes_.size(); i-- > 0;) {
    const Change& change = changes_[i];
    if (!(*selected)[i]) continue;
    for (std::size_t j = 0; j < i; ++j) {
      const Change& earlier = changes_[j];
      const bool made_room = change.link && earlier.unlink &&
                             earlier.from_directory == change.to_directory &&
                             earlier.from_name == change.to_name;
      const bool moved_on = earlier.inode == change.inode && inodes_.at(change.inode).directory;
      if (made_room || moved_on || (change.after != 0 && earlier.sequence == change.after)) {
        (*selected)[j] = true;
      }
    }
  }
}

void CrashState::Apply(const Change& change, std::map<InodeNumber, Names>* directories) const {
  if (change.link) {
    if (inodes_.at(change.inode).directory) {  // has one name only
      const auto is_it = [&](const auto& entry) { return entry.second == change.inode; };
      for (auto& [directory, names] : *directories) std::erase_if(names, is_it);
    }
    (*directories)[change.to_directory][change.to_name] = change.inode;
  }
  if (!change.unlink) return;
  Names& names = (*directories)[change.from_directory];
  const auto found = names.find(change.from_name);
  if (found != names.end() && found->second == change.inode) names.erase(found);
}

std::map<InodeNumber, Names> CrashState::DurableNames() const {
  std::map<InodeNumber, Names> directories;
  for (const auto& [number, inode] : inodes_) {
    if (inode.directory) directories[number] = inode.durable_names;
  }
  return directories;
}

void CrashState::SyncDirectory(const std::string& path) {
  const InodeNumber directory = Find(path);
  std::vector<bool> selected(changes_.size());
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const Change& change = changes_[i];
    selected[i] = change.link ? change.to_directory == directory
                              : change.from_directory == directory && change.after == 0;
  }
  CloseSelection(&selected);
  std::set<std::uint64_t> settled;
  std::map<InodeNumber, Names> durable = DurableNames();
  std::vector<Change> pending;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    Change& change = changes_[i];
    if (settled.count(change.after) > 0) change.after = 0;
    const bool source_synced = !change.link && change.from_directory == directory;
    if (selected[i] || (source_synced && change.after == 0)) {
      Apply(change, &durable);
      settled.insert(change.sequence);
    } else if (source_synced) {  // waits for the target's sync, and is one step with it from now on
      const auto link = std::find_if(pending.begin(), pending.end(), [&](const Change& other) {
        return other.sequence == change.after;
      });
      link->unlink = true;
      link->from_directory = change.from_directory;
      link->from_name = change.from_name;
    } else {
      pending.push_back(std::move(change));
    }
  }
  changes_ = std::move(pending);
  for (auto& [number, names] : durable) inodes_.at(number).durable_names = std::move(names);
}

void CrashState::Write(InodeNumber number, std::uint64_t offset, base::Bytes bytes) {
  Inode& inode = inodes_.at(number);
  inode.size = std::max<std::uint64_t>(inode.size, offset + bytes.size());
  inode.writes.push_back(
      {++sequence_, offset, std::make_shared<const base::Bytes>(std::move(bytes))});
}

void CrashState::SyncFile(InodeNumber number) {
  Inode& inode = inodes_.at(number);
  if (inode.writes.empty()) return;
  if (inode.durable.use_count() > 1) inode.durable = std::make_shared<base::Bytes>(*inode.durable);
  for (const PendingWrite& write : inode.writes) {
    ApplyWrite(write.offset, *write.bytes, {}, inode.durable.get());
  }
  inode.writes.clear();
}

void CrashState::LoseFile(InodeNumber number) {
  inodes_.at(number).writes.clear();
}

void CrashState::SettleAll() {
  std::map<InodeNumber, Names> durable = DurableNames();
  for (const Change& change : changes_) Apply(change, &durable);
  changes_.clear();
  for (auto& [number, names] : durable) inodes_.at(number).durable_names = std::move(names);
  for (const auto& [number, inode] : inodes_) SyncFile(number);
}

// Those that some image may show.
std::vector<InodeNumber> CrashState::NamedInodes() const {
  std::set<InodeNumber> named;
  for (const auto& [number, inode] : inodes_) {
    for (const auto& [name, child] : inode.durable_names) named.insert(child);
  }
  for (const Change& change : changes_) {
    if (change.link) named.insert(change.inode);
  }
  return {named.begin(), named.end()};
}

std::vector<CrashState::Item> CrashState::Items() const {
  std::vector<Item> items;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    items.push_back({ItemKind::kChange, changes_[i].sequence, changes_[i].inode, i, 0});
  }
  for (const InodeNumber number : NamedInodes()) {
    const Inode& inode = inodes_.at(number);
    for (std::size_t i = 0; i < inode.writes.size(); ++i) {
      const PendingWrite& write = inode.writes[i];
      items.push_back(
          {ItemKind::kWrite, write.sequence, number, i, SectorsOf(write.bytes->size())});
    }
    if (inode.size > inode.durable->size()) {
      const std::uint64_t last = inode.writes.empty() ? 0 : inode.writes.back().sequence;
      items.push_back({ItemKind::kSize, last, number, 0, 0});
    }
  }
  std::stable_sort(items.begin(), items.end(),
                   [](const Item& a, const Item& b) { return a.sequence < b.sequence; });
  return items;
}

std::size_t CrashState::CountImages() const {
  const std::vector<Item> items = Items();
  std::size_t count = WholeImages(items.size());
  for (const Item& item : items) count += kTornVariants * BoundariesOf(item.sectors);
  return count + (items.size() > kExhaustive ? kSamples : 0);
}

// Every subset; or none, all, each alone, each missing, all prefixes.
CrashState::Plan CrashState::WholePlan(std::size_t i, std::size_t n) const {
  Plan plan(n);
  const auto fill = [&](auto present) {
    for (std::size_t k = 0; k < n; ++k) plan[k].present = present(k);
  };
  if (n <= kExhaustive) {
    fill([&](std::size_t k) { return (i >> k & 1) != 0; });
  } else if (i < 2) {
    fill([&](std::size_t) { return i == 1; });
  } else if (i < 2 + n) {
    fill([&](std::size_t k) { return k == i - 2; });
  } else if (i < 2 + n + n) {
    fill([&](std::size_t k) { return k != i - 2 - n; });
  } else {
    fill([&](std::size_t k) { return k <= i - 2 - n - n; });
  }
  return plan;
}

CrashState::Plan CrashState::TornPlan(std::size_t i, const std::vector<Item>& items) const {
  Plan plan(items.size());
  for (std::size_t torn = 0; torn < items.size(); ++torn) {
    const std::size_t sectors = items[torn].sectors;
    const std::size_t boundaries = BoundariesOf(sectors);
    if (i >= kTornVariants * boundaries) {
      i -= kTornVariants * boundaries;
      continue;
    }
    const std::size_t variant = i % kTornVariants;
    const std::size_t boundary = 1 + i / kTornVariants * (sectors - 1) / boundaries;
    for (std::size_t k = 0; k < items.size(); ++k) {
      plan[k].present = variant < 2 || k <= torn;
    }
    for (std::size_t s = 0; s < sectors; ++s) {
      plan[torn].sectors.push_back((s < boundary) == (variant % 2 == 0));
    }
    return plan;
  }
  Broken("no such image");
}

CrashState::Plan CrashState::SampledPlan(std::size_t i, const std::vector<Item>& items) const {
  std::mt19937_64 random(seed_ * 0x9e3779b97f4a7c15u + i);
  Plan plan(items.size());
  for (std::size_t k = 0; k < items.size(); ++k) {
    const std::uint64_t drawn = random() % 3;
    plan[k].present = drawn != 0;
    if (drawn != 2 || items[k].sectors < 2) continue;
    for (std::size_t s = 0; s < items[k].sectors; ++s) plan[k].sectors.push_back(random() % 2 == 0);
  }
  return plan;
}

CrashState::Plan CrashState::PlanOf(std::size_t i, const std::vector<Item>& items) const {
  const std::size_t whole = WholeImages(items.size());
  if (i < whole) return WholePlan(i, items.size());
  i -= whole;
  std::size_t torn = 0;
  for (const Item& item : items) torn += kTornVariants * BoundariesOf(item.sectors);
  return i < torn ? TornPlan(i, items) : SampledPlan(i - torn, items);
}

DiskTree CrashState::Image(std::size_t i) const {
  const std::vector<Item> items = Items();
  const Plan plan = PlanOf(i, items);
  DiskTree disk;
  std::vector<bool> selected(changes_.size());
  std::map<InodeNumber, std::shared_ptr<base::Bytes>> changed;
  for (const InodeNumber number : NamedInodes()) {
    const Inode& inode = inodes_.at(number);
    if (!inode.directory) disk.files[number] = inode.durable;
  }
  for (std::size_t k = 0; k < items.size(); ++k) {  // in order of time
    const Item& item = items[k];
    if (!plan[k].present) continue;
    if (item.kind == ItemKind::kChange) {
      selected[item.index] = true;
      continue;
    }
    const Inode& inode = inodes_.at(item.inode);
    std::shared_ptr<base::Bytes>& content = changed[item.inode];
    if (content == nullptr) content = std::make_shared<base::Bytes>(*inode.durable);
    if (item.kind == ItemKind::kSize) {
      content->resize(std::max<std::size_t>(content->size(), inode.size));
    } else {
      const PendingWrite& write = inode.writes[item.index];
      ApplyWrite(write.offset, *write.bytes, plan[k].sectors, content.get());
    }
  }
  for (auto& [number, content] : changed) disk.files[number] = std::move(content);
  // The second half of a rename whose first half is absent did not happen either.
  for (std::size_t k = 0; k < changes_.size(); ++k) {
    if (!selected[k] || changes_[k].after == 0) continue;
    for (std::size_t j = 0; j < k; ++j) {
      if (changes_[j].sequence == changes_[k].after && !selected[j]) selected[k] = false;
    }
  }
  CloseSelection(&selected);
  disk.directories = DurableNames();
  for (std::size_t k = 0; k < changes_.size(); ++k) {
    if (selected[k]) Apply(changes_[k], &disk.directories);
  }
  return disk;
}

std::string CrashState::TextOf(const Item& item) const {
  if (item.kind == ItemKind::kSize) return base::Format("size of inode {}", item.inode);
  if (item.kind == ItemKind::kWrite) {
    const PendingWrite& write = inodes_.at(item.inode).writes[item.index];
    return base::Format("write of inode {}, {} bytes at {}", item.inode, write.bytes->size(),
                        write.offset);
  }
  const Change& change = changes_[item.index];
  std::string text = base::Format("inode {}", change.inode);
  if (change.link) text += base::Format(" +{}:'{}'", change.to_directory, change.to_name);
  if (change.unlink) text += base::Format(" -{}:'{}'", change.from_directory, change.from_name);
  return text;
}

std::string CrashState::Explain(std::size_t i) const {
  const std::vector<Item> items = Items();
  const Plan plan = PlanOf(i, items);
  std::string text;
  for (std::size_t k = 0; k < items.size(); ++k) {
    const char* fate = !plan[k].present ? "absent" : plan[k].sectors.empty() ? "present" : "torn";
    text += base::Format("  {:7} {}\n", fate, TextOf(items[k]));
  }
  return text;
}

}  // namespace vecdb::testkit
