// docs/FORMAT.md ends with a log in hex, byte by byte. This test writes that log with the real code
// and compares: the document cannot drift from the format.
#include <array>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "vecdb/batch.h"

#include "base/clock.h"
#include "base/timestamp_oracle.h"
#include "chunk/batch_access.h"
#include "chunk/codec.h"
#include "io/layout.h"
#include "support/catch.h"
#include "wal/writer.h"

namespace {

using namespace vecdb;  // NOLINT

// Bytes that the document shows, with the offset within their file.
struct Shown {
  std::size_t offset = 0;
  std::vector<std::uint8_t> bytes;
};

// The lines of the block "```log": an offset, two blanks, bytes, two blanks, what they mean.
std::vector<Shown> ReadDocument() {
  std::ifstream document(std::string(VECDB_SOURCE_DIR) + "/docs/FORMAT.md");
  std::vector<Shown> found;
  std::string line;
  bool inside = false;
  while (std::getline(document, line)) {
    if (line.rfind("```", 0) == 0) {
      inside = line == "```log";
      continue;
    }
    std::istringstream words(line);
    Shown shown;
    if (!inside || !(words >> shown.offset)) continue;
    std::string rest;
    std::getline(words, rest);
    for (std::size_t at = 2; at + 1 < rest.size() && rest[at] != ' '; at += 3) {
      shown.bytes.push_back(static_cast<std::uint8_t>(std::stoul(rest.substr(at, 2), nullptr, 16)));
    }
    found.push_back(shown);
  }
  return found;
}

chunk::Chunk OneRow(const Schema& schema) {
  Batch batch(schema);
  const std::vector<float> v{1, 2};
  batch.Add({{"id", std::int64_t{7}}, {"v", std::span<const float>(v)}}).OrDie();
  chunk::Chunk filled;
  return **chunk::BatchAccess::LendChunk(batch, &filled);
}

// The first two pages of the log of one insert.
std::vector<std::byte> WriteExample() {
  const auto fs = io::MakeMemoryFileSystem();
  const base::ManualClock clock(1'700'000'000'000);
  base::TimestampOracle oracle(clock);
  wal::WriterOptions options;
  for (std::size_t i = 0; i < options.database.size(); ++i) {
    options.database[i] = static_cast<std::byte>(i);
  }
  options.random = [] { return std::uint64_t{0x1122'3344'5566'7788}; };
  const auto announce = [](const io::LogIdentity&) { return Status(); };
  wal::Writer writer(*fs, oracle, clock, options, announce, [](Timestamp) {});
  REQUIRE(writer.CreateFirstLog().ok());

  const Schema schema = *SchemaBuilder().PrimaryKey("id").Vector("v", 2, Metric::kL2).Build();
  base::Bytes payload;
  chunk::EncodeChunk(OneRow(schema), &payload);
  wal::Message message;
  message.collection = 1;
  message.schema_version = 1;
  message.segment = 2;
  message.payload = payload;
  REQUIRE(writer.Append(std::span(&message, 1)).ok());

  std::vector<std::byte> pages(2 * io::kPageSize);
  const auto file = fs->Open(io::LogPath(0, 1), io::OpenMode::kRead);
  REQUIRE(file.ok());
  REQUIRE((*file)->ReadAt(0, pages).ok());
  return pages;
}

std::string Hex(const std::byte* bytes, std::size_t size) {
  std::ostringstream text;
  text << std::hex;
  for (std::size_t i = 0; i < size; ++i) {
    const auto value = static_cast<unsigned>(bytes[i]);
    text << (i == 0 ? "" : " ") << (value < 16 ? "0" : "") << value;
  }
  return text.str();
}

}  // namespace

TEST_CASE("the log in the format's document is the one that is written", "[format]") {
  const std::vector<Shown> document = ReadDocument();
  std::vector<std::byte> pages = WriteExample();
  INFO(Hex(pages.data(), 60) << " ... " << Hex(&pages[4092], 4 + 24 + 48 + 20 + 40 + 40));
  CHECK(document.size() >= 30);
  for (const Shown& shown : document) {
    REQUIRE(shown.offset + shown.bytes.size() <= pages.size());
    INFO("offset " << shown.offset);
    std::byte* written = &pages[shown.offset];
    CHECK(Hex(written, shown.bytes.size()) ==
          Hex(reinterpret_cast<const std::byte*>(shown.bytes.data()), shown.bytes.size()));
    std::memset(written, 0, shown.bytes.size());
  }
  std::size_t left = 0;
  for (const std::byte b : pages) left += b == std::byte{0} ? 0 : 1;
  CHECK(left == 0);  // what the document leaves out is zero
}
