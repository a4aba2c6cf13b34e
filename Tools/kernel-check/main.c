// kernel-check [--quick] [--seed N] [TABLE ...]: see README.md.
#include <signal.h>
#include <unistd.h>

#include "check.h"

// One X(enumerator, value) for every zk_isa of the header; made by `build`.
static const struct {
  const char *name;
  int isa;
} sets[] = {
#define X(name, value) {#name, value},
#include "instruction_sets.h"
#undef X
};
enum { SETS = sizeof sets / sizeof *sets };

static const struct {
  const char *name;
  kernel_check *check;
} kernels[] = {
    {"perturbation", check_perturbation}, {"update", check_update},
    {"expand", check_expand},             {"perturbed", check_perturbed},
    {"linear", check_linear},             {"attention", check_attention},
    {"layer_norm", check_layer_norm},     {"rms_norm", check_rms_norm},
    {"rotary", check_rotary},             {"relu", check_relu},
    {"gelu", check_gelu},                 {"gelu_tanh", check_gelu_tanh},
    {"silu", check_silu},                 {"silu_multiply", check_silu_multiply},
    {"add", check_add},                   {"log_sum_exp", check_log_sum_exp},
};
enum { KERNELS = sizeof kernels / sizeof *kernels, SHOWN_FAILURES = 5 };

const char *const dtype_names[3] = {"float32", "bfloat16", "float16"};
const char *const distribution_names[3] = {"rademacher", "popcount", "gaussian"};

static char case_text[512];
static const char *current_table = "", *current_kernel = "";
static size_t cases, failed_cases, failures_in_case;
static double greatest_error;

void begin_case(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(case_text, sizeof case_text, format, arguments);
  va_end(arguments);
  cases++;
  failures_in_case = 0;
}

void fail(const char *format, ...) {
  if (failures_in_case++ > 0) return;
  if (++failed_cases > SHOWN_FAILURES) return;
  va_list arguments;
  va_start(arguments, format);
  printf("  %s %s [%s]: ", current_table, current_kernel, case_text);
  vprintf(format, arguments);
  printf("\n");
  va_end(arguments);
}

void note_error(double part) { greatest_error = greater(greatest_error, part); }

void expect_near(const char *what, size_t index, double value, double expected, double tolerance) {
  if (isnan(value) && isnan(expected)) return;
  if (value == expected) return;
  double error = fabs(value - expected);
  if (!(error <= tolerance)) {
    fail("%s[%zu] = %.9g, expected %.9g, error %.3g > %.3g", what, index, value, expected, error,
         tolerance);
    return;
  }
  note_error(error / tolerance);
}

void expect_same_bytes(const char *what, const void *value, const void *expected, size_t bytes,
                       size_t element) {
  const uint8_t *a = value, *b = expected;
  for (size_t i = 0; i < bytes; i++)
    if (a[i] != b[i]) {
      fail("%s[%zu] differs: byte %zu is %02x, expected %02x", what, i / element, i % element,
           a[i], b[i]);
      return;
    }
}

static void crashed(int number) {
  // Not safe in a signal handler by the book; nothing but this report follows.
  printf("FAILED %s %s: signal %d in [%s]\n", current_table, current_kernel, number, case_text);
  fflush(stdout);
  _exit(1);
}

static void lower_case_name(const char *enumerator, char out[64]) {
  size_t i = 0;
  for (const char *p = enumerator + strlen("ZK_"); *p && i < 63; p++)
    out[i++] = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
  out[i] = 0;
}

static bool is_wanted(const char *name, char **wanted, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(wanted[i], name) == 0) return true;
  return count == 0;
}

// Returns the number of kernels that failed.
static size_t check_table(const subject *s, uint64_t seed) {
  size_t failed = 0;
  for (size_t k = 0; k < KERNELS; k++) {
    current_kernel = kernels[k].name;
    cases = failed_cases = 0;
    greatest_error = 0;
    random_seed(seed);
    kernels[k].check(s);
    printf("%s %-14s %-13s %6zu cases", failed_cases ? "FAILED" : "passed", s->name,
           current_kernel, cases);
    if (failed_cases) printf(", %zu of them failed", failed_cases);
    if (greatest_error > 0) printf(", greatest error %.2f of what is tolerated", greatest_error);
    printf("\n");
    fflush(stdout);
    failed += failed_cases > 0;
  }
  return failed;
}

int main(int argc, char **argv) {
  bool quick = false;
  uint64_t seed = 1;
  char *wanted[64];
  size_t wanted_count = 0;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--quick") == 0) {
      quick = true;
    } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
      seed = strtoull(argv[++i], NULL, 10);
    } else if (argv[i][0] == '-' || wanted_count == 64) {
      fprintf(stderr, "usage: kernel-check [--quick] [--seed N] [TABLE ...]\n");
      return 2;
    } else {
      wanted[wanted_count++] = argv[i];
    }
  }
  signal(SIGSEGV, crashed);
  signal(SIGBUS, crashed);
  signal(SIGILL, crashed);
  signal(SIGFPE, crashed);

  size_t passed = 0, failed = 0, found = 0;
  for (size_t i = 0; i < SETS; i++) {
    char name[64];
    lower_case_name(sets[i].name, name);
    if (!is_wanted(name, wanted, wanted_count)) continue;
    const zk_kernels *table = zk_kernels_for((zk_isa)sets[i].isa);
    if (!table) {
      printf("absent %s: not in this build, or this processor lacks it\n", name);
      // What was asked for by name has to be there.
      failed += wanted_count > 0;
      continue;
    }
    found++;
    current_table = name;
    subject s = {.table = table,
                 .scalar = zk_kernels_for(ZK_SCALAR),
                 .name = name,
                 .rounds_to_bfloat16 = strstr(name, "bf16") != NULL,
                 .quick = quick};
    if (table->isa != (zk_isa)sets[i].isa) {
      printf("FAILED %s: the table calls itself %d\n", name, (int)table->isa);
      failed++;
    }
    size_t bad = check_table(&s, seed);
    failed += bad;
    passed += KERNELS - bad;
  }
  if (found == 0) {
    printf("FAILED: no table of that name:");
    for (size_t i = 0; i < wanted_count; i++) printf(" %s", wanted[i]);
    printf("\n");
    failed++;
  }
  printf("%zu passed, %zu failed\n", passed, failed);
  return failed > 0;
}
