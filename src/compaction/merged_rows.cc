#include "compaction/merged_rows.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <queue>
#include <utility>

#include "base/canary.h"
#include "base/status.h"
#include "base/timestamp_oracle.h"
#include "catalog/records.h"
#include "chunk/kinds.h"
#include "segment/column_file.h"
#include "segment/key_values.h"
#include "segment/view.h"

namespace vecdb::compaction {
namespace {

using chunk::ColumnView;

constexpr std::size_t kMostRows = std::numeric_limits<RowIndex>::max() - 1;
constexpr std::size_t kPieceBytes = std::size_t{1} << 18;
constexpr RowIndex kPieceRows = 8192;
constexpr RowIndex kStep = 1024;    // rows read at once where some of them are picked
constexpr RowIndex kLongRun = 256;  // rows that follow one another are lent from so many on

Result<ColumnView> ReadInput(const segment::Segment& input, std::uint32_t field, RowIndex first,
                             RowIndex max_rows) {
  if (field == catalog::kTimestampField) return input.ReadTimestamps(first, max_rows);
  return input.Read(field, first, max_rows);
}

// The kept rows of one input, one after the other.
class Head {
 public:
  // `kept` and `pace` outlive it.
  static Result<Head> Of(const segment::Segment& input, const Kept& kept, const Pace& pace) {
    Head head(input, kept.band ? &*kept.band : nullptr, pace);
    head.deleted_ = input.tombstones().DeletedAt(kept.at);
    if (base::Raw(kept.keep_from) > 0) {
      VECDB_TRY_ASSIGN(head.row_, input.RowsAt(Timestamp{base::Raw(kept.keep_from) - 1}));
    }
    const bool meets =
        !kept.band || input.key_range() == nullptr || kept.band->Meets(*input.key_range());
    if (!meets) head.row_ = head.rows_;
    VECDB_TRY(head.Settle());
    return head;
  }

  bool done() const { return row_ >= rows_; }
  RowIndex row() const { return row_; }
  std::uint64_t timestamp() const {
    return static_cast<std::uint64_t>(view_.As<std::int64_t>()[row_ - first_]);
  }
  Status Next() {
    ++row_;
    return Settle();
  }

 private:
  Head(const segment::Segment& input, const Band* band, const Pace& pace)
      : input_(&input), band_(band), pace_(&pace), rows_(input.rows()) {}

  // On to the next kept row, with its timestamp at hand.
  Status Settle() {
    for (; !done(); ++row_) {
      if (deleted_ != nullptr && row_ < deleted_->size() && deleted_->Test(row_)) continue;
      VECDB_TRY(ReachTimestamps());
      if (band_ == nullptr) return Status();
      VECDB_TRY(ReachKeys());
      const auto key = segment::KeyValueAt(keys_, row_ - first_key_);
      if (band_->Has(key, Timestamp{timestamp()})) return Status();
    }
    return Status();
  }

  Status ReachTimestamps() {
    if (row_ >= first_ && row_ < first_ + view_.rows) return Status();
    first_ = row_;
    VECDB_TRY_ASSIGN(view_, input_->ReadTimestamps(row_, std::min(kPieceRows, rows_ - row_)));
    return Status();
  }

  Status ReachKeys() {
    if (row_ >= first_key_ && row_ < first_key_ + keys_.rows) return Status();
    first_key_ = row_;
    VECDB_TRY_ASSIGN(keys_, input_->Read(band_->field, row_, std::min(kPieceRows, rows_ - row_)));
    return (*pace_)(std::uint64_t{16} * keys_.rows);  // about: with the timestamps
  }

  const segment::Segment* input_;
  const Band* band_;  // null: every row
  const Pace* pace_;
  RowIndex rows_;
  std::shared_ptr<const base::Bitmap> deleted_;
  RowIndex row_ = 0;
  RowIndex first_ = 0;  // of view_
  ColumnView view_;
  RowIndex first_key_ = 0;  // of keys_
  ColumnView keys_;
};

// Which input's head comes first: by timestamp, then by input.
struct Turn {
  std::uint64_t timestamp = 0;
  std::uint32_t input = 0;
  friend bool operator>(const Turn& a, const Turn& b) {
    return std::pair(a.timestamp, a.input) > std::pair(b.timestamp, b.input);
  }
};
using Turns = std::priority_queue<Turn, std::vector<Turn>, std::greater<>>;

// How many of the texts are a piece: at least one. The others are asked for again.
std::size_t TextsInPiece(std::span<const std::string_view> texts) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < texts.size() && bytes < kPieceBytes) bytes += texts[count++].size();
  return count;
}

std::uint64_t RowsOf(const Inputs& inputs) {
  std::uint64_t rows = 0;
  for (const auto& input : inputs) rows += input->rows();
  return rows;
}

// Picked values of one field, owned; texts are lent from the inputs' files, which stay open.
struct Picked {
  std::unique_ptr<std::uint64_t[]> values;  // whole words, so that every type is aligned
  std::vector<std::uint8_t> valid;
  std::vector<std::shared_ptr<const void>> texts;
};

}  // namespace

