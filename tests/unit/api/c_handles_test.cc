#include "api/c_handles.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "base/status.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb::api;

namespace {

std::atomic<int> alive{0};

struct Counted final : HandleObject {
  explicit Counted(int given = 0) : number(given) { ++alive; }
  ~Counted() override { --alive; }
  int number;
};

Result<std::uint64_t> Open(int number, HandleKind kind = HandleKind::kBatch) {
  VECDB_TRY_ASSIGN(NewHandle made, NewHandle::Make(kind, std::make_unique<Counted>(number)));
  return made.Publish();
}

int NumberIn(const HandlePin& pin) {
  return static_cast<Counted&>(pin.object()).number;
}

StatusCode CodeOf(std::uint64_t handle, HandleKind kind = HandleKind::kBatch) {
  return PinHandle(handle, kind).status().code();
}

constexpr auto kClosed = StatusCode::kFailedPrecondition;
constexpr auto kNone = StatusCode::kInvalidArgument;

}  // namespace

TEST_CASE("a handle finds its object until it is closed, and never again") {
  const std::size_t before = CountOpenHandles();
  const std::uint64_t handle = *Open(17);
  CHECK(handle != 0);
  CHECK(NumberIn(*PinHandle(handle, HandleKind::kBatch)) == 17);
  CHECK(CountOpenHandles() == before + 1);
  CHECK(CloseHandle(handle, HandleKind::kBatch).ok());
  CHECK(alive == 0);
  CHECK(CountOpenHandles() == before);
  for (int i = 0; i < 1000; ++i) {  // the slot serves others; the number does not come back
    const std::uint64_t other = *Open(i);
    CHECK(other != handle);
    CHECK(CodeOf(handle) == kClosed);
    CHECK(CloseHandle(handle, HandleKind::kBatch).code() == kClosed);
    CHECK(CloseHandle(other, HandleKind::kBatch).ok());
  }
}

TEST_CASE("numbers that are no handles are told apart from closed ones") {
  const std::uint64_t handle = *Open(1);
  CHECK(CodeOf(0) == kNone);
  CHECK(CodeOf(1) == kNone);
  CHECK(CodeOf(~std::uint64_t{0}) == kNone);
  CHECK(CodeOf(handle, HandleKind::kRows) == kNone);
  CHECK(CodeOf(handle + (std::uint64_t{1} << 28)) == kNone);  // the next generation
  const std::uint64_t other_kind = handle ^ (std::uint64_t{3} << 24);
  for (int kind = 0; kind < 16; ++kind) {
    CHECK(CodeOf(other_kind, static_cast<HandleKind>(kind)) == kNone);
  }
  CHECK(CodeOf(handle | 0xFF'FFFF) == kNone);  // a slot that was never used
  CHECK(CloseHandle(handle, HandleKind::kRows).code() == kNone);
  CHECK(CodeOf(handle) == StatusCode::kOk);
  CHECK(CloseHandle(handle, HandleKind::kBatch).ok());
}

TEST_CASE("an object lives as long as someone uses it, though its handle was closed") {
  const std::uint64_t handle = *Open(5);
  {
    const auto pin = PinHandle(handle, HandleKind::kBatch);
    REQUIRE(pin.ok());
    CHECK(CloseHandle(handle, HandleKind::kBatch).ok());
    CHECK(CodeOf(handle) == kClosed);
    CHECK(alive == 1);
    CHECK(NumberIn(*pin) == 5);
  }
  CHECK(alive == 0);
}

TEST_CASE("a handle that is not published leaves nothing") {
  const std::size_t before = CountOpenHandles();
  { const auto made = NewHandle::Make(HandleKind::kBatch, std::make_unique<Counted>()); }
  CHECK(alive == 0);
  CHECK(CountOpenHandles() == before);
}

TEST_CASE("thousands of handles are open at once") {
  std::vector<std::uint64_t> handles;
  for (int i = 0; i < 5000; ++i) handles.push_back(*Open(i));
  CHECK(alive == 5000);
  for (int i = 0; i < 5000; ++i) {
    REQUIRE(NumberIn(*PinHandle(handles[static_cast<std::size_t>(i)], HandleKind::kBatch)) == i);
  }
  for (const std::uint64_t handle : handles) REQUIRE(CloseHandle(handle, HandleKind::kBatch).ok());
  CHECK(alive == 0);
}

TEST_CASE("of many threads that close one handle one succeeds, and those that use it are safe") {
  for (int round = 0; round < 50; ++round) {
    const std::uint64_t handle = *Open(round);
    std::atomic<int> closed{0};
    std::atomic<bool> wrong{false};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) {
          const auto pin = PinHandle(handle, HandleKind::kBatch);
          if (pin.ok() && NumberIn(*pin) != round) wrong = true;
          const auto own = Open(-1);
          if (!own.ok() || !CloseHandle(*own, HandleKind::kBatch).ok()) wrong = true;
        }
        if (CloseHandle(handle, HandleKind::kBatch).ok()) ++closed;
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(closed == 1);
    CHECK_FALSE(wrong);
    CHECK(alive == 0);
  }
}
