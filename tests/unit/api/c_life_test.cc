// A database's life through C: written, read, closed, opened again, checked; and by many threads.
#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "support/temp_directory.h"
#include "unit/api/c_sample.h"

using namespace vecdb::test;

namespace {

void Insert(const Handles& h, std::initializer_list<std::int64_t> ids, vecdb_receipt* receipt,
            const vecdb_write_options* options = nullptr) {
  C_OK(vecdb_batch_clear(h.batch, &error));
  for (const std::int64_t id : ids) AddFullRow(h.batch, id);
  C_OK(vecdb_insert(h.collection, h.batch, options, receipt, &error));
}

std::uint64_t CountOf(const Handles& h, const char* filter = "") {
  std::uint64_t count = 0;
  C_OK(vecdb_count(h.collection, Text(filter), &count, &error));
  return count;
}

vecdb_stats StatsOf(const Handles& h) {
  vecdb_stats stats;
  vecdb_stats_init(&stats, sizeof stats);
  C_OK(vecdb_collection_stats(h.collection, &stats, &error));
  return stats;
}

void OpenAt(const std::string& path, const vecdb_options& options, Handles* h) {
  C_OK(vecdb_open(Text(path), &options, &h->db, &error));
}

// Writes a page of nonsense behind the last one of the newest log.
void SpoilTail(const std::string& path) {
  std::filesystem::path log;
  for (const auto& entry : std::filesystem::directory_iterator(path + "/wal/0")) {
    log = std::max(log, entry.path());
  }
  std::fstream file(log, std::ios::binary | std::ios::in | std::ios::out);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  const std::size_t used = bytes.find_last_not_of('\0') + 1;
  file.clear();
  file.seekp(static_cast<std::streamoff>((used + 4095) / 4096 * 4096));
  file << std::string(4096, 'x');
}

}  // namespace

TEST_CASE("receipts tell when and which keys, in every durability") {
  Handles h;
  OpenAll(&h);
  std::uint64_t last = 0;
  for (const std::int32_t durability :
       {0, VECDB_EVERY_WRITE + 0, VECDB_INTERVAL + 0, VECDB_FLUSH_ONLY + 0}) {
    vecdb_write_options options;
    vecdb_write_options_init(&options, sizeof options);
    options.durability = durability;
    vecdb_receipt receipt;
    Insert(h, {durability * 10 + 1, durability * 10 + 2}, &receipt, &options);
    CHECK(receipt.timestamp > last);
    last = receipt.timestamp;
    REQUIRE(vecdb_keys_count(receipt.keys) == 2);
    vecdb_key key = {};
    C_OK(vecdb_keys_at(receipt.keys, 1, &key, &error));
    CHECK(key.integer == durability * 10 + 2);
    CHECK(vecdb_keys_free(receipt.keys) == VECDB_OK);
    C_OK(vecdb_wait_durable(h.db, receipt.timestamp, &error));
  }
  const vecdb_key gone = vecdb_key_int64(1);
  vecdb_receipt receipt;
  C_OK(vecdb_delete(h.collection, &gone, 1, nullptr, &receipt, &error));
  h.keys = receipt.keys;
  CHECK(receipt.timestamp > last);
  CHECK(vecdb_keys_count(h.keys) == 1);
  CHECK(CountOf(h) == 7);
  CHECK(CountOf(h, "n == 310") == 1);
  // A refused write leaves an empty receipt.
  vecdb_receipt refused = receipt;
  C_REFUSED(vecdb_insert(h.collection, h.batch, nullptr, &refused, &error), VECDB_ALREADY_EXISTS,
            "31");
  CHECK(refused.timestamp == 0);
  CHECK(refused.keys == nullptr);
}

