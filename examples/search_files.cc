// Searches a folder of text. Every passage is a row: where it stands, how long and how old it is,
// its text and a vector. The first call indexes the folder, later calls only what changed.
//
//   search_files ~/notes --query "how do I renew the certificate" --filter 'extension == "md"'
//
// What to look at: PassageSchema (what a row is), Indexer (writing), Ask (reading), and main, which
// asks, closes, opens again and expects the same answers. folder.h and
// text.h, which make files into passages and passages into vectors, know nothing of vecdb.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>
#include <vecdb/vecdb.h>

#include "folder.h"
#include "terminal.h"
#include "text.h"

namespace fs = std::filesystem;
using namespace vecdb;
using terminal::Bold;
using terminal::Clock;
using terminal::MillisecondsSince;
using terminal::Progress;

namespace {

constexpr std::size_t kTextBytes = 2000;    // of a passage; the rest of a longer one is cut off
constexpr std::size_t kRowsPerBatch = 500;  // a batch ends with the file that reaches it
constexpr std::size_t kPage = 16'384;       // the most rows that one query gives
constexpr std::size_t kFlushRows = 1000;    // fewer are left in the log until there are more
constexpr std::size_t kCandidates = 50;     // looked at closely, for one question
constexpr int kRepeats = 20;

// ---- The end of the program, with its reason ------------------------------------------------

[[noreturn]] void Fail(std::string_view reason) {
  std::fprintf(stderr, "search_files: %.*s\n", static_cast<int>(reason.size()), reason.data());
  std::exit(2);
}

void Need(const Status& status) {
  if (!status.ok()) Fail(status.ToString());
}

template <typename T>
T Need(Result<T> result) {
  Need(result.status());
  return *std::move(result);
}

// ---- What was asked for ---------------------------------------------------------------------

constexpr const char* kHelp =
    R"(search_files [FOLDER] [options]   searches the text of a folder (without FOLDER: this one)

  --db DIR         the database; it is kept, and brought up to date by the next call
                   (search_files.vecdb in the current folder)
  --query TEXT     a question; may be repeated. Without: a few, to look around
  --ask            then reads questions from standard input, one a line
  --filter EXPR    only passages for which it is true, by path, line, length (in bytes),
                   modified (in seconds since 1970), extension and text:
                     extension in ["md", "txt"] and length > 200
                     modified >= 1767225600 and not (path == "notes/old.txt")
  --limit N        answers to a question (3)
  --fresh          indexes everything again
)";

struct Question {
  std::string words;
  std::string filter;
};

struct Arguments {
  fs::path folder = ".";
  fs::path database = "search_files.vecdb";
  std::vector<std::string> questions;
  std::string filter;
  std::size_t limit = 3;
  bool fresh = false;
  bool ask = false;
};

Arguments Parse(int count, char** words) {
  Arguments arguments;
  bool has_folder = false;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const auto value = [&]() -> std::string {
      if (i + 1 == count) Fail(std::string(word) + " needs a value; see --help");
      return words[++i];
    };
    if (word == "--help" || word == "-h") {
      std::fputs(kHelp, stdout);
      std::exit(0);
    } else if (word == "--db") {
      arguments.database = value();
    } else if (word == "--query") {
      arguments.questions.push_back(value());
    } else if (word == "--filter") {
      arguments.filter = value();
    } else if (word == "--limit") {
      arguments.limit = std::strtoul(value().c_str(), nullptr, 10);
      if (arguments.limit == 0) Fail("--limit needs a number above 0");
    } else if (word == "--fresh") {
      arguments.fresh = true;
    } else if (word == "--ask") {
      arguments.ask = true;
    } else if (word.starts_with("-") || has_folder) {
      Fail("'" + std::string(word) + "' is not understood; see --help");
    } else {
      arguments.folder = word;
      has_folder = true;
    }
  }
  return arguments;
}

// ---- The database ---------------------------------------------------------------------------

Schema PassageSchema() {
  return Need(SchemaBuilder()
                  .PrimaryKey("id", DataType::kVarChar)  // "docs/FORMAT.md:120"
                  .Scalar("path", DataType::kVarChar)
                  .Scalar("line", DataType::kInt64)
                  .Scalar("length", DataType::kInt64)
                  .Scalar("modified", DataType::kInt64)
                  .Scalar("extension", DataType::kVarChar)  // "md"
                  .Add({.name = "text", .type = DataType::kVarChar, .max_length = kTextBytes})
                  .Nullable("stamp", DataType::kVarChar)  // of the file, in its first passage only
                  .Vector("meaning", text::TextVectors::kDimension, Metric::kCosine)
                  .Build());
}

