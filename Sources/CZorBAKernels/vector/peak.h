// What this processor can do at best, for judging the kernels above.

// Chains of dependent operations that run side by side. The latency of an fma times the number of
// units that run it is 8 to 16 on today's processors; all chains and both constants stay in
// registers, of which AVX2 has 16 and the other sets have 32.
enum { PEAK_CHAINS = LANES == 8 ? 12 : 24 };

// Makes the compiler believe that what `p` points at is used.
INLINE void keep_alive(const void *p) { __asm__ volatile("" : : "r"(p) : "memory"); }

static size_t peak_float32(size_t repeats) {
  vf chains[PEAK_CHAINS];
  // Unequal, or the chains would be one; a * half + one stays near 2, a normal number.
  for (int c = 0; c < PEAK_CHAINS; c++) chains[c] = splat((float)(c + 1));
  const vf half = splat(0.5f), one = splat(1);
#pragma clang loop unroll(disable)
  for (size_t i = 0; i < repeats; i++) {
#pragma clang loop unroll(full)
    for (int round = 0; round < 4; round++) {
#pragma clang loop unroll(full)
      for (int c = 0; c < PEAK_CHAINS; c++) chains[c] = fma_lanes(chains[c], half, one);
    }
  }
  keep_alive(chains);
  return repeats * 4 * PEAK_CHAINS * LANES * 2;
}

#if defined(BFLOAT16_PAIRS) && BFLOAT16_PAIRS != BFLOAT16_EMULATED
static size_t peak_bfloat16(size_t repeats) {
  vf chains[PEAK_CHAINS];
  for (int c = 0; c < PEAK_CHAINS; c++) chains[c] = splat((float)(c + 1));
  // 1 * 1 + 1 * -1: sums stay what they are.
  const vu ones = (vu){} + 0x3F803F80, opposites = (vu){} + 0xBF803F80;
#pragma clang loop unroll(disable)
  for (size_t i = 0; i < repeats; i++) {
#pragma clang loop unroll(full)
    for (int round = 0; round < 4; round++) {
#pragma clang loop unroll(full)
      for (int c = 0; c < PEAK_CHAINS; c++) chains[c] = dot_pairs(ones, opposites, chains[c]);
    }
  }
  keep_alive(chains);
  return repeats * 4 * PEAK_CHAINS * LANES * 4;
}
#define PEAK_BFLOAT16 peak_bfloat16
#else
#define PEAK_BFLOAT16 NULL
#endif

// The exclusive or of the 64-bit words; what lies beyond the last whole word counts as padded with
// zeros.
static uint64_t read_sweep(const void *bytes, size_t count) {
  enum { WIDTH = 4 * LANES, WORDS = WIDTH / 8, AT_ONCE = 8 };
  const char *from = bytes;
  vq sums[AT_ONCE] = {};
  size_t i = 0;
  for (; i + AT_ONCE * WIDTH <= count; i += AT_ONCE * WIDTH)
#pragma clang loop unroll(full)
    for (int v = 0; v < AT_ONCE; v++) {
      vq words;
      __builtin_memcpy(&words, from + i + v * WIDTH, WIDTH);
      sums[v] ^= words;
    }
  uint64_t sum = 0;
  for (int v = 0; v < AT_ONCE; v++)
    for (int w = 0; w < WORDS; w++) sum ^= sums[v][w];
  for (; i < count; i += 8) {
    uint64_t word = 0;
    __builtin_memcpy(&word, from + i, smaller(8, count - i));
    sum ^= word;
  }
  return sum;
}
