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
#include "segment/view.h"

namespace vecdb::compaction {
namespace {

using chunk::ColumnView;

constexpr RowIndex kDropped = std::numeric_limits<RowIndex>::max();
constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
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
  static Result<Head> Of(const segment::Segment& input, Timestamp t, Timestamp keep_from) {
    Head head(input);
    head.deleted_ = input.tombstones().DeletedAt(t);
    if (base::Raw(keep_from) > 0) {
      VECDB_TRY_ASSIGN(head.row_, input.RowsAt(Timestamp{base::Raw(keep_from) - 1}));
    }
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
  explicit Head(const segment::Segment& input) : input_(&input), rows_(input.rows()) {}

  // On to the next kept row, with its timestamp at hand.
  Status Settle() {
    while (!done() && deleted_ != nullptr && row_ < deleted_->size() && deleted_->Test(row_)) {
      ++row_;
    }
    if (done() || (row_ >= first_ && row_ < first_ + view_.rows)) return Status();
    first_ = row_;
    VECDB_TRY_ASSIGN(view_, input_->ReadTimestamps(row_, std::min(kPieceRows, rows_ - row_)));
    return Status();
  }

  const segment::Segment* input_;
  RowIndex rows_;
  std::shared_ptr<const base::Bitmap> deleted_;
  RowIndex row_ = 0;
  RowIndex first_ = 0;  // of view_
  ColumnView view_;
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

// Picked values of one field, owned; texts are lent from the inputs' files.
struct Picked {
  std::unique_ptr<std::uint64_t[]> values;  // whole words, so that every type is aligned
  std::vector<std::uint8_t> valid;
};

}  // namespace

Result<MergedRows> MergedRows::Make(Inputs inputs, Timestamp t, Timestamp keep_from,
                                    const Pace& pace) {
  MergedRows merged(std::move(inputs));
  const std::uint64_t all = RowsOf(merged.inputs_);
  if (all >= kDropped) {
    return base::ResourceExhausted("{} rows are too many for one segment", all);
  }
  merged.origins_.reserve(all);
  std::vector<Head> heads;
  Turns turns;
  for (const auto& input : merged.inputs_) {
    VECDB_TRY_ASSIGN(Head head, Head::Of(*input, t, keep_from));
    if (!head.done()) turns.push({head.timestamp(), static_cast<std::uint32_t>(heads.size())});
    heads.push_back(std::move(head));
    merged.places_.emplace_back(input->rows(), kDropped);
  }
  while (!turns.empty()) {
    const std::uint32_t input = turns.top().input;
    turns.pop();
    Head& head = heads[input];
    merged.places_[input][head.row()] = merged.rows();
    merged.origins_.push_back({input, head.row()});
    if (merged.rows() % kPieceRows == 0) VECDB_TRY(pace(std::uint64_t{8} * kPieceRows));
    VECDB_TRY(head.Next());
    if (!head.done()) turns.push({head.timestamp(), input});
  }
  if (base::Canary(41) && merged.rows() > 3) merged.origins_.pop_back();
  return merged;
}

std::optional<RowIndex> MergedRows::PlaceOf(std::size_t input, RowIndex row) const {
  if (base::Canary(26)) return row < rows() ? std::optional(row) : std::nullopt;
  const RowIndex place = places_[input][row];
  return place == kDropped ? std::nullopt : std::optional(place);
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
      VECDB_TRY_ASSIGN(window.view,
                       ReadInput(input, field, row, std::min(kStep, input.rows() - row)));
      window.first = row;
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
