// Every kind of field in one collection: what is written, what comes back, how it is searched.
#include <cstdio>
#include <cstdlib>

#include <vecdb/vecdb.h>

using namespace vecdb;

namespace {

Schema SongSchema() {
  return *SchemaBuilder()
              .PrimaryKey("id")
              .Scalar("title", DataType::kVarChar)
              .Nullable("details", DataType::kJson)   // JSON, as it was given
              .Array("tags", DataType::kVarChar, 10)  // at most 10 texts
              .Add({.name = "ratings",
                    .type = DataType::kArray,
                    .element_type = DataType::kInt8,
                    .default_value = std::vector<std::int64_t>{3}})
              .Vector("mood", 4, Metric::kCosine, DataType::kFloat16Vector)  // half the memory
              .Vector("timbre", 4, Metric::kL2, DataType::kInt8Vector)       // a quarter
              .BinaryVector("print", 16)  // a fingerprint of bits
              .SparseVector("words")      // weights of terms
              .Build();
}

void Expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

std::int64_t Best(const Hits& hits) {
  return std::get<std::int64_t>(hits.at(0).key);
}

}  // namespace

int main() {
  Database db = *Database::OpenInMemory();
  Collection songs = *db.CreateCollection("songs", SongSchema());
  Batch batch(songs.schema());
  const std::vector<float> calm = {1, 0, 0, 0};
  const std::vector<float> loud = {0, 0, 0.5F, 1};
  const std::vector<std::int8_t> soft = {10, -3, 0, 7};
  const std::vector<std::int8_t> harsh = {-100, 90, 120, -7};
  const std::vector<std::uint8_t> first = {0b1010'0000, 0b0000'1111};
  const std::vector<std::uint8_t> second = {0b0101'1111, 0b0000'1110};
  const std::vector<std::string_view> tags = {"piano", "night"};
  const std::vector<std::string_view> none;
  const std::vector<std::int64_t> stars = {5, 4};
  const SparseVector lullaby{{7, 1'000'000}, {0.5F, 2.0F}};
  const SparseVector march{{3, 7}, {1.0F, 0.25F}};
  batch
      .Add({{"id", 1},
            {"title", "Lullaby"},
            {"details", R"({"year": 1868, "key": "E flat"})"},
            {"tags", tags},
            {"ratings", stars},
            {"mood", calm},
            {"timbre", soft},
            {"print", first},
            {"words", lullaby}})
      .OrDie();
  batch
      .Add({{"id", 2},  // no details; ratings take their default
            {"title", "March"},
            {"tags", none},
            {"mood", loud},
            {"timbre", harsh},
            {"print", second},
            {"words", march}})
      .OrDie();
  songs.Insert(batch).status().OrDie();
  songs.Flush().OrDie();

  const std::vector<Key> keys = {Key{std::int64_t{1}}, Key{std::int64_t{2}}};
  const GetResult got = *songs.Get(keys, std::vector<std::string>{"*"});
  std::printf("%s: %s\n", got.rows[0].Get<std::string>("title")->c_str(),
              got.rows[0].Get<std::string>("details")->c_str());
  Expect(got.rows[0].Get<std::vector<std::string>>("tags")->size() == 2, "tags");
  Expect(*got.rows[1].Get<std::vector<std::int64_t>>("ratings") == std::vector<std::int64_t>{3},
         "a default");
  Expect(*got.rows[1].Get<std::vector<float>>("mood") == loud, "halves hold these exactly");
  Expect(*got.rows[0].Get<SparseVector>("words") == lullaby, "a sparse vector");
  Expect(*songs.Count("details is null") == 1, "a null");

  const SparseVector query{{1'000'000}, {1.0F}};
  Expect(Best(*songs.Search({.field = "mood", .query = calm})) == 1, "by halves");
  Expect(Best(*songs.Search({.field = "timbre", .query = harsh})) == 2, "by int8");
  Expect(Best(*songs.Search({.field = "print", .query = second})) == 2, "by bits");
  Expect(Best(*songs.Search({.field = "words", .query = SparseView(query)})) == 1, "by words");
  for (const Hit& hit : *songs.Search({.field = "print", .query = first})) {
    std::printf("song %lld: %.0f bits differ\n",
                static_cast<long long>(std::get<std::int64_t>(hit.key)),
                static_cast<double>(hit.score));
  }
}
