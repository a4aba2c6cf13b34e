// A fixed team of threads. Between jobs the workers spin briefly, then sleep: layers follow each
// other within microseconds while a model runs, and an idle process must cost nothing.
#include "zorba_kernels.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

// About 20 microseconds on current machines.
enum { SPINS = 4000 };

typedef struct {
  zk_team *team;
  size_t worker;
  pthread_t thread;
} member;

struct zk_team {
  size_t size;      // threads, the caller included
  member *members;  // [size - 1], workers 1 ... size - 1
  pthread_mutex_t lock;
  pthread_cond_t job_posted, job_finished;
  atomic_uint_fast64_t generation;  // counts jobs; written under lock
  atomic_size_t next;               // the next index to hand out
  atomic_size_t busy;               // workers that have not finished the current job
  atomic_bool stopping;
  // The job; constant while busy > 0.
  size_t count;
  void (*body)(void *context, size_t index, size_t worker);
  void *context;
};

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void take_indices(zk_team *team, size_t worker) {
  for (;;) {
    size_t index = atomic_fetch_add_explicit(&team->next, 1, memory_order_relaxed);
    if (index >= team->count) return;
    team->body(team->context, index, worker);
  }
}

// Waits until the generation differs from `seen`, and returns it.
static uint_fast64_t await_job(zk_team *team, uint_fast64_t seen) {
  for (int spin = 0; spin < SPINS; spin++) {
    uint_fast64_t now = atomic_load_explicit(&team->generation, memory_order_acquire);
    if (now != seen) return now;
    pause_briefly();
  }
  pthread_mutex_lock(&team->lock);
  uint_fast64_t now;
  while ((now = atomic_load_explicit(&team->generation, memory_order_acquire)) == seen)
    pthread_cond_wait(&team->job_posted, &team->lock);
  pthread_mutex_unlock(&team->lock);
  return now;
}

static void *work(void *argument) {
  member *self = argument;
  zk_team *team = self->team;
  uint_fast64_t seen = 0;
  for (;;) {
    seen = await_job(team, seen);
    if (atomic_load_explicit(&team->stopping, memory_order_relaxed)) return NULL;
    take_indices(team, self->worker);
    if (atomic_fetch_sub_explicit(&team->busy, 1, memory_order_acq_rel) == 1) {
      // Taking the lock orders this signal after the caller's decision to sleep.
      pthread_mutex_lock(&team->lock);
      pthread_cond_signal(&team->job_finished);
      pthread_mutex_unlock(&team->lock);
    }
  }
}

// Publishes what was written to the team before, and wakes everyone.
static void post(zk_team *team) {
  pthread_mutex_lock(&team->lock);
  atomic_fetch_add_explicit(&team->generation, 1, memory_order_release);
  pthread_cond_broadcast(&team->job_posted);
  pthread_mutex_unlock(&team->lock);
}

static void join(zk_team *team, size_t started) {
  atomic_store_explicit(&team->stopping, 1, memory_order_relaxed);
  post(team);
  for (size_t i = 0; i < started; i++) pthread_join(team->members[i].thread, NULL);
  pthread_cond_destroy(&team->job_finished);
  pthread_cond_destroy(&team->job_posted);
  pthread_mutex_destroy(&team->lock);
  free(team->members);
  free(team);
}

zk_team *zk_team_create(size_t threads) {
  zk_team *team = calloc(1, sizeof *team);
  if (!team) return NULL;
  team->size = threads > 1 ? threads : 1;
  team->members = calloc(team->size, sizeof *team->members);
  if (!team->members) {
    free(team);
    return NULL;
  }
  pthread_mutex_init(&team->lock, NULL);
  pthread_cond_init(&team->job_posted, NULL);
  pthread_cond_init(&team->job_finished, NULL);
  for (size_t i = 0; i + 1 < team->size; i++) {
    member *each = &team->members[i];
    each->team = team;
    each->worker = i + 1;
    if (pthread_create(&each->thread, NULL, work, each) != 0) {
      join(team, i);
      return NULL;
    }
  }
  return team;
}

void zk_team_destroy(zk_team *team) {
  if (team) join(team, team->size - 1);
}

size_t zk_team_size(const zk_team *team) { return team->size; }

void zk_team_run(zk_team *team, size_t count,
                 void (*body)(void *context, size_t index, size_t worker), void *context) {
  if (team->size == 1 || count <= 1) {
    for (size_t index = 0; index < count; index++) body(context, index, 0);
    return;
  }
  team->count = count;
  team->body = body;
  team->context = context;
  atomic_store_explicit(&team->next, 0, memory_order_relaxed);
  atomic_store_explicit(&team->busy, team->size - 1, memory_order_relaxed);
  post(team);
  take_indices(team, 0);
  for (int spin = 0; spin < SPINS; spin++) {
    if (atomic_load_explicit(&team->busy, memory_order_acquire) == 0) return;
    pause_briefly();
  }
  pthread_mutex_lock(&team->lock);
  while (atomic_load_explicit(&team->busy, memory_order_acquire) != 0)
    pthread_cond_wait(&team->job_finished, &team->lock);
  pthread_mutex_unlock(&team->lock);
}
