// Exhaustive crash model of the file protocol, with its real folders:
// tests/models/protocol_model.py in C++. Change both, and then the code.
//
// The disk is adversarial, weaker than ext4 with data=ordered: a pending write may be absent,
// present or torn; of a folder's pending changes of names any subset may have happened; a rename
// between two folders is one change in each. After every operation all combinations are tried:
// recovery must succeed and show everything that was acknowledged.
#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/format.h"
#include "support/catch.h"

namespace {

using vecdb::base::Format;

struct Barrier {
  const char* name;
  const char* what;
};
const std::vector<Barrier> kBarriers = {
    {"B1", "file of a segment, before its rename"},
    {"B2", "the segment's own folder, before its rename"},
    {"B2s", "segments/, after a segment's rename, before the edit"},
    {"B2f", "segments/<id>/, after a file is added, before the edit"},
    {"B3", "manifest, before what an edit says is relied on"},
    {"B4", "a manifest's snapshot, before CURRENT names it"},
    {"B5", "the root, before CURRENT is renamed"},
    {"B6", "tmp/CURRENT, before its rename"},
    {"B7", "the root, after CURRENT's rename"},
    {"B8", "a log's header, before an edit names the log"},
    {"B9", "wal/<pchannel>/, before an edit names the log"},
    {"B9w", "wal/, when a pchannel's folder is born"},
    {"B10", "log, before a write is acknowledged"},
    {"F1", "tmp/FORMAT, before its rename"},
    {"F2", "the root, after FORMAT's rename"},
};

// One record of a file: a word, and its arguments. An edit of the manifest has several.
struct Words {
  std::string word;
  std::string path;  // of a log or file
  int pchannel = 0;
  int row = 0;
  auto operator<=>(const Words&) const = default;
};
using Record = std::vector<Words>;

Words Plain(std::string word) {
  return {std::move(word), "", 0, 0};
}
Words Row(int pchannel, int row) {
  return {"row", "", pchannel, row};
}
Words Log(std::string path) {
  return {"log", std::move(path), 0, 0};
}
Words Unlog(std::string path) {
  return {"unlog", std::move(path), 0, 0};
}
Words Checkpoint(int pchannel, int row) {
  return {"checkpoint", "", pchannel, row};
}
Words Named(std::string path) {
  return {"file", std::move(path), 0, 0};
}

enum class Kind {
  kMakeFolder,
  kCreate,
  kAppend,
  kSync,
  kSyncFolder,
  kRename,
  kRemove,
  kAcknowledge
};
struct Operation {
  Kind kind;
  std::string path;
  std::string to = {};
  Record record = {};
};

// The operations of one run; those of one barrier are left out.
class Script {
 public:
  explicit Script(std::string_view skipped) : skipped_(skipped) {}

  std::vector<Operation> Take() {
    Creation();
    Writes();
    Segment();
    AnotherManifest();
    return std::move(operations_);
  }

 private:
  void Creation() {
    for (const char* folder : {"tmp", "segments", "wal", "wal/0"}) Do(Kind::kMakeFolder, folder);
    SyncFolder("B9w", "wal");
    NewLog("wal/0/1");
    NewManifest("M1", {Log("wal/0/1")});
    NewFile("tmp/FORMAT", {Plain("FORMAT")});
    Sync("F1", "tmp/FORMAT");
    Rename("tmp/FORMAT", "FORMAT");
    SyncFolder("F2", "");
  }

  void Writes() {
    Edit("M1", {Plain("collection")});
    Acknowledge(Plain("collection"));
    Write("wal/0/1", Row(0, 1));
    Write("wal/0/1", Row(0, 2));
    NewLog("wal/0/2");
    Edit("M1", {Log("wal/0/2")});
    Write("wal/0/2", Row(0, 3));
    Do(Kind::kMakeFolder, "wal/1");
    SyncFolder("B9w", "wal");
    NewLog("wal/1/1");
    Edit("M1", {Log("wal/1/1")});
    Write("wal/1/1", Row(1, 1));
  }

