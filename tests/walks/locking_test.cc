// One writer, or any number of readers: whoever asks, however they come, whatever is done to LOCK.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/temp_directory.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

namespace fs = std::filesystem;

std::size_t cases = 0;
std::size_t double_writers = 0;

Options ReadOnly() {
  Options options = QuietOptions();
  options.read_only = true;
  return options;
}

// Runs `work` in a child process; what it returns is the child's exit status.
int InChild(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// 0: a writer got in. Otherwise the code of the refusal, in what an exit status can hold.
int TryToWrite(const fs::path& path) {
  const auto db = Database::Open(path, QuietOptions());
  return static_cast<int>(db.status().code()) % 256;
}

constexpr int kTaken = static_cast<int>(StatusCode::kUnavailable) % 256;

// Nobody else may write now: neither here nor in another process, by no way to the directory.
void CheckTaken(const fs::path& path, const std::string& how) {
  INFO(how);
  ++cases;
  const auto here = Database::Open(path, QuietOptions());
  if (here.ok()) ++double_writers;
  CHECK(here.status().code() == StatusCode::kUnavailable);
  CHECK(here.status().message().find("in use") != std::string_view::npos);
  ++cases;
  const int elsewhere = InChild([&] { return TryToWrite(path); });
  if (elsewhere == 0) ++double_writers;
  CHECK(elsewhere == kTaken);
}

void CheckFree(const fs::path& path, const std::string& how) {
  INFO(how);
  ++cases;
  CHECK(InChild([&] { return TryToWrite(path); }) == 0);
  ++cases;
  CHECK(Database::Open(path, QuietOptions()).status().ToString() == Status().ToString());
}

// A process that opens the database, says so, and holds it until it is ended.
class Holder {
 public:
  Holder(const fs::path& path, const Options& options) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    child_ = ::fork();
    if (child_ == 0) {
      auto db = Database::Open(path, options);
      const char said = db.ok() ? 'y' : 'n';
      if (db.ok() && !options.read_only) {
        auto books = db->CreateCollection("books", BookSchema());
        if (books.ok()) (void)books->Insert(BatchOf({{1}, {2}, {3}}));
      }
      if (::write(ends[1], &said, 1) != 1) ::_exit(1);
      while (true) ::pause();
    }
    ::close(ends[1]);
    char said = 0;
    opened_ = ::read(ends[0], &said, 1) == 1 && said == 'y';
    ::close(ends[0]);
  }
  ~Holder() { Kill(); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  bool opened() const { return opened_; }
  std::string process() const { return std::to_string(child_); }
  void Kill() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }

 private:
  pid_t child_ = -1;
  bool opened_ = false;
};

void WriteText(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc | std::ios::binary) << text;
}

void SecondWriters(const fs::path& folder) {
  const fs::path path = folder / "db";
  auto first = Database::Open(path, QuietOptions());
  first.status().OrDie();
  CheckTaken(path, "the same path");
  fs::create_directory_symlink(path, folder / "link");
  CheckTaken(folder / "link", "a symbolic link");
  CheckTaken(folder / "link" / ".." / "db" / ".", "a roundabout path");
  CheckRefusal(Database::Open(path, QuietOptions()).status(), StatusCode::kUnavailable,
               {"db'", "process " + std::to_string(::getpid())});

  // Closing any other descriptor of LOCK is no release.
  ::close(::open((path / "LOCK").c_str(), O_RDWR));
  CheckTaken(path, "after an unrelated descriptor of LOCK was closed");
  fs::remove(path / "LOCK");
  CheckTaken(path, "LOCK deleted");
  fs::remove(path / "LOCK");
  WriteText(path / "LOCK", "1\n");
  CheckTaken(path, "LOCK replaced");
  WriteText(path / "LOCK.new", "");
  fs::rename(path / "LOCK.new", path / "LOCK");
  CheckTaken(path, "LOCK replaced by a rename");
  fs::rename(path, folder / "moved");
  CheckTaken(folder / "moved", "the directory renamed");
  {
    ++cases;  // what now has the old name is another database
    CHECK(Database::Open(path, QuietOptions()).ok());
  }
  CHECK(first->CreateCollection("books", BookSchema()).ok());
  Database kept = std::move(*first);
  CheckTaken(folder / "moved", "the object moved");
  kept.Close().OrDie();
  CheckFree(folder / "moved", "closed");
}

