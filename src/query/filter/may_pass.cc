#include "query/filter/may_pass.h"

#include <algorithm>
#include <bit>

namespace vecdb::query::filter {
namespace {

using catalog::IsBefore;
using catalog::KeyValueView;

KeyValueView ViewOf(const Scalar& constant) {
  if (const auto* integer = std::get_if<std::int64_t>(&constant)) return *integer;
  if (const auto* single = std::get_if<float>(&constant)) return double{*single};
  if (const auto* real = std::get_if<double>(&constant)) return *real;
  if (const auto* text = std::get_if<std::string>(&constant)) return std::string_view(*text);
  return {};
}

// Recurses at most as deep as the steps are, which the parser has bounded.
class Judge {
 public:
  Judge(const Program& program, const catalog::KeyRange& range)
      : program_(program),
        range_(range),
        lowest_(catalog::ViewOf(range.lowest)),
        highest_(catalog::ViewOf(range.highest)) {}

  bool MayPass(const Step& step) const {
    const auto may = [this](std::uint32_t child) { return MayPass(program_.steps[child]); };
    switch (step.kind) {
      case StepKind::kConstant:
        return !IsAsked(step) || MayCompare(step.op, ViewOf(step.constant));
      case StepKind::kInSet:
        return !IsAsked(step) || MayBeIn(program_.sets[step.other], TypeOf(step));
      case StepKind::kNever:
        return false;
      case StepKind::kAnd:
        return std::all_of(step.children.begin(), step.children.end(), may);
      case StepKind::kOr:
        return std::any_of(step.children.begin(), step.children.end(), may);
      case StepKind::kFields:
      case StepKind::kAlways:
      case StepKind::kIsNull:
      case StepKind::kIsNotNull:
      case StepKind::kNot:
        return true;
    }
    return true;
  }

 private:
  DataType TypeOf(const Step& step) const { return program_.columns[step.column].type; }
  bool IsAsked(const Step& step) const {
    return program_.columns[step.column].field == range_.field;
  }

  // What is no number is in no range, and unequal to everything.
  bool MayCompare(Comparison op, const KeyValueView& constant) const {
    if (op == Comparison::kNotEqual || constant.index() == 0) return true;
    if (range_.empty()) return false;
    switch (op) {
      case Comparison::kEqual:
        return IsWithin(constant);
      case Comparison::kLess:
        return IsBefore(lowest_, constant);
      case Comparison::kLessEqual:
        return !IsBefore(constant, lowest_);
      case Comparison::kGreater:
        return IsBefore(constant, highest_);
      case Comparison::kGreaterEqual:
        return !IsBefore(highest_, constant);
      case Comparison::kNotEqual:
        return true;
    }
    return true;
  }

  bool IsWithin(const KeyValueView& value) const {
    return !range_.empty() && !IsBefore(value, lowest_) && !IsBefore(highest_, value);
  }

  bool MayBeIn(const ValueSet& set, DataType type) const {
    if (type == DataType::kVarChar) {
      return std::any_of(set.texts().begin(), set.texts().end(), [this](const std::string& text) {
        return IsWithin(std::string_view(text));
      });
    }
    return set.AnyKey([&](std::uint64_t key) { return IsWithin(NumberOf(key, type)); });
  }

  // The number that ValueSet::KeyOf gave this key.
  static KeyValueView NumberOf(std::uint64_t key, DataType type) {
    if (type == DataType::kDouble) return std::bit_cast<double>(key);
    if (type != DataType::kFloat) return static_cast<std::int64_t>(key);
    return double{std::bit_cast<float>(static_cast<std::uint32_t>(key))};
  }

  const Program& program_;
  const catalog::KeyRange& range_;
  const KeyValueView lowest_;
  const KeyValueView highest_;
};

}  // namespace

bool MayPass(const Program& program, const catalog::KeyRange& range) {
  return Judge(program, range).MayPass(program.steps.back());
}

}  // namespace vecdb::query::filter
