// Vectors as applications have them, and worse ones: made here, the same in every run, or the real
// ones of VECDB_DATA_DIR. Queries are drawn as the rows are and are none of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vecdb::test {

struct Set {
  std::string name;
  std::uint32_t dimension = 0;
  std::vector<float> rows;  // within [-127, 127] but for heavy tails, so that int8 holds them
  std::vector<float> queries;
};

inline constexpr std::size_t kRows = 4000;
inline constexpr std::size_t kQueries = 250;

// Normalised; heavy-tailed; of few dimensions; in tight clusters; most of them more than once.
const std::vector<Set>& MadeSets();

// The first rows of NAME-base.u8bin.zst and NAME-query.u8bin.zst. Nothing where VECDB_DATA_DIR does
// not have them, which is said aloud.
std::optional<Set> RealSet(const std::string& name, std::size_t rows, std::size_t queries);

}  // namespace vecdb::test
