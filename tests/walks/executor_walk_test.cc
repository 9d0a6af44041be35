// A database that runs on the host's threads: background work and shares of large reads go to
// Options::executor, and no thread is started.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

// The host's threads.
class Host {
 public:
  explicit Host(std::size_t threads) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
  }
  ~Host() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  void Run(std::function<void()> task) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
      ++given_;
    }
    changed_.notify_one();
  }
  std::size_t given() {
    const std::lock_guard lock(mutex_);
    return given_;
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return stopping_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      const std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::size_t given_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

Options On(Host& host) {
  Options options;
  options.executor = [&host](std::function<void()> task) { host.Run(std::move(task)); };
  options.search_threads = 3;
  options.query_nodes = 3;
  return options;
}

std::size_t ThreadsOfThisProcess() {
  std::size_t threads = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator("/proc/self/task")) {
    ++threads;
  }
  return threads;
}

}  // namespace

SCENARIO("segments that are full are flushed by the host's threads", "[walk][executor]") {
  Host host(2);
  const std::size_t before = ThreadsOfThisProcess();
  Options options = On(host);
  options.auto_compaction = false;  // it would merge them as they come
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks({.segment_rows = 10});
  for (std::int64_t i = 1; i <= 100; ++i) books.Insert(BatchOf({{i}})).status().OrDie();
  CHECK(Eventually([&] { return books.Stats()->sealed_segments >= 1; }));
  CHECK(host.given() > 0);
  CHECK(ThreadsOfThisProcess() == before);
  CHECK(*ReadAll(books) == ExpectedBetween(1, 100));
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(1, 100));
}

SCENARIO("large reads are shared with the host's threads", "[walk][executor]") {
  Host host(2);
  TestDatabase db(io::MakeMemoryFileSystem(), On(host));
  db.SetSearchTaskBytes(1);
  db.Reopen();
  const std::size_t before = ThreadsOfThisProcess();
  Collection books = db.MakeBooks();
  for (std::int64_t i = 0; i < 5; ++i) {
    books.Insert(BatchOf(BooksBetween(i * 10 + 1, i * 10 + 10))).status().OrDie();
    books.Flush().OrDie();
  }
  CHECK(Eventually([&] {
    (void)books.Search({.query = Book{1}.vector()});
    return db.parts().search_pool->handed_over() > 0;
  }));
  CHECK(ThreadsOfThisProcess() == before);
  CHECK(KeysNear(books, Book{42}.vector(), 1) == std::vector<std::int64_t>{42});
}

SCENARIO("a host that runs nothing loses nothing", "[walk][executor]") {
  Options options;
  std::vector<std::function<void()>> never;
  options.executor = [&never](std::function<void()> task) { never.push_back(std::move(task)); };
  options.search_threads = 4;
  options.query_nodes = 4;
  options.write_buffer_bytes = 1 << 20;
  {
    TestDatabase db(io::MakeMemoryFileSystem(), options);
    db.SetSearchTaskBytes(1);
    db.Reopen();
    Collection books = db.MakeBooks({.segment_rows = 500});
    for (std::int64_t i = 0; i < 20; ++i) {  // past the write buffer: writers help themselves
      books.Insert(BatchOf(BooksBetween(i * 1000 + 1, i * 1000 + 1000))).status().OrDie();
    }
    CHECK(KeysNear(books, Book{42}.vector(), 1) == std::vector<std::int64_t>{42});
    RunDueWork(*db);
    CHECK(books.Stats()->sealed_segments > 0);
    CHECK(*books.Count() == 20'000);
    db.Reopen();
    CHECK(*db.OpenBooks().Count() == 20'000);
  }
  CHECK_FALSE(never.empty());
  for (const auto& task : never) task();  // behind the end of the database: nothing happens
}

SCENARIO("large reads are shared again when the host stops running tasks where it gets them",
         "[walk][executor]") {
  Host host(2);
  std::atomic<bool> busy{true};
  Options options = On(host);
  options.executor = [&](std::function<void()> task) {
    if (busy) return task();  // as a pool does that has no room
    host.Run(std::move(task));
  };
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  db.SetSearchTaskBytes(1);
  db.Reopen();
  Collection books = db.MakeBooks();
  for (std::int64_t i = 0; i < 5; ++i) {
    books.Insert(BatchOf(BooksBetween(i * 10 + 1, i * 10 + 10))).status().OrDie();
    books.Flush().OrDie();
  }
  for (int i = 0; i < 10; ++i) books.Search({.query = Book{1}.vector()}).status().OrDie();
  CHECK(db.parts().search_pool->handed_over() == 0);
  busy = false;
  CHECK(Eventually([&] {
    (void)books.Search({.query = Book{1}.vector()});
    return db.parts().search_pool->handed_over() > 0;
  }));
}

SCENARIO("interval syncs come from RunBackground when the host has the threads",
         "[walk][executor]") {
  Host host(1);
  Options options = On(host);
  options.durability = Durability::kInterval;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks();
  const Timestamp written = books.Insert(BatchOf({{1}}))->timestamp;
  const auto durable = [&] {
    return db.parts().channels.Find(0)->writer->durable_timestamp() >= written;
  };
  CHECK_FALSE(durable());
  db.clock().Advance(std::chrono::milliseconds(100));
  RunDueWork(*db);
  CHECK(durable());
}