void Readers(const fs::path& path) {
  Database::Open(path, QuietOptions()).status().OrDie();
  auto one = Database::Open(path, ReadOnly());
  auto two = Database::Open(path, ReadOnly());
  CHECK(one.ok());
  CHECK(two.ok());
  ++cases;
  CHECK(InChild([&] { return Database::Open(path, ReadOnly()).ok() ? 0 : 1; }) == 0);
  CheckTaken(path, "a writer beside two readers");
  one->Close().OrDie();
  CheckTaken(path, "a writer beside one reader");
  two->Close().OrDie();
  auto writer = Database::Open(path, QuietOptions());
  CHECK(writer.ok());
  ++cases;
  CheckRefusal(Database::Open(path, ReadOnly()).status(), StatusCode::kUnavailable, {"in use"});
  ++cases;
  CHECK(InChild([&] { return Database::Open(path, ReadOnly()).ok() ? 0 : 1; }) == 1);
  ++cases;  // and beside a writer whose LOCK someone deleted
  fs::remove(path / "LOCK");
  CHECK_FALSE(Database::Open(path, ReadOnly()).ok());
  writer->Close().OrDie();
  CheckFree(path, "everyone has closed");
}

void Forks(const fs::path& path) {
  auto db = Database::Open(path, QuietOptions());
  Collection books = *db->CreateCollection("books", BookSchema());
  books.Insert(BatchOf({{1}})).status().OrDie();
  ++cases;
  const int child = InChild([&] {
    const auto refused = [](const Status& status) {
      return status.code() == StatusCode::kFailedPrecondition &&
             status.message().find("fork") != std::string_view::npos;
    };
    if (!refused(books.Insert(BatchOf({{2}})).status())) return 1;
    if (!refused(books.Count().status())) return 2;
    if (!refused(books.Flush())) return 3;
    if (!refused(db->ListCollections().status())) return 4;
    if (!refused(db->DropCollection("books"))) return 5;
    if (TryToWrite(path) != kTaken) return 6;
    if (!db->Close().ok()) return 7;
    { const Database gone = std::move(*db); }
    if (TryToWrite(path) != kTaken) return 8;
    return 0;
  });
  CHECK(child == 0);
  CheckTaken(path, "a child of fork() has closed its copy and ended");
  CHECK(books.Insert(BatchOf({{3}})).ok());
  CHECK(*ReadAll(books) == Books{{1, 0}, {3, 0}});
  db->Close().OrDie();
  auto again = Database::Open(path, QuietOptions());
  CHECK(again->recovery().clean);
  CHECK(*ReadAll(*again->OpenCollection("books")) == Books{{1, 0}, {3, 0}});
}

void KilledHolders(const fs::path& path) {
  for (int round = 0; round < 3; ++round) {
    Holder holder(path, QuietOptions());
    REQUIRE(holder.opened());
    CheckTaken(path, "another process holds it");
    CheckRefusal(Database::Open(path, QuietOptions()).status(), StatusCode::kUnavailable,
                 {"process " + holder.process()});
    holder.Kill();
    CheckFree(path, "the holder was killed");
    auto db = Database::Open(path, QuietOptions());
    CHECK(*ReadAll(*db->OpenCollection("books")) == ExpectedBetween(1, 3));
  }
  Holder reader(path, ReadOnly());
  REQUIRE(reader.opened());
  CheckTaken(path, "a reader in another process");
  ++cases;
  CHECK(Database::Open(path, ReadOnly()).ok());
  reader.Kill();
  CheckFree(path, "the reader was killed");
}

