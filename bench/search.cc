// How fast does a search through Collection answer at the same recall as its peers, and what does
// its index cost?
//
//   bench_search [open] [sq] [f32] [faiss] [target] [filter] [build] [flat] [segments] [growing]
//                [threads] [--data SET]... [--rows N] [--repeats N] [--dir FOLDER] [--keep]
//
// Without a table: all. A SET is mnist-784 or dsift-128 of VECDB_DATA_DIR, or a file of vectors
// (.fvecs, .fbin, .u8bin, .npy, perhaps with .zst), whose last 1,000 rows are the queries then.
// Peers' graphs and true answers are kept in FOLDER/cache; --keep keeps vecdb's databases there,
// too, for runs of the same vecdb.
//
// One thread searches, by its own processor clock (p50 and p99: by the clock on the wall); all
// sides take turns at every number of candidates, and the median of the rounds counts. Recall is
// of the 10 nearest, by distance: a row counts when it is no farther than the true tenth, in
// double precision. Speeds at a recall are interpolated between the two measured points around it.
#include <numeric>
#include <string_view>

#include "bench/support/faiss_peer.h"
#include "bench/support/hnswlib_peer.h"
#include "bench/support/served.h"

using namespace vecdb;
using namespace vecdb::bench;

namespace {

constexpr std::uint32_t kM = 16;
constexpr std::uint32_t kEfConstruction = 200;
constexpr std::size_t kQueries = 1000;
const std::vector<std::size_t> kEfs = {10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640};
const std::vector<double> kRecalls = {0.95, 0.99};
constexpr double kEnough = 0.992;

struct Arguments {
  std::vector<std::string> tables = {};
  std::vector<std::string> data = {};
  std::size_t rows = 200'000;
  std::size_t repeats = 5;
  std::string dir = "build/bench";
  bool keep = false;
};
Arguments g_arguments;

std::string CacheFolder() {
  return g_arguments.dir + "/cache";
}

std::uint32_t Threads() {
  return std::max(1U, std::thread::hardware_concurrency());
}

// ---- the sides ---------------------------------------------------------------------------

std::vector<double> TruthOf(const Set& set, const std::string& what = "all",
                            const Truth::Kept& kept = {}) {
  return Truth::Of(set, kK, CacheFolder(), what, kept);
}

std::string PeerPath(const Set& set, const std::string& peer) {
  return CacheFolder() + "/" + set.name + "-" + std::to_string(set.base.rows) + "-M" +
         std::to_string(kM) + "-efc" + std::to_string(kEfConstruction) + "." + peer;
}

std::unique_ptr<HnswlibPeer> MakeHnswlib(const Set& set) {
  return HnswlibPeer::Make(set.base.values.data(), set.base.rows, set.base.dimension, kM,
                           kEfConstruction);
}

// Null where there is none.
std::unique_ptr<HnswlibPeer> CachedHnswlib(const Set& set) {
  auto peer = MakeHnswlib(set);
  if (peer == nullptr) return nullptr;
  const std::string path = PeerPath(set, "hnswlib");
  if (std::filesystem::exists(path)) {
    peer->Load(path);
  } else {
    peer->Build(Threads());
    peer->Save(path + ".new");  // whole or not at all
    std::filesystem::rename(path + ".new", path);
  }
  return peer;
}

Side HnswlibSide(HnswlibPeer* peer) {
  return {"hnswlib", [peer](const float* query, std::size_t ef, std::vector<std::uint32_t>* ids) {
            peer->SetEf(ef);
            peer->Search(query, kK, ids);
          }};
}

Side FaissSide(FaissPeer* peer, const char* name) {
  return {name, [peer](const float* query, std::size_t ef, std::vector<std::uint32_t>* ids) {
            peer->Search(query, kK, ef, ids);
          }};
}

std::string Name(const Set& set) {
  return set.name + " x " + std::to_string(set.base.rows);
}

Serving MakeServing(const Set& set, const std::optional<IndexSpec>& index) {
  Serving serving{.index = index, .folder = g_arguments.dir + "/tmp"};
  if (g_arguments.keep) {
    serving.folder = CacheFolder();
    serving.keep = set.name + "-" + std::to_string(set.base.rows) + "-" +
                   std::string(index ? TypeName(*index) : "none") + ".vecdb";
  }
  return serving;
}

// ---- sq, f32, faiss ------------------------------------------------------------------------

void CompareAt(const std::string& what, const Set& set, std::vector<Side> sides,
               const std::vector<double>& recalls) {
  const std::vector<double> kth = TruthOf(set);
  Sweep(set, kth, g_arguments.repeats, kEnough).Run(kEfs, &sides);
  PrintCurves(what, sides);
  PrintAt(what, sides, recalls);
}

void CompareHnswlib(const char* table, const Set& set, const IndexSpec& spec) {
  Served served(set, MakeServing(set, spec));
  std::vector<Side> sides = {served.AsSide(std::string("vecdb ") + std::string(TypeName(spec)))};
  const auto peer = CachedHnswlib(set);
  if (peer != nullptr) sides.push_back(HnswlibSide(peer.get()));
  CompareAt(std::string(table) + " " + Name(set), set, std::move(sides), kRecalls);
}

void TableSq(const Set& set) {
  CompareHnswlib("sq", set, HnswSqIndex{.m = kM, .ef_construction = kEfConstruction});
}

void TableF32(const Set& set) {
  CompareHnswlib("f32", set, HnswIndex{.m = kM, .ef_construction = kEfConstruction});
}

void TableFaiss(const Set& set) {
  const HnswSqIndex bytes{.m = kM, .ef_construction = kEfConstruction};
  const HnswIndex floats{.m = kM, .ef_construction = kEfConstruction};
  Served served(set, MakeServing(set, bytes));
  Served as_they_are(set, MakeServing(set, floats));
  std::vector<Side> sides = {served.AsSide("vecdb HNSW_SQ"), as_they_are.AsSide("vecdb HNSW")};
  const auto peer =
      FaissPeer::Hnsw(set.base, kM, kEfConstruction, Threads(), PeerPath(set, "faiss"));
  if (peer != nullptr) sides.push_back(FaissSide(peer.get(), "faiss"));
  CompareAt("faiss " + Name(set), set, std::move(sides), kRecalls);
}

// ---- target ------------------------------------------------------------------------------

void TableTarget(const Set& set) {
  const std::vector<double> kth = TruthOf(set);
  const Sweep sweep(set, kth, 1, 1);
  for (const IndexSpec& spec :
       {IndexSpec(AutoIndex{}), IndexSpec(HnswSqIndex{.m = kM}), IndexSpec(HnswIndex{.m = kM})}) {
    Served served(set, MakeServing(set, spec));
    const IndexedSegment built = served.Info().segments.at(0);
    std::printf("target %-18s %-9s", Name(set).c_str(), std::string(TypeName(spec)).c_str());
    for (const float asked : {0.90F, 0.95F, 0.99F}) {
      const Side side = served.AsSide("", {.recall = asked});
      const double got = sweep.Recall(side, 0);
      std::printf(" | asked %.2f got %.4f", static_cast<double>(asked), got);
    }
    std::printf(" | %s, measured %.4f at ef %u\n", built.what.c_str(),
                static_cast<double>(built.recall_at_10), built.ef_at_10);
    std::fflush(stdout);
  }
}

// ---- filter ------------------------------------------------------------------------------

// The queries nearest to the first one, so that "far from the query" is said of all of them.
Set NeighbouringQueries(const Set& set, std::size_t n) {
  std::vector<std::size_t> order(set.queries.rows);
  std::iota(order.begin(), order.end(), 0);
  std::vector<double> distances;
  for (const std::size_t q : order) {
    distances.push_back(
        SquaredDistance(set.queries.row(0), set.queries.row(q), set.queries.dimension));
  }
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return distances[a] < distances[b]; });
  Set near{set.name + "-near", set.base, {n, set.queries.dimension, {}}};
  for (std::size_t i = 0; i < n; ++i) {
    const float* row = set.queries.row(order[i]);
    near.queries.values.insert(near.queries.values.end(), row, row + set.queries.dimension);
  }
  return near;
}

