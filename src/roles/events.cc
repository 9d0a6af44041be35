#include "roles/events.h"

namespace vecdb {

std::string_view ToString(EventType type) {
  switch (type) {
    case EventType::kSealed:
      return "Sealed";
    case EventType::kFlushed:
      return "Flushed";
    case EventType::kFailed:
      return "Failed";
    case EventType::kCompacted:
      return "Compacted";
    case EventType::kIndexed:
      return "Indexed";
  }
  return "unknown";
}

}  // namespace vecdb

namespace vecdb::roles {

void Events::Emit(const Event& event) {
  if (!listener_) return;
  const auto tell = [&] {
    base::MutexLock lock(mutex_);
    listener_(event);
    return Status();
  };
  const Status told = guard_(std::ref(tell));
  if (told.ok()) return;
  const auto complain = [&] {
    log_.Write(LogLevel::kWarning, "the listener threw at {}: {}", ToString(event.type),
               told.message());
    return Status();
  };
  (void)guard_(std::ref(complain));
}

}  // namespace vecdb::roles
