// Local: y = x transpose(W + scale z) + bias.
//
// The matrix is walked in tiles of TILE_N outputs by TILE_K inputs. A tile is widened to binary32
// and z generated for it once per direction; each branch's own tile is then one fma away and goes
// through the micro-kernel with all of that branch's rows.

// Asks for rows [first, end) of a tile's inputs: they lie too far apart to be guessed.
INLINE void prefetch_rows(const zk_branch *branch, extent at, size_t first, size_t end) {
  enum { FLOATS_PER_LINE = 16 };
  for (size_t r = first; r < smaller(end, branch->rows); r++)
    for (size_t i = 0; i < at.depth; i += FLOATS_PER_LINE)
      __builtin_prefetch(branch->x + r * branch->x_stride + at.k + i, 0, 2);
}

static void multiply_tile(const zk_linear *job, const zk_branch *branch, extent at,
                          const float *panels) {
  int keep = job->accumulate || at.k > 0;
  for (size_t r = 0; r < branch->rows; r += BLOCK_ROWS) {
    size_t rows = smaller(BLOCK_ROWS, branch->rows - r), next = r + rows;
    size_t share = (BLOCK_ROWS * COLUMNS + at.columns - 1) / at.columns;
    for (size_t p = 0; p < at.columns; p += COLUMNS, next += share) {
      prefetch_rows(branch, at, next, next + share);
      multiply_panel(branch->x + r * branch->x_stride + at.k, branch->x_stride, rows,
                     panels + p * TILE_K, at.depth, branch->y + r * branch->y_stride + at.n + p,
                     branch->y_stride, smaller(COLUMNS, at.columns - p), keep,
                     branch->bias && at.k == 0 ? branch->bias + at.n + p : NULL);
    }
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

static size_t linear_scratch(const zk_linear *job) {
#ifdef BFLOAT16_PAIRS
  if (in_pairs(job)) return paired_scratch_size();
#endif
  (void)job;
  return sizeof(float) * (3 * TILE + COLUMNS * LINE);
}

static void linear(const zk_linear *job, size_t n0, size_t n1, void *scratch) {
  size_t most = 0;
  for (size_t b = 0; b < job->branch_count; b++)
    most = job->branches[b].rows > most ? job->branches[b].rows : most;
  // Every row of the tiles sums its inputs in one order, which is not that of a few rows.
  if ((most <= FEW_ROWS && !job->batch_invariant) || job->k == 0) {
    linear_few_rows(job, n0, n1, scratch);
    return;
  }
  for (size_t n = n0; n < n1; n += TILE_N)
    for (size_t k = 0; k < job->k; k += TILE_K) {
      extent at = {n, smaller(TILE_N, n1 - n), k, smaller(TILE_K, job->k - k)};
#ifdef BFLOAT16_PAIRS
      if (in_pairs(job)) {
        paired_tile(job, at, scratch);
        continue;
      }
#endif
      linear_tile(job, at, scratch);
    }
}
