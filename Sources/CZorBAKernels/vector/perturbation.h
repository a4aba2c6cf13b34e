// Replicated: random words and perturbation values. scalar_perturbation.c says the same one element
// at a time; the bits agree because every operation is an integer one or a single IEEE one.

enum {
  STATES = 16 / LANES,  // generator states that make one group of 32 words
  WORD_VECTORS = 32 / LANES,
};

// LANES / 2 Philox blocks. `low` holds counter words 0 and 1 of each, and at the end output words 0
// and 1; `high` holds words 2 and 3. A 64-bit lane multiplies as it stands.
typedef struct {
  vq low, high;
} blocks;

// The ten round keys of a seed, spread over a vector: made once for many groups.
typedef struct {
  vq low[ZK_PHILOX_ROUNDS], high[ZK_PHILOX_ROUNDS];
} key_schedule;

static key_schedule key_schedule_of(uint64_t seed) {
  key_schedule keys;
  uint32_t low = (uint32_t)seed, high = (uint32_t)(seed >> 32);
  for (int round = 0; round < ZK_PHILOX_ROUNDS; round++) {
    keys.low[round] = (vq){} + low;
    keys.high[round] = (vq){} + high;
    low += ZK_PHILOX_W0;
    high += ZK_PHILOX_W1;
  }
  return keys;
}

// Advances `count` states, a constant, side by side: one alone waits for its multiplications.
//
// A round is (a, b, c, d) <- (hi(M1 c) ^ b ^ k0, lo(M1 c), hi(M0 a) ^ d ^ k1, lo(M0 a)). Each word
// has the lower half of a 64-bit lane to itself, and a multiplication reads nothing else: so what
// gathers in the upper halves does no harm, and a whole product serves as its own lower word.
INLINE void philox(const key_schedule *keys, blocks *x, const int count) {
  const vq mask = (vq){} + UINT32_MAX;
  vq b[4], d[4];
#pragma clang loop unroll(full)
  for (int s = 0; s < count; s++) {
    b[s] = x[s].low >> 32;
    d[s] = x[s].high >> 32;
  }
#pragma clang loop unroll(full)
  for (int round = 0; round < ZK_PHILOX_ROUNDS; round++)
#pragma clang loop unroll(full)
    for (int s = 0; s < count; s++) {
      vq p0 = (x[s].low & mask) * ((vq){} + ZK_PHILOX_M0);
      vq p1 = (x[s].high & mask) * ((vq){} + ZK_PHILOX_M1);
      x[s].low = p1 >> 32 ^ b[s] ^ keys->low[round];
      x[s].high = p0 >> 32 ^ d[s] ^ keys->high[round];
      b[s] = p1;
      d[s] = p0;
    }
#pragma clang loop unroll(full)
  for (int s = 0; s < count; s++) {
    x[s].low = (x[s].low & mask) | b[s] << 32;
    x[s].high = (x[s].high & mask) | d[s] << 32;
  }
}

// One row of one tensor in one domain of the counter space.
typedef struct {
  const key_schedule *keys;
  uint32_t row, tensor, domain;
} stream;

// State `s` of a group before the rounds: lane l is for block 8 * group + s * LANES / 2 + l.
INLINE blocks counters(stream from, uint32_t group, int s) {
  vq index;
  for (int l = 0; l < LANES / 2; l++) index[l] = (uint64_t)(s * (LANES / 2) + l);
  return (blocks){index + (8 * group | (uint64_t)from.row << 32),
                  (vq){} + (from.tensor | (uint64_t)from.domain << 32)};
}

// Words of elements [32 * group, 32 * group + 32) of a row, in element order.
INLINE void group_words(stream from, uint32_t group, vu words[WORD_VECTORS]) {
  blocks x[STATES];
#pragma clang loop unroll(full)
  for (int s = 0; s < STATES; s++) x[s] = counters(from, group, s);
  philox(from.keys, x, STATES);
#pragma clang loop unroll(full)
  for (int s = 0; s < STATES; s++) {
    words[s] = (vu)x[s].low;
    words[STATES + s] = (vu)x[s].high;
  }
}

