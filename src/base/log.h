// Where vecdb tells its host what it does: Options::log, one call at a time.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "vecdb/options.h"

#include "base/format.h"
#include "base/mutex.h"

namespace vecdb::base {

// Thread-safe.
class Log {
 public:
  explicit Log(std::function<void(LogLevel, std::string_view)> sink) : sink_(std::move(sink)) {}

  template <class... Args>
  void Write(LogLevel level, fmt::format_string<Args...> format, Args&&... arguments) {
    if (!sink_) return;
    const std::string line = FormatErased(format, fmt::make_format_args(arguments...));
    MutexLock lock(mutex_);
    sink_(level, line);
  }

 private:
  const std::function<void(LogLevel, std::string_view)> sink_;
  Mutex mutex_;
};

}  // namespace vecdb::base
