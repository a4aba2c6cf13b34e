// What portable C can do at best; the compiler may use whatever vectors every processor has.
#include "scalar.h"

#include <string.h>

enum { CHAINS = 32 };

size_t zk_scalar_peak_float32(size_t repeats) {
  float chains[CHAINS];
  // Unequal, or the chains would be one; a * half + one stays near 2, a normal number.
  for (int c = 0; c < CHAINS; c++) chains[c] = (float)(c + 1);
#pragma clang loop unroll(disable)
  for (size_t i = 0; i < repeats; i++)
    for (int c = 0; c < CHAINS; c++) chains[c] = chains[c] * 0.5f + 1;
  // Makes the compiler believe that the chains are used.
  __asm__ volatile("" : : "r"(chains) : "memory");
  return repeats * CHAINS * 2;
}

uint64_t zk_scalar_read_sweep(const void *bytes, size_t count) {
  const char *from = bytes;
  uint64_t sum = 0;
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint64_t word;
    memcpy(&word, from + i, 8);
    sum ^= word;
  }
  uint64_t rest = 0;
  memcpy(&rest, from + i, count - i);
  return sum ^ rest;
}
