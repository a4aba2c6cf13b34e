// Local: what attention of one head passes back, TILE_QUERIES queries at a time.
//
// Of a tile of queries all visible scores are made anew; then with P their softmax and
// D = P * (dO V' - rowsum(P * dO V')) * scale:  dQ += D K, dK += D' Q, dV += P' dO.
// All five products go through the micro-kernel.

typedef struct {
  const zk_attention_backward *job;
  size_t width;                       // keys, whole panels
  float *key_columns, *value_columns; // panels with keys and values as outputs
  float *key_lines;                   // panels with keys as inputs
  float *weights, *slopes;            // P and D: [TILE_QUERIES, width]
  float *turned;                      // P or D turned: [keys, TILE_QUERIES]
  float *lines;                       // queries or d_out as inputs
} attention_workspace;

INLINE size_t whole_panels(size_t columns) { return panels_size(columns, 1); }

static size_t attention_backward_scratch(const zk_attention_backward *job) {
  size_t width = whole_panels(job->keys), depth = job->head_dim;
  size_t floats = 2 * panels_size(job->keys, depth) + panels_size(depth, job->keys) +
                  2 * TILE_QUERIES * width + TILE_QUERIES * width +
                  panels_size(depth, TILE_QUERIES);
  return sizeof(float) * floats;
}

INLINE sight backward_sight(const zk_attention_backward *job, size_t i) {
  if (!job->causal) return (sight){0, job->keys};
  size_t last = job->keys + i + 1 > job->queries ? job->keys + i + 1 - job->queries : 0;
  return (sight){job->window > 0 && last > job->window ? last - job->window : 0, last};
}

// panel p, line d: element d of rows p * COLUMNS ...
static void pack_as_columns(const float *x, size_t stride, size_t rows, size_t depth,
                            float *panels) {
  memset(panels, 0, panels_size(rows, depth) * sizeof(float));
  for (size_t j = 0; j < rows; j++) {
    float *panel = panels + j / COLUMNS * COLUMNS * depth + j % COLUMNS;
    for (size_t d = 0; d < depth; d++) panel[d * COLUMNS] = x[j * stride + d];
  }
}

// panel p, line j: elements p * COLUMNS ... of row j.
static void pack_as_lines(const float *x, size_t stride, size_t rows, size_t depth,
                          float *panels) {
  for (size_t d = 0; d < depth; d += COLUMNS) {
    float *panel = panels + d * rows;
    size_t columns = smaller(COLUMNS, depth - d);
    if (columns < COLUMNS) memset(panel, 0, COLUMNS * rows * sizeof(float));
    for (size_t j = 0; j < rows; j++)
      memcpy(panel + j * COLUMNS, x + j * stride + d, columns * sizeof(float));
  }
}

// y += x lines, over the whole depth of a head.
INLINE void add_product(const float *x, size_t x_stride, size_t rows, const float *lines,
                        size_t line_rows, size_t first, size_t count, float *y, size_t y_stride,
                        size_t depth) {
  for (size_t d = 0; d < depth; d += COLUMNS)
    multiply_panel(x, x_stride, rows, lines + d * line_rows + first * COLUMNS, count, y + d,
                   y_stride, smaller(COLUMNS, depth - d), 1, NULL);
}

