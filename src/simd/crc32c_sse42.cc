#if defined(VECDB_DISPATCH_X86)

#include <cstring>

#include <immintrin.h>

#include "simd/kernel_tables.h"

namespace vecdb::simd {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // Castagnoli, reflected

// The instruction takes 8 bytes a cycle but answers after three: three streams keep it busy. A
// long round covers 4032 bytes, so that one page is one long round and little else.
constexpr std::size_t kLongStream = 1344;
constexpr std::size_t kShortStream = 128;

// x^n modulo the polynomial, reflected.
constexpr std::uint32_t PowerOfX(std::size_t n) {
  std::uint32_t power = 0x80000000;
  for (; n > 0; --n) power = (power >> 1) ^ ((power & 1) != 0 ? kPolynomial : 0);
  return power;
}

// The factor that appends `size` zero bytes: the product of two reflected polynomials is shifted by
// one bit, and the crc instruction that reduces it multiplies by x^32.
constexpr std::uint32_t ZerosFactor(std::size_t size) {
  return PowerOfX(8 * size - 33);
}

std::uint64_t Load64(const unsigned char* p) {
  std::uint64_t word = 0;
  std::memcpy(&word, p, sizeof word);
  return word;
}

__m128i Product(std::uint64_t crc, std::uint32_t factor) {
  return _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<long long>(crc)),
                              _mm_cvtsi32_si128(static_cast<int>(factor)), 0);
}

// Takes 3 * kStream bytes.
template <std::size_t kStream>
std::uint64_t Round(std::uint64_t first, const unsigned char* p) {
  constexpr std::uint32_t kOne = ZerosFactor(kStream);
  constexpr std::uint32_t kTwo = ZerosFactor(2 * kStream);
  std::uint64_t second = 0;
  std::uint64_t third = 0;
  for (std::size_t i = 0; i < kStream; i += 64) {
    const char* next = reinterpret_cast<const char*>(p) + i + 3 * kStream;
    _mm_prefetch(next, _MM_HINT_T0);
    _mm_prefetch(next + kStream, _MM_HINT_T0);
    _mm_prefetch(next + 2 * kStream, _MM_HINT_T0);
    for (std::size_t j = i; j < i + 64; j += 8) {
      first = _mm_crc32_u64(first, Load64(p + j));
      second = _mm_crc32_u64(second, Load64(p + kStream + j));
      third = _mm_crc32_u64(third, Load64(p + 2 * kStream + j));
    }
  }
  const __m128i joined = _mm_xor_si128(Product(first, kTwo), Product(second, kOne));
  return third ^ _mm_crc32_u64(0, static_cast<std::uint64_t>(_mm_cvtsi128_si64(joined)));
}

}  // namespace

std::uint32_t Crc32cSse42(std::uint32_t crc, const void* data, std::size_t n) {
  const unsigned char* p = static_cast<const unsigned char*>(data);
  std::uint64_t state = ~crc;
  for (; n >= 3 * kLongStream; n -= 3 * kLongStream, p += 3 * kLongStream) {
    state = Round<kLongStream>(state, p);
  }
  for (; n >= 3 * kShortStream; n -= 3 * kShortStream, p += 3 * kShortStream) {
    state = Round<kShortStream>(state, p);
  }
  for (; n >= 8; n -= 8, p += 8) state = _mm_crc32_u64(state, Load64(p));
  std::uint32_t rest = static_cast<std::uint32_t>(state);
  for (; n > 0; --n, ++p) rest = _mm_crc32_u8(rest, *p);
  return ~rest;
}

}  // namespace vecdb::simd

#endif  // VECDB_DISPATCH_X86
