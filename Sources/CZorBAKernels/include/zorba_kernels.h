// The kernels under ZorBA: one table of functions per instruction set, chosen once at run time.
//
// Two classes of arithmetic live here and never mix (docs/numerics.md):
//   replicated  perturbations and committed updates; the same bits on every machine, for ever
//   local       forward passes; fast, held to accuracy and not to bits
#ifndef ZORBA_KERNELS_H
#define ZORBA_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// How a tensor element is stored.
typedef enum { ZK_FLOAT32 = 0, ZK_BFLOAT16 = 1, ZK_FLOAT16 = 2 } zk_dtype;

// How a 32-bit random word becomes a perturbation value (numerics spec 1, section 3).
typedef enum { ZK_RADEMACHER = 0, ZK_POPCOUNT = 1, ZK_GAUSSIAN = 2 } zk_distribution;

// Instruction sets a table can be built for.
typedef enum {
  ZK_SCALAR = 0,
  ZK_AVX2 = 1,
  ZK_AVX512 = 2,
  ZK_NEON = 3,
  // Weights stored as bfloat16 are multiplied as such: perturbed weights and inputs are rounded to
  // bfloat16, sums are binary32. Other weights go as in the table without the suffix.
  ZK_AVX512_BF16 = 4,
  ZK_NEON_BF16 = 5,
  ZK_AVX2_BF16 = 6,  // emulated; never the best table
} zk_isa;

// One direction restricted to one tensor: everything z depends on but the element's place.
typedef struct {
  uint64_t seed;    // direction seed, the Philox key (low word first)
  uint32_t tensor;  // tensor id = 4096 * block + role
  int32_t distribution;
} zk_direction;

// One direction's share of one committed round: w <- fma(coefficient, z, w).
typedef struct {
  zk_direction direction;
  float coefficient;
} zk_term;

// One committed round as seen by one tensor. Rounds are applied in order, each one rounding its
// result to the stored type, so a fused replay gives the bits of round-by-round application.
typedef struct {
  const zk_term *terms;
  size_t term_count;
  uint64_t rounding_seed;  // Philox key of the stochastic rounding bits (domain 1)
  float decay;             // multiplies first; 1 means none and is skipped
  uint32_t tensor;         // tensor id for the rounding bits
} zk_round;

// Result of an update.
typedef enum { ZK_OK = 0, ZK_NOT_FINITE = 1 } zk_status;

// One branch of a block-synchronous evaluation: its own input and output, and the side of the
// direction on which its weights lie. direction < 0: weights as stored.
typedef struct {
  const float *x;     // [rows, k], row stride x_stride floats
  float *y;           // [rows, n], row stride y_stride floats
  const float *bias;  // [n] already perturbed for this branch, or NULL
  size_t x_stride, y_stride;
  size_t rows;
  int32_t direction;  // index into zk_linear.directions, or -1
  float scale;        // +mu or -mu; the weight used is w + scale * z
} zk_branch;

// y = x * transpose(W) + bias for all branches, the weight tile read and perturbed once.
typedef struct {
  const void *weight;
  int32_t dtype;
  int32_t transposed;  // 0: W is stored [n, k] (Linear); 1: stored [k, n] (Conv1D of GPT-2)
  size_t n, k;
  const zk_direction *directions;
  size_t direction_count;
  const zk_branch *branches;
  size_t branch_count;
  int32_t accumulate;  // 1: y += instead of y =
  // 1: a row of y has the same bits whatever the number of rows and the other rows; few rows then
  // take longer.
  int32_t batch_invariant;
} zk_linear;

// Attention of one head of one sequence. Query i (0-based) stands at position keys - queries + i and
// sees keys j <= that position, and with window > 0 only the last `window`. Bidirectional queries see
// every key, wherever they stand, and have no window.
typedef struct {
  const float *q;  // [queries, head_dim], row stride q_stride
  const float *k;  // [keys, head_dim], row stride kv_stride
  const float *v;  // [keys, head_dim], row stride kv_stride
  float *out;      // [queries, head_dim], row stride out_stride
  size_t q_stride, kv_stride, out_stride;
  size_t queries, keys, head_dim;
  size_t window;
  float scale;
  int32_t bidirectional;  // 0: causal
} zk_attention;

