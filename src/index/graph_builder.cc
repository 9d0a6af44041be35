#include "index/graph_builder.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/status.h"
#include "index/code_table.h"
#include "index/reachability.h"

namespace vecdb::index {
namespace {

constexpr std::size_t kMostBatch = 2048;
constexpr std::size_t kGrowth = 16;       // a batch is at most this part of the rows before it
constexpr std::size_t kRowsOfTask = 16;   // inserted by one task
constexpr std::size_t kListsOfTask = 64;  // of links, updated by one task
constexpr std::size_t kEntryBytes = std::size_t{64} << 10;  // of codes, compared with every query
constexpr std::size_t kFewestEntries = 16;
constexpr std::size_t kMostEntries = 64;   // more save fewer steps than they cost
constexpr std::size_t kRowsOfEntry = 256;  // fewer rows are crossed in a step or two
constexpr double kInsertShare = 0.95;      // of the work, for the progress

// Room for links that come in between two prunings of a list.
std::uint32_t RoomOf(std::uint32_t degree) {
  return degree + degree / 2;
}

std::uint64_t Mixed(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

struct Candidate {
  Key key;
  std::uint32_t id;
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return a.key != b.key ? a.key < b.key : a.id < b.id;
  }
};

// A link that one row of a batch makes to another row, which may make one back.
struct BackLink {
  std::uint32_t to;
  Candidate from;
};

template <class Space>
class Builder {
 public:
  Builder(const Space& space, RowIndex rows, const GraphParameters& parameters,
          const BuildContext& context)
      : space_(space),
        rows_(rows),
        m_(parameters.m),
        ef_(std::min(parameters.ef_construction, rows)),
        degree_(2 * parameters.m),
        room_(RoomOf(degree_)),
        context_(context),
        order_(Shuffled(rows)),
        links_(std::size_t{rows} * room_, kNoRow),
        counts_(rows, 0) {}

  Result<Graph> Build(std::size_t entries, const HeldBack& held_back) {
    entries_ = entries;
    if (held_back.rows > 0) {
      VECDB_TRY(InsertUpTo(rows_ - held_back.rows));
      VECDB_TRY(held_back.use(View(), std::span(order_).subspan(inserted_)));
    }
    VECDB_TRY(InsertUpTo(rows_));
    return Finish();
  }

 private:
  // What one row of a batch found.
  struct Found {
    std::vector<Candidate> links;
  };

  void Progress(double share) const {
    if (context_.progress) context_.progress(share);
  }
  // body(i, scratch) for i < n, `at_once` of them a task.
  template <class Body>
  Status ForEach(std::size_t n, std::size_t at_once, const Body& body) {
    return RunAll(context_, (n + at_once - 1) / at_once, [&](std::size_t task) {
      const ScratchPool::Loan scratch(scratches_);
      for (std::size_t i = task * at_once; i < std::min(n, (task + 1) * at_once); ++i) {
        VECDB_TRY(body(i, *scratch));
      }
      return Status();
    });
  }

  std::uint32_t* ListOf(std::uint32_t row) { return links_.data() + std::size_t{row} * room_; }
  // Of the rows inserted so far.
  Links View() const {
    return {links_.data(), room_, rows_,
            std::span(order_).first(std::min(entries_, std::max<std::size_t>(inserted_, 1)))};
  }

  // The first `end` rows of the order, none of which has too many links afterwards.
  Status InsertUpTo(std::size_t end) {
    while (inserted_ < end) {
      const std::size_t batch =
          std::min({kMostBatch, std::max<std::size_t>(1, inserted_ / kGrowth), end - inserted_});
      VECDB_TRY(InsertBatch(batch));
      inserted_ += batch;
      Progress(kInsertShare * static_cast<double>(inserted_) / rows_);
    }
    return PruneAll();
  }

