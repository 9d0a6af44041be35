// Processes that write are killed, at any moment and at every named place, also while they recover
// from the last kill: the next one finds every answered write and no half of another. The directory
// is not deleted in between.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vecdb/check.h"

#include "support/catch.h"
#include "support/kill_life.h"
#include "support/oracle.h"
#include "support/seed.h"
#include "support/temp_directory.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLivesOfDirectory = 20;
constexpr std::chrono::seconds kHang{60};

// Every name that is handed to base::KillPoint in the sources; those of one source as it has them.
std::vector<std::string> AllPoints() {
  std::vector<std::string> points;
  const std::string call = "KillPoint(\"";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(VECDB_SOURCE_DIR "/src")) {
    if (entry.path().extension() != ".cc") continue;
    std::ifstream file(entry.path());
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    for (auto at = text.find(call); at != std::string::npos; at = text.find(call, at)) {
      at += call.size();
      const std::string name = text.substr(at, text.find('"', at) - at);
      if (std::find(points.begin(), points.end(), name) == points.end()) points.push_back(name);
    }
  }
  return points;
}

// How a life ends, if it does not end by itself.
struct End {
  std::string point = {};  // empty: by the clock
  int occurrence = 1;
  std::chrono::milliseconds after{0};
  bool peaceful = false;
};

struct Figures {
  std::uint64_t kills = 0;
  std::uint64_t acked = 0;
  std::uint64_t lost = 0;
  std::uint64_t phantom = 0;
  std::uint64_t wrong = 0;
  std::uint64_t double_crash = 0;
  std::set<std::string> points;
};

// The child and the lines it says.
class Child {
 public:
  explicit Child(const std::vector<std::string>& arguments) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    std::vector<std::string> all = {VECDB_TEST_BIN_DIR "/crash_kill9_child"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    all[2] = std::to_string(ends[1]);
    std::vector<char*> argv;
    for (std::string& argument : all) argv.push_back(argument.data());
    argv.push_back(nullptr);
    REQUIRE(::fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0);
    process_ = ::fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    lines_ = ends[0];
  }
  ~Child() { ::close(lines_); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void Kill() { ::kill(process_, SIGKILL); }
  int Wait() {
    int status = 0;
    ::waitpid(process_, &status, 0);
    return status;
  }

  // Hears what there is, or waits until `until`. False when there will be no more.
  bool Listen(Clock::time_point until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    pollfd ready{lines_, POLLIN, 0};
    const int timeout = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    if (::poll(&ready, 1, timeout) <= 0) return true;
    char buffer[65536];
    const ssize_t size = ::read(lines_, buffer, sizeof(buffer));
    if (size > 0) heard_.append(buffer, static_cast<std::size_t>(size));
    return size > 0;
  }
  // Whole lines heard so far, each once.
  std::vector<std::string> TakeLines() {
    std::vector<std::string> lines;
    std::size_t start = 0;
    for (auto end = heard_.find('\n'); end != std::string::npos; end = heard_.find('\n', start)) {
      lines.push_back(heard_.substr(start, end - start));
      start = end + 1;
    }
    heard_.erase(0, start);
    return lines;
  }

 private:
  pid_t process_ = -1;
  int lines_ = -1;
  std::string heard_;
};

// One directory and the processes that live in it, one after the other.
class Directory {
 public:
  Directory(const std::filesystem::path& parent, std::uint64_t seed, Figures* figures)
      : folder_(parent), seed_(seed), figures_(figures) {}

  // True when the process was killed.
  bool Live(std::size_t steps, const End& end) {
    ++life_;
    told_.clear();
    complete_ = false;
    steps_ = StepsOfLife(seed_, life_, steps);
    std::vector<std::string> arguments = {path(), "pipe", std::to_string(seed_),
                                          std::to_string(life_), std::to_string(steps)};
    if (!end.point.empty()) {
      arguments.push_back(end.point);
      arguments.push_back(std::to_string(end.occurrence));
    }
    const bool killed = Run(arguments, end);
    if (killed && !complete_ && after_kill_) ++figures_->double_crash;
    after_kill_ = killed;
    return killed;
  }

