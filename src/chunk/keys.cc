#include "chunk/keys.h"

#include <array>
#include <bit>
#include <cstring>

#include "base/format.h"
#include "chunk/text.h"

namespace vecdb::chunk {
namespace {

constexpr std::size_t kRoutedTextBytes = 100;

// The finisher of murmur3-64: every bit of the input moves every bit of the output, one to one.
std::uint64_t Mix(std::uint64_t h) {
  h ^= h >> 33;
  h *= 0xFF51AFD7ED558CCDU;
  h ^= h >> 33;
  h *= 0xC4CEB9FE1A85EC53U;
  h ^= h >> 33;
  return h;
}

std::uint64_t Stir(std::uint64_t h, std::uint64_t word) {
  h ^= std::rotl(word * 0xC2B2AE3D27D4EB4FU, 31) * 0x9E3779B185EBCA87U;
  return std::rotl(h, 27) * 0x9E3779B185EBCA87U + 0x85EBCA77C2B2AE63U;
}

std::uint32_t Murmur3Of(std::uint64_t key) {
  std::uint32_t h = 0;
  for (std::uint32_t block :
       {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)}) {
    block = std::rotl(block * 0xCC9E2D51U, 15) * 0x1B873593U;
    h = std::rotl(h ^ block, 13) * 5 + 0xE6546B64U;
  }
  h ^= sizeof(key);
  h = (h ^ (h >> 16)) * 0x85EBCA6BU;
  h = (h ^ (h >> 13)) * 0xC2B2AE35U;
  return h ^ (h >> 16);
}

constexpr std::array<std::uint32_t, 256> MakeCrcTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
    table[i] = crc;
  }
  return table;
}

std::uint32_t Crc32Of(std::string_view text) {
  static constexpr std::array<std::uint32_t, 256> kTable = MakeCrcTable();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : text)
    crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFFU];
  return ~crc;
}

}  // namespace

void KeyList::Add(KeyView key) {
  if (is_text_) {
    texts_.emplace_back(std::get<std::string_view>(key));
  } else {
    ints_.push_back(std::get<std::int64_t>(key));
  }
}

KeySpan KeyList::View() const {
  if (!is_text_) return std::span<const std::int64_t>(ints_);
  views_.assign(texts_.begin(), texts_.end());
  return std::span<const std::string_view>(views_);
}

Key OwnedKey(KeyView key) {
  if (const auto* integer = std::get_if<std::int64_t>(&key)) return *integer;
  return std::string(std::get<std::string_view>(key));
}

KeyView ViewOf(const Key& key) {
  if (const auto* integer = std::get_if<std::int64_t>(&key)) return *integer;
  return std::string_view(std::get<std::string>(key));
}

std::string ToString(KeyView key) {
  if (const auto* integer = std::get_if<std::int64_t>(&key)) return base::Format("{}", *integer);
  return Quoted(std::get<std::string_view>(key));
}

std::uint64_t HashKey(std::int64_t key) {
  return Mix(static_cast<std::uint64_t>(key) ^ 0x9E3779B97F4A7C15U);
}

std::uint64_t HashKey(std::string_view key) {
  std::uint64_t h = 0x27D4EB2F165667C5U + key.size();
  const char* at = key.data();
  std::size_t left = key.size();
  for (; left >= sizeof(std::uint64_t); left -= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof(word));
    h = Stir(h, word);
    at += sizeof(word);
  }
  if (left != 0) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, left);
    h = Stir(h, word);
  }
  return Mix(h);
}

std::uint64_t HashKey(KeyView key) {
  if (const auto* integer = std::get_if<std::int64_t>(&key)) return HashKey(*integer);
  return HashKey(std::get<std::string_view>(key));
}

std::uint32_t PartOf(KeyView value, std::uint32_t parts) {
  if (parts <= 1) return 0;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    return (Murmur3Of(static_cast<std::uint64_t>(*integer)) & 0x7FFFFFFFU) % parts;
  }
  return Crc32Of(std::get<std::string_view>(value).substr(0, kRoutedTextBytes)) % parts;
}

}  // namespace vecdb::chunk
