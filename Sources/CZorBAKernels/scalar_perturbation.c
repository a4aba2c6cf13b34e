// Replicated: random words and perturbation values (docs/numerics.md, sections 2 and 3).
#include "scalar.h"
#include "spec.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

void zk_philox(uint64_t seed, const uint32_t counter[4], uint32_t words[4]) {
  uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
  uint32_t x0 = counter[0], x1 = counter[1], x2 = counter[2], x3 = counter[3];
  for (int round = 0; round < ZK_PHILOX_ROUNDS; round++) {
    uint64_t p0 = (uint64_t)ZK_PHILOX_M0 * x0, p1 = (uint64_t)ZK_PHILOX_M1 * x2;
    x0 = (uint32_t)(p1 >> 32) ^ x1 ^ key0;
    x1 = (uint32_t)p1;
    x2 = (uint32_t)(p0 >> 32) ^ x3 ^ key1;
    x3 = (uint32_t)p0;
    key0 += ZK_PHILOX_W0;
    key1 += ZK_PHILOX_W1;
  }
  words[0] = x0;
  words[1] = x1;
  words[2] = x2;
  words[3] = x3;
}

void zk_scalar_words(uint64_t seed, uint32_t row, uint32_t tensor, uint32_t domain, uint32_t group,
                     uint32_t words[32]) {
  for (uint32_t j = 0; j < 8; j++) {
    uint32_t counter[4] = {8 * group + j, row, tensor, domain}, block[4];
    zk_philox(seed, counter, block);
    words[2 * j] = block[0];
    words[2 * j + 1] = block[1];
    words[16 + 2 * j] = block[2];
    words[16 + 2 * j + 1] = block[3];
  }
}

static float bits_to_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint32_t float_to_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static float popcount_value(uint32_t k) {
  int32_t t = 512 * __builtin_popcount(k >> 8) + (int32_t)(2 * (k & 255)) - 6399;
  return (float)t * ZK_POPCOUNT_UNIT;
}

// sqrt(-2 ln u), u = (2 (w >> 9) + 1) * 2^-24.
static float gaussian_radius(uint32_t w) {
  float n = (float)(int32_t)(2 * (w >> 9) + 1);
  int32_t shifted = (int32_t)float_to_bits(n) - ZK_SQRT_HALF_BITS;
  float e = (float)((shifted >> 23) - 24);
  float f = bits_to_float((uint32_t)((shifted & 0x7FFFFF) + ZK_SQRT_HALF_BITS)) - 1.0f;
  float q = ZK_LOG_7;
  q = __builtin_fmaf(q, f, ZK_LOG_6);
  q = __builtin_fmaf(q, f, ZK_LOG_5);
  q = __builtin_fmaf(q, f, ZK_LOG_4);
  q = __builtin_fmaf(q, f, ZK_LOG_3);
  q = __builtin_fmaf(q, f, ZK_LOG_2);
  q = __builtin_fmaf(q, f, ZK_LOG_1);
  q = __builtin_fmaf(q, f, ZK_LOG_0);
  float r = __builtin_fmaf(f * f, __builtin_fmaf(f, q, 1.0f), e * ZK_LN4_LO);
  float s = __builtin_fmaf(e, ZK_LN4_HI, __builtin_fmaf(-2.0f, f, r));
  return __builtin_elementwise_sqrt(s);
}

// Cosine and sine of the angle (Q + x) quarter turns: Q = w >> 30 and x = a * 2^-24, where a is the
// odd integer 2 b + 1 and b the signed number in bits 29 ... 7 of w.
static void gaussian_angle(uint32_t w, float *cosine, float *sine) {
  int32_t b = (int32_t)(w << 2) >> 9;
  float x = (float)(2 * b + 1) * 0x1p-24f;
  float v = x * x;
  float p = ZK_SIN_3;
  p = __builtin_fmaf(p, v, ZK_SIN_2);
  p = __builtin_fmaf(p, v, ZK_SIN_1);
  p = __builtin_fmaf(p, v, ZK_SIN_0);
  float s = __builtin_fmaf(x, ZK_SIN_HI, x * p);
  p = ZK_COS_3;
  p = __builtin_fmaf(p, v, ZK_COS_2);
  p = __builtin_fmaf(p, v, ZK_COS_1);
  p = __builtin_fmaf(p, v, ZK_COS_0);
  float c = __builtin_fmaf(v, p, 1.0f);
  switch (w >> 30) {
    case 0: *cosine = c, *sine = s; break;
    case 1: *cosine = -s, *sine = c; break;
    case 2: *cosine = -c, *sine = -s; break;
    default: *cosine = s, *sine = -c; break;
  }
}

// Values of one group of 32 elements.
static void group_values(const zk_direction *direction, uint32_t row, uint32_t group,
                         float values[32]) {
  uint32_t words[32];
  if (direction->distribution == ZK_RADEMACHER) {
    zk_scalar_words(direction->seed, row, direction->tensor, ZK_DOMAIN_PERTURBATION, group / 32,
                    words);
    uint32_t word = words[group % 32];
    for (int n = 0; n < 32; n++) values[n] = word >> n & 1 ? -1.0f : 1.0f;
    return;
  }
  zk_scalar_words(direction->seed, row, direction->tensor, ZK_DOMAIN_PERTURBATION, group, words);
  if (direction->distribution == ZK_POPCOUNT) {
    for (int n = 0; n < 32; n++) values[n] = popcount_value(words[n]);
    return;
  }
  for (int n = 0; n < 32; n += 2) {
    float radius = gaussian_radius(words[n]), cosine, sine;
    gaussian_angle(words[n + 1], &cosine, &sine);
    values[n] = radius * cosine;
    values[n + 1] = radius * sine;
  }
}

void zk_scalar_perturbation(const zk_direction *direction, uint32_t row, uint32_t start,
                            size_t count, float *out) {
  float values[32];
  for (size_t done = 0; done < count;) {
    size_t element = start + done, first = element % 32;
    size_t take = 32 - first < count - done ? 32 - first : count - done;
    group_values(direction, row, (uint32_t)(element / 32), values);
    memcpy(out + done, values + first, take * sizeof(float));
    done += take;
  }
}
