#include <atomic>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/task_queue.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb::base;

namespace {

// Keeps what it is given until the test lets it run.
struct Kept {
  std::deque<TaskQueue::Task> tasks;

  TaskQueue::Executor AsExecutor() {
    return [this](TaskQueue::Task task) { tasks.push_back(std::move(task)); };
  }
  void RunAll() {
    while (!tasks.empty()) {
      const TaskQueue::Task task = std::move(tasks.front());
      tasks.pop_front();
      task();
    }
  }
};

}  // namespace

TEST_CASE("an executor is asked once for each task, and runs it when it likes",
          "[base][executor]") {
  Kept kept;
  TaskQueue queue(kept.AsExecutor(), SystemClock());
  int ran = 0;
  for (int i = 0; i < 3; ++i) queue.Post([&] { ++ran; });
  CHECK(kept.tasks.size() == 3);
  CHECK(ran == 0);
  kept.RunAll();
  CHECK(ran == 3);
}

TEST_CASE("tasks of an executor may post tasks", "[base][executor]") {
  Kept kept;
  TaskQueue queue(kept.AsExecutor(), SystemClock());
  int ran = 0;
  queue.Post([&] {
    ++ran;
    queue.Post([&] { ++ran; });
  });
  kept.RunAll();
  CHECK(ran == 2);
}

TEST_CASE("what an executor never runs is left to RunFor", "[base][executor]") {
  Kept kept;
  TaskQueue queue(kept.AsExecutor(), SystemClock());
  int ran = 0;
  queue.Post([&] { ++ran; });
  queue.RunFor(std::chrono::seconds(1));
  CHECK(ran == 1);
  kept.RunAll();  // comes late: there is nothing left
  CHECK(ran == 1);
}

TEST_CASE("what an executor runs within its call does nothing, and the task stays",
          "[base][executor]") {
  TaskQueue queue([](const TaskQueue::Task& task) { task(); }, SystemClock());
  int ran = 0;
  queue.Post([&] { ++ran; });
  CHECK(ran == 0);
  queue.RunFor(std::chrono::seconds(1));
  CHECK(ran == 1);
}

TEST_CASE("what an executor runs behind the end of the queue does nothing", "[base][executor]") {
  Kept kept;
  int ran = 0;
  {
    TaskQueue queue(kept.AsExecutor(), SystemClock());
    queue.Post([&] { ++ran; });
    queue.Stop();
    kept.tasks.front()();
    queue.Post([&] { ++ran; });  // later posts do nothing
  }
  kept.RunAll();
  CHECK(ran == 0);
}

TEST_CASE("the end of a queue waits for the task that an executor runs", "[base][executor]") {
  for (int round = 0; round < 50; ++round) {
    std::atomic<bool> begun{false};
    std::atomic<bool> may_end{false};
    std::atomic<bool> ended{false};
    std::vector<std::thread> threads;
    {
      TaskQueue queue([&](TaskQueue::Task task) { threads.emplace_back(std::move(task)); },
                      SystemClock());
      queue.Post([&] {
        begun = true;
        while (!may_end) std::this_thread::yield();
        ended = true;
      });
      while (!begun) std::this_thread::yield();
      threads.emplace_back([&] { may_end = true; });
    }
    CHECK(ended);
    for (std::thread& thread : threads) thread.join();
  }
}

TEST_CASE("tasks run once each on many threads of an executor", "[base][executor]") {
  constexpr int kTasks = 300;
  std::vector<std::atomic<int>> ran(kTasks);
  std::vector<std::thread> threads;
  threads.reserve(kTasks);
  {
    TaskQueue queue([&](TaskQueue::Task task) { threads.emplace_back(std::move(task)); },
                    SystemClock());
    for (std::atomic<int>& times : ran) queue.Post([&times] { ++times; });
    for (std::thread& thread : threads) thread.join();
  }
  for (const std::atomic<int>& times : ran) CHECK(times == 1);
}
