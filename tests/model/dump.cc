#include "dump.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <vector>

#include "base/format.h"
#include "chunk/chunk.h"

namespace vecdb::test {
namespace {

using base::Format;

std::string Bits(const void* data, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += Format("{:02x}", static_cast<const unsigned char*>(data)[i]);
  }
  return text;
}

struct Shower {
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool truth) const { return truth ? "true" : "false"; }
  std::string operator()(std::int64_t integer) const { return Format("{}", integer); }
  std::string operator()(double real) const { return "r" + Bits(&real, sizeof(real)); }
  std::string operator()(const std::string& text) const {
    return "t" + Bits(text.data(), text.size());
  }
  std::string operator()(const SparseVector& vector) const {
    return "s" + (*this)(vector.indices) + (*this)(vector.values);
  }
  template <typename T>
  std::string operator()(const std::vector<T>& elements) const {
    std::string all = "[";
    for (const auto& element : elements) {
      if constexpr (std::is_same_v<T, std::string>) {
        all += (*this)(element) + ",";
      } else {
        const T one = element;
        all += Bits(&one, sizeof(one)) + ",";
      }
    }
    return all + "]";
  }
};

std::string Shown(const Value& value) {
  return std::visit(Shower(), value);
}

// Sortable: key, then timestamp.
std::string RowLine(const segment::Segment& segment, RowIndex row,
                    const std::map<RowIndex, Timestamp>& deleted, DumpDepth depth) {
  const auto fields = segment.schema().fields();
  const auto key = static_cast<std::uint32_t>(chunk::KeyFieldIndex(segment.schema()));
  const auto mark = deleted.find(row);
  std::string line =
      Format("{} at {:020} deleted {:020} shard {}", Shown(segment.Read(key, row, 1)->At(0)),
             base::Raw(*segment.TimestampOf(row)),
             mark == deleted.end() ? 0 : base::Raw(mark->second), segment.shard());
  if (depth == DumpDepth::kPhysical) line += Format(" segment {} row {}", segment.id(), row);
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    line += " " + Shown(segment.Read(i, row, 1)->At(0));
  }
  return line;
}

}  // namespace

std::string Dump(TestDatabase& database, DumpDepth depth) {
  std::string text;
  for (const auto& collection : database.parts().collections.All()) {
    text += Format("collection '{}' {}\n", collection->name(), collection->record.id);
    std::vector<std::string> lines;
    const Timestamp now = collection->channel->watermark.ReadTime();
    for (const auto view = collection->board.Pin(); const auto& segment : view->segments()) {
      std::map<RowIndex, Timestamp> deleted;
      for (const segment::Tombstone& mark : segment->tombstones().All()) {
        if (mark.timestamp <= now) deleted[mark.row] = mark.timestamp;
      }
      const RowIndex rows = *segment->RowsAt(now);
      for (RowIndex row = 0; row < rows; ++row) {
        lines.push_back(RowLine(*segment, row, deleted, depth));
      }
    }
    std::sort(lines.begin(), lines.end());
    for (const std::string& line : lines) text += line + "\n";
  }
  return text;
}

}  // namespace vecdb::test
