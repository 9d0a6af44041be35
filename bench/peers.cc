// How fast do other databases that live in a process answer at the same recall, and what do they
// cost?
//
//   bench_peers [search] [filter] [growing] [cost]
//               [--peer NAME]... [--data SET] [--rows N] [--repeats N] [--dir FOLDER] [--keep]
//
// Without a table: all; without a peer: all. A SET is as bench_search has it. Peers are programs
// for Node.js (bench/peers), each a process of its own that takes turns with vecdb, which runs in
// this one; sqlite-vec is an extension of SQLite in this process, too. VECDB_BENCH_PEERS is the
// folder with the programs and their node_modules; scripts/bench fills it. What a peer has built is
// kept in FOLDER/cache, so that only the first run takes long; --keep keeps vecdb's, too, for runs
// of the same vecdb. A peer that cannot be had gets a line that says so.
//
// One query at a time, by the clock on the wall. What a call of a peer costs, the median of a
// collection of 20 rows in the same process at the same time, is subtracted for the columns
// "core"; nothing is subtracted from vecdb. M = 16, efConstruction = 200, k = 10. Curves are drawn
// into FOLDER/peers-SET-ROWS.svg.
#include <csignal>

#include "bench/support/peer_process.h"
#include "bench/support/plot.h"
#include "bench/support/served.h"
#include "bench/support/sqlite_vec_peer.h"

using namespace vecdb;
using namespace vecdb::bench;