  Status InsertBatch(std::size_t batch) {
    found_.resize(batch);
    VECDB_TRY(ForEach(batch, kRowsOfTask, [this](std::size_t i, Scratch& scratch) {
      return FindLinks(order_[inserted_ + i], &scratch, &found_[i].links);
    }));
    back_links_.clear();
    for (std::size_t i = 0; i < batch; ++i) {
      const std::uint32_t row = order_[inserted_ + i];
      SetList(row, found_[i].links);
      for (const Candidate& link : found_[i].links) {
        back_links_.push_back({link.id, {link.key, row}});
      }
    }
    return TakeBackLinks();
  }

  Status FindLinks(std::uint32_t row, Scratch* scratch, std::vector<Candidate>* links) {
    links->clear();
    if (inserted_ == 0) return Status();
    const auto* query = space_.AsQuery(row, &scratch->query);
    VECDB_TRY(Walk(space_, query, View(), ef_, base::Deadline(), Unchecked(), scratch));
    const Beam& beam = scratch->beam;
    const auto at = [&beam](std::size_t i) { return Candidate{beam.key(i), beam.id(i)}; };
    Choose(beam.size(), at, m_, &scratch->query, links);
    return Status();
  }

  // Of `n` candidates in order, at most `most` such that each is nearer to the row than to any that
  // was taken before: links into all directions.
  template <class At>
  void Choose(std::size_t n, const At& at, std::size_t most, EncodedQuery* room,
              std::vector<Candidate>* out) const {
    for (std::size_t i = 0; i < n && out->size() < most; ++i) {
      const Candidate candidate = at(i);
      const auto* query = space_.AsQuery(candidate.id, room);
      const auto hides = [&](const Candidate& taken) {
        return space_.PairKey(query, taken.id) < candidate.key;
      };
      if (std::none_of(out->begin(), out->end(), hides)) out->push_back(candidate);
    }
  }

  void SetList(std::uint32_t row, std::span<const Candidate> links) {
    std::uint32_t* const list = ListOf(row);
    for (std::size_t i = 0; i < links.size(); ++i) list[i] = links[i].id;
    std::fill(list + links.size(), list + room_, kNoRow);
    counts_[row] = static_cast<std::uint32_t>(links.size());
  }

  // Each row that was linked to links back, all of its new links at once.
  Status TakeBackLinks() {
    std::sort(back_links_.begin(), back_links_.end(), [](const BackLink& a, const BackLink& b) {
      return a.to != b.to ? a.to < b.to : a.from < b.from;
    });
    starts_.clear();
    for (std::size_t i = 0; i < back_links_.size(); ++i) {
      if (i == 0 || back_links_[i].to != back_links_[i - 1].to) starts_.push_back(i);
    }
    starts_.push_back(back_links_.size());
    return ForEach(starts_.size() - 1, kListsOfTask, [this](std::size_t i, Scratch& scratch) {
      const std::span<const BackLink> all(back_links_);
      return AddLinks(all.subspan(starts_[i], starts_[i + 1] - starts_[i]), &scratch);
    });
  }

  Status AddLinks(std::span<const BackLink> links, Scratch* scratch) {
    const std::uint32_t row = links.front().to;
    if (counts_[row] + links.size() <= room_) {
      for (const BackLink& link : links) ListOf(row)[counts_[row]++] = link.from.id;
      return Status();
    }
    std::vector<Candidate> candidates = CandidatesOf(row, scratch);
    for (const BackLink& link : links) candidates.push_back(link.from);
    Prune(row, &candidates, scratch);
    return Status();
  }

  // The links that a row has, with their keys.
  std::vector<Candidate> CandidatesOf(std::uint32_t row, Scratch* scratch) {
    const std::size_t n = counts_[row];
    scratch->keys.resize(std::max<std::size_t>(scratch->keys.size(), n));
    const auto* query = space_.AsQuery(row, &scratch->query);
    for (std::size_t at = 0; at < n; at += Space::kMostIds) {
      space_.Keys(query, ListOf(row) + at, std::min(Space::kMostIds, n - at),
                  scratch->keys.data() + at);
    }
    std::vector<Candidate> candidates(n);
    for (std::size_t i = 0; i < n; ++i) candidates[i] = {scratch->keys[i], ListOf(row)[i]};
    return candidates;
  }

