// What every function of the C API is wrapped in: no exception leaves, the caller's error is
// filled, handles are looked up, and what was lent is measured before it is touched.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "vecdb/c.h"
#include "vecdb/status.h"

#include "api/c_handles.h"
#include "api/guard.h"
#include "base/status.h"

namespace vecdb::api {

// The status as the caller's error (which may be null), and its code.
vecdb_code Report(const Status& status, vecdb_error* error) noexcept;

template <typename F>
vecdb_code Call(vecdb_error* error, F&& function) noexcept {
  return Report(Guarded(std::forward<F>(function)), error);
}

// ---- what was lent --------------------------------------------------------------------

Status IsNull(std::string_view what);

// `count` objects at `data`: kInvalidArgument when there is a count and no pointer, or more than
// can be in memory.
template <typename T>
Result<std::span<const T>> Lent(const T* data, std::size_t count, std::string_view what) {
  if (data == nullptr && count != 0) {
    return base::InvalidArgument("{} is NULL, with a count of {}", what, count);
  }
  if (count > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / sizeof(T)) {
    return base::InvalidArgument("{} has a count of {}, which no memory can hold", what, count);
  }
  return std::span<const T>(data, count);
}

Result<std::string_view> Lent(const vecdb_text& text, std::string_view what);

inline vecdb_text Lend(std::string_view text) {
  return {text.data(), text.size()};
}

Result<bool> FlagOf(std::uint8_t number, std::string_view what);

// A number as the enum E (whose values are bytes); whether it names one is for others to say.
template <typename E>
Result<E> EnumOf(std::int32_t number, std::string_view what) {
  if (number < 0 || number > std::numeric_limits<std::uint8_t>::max()) {
    return base::InvalidArgument("{} is {}, which is no number of one", what, number);
  }
  return static_cast<E>(number);
}

// ---- handles --------------------------------------------------------------------------
// An object type T names its C type (T::Handle) and kind (T::kKind).

template <typename T>
std::uint64_t NumberOf(const T* handle) {
  return reinterpret_cast<std::uintptr_t>(handle);
}

template <typename T>
class Used {
 public:
  explicit Used(HandlePin pin) : pin_(std::move(pin)) {}
  T& operator*() const { return static_cast<T&>(pin_.object()); }
  T* operator->() const { return &**this; }

 private:
  HandlePin pin_;
};

// The object of an open handle, alive as long as the result.
template <typename T>
Result<Used<T>> Use(const typename T::Handle* handle) {
  VECDB_TRY_ASSIGN(HandlePin pin, PinHandle(NumberOf(handle), T::kKind));
  return Used<T>(std::move(pin));
}

template <typename T>
class Made {
 public:
  explicit Made(NewHandle handle) : handle_(std::move(handle)) {}
  T& operator*() const { return static_cast<T&>(handle_.object()); }
  T* operator->() const { return &**this; }
  typename T::Handle* Publish() {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a number dressed as a pointer, never followed
    return reinterpret_cast<typename T::Handle*>(handle_.Publish());
  }

 private:
  NewHandle handle_;
};

// An object whose handle can be published without failing.
template <typename T>
Result<Made<T>> Make() {
  static_assert(sizeof(std::uintptr_t) == sizeof(std::uint64_t));
  VECDB_TRY_ASSIGN(NewHandle handle, NewHandle::Make(T::kKind, std::make_unique<T>()));
  return Made<T>(std::move(handle));
}

// A call that stores a new handle in *out: made first, filled by `fill`, given out when that went
// well.
template <typename T, typename F>
vecdb_code CallMaking(typename T::Handle** out, vecdb_error* error, F&& fill) noexcept {
  return Call(error, [&]() -> Status {
    if (out == nullptr) return IsNull("out");
    *out = nullptr;
    VECDB_TRY_ASSIGN(Made<T> made, Make<T>());
    VECDB_TRY(fill(*made));
    *out = made.Publish();
    return Status();
  });
}

// A call on the object of a handle.
template <typename T, typename F>
vecdb_code CallUsing(const typename T::Handle* handle, vecdb_error* error, F&& function) noexcept {
  return Call(error, [&]() -> Status {
    VECDB_TRY_ASSIGN(const Used<T> used, Use<T>(handle));
    return function(*used);
  });
}

// For calls that have no error to fill: 0 for what is no handle.
template <typename T, typename F>
std::size_t CountIn(const typename T::Handle* handle, F&& count) noexcept {
  std::size_t counted = 0;
  (void)CallUsing<T>(handle, nullptr, [&](T& object) {
    counted = count(object);
    return Status();
  });
  return counted;
}

template <typename T>
vecdb_code Free(const typename T::Handle* handle) noexcept {
  if (handle == nullptr) return VECDB_OK;
  return Call(nullptr, [&] { return CloseHandle(NumberOf(handle), T::kKind); });
}

// Element i of a list that a handle lends.
template <typename List>
auto ElementOf(const List& list, std::size_t i, std::string_view what)
    -> Result<decltype(&list[i])> {
  if (i >= list.size()) {
    return base::InvalidArgument("there is no {} {}: the handle holds {}", what, i, list.size());
  }
  return &list[i];
}

}  // namespace vecdb::api
