#include "compaction/sweep.h"

#include <limits>
#include <set>
#include <string>

#include "base/status.h"
#include "io/layout.h"

namespace vecdb::compaction {
namespace {

constexpr std::uint64_t kMaxPchannel = std::numeric_limits<PchannelId>::max();

class Sweeper {
 public:
  explicit Sweeper(io::FileSystem& fs) : fs_(fs) {}

  // Removes what stands in `folder` and is not kept.
  template <typename Keep>
  Status Sweep(const std::string& folder, Keep&& keep) {
    VECDB_TRY_ASSIGN(const auto entries, fs_.List(folder));
    for (const io::DirectoryEntry& entry : entries) {
      if (keep(entry.name)) continue;
      VECDB_TRY(io::RemoveTree(fs_, io::Join(folder, entry.name)));
      ++removed_;
    }
    return Status();
  }

  std::uint64_t removed() const { return removed_; }

 private:
  io::FileSystem& fs_;
  std::uint64_t removed_ = 0;
};

std::set<std::string> FilesOf(const catalog::SegmentRecord& record) {
  std::set<std::string> names{io::KeysName(0)};
  for (const auto& column : record.columns) {
    names.insert(io::ColumnName(column.field, column.chunk));
  }
  if (record.deletes) names.insert(io::DeletesName(record.deletes->number));
  for (const auto& index : record.indexes) {
    names.insert(io::IndexName(index.field, index.info.file_id));
  }
  return names;
}

}  // namespace

Result<std::uint64_t> SweepOrphans(io::FileSystem& fs, const catalog::State& state,
                                   std::uint64_t manifest_number) {
  Sweeper sweeper(fs);
  VECDB_TRY(sweeper.Sweep(io::kTmpFolder, [](const std::string&) { return false; }));
  VECDB_TRY(sweeper.Sweep(io::kSegmentsFolder, [&](const std::string& name) {
    const auto id = io::ParseNumber(name);
    return id && state.segments.count(*id) != 0;
  }));
  for (const auto& [id, record] : state.segments) {
    const std::set<std::string> named = FilesOf(record);
    VECDB_TRY(sweeper.Sweep(io::SegmentFolder(id),
                            [&](const std::string& name) { return named.count(name) != 0; }));
  }
  VECDB_TRY(sweeper.Sweep(io::kWalFolder, [&](const std::string& name) {
    const auto id = io::ParseNumber(name);
    return id && *id <= kMaxPchannel && state.pchannels.count(static_cast<PchannelId>(*id)) != 0;
  }));
  for (const auto& [pchannel, channel] : state.pchannels) {
    const auto& logs = channel.logs;
    VECDB_TRY(sweeper.Sweep(io::PchannelFolder(pchannel), [&logs](const std::string& name) {
      const auto number = io::ParseLogName(name);
      return number && logs.count(*number) != 0;
    }));
  }
  VECDB_TRY(sweeper.Sweep("", [&](const std::string& name) {
    const auto number = io::ParseManifestName(name);
    return !number || *number == manifest_number;
  }));
  return sweeper.removed();
}

}  // namespace vecdb::compaction
