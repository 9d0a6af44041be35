// The smallest program: two books, one question.
#include <cstdio>

#include <vecdb/vecdb.h>

using namespace vecdb;

int main() {
  Database db = *Database::Open("library.vecdb");
  Schema schema = *SchemaBuilder().PrimaryKey("id").Vector("cover", 3, Metric::kCosine).Build();
  Collection books = *db.CreateCollection("books", schema);
  Batch shelf(schema);
  shelf.Add({{"id", 1}, {"cover", std::vector<float>{1, 0, 0}}}).OrDie();  // red
  shelf.Add({{"id", 2}, {"cover", std::vector<float>{0, 0, 1}}}).OrDie();  // blue
  books.Upsert(shelf).status().OrDie();
  std::vector<float> orange = {0.9F, 0.4F, 0};
  for (const Hit& hit : *books.Search({.field = "cover", .query = orange, .limit = 5}))
    std::printf("book %lld at %.3f\n", static_cast<long long>(std::get<std::int64_t>(hit.key)),
                static_cast<double>(hit.score));
}
