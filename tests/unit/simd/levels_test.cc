#include "levels.h"

#include <cstring>
#include <string>

using vecdb::simd::DetectedLevel;
using vecdb::simd::KernelsAt;
using vecdb::simd::KernelTable;
using vecdb::simd::Level;
using vecdb_test::AllLevels;

namespace {

template <class Query, class Element, class Number>
bool IsComplete(const vecdb::simd::VectorKernels<Query, Element, Number>& kernels) {
  return kernels.l2_many && kernels.ip_many && kernels.ip_norm_many && kernels.l2_ids &&
         kernels.ip_ids && kernels.ip_norm_ids && kernels.l2_pair && kernels.ip_pair &&
         kernels.l2_mq && kernels.ip_mq && kernels.norm2;
}

}  // namespace

TEST_CASE("the table in use is one of this machine, and never better than what it has",
          "[simd][levels][old]") {
  const KernelTable& table = vecdb::simd::Kernels();
  CHECK(KernelsAt(table.level) == &table);
  CHECK(table.level <= DetectedLevel());
  CHECK(&vecdb::simd::Kernels() == &table);
}

TEST_CASE("the scalar level and the detected level always exist", "[simd][levels][old]") {
  CHECK(KernelsAt(Level::kScalar) != nullptr);
  CHECK(KernelsAt(DetectedLevel()) != nullptr);
}

TEST_CASE("the environment variable caps the level", "[simd][levels][old]") {
  const char* cap = std::getenv("VECDB_SIMD");
  const std::string wanted = cap == nullptr ? "" : cap;
  const Level used = vecdb::simd::Kernels().level;
  if (wanted == "scalar") CHECK(used == Level::kScalar);
  if (wanted == "sse2") CHECK((used == Level::kSse2 || used == Level::kNeon));
  if (wanted == "avx2") CHECK((used != Level::kAvx512 && used != Level::kIcl));
  if (wanted == "avx512") CHECK(used != Level::kIcl);
  if (wanted.empty()) CHECK(used == DetectedLevel());
}

TEST_CASE("every table is complete and knows its level", "[simd][levels][old]") {
  for (const KernelTable* table : AllLevels()) {
    INFO(table->name);
    CHECK(KernelsAt(table->level) == table);
    CHECK(std::strlen(table->name) > 0);
    CHECK(IsComplete(table->f32));
    CHECK(IsComplete(table->f16));
    CHECK(IsComplete(table->bf16));
    CHECK(IsComplete(table->i8));
    CHECK((table->f32.all_finite && table->f16.all_finite && table->bf16.all_finite));
    CHECK((table->f16.to_f32 && table->f16.from_f32));
    CHECK((table->bf16.to_f32 && table->bf16.from_f32));
    const auto& bits = table->bits;
    CHECK((bits.hamming_many && bits.hamming_ids && bits.hamming_pair && bits.hamming_mq));
    CHECK((bits.jaccard_many && bits.jaccard_ids && bits.jaccard_pair && bits.jaccard_mq));
    CHECK((table->words.and_into && table->words.or_into && table->words.andnot_into));
    CHECK((table->words.popcount && table->crc32c));
  }
}