// How much each piece of a word weighs is learned from the first folder indexed and kept beside the
// passages, as vectors: those of later files and questions must be made with the same weights.
text::TextVectors LearnOrLoad(Database& db, bool learn, const std::vector<folder::File>& files) {
  constexpr std::uint32_t kPart = 32'768;
  const Schema schema =
      Need(SchemaBuilder().PrimaryKey("part").Vector("weights", kPart, Metric::kL2).Build());
  Collection parts = Need(db.CreateCollection("weights", schema));
  std::vector<Key> keys;
  for (std::int64_t i = 0; i < std::int64_t{text::TextVectors::kWeights / kPart}; ++i) {
    keys.emplace_back(i);
  }
  if (!learn) {
    const GetResult found = Need(parts.Get(keys, std::vector<std::string>{"weights"}));
    if (!found.missing.empty()) Fail("this database lacks its weights; --fresh makes them again");
    std::vector<float> weights;
    for (const Row& row : found.rows) {
      const auto* part = row.Get<std::vector<float>>("weights");
      weights.insert(weights.end(), part->begin(), part->end());
    }
    return text::TextVectors(std::move(weights));
  }
  text::TextVectors::Learner learner;
  Progress progress("learning which words are rare", files.size());
  std::size_t passages = 0;
  for (std::size_t i = 0; i < files.size(); progress.Show(++i, passages)) {
    for (const text::Passage& passage : text::CutIntoPassages(folder::Read(files[i]).text)) {
      learner.Add(passage.text);
      ++passages;
    }
  }
  text::TextVectors vectors = learner.Finish();
  Batch batch(schema);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Need(batch.Add({{"part", static_cast<std::int64_t>(i)},
                    {"weights", vectors.weights().subspan(i * kPart, kPart)}}));
  }
  Need(parts.Upsert(batch));
  return vectors;
}

// A text as a constant of the filter language.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n' || c == '\r') {
      quoted += c == '\n' ? "\\n" : "\\r";
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

// The stamp of every file indexed, by path.
std::map<std::string, std::string> IndexedFiles(const Collection& passages) {
  std::map<std::string, std::string> files;
  for (std::string last;;) {
    const std::vector<Row> rows =
        Need(passages.Query({.filter = "stamp is not null and id > " + Quoted(last),
                             .output_fields = {"id", "path", "stamp"},
                             .limit = kPage}));
    for (const Row& row : rows) {
      files[*row.Get<std::string>("path")] = *row.Get<std::string>("stamp");
      last = *row.Get<std::string>("id");
    }
    if (rows.size() < kPage) return files;
  }
}

// Brings the passages up to date with the folder. A batch is written whole or not at all and holds
// whole files, so the stamp in a file's first passage proves that all its passages are there: after
// a crash at any moment the next call indexes what is missing, and nothing twice.
class Indexer {
 public:
  Indexer(Collection passages, const text::TextVectors& vectors)
      : passages_(std::move(passages)), vectors_(vectors), batch_(passages_.schema()) {}

  void Run(const std::vector<folder::File>& files) {
    std::map<std::string, std::string> known = IndexedFiles(passages_);
    Progress progress("indexing", files.size());
    for (std::size_t i = 0; i < files.size(); progress.Show(++i, rows_)) {
      const auto indexed = known.extract(files[i].name);
      if (!indexed.empty() && indexed.mapped() == files[i].stamp) {
        ++unchanged_;
      } else {
        Update(files[i], !indexed.empty());
      }
    }
    for (const auto& [path, stamp] : known) Forget(path);
    gone_ = known.size();
    Write();
  }

  void Print(double milliseconds) const {
    std::printf("  %zu files indexed, %zu unchanged, %zu gone; skipped:", indexed_, unchanged_,
                gone_);
    for (const auto& [reason, files] : skipped_) std::printf(" %zu %s", files, reason.c_str());
    std::printf("%s\n", skipped_.empty() ? " none" : "");
    std::printf("  %zu passages written, %.2f s in all\n", rows_, milliseconds / 1000);
  }

  std::size_t rows() const { return rows_; }

 private:
  void Update(const folder::File& file, bool was_indexed) {
    const folder::Contents contents = folder::Read(file);
    if (contents.no_text == "unreadable") {  // what is known of it stays
      ++skipped_[contents.no_text];
      return;
    }
    if (was_indexed) Forget(file.name);
    const std::vector<text::Passage> passages = text::CutIntoPassages(contents.text);
    if (passages.empty()) {
      ++skipped_[contents.no_text.empty() ? "empty" : contents.no_text];
      return;
    }
    for (const text::Passage& passage : passages) Add(file, passage, &passage == &passages[0]);
    ++indexed_;
    if (batch_.rows() >= kRowsPerBatch) Write();
  }