void StrangeLocks(const fs::path& path) {
  Database::Open(path, QuietOptions()).status().OrDie();
  const std::string garbage(10'000, '\xFF');
  for (const std::string& text : {std::string(), std::string("999999999\n"), garbage}) {
    WriteText(path / "LOCK", text);
    CheckFree(path, "a leftover LOCK is no lock");
  }
  fs::remove(path / "LOCK");
  CheckFree(path, "no LOCK at all");
  fs::remove(path / "LOCK");
  ++cases;
  CHECK(Database::Open(path, ReadOnly()).ok());  // the lock on the directory has to do
  CHECK_FALSE(fs::exists(path / "LOCK"));
  ++cases;
  fs::create_directory(path / "LOCK");
  CheckRefusal(Database::Open(path, QuietOptions()).status(), StatusCode::kIoError, {"LOCK"});
  fs::remove(path / "LOCK");
  ++cases;
  fs::create_symlink("FORMAT", path / "LOCK");
  CheckRefusal(Database::Open(path, QuietOptions()).status(), StatusCode::kIoError, {"LOCK"});
  fs::remove(path / "LOCK");
  ++cases;
  REQUIRE(::mkfifo((path / "LOCK").c_str(), 0600) == 0);
  CheckRefusal(Database::Open(path, QuietOptions()).status(), StatusCode::kIoError, {"LOCK"});
  fs::remove(path / "LOCK");
  CheckFree(path, "the strange LOCK is gone");
}

// One LOCK file under two names cannot let two writers into one directory, nor a copy be mistaken.
void SharedFiles(const fs::path& folder) {
  auto first = Database::Open(folder / "a", QuietOptions());
  first.status().OrDie();
  fs::copy(folder / "a", folder / "b", fs::copy_options::recursive);
  CheckFree(folder / "b", "a copy is another directory");
  fs::remove(folder / "b" / "LOCK");
  fs::create_hard_link(folder / "a" / "LOCK", folder / "b" / "LOCK");
  CheckTaken(folder / "b", "its LOCK is that of an open database");
  first->Close().OrDie();
  CheckFree(folder / "b", "that one has closed");
}

void FailedOpens(const fs::path& path) {
  Database::Open(path, QuietOptions()).status().OrDie();
  std::ifstream in(path / "FORMAT", std::ios::binary);
  const std::string format((std::istreambuf_iterator<char>(in)), {});
  std::string damaged = format;
  damaged[20] ^= 1;
  WriteText(path / "FORMAT", damaged);
  ++cases;
  CHECK(Database::Open(path, QuietOptions()).status().code() == StatusCode::kCorruption);
  WriteText(path / "FORMAT", format);
  CheckFree(path, "an open that failed holds nothing");
}

void Races(const fs::path& folder) {
  for (int round = 0; round < 5; ++round) {
    const fs::path path = folder / ("race" + std::to_string(round));
    std::atomic<int> ready{0};
    std::atomic<int> inside{0};
    std::atomic<int> together{0};
    std::atomic<int> tried{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        ++ready;
        while (ready < 8) std::this_thread::yield();
        const auto db = Database::Open(path, QuietOptions());
        if (db.ok() && ++inside > 1) ++together;
        ++tried;
        while (tried < 8) std::this_thread::yield();  // the winner holds it until all have tried
      });
    }
    for (std::thread& thread : threads) thread.join();
    cases += 8;
    double_writers += static_cast<std::size_t>(together);
    CHECK(inside == 1);
  }
  std::vector<pid_t> children;
  int ends[2];
  int begin[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::pipe(begin) == 0);
  for (int i = 0; i < 8; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(begin[1]);
      char go = 0;
      if (::read(begin[0], &go, 1) != 0) ::_exit(1);  // ends when the parent closes its end
      const auto db = Database::Open(folder / "processes", QuietOptions());
      const char said = db.ok() ? 'y' : 'n';
      if (::write(ends[1], &said, 1) != 1) ::_exit(1);
      while (true) ::pause();
    }
    children.push_back(child);
  }
  ::close(begin[0]);
  ::close(begin[1]);
  std::size_t winners = 0;
  for (std::size_t i = 0; i < children.size(); ++i) {
    char said = 0;
    REQUIRE(::read(ends[0], &said, 1) == 1);
    winners += said == 'y' ? 1 : 0;
    ++cases;
  }
  CHECK(winners == 1);
  if (winners > 1) double_writers += winners - 1;
  for (const pid_t child : children) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  ::close(ends[0]);
  ::close(ends[1]);
  CheckFree(folder / "processes", "all of them were killed");
}

}  // namespace

TEST_CASE("a directory has one writer or any number of readers", "[walk][locking]") {
  cases = 0;
  double_writers = 0;
  TempDirectory folder(FastFolder());
  fs::create_directory(folder / "1");
  SecondWriters(folder / "1");
  Readers(folder / "readers");
  Forks(folder / "forks");
  KilledHolders(folder / "killed");
  StrangeLocks(folder / "strange");
  fs::create_directory(folder / "2");
  SharedFiles(folder / "2");
  FailedOpens(folder / "failed");
  Races(folder.path());
  std::printf("FIG lock.cases=%zu double_writer=%zu\n", cases, double_writers);
  CHECK(double_writers == 0);
}

SCENARIO("readers make do without the lock file, and still keep writers out", "[walk][lock]") {
  const TempDirectory folder;
  Database::Open(folder.path(), QuietOptions()).status().OrDie();
  std::filesystem::remove(folder / "LOCK");
  Options reading = QuietOptions();
  reading.read_only = true;
  const auto one = Database::Open(folder.path(), reading);
  REQUIRE(one.ok());
  CHECK(Database::Open(folder.path(), reading).ok());
  CHECK_FALSE(std::filesystem::exists(folder / "LOCK"));
  CHECK(Database::Open(folder.path(), QuietOptions()).status().code() == StatusCode::kUnavailable);
}