// What softmax attention of one head of one run of queries passes back. Queries and keys are seen
// as in zk_attention; without `causal` every query sees every key. Gradients are added to; a NULL
// one is not computed.
typedef struct {
  const float *q, *k, *v;
  const float *d_out;      // [queries, head_dim], row stride d_out_stride
  float *d_q, *d_k, *d_v;  // of the shapes of q, k and v
  size_t q_stride, k_stride, v_stride, d_out_stride, d_q_stride, d_k_stride, d_v_stride;
  size_t queries, keys, head_dim;
  size_t window;
  float scale;
  int32_t causal;
} zk_attention_backward;

// What a layer norm (centred) or root-mean-square norm passes back.
typedef struct {
  const float *x;       // [rows, width], the norm's input
  const float *d_y;     // [rows, width]
  const float *weight;  // [width]; NULL: ones
  float *d_x;           // [rows, width], may be d_y itself unless `accumulate`; NULL: not computed
  float *d_weight;      // [width], added to; NULL: not computed
  float *d_bias;        // [width], added to; NULL: not computed
  size_t x_stride, d_y_stride, d_x_stride;
  size_t rows, width;
  float epsilon;
  int32_t centred;
  int32_t accumulate;  // 1: d_x += instead of d_x =
} zk_norm_backward;

