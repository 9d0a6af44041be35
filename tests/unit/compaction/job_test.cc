#include "compaction/job.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <span>
#include <string>

#include "base/canary.h"
#include "base/status.h"
#include "chunk/chunk.h"
#include "unit/segment/sealed_sample.h"

namespace vecdb::compaction {
namespace {

using namespace vecdb_test;

Status GoOn(std::uint64_t) {
  return Status();
}

// Sealed segments of the endless sample: each takes the writes whose number leaves its remainder,
// so that their times interleave; rows of one write stay together.
class Sample {
 public:
  Sample(std::size_t inputs, std::size_t writes, const Schema& schema = SampleSchema())
      : schema_(schema) {
    for (std::size_t input = 0; input < inputs; ++input) {
      auto growing = segment::GrowingSegment::Create(10 + input, 2, 3, 4, schema);
      for (std::size_t write = input; write < writes; write += inputs) {
        growing->Append(SampleChunk(schema, write * 10, 10), Timestamp{1000 + write}, 1, 1);
      }
      sealed_.push_back(Must(folder_.TryOpen(folder_.Flush(*growing), LoadMode::kMapped, schema)));
    }
  }

  SampleFolder& folder() { return folder_; }
  const Schema& schema() const { return schema_; }
  segment::Segment& input(std::size_t i) { return *sealed_[i]; }
  // Of all inputs.
  void Delete(std::size_t sample_row, Timestamp at) {
    const std::size_t write = sample_row / 10;
    const std::size_t input = write % sealed_.size();
    const std::size_t row = write / sealed_.size() * 10 + sample_row % 10;
    sealed_[input]->tombstones().Mark(static_cast<RowIndex>(row), at, 77);
  }

  JobSetup Setup(Timestamp at, Timestamp keep_from = Timestamp{0}) const {
    JobSetup setup;
    setup.output = 50;
    setup.collection = 11;
    setup.inputs.assign(sealed_.begin(), sealed_.end());
    setup.at = at;
    setup.keep_from = keep_from;
    setup.pace = GoOn;
    return setup;
  }

  Result<std::shared_ptr<segment::SealedSegment>> Run(Job& job) {
    VECDB_TRY(job.Prepare());
    VECDB_TRY_ASSIGN(const auto record, job.Run(folder_.fs(), kTestDatabase, folder_.NewIds()));
    return folder_.TryOpen(record, LoadMode::kMapped, schema_);
  }

