#!/usr/bin/env bash
# Where a step's time goes, by kind of work: Benchmarks/profile.sh --model DIR [zorba bench step options]
# ZORBA names the binary; PROFILE the file of samples to keep. Needs perf (Debian: linux-perf).
set -euo pipefail
zorba=${ZORBA:-$(dirname "$0")/../.build/release/zorba}
command -v perf >/dev/null || { echo "profile: perf is missing (Debian: apt install linux-perf)" >&2; exit 1; }
if [ -n "${PROFILE:-}" ]; then
  samples=$PROFILE
else
  samples=$(mktemp)
  trap 'rm -f "$samples"' EXIT
fi

# cpu-clock is a timer, so it also works in virtual machines without hardware counters.
perf record -q -e cpu-clock -F 997 -o "$samples" -- "$zorba" bench step --json --quiet "$@"
echo
perf report -i "$samples" --stdio -q --no-children -F overhead,sym -w 7,80 2>/dev/null | awk '
  function group(symbol) {
    if (symbol ~ /^\[k\]/) return "kernel (page faults, reading files)"
    sub(/^\[.\] /, "", symbol)
    sub(/^zk_scalar_/, "", symbol)
    if (symbol ~ /^(micro_[0-9]+|linear)/) return "matrix products (layers and head)"
    if (symbol ~ /^(pack|keyed_perturbation|perturb|zk_philox|philox)/) return "packing and directions"
    if (symbol ~ /^(attention|soften)/) return "attention"
    if (symbol ~ /^(log_sum_exp|vocabulary)/) return "vocabulary (log-sum-exp)"
    if (symbol ~ /^(layer_norm|rms_norm|gelu|silu|relu|swiglu|rope|rotary|add)/) return "norms and activations"
    if (symbol ~ /^update/) return "update"
    return "the rest"
  }
  $1 ~ /%$/ {
    share = $1 + 0
    symbol = $0
    sub(/^ *[0-9.]+% +/, "", symbol)
    name = group(symbol)
    total[name] += share
    if (share >= 0.5) {
      split(symbol, word, " ")
      detail[name] = detail[name] sprintf(" %s %.1f", word[2], share)
    }
  }
  END { for (name in total) printf "%6.1f %%  %-36s%s\n", total[name], name, detail[name] }
' | sort -rn