  // Of the closed database.
  void CheckFiles() {
    const auto report = Check(path(), /*full=*/true);
    REQUIRE(report.ok());
    for (const FileProblem& problem : report->damaged) {
      Wrong("check: '" + problem.file + "': " + problem.text);
    }
  }

  std::string path() const { return (folder_ / "database").string(); }

 private:
  bool Run(const std::vector<std::string>& arguments, const End& end) {
    Child child(arguments);
    const auto begun = Clock::now();
    const bool by_clock = end.point.empty() && !end.peaceful;
    bool told_to_die = false;
    for (bool more = true; more;) {
      const bool waits = by_clock && !told_to_die;
      more = child.Listen(waits ? begun + end.after : begun + kHang);
      for (const std::string& line : child.TakeLines()) Hear(line);
      if (waits && Clock::now() >= begun + end.after) {
        child.Kill();
        told_to_die = true;
      } else if (Clock::now() >= begun + kHang) {
        Wrong("a process hangs");
        child.Kill();
        break;
      }
    }
    const int status = child.Wait();
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
      ++figures_->kills;
      if (!end.point.empty()) figures_->points.insert(end.point);
      return true;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      Wrong("a process ended with " + std::to_string(status));
    }
    return false;
  }

  void Hear(const std::string& line) {
    std::istringstream words(line);
    std::string what;
    words >> what;
    if (what == "R") {
      std::string name;
      words >> name;
      told_[hearing_ = name];
    } else if (what == "B") {
      Book book;
      while (words >> book.id >> book.version) told_[hearing_][book.id] = book.version;
    } else if (what == "E") {
      complete_ = true;
      Judge();
    } else if (what == "W") {
      Wrong(line);
    } else if (what == "S" || what == "A") {
      HearStep(what == "A", words);
    }
  }

  void HearStep(bool answered, std::istringstream& words) {
    std::size_t writer = 0;
    std::size_t number = 0;
    words >> writer >> number;
    const Step& step = steps_.at(writer).at(number);
    if (!answered) {
      expected_[writer] = oracle_.Expected(step);
      oracle_.Sent(step);
      return;
    }
    int code = 0;
    words >> code;
    const Status status(static_cast<StatusCode>(code), "");
    oracle_.Answered(step, status);
    ++figures_->acked;
    if (status.code() != expected_[writer]) {
      Wrong(Describe(step) + " was answered with " + std::to_string(code));
    }
  }

  // What the process found against what may be there; from now on that is what there is.
  void Judge() {
    for (const auto& [name, books] : told_) {
      if (oracle_.names().count(name) == 0) Note(Finding::kResurrected, "nobody made " + name);
    }
    for (const std::string& name : oracle_.names()) {
      const auto found = told_.find(name);
      const Contents contents = found == told_.end() ? Contents() : Contents(found->second);
      const Verdict verdict = oracle_.JudgeReopened(name, contents, Stop::kProcessEnd);
      Note(verdict.finding, name + ": " + verdict.text);
      oracle_.Settle(name, contents);
    }
  }

  void Note(Finding finding, const std::string& text) {
    if (finding == Finding::kFine) return;
    ++(finding == Finding::kResurrected ? figures_->phantom : figures_->lost);
    FAIL_CHECK("seed " << seed_ << ", life " << life_ << ": " << text);
  }
  void Wrong(const std::string& text) {
    ++figures_->wrong;
    FAIL_CHECK("seed " << seed_ << ", life " << life_ << ": " << text);
  }

  const TempDirectory folder_;
  const std::uint64_t seed_;
  Figures* const figures_;
  Oracle oracle_;
  std::uint64_t life_ = 0;
  bool after_kill_ = false;

  // Of this life.
  std::vector<Workload> steps_;
  std::map<std::size_t, StatusCode> expected_;
  std::map<std::string, Books> told_;
  std::string hearing_;
  bool complete_ = false;  // told_ is all there is
};

// Which end comes next: every point in turn, those that were not reached again later, and between
// them the clock.
class Ends {
 public:
  Ends(std::vector<std::string> points, std::uint64_t seed)
      : points_(std::move(points)), random_(seed) {}

