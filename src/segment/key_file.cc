// A key file is an io::BlockFile of kind kKeys; its footer's `rows` is the number of keys. Numbers
// are little-endian. The body:
//
//   header      64 bytes
//      0  u32   magic "VKEY"
//      4  u8    type: 5 Int64, 21 VarChar
//      5  3 zero bytes
//      8  u32   rows
//     12  u32   blocks of the Bloom filter: (rows + 31) / 32
//     16  u64   bytes of text; 0 for Int64
//     24  i64   the smallest key; 0 for VarChar
//     32  i64   the largest key; 0 for VarChar
//     40  24 zero bytes
//   sections, each at a multiple of 64, zeros between them; the last ends the body:
//     keys      Int64: i64 a row. VarChar: u64 end of each row's text
//     text      VarChar only: the texts, one after the other
//     sorted    u32 row numbers, every row once, sorted by (key, row); text by its bytes
//     bloom     64 bytes a block: the filter of base/bloom.h over chunk::HashKey of every key
//
// Ends of texts never fall and the last equals `bytes of text`. A key may stand in several rows.
#include "segment/key_file.h"

#include <algorithm>
#include <cstring>

#include "base/bitmap.h"
#include "base/bloom.h"
#include "chunk/validate.h"

namespace vecdb::segment {
namespace {

constexpr std::uint32_t kMagic = 0x5945'4B56;
constexpr std::uint64_t kHeaderSize = 64;

template <typename T>
const T* Array(std::span<const std::byte> bytes) {  // sections and rows are aligned for their type
  return reinterpret_cast<const T*>(bytes.data());
}

// What the writer needs of all keys at once.
struct Keys {
  std::vector<std::int64_t> ints;
  std::vector<std::string_view> texts;
  std::uint64_t text_bytes = 0;
  std::vector<chunk::ColumnView> views;  // keep the texts
};

Result<Keys> Gather(bool is_text, const ColumnSource& source, RowIndex rows) {
  Keys keys;
  for (RowIndex row = 0; row < rows;) {
    VECDB_TRY_ASSIGN(chunk::ColumnView view, source(row, rows - row));
    VECDB_CHECK(view.rows > 0, "a source of rows ends before its rows");
    row += static_cast<RowIndex>(view.rows);
    if (!is_text) {
      const auto ints = view.As<std::int64_t>();
      keys.ints.insert(keys.ints.end(), ints.begin(), ints.end());
      continue;
    }
    for (const std::string_view text : view.As<std::string_view>()) {
      keys.texts.push_back(text);
      keys.text_bytes += text.size();
    }
    keys.views.push_back(std::move(view));
  }
  return keys;
}

// The first 8 bytes as a number that sorts like them.
std::uint64_t Prefix(std::string_view text) {
  std::uint64_t prefix = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    prefix = prefix << 8 | (i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0u);
  }
  return prefix;
}

std::vector<RowIndex> SortInts(const std::vector<std::int64_t>& keys) {
  std::vector<std::pair<std::int64_t, RowIndex>> pairs;
  pairs.reserve(keys.size());
  for (const std::int64_t key : keys) pairs.emplace_back(key, static_cast<RowIndex>(pairs.size()));
  if (!std::is_sorted(keys.begin(), keys.end())) std::sort(pairs.begin(), pairs.end());
  std::vector<RowIndex> rows;
  rows.reserve(pairs.size());
  for (const auto& [key, row] : pairs) rows.push_back(row);
  return rows;
}

std::vector<RowIndex> SortTexts(const std::vector<std::string_view>& keys) {
  std::vector<std::pair<std::uint64_t, RowIndex>> pairs;
  pairs.reserve(keys.size());
  for (const std::string_view key : keys) {
    pairs.emplace_back(Prefix(key), static_cast<RowIndex>(pairs.size()));
  }
  std::sort(pairs.begin(), pairs.end(), [&](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    const int order = keys[a.second].compare(keys[b.second]);
    return order != 0 ? order < 0 : a.second < b.second;
  });
  std::vector<RowIndex> rows;
  rows.reserve(pairs.size());
  for (const auto& [prefix, row] : pairs) rows.push_back(row);
  return rows;
}

template <typename T>
std::vector<std::uint64_t> MakeBloom(const std::vector<T>& keys) {
  std::vector<std::uint64_t> words(base::BloomBlocks(keys.size()) * 8);
  for (const T& key : keys) base::BloomAdd(words, chunk::HashKey(key));
  return words;
}

template <typename T>
Status WriteSection(const std::vector<T>& values, io::BlockFileWriter* out) {
  VECDB_TRY(out->PadTo(kSectionAlignment));
  return out->Append(std::as_bytes(std::span(values)));
}

base::Bytes EncodeHeader(const Keys& keys, RowIndex rows) {
  const bool is_text = !keys.texts.empty();
  base::Bytes bytes;
  base::ByteWriter header(&bytes);
  header.Put(kMagic);
  header.Put(is_text ? DataType::kVarChar : DataType::kInt64);
  bytes.resize(8);
  header.Put(rows);
  header.Put(static_cast<std::uint32_t>(base::BloomBlocks(rows)));
  header.Put(keys.text_bytes);
  header.Put(is_text ? std::int64_t{0} : *std::min_element(keys.ints.begin(), keys.ints.end()));
  header.Put(is_text ? std::int64_t{0} : *std::max_element(keys.ints.begin(), keys.ints.end()));
  bytes.resize(kHeaderSize);
  return bytes;
}

Status WriteTexts(const Keys& keys, io::BlockFileWriter* out) {
  std::vector<std::uint64_t> ends;
  ends.reserve(keys.texts.size());
  std::string text;
  text.reserve(keys.text_bytes);
  for (const std::string_view key : keys.texts) {
    text += key;
    ends.push_back(text.size());
  }
  VECDB_TRY(WriteSection(ends, out));
  VECDB_TRY(out->PadTo(kSectionAlignment));
  return out->Append(base::AsBytes(text));
}

}  // namespace

