/* P4 to P7: archives as np.savez writes them. */
#include "limit.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The end record, an entry of the directory and a local header, without names. */
#define END 22
#define ENTRY 46
#define LOCAL 30

static uint32_t number(const char *p, int len)
{
    uint32_t value = 0;
    memcpy(&value, p, (size_t)len);
    return value;
}

struct directory {
    size_t count, len, offset;
};

struct member {
    uint32_t crc;
    size_t len, local, name_len;
    const char *name;
};

static struct directory end_record(const char *end)
{
    need(number(end, 4) == 0x06054b50, "an end record at the end");
    return (struct directory){number(end + 10, 2), number(end + 12, 4), number(end + 16, 4)};
}

/* The member of the entry at `p`, and where the next one is. */
static const char *entry(const char *p, struct member *m)
{
    need(number(p, 4) == 0x02014b50, "an entry of the directory");
    *m = (struct member){number(p + 16, 4), number(p + 24, 4), number(p + 42, 4),
                         number(p + 28, 2), p + ENTRY};
    return p + ENTRY + m->name_len + number(p + 30, 2) + number(p + 32, 2);
}

/* How long the local header at `p` is. */
static size_t local_len(const char *p)
{
    need(number(p, 4) == 0x04034b50, "a local header");
    return LOCAL + number(p + 26, 2) + number(p + 28, 2);
}

static int opened(const char *file)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    need(fd >= 0, file);
    return fd;
}

static int created(const char *file)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    need(fd >= 0, file);
    return fd;
}

/* All of a file, in memory of huge pages. */
static char *whole(const char *file, size_t *len)
{
    int fd = opened(file);
    *len = length(fd);
    char *p = memory(*len, 1);
    read_all(fd, p, *len);
    close(fd);
    return p;
}

void p4_read(const char *file)
{
    char end[END], header[LOCAL], npy[HEADER];
    struct member m;
    long before = reset_peak_kb();
    double start = now_ms();
    int fd = opened(file);
    read_at(fd, end, END, length(fd) - END);
    struct directory d = end_record(end);
    char *directory = malloc(d.len);
    read_at(fd, directory, d.len, d.offset);
    entry(directory, &m);
    read_at(fd, header, LOCAL, m.local);
    size_t data = m.local + local_len(header);
    read_at(fd, npy, HEADER, data);
    uint32_t crc = crc32_of(0, npy, HEADER);
    size_t len = m.len - HEADER;
    char *p = memory(len, 1);
    need(lseek(fd, (off_t)(data + HEADER), SEEK_SET) >= 0, "lseek");
    for (size_t at = 0; at < len; at += CACHED) {
        size_t part = len - at < CACHED ? len - at : CACHED;
        read_all(fd, p + at, part);
        crc = crc32_of(crc, p + at, part);
    }
    need(crc == m.crc, "the checksum");
    close(fd);
    double ms = now_ms() - start;
    long peak = peak_kb();
    report(ms, before, peak, sample((float *)p, len / 4));
}

void p4_save(const char *file, const char *new)
{
    size_t len;
    struct member m;
    char *p = whole(file, &len);
    entry(p + end_record(p + len - END).offset, &m);
    size_t data = m.local + local_len(p + m.local);
    long before = reset_peak_kb();
    double start = now_ms();
    int fd = created(new);
    uint32_t crc = 0;
    write_all(fd, p, data);
    for (size_t at = 0; at < m.len; at += CACHED) {
        size_t part = m.len - at < CACHED ? m.len - at : CACHED;
        crc = crc32_of(crc, p + data + at, part);
        write_all(fd, p + data + at, part);
    }
    write_all(fd, p + data + m.len, len - data - m.len);
    need(crc == m.crc, "the checksum");
    close(fd);
    double ms = now_ms() - start;
    report(ms, before, peak_kb(), 0);
}

void p5(const char *file, int copy)
{
    static char *arrays[MANY];
    size_t len;
    struct member m;
    long before = reset_peak_kb();
    double start = now_ms();
    char *p = whole(file, &len);
    struct directory d = end_record(p + len - END);
    const char *next = p + d.offset;
    for (size_t i = 0; i < d.count && i < MANY; i++) {
        next = entry(next, &m);
        char *data = p + m.local + local_len(p + m.local);
        need(crc32_of(0, data, m.len) == m.crc, "the checksum");
        size_t header = 10 + number(data + 8, 2);
        arrays[i] = data + header;
        if (copy) {
            arrays[i] = malloc(m.len - header);
            memcpy(arrays[i], data + header, m.len - header);
        }
    }
    if (copy)
        munmap(p, len);
    double ms = now_ms() - start;
    long peak = peak_kb();
    report(ms, before, peak, sample_many(arrays, d.count));
}

void p6(const char *name, const char *file)
{
    char end[END], header[LOCAL];
    size_t name_len = strlen(name);
    struct member m;
    long before = reset_peak_kb();
    double start = now_ms();
    int fd = opened(file);
    read_at(fd, end, END, length(fd) - END);
    struct directory d = end_record(end);
    char *directory = malloc(d.len);
    read_at(fd, directory, d.len, d.offset);
    const char *next = directory;
    size_t i = 0;
    do {
        need(i++ < d.count, name);
        next = entry(next, &m);
    } while (m.name_len != name_len + 4 || memcmp(m.name, name, name_len));
    read_at(fd, header, LOCAL, m.local);
    char *p = malloc(m.len);
    read_at(fd, p, m.len, m.local + local_len(header));
    need(crc32_of(0, p, m.len) == m.crc, "the checksum");
    close(fd);
    double ms = now_ms() - start;
    long peak = peak_kb();
    size_t npy = 10 + number(p + 8, 2);
    report(ms, before, peak, sample((float *)(p + npy), (m.len - npy) / 4));
}

void p7(const char *file, const char *new)
{
    size_t len;
    char *p = whole(file, &len);
    long before = reset_peak_kb();
    double start = now_ms();
    int fd = created(new);
    write_all(fd, p, len);
    close(fd);
    double ms = now_ms() - start;
    report(ms, before, peak_kb(), 0);
}