// Of each row 0 to 99: the percent of all rows that are farther from the first query.
std::vector<std::int64_t> FarRanks(const Set& set) {
  std::vector<std::pair<double, std::size_t>> distances(set.base.rows);
  for (std::size_t row = 0; row < set.base.rows; ++row) {
    distances[row] = {-SquaredDistance(set.queries.row(0), set.base.row(row), set.base.dimension),
                      row};
  }
  std::sort(distances.begin(), distances.end());
  std::vector<std::int64_t> ranks(set.base.rows);
  for (std::size_t i = 0; i < distances.size(); ++i) {
    ranks[distances[i].second] = static_cast<std::int64_t>(i * 100 / distances.size());
  }
  return ranks;
}

void CompareFiltered(const Set& set, const std::string& field,
                     const std::vector<std::int64_t>& values, std::int64_t percent, Served* served,
                     HnswlibPeer* peer) {
  const std::string filter = field + " < " + std::to_string(percent);
  const std::vector<double> kth = TruthOf(set, field + std::to_string(percent),
                                          [&](std::size_t row) { return values[row] < percent; });
  std::vector<Side> sides = {served->AsSide("vecdb", {}, filter, true),
                             served->AsSide("vecdb, said before", {}, filter)};
  std::vector<std::uint32_t> ids;
  if (peer != nullptr && peer->SearchBelow(set.queries.row(0), kK, values.data(), percent, &ids)) {
    sides.push_back(
        {"hnswlib", [&](const float* query, std::size_t ef, std::vector<std::uint32_t>* found) {
           peer->SetEf(ef);
           peer->SearchBelow(query, kK, values.data(), percent, found);
         }});
  }
  const std::vector<std::size_t> efs = {10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120};
  const std::string what = "filter " + field + " " + std::to_string(percent) + " %";
  Sweep(set, kth, g_arguments.repeats, 0.98).Run(efs, &sides);
  PrintCurves(what, sides);
  PrintAt(what, sides, std::vector<double>{0.98});
}

