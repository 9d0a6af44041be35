#include "io/directory_rules.h"

#include <string>

#include "support/catch.h"

using namespace vecdb;
using vecdb_test::ContainsSubstring;

namespace {

constexpr io::DirectoryRules kStrict{.shared = false, .network = false};
constexpr std::uint64_t kExt4 = 0xEF53;
constexpr std::uint64_t kNfs = 0x6969;

void CheckRefused(const io::DirectoryFacts& facts, const std::string& word) {
  const Status refused = io::CheckDirectory("/data/db", facts, 1000, kStrict);
  CHECK(refused.code() == StatusCode::kFailedPrecondition);
  CHECK_THAT(std::string(refused.message()), ContainsSubstring("/data/db"));
  CHECK_THAT(std::string(refused.message()), ContainsSubstring(word));
}

}  // namespace

TEST_CASE("one's own directory and the superuser's on a local disk are allowed", "[rules]") {
  for (const std::uint32_t owner : {1000U, 0U}) {
    for (const std::uint32_t mode : {0700U, 0755U, 0775U, 0500U}) {
      CHECK(io::CheckDirectory("db", {owner, mode, kExt4}, 1000, kStrict).ok());
    }
  }
}

TEST_CASE("what others could change is refused, with the option that allows it", "[rules]") {
  CheckRefused({1001, 0700, kExt4}, "Options::allow_shared_directory");
  CheckRefused({1000, 0777, kExt4}, "chmod o-w");
  CheckRefused({1000, 0702, kExt4}, "mode 0702");
  CheckRefused({1000, 0700, kNfs}, "NFS");
  CheckRefused({1000, 0700, kNfs}, "Options::allow_network_file_system");
  CHECK(io::CheckDirectory("db", {1001, 0777, kNfs}, 1000, {}).ok());
}