  void Add(const folder::File& file, const text::Passage& passage, bool first) {
    const std::string id = file.name + ":" + std::to_string(passage.line);
    const std::string extension = fs::path(file.name).extension().string();
    const std::vector<float> meaning = vectors_.Of(passage.text);
    ValueView stamp;  // null
    if (first) stamp = file.stamp;
    Need(batch_.Add({{"id", id},
                     {"path", file.name},
                     {"line", passage.line},
                     {"length", static_cast<std::int64_t>(passage.text.size())},
                     {"modified", file.modified},
                     {"extension", std::string_view(extension).substr(extension.empty() ? 0 : 1)},
                     {"text", text::CutAt(passage.text, kTextBytes)},
                     {"stamp", stamp},
                     {"meaning", meaning}}));
  }

  void Forget(const std::string& path) {
    for (;;) {
      const std::vector<Row> rows = Need(passages_.Query(
          {.filter = "path == " + Quoted(path), .output_fields = {"id"}, .limit = kPage}));
      if (rows.empty()) return;
      std::vector<Key> keys;
      for (const Row& row : rows) keys.emplace_back(*row.Get<std::string>("id"));
      Need(passages_.Delete(keys));
    }
  }

  void Write() {
    if (batch_.rows() == 0) return;
    Need(passages_.Upsert(batch_));
    rows_ += batch_.rows();
    batch_.Clear();
  }

  Collection passages_;
  const text::TextVectors& vectors_;
  Batch batch_;
  std::size_t rows_ = 0;
  std::size_t indexed_ = 0;
  std::size_t unchanged_ = 0;
  std::size_t gone_ = 0;
  std::map<std::string, std::size_t> skipped_;
};

// ---- Questions and answers --------------------------------------------------------------------

Hits Nearest(const Collection& passages, const std::vector<float>& meaning,
             const Question& question, std::size_t limit) {
  return Need(passages.Search({.field = "meaning",
                               .query = meaning,
                               .limit = limit,
                               .filter = question.filter,
                               .output_fields = {"text"}}));
}

// Vectors are quick to compare and say roughly what a passage is about, so the nearest are only
// candidates: how much of the question a candidate's text says puts them in order.
Hits Ask(const Collection& passages, const text::TextVectors& vectors, const Question& question,
         std::size_t limit) {
  Hits hits = Nearest(passages, vectors.Of(question.words), question, std::max(limit, kCandidates));
  for (Hit& hit : hits) {
    hit.score *= vectors.Covered(question.words, *hit.row.Get<std::string>("text"));
  }
  std::stable_sort(hits.begin(), hits.end(),
                   [](const Hit& a, const Hit& b) { return a.score > b.score; });
  if (hits.size() > limit) hits.resize(limit);
  return hits;
}

bool Same(const Hits& a, const Hits& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Hit& x, const Hit& y) {
    return x.key == y.key && x.score == y.score && x.row.values == y.row.values;
  });
}

void Print(const Question& question, const Hits& hits, const text::TextVectors& vectors) {
  std::printf("\n%s\n", Bold(question.words).c_str());
  if (!question.filter.empty()) std::printf("  only where %s\n", question.filter.c_str());
  int rank = 0;
  for (const Hit& hit : hits) {
    std::printf("  %2d  %.3f  %s\n", ++rank, static_cast<double>(hit.score),
                std::get<std::string>(hit.key).c_str());
    std::printf(
        "             %s\n",
        terminal::Snippet(*hit.row.Get<std::string>("text"), question.words, vectors).c_str());
  }
  if (hits.empty()) std::printf("  no passage\n");
}

// Something to ask about vecdb when nothing was asked.
std::vector<Question> QuestionsAboutVecdb() {
  const std::string library = R"(path >= "include/" and path < "tests/")";
  const std::string week_ago = std::to_string(std::time(nullptr) - 7 * 24 * 3600);
  return {{"what happens when a sync fails", library},
          {"how are torn tails told from corruption", library},
          {"which command runs the tests", R"(extension == "md")"},
          {"how many vector fields may a schema have",
           library + " and length > 200 and modified >= " + week_ago}};
}

// A line each from three passages of a folder that nobody told us about.
std::vector<Question> QuestionsFrom(const Collection& passages) {
  const std::vector<Row> rows =
      Need(passages.Query({.filter = "length > 200", .output_fields = {"text"}, .limit = kPage}));
  std::vector<Question> questions;
  for (std::size_t i = 1; i < 4 && i <= rows.size(); ++i) {
    std::string_view passage = *rows[rows.size() * i / 4].Get<std::string>("text");
    std::string_view longest;
    while (!passage.empty()) {
      const std::string_view line = text::NextLine(&passage);
      if (line.size() > longest.size()) longest = line;
    }
    longest.remove_prefix(std::min(longest.find_first_not_of(" \t"), longest.size()));
    questions.push_back({std::string(text::CutAt(longest, 60)), ""});
  }
  return questions;
}

