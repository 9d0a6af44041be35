#include "roles/watermark.h"

#include "base/status.h"
#include "support/catch.h"

using namespace vecdb;
using roles::Watermark;

TEST_CASE("writes become visible in the order of the log", "[roles]") {
  Watermark mark;
  mark.Start(Timestamp{10});
  mark.Begin(Timestamp{11});
  mark.Begin(Timestamp{12});
  mark.Applied(Timestamp{12}, false);
  CHECK(mark.ReadTime() == Timestamp{10});
  mark.Applied(Timestamp{11}, false);
  CHECK(mark.ReadTime() == Timestamp{12});
  CHECK(mark.WaitFor(Timestamp{12}).ok());
}

TEST_CASE("a write that asked for durability is not visible before it is durable", "[roles]") {
  Watermark mark;
  mark.Start(Timestamp{10});
  mark.Begin(Timestamp{11});
  mark.Begin(Timestamp{12});
  mark.Applied(Timestamp{11}, true);
  mark.Applied(Timestamp{12}, false);
  CHECK(mark.ReadTime() == Timestamp{10});
  mark.Durable(Timestamp{11});
  CHECK(mark.ReadTime() == Timestamp{12});
}

TEST_CASE("after a failure nothing more becomes visible and waiters learn why", "[roles]") {
  Watermark mark;
  mark.Start(Timestamp{10});
  mark.Begin(Timestamp{11});
  mark.Applied(Timestamp{11}, true);
  mark.Fail(base::OutcomeUnknown("the disk failed"));
  mark.Durable(Timestamp{11});
  CHECK(mark.ReadTime() == Timestamp{10});
  CHECK(mark.WaitFor(Timestamp{11}).code() == StatusCode::kOutcomeUnknown);
  CHECK(mark.WaitFor(Timestamp{10}).ok());
}

TEST_CASE("a wait for what has begun needs no later write", "[roles]") {
  Watermark mark;
  mark.Start(Timestamp{10});
  CHECK(mark.WaitForBegun(Timestamp{20}, {}).ok());
  mark.Begin(Timestamp{21});
  CHECK(mark.WaitForBegun(Timestamp{20}, {}).ok());
  std::stop_source source;
  source.request_stop();
  const base::Deadline stopped(base::SystemClock(), std::chrono::milliseconds(0),
                               source.get_token());
  CHECK(mark.WaitForBegun(Timestamp{21}, stopped).code() == StatusCode::kCancelled);
  CHECK(mark.WaitFor(Timestamp{21}, stopped).code() == StatusCode::kCancelled);
  mark.Applied(Timestamp{21}, false);
  CHECK(mark.WaitForBegun(Timestamp{21}, stopped).ok());
  CHECK(mark.WaitFor(Timestamp{21}, stopped).ok());
}
