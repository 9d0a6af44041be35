// Specs of indexes in words, and the ranges of their parameters and of a search's effort.
#include "chunk/index_spec.h"

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.h"

using namespace vecdb;
using vecdb_test::ContainsSubstring;

namespace {

using Parameters = std::vector<std::pair<std::string_view, std::string_view>>;

constexpr std::uint32_t kMost = std::numeric_limits<std::int32_t>::max();

void Refused(const Status& status, StatusCode code, const std::string& words) {
  INFO(status.ToString());
  CHECK(status.code() == code);
  CHECK_THAT(std::string(status.message()), ContainsSubstring(words));
}

void Invalid(const Status& status, const std::string& words) {
  Refused(status, StatusCode::kInvalidArgument, words);
}

Status Parsed(std::string_view name, const Parameters& parameters = {}) {
  return ParseIndexSpec(name, parameters).status();
}

SearchEffort Recall(float recall) {
  return {.recall = recall, .ef = 0, .refine_k = 0};
}

SearchEffort Ef(std::uint32_t ef) {
  return {.recall = 0.95F, .ef = ef, .refine_k = 0};
}

SearchEffort RefineK(float refine_k) {
  return {.recall = 0.95F, .ef = 0, .refine_k = refine_k};
}

}  // namespace

TEST_CASE("a spec is written as its type and parameters", "[index_spec]") {
  CHECK(ToString(IndexSpec()) == "AUTOINDEX");
  CHECK(ToString(IndexSpec(FlatIndex())) == "FLAT");
  CHECK(ToString(IndexSpec(FlatIndex{Codec::kFp16})) == "FLAT(sq_type=FP16)");
  CHECK(ToString(IndexSpec(HnswIndex())) == "HNSW(M=16, efConstruction=200)");
  CHECK(ToString(IndexSpec(HnswSqIndex())) == "HNSW_SQ(M=16, efConstruction=200, sq_type=SQ8)");
  CHECK(ToString(IndexSpec(HnswSqIndex{2, 1, Codec::kBf16})) ==
        "HNSW_SQ(M=2, efConstruction=1, sq_type=BF16)");
  CHECK(ToString(IndexSpec(FlatIndex{Codec::kSq4U})) == "FLAT(sq_type=SQ4U)");
  CHECK(TypeName(IndexSpec()) == "AUTOINDEX");
  CHECK(TypeName(FlatIndex()) == "FLAT");
  CHECK(TypeName(HnswIndex()) == "HNSW");
  CHECK(TypeName(HnswSqIndex()) == "HNSW_SQ");
  CHECK(ToString(Codec::kFp16) == "FP16");
  CHECK(ToString(static_cast<Codec>(5)) == "unknown");
  CHECK(ToString(IndexState::kBuilding) == "Building");
  CHECK(ToString(IndexState::kFinished) == "Finished");
  CHECK(ToString(IndexState::kFailed) == "Failed");
  CHECK(ToString(static_cast<IndexState>(0)) == "unknown");
}

TEST_CASE("a spec is read from Milvus's words, in any case", "[index_spec]") {
  CHECK(*ParseIndexSpec("") == IndexSpec(AutoIndex()));
  CHECK(*ParseIndexSpec("AutoIndex") == IndexSpec(AutoIndex()));
  CHECK(*ParseIndexSpec("flat") == IndexSpec(FlatIndex()));
  const Parameters codes = {{"sq_type", "bf16"}};
  CHECK(*ParseIndexSpec("FLAT", codes) == IndexSpec(FlatIndex{Codec::kBf16}));
  const Parameters refined = {{"refine", "true"}};
  CHECK(*ParseIndexSpec("FLAT", refined) == IndexSpec(FlatIndex()));
  CHECK(*ParseIndexSpec("HNSW") == IndexSpec(HnswIndex()));
  CHECK(*ParseIndexSpec("hnsw_sq") == IndexSpec(HnswSqIndex()));
  const Parameters graph = {{"M", "2048"}, {"efConstruction", "2147483647"}};
  CHECK(*ParseIndexSpec("HNSW", graph) == IndexSpec(HnswIndex{2048, kMost}));
  const Parameters all = {{"refine_type", "fp32"},
                          {"SQ_TYPE", "fp16"},
                          {"refine", "True"},
                          {"efconstruction", "1"},
                          {"m", "2"}};
  CHECK(*ParseIndexSpec("HNSW_SQ", all) == IndexSpec(HnswSqIndex{2, 1, Codec::kFp16}));
  CHECK(*ParseIndexSpec("HNSW_SQ", Parameters{{"sq_type", "SQ8"}, {"refine", "false"}}) ==
        IndexSpec(HnswSqIndex()));
  CHECK(*ParseIndexSpec("HNSW_SQ", Parameters{{"sq_type", "sq4u"}, {"refine", "true"}}) ==
        IndexSpec(HnswSqIndex{.codec = Codec::kSq4U}));
  CHECK(*ParseIndexSpec("FLAT", Parameters{{"sq_type", "SQ4U"}}) ==
        IndexSpec(FlatIndex{Codec::kSq4U}));
}

TEST_CASE("a parameter that a type does not have, or that comes twice, is refused by name",
          "[index_spec]") {
  Invalid(Parsed("HNSW", {{"nlist", "128"}}),
          "HNSW has no parameter 'nlist'; it takes M, efConstruction");
  Invalid(Parsed("HNSW", {{"sq_type", "SQ8"}}), "HNSW has no parameter 'sq_type'");
  Invalid(Parsed("HNSW_SQ", {{"", "1"}}),
          "no parameter ''; it takes M, efConstruction, sq_type, refine, refine_type");
  Invalid(Parsed("FLAT", {{"M", "16"}}),
          "FLAT has no parameter 'M'; it takes sq_type, refine, refine_type");
  Invalid(Parsed("", {{"M", "16"}}), "AUTOINDEX has no parameter 'M'");
  Invalid(Parsed("HNSW", {{"M", "16"}, {"m", "16"}}), "M is given twice");
}

