// Finds the rows of a growing segment by primary key: a hash table of the newest row of each key,
// and for each row the one before it with the same key.
//
// Thread safety: one thread at a time inserts; everything else from any thread beside it. Slots are
// atomic and a grown table replaces the old one whole, so a reader waits at most for a pointer
// copy.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/ids.h"
#include "base/mutex.h"
#include "chunk/keys.h"
#include "segment/growing_column.h"

namespace vecdb::segment {

class GrowingKeyIndex {
  struct Table;

 public:
  // `keys` is the segment's key column and outlives the index and its cursors.
  explicit GrowingKeyIndex(const GrowingColumn& keys);
  ~GrowingKeyIndex();

  // Room for rows [0, rows). All that Insert needs: after it Insert cannot fail.
  void Reserve(RowIndex rows);
  // Adds rows [first, first + rows), whose keys stand in the column. `first` is the number of rows
  // inserted so far.
  void Insert(RowIndex first, RowIndex rows);

  // The rows with one key, newest first, among them rows the segment may not show yet.
  class Cursor {
   public:
    bool done() const { return next_ == 0; }
    RowIndex row() const { return next_ - 1; }
    void Next();

   private:
    friend class GrowingKeyIndex;
    std::shared_ptr<const Table> table_;
    std::uint32_t next_ = 0;  // row + 1; 0 = none
  };
  Cursor Find(chunk::KeyView key, std::uint64_t hash) const;

  // may[i] = 0 only if no row has a key with hashes[i]. Wrong answers of 1 are rarer than 1 in 2^31
  // per row.
  void MayContain(std::span<const std::uint64_t> hashes, std::uint8_t* may) const;

  std::uint64_t memory_bytes() const;  // the inserting thread

 private:
  template <typename Key>
  void InsertAll(RowIndex first, RowIndex rows);
  template <typename Key>
  void InsertBatch(RowIndex first, std::span<const Key> keys);
  std::shared_ptr<const Table> Pin() const EXCLUDES(mutex_);

  const GrowingColumn& keys_;
  std::shared_ptr<Table> table_;  // the inserting thread's; the same as published_
  mutable base::Mutex mutex_;     // leaf
  std::shared_ptr<const Table> published_ GUARDED_BY(mutex_);
};

}  // namespace vecdb::segment
