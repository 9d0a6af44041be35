#include "formats/vector_reader.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "formats/npy.h"
#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::int64_t kMaxDimension = 32'768;
constexpr std::size_t kWord = 4;

template <typename T>
T Load(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

}  // namespace

bool VectorReader::Reads(const std::string& ending) {
  static constexpr std::array<std::string_view, 7> kEndings{"fvecs", "bvecs", "ivecs", "fbin",
                                                            "u8bin", "i8bin", "npy"};
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

Result<std::unique_ptr<VectorReader>> VectorReader::Open(const std::string& path) {
  CLI_TRY_ASSIGN(auto input, Input::Open(path));
  return Of(std::move(input), EndingOf(path));
}

Result<std::unique_ptr<VectorReader>> VectorReader::Of(std::unique_ptr<Input> input,
                                                       const std::string& ending) {
  std::unique_ptr<VectorReader> reader(new VectorReader(std::move(input)));
  CLI_TRY(reader->ReadHeader(ending));
  return reader;
}

std::size_t VectorReader::row_bytes() const {
  return std::max<std::size_t>(dimension_, 1) * SizeOf(element_);
}

std::uint64_t VectorReader::OffsetOf(std::uint64_t row) const {
  return body_ + row * (prefix_ + row_bytes());
}

Status VectorReader::At(std::uint64_t row, std::uint64_t offset, std::string_view problem) const {
  return Bad("'{}' row {} offset {}: {}", input_->path(), row, offset, problem);
}

// ---- Headers ------------------------------------------------------------------------------

Status VectorReader::ReadHeader(const std::string& ending) {
  if (ending == "fvecs") return ReadRowHeader(Element::kFloat32);
  if (ending == "bvecs") return ReadRowHeader(Element::kUint8);
  if (ending == "ivecs") return ReadRowHeader(Element::kInt32);
  if (ending == "fbin") return ReadFileHeader(Element::kFloat32);
  if (ending == "u8bin") return ReadFileHeader(Element::kUint8);
  if (ending == "i8bin") return ReadFileHeader(Element::kInt8);
  if (ending == "npy") return ReadNpyHeader();
  return Bad(
      "'{}' is no file of vectors: those end in .fvecs, .bvecs, .ivecs, .fbin, .u8bin, "
      ".i8bin or .npy, each also with .zst",
      input_->path());
}

Status VectorReader::SetDimension(std::int64_t dimension, Element element, std::uint64_t offset) {
  if (dimension < 1 || dimension > kMaxDimension) {
    return At(0, offset,
              Format("a vector of dimension {}; possible are 1 to {}", dimension, kMaxDimension));
  }
  dimension_ = static_cast<std::uint32_t>(dimension);
  element_ = element;
  return Status();
}

// The first row's dimension is read here; it stays in `bytes_` as the beginning of that row.
Status VectorReader::ReadRowHeader(Element element) {
  bytes_.resize(kWord);
  CLI_TRY_ASSIGN(kept_, input_->Read(bytes_));
  if (kept_ < kWord) return At(0, 0, Format("the file ends after {} bytes", kept_));
  CLI_TRY(SetDimension(Load<std::int32_t>(bytes_.data()), element, 0));
  prefix_ = kWord;
  if (input_->compressed() || input_->file_size() == 0) return Status();
  const std::uint64_t row_size = prefix_ + row_bytes();
  if (input_->file_size() < row_size) {
    return At(0, 0,
              Format("a vector of dimension {} takes {} bytes, the file has {}", dimension_,
                     row_size, input_->file_size()));
  }
  if (input_->file_size() % row_size == 0) rows_ = input_->file_size() / row_size;
  return Status();  // else some row will say what is wrong with it
}

Status VectorReader::ReadFileHeader(Element element) {
  std::array<std::byte, 2 * kWord> words{};
  CLI_TRY_ASSIGN(const std::size_t got, input_->Read(words));
  if (got < words.size()) return At(0, 0, Format("the file ends after {} bytes", got));
  rows_ = Load<std::uint32_t>(words.data());
  CLI_TRY(SetDimension(Load<std::uint32_t>(words.data() + kWord), element, kWord));
  return ExpectSize(words.size());
}

Status VectorReader::ReadNpyHeader() {
  CLI_TRY_ASSIGN(const NpyHeader header, ParseNpyHeader(*input_));
  rows_ = header.rows;
  if (header.vectors) {
    CLI_TRY(SetDimension(static_cast<std::int64_t>(std::min<std::uint64_t>(
                             header.columns, std::numeric_limits<std::int64_t>::max())),
                         header.element, 0));
  }
  element_ = header.element;
  return ExpectSize(input_->offset());
}

Status VectorReader::ExpectSize(std::uint64_t header) {
  body_ = header;
  if (*rows_ > (std::numeric_limits<std::uint64_t>::max() - header) / row_bytes()) {
    return At(0, 0, Format("the header says {} rows, more than any file can hold", *rows_));
  }
  if (input_->compressed() || input_->file_size() == 0) return Status();
  const std::uint64_t needed = header + *rows_ * row_bytes();
  if (needed == input_->file_size()) return Status();
  return At(0, 0,
            Format("the header says {} rows of dimension {}, which take {} bytes; the file has {}",
                   *rows_, std::max(dimension_, 1U), needed, input_->file_size()));
}

// ---- Rows ---------------------------------------------------------------------------------

Result<std::span<const std::byte>> VectorReader::Read(std::size_t max_rows) {
  if (!pending_.ok()) return pending_;
  std::size_t wanted = max_rows;
  if (prefix_ == 0) {
    wanted = static_cast<std::size_t>(std::min<std::uint64_t>(max_rows, *rows_ - row_));
  }
  if (wanted == 0) return End();
  const std::size_t size = wanted * (prefix_ + row_bytes());
  bytes_.resize(size);
  CLI_TRY_ASSIGN(const std::size_t got, input_->Read(std::span(bytes_).subspan(kept_)));
  const std::size_t all = kept_ + got;
  kept_ = 0;
  return TakeRows(all, wanted);
}

// Of the bytes read, whole rows without what stands before each.
Result<std::span<const std::byte>> VectorReader::TakeRows(std::size_t got, std::size_t wanted) {
  const std::size_t size = prefix_ + row_bytes();
  std::size_t rows = 0;
  for (; pending_.ok() && rows < wanted && rows * size < got; ++rows) {
    const std::size_t left = std::min(size, got - rows * size);
    const std::span<const std::byte> row(bytes_.data() + rows * size, left);
    pending_ = CheckRow(row, rows);
    if (!pending_.ok()) break;
    if (prefix_ == 0) continue;
    std::memmove(bytes_.data() + rows * row_bytes(), row.data() + prefix_, row_bytes());
  }
  if (pending_.ok() && rows < wanted && prefix_ == 0) {
    pending_ = At(row_ + rows, input_->offset(),
                  Format("the file ends here, its header says {} rows", *rows_));
  }
  row_ += rows;
  if (rows == 0 && !pending_.ok()) return pending_;
  return std::span<const std::byte>(bytes_).first(rows * row_bytes());
}

// `index` counts from the next row. A row cut short holds what there is of it.
Status VectorReader::CheckRow(std::span<const std::byte> row, std::size_t index) const {
  const std::uint64_t number = row_ + index;
  const std::uint64_t offset = OffsetOf(number);
  if (row.size() < prefix_) {
    return At(number, offset, Format("the file ends {} bytes into the row", row.size()));
  }
  if (prefix_ != 0) {
    const auto dimension = Load<std::int32_t>(row.data());
    if (dimension != static_cast<std::int64_t>(dimension_)) {
      return At(
          number, offset,
          Format("a vector of dimension {} among vectors of dimension {}", dimension, dimension_));
    }
  }
  if (row.size() == prefix_ + row_bytes()) return Status();
  if (prefix_ == 0) {
    return At(number, offset + row.size(),
              Format("the file ends here, its header says {} rows", *rows_));
  }
  return At(
      number, offset + prefix_,
      Format("the file ends {} bytes into a vector of {}", row.size() - prefix_, row_bytes()));
}

Result<std::span<const std::byte>> VectorReader::End() {
  if (prefix_ == 0) {
    std::array<std::byte, 1> more{};
    CLI_TRY_ASSIGN(const std::size_t got, input_->Read(more));
    if (got != 0) {
      return At(row_, input_->offset() - 1,
                Format("more bytes behind the {} rows of the header", *rows_));
    }
  }
  return std::span<const std::byte>();
}

Result<std::uint64_t> VectorReader::Skip(std::uint64_t rows) {
  std::uint64_t skipped = 0;
  while (skipped < rows) {
    const std::uint64_t piece = std::min<std::uint64_t>(rows - skipped, std::uint64_t{1} << 20);
    if (prefix_ == 0) {
      const std::uint64_t wanted = std::min(piece, *rows_ - row_);
      CLI_TRY_ASSIGN(const std::uint64_t got, input_->Skip(wanted * row_bytes()));
      row_ += got / row_bytes();
      skipped += got / row_bytes();
      if (got < wanted * row_bytes() || wanted == 0) break;
      continue;
    }
    CLI_TRY_ASSIGN(const auto raw,
                   Read(static_cast<std::size_t>(std::min<std::uint64_t>(
                       piece, std::max<std::size_t>(1, (1U << 20) / row_bytes())))));
    if (raw.empty()) break;
    skipped += raw.size() / row_bytes();
  }
  return skipped;
}

}  // namespace vecdb::cli