Result<MergedRows> MergedRows::Make(Inputs inputs, const Kept& kept, const Pace& pace) {
  MergedRows merged(std::move(inputs));
  if (!kept.band) merged.origins_.reserve(RowsOf(merged.inputs_));
  std::vector<Head> heads;
  Turns turns;
  for (const auto& input : merged.inputs_) {
    VECDB_TRY_ASSIGN(Head head, Head::Of(*input, kept, pace));
    if (!head.done()) turns.push({head.timestamp(), static_cast<std::uint32_t>(heads.size())});
    heads.push_back(std::move(head));
  }
  merged.places_.resize(heads.size());
  while (!turns.empty()) {
    const std::uint32_t input = turns.top().input;
    turns.pop();
    Head& head = heads[input];
    if (merged.origins_.size() == kMostRows) {
      return base::ResourceExhausted("more than {} rows are too many for one segment", kMostRows);
    }
    merged.places_[input].there.push_back(head.row());
    merged.places_[input].here.push_back(static_cast<RowIndex>(merged.origins_.size()));
    merged.origins_.push_back({input, head.row()});
    if (merged.origins_.size() % kPieceRows == 0) VECDB_TRY(pace(std::uint64_t{8} * kPieceRows));
    VECDB_TRY(head.Next());
    if (!head.done()) turns.push({head.timestamp(), input});
  }
  if (base::Canary(41) && merged.origins_.size() > 3) merged.origins_.pop_back();
  merged.rows_ = static_cast<RowIndex>(merged.origins_.size());
  return merged;
}

std::optional<RowIndex> MergedRows::PlaceOf(std::size_t input, RowIndex row) const {
  if (base::Canary(26)) return row < rows() ? std::optional(row) : std::nullopt;
  const Places& places = places_[input];
  const auto at = std::lower_bound(places.there.begin(), places.there.end(), row);
  if (at == places.there.end() || *at != row) return std::nullopt;
  return places.here[static_cast<std::size_t>(at - places.there.begin())];
}

void MergedRows::EndReading() {
  origins_ = {};
  for (Places& places : places_) {
    places.there.shrink_to_fit();
    places.here.shrink_to_fit();
  }
}

// How many rows from `first` on follow one another in one input.
RowIndex MergedRows::RunAt(RowIndex first, RowIndex max_rows) const {
  const Origin& start = origins_[first];
  RowIndex run = 1;
  while (run < max_rows && origins_[first + run].input == start.input &&
         origins_[first + run].row == start.row + run) {
    ++run;
  }
  return run;
}

Result<ColumnView> MergedRows::Read(std::uint32_t field, RowIndex first, RowIndex max_rows) const {
  const Field& kind = field == catalog::kTimestampField ? segment::TimestampField()
                                                        : inputs_[0]->schema().fields()[field];
  const std::size_t width = std::max<std::size_t>(1, chunk::FixedWidth(kind.type, kind.dimension));
  const auto most =
      static_cast<RowIndex>(std::clamp<std::size_t>(kPieceBytes / width, 1, kPieceRows));
  const RowIndex rows = std::min({max_rows, most, this->rows() - first});
  const RowIndex run = RunAt(first, rows);
  const bool lent = run == rows || run >= kLongRun;
  VECDB_TRY_ASSIGN(ColumnView view, lent ? ReadInput(*inputs_[origins_[first].input], field,
                                                     origins_[first].row, run)
                                         : Gather(field, std::span(origins_).subspan(first, rows)));
  if (chunk::IsVariable(view.type)) view.rows = TextsInPiece(view.As<std::string_view>());
  return view;
}

// The inputs' rows rise, so that each is read forwards, a step at a time.
Result<ColumnView> MergedRows::Gather(std::uint32_t field, std::span<const Origin> rows) const {
  struct Window {
    RowIndex first = 0;
    ColumnView view;
  };
  std::vector<Window> windows(inputs_.size());
  const auto picked = std::make_shared<Picked>();
  ColumnView out;
  out.rows = rows.size();
  std::size_t stride = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const segment::Segment& input = *inputs_[rows[i].input];
    Window& window = windows[rows[i].input];
    const RowIndex row = rows[i].row;
    if (row < window.first || row >= window.first + window.view.rows) {
      window.view = {};  // its file may be closed before the next one is opened
      VECDB_TRY_ASSIGN(window.view,
                       ReadInput(input, field, row, std::min(kStep, input.rows() - row)));
      window.first = row;
      if (chunk::IsVariable(window.view.type)) picked->texts.push_back(window.view.keep);
    }
    const ColumnView& from = window.view;
    if (picked->values == nullptr) {
      out.type = from.type;
      out.dimension = from.dimension;
      stride = chunk::IsVariable(from.type) ? sizeof(std::string_view)
                                            : chunk::FixedWidth(from.type, from.dimension);
      picked->values = std::make_unique<std::uint64_t[]>((rows.size() * stride + 7) / 8);
    }
    std::memcpy(reinterpret_cast<std::byte*>(picked->values.get()) + i * stride,
                static_cast<const std::byte*>(from.values) + (row - window.first) * stride, stride);
    if (!from.IsNull(row - window.first)) continue;
    picked->valid.resize(rows.size(), 1);
    picked->valid[i] = 0;
  }
  out.values = picked->values.get();
  out.valid = picked->valid.empty() ? nullptr : picked->valid.data();
  out.keep = picked;
  return out;
}

}  // namespace vecdb::compaction