Result<io::SealedFileInfo> WriteKeyFile(const Field& field, const ColumnSource& source,
                                        RowIndex rows, io::BlockFileWriter* out) {
  VECDB_CHECK(rows > 0, "a key file without keys");
  const bool is_text = field.type == DataType::kVarChar;
  VECDB_TRY_ASSIGN(const Keys keys, Gather(is_text, source, rows));
  VECDB_TRY(out->Append(EncodeHeader(keys, rows)));
  if (is_text) {
    VECDB_TRY(WriteTexts(keys, out));
    VECDB_TRY(WriteSection(SortTexts(keys.texts), out));
    VECDB_TRY(WriteSection(MakeBloom(keys.texts), out));
  } else {
    VECDB_TRY(WriteSection(keys.ints, out));
    VECDB_TRY(WriteSection(SortInts(keys.ints), out));
    VECDB_TRY(WriteSection(MakeBloom(keys.ints), out));
  }
  return out->Finish(rows);
}

Status KeyFile::Bad(const char* problem, std::uint64_t where) const {
  return base::Corruption("{}: {}, at row {}", file_->name(), problem, where);
}

// Parsed and checked once; after that it costs a copy.
Result<KeyFile::Header> KeyFile::ReadHeader() const {
  if (header_known_.load(std::memory_order_acquire)) return header_;
  VECDB_TRY_ASSIGN(const Header header, ParseHeader());
  base::MutexLock lock(header_mutex_);
  if (header_known_.load(std::memory_order_relaxed)) return header;  // another thread was first
  header_ = header;
  header_known_.store(true, std::memory_order_release);
  return header;
}

Result<KeyFile::Header> KeyFile::ParseHeader() const {
  if (file_->body_size() < kHeaderSize) return Bad("the file is too short", 0);
  VECDB_TRY_ASSIGN(const auto bytes, file_->Read(0, kHeaderSize));
  base::ByteReader in(bytes, file_->name());
  Header header;
  std::uint32_t magic = 0;
  std::uint32_t type = 0;  // and the three zeros behind it
  VECDB_TRY(in.Get(&magic));
  VECDB_TRY(in.Get(&type));
  VECDB_TRY(in.Get(&header.rows));
  VECDB_TRY(in.Get(&header.bloom_blocks));
  VECDB_TRY(in.Get(&header.text_bytes));
  VECDB_TRY(in.Get(&header.min));
  VECDB_TRY(in.Get(&header.max));
  if (magic != kMagic) return in.Bad("this is no key file");
  if (type != static_cast<std::uint32_t>(field_.type)) return in.Bad("not the key field's type");
  if (header.rows == 0 || header.rows != file_->rows()) {
    return in.Bad("header and footer disagree about rows");
  }
  header.is_text = field_.type == DataType::kVarChar;
  if (header.bloom_blocks != base::BloomBlocks(header.rows)) return in.Bad("not the filter's size");
  if (header.text_bytes > file_->body_size() || (!header.is_text && header.text_bytes != 0)) {
    return in.Bad("an impossible amount of text");
  }
  header.keys = kHeaderSize;
  header.text = AlignSection(header.keys + std::uint64_t{8} * header.rows);
  header.sorted = AlignSection(header.text + header.text_bytes);
  header.bloom = AlignSection(header.sorted + std::uint64_t{4} * header.rows);
  if (header.bloom + base::kBloomBlockBytes * header.bloom_blocks != file_->body_size()) {
    return in.Bad("the sections do not fill the file");
  }
  return header;
}

