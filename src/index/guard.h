// The door of engines: what they throw becomes a Status.
#pragma once

#include <exception>
#include <new>
#include <string_view>

#include <cxxabi.h>

#include "base/status.h"

namespace vecdb::index {

// What `call` returns: a Status or a Result.
template <class Call>
auto Guarded(const Call& call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return base::ReadyMade::OutOfMemory();
  } catch (const std::exception& error) {
    // hnswlib's words where malloc() gives nothing.
    if (std::string_view(error.what()).substr(0, 17) == "Not enough memory") {
      return base::ReadyMade::OutOfMemory();
    }
    return base::Internal("an engine threw: {}", error.what());
#ifdef __GLIBCXX__
  } catch (const abi::__forced_unwind&) {  // the host cancels this thread
    throw;
#endif
  } catch (...) {
    return base::Internal("an engine threw something that is no std::exception");
  }
}

}  // namespace vecdb::index
