#include "levels.h"

#include <cstring>
#include <string>

using vecdb::simd::DetectedLevel;
using vecdb::simd::KernelsAt;
using vecdb::simd::KernelTable;
using vecdb::simd::Level;
using vecdb_test::AllLevels;

TEST_CASE("the table in use is one of this machine, and never better than what it has", "[simd]") {
  const KernelTable& table = vecdb::simd::Kernels();
  CHECK(KernelsAt(table.level) == &table);
  CHECK(table.level <= DetectedLevel());
  CHECK(&vecdb::simd::Kernels() == &table);
}

TEST_CASE("the scalar level and the detected level always exist", "[simd]") {
  CHECK(KernelsAt(Level::kScalar) != nullptr);
  CHECK(KernelsAt(DetectedLevel()) != nullptr);
}

TEST_CASE("the environment variable caps the level", "[simd]") {
  const char* cap = std::getenv("VECDB_SIMD");
  const std::string wanted = cap == nullptr ? "" : cap;
  const Level used = vecdb::simd::Kernels().level;
  if (wanted == "scalar") CHECK(used == Level::kScalar);
  if (wanted == "sse2") CHECK((used == Level::kSse2 || used == Level::kNeon));
  if (wanted == "avx2") CHECK(used != Level::kAvx512);
  if (wanted.empty()) CHECK(used == DetectedLevel());
}

TEST_CASE("every table is complete and knows its level", "[simd]") {
  for (const KernelTable* table : AllLevels()) {
    INFO(table->name);
    CHECK(KernelsAt(table->level) == table);
    CHECK(std::strlen(table->name) > 0);
    CHECK((table->l2_f32_many && table->ip_f32_many && table->ip_norm_f32_many));
    CHECK((table->l2_f32_ids && table->ip_f32_ids && table->ip_norm_f32_ids));
    CHECK((table->norm2_f32 && table->all_finite_f32 && table->crc32c));
    CHECK((table->and_words && table->or_words && table->andnot_words && table->popcount_words));
  }
}
