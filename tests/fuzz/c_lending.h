// Bytes as what callers of the C interface lend it: numbers, texts, keys and values of every kind.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/c.h"

#include "fuzz/fuzzing.h"

namespace vecdb::fuzz {

// Zeroes when there is nothing left.
class Input {
 public:
  explicit Input(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }
  std::uint8_t Byte() { return TakeByte(&bytes_); }
  std::size_t Below(std::size_t n) { return Byte() % n; }
  bool Rarely() { return Byte() % 16 == 15; }
  template <typename T>
  T Number() {
    T number = {};
    const std::size_t size = std::min(sizeof(T), bytes_.size());
    if (size != 0) std::memcpy(&number, bytes_.data(), size);
    bytes_ = bytes_.subspan(size);
    return number;
  }
  // Small ones, which are often good, and any.
  std::uint64_t Size() { return Rarely() ? Number<std::uint64_t>() : Byte(); }

 private:
  std::span<const std::byte> bytes_;
};

// What is lent lives until Clear(). Each array has a block of its own, so that a sanitizer sees who
// reads beyond it.
class Lender {
 public:
  explicit Lender(Input* input) : input_(*input) {}

  void Clear() { kept_.clear(); }

  template <typename T>
  std::span<const T> Keep(const std::vector<T>& values) {
    const std::shared_ptr<T[]> kept(new T[values.size()]);
    std::copy(values.begin(), values.end(), kept.get());
    kept_.push_back(kept);
    return {kept.get(), values.size()};
  }
  // Numbers: any, or all of them small.
  template <typename T>
  std::span<const T> Numbers(std::size_t count) {
    const bool small = !input_.Rarely();
    std::vector<T> values(count);
    for (T& value : values) {
      value = small ? static_cast<T>(input_.Below(4)) : input_.Number<T>();
    }
    return Keep(values);
  }
  vecdb_text Text(std::string_view text) {
    const auto kept = Keep(std::vector<char>(text.begin(), text.end()));
    return {kept.data(), kept.size()};
  }
  vecdb_text AnyText() {
    if (input_.Rarely()) return {nullptr, input_.Below(2)};
    const auto kept = Numbers<char>(input_.Below(12));
    return {kept.data(), kept.size()};
  }
  vecdb_key AnyKey() {
    switch (input_.Below(8)) {
      case 0:
        return vecdb_key_int64(input_.Number<std::int64_t>());
      case 1:
        return vecdb_key_text(AnyText());
      case 2: {
        vecdb_key key = vecdb_key_int64(1);
        key.type = static_cast<vecdb_type>(input_.Size());
        return key;
      }
      case 3:
      case 4:
        return vecdb_key_text(Text(std::string(1, static_cast<char>('a' + input_.Below(16)))));
      default:
        return vecdb_key_int64(static_cast<std::int64_t>(input_.Below(16)));
    }
  }
  vecdb_sparse AnySparse() {
    const std::size_t count = input_.Below(4);
    const auto indices = Numbers<std::uint32_t>(count);
    const auto values = Numbers<float>(count);
    return {input_.Rarely() ? nullptr : indices.data(), values.data(), count};
  }
  vecdb_value AnyArray() {
    const std::size_t count = input_.Below(5);
    switch (input_.Below(5)) {
      case 0:
        return vecdb_value_bools(Numbers<std::uint8_t>(count).data(), count);
      case 1:
        return vecdb_value_int64s(Numbers<std::int64_t>(count).data(), count);
      case 2:
        return vecdb_value_doubles(Numbers<double>(count).data(), count);
      case 3:
        return vecdb_value_texts(AnyTexts(count).data(), count);
      default:
        return vecdb_value_null();
    }
  }
  std::span<const vecdb_text> AnyTexts(std::size_t count) {
    std::vector<vecdb_text> texts(count);
    for (vecdb_text& text : texts) text = AnyText();
    return Keep(texts);
  }
  // Of any kind; or of no kind, or of a count and no pointer.
  vecdb_value AnyValue() {
    const std::size_t count = input_.Below(4);
    switch (input_.Below(11)) {
      case 0:
        return vecdb_value_bool(input_.Byte() % 2);
      case 1:
        return vecdb_value_int64(Numbers<std::int64_t>(1)[0]);
      case 2:
        return vecdb_value_double(Numbers<double>(1)[0]);
      case 3:
        return vecdb_value_text(AnyText());
      case 4:
        return vecdb_value_floats(Numbers<float>(count).data(), count);
      case 5: {
        vecdb_value value = vecdb_value_null();
        value.kind = VECDB_VALUE_SPARSE;
        value.as.sparse = AnySparse();
        return value;
      }
      case 6:
        return vecdb_value_int8s(Numbers<std::int8_t>(count).data(), count);
      case 7:
        return vecdb_value_bits(Numbers<std::uint8_t>(count).data(), count);
      case 8:
        return AnyArray();
      case 9: {
        vecdb_value value = vecdb_value_null();  // nothing at all, of some kind
        value.kind = static_cast<vecdb_kind>(input_.Size());
        return value;
      }
      default:
        return vecdb_value_floats(nullptr, static_cast<std::size_t>(input_.Size()));
    }
  }

 private:
  Input& input_;
  std::vector<std::shared_ptr<const void>> kept_;
};

}  // namespace vecdb::fuzz