// 512 times the sum of the upper three bytes of every lane; no byte is above 8.
INLINE vu count_unit_sum(vb bytes) {
#if LANES == 8 && defined(__x86_64__)
  __m256i pairs = _mm256_maddubs_epi16((__m256i)bytes, (__m256i)((vu){} + 0x40404000));
  return (vu)_mm256_madd_epi16(pairs, _mm256_set1_epi16(8));
#elif LANES == 16 && defined(__x86_64__)
  __m512i pairs = _mm512_maddubs_epi16((__m512i)bytes, (__m512i)((vu){} + 0x40404000));
  return (vu)_mm512_madd_epi16(pairs, _mm512_set1_epi16(8));
#else
  vu counts = (vu)bytes;
  return 512 * (((counts >> 8) + (counts >> 16) + (counts >> 24)) & 255);
#endif
}

INLINE vf popcount_lanes(vu k) {
  vb bytes = __builtin_elementwise_popcount((vb)k);
  vi t = (vi)(count_unit_sum(bytes) + 2 * (k & 255)) - 6399;
  return __builtin_convertvector(t, vf) * ZK_POPCOUNT_UNIT;
}

INLINE vf radius_lanes(vu w) {
  vf n = __builtin_convertvector((vi)(2 * (w >> 9) + 1), vf);
  vi shifted = (vi)n - ZK_SQRT_HALF_BITS;
  vf e = __builtin_convertvector((shifted >> 23) - 24, vf);
  vf f = (vf)((shifted & 0x7FFFFF) + ZK_SQRT_HALF_BITS) - 1.0f;
  vf q = fma_lanes(splat(ZK_LOG_7), f, splat(ZK_LOG_6));
  q = fma_lanes(q, f, splat(ZK_LOG_5));
  q = fma_lanes(q, f, splat(ZK_LOG_4));
  q = fma_lanes(q, f, splat(ZK_LOG_3));
  q = fma_lanes(q, f, splat(ZK_LOG_2));
  q = fma_lanes(q, f, splat(ZK_LOG_1));
  q = fma_lanes(q, f, splat(ZK_LOG_0));
  vf r = fma_lanes(f * f, fma_lanes(f, q, splat(1.0f)), e * ZK_LN4_LO);
  vf s = fma_lanes(e, splat(ZK_LN4_HI), fma_lanes(splat(-2.0f), f, r));
  return __builtin_elementwise_sqrt(s);
}

INLINE void angle_lanes(vu w, vf *cosine, vf *sine) {
  vi b = (vi)(w << 2) >> 9;
  vf x = __builtin_convertvector(2 * b + 1, vf) * 0x1p-24f;
  vf v = x * x;
  vf p = fma_lanes(splat(ZK_SIN_3), v, splat(ZK_SIN_2));
  p = fma_lanes(p, v, splat(ZK_SIN_1));
  p = fma_lanes(p, v, splat(ZK_SIN_0));
  vf s = fma_lanes(x, splat(ZK_SIN_HI), x * p);
  p = fma_lanes(splat(ZK_COS_3), v, splat(ZK_COS_2));
  p = fma_lanes(p, v, splat(ZK_COS_1));
  p = fma_lanes(p, v, splat(ZK_COS_0));
  vf c = fma_lanes(v, p, splat(1.0f));
  // Quarter turns 1 and 3 exchange the two; cosine is negative in 1 and 2, sine in 2 and 3.
  vi odd = (vi)(w << 1) >> 31;
  *cosine = (vf)((vu)select_lanes(odd, s, c) ^ ((w ^ w << 1) & 0x80000000));
  *sine = (vf)((vu)select_lanes(odd, c, s) ^ (w & 0x80000000));
}

// Turns the words of two vectors into normal values, in place: words 2 h of each pair are radii,
// words 2 h + 1 angles.
INLINE void gaussian_lanes(vu *first, vu *second) {
  const vq mask = (vq){} + UINT32_MAX;
  vq a = (vq)*first, b = (vq)*second;
  vf radius = radius_lanes((vu)((a & mask) | b << 32)), cosine, sine;
  angle_lanes((vu)(a >> 32 | (b & ~mask)), &cosine, &sine);
  vq c = (vq)(radius * cosine), s = (vq)(radius * sine);
  *first = (vu)((c & mask) | s << 32);
  *second = (vu)(c >> 32 | (s & ~mask));
}

