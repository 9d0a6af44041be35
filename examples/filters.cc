// Conditions on scalar fields: with a search, alone, counted. Nulls are neither true nor false.
#include <cstdio>
#include <cstdlib>

#include <vecdb/vecdb.h>

using namespace vecdb;

namespace {

Schema BookSchema() {
  return *SchemaBuilder()
              .PrimaryKey("id")
              .Scalar("title", DataType::kVarChar)
              .Scalar("year", DataType::kInt32)
              .Nullable("price", DataType::kDouble)  // some are not for sale
              .Vector("cover", 3, Metric::kL2)
              .Build();
}

void Fill(Collection books) {
  struct Book {
    std::int64_t id;
    std::string_view title;
    std::int64_t year;
    ValueView price;
    std::vector<float> cover;
  };
  Batch shelf(books.schema());
  for (const Book& book :
       {Book{1, "Emma", 1815, 9.5, {1, 0, 0}}, Book{2, "Dubliners", 1914, 12.0, {0, 1, 0}},
        Book{3, "Ulysses", 1922, std::monostate(), {0, 0, 1}},
        Book{4, "Orlando", 1928, 15.0, {1, 1, 0}}}) {
    shelf
        .Add({{"id", book.id},
              {"title", book.title},
              {"year", book.year},
              {"price", book.price},
              {"cover", book.cover}})
        .OrDie();
  }
  books.Insert(shelf).status().OrDie();
}

// Prints what a filter lets through and ends the program when it is not what we expect.
void Expect(const Collection& books, const char* filter, const std::vector<std::string>& titles) {
  std::vector<std::string> found;
  for (const Row& row : *books.Query({.filter = filter, .output_fields = {"title"}})) {
    found.push_back(*row.Get<std::string>("title"));
  }
  std::printf("%-46s", filter);
  for (const std::string& title : found) std::printf(" %s", title.c_str());
  std::printf("\n");
  if (found != titles || *books.Count(filter) != titles.size()) std::exit(1);
}

}  // namespace

int main() {
  Database db = *Database::OpenInMemory();
  Collection books = *db.CreateCollection("books", BookSchema());
  Fill(books);

  Expect(books, "year >= 1900", {"Dubliners", "Ulysses", "Orlando"});
  Expect(books, "1900 <= year < 1925 and price < 20", {"Dubliners"});
  Expect(books, R"(title in ["Emma", "Orlando"])", {"Emma", "Orlando"});
  Expect(books, "price is null", {"Ulysses"});
  Expect(books, "not (price > 10)", {"Emma"});  // unknown for Ulysses, so not true
  Expect(books, R"(title > "M" or id == 1)", {"Emma", "Ulysses", "Orlando"});

  // The nearest of those that pass: never fewer than there are, however rare they are.
  const std::vector<float> red = {1, 0, 0};
  const Hits hits = *books.Search({.query = red, .limit = 2, .filter = "year > 1900"});
  for (const Hit& hit : hits) {
    std::printf("book %lld at %.1f\n", static_cast<long long>(std::get<std::int64_t>(hit.key)),
                static_cast<double>(hit.score));
  }
  if (hits.size() != 2 || hits[0].key != Key{4}) return 1;

  const Status mistake = books.Count("yaer > 1900").status();
  std::printf("%s\n", mistake.ToString().c_str());
  return mistake.code() == StatusCode::kInvalidArgument ? 0 : 1;
}