Result<chunk::ColumnView> KeyFile::Read(RowIndex first, RowIndex max_rows) const {
  VECDB_TRY_ASSIGN(const Header header, ReadHeader());
  VECDB_CHECK(first < header.rows && max_rows > 0, "a read begins behind the keys' end");
  chunk::ColumnView view;
  view.type = field_.type;
  view.rows = std::min(max_rows, header.rows - first);
  if (header.is_text) {
    view.rows = std::min<std::size_t>(view.rows, kMaxDecodedRows);
    VECDB_TRY(ReadText(header, first, &view));
    return view;
  }
  VECDB_TRY_ASSIGN(const auto values,
                   file_->Read(header.keys + std::uint64_t{8} * first, view.rows * 8));
  view.values = values.data();
  return view;
}

Status KeyFile::ReadText(const Header& header, RowIndex first, chunk::ColumnView* view) const {
  const RowIndex before = first == 0 ? 0 : 1;  // the end of the row before is this row's start
  VECDB_TRY_ASSIGN(
      const auto section,
      file_->Read(header.keys + std::uint64_t{8} * (first - before), (view->rows + before) * 8));
  const std::uint64_t* ends = Array<std::uint64_t>(section) + before;
  const std::uint64_t base = before == 0 ? 0 : *Array<std::uint64_t>(section);
  const std::uint64_t limit = ends[view->rows - 1];
  if (base > limit || limit > header.text_bytes) return Bad("a key ends beyond the keys", first);
  VECDB_TRY_ASSIGN(const auto text, file_->Read(header.text + base, limit - base));
  auto decoded = std::make_shared<std::string_view[]>(view->rows);
  std::string_view* values = decoded.get();
  std::uint64_t start = base;
  for (std::size_t i = 0; i < view->rows; ++i) {
    if (ends[i] < start || ends[i] > limit) return Bad("a key ends before it begins", first + i);
    values[i] = base::AsText(text.subspan(start - base, ends[i] - start));
    start = ends[i];
  }
  view->values = values;
  view->keep = std::move(decoded);
  return Status();
}

// The whole filter is verified once; after that a look costs a load.
Result<std::span<const std::uint64_t>> KeyFile::BloomWords(const Header& header) const {
  const std::uint64_t* words = bloom_.load(std::memory_order_acquire);
  if (words == nullptr) {
    VECDB_TRY_ASSIGN(const auto section,
                     file_->Read(header.bloom, base::kBloomBlockBytes * header.bloom_blocks));
    words = Array<std::uint64_t>(section);
    bloom_.store(words, std::memory_order_release);
  }
  return std::span<const std::uint64_t>(words, std::size_t{8} * header.bloom_blocks);
}

Status KeyFile::MayContain(std::span<const std::uint64_t> hashes, std::uint8_t* may) const {
  VECDB_TRY_ASSIGN(const Header header, ReadHeader());
  VECDB_TRY_ASSIGN(const auto words, BloomWords(header));
  base::BloomMayContainMany(words, hashes, may);
  return Status();
}

Result<RowIndex> KeyFile::SortedRow(const Header& header, std::uint32_t position) const {
  VECDB_TRY_ASSIGN(const auto bytes, file_->Read(header.sorted + std::uint64_t{4} * position, 4));
  const RowIndex row = *Array<RowIndex>(bytes);
  if (row >= header.rows) return Bad("a sorted row does not exist", row);
  return row;
}

