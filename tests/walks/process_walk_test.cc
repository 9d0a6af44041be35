// vecdb as a guest in a process: many databases beside each other, opened and closed for ever,
// forked, left open at the end.
#include <algorithm>
#include <set>
#include <sstream>

#include <sys/wait.h>
#include <unistd.h>

#include "support/temp_directory.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;
namespace fs = std::filesystem;

namespace {

std::size_t EntriesOf(const char* folder) {
  const fs::directory_iterator entries(folder);
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

std::size_t OpenFiles() {
  return EntriesOf("/proc/self/fd");
}
std::size_t Threads() {
  return EntriesOf("/proc/self/task");
}

// The exit code of a child that does `run`; 99 when it did not end by itself.
template <typename Run>
int InChild(Run run) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);  // ends a child that waits for ever
    ::_exit(run());
  }
  int status = -1;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 99;
  return WEXITSTATUS(status);
}

// The names of the methods of a public header that return a Status or a Result on an object.
std::set<std::string> FallibleMethods(const char* header) {
  std::ifstream file(std::string(VECDB_SOURCE_DIR "/include/vecdb/") + header);
  std::set<std::string> names;
  for (std::string line; std::getline(file, line);) {
    const std::size_t open = line.find('(');
    const bool fallible = line.rfind("  Status ", 0) == 0 || line.rfind("  Result<", 0) == 0;
    if (!fallible || open == std::string::npos) continue;
    const std::size_t space = line.rfind(' ', open);
    names.insert(line.substr(space + 1, open - space - 1));
  }
  return names;
}

// ---- fork -----------------------------------------------------------------------------------

using Calls = std::map<std::string, std::function<Status()>>;

Calls CallsOn(Database& db) {
  return {
      {"CreateCollection", [&] { return db.CreateCollection("new", BookSchema()).status(); }},
      {"OpenCollection", [&] { return db.OpenCollection("books").status(); }},
      {"DropCollection", [&] { return db.DropCollection("books"); }},
      {"ListCollections", [&] { return db.ListCollections().status(); }},
      {"HasCollection", [&] { return db.HasCollection("books").status(); }},
      {"DescribeCollection", [&] { return db.DescribeCollection("books").status(); }},
      {"RenameCollection", [&] { return db.RenameCollection("books", "tomes"); }},
      {"AlterCollection", [&] { return db.AlterCollection("books", {}); }},
      {"CreateAlias", [&] { return db.CreateAlias("shelf", "books"); }},
      {"AlterAlias", [&] { return db.AlterAlias("shelf", "books"); }},
      {"DropAlias", [&] { return db.DropAlias("shelf"); }},
      {"ListAliases", [&] { return db.ListAliases().status(); }},
      {"Channels", [&] { return db.Channels().status(); }},
      {"Stats", [&] { return db.Stats().status(); }},
      {"QueryNodes", [&] { return db.QueryNodes().status(); }},
      {"WaitDurable", [&] { return db.WaitDurable(Timestamp{1}); }},
      {"RunBackground", [&] { return db.RunBackground(std::chrono::milliseconds(1)); }},
      {"Health", [&] { return db.Health(); }},
      {"Flush", [&] { return db.Flush(); }},
      {"Jobs", [&] { return db.Jobs().status(); }},
      {"WaitForJob", [&] { return db.WaitForJob(1, std::chrono::milliseconds(0)).status(); }},
      {"PauseBackground", [&] { return db.PauseBackground(); }},
      {"ResumeBackground", [&] { return db.ResumeBackground(); }},
  };
}

Calls CallsOn(Collection& books) {
  const std::vector<Key> keys = IntKeys({1});
  return {
      {"Insert", [&] { return books.Insert(BatchOf({{2}})).status(); }},
      {"Upsert", [&] { return books.Upsert(BatchOf({{2}})).status(); }},
      {"Delete", [&books, keys] { return books.Delete(keys).status(); }},
      {"Search", [&] { return books.Search({.query = std::vector<float>(4)}).status(); }},
      {"SearchMany",
       [&] {
         const std::vector<float> zeros(4);
         const std::vector<QueryVector> queries{std::span(zeros)};
         return books.SearchMany({}, queries).status();
       }},
      {"IterateSearch",
       [&] { return books.IterateSearch({.query = std::vector<float>(4)}).status(); }},
      {"Query", [&] { return books.Query({}).status(); }},
      {"Get", [&books, keys] { return books.Get(keys, {}).status(); }},
      {"Count", [&] { return books.Count().status(); }},
      {"Flush", [&] { return books.Flush(); }},
      {"Compact", [&] { return books.Compact(); }},
      {"StartCompaction", [&] { return books.StartCompaction().status(); }},
      {"Stats", [&] { return books.Stats().status(); }},
      {"DeleteWhere", [&] { return books.DeleteWhere("id == 1").status(); }},
      {"Iterate", [&] { return books.Iterate({}).status(); }},
      {"Snapshot", [&] { return books.Snapshot().status(); }},
      {"Release", [&] { return books.Release(); }},
      {"Load", [&] { return books.Load(); }},
      {"load_state", [&] { return books.load_state().status(); }},
      {"Segments", [&] { return books.Segments().status(); }},
      {"CreatePartition", [&] { return books.CreatePartition("new"); }},
      {"DropPartition", [&] { return books.DropPartition("new"); }},
      {"HasPartition", [&] { return books.HasPartition("new").status(); }},
      {"ListPartitions", [&] { return books.ListPartitions().status(); }},
      {"CreateIndex", [&] { return books.CreateIndex("v"); }},
      {"ReplaceIndex", [&] { return books.ReplaceIndex("v"); }},
      {"DropIndex", [&] { return books.DropIndex("v"); }},
      {"DescribeIndex", [&] { return books.DescribeIndex("v").status(); }},
      {"ListIndexes", [&] { return books.ListIndexes().status(); }},
      {"WaitForIndexes", [&] { return books.WaitForIndexes(); }},
  };
}

