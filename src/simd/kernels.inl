// All kernels of one instruction set that xsimd knows, and their table. Before it come the class
// `Isa` (see floats.inl and words.inl) with kName, kLevel and kCrc32c, Int8Lanes (see int8.inl),
// BitLanes (see bytes.inl) and Int4Lanes (see nibbles.inl).
#ifndef VECDB_SIMD_KERNELS_INL_
#define VECDB_SIMD_KERNELS_INL_

#include "simd/bytes.inl"
#include "simd/nibbles.inl"
#include "simd/words.inl"
#ifndef VECDB_EDGE
#include "simd/encode.inl"
#include "simd/products.inl"
#endif

namespace vecdb::simd {
namespace {

// A small build has tiles alone, and one way to encode.
#ifdef VECDB_EDGE
constexpr ProductKernels kProductKernels = {0, nullptr};
constexpr EncodeKernel kEncode = EncodePlain;
#else
constexpr ProductKernels kProductKernels = {kPanel, Reach};
constexpr EncodeKernel kEncode = Encode;
#endif

constexpr KernelTable kKernels = {
    Isa::kLevel,
    Isa::kName,
    {Vectors<FloatElement>::kKernels, AllFinite<I32, 0x7F800000>},
    {Vectors<F16Element>::kKernels, AllFinite<I16, std::int16_t{0x7C00}>, Widen<F16Element>,
     Narrow<Isa::StoreF16>},
    {Vectors<Bf16Element>::kKernels, AllFinite<I16, std::int16_t{0x7F80}>, Widen<Bf16Element>,
     Narrow<StoreBf16>},
    kInt8Kernels,
    kInt4Kernels,
    kBitKernels,
    {ForWords<And>, ForWords<Or>, ForWords<AndNot>, PopcountWords},
    {Within<std::int8_t>, Within<std::int16_t>, Within<std::int32_t>, Within<std::int64_t>},
    kProductKernels,
    kEncode,
    Isa::kCrc32c};

}  // namespace
}  // namespace vecdb::simd

#endif  // VECDB_SIMD_KERNELS_INL_
