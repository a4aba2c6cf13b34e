// The table of each instruction set this build can hold.
#ifndef ZORBA_TABLES_H
#define ZORBA_TABLES_H

#include "zorba_kernels.h"

extern const zk_kernels zk_scalar_kernels;
#if defined(__x86_64__)
extern const zk_kernels zk_avx2_kernels;
extern const zk_kernels zk_avx2_bf16_kernels;
extern const zk_kernels zk_avx512_kernels;
extern const zk_kernels zk_avx512_bf16_kernels;
#elif defined(__aarch64__)
extern const zk_kernels zk_neon_kernels;
extern const zk_kernels zk_neon_bf16_kernels;
#endif

#endif
