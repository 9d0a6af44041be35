#include "segment/sealed_segment.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>

#include "base/timestamp_oracle.h"
#include "chunk/chunk.h"
#include "io/layout.h"
#include "segment/column_file.h"
#include "segment/deletes_file.h"
#include "segment/index_part.h"
#include "segment/key_file.h"
#include "segment/key_values.h"
#include "segment/narrow_cache.h"

namespace vecdb::segment {
namespace {

using BlockFilePtr = std::shared_ptr<const io::BlockFile>;

Status WarmBlocks(const io::BlockFile& file) {
  return file.Read(0, file.body_size()).status();
}

// One file of a field: open for good, or as long as there is room.
class Piece {
 public:
  Piece(const Field& field, BlockFilePtr file)
      : field_(&field),
        rows_(file->rows()),
        name_(file->name()),
        open_(std::in_place, field, std::move(file)) {}
  Piece(const Field& field, std::shared_ptr<CachedFile> file)
      : field_(&field), rows_(file->rows()), name_(file->name()), cached_(std::move(file)) {}

  std::uint64_t rows() const { return rows_; }
  const std::string& name() const { return name_; }
  std::uint64_t cached_bytes() const { return cached_ == nullptr ? 0 : cached_->memory_bytes(); }

  Result<chunk::ColumnView> Read(RowIndex first, RowIndex max_rows,
                                 const base::Deadline& deadline) const {
    if (open_) return open_->Read(first, max_rows);
    VECDB_TRY_ASSIGN(auto file, cached_->Pin(deadline));
    VECDB_TRY_ASSIGN(auto view, ColumnFile(*field_, file).Read(first, max_rows));
    view.keep = view.keep == nullptr ? Kept(std::move(file))
                                     : std::make_shared<std::pair<BlockFilePtr, Kept>>(
                                           std::move(file), std::move(view.keep));
    return view;
  }

  // A file of the cache stays as it is: whoever reads decides what is in memory.
  Status WarmUp() const { return open_ ? WarmBlocks(open_->file()) : Status(); }

  Status VerifyAll() const {
    if (open_) return open_->VerifyAll();
    VECDB_TRY_ASSIGN(const auto file, cached_->Pin(base::Deadline::Never()));
    return ColumnFile(*field_, file).VerifyAll();
  }

 private:
  using Kept = std::shared_ptr<const void>;

  const Field* field_;
  std::uint64_t rows_;
  std::string name_;
  std::optional<ColumnFile> open_;
  std::shared_ptr<CachedFile> cached_;  // or this
};

// The files of one field. All but the last hold 2^shift rows.
struct Column {
  std::vector<Piece> files;
  unsigned shift = 32;  // one file

  Result<chunk::ColumnView> Read(RowIndex row, RowIndex max_rows,
                                 const base::Deadline& deadline = base::Deadline::Never()) const {
    const std::uint64_t file = std::uint64_t{row} >> shift;
    const auto first = static_cast<RowIndex>(row - (file << shift));
    return files[file].Read(first, max_rows, deadline);
  }

  std::uint64_t cached_bytes() const {
    std::uint64_t bytes = 0;
    for (const Piece& file : files) bytes += file.cached_bytes();
    return bytes;
  }