void TableFilter(const Set& set) {
  std::vector<std::int64_t> tags(set.base.rows);
  for (std::size_t row = 0; row < tags.size(); ++row) {
    tags[row] = static_cast<std::int64_t>(row % 100);
  }
  const Set near = NeighbouringQueries(set, 100);
  const std::vector<std::int64_t> ranks = FarRanks(near);
  Serving serving = MakeServing(set, HnswSqIndex{.m = kM, .ef_construction = kEfConstruction});
  serving.fields = {{"tag", &tags}, {"far", &ranks}};
  if (!serving.keep.empty()) serving.keep += "-tags";
  Served served(set, serving);
  const auto peer = CachedHnswlib(set);
  for (const std::int64_t percent : {1, 10, 50, 99}) {
    CompareFiltered(set, "tag", tags, percent, &served, peer.get());
  }
  for (const std::int64_t percent : {1, 10, 50}) {
    CompareFiltered(near, "far", ranks, percent, &served, peer.get());
  }
}

// ---- build -------------------------------------------------------------------------------

void PrintBuild(const std::string& what, const Set& set, double wall, double cpu, double bytes,
                double first_answer) {
  std::printf(
      "build %-18s %-16s %6.1f s, %6.1f s of processors on %u threads | %6.1f bytes a row"
      " | open to the first answer %.1f ms\n",
      Name(set).c_str(), what.c_str(), wall, cpu, Threads(),
      bytes / static_cast<double>(set.base.rows), first_answer * 1e3);
  std::fflush(stdout);
}

double BuildServed(const Set& set, const IndexSpec& spec) {
  Serving serving{.index = spec, .folder = g_arguments.dir + "/tmp"};
  serving.build_threads = Threads();
  Served served(set, serving);
  const IndexInfo info = served.Info();
  served.Close();
  std::vector<std::uint32_t> ids;
  const double first = Seconds([&] {
    served.Open();
    served.AsSide("").search(set.queries.row(0), 0, &ids);
  });
  PrintBuild("vecdb " + std::string(TypeName(spec)), set, served.build_seconds(),
             served.build_cpu_seconds(), static_cast<double>(info.bytes), first);
  return served.build_cpu_seconds();
}

double BuildHnswlib(const Set& set) {
  const auto peer = MakeHnswlib(set);
  if (peer == nullptr) return 0;
  const double cpu = CpuSeconds(CLOCK_PROCESS_CPUTIME_ID);
  const double wall = Seconds([&] { peer->Build(Threads()); });
  const double spent = CpuSeconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  const std::string path = PeerPath(set, "hnswlib");
  peer->Save(path);
  std::vector<std::uint32_t> ids;
  const auto again = MakeHnswlib(set);
  const double first = Seconds([&] {
    again->Load(path);
    again->SetEf(40);
    again->Search(set.queries.row(0), kK, &ids);
  });
  PrintBuild("hnswlib f32", set, wall, spent, static_cast<double>(std::filesystem::file_size(path)),
             first);
  return spent;
}

void TableBuild(const Set& set) {
  const double sq = BuildServed(set, HnswSqIndex{.m = kM, .ef_construction = kEfConstruction});
  const double theirs = BuildHnswlib(set);
  const double f32 = BuildServed(set, HnswIndex{.m = kM, .ef_construction = kEfConstruction});
  std::printf("build %-18s hnswlib takes %.2f x the processors of HNSW_SQ, %.2f x those of HNSW\n",
              Name(set).c_str(), theirs / sq, theirs / f32);
}

