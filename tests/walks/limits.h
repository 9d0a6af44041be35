// What the tests of limits share: a case is judged by its status, and what was accepted must come
// back.
#pragma once

#include <bitset>
#include <cstddef>
#include <string>
#include <vector>

#include "walks/limits_files.h"
#include "walks/walk.h"

namespace vecdb::test::limits {

struct Tally {
  std::size_t cases = 0;
  std::size_t accepted = 0;
  std::size_t survived = 0;
  std::bitset<kFileFormats> files;  // formats by which something came in
};

enum class Door { kRows, kColumns };

inline const char* NameOf(Door door) {
  return door == Door::kRows ? "row door" : "column door";
}

// Says what must hold of a case that may or may not pass; the words are what a refusal names.
inline void Judge(Tally& tally, const Status& status, bool accepted,
                  const std::vector<std::string>& words) {
  ++tally.cases;
  if (accepted) {
    ++tally.accepted;
    INFO(status.ToString().substr(0, 300));
    CHECK(status.ok());
    return;
  }
  CHECK(status.code() == StatusCode::kInvalidArgument);
  for (const std::string& word : words) {
    INFO("looking for: " << word << " in: " << status.ToString().substr(0, 300));
    CHECK(status.message().find(word) != std::string_view::npos);
  }
}

struct ValueCase {
  Field field;
  Value value;
  bool accepted = true;
  std::vector<std::string> words = {};  // of the refusal, beside the field's name
};

inline const std::vector<float> kOther{1};  // the vector of rows whose vector does not matter

// One value, through every door that can say it, into a collection made for it; when accepted it
// must come back the same to the last bit: growing, replayed, flushed and reopened.
void TryValue(Tally& tally, const ValueCase& c);
// Its part in C (limits_c.cc): growing and flushed.
void TryByC(Tally& tally, const ValueCase& c, const Schema& schema, const Value& expected);

// Its part in files, those of every format that can say it (limits_import.cc).
void TryByFiles(Tally& tally, const ValueCase& c, const Schema& schema, const Value& expected);
// The value of the one row of `batch` comes back from every place where a row can stand.
bool ComesBack(const Field& field, const Value& expected, const Batch& batch);

// Equal to the last bit: 0 and -0 differ.
bool Same(const Value& a, const Value& b);

// Every kind of value at its edges (limits_values.cc).
void TryValues(Tally& tally);
// JSON, arrays, and vectors other than of floats (limits_types.cc).
void TryOtherTypes(Tally& tally);
// What an index is declared with, and how hard a search looks (limits_indexes.cc).
void TryIndexes(Tally& tally);

}  // namespace vecdb::test::limits
