/* The least that a machine must do for a workload: what no library can be faster than by much.
 *
 * limit p1 huge|small FILE      read(2) into new memory, in huge pages or in those of 4 KiB
 * limit p2 first|again FILE     open, ask for the length, read the header, map
 * limit p3 write|reserve FILE NEW   the array of FILE to NEW in one write, or room asked for first
 * limit p11 FILE                pread of 1000 rows of 400 bytes
 * limit warm MIB                touches so much memory and gives it back; measures nothing
 *
 * One line of JSON, as the other contestants print it. Headers are of 128 bytes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HEADER 128
#define ROWS 1000
#define ROW 400
#define AGAIN 1000

static void need(int good, const char *what)
{
    if (!good) {
        perror(what);
        exit(1);
    }
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static long peak_kb(void)
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

static long reset_peak_kb(void)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY);
    if (fd >= 0) {
        if (write(fd, "5", 1) != 1) { /* the peak so far stays */ }
        close(fd);
    }
    return peak_kb();
}

static void report(double ms, long before, long peak, double check)
{
    printf("{\"ms\": %.6f, \"before_kb\": %ld, \"maxrss_kb\": %ld, \"check\": %.0f}\n",
           ms, before, peak, check);
}

static double sample(const float *values, size_t len)
{
    double sum = 0;
    for (size_t step = 0; step < 8; step++)
        sum += values[(len - 1) * step / 7];
    return sum;
}

static size_t payload(int fd)
{
    struct stat s;
    need(fstat(fd, &s) == 0, "fstat");
    return (size_t)s.st_size - HEADER;
}

static void *memory(size_t len, int huge)
{
    void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(p != MAP_FAILED, "mmap");
    madvise(p, len, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    return p;
}

/* One call moves 2 GiB at most. */
static void read_all(int fd, char *p, size_t len)
{
    while (len) {
        ssize_t n = read(fd, p, len);
        need(n > 0, "read");
        p += n;
        len -= (size_t)n;
    }
}

static void write_all(int fd, const char *p, size_t len)
{
    while (len) {
        ssize_t n = write(fd, p, len);
        need(n > 0, "write");
        p += n;
        len -= (size_t)n;
    }
}

static void p1(const char *file, int huge)
{
    char header[HEADER];
    long before = reset_peak_kb();
    double start = now_ms();
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    need(fd >= 0, file);
    size_t len = payload(fd);
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
    *len = payload(fd);
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

static void p2(const char *file, int again)
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

static void p3(const char *file, const char *new, int reserve)
{
    char header[HEADER];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    need(fd >= 0, file);
    size_t len = payload(fd);
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

static void p11(const char *file)
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
    need(payload(fd) == len * ROW, "length");
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

/* The host of a virtual machine takes idle memory away; whoever gets it next pays for its return,
 * ten times what the work costs. After this it is somebody else who has paid. */
static void warm(size_t mib)
{
    char *p = memory(mib << 20, 1);
    for (size_t at = 0; at < mib << 20; at += 4096)
        p[at] = 1;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (argc == 4 && !strcmp(what, "p1"))
        p1(argv[3], !strcmp(argv[2], "huge"));
    else if (argc == 4 && !strcmp(what, "p2"))
        p2(argv[3], !strcmp(argv[2], "again"));
    else if (argc == 5 && !strcmp(what, "p3"))
        p3(argv[3], argv[4], !strcmp(argv[2], "reserve"));
    else if (argc == 3 && !strcmp(what, "p11"))
        p11(argv[2]);
    else if (argc == 3 && !strcmp(what, "warm"))
        warm(strtoul(argv[2], NULL, 10));
    else {
        fputs("limit p1|p2|p3|p11|warm ...: see limit.c\n", stderr);
        return 2;
    }
    return 0;
}
