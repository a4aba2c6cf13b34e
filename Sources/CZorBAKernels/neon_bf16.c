// The kernels for 64-bit Arm with bfloat16 dot products.
#include "tables.h"

#if defined(__aarch64__)
#include "spec.h"

#include <arm_neon.h>
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define LANES 4
#define ROWS 6
#define COLUMN_VECTORS 4
#define BFLOAT16_PAIRS BFLOAT16_NEON

#pragma clang attribute push(__attribute__((target("bf16"))), apply_to = function)
#include "vector/all.h"
#pragma clang attribute pop

const zk_kernels zk_neon_bf16_kernels = KERNEL_TABLE(ZK_NEON_BF16);
#endif
