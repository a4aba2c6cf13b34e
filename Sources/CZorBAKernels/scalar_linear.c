// Local: stored weights to binary32, and the product with a perturbed matrix.
#include "scalar.h"

#include <string.h>

enum { TILE_N = 32, TILE_K = 256 };

static float bits_to_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

float zk_scalar_element(const void *weight, int32_t dtype, size_t index) {
  if (dtype == ZK_FLOAT32) {
    uint32_t bits;
    memcpy(&bits, (const char *)weight + 4 * index, sizeof bits);
    return bits_to_float(bits);
  }
  uint16_t half;
  memcpy(&half, (const char *)weight + 2 * index, sizeof half);
  if (dtype == ZK_BFLOAT16) return bits_to_float((uint32_t)half << 16);
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, rest = half & 0x7FFF;
  if (rest >= 0x7C00) return bits_to_float(sign | 0x7F800000 | (rest & 0x3FF) << 13);
  // Moving the exponent field up by 13 bits leaves the value short by the difference of the two
  // biases, 2^112; the product is exact, subnormals included.
  float magnitude = bits_to_float(rest << 13) * 0x1p112f;
  return sign ? -magnitude : magnitude;
}

void zk_scalar_expand(const void *weight, int32_t dtype, size_t count, float *out) {
  for (size_t i = 0; i < count; i++) out[i] = zk_scalar_element(weight, dtype, i);
}

void zk_scalar_perturbed(const void *weight, int32_t dtype, const zk_direction *direction,
                         uint32_t row, uint32_t start, size_t count, float scale, float *out) {
  zk_scalar_perturbation(direction, row, start, count, out);
  for (size_t i = 0; i < count; i++)
    out[i] = zk_scalar_element(weight, dtype, i) + scale * out[i];
}

size_t zk_scalar_linear_scratch(const zk_linear *job) {
  (void)job;
  return sizeof(float) * (TILE_K * TILE_N + TILE_K);
}

// tile[kk][nn] = weight of output n + nn and input k + kk on the branch's side of its direction.
static void load_tile(const zk_linear *job, const zk_branch *branch, size_t n, size_t columns,
                      size_t k, size_t depth, float *line, float *tile) {
  size_t size = job->dtype == ZK_FLOAT32 ? 4 : 2;
  size_t lines = job->transposed ? depth : columns, length = job->transposed ? columns : depth;
  for (size_t i = 0; i < lines; i++) {
    size_t row = job->transposed ? k + i : n + i, start = job->transposed ? n : k;
    size_t width = job->transposed ? job->n : job->k;
    const void *weight = (const char *)job->weight + (row * width + start) * size;
    if (branch->direction < 0)
      zk_scalar_expand(weight, job->dtype, length, line);
    else
      zk_scalar_perturbed(weight, job->dtype, &job->directions[branch->direction], (uint32_t)row,
                          (uint32_t)start, length, branch->scale, line);
    for (size_t j = 0; j < length; j++)
      tile[job->transposed ? i * TILE_N + j : j * TILE_N + i] = line[j];
  }
}

void zk_scalar_linear(const zk_linear *job, size_t n0, size_t n1, void *scratch) {
  float *tile = scratch, *line = tile + TILE_K * TILE_N;
  for (size_t b = 0; b < job->branch_count; b++) {
    const zk_branch *branch = &job->branches[b];
    for (size_t n = n0; n < n1; n += TILE_N) {
      size_t columns = n1 - n < TILE_N ? n1 - n : TILE_N;
      for (size_t r = 0; r < branch->rows; r++)
        for (size_t j = 0; j < columns; j++) {
          float *y = &branch->y[r * branch->y_stride + n + j];
          *y = (job->accumulate ? *y : 0) + (branch->bias ? branch->bias[n + j] : 0);
        }
      for (size_t k = 0; k < job->k; k += TILE_K) {
        size_t depth = job->k - k < TILE_K ? job->k - k : TILE_K;
        memset(tile, 0, sizeof(float) * TILE_K * TILE_N);
        load_tile(job, branch, n, columns, k, depth, line, tile);
        for (size_t r = 0; r < branch->rows; r++) {
          const float *x = branch->x + r * branch->x_stride + k;
          float sums[TILE_N] = {0};
          for (size_t kk = 0; kk < depth; kk++)
            for (size_t j = 0; j < TILE_N; j++) sums[j] += x[kk] * tile[kk * TILE_N + j];
          for (size_t j = 0; j < columns; j++) branch->y[r * branch->y_stride + n + j] += sums[j];
        }
      }
    }
  }
}
