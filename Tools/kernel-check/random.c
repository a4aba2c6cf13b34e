// Seeded numbers: SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators.
// OOPSLA 2014).
#include "check.h"

static uint64_t state;

void random_seed(uint64_t seed) { state = seed; }

uint64_t random_bits(void) {
  uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

size_t random_below(size_t limit) { return (size_t)(random_bits() % limit); }

float random_unit(void) { return (float)((int32_t)(random_bits() >> 40) - (1 << 23)) * 0x1p-23f; }

void random_units(float *out, size_t count, float magnitude) {
  for (size_t i = 0; i < count; i++) out[i] = magnitude * random_unit();
}

void random_stored(void *out, int32_t dtype, size_t count, float magnitude) {
  for (size_t i = 0; i < count; i++) {
    float value = magnitude * random_unit();
    if (dtype == ZK_FLOAT32) {
      memcpy((char *)out + 4 * i, &value, 4);
      continue;
    }
    uint16_t half;
    if (dtype == ZK_BFLOAT16) {
      uint32_t bits;
      memcpy(&bits, &value, 4);
      half = (uint16_t)(bits >> 16);
    } else {
      // Truncated to 10 bits of significand; what would be subnormal becomes zero.
      uint32_t bits;
      memcpy(&bits, &value, 4);
      int32_t exponent = (int32_t)(bits >> 23 & 255) - 112;
      half = (uint16_t)(bits >> 16 & 0x8000);
      if (exponent > 0) half |= (uint16_t)(exponent << 10 | (int32_t)(bits >> 13 & 0x3FF));
    }
    memcpy((char *)out + 2 * i, &half, 2);
  }
}
