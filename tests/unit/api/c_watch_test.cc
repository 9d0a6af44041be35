// What a database says about itself, and what it tells while it works, through C.
#include "support/temp_directory.h"
#include "unit/api/c_sample.h"

using namespace vecdb::test;

namespace {

void Insert(const Handles& h, std::initializer_list<int> ids) {
  C_OK(vecdb_batch_clear(h.batch, &error));
  for (const int id : ids) AddFullRow(h.batch, id);
  C_OK(vecdb_insert(h.collection, h.batch, nullptr, nullptr, &error));
}

struct Seen {
  std::vector<vecdb_segment_info> segments;
  std::vector<std::string> partitions;
  std::vector<vecdb_channel_info> channels;
  std::vector<std::string> vchannels;
  std::vector<std::string> events;
};

void SeeSegment(void* user, const vecdb_segment_info* segment) {
  REQUIRE(segment->struct_size == sizeof *segment);
  auto& seen = *static_cast<Seen*>(user);
  seen.segments.push_back(*segment);
  seen.partitions.push_back(StringOf(segment->partition));
}

void SeeChannel(void* user, const vecdb_channel_info* channel) {
  REQUIRE(channel->struct_size == sizeof *channel);
  auto& seen = *static_cast<Seen*>(user);
  seen.channels.push_back(*channel);
  for (std::size_t i = 0; i < channel->vchannel_count; ++i) {
    const vecdb_vchannel_info& one = channel->vchannels[i];
    seen.vchannels.push_back(StringOf(one.collection) + "/" + std::to_string(one.shard) + " from " +
                             std::to_string(one.needed_lsn));
  }
}

void SeeEvent(void* user, const vecdb_event* event) {
  REQUIRE(event->struct_size == sizeof *event);
  REQUIRE(event->code == VECDB_OK);
  static_cast<Seen*>(user)->events.push_back(std::to_string(event->type) + " " +
                                             StringOf(event->collection) + " " +
                                             std::to_string(event->rows));
}

}  // namespace

TEST_CASE("segments and channels are visited one by one") {
  Handles h;
  OpenAll(&h);
  Insert(h, {1, 2, 3});
  C_OK(vecdb_flush(h.db, &error));
  Insert(h, {4});
  Seen seen;
  C_OK(vecdb_collection_segments(h.collection, SeeSegment, &seen, &error));
  REQUIRE(seen.segments.size() == 2);
  CHECK(seen.partitions == std::vector<std::string>{"_default", "_default"});
  CHECK(seen.segments[0].state == VECDB_SEGMENT_FLUSHED);
  CHECK(seen.segments[0].rows == 3);
  CHECK(seen.segments[0].disk_bytes > 0);
  CHECK(seen.segments[0].min_timestamp == seen.segments[0].max_timestamp);
  CHECK(seen.segments[1].state == VECDB_SEGMENT_GROWING);
  CHECK(seen.segments[1].rows == 1);
  CHECK(seen.segments[1].min_timestamp > seen.segments[0].max_timestamp);

  C_OK(vecdb_channels(h.db, SeeChannel, &seen, &error));
  REQUIRE(seen.channels.size() == 1);
  CHECK(seen.channels[0].next_lsn == 3);
  CHECK(seen.channels[0].checkpoint == 2);
  CHECK(seen.vchannels == std::vector<std::string>{"all/0 from 2"});
}

