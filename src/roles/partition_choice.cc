#include "roles/partition_choice.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/status.h"

namespace vecdb::roles {
namespace {

std::vector<PartitionId> SortedOnce(std::vector<PartitionId> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

PartitionChoice ByValues(const PartitionKey& key, const query::Filter* filter) {
  if (filter == nullptr) return std::nullopt;
  const auto values = filter->ValuesOf(key.field);
  if (!values) return std::nullopt;
  std::vector<PartitionId> ids;
  for (const Key& value : *values) {
    ids.push_back(chunk::PartOf(chunk::ViewOf(value), key.partitions));
  }
  return SortedOnce(std::move(ids));
}

Result<PartitionId> IdOf(const LiveCollection& collection, const Partitions::List* known,
                         const std::string& name) {
  if (known == nullptr) {
    VECDB_TRY_ASSIGN(const auto partition, collection.NamedPartition(name));
    return partition->id;
  }
  VECDB_TRY(collection.CheckNoPartitionKey());
  for (const auto& partition : *known) {
    if (partition->name == name) return partition->id;
  }
  return collection.NoPartitionNamed(name);
}

}  // namespace

Result<PartitionChoice> ChoosePartitions(const LiveCollection& collection,
                                         const Partitions::List* known,
                                         const std::vector<std::string>& names,
                                         const query::Filter* filter) {
  if (names.empty() && collection.partition_key) return ByValues(*collection.partition_key, filter);
  if (names.empty()) return PartitionChoice();
  std::vector<PartitionId> ids;
  for (const std::string& name : names) {
    VECDB_TRY_ASSIGN(const PartitionId id, IdOf(collection, known, name));
    ids.push_back(id);
  }
  return PartitionChoice(SortedOnce(std::move(ids)));
}

std::shared_ptr<const segment::View> Chosen(const LiveCollection& collection,
                                            std::shared_ptr<const segment::View> view,
                                            const PartitionChoice& choice,
                                            const query::Filter* filter) {
  const std::size_t all = view->segments().size();
  if (choice) view = view->InPartitions(*choice);
  if (collection.clustering_key && filter != nullptr) {
    const auto wanted = [filter](const catalog::KeyRange& range) { return filter->MayPass(range); };
    if (auto pruned = view->Pruned(std::cref(wanted))) view = std::move(pruned);
  }
  const std::size_t left_out = all - view->segments().size();
  if (left_out != 0) collection.pruned_segments += left_out;
  return view;
}

}  // namespace vecdb::roles
