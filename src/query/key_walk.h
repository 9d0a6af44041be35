// The rows of one moment in the order of their keys, in pieces: each once, and none left out.
//
// Thread safety: one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "vecdb/types.h"

#include "base/deadline.h"
#include "query/scan.h"
#include "segment/view.h"

namespace vecdb::query {

class KeyWalk {
 public:
  // With `after`, only rows whose key is larger. `filter` may be null.
  KeyWalk(std::shared_ptr<const segment::View> view, const segment::ReadTime& t,
          std::shared_ptr<const Filter> filter, std::optional<Key> after)
      : view_(std::move(view)), t_(t), filter_(std::move(filter)), after_(std::move(after)) {}

  // The next ones, at most `most`, lent until the next Advance(); none at the end.
  Result<std::span<const Candidate>> Peek(std::size_t most, const base::Deadline& deadline);
  // Goes past `count` of those that Peek() gave. What was not gone past is given again.
  void Advance(std::size_t count) { at_ += count; }

 private:
  // So many candidates are found by one scan over all keys. Memory for them, and a bit for each row
  // of the view, is what a walk costs.
  static constexpr std::size_t kPiece = std::size_t{1} << 17;

  Status FindAllowed(const base::Deadline& deadline);
  Status FindPiece(const base::Deadline& deadline);

  const std::shared_ptr<const segment::View> view_;
  const segment::ReadTime t_;
  const std::shared_ptr<const Filter> filter_;
  const std::optional<Key> after_;
  std::vector<AllowedRows> allowed_;  // by segment; as many as have been found
  std::vector<Candidate> piece_;
  std::size_t at_ = 0;
  bool found_all_ = false;  // no row comes behind the piece
};

}  // namespace vecdb::query
