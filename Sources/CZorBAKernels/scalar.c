#include "scalar.h"
#include "tables.h"

const zk_kernels zk_scalar_kernels = {
    .isa = ZK_SCALAR,
    .perturbation = zk_scalar_perturbation,
    .update = zk_scalar_update,
    .expand = zk_scalar_expand,
    .perturbed = zk_scalar_perturbed,
    .linear = zk_scalar_linear,
    .linear_scratch = zk_scalar_linear_scratch,
    .attention = zk_scalar_attention,
    .attention_scratch = zk_scalar_attention_scratch,
    .layer_norm = zk_scalar_layer_norm,
    .rms_norm = zk_scalar_rms_norm,
    .rotary = zk_scalar_rotary,
    .relu = zk_scalar_relu,
    .gelu = zk_scalar_gelu,
    .gelu_tanh = zk_scalar_gelu_tanh,
    .silu = zk_scalar_silu,
    .silu_multiply = zk_scalar_silu_multiply,
    .add = zk_scalar_add,
    .log_sum_exp = zk_scalar_log_sum_exp,
    .peak_float32 = zk_scalar_peak_float32,
    .peak_bfloat16 = NULL,
    .read_sweep = zk_scalar_read_sweep,
};
