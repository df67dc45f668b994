/* What the parts of the program share: see main.c. */
#ifndef LIMIT_H
#define LIMIT_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stddef.h>
#include <stdint.h>

/* The length of every header of an .npy file here. */
#define HEADER 128

/* How many bytes are looked at while they are in cache. */
#define CACHED (256 << 10)

/* The many arrays of P5 to P8: how many there are, and how many elements each has. */
#define MANY 4000
#define MANY_LEN 400

/* measure.c */
void need(int good, const char *what);
double now_ms(void);
long peak_kb(void);
long reset_peak_kb(void);
void report(double ms, long before, long peak, double check);
double sample(const float *values, size_t len);
double sample_many(char *const *arrays, size_t count);
float element(size_t at);
size_t length(int fd);
void *memory(size_t len, int huge);
void read_all(int fd, char *p, size_t len);
void read_at(int fd, char *p, size_t len, size_t offset);
void write_all(int fd, const char *p, size_t len);

/* crc.c */
uint32_t crc32_of(uint32_t crc, const char *p, size_t len);

/* The workloads: npy.c, npz.c, folder.c */
void p1(const char *file, int huge);
void p2(const char *file, int again);
void p3(const char *file, const char *new, int reserve);
void p4_read(const char *file);
void p4_save(const char *file, const char *new);
void p5(const char *file, int copy);
void p6(const char *name, const char *file);
void p7(const char *file, const char *new);
void p8_load(const char *folder);
void p8_save(const char *folder);
void p11(const char *file);

#endif