 private:
  SampleFolder folder_;
  const Schema schema_;
  std::vector<std::shared_ptr<segment::SealedSegment>> sealed_;
};

// The sample rows as one growing segment, for comparison.
std::shared_ptr<segment::GrowingSegment> Expected(const Schema& schema,
                                                  const std::vector<std::size_t>& rows) {
  auto growing = segment::GrowingSegment::Create(50, 2, 3, 4, schema);
  for (const std::size_t row : rows) {
    growing->Append(SampleChunk(schema, row, 1), Timestamp{1000 + row / 10}, 1, 1);
  }
  return growing;
}

TEST_CASE("a job keeps what is neither deleted nor expired, in the order of time", "[job]") {
  const bool text_keys = GENERATE(false, true);
  const std::size_t inputs = GENERATE(as<std::size_t>{}, 1, 2, 5);
  const std::size_t every =
      GENERATE(as<std::size_t>{}, 3, 4, 1000);  // each so many-th row is deleted
  INFO(text_keys << ' ' << inputs << ' ' << every);
  Sample sample(inputs, 90, SampleSchema(text_keys ? DataType::kVarChar : DataType::kInt64));
  std::vector<std::size_t> kept;
  for (std::size_t row = 0; row < 900; ++row) {
    const bool expired = row < 300;  // written before 1030
    if (row % every == 0) {
      sample.Delete(row, Timestamp{5000});
    } else if (!expired) {
      kept.push_back(row);
    }
  }
  Job job(sample.Setup(Timestamp{5000}, Timestamp{1030}));
  const auto output = Must(sample.Run(job));
  CHECK(output->id() == 50);
  CHECK(output->shard() == 2);
  CHECK(output->partition() == 3);
  const auto expected = Expected(sample.schema(), kept);
  CHECK(SameRows(*output, *expected));
  CHECK(SameRows(*output, *expected, 7));
  for (RowIndex row = 0; row < output->rows(); ++row) {
    REQUIRE(*output->TimestampOf(row) == *expected->TimestampOf(row));
  }
  Must(job.Verify(*output));
  CHECK(job.done_share() > 0.9);
  CHECK(output->tombstones().empty());
}

TEST_CASE("deletes after the job's time are carried to the rows' new numbers", "[job]") {
  Sample sample(3, 60);
  for (std::size_t row = 0; row < 600; row += 5) sample.Delete(row, Timestamp{5000});
  sample.Delete(123, Timestamp{5001});
  Job job(sample.Setup(Timestamp{5000}));
  const auto output = Must(sample.Run(job));
  Must(job.Verify(*output));
  sample.Delete(456, Timestamp{5002});
  job.CarryDeletes(&output->tombstones());
  job.CarryDeletes(&output->tombstones());
  sample.Delete(7, Timestamp{5003});
  job.CarryDeletes(&output->tombstones());
  // Four of five rows stay: row r, not a multiple of five, comes behind r - r/5 - 1 others.
  const auto place = [](std::size_t row) { return static_cast<RowIndex>(row - row / 5 - 1); };
  const std::vector<segment::Tombstone> expected = {{place(123), Timestamp{5001}, 77},
                                                    {place(456), Timestamp{5002}, 77},
                                                    {place(7), Timestamp{5003}, 77}};
  CHECK(output->tombstones().All() == expected);
}

TEST_CASE("a job of rows that are all deleted writes nothing", "[job]") {
  Sample sample(2, 4);
  for (std::size_t row = 0; row < 40; ++row) sample.Delete(row, Timestamp{5000});
  Job job(sample.Setup(Timestamp{5000}));
  Must(job.Prepare());
  CHECK(job.rows() == 0);
}

TEST_CASE("a job that is stopped anywhere ends with the reason, and can be made again", "[job]") {
  Sample sample(2, 40);
  int calls = 0;
  {
    JobSetup setup = sample.Setup(Timestamp{5000});
    setup.pace = [&](std::uint64_t) {
      ++calls;
      return Status();
    };
    Job job(std::move(setup));
    Must(job.Verify(*Must(sample.Run(job))));
  }
  REQUIRE(calls > 20);
  for (int stop = 1; stop <= calls; stop += 3) {
    int left = stop;
    JobSetup setup = sample.Setup(Timestamp{5000});
    setup.pace = [&](std::uint64_t) { return --left == 0 ? base::Cancelled("enough") : Status(); };
    Job job(std::move(setup));
    const auto output = sample.Run(job);
    const Status outcome = output.ok() ? job.Verify(**output) : output.status();
    CHECK(outcome.code() == StatusCode::kCancelled);
  }
  Job again(sample.Setup(Timestamp{5000}));
  Must(again.Verify(*Must(sample.Run(again))));
}

TEST_CASE("long texts are moved in pieces of about 256 KiB, like everything else", "[job]") {
  const std::size_t inputs = GENERATE(as<std::size_t>{}, 1, 2);  // rows in a run, and picked ones
  const Schema schema = Must(SchemaBuilder()
                                 .PrimaryKey("id")
                                 .Scalar("text", DataType::kVarChar)
                                 .Vector("v", 2, Metric::kL2)
                                 .Build());
  SampleFolder folder;
  JobSetup setup;
  for (std::size_t input = 0; input < inputs; ++input) {
    auto growing = segment::GrowingSegment::Create(10 + input, 0, kDefaultPartition, 1, schema);
    for (std::size_t row = input; row < 80; row += inputs) {
      chunk::Chunk one = chunk::Chunk::For(schema);
      const auto key = static_cast<std::int64_t>(row);
      one.columns[0].AppendFixed(std::as_bytes(std::span(&key, 1)), 1);
      one.columns[1].AppendText(std::string(60'000, static_cast<char>('0' + row)));
      one.columns[2].AppendFixed(base::Bytes(2 * sizeof(float)), 1);
      one.rows = 1;
      growing->Append(one, Timestamp{1000 + row}, 1, 1);
    }
    setup.inputs.push_back(Must(folder.TryOpen(folder.Flush(*growing), LoadMode::kMapped, schema)));
  }
  setup.output = 50;
  setup.at = Timestamp{5000};
  std::uint64_t most = 0;
  setup.pace = [&](std::uint64_t bytes) {
    most = std::max(most, bytes);
    return Status();
  };
  Job job(std::move(setup));
  Must(job.Prepare());
  const auto record = Must(job.Run(folder.fs(), kTestDatabase, folder.NewIds()));
  Must(job.Verify(*Must(folder.TryOpen(record, LoadMode::kMapped, schema))));
  CHECK(most >= 250'000);
  CHECK(most < 350'000);
}

TEST_CASE("an output that is not what the inputs keep is refused", "[job]") {
  Sample sample(2, 20);
  Job job(sample.Setup(Timestamp{5000}));
  Must(sample.Run(job));
  const auto refused = [&](const std::vector<std::size_t>& rows, std::string_view word) {
    const auto other = Expected(sample.schema(), rows);
    const auto sealed = Must(sample.folder().TryOpen(sample.folder().Flush(*other)));
    const Status status = job.Verify(*sealed);
    INFO(status.ToString());
    CHECK(status.code() == StatusCode::kCorruption);
    CHECK(status.message().find(word) != std::string_view::npos);
  };
  std::vector<std::size_t> rows(200);
  for (std::size_t row = 0; row < rows.size(); ++row) rows[row] = row;
  auto fewer = rows;
  fewer.pop_back();
  refused(fewer, "199 rows");
  auto swapped = rows;
  std::swap(swapped[11], swapped[12]);
  refused(swapped, "row 11");
  auto foreign = rows;
  foreign[199] = 200;
  refused(foreign, "row 199");
}

// Which sample rows a segment has, by their keys, in its order.
std::vector<std::size_t> SampleRowsOf(const segment::Segment& segment, std::size_t rows) {
  std::map<std::int64_t, std::size_t> by_key;
  for (std::size_t row = 0; row < rows; ++row) by_key[SampleKey(row)] = row;
  const auto key = static_cast<std::uint32_t>(chunk::KeyFieldIndex(segment.schema()));
  std::vector<std::size_t> found;
  for (RowIndex row = 0; row < segment.rows(); ++row) {
    found.push_back(by_key.at(segment.Read(key, row, 1)->As<std::int64_t>()[0]));
  }
  return found;
}

std::uint32_t FieldOf(const Schema& schema, std::string_view name) {
  return static_cast<std::uint32_t>(schema.Find(name) - schema.fields().data());
}

TEST_CASE("jobs over the bands of a key share out the rows, each in the order of time", "[job]") {
  const std::string key =
      GENERATE(as<std::string>{}, "id", "tiny", "medium", "single", "precise", "title", "shelf");
  const std::size_t count = GENERATE(as<std::size_t>{}, 1, 4, 40);
  INFO(key << ' ' << count);
  constexpr std::size_t kRows = 600;
  Sample sample(3, kRows / 10);
  std::set<std::size_t> kept;
  for (std::size_t row = 0; row < kRows; ++row) {
    if (row % 5 == 0) sample.Delete(row, Timestamp{5000});
    if (row % 5 != 0) kept.insert(row);
  }
  JobSetup setup = sample.Setup(Timestamp{5000});
  const std::uint32_t field = FieldOf(sample.schema(), key);
  setup.clustering_key = field;
  setup.clustered = true;
  const auto bands =
      Must(SplitIntoBands(setup.inputs, {field, count, setup.at, setup.keep_from}, GoOn));
  CHECK(bands.size() <= count);
  std::size_t largest = 0;
  std::set<std::size_t> found;
  catalog::KeyRange before;
  std::deque<Job> jobs;
  std::vector<std::shared_ptr<segment::SealedSegment>> outputs;
  for (const Band& band : bands) {
    setup.band = band;
    ++setup.output;
    Job& job = jobs.emplace_back(setup);
    Must(job.Prepare());
    if (job.rows() == 0) continue;
    const auto output = outputs.emplace_back(Must(sample.Run(job)));
    Must(job.Verify(*output));
    CHECK(output->clustered());
    largest = std::max<std::size_t>(largest, output->rows());
    const auto rows = SampleRowsOf(*output, kRows);
    CHECK(std::is_sorted(rows.begin(), rows.end()));  // the sample's rows are in order of time
    for (const std::size_t row : rows) CHECK(found.insert(row).second);
    REQUIRE(output->key_range() != nullptr);
    const catalog::KeyRange range = *output->key_range();
    if (!before.empty()) {
      CHECK_FALSE(
          catalog::IsBefore(catalog::ViewOf(range.lowest), catalog::ViewOf(before.highest)));
    }
    before = range;
  }
  CHECK(found == kept);
  CHECK(*jobs.front().CountKept() == kept.size());
  if (count == 4) CHECK(largest < kept.size() / 2);  // a value that many rows have is no hindrance

  sample.Delete(123, Timestamp{5002});
  std::size_t marked = 0;
  std::size_t at = 0;
  for (const Job& job : jobs) {
    if (job.rows() == 0) continue;
    const auto& output = outputs[at++];
    job.CarryDeletes(&output->tombstones());
    for (const segment::Tombstone& mark : output->tombstones().All()) {
      ++marked;
      CHECK(SampleRowsOf(*output, kRows)[mark.row] == 123);
    }
  }
  CHECK(marked == 1);
}

TEST_CASE("rows of another band are refused", "[job]") {
  Sample sample(2, 20);
  JobSetup setup = sample.Setup(Timestamp{5000});
  const std::uint32_t field = FieldOf(sample.schema(), "id");
  setup.clustering_key = field;
  const auto bands = Must(SplitIntoBands(setup.inputs, {field, 2, setup.at, {}}, GoOn));
  REQUIRE(bands.size() == 2);
  setup.band = bands[1];
  Job high(setup);
  const auto output = Must(sample.Run(high));
  setup.band = bands[0];
  setup.output = 51;
  Job low(setup);
  Must(sample.Run(low));
  CHECK(low.Verify(*output).code() == StatusCode::kCorruption);
}

#if defined(VECDB_TESTING)
TEST_CASE("a lost row is noticed before anything names the output", "[job]") {
  Sample sample(2, 20);
  base::SetCanary(41);
  Job job(sample.Setup(Timestamp{5000}));
  const auto output = Must(sample.Run(job));
  base::SetCanary(0);
  CHECK(job.Verify(*output).code() == StatusCode::kCorruption);
}
#endif

}  // namespace
}  // namespace vecdb::compaction
