// Writes column files: see the grammar on top of column_file.cc.
#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>

#include "chunk/kinds.h"
#include "segment/column_file.h"

namespace vecdb::segment {
namespace {

using chunk::ColumnView;

constexpr std::size_t kTextStep = std::size_t{64} << 10;  // of text copied before it is written

// The views of one chunk, in row order.
struct Pieces {
  std::vector<ColumnView> views;
  RowIndex rows = 0;
};

Result<Pieces> Gather(const ColumnSource& source, RowIndex first, RowIndex rows) {
  Pieces pieces;
  while (pieces.rows < rows) {
    VECDB_TRY_ASSIGN(ColumnView view, source(first + pieces.rows, rows - pieces.rows));
    VECDB_CHECK(view.rows > 0, "a source of rows ends before its rows");
    pieces.rows += static_cast<RowIndex>(view.rows);
    pieces.views.push_back(std::move(view));
  }
  return pieces;
}

bool HasNulls(const Pieces& pieces) {
  return std::any_of(pieces.views.begin(), pieces.views.end(), [](const ColumnView& view) {
    return view.valid != nullptr && std::memchr(view.valid, 0, view.rows) != nullptr;
  });
}

std::uint64_t BlockFileBytes(std::uint64_t body) {
  const std::uint64_t blocks = (body + io::kBlockSize - 1) / io::kBlockSize;
  return body + blocks * 4 + 64;  // table and footer of io/block_file.h
}

// Of a plain file.
std::uint64_t PlainFileBytes(const Field& field, std::uint64_t rows, std::uint64_t text_bytes) {
  ColumnHeader header;
  header.type = field.type;
  header.dimension = field.dimension;
  header.has_validity = field.nullable;
  header.rows = static_cast<std::uint32_t>(rows);
  header.text_bytes = text_bytes;
  return BlockFileBytes(header.Layout().end);
}

class ColumnWriter {
 public:
  ColumnWriter(const Field& field, const Pieces& pieces, io::BlockFileWriter* out)
      : pieces_(pieces), out_(out) {
    header_.type = field.type;
    header_.element = ColumnHeader::ElementOf(field);
    header_.dimension = field.dimension;
    header_.has_validity = HasNulls(pieces);
    header_.rows = pieces.rows;
  }

  Status Write() {
    if (chunk::IsVariable(header_.type)) return WriteText();
    const std::size_t width = chunk::FixedWidth(header_.type, header_.dimension);
    if (chunk::IsVector(header_.type)) return WritePlain(width);
    switch (width) {
      case 1:
        return WriteScalars<std::uint8_t>();
      case 2:
        return WriteScalars<std::uint16_t>();
      case 4:
        return WriteScalars<std::uint32_t>();
      case 8:
        return WriteScalars<std::uint64_t>();
      default:
        return WritePlain(width);
    }
  }

 private:
  // The header, and the validity section when there is one.
  Status Begin() {
    base::Bytes bytes;
    header_.Encode(&bytes);
    VECDB_TRY(out_->Append(bytes));
    if (!header_.has_validity) return Status();
    for (const ColumnView& view : pieces_.views) {
      if (view.valid != nullptr) {
        VECDB_TRY(out_->Append(std::as_bytes(std::span(view.valid, view.rows))));
      } else {
        VECDB_TRY(out_->Append(base::Bytes(view.rows, std::byte{1})));
      }
    }
    return Status();
  }

  template <typename T>
  Status Section(const std::vector<T>& values) {
    VECDB_TRY(out_->PadTo(kSectionAlignment));
    return out_->Append(std::as_bytes(std::span(values)));
  }

  Status WritePlain(std::size_t width) {
    VECDB_TRY(Begin());
    VECDB_TRY(out_->PadTo(kSectionAlignment));
    for (const ColumnView& view : pieces_.views) {
      VECDB_TRY(out_->Append({static_cast<const std::byte*>(view.values), view.rows * width}));
    }
    return Status();
  }

  // T has the width of the values; comparing their bits keeps every value exact.
  template <typename T>
  Status WriteScalars() {
    const std::size_t most = header_.rows * sizeof(T) / 2 / (sizeof(T) + 4);  // half of plain
    std::vector<std::uint32_t> ends;
    std::vector<T> values;
    std::uint32_t row = 0;
    for (const ColumnView& view : pieces_.views) {
      const T* from = static_cast<const T*>(view.values);
      for (std::size_t i = 0; i < view.rows; ++i, ++row) {
        if (!values.empty() && from[i] == values.back()) continue;
        if (!values.empty()) ends.push_back(row);
        values.push_back(from[i]);
        if (values.size() >= most) return WritePlain(sizeof(T));
      }
    }
    ends.push_back(row);
    header_.encoding = ColumnEncoding::kRunLength;
    header_.entries = static_cast<std::uint32_t>(values.size());
    VECDB_TRY(Begin());
    VECDB_TRY(Section(ends));
    return Section(values);
  }

