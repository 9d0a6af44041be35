#include "roles/read_memory.h"

#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace vecdb::roles {
namespace {

std::uint64_t HeapOf(const std::string& text) {
  return text.size();
}

std::uint64_t HeapOf(const SparseVector& vector) {
  return vector.indices.size() * sizeof(vector.indices[0]) +
         vector.values.size() * sizeof(vector.values[0]);
}

template <typename T>
std::uint64_t HeapOf(const std::vector<T>& values) {
  if constexpr (std::is_same_v<T, std::string>) {
    std::uint64_t bytes = 0;
    for (const std::string& text : values) bytes += sizeof(text) + HeapOf(text);
    return bytes;
  } else {
    return values.size() * sizeof(T);
  }
}

template <typename T>
std::uint64_t HeapOf(const T&) {
  return 0;
}

}  // namespace

std::uint64_t MemoryOf(const Row& row) {
  std::uint64_t bytes = sizeof(row);
  for (const std::string& name : row.names) bytes += sizeof(name) + HeapOf(name);
  for (const Value& value : row.values) {
    bytes += sizeof(value) + std::visit([](const auto& held) { return HeapOf(held); }, value);
  }
  return bytes;
}

Status ReadMemory::Charge() {
  const std::uint64_t wanted = bytes_ + kSmallMemory;
  if (held_.bytes() == 0) {
    VECDB_TRY_ASSIGN(held_, budget_.Reserve(base::MemoryAccount::kReads, wanted));
  } else {
    VECDB_TRY(held_.GrowTo(wanted));
  }
  room_ = wanted;
  return Status();
}

}  // namespace vecdb::roles
