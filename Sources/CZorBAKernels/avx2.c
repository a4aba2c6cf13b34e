// The kernels for x86-64 with AVX2, FMA and F16C.
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

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi2"))), apply_to = function)
#include "vector/all.h"
#pragma clang attribute pop

const zk_kernels zk_avx2_kernels = KERNEL_TABLE(ZK_AVX2);
#endif
