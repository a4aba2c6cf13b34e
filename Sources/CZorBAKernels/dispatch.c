// Which table this processor runs.
#include "tables.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

#if defined(__x86_64__)
static int has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("f16c") && __builtin_cpu_supports("bmi2");
}

static int has_avx512(void) {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

static int has_avx512_bf16(void) { return has_avx512() && __builtin_cpu_supports("avx512bf16"); }
#elif defined(__aarch64__)
static int has_neon_bf16(void) {
#if defined(__linux__)
  return (getauxval(AT_HWCAP2) & 1ul << 14) != 0;  // HWCAP2_BF16
#else
  return 0;
#endif
}
#endif

const zk_kernels *zk_kernels_for(zk_isa isa) {
  switch (isa) {
    case ZK_SCALAR: return &zk_scalar_kernels;
#if defined(__x86_64__)
    case ZK_AVX2: return has_avx2() ? &zk_avx2_kernels : NULL;
    case ZK_AVX2_BF16: return has_avx2() ? &zk_avx2_bf16_kernels : NULL;
    case ZK_AVX512: return has_avx512() ? &zk_avx512_kernels : NULL;
    case ZK_AVX512_BF16: return has_avx512_bf16() ? &zk_avx512_bf16_kernels : NULL;
#elif defined(__aarch64__)
    case ZK_NEON: return &zk_neon_kernels;
    case ZK_NEON_BF16: return has_neon_bf16() ? &zk_neon_bf16_kernels : NULL;
#endif
    default: return NULL;
  }
}

const zk_kernels *zk_kernels_best(void) {
  static const zk_isa fastest_first[] = {ZK_AVX512_BF16, ZK_AVX512, ZK_AVX2, ZK_NEON_BF16,
                                          ZK_NEON};
  for (size_t i = 0; i < sizeof fastest_first / sizeof *fastest_first; i++) {
    const zk_kernels *kernels = zk_kernels_for(fastest_first[i]);
    if (kernels) return kernels;
  }
  return &zk_scalar_kernels;
}
