// What the translation units of src/simd define for each other. Each table exists only where its
// instruction set can be compiled, and may only be used where the CPU has it.
#ifndef VECDB_SIMD_KERNEL_TABLES_H_
#define VECDB_SIMD_KERNEL_TABLES_H_

#include "simd/kernels.h"

namespace vecdb::simd {

const KernelTable& ScalarKernels();
#if defined(VECDB_DISPATCH_X86)
const KernelTable& Sse2Kernels();
const KernelTable& Avx2Kernels();
const KernelTable& Avx512Kernels();
const KernelTable& IclKernels();
#endif
#if defined(__aarch64__)
const KernelTable& NeonKernels();
#endif

// EncodeKernel for every CPU.
bool EncodePlain(const float* numbers, const float* offsets, float scale, std::size_t n,
                 std::int8_t* out);

// Eight tables, eight bytes a step; for every CPU.
std::uint32_t Crc32cTable(std::uint32_t crc, const void* data, std::size_t n);
#if defined(VECDB_DISPATCH_X86)
// The crc32 instruction on three streams, joined by a carry-less multiplication.
std::uint32_t Crc32cSse42(std::uint32_t crc, const void* data, std::size_t n);
#endif

}  // namespace vecdb::simd

#endif  // VECDB_SIMD_KERNEL_TABLES_H_
