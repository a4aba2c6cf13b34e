// Local: y = x transpose(W + scale z) + bias.
//
// The matrix is walked in tiles of TILE_N outputs by TILE_K inputs. A tile is widened to binary32
// and z generated for it once per direction; each branch's own tile is then one fma away and goes
// through the micro-kernel with all of that branch's rows. Tiles lie as panels of COLUMNS outputs,
// input after input: panel[kk * COLUMNS + nn], which the micro-kernel reads straight through.

enum {
  COLUMNS = COLUMN_VECTORS * LANES,
  TILE_N = 64,
  TILE_K = 256,
  TILE = TILE_N * TILE_K,
  // Rows of x that stay in the second-level cache while all panels of a tile pass over them.
  BLOCK_ROWS = 16 * ROWS,
  // Padding keeps the lines of a row-major tile out of each other's cache sets.
  LINE = TILE_K + 16,
  // Up to this many rows (token generation) the matrix is read once and never packed.
  FEW_ROWS = 4,
  FEW_K = 1024,
};

// y[r][0 ..< columns] = sum over kk < depth of x[r][kk] * panel[kk], plus y itself when `keep`,
// plus bias when there is one; for r < rows, a constant after inlining.
INLINE void micro_rows(const int rows, const float *x, size_t x_stride, const float *panel,
                       size_t depth, float *y, size_t y_stride, size_t columns, int keep,
                       const float *bias) {
  vf sums[ROWS][COLUMN_VECTORS] = {};
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
      for (int c = 0; c < COLUMN_VECTORS; c++) sums[r][c] = fma_lanes(a, w[c], sums[r][c]);
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

#define MICRO(n)                                                                              \
  static void micro_##n(const float *x, size_t x_stride, const float *panel, size_t depth,    \
                        float *y, size_t y_stride, size_t columns, int keep,                  \
                        const float *bias) {                                                  \
    micro_rows(n, x, x_stride, panel, depth, y, y_stride, columns, keep, bias);               \
  }
MICRO(1)
MICRO(2)
MICRO(3)
MICRO(4)
MICRO(5)
MICRO(6)
#if ROWS == 14
MICRO(7)
MICRO(8)
MICRO(9)
MICRO(10)
MICRO(11)
MICRO(12)
MICRO(13)
MICRO(14)
#endif
#undef MICRO

// By number of rows, less one.
static micro_kernel *const micro[ROWS] = {
    micro_1, micro_2,  micro_3,  micro_4,  micro_5,  micro_6,
#if ROWS == 14
    micro_7, micro_8,  micro_9,  micro_10, micro_11, micro_12, micro_13, micro_14,
#endif
};

// The micro-kernel over any number of rows.
static void multiply_panel(const float *x, size_t x_stride, size_t rows, const float *panel,
                           size_t depth, float *y, size_t y_stride, size_t columns, int keep,
                           const float *bias) {
  for (size_t r = 0; r < rows; r += ROWS)
    micro[smaller(ROWS, rows - r) - 1](x + r * x_stride, x_stride, panel, depth, y + r * y_stride,
                                       y_stride, columns, keep, bias);
}

// Transposes LANES lines of `depth` floats (a multiple of 4) into columns `first` ... of a panel.
INLINE void transpose_lines(const float *lines, size_t depth, float *panel, size_t first) {
  for (size_t kk = 0; kk < depth; kk += 4) {
    vf t[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) t[i] = load_quads(lines + kk + i * LINE, 4 * LINE);
    vf a = zip_low(t[0], t[1]), b = zip_low(t[2], t[3]);
    vf c = zip_high(t[0], t[1]), d = zip_high(t[2], t[3]);
    float *to = panel + kk * COLUMNS + first;
    store(to, zip_low_pairs(a, b));
    store(to + COLUMNS, zip_high_pairs(a, b));
    store(to + 2 * COLUMNS, zip_low_pairs(c, d));
    store(to + 3 * COLUMNS, zip_high_pairs(c, d));
  }
}

typedef struct {
  size_t n, columns;  // outputs [n, n + columns)
  size_t k, depth;    // inputs [k, k + depth)
} extent;

// Where the numbers of a tile come from: the stored weights, or z when there is a direction.
typedef struct {
  const zk_linear *job;
  const zk_direction *direction;
  key_schedule keys;  // of the direction
} source;

static source source_of(const zk_linear *job, const zk_direction *direction) {
  source from = {.job = job, .direction = direction};
  if (direction) from.keys = key_schedule_of(direction->seed);
  return from;
}

// Elements [start, start + count) of a stored row that is `width` long.
static void read_line(const source *from, size_t row, size_t width, size_t start, size_t count,
                      float *line) {
  int32_t dtype = from->job->dtype;
  const char *weight = from->job->weight;
  if (from->direction)
    keyed_perturbation(&from->keys, from->direction, (uint32_t)row, start, count, line);
  else
    expand(weight + (row * width + start) * element_size(dtype), dtype, count, line);
}