Result<chunk::KeyView> KeyFile::KeyAt(const Header& header, RowIndex row) const {
  if (!header.is_text) {
    VECDB_TRY_ASSIGN(const auto bytes, file_->Read(header.keys + std::uint64_t{8} * row, 8));
    return chunk::KeyView(*Array<std::int64_t>(bytes));
  }
  const RowIndex before = row == 0 ? 0 : 1;
  VECDB_TRY_ASSIGN(const auto ends, file_->Read(header.keys + std::uint64_t{8} * (row - before),
                                                std::uint64_t{8} + std::uint64_t{8} * before));
  const std::uint64_t start = before == 0 ? 0 : Array<std::uint64_t>(ends)[0];
  const std::uint64_t end = Array<std::uint64_t>(ends)[before];
  if (end < start || end > header.text_bytes) return Bad("a key ends out of bounds", row);
  VECDB_TRY_ASSIGN(const auto text, file_->Read(header.text + start, end - start));
  return chunk::KeyView(base::AsText(text));
}

// The first position in the sorted rows whose key is not below `key`.
Result<std::uint32_t> KeyFile::LowerBound(const Header& header, chunk::KeyView key) const {
  std::uint32_t low = 0;
  std::uint32_t high = header.rows;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    VECDB_TRY_ASSIGN(const RowIndex row, SortedRow(header, middle));
    VECDB_TRY_ASSIGN(const chunk::KeyView at, KeyAt(header, row));
    if (at < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Status KeyFile::FindKey(chunk::KeyView key, std::uint64_t hash, std::vector<RowIndex>* rows) const {
  VECDB_TRY_ASSIGN(const Header header, ReadHeader());
  const std::int64_t* number = std::get_if<std::int64_t>(&key);
  VECDB_CHECK((number == nullptr) == header.is_text, "a key of another type is looked for");
  if (number != nullptr && (*number < header.min || *number > header.max)) return Status();
  VECDB_TRY_ASSIGN(const auto words, BloomWords(header));
  if (!base::BloomMayContain(words, hash)) return Status();
  VECDB_TRY_ASSIGN(std::uint32_t position, LowerBound(header, key));
  const std::size_t found_before = rows->size();
  for (; position < header.rows; ++position) {
    VECDB_TRY_ASSIGN(const RowIndex row, SortedRow(header, position));
    VECDB_TRY_ASSIGN(const chunk::KeyView at, KeyAt(header, row));
    if (at != key) break;
    if (rows->size() > found_before && rows->back() >= row) {
      return Bad("rows of one key are out of order", row);
    }
    rows->push_back(row);
  }
  return Status();
}

Status KeyFile::VerifyAll() const {
  VECDB_TRY(file_->VerifyAll());
  VECDB_TRY_ASSIGN(const Header header, ReadHeader());
  VECDB_TRY(VerifyKeys(header));
  return VerifySorted(header);
}

// Every row once, and (key, row) rises.
Status KeyFile::VerifySorted(const Header& header) const {
  base::Bitmap seen(header.rows);
  chunk::KeyView before;
  RowIndex row_before = 0;
  for (std::uint32_t position = 0; position < header.rows; ++position) {
    VECDB_TRY_ASSIGN(const RowIndex row, SortedRow(header, position));
    if (seen.Test(row)) return Bad("a row is sorted in twice", row);
    seen.Set(row);
    VECDB_TRY_ASSIGN(const chunk::KeyView key, KeyAt(header, row));
    if (position > 0 && (key < before || (key == before && row < row_before))) {
      return Bad("keys are out of order", row);
    }
    before = key;
    row_before = row;
  }
  return Status();
}

Status KeyFile::VerifyKeys(const Header& header) const {
  VECDB_TRY_ASSIGN(const auto words, BloomWords(header));
  std::optional<std::int64_t> min;
  std::optional<std::int64_t> max;
  std::uint64_t text_bytes = 0;
  for (RowIndex row = 0; row < header.rows; ++row) {
    VECDB_TRY_ASSIGN(const chunk::KeyView key, KeyAt(header, row));
    if (!base::BloomMayContain(words, chunk::HashKey(key))) {
      return Bad("the filter does not know a key", row);
    }
    if (const auto* number = std::get_if<std::int64_t>(&key)) {
      min = std::min(min.value_or(*number), *number);
      max = std::max(max.value_or(*number), *number);
      continue;
    }
    const std::string_view text = *std::get_if<std::string_view>(&key);
    text_bytes += text.size();
    if (Status status = chunk::ValidateText(field_, text); !status.ok()) {
      return base::Corruption("{}: row {}: {}", file_->name(), row, status.message());
    }
  }
  if (header.min != min.value_or(0) || header.max != max.value_or(0)) {
    return Bad("smallest or largest key is wrong", 0);
  }
  return text_bytes == header.text_bytes ? Status() : Bad("the last key is not the end", 0);
}

}  // namespace vecdb::segment
