/*
 * Moves the time of day of a program that it is preloaded into, by as many
 * nanoseconds as the file named by EVENKEEL_CLOCK says, at every look at the
 * clock: a signed integer of 64 bits as the machine has them. The monotonic
 * clock, by which timeouts are measured, stays. (libfaketime reads its file anew
 * at every look, which makes a JVM ten times slower, or seconds late, and leaves
 * semaphores of killed programs behind.)
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int (*real_gettime)(clockid_t, struct timespec *);
static const volatile int64_t *offset;

__attribute__((constructor)) static void begin(void) {
    real_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    const char *name = getenv("EVENKEEL_CLOCK");
    int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);
    if (!real_gettime || map == MAP_FAILED) {
        perror("clock.c: the file in EVENKEEL_CLOCK");
        _exit(1);
    }
    close(fd);
    offset = map;
}

int clock_gettime(clockid_t id, struct timespec *now) {
    if (!real_gettime) {
        begin(); /* another library's constructor runs before this one's */
    }
    int failed = real_gettime(id, now);
    if (!failed && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        int64_t by = *offset; /* once: it may change meanwhile */
        int64_t moved = now->tv_nsec + by % 1000000000;
        now->tv_sec += by / 1000000000;
        if (moved < 0) {
            now->tv_sec--;
            moved += 1000000000;
        } else if (moved >= 1000000000) {
            now->tv_sec++;
            moved -= 1000000000;
        }
        now->tv_nsec = moved;
    }
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone; /* obsolete */
    struct timespec t;
    int failed = clock_gettime(CLOCK_REALTIME, &t);
    if (!failed) {
        now->tv_sec = t.tv_sec;
        now->tv_usec = t.tv_nsec / 1000;
    }
    return failed;
}

time_t time(time_t *now) {
    struct timespec t;
    if (clock_gettime(CLOCK_REALTIME, &t)) {
        return (time_t)-1;
    }
    if (now) {
        *now = t.tv_sec;
    }
    return t.tv_sec;
}
