// The partition key: a field's value chooses the partition of each row, and filters by it leave the
// other partitions out.
#include <set>

#include "catalog/manifest.h"
#include "chunk/keys.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

// Rows of tenants: id, tenant Int64, place VarChar, year Int64 nullable, v.
Schema TenantSchema() {
  return *SchemaBuilder()
              .PrimaryKey("id")
              .Scalar("tenant", DataType::kInt64)
              .Scalar("place", DataType::kVarChar)
              .Nullable("year", DataType::kInt64)
              .Vector("v", 2, Metric::kL2)
              .Build();
}

std::string PlaceOf(std::int64_t tenant) {
  return "place " + std::to_string(tenant);
}

struct Tenancy {
  std::int64_t id = 0;
  std::int64_t tenant = 0;
};

Batch BatchOfTenants(const std::vector<Tenancy>& rows) {
  Batch batch(TenantSchema());
  for (const Tenancy& row : rows) {
    const std::string place = PlaceOf(row.tenant);
    const std::vector<float> v = {static_cast<float>(row.id), static_cast<float>(row.tenant)};
    batch.Add({{"id", row.id}, {"tenant", row.tenant}, {"place", place}, {"v", v}}).OrDie();
  }
  return batch;
}

// Ids 1 to 100, of tenants 0 to 9.
std::vector<Tenancy> Hundred() {
  std::vector<Tenancy> rows;
  for (std::int64_t id = 1; id <= 100; ++id) rows.push_back({id, id % 10});
  return rows;
}

Collection MakeTenants(TestDatabase& db, const CollectionOptions& options) {
  return *db->CreateCollection("tenants", TenantSchema(), options);
}

