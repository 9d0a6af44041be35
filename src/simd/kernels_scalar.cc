// The reference: sums in double, rounded once. Other levels are tested against the same bound.
#include <cstring>

#include "simd/kernel_tables.h"

namespace vecdb::simd {
namespace {

double L2(const float* query, const float* row, std::size_t dimension) {
  double sum = 0;
  for (std::size_t i = 0; i < dimension; ++i) {
    const double difference = static_cast<double>(query[i]) - static_cast<double>(row[i]);
    sum += difference * difference;
  }
  return sum;
}

double Ip(const float* query, const float* row, std::size_t dimension) {
  double sum = 0;
  for (std::size_t i = 0; i < dimension; ++i) {
    sum += static_cast<double>(query[i]) * static_cast<double>(row[i]);
  }
  return sum;
}

void L2Many(const float* query, const float* base, std::size_t dimension, std::size_t n,
            float* out) {
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = static_cast<float>(L2(query, base + i * dimension, dimension));
  }
}

void IpMany(const float* query, const float* base, std::size_t dimension, std::size_t n,
            float* out) {
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = static_cast<float>(Ip(query, base + i * dimension, dimension));
  }
}

void IpNormMany(const float* query, const float* base, std::size_t dimension, std::size_t n,
                float* ip, float* norm2) {
  for (std::size_t i = 0; i < n; ++i) {
    const float* row = base + i * dimension;
    ip[i] = static_cast<float>(Ip(query, row, dimension));
    norm2[i] = static_cast<float>(Ip(row, row, dimension));
  }
}

void L2Ids(const float* query, const float* base, std::size_t dimension, const std::uint32_t* ids,
           std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) {
    L2Many(query, base + ids[i] * dimension, dimension, 1, out + i);
  }
}

void IpIds(const float* query, const float* base, std::size_t dimension, const std::uint32_t* ids,
           std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) {
    IpMany(query, base + ids[i] * dimension, dimension, 1, out + i);
  }
}

// NOLINTNEXTLINE(readability-function-size): the parameters are the table's.
void IpNormIds(const float* query, const float* base, std::size_t dimension,
               const std::uint32_t* ids, std::size_t n, float* ip, float* norm2) {
  for (std::size_t i = 0; i < n; ++i) {
    IpNormMany(query, base + ids[i] * dimension, dimension, 1, ip + i, norm2 + i);
  }
}

float Norm2(const float* v, std::size_t dimension) {
  return static_cast<float>(Ip(v, v, dimension));
}

bool AllFinite(const float* v, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, v + i, sizeof bits);
    if ((bits & 0x7F800000) == 0x7F800000) return false;
  }
  return true;
}

void AndWords(std::uint64_t* a, const std::uint64_t* b, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) a[i] &= b[i];
}

void OrWords(std::uint64_t* a, const std::uint64_t* b, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) a[i] |= b[i];
}

void AndNotWords(std::uint64_t* a, const std::uint64_t* b, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) a[i] &= ~b[i];
}

std::uint64_t PopcountWords(const std::uint64_t* a, std::size_t n) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::uint64_t word = a[i]; word != 0; word &= word - 1) ++total;
  }
  return total;
}

constexpr KernelTable kKernels = {Level::kScalar, "scalar", L2Many,    IpMany,      IpNormMany,
                                  L2Ids,          IpIds,    IpNormIds, Norm2,       AllFinite,
                                  Crc32cTable,    AndWords, OrWords,   AndNotWords, PopcountWords};

}  // namespace

const KernelTable& ScalarKernels() {
  return kKernels;
}

}  // namespace vecdb::simd
