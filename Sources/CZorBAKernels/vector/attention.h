// Local: attention of one head, without a [queries, keys] buffer.
//
// Keys pass in tiles of TILE_KEYS. Each query keeps the maximum and the sum of its exponentials so
// far, and `out` holds the values weighted relative to that maximum (Milakov and Gimelshein, Online
// normalizer calculation for softmax, 2018). Scores and weighted values are products by the
// micro-kernel of linear.h, with the keys' and the values' tile as its panels.

enum {
  TILE_KEYS = 64,
  TILE_QUERIES = 4 * ROWS,
};

// Panels of `columns` outputs, `depth` inputs each.
INLINE size_t panels_size(size_t columns, size_t depth) {
  return (columns + COLUMNS - 1) / COLUMNS * COLUMNS * depth;
}

static size_t attention_scratch(const zk_attention *job) {
  size_t tiles = panels_size(TILE_KEYS, job->head_dim) + panels_size(job->head_dim, TILE_KEYS);
  // keys, values, scores, maxima, sums
  return sizeof(float) * (tiles + TILE_QUERIES * TILE_KEYS + 2 * job->queries);
}

// Keys that query `i` sees: [first, last).
typedef struct {
  size_t first, last;
} sight;

INLINE sight sight_of(const zk_attention *job, size_t i) {
  if (job->bidirectional) return (sight){0, job->keys};
  size_t last = job->keys + i + 1 > job->queries ? job->keys + i + 1 - job->queries : 0;
  return (sight){job->window > 0 && last > job->window ? last - job->window : 0, last};
}

// panel p, line d: element d of keys p * COLUMNS ...
static void pack_keys(const zk_attention *job, size_t j0, size_t count, float *panels) {
  memset(panels, 0, panels_size(count, job->head_dim) * sizeof(float));
  for (size_t j = 0; j < count; j++) {
    const float *key = job->k + (j0 + j) * job->kv_stride;
    float *panel = panels + j / COLUMNS * COLUMNS * job->head_dim + j % COLUMNS;
    for (size_t d = 0; d < job->head_dim; d++) panel[d * COLUMNS] = key[d];
  }
}

// panel p, line j: elements p * COLUMNS ... of value j.
static void pack_values(const zk_attention *job, size_t j0, size_t count, float *panels) {
  for (size_t d = 0; d < job->head_dim; d += COLUMNS) {
    float *panel = panels + d * TILE_KEYS;
    size_t columns = smaller(COLUMNS, job->head_dim - d);
    if (columns < COLUMNS) memset(panel, 0, COLUMNS * TILE_KEYS * sizeof(float));
    for (size_t j = 0; j < count; j++)
      memcpy(panel + j * COLUMNS, job->v + (j0 + j) * job->kv_stride + d, columns * sizeof(float));
  }
}

INLINE void scale_row(float *x, size_t count, float factor) {
  for (size_t i = 0; i < count; i++) x[i] *= factor;
}

// Turns the scores of keys [j0, j0 + count) into exponentials relative to the running maximum,
// which moves, and rescales what was gathered under the old one.
static void soften(const zk_attention *job, size_t i, size_t j0, size_t count, float *scores,
                   float *maximum, float *sum) {
  sight seen = sight_of(job, i);
  size_t first = seen.first > j0 ? smaller(seen.first - j0, count) : 0;
  size_t last = seen.last > j0 ? smaller(seen.last - j0, count) : 0;
  // Scores come in whole vectors; what lies outside [first, last) is ignored.
  for (size_t j = 0; j < first; j++) scores[j] = -INFINITY;
  for (size_t j = last; j < TILE_KEYS; j++) scores[j] = -INFINITY;
  vf tops = splat(*maximum);
  for (size_t j = 0; j < TILE_KEYS; j += LANES) {
    vf s = load(scores + j) * job->scale;
    store(scores + j, s);
    tops = max_lanes(s, tops);
  }
  float top = largest_lane(tops);
  if (top == -INFINITY) {
    memset(scores, 0, TILE_KEYS * sizeof(float));
    return;
  }
  vf sums = {};
  for (size_t j = 0; j < TILE_KEYS; j += LANES) {
    vf e = exp_lanes(load(scores + j) - top);
    store(scores + j, e);
    sums += e;
  }
  if (top > *maximum) {
    float factor = exp_lanes(splat(*maximum - top))[0];
    *sum *= factor;
    scale_row(job->out + i * job->out_stride, job->head_dim, factor);
    *maximum = top;
  }
  *sum += sum_lanes(sums);
}

