#include "testkit/copy_tree.h"

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "io/layout.h"

namespace vecdb::testkit {

Status VisitTree(io::FileSystem& fs, const std::function<Status(const TreeEntry&)>& visit) {
  std::vector<TreeEntry> waiting = {{"", true, {}}};  // the last is the next
  while (!waiting.empty()) {
    const TreeEntry entry = std::move(waiting.back());
    waiting.pop_back();
    if (!entry.is_directory) {
      VECDB_TRY_ASSIGN(const std::unique_ptr<io::File> file,
                       fs.Open(entry.path, io::OpenMode::kRead));
      VECDB_TRY_ASSIGN(const std::uint64_t size, file->Size());
      base::Bytes bytes(size);
      VECDB_TRY(file->ReadAt(0, bytes));
      VECDB_TRY(visit({entry.path, false, bytes}));
      continue;
    }
    if (!entry.path.empty()) VECDB_TRY(visit(entry));
    VECDB_TRY_ASSIGN(const auto entries, fs.List(entry.path));
    for (auto i = entries.rbegin(); i != entries.rend(); ++i) {
      waiting.push_back({io::Join(entry.path, i->name), i->is_directory, {}});
    }
  }
  return Status();
}

}  // namespace vecdb::testkit
