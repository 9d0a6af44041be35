#include <cstdint>
#include <random>
#include <string>

#include "levels.h"

using vecdb::simd::KernelTable;
using vecdb_test::AllLevels;
using vecdb_test::WalledMemory;

namespace {

std::uint32_t BitByBit(std::uint32_t crc, const unsigned char* data, std::size_t n) {
  crc = ~crc;
  for (std::size_t i = 0; i < n; ++i) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0);
  }
  return ~crc;
}

std::vector<unsigned char> Random(std::size_t n) {
  std::mt19937 engine(11);
  std::vector<unsigned char> bytes(n);
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(engine());
  return bytes;
}

}  // namespace

TEST_CASE("crc32c gives the published values", "[simd][crc][levels][old]") {
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending.push_back(static_cast<char>(i));
  const std::string descending(ascending.rbegin(), ascending.rend());
  const std::string zeros(32, '\0');
  const std::string ones(32, '\xFF');
  for (const KernelTable* table : AllLevels()) {
    INFO(table->name);
    CHECK(table->crc32c(0, nullptr, 0) == 0);
    CHECK(table->crc32c(0, "123456789", 9) == 0xE3069283);
    CHECK(table->crc32c(0, zeros.data(), 32) == 0x8A9136AA);
    CHECK(table->crc32c(0, ones.data(), 32) == 0x62A8AB43);
    CHECK(table->crc32c(0, ascending.data(), 32) == 0x46DD794E);
    CHECK(table->crc32c(0, descending.data(), 32) == 0x113FDB5C);
  }
  CHECK(vecdb::simd::Crc32c(0, "123456789", 9) == 0xE3069283);
}

TEST_CASE("crc32c agrees with its definition for every length", "[simd][crc][levels][old]") {
  const std::vector<unsigned char> bytes = Random(20000);
  std::vector<std::size_t> lengths;
  for (std::size_t n = 0; n <= 1100; ++n) lengths.push_back(n);
  for (std::size_t n = 4020; n <= 4420; ++n) lengths.push_back(n);
  for (const std::size_t n : {4096, 8063, 8064, 8065, 12097, 16384, 20000}) lengths.push_back(n);
  WalledMemory memory(bytes.size());
  for (const std::size_t n : lengths) {
    const unsigned char* data = memory.Put(bytes.data(), n);
    const std::uint32_t start = static_cast<std::uint32_t>(n * 2654435761U);
    const std::uint32_t expected = BitByBit(start, data, n);
    for (const KernelTable* table : AllLevels()) {
      if (table->crc32c(start, data, n) != expected) FAIL_CHECK(table->name << " length " << n);
    }
  }
}

TEST_CASE("a checksum continued piece by piece is the checksum of the whole",
          "[simd][crc][levels][old]") {
  const std::vector<unsigned char> bytes = Random(9000);
  for (const KernelTable* table : AllLevels()) {
    for (const std::size_t total : {std::size_t{900}, bytes.size()}) {
      const std::uint32_t whole = table->crc32c(0, bytes.data(), total);
      for (std::size_t cut = 0; cut <= total; cut += total > 1000 ? 37 : 1) {
        const std::uint32_t head = table->crc32c(0, bytes.data(), cut);
        if (table->crc32c(head, bytes.data() + cut, total - cut) != whole) {
          FAIL_CHECK(table->name << " cut at " << cut << " of " << total);
        }
      }
    }
  }
}