typedef struct {
  zk_isa isa;

  // --- replicated ---------------------------------------------------------------------------

  // out[i] = z at element start + i of `row`, any start and count.
  void (*perturbation)(const zk_direction *direction, uint32_t row, uint32_t start, size_t count,
                       float *out);

  // Applies rounds in order to elements [start, start + count) of one row, in place. `start` is a
  // multiple of 32. Returns ZK_NOT_FINITE when a result cannot be stored, having stored nothing
  // from the last multiple of 1024 elements before it onwards.
  zk_status (*update)(void *weight, int32_t dtype, uint32_t row, uint32_t start, size_t count,
                      const zk_round *rounds, size_t round_count);

  // --- local --------------------------------------------------------------------------------

  // out = float(weight) for `count` contiguous elements.
  void (*expand)(const void *weight, int32_t dtype, size_t count, float *out);

  // out = float(weight) + scale * z over elements [start, start + count) of `row`; `weight` points
  // at element `start`.
  void (*perturbed)(const void *weight, int32_t dtype, const zk_direction *direction, uint32_t row,
                    uint32_t start, size_t count, float scale, float *out);

  // Output columns [n0, n1) of every branch; n0 is a multiple of 32. `scratch` holds
  // linear_scratch() bytes, 64-byte aligned, one per thread.
  void (*linear)(const zk_linear *job, size_t n0, size_t n1, void *scratch);
  size_t (*linear_scratch)(const zk_linear *job);

  // `scratch` holds attention_scratch() bytes, 64-byte aligned, one per thread.
  void (*attention)(const zk_attention *job, void *scratch);
  size_t (*attention_scratch)(const zk_attention *job);

  // y = (x - mean) / sqrt(var + epsilon) * weight + bias, row by row. x and y may be the same;
  // weight and bias may be NULL.
  void (*layer_norm)(const float *x, float *y, size_t rows, size_t width, size_t stride,
                     const float *weight, const float *bias, float epsilon);
  // y = x / sqrt(mean(x^2) + epsilon) * weight, row by row. x and y may be the same; weight may be
  // NULL.
  void (*rms_norm)(const float *x, float *y, size_t rows, size_t width, size_t stride,
                   const float *weight, float epsilon);

  // Rotates [rows, heads, head_dim] in place, half-split layout: the pair (i, i + head_dim / 2)
  // of a row turns by the angle whose cosine and sine stand at table[position * head_dim + i] and
  // table[position * head_dim + head_dim / 2 + i].
  void (*rotary)(float *x, size_t rows, size_t stride, size_t heads, size_t head_dim,
                 const int32_t *positions, const float *table);

  // Elementwise, in place, over contiguous floats.
  void (*relu)(float *x, size_t count);
  void (*gelu)(float *x, size_t count);       // x * Phi(x), by erf
  void (*gelu_tanh)(float *x, size_t count);  // the tanh form of GPT-2
  void (*silu)(float *x, size_t count);
  // gate <- silu(gate) * up
  void (*silu_multiply)(float *gate, const float *up, size_t count);
  // y <- y + x
  void (*add)(float *y, const float *x, size_t count);

  // Folds logits into a running (maximum, sum of exp(x - maximum)), which starts at (-inf, 0).
  void (*log_sum_exp)(const float *x, size_t count, float *maximum, float *sum);

  // --- gradients (local) --------------------------------------------------------------------

  // `scratch` holds attention_backward_scratch() bytes, 64-byte aligned, one per thread.
  void (*attention_backward)(const zk_attention_backward *job, void *scratch);
  size_t (*attention_backward_scratch)(const zk_attention_backward *job);
  void (*norm_backward)(const zk_norm_backward *job);

  // Turns [rows, heads, head_dim] back: the inverse, and so the transpose, of `rotary`.
  void (*rotary_backward)(float *x, size_t rows, size_t stride, size_t heads, size_t head_dim,
                          const int32_t *positions, const float *table);

  // d <- d * f'(x), elementwise over contiguous floats; relu and tanh take the result y for x.
  void (*relu_backward)(float *d, const float *y, size_t count);
  void (*gelu_backward)(float *d, const float *x, size_t count);
  void (*gelu_tanh_backward)(float *d, const float *x, size_t count);
  void (*silu_backward)(float *d, const float *x, size_t count);
  void (*tanh_backward)(float *d, const float *y, size_t count);
  // With `gate` and `up` as they were before silu_multiply and d the gradient of its result:
  // d_up += d * silu(gate), d <- d * up * silu'(gate).
  void (*silu_multiply_backward)(float *d, float *d_up, const float *gate, const float *up,
                                 size_t count);

  // y <- y + factor * x
  void (*add_multiple)(float *y, float factor, const float *x, size_t count);
  // x <- factor * exp(x - shift)
  void (*exponentials)(float *x, size_t count, float shift, float factor);
  // sums[j] += x[0][j] + x[1][j] + ..., x of row stride `stride`
  void (*add_columns)(float *sums, const float *x, size_t rows, size_t width, size_t stride);
  // out[j][i] = x[i][j] for i < rows, j < width
  void (*transpose)(const float *x, size_t rows, size_t width, size_t stride, float *out,
                    size_t out_stride);

  // --- measurement ----------------------------------------------------------------------------

  // Runs `repeats` rounds of independent multiply-adds that never leave the registers and returns
  // the floating-point operations done, two for a multiply-add: the peak that the processor's
  // binary32 arithmetic can reach.
  size_t (*peak_float32)(size_t repeats);
  // The same for dot products of bfloat16 pairs; NULL where the processor has none.
  size_t (*peak_bfloat16)(size_t repeats);

  // Reads `count` bytes as fast as they come. Returns the exclusive or of their 64-bit words, the
  // last one padded with zeros, so that nothing can be left out.
  uint64_t (*read_sweep)(const void *bytes, size_t count);
} zk_kernels;

// The table for `isa`, or NULL when this processor or this build lacks it.
const zk_kernels *zk_kernels_for(zk_isa isa);

// The fastest table this processor has; never NULL.
const zk_kernels *zk_kernels_best(void);

// --- random words ---------------------------------------------------------------------------

// One block of Philox4x32-10 under the key `seed`, low word first. Replicated. The kernels make
// their own; this serves the other domains of the counter space, and tests.
void zk_philox(uint64_t seed, const uint32_t counter[4], uint32_t words[4]);

// --- threads --------------------------------------------------------------------------------

// A fixed team of threads that sleeps between jobs. The caller is worker 0.
typedef struct zk_team zk_team;

// NULL when the threads cannot be started. `threads` counts the caller.
zk_team *zk_team_create(size_t threads);
void zk_team_destroy(zk_team *team);
size_t zk_team_size(const zk_team *team);

// Calls body(context, index, worker) once for every index in [0, count), indices handed out one at
// a time in increasing order, and returns when all have returned. One caller at a time.
void zk_team_run(zk_team *team, size_t count, void (*body)(void *context, size_t index, size_t worker),
                 void *context);

#ifdef __cplusplus
}
#endif

#endif
