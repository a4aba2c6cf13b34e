// The product with a perturbed matrix, against sums in binary64.
//
// A table whose name contains bf16 may round x and the perturbed weight to bfloat16, to nearest
// even, before it multiplies; the second side of a direction also from the first one as rounded.
// Each of its branches has to agree with the sums of rounded numbers or with those of unrounded
// ones (other types, rows so few that rounding does not pay), all outputs alike.
#include "check.h"

enum { MOST_BRANCHES = 5, MOST_DIRECTIONS = 3, GAP = 3 };

typedef struct {
  size_t n, k, rows, branches, directions;
  int32_t dtype, transposed, accumulate;
} shape;

typedef struct {
  zk_linear job;
  zk_branch branches[MOST_BRANCHES];
  zk_direction directions[MOST_DIRECTIONS];
  float *before[MOST_BRANCHES];  // y as it came in
  float *stored, *z[MOST_DIRECTIONS];  // [n * k], as the weight lies
} trial;

static float nearest_bfloat16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// [rows, width] with a gap behind every row but the last; gaps of NaN when `values` is null.
static float *strided(size_t rows, size_t width, size_t *stride, bool random) {
  *stride = width + random_below(GAP + 1);
  size_t count = rows ? (rows - 1) * *stride + width : 0;
  float *p = guarded_floats(count);
  for (size_t r = 0; random && r < rows; r++) random_units(p + r * *stride, width, 1);
  return p;
}

static void prepare_branch(trial *t, const shape *of, size_t b) {
  zk_branch *branch = &t->branches[b];
  size_t x_stride, y_stride;
  // Branches without rows are allowed, and stand before others.
  size_t rows = random_below(3) ? random_below(of->rows + 1) : 0;
  branch->rows = b + 1 == of->branches ? of->rows : rows;
  branch->x = strided(branch->rows, of->k, &x_stride, true);
  branch->y = strided(branch->rows, of->n, &y_stride, of->accumulate);
  branch->x_stride = x_stride;
  branch->y_stride = y_stride;
  branch->direction = (int32_t)((b + random_below(2)) % (of->directions + 1)) - 1;
  branch->scale = random_below(2) ? 0.01f : -0.01f;
  branch->bias = NULL;
  if (random_below(2)) {
    float *bias = guarded_floats(of->n);
    random_units(bias, of->n, 1);
    branch->bias = bias;
  }
  size_t count = branch->rows ? (branch->rows - 1) * y_stride + of->n : 0;
  t->before[b] = guarded_floats(count);
  memcpy(t->before[b], branch->y, count * sizeof(float));
}

static void prepare(trial *t, const subject *s, const shape *of) {
  size_t lines = of->transposed ? of->k : of->n, width = of->transposed ? of->n : of->k;
  size_t size = stored_size(of->dtype), count = lines * width;
  char *weight = guarded(count * size, size);
  random_stored(weight, of->dtype, count, 0.1f);
  t->stored = guarded_floats(count);
  s->scalar->expand(weight, of->dtype, count, t->stored);
  for (size_t d = 0; d < of->directions; d++) {
    t->directions[d] = (zk_direction){random_bits(), (uint32_t)random_bits(),
                                      (int32_t)random_below(3)};
    t->z[d] = guarded_floats(count);
    for (size_t i = 0; i < lines; i++)
      s->scalar->perturbation(&t->directions[d], (uint32_t)i, 0, width, t->z[d] + i * width);
  }
  for (size_t b = 0; b < of->branches; b++) prepare_branch(t, of, b);
  t->job = (zk_linear){.weight = weight,
                       .dtype = of->dtype,
                       .transposed = of->transposed,
                       .n = of->n,
                       .k = of->k,
                       .directions = t->directions,
                       .direction_count = of->directions,
                       .branches = t->branches,
                       .branch_count = of->branches,
                       .accumulate = of->accumulate};
}

