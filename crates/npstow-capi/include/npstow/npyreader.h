/* npstow/npyreader.h: the functions of npyreader on npstow, for C99 and C++11.
 *
 * A program that was written for npyreader includes this file instead of npyreader.h, links npstow,
 * and is otherwise left as it is. Like npyreader's, the functions take an open FILE, look at it from
 * its start, leave it anywhere, and give memory that the caller frees; NULL (or the number -1) means
 * failure, and npyerrno() tells why. What differs:
 *
 * - Every version of the header is read, with any number of axes, and it must be valid as a whole.
 * - retrieve_npy_float32 and its like give what the array holds: in C order, in the byte order of the
 *   machine, no byte less or more than the header says. Another dtype is an error, and so is a file
 *   that ends too early.
 * - get_descr and get_shapestr give the dtype and the lengths in NumPy's own form, however they are
 *   written in the file; for records that is the whole list of fields.
 * - Lengths that do not fit 32 bits are an error; nothing is cut off, nothing leaks.
 * - npyerrmessage() is new: the error in words.
 *
 * The error is kept for each thread.
 */
#ifndef NPSTOW_NPYREADER_H
#define NPSTOW_NPYREADER_H

#ifdef NPY_UTILS_H
#error "npstow/npyreader.h takes the place of npyreader.h: include one of them"
#endif
#define NPY_UTILS_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../npstow.h"

/* Where the parts of a file of version 1 begin. */
#define MAGIC_SIZE 6
#define VERSION_SEEK 6
#define MINOR_VERSION_SEEK 7
#define HEADER_LEN_SEEK 8
#define DICT_SEEK 10

/* The header cannot be read, or is none. */
#define NPYERR_READDICT 1
/* The shape cannot be told. */
#define NPYERR_GETSHAPE 2
/* Another number of axes than asked for. */
#define NPYERR_BADSIZENUMBER 3
/* The elements cannot be read: another dtype, say. */
#define NPYERR_READDATA 4
#define NPYERR_ALLOCATEDATA 5
/* The file ends too early, or reading fails. */
#define NPYERR_FREAD 6
#define NPYERR_FSEEK 7
#define NPYERR_NOMEM 8
/* A length that does not fit the type it is to be given in. */
#define NPYERR_SIZETOOLONG 9
/* No memory for a row of a matrix; npyreader has 8 here, too. */
#define NPYERR_SUBNOMEM 10
/* A NULL, or a negative length, where there must be something. */
#define NPYERR_ARGUMENT 11

typedef float float32_t;
typedef double float64_t;
typedef long double float128_t;
typedef unsigned char byte;

/* One for the program, though every file of it that includes this has a definition. */
#if defined(__GNUC__)
__attribute__((weak)) __thread int npstow_npyerror = 0;
__attribute__((weak)) __thread char npstow_npyerror_text[256] = "";
#else
static int npstow_npyerror = 0;
static char npstow_npyerror_text[256] = "";
#endif

static inline void npstow_npy_failed(int error, const char *text)
{
    npstow_npyerror = error;
    strncpy(npstow_npyerror_text, text, sizeof npstow_npyerror_text - 1);
    npstow_npyerror_text[sizeof npstow_npyerror_text - 1] = '\0';
}

/* As above, with the words of npstow, whose error is freed. */
static inline void npstow_npy_failed_with(int error, NpstowError *why)
{
    npstow_npy_failed(error, why ? npstow_error_message(why) : "");
    npstow_error_free(why);
}

static inline void *npstow_npy_allocate(size_t len)
{
    /* What malloc(0) gives may be NULL. */
    void *memory = malloc(len ? len : 1);
    if (!memory) npstow_npy_failed(NPYERR_NOMEM, "no memory");
    return memory;
}

static inline int npstow_npy_seek(FILE *fp, uint64_t offset)
{
    if (!fp) npstow_npy_failed(NPYERR_ARGUMENT, "no file");
    else if (offset > INT32_MAX || fseek(fp, (long)offset, SEEK_SET) != 0) npstow_npy_failed(NPYERR_FSEEK, "cannot seek");
    else return 1;
    return 0;
}

/* How many bytes the file has; UINT64_MAX where that cannot be told. */
static inline uint64_t npstow_npy_len(FILE *fp)
{
#if defined(_WIN32)
    const int64_t len = _fseeki64(fp, 0, SEEK_END) == 0 ? _ftelli64(fp) : -1;
#else
    const int64_t len = fseek(fp, 0, SEEK_END) == 0 ? (int64_t)ftell(fp) : -1;
#endif
    if (len >= 0) return (uint64_t)len;
    npstow_npy_failed(NPYERR_FSEEK, "cannot tell the length of the file");
    return UINT64_MAX;
}

