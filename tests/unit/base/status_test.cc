#include "base/status.h"

#include "support/catch.h"

using namespace vecdb;

namespace {

Result<int> Half(int value) {
  if (value % 2 != 0) return base::InvalidArgument("{} is odd", value);
  return value / 2;
}

Result<int> Quarter(int value) {
  VECDB_TRY_ASSIGN(const int half, Half(value));
  VECDB_TRY_ASSIGN(const int quarter, Half(half));
  return quarter;
}

}  // namespace

TEST_CASE("a status says its code in words and its message", "[base]") {
  CHECK(Status().ok());
  CHECK(Status().ToString() == "OK");
  CHECK(base::NotFound("no collection named '{}'", "books").ToString() ==
        "NotFound: no collection named 'books'");
  CHECK(base::Annotate(base::IoError("disk"), "opening 'x'").message() == "opening 'x': disk");
  CHECK(base::Annotate(Status(), "opening").ok());
  CHECK(base::Unavailable("busy").retryable());
  CHECK_FALSE(base::Corruption("bad").retryable());
}

TEST_CASE("a failure is passed up with its code, a value with its value", "[base]") {
  CHECK(*Quarter(12) == 3);
  CHECK(Quarter(6).status().message() == "3 is odd");
  CHECK(Quarter(5).status().code() == StatusCode::kInvalidArgument);
}

TEST_CASE("a Result made from an OK status is an internal failure, not a value", "[base]") {
  const Result<int> wrong = Status();
  CHECK_FALSE(wrong.ok());
  CHECK(wrong.status().code() == StatusCode::kInternal);
}
