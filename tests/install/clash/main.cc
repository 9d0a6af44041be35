// An application that has functions of its own by the names of third-party libraries that vecdb
// uses or may use: neither takes the other's.
#include <cstdio>
#include <string>

#include <fmt/core.h>
#include <vecdb/vecdb.h>

namespace faiss {
float fvec_L2sqr(const float* x, const float* y, std::size_t d);
}

int main() {
  const float zero = 0;
  const std::string own = fmt::format("{}", 1);
  if (own != "the application's own") {
    std::printf("the application lost its fmt to vecdb: %s\n", own.c_str());
    return 1;
  }
  if (faiss::fvec_L2sqr(&zero, &zero, 1) != 42) {
    std::printf("the application lost its Faiss to vecdb\n");
    return 2;
  }
  vecdb::Result<vecdb::Database> database = vecdb::Database::OpenInMemory();
  if (!database.ok()) return 3;
  const vecdb::Status missing = database->OpenCollection("none").status();
  if (missing.message() != "no collection named 'none'") {
    std::printf("vecdb lost its fmt to the application: %s\n", missing.ToString().c_str());
    return 4;
  }
  const vecdb::Schema schema =
      *vecdb::SchemaBuilder().PrimaryKey("id").Vector("v", 1, vecdb::Metric::kL2).Build();
  vecdb::Collection points = *database->CreateCollection("points", schema);
  vecdb::Batch batch(schema);
  batch.Add({{"id", 7}, {"v", std::vector<float>{3}}}).OrDie();
  points.Insert(batch).status().OrDie();
  const std::vector<float> query = {1};
  const vecdb::Hits hits = *points.Search({.query = query});
  if (hits.size() != 1 || hits[0].score != 4) {
    std::printf("vecdb lost its distances to the application\n");
    return 5;
  }
  std::printf("each has its own\n");
  return 0;
}
