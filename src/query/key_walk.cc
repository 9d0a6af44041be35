#include "query/key_walk.h"

#include <algorithm>

#include "base/status.h"

namespace vecdb::query {

Result<std::span<const Candidate>> KeyWalk::Peek(std::size_t most, const base::Deadline& deadline) {
  if (at_ == piece_.size() && !found_all_) {
    VECDB_TRY(FindAllowed(deadline));
    VECDB_TRY(FindPiece(deadline));
  }
  return std::span<const Candidate>(piece_).subspan(at_, std::min(most, piece_.size() - at_));
}

Status KeyWalk::FindAllowed(const base::Deadline& deadline) {
  const auto segments = view_->segments();
  while (allowed_.size() < segments.size()) {
    VECDB_TRY_ASSIGN(AllowedRows allowed,
                     AllowedRowsAt(*segments[allowed_.size()], t_, filter_.get(), deadline));
    allowed_.push_back(std::move(allowed));
  }
  return Status();
}

// What was given last is where the next piece begins: behind that row, not behind its key, which
// other rows may have where keys are not checked.
Status KeyWalk::FindPiece(const base::Deadline& deadline) {
  FirstByKey first(kPiece);
  const auto wanted = [this](const Candidate& candidate) {
    if (!piece_.empty()) return KeyBefore(piece_.back(), candidate);
    return !after_ || chunk::ViewOf(*after_) < candidate.key;
  };
  for (std::size_t i = 0; i < allowed_.size(); ++i) {
    VECDB_TRY(first.OfferAllowed(*view_->segments()[i], allowed_[i], deadline, wanted));
  }
  std::vector<Candidate> found = first.Take();
  found_all_ = found.size() < kPiece;
  at_ = 0;
  piece_ = std::move(found);
  return Status();
}

}  // namespace vecdb::query
