/* P8: 4000 files in a folder. */
#include "limit.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NBYTES (4 * MANY_LEN)

/* Every n-th file for one of n threads. */
struct share {
    int folder, save;
    long first, step;
    char (*files)[HEADER + NBYTES];
};

static void one(const struct share *share, long at)
{
    char name[32], *file = share->files[at];
    snprintf(name, sizeof name, "a%04ld.npy", at);
    int flags = share->save ? O_WRONLY | O_CREAT | O_EXCL : O_RDONLY;
    int fd = openat(share->folder, name, flags | O_CLOEXEC, 0666);
    need(fd >= 0, name);
    if (share->save)
        write_all(fd, file, HEADER + NBYTES);
    else
        read_all(fd, file, HEADER + NBYTES);
    close(fd);
}

static void *work(void *words)
{
    const struct share *share = words;
    for (long at = share->first; at < MANY; at += share->step)
        one(share, at);
    return NULL;
}

static void on_all_cores(struct share share)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    cores = cores < 1 ? 1 : cores > 64 ? 64 : cores;
    pthread_t threads[64];
    struct share shares[64];
    for (long i = 0; i < cores; i++) {
        shares[i] = share;
        shares[i].first = i;
        shares[i].step = cores;
        need(pthread_create(&threads[i], NULL, work, &shares[i]) == 0, "pthread_create");
    }
    for (long i = 0; i < cores; i++)
        need(pthread_join(threads[i], NULL) == 0, "pthread_join");
}

void p8_load(const char *folder)
{
    static char *arrays[MANY];
    long before = reset_peak_kb();
    double start = now_ms();
    struct share share = {open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0, 0, 0, NULL};
    need(share.folder >= 0, folder);
    share.files = memory(sizeof *share.files * MANY, 1);
    on_all_cores(share);
    close(share.folder);
    double ms = now_ms() - start;
    long peak = peak_kb();
    for (int at = 0; at < MANY; at++)
        arrays[at] = share.files[at] + HEADER;
    report(ms, before, peak, sample_many(arrays, MANY));
}

static void fill(char (*files)[HEADER + NBYTES])
{
    static const char start[] =
        "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (100, 4), }";
    for (size_t at = 0; at < MANY; at++) {
        float *values = (float *)(files[at] + HEADER);
        memset(files[at], ' ', HEADER);
        memcpy(files[at], start, sizeof start - 1);
        files[at][HEADER - 1] = '\n';
        for (size_t i = 0; i < MANY_LEN; i++)
            values[i] = element(at * MANY_LEN + i);
    }
}

void p8_save(const char *folder)
{
    struct share share = {-1, 1, 0, 0, NULL};
    share.files = memory(sizeof *share.files * MANY, 1);
    fill(share.files);
    long before = reset_peak_kb();
    double start = now_ms();
    need(mkdir(folder, 0777) == 0, folder);
    share.folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    need(share.folder >= 0, folder);
    on_all_cores(share);
    close(share.folder);
    double ms = now_ms() - start;
    report(ms, before, peak_kb(), 0);
}