  Status VerifyAll() const {
    for (const Piece& file : files) VECDB_TRY(file.VerifyAll());
    return Status();
  }
};

// Finds the shift, and refuses files that do not hold `rows` rows as above.
Status CheckColumn(const std::string& folder, const Field& field, std::uint64_t rows,
                   Column* column) {
  if (column->files.empty()) {
    return base::Corruption("{}: field '{}' has no file", folder, field.name);
  }
  const std::uint64_t per_file = column->files.front().rows();
  std::uint64_t found = 0;
  for (const Piece& file : column->files) {
    const bool last = &file == &column->files.back();
    if (last ? file.rows() > per_file : file.rows() != per_file) {
      return base::Corruption("{}: holds {} rows where the first file of the field holds {}",
                              file.name(), file.rows(), per_file);
    }
    found += file.rows();
  }
  if (found != rows) {
    return base::Corruption("{}: the files of field '{}' hold {} rows, not {}", folder, field.name,
                            found, rows);
  }
  if (column->files.size() == 1) return Status();
  if (!std::has_single_bit(per_file)) {
    return base::Corruption("{}: holds {} rows, which is no power of two",
                            column->files.front().name(), per_file);
  }
  column->shift = static_cast<unsigned>(std::countr_zero(per_file));
  return Status();
}

struct OpenedIndex {
  std::shared_ptr<const FieldIndex> index;
  std::uint64_t memory_bytes = 0;
  std::uint64_t disk_bytes = 0;
};

}  // namespace

struct SealedSegment::Body {
  // Constant after Open.
  RowIndex rows = 0;
  Timestamp min_timestamp{0};
  Timestamp max_timestamp{0};
  std::size_t key_field = 0;
  std::optional<catalog::KeyRange> key_range;
  bool clustered = false;
  std::vector<Column> columns;  // by field; that of the key is empty. None: without columns
  Column timestamps;
  std::shared_ptr<const KeyFile> keys;
  BlockFilePtr deletes;  // may be null
  std::vector<OpenedIndex> indexes;
  std::shared_ptr<PartBoard> parts;       // may be null
  std::shared_ptr<NarrowColumns> narrow;  // may be null
  LoadMode load_mode = LoadMode::kMapped;
  std::uint64_t column_memory_bytes = 0;
  std::uint64_t memory_bytes = sizeof(Body);  // with that of columns that are open for good
  std::uint64_t disk_bytes = 0;

  Result<Timestamp> TimestampOf(RowIndex row) const {
    VECDB_TRY_ASSIGN(const auto view, timestamps.Read(row, 1));
    return Timestamp{static_cast<std::uint64_t>(view.As<std::int64_t>()[0])};
  }

  Status VerifyTimestamps() const;
};

namespace {

// Opens the files of one record.
class Opener {
 public:
  Opener(io::FileSystem& fs, const io::DatabaseUuid& database, const catalog::SegmentRecord& record,
         const Loading& loading)
      : fs_(fs),
        database_(database),
        record_(record),
        loading_(loading),
        folder_(io::SegmentFolder(record.id)) {}

  Result<BlockFilePtr> Open(const std::string& name, const io::SealedFileInfo& info,
                            io::FileKind kind) {
    VECDB_TRY(CheckKind(name, info, kind));
    const std::string path = io::Join(folder_, name);
    const LoadMode mode = kind == io::FileKind::kIndex ? ModeOfIndex(info) : loading_.mode;
    const std::uint64_t bytes = io::BlockFile::MemoryFor(info, mode);
    auto memory = Take(bytes);
    auto file = io::BlockFile::Open(fs_, path, database_, info, mode, std::move(memory));
    if (file.status().code() == StatusCode::kNotFound) {
      return base::Corruption("'{}' is missing, though the catalog names it", fs_.Describe(path));
    }
    if (!file.ok()) return file.status();
    disk_bytes_ += info.size_bytes;
    memory_bytes_ += sizeof(Piece) + bytes;
    return file;
  }

  // It is open for good and never refused: one that would leave less than three quarters of the
  // budget for all else is mapped.
  LoadMode ModeOfIndex(const io::SealedFileInfo& info) const {
    const base::MemoryBudget* const budget = loading_.budget;
    if (budget == nullptr || !budget->limited()) return loading_.mode;
    const std::uint64_t used = budget->used(base::MemoryAccount::kSegments);
    const std::uint64_t wanted = io::BlockFile::MemoryFor(info, loading_.mode);
    return used + wanted <= budget->limit() / 4 ? loading_.mode : LoadMode::kMapped;
  }

  base::MemoryReservation Take(std::uint64_t bytes) const {
    if (loading_.budget == nullptr) return {};
    loading_.budget->MakeRoom(bytes);
    return loading_.budget->Take(base::MemoryAccount::kSegments, bytes);
  }