std::set<std::string> NamesOf(const Calls& calls) {
  std::set<std::string> names;
  for (const auto& call : calls) names.insert(call.first);
  return names;
}

bool RefusedAsForked(const Calls& calls) {
  return std::all_of(calls.begin(), calls.end(), [](const auto& call) {
    const Status status = call.second();
    const bool refused = status.code() == StatusCode::kFailedPrecondition &&
                         status.message().find("fork") != std::string_view::npos;
    if (!refused) std::fprintf(stderr, "%s: %s\n", call.first.c_str(), status.ToString().c_str());
    return refused;
  });
}

// What a child finds of its parent's database, by number of the first thing that is not so.
int AsForked(Database& db, Collection& books, const fs::path& own) {
  if (!RefusedAsForked(CallsOn(db))) return 1;
  if (!RefusedAsForked(CallsOn(books))) return 2;
  if (books.name() != "books" || books.schema().fields().empty()) return 3;
  if (!db.recovery().clean) return 4;
  if (!db.Close().ok()) return 5;
  const Database moved = std::move(db);
  if (!Database::OpenInMemory(QuietOptions()).ok())
    return 6;  // the thread sanitizer forbids threads
  if (!Database::Open(own, QuietOptions()).ok()) return 7;
  return 0;
}

// ---- beside each other ----------------------------------------------------------------------

struct Guest {
  std::string name;
  Options options;
  CollectionOptions collection;
  std::vector<std::string> messages;  // of its own log
  std::optional<Database> database;
};

// No two alike.
void Configure(Guest& guest, std::size_t number) {
  constexpr Durability kDurabilities[] = {Durability::kEveryWrite, Durability::kInterval,
                                          Durability::kFlushOnly};
  guest.name = "guest" + std::to_string(number);
  guest.options.durability = kDurabilities[number % 3];
  guest.options.sync_interval = std::chrono::milliseconds(1 + number);
  guest.options.own_threads = number % 2 == 0;
  guest.options.background_threads = static_cast<std::uint32_t>(1 + number % 3);
  guest.options.write_buffer_bytes = (1 + number) << 20;
  guest.options.load = number % 4 < 2 ? LoadMode::kMapped : LoadMode::kResident;
  guest.options.log = [&guest](LogLevel, std::string_view text) {
    guest.messages.emplace_back(text);
  };
  guest.collection.shards = static_cast<std::uint32_t>(1 + number % 4);
  guest.collection.segment_rows = 5 + number;
  guest.collection.check_keys = number % 5 != 0;
}

std::string MessageWithOtherName(const Guest& guest) {
  for (const std::string& message : guest.messages) {
    const std::size_t at = message.find("guest");
    if (at == std::string::npos) continue;
    const std::string_view rest = std::string_view(message).substr(at);
    const bool own =
        rest.substr(0, guest.name.size()) == guest.name &&
        (rest.size() == guest.name.size() ||
         std::string_view("0123456789").find(rest[guest.name.size()]) == std::string_view::npos);
    if (!own) return message;
  }
  return {};
}

// ---- the end --------------------------------------------------------------------------------

int EndOfProcess(const char* way, const fs::path& directory) {
  const std::string program = VECDB_TEST_BIN_DIR "/walks_end_of_process";
  return InChild([&]() -> int {
    ::setenv("TSAN_OPTIONS", "halt_on_error=1:report_thread_leaks=0", 1);  // it does leave threads
    ::execl(program.c_str(), program.c_str(), way, directory.c_str(), nullptr);
    return 98;
  });
}