  void Segment() {  // of rows 1 and 2, then its deletes
    Do(Kind::kMakeFolder, "tmp/7");
    NewFile("tmp/7/data", {Plain("whole")});
    Sync("B1", "tmp/7/data");
    SyncFolder("B2", "tmp/7");
    Rename("tmp/7", "segments/7");
    SyncFolder("B2s", "segments");
    Edit("M1", {Named("segments/7/data"), Checkpoint(0, 2), Unlog("wal/0/1")});
    Do(Kind::kRemove, "wal/0/1");
    Write("wal/0/2", Row(0, 4));
    NewFile("tmp/deletes", {Plain("whole")});
    Sync("B1", "tmp/deletes");
    Rename("tmp/deletes", "segments/7/deletes");
    SyncFolder("B2f", "segments/7");
    Edit("M1", {Named("segments/7/deletes")});
  }

  void AnotherManifest() {
    NewManifest("M2", {Plain("collection"), Log("wal/0/2"), Log("wal/1/1"), Checkpoint(0, 2),
                       Named("segments/7/data"), Named("segments/7/deletes")});
    Do(Kind::kRemove, "M1");
    Edit("M2", {Plain("note")});
    Write("wal/0/2", Row(0, 5));
    Write("wal/1/1", Row(1, 2));
  }

  void Do(Kind kind, std::string path) { operations_.push_back({kind, std::move(path)}); }
  void Append(std::string path, Record record) {
    operations_.push_back({Kind::kAppend, std::move(path), "", std::move(record)});
  }
  void NewFile(const std::string& path, Record record) {
    Do(Kind::kCreate, path);
    Append(path, std::move(record));
  }
  void Rename(std::string from, std::string to) {
    operations_.push_back({Kind::kRename, std::move(from), std::move(to)});
  }
  void Acknowledge(Words what) { operations_.push_back({Kind::kAcknowledge, "", "", {what}}); }
  void Sync(std::string_view barrier, std::string path) {
    if (barrier != skipped_) Do(Kind::kSync, std::move(path));
  }
  void SyncFolder(std::string_view barrier, std::string path) {
    if (barrier != skipped_) Do(Kind::kSyncFolder, std::move(path));
  }

  void NewLog(const std::string& path) {
    NewFile(path, {Plain("HEADER")});
    Sync("B8", path);
    SyncFolder("B9", path.substr(0, path.rfind('/')));
  }
  void Edit(const std::string& manifest, Record edit) {
    Append(manifest, std::move(edit));
    Sync("B3", manifest);
  }
  void Write(const std::string& log, Words row) {
    Append(log, {row});
    Sync("B10", log);
    Acknowledge(row);
  }
  void NewManifest(const std::string& path, Record snapshot) {
    NewFile(path, std::move(snapshot));
    Sync("B4", path);
    SyncFolder("B5", "");
    NewFile("tmp/CURRENT", {Log(path)});
    Sync("B6", "tmp/CURRENT");
    Rename("tmp/CURRENT", "CURRENT");
    SyncFolder("B7", "");
  }

  const std::string_view skipped_;
  std::vector<Operation> operations_;
};

// A folder has names, a file records; one that is nothing is torn or was never written.
struct Node {
  std::map<std::string, int> names;
  std::vector<std::optional<Record>> records;
};
using Image = std::vector<Node>;  // node 0 is the root

template <typename Names>  // Names(node): the names of this folder
int FindNode(const std::string& path, const Names& names) {
  int at = 0;
  for (std::size_t start = 0; start < path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const auto& here = names(at);
    const auto found = here.find(path.substr(start, end - start));
    if (found == here.end()) return -1;
    at = found->second;
    start = end + 1;
  }
  return at;
}

// What is durable, what is live, and what lies between.
class Disk {
 public:
  Disk() : durable_(1), live_(1) {}

  void Run(const Operation& operation) {
    switch (operation.kind) {
      case Kind::kMakeFolder:
      case Kind::kCreate:
        durable_.emplace_back();
        live_.emplace_back();
        Name(operation.path, static_cast<int>(live_.size()) - 1);
        break;
      case Kind::kAppend:
        writes_.push_back({Find(operation.path), operation.record});
        break;
      case Kind::kSync:
        SyncFile(Find(operation.path));
        break;
      case Kind::kSyncFolder:
        SyncFolder(Find(operation.path));
        break;
      case Kind::kRename:
        Name(operation.to, Find(operation.path));
        Name(operation.path, -1);
        break;
      case Kind::kRemove:
        Name(operation.path, -1);
        break;
      case Kind::kAcknowledge:
        break;
    }
  }

