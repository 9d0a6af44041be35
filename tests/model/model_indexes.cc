// Indexes come, go and are replaced; no answer changes. Searches look at all that a graph reaches,
// so that what they find is exact.
#include "base/format.h"
#include "model_run.h"
#include "support/vector_oracle.h"

namespace vecdb::test {
namespace {

using base::Format;

bool MayBeIndexed(const Field& field) {
  return field.type == DataType::kFloatVector || field.type == DataType::kFloat16Vector ||
         field.type == DataType::kBFloat16Vector || field.type == DataType::kInt8Vector;
}

IndexSpec SpecNumber(std::uint64_t number) {
  constexpr HnswSqIndex kSmall{.m = 4, .ef_construction = 16};
  switch (number % 8) {
    case 0:
      return AutoIndex{};
    case 1:
      return FlatIndex{};
    case 2:
      return HnswIndex{.m = 3, .ef_construction = 12};
    case 3:
      return HnswSqIndex{.m = 4, .ef_construction = 16, .codec = Codec::kFp16};
    case 4:
      return HnswSqIndex{.m = 2, .ef_construction = 8, .codec = Codec::kBf16};
    case 5:
      return FlatIndex{.codec = Codec::kSq8};
    case 6:
      return HnswSqIndex{.m = 4, .ef_construction = 16, .codec = Codec::kSq4U};
    default:
      return kSmall;
  }
}

}  // namespace

SearchEffort ModelRun::PickEffort() {
  return random_.Chance(30) ? SearchEffort{.recall = 1} : kExhaustive;
}

std::string ModelRun::Index() {
  const Field& field = schema_.fields()[kFirstVector + random_.Below(2)];
  Collection collection = Open();
  const IndexSpec spec = SpecNumber(random_.Next());
  auto& indexes = modelled_->indexes;
  if (!MayBeIndexed(field)) {
    const Status refused = collection.CreateIndex(field.name, spec);
    return refused.code() == StatusCode::kUnimplemented ? "" : "an index of " + field.name;
  }
  const auto known = indexes.find(field.name);
  if (random_.Chance(15)) {
    Note(Format("drop the index of {}.{}", name_, field.name));
    const Status dropped = collection.DropIndex(field.name);
    if (dropped.ok() != (known != indexes.end())) return "drop index: " + dropped.ToString();
    indexes.erase(field.name);
  } else if (random_.Chance(50)) {
    Note(Format("create the index {} of {}.{}", ToString(spec), name_, field.name));
    const Status created = collection.CreateIndex(field.name, spec);
    const bool other = known != indexes.end() && !(known->second == spec);
    if (created.code() != (other ? StatusCode::kAlreadyExists : StatusCode::kOk)) {
      return "create index: " + created.ToString();
    }
    if (!other) indexes.insert_or_assign(field.name, spec);
  } else {
    Note(Format("replace the index of {}.{} by {}", name_, field.name, ToString(spec)));
    const Status replaced = collection.ReplaceIndex(field.name, spec);
    if (!replaced.ok()) return "replace index: " + replaced.ToString();
    indexes.insert_or_assign(field.name, spec);
  }
  if (random_.Chance(60)) {
    if (const Status waited = collection.WaitForIndexes(); !waited.ok()) return waited.ToString();
    for (const IndexInfo& info : *collection.ListIndexes()) {
      if (info.pending_rows != 0) return "rows wait for an index behind WaitForIndexes()";
    }
  }
  return CheckIndexes(collection, *modelled_);
}

std::string ModelRun::CheckIndexes(const Collection& collection, const Modelled& modelled) {
  const auto listed = collection.ListIndexes();
  if (!listed.ok()) return "list indexes: " + listed.status().ToString();
  if (listed->size() != modelled.indexes.size()) {
    return Format("{} indexes are listed instead of {}", listed->size(), modelled.indexes.size());
  }
  for (const IndexInfo& info : *listed) {
    const auto known = modelled.indexes.find(info.field);
    if (known == modelled.indexes.end() || !(known->second == info.spec)) {
      return Format("'{}' has the index {}", info.field, ToString(info.spec));
    }
    if (!info.failure.ok()) return "an index failed: " + info.failure.ToString();
  }
  return {};
}

}  // namespace vecdb::test
