// Activations, sums and log_sum_exp, against the same in binary64.
#include "check.h"

// A function of one number: its value, and how far off a kernel may be.
typedef double function(double x, double *tolerance);

// Below the least normal binary32 a kernel may as well say 0.
#define LEAST 0x1p-126

static double relu_of(double x, double *tolerance) {
  *tolerance = 0;
  return x < 0 ? 0 : x;
}

// The exponent of e^(-x^2 / 2) is itself rounded, which the tail feels x^2 / 2 times over.
static double gelu_of(double x, double *tolerance) {
  double y = 0.5 * x * erfc(x * -0.70710678118654752);
  *tolerance = HALF_ULP * ((16 + 2 * x * x) * fabs(y)) + LEAST * (1 + fabs(x));
  return y;
}

static double gelu_tanh_of(double x, double *tolerance) {
  double u = 2 * 0.79788456080286536 * (x + 0.044715 * x * x * x);
  double y = x / (1 + exp(-u));
  *tolerance = HALF_ULP * (16 + 6 * fabs(u)) * fabs(y) + LEAST * (1 + fabs(x));
  return y;
}

static double silu_of(double x, double *tolerance) {
  double y = x / (1 + exp(-x));
  *tolerance = HALF_ULP * 16 * fabs(y) + LEAST * (1 + fabs(x));
  return y;
}

static const size_t counts[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 257, 1031};
enum { COUNTS = sizeof counts / sizeof *counts };

// Zeros, ends of the ranges where exponentials overflow, and NaN.
static const float special[] = {0.0f,   -0.0f,  1e-40f, -1e-40f, 1e-20f, -1e-20f, 5.0f,  -5.0f,
                                13.9f,  -13.9f, 14.1f,  -14.1f,  86.5f,  -86.5f,  86.7f, -86.7f,
                                88.71f, -88.7f, 88.8f,  -88.8f,  100.0f, -100.0f, 1e4f,  -1e4f,
                                NAN};
enum { SPECIAL = sizeof special / sizeof *special };

static void random_arguments(float *x, size_t count) {
  static const float magnitudes[] = {1e-3f, 1, 6, 20, 90};
  for (size_t i = 0; i < count; i++)
    x[i] = random_below(8) ? magnitudes[random_below(5)] * random_unit()
                           : special[random_below(SPECIAL)];
}

// gate <- f(gate), or f(gate) * up when there is one.
static void check_elementwise(const subject *s, function *f, void (*kernel)(float *, size_t),
                              void (*gated)(float *, const float *, size_t)) {
  for (size_t repeat = 0; repeat < (s->quick ? 4 : 40); repeat++)
    for (size_t c = 0; c < COUNTS; c++) {
      size_t count = counts[c];
      begin_case("count %zu", count);
      float *x = guarded_floats(count), *before = guarded_floats(count);
      float *up = guarded_floats(count);
      random_arguments(x, count);
      random_units(up, count, 3);
      memcpy(before, x, count * sizeof(float));
      if (gated)
        gated(x, up, count);
      else
        kernel(x, count);
      for (size_t i = 0; i < count; i++) {
        double tolerance, y = f((double)before[i], &tolerance);
        double factor = gated ? (double)up[i] : 1;
        y *= factor;
        tolerance = tolerance * fabs(factor) + (gated ? HALF_ULP * fabs(y) + LEAST : 0);
        if (!isnan(before[i]) || !isnan(x[i])) expect_near("y", i, (double)x[i], y, tolerance);
      }
      release_all();
    }
}

void check_relu(const subject *s) { check_elementwise(s, relu_of, s->table->relu, NULL); }
void check_gelu(const subject *s) { check_elementwise(s, gelu_of, s->table->gelu, NULL); }
void check_gelu_tanh(const subject *s) {
  check_elementwise(s, gelu_tanh_of, s->table->gelu_tanh, NULL);
}
void check_silu(const subject *s) { check_elementwise(s, silu_of, s->table->silu, NULL); }
void check_silu_multiply(const subject *s) {
  check_elementwise(s, silu_of, NULL, s->table->silu_multiply);
}

void check_add(const subject *s) {
  for (size_t c = 0; c < COUNTS; c++) {
    size_t count = counts[c];
    begin_case("count %zu", count);
    float *y = guarded_floats(count), *x = guarded_floats(count), *sum = guarded_floats(count);
    random_units(y, count, 1);
    random_units(x, count, 1);
    for (size_t i = 0; i < count; i++) sum[i] = y[i] + x[i];
    s->table->add(y, x, count);
    expect_same_bytes("y", y, sum, count * sizeof(float), sizeof(float));
    release_all();
  }
}

// Folds `count` logits in pieces, from (-inf, 0) on.
static void try_log_sum_exp(const subject *s, size_t count, float magnitude, bool rising) {
  size_t pieces = 1 + random_below(4);
  begin_case("count %zu in %zu pieces, logits up to %g%s", count, pieces, (double)magnitude,
             rising ? ", rising" : "");
  float *x = guarded_floats(count), maximum = -INFINITY, sum = 0;
  random_units(x, count, magnitude);
  for (size_t i = 0; i < count; i++) {
    if (rising) x[i] += 0.01f * (float)i;
    if (random_below(50) == 0) x[i] = -INFINITY;
  }
  // A piece of nothing but -inf, first of all.
  float nothing[3] = {-INFINITY, -INFINITY, -INFINITY};
  s->table->log_sum_exp(nothing, random_below(4), &maximum, &sum);
  for (size_t p = 0, first = 0; p < pieces; p++) {
    size_t end = p + 1 == pieces ? count : first + random_below(count - first + 1);
    s->table->log_sum_exp(x + first, end - first, &maximum, &sum);
    first = end;
  }
  float top = -INFINITY;
  double total = 0;
  for (size_t i = 0; i < count; i++) top = x[i] > top ? x[i] : top;
  for (size_t i = 0; i < count && top > -INFINITY; i++) total += exp((double)x[i] - (double)top);
  // Arguments of exp are differences, rounded once: a term errs by as much as its argument does.
  // Terms further down than 90 are 0 in binary32.
  double span = 2 * fmin(90, (double)magnitude + 0.01 * (double)count);
  expect_near("maximum", 0, (double)maximum, (double)top, 0);
  expect_near("sum", 0, (double)sum, total,
              HALF_ULP * (16 + 2 * sqrt((double)lesser(count, 4096)) + span) * total);
  release_all();
}

void check_log_sum_exp(const subject *s) {
  static const size_t many[] = {4095, 4096, 4097, 8200, 20011};
  for (size_t repeat = 0; repeat < (s->quick ? 2 : 20); repeat++)
    for (size_t c = 0; c < COUNTS; c++)
      for (int rising = 0; rising < 2; rising++)
        try_log_sum_exp(s, counts[c], random_below(2) ? 5 : 60, rising);
  for (size_t c = 0; c < sizeof many / sizeof *many; c++)
    try_log_sum_exp(s, many[c], 10, c % 2);
}
