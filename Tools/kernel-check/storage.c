// Stored elements to binary32, as they are and moved along a direction.
#include "check.h"

// All patterns a 16-bit type has; NaN stays NaN, all else is exact.
static void check_patterns(const subject *s, int32_t dtype) {
  enum { COUNT = 1 << 16 };
  begin_case("%s, all patterns", dtype_names[dtype]);
  uint16_t *weight = guarded(COUNT * sizeof *weight, 2);
  float *out = guarded_floats(COUNT), *expected = guarded_floats(COUNT);
  for (size_t i = 0; i < COUNT; i++) weight[i] = (uint16_t)i;
  s->table->expand(weight, dtype, COUNT, out);
  s->scalar->expand(weight, dtype, COUNT, expected);
  for (size_t i = 0; i < COUNT; i++)
    if (isnan(out[i]) && isnan(expected[i])) out[i] = expected[i] = 0;
  expect_same_bytes("out", out, expected, COUNT * sizeof(float), sizeof(float));
  release_all();
}

void check_expand(const subject *s) {
  check_patterns(s, ZK_BFLOAT16);
  check_patterns(s, ZK_FLOAT16);
  for (int32_t dtype = 0; dtype < 3; dtype++)
    for (size_t count = 0; count < 200; count += s->quick ? 7 : 1)
      // A weight may lie at any byte of a file.
      for (size_t offset = 0; offset < 4; offset++) {
        begin_case("%s, count %zu, %zu bytes from alignment", dtype_names[dtype], count, offset);
        size_t bytes = count * stored_size(dtype);
        char *weight = guarded(bytes, 1);
        if ((uintptr_t)weight % 4 != offset) weight = guarded(bytes + offset, 4), weight += offset;
        random_stored(weight, dtype, count, 1);
        float *out = guarded_floats(count), *expected = guarded_floats(count);
        s->table->expand(weight, dtype, count, out);
        s->scalar->expand(weight, dtype, count, expected);
        expect_same_bytes("out", out, expected, count * sizeof(float), sizeof(float));
        release_all();
      }
}

void check_perturbed(const subject *s) {
  static const size_t counts[] = {0, 1, 7, 16, 31, 33, 63, 65, 255, 256, 257, 515, 1025};
  static const uint32_t starts[] = {0, 1, 31, 32, 77, 1023};
  for (int32_t dtype = 0; dtype < 3; dtype++)
    for (int32_t distribution = 0; distribution < 3; distribution++)
      for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (size_t t = 0; t < sizeof starts / sizeof *starts; t++) {
          if (s->quick && (c + t) % 3 != 0) continue;
          size_t count = counts[c];
          uint32_t row = (uint32_t)random_below(100000);
          float scale = 0.01f * random_unit();
          zk_direction direction = {random_bits(), (uint32_t)random_bits(), distribution};
          begin_case("%s, %s, row %u, start %u, count %zu", dtype_names[dtype],
                     distribution_names[distribution], row, starts[t], count);
          char *weight = guarded(count * stored_size(dtype), stored_size(dtype));
          random_stored(weight, dtype, count, 0.1f);
          float *out = guarded_floats(count);
          float *z = guarded_floats(count), *stored = guarded_floats(count);
          s->table->perturbed(weight, dtype, &direction, row, starts[t], count, scale, out);
          s->scalar->perturbation(&direction, row, starts[t], count, z);
          s->scalar->expand(weight, dtype, count, stored);
          for (size_t i = 0; i < count; i++) {
            double move = (double)scale * (double)z[i], sum = (double)stored[i] + move;
            // One rounding when fused, one more of the product when not.
            expect_near("out", i, out[i], sum, HALF_ULP * 1.01 * (fabs(sum) + fabs(move)));
          }
          release_all();
        }
}
