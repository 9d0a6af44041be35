// Rows go through in blocks. Within a block every step has two bits per row, `yes` and `no`, never
// both: neither means UNKNOWN. So AND is (yes & yes, no | no), OR the mirror image, and NOT swaps
// the two.
#include "query/filter/evaluate.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/status.h"
#include "segment/narrow_cache.h"
#include "simd/kernels.h"

namespace vecdb::query::filter {
namespace {

struct Truth {
  std::array<std::uint64_t, kBlockWords> yes;
  std::array<std::uint64_t, kBlockWords> no;
};

class Evaluation {
 public:
  Evaluation(const Program& program, const segment::Segment& segment,
             const base::Deadline& deadline)
      : program_(program),
        segment_(segment),
        narrow_(program.columns.size()),
        read_(program.columns.size()),
        views_(program.columns.size()) {
    FindNarrow(deadline);
  }

  Status Run(RowIndex first, RowIndex rows, const base::Deadline& deadline, base::Bitmap* passed) {
    const filter::Step& root = program_.steps.back();
    if (root.kind == StepKind::kConstant && IsNarrow(root.column)) {
      return RunComparison(root, first, rows, deadline, passed);
    }
    truths_.resize(root.depth + 1);
    for (; first < rows; first += static_cast<RowIndex>(rows_)) {
      VECDB_TRY(deadline.Check());
      VECDB_TRY(Load(first, rows, deadline));
      first_ = first;
      words_ = (rows_ + 63) / 64;
      Step(static_cast<std::uint32_t>(program_.steps.size() - 1), 0);
      Emit(first, passed);
    }
    return Status();
  }

 private:
  // A column as it was last read.
  struct Lent {
    RowIndex first = 0;
    chunk::ColumnView view;
  };

  void FindNarrow(const base::Deadline& deadline);
  Status RunComparison(const filter::Step& step, RowIndex first, RowIndex rows,
                       const base::Deadline& deadline, base::Bitmap* passed) const;
  Status Load(RowIndex first, RowIndex rows, const base::Deadline& deadline);
  void Emit(RowIndex first, base::Bitmap* passed) const;

  // The answer goes to truths_[level]; levels above are free for use.
  void Step(std::uint32_t id, std::size_t level);
  void Junction(const filter::Step& step, std::size_t level);
  void Leaf(const filter::Step& step, Truth* out);
  void FindKnown(std::uint32_t column, std::uint64_t* words) const;
  bool IsNarrow(std::size_t column) const {
    return segment::kNarrowCopies && narrow_[column] != nullptr;
  }
  NarrowRows NarrowRowsOf(std::uint32_t column) const {
    return {narrow_[column].get(), first_, rows_};
  }
  bool Everywhere(const std::array<std::uint64_t, kBlockWords>& bits) const;

