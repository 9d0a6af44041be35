#include "io/directory_rules.h"

#include <algorithm>
#include <array>

#include "base/status.h"

namespace vecdb::io {
namespace {

struct Known {
  std::uint64_t type;
  std::string_view name;
};

// The numbers are those of statfs(2).
constexpr std::array kNetworkFileSystems{
    Known{0x6969, "NFS"},      Known{0x517B, "SMB"},        Known{0xFF534D42, "CIFS"},
    Known{0xFE534D42, "SMB2"}, Known{0x5346414F, "AFS"},    Known{0x73757245, "Coda"},
    Known{0x00C36400, "Ceph"}, Known{0x0BD00BD0, "Lustre"}, Known{0x564C, "NCP"},
};

constexpr std::uint32_t kWritableByOthers = 0002;

}  // namespace

std::string_view NetworkFileSystem(std::uint64_t file_system) {
  const auto* const found =
      std::find_if(kNetworkFileSystems.begin(), kNetworkFileSystems.end(),
                   [&](const Known& known) { return known.type == file_system; });
  return found == kNetworkFileSystems.end() ? std::string_view() : found->name;
}

Status CheckDirectory(std::string_view path, const DirectoryFacts& facts, std::uint32_t self,
                      const DirectoryRules& rules) {
  if (!rules.shared && facts.owner != self && facts.owner != 0) {
    return base::FailedPrecondition(
        "'{}' belongs to user {}, not to user {}; Options::allow_shared_directory opens it anyway",
        path, facts.owner, self);
  }
  if (!rules.shared && (facts.mode & kWritableByOthers) != 0) {
    return base::FailedPrecondition(
        "everyone may write to '{}' (mode {:04o}); take that away (chmod o-w), or set "
        "Options::allow_shared_directory",
        path, facts.mode);
  }
  const std::string_view network = NetworkFileSystem(facts.file_system);
  if (!rules.network && !network.empty()) {
    return base::FailedPrecondition(
        "'{}' is on a network file system ({}), where locks and syncs may not hold; "
        "Options::allow_network_file_system opens it anyway",
        path, network);
  }
  return Status();
}

}  // namespace vecdb::io