// The columns in pieces, as threads take them; pieces begin at multiples of 32.
static void run(const subject *s, const trial *t) {
  size_t bytes = s->table->linear_scratch(&t->job);
  void *scratch = guarded(bytes, 64);
  for (size_t n0 = 0; n0 < t->job.n;) {
    size_t n1 = lesser(t->job.n, n0 + 32 * (1 + random_below(6)));
    s->table->linear(&t->job, n0, n1, scratch);
    n0 = n1;
  }
}

// How a weight got to bfloat16: at once, or from the other side of its direction as rounded, so
// that the difference of the two sides is rounded once.
typedef enum { UNROUNDED, AT_ONCE, FROM_OTHER_SIDE } rounding;

static double rounded_weight(float w, float z, float scale, rounding how) {
  if (how == AT_ONCE) return (double)nearest_bfloat16(fmaf(scale, z, w));
  float other = nearest_bfloat16(fmaf(-scale, z, w));
  return (double)nearest_bfloat16(fmaf(2 * scale, z, other));
}

typedef struct {
  double worst;  // greatest error, as a part of what is tolerated
  size_t row, column;
  double value, expected;
} deviation;

// y of one branch against sums in binary64. An error may be of 4 sqrt(k) + 8 roundings of the sum
// of magnitudes: each product and each partial sum is rounded once, at random.
static deviation deviation_of(const trial *t, size_t b, rounding how) {
  bool rounded = how != UNROUNDED;
  const zk_branch *branch = &t->branches[b];
  size_t n = t->job.n, k = t->job.k;
  double allowed = HALF_ULP * (8 + 4 * sqrt((double)k));
  deviation found = {0};
  double *weights = malloc((k ? k : 1) * sizeof *weights);
  double *magnitudes = malloc((k ? k : 1) * sizeof *magnitudes);
  for (size_t j = 0; j < n; j++) {
    for (size_t i = 0; i < k; i++) {
      size_t at = t->job.transposed ? i * n + j : j * k + i;
      float w = t->stored[at];
      float z = branch->direction < 0 ? 0 : t->z[branch->direction][at];
      double move = (double)branch->scale * (double)z;
      magnitudes[i] = fabs((double)w) + fabs(move);
      weights[i] = rounded ? rounded_weight(w, z, branch->scale, how) : (double)w + move;
    }
    for (size_t r = 0; r < branch->rows; r++) {
      const float *x = branch->x + r * branch->x_stride;
      size_t at = r * branch->y_stride + j;
      double sum = 0, magnitude = 0;
      for (size_t i = 0; i < k; i++) {
        double each = (double)(rounded ? nearest_bfloat16(x[i]) : x[i]);
        sum += each * weights[i];
        magnitude += fabs(each) * magnitudes[i];
      }
      double start = t->job.accumulate ? (double)t->before[b][at] : 0;
      double bias = branch->bias ? (double)branch->bias[j] : 0;
      sum += start + bias;
      magnitude += fabs(start) + fabs(bias);
      double value = (double)branch->y[at], error = fabs(value - sum);
      double part = error == 0 ? 0 : error / (allowed * magnitude);
      if (!(part <= found.worst)) {
        if (isnan(part)) part = INFINITY;
        found = (deviation){part, r, j, value, sum};
        if (isinf(part)) break;
      }
    }
    if (isinf(found.worst)) break;
  }
  free(magnitudes);
  free(weights);
  return found;
}

static void check_gaps(const trial *t, size_t b) {
  const zk_branch *branch = &t->branches[b];
  for (size_t r = 0; r + 1 < branch->rows; r++) {
    size_t at = r * branch->y_stride + t->job.n;
    expect_same_bytes("gap behind a row of y", branch->y + at, t->before[b] + at,
                      (branch->y_stride - t->job.n) * sizeof(float), sizeof(float));
  }
}

// Branches of a rounding table that agree only with rounded and only with unrounded sums.
static size_t only_rounded, only_unrounded;

