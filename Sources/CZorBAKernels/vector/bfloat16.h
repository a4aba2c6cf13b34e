// Local: arithmetic on pairs of bfloat16 values, two neighbouring inputs in one 32-bit lane.
// Processors that have it multiply both and add both products to a binary32 lane at once.

// Values of BFLOAT16_PAIRS.
#define BFLOAT16_EMULATED 1
#define BFLOAT16_AVX512 2
#define BFLOAT16_NEON 3

#ifdef BFLOAT16_PAIRS

// sum + x.low * w.low + x.high * w.high, lane by lane.
INLINE vf dot_pairs(vu x, vu w, vf sum) {
#if BFLOAT16_PAIRS == BFLOAT16_AVX512
  return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)x, (__m512bh)w);
#elif BFLOAT16_PAIRS == BFLOAT16_NEON
  return (vf)vbfdotq_f32((float32x4_t)sum, (bfloat16x8_t)x, (bfloat16x8_t)w);
#else
  sum = fma_lanes((vf)(x & 0xFFFF0000), (vf)(w & 0xFFFF0000), sum);
  return fma_lanes((vf)(x << 16), (vf)(w << 16), sum);
#endif
}

// Nearest bfloat16, ties to even, in the low halves. Infinities stay; so does the NaN that
// arithmetic makes.
INLINE vu nearest_bfloat16(vf v) {
  vu bits = (vu)v;
  return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
}

// Stores 2 LANES values, `low` first, as bfloat16.
INLINE void narrow(uint32_t *pairs, vf low, vf high) {
#if BFLOAT16_PAIRS == BFLOAT16_AVX512
  __m512bh both = _mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
  __builtin_memcpy(pairs, &both, sizeof both);
#elif BFLOAT16_PAIRS == BFLOAT16_NEON
  bfloat16x8_t both = vcvtq_low_bf16_f32((float32x4_t)low);
  both = vcvtq_high_bf16_f32(both, (float32x4_t)high);
  __builtin_memcpy(pairs, &both, sizeof both);
#else
  vh halves[2] = {__builtin_convertvector(nearest_bfloat16(low), vh),
                  __builtin_convertvector(nearest_bfloat16(high), vh)};
  __builtin_memcpy(pairs, halves, sizeof halves);
#endif
}

// Narrows `count` values to pairs and fills up with zeros to `units` pairs.
INLINE void narrow_line(const float *x, size_t count, size_t units, uint32_t *pairs) {
  size_t i = 0;
  for (; i + 2 * LANES <= count; i += 2 * LANES)
    narrow(pairs + i / 2, load(x + i), load(x + i + LANES));
  if (i == 2 * units) return;
  float rest[2 * LANES] = {0};
  uint32_t last[LANES];
  memcpy(rest, x + i, (count - i) * sizeof(float));
  narrow(last, load(rest), load(rest + LANES));
  memcpy(pairs + i / 2, last, smaller(LANES, units - i / 2) * sizeof(uint32_t));
  for (size_t u = i / 2 + LANES; u < units; u++) pairs[u] = 0;
}

#endif