  void Prune(std::uint32_t row, std::vector<Candidate>* candidates, Scratch* scratch) {
    std::sort(candidates->begin(), candidates->end());
    std::vector<Candidate> chosen;
    chosen.reserve(degree_);
    const auto at = [candidates](std::size_t i) { return (*candidates)[i]; };
    Choose(candidates->size(), at, degree_, &scratch->query, &chosen);
    SetList(row, chosen);
  }

  Status PruneAll() {
    return ForEach(rows_, kListsOfTask, [this](std::size_t i, Scratch& scratch) {
      const auto row = static_cast<std::uint32_t>(i);
      if (counts_[row] <= degree_) return Status();
      std::vector<Candidate> candidates = CandidatesOf(row, &scratch);
      Prune(row, &candidates, &scratch);
      return Status();
    });
  }

  Result<Graph> Finish() {
    Graph graph;
    graph.degree = degree_;
    graph.entries.assign(View().entries.begin(), View().entries.end());
    for (std::size_t row = 1; row < rows_; ++row) {
      std::copy_n(links_.data() + row * room_, degree_, links_.data() + row * degree_);
    }
    links_.resize(std::size_t{rows_} * degree_);
    graph.links = std::move(links_);
    return graph;
  }

  const Space space_;
  const RowIndex rows_;
  const std::uint32_t m_;
  const std::uint32_t ef_;
  const std::uint32_t degree_;
  const std::uint32_t room_;
  const BuildContext& context_;
  const std::vector<std::uint32_t> order_;
  io::LargeVector<std::uint32_t> links_;  // room_ a row
  std::vector<std::uint32_t> counts_;     // of links a row has
  std::size_t entries_ = 0;
  std::size_t inserted_ = 0;
  std::vector<Found> found_;
  std::vector<BackLink> back_links_;
  std::vector<std::size_t> starts_;  // in back_links_, of what belongs to one row
  ScratchPool scratches_;
};

}  // namespace

std::vector<std::uint32_t> Shuffled(RowIndex rows) {
  std::vector<std::uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0U);
  for (std::uint64_t i = rows; i > 1; --i) std::swap(order[i - 1], order[Mixed(i) % i]);
  return order;
}

std::size_t EntryCount(const CodeFormat& format, RowIndex rows) {
  const std::size_t fit = std::min(kEntryBytes / format.stride(), rows / kRowsOfEntry);
  return std::min<std::size_t>(rows, std::clamp(fit, kFewestEntries, kMostEntries));
}

std::uint64_t LinksMemory(const GraphParameters& parameters, RowIndex rows) {
  const std::uint64_t row =
      std::uint64_t{RoomOf(2 * parameters.m)} + 4;  // links, order, count, marks
  const std::uint64_t batch = kMostBatch * std::uint64_t{parameters.m} * 4 * sizeof(BackLink);
  return rows * row * sizeof(std::uint32_t) + batch;
}

Result<Graph> BuildLinks(const CodeFormat& format, std::span<const std::byte> codes, RowIndex rows,
                         const GraphParameters& parameters, const BuildContext& context,
                         const HeldBack& held_back) {
  const auto build = [&](const auto& space) {
    Builder builder(space, rows, parameters, context);
    return builder.Build(EntryCount(format, rows), held_back);
  };
  VECDB_TRY_ASSIGN(Graph graph, WithSpace(format, codes.data(), build));
  const std::uint32_t ef = std::min(parameters.ef_construction, rows);
  VECDB_TRY(MakeReachable(format, codes, ef, context.deadline, &graph));
  return graph;
}

}  // namespace vecdb::index