static inline int npstow_npy_read(FILE *fp, void *to, size_t len)
{
    if (fread(to, 1, len, fp) == len) return 1;
    npstow_npy_failed(NPYERR_FREAD, ferror(fp) ? "cannot read" : "the file ends too early");
    return 0;
}

/* The bytes of the header and what they say; the caller frees both. NULL: npyerrno tells why. */
static inline NpstowHeader *npstow_npy_header(FILE *fp, unsigned char **bytes, size_t *len)
{
    unsigned char prefix[12];
    NpstowError *why = NULL;
    NpstowHeader *header;
    size_t known = 10;
    *bytes = NULL;
    if (!npstow_npy_seek(fp, 0) || !npstow_npy_read(fp, prefix, known)) return NULL;
    if (prefix[6] > 1) {
        if (!npstow_npy_read(fp, prefix + known, 2)) return NULL;
        known = 12;
    }
    *len = npstow_header_len(prefix, known, NULL, &why);
    if (*len == 0) {
        npstow_npy_failed_with(NPYERR_READDICT, why);
        return NULL;
    }
    *bytes = (unsigned char *)npstow_npy_allocate(*len);
    if (!*bytes) return NULL;
    memcpy(*bytes, prefix, known);
    header = npstow_npy_read(fp, *bytes + known, *len - known) ? npstow_header_parse(*bytes, *len, NULL, &why) : NULL;
    if (!header) {
        if (why) npstow_npy_failed_with(NPYERR_READDICT, why);
        free(*bytes);
        *bytes = NULL;
    }
    return header;
}

/* What the text of a header says, which may be UTF-8 (version 3) or Latin-1. */
static inline NpstowHeader *npstow_npy_parsed(const char *text)
{
    const size_t len = text ? strlen(text) : 0;
    unsigned char *bytes;
    NpstowHeader *header = NULL;
    NpstowError *why = NULL;
    unsigned char version;
    size_t at;
    if (!text || len > INT32_MAX) {
        npstow_npy_failed(NPYERR_ARGUMENT, text ? "the text of the header is too long" : "no text of a header");
        return NULL;
    }
    bytes = (unsigned char *)npstow_npy_allocate(12 + len);
    if (!bytes) return NULL;
    memcpy(bytes, "\x93NUMPY", 6);
    bytes[7] = 0;
    for (at = 0; at < 4; at++) bytes[8 + at] = (unsigned char)(len >> (8 * at));
    memcpy(bytes + 12, text, len);
    for (version = 3; version >= 2 && !header; version--) {
        npstow_error_free(why);
        why = NULL;
        bytes[6] = version;
        header = npstow_header_parse(bytes, 12 + len, NULL, &why);
    }
    free(bytes);
    if (!header) npstow_npy_failed_with(NPYERR_READDICT, why);
    else npstow_error_free(why);
    return header;
}

static inline char *npstow_npy_text(const char *text)
{
    const size_t len = strlen(text) + 1;
    char *copy = (char *)npstow_npy_allocate(len);
    return copy ? (char *)memcpy(copy, text, len) : NULL;
}

/* The lengths, and (uint32_t)-1 behind them. */
static inline uint32_t *npstow_npy_shape(const NpstowHeader *header)
{
    const size_t ndim = npstow_header_ndim(header);
    const size_t *shape = npstow_header_shape(header);
    uint32_t *sizes = (uint32_t *)npstow_npy_allocate((ndim + 1) * sizeof(uint32_t));
    size_t axis;
    if (!sizes) return NULL;
    for (axis = 0; axis < ndim; axis++) {
        if (shape[axis] >= UINT32_MAX) {
            npstow_npy_failed(NPYERR_SIZETOOLONG, "a length that does not fit 32 bits");
            free(sizes);
            return NULL;
        }
        sizes[axis] = (uint32_t)shape[axis];
    }
    sizes[ndim] = UINT32_MAX;
    return sizes;
}

/* The first six bytes, with a NUL behind them, whatever they are. */
static inline char *retrieve_magic(FILE *fp)
{
    char *magic = (char *)npstow_npy_allocate(MAGIC_SIZE + 1);
    if (!magic) return NULL;
    if (!npstow_npy_seek(fp, 0) || !npstow_npy_read(fp, magic, MAGIC_SIZE)) {
        free(magic);
        return NULL;
    }
    magic[MAGIC_SIZE] = '\0';
    return magic;
}

static inline uint8_t npstow_npy_version(FILE *fp, size_t at)
{
    uint8_t start[8];
    if (!npstow_npy_seek(fp, 0) || !npstow_npy_read(fp, start, sizeof start)) return UINT8_MAX;
    if (memcmp(start, "\x93NUMPY", MAGIC_SIZE) != 0) {
        npstow_npy_failed(NPYERR_READDICT, "expected the NPY magic '\\x93NUMPY'");
        return UINT8_MAX;
    }
    return start[at];
}

