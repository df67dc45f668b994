/* Time and memory of one piece of work, and what every part needs. */
#include "limit.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void need(int good, const char *what)
{
    if (!good) {
        perror(what);
        exit(1);
    }
}

double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

long peak_kb(void)
{
    char line[256];
    long kb = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %ld", &kb) == 1)
            break;
    if (status)
        fclose(status);
    return kb;
}

long reset_peak_kb(void)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY);
    if (fd >= 0) {
        if (write(fd, "5", 1) != 1) { /* the peak so far stays */ }
        close(fd);
    }
    return peak_kb();
}

void report(double ms, long before, long peak, double check)
{
    printf("{\"ms\": %.6f, \"before_kb\": %ld, \"maxrss_kb\": %ld, \"check\": %.0f}\n",
           ms, before, peak, check);
}

double sample(const float *values, size_t len)
{
    double sum = 0;
    for (size_t step = 0; step < 8; step++)
        sum += values[(len - 1) * step / 7];
    return sum;
}

/* How many arrays there are, and the sum of one element of eight of them. */
double sample_many(char *const *arrays, size_t count)
{
    double sum = (double)count;
    need(count == MANY, "the number of arrays");
    for (size_t step = 0; step < 8; step++)
        sum += ((const float *)arrays[(MANY - 1) * step / 7])[(MANY_LEN - 1) * step / 7];
    return sum;
}

/* Element number `at` of the many arrays, laid end to end. */
float element(size_t at)
{
    return (float)((uint32_t)((uint32_t)at * 2654435761u) >> 8);
}

size_t length(int fd)
{
    struct stat s;
    need(fstat(fd, &s) == 0, "fstat");
    return (size_t)s.st_size;
}

void *memory(size_t len, int huge)
{
    void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(p != MAP_FAILED, "mmap");
    madvise(p, len, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    return p;
}

/* One call moves 2 GiB at most. */
void read_all(int fd, char *p, size_t len)
{
    while (len) {
        ssize_t n = read(fd, p, len);
        need(n > 0, "read");
        p += n;
        len -= (size_t)n;
    }
}

void read_at(int fd, char *p, size_t len, size_t offset)
{
    need(pread(fd, p, len, (off_t)offset) == (ssize_t)len, "pread");
}

void write_all(int fd, const char *p, size_t len)
{
    while (len) {
        ssize_t n = write(fd, p, len);
        need(n > 0, "write");
        p += n;
        len -= (size_t)n;
    }
}
