#include "segment/deletes_file.h"

#include "support/catch.h"
#include "unit/segment/sealed_support.h"

namespace {

using namespace vecdb;           // NOLINT
using namespace vecdb::segment;  // NOLINT
using namespace vecdb_test;      // NOLINT

TestFile FileOf(const std::vector<Tombstone>& tombstones) {
  return TestFile(io::FileKind::kDeletes,
                  [&](io::BlockFileWriter* out) { return WriteDeletesFile(tombstones, out); });
}

std::vector<Tombstone> Sample(RowIndex count) {
  std::vector<Tombstone> tombstones;
  for (RowIndex i = 0; i < count; ++i) {
    tombstones.push_back({(count - i) * 2 - 1, Timestamp{1000 + i / 3}, 0});
  }
  return tombstones;
}

}  // namespace

TEST_CASE("tombstones come back from a deletes file in their order") {
  for (const RowIndex count : {1u, 2u, 15u, 16u, 17u, 5000u}) {
    const std::vector<Tombstone> tombstones = Sample(count);
    const TestFile file = FileOf(tombstones);
    CHECK(file.info().rows == count);
    for (const LoadMode mode : {LoadMode::kMapped, LoadMode::kResident}) {
      CHECK(Must(ReadDeletesFile(*file.Open(mode), 2 * count)) == tombstones);
    }
  }
}

TEST_CASE("tombstones of rows that a segment does not have are refused") {
  const TestFile file = FileOf(Sample(10));  // rows 1, 3, ... 19
  CHECK(ReadDeletesFile(*file.Open(), 20).ok());
  CHECK(IsCorruption(ReadDeletesFile(*file.Open(), 19).status()));
  CHECK(IsCorruption(ReadDeletesFile(*file.Open(), 5).status()));
}

TEST_CASE("a deletes file that marks a row twice or goes back in time is refused") {
  const auto read = [](const std::vector<Tombstone>& tombstones) {
    return ReadDeletesFile(*FileOf(tombstones).Open(), 100).status();
  };
  CHECK(IsCorruption(read({{3, Timestamp{10}, 0}, {3, Timestamp{11}, 0}})));
  CHECK(IsCorruption(read({{3, Timestamp{10}, 0}, {4, Timestamp{9}, 0}})));
  CHECK(read({{3, Timestamp{10}, 0}, {4, Timestamp{10}, 0}}).ok());
}

TEST_CASE("no changed byte of a deletes file goes unnoticed") {
  TestFile file = FileOf(Sample(20));
  for (std::uint64_t at = 0; at < file.info().size_bytes; ++at) {
    file.Flip(at, std::byte{0x04});
    const auto opened = file.TryOpen(LoadMode::kMapped);
    const Status status = opened.ok() ? ReadDeletesFile(**opened, 40).status() : opened.status();
    CHECK(IsCorruption(status));
    file.Flip(at, std::byte{0x04});
  }
}

TEST_CASE("numbers in a deletes file that lie behind matching checksums are refused") {
  const TestFile file = FileOf(Sample(20));
  const base::Bytes body = file.Body();
  for (std::size_t at = 0; at + 8 <= body.size(); ++at) {
    for (const std::uint64_t value :
         {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 62}) {
      base::Bytes changed = body;
      Poke(&changed, at, value);
      const auto read = ReadDeletesFile(*file.WithBody(changed), 40);
      CHECK((read.ok() || IsCorruption(read.status())));
      if (at <= 8 && changed != body) CHECK(!read.ok());
    }
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{20}, std::size_t{64}, body.size() - 1}) {
    base::Bytes changed = body;
    changed.resize(size);
    CHECK(IsCorruption(ReadDeletesFile(*file.WithBody(changed), 40).status()));
  }
  CHECK(IsCorruption(ReadDeletesFile(*file.WithBody(body, 21), 40).status()));
}