// Turns the scores of query `i` into weights, and d_out V' into slopes, over keys [from, to): whole
// vectors, zero outside what the query sees.
static void slopes_of_row(const zk_attention_backward *job, size_t i, size_t from, size_t to,
                          float *weights, float *slopes) {
  sight seen = backward_sight(job, i);
  for (size_t j = from; j < smaller(seen.first, to); j++) weights[j] = -INFINITY;
  for (size_t j = seen.last > from ? seen.last : from; j < to; j++) weights[j] = -INFINITY;
  vf tops = splat(-INFINITY);
  for (size_t j = from; j < to; j += LANES) {
    vf s = load(weights + j) * job->scale;
    store(weights + j, s);
    tops = max_lanes(s, tops);
  }
  float top = largest_lane(tops);
  if (top == -INFINITY) {
    memset(weights + from, 0, (to - from) * sizeof(float));
    memset(slopes + from, 0, (to - from) * sizeof(float));
    return;
  }
  vf sums = {}, products = {};
  for (size_t j = from; j < to; j += LANES) {
    vf e = exp_lanes(load(weights + j) - top);
    store(weights + j, e);
    sums += e;
    products = fma_lanes(e, load(slopes + j), products);
  }
  float factor = 1.0f / sum_lanes(sums), mean = sum_lanes(products) * factor;
  for (size_t j = from; j < to; j += LANES) {
    vf p = load(weights + j) * factor;
    store(weights + j, p);
    store(slopes + j, p * (load(slopes + j) - mean) * job->scale);
  }
}

static void attention_backward_tile(const attention_workspace *w, size_t i0, size_t rows) {
  const zk_attention_backward *job = w->job;
  size_t depth = job->head_dim, width = w->width;
  size_t from = backward_sight(job, i0).first / COLUMNS * COLUMNS;
  size_t last = backward_sight(job, i0 + rows - 1).last;
  if (last <= from) return;
  size_t to = whole_panels(last), count = last - from;
  const float *q = job->q + i0 * job->q_stride, *d_out = job->d_out + i0 * job->d_out_stride;
  for (size_t j = from; j < to; j += COLUMNS) {
    multiply_panel(q, job->q_stride, rows, w->key_columns + j * depth, depth, w->weights + j,
                   width, COLUMNS, 0, NULL);
    multiply_panel(d_out, job->d_out_stride, rows, w->value_columns + j * depth, depth,
                   w->slopes + j, width, COLUMNS, 0, NULL);
  }
  for (size_t r = 0; r < rows; r++)
    slopes_of_row(job, i0 + r, from, to, w->weights + r * width, w->slopes + r * width);
  if (job->d_q)
    add_product(w->slopes + from, width, rows, w->key_lines, job->keys, from, count,
                job->d_q + i0 * job->d_q_stride, job->d_q_stride, depth);
  if (job->d_k) {
    transpose(w->slopes + from, rows, count, width, w->turned, TILE_QUERIES);
    pack_as_lines(q, job->q_stride, rows, depth, w->lines);
    add_product(w->turned, TILE_QUERIES, count, w->lines, rows, 0, rows,
                job->d_k + from * job->d_k_stride, job->d_k_stride, depth);
  }
  if (job->d_v) {
    transpose(w->weights + from, rows, count, width, w->turned, TILE_QUERIES);
    pack_as_lines(d_out, job->d_out_stride, rows, depth, w->lines);
    add_product(w->turned, TILE_QUERIES, count, w->lines, rows, 0, rows,
                job->d_v + from * job->d_v_stride, job->d_v_stride, depth);
  }
}

static void attention_backward(const zk_attention_backward *job, void *scratch) {
  size_t depth = job->head_dim;
  attention_workspace w = {.job = job, .width = whole_panels(job->keys), .key_columns = scratch};
  w.value_columns = w.key_columns + panels_size(job->keys, depth);
  w.key_lines = w.value_columns + panels_size(job->keys, depth);
  w.weights = w.key_lines + panels_size(depth, job->keys);
  w.slopes = w.weights + TILE_QUERIES * w.width;
  w.turned = w.slopes + TILE_QUERIES * w.width;
  w.lines = w.turned + TILE_QUERIES * w.width;
  pack_as_columns(job->k, job->k_stride, job->keys, depth, w.key_columns);
  pack_as_columns(job->v, job->v_stride, job->keys, depth, w.value_columns);
  if (job->d_q) pack_as_lines(job->k, job->k_stride, job->keys, depth, w.key_lines);
  for (size_t i = 0; i < job->queries; i += TILE_QUERIES)
    attention_backward_tile(&w, i, smaller(TILE_QUERIES, job->queries - i));
}