// Stored [n, k]: COLUMNS lines at a time, transposed into a panel.
static void pack_transposing(const source *from, extent at, float *lines, float *panels) {
  size_t padded = (at.depth + 3) / 4 * 4;
  for (size_t p = 0; p < at.columns; p += COLUMNS) {
    for (size_t i = 0; i < COLUMNS; i++) {
      size_t used = p + i < at.columns ? at.depth : 0;
      if (used) read_line(from, at.n + p + i, from->job->k, at.k, used, lines + i * LINE);
      // What lies beyond is multiplied too and thrown away; leftovers may be slow denormals.
      memset(lines + i * LINE + used, 0, (padded - used) * sizeof(float));
    }
    for (size_t first = 0; first < COLUMNS; first += LANES)
      transpose_lines(lines + first * LINE, padded, panels + p * TILE_K, first);
  }
}

// Stored [k, n]: a line holds one input's share of every panel.
static void pack_straight(const source *from, extent at, float *lines, float *panels) {
  memset(lines, 0, TILE_N * sizeof(float));
  for (size_t kk = 0; kk < at.depth; kk++) {
    read_line(from, at.k + kk, from->job->n, at.n, at.columns, lines);
    for (size_t p = 0; p < at.columns; p += COLUMNS)
      memcpy(panels + p * TILE_K + kk * COLUMNS, lines + p, COLUMNS * sizeof(float));
  }
}

// Panel p / COLUMNS of a tile lies at panels + p * TILE_K; outputs beyond the tile's are zero.
static void pack_tile(const zk_linear *job, extent at, const zk_direction *direction, float *lines,
                      float *panels) {
  source from = source_of(job, direction);
  if (job->transposed)
    pack_straight(&from, at, lines, panels);
  else
    pack_transposing(&from, at, lines, panels);
}

static void multiply_tile(const zk_linear *job, const zk_branch *branch, extent at,
                          const float *panels) {
  int keep = job->accumulate || at.k > 0;
  for (size_t r = 0; r < branch->rows; r += BLOCK_ROWS) {
    size_t rows = smaller(BLOCK_ROWS, branch->rows - r);
    for (size_t p = 0; p < at.columns; p += COLUMNS)
      multiply_panel(branch->x + r * branch->x_stride + at.k, branch->x_stride, rows,
                     panels + p * TILE_K, at.depth, branch->y + r * branch->y_stride + at.n + p,
                     branch->y_stride, smaller(COLUMNS, at.columns - p), keep,
                     branch->bias && at.k == 0 ? branch->bias + at.n + p : NULL);
  }
}

static void linear_tile(const zk_linear *job, extent at, float *scratch) {
  float *stored = scratch, *z = stored + TILE, *moved = z + TILE, *lines = moved + TILE;
  pack_tile(job, at, NULL, lines, stored);
  for (size_t b = 0; b < job->branch_count; b++)
    if (job->branches[b].direction < 0) multiply_tile(job, &job->branches[b], at, stored);
  for (size_t d = 0; d < job->direction_count; d++) {
    int generated = 0;
    float scale = 0;
    for (size_t b = 0; b < job->branch_count; b++) {
      const zk_branch *branch = &job->branches[b];
      if (branch->direction != (int32_t)d || branch->rows == 0) continue;
      if (!generated) pack_tile(job, at, &job->directions[d], lines, z);
      if (!generated || branch->scale != scale) {
        scale = branch->scale;
        for (size_t p = 0; p < at.columns; p += COLUMNS)
          for (size_t i = p * TILE_K; i < p * TILE_K + at.depth * COLUMNS; i += LANES)
            store(moved + i, fma_lanes(splat(scale), load(z + i), load(stored + i)));
      }
      generated = 1;
      multiply_tile(job, branch, at, moved);
    }
  }
}

// --- few rows -------------------------------------------------------------------------------

// Sum of x[i] * (w[i] + scale * z[i]); z may be NULL.
INLINE float dot(const float *x, const void *w, int32_t dtype, const float *z, float scale,
                 size_t count) {
  const char *bytes = w;
  size_t size = element_size(dtype), i = 0;
  vf sums[4] = {};
  for (; i + 4 * LANES <= count; i += 4 * LANES)
#pragma clang loop unroll(full)
    for (int v = 0; v < 4; v++) {
      size_t at = i + (size_t)v * LANES;
      vf weight = widen(bytes + at * size, dtype);
      if (z) weight = fma_lanes(splat(scale), load(z + at), weight);
      sums[v] = fma_lanes(load(x + at), weight, sums[v]);
    }
  float sum = sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
  if (i < count) {
    float rest[4 * LANES];
    expand(bytes + i * size, dtype, count - i, rest);
    for (size_t j = 0; i + j < count; j++)
      sum += x[i + j] * (z ? __builtin_fmaf(scale, z[i + j], rest[j]) : rest[j]);
  }
  return sum;
}

static float dot_stored(const float *x, const void *w, int32_t dtype, size_t count) {
  switch (dtype) {
    case ZK_FLOAT32: return dot(x, w, ZK_FLOAT32, NULL, 0, count);
    case ZK_BFLOAT16: return dot(x, w, ZK_BFLOAT16, NULL, 0, count);
    default: return dot(x, w, ZK_FLOAT16, NULL, 0, count);
  }
}