// One word's 32 signs: a set bit is -1.
INLINE void expand_signs(uint32_t word, float *out) {
  vu places;
  for (int l = 0; l < LANES; l++) places[l] = (uint32_t)(31 - l);
#pragma clang loop unroll(full)
  for (int v = 0; v < WORD_VECTORS; v++) {
    vu sign = (((vu){} + (word >> (v * LANES))) << places) & 0x80000000;
    store(out + v * LANES, (vf)(sign | (vu)splat(1.0f)));
  }
}

// Sign words of elements [start, start + count) of one span of 1024 elements; words[0] serves the
// span's first element. Only the states that hold wanted words are run.
INLINE void span_signs(stream from, size_t start, size_t count, uint32_t words[ZK_GROUP]) {
  size_t first = start % ZK_SPAN / 32, last = (start + count - 1) % ZK_SPAN / 32;
  for (int s = 0; s < STATES; s++) {
    size_t low = (size_t)s * LANES, high = 16 + low;
    int wanted = (low <= last && first < low + LANES) || (high <= last && first < high + LANES);
    if (!wanted) continue;
    blocks x = counters(from, (uint32_t)(start / ZK_SPAN), s);
    philox(from.keys, &x, 1);
    __builtin_memcpy(words + low, &x.low, sizeof x.low);
    __builtin_memcpy(words + high, &x.high, sizeof x.high);
  }
}

static void rademacher_values(stream from, size_t start, size_t count, float *out) {
  uint32_t words[ZK_GROUP];
  float values[32];
  for (size_t end = start + count; start < end;) {
    size_t limit = smaller(end, (start / ZK_SPAN + 1) * ZK_SPAN);
    span_signs(from, start, limit - start, words);
    while (start < limit) {
      uint32_t word = words[start % ZK_SPAN / 32];
      size_t first = start % 32, take = smaller(32 - first, limit - start);
      if (take == 32) {
        expand_signs(word, out);
      } else {
        expand_signs(word, values);
        memcpy(out, values + first, take * sizeof(float));
      }
      out += take;
      start += take;
    }
  }
}

INLINE void popcount_group(stream from, uint32_t group, float *out) {
  vu words[WORD_VECTORS];
  group_words(from, group, words);
#pragma clang loop unroll(full)
  for (int v = 0; v < WORD_VECTORS; v++) store(out + v * LANES, popcount_lanes(words[v]));
}

INLINE void gaussian_group(stream from, uint32_t group, float *out) {
  vu words[WORD_VECTORS];
  group_words(from, group, words);
#pragma clang loop unroll(full)
  for (int s = 0; s < STATES; s++) {
    gaussian_lanes(&words[s], &words[STATES + s]);
    store(out + s * LANES, (vf)words[s]);
    store(out + (STATES + s) * LANES, (vf)words[STATES + s]);
  }
}

// Elements [start, start + count) from functions that make 32 at a time.
#define GROUPED(name)                                                                        \
  static void name##_values(stream from, size_t start, size_t count, float *out) {          \
    float values[32];                                                                        \
    for (size_t end = start + count; start < end;) {                                         \
      size_t first = start % 32, take = smaller(32 - first, end - start);                    \
      name##_group(from, (uint32_t)(start / 32), take == 32 ? out : values);                 \
      if (take < 32) memcpy(out, values + first, take * sizeof(float));                      \
      out += take;                                                                           \
      start += take;                                                                         \
    }                                                                                        \
  }
GROUPED(popcount)
GROUPED(gaussian)
#undef GROUPED

// The perturbation with the direction's keys already spread.
static void keyed_perturbation(const key_schedule *keys, const zk_direction *direction,
                               uint32_t row, size_t start, size_t count, float *out) {
  stream from = {keys, row, direction->tensor, ZK_DOMAIN_PERTURBATION};
  switch (direction->distribution) {
    case ZK_RADEMACHER: rademacher_values(from, start, count, out); break;
    case ZK_POPCOUNT: popcount_values(from, start, count, out); break;
    default: gaussian_values(from, start, count, out); break;
  }
}

static void perturbation(const zk_direction *direction, uint32_t row, uint32_t start, size_t count,
                         float *out) {
  key_schedule keys = key_schedule_of(direction->seed);
  keyed_perturbation(&keys, direction, row, start, count, out);
}