// ---- open --------------------------------------------------------------------------------

// `open` begins anew, `close` ends; files are in the system's cache.
void MeasureOpen(const Set& set, const Side& side, double index_bytes,
                 const std::function<void()>& open, const std::function<void()>& close) {
  std::vector<double> opened;
  std::vector<double> first;
  std::vector<double> second;
  std::vector<double> own;
  std::vector<std::uint32_t> ids;
  const auto search = [&](std::size_t q) { side.search(set.queries.row(q), 80, &ids); };
  for (std::size_t round = 0; round < g_arguments.repeats; ++round) {
    close();
    const double before = OwnBytes();
    opened.push_back(Seconds(open));
    first.push_back(opened.back() + Seconds([&] { search(0); }));
    second.push_back(Seconds([&] { search(1); }));
    for (std::size_t q = 0; q < set.queries.rows; ++q) search(q);
    own.push_back(OwnBytes() - before);
  }
  const auto rows = static_cast<double>(set.base.rows);
  std::printf(
      "open %-18s %-16s %.2f ms, to the first answer p50 %.2f ms (least %.2f, most %.2f), the next"
      " answer %.2f ms | bytes a row: index %.1f, memory of its own %.1f\n",
      Name(set).c_str(), side.name.c_str(), Median(opened) * 1e3, Median(first) * 1e3,
      Percentile(first, 0) * 1e3, Percentile(first, 1) * 1e3, Median(second) * 1e3,
      index_bytes / rows, Median(own) / rows);
  std::fflush(stdout);
}

void TableOpen(const Set& set) {
  Served served(set, MakeServing(set, HnswSqIndex{.m = kM, .ef_construction = kEfConstruction}));
  MeasureOpen(
      set, served.AsSide("vecdb HNSW_SQ"), static_cast<double>(served.Info().bytes),
      [&] { served.Open(); }, [&] { served.Close(); });
  auto peer = CachedHnswlib(set);
  if (peer == nullptr) return;
  const Side side = {"hnswlib", [&](const float* query, std::size_t ef, auto* ids) {
                       peer->SetEf(ef);
                       peer->Search(query, kK, ids);
                     }};
  MeasureOpen(
      set, side, static_cast<double>(std::filesystem::file_size(PeerPath(set, "hnswlib"))),
      [&] {
        peer = MakeHnswlib(set);
        peer->Load(PeerPath(set, "hnswlib"));
      },
      [&] { peer.reset(); });
}

// ---- flat, growing: every row is looked at ------------------------------------------------

void CompareExact(const std::string& what, const Set& set, const Serving& serving) {
  Set few{set.name, set.base, set.queries};
  few.queries.rows = std::min<std::size_t>(100, few.queries.rows);
  Served served(few, serving);
  std::vector<Side> sides = {served.AsSide("vecdb")};
  const auto flat = FaissPeer::Flat(set.base);
  if (flat != nullptr) sides.push_back(FaissSide(flat.get(), "faiss IndexFlat"));
  const std::vector<double> kth = TruthOf(few);
  const std::vector<std::size_t> no_candidates = {0};
  Sweep(few, kth, g_arguments.repeats, 1).Run(no_candidates, &sides);
  PrintCurves(what, sides);
  const std::vector<double> all = {1};
  PrintAt(what, sides, all);
}

void TableFlat(const Set& set) {
  CompareExact("flat " + Name(set), set, MakeServing(set, std::nullopt));
}

void TableGrowing(const Set& set) {
  Serving serving = MakeServing(set, AutoIndex{});
  serving.segments = 0;
  serving.keep.clear();
  serving.folder = g_arguments.dir + "/tmp";
  CompareExact("growing " + Name(set), set, serving);
}

// ---- segments, threads -------------------------------------------------------------------

void TableSegments(const Set& set) {
  const HnswSqIndex spec{.m = kM, .ef_construction = kEfConstruction};
  Served one(set, MakeServing(set, spec));
  Serving serving = MakeServing(set, spec);
  serving.segments = 8;
  if (!serving.keep.empty()) serving.keep += "-8";
  Served eight(set, serving);
  const std::size_t segments = eight.Info().segments.size();
  std::vector<Side> sides = {eight.AsSide(std::to_string(segments) + " segments"),
                             one.AsSide("1 segment")};
  CompareAt("segments " + Name(set), set, std::move(sides), kRecalls);
}

