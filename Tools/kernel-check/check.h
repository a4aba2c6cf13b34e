// Checks every kernel of every table this processor can run.
#ifndef KERNEL_CHECK_H
#define KERNEL_CHECK_H

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zorba_kernels.h"

// Half the distance between 1 and the next binary32: the error of one rounding, relatively.
#define HALF_ULP 0x1p-24

// --- random numbers -------------------------------------------------------------------------

uint64_t random_bits(void);
void random_seed(uint64_t seed);
size_t random_below(size_t limit);
// Uniform in [-1, 1).
float random_unit(void);
void random_units(float *out, size_t count, float magnitude);
// `count` stored elements of about `magnitude` at most.
void random_stored(void *out, int32_t dtype, size_t count, float magnitude);

// --- memory ---------------------------------------------------------------------------------

// Bytes that end where an inaccessible page begins (under the address sanitizer: a block of its
// own), filled with NaN, a pattern before and, where alignment leaves room, behind them.
void *guarded(size_t bytes, size_t alignment);
// [count] floats, any alignment a float may have.
float *guarded_floats(size_t count);
// Releases every block; a pattern that was written over fails the case.
void release_all(void);

// --- cases ----------------------------------------------------------------------------------

typedef struct {
  const zk_kernels *table, *scalar;
  const char *name;  // of the table
  bool rounds_to_bfloat16;
  bool quick;
} subject;

// Says what is being tried, for the report of a failure or of a crash.
void begin_case(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Fails the current case; the first few failures of a kernel are printed.
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
// |value - expected| <= tolerance, or fails. `what` and `index` say which element. NaN equals NaN.
void expect_near(const char *what, size_t index, double value, double expected, double tolerance);
void expect_same_bytes(const char *what, const void *value, const void *expected, size_t bytes,
                       size_t element);
// Greatest error so far of this kernel, as a part of what is tolerated.
void note_error(double part);

typedef void kernel_check(const subject *s);

kernel_check check_perturbation, check_update, check_expand, check_perturbed, check_linear,
    check_attention, check_layer_norm, check_rms_norm, check_rotary, check_relu, check_gelu,
    check_gelu_tanh, check_silu, check_silu_multiply, check_add, check_log_sum_exp;

static inline size_t stored_size(int32_t dtype) { return dtype == ZK_FLOAT32 ? 4 : 2; }
static inline size_t lesser(size_t a, size_t b) { return a < b ? a : b; }
static inline double greater(double a, double b) { return a > b ? a : b; }
extern const char *const dtype_names[3], *const distribution_names[3];

#endif
