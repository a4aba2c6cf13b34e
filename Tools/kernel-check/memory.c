// Blocks of memory that show when something outside them is touched.
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

enum { BLOCKS = 48, MARGIN = 256, PATTERN = 0x5A };

typedef struct {
  uint8_t *pages;  // [room] bytes, then one page that cannot be accessed
  size_t room;
  uint8_t *start;
  size_t bytes;
} block;

static block blocks[BLOCKS];
static size_t used;

static void out_of_memory(void) {
  fprintf(stderr, "kernel-check: out of memory or blocks\n");
  exit(2);
}

#if SANITIZED

void *guarded(size_t bytes, size_t alignment) {
  void *start = NULL;
  if (used == BLOCKS || posix_memalign(&start, alignment < 8 ? 8 : alignment, bytes ? bytes : 1))
    out_of_memory();
  memset(start, 0xFF, bytes);
  blocks[used++] = (block){.start = start};
  return start;
}

void release_all(void) {
  while (used > 0) free(blocks[--used].start);
}

#else

// Pages are kept from case to case, so that an emulator need not make them anew.
static void make_room(block *b, size_t bytes) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t room = (bytes + page - 1) / page * page;
  if (room <= b->room) return;
  if (b->pages) munmap(b->pages, b->room + page);
  b->pages = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (b->pages == MAP_FAILED || mprotect(b->pages + room, page, PROT_NONE) != 0) out_of_memory();
  b->room = room;
}

void *guarded(size_t bytes, size_t alignment) {
  if (used == BLOCKS) out_of_memory();
  block *b = &blocks[used++];
  make_room(b, bytes + MARGIN + alignment);
  uint8_t *end = b->pages + b->room;
  b->start = end - bytes;
  b->start -= (uintptr_t)b->start % alignment;
  b->bytes = bytes;
  memset(b->start - MARGIN, PATTERN, MARGIN);
  memset(b->start, 0xFF, bytes);
  memset(b->start + bytes, PATTERN, (size_t)(end - b->start) - bytes);
  return b->start;
}

static bool holds_pattern(const uint8_t *from, const uint8_t *to) {
  for (; from < to; from++)
    if (*from != PATTERN) return false;
  return true;
}

void release_all(void) {
  while (used > 0) {
    const block *b = &blocks[--used];
    if (!holds_pattern(b->start - MARGIN, b->start)) fail("wrote before block %zu", used);
    if (!holds_pattern(b->start + b->bytes, b->pages + b->room)) fail("wrote behind block %zu", used);
  }
}

#endif

float *guarded_floats(size_t count) { return guarded(count * sizeof(float), sizeof(float)); }