// Queries a second of so many threads, by the clock on the wall.
double Throughput(const Set& set, const SearchFunction& search, std::size_t ef,
                  std::size_t threads) {
  const double seconds = Seconds([&] {
    std::vector<std::thread> others;
    for (std::size_t t = 0; t < threads; ++t) {
      others.emplace_back([&, search] {
        std::vector<std::uint32_t> ids;
        for (std::size_t q = 0; q < set.queries.rows; ++q) search(set.queries.row(q), ef, &ids);
      });
    }
    for (std::thread& other : others) other.join();
  });
  return static_cast<double>(threads * set.queries.rows) / seconds;
}

void TableThreads(const Set& set) {
  Served served(set, MakeServing(set, HnswSqIndex{.m = kM, .ef_construction = kEfConstruction}));
  std::vector<Side> sides = {served.AsSide("vecdb HNSW_SQ")};
  const auto peer = CachedHnswlib(set);
  if (peer != nullptr) sides.push_back(HnswlibSide(peer.get()));
  for (const Side& side : sides) {
    std::vector<double> one;
    std::vector<double> two;
    std::vector<double> ratio;
    for (std::size_t round = 0; round < g_arguments.repeats; ++round) {
      one.push_back(Throughput(set, side.search, 80, 1));
      two.push_back(Throughput(set, side.search, 80, 2));
      ratio.push_back(two.back() / one.back());
    }
    std::printf("threads %-18s %-14s ef 80 | one caller %7.0f/s | two %7.0f/s = %.2f x\n",
                Name(set).c_str(), side.name.c_str(), Median(one), Median(two), Median(ratio));
    std::fflush(stdout);
  }
}

// ---- what is run -------------------------------------------------------------------------

struct Table {
  const char* name;
  void (*run)(const Set& set);
};
constexpr Table kTables[] = {
    {"open", TableOpen},       {"sq", TableSq},          {"f32", TableF32},
    {"faiss", TableFaiss},     {"target", TableTarget},  {"filter", TableFilter},
    {"build", TableBuild},     {"flat", TableFlat},      {"segments", TableSegments},
    {"growing", TableGrowing}, {"threads", TableThreads}};

[[noreturn]] void Usage() {
  std::fprintf(stderr,
               "usage: bench_search [TABLE...] [--data SET]... [--rows N] [--repeats N]"
               " [--dir FOLDER] [--keep]\ntables:");
  for (const Table& table : kTables) std::fprintf(stderr, " %s", table.name);
  std::fprintf(stderr, "\n");
  std::exit(2);
}

std::size_t Number(const std::string& text) {
  const std::size_t number = std::strtoull(text.c_str(), nullptr, 10);
  if (number == 0) Usage();
  return number;
}

void TakeOption(const std::string& option, const std::string& value) {
  if (option == "--data") {
    g_arguments.data.push_back(value);
  } else if (option == "--rows") {
    g_arguments.rows = Number(value);
  } else if (option == "--repeats") {
    g_arguments.repeats = Number(value);
  } else if (option == "--dir") {
    g_arguments.dir = value;
  } else {
    Usage();
  }
}

void TakeArguments(std::vector<std::string> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool table = std::any_of(std::begin(kTables), std::end(kTables),
                                   [&](const Table& known) { return words[i] == known.name; });
    if (table) {
      g_arguments.tables.push_back(words[i]);
    } else if (words[i] == "--keep") {
      g_arguments.keep = true;
    } else if (words[i].starts_with("--") && i + 1 < words.size()) {
      TakeOption(words[i], words[i + 1]);
      ++i;
    } else {
      Usage();
    }
  }
  if (g_arguments.data.empty()) g_arguments.data = {"mnist-784", "dsift-128"};
}

bool Wanted(const char* table) {
  const std::vector<std::string>& asked = g_arguments.tables;
  return asked.empty() || std::find(asked.begin(), asked.end(), table) != asked.end();
}

}  // namespace

int main(int argc, char** argv) {
  TakeArguments(std::vector<std::string>(argv + 1, argv + argc));
  std::filesystem::create_directories(CacheFolder());
  std::filesystem::create_directories(g_arguments.dir + "/tmp");
  for (const std::string& data : g_arguments.data) {
    const Set set = LoadSet(data, g_arguments.rows, kQueries);
    for (const Table& table : kTables) {
      if (Wanted(table.name)) table.run(set);
    }
  }
  return 0;
}
