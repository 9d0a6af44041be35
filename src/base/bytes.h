// The only encoder and decoder of bytes: little-endian, bounds-checked. Everything read from disk
// goes through ByteReader, which refuses a length before anything is allocated for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/status.h"

namespace vecdb::base {

using Bytes = std::vector<std::byte>;

inline std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class ByteWriter {
 public:
  explicit ByteWriter(Bytes* out) : out_(out) {}

  template <typename T>
  void Put(T value) {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    const std::size_t at = out_->size();
    out_->resize(at + sizeof(T));
    std::memcpy(out_->data() + at, &value, sizeof(T));
  }
  void PutBytes(std::span<const std::byte> bytes) {
    out_->insert(out_->end(), bytes.begin(), bytes.end());
  }
  // u32 length, then the bytes.
  void PutText(std::string_view text) {
    Put(static_cast<std::uint32_t>(text.size()));
    PutBytes(AsBytes(text));
  }
  std::size_t size() const { return out_->size(); }

 private:
  Bytes* out_;
};

// Reads forward over bytes that it does not own. Every failure is kCorruption naming `what` (what
// is being read, for the message) and the offset; after a failure the reader stays where it was.
class ByteReader {
 public:
  ByteReader(std::span<const std::byte> bytes, std::string_view what)
      : bytes_(bytes), what_(what) {}

  template <typename T>
  Status Get(T* out) {
    static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>);
    if (remaining() < sizeof(T)) return Short(sizeof(T));
    std::memcpy(out, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return Status();
  }
  // A bool is one byte, 0 or 1.
  Status GetBool(bool* out);
  // `out` is lent from the bytes read.
  Status GetBytes(std::size_t size, std::span<const std::byte>* out) {
    if (remaining() < size) return Short(size);
    *out = bytes_.subspan(at_, size);
    at_ += size;
    return Status();
  }
  Status GetText(std::string_view* out, std::size_t max_size);
  Status GetText(std::string* out, std::size_t max_size);
  // A u32 count of elements of at least `element_size` encoded bytes each: refused unless that
  // many bytes remain, so it is safe to reserve for it.
  Status GetCount(std::uint32_t* out, std::size_t element_size);
  Status Skip(std::size_t size);
  // Failure unless every byte has been read.
  Status ExpectEnd() const;
  Status Bad(std::string_view problem) const;  // kCorruption with `what` and the offset

  std::size_t remaining() const { return bytes_.size() - at_; }
  std::size_t offset() const { return at_; }

 private:
  Status Short(std::size_t needed) const;

  std::span<const std::byte> bytes_;
  std::string_view what_;
  std::size_t at_ = 0;
};

// a * b, or kCorruption naming `what` when it does not fit.
Result<std::size_t> CheckedMultiply(std::size_t a, std::size_t b, std::string_view what);

}  // namespace vecdb::base