  End Next(const Figures& figures) {
    if (random_.Chance(30)) return ByClock();
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const std::string& point = points_[next_++ % points_.size()];
      if (figures.points.count(point) != 0 && figures.points.size() < points_.size()) continue;
      const bool common = point.rfind("wal.append", 0) == 0 || point.rfind("wal.sync", 0) == 0 ||
                          point == "write.applied";
      const std::size_t most = ++tries_[point] > 1 ? 1 : common ? 60 : 3;
      return {.point = point, .occurrence = 1 + static_cast<int>(random_.Below(most))};
    }
    return ByClock();
  }

 private:
  End ByClock() { return {.after = std::chrono::milliseconds(random_.Below(300))}; }

  const std::vector<std::string> points_;
  Random random_;
  std::size_t next_ = 0;
  std::map<std::string, int> tries_;
};

// What happens once in the life of a directory: when it is made, or its second channel.
bool IsFirstOf(const std::string& kind, const std::string& point) {
  return point.rfind(kind, 0) == 0;
}
bool HappensOnce(const std::string& point) {
  return IsFirstOf("create.", point) || IsFirstOf("channel.", point);
}

// The first lives of a directory end while it is made.
void LivesOf(Directory& directory, Ends& ends, Random& random, Figures* figures,
             const std::vector<std::string>& points, Clock::time_point stop) {
  std::vector<End> plan;
  for (const char* kind : {"create.", "channel."}) {
    for (const std::string& point : points) {
      if (IsFirstOf(kind, point)) plan.push_back({.point = point});
    }
  }
  for (std::size_t life = 0; life < kLivesOfDirectory && Clock::now() < stop; ++life) {
    End end = life < plan.size() ? plan[life] : ends.Next(*figures);
    const std::size_t steps = end.point.empty() ? 2'000 : 20 + random.Below(60);
    const bool killed = directory.Live(steps, end);
    // Sometimes the next one dies while it repairs what this one left.
    if (killed && random.Chance(40)) {
      directory.Live(10, {.after = std::chrono::milliseconds(2 + random.Below(20))});
    }
  }
  directory.Live(0, {.peaceful = true});
  directory.CheckFiles();
}

}  // namespace

TEST_CASE("after a kill -9, at any moment, every answered write is there and no half of another",
          "[kill9]") {
  const std::uint64_t seed = SeedOr(1);
  std::printf("SEED %llu\n", static_cast<unsigned long long>(seed));
  const std::vector<std::string> points = AllPoints();
  std::vector<std::string> later;
  std::copy_if(points.begin(), points.end(), std::back_inserter(later),
               [](const std::string& point) { return !HappensOnce(point); });
  REQUIRE(later.size() > 20);

  const auto begun = Clock::now();
  const bool soak = SoakMinutes().count() != 0;
  const auto stop = begun + (soak ? Clock::duration(SoakMinutes()) : std::chrono::seconds(240));
  constexpr std::uint64_t kEnough = 150;  // kills, when every point was hit
  Figures figures;
  Ends ends(later, seed);
  Random random(seed);
  for (std::uint64_t i = 0; Clock::now() < stop; ++i) {
    if (!soak && figures.kills >= kEnough && figures.points.size() == points.size()) break;
    // What the end of a process leaves is the same on every file system; memory is quicker.
    Directory directory(i % 5 == 0 ? std::filesystem::temp_directory_path() : FastFolder(),
                        seed * 1'000 + i, &figures);
    LivesOf(directory, ends, random, &figures, points, stop);
    if (figures.lost + figures.phantom + figures.wrong > 10) break;
  }

  std::string missed;
  for (const std::string& point : points) {
    if (figures.points.count(point) == 0) missed += " " + point;
  }
  std::printf(
      "FIG kill9.kills=%llu points_hit=%zu/%zu acked=%llu lost=%llu phantom=%llu "
      "double_crash=%llu\n",
      static_cast<unsigned long long>(figures.kills), figures.points.size(), points.size(),
      static_cast<unsigned long long>(figures.acked), static_cast<unsigned long long>(figures.lost),
      static_cast<unsigned long long>(figures.phantom),
      static_cast<unsigned long long>(figures.double_crash));
  if (!missed.empty()) std::printf("not reached:%s\n", missed.c_str());
  CHECK(figures.kills >= 20);
  CHECK(figures.lost == 0);
  CHECK(figures.phantom == 0);
  CHECK(figures.wrong == 0);
}