namespace {

constexpr std::uint32_t kM = 16;
constexpr std::uint32_t kEfConstruction = 200;
constexpr std::size_t kQueries = 1000;
const std::vector<std::size_t> kEfs = {10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320};
const std::vector<std::size_t> kFilterEfs = {10, 20, 40, 80, 160, 320, 640};

struct Arguments {
  std::vector<std::string> tables = {};
  std::vector<std::string> peers = {};
  std::string data = "dsift-128";
  std::size_t rows = 200'000;
  std::size_t repeats = 3;
  std::string dir = "build/bench";
  bool keep = false;
};
Arguments g_arguments;

bool Asked(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

std::string Cache() {
  return std::filesystem::absolute(g_arguments.dir).string() + "/cache";
}
std::string Named(const Set& set) {
  return set.name + "-" + std::to_string(set.base.rows);
}

// ---- peers ------------------------------------------------------------------------------------

struct PeerKind {
  const char* name;
  const char* program;
  const char* mode;
  const char* folder;  // what it has built; modes of a search share one
  std::size_t queries;
  bool filters;
  bool growing;
};
constexpr PeerKind kPeers[] = {
    {"zvec f32", "zvec_search.mjs", "f32", "zvec-f32", 1000, true, true},
    {"zvec int8", "zvec_search.mjs", "int8", "zvec-int8", 1000, false, false},
    {"zvec int8 + refiner", "zvec_search.mjs", "int8r", "zvec-int8", 1000, true, false},
    {"usearch f32", "usearch_search.mjs", "f32", "usearch-f32", 1000, false, false},
    {"lancedb HNSW_SQ", "lancedb_search.mjs", "sq", "lancedb-sq", 200, true, false},
};
constexpr const char* kSqliteVec = "sqlite-vec";

std::string Programs() {
  const char* folder = std::getenv("VECDB_BENCH_PEERS");
  return folder == nullptr ? std::string() : folder;
}

void SayMissing(const std::string& name, const std::string& why) {
  std::printf("!! %s: NOT THERE to compare with (%s)\n", name.c_str(), why.c_str());
  std::fflush(stdout);
}

// As the programs read them.
std::string WrittenOut(const Vectors& vectors, const std::string& name) {
  const std::string path = Cache() + "/" + name + ".fbin";
  if (std::filesystem::exists(path)) return path;
  const std::uint32_t header[2] = {static_cast<std::uint32_t>(vectors.rows), vectors.dimension};
  std::ofstream out(path + ".new", std::ios::binary);
  out.write(reinterpret_cast<const char*>(header), sizeof(header));
  out.write(reinterpret_cast<const char*>(vectors.values.data()),
            static_cast<std::streamsize>(vectors.values.size() * sizeof(float)));
  out.close();
  std::filesystem::rename(path + ".new", path);
  return path;
}

class Peer {
 public:
  Peer(const PeerKind& kind, const Set& set, const std::string& folder) : kind_(kind) {
    log_ = Cache() + "/" + kind.folder + ".log";
    answers_ = Cache() + "/" + kind.folder + "-" + kind.mode + ".answers";
    process_ = std::make_unique<PeerProcess>(
        std::vector<std::string>{"node", kind.program, kind.mode, folder,
                                 WrittenOut(set.base, Named(set)),
                                 WrittenOut(set.queries, set.name + "-queries")},
        Programs(), log_);
  }

  PeerProcess& process() { return *process_; }
  const PeerKind& kind() const { return kind_; }
  const std::string& log() const { return log_; }

  Contender AsContender(std::int64_t percent = 0) {
    Contender contender{kind_.name, kind_.queries, {}, {}, {}, {}};
    contender.run = [this, percent](std::size_t ef, std::size_t queries) {
      return process_->AskAnswers("search " + std::to_string(ef) + " " + std::to_string(percent) +
                                      " " + std::to_string(queries),
                                  answers_);
    };
    contender.small = [this](std::size_t queries) {
      return process_->AskAnswers("small " + std::to_string(queries), answers_);
    };
    return contender;
  }

 private:
  const PeerKind& kind_;
  std::string log_;
  std::string answers_;
  std::unique_ptr<PeerProcess> process_;
};

// What it took to have it; seconds of 0: not known.
struct Cost {
  std::string name;
  double build = 0;
  double build_cpu = 0;
  double disk = 0;    // bytes
  double open = 0;    // to the first answer
  double memory = 0;  // bytes that opening and searching added
};

// Builds it in one process unless that was done before, and opens it in another. Null when that
// does not work.
std::unique_ptr<Peer> OpenPeer(const PeerKind& kind, const Set& set, Cost* cost) {
  if (Programs().empty()) {
    SayMissing(kind.name, "needs npm and Node.js 20 or newer");
    return nullptr;
  }
  const std::string folder = Cache() + "/" + Named(set) + "-" + kind.folder;
  cost->name = kind.name;
  {
    Peer builder(kind, set, folder);
    const std::vector<double> built = builder.process().AskNumbers("build");
    if (built.size() != 3) {
      SayMissing(kind.name, "it says why in " + builder.log());
      return nullptr;
    }
    cost->build = built[0];
    cost->build_cpu = built[1];
    cost->disk = built[2];
  }
  auto peer = std::make_unique<Peer>(kind, set, folder);
  PeerProcess& process = peer->process();
  const std::vector<double> before = process.AskNumbers("memory");
  const std::vector<double> opened = process.AskNumbers("open");
  if (before.size() != 1 || opened.size() != 2) {
    SayMissing(kind.name, "it says why in " + peer->log());
    return nullptr;
  }
  peer->AsContender().run(80, kind.queries);
  const std::vector<double> after = process.AskNumbers("memory");
  cost->open = opened[0] + opened[1];
  if (after.size() == 1) cost->memory = (after[0] - before[0]) * 1e6;
  return peer;
}

// ---- vecdb ------------------------------------------------------------------------------------

// Of each row a number from 0 to 99, the same as in serve.mjs.
std::vector<std::int64_t> Buckets(std::size_t rows) {
  std::vector<std::int64_t> buckets(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    buckets[i] = (static_cast<std::uint32_t>(i + 1) * 0x9E37'79B1U >> 16) % 100;
  }
  return buckets;
}

Contender VecdbContender(const Set& set, Collection collection, const std::string& name,
                         const std::string& filter = {}, bool anew = false) {
  Contender contender{name, kQueries, {}, {}, {}, {}};
  contender.run = [&set, collection, filter, anew](std::size_t ef, std::size_t queries) {
    Answers answers;
    SearchRequest request;
    request.limit = kK;
    request.effort.ef = static_cast<std::uint32_t>(ef);
    request.filter = filter;
    for (std::size_t q = 0; q < queries; ++q) {
      request.query = std::span(set.queries.row(q), set.base.dimension);
      if (anew) request.filter = SaidAnew(filter);
      std::optional<Hits> hits;
      answers.seconds.push_back(Seconds([&] { hits.emplace(*collection.Search(request)); }));
      answers.rows.emplace_back();
      for (const Hit& hit : *hits) {
        answers.rows.back().push_back(static_cast<std::uint32_t>(std::get<std::int64_t>(hit.key)));
      }
    }
    return answers;
  };
  return contender;
}

Serving ServingOf(const Set& set, const std::vector<std::int64_t>& buckets) {
  Serving serving{.index = HnswSqIndex{.m = kM, .ef_construction = kEfConstruction},
                  .folder = g_arguments.dir + "/tmp"};
  serving.fields = {{"bucket", &buckets}};
  if (g_arguments.keep) {
    serving.folder = Cache();
    serving.keep = Named(set) + "-buckets.vecdb";
  }
  return serving;
}

Cost CostOfVecdb(const Set& set, Served* served) {
  Cost cost{.name = "vecdb HNSW_SQ"};
  const IndexInfo info = served->Info();
  cost.build = served->build_seconds() > 0 ? served->build_seconds()
                                           : static_cast<double>(info.build_ms) / 1e3;
  cost.build_cpu = served->build_cpu_seconds();
  served->Close();
  cost.disk = static_cast<double>(BytesOnDisk(served->path()));
  const double before = ResidentBytes();
  cost.open = Seconds([&] {
    served->Open();
    VecdbContender(set, served->collection(), "").run(kK, 1);
  });
  VecdbContender(set, served->collection(), "").run(80, kQueries);
  cost.memory = ResidentBytes() - before;
  return cost;
}

// ---- tables -----------------------------------------------------------------------------------

std::string At(const Curve& curve, double recall, double least = 0) {
  const std::optional<double> qps = QpsAt(curve, recall);
  if (!qps) {
    char text[64];
    std::snprintf(text, sizeof(text), "at most %.3f",
                  curve.empty() ? 0.0 : curve.rbegin()->second.recall);
    return text;
  }
  const auto at = PointAt(curve, recall);
  char text[128];
  if (least > 0) {
    std::snprintf(text, sizeof(text), "%.0f = %.2f x", *qps, least / *qps);
  } else {
    std::snprintf(text, sizeof(text), "%.0f (%.0f / %.0f us)", *qps, at->second.p50 * 1e6,
                  at->second.p99 * 1e6);
  }
  return text;
}

// A row of Markdown for each contender; vecdb is the first.
void PrintContenders(const std::vector<Contender>& contenders, const std::vector<double>& recalls) {
  std::printf("\n| |");
  for (const double recall : recalls) {
    std::printf(" %.2f: searches/s (p50 / p99) | vecdb's speed in it | core: searches/s = vecdb |",
                recall);
  }
  std::printf("\n|---|");
  for (std::size_t i = 0; i < recalls.size(); ++i) std::printf("---|---|---|");
  std::printf("\n");
  for (const Contender& contender : contenders) {
    std::printf("| %s |", contender.name.c_str());
    for (const double recall : recalls) {
      const std::optional<double> mine = QpsAt(contenders[0].wall, recall);
      const std::optional<double> theirs = QpsAt(contender.wall, recall);
      std::printf(" %s |", At(contender.wall, recall).c_str());
      if (mine && theirs) {
        std::printf(" %.2f x |", *mine / *theirs);
      } else {
        std::printf(" |");
      }
      std::printf(" %s |",
                  contender.small ? At(contender.core, recall, mine.value_or(1)).c_str() : "");
    }
    std::printf("\n");
  }
  std::printf("\n");
  for (const Contender& contender : contenders) {
    std::printf("  %-26s", contender.name.c_str());
    for (const auto& [ef, point] : contender.wall) {
      std::printf(" %zu:%.4f/%.0f", ef, point.recall, point.qps);
    }
    std::printf("  (ef:recall/qps)\n");
  }
  std::fflush(stdout);
}

void PrintCosts(const Set& set, const std::vector<Cost>& costs) {
  const auto rows = static_cast<double>(set.base.rows);
  std::printf(
      "\n| %s | build, s (of processors) | on disk, bytes a row | opened to the first answer,"
      " ms | memory it adds, bytes a row |\n|---|---|---|---|---|\n",
      Named(set).c_str());
  for (const Cost& cost : costs) {
    std::printf("| %s | %.1f (%.1f) | %.0f | %.1f | %.0f |\n", cost.name.c_str(), cost.build,
                cost.build_cpu, cost.disk / rows, cost.open * 1e3, cost.memory / rows);
  }
  std::fflush(stdout);
}

void AddSqliteVec(const Set& set, std::unique_ptr<SqliteVecPeer>* peer,
                  std::vector<Contender>* contenders) {
  if (!Asked(g_arguments.peers, kSqliteVec)) return;
  const std::string extension = Programs() + "/node_modules/sqlite-vec-linux-x64/vec0.so";
  const std::string path = Cache() + "/" + Named(set) + ".sqlite";
  if (!Programs().empty() && std::filesystem::exists(extension)) {
    *peer = SqliteVecPeer::Open(extension, path, set);
  }
  if (*peer == nullptr) return SayMissing(kSqliteVec, "needs npm and libsqlite3-dev");
  constexpr std::size_t kFew = 30;
  contenders->push_back(
      {kSqliteVec,
       kFew,
       [peer = peer->get()](std::size_t, std::size_t queries) { return peer->Run(queries); },
       {},
       {},
       {}});
}

void Draw(const Set& set, const std::vector<Contender>& contenders) {
  Plot plot(Named(set));
  for (const Contender& contender : contenders) {
    plot.Add(contender.name, contender.wall);
    if (contender.small) plot.Add(contender.name + ", core", contender.core, true);
  }
  const std::string path = g_arguments.dir + "/peers-" + Named(set) + ".svg";
  plot.Write(path);
  std::printf("curves: %s\n", path.c_str());
}

using OpenPeers = std::vector<std::unique_ptr<Peer>>;

void TableSearch(const Set& set, Served* served, const OpenPeers& peers) {
  const std::vector<double> kth = Truth::Of(set, kK, Cache());
  std::vector<Contender> contenders = {VecdbContender(set, served->collection(), "vecdb HNSW_SQ")};
  for (const auto& peer : peers) contenders.push_back(peer->AsContender());
  std::unique_ptr<SqliteVecPeer> sqlite;
  AddSqliteVec(set, &sqlite, &contenders);
  Rounds(set, kth, g_arguments.repeats, 0.992).Run(kEfs, &contenders);
  PrintContenders(contenders, {0.95, 0.99});
  Draw(set, contenders);
}

void TableFilter(const Set& set, const std::vector<std::int64_t>& buckets, Served* served,
                 const OpenPeers& peers) {
  for (const std::int64_t percent : {1, 10, 50, 99}) {
    const auto kept = [&](std::size_t row) { return buckets[row] < percent; };
    const std::vector<double> kth =
        Truth::Of(set, kK, Cache(), "bucket" + std::to_string(percent), kept);
    const std::string filter = "bucket < " + std::to_string(percent);
    std::vector<Contender> contenders = {
        VecdbContender(set, served->collection(), "vecdb, " + filter, filter, true),
        VecdbContender(set, served->collection(), "vecdb, said before", filter)};
    for (const auto& peer : peers) {
      if (peer->kind().filters) contenders.push_back(peer->AsContender(percent));
    }
    Rounds(set, kth, g_arguments.repeats, 0.98).Run(kFilterEfs, &contenders);
    PrintContenders(contenders, {0.98});
  }
}

// Rows that have come and are not indexed yet.
void TableGrowing(const Set& set) {
  constexpr std::size_t kFew = 30;
  const std::vector<double> kth = Truth::Of(set, kK, Cache());
  Served served(set, {.segments = 0, .folder = g_arguments.dir + "/tmp"});
  std::vector<Contender> contenders = {VecdbContender(set, served.collection(), "vecdb, growing")};
  contenders.front().queries = kFew;
  std::vector<std::unique_ptr<Peer>> peers;
  for (const PeerKind& kind : kPeers) {
    if (!kind.growing || !Asked(g_arguments.peers, kind.name) || Programs().empty()) continue;
    peers.push_back(std::make_unique<Peer>(kind, set, Cache() + "/growing-" + kind.folder));
    if (peers.back()->process().AskNumbers("insert").empty()) {
      SayMissing(kind.name, "it says why in " + peers.back()->log());
      continue;
    }
    contenders.push_back(peers.back()->AsContender());
    contenders.back().name += ", before optimize";
    contenders.back().queries = kFew;
  }
  const std::vector<std::size_t> by_default = {0};
  Rounds(set, kth, g_arguments.repeats, 1).Run(by_default, &contenders);
  PrintContenders(contenders, {0.9});
}

// ---- what is run ------------------------------------------------------------------------------

[[noreturn]] void Usage() {
  std::fprintf(stderr,
               "usage: bench_peers [search] [filter] [growing] [cost] [--peer NAME]... [--data SET]"
               " [--rows N] [--repeats N] [--dir FOLDER] [--keep]\npeers:");
  for (const PeerKind& kind : kPeers) std::fprintf(stderr, " '%s'", kind.name);
  std::fprintf(stderr, " '%s'\n", kSqliteVec);
  std::exit(2);
}

void TakeOption(const std::string& option, const std::string& value) {
  if (option == "--peer") {
    g_arguments.peers.push_back(value);
  } else if (option == "--data") {
    g_arguments.data = value;
  } else if (option == "--rows") {
    g_arguments.rows = std::strtoull(value.c_str(), nullptr, 10);
  } else if (option == "--repeats") {
    g_arguments.repeats = std::strtoull(value.c_str(), nullptr, 10);
  } else if (option == "--dir") {
    g_arguments.dir = value;
  } else {
    Usage();
  }
}

void TakeArguments(const std::vector<std::string>& words) {
  const std::vector<std::string> tables = {"search", "filter", "growing", "cost"};
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (Asked(tables, words[i])) {
      g_arguments.tables.push_back(words[i]);
    } else if (words[i] == "--keep") {
      g_arguments.keep = true;
    } else if (i + 1 < words.size()) {
      TakeOption(words[i], words[i + 1]);
      ++i;
    } else {
      Usage();
    }
  }
  if (g_arguments.rows == 0 || g_arguments.repeats == 0) Usage();
}

bool Wanted(const char* table) {
  return Asked(g_arguments.tables, table);
}

void RunIndexed(const Set& set) {
  const std::vector<std::int64_t> buckets = Buckets(set.base.rows);
  Served served(set, ServingOf(set, buckets));
  std::vector<Cost> costs = {CostOfVecdb(set, &served)};
  OpenPeers peers;
  for (const PeerKind& kind : kPeers) {
    if (!Asked(g_arguments.peers, kind.name)) continue;
    Cost cost;
    auto peer = OpenPeer(kind, set, &cost);
    if (peer == nullptr) continue;
    costs.push_back(cost);
    peers.push_back(std::move(peer));
  }
  if (Wanted("cost")) PrintCosts(set, costs);
  if (Wanted("search")) TableSearch(set, &served, peers);
  if (Wanted("filter")) TableFilter(set, buckets, &served, peers);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that ends answers nothing
  TakeArguments(std::vector<std::string>(argv + 1, argv + argc));
  std::filesystem::create_directories(Cache());
  std::filesystem::create_directories(g_arguments.dir + "/tmp");
  const Set set = LoadSet(g_arguments.data, g_arguments.rows, kQueries);
  if (Wanted("search") || Wanted("filter") || Wanted("cost")) RunIndexed(set);
  if (Wanted("growing")) TableGrowing(set);
  return 0;
}