TEST_CASE("the value of a parameter is a plain number within its range, or a word of its own",
          "[index_spec]") {
  for (const std::string_view bad :
       {"", " ", "1", "2049", "-16", "+16", " 16", "16 ", "16.0", "0x10", "1e2", "sixteen",
        "4294967298", "99999999999999999999"}) {
    INFO(bad);
    Invalid(Parsed("HNSW", {{"M", bad}}),
            "M must be a number between 2 and 2048, not '" + std::string(bad) + "'");
  }
  Invalid(Parsed("HNSW", {{"efConstruction", "0"}}),
          "efConstruction must be a number between 1 and 2147483647, not '0'");
  Invalid(Parsed("HNSW_SQ", {{"efConstruction", "2147483648"}}), "not '2147483648'");
  Invalid(Parsed("HNSW_SQ", {{"sq_type", "SQ"}}),
          "sq_type must be SQ8, SQ4U, FP16 or BF16, not 'SQ'");
  Invalid(Parsed("HNSW_SQ", {{"refine", "1"}}), "refine must be true or false, not '1'");
  Invalid(Parsed("HNSW_SQ", {{"refine_type", "PQ"}}), "refine_type must be");
}

TEST_CASE("a type of Milvus's that is not here is unimplemented, and the message says what is",
          "[index_spec]") {
  const auto missing = [](std::string_view name, const std::string& words) {
    Refused(Parsed(name), StatusCode::kUnimplemented, words);
  };
  missing("IVF_FLAT", "there is no index type IVF_FLAT here; the nearest is HNSW");
  for (const std::string_view name :
       {"ivf_sq8", "IVF_PQ", "IVF_RABITQ", "SCANN", "DISKANN", "HNSW_PQ", "HNSW_PRQ"}) {
    INFO(name);
    missing(name, "the nearest is HNSW_SQ");
  }
  missing("GPU_CAGRA", "index type 'GPU_CAGRA' is not supported");
  missing("BIN_IVF_FLAT", "BinaryVector");
  missing("SPARSE_INVERTED_INDEX", "SparseFloatVector");
  missing("STL_SORT", "scalar fields");
  Refused(Parsed("HNSW_SQ", {{"sq_type", "sq6"}}), StatusCode::kUnimplemented,
          "there is no sq_type SQ6 here; the nearest is SQ8");
  for (const std::string_view word : {"HNSWX", "HNS", " HNSW", "IVF", "GPU", "index"}) {
    INFO(word);
    Invalid(Parsed(word), "there is no index type '" + std::string(word) +
                              "'; there are AUTOINDEX, FLAT, HNSW and HNSW_SQ");
  }
}

TEST_CASE("a spec is within its ranges or refused by parameter, value and limit", "[index_spec]") {
  CHECK(chunk::CheckIndexSpec({}).ok());
  CHECK(chunk::CheckIndexSpec(FlatIndex()).ok());
  CHECK(chunk::CheckIndexSpec(FlatIndex{Codec::kSq8}).ok());
  CHECK_FALSE(chunk::CheckIndexSpec(FlatIndex{static_cast<Codec>(5)}).ok());
  CHECK(chunk::CheckIndexSpec(HnswIndex{2, 1}).ok());
  CHECK(chunk::CheckIndexSpec(HnswSqIndex{2048, kMost, Codec::kBf16}).ok());
  Invalid(chunk::CheckIndexSpec(HnswIndex{1, 200}), "M must be between 2 and 2048, not 1");
  Invalid(chunk::CheckIndexSpec(HnswSqIndex{2049, 200, Codec::kSq8}), "not 2049");
  Invalid(chunk::CheckIndexSpec(HnswIndex{16, 0}),
          "efConstruction must be between 1 and 2147483647, not 0");
  Invalid(chunk::CheckIndexSpec(HnswSqIndex{16, kMost + 1, Codec::kSq8}), "not 2147483648");
  Invalid(chunk::CheckIndexSpec(HnswSqIndex{16, 200, static_cast<Codec>(5)}),
          "sq_type must be SQ8, SQ4U, FP16 or BF16, not number 5");
}

TEST_CASE("an effort is within its ranges or refused by parameter, value and limit",
          "[index_spec]") {
  CHECK(chunk::CheckEffort({}, 16'384).ok());
  CHECK(chunk::CheckEffort(Recall(1), 10).ok());
  CHECK(chunk::CheckEffort(Recall(std::numeric_limits<float>::denorm_min()), 10).ok());
  for (const float bad : {0.0F, -0.5F, 1.0001F, NAN, INFINITY}) {
    Invalid(chunk::CheckEffort(Recall(bad), 10), "recall must be above 0 and at most 1, not ");
  }
  CHECK(chunk::CheckEffort(Ef(10), 10).ok());
  CHECK(chunk::CheckEffort(Ef(kMost), 10).ok());
  Invalid(chunk::CheckEffort(Ef(9), 10),
          "ef must be 0 or between limit + offset, 10, and 2147483647, not 9");
  Invalid(chunk::CheckEffort(Ef(kMost + 1), 10), "not 2147483648");
  CHECK(chunk::CheckEffort(RefineK(1), 10).ok());
  CHECK(chunk::CheckEffort(RefineK(std::numeric_limits<float>::max()), 10).ok());
  for (const float bad : {0.5F, -1.0F, NAN, INFINITY}) {
    Invalid(chunk::CheckEffort(RefineK(bad), 10),
            "refine_k must be 0 or a finite number from 1, not ");
  }
}
