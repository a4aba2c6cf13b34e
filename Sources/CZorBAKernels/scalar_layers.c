// Local: attention, norms, rotary embedding, activations and reductions.
#include "scalar.h"

#include <math.h>
#include <string.h>

size_t zk_scalar_attention_scratch(const zk_attention *job) {
  return sizeof(float) * (job->keys + 1);
}

void zk_scalar_attention(const zk_attention *job, void *scratch) {
  float *weights = scratch;  // [keys]
  for (size_t i = 0; i < job->queries; i++) {
    float *out = job->out + i * job->out_stride;
    const float *q = job->q + i * job->q_stride;
    memset(out, 0, job->head_dim * sizeof(float));
    // Keys [first, last) are visible.
    size_t last = job->keys + i + 1 > job->queries ? job->keys + i + 1 - job->queries : 0;
    size_t first = job->window > 0 && last > job->window ? last - job->window : 0;
    if (job->bidirectional) first = 0, last = job->keys;
    float maximum = -INFINITY, sum = 0;
    for (size_t j = first; j < last; j++) {
      const float *k = job->k + j * job->kv_stride;
      float dot = 0;
      for (size_t d = 0; d < job->head_dim; d++) dot += q[d] * k[d];
      weights[j] = dot * job->scale;
      if (weights[j] > maximum) maximum = weights[j];
    }
    for (size_t j = first; j < last; j++) sum += weights[j] = expf(weights[j] - maximum);
    for (size_t j = first; j < last; j++) {
      const float *v = job->v + j * job->kv_stride;
      for (size_t d = 0; d < job->head_dim; d++) out[d] += weights[j] / sum * v[d];
    }
  }
}

void zk_scalar_layer_norm(const float *x, float *y, size_t rows, size_t width, size_t stride,
                          const float *weight, const float *bias, float epsilon) {
  for (size_t r = 0; r < rows; r++, x += stride, y += stride) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < width; i++) sum += x[i];
    float mean = (float)(sum / (double)width);
    for (size_t i = 0; i < width; i++) squares += (double)(x[i] - mean) * (double)(x[i] - mean);
    float factor = 1.0f / sqrtf((float)(squares / (double)width) + epsilon);
    for (size_t i = 0; i < width; i++)
      y[i] = (x[i] - mean) * factor * (weight ? weight[i] : 1) + (bias ? bias[i] : 0);
  }
}

void zk_scalar_rms_norm(const float *x, float *y, size_t rows, size_t width, size_t stride,
                        const float *weight, float epsilon) {
  for (size_t r = 0; r < rows; r++, x += stride, y += stride) {
    double squares = 0;
    for (size_t i = 0; i < width; i++) squares += (double)x[i] * (double)x[i];
    float factor = 1.0f / sqrtf((float)(squares / (double)width) + epsilon);
    for (size_t i = 0; i < width; i++) y[i] = x[i] * factor * (weight ? weight[i] : 1);
  }
}

void zk_scalar_rotary(float *x, size_t rows, size_t stride, size_t heads, size_t head_dim,
                      const int32_t *positions, const float *table) {
  size_t half = head_dim / 2;
  for (size_t r = 0; r < rows; r++) {
    const float *cosine = table + (size_t)positions[r] * head_dim, *sine = cosine + half;
    for (size_t h = 0; h < heads; h++) {
      float *low = x + r * stride + h * head_dim, *high = low + half;
      for (size_t i = 0; i < half; i++) {
        float a = low[i], b = high[i];
        low[i] = a * cosine[i] - b * sine[i];
        high[i] = b * cosine[i] + a * sine[i];
      }
    }
  }
}

void zk_scalar_relu(float *x, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] = x[i] < 0 ? 0 : x[i];
}

void zk_scalar_gelu(float *x, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] = 0.5f * x[i] * erfcf(x[i] * -0.70710678f);
}

void zk_scalar_gelu_tanh(float *x, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float u = 0.7978845608f * (x[i] + 0.044715f * x[i] * x[i] * x[i]);
    x[i] = x[i] / (1.0f + expf(-2.0f * u));
  }
}

void zk_scalar_silu(float *x, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] = x[i] / (1.0f + expf(-x[i]));
}

void zk_scalar_silu_multiply(float *gate, const float *up, size_t count) {
  for (size_t i = 0; i < count; i++) gate[i] = gate[i] / (1.0f + expf(-gate[i])) * up[i];
}

void zk_scalar_add(float *y, const float *x, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] += x[i];
}

void zk_scalar_log_sum_exp(const float *x, size_t count, float *maximum, float *sum) {
  float top = *maximum;
  for (size_t i = 0; i < count; i++) top = x[i] > top ? x[i] : top;
  if (top == -INFINITY) return;
  double total = (double)*sum * exp((double)*maximum - (double)top);
  for (size_t i = 0; i < count; i++) total += (double)expf(x[i] - top);
  *maximum = top;
  *sum = (float)total;
}
