// Vectors of LANES elements, written once for every instruction set.
//
// Files in this folder are included, all of them and in order, by the file of each instruction set
// (avx2.c, avx512.c, neon.c), which sets the target and defines LANES, ROWS and
// COLUMN_VECTORS, and BFLOAT16_PAIRS where weights stored so are multiplied so.
// Everything is static, so the copies do not collide.

#define INLINE static inline __attribute__((always_inline))

typedef float vf __attribute__((vector_size(4 * LANES)));
typedef int32_t vi __attribute__((vector_size(4 * LANES)));
typedef uint32_t vu __attribute__((vector_size(4 * LANES)));
typedef uint64_t vq __attribute__((vector_size(4 * LANES)));
typedef uint8_t vb __attribute__((vector_size(4 * LANES)));
typedef uint16_t vh __attribute__((vector_size(2 * LANES)));
typedef _Float16 vf16 __attribute__((vector_size(2 * LANES)));

// Subtracting +0 changes nothing, -0 included, and so costs nothing; adding it would do both.
INLINE vf splat(float x) { return x - (vf){}; }
INLINE vf fma_lanes(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
INLINE vf max_lanes(vf a, vf b) {
  vi greater = a > b;
  return (vf)((greater & (vi)a) | (~greater & (vi)b));
}

// a where `mask` is all ones, b where it is all zeros.
INLINE vf select_lanes(vi mask, vf a, vf b) { return (vf)((mask & (vi)a) | (~mask & (vi)b)); }

// Any address will do.
INLINE vf load(const float *p) {
  vf v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
INLINE void store(float *p, vf v) { __builtin_memcpy(p, &v, sizeof v); }

// The first `count` elements, zeros after them.
INLINE vf load_some(const float *p, size_t count) {
  vf v = {};
  for (size_t i = 0; i < count; i++) v[i] = p[i];
  return v;
}
INLINE void store_some(float *p, vf v, size_t count) {
  for (size_t i = 0; i < count; i++) p[i] = v[i];
}

INLINE float sum_lanes(vf v) {
  float sum = 0;
  for (int i = 0; i < LANES; i++) sum += v[i];
  return sum;
}
INLINE float largest_lane(vf v) {
  float largest = v[0];
  for (int i = 1; i < LANES; i++) largest = v[i] > largest ? v[i] : largest;
  return largest;
}
INLINE int any_lane(vu v) {
  uint32_t any = 0;
  for (int i = 0; i < LANES; i++) any |= v[i];
  return any != 0;
}

INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
