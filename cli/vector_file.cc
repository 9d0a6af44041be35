#include "vector_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::int64_t kMaxDimension = 32'768;
constexpr std::size_t kWord = 4;

bool EndsWith(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

template <typename T>
T Load(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

}  // namespace

std::optional<VectorFormat> VectorFormatOf(const std::string& path) {
  const std::string name = WithoutZst(path);
  if (EndsWith(name, ".fvecs")) return VectorFormat::kFvecs;
  if (EndsWith(name, ".u8bin")) return VectorFormat::kU8bin;
  return std::nullopt;
}

Result<std::unique_ptr<VectorFile>> VectorFile::Open(const std::string& path, VectorFormat format) {
  CLI_TRY_ASSIGN(auto input, Input::Open(path));
  std::unique_ptr<VectorFile> file(new VectorFile(std::move(input), format));
  CLI_TRY(format == VectorFormat::kFvecs ? file->ReadFvecsHeader() : file->ReadU8binHeader());
  return file;
}

Status VectorFile::At(std::uint64_t offset, const std::string& problem) const {
  return Bad("'{}' row {} offset {}: {}", input_->path(), row_, offset, problem);
}

Status VectorFile::CheckDimension(std::int64_t dimension) {
  if (dimension < 1 || dimension > kMaxDimension) {
    return At(input_->offset() - kWord,
              Format("a vector of dimension {}; possible are 1 to {}", dimension, kMaxDimension));
  }
  dimension_ = static_cast<std::uint32_t>(dimension);
  return Status();
}

Status VectorFile::ReadFvecsHeader() {
  std::array<std::byte, kWord> word{};
  CLI_TRY_ASSIGN(const std::size_t got, input_->Read(word));
  if (got < word.size()) return At(0, Format("the file ends after {} bytes", got));
  CLI_TRY(CheckDimension(Load<std::int32_t>(word.data())));
  first_dimension_read_ = true;
  if (input_->compressed() || input_->file_size() == 0) return Status();
  const std::uint64_t row_size = kWord + std::uint64_t{kWord} * dimension_;
  if (input_->file_size() < row_size) {
    return At(0, Format("a vector of dimension {} takes {} bytes, the file has {}", dimension_,
                        row_size, input_->file_size()));
  }
  if (input_->file_size() % row_size == 0) rows_ = input_->file_size() / row_size;
  return Status();  // else some row will say what is wrong with it
}

Status VectorFile::ReadU8binHeader() {
  std::array<std::byte, 2 * kWord> words{};
  CLI_TRY_ASSIGN(const std::size_t got, input_->Read(words));
  if (got < words.size()) return At(0, Format("the file ends after {} bytes", got));
  const auto rows = Load<std::uint32_t>(words.data());
  CLI_TRY(CheckDimension(Load<std::uint32_t>(words.data() + kWord)));
  rows_ = rows;
  if (input_->compressed() || input_->file_size() == 0) return Status();
  const std::uint64_t needed = words.size() + std::uint64_t{rows} * dimension_;
  if (needed == input_->file_size()) return Status();
  return At(0,
            Format("the header says {} rows of dimension {}, which take {} bytes; the file has {}",
                   rows, dimension_, needed, input_->file_size()));
}

Result<std::size_t> VectorFile::Read(std::size_t max_rows, std::vector<float>* out) {
  out->clear();
  return format_ == VectorFormat::kFvecs ? ReadFvecs(max_rows, out) : ReadU8bin(max_rows, out);
}

Result<std::size_t> VectorFile::ReadFvecs(std::size_t max_rows, std::vector<float>* out) {
  std::size_t rows = 0;
  for (; rows < max_rows; ++rows) {
    out->resize((rows + 1) * dimension_);
    CLI_TRY_ASSIGN(const bool found, ReadFvecsRow(out->data() + rows * dimension_));
    if (!found) break;
    ++row_;
  }
  out->resize(rows * dimension_);
  return rows;
}

Result<bool> VectorFile::ReadFvecsRow(float* out) {
  if (!first_dimension_read_) {
    std::array<std::byte, kWord> word{};
    const std::uint64_t start = input_->offset();
    CLI_TRY_ASSIGN(const std::size_t got, input_->Read(word));
    if (got == 0) return false;
    if (got < word.size()) return At(start, Format("the file ends {} bytes into the row", got));
    const auto dimension = Load<std::int32_t>(word.data());
    if (dimension != static_cast<std::int64_t>(dimension_)) {
      return At(start, Format("a vector of dimension {} among vectors of dimension {}", dimension,
                              dimension_));
    }
  }
  first_dimension_read_ = false;
  const std::uint64_t start = input_->offset();
  bytes_.resize(std::size_t{kWord} * dimension_);
  CLI_TRY_ASSIGN(const std::size_t got, input_->Read(bytes_));
  if (got < bytes_.size()) {
    return At(start, Format("the file ends {} bytes into a vector of {}", got, bytes_.size()));
  }
  std::memcpy(out, bytes_.data(), bytes_.size());
  for (std::uint32_t i = 0; i < dimension_; ++i) {
    if (!std::isfinite(out[i])) {
      return At(start + std::uint64_t{kWord} * i, Format("element {} is {}", i, out[i]));
    }
  }
  return true;
}

Result<std::size_t> VectorFile::ReadU8bin(std::size_t max_rows, std::vector<float>* out) {
  const auto rows = static_cast<std::size_t>(std::min<std::uint64_t>(max_rows, *rows_ - row_));
  bytes_.resize(rows == 0 ? 1 : rows * dimension_);
  CLI_TRY_ASSIGN(const std::size_t got, input_->Read(bytes_));
  if (rows == 0) {
    if (got == 0) return rows;
    return At(input_->offset() - 1, Format("more bytes behind the {} rows of the header", *rows_));
  }
  if (got < bytes_.size()) {
    row_ += got / dimension_;
    return At(input_->offset(), Format("the file ends here, its header says {} rows", *rows_));
  }
  out->resize(bytes_.size());
  std::transform(bytes_.begin(), bytes_.end(), out->begin(),
                 [](std::byte byte) { return static_cast<float>(byte); });
  row_ += rows;
  return rows;
}

}  // namespace vecdb::cli
