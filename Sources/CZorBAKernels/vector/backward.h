// Local: what norms, rotary embedding and activations pass back, and what gradients are made of.

// `count` elements, of which a vector holds LANES.
INLINE vf load_upto(const float *p, size_t count) {
  return count >= LANES ? load(p) : load_some(p, count);
}
INLINE void store_upto(float *p, vf v, size_t count) {
  if (count >= LANES)
    store(p, v);
  else
    store_some(p, v, count);
}

// With g = d_y * weight and x' = (x - mean) * factor:
// d_x = factor * (g - mean(g) - x' * mean(g * x')), without mean(g) where the norm is not centred.
INLINE void norm_row_backward(const zk_norm_backward *job, const float *x, const float *d_y,
                              float *d_x) {
  size_t width = job->width;
  float mean = job->centred ? row_sum(x, width, 0, 1) / (float)width : 0;
  float variance = row_sum(x, width, mean, 2) / (float)width;
  float factor = 1.0f / __builtin_elementwise_sqrt(variance + job->epsilon);
  float mean_g = 0, mean_product = 0;
  if (d_x) {
    vf sums = {}, products = {};
    for (size_t i = 0; i < width; i += LANES) {
      vf g = load_upto(d_y + i, width - i);
      if (job->weight) g *= load_upto(job->weight + i, width - i);
      vf normal = (load_upto(x + i, width - i) - mean) * factor;
      sums += g;
      products = fma_lanes(g, normal, products);
    }
    mean_product = sum_lanes(products) / (float)width;
    if (job->centred) mean_g = sum_lanes(sums) / (float)width;
  }
  for (size_t i = 0; i < width; i += LANES) {
    size_t count = width - i;
    vf d = load_upto(d_y + i, count), normal = (load_upto(x + i, count) - mean) * factor;
    if (job->d_weight)
      store_upto(job->d_weight + i, fma_lanes(d, normal, load_upto(job->d_weight + i, count)),
                 count);
    if (job->d_bias) store_upto(job->d_bias + i, load_upto(job->d_bias + i, count) + d, count);
    if (!d_x) continue;
    if (job->weight) d *= load_upto(job->weight + i, count);
    d = factor * (d - mean_g - normal * mean_product);
    if (job->accumulate) d += load_upto(d_x + i, count);
    store_upto(d_x + i, d, count);
  }
}

static void norm_backward(const zk_norm_backward *job) {
  for (size_t r = 0; r < job->rows; r++)
    norm_row_backward(job, job->x + r * job->x_stride, job->d_y + r * job->d_y_stride,
                      job->d_x ? job->d_x + r * job->d_x_stride : NULL);
}

static void rotary_backward(float *x, size_t rows, size_t stride, size_t heads, size_t head_dim,
                            const int32_t *positions, const float *table) {
  size_t half = head_dim / 2;
  for (size_t r = 0; r < rows; r++) {
    const float *cosine = table + (size_t)positions[r] * head_dim, *sine = cosine + half;
    for (size_t h = 0; h < heads; h++) {
      float *restrict low = x + r * stride + h * head_dim, *restrict high = low + half;
      for (size_t i = 0; i < half; i++) {
        float a = low[i], b = high[i];
        low[i] = a * cosine[i] + b * sine[i];
        high[i] = b * cosine[i] - a * sine[i];
      }
    }
  }
}

INLINE vf relu_slope(vf y) { return select_lanes((vi)(y > 0), splat(1), splat(0)); }
// Phi(x) + x phi(x)
INLINE vf gelu_slope(vf x) {
  return fma_lanes(x * 0.39894228f, exp_lanes(-0.5f * x * x), normal_lanes(x));
}
// With s = sigmoid(2 u(x)): s + x s (1 - s) 2 u'(x).
INLINE vf gelu_tanh_slope(vf x) {
  vf s = sigmoid_lanes(1.5957691216f * fma_lanes(splat(0.044715f) * x * x, x, x));
  return fma_lanes(x * s * (1.0f - s), 1.5957691216f + 0.2140644488f * x * x, s);
}
INLINE vf silu_slope(vf x) {
  vf s = sigmoid_lanes(x);
  return fma_lanes(x * s, 1.0f - s, s);
}
INLINE vf tanh_slope(vf y) { return 1.0f - y * y; }

#define SLOPE(name)                                                                          \
  static void name##_backward(float *d, const float *x, size_t count) {                      \
    for (size_t i = 0; i < count; i += LANES)                                                \
      store_upto(d + i,                                                                      \
                 load_upto(d + i, count - i) * name##_slope(load_upto(x + i, count - i)),    \
                 count - i);                                                                 \
  }
SLOPE(relu)
SLOPE(gelu)
SLOPE(gelu_tanh)
SLOPE(silu)
SLOPE(tanh)
#undef SLOPE

static void silu_multiply_backward(float *d, float *d_up, const float *gate, const float *up,
                                   size_t count) {
  for (size_t i = 0; i < count; i += LANES) {
    size_t rest = count - i;
    vf x = load_upto(gate + i, rest), from = load_upto(d + i, rest), s = sigmoid_lanes(x);
    store_upto(d_up + i, fma_lanes(from, x * s, load_upto(d_up + i, rest)), rest);
    store_upto(d + i, from * load_upto(up + i, rest) * fma_lanes(x * s, 1.0f - s, s), rest);
  }
}

static void add_multiple(float *y, float factor, const float *x, size_t count) {
  add_scaled(y, factor, x, NULL, 0, count);
}

static void exponentials(float *x, size_t count, float shift, float factor) {
  for (size_t i = 0; i < count; i += LANES)
    store_upto(x + i, factor * exp_lanes(load_upto(x + i, count - i) - shift), count - i);
}

static void add_columns(float *sums, const float *x, size_t rows, size_t width, size_t stride) {
  for (size_t r = 0; r < rows; r++, x += stride)
    for (size_t i = 0; i < width; i++) sums[i] += x[i];
}

static void transpose(const float *x, size_t rows, size_t width, size_t stride, float *out,
                      size_t out_stride) {
  enum { SIDE = 16 };
  for (size_t j0 = 0; j0 < width; j0 += SIDE)
    for (size_t i0 = 0; i0 < rows; i0 += SIDE) {
      size_t lines = smaller(SIDE, rows - i0), columns = smaller(SIDE, width - j0);
      const float *from = x + i0 * stride + j0;
      float *to = out + j0 * out_stride + i0;
      for (size_t j = 0; j < columns; j++)
        for (size_t i = 0; i < lines; i++) to[j * out_stride + i] = from[i * stride + j];
    }
}
