#include "simd/kernel_tables.h"

namespace vecdb::simd {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // Castagnoli, reflected

// of[k][b]: the remainder of byte b followed by k zero bytes.
struct Tables {
  std::uint32_t of[8][256];
};

constexpr Tables MakeTables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables.of[0][byte] = crc;
  }
  for (int zeros = 1; zeros < 8; ++zeros) {
    for (int byte = 0; byte < 256; ++byte) {
      const std::uint32_t crc = tables.of[zeros - 1][byte];
      tables.of[zeros][byte] = (crc >> 8) ^ tables.of[0][crc & 0xFF];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

std::uint32_t Load32(const unsigned char* p) {
  return static_cast<std::uint32_t>(p[0]) | static_cast<std::uint32_t>(p[1]) << 8 |
         static_cast<std::uint32_t>(p[2]) << 16 | static_cast<std::uint32_t>(p[3]) << 24;
}

}  // namespace

std::uint32_t Crc32cTable(std::uint32_t crc, const void* data, std::size_t n) {
  const unsigned char* p = static_cast<const unsigned char*>(data);
  crc = ~crc;
  for (; n >= 8; n -= 8, p += 8) {
    const std::uint32_t low = Load32(p) ^ crc;
    const std::uint32_t high = Load32(p + 4);
    crc = kTables.of[7][low & 0xFF] ^ kTables.of[6][(low >> 8) & 0xFF] ^
          kTables.of[5][(low >> 16) & 0xFF] ^ kTables.of[4][low >> 24] ^
          kTables.of[3][high & 0xFF] ^ kTables.of[2][(high >> 8) & 0xFF] ^
          kTables.of[1][(high >> 16) & 0xFF] ^ kTables.of[0][high >> 24];
  }
  for (; n > 0; --n, ++p) crc = (crc >> 8) ^ kTables.of[0][(crc ^ *p) & 0xFF];
  return ~crc;
}

}  // namespace vecdb::simd
