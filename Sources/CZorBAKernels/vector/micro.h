// Local: the micro-kernel under every matrix product.
//
// A panel holds COLUMNS outputs' weights, input after input: panel[kk * COLUMNS + nn]. Its unit is
// four bytes wide: one binary32 input, or a pair of neighbouring bfloat16 inputs where the processor
// multiplies and adds such pairs in one instruction. Rows of x are in the same units.

enum {
  COLUMNS = COLUMN_VECTORS * LANES,
  // Inputs of a tile of a weight matrix.
  TILE_K = 256,
  // Rows of x in pairs are made for one tile and so lie at a constant distance.
  TILE_UNITS = TILE_K / 2,
};

#ifdef BFLOAT16_PAIRS
#define MULTIPLY_ADD(paired, a, w, sum) \
  ((paired) ? dot_pairs((vu)(a), (vu)(w), sum) : fma_lanes(a, w, sum))
#else
#define MULTIPLY_ADD(paired, a, w, sum) ((void)(paired), fma_lanes(a, w, sum))
#endif

// y[r][0 ..< columns] = sum over kk < depth of x[r][kk] * panel[kk], plus y itself when `keep`,
// plus bias when there is one; for r < rows. `rows` and `paired` are constants after inlining.
INLINE void micro_rows(const int rows, const int paired, const float *x, size_t x_stride, const float *panel,
                       size_t depth, float *y, size_t y_stride, size_t columns, int keep,
                       const float *bias) {
  vf sums[ROWS][COLUMN_VECTORS] = {};
  if (paired) x_stride = TILE_UNITS;
  // y comes in at the end, from a row that no hardware prefetcher can guess.
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) __builtin_prefetch(y + (size_t)r * y_stride, 1);
#pragma clang loop unroll(disable)
  for (size_t kk = 0; kk < depth; kk++) {
    vf w[COLUMN_VECTORS];
#pragma clang loop unroll(full)
    for (int c = 0; c < COLUMN_VECTORS; c++) w[c] = load(panel + kk * COLUMNS + c * LANES);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      vf a = splat(x[(size_t)r * x_stride + kk]);
#pragma clang loop unroll(full)
      for (int c = 0; c < COLUMN_VECTORS; c++) sums[r][c] = MULTIPLY_ADD(paired, a, w[c], sums[r][c]);
    }
  }
  if (columns == COLUMNS) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (int c = 0; c < COLUMN_VECTORS; c++) {
        float *to = y + (size_t)r * y_stride + c * LANES;
        vf sum = sums[r][c];
        if (keep) sum += load(to);
        if (bias) sum += load(bias + c * LANES);
        store(to, sum);
      }
    return;
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    float line[COLUMNS], *to = y + (size_t)r * y_stride;
#pragma clang loop unroll(full)
    for (int c = 0; c < COLUMN_VECTORS; c++) store(line + c * LANES, sums[r][c]);
    for (size_t j = 0; j < columns; j++)
      to[j] = line[j] + (keep ? to[j] : 0) + (bias ? bias[j] : 0);
  }
}

typedef void micro_kernel(const float *x, size_t x_stride, const float *panel, size_t depth,
                          float *y, size_t y_stride, size_t columns, int keep, const float *bias);

#define MICRO(name, n, paired)                                                               \
  static void name##_##n(const float *x, size_t x_stride, const float *panel, size_t depth,  \
                         float *y, size_t y_stride, size_t columns, int keep,                \
                         const float *bias) {                                                \
    micro_rows(n, paired, x, x_stride, panel, depth, y, y_stride, columns, keep, bias);      \
  }

// A table by number of rows, less one.
#if ROWS == 6
#define MICRO_TABLE(name, paired)                                                       \
  MICRO(name, 1, paired) MICRO(name, 2, paired) MICRO(name, 3, paired)                  \
  MICRO(name, 4, paired) MICRO(name, 5, paired) MICRO(name, 6, paired)                  \
  static micro_kernel *const name[ROWS] = {name##_1, name##_2, name##_3,                \
                                           name##_4, name##_5, name##_6};
#elif ROWS == 14
#define MICRO_TABLE(name, paired)                                                       \
  MICRO(name, 1, paired) MICRO(name, 2, paired) MICRO(name, 3, paired)                  \
  MICRO(name, 4, paired) MICRO(name, 5, paired) MICRO(name, 6, paired)                  \
  MICRO(name, 7, paired) MICRO(name, 8, paired) MICRO(name, 9, paired)                  \
  MICRO(name, 10, paired) MICRO(name, 11, paired) MICRO(name, 12, paired)               \
  MICRO(name, 13, paired) MICRO(name, 14, paired)                                       \
  static micro_kernel *const name[ROWS] = {                                             \
      name##_1, name##_2, name##_3,  name##_4,  name##_5,  name##_6,  name##_7,         \
      name##_8, name##_9, name##_10, name##_11, name##_12, name##_13, name##_14};
#endif

MICRO_TABLE(micro, 0)
#ifdef BFLOAT16_PAIRS
MICRO_TABLE(micro_pairs, 1)
#endif
#undef MICRO_TABLE
#undef MICRO
#undef MULTIPLY_ADD

// A micro-kernel over any number of rows.
INLINE void multiply_rows(micro_kernel *const kernels[ROWS], const float *x, size_t x_stride,
                          size_t rows, const float *panel, size_t depth, float *y,
                          size_t y_stride, size_t columns, int keep, const float *bias) {
  for (size_t r = 0; r < rows; r += ROWS)
    kernels[smaller(ROWS, rows - r) - 1](x + r * x_stride, x_stride, panel, depth,
                                         y + r * y_stride, y_stride, columns, keep, bias);
}

static void multiply_panel(const float *x, size_t x_stride, size_t rows, const float *panel,
                           size_t depth, float *y, size_t y_stride, size_t columns, int keep,
                           const float *bias) {
  multiply_rows(micro, x, x_stride, rows, panel, depth, y, y_stride, columns, keep, bias);
}
