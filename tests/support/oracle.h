// What a database may hold, step by step: the judge of the reliability tests.
//
// For every collection the oracle keeps the states it went through, oldest first, as far as one of
// them may still be found:
//
//   states[0 .. durable)         gone: a state from `durable` on is safe from a power cut
//   states[durable .. visible)   answered with OK, but a power cut may still undo them, the last
//   first states[visible]              what a reader of the running database sees states(visible ..
//   end)       sent and not answered, or answered with kOutcomeUnknown
//
// A state is a whole collection after a whole step. What is found must equal one of those allowed,
// in all keys and versions: so every row of an answered write must be there, every row of an
// unanswered one may be, all others must not, no batch is there by half, and nothing is missing in
// the middle. Not thread-safe; cheap to copy.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/workload.h"

namespace vecdb::test {

// Nothing: there is no such collection.
using Contents = std::optional<Books>;

// What the database went through before it was opened again.
enum class Stop { kProcessEnd, kPowerCut };

enum class Finding { kFine, kLost, kResurrected, kHole };

struct Verdict {
  Finding finding = Finding::kFine;
  std::string text = {};  // what differs
};

class Oracle {
 public:
  // The answer to this step while nothing fails.
  StatusCode Expected(const Step& step) const;

  // Before the step is performed, and with its answer.
  void Sent(const Step& step);
  void Answered(const Step& step, const Status& status);

  std::set<std::string> names() const;  // of all collections ever sent
  Contents Visible(const std::string& name) const;
  // Some write may or may not survive.
  bool Undecided() const;

  Verdict JudgeLive(const std::string& name, const Contents& found) const;
  Verdict JudgeReopened(const std::string& name, const Contents& found, Stop stop) const;
  // After a reopen: what was found is what there is from now on, for good.
  void Settle(const std::string& name, const Contents& found);
  // Every row was sent at some time: all that can be asked of a disk that lies.
  bool EverSent(const std::string& name, const Contents& found) const;

 private:
  struct State {
    std::shared_ptr<const Books> books;  // null: there is no such collection
    Durability durability = Durability::kEveryWrite;
  };
  struct History {
    std::vector<State> states = {State{}};
    std::size_t durable = 0;
    std::size_t visible = 0;
    bool asked = false;  // the last state is that of a step not answered yet
  };
  const History& Of(const std::string& name) const;
  static std::shared_ptr<const Books> After(const std::shared_ptr<const Books>& before,
                                            const Step& step);
  Verdict Judge(const History& history, std::size_t first, std::size_t end,
                const Contents& found) const;
  void MakeDurable(const Step& step);

  std::map<std::string, History> histories_;
  std::map<std::string, std::set<std::pair<std::int64_t, std::int64_t>>> sent_;  // key, version
};

}  // namespace vecdb::test
