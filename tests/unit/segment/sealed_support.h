// Sealed files in memory for tests: written, read, damaged, and repaired so that only the reader's
// own checks are left to notice.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "chunk/column.h"
#include "io/block_file.h"
#include "io/file_system.h"
#include "io/install.h"
#include "segment/column_file.h"
#include "support/catch.h"

namespace vecdb_test {

using vecdb::LoadMode;
using vecdb::Result;
using vecdb::RowIndex;
using vecdb::Status;
using vecdb::StatusCode;

inline constexpr vecdb::io::DatabaseUuid kTestDatabase{std::byte{7}, std::byte{9}};

template <typename T>
T Must(Result<T> result) {
  INFO(result.status().ToString());
  REQUIRE(result.ok());
  return std::move(*result);
}
inline void Must(const Status& status) {
  INFO(status.ToString());
  REQUIRE(status.ok());
}

// One sealed file in a directory of its own.
class TestFile {
 public:
  using Write = std::function<Result<vecdb::io::SealedFileInfo>(vecdb::io::BlockFileWriter*)>;
  using Bytes = vecdb::base::Bytes;

  TestFile(vecdb::io::FileKind kind, const Write& write) : kind_(kind) {
    auto out = Must(vecdb::io::BlockFileWriter::Create(*fs_, "file", kTestDatabase, 5, kind));
    info_ = Must(write(&out));
  }

  std::shared_ptr<const vecdb::io::BlockFile> Open(LoadMode mode = LoadMode::kMapped) const {
    return Must(TryOpen(mode));
  }
  Result<std::shared_ptr<const vecdb::io::BlockFile>> TryOpen(LoadMode mode) const {
    return vecdb::io::BlockFile::Open(*fs_, "file", kTestDatabase, info_, mode);
  }

  const vecdb::io::SealedFileInfo& info() const { return info_; }
  Bytes Contents() const {
    return Must(vecdb::io::ReadWholeFile(*fs_, "file", std::uint64_t{1} << 30));
  }
  Bytes Body() const {
    Bytes bytes = Contents();
    bytes.resize(Open()->body_size());
    return bytes;
  }

  // Changes one byte where it stands.
  void Flip(std::uint64_t at, std::byte mask) {
    auto file = Must(fs_->Open("file", vecdb::io::OpenMode::kReadWrite));
    std::byte one{};
    Must(file->ReadAt(at, {&one, 1}));
    one ^= mask;
    Must(file->WriteAt(at, {&one, 1}));
  }

  // The same file with another body and checksums that match it.
  std::shared_ptr<const vecdb::io::BlockFile> WithBody(const Bytes& body,
                                                       std::uint64_t rows) const {
    const auto fs = vecdb::io::MakeMemoryFileSystem();
    auto out = Must(vecdb::io::BlockFileWriter::Create(*fs, "file", kTestDatabase, 5, kind_));
    Must(out.Append(body));
    const auto info = Must(out.Finish(rows));
    return Must(vecdb::io::BlockFile::Open(*fs, "file", kTestDatabase, info, LoadMode::kMapped));
  }
  std::shared_ptr<const vecdb::io::BlockFile> WithBody(const Bytes& body) const {
    return WithBody(body, info_.rows);
  }

 private:
  vecdb::io::FileKind kind_;
  std::shared_ptr<vecdb::io::FileSystem> fs_ = vecdb::io::MakeMemoryFileSystem();
  vecdb::io::SealedFileInfo info_;
};

template <typename T>
void Poke(vecdb::base::Bytes* body, std::size_t at, T value) {
  REQUIRE(at + sizeof(T) <= body->size());
  std::memcpy(body->data() + at, &value, sizeof(T));
}

// A column in pieces of at most `piece` rows, as blocks of a growing segment would be.
inline vecdb::segment::ColumnSource SourceOf(const vecdb::chunk::Column& column,
                                             RowIndex piece = 1000) {
  return [&column, piece](RowIndex first, RowIndex max_rows) -> Result<vecdb::chunk::ColumnView> {
    const auto rows = std::min<std::size_t>(std::min(max_rows, piece), column.rows() - first);
    return column.View(first, rows);
  };
}

// The same values, to the last bit, and the same nulls.
inline bool SameView(const vecdb::chunk::ColumnView& a, const vecdb::chunk::ColumnView& b) {
  if (a.rows != b.rows || a.type != b.type || a.dimension != b.dimension) return false;
  for (std::size_t i = 0; i < a.rows; ++i) {
    if (a.IsNull(i) != b.IsNull(i)) return false;
  }
  if (a.type == vecdb::DataType::kVarChar) {
    const auto x = a.As<std::string_view>();
    const auto y = b.As<std::string_view>();
    return std::equal(x.begin(), x.end(), y.begin());
  }
  return std::memcmp(a.values, b.values, a.rows * vecdb::chunk::FixedWidth(a.type, a.dimension)) ==
         0;
}

// A reader of rows agrees with `column` from its row `first` on; true also when it reports damage.
enum class Answer { kSame, kDamaged, kDifferent };
template <typename Read>
Answer Compare(const vecdb::chunk::Column& column, const Read& read, RowIndex step = 8192) {
  const auto rows = static_cast<RowIndex>(column.rows());
  for (RowIndex row = 0; row < rows;) {
    const auto view = read(row, std::min<RowIndex>(step, rows - row));
    if (!view.ok()) {
      return view.status().code() == StatusCode::kCorruption ? Answer::kDamaged
                                                             : Answer::kDifferent;
    }
    if (view->rows == 0 || view->rows > rows - row) return Answer::kDifferent;
    if (!SameView(*view, column.View(row, view->rows))) return Answer::kDifferent;
    row += static_cast<RowIndex>(view->rows);
  }
  return Answer::kSame;
}

inline bool IsCorruption(const Status& status) {
  return status.code() == StatusCode::kCorruption;
}

// Deterministic words.
class Words {
 public:
  explicit Words(std::uint32_t seed) : random_(seed) {}
  std::string OfLength(std::size_t length) {
    std::string word(length, 'a');
    for (char& c : word) c = static_cast<char>('a' + random_() % 26);
    return word;
  }
  std::uint32_t Next() { return static_cast<std::uint32_t>(random_()); }

 private:
  std::mt19937 random_;
};

}  // namespace vecdb_test
