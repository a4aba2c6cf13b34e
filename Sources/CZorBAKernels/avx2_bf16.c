// AVX2 with the pair arithmetic of newer processors emulated: slower than avx2.c, and there so that
// what those compute can be tested and judged without one.
#include "tables.h"

#if defined(__x86_64__)
#include "spec.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define LANES 8
#define ROWS 6
#define COLUMN_VECTORS 2
#define BFLOAT16_PAIRS BFLOAT16_EMULATED

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi2"))), apply_to = function)
#include "vector/all.h"
#pragma clang attribute pop

const zk_kernels zk_avx2_bf16_kernels = KERNEL_TABLE(ZK_AVX2_BF16);
#endif