/* The version of the header; (uint8_t)-1 on failure. */
static inline uint8_t retrieve_version_number_major(FILE *fp)
{
    return npstow_npy_version(fp, VERSION_SEEK);
}

static inline uint8_t retrieve_version_number_minor(FILE *fp)
{
    return npstow_npy_version(fp, MINOR_VERSION_SEEK);
}

/* The text of the header, as it stands in the file. */
static inline char *retrieve_python_dict(FILE *fp)
{
    unsigned char *bytes;
    size_t len = 0, start;
    NpstowHeader *header = npstow_npy_header(fp, &bytes, &len);
    char *dict;
    if (!header) return NULL;
    start = bytes[6] > 1 ? 12 : 10;
    dict = (char *)npstow_npy_allocate(len - start + 1);
    if (dict) {
        memcpy(dict, bytes + start, len - start);
        dict[len - start] = '\0';
    }
    npstow_header_free(header);
    free(bytes);
    return dict;
}

/* How long that text is; (uint16_t)-1 on failure. */
static inline uint16_t retrieve_HEADER_LEN(FILE *fp)
{
    unsigned char *bytes;
    size_t len = 0;
    NpstowHeader *header = npstow_npy_header(fp, &bytes, &len);
    if (!header) return UINT16_MAX;
    len -= bytes[6] > 1 ? 12 : 10;
    npstow_header_free(header);
    free(bytes);
    if (len >= UINT16_MAX) {
        npstow_npy_failed(NPYERR_SIZETOOLONG, "a length of the header that does not fit 16 bits");
        return UINT16_MAX;
    }
    return (uint16_t)len;
}

/* The dtype: "<f4", or "[('x', '<f4'), ('y', '<f4')]". */
static inline char *get_descr(char *dictstring)
{
    NpstowHeader *header = npstow_npy_parsed(dictstring);
    char *descr = header ? npstow_npy_text(npstow_header_descr(header)) : NULL;
    npstow_header_free(header);
    return descr;
}

/* What stands between the parentheses of the shape: "38, 2", "38," or "". */
static inline char *get_shapestr(char *dictstring)
{
    NpstowHeader *header = npstow_npy_parsed(dictstring);
    const size_t *shape = header ? npstow_header_shape(header) : NULL;
    const size_t ndim = header ? npstow_header_ndim(header) : 0;
    /* Up to 20 digits, a comma and a space for each. */
    const size_t room = ndim * 22 + 1;
    char *text = header ? (char *)npstow_npy_allocate(room) : NULL;
    size_t axis, at = 0;
    if (text) text[0] = '\0';
    for (axis = 0; text && axis < ndim; axis++)
        at += (size_t)snprintf(text + at, room - at, axis + 1 < ndim ? "%" PRIu64 ", " : ndim == 1 ? "%" PRIu64 "," : "%" PRIu64,
                               (uint64_t)shape[axis]);
    npstow_header_free(header);
    return text;
}

/* The lengths of the axes, and (uint32_t)-1 behind them. */
static inline uint32_t *get_shape(char *dictstring)
{
    NpstowHeader *header = npstow_npy_parsed(dictstring);
    uint32_t *sizes = header ? npstow_npy_shape(header) : NULL;
    npstow_header_free(header);
    return sizes;
}

static inline uint32_t *get_shape_file(FILE *fp)
{
    unsigned char *bytes;
    size_t len = 0;
    NpstowHeader *header = npstow_npy_header(fp, &bytes, &len);
    uint32_t *sizes = header ? npstow_npy_shape(header) : NULL;
    npstow_header_free(header);
    free(bytes);
    return sizes;
}

/* How many lengths stand before the (uint32_t)-1. */
static inline int get_number_of_sizes(uint32_t *sizes)
{
    int count = 0;
    while (sizes && sizes[count] != UINT32_MAX) count++;
    return count;
}

/* Puts the elements of a header into the machine's byte order and C order, in their place. */
static inline int npstow_npy_arrange(const NpstowHeader *header, void *data, size_t len)
{
    NpstowError *why = NULL;
    NpstowArray *array, *native, *rows;
    const int c = npstow_header_order(header) == NPSTOW_ORDER_C || npstow_header_ndim(header) < 2;
    if (len == 0 || (c && npstow_header_is_native(header))) return 1;
    array = npstow_array_from_copy(data, npstow_header_descr(header), npstow_header_shape(header),
                                   npstow_header_ndim(header), npstow_header_order(header), &why);
    native = array ? npstow_array_to_native(array, &why) : NULL;
    rows = native ? npstow_array_to_contiguous(native, NPSTOW_ORDER_C, &why) : NULL;
    if (rows) memcpy(data, npstow_array_data(rows), len);
    else npstow_npy_failed_with(NPYERR_READDATA, why);
    npstow_array_free(array);
    npstow_array_free(native);
    npstow_array_free(rows);
    return rows != NULL;
}

