/* Preloaded into a gateway: its files lie on a slow card. A flush takes SLOW_CARD_FLUSH_US microseconds, and one more for
 * each SLOW_CARD_BYTES_PER_US bytes that were written to any file since the last one, as on a file system that orders
 * data before its own journal. One flush at a time: whoever else flushes waits for it. Writes themselves go to memory, and
 * no disk is waited for, so that other programs' flushes are not measured. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t card = PTHREAD_MUTEX_INITIALIZER;
static atomic_long unflushed;
static long flush_us, bytes_per_us;
static ssize_t (*true_pwrite)(int, const void *, size_t, off64_t);

__attribute__((constructor)) static void begin(void) {
    const char *flush = getenv("SLOW_CARD_FLUSH_US"), *bytes = getenv("SLOW_CARD_BYTES_PER_US");
    flush_us = flush ? atol(flush) : 0;
    bytes_per_us = bytes ? atol(bytes) : 0;
    true_pwrite = dlsym(RTLD_NEXT, "pwrite64");
}

ssize_t pwrite64(int file, const void *content, size_t count, off64_t at) {
    ssize_t written = true_pwrite(file, content, count, at);
    if (written > 0)
        atomic_fetch_add(&unflushed, written);
    return written;
}

ssize_t pwrite(int file, const void *content, size_t count, off_t at) { return pwrite64(file, content, count, at); }

static int flushed(void) {
    pthread_mutex_lock(&card);
    long us = flush_us + (bytes_per_us ? atomic_exchange(&unflushed, 0) / bytes_per_us : 0);
    struct timespec taken = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&taken, NULL);
    pthread_mutex_unlock(&card);
    return 0;
}

int fdatasync(int file) {
    (void)file;
    return flushed();
}

int fsync(int file) {
    (void)file;
    return flushed();
}
