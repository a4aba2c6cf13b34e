// The kernels for x86-64 with AVX-512 F, BW, VL, DQ and BF16.
#include "tables.h"

#if defined(__x86_64__)
#include "spec.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define LANES 16
#define ROWS 14
#define COLUMN_VECTORS 2
#define BFLOAT16_PAIRS BFLOAT16_AVX512

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma,f16c,bmi2"))), \
    apply_to = function)
#include "vector/all.h"
#pragma clang attribute pop

const zk_kernels zk_avx512_bf16_kernels = KERNEL_TABLE(ZK_AVX512_BF16);
#endif
