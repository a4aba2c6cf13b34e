// Perturbations and committed updates: every bit as in the scalar table.
#include "check.h"

static zk_direction random_direction(int32_t distribution) {
  return (zk_direction){random_bits(), (uint32_t)random_bits(), distribution};
}

void check_perturbation(const subject *s) {
  static const size_t counts[] = {0,  1,  2,  3,   7,   8,    15,   16,   17,   31,  32,
                                  33, 63, 64, 65, 127, 257, 1023, 1024, 1025, 2049, 3001};
  static const uint32_t starts[] = {0, 1, 5, 31, 32, 33, 64, 95, 1000, 1023, 1024, 4096, 0xFFFF0000};
  size_t repeats = s->quick ? 1 : 4;
  for (size_t repeat = 0; repeat < repeats; repeat++)
    for (int32_t distribution = 0; distribution < 3; distribution++)
      for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (size_t t = 0; t < sizeof starts / sizeof *starts; t++) {
          size_t count = counts[c];
          uint32_t start = starts[t], row = (uint32_t)random_bits() >> random_below(32);
          // Long runs from every start cost an emulator more than they tell.
          if (s->quick && count > 300 && (c + t) % 4 != 0) continue;
          zk_direction direction = random_direction(distribution);
          begin_case("%s, row %u, start %u, count %zu, seed %llu, tensor %u",
                     distribution_names[distribution], row, start, count,
                     (unsigned long long)direction.seed, direction.tensor);
          float *out = guarded_floats(count), *expected = guarded_floats(count);
          s->table->perturbation(&direction, row, start, count, out);
          s->scalar->perturbation(&direction, row, start, count, expected);
          expect_same_bytes("z", out, expected, count * sizeof(float), sizeof(float));
          release_all();
        }
}

enum { MOST_ROUNDS = 3, MOST_TERMS = 3 };

typedef struct {
  zk_term terms[MOST_ROUNDS][MOST_TERMS];
  zk_round rounds[MOST_ROUNDS];
  size_t count;
} history;

static void random_history(history *h, size_t rounds, float coefficient) {
  h->count = rounds;
  for (size_t r = 0; r < rounds; r++) {
    size_t terms = random_below(MOST_TERMS + 1);
    for (size_t t = 0; t < terms; t++)
      h->terms[r][t] = (zk_term){random_direction((int32_t)random_below(3)),
                                 coefficient * random_unit()};
    h->rounds[r] = (zk_round){.terms = h->terms[r],
                              .term_count = terms,
                              .rounding_seed = random_bits(),
                              .decay = random_below(2) ? 1.0f : 0.999f,
                              .tensor = (uint32_t)random_bits()};
  }
}

// Any bits at all, infinities and NaN left out unless `bad` says where one stands.
static void random_patterns(void *weight, int32_t dtype, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t word = (uint32_t)random_bits();
    if (dtype == ZK_FLOAT32) {
      if ((word & 0x7F800000) == 0x7F800000) word &= 0xBFFFFFFF;
      memcpy((char *)weight + 4 * i, &word, 4);
      continue;
    }
    uint16_t half = (uint16_t)word;
    uint16_t exponent = dtype == ZK_BFLOAT16 ? 0x7F80 : 0x7C00;
    if ((half & exponent) == exponent) half &= 0xBFFF;
    memcpy((char *)weight + 2 * i, &half, 2);
  }
}

typedef enum { ORDINARY, ANY_BITS, OVERFLOWING, KINDS } weight_kind;

static void fill(void *weight, int32_t dtype, size_t count, weight_kind kind) {
  static const uint32_t largest[3] = {0x7F7FFFFF, 0x7F7F, 0x7BFF};
  if (kind == ANY_BITS)
    random_patterns(weight, dtype, count);
  else
    random_stored(weight, dtype, count, 0.1f);
  // One element that any push outwards takes out of range.
  if (kind == OVERFLOWING && count > 0)
    memcpy((char *)weight + random_below(count) * stored_size(dtype), &largest[dtype],
           stored_size(dtype));
}

static void one_update(const subject *s, int32_t dtype, size_t count, uint32_t start,
                       size_t rounds, weight_kind kind) {
  static const char *const kinds[KINDS] = {"small weights", "any bits", "one at the limit"};
  uint32_t row = (uint32_t)random_bits() >> random_below(32);
  history h;
  random_history(&h, rounds, kind == OVERFLOWING ? (dtype == ZK_FLOAT16 ? 1e3f : 1e38f) : 0.01f);
  begin_case("%s, %s, row %u, start %u, count %zu, rounds %zu", dtype_names[dtype], kinds[kind],
             row, start, count, rounds);
  size_t size = stored_size(dtype);
  char *weight = guarded(count * size, size), *expected = guarded(count * size, size);
  fill(weight, dtype, count, kind);
  memcpy(expected, weight, count * size);
  zk_status status = s->table->update(weight, dtype, row, start, count, h.rounds, rounds);
  zk_status wanted = s->scalar->update(expected, dtype, row, start, count, h.rounds, rounds);
  if (status != wanted) fail("status %d, expected %d", (int)status, (int)wanted);
  expect_same_bytes("weight", weight, expected, count * size, size);
  release_all();
}

void check_update(const subject *s) {
  static const size_t counts[] = {0,  1,  3,   31,  32,   33,   63,   64,  65,
                                  97, 257, 991, 1023, 1024, 1025, 2049, 2999};
  static const uint32_t starts[] = {0, 32, 992, 1024, 4064};
  for (int32_t dtype = 0; dtype < 3; dtype++)
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
      for (size_t t = 0; t < sizeof starts / sizeof *starts; t++)
        for (size_t rounds = 0; rounds <= MOST_ROUNDS; rounds++)
          for (weight_kind kind = ORDINARY; kind < KINDS; kind++) {
            if (s->quick && (c + t + rounds + (size_t)kind) % 6 != 0) continue;
            one_update(s, dtype, counts[c], starts[t], rounds, kind);
          }
}
