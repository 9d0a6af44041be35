// What the two levels of 512-bit registers share for rows of bytes: see bytes.inl.
#ifndef VECDB_SIMD_LANES512_INL_
#define VECDB_SIMD_LANES512_INL_

#include "simd/rows.inl"

namespace vecdb::simd {
namespace {

struct Lanes512 {
  static constexpr bool kPacks = false;
  using Sums = __m512i;

  VECDB_ALWAYS_INLINE static Sums Zero() { return _mm512_setzero_si512(); }

  VECDB_ALWAYS_INLINE static void Sum4(Sums a, Sums b, Sums c, Sums d, std::int32_t* out) {
    const __m512i ab = Halves(a, b);
    const __m512i cd = Halves(c, d);
    const __m512i quarters =
        _mm512_add_epi32(_mm512_shuffle_i32x4(ab, cd, 0x88), _mm512_shuffle_i32x4(ab, cd, 0xDD));
    const __m512i pairs = _mm512_add_epi32(quarters, _mm512_shuffle_epi32(quarters, _MM_PERM_CDAB));
    const __m512i sums = _mm512_add_epi32(pairs, _mm512_shuffle_epi32(pairs, _MM_PERM_BADC));
    const __m512i first = _mm512_castsi128_si512(_mm_setr_epi32(0, 4, 8, 12));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                     _mm512_castsi512_si128(_mm512_permutexvar_epi32(first, sums)));
  }

 private:
  // The halves of a added, then the halves of b.
  VECDB_ALWAYS_INLINE static __m512i Halves(__m512i a, __m512i b) {
    return _mm512_add_epi32(_mm512_shuffle_i32x4(a, b, 0x44), _mm512_shuffle_i32x4(a, b, 0xEE));
  }
};

struct Bytes512 : Lanes512 {
  using V = __m512i;
  static constexpr std::size_t kBytes = 64;

  VECDB_ALWAYS_INLINE static V Load(const void* p) { return _mm512_loadu_si512(p); }
  VECDB_ALWAYS_INLINE static V LoadTail(const void* p, std::size_t n) {
    return _mm512_maskz_loadu_epi8((std::uint64_t{1} << n) - 1, p);
  }
  VECDB_ALWAYS_INLINE static V And(V a, V b) { return _mm512_and_si512(a, b); }
  VECDB_ALWAYS_INLINE static V Or(V a, V b) { return _mm512_or_si512(a, b); }
  VECDB_ALWAYS_INLINE static V Xor(V a, V b) { return _mm512_xor_si512(a, b); }
};

// For nibbles.inl.
template <class Lanes>
struct Nibbles512 : Lanes {
  using V = __m512i;
  VECDB_ALWAYS_INLINE static V Every(int byte) { return _mm512_set1_epi8(static_cast<char>(byte)); }
  VECDB_ALWAYS_INLINE static V Down4(V v) { return _mm512_srli_epi16(v, 4); }
  VECDB_ALWAYS_INLINE static V Up3(V v) { return _mm512_slli_epi16(v, 3); }
};

}  // namespace
}  // namespace vecdb::simd

#endif  // VECDB_SIMD_LANES512_INL_
