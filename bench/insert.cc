// How fast are batches taken in, beside other databases that live in a process? Each of them does
// it as its manual says: zvec through its package for Node.js (bench/peers), sqlite-vec as a loaded
// extension of SQLite. VECDB_BENCH_PEERS is the folder with their node_modules; scripts/bench fills
// one. Whoever is missing gets a row that says so.
#include <random>

#include "bench.h"

#if defined(VECDB_BENCH_SQLITE3)
#include <sqlite3.h>
#endif

using namespace vecdb;
using namespace vecdb::bench;

namespace {

constexpr int kRounds = 7;
constexpr std::size_t kBatches = 40;
constexpr std::size_t kRows = 500;
constexpr std::uint32_t kDimension = 128;

Vectors Made() {
  Vectors data{kBatches * kRows, kDimension, {}};
  std::mt19937 random(1);
  std::uniform_real_distribution<float> value(0, 256);
  data.values.resize(data.rows * data.dimension);
  for (float& v : data.values) v = value(random);
  return data;
}

double Ours(const Vectors& data, Durability durability) {
  const Folder folder;
  Database db = *Database::Open(folder.path(), {.durability = durability});
  Collection collection = *db.CreateCollection("c", VectorSchema(kDimension));
  return Seconds([&] { InsertAll(data, collection, kRows); });
}

std::string Peers() {
  const char* folder = std::getenv("VECDB_BENCH_PEERS");
  return folder == nullptr ? std::string() : folder;
}

// Seconds as the script prints them; negative when it cannot run.
double Zvec() {
  if (Peers().empty()) return -1;
  const Folder folder;
  const std::string command = "cd '" + Peers() + "' && node zvec_insert.mjs '" + folder.path() +
                              "' " + std::to_string(kBatches) + " " + std::to_string(kRows) + " " +
                              std::to_string(kDimension) + " 2> /dev/null";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  double seconds = -1;
  if (pipe == nullptr || std::fscanf(pipe, "%lf", &seconds) != 1) seconds = -1;
  return pipe != nullptr && ::pclose(pipe) == 0 ? seconds : -1;
}

#if defined(VECDB_BENCH_SQLITE3)
void Run(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return;
  std::fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
  std::exit(2);
}

double SqliteVec(const Vectors& data) {
  const std::string extension = Peers() + "/node_modules/sqlite-vec-linux-x64/vec0.so";
  if (Peers().empty() || !std::filesystem::exists(extension)) return -1;
  const Folder folder;
  sqlite3* db = nullptr;
  if (sqlite3_open(folder.path().c_str(), &db) != SQLITE_OK) return -1;
  sqlite3_enable_load_extension(db, 1);
  if (sqlite3_load_extension(db, extension.c_str(), nullptr, nullptr) != SQLITE_OK) {
    sqlite3_close(db);
    return -1;
  }
  Run(db, "PRAGMA journal_mode=WAL");
  Run(db, "PRAGMA synchronous=FULL");
  Run(db, "CREATE VIRTUAL TABLE c USING vec0(id INTEGER PRIMARY KEY, v FLOAT[128])");
  sqlite3_stmt* insert = nullptr;
  if (sqlite3_prepare_v2(db, "INSERT INTO c VALUES (?, ?)", -1, &insert, nullptr) != SQLITE_OK) {
    return -1;
  }
  const double seconds = Seconds([&] {
    for (std::size_t row = 0; row < data.rows; ++row) {
      if (row % kRows == 0) Run(db, "BEGIN");
      sqlite3_bind_int64(insert, 1, static_cast<sqlite3_int64>(row));
      sqlite3_bind_blob(insert, 2, data.row(row), kDimension * sizeof(float), SQLITE_STATIC);
      if (sqlite3_step(insert) != SQLITE_DONE) std::exit(2);
      sqlite3_reset(insert);
      if ((row + 1) % kRows == 0) Run(db, "COMMIT");
    }
  });
  sqlite3_finalize(insert);
  sqlite3_close(db);
  return seconds;
}
#else
double SqliteVec(const Vectors&) {
  return -1;
}
#endif

void Print(const char* durability, double ours, const char* peer, double theirs, const char* why) {
  const double rows = kBatches * kRows;
  if (theirs < 0) {
    std::printf("%s: vecdb %.0f rows/s; %s was not there to compare with (%s)\n", durability,
                rows / ours, peer, why);
    return;
  }
  std::printf("%s: vecdb %.0f rows/s, %s %.0f rows/s: %.1f x\n", durability, rows / ours, peer,
              rows / theirs, theirs / ours);
}

}  // namespace

int main() {
  const Vectors data = Made();
  std::vector<double> interval;
  std::vector<double> every;
  std::vector<double> zvec;
  std::vector<double> sqlite;
  for (int round = 0; round < kRounds; ++round) {
    interval.push_back(Ours(data, Durability::kInterval));
    zvec.push_back(Zvec());
    every.push_back(Ours(data, Durability::kEveryWrite));
    sqlite.push_back(SqliteVec(data));
  }
  std::printf("%zu batches of %zu x %u, median of %d rounds in turn\n", kBatches, kRows, kDimension,
              kRounds);
  Print("interval durability", Median(interval), "zvec 0.7.0", Median(zvec),
        "needs Node.js 20 or newer and npm");
  Print("every write durable", Median(every), "sqlite-vec 0.1.9 (WAL, synchronous=FULL)",
        Median(sqlite), "needs npm and libsqlite3-dev");
}
