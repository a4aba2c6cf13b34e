// Local: linear.h for weights stored as bfloat16, multiplied as bfloat16 pairs.
//
// The perturbed weight w + scale z is rounded to the nearest bfloat16, as are the inputs; sums are
// binary32. Both sides of a direction are packed from one reading of the weights and one z.
//
// What training uses is the difference between the sides, 2 mu z, and that is not much larger than
// the spacing of bfloat16 numbers near w. Rounded each by itself, the sides err in opposite
// directions and their difference by up to a whole spacing. So the second side is rounded from the
// first one as rounded: the difference errs by half a spacing, and the shift that both share is
// harmless.

#ifdef BFLOAT16_PAIRS

enum { SIDES = 2 };

INLINE int in_pairs(const zk_linear *job) { return job->dtype == ZK_BFLOAT16; }

typedef struct {
  uint32_t *panels[SIDES];  // panel p / COLUMNS lies at p * TILE_UNITS
  uint32_t *x;              // [BLOCK_ROWS, TILE_UNITS]
  uint32_t *lines[SIDES];   // [LANES, LINE]
  float *z, *stored;        // [2, TILE_N or TILE_K]
} paired_scratch;

// Base 0 only measures.
static size_t lay_out(paired_scratch *at, uintptr_t base) {
  size_t used = 0;
#define TAKE(field, type, count)          \
  at->field = (type *)(base + used);      \
  used += sizeof(type) * (size_t)(count);
  for (int s = 0; s < SIDES; s++) {
    TAKE(panels[s], uint32_t, TILE_N * TILE_UNITS)
    TAKE(lines[s], uint32_t, LANES * LINE)
  }
  TAKE(x, uint32_t, BLOCK_ROWS * TILE_UNITS)
  TAKE(z, float, 2 * TILE_K)
  TAKE(stored, float, 2 * TILE_K)
#undef TAKE
  return used;
}

static size_t paired_scratch_size(void) {
  paired_scratch unused;
  return lay_out(&unused, 0);
}

// The sides of one direction, or the weights as stored when there is none.
typedef struct {
  source z;
  float scales[SIDES];
  int count;
} sides_of_tile;

// The way to a side: from the weights as stored to the first, from there to the second.
INLINE float step_to(const sides_of_tile *sides, int side) {
  return side == 0 ? sides->scales[0] : sides->scales[1] - sides->scales[0];
}

// One line of each side: `depth` weights from element `start` of a stored row, as pairs.
INLINE void narrow_sides(const zk_linear *job, const sides_of_tile *sides, size_t row,
                         size_t start, size_t depth, size_t units, const paired_scratch *at,
                         size_t place) {
  const char *weight = (const char *)job->weight + (row * job->k + start) * sizeof(uint16_t);
  if (!sides->z.direction) {
    memcpy(at->lines[0] + place, weight, depth * sizeof(uint16_t));
    memset((char *)(at->lines[0] + place) + depth * sizeof(uint16_t), 0,
           units * sizeof(uint32_t) - depth * sizeof(uint16_t));
    return;
  }
  keyed_perturbation(&sides->z.keys, sides->z.direction, (uint32_t)row, start, depth, at->z);
  for (int s = 0; s < sides->count; s++) {
    expand(s == 0 ? (const void *)weight : at->lines[0] + place, ZK_BFLOAT16, depth, at->stored);
    vf step = splat(step_to(sides, s));
    float moved[TILE_K];
    for (size_t i = 0; i < depth; i += LANES)
      store(moved + i, fma_lanes(step, load(at->z + i), load(at->stored + i)));
    narrow_line(moved, depth, units, at->lines[s] + place);
  }
}

// Stored [n, k]: LANES lines at a time, transposed into the panels.
static void pack_pairs_transposing(const zk_linear *job, const sides_of_tile *sides, extent at,
                                   const paired_scratch *scratch) {
  size_t units = ((at.depth + 1) / 2 + 3) / 4 * 4;
  for (size_t first = 0; first < at.columns; first += LANES) {
    for (size_t i = 0; i < LANES; i++) {
      if (first + i < at.columns)
        narrow_sides(job, sides, at.n + first + i, at.k, at.depth, units, scratch, i * LINE);
      else
        for (int s = 0; s < sides->count; s++)
          memset(scratch->lines[s] + i * LINE, 0, units * sizeof(uint32_t));
    }
    size_t panel = first / COLUMNS * COLUMNS;
    for (int s = 0; s < sides->count; s++)
      transpose_lines((const float *)scratch->lines[s], units,
                      (float *)scratch->panels[s] + panel * TILE_UNITS, first - panel);
  }
}

