#include "base/status.h"

#include <cstdio>
#include <cstdlib>

namespace vecdb {

struct Status::State {
  StatusCode code;
  std::string message;
};

Status::Status(StatusCode code, std::string message) {
  if (code == StatusCode::kOk) return;
  state_ = std::make_shared<const State>(State{code, std::move(message)});
}

StatusCode Status::code() const {
  return ok() ? StatusCode::kOk : state_->code;
}

std::string_view Status::message() const {
  return ok() ? std::string_view() : std::string_view(state_->message);
}

std::string Status::ToString() const {
  if (ok()) return "OK";
  return base::Format("{}: {}", base::NameOf(state_->code), state_->message);
}

bool Status::retryable() const {
  const int number = static_cast<int>(code());
  return number >= 200 && number < 300;
}

void Status::OrDie() const {
  if (ok()) return;
  std::fprintf(stderr, "%s\n", ToString().c_str());
  std::abort();
}

namespace internal {
Status OkIsNotAFailure() {
  return Status(StatusCode::kInternal, "a Result was made from an OK status");
}
}  // namespace internal

namespace base {

std::string_view NameOf(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "OK";
    case StatusCode::kInvalidArgument:
      return "InvalidArgument";
    case StatusCode::kNotFound:
      return "NotFound";
    case StatusCode::kAlreadyExists:
      return "AlreadyExists";
    case StatusCode::kFailedPrecondition:
      return "FailedPrecondition";
    case StatusCode::kUnimplemented:
      return "Unimplemented";
    case StatusCode::kUnavailable:
      return "Unavailable";
    case StatusCode::kResourceExhausted:
      return "ResourceExhausted";
    case StatusCode::kDeadlineExceeded:
      return "DeadlineExceeded";
    case StatusCode::kCancelled:
      return "Cancelled";
    case StatusCode::kIoError:
      return "IoError";
    case StatusCode::kCorruption:
      return "Corruption";
    case StatusCode::kInternal:
      return "Internal";
    case StatusCode::kOutcomeUnknown:
      return "OutcomeUnknown";
  }
  return "Unknown";
}

void Die(const char* file, int line, const char* sentence) {
  std::fprintf(stderr, "vecdb: %s:%d: %s\n", file, line, sentence);
  std::abort();
}

Status Annotate(const Status& status, std::string_view words) {
  if (status.ok()) return status;
  return Status(status.code(), Format("{}: {}", words, status.message()));
}

}  // namespace base
}  // namespace vecdb
