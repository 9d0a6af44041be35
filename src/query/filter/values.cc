#include "query/filter/values.h"

#include <utility>

namespace vecdb::query::filter {
namespace {

using Values = std::optional<std::vector<Key>>;

// Recurses at most as deep as the steps are, which the parser has bounded.
class ValueFinder {
 public:
  ValueFinder(const Program& program, std::uint32_t field) : program_(program), field_(field) {}

  Values Of(const Step& step) const {
    switch (step.kind) {
      case StepKind::kConstant:
        return OfComparison(step);
      case StepKind::kInSet:
        return OfSet(step);
      case StepKind::kNever:
        return std::vector<Key>();
      case StepKind::kAnd:
        return OfAll(step);
      case StepKind::kOr:
        return OfAny(step);
      case StepKind::kFields:
      case StepKind::kAlways:
      case StepKind::kIsNull:
      case StepKind::kIsNotNull:
      case StepKind::kNot:
        return std::nullopt;
    }
    return std::nullopt;
  }

 private:
  bool IsAsked(const Step& step) const { return program_.columns[step.column].field == field_; }

  Values OfComparison(const Step& step) const {
    if (!IsAsked(step) || step.op != Comparison::kEqual) return std::nullopt;
    if (const auto* text = std::get_if<std::string>(&step.constant)) {
      return std::vector<Key>{*text};
    }
    return std::vector<Key>{std::get<std::int64_t>(step.constant)};
  }

  Values OfSet(const Step& step) const {
    if (!IsAsked(step)) return std::nullopt;
    const ValueSet& set = program_.sets[step.other];
    std::vector<Key> values(set.texts().begin(), set.texts().end());
    for (const std::uint64_t key : set.keys()) values.emplace_back(static_cast<std::int64_t>(key));
    return values;
  }

  // Each of the children holds: the one that leaves the fewest says it best.
  Values OfAll(const Step& step) const {
    Values fewest;
    for (const std::uint32_t child : step.children) {
      Values values = Of(program_.steps[child]);
      if (!values || (fewest && fewest->size() <= values->size())) continue;
      fewest = std::move(values);
    }
    return fewest;
  }

  // One of the children holds: each must say something.
  Values OfAny(const Step& step) const {
    std::vector<Key> all;
    for (const std::uint32_t child : step.children) {
      const Values values = Of(program_.steps[child]);
      if (!values) return std::nullopt;
      all.insert(all.end(), values->begin(), values->end());
    }
    return all;
  }

  const Program& program_;
  const std::uint32_t field_;
};

}  // namespace

std::optional<std::vector<Key>> ValuesOf(const Program& program, std::uint32_t field) {
  return ValueFinder(program, field).Of(program.steps.back());
}

}  // namespace vecdb::query::filter
