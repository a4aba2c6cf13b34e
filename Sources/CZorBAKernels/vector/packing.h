// Local: tiles of a weight matrix, or of z, as panels for the micro-kernel.

enum {
  TILE_N = 128,
  TILE = TILE_N * TILE_K,
  // Padding keeps the lines of a row-major tile out of each other's cache sets.
  LINE = TILE_K + 16,
  // Rows of x that stay in the second-level cache while all panels of a tile pass over them.
  BLOCK_ROWS = 12 * ROWS,
};

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