static void check_branch(const subject *s, const trial *t, size_t b) {
  deviation found = deviation_of(t, b, s->rounds_to_bfloat16 ? AT_ONCE : UNROUNDED);
  if (s->rounds_to_bfloat16) {
    if (found.worst > 1 && t->branches[b].direction >= 0) {
      deviation stepped = deviation_of(t, b, FROM_OTHER_SIDE);
      if (stepped.worst < found.worst) found = stepped;
    }
    deviation unrounded = deviation_of(t, b, UNROUNDED);
    only_rounded += found.worst <= 1 && unrounded.worst > 1;
    only_unrounded += found.worst > 1 && unrounded.worst <= 1;
    if (unrounded.worst < found.worst) found = unrounded;
  }
  if (found.worst <= 1)
    note_error(found.worst);
  else
    fail("branch %zu (%zu rows, direction %d, scale %g, %s): y[%zu][%zu] = %.9g, expected %.9g, "
         "%.3g times what is tolerated",
         b, t->branches[b].rows, (int)t->branches[b].direction, (double)t->branches[b].scale,
         t->branches[b].bias ? "bias" : "no bias", found.row, found.column, found.value,
         found.expected, found.worst);
  check_gaps(t, b);
}

static void try_shape(const subject *s, const shape *of) {
  trial t;
  begin_case("%s%s, n %zu, k %zu, %zu branches of %zu rows at most, %zu directions%s",
             dtype_names[of->dtype], of->transposed ? " transposed" : "", of->n, of->k,
             of->branches, of->rows, of->directions, of->accumulate ? ", accumulating" : "");
  prepare(&t, s, of);
  run(s, &t);
  for (size_t b = 0; b < of->branches; b++) check_branch(s, &t, b);
  release_all();
}

static void try_random(const subject *s, size_t n, size_t k, size_t rows, int32_t dtype,
                       int32_t transposed) {
  shape of = {.n = n,
              .k = k,
              .rows = rows,
              .branches = 1 + random_below(MOST_BRANCHES),
              .directions = random_below(MOST_DIRECTIONS + 1),
              .dtype = dtype,
              .transposed = transposed,
              .accumulate = (int32_t)random_below(2)};
  try_shape(s, &of);
}

void check_linear(const subject *s) {
  static const size_t widths[] = {1, 2, 15, 31, 32, 33, 63, 64, 65, 97, 129, 257};
  static const size_t depths[] = {0, 1, 2, 3, 5, 31, 63, 64, 65, 127, 255, 256, 257, 515};
  // Beyond 1024 lie the pieces of the path for few rows; beyond 96 and 224 rows, blocks of rows.
  static const size_t large[][3] = {{1, 1025, 2},  {33, 2051, 3}, {1100, 3, 4}, {2049, 5, 1},
                                    {35, 33, 97},  {65, 35, 225}, {31, 17, 301}, {5, 1027, 21},
                                    {67, 1031, 4}, {64, 512, 33}, {70, 300, 29}};
  size_t turn = 0;
  for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
    for (size_t j = 0; j < sizeof depths / sizeof *depths; j++)
      for (int32_t kind = 0; kind < 6; kind++, turn++) {
        if (s->quick && (turn + turn / 6) % 6 != 0) continue;
        if (s->quick && widths[i] * depths[j] > 20000 && turn % 4 != 0) continue;
        try_random(s, widths[i], depths[j], 1 + (s->quick ? turn / 6 : turn) % 20, kind / 2,
                   kind % 2);
      }
  for (size_t i = 0; i < sizeof large / sizeof *large; i++)
    for (int32_t kind = 0; kind < 6; kind++)
      if (!s->quick || kind == (int32_t)(i % 6))
        try_random(s, large[i][0], large[i][1], large[i][2], kind / 2, kind % 2);
  // So few rows that the matrix is not packed.
  for (size_t rows = 1; rows <= 4; rows++)
    for (int32_t kind = 0; kind < 6; kind++)
      for (size_t repeat = 0; repeat < (s->quick ? 4 : 40); repeat++)
        try_random(s, 1 + random_below(70), 1 + random_below(70), rows, kind / 2, kind % 2);
  if (s->rounds_to_bfloat16) {
    printf("       %s linear: %zu branches rounded to bfloat16, %zu did not\n", s->name,
           only_rounded, only_unrounded);
    // A table of that name that never rounds does not do what it is for.
    if (only_rounded == 0) fail("no branch rounded to bfloat16");
  }
  only_rounded = only_unrounded = 0;
}
