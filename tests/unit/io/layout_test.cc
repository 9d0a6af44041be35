#include "io/layout.h"

#include <limits>

#include "io/relative_path.h"
#include "support/catch.h"

using namespace vecdb;

TEST_CASE("paths are spelled from numbers only", "[layout]") {
  CHECK(io::ManifestName(7) == "MANIFEST-00000000000000000007");
  CHECK(io::PchannelFolder(3) == "wal/3");
  CHECK(io::LogPath(3, 12) == "wal/3/00000000000000000012.wal");
  CHECK(io::SegmentFolder(9) == "segments/9");
  CHECK(io::TmpSegmentFolder(9) == "tmp/9");
  CHECK(io::ColumnName(2, 5) == "2-5.col");
  CHECK(io::KeysName(0) == "keys-0.key");
  CHECK(io::DeletesName(4) == "deletes-4.del");
  CHECK(io::TmpPath("CURRENT") == "tmp/CURRENT");
  CHECK(io::Join("", "a") == "a");
  CHECK(io::Join("a/b", "c") == "a/b/c");
}

TEST_CASE("a number parsed from a name is the one it was made of", "[layout]") {
  for (const std::uint64_t number :
       {std::uint64_t{0}, std::uint64_t{1}, std::numeric_limits<std::uint64_t>::max()}) {
    CHECK(io::ParseManifestName(io::ManifestName(number)) == number);
    CHECK(io::ParseLogName(io::LogPath(0, number).substr(6)) == number);
    CHECK(io::ParseNumber(std::to_string(number)) == number);
  }
}

TEST_CASE("a name of another form has no number", "[layout]") {
  for (const char* name : {"", "MANIFEST-", "MANIFEST-7", "MANIFEST-0000000000000000000x",
                           "MANIFEST-99999999999999999999", "MANIFEST-000000000000000000071",
                           "manifest-00000000000000000007", "MANIFEST--0000000000000000007"}) {
    CHECK_FALSE(io::ParseManifestName(name).has_value());
  }
  for (const char* name : {"", ".wal", "7.wal", "00000000000000000007", "00000000000000000007.wa",
                           "+0000000000000000007.wal", "00000000000000000007.wal.wal"}) {
    CHECK_FALSE(io::ParseLogName(name).has_value());
  }
  for (const char* name : {"", "-1", "+1", "1 ", " 1", "01", "0x1", "18446744073709551616"}) {
    CHECK_FALSE(io::ParseNumber(name).has_value());
  }
}

TEST_CASE("no path leaves the directory", "[layout]") {
  for (const char* path : {"a", "a/b", "a/b/c.d", "..a", "a..", "..."}) {
    CHECK(io::CheckPath(path).ok());
  }
  for (const std::string& path :
       {std::string(""), std::string("/"), std::string("/a"), std::string("a/"),
        std::string("a//b"), std::string("."), std::string(".."), std::string("a/../b"),
        std::string("a\0b", 3)}) {
    CHECK(io::CheckPath(path).code() == StatusCode::kInvalidArgument);
  }
  CHECK(io::CheckPath("", true).ok());
  CHECK(io::ParentOf("a/b/c") == "a/b");
  CHECK(io::ParentOf("a") == "");
  CHECK(io::LastPartOf("a/b/c") == "c");
  CHECK(io::LastPartOf("a") == "a");
}