  Result<Piece> OpenPiece(const Field& field, const std::string& name,
                          const io::SealedFileInfo& info) {
    if (loading_.cache == nullptr) {
      VECDB_TRY_ASSIGN(auto file, Open(name, info, io::FileKind::kColumn));
      return Piece(field, std::move(file));
    }
    VECDB_TRY(CheckKind(name, info, io::FileKind::kColumn));
    VECDB_TRY_ASSIGN(auto file, loading_.cache->Add(io::Join(folder_, name), info));
    disk_bytes_ += info.size_bytes;
    memory_bytes_ += sizeof(Piece) + sizeof(CachedFile);
    return Piece(field, std::move(file));
  }

  Status OpenColumns(const Schema& schema, std::size_t key_field, std::vector<Column>* columns,
                     Column* timestamps) {
    columns->resize(schema.fields().size());
    for (const catalog::ColumnFileRecord& file : record_.columns) {
      const std::string name = io::ColumnName(file.field, file.chunk);
      const bool is_timestamp = file.field == catalog::kTimestampField;
      if (!is_timestamp && (file.field >= columns->size() || file.field == key_field)) {
        return Bad(name, "recorded for a field that has no such file");
      }
      Column& column = is_timestamp ? *timestamps : (*columns)[file.field];
      if (file.chunk != column.files.size()) return Bad(name, "a file before it is missing");
      if (file.info.rows == 0 || file.info.rows > record_.rows) return Bad(name, "impossible rows");
      const std::uint64_t before = memory_bytes_;
      if (is_timestamp) {
        VECDB_TRY_ASSIGN(auto opened, Open(name, file.info, io::FileKind::kColumn));
        column.files.emplace_back(TimestampField(), std::move(opened));
        continue;
      }
      VECDB_TRY_ASSIGN(Piece piece, OpenPiece(schema.fields()[file.field], name, file.info));
      column_memory_bytes_ += memory_bytes_ - before;
      column.files.push_back(std::move(piece));
    }
    for (std::size_t field = 0; field < columns->size(); ++field) {
      if (field == key_field) continue;
      VECDB_TRY(CheckColumn(folder(), schema.fields()[field], record_.rows, &(*columns)[field]));
    }
    return CheckColumn(folder(), TimestampField(), record_.rows, timestamps);
  }

  // One that is damaged is of no use, and the segment is none the worse for it.
  Result<OpenedIndex> OpenIndex(const Schema& schema, RowIndex rows,
                                const catalog::IndexFileRecord& file) {
    const std::string name = io::IndexName(file.field, file.info.file_id);
    const std::uint64_t before = memory_bytes_;
    const auto open = [&]() -> Result<std::shared_ptr<const index::Index>> {
      if (file.field >= schema.fields().size()) return Bad(name, "recorded for an unknown field");
      VECDB_TRY_ASSIGN(auto opened, Open(name, file.info, io::FileKind::kIndex));
      return index::Index::Open(std::move(opened), ShapeOf(schema.fields()[file.field], rows));
    };
    const auto opened = open();
    if (opened.status().code() == StatusCode::kResourceExhausted) return opened.status();
    if (!opened.ok()) {
      memory_bytes_ = before;
      return OpenedIndex{std::make_shared<const FieldIndex>(file, opened.status())};
    }
    return OpenedIndex{std::make_shared<const FieldIndex>(file, *opened), memory_bytes_ - before,
                       file.info.size_bytes};
  }

  Status CheckKind(const std::string& name, const io::SealedFileInfo& info,
                   io::FileKind kind) const {
    return info.kind == kind ? Status() : Bad(name, "recorded as a file of another kind");
  }

  Status Bad(const std::string& name, const char* problem) const {
    return base::Corruption("{}: {}", fs_.Describe(io::Join(folder_, name)), problem);
  }
  std::string folder() const { return fs_.Describe(folder_); }
  std::uint64_t disk_bytes() const { return disk_bytes_; }
  std::uint64_t memory_bytes() const { return memory_bytes_; }
  std::uint64_t column_memory_bytes() const { return column_memory_bytes_; }

