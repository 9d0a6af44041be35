// Rows that were just inserted and are in no file: how fast are they searched, and what does it
// cost the one who inserts?
//
//   bench_growing [search] [insert] [--data SET] [--rows N] [--repeats N] [--dir FOLDER]
//
// search: one thread, by its own processor clock, through codes and graphs in memory and, in turn,
// row by row (recall = 1); recall is of the 10 nearest. Also how long the graphs took.
// insert: rows a second until they are found, in batches of 1,000 of one caller, with an index
// declared and without, beside addPoint() of hnswlib on one thread and fewer rows.
#include <string_view>

#include "bench/support/hnswlib_peer.h"
#include "bench/support/served.h"

using namespace vecdb;
using namespace vecdb::bench;

namespace {

struct Arguments {
  std::vector<std::string> tables = {};
  std::string data = "dsift-128";
  std::size_t rows = 200'000;
  std::size_t repeats = 5;
  std::string dir = "build/bench";
};
Arguments g_arguments;

Serving Growing(const std::optional<IndexSpec>& index) {
  Serving serving{.index = index, .segments = 0, .folder = g_arguments.dir + "/tmp"};
  return serving;
}

// Until nothing more is to be built: no change for a while.
IndexInfo WhenBuilt(Served* served, double* seconds) {
  const double begun = Now();
  IndexInfo info = served->Info();
  double changed = Now();
  while (Now() - changed < 15) {
    Sleep(0.02);
    IndexInfo next = served->Info();
    const bool same = next.growing_indexed_rows == info.growing_indexed_rows &&
                      next.growing_graph_rows == info.growing_graph_rows;
    if (!same) changed = Now();
    info = std::move(next);
  }
  *seconds = changed - begun;
  return info;
}

void TableSearch(const Set& set) {
  Served served(set, Growing(AutoIndex{}));
  double seconds = 0;
  const IndexInfo info = WhenBuilt(&served, &seconds);
  std::printf(
      "growing %s x %zu: %llu rows in graphs, %llu by codes, after %.1f s; %.1f bytes a row\n",
      set.name.c_str(), set.base.rows, static_cast<unsigned long long>(info.growing_graph_rows),
      static_cast<unsigned long long>(info.growing_indexed_rows - info.growing_graph_rows), seconds,
      static_cast<double>(info.growing_bytes) / static_cast<double>(set.base.rows));
  std::vector<Side> sides = {served.AsSide("parts"), served.AsSide("row by row", {.recall = 1})};
  const std::vector<double> kth = Truth::Of(set, kK, g_arguments.dir + "/cache", "all", {});
  const Sweep sweep(set, kth, g_arguments.repeats, 1);
  std::vector<std::vector<double>> speeds(sides.size());
  std::vector<std::uint32_t> ids;
  for (std::size_t round = 0; round < g_arguments.repeats; ++round) {
    for (std::size_t s = 0; s < sides.size(); ++s) {
      const std::size_t queries = s == 0 ? set.queries.rows : set.queries.rows / 10;
      const double cpu = CpuSeconds(CLOCK_THREAD_CPUTIME_ID);
      for (std::size_t q = 0; q < queries; ++q) sides[s].search(set.queries.row(q), 0, &ids);
      speeds[s].push_back(static_cast<double>(queries) /
                          (CpuSeconds(CLOCK_THREAD_CPUTIME_ID) - cpu));
    }
  }
  for (std::size_t s = 0; s < sides.size(); ++s) {
    std::printf("growing %-12s %8.0f/s at recall %.4f\n", sides[s].name.c_str(), Median(speeds[s]),
                sweep.Recall(sides[s], 0));
  }
  std::printf("growing parts are %.1f x as fast\n", Median(speeds[0]) / Median(speeds[1]));
  std::fflush(stdout);
}

// With an index that is declared before the first row.
double InsertSeconds(const Set& set, const std::optional<IndexSpec>& index) {
  const Folder folder(g_arguments.dir + "/tmp");
  Options options{.durability = Durability::kFlushOnly};
  options.write_buffer_bytes = std::size_t{2} << 30;
  Database db = *Database::Open(folder.path(), options);
  CollectionOptions shape;
  shape.segment_bytes = std::size_t{2} << 30;
  Collection collection = *db.CreateCollection("c", VectorSchema(set.base.dimension), shape);
  if (index) collection.CreateIndex("v", *index).OrDie();
  const double seconds = Seconds([&] { InsertAll(set.base, collection, 1000); });
  db.Close().OrDie();
  return seconds;
}

double AddPointSeconds(const Set& set, std::size_t rows) {
  const auto peer = HnswlibPeer::Make(set.base.values.data(), rows, set.base.dimension, 16, 200);
  return peer == nullptr ? 0 : Seconds([&] { peer->Build(1); });
}

void TableInsert(const Set& set) {
  const std::size_t few = std::min<std::size_t>(set.base.rows, 20'000);
  std::vector<double> with;
  std::vector<double> without;
  std::vector<double> theirs;
  for (std::size_t round = 0; round < g_arguments.repeats; ++round) {
    with.push_back(static_cast<double>(set.base.rows) / InsertSeconds(set, AutoIndex{}));
    without.push_back(static_cast<double>(set.base.rows) / InsertSeconds(set, std::nullopt));
    if (const double seconds = AddPointSeconds(set, few); seconds > 0) {
      theirs.push_back(static_cast<double>(few) / seconds);
    }
  }
  std::printf("insert to searchable %s: with an index %.0f rows/s, without %.0f", set.name.c_str(),
              Median(with), Median(without));
  if (theirs.empty()) {
    std::printf(" | built without hnswlib\n");
  } else {
    std::printf(" | hnswlib addPoint, %zu rows, %.0f rows/s | %.1f x\n", few, Median(theirs),
                Median(with) / Median(theirs));
  }
  std::fflush(stdout);
}

bool Wanted(const std::string& table) {
  const auto& tables = g_arguments.tables;
  return tables.empty() || std::find(tables.begin(), tables.end(), table) != tables.end();
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto value = [&] { return std::string(i + 1 < argc ? argv[++i] : ""); };
    if (word == "--data") {
      g_arguments.data = value();
    } else if (word == "--rows") {
      g_arguments.rows = std::stoul(value());
    } else if (word == "--repeats") {
      g_arguments.repeats = std::stoul(value());
    } else if (word == "--dir") {
      g_arguments.dir = value();
    } else {
      g_arguments.tables.emplace_back(word);
    }
  }
  std::filesystem::create_directories(g_arguments.dir + "/cache");
  const Set set{g_arguments.data, Load(g_arguments.data + "-base", g_arguments.rows, 128),
                Load(g_arguments.data + "-query", 1000, 128)};
  if (Wanted("search")) TableSearch(set);
  if (Wanted("insert")) TableInsert(set);
  return 0;
}