#if defined(__SANITIZE_ADDRESS__)
constexpr int kRounds = 10'000;
#elif defined(__SANITIZE_THREAD__)
constexpr int kRounds = 200;
#else
constexpr int kRounds = 2'000;
#endif

}  // namespace

SCENARIO("every call says in a child of fork that the database is its parent's", "[walk][fork]") {
  const TempDirectory folder(FastFolder());
  for (const bool in_memory : {false, true}) {
    Options options;
    options.background_threads = 2;
    Database db =
        in_memory ? *Database::OpenInMemory(options) : *Database::Open(folder / "db", options);
    Collection books = *db.CreateCollection("books", BookSchema());
    books.Insert(BatchOf({{1}})).status().OrDie();
    CHECK(InChild([&] { return AsForked(db, books, folder / "of-the-child"); }) == 0);
    CHECK(books.Insert(BatchOf({{2}})).ok());
    CHECK(*ReadAll(books) == ExpectedBetween(1, 2));
    THEN("no method is forgotten") {
      std::set<std::string> of_databases = NamesOf(CallsOn(db));
      of_databases.insert("Close");  // does nothing, and says OK
      CHECK(of_databases == FallibleMethods("database.h"));
      CHECK(NamesOf(CallsOn(books)) == FallibleMethods("collection.h"));
    }
  }
}

SCENARIO("a database has the threads that its options name, and no other", "[walk]") {
  const TempDirectory folder(FastFolder());
  const std::size_t before = Threads();
  const auto more = [&](const Options& options) {
    const Database db = *Database::Open(folder / "db", options);
    return Threads() - before;
  };
  const auto none_is_left = [&] { return Threads() == before; };  // one may linger in /proc
  CHECK(more({.background_threads = 3}) == 5);
  REQUIRE(Eventually(none_is_left));
  CHECK(more({.background_threads = 3, .own_threads = false}) == 0);
  CHECK(more({.read_only = true}) == 0);
}

SCENARIO("databases with different options do not notice each other", "[walk]") {
  const TempDirectory folder(FastFolder());
  std::vector<Guest> guests(40);
  for (std::size_t i = 0; i < guests.size(); ++i) Configure(guests[i], i);
  for (Guest& guest : guests) {
    guest.database.emplace(*Database::Open(folder / guest.name, guest.options));
    guest.database->CreateCollection(guest.name, BookSchema(), guest.collection).status().OrDie();
  }
  const auto number = [&](const Guest& guest) { return std::int64_t{&guest - guests.data()}; };
  for (std::int64_t round = 0; round < 4; ++round) {  // in turn, so that one could meet another's
    for (Guest& guest : guests) {
      Collection books = *guest.database->OpenCollection(guest.name);
      books.Insert(BatchOf(BooksBetween(10 * round, 10 * round + 9, number(guest))))
          .status()
          .OrDie();
    }
  }
  for (Guest& guest : guests) {
    Collection books = *guest.database->OpenCollection(guest.name);
    CHECK(*guest.database->ListCollections() == std::vector<std::string>{guest.name});
    CHECK(*ReadAll(books) == ExpectedBetween(0, 39, number(guest)));
    guest.database->Close().OrDie();
    CHECK(MessageWithOtherName(guest).empty());
  }
  for (Guest& guest : guests) {
    guest.database.emplace(*Database::Open(folder / guest.name, guest.options));
    CHECK(*ReadAll(*guest.database->OpenCollection(guest.name)) ==
          ExpectedBetween(0, 39, number(guest)));
  }
}

SCENARIO("a database opened and closed thousands of times leaves nothing behind", "[walk]") {
  const TempDirectory folder(FastFolder());
  Options options;
  options.background_threads = 1;
  const std::size_t files = OpenFiles();
  const std::size_t threads = Threads();
  int failed = 0;
  for (int round = 0; round < kRounds; ++round) {
    auto db =
        round % 4 == 0 ? Database::Open(folder / "db", options) : Database::OpenInMemory(options);
    if (!db.ok() || !db->Close().ok()) ++failed;
  }
  CHECK(failed == 0);
  CHECK(OpenFiles() == files);
  CHECK(Eventually([&] { return Threads() == threads; }));  // a joined thread may linger in /proc
  std::printf("FIG process.opens=%d\n", kRounds);
}

SCENARIO("a process may end with a database open and nothing acknowledged is lost", "[walk]") {
  const TempDirectory folder(FastFolder());
  for (const char* way : {"global", "pointer", "exit", "quick"}) {
    INFO(way);
    CHECK(EndOfProcess(way, folder / way) == 0);
    auto db = Database::Open(folder / way);
    REQUIRE(db.ok());
    CHECK(*db->OpenCollection("points")->Count() >= 1);
    // The others may have been idle long enough for a SEAL.
    if (std::string_view(way) == "global") CHECK(db->recovery().clean);
  }
}