static float dot_moved(const float *x, const float *w, const float *z, float scale, size_t count) {
  return dot(x, w, ZK_FLOAT32, z, scale, count);
}

// Adds the products with inputs [k, k + depth) of output n; stored layout [n, k].
static void few_rows_line(const zk_linear *job, size_t n, size_t k, size_t depth, float *scratch) {
  float *stored = scratch, *z = stored + FEW_K;
  const void *weight = (const char *)job->weight + (n * job->k + k) * element_size(job->dtype);
  int expanded = 0;
  for (size_t b = 0; b < job->branch_count; b++) {
    const zk_branch *branch = &job->branches[b];
    if (branch->direction >= 0) continue;
    for (size_t r = 0; r < branch->rows; r++)
      branch->y[r * branch->y_stride + n] +=
          dot_stored(branch->x + r * branch->x_stride + k, weight, job->dtype, depth);
  }
  for (size_t d = 0; d < job->direction_count; d++) {
    int generated = 0;
    for (size_t b = 0; b < job->branch_count; b++) {
      const zk_branch *branch = &job->branches[b];
      if (branch->direction != (int32_t)d || branch->rows == 0) continue;
      if (!expanded) expand(weight, job->dtype, depth, stored);
      if (!generated) perturbation(&job->directions[d], (uint32_t)n, (uint32_t)k, depth, z);
      expanded = generated = 1;
      for (size_t r = 0; r < branch->rows; r++)
        branch->y[r * branch->y_stride + n] +=
            dot_moved(branch->x + r * branch->x_stride + k, stored, z, branch->scale, depth);
    }
  }
}

INLINE void add_scaled(float *y, float x, const float *w, const float *z, float scale,
                       size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    vf weight = load(w + i);
    if (z) weight = fma_lanes(splat(scale), load(z + i), weight);
    store(y + i, fma_lanes(splat(x), weight, load(y + i)));
  }
  for (; i < count; i++) y[i] += x * (z ? __builtin_fmaf(scale, z[i], w[i]) : w[i]);
}

// Adds the products of input k with outputs [n, n + columns); stored layout [k, n].
static void few_rows_transposed(const zk_linear *job, size_t k, size_t n, size_t columns,
                                float *scratch) {
  float *stored = scratch, *z = stored + FEW_K;
  expand((const char *)job->weight + (k * job->n + n) * element_size(job->dtype), job->dtype,
         columns, stored);
  for (size_t d = 0; d <= job->direction_count; d++) {
    int generated = 0;  // d = direction_count stands for the weights as stored
    for (size_t b = 0; b < job->branch_count; b++) {
      const zk_branch *branch = &job->branches[b];
      int moved = d < job->direction_count;
      if (moved ? branch->direction != (int32_t)d : branch->direction >= 0) continue;
      if (moved && !generated && branch->rows)
        perturbation(&job->directions[d], (uint32_t)k, (uint32_t)n, columns, z);
      generated = 1;
      for (size_t r = 0; r < branch->rows; r++) {
        float *y = branch->y + r * branch->y_stride + n;
        float x = branch->x[r * branch->x_stride + k];
        if (moved)
          add_scaled(y, x, stored, z, branch->scale, columns);
        else
          add_scaled(y, x, stored, NULL, 0, columns);
      }
    }
  }
}

static void linear_few_rows(const zk_linear *job, size_t n0, size_t n1, float *scratch) {
  for (size_t b = 0; b < job->branch_count; b++) {
    const zk_branch *branch = &job->branches[b];
    for (size_t r = 0; r < branch->rows; r++)
      for (size_t n = n0; n < n1; n++) {
        float *y = branch->y + r * branch->y_stride + n;
        *y = (job->accumulate ? *y : 0) + (branch->bias ? branch->bias[n] : 0);
      }
  }
  if (job->transposed) {
    for (size_t n = n0; n < n1; n += FEW_K)
      for (size_t k = 0; k < job->k; k++)
        few_rows_transposed(job, k, n, smaller(FEW_K, n1 - n), scratch);
    return;
  }
  for (size_t n = n0; n < n1; n++)
    for (size_t k = 0; k < job->k; k += FEW_K)
      few_rows_line(job, n, k, smaller(FEW_K, job->k - k), scratch);
}

// --------------------------------------------------------------------------------------------

static size_t linear_scratch(const zk_linear *job) {
  (void)job;
  return sizeof(float) * (3 * TILE + COLUMNS * LINE);
}

static void linear(const zk_linear *job, size_t n0, size_t n1, void *scratch) {
  size_t most = 0;
  for (size_t b = 0; b < job->branch_count; b++)
    most = job->branches[b].rows > most ? job->branches[b].rows : most;
  if (most <= FEW_ROWS || job->k == 0) {
    linear_few_rows(job, n0, n1, scratch);
    return;
  }
  for (size_t n = n0; n < n1; n += TILE_N)
    for (size_t k = 0; k < job->k; k += TILE_K) {
      extent at = {n, smaller(TILE_N, n1 - n), k, smaller(TILE_K, job->k - k)};
      linear_tile(job, at, scratch);
    }
}
