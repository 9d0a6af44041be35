#include "chunk/half.h"

#include "simd/kernels.h"

namespace vecdb::chunk {
namespace {

const simd::HalfKernels& KernelsOf(DataType type) {
  const simd::KernelTable& kernels = simd::Kernels();
  return type == DataType::kFloat16Vector ? kernels.f16 : kernels.bf16;
}

}  // namespace

void ToHalf(DataType type, std::span<const float> from, std::uint16_t* to) {
  KernelsOf(type).from_f32(from.data(), from.size(), to);
}

void FromHalf(DataType type, std::span<const std::uint16_t> from, float* to) {
  KernelsOf(type).to_f32(from.data(), from.size(), to);
}

bool AllFinite(DataType type, std::span<const std::uint16_t> halves) {
  return KernelsOf(type).all_finite(halves.data(), halves.size());
}

float SquaredNorm(DataType type, std::span<const std::uint16_t> halves) {
  return KernelsOf(type).norm2(halves.data(), halves.size());
}

}  // namespace vecdb::chunk