  template <typename Visit>  // Visit(const Image&) for every disk that a power cut may leave
  void ForEachImage(const Visit& visit) const {
    // Recovery never looks into tmp/, so its names are not varied.
    const int tmp = FindNode(
        "tmp", [&](int node) -> const auto& { return live_[node]; });
    std::vector<Change> changes;
    for (const Change& change : changes_) {
      if (change.folder != tmp) changes.push_back(change);
    }
    std::uint64_t fates = 1;
    for (std::size_t i = 0; i < writes_.size(); ++i) fates *= 3;
    for (std::uint64_t names = 0; names < std::uint64_t{1} << changes.size(); ++names) {
      for (std::uint64_t fate = 0; fate < fates; ++fate) visit(Make(changes, names, fate));
    }
  }

 private:
  struct Write {
    int node;
    Record record;
  };
  struct Change {
    int folder;
    std::string name;
    int node;  // -1: the name goes
  };

  int Find(const std::string& path) const {
    return FindNode(
        path, [&](int node) -> const auto& { return live_[node]; });
  }

  void Name(const std::string& path, int node) {
    const std::size_t slash = path.rfind('/');
    const int folder = slash == std::string::npos ? 0 : Find(path.substr(0, slash));
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (node < 0) {
      live_[folder].erase(name);
    } else {
      live_[folder][name] = node;
    }
    changes_.push_back({folder, name, node});
  }

  void SyncFile(int node) {
    for (const Write& write : writes_) {
      if (write.node == node) durable_[node].records.push_back(write.record);
    }
    writes_.erase(std::remove_if(writes_.begin(), writes_.end(),
                                 [&](const Write& write) { return write.node == node; }),
                  writes_.end());
  }

  void SyncFolder(int node) {
    durable_[node].names = live_[node];
    changes_.erase(std::remove_if(changes_.begin(), changes_.end(),
                                  [&](const Change& change) { return change.folder == node; }),
                   changes_.end());
  }

  Image Make(const std::vector<Change>& changes, std::uint64_t names, std::uint64_t fates) const {
    Image image = durable_;
    for (const Change& change : changes) {
      const bool happened = (names & 1) != 0;
      names >>= 1;
      if (!happened) continue;
      if (change.node < 0) {
        image[change.folder].names.erase(change.name);
      } else {
        image[change.folder].names[change.name] = change.node;
      }
    }
    for (const Write& write : writes_) {  // 0 absent, 1 present, 2 torn
      const std::uint64_t fate = fates % 3;
      fates /= 3;
      std::optional<Record> record;
      if (fate == 1) record = write.record;
      image[write.node].records.push_back(std::move(record));
    }
    return image;
  }

  Image durable_;
  std::vector<std::map<std::string, int>> live_;
  std::vector<Write> writes_;
  std::vector<Change> changes_;
};

// Reads one image as the database does.
class Recovery {
 public:
  explicit Recovery(const Image& image) : image_(image) {}

  // Empty when all is well; then visible() is what the database shows.
  std::string Run() {
    const Node* format = Find("FORMAT");
    if (format == nullptr) return WithoutFormat();
    if (Valid(*format).empty()) return "FORMAT unreadable";
    const Node* current = Find("CURRENT");
    if (current == nullptr) return "CURRENT missing";
    if (Valid(*current).empty()) return "CURRENT unreadable";
    const Node* manifest = Find(Valid(*current)[0][0].path);
    if (manifest == nullptr) return "manifest missing";
    const std::vector<Record> edits = Valid(*manifest);
    if (edits.empty()) return "snapshot unreadable";
    std::string problem = ReadEdits(edits);
    return problem.empty() ? ReadLogs() : problem;
  }

  const std::set<Words>& visible() const { return visible_; }

 private:
  const Node* Find(const std::string& path) const {
    const int node = FindNode(
        path, [&](int at) -> const auto& { return image_[at].names; });
    return node < 0 ? nullptr : &image_[node];
  }

