// A plugin that uses the shared library; see loader.cc.
#include <vecdb/vecdb.h>

extern "C" [[gnu::visibility("default")]] int UseVecdb();

// 0 when a database could be opened, written, searched and closed.
extern "C" int UseVecdb() {
  using namespace vecdb;
  auto database = Database::OpenInMemory({.background_threads = 1});
  auto schema = SchemaBuilder().PrimaryKey("id").Vector("v", 2, Metric::kCosine).Build();
  if (!database.ok() || !schema.ok()) return 1;
  auto points = database->CreateCollection("points", *schema);
  Batch batch(*schema);
  if (!points.ok() || !batch.Add({{"id", 1}, {"v", std::vector<float>{1, 2}}}).ok()) return 2;
  if (!points->Insert(batch).ok() || !points->Flush().ok()) return 3;
  const std::vector<float> query = {2, 1};
  const auto hits = points->Search({.query = query, .filter = "id > 0"});
  if (!hits.ok() || hits->size() != 1) return 4;
  return database->Close().ok() ? 0 : 5;
}
