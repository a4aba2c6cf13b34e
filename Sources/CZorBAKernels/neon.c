// The kernels for 64-bit Arm.
#include "tables.h"

#if defined(__aarch64__)
#include "spec.h"

#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define LANES 4
#define ROWS 6
#define COLUMN_VECTORS 4

#include "vector/all.h"

const zk_kernels zk_neon_kernels = KERNEL_TABLE(ZK_NEON);
#endif