std::set<std::int64_t> IdsWhere(const Collection& collection, const std::string& filter) {
  const auto rows = collection.Query({.filter = filter, .limit = 16'384});
  rows.status().OrDie();
  std::set<std::int64_t> ids;
  for (const Row& row : *rows) ids.insert(*row.Get<std::int64_t>("id"));
  REQUIRE(ids.size() == rows->size());
  return ids;
}

std::set<std::int64_t> IdsOf(const std::set<std::int64_t>& tenants) {
  std::set<std::int64_t> ids;
  for (const Tenancy& row : Hundred()) {
    if (tenants.count(row.tenant) != 0) ids.insert(row.id);
  }
  return ids;
}

}  // namespace

SCENARIO("rows go where the partition key sends them, and answers do not show it",
         "[walk][partition-key]") {
  const auto key = GENERATE(std::string("tenant"), std::string("place"));
  const std::uint32_t shards = GENERATE(1U, 4U);
  TestDatabase db;
  Collection tenants =
      MakeTenants(db, {.shards = shards, .partition_key = key, .num_partitions = 7});
  CHECK(tenants.ListPartitions()->size() == 7);
  CHECK(tenants.ListPartitions()->front() == "_default_0");
  CHECK(*tenants.HasPartition("_default_6"));
  CHECK_FALSE(*tenants.HasPartition("_default"));
  tenants.Insert(BatchOfTenants(Hundred())).status().OrDie();
  const auto check = [&] {
    CHECK(*tenants.Count() == 100);
    CHECK(IdsWhere(tenants, "") == IdsOf({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    CHECK(IdsWhere(tenants, "tenant == 3") == IdsOf({3}));
    CHECK(IdsWhere(tenants, "tenant in [3, 5, 77]") == IdsOf({3, 5}));
    CHECK(IdsWhere(tenants, "place == 'place 4' and id > 0") == IdsOf({4}));
    CHECK(IdsWhere(tenants, "place in ['place 4'] or place == 'place 5'") == IdsOf({4, 5}));
    CHECK(IdsWhere(tenants, "tenant == 3 and tenant == 4").empty());
    CHECK(IdsWhere(tenants, "not (tenant == 3)") == IdsOf({0, 1, 2, 4, 5, 6, 7, 8, 9}));
    CHECK(*tenants.Count("tenant == 9") == 10);
    const std::vector<float> query = {50, 3};
    const auto hits = tenants.Search({.query = query, .limit = 100, .filter = "tenant == 3"});
    REQUIRE(hits.ok());
    CHECK(hits->size() == 10);
    CHECK((*hits)[0].key == Key(std::int64_t{53}));
    CHECK(tenants.Get(IntKeys({1, 2, 3, 101}), {})->rows.size() == 3);
    std::uint64_t rows = 0;
    for (const std::string& name : *tenants.ListPartitions()) rows += tenants.Stats(name)->rows;
    CHECK(rows == 100);
  };
  check();
  tenants.Flush().OrDie();
  check();
  db.Reopen();
  tenants = *db->OpenCollection("tenants");
  check();
  db.ContinueOn(MemoryCopyOf(*db.fs())).OrDie();
  tenants = *db->OpenCollection("tenants");
  check();
}

SCENARIO("a row is in the partition that the hash of its value names", "[walk][partition-key]") {
  TestDatabase db;
  Collection tenants = MakeTenants(db, {.partition_key = "tenant", .num_partitions = 5});
  tenants.Insert(BatchOfTenants(Hundred())).status().OrDie();
  std::map<std::uint32_t, std::uint64_t> expected;
  for (const Tenancy& row : Hundred()) ++expected[chunk::PartOf(chunk::KeyView(row.tenant), 5)];
  for (std::uint32_t i = 0; i < 5; ++i) {
    CHECK(tenants.Stats("_default_" + std::to_string(i))->rows == expected[i]);
  }
}

SCENARIO("a filter by the partition key leaves the other partitions' segments out",
         "[walk][partition-key]") {
  TestDatabase db;
  Collection tenants = MakeTenants(db, {.partition_key = "tenant", .num_partitions = 16});
  tenants.Insert(BatchOfTenants(Hundred())).status().OrDie();
  tenants.Flush().OrDie();
  const CollectionStats before = *tenants.Stats();
  const std::uint64_t segments = before.growing_segments + before.sealed_segments;
  const auto pruned_by = [&](const std::string& filter) {
    const std::uint64_t known = tenants.Stats()->pruned_segments;
    tenants.Count(filter).status().OrDie();
    return tenants.Stats()->pruned_segments - known;
  };
  CHECK(before.pruned_segments == 0);
  CHECK(before.sealed_segments > 4);
  CHECK(pruned_by("tenant == 3") == segments - 2);  // a sealed one and a growing one are left
  CHECK(pruned_by("tenant == 3 and id > 5") == segments - 2);
  CHECK(pruned_by("tenant == 3 and tenant in []") == segments);
  CHECK(pruned_by("tenant in [3, 4]") <= segments - 2);
  CHECK(pruned_by("tenant in [3, 4]") >= segments - 4);
  CHECK(pruned_by("") == 0);
  CHECK(pruned_by("tenant > 3") == 0);
  CHECK(pruned_by("tenant == 3 or id == 5") == 0);
  CHECK(pruned_by("not (tenant == 3)") == 0);
}

SCENARIO("an upsert that changes the value moves the row", "[walk][partition-key]") {
  TestDatabase db;
  Collection tenants =
      MakeTenants(db, {.shards = 2, .partition_key = "tenant", .num_partitions = 8});
  tenants.Insert(BatchOfTenants(Hundred())).status().OrDie();
  const bool sealed = GENERATE(false, true);
  if (sealed) tenants.Flush().OrDie();
  CheckRefusal(tenants.Insert(BatchOfTenants({{13, 77}})).status(), StatusCode::kAlreadyExists,
               {"13"});
  tenants.Upsert(BatchOfTenants({{13, 77}, {23, 78}, {101, 3}})).status().OrDie();
  tenants.Delete(IntKeys({33})).status().OrDie();
  const auto check = [&] {
    std::set<std::int64_t> threes = IdsOf({3});
    threes.erase(13);
    threes.erase(23);
    threes.erase(33);
    threes.insert(101);
    CHECK(IdsWhere(tenants, "tenant == 3") == threes);
    CHECK(IdsWhere(tenants, "tenant == 77") == std::set<std::int64_t>{13});
    CHECK(IdsWhere(tenants, "tenant == 78") == std::set<std::int64_t>{23});
    CHECK(*tenants.Count() == 100);
  };
  check();
  db.ContinueOn(MemoryCopyOf(*db.fs())).OrDie();
  tenants = *db->OpenCollection("tenants");
  check();
}

SCENARIO("with a partition key no call names a partition", "[walk][partition-key]") {
  TestDatabase db;
  Collection tenants = MakeTenants(db, {.partition_key = "tenant"});
  CHECK(tenants.ListPartitions()->size() == 16);
  const auto check = [](const Status& status) {
    CheckRefusal(status, StatusCode::kInvalidArgument, {"'tenants'", "'tenant'"});
  };
  const WriteOptions named{.partition = "_default_1"};
  const ReadOptions in{.partitions = {"_default_1"}};
  check(tenants.CreatePartition("new"));
  check(tenants.DropPartition("_default_1"));
  check(tenants.Insert(BatchOfTenants({{1, 1}}), named).status());
  check(tenants.Upsert(BatchOfTenants({{1, 1}}), named).status());
  check(tenants.Delete(IntKeys({1}), named).status());
  check(tenants.Query({.read = in}).status());
  check(tenants.Count("", in).status());
  check(tenants.Get(IntKeys({1}), {}, in).status());
  const std::vector<float> query = {1, 1};
  check(tenants.Search({.query = query, .read = in}).status());
}

SCENARIO("a partition key that no rows could have is refused", "[walk][partition-key]") {
  TestDatabase db;
  const auto check = [&](const std::string& key, std::uint32_t partitions, const char* word) {
    const CollectionOptions options{.partition_key = key, .num_partitions = partitions};
    CheckRefusal(db->CreateCollection("tenants", TenantSchema(), options).status(),
                 StatusCode::kInvalidArgument, {word});
  };
  check("lost", 16, "'lost'");
  check("v", 16, "'v' is a FloatVector");
  check("id", 16, "'id' is the primary key");
  check("year", 16, "'year' is nullable");
  check("tenant", 0, "num_partitions is 0");
  check("tenant", 1025, "num_partitions is 1025");
  CHECK(db->ListCollections()->empty());
  CHECK(catalog::Recover(*db.fs())->format.version == 1);
  MakeTenants(db, {.partition_key = "place", .num_partitions = 1024});
  CHECK(catalog::Recover(*db.fs())->format.version == 3);
  db.Reopen();
  CHECK(db->OpenCollection("tenants")->ListPartitions()->size() == 1024);
}