// Stored [k, n]: two neighbouring lines make one line of pairs.
static void pack_pairs_straight(const zk_linear *job, const sides_of_tile *sides, extent at,
                                const paired_scratch *scratch) {
  for (size_t kk = 0; kk < at.depth; kk += 2) {
    for (size_t i = 0; i < 2; i++) {
      float *stored = scratch->stored + i * TILE_N, *z = scratch->z + i * TILE_N;
      memset(stored, 0, TILE_N * sizeof(float));
      memset(z, 0, TILE_N * sizeof(float));
      if (kk + i == at.depth) continue;
      size_t row = at.k + kk + i;
      expand((const char *)job->weight + (row * job->n + at.n) * sizeof(uint16_t), ZK_BFLOAT16,
             at.columns, stored);
      if (sides->z.direction)
        keyed_perturbation(&sides->z.keys, sides->z.direction, (uint32_t)row, at.n, at.columns, z);
    }
    for (size_t i = 0; i < at.columns; i += LANES) {
      vf low = load(scratch->stored + i), high = load(scratch->stored + TILE_N + i);
      for (int s = 0; s < sides->count; s++) {
        vf step = splat(step_to(sides, s));
        low = fma_lanes(step, load(scratch->z + i), low);
        high = fma_lanes(step, load(scratch->z + TILE_N + i), high);
        vu pairs = nearest_bfloat16(low) | nearest_bfloat16(high) << 16;
        low = (vf)(pairs << 16);
        high = (vf)(pairs & 0xFFFF0000);
        size_t panel = i / COLUMNS * COLUMNS;
        store((float *)scratch->panels[s] + panel * TILE_UNITS + kk / 2 * COLUMNS + i - panel,
              (vf)pairs);
      }
    }
  }
}

static void multiply_pairs(const zk_linear *job, const zk_branch *branch, extent at,
                           const uint32_t *panels, uint32_t *x) {
  int keep = job->accumulate || at.k > 0;
  size_t units = (at.depth + 1) / 2;
  for (size_t r = 0; r < branch->rows; r += BLOCK_ROWS) {
    size_t rows = smaller(BLOCK_ROWS, branch->rows - r);
    for (size_t i = 0; i < rows; i++)
      narrow_line(branch->x + (r + i) * branch->x_stride + at.k, at.depth, units,
                  x + i * TILE_UNITS);
    for (size_t p = 0; p < at.columns; p += COLUMNS)
      multiply_rows(micro_pairs, (const float *)x, TILE_UNITS, rows,
                    (const float *)panels + p * TILE_UNITS, units,
                    branch->y + r * branch->y_stride + at.n + p, branch->y_stride,
                    smaller(COLUMNS, at.columns - p), keep,
                    branch->bias && at.k == 0 ? branch->bias + at.n + p : NULL);
  }
}

// Packs the sides' tiles and multiplies every branch of `direction` that lies on one of them.
static void multiply_sides(const zk_linear *job, const sides_of_tile *sides, int32_t direction,
                           extent at, const paired_scratch *scratch) {
  if (job->transposed)
    pack_pairs_straight(job, sides, at, scratch);
  else
    pack_pairs_transposing(job, sides, at, scratch);
  for (size_t b = 0; b < job->branch_count; b++) {
    const zk_branch *branch = &job->branches[b];
    if (branch->direction < 0 ? direction >= 0 : branch->direction != direction) continue;
    for (int s = 0; s < sides->count; s++)
      if (direction < 0 || branch->scale == sides->scales[s]) {
        multiply_pairs(job, branch, at, scratch->panels[s], scratch->x);
        break;
      }
  }
}

// True when no branch before `index` lies on the same side of the same direction.
INLINE int is_new_side(const zk_linear *job, size_t index) {
  const zk_branch *branch = &job->branches[index];
  for (size_t b = 0; b < index; b++)
    if (job->branches[b].direction == branch->direction && job->branches[b].rows > 0 &&
        job->branches[b].scale == branch->scale)
      return 0;
  return 1;
}

static void paired_tile(const zk_linear *job, extent at, void *base) {
  paired_scratch scratch;
  lay_out(&scratch, (uintptr_t)base);
  int stored = 0;
  for (size_t b = 0; b < job->branch_count; b++) stored |= job->branches[b].direction < 0;
  if (stored) {
    sides_of_tile sides = {.z = source_of(job, NULL), .count = 1};
    multiply_sides(job, &sides, -1, at, &scratch);
  }
  for (size_t d = 0; d < job->direction_count; d++) {
    sides_of_tile sides = {.z = source_of(job, &job->directions[d])};
    for (size_t b = 0; b < job->branch_count; b++) {
      const zk_branch *branch = &job->branches[b];
      if (branch->direction != (int32_t)d || branch->rows == 0 || !is_new_side(job, b)) continue;
      sides.scales[sides.count++] = branch->scale;
      if (sides.count < SIDES) continue;
      multiply_sides(job, &sides, (int32_t)d, at, &scratch);
      sides.count = 0;
    }
    if (sides.count) multiply_sides(job, &sides, (int32_t)d, at, &scratch);
  }
}

#endif
