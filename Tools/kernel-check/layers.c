// Norms and the rotary embedding, against the same in binary64.
#include "check.h"

static const size_t widths[] = {1,  2,  3,  7,  8,  15, 16,  17,  31,  32,  33,  63,
                                64, 65, 66, 97, 127, 128, 129, 255, 257, 576, 769, 1031};
enum { WIDTHS = sizeof widths / sizeof *widths };

typedef struct {
  size_t rows, width, stride;
  float *x, *y;  // the same block when in place
  float *before;  // x as it came in
  float *weight, *bias;
} trial;

static trial random_trial(const char *kernel, size_t width) {
  size_t rows = 1 + random_below(5), stride = width + random_below(4);
  size_t count = (rows - 1) * stride + width;
  bool in_place = random_below(2), weighted = random_below(4) > 0, biased = random_below(2);
  begin_case("%s of %zu rows, width %zu, stride %zu%s%s%s", kernel, rows, width, stride,
             in_place ? ", in place" : "", weighted ? "" : ", no weight",
             biased ? "" : ", no bias");
  trial t = {.rows = rows, .width = width, .stride = stride};
  t.x = guarded_floats(count);
  t.y = in_place ? t.x : guarded_floats(count);
  t.before = guarded_floats(count);
  float center = random_below(2) ? 0 : 3;
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < width; i++) t.x[r * stride + i] = center + random_unit();
  memcpy(t.before, t.x, count * sizeof(float));
  if (weighted) random_units(t.weight = guarded_floats(width), width, 2);
  if (biased) random_units(t.bias = guarded_floats(width), width, 1);
  return t;
}

// Gaps between rows were NaN and have to be so still.
static void check_gaps(const trial *t) {
  for (size_t r = 0; r + 1 < t->rows; r++)
    for (size_t i = t->width; i < t->stride; i++)
      if (!isnan(t->y[r * t->stride + i])) fail("wrote behind row %zu", r);
}

// y = (x - mean) * factor * weight + bias. The mean errs by roundings of the mean magnitude, whose
// share of y is factor * weight times that.
static void expect_rows(const trial *t, bool centered, float epsilon) {
  double allowed = HALF_ULP * (8 + 2 * sqrt((double)t->width));
  for (size_t r = 0; r < t->rows; r++) {
    const float *x = t->before + r * t->stride;
    double sum = 0, magnitude = 0, squares = 0;
    for (size_t i = 0; i < t->width; i++) {
      sum += (double)x[i];
      magnitude += fabs((double)x[i]);
    }
    double mean = centered ? sum / (double)t->width : 0;
    if (!centered) magnitude = 0;
    for (size_t i = 0; i < t->width; i++)
      squares += ((double)x[i] - mean) * ((double)x[i] - mean);
    double factor = 1 / sqrt(squares / (double)t->width + (double)epsilon);
    for (size_t i = 0; i < t->width; i++) {
      double weight = t->weight ? (double)t->weight[i] : 1;
      double bias = t->bias && centered ? (double)t->bias[i] : 0;
      double share = fabs((double)x[i] - mean) + magnitude / (double)t->width;
      expect_near("y", r * t->width + i, (double)t->y[r * t->stride + i],
                  ((double)x[i] - mean) * factor * weight + bias,
                  allowed * factor * fabs(weight) * share + 2 * HALF_ULP * fabs(bias));
    }
  }
  check_gaps(t);
  release_all();
}

void check_layer_norm(const subject *s) {
  for (size_t repeat = 0; repeat < (s->quick ? 2 : 10); repeat++)
    for (size_t w = 0; w < WIDTHS; w++) {
      trial t = random_trial("layer norm", widths[w]);
      s->table->layer_norm(t.x, t.y, t.rows, t.width, t.stride, t.weight, t.bias, 1e-5f);
      expect_rows(&t, true, 1e-5f);
    }
}

void check_rms_norm(const subject *s) {
  for (size_t repeat = 0; repeat < (s->quick ? 2 : 10); repeat++)
    for (size_t w = 0; w < WIDTHS; w++) {
      trial t = random_trial("rms norm", widths[w]);
      s->table->rms_norm(t.x, t.y, t.rows, t.width, t.stride, t.weight, 1e-6f);
      expect_rows(&t, false, 1e-6f);
    }
}

static void try_rotary(const subject *s, size_t rows, size_t heads, size_t head_dim) {
  enum { POSITIONS = 50 };
  size_t half = head_dim / 2, stride = heads * head_dim + random_below(4);
  begin_case("%zu rows, %zu heads, head_dim %zu, stride %zu", rows, heads, head_dim, stride);
  size_t count = (rows - 1) * stride + heads * head_dim;
  float *x = guarded_floats(count), *before = guarded_floats(count);
  float *table = guarded_floats(POSITIONS * head_dim);
  int32_t *positions = guarded(rows * sizeof *positions, sizeof *positions);
  random_units(x, count, 1);
  memcpy(before, x, count * sizeof(float));
  for (size_t i = 0; i < POSITIONS * half; i++) {
    double angle = 3.2 * (double)random_unit();
    float *at = table + i / half * head_dim + i % half;
    at[0] = (float)cos(angle);
    at[half] = (float)sin(angle);
  }
  for (size_t r = 0; r < rows; r++) positions[r] = (int32_t)random_below(POSITIONS);
  s->table->rotary(x, rows, stride, heads, head_dim, positions, table);
  for (size_t r = 0; r < rows; r++)
    for (size_t h = 0; h < heads; h++)
      for (size_t i = 0; i < half; i++) {
        const float *c = table + (size_t)positions[r] * head_dim + i;
        size_t low = r * stride + h * head_dim + i, high = low + half;
        double ac = (double)before[low] * (double)c[0], bs = (double)before[high] * (double)c[half];
        double bc = (double)before[high] * (double)c[0], as = (double)before[low] * (double)c[half];
        // Two products and their sum, each rounded at most once.
        expect_near("x", low, (double)x[low], ac - bs, 2 * HALF_ULP * (fabs(ac) + fabs(bs)));
        expect_near("x", high, (double)x[high], bc + as, 2 * HALF_ULP * (fabs(bc) + fabs(as)));
        before[low] = x[low];
        before[high] = x[high];
      }
  // Everything else is as it was.
  expect_same_bytes("x", x, before, count * sizeof(float), sizeof(float));
  release_all();
}

void check_rotary(const subject *s) {
  static const size_t dims[] = {2, 4, 6, 8, 16, 24, 32, 34, 64, 66, 80, 96, 128};
  for (size_t rows = 1; rows <= 20; rows += s->quick ? 6 : 1)
    for (size_t heads = 1; heads <= 5; heads += 2)
      for (size_t d = 0; d < sizeof dims / sizeof *dims; d++) try_rotary(s, rows, heads, dims[d]);
}