std::vector<Question> QuestionsFor(const Arguments& arguments, const Collection& passages) {
  std::vector<Question> questions;
  for (const std::string& words : arguments.questions) questions.push_back({words, ""});
  if (questions.empty() && !arguments.ask) {
    std::error_code ignored;
    questions = fs::exists(arguments.folder / "include" / "vecdb", ignored)
                    ? QuestionsAboutVecdb()
                    : QuestionsFrom(passages);
  }
  if (!arguments.filter.empty()) {
    for (Question& question : questions) question.filter = arguments.filter;
  }
  return questions;
}

// ---- The program --------------------------------------------------------------------------------

double MegabytesOnDisk(const fs::path& directory) {
  double bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    if (at->is_regular_file(ignored)) bytes += static_cast<double>(at->file_size(ignored));
  }
  return bytes / 1e6;
}

// The middle one of many.
double MillisecondsToSearch(const Collection& passages, const text::TextVectors& vectors,
                            const std::vector<Question>& questions) {
  std::vector<double> times;
  for (int i = 0; i < kRepeats; ++i) {
    for (const Question& question : questions) {
      const std::vector<float> meaning = vectors.Of(question.words);
      const Clock::time_point start = Clock::now();
      Nearest(passages, meaning, question, kCandidates);
      times.push_back(MillisecondsSince(start));
    }
  }
  std::sort(times.begin(), times.end());
  return times.empty() ? 0 : times[times.size() / 2];
}

Database Open(const Arguments& arguments) {
  // A power cut may take the last 50 ms of an indexing run with it; the next run indexes them
  // again.
  return Need(Database::Open(arguments.database, {.durability = Durability::kInterval}));
}

void AnswerStandardInput(const Collection& passages, const text::TextVectors& vectors,
                         const Arguments& arguments) {
  const char* prompt = isatty(STDIN_FILENO) != 0 ? "\nask (an empty line ends): " : "";
  for (std::string words;;) {
    std::printf("%s", prompt);
    std::fflush(stdout);
    if (!std::getline(std::cin, words) || words.empty()) return;
    const Question question = {text::ToUtf8(words), arguments.filter};
    Print(question, Ask(passages, vectors, question, arguments.limit), vectors);
  }
}

int Run(const Arguments& arguments) {
  std::error_code error;
  const std::vector<folder::File> files = folder::List(arguments.folder, &error);
  if (error) Fail("cannot list '" + arguments.folder.string() + "': " + error.message());

  Database db = Open(arguments);
  if (arguments.fresh) {
    for (const char* name : {"passages", "weights"}) {
      const Status dropped = db.DropCollection(name);
      if (dropped.code() != StatusCode::kNotFound) Need(dropped);
    }
  }
  Collection passages = Need(db.CreateCollection("passages", PassageSchema()));
  const bool is_new = Need(passages.Count()) == 0;
  std::printf("Indexing %s into %s\n", arguments.folder.c_str(), arguments.database.c_str());
  std::fflush(stdout);
  const Clock::time_point started = Clock::now();
  const text::TextVectors vectors = LearnOrLoad(db, is_new, files);
  Indexer indexer(passages, vectors);
  indexer.Run(files);
  if (indexer.rows() >= kFlushRows) Need(db.Flush());
  indexer.Print(MillisecondsSince(started));

  const std::vector<Question> questions = QuestionsFor(arguments, passages);
  std::vector<Hits> answers;
  for (const Question& question : questions) {
    answers.push_back(Ask(passages, vectors, question, arguments.limit));
    Print(question, answers.back(), vectors);
  }
  const double search_ms = MillisecondsToSearch(passages, vectors, questions);
  Need(db.Close());

  const Clock::time_point reopened = Clock::now();
  db = Open(arguments);
  passages = Need(db.OpenCollection("passages"));
  const double open_ms = MillisecondsSince(reopened);
  const text::TextVectors loaded = LearnOrLoad(db, false, files);
  bool same = true;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    same &= Same(answers[i], Ask(passages, loaded, questions[i], arguments.limit));
  }
  const CollectionStats stats = Need(passages.Stats());
  std::printf("\nClosed, opened again in %.1f ms%s\n", open_ms,
              questions.empty() ? ""
              : same            ? ": the answers are the same, to the last bit"
                                : ": THE ANSWERS DIFFER");
  std::printf("  %llu passages in %u sealed and %u growing segments, %.1f MB on disk\n",
              static_cast<unsigned long long>(stats.rows), stats.sealed_segments,
              stats.growing_segments, MegabytesOnDisk(arguments.database));
  if (!questions.empty()) {
    std::printf(
        "  a search takes %.2f ms: every vector compared, %zu nearest with text (median of %zu)\n",
        search_ms, kCandidates, kRepeats * questions.size());
  }
  if (arguments.ask) AnswerStandardInput(passages, loaded, arguments);
  Need(db.Close());
  return same ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  return Run(Parse(count, words));
}