 private:
  io::FileSystem& fs_;
  const io::DatabaseUuid& database_;
  const catalog::SegmentRecord& record_;
  const Loading& loading_;
  const std::string folder_;
  std::uint64_t disk_bytes_ = 0;
  std::uint64_t memory_bytes_ = 0;
  std::uint64_t column_memory_bytes_ = 0;  // of these
};

}  // namespace

SealedSegment::SealedSegment(const catalog::SegmentRecord& record, const Schema& schema,
                             std::shared_ptr<Tombstones> tombstones, std::unique_ptr<Body> body)
    : Segment(record.id, record.shard, record.partition, schema, std::move(tombstones)),
      body_(std::move(body)) {
}

SealedSegment::SealedSegment(const SealedSegment& of, std::unique_ptr<Body> body)
    : Segment(of.id(), of.shard(), of.partition(), of.schema(), of.shared_tombstones()),
      body_(std::move(body)) {
}

SealedSegment::~SealedSegment() = default;

Result<std::shared_ptr<SealedSegment>> SealedSegment::Open(
    io::FileSystem& fs, const io::DatabaseUuid& database, const catalog::SegmentRecord& record,
    const Schema& schema, std::shared_ptr<Tombstones> tombstones, const Loading& loading) {
  Opener opener(fs, database, record, loading);
  if (record.rows == 0 || record.rows > std::numeric_limits<RowIndex>::max()) {
    return base::Corruption("{}: recorded with {} rows", opener.folder(), record.rows);
  }
  auto body = std::make_unique<Body>();
  body->rows = static_cast<RowIndex>(record.rows);
  body->min_timestamp = record.min_timestamp;
  body->max_timestamp = record.max_timestamp;
  body->key_range = record.key_range;
  body->clustered = record.clustered;
  body->key_field = chunk::KeyFieldIndex(schema);
  body->load_mode = loading.mode;
  if (kNarrowCopies && loading.narrow != nullptr)
    body->narrow = std::make_shared<NarrowColumns>(*loading.narrow, schema.fields().size());
  VECDB_TRY(opener.OpenColumns(schema, body->key_field, &body->columns, &body->timestamps));
  if (record.keys.rows != record.rows) return opener.Bad(io::KeysName(0), "not the segment's rows");
  VECDB_TRY_ASSIGN(auto keys, opener.Open(io::KeysName(0), record.keys, io::FileKind::kKeys));
  body->keys = std::make_shared<const KeyFile>(schema.fields()[body->key_field], std::move(keys));
  if (record.deletes) {
    const std::string name = io::DeletesName(record.deletes->number);
    VECDB_TRY_ASSIGN(body->deletes,
                     opener.Open(name, record.deletes->info, io::FileKind::kDeletes));
  }
  for (const catalog::IndexFileRecord& file : record.indexes) {
    VECDB_TRY_ASSIGN(auto index, opener.OpenIndex(schema, body->rows, file));
    body->indexes.push_back(std::move(index));
  }
  if (tombstones == nullptr) {
    tombstones = std::make_shared<Tombstones>();
    if (loading.budget != nullptr) tombstones->ChargeTo(*loading.budget);
    if (body->deletes != nullptr) {
      VECDB_TRY_ASSIGN(const auto saved, ReadDeletesFile(*body->deletes, body->rows));
      tombstones->Load(saved);
    }
  }
  body->disk_bytes = opener.disk_bytes();
  body->memory_bytes += opener.memory_bytes();
  body->column_memory_bytes = opener.column_memory_bytes();
  return std::shared_ptr<SealedSegment>(
      new SealedSegment(record, schema, std::move(tombstones), std::move(body)));
}

std::shared_ptr<SealedSegment> SealedSegment::WithoutColumns() const {
  auto body = std::make_unique<Body>(*body_);
  body->columns.clear();
  for (const OpenedIndex& index : body->indexes) body->memory_bytes -= index.memory_bytes;
  body->indexes.clear();
  body->parts.reset();
  body->narrow.reset();
  body->memory_bytes -= body->column_memory_bytes;
  body->column_memory_bytes = 0;
  return std::shared_ptr<SealedSegment>(new SealedSegment(*this, std::move(body)));
}

std::shared_ptr<const FieldIndex> SealedSegment::KnownIndex(std::uint32_t field) const {
  for (const OpenedIndex& opened : body_->indexes) {
    if (opened.index->record().field == field) return opened.index;
  }
  return nullptr;
}

const FieldIndex* SealedSegment::IndexOn(std::uint32_t field) const {
  for (const OpenedIndex& opened : body_->indexes) {
    if (opened.index->record().field != field) continue;
    return opened.index->usable() == nullptr ? nullptr : opened.index.get();
  }
  return nullptr;
}

std::shared_ptr<SealedSegment> SealedSegment::WithIndex(
    std::uint32_t field, std::shared_ptr<const FieldIndex> index) const {
  auto body = std::make_unique<Body>(*body_);
  std::erase_if(body->indexes, [&](const OpenedIndex& opened) {
    if (opened.index->record().field != field) return false;
    body->memory_bytes -= opened.memory_bytes;
    body->disk_bytes -= opened.disk_bytes;
    return true;
  });
  if (index != nullptr) {
    OpenedIndex& added = body->indexes.emplace_back(OpenedIndex{std::move(index)});
    if (const FieldIndex& of = *added.index; of.usable() != nullptr) {
      added.memory_bytes = io::BlockFile::MemoryFor(of.record().info, body->load_mode);
      added.disk_bytes = of.record().info.size_bytes;
    }
    body->memory_bytes += added.memory_bytes;
    body->disk_bytes += added.disk_bytes;
  }
  return std::shared_ptr<SealedSegment>(new SealedSegment(*this, std::move(body)));
}

std::shared_ptr<SealedSegment> SealedSegment::WithParts(std::shared_ptr<PartBoard> parts) const {
  auto body = std::make_unique<Body>(*body_);
  body->parts = std::move(parts);
  return std::shared_ptr<SealedSegment>(new SealedSegment(*this, std::move(body)));
}

PartBoard* SealedSegment::parts() const {
  return body_->parts.get();
}

NarrowColumns* SealedSegment::narrow() const {
  return body_->narrow.get();
}

Result<std::shared_ptr<const FieldIndex>> SealedSegment::OpenIndex(
    io::FileSystem& fs, const io::DatabaseUuid& database, const catalog::IndexFileRecord& file,
    const Loading& loading) const {
  catalog::SegmentRecord record;
  record.id = id();
  Opener opener(fs, database, record, loading);
  VECDB_TRY_ASSIGN(auto opened, opener.OpenIndex(schema(), rows(), file));
  return std::move(opened.index);
}

bool SealedSegment::has_columns() const {
  return !body_->columns.empty();
}

RowIndex SealedSegment::rows() const {
  return body_->rows;
}
std::uint64_t SealedSegment::memory_bytes() const {
  std::uint64_t bytes = body_->memory_bytes;
  for (const Column& column : body_->columns) bytes += column.cached_bytes();
  if (kNarrowCopies && body_->narrow != nullptr) bytes += body_->narrow->memory_bytes();
  return bytes;
}
std::uint64_t SealedSegment::disk_bytes() const {
  return body_->disk_bytes;
}

Timestamp SealedSegment::min_timestamp() const {
  return body_->min_timestamp;
}
Timestamp SealedSegment::max_timestamp() const {
  return body_->max_timestamp;
}

const catalog::KeyRange* SealedSegment::key_range() const {
  return body_->key_range ? &*body_->key_range : nullptr;
}
bool SealedSegment::clustered() const {
  return body_->clustered;
}

bool IsClustered(const Segment& segment) {
  return segment.sealed() && static_cast<const SealedSegment&>(segment).clustered();
}

Result<Timestamp> SealedSegment::TimestampOf(RowIndex row) const {
  return body_->TimestampOf(row);
}

Result<chunk::ColumnView> SealedSegment::ReadTimestamps(RowIndex first, RowIndex max_rows) const {
  return body_->timestamps.Read(first, max_rows);
}

Result<RowIndex> SealedSegment::RowsAt(Timestamp t) const {
  if (t >= body_->max_timestamp) return body_->rows;
  if (t < body_->min_timestamp) return RowIndex{0};
  RowIndex low = 0;  // rows before it are at or before t
  RowIndex high = body_->rows;
  while (low < high) {
    const RowIndex middle = low + (high - low) / 2;
    VECDB_TRY_ASSIGN(const Timestamp at, body_->TimestampOf(middle));
    if (at <= t) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Result<chunk::ColumnView> SealedSegment::Read(std::uint32_t field, RowIndex first,
                                              RowIndex max_rows,
                                              const base::Deadline& deadline) const {
  if (field == body_->key_field) return body_->keys->Read(first, max_rows);
  if (body_->columns.empty()) {
    return base::FailedPrecondition("the collection was released; Load() makes it readable again");
  }
  return body_->columns[field].Read(first, max_rows, deadline);
}

Status SealedSegment::FindKey(chunk::KeyView key, std::uint64_t hash,
                              std::vector<RowIndex>* rows) const {
  return body_->keys->FindKey(key, hash, rows);
}

Status SealedSegment::MayContain(std::span<const std::uint64_t> hashes, std::uint8_t* may) const {
  return body_->keys->MayContain(hashes, may);
}

Status SealedSegment::WarmUp() const {
  for (const Column& column : body_->columns) {
    for (const Piece& file : column.files) VECDB_TRY(file.WarmUp());
  }
  for (const Piece& file : body_->timestamps.files) VECDB_TRY(file.WarmUp());
  return WarmBlocks(body_->keys->file());
}

Status SealedSegment::VerifyAll() const {
  for (const Column& column : body_->columns) VECDB_TRY(column.VerifyAll());
  VECDB_TRY(body_->timestamps.VerifyAll());
  VECDB_TRY(body_->VerifyTimestamps());
  VECDB_TRY(body_->keys->VerifyAll());
  VECDB_TRY(VerifyKeyRange());
  for (const OpenedIndex& opened : body_->indexes) {
    VECDB_TRY(opened.index->Verify());
  }
  if (body_->deletes == nullptr) return Status();
  VECDB_TRY(body_->deletes->VerifyAll());
  return ReadDeletesFile(*body_->deletes, body_->rows).status();
}

// Reads leave the segment out by it.
Status SealedSegment::VerifyKeyRange() const {
  if (!body_->key_range || !has_columns()) return Status();
  const std::uint32_t field = body_->key_range->field;
  VECDB_TRY_ASSIGN(const catalog::KeyRange found,
                   FindKeyRange(field, rows(), [&](RowIndex first, RowIndex max_rows) {
                     return Read(field, first, max_rows);
                   }));
  if (found == *body_->key_range) return Status();
  return base::Corruption("segment {}: the values of '{}' do not lie where the catalog says", id(),
                          schema().fields()[field].name);
}

// They never fall, and begin and end as the record says.
Status SealedSegment::Body::VerifyTimestamps() const {
  std::uint64_t before = base::Raw(min_timestamp);
  const std::string& name = timestamps.files.front().name();
  for (RowIndex row = 0; row < rows;) {
    VECDB_TRY_ASSIGN(const auto view, timestamps.Read(row, kMaxDecodedRows));
    for (const std::int64_t signed_now : view.As<std::int64_t>()) {
      const auto now = static_cast<std::uint64_t>(signed_now);
      if (now < before || (row == 0 && now != before)) {
        return base::Corruption("{}: row {} is older than it may be", name, row);
      }
      before = now;
      ++row;
    }
  }
  if (before == base::Raw(max_timestamp)) return Status();
  return base::Corruption("{}: the last row is not the newest of the record", name);
}

}  // namespace vecdb::segment
