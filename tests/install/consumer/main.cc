// An application outside the tree: what is installed is enough to build and run it.
#include <array>
#include <cstdio>
#include <vector>

#include <vecdb/vecdb.h>

int main() {
  vecdb::Result<vecdb::Database> database = vecdb::Database::OpenInMemory();
  vecdb::Result<vecdb::Schema> schema =
      vecdb::SchemaBuilder().PrimaryKey("id").Vector("place", 2, vecdb::Metric::kL2).Build();
  if (!database.ok() || !schema.ok()) return 1;
  vecdb::Result<vecdb::Collection> towns = database->CreateCollection("towns", *schema);
  if (!towns.ok()) return 2;
  vecdb::Batch batch(*schema);
  if (!batch.Add({{"id", 1}, {"place", std::vector<float>{0, 1}}}).ok()) return 3;
  if (!batch.Add({{"id", 2}, {"place", std::vector<float>{5, 5}}}).ok()) return 4;
  if (!towns->Insert(batch).ok()) return 5;
  const vecdb::Result<std::uint64_t> count = towns->Count();
  if (!count.ok() || *count != 2) return 6;
  if (vecdb::LibraryVersion() != VECDB_VERSION) return 7;
  std::printf("%llu towns\n", static_cast<unsigned long long>(*count));
  return database->Close().ok() ? 0 : 8;
}
