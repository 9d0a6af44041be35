// The commands: what the command line asks for, and what does it. Each returns the exit code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vecdb/database.h"

namespace vecdb::cli {

struct ImportArguments {
  std::string database;
  std::string collection;
  std::string file;
  bool create = false;
  bool upsert = false;
  std::string field;             // of the vectors; empty: "vector", or the only one there is
  std::optional<Metric> metric;  // for a new collection
  std::string key_field;         // empty: "id"
  std::uint64_t batch_rows = 0;  // 0: what fits well
  Durability durability = Durability::kInterval;
  std::optional<std::uint64_t> limit;
  std::optional<std::uint64_t> segment_bytes;  // for a new collection
  bool progress = false;
};
int RunImport(const ImportArguments& arguments);

struct SearchArguments {
  std::string database;
  std::string collection;
  std::string standard_input;  // "-": the vector comes from there
  std::string field;
  std::string vector;
  std::string vector_file;
  std::uint64_t row = 0;
  std::size_t limit = 10;
  std::size_t offset = 0;
  std::string filter;
  std::vector<std::string> output;
  bool json = false;
};
int RunSearch(const SearchArguments& arguments);

struct GetArguments {
  std::string database;
  std::string collection;
  std::vector<std::string> keys;
  std::vector<std::string> output;
  bool json = false;
};
int RunGet(const GetArguments& arguments);

struct CountArguments {
  std::string database;
  std::string collection;
  std::string filter;
};
int RunCount(const CountArguments& arguments);

struct InfoArguments {
  std::string database;
  std::string collection;  // empty: all of them
  bool json = false;
};
int RunInfo(const InfoArguments& arguments);

int RunInspect(const std::string& file);

struct CheckArguments {
  std::string database;
  bool full = false;
  bool json = false;
};
int RunCheck(const CheckArguments& arguments);

// For the commands that only read.
Result<Database> OpenToRead(const std::string& directory);

}  // namespace vecdb::cli
