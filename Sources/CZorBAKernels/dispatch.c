// Which table this processor runs.
#include "scalar.h"

const zk_kernels *zk_kernels_for(zk_isa isa) {
  switch (isa) {
    case ZK_SCALAR: return &zk_scalar_kernels;
    default: return NULL;
  }
}

const zk_kernels *zk_kernels_best(void) {
  static const zk_isa fastest_first[] = {ZK_AVX512, ZK_AVX2, ZK_NEON};
  for (size_t i = 0; i < sizeof fastest_first / sizeof *fastest_first; i++) {
    const zk_kernels *kernels = zk_kernels_for(fastest_first[i]);
    if (kernels) return kernels;
  }
  return &zk_scalar_kernels;
}
