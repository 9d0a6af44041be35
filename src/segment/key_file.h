// The primary keys of a segment in one file: by row, sorted, and as a Bloom filter. The grammar of
// the bytes is on top of key_file.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "vecdb/schema.h"
#include "vecdb/status.h"

#include "base/ids.h"
#include "base/mutex.h"
#include "chunk/column_view.h"
#include "chunk/keys.h"
#include "io/block_file.h"
#include "segment/column_file.h"

namespace vecdb::segment {

// Writes rows [0, rows), at least one, of a key field (Int64 or VarChar) and finishes `out`.
Result<io::SealedFileInfo> WriteKeyFile(const Field& field, const ColumnSource& source,
                                        RowIndex rows, io::BlockFileWriter* out);

// Thread-safe.
class KeyFile {
 public:
  // `field` outlives this object. Nothing is read yet.
  KeyFile(const Field& field, std::shared_ptr<const io::BlockFile> file)
      : field_(field), file_(std::move(file)) {}

  const io::BlockFile& file() const { return *file_; }

  // Keys in row order, as Segment::Read gives them: Int64 lent, text decoded.
  Result<chunk::ColumnView> Read(RowIndex first, RowIndex max_rows) const;
  // See Segment. Only the blocks that a search touches are verified.
  Status FindKey(chunk::KeyView key, std::uint64_t hash, std::vector<RowIndex>* rows) const;
  Status MayContain(std::span<const std::uint64_t> hashes, std::uint8_t* may) const;

  // Every block; that the sorted rows are all rows, in order; that the filter knows every key; that
  // every key is one the field may have.
  Status VerifyAll() const;

 private:
  struct Header {
    bool is_text = false;
    std::uint32_t rows = 0;
    std::uint32_t bloom_blocks = 0;
    std::uint64_t text_bytes = 0;
    std::int64_t min = 0;
    std::int64_t max = 0;
    // Offsets within the body.
    std::uint64_t keys = 0;  // values, or the ends of texts
    std::uint64_t text = 0;
    std::uint64_t sorted = 0;
    std::uint64_t bloom = 0;
  };
  Result<Header> ReadHeader() const;
  Result<Header> ParseHeader() const;
  Status ReadText(const Header& header, RowIndex first, chunk::ColumnView* view) const;
  Result<std::span<const std::uint64_t>> BloomWords(const Header& header) const;
  Result<RowIndex> SortedRow(const Header& header, std::uint32_t position) const;
  Result<chunk::KeyView> KeyAt(const Header& header, RowIndex row) const;
  Result<std::uint32_t> LowerBound(const Header& header, chunk::KeyView key) const;
  Status VerifySorted(const Header& header) const;
  Status VerifyKeys(const Header& header) const;
  Status Bad(const char* problem, std::uint64_t where) const;

  const Field& field_;
  const std::shared_ptr<const io::BlockFile> file_;
  mutable base::Mutex header_mutex_;  // leaf; of those who write header_
  mutable std::atomic<bool> header_known_{false};
  mutable Header header_;  // written once, before header_known_ becomes true
  mutable std::atomic<const std::uint64_t*> bloom_{nullptr};  // once its section has been verified
};

}  // namespace vecdb::segment
