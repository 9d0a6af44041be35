// The last door: nothing that vecdb or the standard library throws leaves through the API.
#pragma once

#include <exception>
#include <new>
#include <system_error>
#include <utility>

#include <cxxabi.h>

#include "base/status.h"

namespace vecdb::api {

// What `function` returns (a Status or a Result); when memory ran out, what `out_of_memory` says.
template <typename F, typename OutOfMemory>
auto Guarded(F&& function, const OutOfMemory& out_of_memory) -> decltype(function()) {
  try {
    return std::forward<F>(function)();
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  } catch (const std::system_error& error) {  // threads, mostly: there are no more to be had
    return base::ResourceExhausted("the system refused: {}", error.what());
  } catch (const std::exception& error) {
    return base::Internal("an exception reached the API: {}", error.what());
#ifdef __GLIBCXX__
  } catch (const abi::__forced_unwind&) {  // the host cancels this thread
    throw;
#endif
  } catch (...) {  // functions of the host's may throw anything
    return base::Internal("something that is no std::exception reached the API");
  }
}

template <typename F>
auto Guarded(F&& function) -> decltype(function()) {
  return Guarded(std::forward<F>(function), [] { return base::ReadyMade::OutOfMemory(); });
}

}  // namespace vecdb::api
