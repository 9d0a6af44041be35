// What does importing by the program cost, against the library alone with the same rows in memory?
// The program `vecdb` lies beside this one.
#include <string_view>

#include <sys/wait.h>

#include "bench.h"

using namespace vecdb;
using namespace vecdb::bench;

namespace {

constexpr int kRounds = 3;

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (file.flush()) return;
  std::perror(path.c_str());
  std::exit(2);
}

std::string U8bin(const Vectors& data) {
  const std::uint32_t header[2] = {static_cast<std::uint32_t>(data.rows), data.dimension};
  std::string bytes(reinterpret_cast<const char*>(header), sizeof(header));
  for (const float value : data.values)
    bytes += static_cast<char>(static_cast<unsigned char>(value));
  return bytes;
}

// Rows as an application would write them: a number, a short text, and a vector.
std::string JsonLines(std::size_t rows, std::uint32_t dimension) {
  static const char* const words[] = {"red", "bicycle", "with",    "a",  "basket", "beside",
                                      "the", "old",     "harbour", "in", "summer", "light"};
  std::string text;
  std::uint64_t state = 1;
  const auto next = [&state] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 33;
  };
  char number[32];
  for (std::size_t row = 0; row < rows; ++row) {
    text += "{\"id\": " + std::to_string(row) + ", \"text\": \"";
    for (int word = 0; word < 9; ++word) text += std::string(words[next() % 12]) + ' ';
    text += "\", \"vector\": [";
    for (std::uint32_t i = 0; i < dimension; ++i) {
      const double value = (static_cast<double>(next()) / 1073741824.0 - 1) * 0.2;
      std::snprintf(number, sizeof(number), "%s%.8f", i == 0 ? "" : ", ", value);
      text += number;
    }
    text += "]}\n";
  }
  return text;
}

double Import(const std::string& program, const std::string& database, const std::string& file) {
  const std::string command =
      "'" + program + "' import '" + database + "' c '" + file + "' --create > /dev/null";
  ::sync();  // what the round before left to be written is not this one's
  return Seconds([&] {
    if (std::system(command.c_str()) == 0) return;
    std::fprintf(stderr, "failed: %s\n", command.c_str());
    std::exit(2);
  });
}

double Insert(const std::string& database, const Vectors& data) {
  ::sync();
  return Seconds([&] {
    Database db = *Database::Open(database, {.durability = Durability::kInterval});
    Collection collection = *db.CreateCollection("c", VectorSchema(data.dimension));
    InsertAll(data, collection, 8'000);
    db.WaitDurable(Timestamp{~0ULL}).OrDie();
    db.Close().OrDie();
  });
}

void MeasureVectors(const std::string& program) {
  const Vectors data = Load("dsift-128-base", 1'000'000, 128);
  const Folder files;
  const std::string file = files.path("base.u8bin");
  WriteFile(file, U8bin(data));
  std::vector<double> library;
  std::vector<double> import;
  for (int round = 0; round < kRounds; ++round) {
    const Folder folder;
    library.push_back(Insert(folder.path("library"), data));
    import.push_back(Import(program, folder.path("program"), file));
  }
  std::printf("%zu x %u: bulk insert by the library %.2f s, import of .u8bin %.2f s: %.0f %%\n",
              data.rows, data.dimension, Median(library), Median(import),
              100 * Median(library) / Median(import));
}

void MeasureJson(const std::string& program) {
  const std::string text = JsonLines(200'000, 128);
  const Folder files;
  const std::string file = files.path("rows.jsonl");
  WriteFile(file, text);
  std::vector<double> import;
  for (int round = 0; round < kRounds; ++round) {
    const Folder folder;
    import.push_back(Import(program, folder.path("program"), file));
  }
  std::printf("200000 rows of JSON, %.0f MB: %.2f s, %.0f MB/s\n",
              static_cast<double>(text.size()) / 1e6, Median(import),
              static_cast<double>(text.size()) / 1e6 / Median(import));
}

}  // namespace

// bench_import [vectors|json]...: all of them by default.
int main(int argc, char** argv) {
  const std::string program = (std::filesystem::absolute(argv[0]).parent_path() / "vecdb").string();
  const auto asked = [&](std::string_view name) {
    return argc == 1 || std::find(argv + 1, argv + argc, name) != argv + argc;
  };
  if (asked("vectors")) MeasureVectors(program);
  if (asked("json")) MeasureJson(program);
}