static void attend_tile(const zk_attention *job, size_t j0, size_t count, const float *keys,
                        const float *values, float *scores, float *maxima, float *sums) {
  for (size_t i0 = 0; i0 < job->queries; i0 += TILE_QUERIES) {
    size_t rows = smaller(TILE_QUERIES, job->queries - i0);
    if (sight_of(job, i0 + rows - 1).last <= j0 || sight_of(job, i0).first >= j0 + count) continue;
    const float *q = job->q + i0 * job->q_stride;
    for (size_t j = 0; j < count; j += COLUMNS)
      multiply_panel(q, job->q_stride, rows, keys + j * job->head_dim, job->head_dim, scores + j,
                     TILE_KEYS, COLUMNS, 0, NULL);
    for (size_t r = 0; r < rows; r++)
      soften(job, i0 + r, j0, count, scores + r * TILE_KEYS, &maxima[i0 + r], &sums[i0 + r]);
    for (size_t d = 0; d < job->head_dim; d += COLUMNS)
      multiply_panel(scores, TILE_KEYS, rows, values + d * TILE_KEYS, count,
                     job->out + i0 * job->out_stride + d, job->out_stride,
                     smaller(COLUMNS, job->head_dim - d), 1, NULL);
  }
}

// One query (token generation): keys and values are read once, unpacked.
static void attend_one(const zk_attention *job, size_t i, float scores[TILE_KEYS]) {
  sight seen = sight_of(job, i);
  float *out = job->out + i * job->out_stride, maximum = -INFINITY, sum = 0;
  for (size_t j0 = seen.first / TILE_KEYS * TILE_KEYS; j0 < seen.last; j0 += TILE_KEYS) {
    size_t count = smaller(TILE_KEYS, seen.last - j0);
    for (size_t j = 0; j < count; j++)
      scores[j] = dot_stored(job->q + i * job->q_stride, job->k + (j0 + j) * job->kv_stride,
                             ZK_FLOAT32, job->head_dim);
    soften(job, i, j0, count, scores, &maximum, &sum);
    for (size_t j = 0; j < count; j++)
      add_scaled(out, scores[j], job->v + (j0 + j) * job->kv_stride, NULL, 0, job->head_dim);
  }
  if (sum > 0) scale_row(out, job->head_dim, 1.0f / sum);
}

static void attention(const zk_attention *job, void *scratch) {
  float *keys = scratch, *values = keys + panels_size(TILE_KEYS, job->head_dim);
  float *scores = values + panels_size(job->head_dim, TILE_KEYS);
  float *maxima = scores + TILE_QUERIES * TILE_KEYS, *sums = maxima + job->queries;
  for (size_t i = 0; i < job->queries; i++) {
    memset(job->out + i * job->out_stride, 0, job->head_dim * sizeof(float));
    maxima[i] = -INFINITY;
    sums[i] = 0;
  }
  if (job->queries < 3) {
    for (size_t i = 0; i < job->queries; i++) attend_one(job, i, scores);
    return;
  }
  sight all = {sight_of(job, 0).first, job->keys};
  for (size_t j0 = all.first / TILE_KEYS * TILE_KEYS; j0 < all.last; j0 += TILE_KEYS) {
    size_t count = smaller(TILE_KEYS, all.last - j0);
    pack_keys(job, j0, count, keys);
    pack_values(job, j0, count, values);
    attend_tile(job, j0, count, keys, values, scores, maxima, sums);
  }
  for (size_t i = 0; i < job->queries; i++)
    if (sums[i] > 0) scale_row(job->out + i * job->out_stride, job->head_dim, 1.0f / sums[i]);
}
