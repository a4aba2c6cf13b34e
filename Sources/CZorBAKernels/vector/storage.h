// Stored weights to binary32, exactly, and the update that is stored back (replicated).

INLINE vf widen(const void *p, int32_t dtype) {
  if (dtype == ZK_FLOAT32) {
    vf v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
  }
  if (dtype == ZK_BFLOAT16) {
    vh half;
    __builtin_memcpy(&half, p, sizeof half);
    return (vf)(__builtin_convertvector(half, vu) << 16);
  }
  vf16 half;
  __builtin_memcpy(&half, p, sizeof half);
  return __builtin_convertvector(half, vf);
}

INLINE size_t element_size(int32_t dtype) { return dtype == ZK_FLOAT32 ? 4 : 2; }

INLINE void expand_as(const void *weight, int32_t dtype, size_t count, float *out) {
  const char *bytes = weight;
  size_t size = element_size(dtype), i = 0;
  for (; i + LANES <= count; i += LANES) store(out + i, widen(bytes + i * size, dtype));
  if (i < count) {
    char rest[4 * LANES] = {0};
    memcpy(rest, bytes + i * size, (count - i) * size);
    store_some(out + i, widen(rest, dtype), count - i);
  }
}

static void expand(const void *weight, int32_t dtype, size_t count, float *out) {
  switch (dtype) {
    case ZK_FLOAT32: memcpy(out, weight, count * sizeof(float)); break;
    case ZK_BFLOAT16: expand_as(weight, ZK_BFLOAT16, count, out); break;
    default: expand_as(weight, ZK_FLOAT16, count, out); break;
  }
}

static void perturbed(const void *weight, int32_t dtype, const zk_direction *direction,
                      uint32_t row, uint32_t start, size_t count, float scale, float *out) {
  enum { CHUNK = 256 };
  float stored[CHUNK];
  const char *bytes = weight;
  for (size_t done = 0; done < count;) {
    size_t take = smaller(CHUNK, count - done);
    expand(bytes + done * element_size(dtype), dtype, take, stored);
    perturbation(direction, row, (uint32_t)(start + done), take, out + done);
    for (size_t i = 0; i < take; i++)
      out[done + i] = __builtin_fmaf(scale, out[done + i], stored[i]);
    done += take;
  }
}

// bfloat16 bits in the low halves; *bad collects results that are not finite.
INLINE vu round_bfloat16(vu bits, vu word, vu *bad) {
  vu stored = (bits + (word >> 16)) >> 16;
  *bad |= (vu)((bits & 0x7F800000) == 0x7F800000) | (vu)((stored & 0x7F80) == 0x7F80);
  return stored;
}

// binary16 bits in the low halves. scalar_update.c has the same in 64 bits; here the sum at shift
// 32 keeps its carry, which is the result.
INLINE vu round_float16(vu bits, vu word, vu *bad) {
  vi field = (vi)(bits >> 23 & 255);
  vu significand = (bits & 0x7FFFFF) | ((vu)(field != 0) & 0x800000);
  vi exponent = field - 127 + ((vi)(field == 0) & 1);
  vi deficit = -14 - exponent;
  vi shift = 13 + (deficit & (vi)(deficit > 0));
  vi excess = shift - 32;
  excess &= (vi)(excess > 0);
  vi lost = (vi)(excess > 24);
  significand = (significand >> (vu)(excess & ~lost)) & (vu)~lost;
  shift -= excess;
  vu sum = significand + (word >> (vu)(32 - shift));
  vi whole = (vi)(shift == 32);
  vu q = (sum >> (vu)(shift & ~whole) & (vu)~whole) | ((vu)(sum < significand) & (vu)whole & 1);
  vu magnitude = q + ((vu)((exponent + 14) << 10) & (vu)(exponent > -14));
  *bad |= (vu)(exponent > 15) | (vu)(magnitude >= 0x7C00);
  return magnitude | (bits >> 16 & 0x8000);
}