TEST_CASE("keys that vecdb gives come back in the receipt") {
  Handles h;
  C_OK(vecdb_open_in_memory(nullptr, &h.db, &error));
  C_OK(vecdb_schema_new(&h.schema, &error));
  C_OK(vecdb_schema_auto_primary_key(h.schema, Text("id"), &error));
  C_OK(vecdb_schema_vector(h.schema, Text("v"), VECDB_FLOAT_VECTOR, 1, VECDB_L2, &error));
  C_OK(vecdb_create_collection(h.db, Text("c"), h.schema, nullptr, &h.collection, &error));
  C_OK(vecdb_batch_new(h.collection, &h.batch, &error));
  const std::array<float, 3> v = {1, 2, 3};
  C_OK(vecdb_batch_floats(h.batch, Text("v"), v.data(), v.size(), &error));
  vecdb_receipt receipt;
  C_OK(vecdb_upsert(h.collection, h.batch, nullptr, &receipt, &error));
  h.keys = receipt.keys;
  REQUIRE(vecdb_keys_count(h.keys) == 3);
  vecdb_key first = {};
  vecdb_key second = {};
  C_OK(vecdb_keys_at(h.keys, 0, &first, &error));
  C_OK(vecdb_keys_at(h.keys, 1, &second, &error));
  CHECK(first.integer < second.integer);
}

TEST_CASE("collections are made, listed, found, opened and dropped") {
  Handles h;
  OpenAll(&h);
  int there = -1;
  C_OK(vecdb_has_collection(h.db, Text("all"), &there, &error));
  CHECK(there == 1);
  C_OK(vecdb_has_collection(h.db, Text("nope"), &there, &error));
  CHECK(there == 0);
  Handles other;
  C_OK(vecdb_create_collection(h.db, Text("b"), h.schema, nullptr, &other.collection, &error));
  C_OK(vecdb_list_collections(h.db, &h.texts, &error));
  REQUIRE(vecdb_texts_count(h.texts) == 2);
  vecdb_text name = {};
  C_OK(vecdb_texts_at(h.texts, 1, &name, &error));
  CHECK(StringOf(name) == "b");
  C_OK(vecdb_drop_collection(h.db, Text("b"), &error));
  C_REFUSED(vecdb_drop_collection(h.db, Text("b"), &error), VECDB_NOT_FOUND, "'b'");
  C_REFUSED(vecdb_open_collection(h.db, Text("b"), &h.collection, &error), VECDB_NOT_FOUND, "'b'");
  std::uint64_t count = 0;
  C_REFUSED(vecdb_count(other.collection, Text(""), &count, &error), VECDB_NOT_FOUND, "b");
}

