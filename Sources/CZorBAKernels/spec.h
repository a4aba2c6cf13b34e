// Constants of the replicated arithmetic, numerics spec 1. Changing any of them is a new spec.
#ifndef ZORBA_SPEC_H
#define ZORBA_SPEC_H

#include <stdint.h>

// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011).
#define ZK_PHILOX_ROUNDS 10
#define ZK_PHILOX_M0 UINT32_C(0xD2511F53)
#define ZK_PHILOX_M1 UINT32_C(0xCD9E8D57)
#define ZK_PHILOX_W0 UINT32_C(0x9E3779B9)
#define ZK_PHILOX_W1 UINT32_C(0xBB67AE85)

// The fourth counter word.
#define ZK_DOMAIN_PERTURBATION UINT32_C(0)
#define ZK_DOMAIN_ROUNDING UINT32_C(1)

// Words of a group: eight Philox blocks, the unit in which a row is numbered.
#define ZK_GROUP 32
// Elements an update stores at a time, and elements whose signs one group of words holds.
#define ZK_SPAN 1024

// popcount: z = binary32(512 * popcount(k >> 8) + 2 * (k & 255) - 6399) * 0x3A4F9628.
#define ZK_POPCOUNT_UNIT 0x1.9f2c50p-11f

// gaussian, -2 ln u with u = n * 2^-24 = 2^e (1 + f), 1 + f in [sqrt(1/2), sqrt(2)):
//   q = L(f), r = fma(f * f, fma(f, q, 1), e * LN4_LO), s = fma(e, LN4_HI, fma(-2, f, r))
// LN4_HI has 18 significant bits, so e * LN4_HI is exact.
#define ZK_SQRT_HALF_BITS INT32_C(0x3F3504F3)
#define ZK_LN4_HI -0x1.62e4p+0f
#define ZK_LN4_LO -0x1.7f7d1cp-19f
#define ZK_LOG_0 -0x1.55554ap-1f
#define ZK_LOG_1 0x1.000220p-1f
#define ZK_LOG_2 -0x1.99a5acp-2f
#define ZK_LOG_3 0x1.547892p-2f
#define ZK_LOG_4 -0x1.226ccap-2f
#define ZK_LOG_5 0x1.0cded8p-2f
#define ZK_LOG_6 -0x1.07d938p-2f
#define ZK_LOG_7 0x1.420930p-3f

// gaussian, sine and cosine of x quarter turns, |x| < 1/2, v = x * x:
//   sin = fma(x, SIN_HI, x * S(v)), cos = fma(v, C(v), 1)
// SIN_HI is binary32(pi / 2); what it lacks is in S's first coefficient.
#define ZK_SIN_HI 0x1.921fb6p+0f
#define ZK_SIN_0 -0x1.a0f372p-25f
#define ZK_SIN_1 -0x1.4abbbap-1f
#define ZK_SIN_2 0x1.465ee8p-4f
#define ZK_SIN_3 -0x1.2da132p-8f
#define ZK_COS_0 -0x1.3bd3ccp+0f
#define ZK_COS_1 0x1.03c1aep-2f
#define ZK_COS_2 -0x1.55b146p-6f
#define ZK_COS_3 0x1.d47d5ep-11f

#endif
