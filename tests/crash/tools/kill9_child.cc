// A process that writes into a database and does not live long. See support/kill_life.h for what it
// says while it does.
//
//   crash_kill9_child DIRECTORY PIPE SEED LIFE STEPS [POINT OCCURRENCE]
//
// With a POINT (base::KillPoint) it ends itself by SIGKILL when it gets there for the OCCURRENCEth
// time. Without STEPS left it closes the database and exits with 0.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>

#include <unistd.h>

#include "base/canary.h"
#include "support/kill_life.h"
#include "support/seed.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

struct Wanted {
  const char* point = nullptr;
  std::atomic<int> left{0};
};
Wanted wanted;

void DieIfWanted(const char* name) {
  if (std::strcmp(name, wanted.point) != 0 || --wanted.left != 0) return;
  ::kill(::getpid(), SIGKILL);
  ::pause();  // the signal is on its way
}

int pipe_end = -1;

// Lines below PIPE_BUF are never mixed with another thread's.
void Say(const std::string& line) {
  const std::string text = line + "\n";
  if (::write(pipe_end, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    std::exit(3);  // nobody listens
  }
}
void SayWrong(const std::string& what) {
  std::string text = "W " + what.substr(0, 400);
  for (char& c : text) c = c == '\n' ? ' ' : c;
  Say(text);
}

void TellRows(const std::string& name, const Books& books) {
  Say("R " + name + " " + std::to_string(books.size()));
  std::string line = "B";
  for (const auto& [id, version] : books) {
    line += " " + std::to_string(id) + " " + std::to_string(version);
    if (line.size() < 3'000) continue;
    Say(line);
    line = "B";
  }
  if (line.size() > 1) Say(line);
}

// The vectors of some rows find what they should.
void SearchSome(const Collection& collection, const Books& books, Random& random) {
  constexpr std::size_t kLimit = 64;
  const std::string name(collection.name());
  const auto vectors = VectorsOf(collection.schema(), books);
  const std::size_t step = books.size() / 30 + 1;
  std::size_t place = random.Below(step);
  for (const auto& [key, vector] : vectors) {
    if (place++ % step != 0) continue;
    const auto searched = CheckSearchFor(collection, vector, vectors, kLimit);
    if (!searched.ok()) return SayWrong("a search failed: " + searched.status().ToString());
    if (searched->empty()) continue;
    SayWrong("'" + name + "' searched for the vector of key " +
             std::to_string(std::get<std::int64_t>(key)) + ": " + *searched);
  }
}

void TellCollection(const Collection& collection, Random& random) {
  const std::string name(collection.name());
  const auto books = ReadRows(collection);
  if (!books.ok()) return SayWrong("reading '" + name + "': " + books.status().ToString());
  const auto count = collection.Count();
  if (!count.ok() || *count != books->size()) SayWrong("'" + name + "' counts wrong");
  SearchSome(collection, *books, random);
  TellRows(name, *books);
}

void TellAll(Database& database, Random& random) {
  const RecoveryReport& report = database.recovery();
  if ((report.discarded_bytes != 0) == report.detail.empty()) {
    SayWrong(std::to_string(report.discarded_bytes) + " bytes were discarded because of '" +
             report.detail + "'");
  }
  const auto names = database.ListCollections();
  if (!names.ok()) return SayWrong("listing: " + names.status().ToString());
  for (const std::string& name : *names) TellCollection(*database.OpenCollection(name), random);
  Say("E");
}

void Write(Database& database, std::size_t writer, const Workload& steps) {
  base::ManualClock unused;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string which = std::to_string(writer) + " " + std::to_string(i);
    Say("S " + which);
    const Status status = Perform(database, steps[i], unused);
    Say("A " + which + " " + std::to_string(static_cast<int>(status.code())));
  }
}

std::uint64_t SystemRandom() {
  static thread_local std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

// Every second directory has its collections in channels of their own.
Result<Database> Open(const char* directory, std::uint64_t seed, LoadMode load) {
  auto fs = io::OpenDirectory(directory, /*create=*/true);
  if (!fs.ok()) return fs.status();
  Options options;
  options.sync_interval = std::chrono::milliseconds(10);
  options.load = load;
  options.channels = options.streaming_nodes = 1 + seed % 2;
  constexpr std::uint64_t kLogBytes = 30'000;  // so that logs follow each other quickly
  return api::DatabaseAccess::Open(roles::Environment{.fs = *fs,
                                                      .clock = &base::SystemClock(),
                                                      .random = SystemRandom,
                                                      .log_bytes = kLogBytes,
                                                      .least_indexed_rows = 1},
                                   options);
}

int Live(const char* directory, std::uint64_t seed, std::uint64_t life, std::size_t steps) {
  Random random(seed + life);
  auto opened = Open(directory, seed, life % 2 == 0 ? LoadMode::kMapped : LoadMode::kResident);
  if (!opened.ok()) {
    SayWrong("opening: " + opened.status().ToString());
    return 1;
  }
  Database database = std::move(*opened);
  if (const Status restored = RestoreNames(database); !restored.ok()) {
    SayWrong("restoring names: " + restored.ToString());
  }
  Say("O");
  TellAll(database, random);
  if (random.Chance(50)) {
    if (const Status flushed = database.Flush(); !flushed.ok()) {
      SayWrong("flushing: " + flushed.ToString());
    }
  }
  const std::vector<Workload> all = StepsOfLife(seed, life, steps);
  std::vector<std::thread> writers;
  for (std::size_t i = 0; steps != 0 && i < all.size(); ++i) {
    writers.emplace_back([&database, &all, i] { Write(database, i, all[i]); });
  }
  for (std::thread& writer : writers) writer.join();
  if (const Status closed = database.Close(); !closed.ok()) {
    SayWrong("closing: " + closed.ToString());
  }
  Say("C");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6 && argc != 8) return 2;
  ::signal(SIGPIPE, SIG_IGN);
  pipe_end = std::atoi(argv[2]);
  if (argc == 8) {
    wanted.point = argv[6];
    wanted.left = std::atoi(argv[7]);
    base::SetKillPointHandler(&DieIfWanted);
  }
  const auto number = [&](int i) { return std::strtoull(argv[i], nullptr, 10); };
  return Live(argv[1], number(3), number(4), number(5));
}