  Status WriteText() {
    std::vector<std::uint32_t> ends;
    ends.reserve(header_.rows);
    std::uint64_t bytes = 0;
    for (const ColumnView& view : pieces_.views) {
      for (const std::string_view text : view.As<std::string_view>()) {
        bytes += text.size();
        ends.push_back(static_cast<std::uint32_t>(bytes));
      }
    }
    if (WantsDictionary(bytes)) return WriteDictionary();
    header_.text_bytes = bytes;
    VECDB_TRY(Begin());
    VECDB_TRY(Section(ends));
    VECDB_TRY(out_->PadTo(kSectionAlignment));
    std::string some;
    for (const ColumnView& view : pieces_.views) {
      for (const std::string_view one : view.As<std::string_view>()) {
        some += one;
        if (some.size() < kTextStep) continue;
        VECDB_TRY(out_->Append(base::AsBytes(some)));
        some.clear();
      }
    }
    return out_->Append(base::AsBytes(some));
  }

  // Fills codes_ and entries_; gives up as soon as a dictionary would not be small.
  bool WantsDictionary(std::uint64_t text_bytes) {
    const std::uint64_t most = (std::uint64_t{4} * header_.rows + text_bytes) * 7 / 10;
    std::uint64_t size = std::uint64_t{2} * header_.rows;
    std::unordered_map<std::string_view, std::uint16_t> code_of;
    codes_.reserve(header_.rows);
    for (const ColumnView& view : pieces_.views) {
      for (const std::string_view text : view.As<std::string_view>()) {
        const auto [at, added] = code_of.try_emplace(text, 0);
        if (added) {
          at->second = static_cast<std::uint16_t>(entries_.size());
          entries_.push_back(text);
          size += 4 + text.size();
          if (size >= most || entries_.size() > ColumnHeader::kMaxDictionary) return false;
        }
        codes_.push_back(at->second);
      }
    }
    return true;
  }

  Status WriteDictionary() {
    std::vector<std::uint32_t> ends;
    std::string text;
    for (const std::string_view entry : entries_) {
      text += entry;
      ends.push_back(static_cast<std::uint32_t>(text.size()));
    }
    header_.encoding = ColumnEncoding::kDictionary;
    header_.entries = static_cast<std::uint32_t>(entries_.size());
    header_.text_bytes = text.size();
    VECDB_TRY(Begin());
    VECDB_TRY(Section(codes_));
    VECDB_TRY(Section(ends));
    VECDB_TRY(out_->PadTo(kSectionAlignment));
    return out_->Append(base::AsBytes(text));
  }

  ColumnHeader header_;
  const Pieces& pieces_;
  io::BlockFileWriter* out_;
  std::vector<std::uint16_t> codes_;
  std::vector<std::string_view> entries_;
};

// ends[i] = bytes of the texts of rows [0, i].
Result<std::vector<std::uint64_t>> TextEnds(const ColumnSource& source, RowIndex rows) {
  std::vector<std::uint64_t> ends;
  ends.reserve(rows);
  std::uint64_t bytes = 0;
  while (ends.size() < rows) {
    const auto row = static_cast<RowIndex>(ends.size());
    VECDB_TRY_ASSIGN(const ColumnView view, source(row, rows - row));
    VECDB_CHECK(view.rows > 0, "a source of rows ends before its rows");
    for (const std::string_view text : view.As<std::string_view>()) {
      bytes += text.size();
      ends.push_back(bytes);
    }
  }
  return ends;
}

bool AllFit(const Field& field, const std::vector<std::uint64_t>& ends, std::uint64_t per_file,
            std::uint64_t max_file_bytes) {
  for (std::uint64_t first = 0; first < ends.size(); first += per_file) {
    const std::uint64_t rows = std::min<std::uint64_t>(per_file, ends.size() - first);
    const std::uint64_t text = ends[first + rows - 1] - (first == 0 ? 0 : ends[first - 1]);
    if (PlainFileBytes(field, rows, text) > max_file_bytes) return false;
  }
  return true;
}

}  // namespace

Result<std::uint64_t> RowsPerColumnFile(const Field& field, RowIndex rows,
                                        const ColumnSource& source, std::uint64_t max_file_bytes) {
  std::vector<std::uint64_t> ends;
  if (chunk::IsVariable(field.type)) {
    VECDB_TRY_ASSIGN(ends, TextEnds(source, rows));
  }
  const auto fits = [&](std::uint64_t per_file) {
    if (chunk::IsVariable(field.type)) return AllFit(field, ends, per_file, max_file_bytes);
    return PlainFileBytes(field, std::min<std::uint64_t>(per_file, rows), 0) <= max_file_bytes;
  };
  std::uint64_t per_file = std::bit_ceil(std::uint64_t{rows});
  while (per_file > 1 && !fits(per_file)) per_file /= 2;
  return per_file;
}

Result<io::SealedFileInfo> WriteColumnFile(const Field& field, const ColumnSource& source,
                                           RowIndex first, RowIndex rows,
                                           io::BlockFileWriter* out) {
  VECDB_TRY_ASSIGN(const Pieces pieces, Gather(source, first, rows));
  ColumnWriter writer(field, pieces, out);
  VECDB_TRY(writer.Write());
  return out->Finish(rows);
}

}  // namespace vecdb::segment
