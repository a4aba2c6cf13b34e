// Replicated: the committed update and its rounding (docs/numerics.md, section 4).
#include "scalar.h"
#include "spec.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

// Upper half of `bits` after adding a uniform fraction below the bfloat16 ulp.
static int round_bfloat16(uint32_t bits, uint32_t word, uint16_t *stored) {
  *stored = (uint16_t)((bits + (word >> 16)) >> 16);
  return (*stored & 0x7F80) != 0x7F80;
}

// binary16 by the same rule; a subnormal result has its ulp at 2^-24.
static int round_float16(uint32_t bits, uint32_t word, uint16_t *stored) {
  int32_t field = (int32_t)(bits >> 23 & 255);
  uint64_t significand = (bits & 0x7FFFFF) | (field ? 0x800000 : 0);
  int32_t exponent = (field ? field : 1) - 127;
  if (exponent > 15) return 0;
  int32_t shift = 13 + (exponent < -14 ? -14 - exponent : 0);
  if (shift > 32) {
    significand = shift - 32 > 24 ? 0 : significand >> (shift - 32);
    shift = 32;
  }
  uint64_t q = (significand + ((uint64_t)word >> (32 - shift))) >> shift;
  // A normal q includes its leading bit, which is worth one unit of the exponent field.
  uint64_t magnitude = q + (exponent > -14 ? (uint64_t)(exponent + 14) << 10 : 0);
  *stored = (uint16_t)(magnitude | (bits >> 16 & 0x8000));
  return magnitude < 0x7C00;
}

// Rounds `value` to the stored type and back; 0 when it cannot be stored.
static int round_to_storage(float *value, int32_t dtype, uint32_t word, uint16_t *stored) {
  uint32_t bits;
  memcpy(&bits, value, sizeof bits);
  if ((bits & 0x7F800000) == 0x7F800000) return 0;
  if (dtype == ZK_FLOAT32) return 1;
  int fits = dtype == ZK_BFLOAT16 ? round_bfloat16(bits, word, stored)
                                  : round_float16(bits, word, stored);
  *value = zk_scalar_element(stored, dtype, 0);
  return fits;
}

zk_status zk_scalar_update(void *weight, int32_t dtype, uint32_t row, uint32_t start, size_t count,
                           const zk_round *rounds, size_t round_count) {
  float values[ZK_SPAN], z[ZK_SPAN];
  uint16_t stored[ZK_SPAN];
  uint32_t words[ZK_GROUP];
  size_t size = dtype == ZK_FLOAT32 ? 4 : 2;
  for (size_t done = 0; done < count;) {
    size_t first = start + done, room = ZK_SPAN - first % ZK_SPAN;
    size_t span = room < count - done ? room : count - done;
    char *bytes = (char *)weight + done * size;
    zk_scalar_expand(bytes, dtype, span, values);
    for (size_t t = 0; t < round_count; t++) {
      const zk_round *round = &rounds[t];
      if (round->decay != 1.0f)
        for (size_t i = 0; i < span; i++) values[i] *= round->decay;
      for (size_t p = 0; p < round->term_count; p++) {
        const zk_term *term = &round->terms[p];
        zk_scalar_perturbation(&term->direction, row, (uint32_t)first, span, z);
        for (size_t i = 0; i < span; i++)
          values[i] = __builtin_fmaf(term->coefficient, z[i], values[i]);
      }
      for (size_t i = 0; i < span; i++) {
        if (dtype != ZK_FLOAT32 && i % ZK_GROUP == 0)
          zk_scalar_words(round->rounding_seed, row, round->tensor, ZK_DOMAIN_ROUNDING,
                          (uint32_t)((first + i) / ZK_GROUP), words);
        uint32_t word = dtype == ZK_FLOAT32 ? 0 : words[i % ZK_GROUP];
        if (!round_to_storage(&values[i], dtype, word, &stored[i])) return ZK_NOT_FINITE;
      }
    }
    const void *results = dtype == ZK_FLOAT32 ? (const void *)values : (const void *)stored;
    if (round_count) memcpy(bytes, results, span * size);
    done += span;
  }
  return ZK_OK;
}
