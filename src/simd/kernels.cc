#include "simd/kernels.h"

#include <cstdlib>
#include <cstring>

#include "simd/kernel_tables.h"

#if defined(VECDB_DISPATCH_X86)
#include <cpuid.h>
#endif

namespace vecdb::simd {
namespace {

#if defined(VECDB_DISPATCH_X86)

// __builtin_cpu_supports also asks the operating system whether it keeps the wide registers. F16C
// is unknown to some compilers' builtin; it needs no register state beyond AVX.
bool HasF16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}

bool HasAvx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && HasF16c() &&
         __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("sse4.2") &&
         __builtin_cpu_supports("pclmul");
}

#if !defined(VECDB_NO_AVX512)
bool HasAvx512() {
  return HasAvx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw");
}

bool HasIcl() {
  return HasAvx512() && __builtin_cpu_supports("avx512vnni") &&
         __builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("avx512bitalg");
}
#endif

Level Detect() {
  __builtin_cpu_init();
#if !defined(VECDB_NO_AVX512)
  if (HasIcl()) return Level::kIcl;
  if (HasAvx512()) return Level::kAvx512;
#endif
  if (HasAvx2()) return Level::kAvx2;
  return Level::kSse2;
}

#elif defined(__aarch64__)

Level Detect() {
  return Level::kNeon;
}

#else

Level Detect() {
  return Level::kScalar;
}

#endif

const char* EnvironmentCap() {
#if defined(__GLIBC__)
  return ::secure_getenv("VECDB_SIMD");
#else
  return std::getenv("VECDB_SIMD");
#endif
}

// The level a cap asks for; `best` when it asks for none.
Level Capped(Level best, const char* cap) {
  struct Name {
    const char* name;
    Level level;
  };
  constexpr Name kNames[] = {{"scalar", Level::kScalar},
                             {"sse2", Level::kSse2},
                             {"avx2", Level::kAvx2},
                             {"avx512", Level::kAvx512},
                             {"icl", Level::kIcl}};
  if (cap == nullptr) return best;
  for (const Name& known : kNames) {
    if (std::strcmp(cap, known.name) == 0 && known.level < best) {
      return KernelsAt(known.level) != nullptr ? known.level : best;
    }
  }
  return best;
}

}  // namespace

Level DetectedLevel() {
  static const Level level = Detect();
  return level;
}

const KernelTable* KernelsAt(Level level) {
  const Level best = DetectedLevel();
  switch (level) {
    case Level::kScalar:
      return &ScalarKernels();
#if defined(VECDB_DISPATCH_X86)
    case Level::kSse2:
      return &Sse2Kernels();
    case Level::kAvx2:
      return best >= Level::kAvx2 ? &Avx2Kernels() : nullptr;
#if !defined(VECDB_NO_AVX512)
    case Level::kAvx512:
      return best >= Level::kAvx512 ? &Avx512Kernels() : nullptr;
    case Level::kIcl:
      return best >= Level::kIcl ? &IclKernels() : nullptr;
#else
    case Level::kAvx512:
    case Level::kIcl:
#endif
    case Level::kNeon:
      return nullptr;
#else
    case Level::kSse2:
    case Level::kAvx2:
    case Level::kAvx512:
    case Level::kIcl:
      return nullptr;
    case Level::kNeon:
#if defined(__aarch64__)
      return best == Level::kNeon ? &NeonKernels() : nullptr;
#else
      return nullptr;
#endif
#endif
  }
  (void)best;
  return nullptr;
}

const KernelTable& Kernels() {
  static const KernelTable& table = *KernelsAt(Capped(DetectedLevel(), EnvironmentCap()));
  return table;
}

}  // namespace vecdb::simd
