// The scalar kernels: portable C, one element after another, the reference the others are held to.
#ifndef ZORBA_SCALAR_H
#define ZORBA_SCALAR_H

#include "zorba_kernels.h"

// Words of elements [32 * group, 32 * group + 32) of a row, in element order.
void zk_scalar_words(uint64_t seed, uint32_t row, uint32_t tensor, uint32_t domain, uint32_t group,
                     uint32_t words[32]);

// Element `index` of a stored tensor, exactly. `weight` may lie at any byte.
float zk_scalar_element(const void *weight, int32_t dtype, size_t index);

void zk_scalar_perturbation(const zk_direction *direction, uint32_t row, uint32_t start,
                            size_t count, float *out);
zk_status zk_scalar_update(void *weight, int32_t dtype, uint32_t row, uint32_t start, size_t count,
                           const zk_round *rounds, size_t round_count);

void zk_scalar_expand(const void *weight, int32_t dtype, size_t count, float *out);
void zk_scalar_perturbed(const void *weight, int32_t dtype, const zk_direction *direction,
                         uint32_t row, uint32_t start, size_t count, float scale, float *out);
void zk_scalar_linear(const zk_linear *job, size_t n0, size_t n1, void *scratch);
size_t zk_scalar_linear_scratch(const zk_linear *job);
void zk_scalar_attention(const zk_attention *job, void *scratch);
size_t zk_scalar_attention_scratch(const zk_attention *job);

void zk_scalar_layer_norm(const float *x, float *y, size_t rows, size_t width, size_t stride,
                          const float *weight, const float *bias, float epsilon);
void zk_scalar_rms_norm(const float *x, float *y, size_t rows, size_t width, size_t stride,
                        const float *weight, float epsilon);
void zk_scalar_rotary(float *x, size_t rows, size_t stride, size_t heads, size_t head_dim,
                      const int32_t *positions, const float *table);
void zk_scalar_relu(float *x, size_t count);
void zk_scalar_gelu(float *x, size_t count);
void zk_scalar_gelu_tanh(float *x, size_t count);
void zk_scalar_silu(float *x, size_t count);
void zk_scalar_silu_multiply(float *gate, const float *up, size_t count);
void zk_scalar_add(float *y, const float *x, size_t count);
void zk_scalar_log_sum_exp(const float *x, size_t count, float *maximum, float *sum);

void zk_scalar_attention_backward(const zk_attention_backward *job, void *scratch);
size_t zk_scalar_attention_backward_scratch(const zk_attention_backward *job);
void zk_scalar_norm_backward(const zk_norm_backward *job);
void zk_scalar_rotary_backward(float *x, size_t rows, size_t stride, size_t heads,
                               size_t head_dim, const int32_t *positions, const float *table);
void zk_scalar_relu_backward(float *d, const float *y, size_t count);
void zk_scalar_gelu_backward(float *d, const float *x, size_t count);
void zk_scalar_gelu_tanh_backward(float *d, const float *x, size_t count);
void zk_scalar_silu_backward(float *d, const float *x, size_t count);
void zk_scalar_tanh_backward(float *d, const float *y, size_t count);
void zk_scalar_silu_multiply_backward(float *d, float *d_up, const float *gate, const float *up,
                                      size_t count);
void zk_scalar_add_multiple(float *y, float factor, const float *x, size_t count);
void zk_scalar_exponentials(float *x, size_t count, float shift, float factor);
void zk_scalar_add_columns(float *sums, const float *x, size_t rows, size_t width, size_t stride);
void zk_scalar_transpose(const float *x, size_t rows, size_t width, size_t stride, float *out,
                         size_t out_stride);

size_t zk_scalar_peak_float32(size_t repeats);
uint64_t zk_scalar_read_sweep(const void *bytes, size_t count);

#endif