TEST_CASE("the statistics of a database come through C as they are") {
  Handles h;
  OpenAll(&h);
  Insert(h, {1, 2, 3});
  C_OK(vecdb_flush(h.db, &error));
  const vecdb_key key = vecdb_key_int64(2);
  C_OK(vecdb_delete(h.collection, &key, 1, nullptr, nullptr, &error));
  vecdb_db_stats stats;
  vecdb_db_stats_init(&stats, sizeof stats);
  C_OK(vecdb_database_stats(h.db, &stats, &error));
  CHECK(stats.collections == 1);
  CHECK(stats.rows == 2);
  CHECK(stats.deleted_rows == 1);
  CHECK(stats.growing_segments == 1);
  CHECK(stats.sealed_segments == 1);
  CHECK(stats.writes == 2);
  CHECK(stats.written_rows == 3);
  CHECK(stats.deleted_keys == 1);
  CHECK(stats.flushes == 1);
  CHECK(stats.threads == 0);
  CHECK(stats.syncs > 0);
  CHECK(stats.written_bytes > stats.disk_bytes);
  CHECK(stats.log_bytes > 0);
  CHECK(stats.memory.used == stats.growing_memory.used + stats.segment_memory.used);
  CHECK(stats.memory.peak > stats.memory.used);
  CHECK(stats.job_memory.peak > 0);
  CHECK(stats.memory.limit == 0);
  CHECK(stats.evictions + stats.reloads == 0);
  stats.struct_size = 3;
  C_REFUSED(vecdb_database_stats(h.db, &stats, &error), VECDB_INVALID_ARGUMENT, "struct_size of 3");
}

TEST_CASE("a listener in C is told of seals and flushes") {
  Seen seen;
  vecdb_options options = QuietC();
  options.listener = SeeEvent;
  options.listener_user = &seen;
  Handles h;
  C_OK(vecdb_open_in_memory(&options, &h.db, &error));
  C_OK(vecdb_schema_new(&h.schema, &error));
  DescribeAll(h.schema);
  C_OK(vecdb_create_collection(h.db, Text("all"), h.schema, nullptr, &h.collection, &error));
  C_OK(vecdb_batch_new(h.collection, &h.batch, &error));
  Insert(h, {1, 2});
  CHECK(seen.events.empty());
  C_OK(vecdb_collection_flush(h.collection, &error));
  CHECK(seen.events == std::vector<std::string>{"1 all 2", "2 all 2"});
}

TEST_CASE("the life of a row is told through C") {
  const TempDirectory directory;
  const std::string path = directory.path().string();
  Handles h;
  const vecdb_options options = QuietC();
  C_OK(vecdb_open(Text(path), &options, &h.db, &error));
  C_OK(vecdb_schema_new(&h.schema, &error));
  DescribeAll(h.schema);
  C_OK(vecdb_create_collection(h.db, Text("all"), h.schema, nullptr, &h.collection, &error));
  C_OK(vecdb_batch_new(h.collection, &h.batch, &error));
  Insert(h, {1, 2});
  const vecdb_key key = vecdb_key_int64(2);
  C_OK(vecdb_delete(h.collection, &key, 1, nullptr, nullptr, &error));
  C_OK(vecdb_close(h.db, &error));
  h.db = nullptr;

  std::vector<std::uint64_t> seen;
  const auto see = [](void* user, const vecdb_key_trace* trace) {
    REQUIRE(trace->struct_size == sizeof *trace);
    REQUIRE(trace->write_count == 2);
    REQUIRE(trace->row_count == 1);
    CHECK(trace->writes[0].type == VECDB_LOGGED_INSERT);
    CHECK(trace->writes[1].type == VECDB_LOGGED_DELETE);
    CHECK(trace->rows[0].state == VECDB_SEGMENT_GROWING);
    CHECK(StringOf(trace->rows[0].partition) == "_default");
    CHECK(trace->rows[0].row == 1);
    CHECK(trace->rows[0].written == trace->writes[0].timestamp);
    CHECK(trace->present == 0);
    static_cast<std::vector<std::uint64_t>*>(user)->push_back(trace->rows[0].deleted);
    CHECK(trace->rows[0].deleted == trace->writes[1].timestamp);
  };
  C_OK(vecdb_trace(Text(path), Text("all"), &key, see, &seen, &error));
  CHECK(seen.size() == 1);
  C_REFUSED(vecdb_trace(Text(path), Text("none"), &key, see, &seen, &error), VECDB_NOT_FOUND,
            "none");
  CHECK(seen.size() == 1);
}
