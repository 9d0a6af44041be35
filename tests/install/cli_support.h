// Runs the program `vecdb` as a user does, on small files made here.
#pragma once

#ifdef VECDB_TEST_CLI

#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <rapidjson/document.h>
#include <sys/wait.h>

#include "support/catch.h"
#include "support/temp_directory.h"

namespace vecdb_test {

struct Ran {
  int code = -1;
  std::string out;
  std::string error;
};

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void WriteFile(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string Quoted(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// A folder to work in, and the program.
class Shell {
 public:
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  std::string Write(const std::string& name, const std::string& bytes) const {
    WriteFile(folder_ / name, bytes);
    return Path(name);
  }

  // `redirect` is for the shell, like ">&-".
  Ran Vecdb(const std::vector<std::string>& words, const std::string& input = "",
            const std::string& redirect = "") const {
    const std::string errors = Path("stderr");
    std::string command = Quoted(VECDB_TEST_CLI);
    for (const std::string& word : words) command += " " + Quoted(word);
    command += " 2>" + Quoted(errors) + " <" + Quoted(Write("stdin", input)) + " " + redirect;
    Ran ran;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof(buffer), pipe)) != 0;) {
      ran.out.append(buffer, got);
    }
    const int status = ::pclose(pipe);
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    ran.error = ReadFile(errors);
    return ran;
  }

  // Runs it and expects success.
  std::string Must(const std::vector<std::string>& words) const {
    const Ran ran = Vecdb(words);
    CAPTURE(ran.error);
    REQUIRE(ran.code == 0);
    return ran.out;
  }

 private:
  const vecdb::test::TempDirectory folder_{vecdb::test::FastFolder()};
};

inline void ParseJson(const std::string& text, rapidjson::Document* json) {
  json->Parse(text.data(), text.size());
  CAPTURE(text);
  REQUIRE_FALSE(json->HasParseError());
  REQUIRE(json->IsObject());
}

template <typename T>
std::string Raw(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

// Row r is (r, 2r, 1).
inline std::string Fvecs(int rows) {
  std::string bytes;
  for (int row = 0; row < rows; ++row) {
    bytes += Raw(std::int32_t{3}) + Raw(static_cast<float>(row)) +
             Raw(static_cast<float>(2 * row)) + Raw(1.0F);
  }
  return bytes;
}

inline std::string U8bin(std::uint32_t rows) {
  std::string bytes = Raw(rows) + Raw(std::uint32_t{3});
  for (std::uint32_t row = 0; row < rows; ++row) {
    bytes += {static_cast<char>(row), static_cast<char>(2 * row), '\1'};
  }
  return bytes;
}

inline constexpr const char* kBooks =
    R"({"id": 1, "title": "Dune", "year": 1965, "price": 9.5, "sold": true, "cover": [1, 0]}
{"id": 2, "title": "Solaris", "year": 1961, "price": 8, "sold": false, "cover": [0, 1]}

{"id": 3, "title": "Größe \"quoted\"", "year": null, "price": 7.25, "cover": [0.5, 0.5]}
)";

// A database with the collection `books` of kBooks; its path.
inline std::string WithBooks(const Shell& shell) {
  std::string database = shell.Path("books.db");
  shell.Must({"import", database, "books", shell.Write("books.jsonl", kBooks), "--create"});
  return database;
}

}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
