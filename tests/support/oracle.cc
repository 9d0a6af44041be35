#include "support/oracle.h"

#include <algorithm>

#include "base/format.h"

namespace vecdb::test {
namespace {

std::optional<std::int64_t> VersionOf(const Books& books, std::int64_t id) {
  const auto found = books.find(id);
  return found == books.end() ? std::nullopt : std::optional(found->second);
}

std::string TextOf(const std::optional<std::int64_t>& version) {
  return version ? base::Format("version {}", *version) : "absent";
}

// One key against what it may be: nothing when it is right.
std::optional<Verdict> JudgeKey(std::int64_t id, const std::optional<std::int64_t>& found,
                                const std::set<std::optional<std::int64_t>>& allowed) {
  if (allowed.count(found) != 0) return std::nullopt;
  std::string may;
  for (const auto& version : allowed) may += (may.empty() ? "" : " or ") + TextOf(version);
  Verdict verdict;
  verdict.text = base::Format("key {} is {}, may be {}", id, TextOf(found), may);
  // Optionals compare as wanted: absent is below every version.
  verdict.finding = found > *allowed.rbegin() ? Finding::kResurrected : Finding::kLost;
  return verdict;
}

}  // namespace

const Oracle::History& Oracle::Of(const std::string& name) const {
  static const History never;
  const auto found = histories_.find(name);
  return found == histories_.end() ? never : found->second;
}

StatusCode Oracle::Expected(const Step& step) const {
  const History& history = Of(step.collection);
  const std::shared_ptr<const Books>& books = history.states[history.visible].books;
  const bool names_one = step.writes_rows() || step.kind == StepKind::kFlush ||
                         step.kind == StepKind::kCompact || step.kind == StepKind::kIndex ||
                         step.kind == StepKind::kChangeNames;
  if (names_one || step.kind == StepKind::kDrop || step.kind == StepKind::kDropPartition) {
    if (books == nullptr) return StatusCode::kNotFound;
  }
  if (step.kind == StepKind::kInsert) {
    for (const Book& book : step.books) {
      if (books->count(book.id) != 0) return StatusCode::kAlreadyExists;
    }
  }
  return StatusCode::kOk;
}

std::shared_ptr<const Books> Oracle::After(const std::shared_ptr<const Books>& before,
                                           const Step& step) {
  if (step.kind == StepKind::kDrop) return nullptr;
  if (step.kind == StepKind::kCreate) return std::make_shared<const Books>();
  if (before == nullptr) return nullptr;
  auto after = std::make_shared<Books>(*before);
  for (const Book& book : step.books) (*after)[book.id] = book.version;
  for (const std::int64_t id : step.deleted) after->erase(id);
  if (step.kind == StepKind::kDropPartition)
    after->erase(after->lower_bound(kFirstParted), after->end());
  return after;
}

void Oracle::Sent(const Step& step) {
  if (!step.changes()) return;
  History& history = histories_[step.collection];
  const std::shared_ptr<const Books>& before = history.states.back().books;
  history.asked = step.kind != StepKind::kCreate || before == nullptr;  // else it only opens
  if (!history.asked) return;
  history.states.push_back({After(before, step), step.durability});
  for (const Book& book : step.books) sent_[step.collection].emplace(book.id, book.version);
}

void Oracle::Answered(const Step& step, const Status& status) {
  if (step.changes()) {
    History& history = histories_[step.collection];
    if (!std::exchange(history.asked, false)) return;
    if (status.ok()) {
      history.visible = history.states.size() - 1;
    } else if (status.code() != StatusCode::kOutcomeUnknown) {
      history.states.pop_back();
    }
  }
  if (status.ok()) MakeDurable(step);
}

void Oracle::MakeDurable(const Step& step) {
  const auto all_of = [](History& history) { history.durable = history.visible; };
  switch (step.kind) {
    case StepKind::kInsert:
    case StepKind::kUpsert:
    case StepKind::kDelete:
      if (step.durability == Durability::kEveryWrite) all_of(histories_[step.collection]);
      break;
    case StepKind::kCreate:
    case StepKind::kDrop:
    case StepKind::kDropPartition:
    case StepKind::kFlush:
    case StepKind::kCompact:
      all_of(histories_[step.collection]);
      break;
    case StepKind::kFlushAll:
    case StepKind::kWaitDurable:
    case StepKind::kReopen:
      for (auto& [name, history] : histories_) all_of(history);
      break;
    case StepKind::kBackground:  // more than the sync interval has passed
      for (auto& [name, history] : histories_) {
        for (std::size_t i = history.durable; i <= history.visible; ++i) {
          if (history.states[i].durability != Durability::kFlushOnly) history.durable = i;
        }
      }
      break;
    case StepKind::kChangeNames:
    case StepKind::kIndex:
    case StepKind::kRead:
    case StepKind::kKill:
      break;
  }
}

std::set<std::string> Oracle::names() const {
  std::set<std::string> names;
  for (const auto& [name, history] : histories_) names.insert(name);
  return names;
}

Contents Oracle::Visible(const std::string& name) const {
  const History& history = Of(name);
  const auto& books = history.states[history.visible].books;
  return books == nullptr ? Contents() : Contents(*books);
}

bool Oracle::Undecided() const {
  return std::any_of(histories_.begin(), histories_.end(), [](const auto& entry) {
    return entry.second.visible + 1 < entry.second.states.size();
  });
}

Verdict Oracle::Judge(const History& history, std::size_t first, std::size_t end,
                      const Contents& found) const {
  std::size_t absent = 0;
  std::set<std::int64_t> ids;
  for (std::size_t i = first; i < end; ++i) {
    const auto& books = history.states[i].books;
    if (books == nullptr && !found) return {};
    if (books != nullptr && found && *books == *found) return {};
    if (books == nullptr) ++absent;
    if (books == nullptr) continue;
    for (const auto& [id, version] : *books) ids.insert(id);
  }
  if (!found) return {Finding::kLost, "there is no such collection any more"};
  if (absent == end - first) return {Finding::kResurrected, "there should be no such collection"};
  for (const auto& [id, version] : *found) ids.insert(id);
  for (const std::int64_t id : ids) {
    std::set<std::optional<std::int64_t>> allowed;
    for (std::size_t i = first; i < end; ++i) {
      const auto& books = history.states[i].books;
      if (books != nullptr) allowed.insert(VersionOf(*books, id));
    }
    if (const auto verdict = JudgeKey(id, VersionOf(*found, id), allowed)) return *verdict;
  }
  return {Finding::kHole,
          "each key is as it may be, but not together: a part of a write is missing"};
}

Verdict Oracle::JudgeLive(const std::string& name, const Contents& found) const {
  const History& history = Of(name);
  return Judge(history, history.visible, history.visible + 1, found);
}

Verdict Oracle::JudgeReopened(const std::string& name, const Contents& found, Stop stop) const {
  const History& history = Of(name);
  const std::size_t first = stop == Stop::kPowerCut ? history.durable : history.visible;
  return Judge(history, first, history.states.size(), found);
}

void Oracle::Settle(const std::string& name, const Contents& found) {
  History& history = histories_[name];
  history = History();
  if (found) history.states[0].books = std::make_shared<const Books>(*found);
}

bool Oracle::EverSent(const std::string& name, const Contents& found) const {
  if (!found) return true;
  const auto sent = sent_.find(name);
  return std::all_of(found->begin(), found->end(), [&](const auto& entry) {
    return sent != sent_.end() && sent->second.count({entry.first, entry.second}) != 0;
  });
}

}  // namespace vecdb::test
