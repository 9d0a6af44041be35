// What a crash leaves of a compaction, step by step:
//
// 1 Prepare                        nothing
// 2 Run: files to tmp/<id>/        litter in tmp/, swept at open; the inputs count
// 3 rename to segments/<id>/       orphan folder, swept at open; same
// 4 Verify                         same
// Then the coordinator commits one edit, {inputs dropped, output added}: after it the output counts
// and the inputs' folders are orphans. What was deleted since `at` is in the log or in the output's
// own deletes file, which the same edit names.
#include "compaction/job.h"

#include <algorithm>
#include <cstring>

#include "base/canary.h"
#include "base/status.h"
#include "base/timestamp_oracle.h"
#include "chunk/chunk.h"
#include "chunk/kinds.h"
#include "segment/key_values.h"
#include "segment/segment_writer.h"

namespace vecdb::compaction {
namespace {

using chunk::ColumnView;

constexpr RowIndex kLookUps = 16;

std::uint64_t BytesOf(const ColumnView& view) {
  if (!chunk::IsVariable(view.type)) {
    return view.rows * chunk::FixedWidth(view.type, view.dimension);
  }
  std::uint64_t bytes = 0;
  for (const std::string_view text : view.As<std::string_view>()) bytes += text.size();
  return bytes;
}

bool SameValue(const ColumnView& a, const ColumnView& b, std::size_t row) {
  if (a.IsNull(row) != b.IsNull(row)) return false;
  if (chunk::IsVariable(a.type)) {
    return a.As<std::string_view>()[row] == b.As<std::string_view>()[row];
  }
  const std::size_t width = chunk::FixedWidth(a.type, a.dimension);
  return std::memcmp(static_cast<const std::byte*>(a.values) + row * width,
                     static_cast<const std::byte*>(b.values) + row * width, width) == 0;
}

chunk::KeyView KeyIn(const ColumnView& view) {
  if (view.type == DataType::kVarChar) return view.As<std::string_view>()[0];
  return view.As<std::int64_t>()[0];
}

}  // namespace

Status Job::Prepare() {
  VECDB_TRY(setup_.pace(0));
  const Kept kept{setup_.at, setup_.keep_from, setup_.band};
  VECDB_TRY_ASSIGN(MergedRows rows, MergedRows::Make(setup_.inputs, kept, setup_.pace));
  rows_.emplace(std::move(rows));
  return Status();
}

bool Job::changes() const {
  return setup_.band || setup_.inputs.size() > 1 || rows() < setup_.inputs[0]->rows();
}

// Each field is read once to be written and once to be compared; texts once more to be measured.
void Job::CountRead(std::size_t rows) {
  rows_read_ += rows;
  const auto& fields = setup_.inputs[0]->schema().fields();
  const auto texts = std::count_if(fields.begin(), fields.end(), [](const Field& field) {
    return chunk::IsVariable(field.type);
  });
  const double all = static_cast<double>(rows_->rows()) *
                     static_cast<double>(2 * (fields.size() + 1) + static_cast<std::size_t>(texts));
  done_share_.store(std::min(1.0, static_cast<double>(rows_read_) / all),
                    std::memory_order_relaxed);
}

Result<ColumnView> Job::ReadPaced(std::uint32_t field, RowIndex first, RowIndex max_rows) {
  VECDB_TRY_ASSIGN(ColumnView view, rows_->Read(field, first, max_rows));
  CountRead(view.rows);
  VECDB_TRY(setup_.pace(BytesOf(view)));
  return view;
}

Result<catalog::SegmentRecord> Job::Run(io::FileSystem& fs, const io::DatabaseUuid& database,
                                        const segment::NewIds& new_ids) {
  const segment::Segment& first = *setup_.inputs[0];
  segment::SegmentContents contents;
  contents.id = setup_.output;
  contents.collection = setup_.collection;
  contents.shard = first.shard();
  contents.partition = first.partition();
  contents.schema_version = setup_.schema_version;
  contents.rows = rows();
  contents.compacted = true;
  contents.read = [this](std::uint32_t field, RowIndex row, RowIndex max_rows) {
    return ReadPaced(field, row, max_rows);
  };
  VECDB_TRY_ASSIGN(auto record,
                   segment::WriteSegment(fs, database, first.schema(), contents, new_ids));
  if (!setup_.clustering_key) return record;
  const std::uint32_t key = *setup_.clustering_key;
  VECDB_TRY_ASSIGN(record.key_range,
                   segment::FindKeyRange(key, rows(), [&](RowIndex row, RowIndex max_rows) {
                     return ReadPaced(key, row, max_rows);
                   }));
  record.clustered = setup_.clustered;
  return record;
}

Result<std::uint64_t> Job::CountKept() const {
  std::uint64_t kept = 0;
  for (const auto& input : setup_.inputs) {
    RowIndex row = 0;
    if (base::Raw(setup_.keep_from) > 0) {
      VECDB_TRY_ASSIGN(row, input->RowsAt(Timestamp{base::Raw(setup_.keep_from) - 1}));
    }
    const auto deleted = input->tombstones().DeletedAt(setup_.at);
    for (; row < input->rows(); ++row) {
      kept += deleted == nullptr || row >= deleted->size() || !deleted->Test(row) ? 1 : 0;
    }
  }
  return kept;
}

Status Job::Verify(const segment::SealedSegment& output) {
  VECDB_TRY(output.VerifyAll());
  std::uint64_t kept = rows();
  if (!setup_.band) {
    VECDB_TRY_ASSIGN(kept, CountKept());
  }
  if (output.rows() != kept) {
    return base::Corruption("segment {} was written with {} rows in the place of {}", output.id(),
                            output.rows(), kept);
  }
  for (std::uint32_t field = 0; field < output.schema().fields().size(); ++field) {
    VECDB_TRY(CompareField(output, field));
  }
  VECDB_TRY(CompareField(output, catalog::kTimestampField));
  VECDB_TRY(LookUpSome(output));
  VECDB_TRY(CheckBand(output));
  rows_->EndReading();
  base::KillPoint("compaction.verified");
  return Status();
}

Status Job::CompareField(const segment::SealedSegment& output, std::uint32_t field) {
  for (RowIndex row = 0; row < output.rows();) {
    VECDB_TRY_ASSIGN(const ColumnView expected, ReadPaced(field, row, output.rows() - row));
    const auto most = static_cast<RowIndex>(expected.rows);
    VECDB_TRY_ASSIGN(const ColumnView found, field == catalog::kTimestampField
                                                 ? output.ReadTimestamps(row, most)
                                                 : output.Read(field, row, most));
    for (std::size_t i = 0; i < found.rows; ++i) {
      if (!SameValue(expected, found, i))
        return Differs(output, field, row + static_cast<RowIndex>(i));
    }
    row += static_cast<RowIndex>(found.rows);
  }
  return Status();
}

Status Job::CheckBand(const segment::SealedSegment& output) const {
  for (RowIndex row = 0; setup_.band && row < output.rows();) {
    const std::uint32_t field = setup_.band->field;
    VECDB_TRY_ASSIGN(const ColumnView keys, output.Read(field, row, output.rows() - row));
    const auto most = static_cast<RowIndex>(keys.rows);
    VECDB_TRY_ASSIGN(const ColumnView times, output.ReadTimestamps(row, most));
    for (std::size_t i = 0; i < times.rows; ++i) {
      const auto time = static_cast<std::uint64_t>(times.As<std::int64_t>()[i]);
      if (setup_.band->Has(segment::KeyValueAt(keys, i), Timestamp{time})) continue;
      return Differs(output, field, row + static_cast<RowIndex>(i));
    }
    row += static_cast<RowIndex>(times.rows);
    VECDB_TRY(setup_.pace(BytesOf(keys)));
  }
  return Status();
}

// VerifyAll() has shown that every row is found by the key that it has.
Status Job::LookUpSome(const segment::SealedSegment& output) const {
  const auto field = static_cast<std::uint32_t>(chunk::KeyFieldIndex(output.schema()));
  const RowIndex step = std::max<RowIndex>(1, output.rows() / kLookUps);
  std::vector<RowIndex> found;
  for (RowIndex row = 0; row < output.rows(); row += step) {
    VECDB_TRY_ASSIGN(const ColumnView view, output.Read(field, row, 1));
    const chunk::KeyView key = KeyIn(view);
    found.clear();
    VECDB_TRY(output.FindKey(key, chunk::HashKey(key), &found));
    if (std::find(found.begin(), found.end(), row) == found.end()) {
      return Differs(output, field, row);
    }
  }
  return Status();
}

Status Job::Differs(const segment::SealedSegment& output, std::uint32_t field, RowIndex row) const {
  const std::string& name = field == catalog::kTimestampField
                                ? segment::TimestampField().name
                                : output.schema().fields()[field].name;
  return base::Corruption("segment {} was written with another '{}' in row {} than it had",
                          output.id(), name, row);
}

void Job::CarryDeletes(segment::Tombstones* to) const {
  for (std::size_t input = 0; input < setup_.inputs.size(); ++input) {
    for (const segment::Tombstone& mark :
         setup_.inputs[input]->tombstones().MarkedAfter(setup_.at)) {
      const auto place = rows_->PlaceOf(input, mark.row);
      if (place) to->Mark(*place, mark.timestamp, mark.lsn);
    }
  }
}

}  // namespace vecdb::compaction