  const Program& program_;
  const segment::Segment& segment_;
  // In the place of columns whose values are compared with constants and used for nothing else.
  std::vector<std::shared_ptr<const segment::NarrowColumn>> narrow_;
  std::vector<Lent> read_;
  std::vector<chunk::ColumnView> views_;  // of this block: rows_ rows each
  std::vector<Truth> truths_;
  std::array<std::uint64_t, kBlockWords> known_;  // not on the stack: steps recurse
  RowIndex first_ = 0;
  std::size_t rows_ = 0;
  std::size_t words_ = 0;
};

void Evaluation::FindNarrow(const base::Deadline& deadline) {
  segment::NarrowColumns* const narrow = segment_.narrow();
  if (!segment::kNarrowCopies || narrow == nullptr) return;
  for (std::size_t i = 0; i < narrow_.size(); ++i) {
    const auto [field, type] = program_.columns[i];
    const bool may_be =
        type == DataType::kInt16 || type == DataType::kInt32 || type == DataType::kInt64;
    const auto wants_values = [i](const filter::Step& step) {
      if (step.kind == StepKind::kInSet) return step.column == i;
      return step.kind == StepKind::kFields && (step.column == i || step.other == i);
    };
    if (!may_be || std::any_of(program_.steps.begin(), program_.steps.end(), wants_values))
      continue;
    narrow_[i] = narrow->Find(segment_, field, deadline);
  }
}

// Nothing but one comparison: its answers are those of the filter.
Status Evaluation::RunComparison(const filter::Step& step, RowIndex first, RowIndex rows,
                                 const base::Deadline& deadline, base::Bitmap* passed) const {
  constexpr RowIndex kRowsAtOnce = 1 << 18;
  const segment::NarrowColumn& column = *narrow_[step.column];
  const std::int64_t constant = std::get<std::int64_t>(step.constant);
  for (RowIndex at = first / 64 * 64; at < rows;) {
    VECDB_TRY(deadline.Check());
    const RowIndex n = std::min(kRowsAtOnce, rows - at);
    CompareConstant(step.op, {&column, at, n}, constant, passed->words().data() + at / 64);
    at += n;
  }
  if (rows > first && column.known() != nullptr) {
    simd::Kernels().words.and_into(passed->words().data(), column.known()->words().data(),
                                   passed->words().size());
  }
  passed->ResetBefore(first);
  return Status();
}

// Each column is read once for a block, which ends where the first of them ends; if it can, at a
// multiple of 64 rows, so that the next one starts there.
Status Evaluation::Load(RowIndex first, RowIndex rows, const base::Deadline& deadline) {
  rows_ = std::min<std::size_t>(kBlockRows, rows - first);
  for (std::size_t i = 0; i < read_.size(); ++i) {
    if (IsNarrow(i)) continue;
    Lent& lent = read_[i];
    if (first < lent.first || first - lent.first >= lent.view.rows) {
      const auto most = static_cast<RowIndex>(std::min<std::size_t>(kBlockRows, rows - first));
      lent.view = {};  // its file may be closed before the next one is opened
      VECDB_TRY_ASSIGN(lent.view, segment_.Read(program_.columns[i].field, first, most, deadline));
      lent.first = first;
      VECDB_CHECK(lent.view.rows > 0 && lent.view.type == program_.columns[i].type,
                  "a segment lends another column than the filter was bound to");
    }
    rows_ = std::min(rows_, lent.view.rows - (first - lent.first));
  }
  const std::size_t over = (first + rows_) & 63;
  if (first + rows_ < rows && over < rows_) rows_ -= over;
  for (std::size_t i = 0; i < read_.size(); ++i) {
    if (IsNarrow(i)) continue;
    views_[i] = read_[i].view.Slice(first - read_[i].first, rows_);
  }
  return Status();
}

void Evaluation::Emit(RowIndex first, base::Bitmap* passed) const {
  const auto words = passed->words();
  const std::size_t at = first / 64;
  const unsigned shift = first & 63;
  for (std::size_t i = 0; i < words_; ++i) {
    const std::uint64_t word = truths_[0].yes[i];
    words[at + i] |= word << shift;
    if (shift != 0 && at + i + 1 < words.size()) words[at + i + 1] |= word >> (64 - shift);
  }
}

void Evaluation::Step(std::uint32_t id, std::size_t level) {
  const filter::Step& step = program_.steps[id];
  if (step.kind == StepKind::kAnd || step.kind == StepKind::kOr) return Junction(step, level);
  if (step.kind != StepKind::kNot) return Leaf(step, &truths_[level]);
  Step(step.children.front(), level);
  Truth& truth = truths_[level];
  std::swap_ranges(truth.yes.begin(), truth.yes.begin() + static_cast<std::ptrdiff_t>(words_),
                   truth.no.begin());
}

// Stops once the remaining children can change nothing: all FALSE under AND, all TRUE under OR.
void Evaluation::Junction(const filter::Step& step, std::size_t level) {
  const bool conjunction = step.kind == StepKind::kAnd;
  Step(step.children.front(), level);
  for (std::size_t child = 1; child < step.children.size(); ++child) {
    Truth& truth = truths_[level];
    auto& narrowing = conjunction ? truth.yes : truth.no;
    auto& widening = conjunction ? truth.no : truth.yes;
    if (Everywhere(widening)) return;
    Step(step.children[child], level + 1);
    const Truth& other = truths_[level + 1];
    const auto& narrow = conjunction ? other.yes : other.no;
    const auto& wide = conjunction ? other.no : other.yes;
    for (std::size_t i = 0; i < words_; ++i) {
      narrowing[i] &= narrow[i];
      widening[i] |= wide[i];
    }
  }
}

bool Evaluation::Everywhere(const std::array<std::uint64_t, kBlockWords>& bits) const {
  const std::size_t full = rows_ / 64;
  for (std::size_t i = 0; i < full; ++i) {
    if (bits[i] != ~std::uint64_t{0}) return false;
  }
  const std::size_t rest = rows_ & 63;
  return rest == 0 || bits[full] == (std::uint64_t{1} << rest) - 1;
}

void Evaluation::FindKnown(std::uint32_t column, std::uint64_t* words) const {
  if (IsNarrow(column)) return FindNotNull(NarrowRowsOf(column), words);
  FindNotNull(views_[column], words);
}

void Evaluation::Leaf(const filter::Step& step, Truth* out) {
  const chunk::ColumnView& view = views_[step.column];  // nothing, where there is a narrow copy
  auto& known = known_;
  FindKnown(step.column, known.data());
  const auto put = [&](auto answer) {
    for (std::size_t i = 0; i < words_; ++i) {
      const std::uint64_t yes = answer(i);
      out->yes[i] = yes & known[i];
      out->no[i] = known[i] & ~yes;
    }
  };
  switch (step.kind) {
    case StepKind::kConstant:
      if (IsNarrow(step.column)) {
        CompareConstant(step.op, NarrowRowsOf(step.column), std::get<std::int64_t>(step.constant),
                        out->yes.data());
      } else {
        CompareConstant(step.op, view, step.constant, out->yes.data());
      }
      break;
    case StepKind::kFields: {
      const chunk::ColumnView& other = views_[step.other];
      FindNotNull(other, out->no.data());
      for (std::size_t i = 0; i < words_; ++i) known[i] &= out->no[i];
      CompareFields(step.op, view, other, out->yes.data());
      break;
    }
    case StepKind::kInSet:
      FindInSet(view, program_.sets[step.other], out->yes.data());
      break;
    case StepKind::kAlways:
      return put([](std::size_t) { return ~std::uint64_t{0}; });
    case StepKind::kNever:
      return put([](std::size_t) { return std::uint64_t{0}; });
    case StepKind::kIsNull:
    case StepKind::kIsNotNull: {
      chunk::ColumnView all;
      all.rows = rows_;
      FindNotNull(all, out->no.data());  // every row there is
      out->yes = known;
      for (std::size_t i = 0; i < words_; ++i) out->no[i] &= ~known[i];
      if (step.kind == StepKind::kIsNull) std::swap(out->yes, out->no);
      return;
    }
    case StepKind::kNot:
    case StepKind::kAnd:
    case StepKind::kOr:
      VECDB_CHECK(false, "a step with children is evaluated as a leaf");
  }
  put([out](std::size_t i) { return out->yes[i]; });
}

}  // namespace

Status Run(const Program& program, const segment::Segment& segment, RowIndex first, RowIndex rows,
           const base::Deadline& deadline, base::Bitmap* passed) {
  *passed = base::Bitmap(rows);
  return Evaluation(program, segment, deadline).Run(first, rows, deadline, passed);
}

}  // namespace vecdb::query::filter
