#include "flip_databases.h"

#include <algorithm>

#include "base/canary.h"
#include "base/format.h"
#include "chunk/kinds.h"
#include "support/all_types.h"
#include "support/vector_oracle.h"

namespace vecdb::test {
namespace {

constexpr std::int64_t kProbeNumber = 987'654;

struct Printer {
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool b) const { return b ? "true" : "false"; }
  std::string operator()(std::int64_t i) const { return std::to_string(i); }
  std::string operator()(double d) const { return std::to_string(d); }
  std::string operator()(const std::string& s) const { return "\"" + s + "\""; }
  std::string operator()(const SparseVector& v) const {
    return "{" + (*this)(v.indices) + (*this)(v.values) + "}";
  }
  template <typename T>
  std::string operator()(const std::vector<T>& v) const {
    std::string text = "[";
    for (const auto& x : v) {
      if constexpr (std::is_same_v<T, std::string>) {
        text += (*this)(x) + " ";
      } else {
        text += std::to_string(x) + " ";
      }
    }
    return text + "]";
  }
};

std::string TextOf(const Value& value) {
  return std::visit(Printer(), value);
}
std::string TextOf(const Key& key) {
  return std::holds_alternative<std::string>(key) ? std::get<std::string>(key)
                                                  : std::to_string(std::get<std::int64_t>(key));
}
std::string TextOf(const Row& row) {
  std::string text;
  for (std::size_t i = 0; i < row.names.size(); ++i) {
    text += row.names[i] + "=" + TextOf(row.values[i]) + ";";
  }
  return text;
}
std::string KeyOf(const Row& row, const Schema& schema) {
  const std::string& name = schema.primary_key().name;
  if (const auto* text = row.Get<std::string>(name)) return *text;
  const auto* number = row.Get<std::int64_t>(name);
  return number == nullptr ? "?" : std::to_string(*number);
}

// Many types, texts that repeat and numbers that stay the same for long.
Schema TextSchema() {
  return *SchemaBuilder()
              .PrimaryKey("name", DataType::kVarChar)
              .Scalar("color", DataType::kVarChar)
              .Nullable("weight", DataType::kDouble)
              .Scalar("shelf", DataType::kInt64)
              .Scalar("sold", DataType::kBool)
              .Nullable("note", DataType::kVarChar)
              .Vector("v", 3, Metric::kCosine)
              .Build();
}

void AddTextRow(Batch* batch, const std::string& key, std::int64_t n) {
  static const std::vector<std::string> colors = {"red", "green", "blue, or nearly so"};
  const std::string note(static_cast<std::size_t>(n * 7 % 60), 'n');
  const std::vector<float> vector = {static_cast<float>(n % 9) + 1, static_cast<float>(n % 5), 2};
  const ValueView weight =
      n % 3 == 0 ? ValueView(std::monostate{}) : ValueView(static_cast<double>(n) / 4);
  const ValueView noted = n % 4 == 1 ? ValueView(std::monostate{}) : ValueView(note);
  batch
      ->Add({{"name", key},
             {"color", colors[static_cast<std::size_t>(n) % colors.size()]},
             {"weight", weight},
             {"shelf", n / 20},
             {"sold", n % 2 == 0},
             {"note", noted},
             {"v", vector}})
      .OrDie();
}
std::string TextKey(std::int64_t n) {
  return base::Format("key {:04} {}", n, std::string(static_cast<std::size_t>(n % 13), 'k'));
}

Key KeyFrom(const std::string& text, const Schema& schema) {
  if (schema.primary_key().type == DataType::kVarChar) return text;
  return std::int64_t{std::stoll(text)};
}

void LookAtRows(const Collection& collection, Seen* seen, std::vector<std::string>* failures) {
  const auto rows = collection.Query({.output_fields = {"*"}, .limit = 16'384});
  if (!rows.ok()) return failures->push_back(rows.status().ToString());
  seen->rows.emplace();
  for (const Row& row : *rows) (*seen->rows)[KeyOf(row, collection.schema())] += TextOf(row);
}

void LookByKeys(const Collection& collection, const Seen& whole, Seen* seen,
                std::vector<std::string>* failures) {
  std::vector<Key> keys;
  for (const auto& [key, row] : *whole.rows) keys.push_back(KeyFrom(key, collection.schema()));
  const std::vector<std::string> all = {"*"};
  const auto got = collection.Get(keys, all);
  if (!got.ok()) return failures->push_back(got.status().ToString());
  seen->got = "missing " + std::to_string(got->missing.size());
  for (const Row& row : got->rows) *seen->got += TextOf(row);
}

bool HasAllTypes(const Collection& collection) {
  return collection.schema().Find("array_Int8") != nullptr;
}

void LookByVector(const Collection& collection, const SearchRequest& request, Seen* seen,
                  std::vector<std::string>* failures) {
  const auto hits = collection.Search(request);
  if (!hits.ok()) {
    seen->found.reset();  // what other fields found is no whole answer
    return failures->push_back(hits.status().ToString());
  }
  for (const Hit& hit : *hits) {
    if (!seen->found) return;
    *seen->found += TextOf(hit.key) + ":" + std::to_string(hit.score) + TextOf(hit.row);
  }
}

void LookByVector(const Collection& collection, Seen* seen, std::vector<std::string>* failures) {
  seen->found.emplace();
  if (HasAllTypes(collection)) {
    const Values values = MakeValues(collection.schema(), -5);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Field& field = collection.schema().fields()[i];
      if (!chunk::IsVector(field.type)) continue;
      LookByVector(
          collection,
          {.field = field.name, .query = QueryOf(values[i]), .limit = 8, .output_fields = {"*"}},
          seen, failures);
    }
    return;
  }
  const std::vector<float> four = {3, -7, 20, 1};
  const std::vector<float> three = {3, -7, 20};
  const bool text = collection.schema().primary_key().type == DataType::kVarChar;
  LookByVector(collection, {.query = text ? three : four, .limit = 8, .output_fields = {"*"}}, seen,
               failures);
}

template <typename T>
bool Same(const std::optional<T>& found, const std::optional<T>& whole) {
  return !found || found == whole;
}

// Writes down what there is after each change.
class Maker {
 public:
  Maker(std::string name, std::uint64_t seed) : database_(nullptr) {
    sample_.name = std::move(name);
    seed_ = seed;
  }
  void Open(std::uint64_t log_bytes = std::uint64_t{64} << 20) {
    database_ = std::make_unique<TestDatabase>(io::MakeMemoryFileSystem(), QuietOptions(), seed_);
    if (log_bytes != std::uint64_t{64} << 20) {
      database_->SetLogBytes(log_bytes);
      database_->Reopen();
    }
    Remember();
  }
  TestDatabase& database() { return *database_; }

  void Create(const std::string& name, const Schema& schema, const CollectionOptions& options) {
    (*database_)->CreateCollection(name, schema, options).status().OrDie();
    Remember();
  }
  void Books(const std::string& name, std::int64_t first, std::int64_t count,
             std::int64_t version) {
    Collection collection = database_->OpenBooks(name);
    Batch batch(collection.schema());
    for (std::int64_t i = 0; i < count; ++i) AddBook(&batch, {first + i, version});
    collection.Upsert(batch).status().OrDie();
    Remember();
  }
  void Texts(const std::string& name, std::int64_t first, std::int64_t count, std::int64_t add) {
    Batch batch(TextSchema());
    for (std::int64_t i = first; i < first + count; ++i) AddTextRow(&batch, TextKey(i), i + add);
    database_->OpenBooks(name).Upsert(batch).status().OrDie();
    Remember();
  }
  void AllOf(const std::string& name, std::int64_t first, std::int64_t count) {
    Collection collection = database_->OpenBooks(name);
    collection.Upsert(AllTypesBatch(collection.schema(), first, count, first % 2 == 0))
        .status()
        .OrDie();
    Remember();
  }
  void Delete(const std::string& name, const std::vector<Key>& keys) {
    database_->OpenBooks(name).Delete(keys).status().OrDie();
    Remember();
  }
  void Flush(const std::string& name) {
    database_->OpenBooks(name).Flush().OrDie();
    Remember();
  }
  SampleDatabase& sample() { return sample_; }
  void Remember() { sample_.history.push_back(LookAt(**database_)); }

  SampleDatabase Closed() {
    database_->Close();
    sample_.closed = true;
    return Killed(DumpTree(*database_->fs()));
  }
  SampleDatabase Killed() { return Killed(DumpTree(*database_->fs())); }
  SampleDatabase Killed(Files files) {
    sample_.files = std::move(files);
    FillIn();
    return std::move(sample_);
  }

 private:
  // What the sample's own files say when nothing is wrong with them.
  void FillIn() {
    base::ManualClock clock;
    auto database = *api::DatabaseAccess::Open(
        roles::Environment{DiskWith(sample_.files), &clock, SeededRandom(9)}, QuietOptions());
    const Look look = LookAt(database);
    REQUIRE(look.failures.empty());
    INFO(sample_.name);
    REQUIRE(Agrees(look, sample_.whole()));
    for (const auto& [name, seen] : look.collections) {
      auto collection = database.OpenCollection(name);
      collection->Insert(ProbeFor(*collection)).status().OrDie();
    }
    for (const auto& [name, seen] : LookAt(database).collections) {
      sample_.probes[name] = seen.rows->at(kProbeKey);
    }
  }

  std::uint64_t seed_ = 1;
  std::unique_ptr<TestDatabase> database_;
  SampleDatabase sample_;
};

SampleDatabase Plain(bool closed) {
  Maker maker(closed ? "closed" : "killed", closed ? 11 : 12);
  maker.Open();
  maker.Create("books", BookSchema(), {});
  maker.Books("books", 1, 14, 1);
  maker.Books("books", 10, 8, 2);
  maker.Delete("books", {Key(std::int64_t{2}), Key(std::int64_t{12})});
  maker.Books("books", 30, 6, 3);
  return closed ? maker.Closed() : maker.Killed();
}

SampleDatabase Segments(bool closed) {
  Maker maker(closed ? "closed with segments" : "killed with segments", closed ? 21 : 22);
  maker.Open();
  maker.Create("books", BookSchema(), {});
  maker.Create("split", BookSchema(Metric::kInnerProduct), {.shards = 2});
  maker.Books("books", 1, 40, 1);
  maker.Books("split", 1, 30, 1);
  maker.Flush("books");
  maker.Books("books", 60, 25, 2);
  maker.Delete("books", {Key(std::int64_t{5}), Key(std::int64_t{61})});
  maker.Flush("split");
  maker.Flush("books");
  maker.Books("books", 20, 12, 3);  // rows of a sealed segment, replaced
  maker.Delete("split", {Key(std::int64_t{3}), Key(std::int64_t{4}), Key(std::int64_t{5})});
  maker.Flush("split");
  maker.Delete("books", {Key(std::int64_t{7}), Key(std::int64_t{70})});
  maker.Books("split", 100, 9, 4);
  if (closed) maker.Flush("books");
  return closed ? maker.Closed() : maker.Killed();
}

SampleDatabase TextKeys(bool closed) {
  Maker maker(closed ? "closed with text" : "killed with text", closed ? 31 : 32);
  maker.Open();
  maker.Create("texts", TextSchema(), {});
  maker.Create("books", BookSchema(Metric::kCosine), {});
  maker.Texts("texts", 0, 130, 0);
  maker.Texts("texts", 100, 60, 1);
  maker.Flush("texts");
  maker.Delete("texts", {Key(TextKey(3)), Key(TextKey(120))});
  maker.Books("books", 1, 12, 5);
  maker.Flush("texts");
  maker.Texts("texts", 150, 12, 2);
  maker.Delete("texts", {Key(TextKey(9)), Key(TextKey(151))});
  return closed ? maker.Closed() : maker.Killed();
}

SampleDatabase EveryType(bool closed) {
  Maker maker(closed ? "closed with every type" : "killed with every type", closed ? 51 : 52);
  maker.Open();
  maker.Create("first", AllTypes(0), {});
  maker.Create("second", AllTypes(1), {});
  maker.AllOf("first", 0, 9);
  maker.AllOf("second", 0, 14);
  maker.Flush("first");
  maker.Flush("second");
  maker.AllOf("first", 7, 4);
  maker.AllOf("second", 20, 3);
  maker.Delete("second", {Key(std::int64_t{3}), Key(std::int64_t{20})});
  return closed ? maker.Closed() : maker.Killed();
}

// The disk when the second rotation had named its log and no group stood in it.
struct Rotation {
  io::FileSystem* fs = nullptr;
  int left = 0;
  std::optional<Files> files;
};
Rotation rotation;

SampleDatabase MidRotation() {
  Maker maker("killed while the log rotates", 41);
  maker.Open(20'000);
  maker.Create("books", BookSchema(), {.shards = 2});
  rotation = {maker.database().fs().get(), 2, {}};
  base::SetKillPointHandler([](const char* name) {
    if (std::string_view(name) != "wal.rotate.announced" || --rotation.left != 0) return;
    rotation.files = DumpTree(*rotation.fs);
  });
  std::int64_t version = 1;
  while (!rotation.files) {
    maker.Books("books", 1 + version * 3 % 30, 20, version);
    ++version;
  }
  base::SetKillPointHandler(nullptr);
  maker.sample().history.pop_back();  // the write that rotated the log
  return maker.Killed(*rotation.files);
}

}  // namespace

const std::string kProbeKey = std::to_string(kProbeNumber);

std::shared_ptr<io::FileSystem> DiskWith(const Files& files) {
  auto fs = io::MakeMemoryFileSystem();
  for (const auto& [path, bytes] : files) {  // a folder comes before what is in it
    if (path.back() == '/') {
      fs->MakeDirectory(path.substr(0, path.size() - 1)).OrDie();
    } else {
      (*fs->Open(path, io::OpenMode::kCreate))->WriteAt(0, base::AsBytes(bytes)).OrDie();
    }
  }
  return fs;
}

Look LookAt(Database& database, const Look* whole) {
  Look look;
  const auto names = database.ListCollections();
  if (!names.ok()) {
    look.failures.push_back(names.status().ToString());
    return look;
  }
  for (const std::string& name : *names) {
    const Collection collection = *database.OpenCollection(name);
    Seen& seen = look.collections[name];
    LookAtRows(collection, &seen, &look.failures);
    const auto count = collection.Count();
    if (count.ok()) {
      seen.count = std::to_string(*count);
    } else {
      look.failures.push_back(count.status().ToString());
    }
    const Seen* keys = &seen;
    if (!seen.rows && whole != nullptr && whole->collections.count(name) != 0) {
      keys = &whole->collections.at(name);
    }
    if (keys->rows) LookByKeys(collection, *keys, &seen, &look.failures);
    LookByVector(collection, &seen, &look.failures);
  }
  return look;
}

bool Agrees(const Look& look, const Look& whole) {
  if (look.collections.size() != whole.collections.size()) return false;
  return std::all_of(look.collections.begin(), look.collections.end(), [&](const auto& entry) {
    const auto expected = whole.collections.find(entry.first);
    if (expected == whole.collections.end()) return false;
    const Seen& seen = entry.second;
    return Same(seen.rows, expected->second.rows) && Same(seen.count, expected->second.count) &&
           Same(seen.got, expected->second.got) && Same(seen.found, expected->second.found);
  });
}

Batch ProbeFor(const Collection& collection) {
  Batch batch(collection.schema());
  if (HasAllTypes(collection)) return AllTypesBatch(collection.schema(), kProbeNumber, 1, false);
  if (collection.schema().primary_key().type == DataType::kVarChar) {
    AddTextRow(&batch, kProbeKey, 55);
  } else {
    AddBook(&batch, {kProbeNumber, 1});
  }
  return batch;
}

std::vector<SampleDatabase> MakeSampleDatabases() {
  std::vector<SampleDatabase> all;
  all.push_back(Plain(true));
  all.push_back(Plain(false));
  all.push_back(Segments(true));
  all.push_back(Segments(false));
  all.push_back(TextKeys(true));
  all.push_back(TextKeys(false));
  all.push_back(EveryType(true));
  all.push_back(EveryType(false));
  all.push_back(MidRotation());
  return all;
}

}  // namespace vecdb::test
