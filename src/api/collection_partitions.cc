#include "api/handle.h"

namespace vecdb {

Status Collection::CreatePartition(std::string_view name) {
  return api::Inside(*handle_->engine, true, [&] {
    return handle_->engine->parts().coordinator->CreatePartition(*handle_->live, name);
  });
}

Status Collection::DropPartition(std::string_view name) {
  return api::Inside(*handle_->engine, true, [&] {
    return handle_->engine->parts().coordinator->DropPartition(*handle_->live, name);
  });
}

Result<bool> Collection::HasPartition(std::string_view name) const {
  return api::Inside(*handle_->engine, false, [&]() -> Result<bool> {
    VECDB_TRY(handle_->live->CheckAlive());
    return handle_->live->partitions.Find(name) != nullptr;
  });
}

Result<std::vector<std::string>> Collection::ListPartitions() const {
  return api::Inside(*handle_->engine, false, [&]() -> Result<std::vector<std::string>> {
    VECDB_TRY(handle_->live->CheckAlive());
    std::vector<std::string> names;
    for (const auto& partition : handle_->live->partitions.All()) names.push_back(partition->name);
    return names;
  });
}

}  // namespace vecdb