TEST_CASE("collections are described, renamed and altered, and have aliases") {
  Handles h;
  OpenAll(&h);
  C_OK(vecdb_create_alias(h.db, Text("best"), Text("all"), &error));
  C_OK(vecdb_create_alias(h.db, Text("also"), Text("all"), &error));
  C_OK(vecdb_rename_collection(h.db, Text("all"), Text("some"), &error));
  C_REFUSED(vecdb_drop_collection(h.db, Text("some"), &error), VECDB_FAILED_PRECONDITION, "'also'");
  vecdb_collection_properties properties;
  vecdb_collection_properties_init(&properties, sizeof properties);
  CHECK(properties.ttl_ms == 0);
  CHECK(properties.auto_compaction == 1);
  CHECK(properties.consistency == VECDB_STRONG);
  properties.ttl_ms = 60'000;
  properties.consistency = VECDB_EVENTUAL;
  C_OK(vecdb_alter_collection(h.db, Text("best"), &properties, &error));
  properties.consistency = 9;
  C_REFUSED(vecdb_alter_collection(h.db, Text("best"), &properties, &error), VECDB_INVALID_ARGUMENT,
            "consistency is 9");
  properties.consistency = 1'000;
  C_REFUSED(vecdb_alter_collection(h.db, Text("best"), &properties, &error), VECDB_INVALID_ARGUMENT,
            "consistency is 1000");

  C_OK(vecdb_describe_collection(h.db, Text("best"), &h.description, &error));
  vecdb_collection_info info;
  vecdb_collection_info_init(&info, sizeof info);
  C_OK(vecdb_description_info(h.description, &info, &error));
  CHECK(StringOf(info.name) == "some");
  CHECK(info.id != 0);
  CHECK(info.created != 0);
  CHECK(info.field_count == 10);
  REQUIRE(info.alias_count == 2);
  vecdb_text alias = {};
  C_OK(vecdb_description_alias(h.description, 1, &alias, &error));
  CHECK(StringOf(alias) == "best");
  C_REFUSED(vecdb_description_alias(h.description, 2, &alias, &error), VECDB_INVALID_ARGUMENT,
            "alias 2");
  C_OK(vecdb_description_properties(h.description, &properties, &error));
  CHECK(properties.ttl_ms == 60'000);
  CHECK(properties.consistency == VECDB_EVENTUAL);
  vecdb_collection_options options;
  vecdb_collection_options_init(&options, sizeof options);
  options.shards = 0;
  C_OK(vecdb_description_options(h.description, &options, &error));
  CHECK(options.shards == 1);
  vecdb_field field;
  vecdb_field_init(&field, sizeof field);
  C_OK(vecdb_description_field(h.description, 9, &field, &error));
  CHECK(StringOf(field.name) == "v");

  C_OK(vecdb_drop_alias(h.db, Text("also"), &error));
  C_OK(vecdb_list_aliases(h.db, &h.texts, &error));
  REQUIRE(vecdb_texts_count(h.texts) == 2);
  C_OK(vecdb_texts_at(h.texts, 0, &alias, &error));
  CHECK(StringOf(alias) == "best");
  C_OK(vecdb_texts_at(h.texts, 1, &alias, &error));
  CHECK(StringOf(alias) == "some");
  C_REFUSED(vecdb_alter_alias(h.db, Text("also"), Text("some"), &error), VECDB_NOT_FOUND, "'also'");
}

TEST_CASE("a compaction is a job that can be found, waited for and paused") {
  Handles h;
  OpenAll(&h);
  for (const int id : {1, 2, 3}) {
    Insert(h, {id}, nullptr);
    C_OK(vecdb_collection_flush(h.collection, &error));
  }
  CHECK(StatsOf(h).sealed_segments == 3);
  std::uint64_t id = 0;
  C_OK(vecdb_collection_start_compaction(h.collection, &id, &error));
  vecdb_job job;
  vecdb_job_init(&job, sizeof job);
  C_OK(vecdb_job_find(h.db, id, &job, &error));
  CHECK(job.state == VECDB_JOB_WAITING);
  CHECK(job.kind == VECDB_JOB_COMPACTION);
  CHECK(std::string_view(job.collection) == "all");
  C_OK(vecdb_pause_background(h.db, &error));
  C_REFUSED(vecdb_collection_compact(h.collection, &error), VECDB_FAILED_PRECONDITION, "paused");
  C_REFUSED(vecdb_wait_for_job(h.db, id, 0, &job, &error), VECDB_DEADLINE_EXCEEDED, "Waiting");
  C_OK(vecdb_resume_background(h.db, &error));
  C_OK(vecdb_wait_for_job(h.db, id, 60'000, &job, &error));
  CHECK(job.state == VECDB_JOB_DONE);
  CHECK(job.progress == 1);
  CHECK(job.rows == 3);
  CHECK(std::string_view(job.error).empty());
  CHECK(StatsOf(h).sealed_segments == 1);
  std::array<std::uint64_t, 2> ids = {};
  std::size_t count = 0;
  C_OK(vecdb_job_ids(h.db, ids.data(), ids.size(), &count, &error));
  CHECK(count == 4);  // three flushes and this
  CHECK(ids == std::array<std::uint64_t, 2>{1, 2});
  C_REFUSED(vecdb_job_find(h.db, id + 1, &job, &error), VECDB_NOT_FOUND, "no job");
}

TEST_CASE("what was written is there after a reopening, and the report says how") {
  const TempDirectory directory;
  const std::string path = directory.path().string();
  Handles h;
  OpenAt(path, QuietC(), &h);
  C_OK(vecdb_schema_new(&h.schema, &error));
  DescribeAll(h.schema);
  C_OK(vecdb_create_collection(h.db, Text("all"), h.schema, nullptr, &h.collection, &error));
  C_OK(vecdb_batch_new(h.collection, &h.batch, &error));
  Insert(h, {1, 2, 3}, nullptr);
  C_OK(vecdb_collection_flush(h.collection, &error));
  CHECK(StatsOf(h).sealed_segments == 1);
  CHECK(StatsOf(h).disk_bytes > 0);
  Insert(h, {4}, nullptr);
  CHECK(StatsOf(h).rows == 4);
  CHECK(StatsOf(h).memory_bytes > 0);
  C_OK(vecdb_close(h.db, &error));
  std::uint64_t count = 0;
  C_REFUSED(vecdb_count(h.collection, Text(""), &count, &error), VECDB_FAILED_PRECONDITION,
            "the database is closed");
  vecdb_text name = {};
  C_OK(vecdb_collection_name(h.collection, &name, &error));  // outlives its database
  CHECK(StringOf(name) == "all");

  Handles again;
  vecdb_options reading = QuietC();
  reading.read_only = 1;
  OpenAt(path, reading, &again);
  vecdb_recovery recovery;
  vecdb_recovery_init(&recovery, sizeof recovery);
  C_OK(vecdb_recovery_report(again.db, &recovery, &error));
  CHECK(recovery.records_applied == 1);
  CHECK(recovery.clean == 1);
  C_OK(vecdb_open_collection(again.db, Text("all"), &again.collection, &error));
  CHECK(CountOf(again) == 4);
  C_OK(vecdb_health(again.db, &error));
  C_REFUSED(vecdb_flush(again.db, &error), VECDB_FAILED_PRECONDITION, "read-only");
}

TEST_CASE("opening says what is wrong with a path") {
  Handles h;
  C_REFUSED(vecdb_open(Text(""), nullptr, &h.db, &error), VECDB_INVALID_ARGUMENT, "empty");
  C_REFUSED(vecdb_open({nullptr, 2}, nullptr, &h.db, &error), VECDB_INVALID_ARGUMENT,
            "directory is NULL");
  C_REFUSED(vecdb_open({"a\0b", 3}, nullptr, &h.db, &error), VECDB_INVALID_ARGUMENT,
            "a NUL byte at 1");
  vecdb_options options = QuietC();
  options.create_if_missing = 0;
  C_REFUSED(vecdb_open(Text("not-there"), &options, &h.db, &error), VECDB_NOT_FOUND, "not-there");
  const TempDirectory directory;
  OpenAt(directory.path().string(), QuietC(), &h);
  Handles second;
  C_REFUSED(vecdb_open(Text(directory.path().string()), &options, &second.db, &error),
            VECDB_UNAVAILABLE, "");
}

TEST_CASE("a check counts and finds, and a file is read aloud") {
  const TempDirectory directory;
  const std::string path = directory.path().string();
  Handles h;
  OpenAt(path, QuietC(), &h);
  C_OK(vecdb_schema_new(&h.schema, &error));
  DescribeAll(h.schema);
  C_OK(vecdb_create_collection(h.db, Text("all"), h.schema, nullptr, &h.collection, &error));
  C_OK(vecdb_batch_new(h.collection, &h.batch, &error));
  Insert(h, {1, 2, 3}, nullptr);
  C_OK(vecdb_flush(h.db, &error));
  C_OK(vecdb_close(h.db, &error));
  C_OK(vecdb_check(Text(path), 1, &h.report, &error));
  vecdb_check_counts counts;
  vecdb_check_counts_init(&counts, sizeof counts);
  C_OK(vecdb_report_counts(h.report, &counts, &error));
  CHECK(counts.collections == 1);
  CHECK(counts.visible_rows == 3);
  CHECK(counts.damaged + counts.unchecked == 0);
  CHECK(vecdb_report_finding_count(h.report) == counts.notes);

  std::filesystem::remove(path + "/FORMAT");
  Handles damaged;
  C_OK(vecdb_check(Text(path), 0, &damaged.report, &error));
  REQUIRE(vecdb_report_finding_count(damaged.report) >= 1);
  vecdb_finding finding = {};
  C_OK(vecdb_report_finding(damaged.report, 0, &finding, &error));
  CHECK(finding.kind == VECDB_DAMAGED);
  CHECK(StringOf(finding.file) == "FORMAT");
  CHECK(StringOf(finding.text).find("missing") != std::string::npos);

  std::vector<std::string> lines;
  const auto keep = [](void* user, vecdb_text line) {
    static_cast<std::vector<std::string>*>(user)->push_back(StringOf(line));
  };
  C_OK(vecdb_inspect(Text(path + "/CURRENT"), keep, &lines, &error));
  CHECK(lines.size() >= 2);
  C_REFUSED(vecdb_inspect(Text(path + "/nope"), keep, &lines, &error), VECDB_NOT_FOUND, "nope");
  C_REFUSED(vecdb_check(Text(path + "/nope"), 0, &damaged.report, &error), VECDB_NOT_FOUND, "nope");
  CHECK(damaged.report == nullptr);
}

TEST_CASE("what vecdb does is told to whoever listens") {
  const TempDirectory directory;
  const std::string path = (directory / "killed").string();
  Handles h;
  OpenAt((directory / "running").string(), QuietC(), &h);
  C_OK(vecdb_schema_new(&h.schema, &error));
  DescribeAll(h.schema);
  C_OK(vecdb_create_collection(h.db, Text("all"), h.schema, nullptr, &h.collection, &error));
  C_OK(vecdb_batch_new(h.collection, &h.batch, &error));
  Insert(h, {1, 2, 3}, nullptr);
  // As a process that was killed while it wrote would leave it.
  std::filesystem::copy(directory / "running", path, std::filesystem::copy_options::recursive);
  SpoilTail(path);

  std::vector<std::string> lines;
  vecdb_options options = QuietC();
  options.log_user = &lines;
  options.log = [](void* user, std::int32_t level, vecdb_text line) {
    const std::string text = StringOf(line);
    static_cast<std::vector<std::string>*>(user)->push_back(std::to_string(level) + text);
  };
  Handles again;
  OpenAt(path, options, &again);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].rfind("2recovery discarded 4096 bytes", 0) == 0);  // a warning
  vecdb_recovery recovery;
  vecdb_recovery_init(&recovery, sizeof recovery);
  C_OK(vecdb_recovery_report(again.db, &recovery, &error));
  CHECK(recovery.clean == 0);
  CHECK(recovery.discarded_bytes == 4096);
  CHECK(StringOf(recovery.detail).find(".wal") != std::string::npos);
}

TEST_CASE("threads write, search and free answers while another closes the database") {
  for (int round = 0; round < 5; ++round) {
    const std::size_t before = vecdb_handle_count();
    Handles h;
    OpenAll(&h);
    Insert(h, {1, 2, 3}, nullptr);
    std::atomic<int> wrong{0};
    std::atomic<int> calls{0};
    const auto work = [&](int t) {
      const float near[2] = {1, 1};
      vecdb_search_request request;
      vecdb_search_request_init(&request, sizeof request);
      request.query = vecdb_value_floats(near, 2);
      for (;;) {
        vecdb_rows* rows = nullptr;
        vecdb_error error;
        const vecdb_code code = vecdb_search(h.collection, &request, &rows, &error);
        if (code == VECDB_FAILED_PRECONDITION) return;
        if (code != VECDB_OK || vecdb_rows_count(rows) < 3) ++wrong;
        if (vecdb_rows_free(rows) != VECDB_OK) ++wrong;
        if (vecdb_rows_free(rows) != VECDB_FAILED_PRECONDITION) ++wrong;
        const vecdb_key key = vecdb_key_int64(1000 + t);
        const vecdb_code deleted = vecdb_delete(h.collection, &key, 1, nullptr, nullptr, &error);
        if (deleted != VECDB_OK && deleted != VECDB_FAILED_PRECONDITION) ++wrong;
        ++calls;
      }
    };
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) threads.emplace_back(work, t);
    while (calls < 20) std::this_thread::yield();
    std::atomic<int> closed{0};
    std::vector<std::thread> closers;
    for (int t = 0; t < 2; ++t) {
      closers.emplace_back([&] {
        if (vecdb_close(h.db, nullptr) == VECDB_OK) ++closed;
      });
    }
    for (std::thread& thread : closers) thread.join();
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
    CHECK(closed == 1);
    h.Free();
    CHECK(vecdb_handle_count() == before);
  }
}

TEST_CASE("a handle freed under a running call is freed when the call is over") {
  Handles h;
  OpenAll(&h);
  Insert(h, {1, 2, 3}, nullptr);
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::thread freer([&] {
    while (!stop) {
      vecdb_collection* other = nullptr;
      if (vecdb_open_collection(h.db, Text("all"), &other, nullptr) != VECDB_OK) ++wrong;
      std::thread user([other, &wrong] {
        std::uint64_t count = 0;
        const vecdb_code code = vecdb_count(other, {nullptr, 0}, &count, nullptr);
        if (code == VECDB_OK ? count != 3 : code != VECDB_FAILED_PRECONDITION) ++wrong;
      });
      if (vecdb_collection_free(other) != VECDB_OK) ++wrong;
      user.join();
    }
  });
  for (int i = 0; i < 200; ++i) CHECK(CountOf(h) == 3);
  stop = true;
  freer.join();
  CHECK(wrong == 0);
}
