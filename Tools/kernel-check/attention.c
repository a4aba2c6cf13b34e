// Causal attention of all heads of a layer, one call a head, against softmax in binary64.
#include "check.h"

typedef struct {
  size_t queries, keys, head_dim, heads, groups, window;
} shape;

// One output row. A score errs by roundings of its sum of magnitudes, and a weight by as much in
// proportion; the sum over keys adds its own.
static void expect_row(const zk_attention *job, size_t i, double *scores) {
  size_t dim = job->head_dim;
  size_t last = job->keys + i + 1 > job->queries ? job->keys + i + 1 - job->queries : 0;
  size_t first = job->window > 0 && last > job->window ? last - job->window : 0;
  const float *q = job->q + i * job->q_stride, *out = job->out + i * job->out_stride;
  double maximum = -INFINITY, greatest = 0, sum = 0;
  for (size_t j = first; j < last; j++) {
    const float *k = job->k + j * job->kv_stride;
    double dot = 0, magnitude = 0;
    for (size_t d = 0; d < dim; d++) {
      dot += (double)q[d] * (double)k[d];
      magnitude += fabs((double)q[d] * (double)k[d]);
    }
    scores[j] = dot * (double)job->scale;
    maximum = greater(maximum, scores[j]);
    greatest = greater(greatest, magnitude * (double)job->scale);
  }
  for (size_t j = first; j < last; j++) sum += scores[j] = exp(scores[j] - maximum);
  double allowed = HALF_ULP * (16 + 4 * sqrt((double)(last - first)) +
                               (8 + 4 * sqrt((double)dim)) * greatest);
  for (size_t d = 0; d < dim; d++) {
    double value = 0, magnitude = 0;
    for (size_t j = first; j < last; j++) {
      double part = scores[j] / sum * (double)job->v[j * job->kv_stride + d];
      value += part;
      magnitude += fabs(part);
    }
    expect_near("out", i * dim + d, (double)out[d], value, allowed * magnitude);
  }
}

static void try_shape(const subject *s, const shape *of) {
  begin_case("%zu queries, %zu keys, head_dim %zu, %zu heads in %zu groups, window %zu",
             of->queries, of->keys, of->head_dim, of->heads, of->groups, of->window);
  size_t dim = of->head_dim;
  size_t q_stride = of->heads * dim + random_below(3), kv_stride = of->groups * dim;
  kv_stride += random_below(3);
  size_t out_stride = of->heads * dim + random_below(3);
  // Rows reach to the last head's end, and the last row ends with its block.
  size_t q_count = (of->queries - 1) * q_stride + of->heads * dim;
  size_t kv_count = (of->keys - 1) * kv_stride + of->groups * dim;
  size_t out_count = (of->queries - 1) * out_stride + of->heads * dim;
  float *q = guarded_floats(q_count), *k = guarded_floats(kv_count), *v = guarded_floats(kv_count);
  float *out = guarded_floats(out_count), *untouched = guarded_floats(out_count);
  double *scores = malloc(of->keys * sizeof *scores);
  // Scores far apart as well as close to each other.
  random_units(q, q_count, random_below(4) ? 2 : 20);
  random_units(k, kv_count, 2);
  random_units(v, kv_count, 1);
  for (size_t h = 0; h < of->heads; h++) {
    size_t group = h / (of->heads / of->groups);
    zk_attention job = {.q = q + h * dim,
                        .k = k + group * dim,
                        .v = v + group * dim,
                        .out = out + h * dim,
                        .q_stride = q_stride,
                        .kv_stride = kv_stride,
                        .out_stride = out_stride,
                        .queries = of->queries,
                        .keys = of->keys,
                        .head_dim = dim,
                        .window = of->window,
                        .scale = 1 / sqrtf((float)dim)};
    void *scratch = guarded(s->table->attention_scratch(&job), 64);
    s->table->attention(&job, scratch);
    for (size_t i = 0; i < of->queries; i++) expect_row(&job, i, scores);
  }
  for (size_t i = 0; i + 1 < of->queries; i++) {
    size_t at = i * out_stride + of->heads * dim;
    expect_same_bytes("gap behind a row of out", out + at, untouched + at,
                      (out_stride - of->heads * dim) * sizeof(float), sizeof(float));
  }
  free(scores);
  release_all();
}

void check_attention(const subject *s) {
  // queries, keys; with fewer keys than queries the first queries see nothing.
  static const size_t lengths[][2] = {
      {1, 1},   {1, 2},   {1, 63},  {1, 64},   {1, 65},   {1, 130},  {2, 2},  {2, 67},
      {3, 3},   {3, 130}, {4, 70},  {5, 5},    {7, 7},    {13, 29},  {14, 14}, {15, 64},
      {16, 65}, {23, 23}, {25, 90}, {33, 33},  {57, 57},  {64, 64},  {65, 65}, {100, 100},
      {5, 3},   {70, 66}, {63, 127}, {127, 127}, {128, 128}, {129, 129}, {130, 130}};
  static const size_t dims[] = {1, 2, 3, 4, 8, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 80, 96, 127,
                                128};
  static const size_t windows[] = {0, 1, 2, 7, 63, 64, 65, 1000};
  static const size_t heads[][2] = {{1, 1}, {3, 1}, {2, 2}, {4, 2}};
  size_t turn = 0;
  for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
    for (size_t d = 0; d < sizeof dims / sizeof *dims; d++, turn++) {
      size_t work = lengths[l][0] * lengths[l][1] * dims[d];
      if (s->quick && (turn % 3 != 0 || (work > 200000 && turn % 4 != 0))) continue;
      shape of = {lengths[l][0], lengths[l][1], dims[d], heads[turn / 3 % 4][0],
                  heads[turn / 3 % 4][1], windows[(turn / 3 + l) % 8]};
      if (s->quick && work > 200000) of.heads = of.groups = 1;
      try_shape(s, &of);
    }
}
