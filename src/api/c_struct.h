// Structs of the C API that may grow: the caller says how many bytes of one it knows.
//
// Each type T specialises CStruct<T>: its name, its defaults, and the size it had at first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "vecdb/status.h"

#include "api/c_call.h"
#include "base/status.h"

namespace vecdb::api {

template <typename T>
struct CStruct;

template <typename T>
Status CheckStruct(const T* given) {
  constexpr std::string_view kName = CStruct<T>::kName;
  if (given == nullptr) return IsNull(kName);
  if (given->struct_size >= CStruct<T>::kFirstSize && given->struct_size <= sizeof(T)) {
    return Status();
  }
  return base::InvalidArgument(
      "{} has a struct_size of {}, this library knows {} to {}: set it up with {}_init, and do not "
      "use the headers of a later vecdb",
      kName, given->struct_size, CStruct<T>::kFirstSize, sizeof(T), kName);
}

// What the caller wrote, and the defaults for what came later.
template <typename T>
Result<T> ReadStruct(const T* given) {
  VECDB_TRY(CheckStruct(given));
  T whole = CStruct<T>::Defaults();
  std::memcpy(&whole, given, given->struct_size);
  return whole;
}

// The same for a struct that may be left out.
template <typename T>
Result<T> ReadOptional(const T* given) {
  if (given == nullptr) return CStruct<T>::Defaults();
  return ReadStruct(given);
}

// As much of `whole` as the caller has room for.
template <typename T>
Status WriteStruct(T whole, T* out) {
  VECDB_TRY(CheckStruct(out));
  whole.struct_size = out->struct_size;
  std::memcpy(out, &whole, whole.struct_size);
  return Status();
}

// Fills `size` bytes, those unknown here with zeros. Nothing when there is no room for a size.
template <typename T>
void InitStruct(T* out, std::size_t size) noexcept {
  if (out == nullptr || size < sizeof(size)) return;
  T whole = CStruct<T>::Defaults();
  whole.struct_size = size;
  std::memset(static_cast<void*>(out), 0, size);
  std::memcpy(static_cast<void*>(out), &whole, std::min(size, sizeof(T)));
}

}  // namespace vecdb::api
