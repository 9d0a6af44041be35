#include "api/snapshot.h"

namespace vecdb {
namespace {

Status MovedFrom(std::string_view type) {
  return api::Guarded([type] {
    return base::FailedPrecondition("this {} was moved from and iterates over nothing", type);
  });
}

}  // namespace

Snapshot::Snapshot(std::shared_ptr<const Handle> handle) : handle_(std::move(handle)) {
}

Timestamp Snapshot::timestamp() const {
  return handle_->moment.time.at;
}

Result<Hits> Snapshot::Search(const SearchRequest& request) const {
  return api::Inside(*handle_->engine, false, [&] {
    return handle_->engine->parts().proxy->Search(*handle_->live, request, &handle_->moment);
  });
}

Result<std::vector<Hits>> Snapshot::SearchMany(const SearchRequest& request,
                                               std::span<const QueryVector> queries) const {
  return api::Inside(*handle_->engine, false, [&] {
    return handle_->engine->parts().proxy->SearchMany(*handle_->live, request, queries,
                                                      &handle_->moment);
  });
}

Result<std::vector<Row>> Snapshot::Query(const QueryRequest& request) const {
  return api::Inside(*handle_->engine, false, [&] {
    return handle_->engine->parts().proxy->Query(*handle_->live, request, &handle_->moment);
  });
}

Result<GetResult> Snapshot::Get(std::span<const Key> keys,
                                std::span<const std::string> output_fields,
                                const ReadOptions& options) const {
  return api::Inside(*handle_->engine, false, [&] {
    return handle_->engine->parts().proxy->Get(*handle_->live, keys, output_fields, options,
                                               &handle_->moment);
  });
}

Result<std::uint64_t> Snapshot::Count(std::string_view filter, const ReadOptions& options) const {
  return api::Inside(*handle_->engine, false, [&] {
    return handle_->engine->parts().proxy->Count(*handle_->live, filter, options, &handle_->moment);
  });
}

Result<RowIterator> Snapshot::Iterate(const IterateRequest& request) const {
  return api::Inside(*handle_->engine, false, [&]() -> Result<RowIterator> {
    VECDB_TRY_ASSIGN(auto walk, handle_->engine->parts().proxy->StartWalk(*handle_->live, request,
                                                                          &handle_->moment));
    return api::SnapshotAccess::Make(handle_->engine, handle_->live, std::move(walk));
  });
}

Result<SearchIterator> Snapshot::IterateSearch(const IterateSearchRequest& request) const {
  return api::Inside(*handle_->engine, false, [&]() -> Result<SearchIterator> {
    VECDB_TRY_ASSIGN(auto walk, handle_->engine->parts().proxy->StartSearch(*handle_->live, request,
                                                                            &handle_->moment));
    return api::SnapshotAccess::Make(handle_->engine, handle_->live, std::move(walk));
  });
}

RowIterator::RowIterator(std::unique_ptr<Body> body) : body_(std::move(body)) {
}
RowIterator::RowIterator(RowIterator&&) noexcept = default;
RowIterator& RowIterator::operator=(RowIterator&&) noexcept = default;
RowIterator::~RowIterator() = default;

Result<std::vector<Row>> RowIterator::Next() {
  if (body_ == nullptr) return MovedFrom("RowIterator");
  return api::Inside(*body_->engine, false, [&] {
    return body_->engine->parts().proxy->NextRows(body_->live->record.schema, &body_->walk);
  });
}

SearchIterator::SearchIterator(std::unique_ptr<Body> body) : body_(std::move(body)) {
}
SearchIterator::SearchIterator(SearchIterator&&) noexcept = default;
SearchIterator& SearchIterator::operator=(SearchIterator&&) noexcept = default;
SearchIterator::~SearchIterator() = default;

Result<Hits> SearchIterator::Next() {
  if (body_ == nullptr) return MovedFrom("SearchIterator");
  return api::Inside(*body_->engine, false, [&] {
    return body_->engine->parts().proxy->NextHits(body_->live->record.schema, &body_->walk);
  });
}

}  // namespace vecdb
