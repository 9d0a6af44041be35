// Reading one moment for longer than one call: a Snapshot answers every question as of one instant,
// a RowIterator brings the rows of one instant in pieces, in the order of their keys, and a
// SearchIterator from the nearest on.
//
// Lifetime: they pin what they read: rows that were deleted or rewritten since keep their memory,
// and their disk space where files had been replaced, until the last of them is destroyed. They
// outlive the drop of their collection and go on answering. After Database::Close() every call
// returns kFailedPrecondition, and nothing dangles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/export.h"
#include "vecdb/request.h"
#include "vecdb/result.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

namespace vecdb {

namespace api {
struct SnapshotAccess;
}

// Rows in key order, piece by piece, each exactly once: what is written meanwhile changes nothing.
//
// Thread safety: one thread at a time.
class VECDB_API RowIterator {
 public:
  RowIterator(RowIterator&&) noexcept;
  RowIterator& operator=(RowIterator&&) noexcept;
  ~RowIterator();

  // The next rows, at most IterateRequest::batch_size; none at the end, and from then on. After a
  // failure the same rows can be asked for again.
  Result<std::vector<Row>> Next();

 private:
  friend struct api::SnapshotAccess;
  struct Body;
  explicit RowIterator(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;  // null when moved from
};

// Rows from the nearest on, page by page, none twice: what is written meanwhile changes nothing. As
// far as a search is exact the pages together are what one search with so large a limit would find:
// best first, equal scores in key order, none left out. Through an index they are as good as its
// recall; a row that it finds late comes late, on a page that then begins nearer than the one
// before ended.
//
// Memory: a bit for each row that the search might find, and up to 16,384 places of rows.
//
// Thread safety: one thread at a time.
class VECDB_API SearchIterator {
 public:
  SearchIterator(SearchIterator&&) noexcept;
  SearchIterator& operator=(SearchIterator&&) noexcept;
  ~SearchIterator();

  // The next best, at most IterateSearchRequest::batch_size; none at the end, and from then on.
  // After a failure the same rows can be asked for again.
  Result<Hits> Next();

 private:
  friend struct api::SnapshotAccess;
  struct Body;
  explicit SearchIterator(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;  // null when moved from
};

// A collection as it was when the snapshot was taken.
//
// Thread safety: every method from any number of threads at once. Copies share what they pin.
class VECDB_API Snapshot {
 public:
  Snapshot(const Snapshot&) = default;  // moving copies too: there is no empty handle
  Snapshot& operator=(const Snapshot&) = default;

  // Every write up to here is seen, and no other.
  Timestamp timestamp() const;

  // As the members of Collection of the same names, but ReadOptions::consistency and session do not
  // count: the moment is chosen already.
  Result<Hits> Search(const SearchRequest& request) const;
  Result<std::vector<Hits>> SearchMany(const SearchRequest& request,
                                       std::span<const QueryVector> queries) const;
  Result<std::vector<Row>> Query(const QueryRequest& request) const;
  Result<GetResult> Get(std::span<const Key> keys, std::span<const std::string> output_fields,
                        const ReadOptions& options = {}) const;
  Result<std::uint64_t> Count(std::string_view filter = {}, const ReadOptions& options = {}) const;
  Result<RowIterator> Iterate(const IterateRequest& request) const;
  Result<SearchIterator> IterateSearch(const IterateSearchRequest& request) const;

 private:
  friend struct api::SnapshotAccess;
  struct Handle;
  explicit Snapshot(std::shared_ptr<const Handle> handle);
  std::shared_ptr<const Handle> handle_;
};

}  // namespace vecdb
