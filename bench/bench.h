// What the benchmarks share: data sets, clocks, medians, tables. A ratio is measured in one run,
// both sides in turn; the median of the rounds counts.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>
#include <zstd.h>

#include "vecdb/vecdb.h"

namespace vecdb::bench {

inline double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <typename F>
double Seconds(F&& function) {
  const double start = Now();
  function();
  return Now() - start;
}

inline void Sleep(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

inline double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}
inline double Percentile(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  if (values.empty()) return 0;
  return values[std::min(values.size() - 1,
                         static_cast<std::size_t>(p * static_cast<double>(values.size())))];
}

struct Vectors {
  std::size_t rows = 0;
  std::uint32_t dimension = 0;
  std::vector<float> values;
  const float* row(std::size_t i) const { return values.data() + i * dimension; }
};

inline std::string Decompressed(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string in((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::string out(ZSTD_getFrameContentSize(in.data(), in.size()), '\0');
  const std::size_t got = ZSTD_decompress(out.data(), out.size(), in.data(), in.size());
  if (ZSTD_isError(got) != 0 || got != out.size()) {
    std::fprintf(stderr, "cannot decompress %s\n", path.c_str());
    std::exit(2);
  }
  return out;
}

// NAME.u8bin.zst of VECDB_DATA_DIR as floats. Without the data: random values of the same shape,
// and the table says so.
inline Vectors Load(const std::string& name, std::size_t rows, std::uint32_t dimension) {
  const char* folder = std::getenv("VECDB_DATA_DIR");
  const std::string path = std::string(folder == nullptr ? "" : folder) + "/" + name + ".u8bin.zst";
  Vectors data{rows, dimension, {}};
  data.values.resize(rows * dimension);
  if (name == "none" || folder == nullptr || !std::filesystem::exists(path)) {
    if (name != "none")
      std::printf("!! %s is not there (VECDB_DATA_DIR): random bytes of the same shape instead\n",
                  name.c_str());
    std::uint64_t state = 1;
    for (float& value : data.values) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      value = static_cast<float>(state >> 56);
    }
    return data;
  }
  const std::string bytes = Decompressed(path);
  std::uint32_t header[2];
  std::memcpy(header, bytes.data(), 8);
  data.rows = std::min<std::size_t>(rows, header[0]);
  data.dimension = header[1];
  const auto* from = reinterpret_cast<const unsigned char*>(bytes.data()) + 8;
  data.values.assign(from, from + data.rows * data.dimension);
  return data;
}

// Of this process, mapped files that were read with it.
inline double ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  double size = 0;
  double resident = 0;
  file >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}
// Without mapped files, which the system may take back at any time.
inline double OwnBytes() {
  std::ifstream file("/proc/self/statm");
  double size = 0;
  double resident = 0;
  double of_files = 0;
  file >> size >> resident >> of_files;
  return (resident - of_files) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

inline std::uint64_t BytesOnDisk(const std::string& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

class Folder {
 public:
  explicit Folder(const std::string& under = "") {
    std::string name = under.empty() ? std::filesystem::temp_directory_path().string() : under;
    name += "/vecdb-bench-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path(const std::string& name = "db") const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline Schema VectorSchema(std::uint32_t dimension) {
  return *SchemaBuilder().PrimaryKey("id").Vector("v", dimension, Metric::kL2).Build();
}

// Rows [first, first + n) of the data as one batch.
inline void FillBatch(const Vectors& data, std::size_t first, std::size_t n, std::int64_t key,
                      Batch* batch) {
  std::vector<std::int64_t> keys(n);
  for (std::size_t i = 0; i < n; ++i) keys[i] = key + static_cast<std::int64_t>(i);
  batch->Clear();
  batch->AddColumn("id", std::span<const std::int64_t>(keys)).OrDie();
  batch->AddVectors("v", std::span(data.row(first), n * data.dimension)).OrDie();
}

inline void InsertAll(const Vectors& data, Collection collection, std::size_t batch_rows) {
  Batch batch(collection.schema());
  for (std::size_t at = 0; at < data.rows; at += batch_rows) {
    const std::size_t n = std::min(batch_rows, data.rows - at);
    FillBatch(data, at, n, static_cast<std::int64_t>(at), &batch);
    collection.Insert(batch).status().OrDie();
  }
}

}  // namespace vecdb::bench
