// Small databases whose files are damaged on purpose, and what their readers must see.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/dump_tree.h"
#include "support/test_database.h"

namespace vecdb::test {

// Path -> bytes, path + "/" -> "" for folders: see DumpTree.
using Files = std::map<std::string, std::string>;

std::shared_ptr<io::FileSystem> DiskWith(const Files& files);

// What a reader saw of a collection, as text; a part that failed is empty.
struct Seen {
  std::optional<std::map<std::string, std::string>> rows;  // by key
  std::optional<std::string> count;
  std::optional<std::string> got;    // Get of every key
  std::optional<std::string> found;  // Search
};

// What a reader saw of a database.
struct Look {
  std::map<std::string, Seen> collections;
  std::vector<std::string> failures;  // everything that was refused
};

// Gets every key that is found; where rows cannot be read, those of `whole`.
Look LookAt(Database& database, const Look* whole = nullptr);

// Nothing in `look` differs from `whole`, and nothing is missing that was not refused.
bool Agrees(const Look& look, const Look& whole);

// A row that none of the databases has.
Batch ProbeFor(const Collection& collection);
extern const std::string kProbeKey;

struct SampleDatabase {
  std::string name;
  bool closed = false;  // else the process ended without Close
  Files files;
  // What there was after each change, oldest first.
  std::vector<Look> history;
  // The probe as it is read back, by collection.
  std::map<std::string, std::string> probes;

  const Look& whole() const { return history.back(); }
};

// Closed and killed, just before a log gets its first group, with one and with many segments, with
// deletes in files and in the log, with keys of numbers and of text.
std::vector<SampleDatabase> MakeSampleDatabases();

}  // namespace vecdb::test