INLINE void store_halves(uint16_t *out, vu v) {
  vh half = __builtin_convertvector(v, vh);
  __builtin_memcpy(out, &half, sizeof half);
}

// Rounds `groups` groups of 32 values to the stored type and back; 0 when one cannot be stored.
INLINE int round_span(float *values, uint16_t *stored, size_t groups, int32_t dtype,
                      const zk_round *round, uint32_t row, uint32_t first_group) {
  vu bad = {};
  key_schedule keys = key_schedule_of(round->rounding_seed);
  stream from = {&keys, row, round->tensor, ZK_DOMAIN_ROUNDING};
  for (size_t g = 0; g < groups; g++) {
    vu words[WORD_VECTORS];
    group_words(from, first_group + (uint32_t)g, words);
#pragma clang loop unroll(full)
    for (int v = 0; v < WORD_VECTORS; v++) {
      size_t i = 32 * g + (size_t)v * LANES;
      vu bits = (vu)load(values + i);
      vu half = dtype == ZK_BFLOAT16 ? round_bfloat16(bits, words[v], &bad)
                                     : round_float16(bits, words[v], &bad);
      store_halves(stored + i, half);
      store(values + i, widen(stored + i, dtype));
    }
  }
  return !any_lane(bad);
}

INLINE int all_finite(const float *values, size_t groups) {
  vu bad = {};
  for (size_t i = 0; i < 32 * groups; i += LANES)
    bad |= (vu)(((vu)load(values + i) & 0x7F800000) == 0x7F800000);
  return !any_lane(bad);
}

static int round_to_storage(float *values, uint16_t *stored, size_t groups, int32_t dtype,
                            const zk_round *round, uint32_t row, uint32_t first_group) {
  switch (dtype) {
    case ZK_FLOAT32: return all_finite(values, groups);
    case ZK_BFLOAT16:
      return round_span(values, stored, groups, ZK_BFLOAT16, round, row, first_group);
    default: return round_span(values, stored, groups, ZK_FLOAT16, round, row, first_group);
  }
}

static zk_status update(void *weight, int32_t dtype, uint32_t row, uint32_t start, size_t count,
                        const zk_round *rounds, size_t round_count) {
  float values[ZK_SPAN], z[ZK_SPAN];
  uint16_t stored[ZK_SPAN];
  size_t size = element_size(dtype);
  for (size_t done = 0; done < count;) {
    size_t first = start + done;
    size_t span = smaller(ZK_SPAN - first % ZK_SPAN, count - done);
    size_t groups = (span + 31) / 32, padded = 32 * groups;
    char *bytes = (char *)weight + done * size;
    expand(bytes, dtype, span, values);
    // Zeros beyond the range: they leave the range of the type only when everything does.
    memset(values + span, 0, (padded - span) * sizeof(float));
    memset(z + span, 0, (padded - span) * sizeof(float));
    for (size_t t = 0; t < round_count; t++) {
      const zk_round *round = &rounds[t];
      if (round->decay != 1.0f)
        for (size_t i = 0; i < padded; i++) values[i] *= round->decay;
      for (size_t p = 0; p < round->term_count; p++) {
        const zk_term *term = &round->terms[p];
        perturbation(&term->direction, row, (uint32_t)first, span, z);
        vf coefficient = splat(term->coefficient);
        for (size_t i = 0; i < padded; i += LANES)
          store(values + i, fma_lanes(coefficient, load(z + i), load(values + i)));
      }
      if (!round_to_storage(values, stored, groups, dtype, round, row, (uint32_t)(first / 32)))
        return ZK_NOT_FINITE;
    }
    const void *results = dtype == ZK_FLOAT32 ? (const void *)values : (const void *)stored;
    if (round_count) memcpy(bytes, results, span * size);
    done += span;
  }
  return ZK_OK;
}
