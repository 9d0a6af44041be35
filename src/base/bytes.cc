#include "base/bytes.h"

namespace vecdb::base {

Status ByteReader::Short(std::size_t needed) const {
  return Corruption("{} at offset {}: needs {} bytes, {} remain", what_, at_, needed, remaining());
}

Status ByteReader::Bad(std::string_view problem) const {
  return Corruption("{} at offset {}: {}", what_, at_, problem);
}

Status ByteReader::GetBool(bool* out) {
  std::uint8_t byte = 0;
  VECDB_TRY(Get(&byte));
  if (byte > 1) {
    --at_;
    return Bad("a boolean is neither 0 nor 1");
  }
  *out = byte == 1;
  return Status();
}

Status ByteReader::GetText(std::string_view* out, std::size_t max_size) {
  const std::size_t start = at_;
  std::uint32_t size = 0;
  VECDB_TRY(Get(&size));
  if (size > max_size || size > remaining()) {
    at_ = start;
    return Bad("a text is longer than its limit or the bytes that remain");
  }
  *out = AsText(bytes_.subspan(at_, size));
  at_ += size;
  return Status();
}

Status ByteReader::GetText(std::string* out, std::size_t max_size) {
  std::string_view text;
  VECDB_TRY(GetText(&text, max_size));
  out->assign(text);
  return Status();
}

Status ByteReader::GetCount(std::uint32_t* out, std::size_t element_size) {
  const std::size_t start = at_;
  std::uint32_t count = 0;
  VECDB_TRY(Get(&count));
  if (element_size != 0 && count > remaining() / element_size) {
    at_ = start;
    return Bad("a count promises more elements than bytes remain");
  }
  *out = count;
  return Status();
}

Status ByteReader::Skip(std::size_t size) {
  std::span<const std::byte> ignored;
  return GetBytes(size, &ignored);
}

Status ByteReader::ExpectEnd() const {
  return remaining() == 0 ? Status() : Bad("bytes follow where the end should be");
}

Result<std::size_t> CheckedMultiply(std::size_t a, std::size_t b, std::string_view what) {
  std::size_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) {
    return Corruption("{}: {} times {} overflows", what, a, b);
  }
  return product;
}

}  // namespace vecdb::base
