// The shuffles of a 4 x 4 transposition, done in every 128-bit quarter of a vector at once.

typedef float quad __attribute__((vector_size(16)));

INLINE quad load_quad(const float *p) {
  quad v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

// Lanes i0 ... i3 of each quarter, counted through a's quarter (0 ... 3), then b's (4 ... 7).
#define LANE(i, quarter) ((i) < 4 ? (i) + (quarter) : (i) - 4 + (quarter) + LANES)
#define QUARTER(i0, i1, i2, i3, quarter) \
  LANE(i0, quarter), LANE(i1, quarter), LANE(i2, quarter), LANE(i3, quarter)

#if LANES == 4
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, QUARTER(__VA_ARGS__, 0))
#elif LANES == 8
#define SHUFFLE(a, b, ...) \
  __builtin_shufflevector(a, b, QUARTER(__VA_ARGS__, 0), QUARTER(__VA_ARGS__, 4))
#elif LANES == 16
#define SHUFFLE(a, b, ...)                                                                       \
  __builtin_shufflevector(a, b, QUARTER(__VA_ARGS__, 0), QUARTER(__VA_ARGS__, 4),                \
                          QUARTER(__VA_ARGS__, 8), QUARTER(__VA_ARGS__, 12))
#endif

INLINE vf zip_low(vf a, vf b) { return SHUFFLE(a, b, 0, 4, 1, 5); }
INLINE vf zip_high(vf a, vf b) { return SHUFFLE(a, b, 2, 6, 3, 7); }
INLINE vf zip_low_pairs(vf a, vf b) { return SHUFFLE(a, b, 0, 1, 4, 5); }
INLINE vf zip_high_pairs(vf a, vf b) { return SHUFFLE(a, b, 2, 3, 6, 7); }

#undef SHUFFLE
#undef QUARTER
#undef LANE

// One quarter from each of p, p + stride, p + 2 * stride, ...
INLINE vf load_quads(const float *p, size_t stride) {
#if LANES == 4
  (void)stride;
  return load_quad(p);
#elif LANES == 8
  return __builtin_shufflevector(load_quad(p), load_quad(p + stride), 0, 1, 2, 3, 4, 5, 6, 7);
#elif LANES == 16
  typedef float octet __attribute__((vector_size(32)));
  octet a = __builtin_shufflevector(load_quad(p), load_quad(p + stride), 0, 1, 2, 3, 4, 5, 6, 7);
  octet b = __builtin_shufflevector(load_quad(p + 2 * stride), load_quad(p + 3 * stride), 0, 1, 2,
                                    3, 4, 5, 6, 7);
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#endif
}
