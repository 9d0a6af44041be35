// vecdb as a side of a comparison: one collection in a directory, loaded, indexed, searched through
// the public interface.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/support/curve.h"

namespace vecdb::bench {

struct Serving {
  std::optional<IndexSpec> index = AutoIndex{};  // empty: none is declared
  std::size_t segments = 1;                      // 0: the rows stay in memory
  std::uint32_t build_threads = 0;               // 0 = one a core
  std::string folder;                            // where the directory is made
  std::string keep = {};                         // a name in it that later runs find again
  // Int64 fields of each row.
  std::vector<std::pair<std::string, const std::vector<std::int64_t>*>> fields = {};
};

// A filter that means the same and was never said so before: what it leaves is found anew.
inline std::string SaidAnew(std::string filter) {
  static std::uint32_t number = 0;
  ++number;
  for (std::uint32_t bit = 0; bit < 24; ++bit) filter += (number >> bit & 1) != 0 ? '\t' : ' ';
  return filter;
}

class Served {
 public:
  Served(const Set& set, const Serving& serving) : set_(set), serving_(serving) {
    if (serving.keep.empty()) {
      folder_.emplace(serving.folder);
      path_ = folder_->path();
      Make();
      return;
    }
    const std::string kept = serving.folder + "/" + serving.keep;
    if (!std::filesystem::exists(kept)) {  // whole or not at all
      path_ = kept + ".new";
      std::filesystem::remove_all(path_);
      Make();
      Close();
      std::filesystem::rename(path_, kept);
    }
    path_ = kept;
    Open();
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  ~Served() { Close(); }

  void Open() {
    Options options{.durability = Durability::kFlushOnly};
    options.search_threads = 1;
    options.index_threads = serving_.build_threads;
    options.auto_compaction = false;
    options.write_buffer_bytes = std::size_t{2} << 30;
    db_.emplace(*Database::Open(path_, options));
    CollectionOptions shape;
    shape.check_keys = false;
    if (serving_.segments != 1) shape.segment_bytes = std::size_t{2} << 30;
    collection_.emplace(*db_->CreateCollection("c", MakeSchema(), shape));
  }

  void Close() {
    collection_.reset();
    if (db_) db_->Close().OrDie();
    db_.reset();
  }

  Collection& collection() { return *collection_; }
  const std::string& path() const { return path_; }
  IndexInfo Info() { return *collection_->DescribeIndex("v"); }
  double build_seconds() const { return build_seconds_; }
  double build_cpu_seconds() const { return build_cpu_seconds_; }

  // With no candidates given (0) the effort counts. `anew`: the filter is evaluated each time.
  Side AsSide(const std::string& name, const SearchEffort& effort = {},
              const std::string& filter = {}, bool anew = false) {
    SearchRequest request;
    request.limit = kK;
    request.effort = effort;
    request.filter = filter;
    return {name, [this, request, filter, anew](const float* query, std::size_t ef,
                                                std::vector<std::uint32_t>* ids) mutable {
              if (anew) request.filter = SaidAnew(filter);
              request.query = std::span(query, set_.base.dimension);
              request.effort.ef = static_cast<std::uint32_t>(ef);
              ids->clear();
              for (const Hit& hit : *collection_->Search(request)) {
                ids->push_back(static_cast<std::uint32_t>(std::get<std::int64_t>(hit.key)));
              }
            }};
  }

 private:
  Schema MakeSchema() const {
    SchemaBuilder builder;
    builder.PrimaryKey("id");
    for (const auto& [name, values] : serving_.fields) builder.Scalar(name, DataType::kInt64);
    return *builder.Vector("v", set_.base.dimension, Metric::kL2).Build();
  }

  void Make() {
    Open();
    Fill();
    if (serving_.segments > 0) collection_->Flush().OrDie();
    if (serving_.segments == 1) collection_->Compact().OrDie();
    if (serving_.index) Index();
  }

  // Segments are flushed one by one, so that they are of the same size.
  void Fill() {
    Batch batch(collection_->schema());
    const std::size_t rows = set_.base.rows;
    const std::size_t parts = std::max<std::size_t>(1, serving_.segments);
    const std::size_t share = (rows + parts - 1) / parts;
    std::size_t n = 0;
    for (std::size_t at = 0; at < rows; at += n) {
      n = std::min({std::size_t{1000}, share - at % share, rows - at});
      FillBatch(set_.base, at, n, static_cast<std::int64_t>(at), &batch);
      for (const auto& [name, values] : serving_.fields) {
        batch.AddColumn(name, std::span(*values).subspan(at, n)).OrDie();
      }
      collection_->Insert(batch).status().OrDie();
      if (parts > 1 && (at + n) % share == 0) collection_->Flush().OrDie();
    }
  }

  void Index() {
    const double cpu = CpuSeconds(CLOCK_PROCESS_CPUTIME_ID);
    build_seconds_ = Seconds([&] {
      collection_->CreateIndex("v", *serving_.index).OrDie();
      collection_->WaitForIndexes().OrDie();
    });
    build_cpu_seconds_ = CpuSeconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  }

  const Set& set_;
  Serving serving_;
  std::optional<Folder> folder_;
  std::string path_;
  std::optional<Database> db_;
  std::optional<Collection> collection_;
  double build_seconds_ = 0;
  double build_cpu_seconds_ = 0;
};

}  // namespace vecdb::bench
