// Local: y = x transpose(W + scale z) + bias for a few rows, as in token generation. The matrix is
// read once and never packed.

enum {
  FEW_ROWS = 4,
  FEW_K = 1024,
};

// Sum of x[i] * (w[i] + scale * z[i]); z may be NULL.
INLINE float dot(const float *x, const void *w, int32_t dtype, const float *z, float scale,
                 size_t count) {
  const char *bytes = w;
  size_t size = element_size(dtype), i = 0;
  vf sums[4] = {};
  for (; i + 4 * LANES <= count; i += 4 * LANES)
#pragma clang loop unroll(full)
    for (int v = 0; v < 4; v++) {
      size_t at = i + (size_t)v * LANES;
      vf weight = widen(bytes + at * size, dtype);
      if (z) weight = fma_lanes(splat(scale), load(z + at), weight);
      sums[v] = fma_lanes(load(x + at), weight, sums[v]);
    }
  float sum = sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
  if (i < count) {
    float rest[4 * LANES];
    expand(bytes + i * size, dtype, count - i, rest);
    for (size_t j = 0; i + j < count; j++)
      sum += x[i + j] * (z ? __builtin_fmaf(scale, z[i + j], rest[j]) : rest[j]);
  }
  return sum;
}

static float dot_stored(const float *x, const void *w, int32_t dtype, size_t count) {
  switch (dtype) {
    case ZK_FLOAT32: return dot(x, w, ZK_FLOAT32, NULL, 0, count);
    case ZK_BFLOAT16: return dot(x, w, ZK_BFLOAT16, NULL, 0, count);
    default: return dot(x, w, ZK_FLOAT16, NULL, 0, count);
  }
}

static float dot_moved(const float *x, const float *w, const float *z, float scale, size_t count) {
  return dot(x, w, ZK_FLOAT32, z, scale, count);
}

// Adds the products with inputs [k, k + depth) of output n; stored layout [n, k].
static void few_rows_line(const zk_linear *job, size_t n, size_t k, size_t depth, float *scratch) {
  float *stored = scratch, *z = stored + FEW_K;
  const void *weight = (const char *)job->weight + (n * job->k + k) * element_size(job->dtype);
  int expanded = 0;
  for (size_t b = 0; b < job->branch_count; b++) {
    const zk_branch *branch = &job->branches[b];
    if (branch->direction >= 0) continue;
    for (size_t r = 0; r < branch->rows; r++)
      branch->y[r * branch->y_stride + n] +=
          dot_stored(branch->x + r * branch->x_stride + k, weight, job->dtype, depth);
  }
  for (size_t d = 0; d < job->direction_count; d++) {
    int generated = 0;
    for (size_t b = 0; b < job->branch_count; b++) {
      const zk_branch *branch = &job->branches[b];
      if (branch->direction != (int32_t)d || branch->rows == 0) continue;
      if (!expanded) expand(weight, job->dtype, depth, stored);
      if (!generated) perturbation(&job->directions[d], (uint32_t)n, (uint32_t)k, depth, z);
      expanded = generated = 1;
      for (size_t r = 0; r < branch->rows; r++)
        branch->y[r * branch->y_stride + n] +=
            dot_moved(branch->x + r * branch->x_stride + k, stored, z, branch->scale, depth);
    }
  }
}

INLINE void add_scaled(float *y, float x, const float *w, const float *z, float scale,
                       size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    vf weight = load(w + i);
    if (z) weight = fma_lanes(splat(scale), load(z + i), weight);
    store(y + i, fma_lanes(splat(x), weight, load(y + i)));
  }
  for (; i < count; i++) y[i] += x * (z ? __builtin_fmaf(scale, z[i], w[i]) : w[i]);
}

// Adds the products of input k with outputs [n, n + columns); stored layout [k, n].
static void few_rows_transposed(const zk_linear *job, size_t k, size_t n, size_t columns,
                                float *scratch) {
  float *stored = scratch, *z = stored + FEW_K;
  expand((const char *)job->weight + (k * job->n + n) * element_size(job->dtype), job->dtype,
         columns, stored);
  for (size_t d = 0; d <= job->direction_count; d++) {
    int generated = 0;  // d = direction_count stands for the weights as stored
    for (size_t b = 0; b < job->branch_count; b++) {
      const zk_branch *branch = &job->branches[b];
      int moved = d < job->direction_count;
      if (moved ? branch->direction != (int32_t)d : branch->direction >= 0) continue;
      if (branch->rows == 0) continue;
      if (moved && !generated)
        perturbation(&job->directions[d], (uint32_t)k, (uint32_t)n, columns, z);
      generated = 1;
      for (size_t r = 0; r < branch->rows; r++) {
        float *y = branch->y + r * branch->y_stride + n;
        float x = branch->x[r * branch->x_stride + k];
        if (moved)
          add_scaled(y, x, stored, z, branch->scale, columns);
        else
          add_scaled(y, x, stored, NULL, 0, columns);
      }
    }
  }
}

static void linear_few_rows(const zk_linear *job, size_t n0, size_t n1, float *scratch) {
  for (size_t b = 0; b < job->branch_count; b++) {
    const zk_branch *branch = &job->branches[b];
    for (size_t r = 0; r < branch->rows; r++)
      for (size_t n = n0; n < n1; n++) {
        float *y = branch->y + r * branch->y_stride + n;
        *y = (job->accumulate ? *y : 0) + (branch->bias ? branch->bias[n] : 0);
      }
  }
  if (job->transposed) {
    for (size_t n = n0; n < n1; n += FEW_K)
      for (size_t k = 0; k < job->k; k++)
        few_rows_transposed(job, k, n, smaller(FEW_K, n1 - n), scratch);
    return;
  }
  for (size_t n = n0; n < n1; n++)
    for (size_t k = 0; k < job->k; k += FEW_K)
      few_rows_line(job, n, k, smaller(FEW_K, job->k - k), scratch);
}
