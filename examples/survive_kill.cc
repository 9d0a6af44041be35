// Kills a process that is writing and finds every row that was acknowledged to it.
//
//   survive_kill [FOLDER [DATABASE]]    writes the passages of FOLDER (.) into DATABASE, again and
//                                       again (survive_kill.vecdb); 3 writers are killed
//
// Exits with 1 when a row is missing or not what was written. A kill is not a power cut, but with
// Durability::kEveryWrite, the default, acknowledged rows survive that as well.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>
#include <vecdb/vecdb.h>

#include "folder.h"
#include "terminal.h"
#include "text.h"

using namespace vecdb;

namespace {

constexpr std::int64_t kRowsPerBatch = 10;

Collection OpenPassages(Database& db) {
  return *db.CreateCollection(
      "passages", *SchemaBuilder()
                       .PrimaryKey("number")
                       .Scalar("text", DataType::kVarChar)
                       .Vector("meaning", text::TextVectors::kDimension, Metric::kCosine)
                       .Build());
}

// What stands in row `number`, for the writer and for whoever looks whether it is there.
struct Rows {
  std::vector<std::string> texts;
  text::TextVectors vectors;

  const std::string& Text(std::int64_t number) const {
    return texts[static_cast<std::size_t>(number) % texts.size()];
  }
  std::vector<float> Meaning(std::int64_t number) const { return vectors.Of(Text(number)); }
};

Rows RowsFrom(const std::filesystem::path& folder) {
  Rows rows;
  std::error_code ignored;
  for (const folder::File& file : folder::List(folder, &ignored)) {
    for (text::Passage& passage : text::CutIntoPassages(folder::Read(file).text)) {
      rows.texts.emplace_back(text::CutAt(passage.text, 2000));
    }
  }
  if (rows.texts.empty()) rows.texts.emplace_back("This folder has no text, so this is written.");
  return rows;
}

// The child's whole life: inserts a batch, tells how many rows are acknowledged, and again.
[[noreturn]] void WriteUntilKilled(const std::filesystem::path& directory, const Rows& rows,
                                   int acknowledged) {
  Database db = *Database::Open(directory);
  Collection passages = OpenPassages(db);
  auto number = static_cast<std::int64_t>(*passages.Count());
  for (Batch batch(passages.schema());; batch.Clear()) {
    for (std::int64_t i = 0; i < kRowsPerBatch; ++i, ++number) {
      const std::vector<float> meaning = rows.Meaning(number);
      batch.Add({{"number", number}, {"text", rows.Text(number)}, {"meaning", meaning}}).OrDie();
    }
    passages.Insert(batch).status().OrDie();
    if (write(acknowledged, &number, sizeof number) != sizeof number) _exit(2);
  }
}

// Starts a writer and kills it a moment after it has told of `batches` batches, in the middle of
// whatever it does then. Returns how many rows were acknowledged to it.
std::int64_t StartAndKill(const std::filesystem::path& directory, const Rows& rows, int batches) {
  int ends[2];
  if (pipe(ends) != 0) return 0;
  std::fflush(stdout);
  const pid_t writer = fork();
  if (writer == 0) {
    close(ends[0]);
    WriteUntilKilled(directory, rows, ends[1]);
  }
  close(ends[1]);
  std::int64_t acknowledged = 0;
  for (int told = 0; read(ends[0], &acknowledged, sizeof acknowledged) > 0; ++told) {
    if (isatty(STDOUT_FILENO) != 0) {
      std::printf("\r  writer %d: %lld rows acknowledged", static_cast<int>(writer),
                  static_cast<long long>(acknowledged));
      std::fflush(stdout);
    }
    if (told == batches) {
      std::this_thread::sleep_for(std::chrono::microseconds(std::random_device()() % 5000));
      kill(writer, SIGKILL);
    }
  }
  close(ends[0]);
  waitpid(writer, nullptr, 0);
  std::printf("%s  writer %d: %lld rows acknowledged, then kill -9\n",
              isatty(STDOUT_FILENO) != 0 ? "\r" : "", static_cast<int>(writer),
              static_cast<long long>(acknowledged));
  return acknowledged;
}

// How many of the rows from `first` to before `end` are there, whole.
std::int64_t CountWhole(const Collection& passages, const Rows& rows, std::int64_t first,
                        std::int64_t end) {
  std::int64_t whole = 0;
  for (std::int64_t number = first; number < end; ++number) {
    const std::vector<Key> key = {number};
    const GetResult found = *passages.Get(key, std::vector<std::string>{"text", "meaning"});
    if (found.rows.empty()) continue;
    const auto* text = found.rows[0].Get<std::string>("text");
    const auto* meaning = found.rows[0].Get<std::vector<float>>("meaning");
    if (*text == rows.Text(number) && *meaning == rows.Meaning(number)) ++whole;
  }
  return whole;
}

// Opens the database that a killed writer left. True when all that was acknowledged is there.
bool LooksWhole(const std::filesystem::path& directory, const Rows& rows, std::int64_t first,
                std::int64_t acknowledged) {
  const terminal::Clock::time_point start = terminal::Clock::now();
  Database db = *Database::Open(directory);
  Collection passages = OpenPassages(db);
  const double milliseconds = terminal::MillisecondsSince(start);
  const auto found = static_cast<std::int64_t>(*passages.Count());
  const std::int64_t whole = CountWhole(passages, rows, first, found);
  const RecoveryReport& recovery = db.recovery();
  std::printf(
      "  opened again in %.0f ms: %s; %llu writes read from the log, %llu bytes of an unfinished "
      "one dropped\n",
      milliseconds, recovery.clean ? "closed" : "nobody had closed it",
      static_cast<unsigned long long>(recovery.groups_applied),
      static_cast<unsigned long long>(recovery.discarded_bytes));
  if (!recovery.detail.empty()) std::printf("  (%s)\n", recovery.detail.c_str());
  const bool good = found >= acknowledged && whole == found - first;
  std::printf("  %lld rows found, %lld acknowledged: %s\n", static_cast<long long>(found),
              static_cast<long long>(acknowledged),
              good ? terminal::Bold("none is missing, every text and vector is as written").c_str()
                   : "ROWS ARE MISSING OR WRONG");
  if (good && found > acknowledged) {
    std::printf("  (the kill came before the last %lld were acknowledged)\n",
                static_cast<long long>(found - acknowledged));
  }
  std::printf("\n");
  db.Close().OrDie();
  return good;
}

}  // namespace

int main(int count, char** words) {
  const std::filesystem::path folder = count > 1 ? words[1] : ".";
  const std::filesystem::path directory = count > 2 ? words[2] : "survive_kill.vecdb";
  const Rows rows = RowsFrom(folder);
  std::int64_t first = 0;
  {
    Database db = *Database::Open(directory);
    first = static_cast<std::int64_t>(*OpenPassages(db).Count());
  }
  bool good = true;
  for (const int batches : {30, 55, 80}) {
    const std::int64_t acknowledged = StartAndKill(directory, rows, batches);
    good &= acknowledged > first && LooksWhole(directory, rows, first, acknowledged);
  }
  return good ? 0 : 1;
}
