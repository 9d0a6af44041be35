// Files of NumPy made by hand.
#pragma once

#include <array>
#include <string>
#include <vector>

#ifdef VECDB_TEST_ZLIB
#include <zlib.h>
#endif

#include "cli_support.h"

#ifdef VECDB_TEST_CLI

namespace vecdb_test {

inline std::string Npy(const std::string& type, const std::string& shape, const std::string& body,
                       int version = 1) {
  std::string text = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
  const std::size_t start = version == 1 ? 10 : 12;
  while ((start + text.size() + 1) % 64 != 0) text += ' ';
  text += '\n';
  std::string bytes = std::string("\x93NUMPY") + static_cast<char>(version) + '\0';
  bytes += version == 1 ? Raw(static_cast<std::uint16_t>(text.size()))
                        : Raw(static_cast<std::uint32_t>(text.size()));
  return bytes + text + body;
}

struct ZipFile {
  std::string name;
  std::string bytes;
  bool deflated = false;
};

inline std::uint32_t ZipCrc(const std::string& bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

inline std::string Packed(const ZipFile& file) {
#ifdef VECDB_TEST_ZLIB
  if (file.deflated) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string packed(file.bytes.size() + 100, '\0');
    std::string in = file.bytes;
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    packed.resize(stream.total_out);
    REQUIRE(deflateEnd(&stream) == Z_OK);
    return packed;
  }
#endif
  return file.bytes;
}

// As numpy.savez and savez_compressed write.
inline std::string Zip(const std::vector<ZipFile>& files) {
  std::string archive;
  std::string directory;
  for (const ZipFile& file : files) {
    const std::string packed = Packed(file);
    const auto size = static_cast<std::uint32_t>(file.bytes.size());
    const auto method = static_cast<std::uint16_t>(file.deflated ? 8 : 0);
    const std::string common =
        Raw(std::uint16_t{20}) + Raw(std::uint16_t{0}) + Raw(method) + Raw(std::uint32_t{0}) +
        Raw(ZipCrc(file.bytes)) + Raw(static_cast<std::uint32_t>(packed.size())) + Raw(size) +
        Raw(static_cast<std::uint16_t>(file.name.size())) + Raw(std::uint16_t{0});
    directory += "PK\1\2" + Raw(std::uint16_t{20}) + common + Raw(std::uint16_t{0}) +
                 Raw(std::uint16_t{0}) + Raw(std::uint16_t{0}) + Raw(std::uint32_t{0}) +
                 Raw(static_cast<std::uint32_t>(archive.size())) + file.name;
    archive += "PK\3\4" + common + file.name + packed;
  }
  const auto count = static_cast<std::uint16_t>(files.size());
  return archive + directory + "PK\5\6" + Raw(std::uint32_t{0}) + Raw(count) + Raw(count) +
         Raw(static_cast<std::uint32_t>(directory.size())) +
         Raw(static_cast<std::uint32_t>(archive.size())) + Raw(std::uint16_t{0});
}

}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
