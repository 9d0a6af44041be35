// What rows that are written over and over cost: bytes written, space and logs, all counted at the
// file system. A thousandth of a real collection: segments, merged segments and logs are as much
// smaller than their defaults as the rows are fewer.
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr std::int64_t kRows = 4'000;  // fewer, and pages count for more than rows
constexpr std::uint32_t kDimension = 32;
constexpr std::uint64_t kRowBytes = 8 + 4 * kDimension;
constexpr int kRounds = 10;

// How often due work is done.
enum class Pace { kOften, kSometimes, kSeldom };

class Life {
 public:
  explicit Life(std::int64_t segment_rows) {
    db_.options().merged_segment_bytes = 7 * kRows * kRowBytes;
    db_.SetLogBytes(64 << 10);
    db_.Reopen();
    CollectionOptions options;
    options.segment_rows = static_cast<std::size_t>(segment_rows);
    const Schema schema =
        *SchemaBuilder().PrimaryKey("id").Vector("v", kDimension, Metric::kL2).Build();
    rows_.emplace(*db_->CreateCollection("rows", schema, options));
  }

  // Every key once: 0, stride, 2 * stride and on, around the end. `pauses` divides 20.
  void Round(std::int64_t stride, int pauses) {
    constexpr std::int64_t kBatch = kRows / 20;
    for (std::int64_t first = 0; first < kRows; first += kBatch) {
      std::vector<std::int64_t> keys;
      for (std::int64_t i = first; i < first + kBatch; ++i) keys.push_back(i * stride % kRows);
      Write(keys);
      if (first / kBatch % (20 / pauses) == 0) DoDueWork();
    }
    ++version_;
  }
  void DoDueWork() {
    db_.clock().Advance(std::chrono::seconds(1));
    RunDueWork(*db_);
  }
  // Nothing is written for a while.
  void Rest() {
    rows_->Flush().OrDie();
    for (int i = 0; i < 20; ++i) DoDueWork();
  }
  void CheckRows() {
    CHECK(*rows_->Count() == static_cast<std::uint64_t>(kRows));
    const auto hits = *rows_->Search({.query = Vector(0), .limit = 16'384, .output_fields = {"v"}});
    CHECK(hits.size() == static_cast<std::size_t>(kRows));
    CHECK(std::all_of(hits.begin(), hits.end(), [&](const Hit& hit) {
      return *hit.row.Get<std::vector<float>>("v") == Vector(version_ - 1);
    }));
  }
  DatabaseStats stats() { return *db_->Stats(); }
  Collection& rows() { return *rows_; }

 private:
  static std::vector<float> Vector(std::int64_t version) {
    return std::vector<float>(kDimension, static_cast<float>(version));
  }
  void Write(const std::vector<std::int64_t>& keys) {
    std::vector<float> values(keys.size() * kDimension, static_cast<float>(version_));
    Batch batch(rows_->schema());
    batch.AddColumn("id", std::span<const std::int64_t>(keys)).OrDie();
    batch.AddVectors("v", std::span<const float>(values)).OrDie();
    rows_->Upsert(batch, {.durability = Durability::kInterval}).status().OrDie();
  }

  TestDatabase db_;
  std::optional<Collection> rows_;
  std::int64_t version_ = 0;
};

int PausesOf(Pace pace) {
  switch (pace) {
    case Pace::kOften:
      return 20;
    case Pace::kSometimes:
      return 4;
    case Pace::kSeldom:
      return 1;
  }
  return 0;
}

}  // namespace

SCENARIO("rows that are written over ten times cost at most six times their bytes",
         "[walk][cost]") {
  const auto pace = GENERATE(Pace::kOften, Pace::kSometimes, Pace::kSeldom);
  const std::int64_t stride = GENERATE(1, 37);
  const std::int64_t segments_a_round = GENERATE(1, 10);
  CAPTURE(static_cast<int>(pace), stride, segments_a_round);
  Life life(kRows / segments_a_round);
  life.Round(1, 1);
  life.Rest();
  const std::uint64_t of_all = life.stats().disk_bytes;
  const std::uint64_t before = life.stats().written_bytes;
  std::uint64_t longest_logs = 0;
  for (int round = 0; round < kRounds; ++round) {
    life.Round(stride, PausesOf(pace));
    longest_logs = std::max(longest_logs, life.stats().log_bytes);
  }
  life.Rest();
  life.CheckRows();
  const std::uint64_t user = kRounds * kRows * kRowBytes;
  const std::uint64_t written = life.stats().written_bytes - before;
  CAPTURE(user, written, of_all, life.stats().disk_bytes, longest_logs);
  // Segments of a tenth of the usual size are merged more often.
  CHECK(written <= (segments_a_round == 1 ? 6 : 8) * user);
  CHECK(life.stats().disk_bytes * 10 <= of_all * 12);
  CHECK(longest_logs <= 3 * kRows * kRowBytes);
}

SCENARIO("behind a flush no log keeps what nobody needs", "[walk][cost]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  std::uint64_t longest = 0;
  for (std::int64_t round = 0; round < 3; ++round) {
    std::vector<Book> many;
    for (std::int64_t id = 0; id < 40'000; ++id) many.push_back({id, round});
    books.Upsert(BatchOf(many)).status().OrDie();
    longest = std::max(longest, db->Stats()->log_bytes);
  }
  CHECK(longest > (4 << 20));
  books.Flush().OrDie();
  const std::uint64_t left = db->Stats()->log_bytes;
  CHECK(left < (128 << 10));
  books.Flush().OrDie();
  CHECK(db->Stats()->log_bytes == left);  // a small one stays
  const bool write_on = GENERATE(true, false);
  if (write_on) books.Upsert(BatchOf({{7, 9}})).status().OrDie();
  const bool killed = GENERATE(true, false);
  if (killed) {
    db.ContinueOn(MemoryCopyOf(*db.fs())).OrDie();
  } else {
    db.Reopen();
  }
  CHECK(db->recovery().discarded_bytes == 0);
  CHECK(*db.OpenBooks().Count() == 40'000);
  const auto seven = db.OpenBooks().Get(IntKeys({7}), std::vector<std::string>{"*"});
  CHECK(BookOf(seven->rows[0]) == Book{7, write_on ? 9 : 2});
  db.OpenBooks().Upsert(BatchOf({{8, 9}})).status().OrDie();
  db.Reopen();
  CHECK(db->recovery().discarded_bytes == 0);
  CHECK(*db.OpenBooks().Count() == 40'000);
}
