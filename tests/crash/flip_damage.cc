#include "flip_damage.h"

#include <algorithm>
#include <utility>

#include "base/format.h"
#include "io/layout.h"
#include "io/page_log.h"
#include "support/seed.h"

namespace vecdb::test {
namespace {

using base::Format;

bool IsFolder(const std::string& path) {
  return path.back() == '/';
}
bool IsLog(const std::string& path) {
  return path.rfind("MANIFEST-", 0) == 0 || path.rfind("wal/", 0) == 0;
}

// Pages that were never written are zero, checksum and all.
bool IsWritten(const Files& files, const std::string& path, std::size_t at) {
  const std::string page = files.at(path).substr(at / io::kPageSize * io::kPageSize, io::kPageSize);
  return page.find_first_not_of('\0') != std::string::npos;
}

// Behind the last byte that is not zero.
std::size_t UsedSize(const std::string& bytes) {
  const auto last = bytes.find_last_not_of('\0');
  return last == std::string::npos ? 0 : last + 1;
}

class Damager {
 public:
  explicit Damager(std::vector<Damage>* all) : all_(all) {}

  void Cut(const std::string& path, const std::string& bytes) {
    const std::size_t used = UsedSize(bytes) + 2 * io::kPageSize;
    for (std::size_t size = 0; size < bytes.size(); size += size < used ? 512 : 16'384) {
      Add(path, Format("cut to {} bytes", size), [size](std::string* b) { b->resize(size); });
      all_->back().cut = IsLog(path);
    }
    if (bytes.size() > 1) {
      Add(path, "without its last byte", [](std::string* b) { b->pop_back(); });
    }
  }

  void Extend(const std::string& path) {
    for (const std::size_t size :
         {std::size_t{1}, std::size_t{100}, io::kPageSize, io::kPageSize * 3 + 5}) {
      Add(path, Format("{} bytes more", size), [size](std::string* b) {
        for (std::size_t i = 0; i < size; ++i) b->push_back(static_cast<char>(i * 31 + 7));
      });
    }
  }

  // Pages and blocks, where they are.
  void Rearrange(const std::string& path, const std::string& bytes) {
    const std::size_t unit = IsLog(path) ? io::kPageSize : std::size_t{512};
    const std::size_t count = (UsedSize(bytes) + unit - 1) / unit;
    for (std::size_t i = 0; i < count; ++i) {
      Add(path, Format("{} zeros at {}", unit, i * unit), [=](std::string* b) {
        std::fill_n(b->begin() + static_cast<std::ptrdiff_t>(i * unit),
                    std::min(unit, b->size() - i * unit), '\0');
      });
      if (!IsLog(path)) continue;
      // The last page that is zeroed may be all there was of the last group.
      all_->back().cut = true;
    }
    for (std::size_t i = 0; i + 1 < count && (i + 2) * unit <= bytes.size(); ++i) {
      const std::size_t other = i + 1 + i * 7 % (count - i - 1);
      if ((other + 1) * unit > bytes.size()) continue;
      Add(path, Format("parts {} and {} of {} swapped", i, other, unit), [=](std::string* b) {
        std::swap_ranges(b->begin() + static_cast<std::ptrdiff_t>(i * unit),
                         b->begin() + static_cast<std::ptrdiff_t>((i + 1) * unit),
                         b->begin() + static_cast<std::ptrdiff_t>(other * unit));
      });
      Add(path, Format("part {} of {} also at {}", i, unit, other), [=](std::string* b) {
        std::copy_n(b->begin() + static_cast<std::ptrdiff_t>(i * unit), unit,
                    b->begin() + static_cast<std::ptrdiff_t>(other * unit));
      });
      Add(path, Format("part {} of {} twice", i, unit),
          [=](std::string* b) { b->insert(i * unit, b->substr(i * unit, unit)); });
    }
  }

  void Replace(const std::string& path, const Files& files, const Files& other) {
    AddToFiles(path + " removed", [path](Files* all) { all->erase(path); });
    AddToFiles(path + " is a folder", [path](Files* all) {
      all->erase(path);
      (*all)[path + "/"];
    });
    if (const auto found = other.find(path); found != other.end()) {
      const std::string bytes = found->second;
      Add(path, "of another database", [bytes](std::string* b) { *b = bytes; });
    }
    int swaps = 0;
    for (auto next = files.upper_bound(path); next != files.end() && swaps < 6; ++next) {
      if (IsFolder(next->first) || next->second.size() != files.at(path).size()) continue;
      ++swaps;
      AddToFiles(path + " and " + next->first + " swapped",
                 [path, name = next->first](Files* all) { std::swap((*all)[path], (*all)[name]); });
    }
  }

 private:
  template <typename Change>
  void Add(const std::string& path, const std::string& what, Change change) {
    AddToFiles(path + ": " + what, [path, change](Files* files) { change(&(*files)[path]); });
  }
  void AddToFiles(std::string what, std::function<void(Files*)> apply) {
    all_->push_back({std::move(what), std::move(apply)});
  }

  std::vector<Damage>* const all_;
};

}  // namespace

std::vector<Damage> Flips(const Files& files, std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::pair<std::string, std::size_t>> places;  // file and how much of it is used
  for (const auto& [path, bytes] : files) {
    if (!IsFolder(path) && !bytes.empty()) places.emplace_back(path, UsedSize(bytes));
  }
  std::vector<Damage> flips;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [path, used] = places[i % places.size()];
    const std::size_t size = files.at(path).size();
    const std::size_t at = random.Chance(97) && used != 0 ? random.Below(used) : random.Below(size);
    const auto mask = static_cast<char>(random.Chance(70) ? 0xFF : 1 << random.Below(8));
    flips.push_back({Format("{} offset {} mask {}", path, at, static_cast<int>(mask) & 0xFF),
                     [path = path, at, mask](Files* all) {
                       (*all)[path][at] = static_cast<char>((*all)[path][at] ^ mask);
                     }});
    flips.back().flip = true;
    flips.back().padding = path == io::kLockName || (IsLog(path) && !IsWritten(files, path, at));
  }
  return flips;
}

std::vector<Damage> OtherDamage(const Files& files, const Files& other) {
  std::vector<Damage> all;
  Damager damager(&all);
  for (const auto& [path, bytes] : files) {
    if (IsFolder(path)) continue;
    damager.Cut(path, bytes);
    damager.Extend(path);
    damager.Rearrange(path, bytes);
    damager.Replace(path, files, other);
  }
  return all;
}

}  // namespace vecdb::test