/* All elements, which must be of this dtype; `descr` has no byte order. */
static inline void *npstow_npy_elements(FILE *fp, const char *descr)
{
    unsigned char *bytes;
    size_t offset = 0, len;
    NpstowHeader *header = npstow_npy_header(fp, &bytes, &offset);
    void *data = NULL;
    uint64_t end;
    free(bytes);
    if (!header) return NULL;
    len = npstow_header_nbytes(header);
    end = npstow_npy_len(fp);
    if (strcmp(npstow_header_descr(header) + 1, descr) != 0) {
        npstow_npy_failed(NPYERR_READDATA, "another dtype than asked for: ");
        strncat(npstow_npyerror_text, npstow_header_descr(header), 200);
    } else if (end != UINT64_MAX && (end < offset || end - offset < len)) {
        npstow_npy_failed(NPYERR_FREAD, "the file ends before its data do");
    } else if (end != UINT64_MAX && npstow_npy_seek(fp, offset)) {
        data = npstow_npy_allocate(len);
    }
    if (data && (!npstow_npy_read(fp, data, len) || !npstow_npy_arrange(header, data, len))) {
        free(data);
        data = NULL;
    }
    npstow_header_free(header);
    return data;
}

static inline float32_t *retrieve_npy_float32(FILE *fp)
{
    return (float32_t *)npstow_npy_elements(fp, "f4");
}

static inline float64_t *retrieve_npy_float64(FILE *fp)
{
    return (float64_t *)npstow_npy_elements(fp, "f8");
}

static inline int32_t *retrieve_npy_int32(FILE *fp)
{
    return (int32_t *)npstow_npy_elements(fp, "i4");
}

/* A copy in rows, each of which is to be freed, as is the list of them. */
static inline float32_t **allocate_matrix_f32(float32_t *data, int rows, int cols)
{
    float32_t **matrix;
    int row;
    if (rows < 0 || cols < 0 || (!data && rows && cols)) {
        npstow_npy_failed(NPYERR_ARGUMENT, data ? "a negative length" : "no elements");
        return NULL;
    }
    matrix = (float32_t **)npstow_npy_allocate((size_t)rows * sizeof(float32_t *));
    if (!matrix) return NULL;
    for (row = 0; row < rows; row++) {
        const size_t len = (size_t)cols * sizeof(float32_t);
        matrix[row] = (float32_t *)npstow_npy_allocate(len);
        if (!matrix[row]) {
            while (row-- > 0) free(matrix[row]);
            free(matrix);
            npstow_npy_failed(NPYERR_SUBNOMEM, "no memory for a row");
            return NULL;
        }
        if (len) memcpy(matrix[row], data + (size_t)row * (size_t)cols, len);
    }
    return matrix;
}

/* The lengths, which must be so many; NULL otherwise. */
static inline uint32_t *npstow_npy_sizes(FILE *fp, int count)
{
    uint32_t *sizes = get_shape_file(fp);
    if (sizes && get_number_of_sizes(sizes) != count) {
        npstow_npy_failed(NPYERR_BADSIZENUMBER, "another number of axes than asked for");
        free(sizes);
        return NULL;
    }
    return sizes;
}

/* The elements of an array of one axis. */
static inline float32_t *get_1D_array_f32(FILE *fp)
{
    uint32_t *sizes = npstow_npy_sizes(fp, 1);
    float32_t *data = sizes ? retrieve_npy_float32(fp) : NULL;
    free(sizes);
    return data;
}

/* The rows of an array of two axes, as allocate_matrix_f32 gives them. */
static inline float32_t **get_2D_matrix_f32(FILE *fp)
{
    uint32_t *sizes = npstow_npy_sizes(fp, 2);
    float32_t *data = NULL, **matrix = NULL;
    if (sizes && (sizes[0] > INT32_MAX || sizes[1] > INT32_MAX)) npstow_npy_failed(NPYERR_SIZETOOLONG, "a length that does not fit an int");
    else if (sizes) data = retrieve_npy_float32(fp);
    if (data) matrix = allocate_matrix_f32(data, (int)sizes[0], (int)sizes[1]);
    free(data);
    free(sizes);
    return matrix;
}

/* Why the last function of this thread failed, once; 0 when none did. */
static inline int npyerrno(void)
{
    const int error = npstow_npyerror;
    npstow_npyerror = 0;
    return error;
}

/* The same in words, until another function fails. */
static inline const char *npyerrmessage(void)
{
    return npstow_npyerror_text;
}

#endif
