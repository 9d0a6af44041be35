// hnswlib behind an interface without its types. Its code is compiled for this machine and in a
// namespace of its own: templates of the same name from another copy in the process would otherwise
// be exchanged for each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace vecdb::bench {

class HnswlibPeer {
 public:
  virtual ~HnswlibPeer() = default;

  // Null where the benchmarks were built without hnswlib. The rows are lent.
  static std::unique_ptr<HnswlibPeer> Make(const float* rows, std::size_t n, std::size_t dimension,
                                           std::size_t m, std::size_t ef_construction);

  virtual void Build(std::size_t threads) = 0;
  virtual void Save(const std::string& path) = 0;
  virtual void Load(const std::string& path) = 0;
  virtual void SetEf(std::size_t ef) = 0;
  virtual void Search(const float* query, std::size_t k, std::vector<std::uint32_t>* ids) = 0;
  // Among the rows whose bits are set; false with a version that knows no filter.
  virtual bool SearchAllowed(const float* query, std::size_t k, const std::uint64_t* allowed,
                             std::vector<std::uint32_t>* ids) = 0;
  // Among the rows whose value is below the bound, looked up row by row; false as above.
  virtual bool SearchBelow(const float* query, std::size_t k, const std::int64_t* values,
                           std::int64_t bound, std::vector<std::uint32_t>* ids) = 0;
};

}  // namespace vecdb::bench