  // Up to the first record that is torn or was never written.
  static std::vector<Record> Valid(const Node& file) {
    std::vector<Record> valid;
    for (const auto& record : file.records) {
      if (!record) break;
      valid.push_back(*record);
    }
    return valid;
  }

  // A creation cut short, or a database that lost FORMAT?
  std::string WithoutFormat() const {
    const Node* segments = Find("segments");
    if (segments != nullptr && !segments->names.empty()) return "FORMAT missing, but segments";
    const Node* current = Find("CURRENT");
    if (current == nullptr) return "";
    if (Valid(*current).empty()) return "FORMAT missing, CURRENT unreadable";
    const Node* manifest = Find(Valid(*current)[0][0].path);
    if (manifest == nullptr || Valid(*manifest).empty())
      return "FORMAT missing, manifest unreadable";
    for (const Record& edit : Valid(*manifest)) {
      if (edit == Record{Plain("collection")}) return "FORMAT missing, but collections";
    }
    return "";
  }

  std::string ReadEdits(const std::vector<Record>& edits) {
    for (const Record& edit : edits) {
      for (const Words& words : edit) {
        if (words.word == "collection") visible_.insert(words);
        if (words.word == "log") logs_.push_back(words.path);
        if (words.word == "unlog") logs_.erase(std::find(logs_.begin(), logs_.end(), words.path));
        if (words.word == "checkpoint") last_row_[words.pchannel] = words.row;
        if (words.word != "file") continue;
        const Node* file = Find(words.path);
        if (file == nullptr || Valid(*file).size() != 1) {
          return Format("{} missing or damaged", words.path);
        }
      }
    }
    for (const auto& [pchannel, last] : last_row_) {
      for (int row = 1; row <= last; ++row) visible_.insert(Row(pchannel, row));
    }
    return "";
  }

  std::string ReadLogs() {
    for (const std::string& path : logs_) {
      const Node* log = Find(path);
      if (log == nullptr || Valid(*log).empty()) return Format("{} missing or torn", path);
      for (const Record& record : Valid(*log)) {
        const Words& words = record[0];
        if (words.word != "row" || words.row != last_row_[words.pchannel] + 1) continue;
        ++last_row_[words.pchannel];
        visible_.insert(words);
      }
    }
    return "";
  }

  const Image& image_;
  std::set<Words> visible_;
  std::vector<std::string> logs_;
  std::map<int, int> last_row_;
};

struct Count {
  std::uint64_t points = 0;
  std::uint64_t images = 0;
  std::uint64_t violations = 0;
  std::string first;
};

Count RunWithout(std::string_view barrier) {
  Count count;
  Disk disk;
  std::set<Words> acknowledged;
  const auto check = [&](const Image& image) {
    ++count.images;
    Recovery recovery(image);
    std::string problem = recovery.Run();
    const std::set<Words>& visible = recovery.visible();
    if (problem.empty() &&
        !std::includes(visible.begin(), visible.end(), acknowledged.begin(), acknowledged.end())) {
      problem = "something acknowledged is lost";
    }
    if (problem.empty()) return;
    if (count.violations++ == 0) {
      count.first = Format("{} (crash after operation {})", problem, count.points);
    }
  };
  for (const Operation& operation : Script(barrier).Take()) {
    disk.ForEachImage(check);
    ++count.points;
    disk.Run(operation);
    if (operation.kind == Kind::kAcknowledge) acknowledged.insert(operation.record[0]);
  }
  disk.ForEachImage(check);
  ++count.points;
  return count;
}

}  // namespace

TEST_CASE("the full file protocol survives every crash, and no barrier of it can be left out") {
  const Count full = RunWithout("");
  INFO(full.first);
  CHECK(full.violations == 0);
  CHECK(full.points > 80);
  CHECK(full.images > 400);
  std::size_t needed = 0;
  for (const Barrier& barrier : kBarriers) {
    const Count without = RunWithout(barrier.name);
    INFO(barrier.name << ": " << barrier.what);
    CHECK(without.violations > 0);
    if (without.violations > 0) ++needed;
  }
  std::printf("FIG protocol.barriers=%zu violations=%llu\n", needed,
              static_cast<unsigned long long>(full.violations));
}
