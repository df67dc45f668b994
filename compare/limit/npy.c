/* P1, P2, P3 and P11: one array in a file of its own. */
#include "limit.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS 1000
#define ROW 400
#define AGAIN 1000

void p1(const char *file, int huge)
{
    char header[HEADER];
    long before = reset_peak_kb();
    double start = now_ms();
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    need(fd >= 0, file);
    size_t len = length(fd) - HEADER;
    read_all(fd, header, HEADER);
    char *p = memory(len, huge);
    read_all(fd, p, len);
    close(fd);
    double ms = now_ms() - start;
    long peak = peak_kb();
    report(ms, before, peak, sample((float *)p, len / 4));
}

static char *view(const char *file, size_t *len)
{
    char header[HEADER];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    need(fd >= 0, file);
    *len = length(fd) - HEADER;
    need(pread(fd, header, HEADER, 0) == HEADER, "pread");
    char *p = mmap(NULL, *len + HEADER, PROT_READ, MAP_SHARED, fd, 0);
    need(p != MAP_FAILED, "mmap");
    close(fd);
    return p;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void p2(const char *file, int again)
{
    static double all[AGAIN];
    size_t len;
    long before = reset_peak_kb();
    double start = now_ms();
    char *p = view(file, &len);
    double ms = now_ms() - start;
    long peak = peak_kb();
    for (int i = 0; again && i < AGAIN; i++) {
        start = now_ms();
        munmap(p, len + HEADER);
        p = view(file, &len);
        all[i] = now_ms() - start;
    }
    if (again) {
        qsort(all, AGAIN, sizeof *all, by_size);
        ms = all[AGAIN / 2];
    }
    report(ms, before, peak, sample((float *)(p + HEADER), len / 4));
}

void p3(const char *file, const char *new, int reserve)
{
    char header[HEADER];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    need(fd >= 0, file);
    size_t len = length(fd) - HEADER;
    read_all(fd, header, HEADER);
    char *p = memory(len, 1);
    read_all(fd, p, len);
    close(fd);
    long before = reset_peak_kb();
    double start = now_ms();
    fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    need(fd >= 0, new);
    if (reserve)
        need(fallocate(fd, 0, 0, (off_t)(HEADER + len)) == 0, "fallocate");
    write_all(fd, header, HEADER);
    write_all(fd, p, len);
    close(fd);
    double ms = now_ms() - start;
    report(ms, before, peak_kb(), 0);
}

void p11(const char *file)
{
    static size_t wanted[ROWS];
    struct stat s;
    need(stat(file, &s) == 0, file);
    size_t len = ((size_t)s.st_size - HEADER) / ROW;
    uint64_t state = 1;
    for (int i = 0; i < ROWS; i++) {
        state = (state * 1103515245 + 12345) & 0x7fffffff;
        wanted[i] = (state >> 8) % len;
    }
    char header[HEADER];
    long before = reset_peak_kb();
    double start = now_ms();
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    need(fd >= 0, file);
    need(length(fd) - HEADER == len * ROW, "length");
    need(pread(fd, header, HEADER, 0) == HEADER, "pread");
    char *p = malloc(ROWS * ROW);
    for (int i = 0; i < ROWS; i++)
        need(pread(fd, p + i * ROW, ROW, (off_t)(HEADER + wanted[i] * ROW)) == ROW, "pread");
    close(fd);
    double ms = now_ms() - start;
    long peak = peak_kb();
    double sum = 0;
    for (int i = 0; i < ROWS; i++)
        sum += ((float *)p)[i * (ROW / 4) + i % (ROW / 4)];
    report(ms, before, peak, sum);
}
