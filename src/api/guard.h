// The last door: nothing that vecdb or the standard library throws leaves through the API.
#pragma once

#include <exception>
#include <new>
#include <utility>

#include "base/status.h"

namespace vecdb::api {

// What `function` returns (a Status or a Result); kResourceExhausted when memory ran out.
template <typename F>
auto Guarded(F&& function) -> decltype(function()) {
  try {
    return std::forward<F>(function)();
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kResourceExhausted, "out of memory");
  } catch (const std::exception& error) {
    return base::Internal("an exception reached the API: {}", error.what());
  }
}

}  // namespace vecdb::api
