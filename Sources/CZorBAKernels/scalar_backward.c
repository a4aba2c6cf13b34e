// Local: gradients of attention, norms, rotary embedding and activations.
#include "scalar.h"

#include <math.h>

size_t zk_scalar_attention_backward_scratch(const zk_attention_backward *job) {
  return sizeof(float) * 2 * (job->keys + 1);
}

static float dot(const float *a, const float *b, size_t count) {
  float sum = 0;
  for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}

void zk_scalar_attention_backward(const zk_attention_backward *job, void *scratch) {
  float *weights = scratch, *slopes = weights + job->keys + 1;  // [keys]
  size_t depth = job->head_dim;
  for (size_t i = 0; i < job->queries; i++) {
    const float *q = job->q + i * job->q_stride, *d_out = job->d_out + i * job->d_out_stride;
    // Keys [first, last) are visible.
    size_t first = 0, last = job->keys;
    if (job->causal) {
      last = job->keys + i + 1 > job->queries ? job->keys + i + 1 - job->queries : 0;
      first = job->window > 0 && last > job->window ? last - job->window : 0;
    }
    float maximum = -INFINITY;
    double sum = 0, mean = 0;
    for (size_t j = first; j < last; j++) {
      weights[j] = dot(q, job->k + j * job->k_stride, depth) * job->scale;
      if (weights[j] > maximum) maximum = weights[j];
    }
    for (size_t j = first; j < last; j++) sum += (double)(weights[j] = expf(weights[j] - maximum));
    for (size_t j = first; j < last; j++) {
      weights[j] = (float)((double)weights[j] / sum);
      slopes[j] = dot(d_out, job->v + j * job->v_stride, depth);
      mean += (double)weights[j] * (double)slopes[j];
    }
    for (size_t j = first; j < last; j++) {
      float slope = weights[j] * (slopes[j] - (float)mean) * job->scale;
      for (size_t d = 0; d < depth; d++) {
        if (job->d_q) job->d_q[i * job->d_q_stride + d] += slope * job->k[j * job->k_stride + d];
        if (job->d_k) job->d_k[j * job->d_k_stride + d] += slope * q[d];
        if (job->d_v) job->d_v[j * job->d_v_stride + d] += weights[j] * d_out[d];
      }
    }
  }
}

void zk_scalar_norm_backward(const zk_norm_backward *job) {
  size_t width = job->width;
  for (size_t r = 0; r < job->rows; r++) {
    const float *x = job->x + r * job->x_stride, *d_y = job->d_y + r * job->d_y_stride;
    float *d_x = job->d_x ? job->d_x + r * job->d_x_stride : NULL;
    double sum = 0, squares = 0, sum_g = 0, products = 0;
    for (size_t i = 0; i < width; i++) sum += x[i];
    float mean = job->centred ? (float)(sum / (double)width) : 0;
    for (size_t i = 0; i < width; i++) squares += (double)(x[i] - mean) * (double)(x[i] - mean);
    float factor = 1.0f / sqrtf((float)(squares / (double)width) + job->epsilon);
    for (size_t i = 0; i < width; i++) {
      double g = (double)d_y[i] * (job->weight ? (double)job->weight[i] : 1);
      sum_g += g;
      products += g * (double)((x[i] - mean) * factor);
    }
    float mean_g = job->centred ? (float)(sum_g / (double)width) : 0;
    float mean_product = (float)(products / (double)width);
    for (size_t i = 0; i < width; i++) {
      float normal = (x[i] - mean) * factor, d = d_y[i];
      if (job->d_weight) job->d_weight[i] += d * normal;
      if (job->d_bias) job->d_bias[i] += d;
      if (!d_x) continue;
      d = factor * (d * (job->weight ? job->weight[i] : 1) - mean_g - normal * mean_product);
      d_x[i] = job->accumulate ? d_x[i] + d : d;
    }
  }
}

void zk_scalar_rotary_backward(float *x, size_t rows, size_t stride, size_t heads,
                               size_t head_dim, const int32_t *positions, const float *table) {
  size_t half = head_dim / 2;
  for (size_t r = 0; r < rows; r++) {
    const float *cosine = table + (size_t)positions[r] * head_dim, *sine = cosine + half;
    for (size_t h = 0; h < heads; h++) {
      float *low = x + r * stride + h * head_dim, *high = low + half;
      for (size_t i = 0; i < half; i++) {
        float a = low[i], b = high[i];
        low[i] = a * cosine[i] + b * sine[i];
        high[i] = b * cosine[i] - a * sine[i];
      }
    }
  }
}

static float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

void zk_scalar_relu_backward(float *d, const float *y, size_t count) {
  for (size_t i = 0; i < count; i++) d[i] = y[i] > 0 ? d[i] : d[i] * 0;
}

void zk_scalar_gelu_backward(float *d, const float *x, size_t count) {
  for (size_t i = 0; i < count; i++)
    d[i] *= 0.5f * erfcf(x[i] * -0.70710678f) + x[i] * 0.39894228f * expf(-0.5f * x[i] * x[i]);
}

void zk_scalar_gelu_tanh_backward(float *d, const float *x, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float s = sigmoid(1.5957691216f * (x[i] + 0.044715f * x[i] * x[i] * x[i]));
    d[i] *= s + x[i] * s * (1.0f - s) * (1.5957691216f + 0.2140644488f * x[i] * x[i]);
  }
}

void zk_scalar_silu_backward(float *d, const float *x, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float s = sigmoid(x[i]);
    d[i] *= s + x[i] * s * (1.0f - s);
  }
}

void zk_scalar_tanh_backward(float *d, const float *y, size_t count) {
  for (size_t i = 0; i < count; i++) d[i] *= 1.0f - y[i] * y[i];
}

void zk_scalar_silu_multiply_backward(float *d, float *d_up, const float *gate, const float *up,
                                      size_t count) {
  for (size_t i = 0; i < count; i++) {
    float s = sigmoid(gate[i]), from = d[i];
    d_up[i] += from * gate[i] * s;
    d[i] = from * up[i] * (s + gate[i] * s * (1.0f - s));
  }
}

void zk_scalar_add_multiple(float *y, float factor, const float *x, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] += factor * x[i];
}

void zk_scalar_exponentials(float *x, size_t count, float shift, float factor) {
  for (size_t i = 0; i < count; i++) x[i] = factor * expf(x[i] - shift);
}

void zk_scalar_add_columns(float *sums, const float *x, size_t rows, size_t width, size_t stride) {
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < width; i++) sums[i] += x[r * stride + i];
}

void zk_scalar_transpose(const float *x, size_t rows, size_t width, size_t stride, float *out,
                         size_t out_stride) {
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < width; j++) out[j * out_stride + i] = x[i * stride + j];
}
