// Local: norms, rotary embedding, activations and reductions.

#define ELEMENTWISE(name)                                                                \
  static void name(float *x, size_t count) {                                             \
    size_t i = 0;                                                                        \
    for (; i + LANES <= count; i += LANES) store(x + i, name##_lanes(load(x + i)));      \
    if (i < count)                                                                       \
      store_some(x + i, name##_lanes(load_some(x + i, count - i)), count - i);           \
  }
ELEMENTWISE(relu)
ELEMENTWISE(gelu)
ELEMENTWISE(gelu_tanh)
ELEMENTWISE(silu)

static void silu_multiply(float *gate, const float *up, size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    store(gate + i, silu_lanes(load(gate + i)) * load(up + i));
  if (i < count)
    store_some(gate + i, silu_lanes(load_some(gate + i, count - i)) * load_some(up + i, count - i),
               count - i);
}

static void add(float *y, const float *x, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] += x[i];
}

// Sum of (x - center)^power over a row, power 1 or 2.
INLINE float row_sum(const float *x, size_t width, float center, int power) {
  vf sums[4] = {};
  size_t i = 0;
  for (; i + 4 * LANES <= width; i += 4 * LANES)
#pragma clang loop unroll(full)
    for (int v = 0; v < 4; v++) {
      vf d = load(x + i + v * LANES) - center;
      sums[v] += power == 1 ? d : d * d;
    }
  float sum = sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
  for (; i < width; i++) {
    float d = x[i] - center;
    sum += power == 1 ? d : d * d;
  }
  return sum;
}

static void layer_norm(const float *x, float *y, size_t rows, size_t width, size_t stride,
                       const float *weight, const float *bias, float epsilon) {
  for (size_t r = 0; r < rows; r++, x += stride, y += stride) {
    float mean = row_sum(x, width, 0, 1) / (float)width;
    float variance = row_sum(x, width, mean, 2) / (float)width;
    float factor = 1.0f / __builtin_elementwise_sqrt(variance + epsilon);
    for (size_t i = 0; i < width; i++) y[i] = (x[i] - mean) * factor;
    if (weight)
      for (size_t i = 0; i < width; i++) y[i] *= weight[i];
    if (bias)
      for (size_t i = 0; i < width; i++) y[i] += bias[i];
  }
}

static void rms_norm(const float *x, float *y, size_t rows, size_t width, size_t stride,
                     const float *weight, float epsilon) {
  for (size_t r = 0; r < rows; r++, x += stride, y += stride) {
    float mean = row_sum(x, width, 0, 2) / (float)width;
    float factor = 1.0f / __builtin_elementwise_sqrt(mean + epsilon);
    for (size_t i = 0; i < width; i++) y[i] = x[i] * factor;
    if (weight)
      for (size_t i = 0; i < width; i++) y[i] *= weight[i];
  }
}

static void rotary(float *x, size_t rows, size_t stride, size_t heads, size_t head_dim,
                   const int32_t *positions, const float *table) {
  size_t half = head_dim / 2;
  for (size_t r = 0; r < rows; r++) {
    const float *cosine = table + (size_t)positions[r] * head_dim, *sine = cosine + half;
    for (size_t h = 0; h < heads; h++) {
      float *restrict low = x + r * stride + h * head_dim, *restrict high = low + half;
      for (size_t i = 0; i < half; i++) {
        float a = low[i], b = high[i];
        low[i] = a * cosine[i] - b * sine[i];
        high[i] = b * cosine[i] + a * sine[i];
      }
    }
  }
}

static void log_sum_exp(const float *x, size_t count, float *maximum, float *sum) {
  // Sums of 4096 at most are in binary32: a vocabulary of 10^5 would cost three digits.
  enum { STRETCH = 4096 };
  vf tops = splat(*maximum);
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) tops = max_lanes(load(x + i), tops);
  float top = largest_lane(tops);
  for (; i < count; i++) top = x[i] > top ? x[i] : top;
  if (top == -INFINITY) return;
  double total = *sum == 0 ? 0 : (double)*sum * (double)exp_lanes(splat(*maximum - top))[0];
  for (size_t first = 0; first < count; first += STRETCH) {
    size_t end = smaller(first + STRETCH, count);
    vf sums = {};
    for (i = first; i + LANES <= end; i += LANES) sums += exp_lanes(load(x + i) - top);
    total += (double)sum_lanes(sums);
    if (i < end) {
      vf rest = exp_lanes(load_some(x + i, end - i) - top);
      for (size_t l = 0; l < end - i; l++) total += (double)rest[l];
    }
  }
  *maximum = top;
  *sum = (float)total;
}
