// Everything an instruction set's file is made of, in order of dependence.
#include "lanes.h"
#include "shuffles.h"
#include "perturbation.h"
#include "storage.h"
#include "functions.h"
#include "layers.h"
#include "bfloat16.h"
#include "micro.h"
#include "packing.h"
#include "few_rows.h"
#include "paired_linear.h"
#include "linear.h"
#include "attention.h"
#include "backward.h"
#include "attention_backward.h"
#include "peak.h"

#define KERNEL_TABLE(set)                                             \
  {                                                                   \
      .isa = set,                                                     \
      .perturbation = perturbation,                                   \
      .update = update,                                               \
      .expand = expand,                                               \
      .perturbed = perturbed,                                         \
      .linear = linear,                                               \
      .linear_scratch = linear_scratch,                               \
      .attention = attention,                                         \
      .attention_scratch = attention_scratch,                         \
      .layer_norm = layer_norm,                                       \
      .rms_norm = rms_norm,                                           \
      .rotary = rotary,                                               \
      .relu = relu,                                                   \
      .gelu = gelu,                                                   \
      .gelu_tanh = gelu_tanh,                                         \
      .silu = silu,                                                   \
      .silu_multiply = silu_multiply,                                 \
      .add = add,                                                     \
      .log_sum_exp = log_sum_exp,                                     \
      .attention_backward = attention_backward,                       \
      .attention_backward_scratch = attention_backward_scratch,       \
      .norm_backward = norm_backward,                                 \
      .rotary_backward = rotary_backward,                             \
      .relu_backward = relu_backward,                                 \
      .gelu_backward = gelu_backward,                                 \
      .gelu_tanh_backward = gelu_tanh_backward,                       \
      .silu_backward = silu_backward,                                 \
      .tanh_backward = tanh_backward,                                 \
      .silu_multiply_backward = silu_multiply_backward,               \
      .add_multiple = add_multiple,                                   \
      .exponentials = exponentials,                                   \
      .add_columns = add_columns,                                     \
      .transpose = transpose,                                         \
      .peak_float32 = peak_float32,                                   \
      .peak_bfloat16 = PEAK_BFLOAT16,                                 \
      .read_sweep = read_sweep,                                       \
  }
