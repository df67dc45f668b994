/* npstow.h: NumPy arrays at rest, for C and C++.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Made by `cargo xtask header` from the sources of crates/npstow-capi; not to be edited.
 *
 * Holds for every function:
 *
 * - Handles (NpstowFile, NpstowArray ...) are pointers to what only the library knows. Who gets one
 *   frees it with the `_free` of its type, which does nothing for NULL. NULL where a handle is
 *   wanted is an error (NPSTOW_INVALID), never a crash.
 * - What can fail has `NpstowError **error` as its last parameter. It may be NULL; otherwise it is
 *   set when the function fails, and left alone when it does not. What was there before is not
 *   freed: give the address of a pointer that holds no error.
 * - A function that makes a handle returns NULL when it fails; others return an NpstowStatus, or
 *   what their description says.
 * - Strings that come in end in a NUL and are UTF-8 (paths of files: the bytes of the system); they
 *   are copied. `const char *` that goes out belongs to a handle; `char *` is freed with
 *   npstow_string_free.
 * - Each handle's description says how it may be used by several threads. Different handles are
 *   independent of one another.
 * - The library works on all cores. A child made by fork has none of its parent's threads, and works
 *   on one; handles of the parent are its own copies.
 * - Functions that are given to the library must not throw, nor leave by longjmp.
 * - No bug of the library crosses as a panic: it is an error of status NPSTOW_PANIC.
 */

#ifndef NPSTOW_H
#define NPSTOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The version of the binary interface that this header describes; see `npstow_abi_version`.
 */
#define NPSTOW_ABI_VERSION 0

/**
 * Adds rows to an array that is there: a `.npy` file, or a dataset of HDF5 in chunks whose first axis
 * may grow. At every moment the file holds the old rows or the new ones, and nobody else appends.
 * One thread at a time.
 */
typedef struct NpstowAppender NpstowAppender;

/**
 * An array in memory: a dtype, a shape, strides and shared bytes. It never changes, and may be
 * used by several threads at once; handles of the same elements are cheap.
 */
typedef struct NpstowArray NpstowArray;

/**
 * A value in the making: parts are made, put into one another, and one of them is what comes of it.
 * The same part put into several containers is the same object there; a list or dictionary may be
 * put into itself. One thread at a time.
 */
typedef struct NpstowBuilder NpstowBuilder;

/**
 * Takes arrays out of a stream that is given to it in pieces of any size. It reads nothing itself,
 * and its memory grows with what arrives, not with what is announced. One thread at a time.
 */
typedef struct NpstowDecoder NpstowDecoder;

/**
 * Changes of an NPZ archive. Until they are committed the archive is as it was, and nobody else
 * changes it. One thread at a time.
 */
typedef struct NpstowEditor NpstowEditor;

/**
 * What went wrong, and where. It never changes, and may be looked at from several threads; who
 * got it frees it with `npstow_error_free`.
 */
typedef struct NpstowError NpstowError;

/**
 * What a look at all of a file has found. It never changes, and may be used by several threads at
 * once.
 */
typedef struct NpstowFaults NpstowFaults;

/**
 * The fields of a dtype of records. They never change, and may be used by several threads at once.
 */
typedef struct NpstowFields NpstowFields;

/**
 * An open file or folder of any format, of which nothing is read until it is asked for. It may
 * be used by several threads at once. What came from it (nodes, arrays) does not need it any more.
 */
typedef struct NpstowFile NpstowFile;

/**
 * What an NPY header says. It never changes, and may be looked at from several threads.
 */
typedef struct NpstowHeader NpstowHeader;

/**
 * Bounds on what reading a file may cost. One thread at a time; a file that was opened with it
 * has a copy.
 */
typedef struct NpstowLimits NpstowLimits;

/**
 * What is written beside an array or a group: metadata (text with `key:value` on each line), names
 * of rows, labels of columns. One thread at a time may change it; any number may look at it
 * meanwhile nobody does.
 */
typedef struct NpstowMeta NpstowMeta;

/**
 * A group, an array or a value of an open file, of which nothing is read until it is asked for.
 * It may be used by several threads at once, and keeps its file open.
 */
typedef struct NpstowNode NpstowNode;

/**
 * How pickles are read. One thread at a time.
 */
typedef struct NpstowPickleOptions NpstowPickleOptions;

/**
 * A walk over the rows of an array, in bands: a thread of the library reads the next band while the
 * last one is worked on. One thread at a time.
 */
typedef struct NpstowRecords NpstowRecords;

/**
 * How two trees differ. It never changes, and may be used by several threads at once.
 */
typedef struct NpstowReport NpstowReport;

/**
 * Writes a new `.npy` file row by row; it is there when it is finished. One thread at a time.
 */
typedef struct NpstowRowWriter NpstowRowWriter;

/**
 * How arrays and trees are saved. One thread at a time.
 */
typedef struct NpstowSaveOptions NpstowSaveOptions;

/**
 * All that the pickles of a file name. It never changes, and may be looked at from several threads.
 */
typedef struct NpstowScan NpstowScan;

/**
 * Bytes that can be read at any offset. It may be used by several threads at once; files that were
 * opened from it do not need the handle any more.
 */
typedef struct NpstowSource NpstowSource;

/**
 * A list of strings. One thread at a time may change it; any number may look at it meanwhile
 * nobody does.
 */
typedef struct NpstowStrings NpstowStrings;

/**
 * Named arrays and groups of them, in the order in which they were added, with metadata beside
 * them. One thread at a time may change it; any number may look at it meanwhile nobody does.
 */
typedef struct NpstowTree NpstowTree;

/**
 * A Python object as data: a handle on one of the values of a file, which is cheap to make and to
 * copy, and keeps all of them in memory. It never changes, and may be used by several threads at
 * once. Classes and functions are names: nothing is ever run.
 */
typedef struct NpstowValue NpstowValue;

/**
 * How a call ended: `NPSTOW_OK`, or who has to act. Numbers are never given another meaning.
 */
typedef int32_t NpstowStatus;

/**
 * What must be on the disk before a file counts as saved: one of `NPSTOW_DURABILITY_…`. A crash
 * of the program leaves the old file or the new one whatever the choice, which is about a crash
 * of the machine.
 */
typedef int32_t NpstowDurability;

/**
 * In which order elements lie in memory: one of `NPSTOW_ORDER_…`.
 */
typedef int32_t NpstowOrder;

/**
 * A part of a builder: good for that one alone, and freed with it. 0 is none: what is returned
 * after a failure.
 */
typedef uint64_t NpstowPart;

/**
 * The form of an array in a stream: one of `NPSTOW_FORM_…`.
 */
typedef int32_t NpstowForm;

/**
 * Where bytes go that a function writes. The function is called from one thread at a time, and
 * must not throw.
 */
typedef struct {
    /**
     * Given to the function as it is.
     */
    void *context;
    /**
     * Takes all of the bytes; returns 0, or an `errno`.
     */
    int (*write)(void *context, const void *bytes, size_t len);
} NpstowWriteCallback;

/**
 * What a name stands for: one of `NPSTOW_NODE_…`.
 */
typedef int32_t NpstowNodeKind;

/**
 * In which order the bytes of a number lie: one of `NPSTOW_BYTES_…`.
 */
typedef int32_t NpstowByteOrder;

/**
 * What a value is: one of `NPSTOW_VALUE_…`.
 */
typedef int32_t NpstowValueKind;

/**
 * A value at a glance, for loops over long lists: what it is, and what fits in here.
 */
typedef struct {
    /**
     * Names the value among those of its file; `npstow_value_by_id` makes a handle of it.
     */
    uint64_t id;
    /**
     * What it is.
     */
    NpstowValueKind kind;
    /**
     * Of an integer, 1 where it has at most 64 bits, and else 0.
     */
    int32_t is_int64;
    /**
     * A boolean, or an integer of at most 64 bits.
     */
    int64_t integer;
    /**
     * A float, or the real part.
     */
    double real;
    /**
     * The imaginary part.
     */
    double imaginary;
    /**
     * Text in UTF-8, or bytes; NULL where they were not read yet, or are text with surrogates alone.
     * They live as long as any handle of a value of the file.
     */
    const char *bytes;
    /**
     * How many bytes.
     */
    size_t len;
} NpstowGlance;

/**
 * What a `str` of Python 2 is taken for: one of `NPSTOW_STRINGS_…`.
 */
typedef int32_t NpstowStringsOf2;

/**
 * What is known of a name that a pickle uses: one of `NPSTOW_VERDICT_…`. It tells people, and
 * decides nothing: npstow runs none of them.
 */
typedef int32_t NpstowVerdict;

/**
 * A source of the caller's. The functions are called from several threads, at the same time, and
 * must not throw.
 */
typedef struct {
    /**
     * Given to the functions as it is.
     */
    void *context;
    /**
     * How many bytes there are; they must not change.
     */
    uint64_t len;
    /**
     * Puts `len` bytes from `offset` on into `dst`; returns 0, or an `errno`. It is never asked for
     * more than there is.
     */
    int (*read_at)(void *context, uint64_t offset, void *dst, size_t len);
    /**
     * Called once, when nothing needs the source any more; may be NULL.
     */
    void (*free)(void *context);
} NpstowReadCallbacks;

/**
 * What becomes of metadata where trees are joined: one of `NPSTOW_NOTES_…`.
 */
typedef int32_t NpstowNotesPolicy;

/**
 * What is done where a tree lacks an array that another one has: one of `NPSTOW_MISSING_…`.
 */
typedef int32_t NpstowMissing;

/**
 * Done.
 */
#define NPSTOW_OK 0

/**
 * The operating system refused: no such file, no permission, no space left, no memory.
 */
#define NPSTOW_IO 10

/**
 * The file is damaged or was never of its format.
 */
#define NPSTOW_CORRUPT 20

/**
 * The file is valid (or may be), but npstow does not do this.
 */
#define NPSTOW_UNSUPPORTED 30

/**
 * A bound of `NpstowLimits` was reached.
 */
#define NPSTOW_LIMIT 40

/**
 * The data are fine but not what the caller asked for: another dtype, shape or layout.
 */
#define NPSTOW_MISMATCH 50

/**
 * No such name in the file.
 */
#define NPSTOW_NOT_FOUND 60

/**
 * The name or file is there already.
 */
#define NPSTOW_EXISTS 70

/**
 * The call makes no sense: NULL where a handle is needed, an axis that is not there.
 */
#define NPSTOW_INVALID 80

/**
 * A bug of npstow; nothing was damaged, please report the text.
 */
#define NPSTOW_PANIC 90

/**
 * A `.npy` file after another, as `numpy.save` writes them to one file; without metadata.
 */
#define NPSTOW_FORM_NPY 0

/**
 * NP.hh's messages, one after another: a prefix of four numbers, the header, the data, metadata.
 */
#define NPSTOW_FORM_NP 1

/**
 * NP.hh's body of an HTTP request: a `.npy` file, and metadata to the end.
 */
#define NPSTOW_FORM_BODY 2

/**
 * More names.
 */
#define NPSTOW_NODE_GROUP 0

/**
 * An array.
 */
#define NPSTOW_NODE_ARRAY 1

/**
 * Bytes that are no array; described and read as an array of bytes.
 */
#define NPSTOW_NODE_VALUE 2

/**
 * The last index runs fastest, as in C.
 */
#define NPSTOW_ORDER_C 0

/**
 * The first index runs fastest, as in Fortran.
 */
#define NPSTOW_ORDER_F 1

/**
 * As it is.
 */
#define NPSTOW_ORDER_KEEP 2

/**
 * As they are.
 */
#define NPSTOW_BYTES_KEEP 0

/**
 * As this machine computes with them.
 */
#define NPSTOW_BYTES_NATIVE 1

/**
 * The lowest first.
 */
#define NPSTOW_BYTES_LITTLE 2

/**
 * The highest first.
 */
#define NPSTOW_BYTES_BIG 3

/**
 * Nothing is waited for.
 */
#define NPSTOW_DURABILITY_NONE 0

/**
 * The new data are waited for where an old file is replaced. The default.
 */
#define NPSTOW_DURABILITY_REPLACE 1

/**
 * The new data are always waited for.
 */
#define NPSTOW_DURABILITY_FILE 2

/**
 * The new data and the folder's entry are waited for.
 */
#define NPSTOW_DURABILITY_FULL 3

/**
 * Text where it is ASCII, bytes elsewhere. The default.
 */
#define NPSTOW_STRINGS_AUTO 0

/**
 * Always bytes.
 */
#define NPSTOW_STRINGS_BYTES 1

/**
 * Text in Latin-1, whatever it is.
 */
#define NPSTOW_STRINGS_LATIN1 2

/**
 * Text in ASCII, else an error.
 */
#define NPSTOW_STRINGS_ASCII 3

/**
 * Text in UTF-8, else an error.
 */
#define NPSTOW_STRINGS_UTF8 4

/**
 * Data, which npstow rebuilds.
 */
#define NPSTOW_VERDICT_DATA 0

/**
 * A class that is known to do nothing but hold what it is given.
 */
#define NPSTOW_VERDICT_HARMLESS 1

/**
 * Nothing is known of it.
 */
#define NPSTOW_VERDICT_UNKNOWN 2

/**
 * It is known to run code, or to reach for something that does.
 */
#define NPSTOW_VERDICT_CODE 3

/**
 * Those of the first tree are kept.
 */
#define NPSTOW_NOTES_FIRST 0

/**
 * Each line once, in order; names and labels must be the same.
 */
#define NPSTOW_NOTES_JOIN 1

/**
 * All are left out.
 */
#define NPSTOW_NOTES_DROP 2

/**
 * It is an error.
 */
#define NPSTOW_MISSING_REFUSE 0

/**
 * The tree has no rows then.
 */
#define NPSTOW_MISSING_SKIP 1

/**
 * `None`
 */
#define NPSTOW_VALUE_NONE 0

/**
 * `bool`
 */
#define NPSTOW_VALUE_BOOL 1

/**
 * `int`, of any size.
 */
#define NPSTOW_VALUE_INT 2

/**
 * `float`
 */
#define NPSTOW_VALUE_FLOAT 3

/**
 * `complex`
 */
#define NPSTOW_VALUE_COMPLEX 4

/**
 * `str`
 */
#define NPSTOW_VALUE_STR 5

/**
 * `bytes`
 */
#define NPSTOW_VALUE_BYTES 6

/**
 * `bytearray`
 */
#define NPSTOW_VALUE_BYTEARRAY 7

/**
 * `list`
 */
#define NPSTOW_VALUE_LIST 8

/**
 * `tuple`
 */
#define NPSTOW_VALUE_TUPLE 9

/**
 * `set`
 */
#define NPSTOW_VALUE_SET 10

/**
 * `frozenset`
 */
#define NPSTOW_VALUE_FROZENSET 11

/**
 * `dict`, in the order of insertion.
 */
#define NPSTOW_VALUE_DICT 12

/**
 * `numpy.ndarray`, or a subclass of it.
 */
#define NPSTOW_VALUE_ARRAY 13

/**
 * `numpy.dtype`
 */
#define NPSTOW_VALUE_DTYPE 14

/**
 * A scalar of NumPy.
 */
#define NPSTOW_VALUE_SCALAR 15

/**
 * A class or function, by its name.
 */
#define NPSTOW_VALUE_GLOBAL 16

/**
 * Any other object: its class, and what it was made of.
 */
#define NPSTOW_VALUE_OBJECT 17

/**
 * A name for something outside of the file.
 */
#define NPSTOW_VALUE_PERSISTENT 18

/**
 * A class or function, by its number in a registry outside of the file.
 */
#define NPSTOW_VALUE_EXTENSION 19

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Adds the rows of an array of shape `(n, *row_shape)`, or one row of shape `row_shape`, to a
 * `.npy` file, or to a dataset of HDF5, typed as `run.h5:event/hit`.
 */
NpstowStatus npstow_append(const char *path, const NpstowArray *array, NpstowError **error);

/**
 * Opens a `.npy` file, or a dataset of HDF5 as `npstow_append` takes it, to add rows; the header is
 * kept, whoever wrote it. A commit to a dataset writes chunks anew that are not full, and the room
 * of the old ones is lost.
 */
NpstowAppender *npstow_appender_open(const char *path,
                                     NpstowDurability durability,
                                     NpstowError **error);

/**
 * Adds the rows of an array of shape `(n, *row_shape)`, or one row of shape `row_shape`. Another
 * dtype or shape is `NPSTOW_MISMATCH`, and nothing is added.
 */
NpstowStatus npstow_appender_push(NpstowAppender *appender,
                                  const NpstowArray *array,
                                  NpstowError **error);

/**
 * Adds so many rows, which lie back to back at `data` as the file has them.
 */
NpstowStatus npstow_appender_push_data(NpstowAppender *appender,
                                       const void *data,
                                       size_t rows,
                                       NpstowError **error);

/**
 * How many rows the file has, those not committed included; 0 for NULL and when finished.
 */
size_t npstow_appender_rows(const NpstowAppender *appender);

/**
 * Makes the header count the rows that were added.
 */
NpstowStatus npstow_appender_commit(NpstowAppender *appender, NpstowError **error);

/**
 * Commits and closes the file, and puts the number of its rows into `rows`, which may be NULL. The
 * handle is only to be freed then.
 */
NpstowStatus npstow_appender_finish(NpstowAppender *appender, size_t *rows, NpstowError **error);

/**
 * Frees the handle; rows that were not committed are taken back.
 */
void npstow_appender_free(NpstowAppender *appender);

/**
 * Begins a `.npy` file of rows of this dtype and shape.
 */
NpstowRowWriter *npstow_row_writer_create(const char *path,
                                          const char *descr,
                                          const size_t *row_shape,
                                          size_t ndim,
                                          NpstowError **error);

/**
 * Adds the rows of an array of shape `(n, *row_shape)`, or one row of shape `row_shape`.
 */
NpstowStatus npstow_row_writer_push(NpstowRowWriter *writer,
                                    const NpstowArray *array,
                                    NpstowError **error);

/**
 * Adds so many rows, which lie back to back at `data`.
 */
NpstowStatus npstow_row_writer_push_data(NpstowRowWriter *writer,
                                         const void *data,
                                         size_t rows,
                                         NpstowError **error);

/**
 * Writes the number of rows and puts the file in its place; that number goes into `rows`, which
 * may be NULL. The handle is only to be freed then.
 */
NpstowStatus npstow_row_writer_finish(NpstowRowWriter *writer, size_t *rows, NpstowError **error);

/**
 * Frees the handle; a file that was not finished is not there, and an old one stays.
 */
void npstow_row_writer_free(NpstowRowWriter *writer);

/**
 * Another handle of the same array; NULL for NULL.
 */
NpstowArray *npstow_array_clone(const NpstowArray *array);

/**
 * Frees a handle; the elements are freed with the last one, and with the last view.
 */
void npstow_array_free(NpstowArray *array);

/**
 * The first element; the others lie as `npstow_array_strides` says. Not to be written to: others
 * may share the elements. NULL for NULL. It lives as long as the handle, as all that follows.
 */
const void *npstow_array_data(const NpstowArray *array);

/**
 * What the elements are, as NumPy's `descr`: "<f4", "[('x', '<f4'), ('id', '<i8')]"; NULL for
 * NULL.
 */
const char *npstow_array_descr(const NpstowArray *array);

/**
 * What the elements are, as NumPy's letter: 'f' 'i' 'u' 'b' 'c' (complex) 'U' 'S' 'V' (records,
 * too) 'M' 'm' 'O'; 0 for NULL.
 */
char npstow_array_kind(const NpstowArray *array);

/**
 * The number of axes; 0 for NULL.
 */
size_t npstow_array_ndim(const NpstowArray *array);

/**
 * The number of elements; 0 for NULL.
 */
size_t npstow_array_len(const NpstowArray *array);

/**
 * Bytes of one element; 0 for NULL.
 */
size_t npstow_array_itemsize(const NpstowArray *array);

/**
 * Bytes of all elements, without gaps between them; 0 for NULL.
 */
size_t npstow_array_nbytes(const NpstowArray *array);

/**
 * The lengths of the axes; NULL for NULL.
 */
const size_t *npstow_array_shape(const NpstowArray *array);

/**
 * For each axis, how many bytes on the next element lies; may be negative. NULL for NULL.
 */
const ptrdiff_t *npstow_array_strides(const NpstowArray *array);

/**
 * Whether the elements lie back to back in that order (`NPSTOW_ORDER_KEEP`: in one of the two);
 * false for NULL. Axes of length one do not matter.
 */
bool npstow_array_is_contiguous(const NpstowArray *array, NpstowOrder order);

/**
 * Whether the bytes of every number lie as this machine computes with them; false for NULL.
 */
bool npstow_array_is_native(const NpstowArray *array);

/**
 * The first element, where the elements are of this dtype, in this machine's byte order, back to
 * back in C order, and aligned: what a pointer of the C type may be made of. The dtype is NumPy's
 * text ("<f4", "float32") or a `descr` of records; names, offsets and the item size of those must
 * agree, and booleans be 0 or 1. NULL and `NPSTOW_MISMATCH` otherwise, with a text that says what stands in the way.
 */
const void *npstow_array_typed(const NpstowArray *array,
                               const char *descr,
                               NpstowError **error);

/**
 * What NumPy would print; beyond `threshold` elements only the corners, in lines of at most
 * `linewidth` characters (NumPy has 1000 and 75). To be freed with `npstow_string_free`.
 */
char *npstow_array_preview(const NpstowArray *array,
                           size_t threshold,
                           size_t linewidth,
                           NpstowError **error);

/**
 * One line, as in "(1000, 4, 4) <f4": to be freed with `npstow_string_free`; NULL for NULL.
 */
char *npstow_array_desc(const NpstowArray *array);

/**
 * The texts of an array of strings ("U") or bytes ("S"), in C order. Bytes come as they are.
 */
NpstowStrings *npstow_array_strings(const NpstowArray *array, NpstowError **error);

/**
 * A new builder.
 */
NpstowBuilder *npstow_builder_new(void);

/**
 * Frees a builder and its parts; the value that came of it stays.
 */
void npstow_builder_free(NpstowBuilder *builder);

/**
 * `None`
 */
NpstowPart npstow_builder_none(NpstowBuilder *builder, NpstowError **error);

/**
 * A boolean.
 */
NpstowPart npstow_builder_bool(NpstowBuilder *builder, bool value, NpstowError **error);

/**
 * An integer.
 */
NpstowPart npstow_builder_int64(NpstowBuilder *builder, int64_t value, NpstowError **error);

/**
 * An integer without a sign.
 */
NpstowPart npstow_builder_uint64(NpstowBuilder *builder, uint64_t value, NpstowError **error);

/**
 * An integer of any size, from its decimal digits; at most 4300, as Python converts them.
 */
NpstowPart npstow_builder_digits(NpstowBuilder *builder, const char *digits, NpstowError **error);

/**
 * A float.
 */
NpstowPart npstow_builder_double(NpstowBuilder *builder, double value, NpstowError **error);

/**
 * A complex number.
 */
NpstowPart npstow_builder_complex(NpstowBuilder *builder,
                                  double real,
                                  double imaginary,
                                  NpstowError **error);

/**
 * A copy of `len` bytes of text in UTF-8, which may have NULs in it.
 */
NpstowPart npstow_builder_str(NpstowBuilder *builder,
                              const char *text,
                              size_t len,
                              NpstowError **error);

/**
 * A copy of `len` bytes, as `bytes`.
 */
NpstowPart npstow_builder_bytes(NpstowBuilder *builder,
                                const void *bytes,
                                size_t len,
                                NpstowError **error);

/**
 * A copy of `len` bytes, as a `bytearray`.
 */
NpstowPart npstow_builder_bytearray(NpstowBuilder *builder,
                                    const void *bytes,
                                    size_t len,
                                    NpstowError **error);

/**
 * A list without items.
 */
NpstowPart npstow_builder_list(NpstowBuilder *builder, NpstowError **error);

/**
 * A dictionary without pairs.
 */
NpstowPart npstow_builder_dict(NpstowBuilder *builder, NpstowError **error);

/**
 * A set without members.
 */
NpstowPart npstow_builder_set(NpstowBuilder *builder, NpstowError **error);

/**
 * A tuple of `count` parts.
 */
NpstowPart npstow_builder_tuple(NpstowBuilder *builder,
                                const NpstowPart *parts,
                                size_t count,
                                NpstowError **error);

/**
 * A frozenset of `count` parts; those that are equal count once.
 */
NpstowPart npstow_builder_frozenset(NpstowBuilder *builder,
                                    const NpstowPart *parts,
                                    size_t count,
                                    NpstowError **error);

/**
 * An array; the elements are shared, not copied.
 */
NpstowPart npstow_builder_array(NpstowBuilder *builder,
                                const NpstowArray *array,
                                NpstowError **error);

/**
 * A value of a file or of another builder, with all below it. What is shared there, and with other
 * values of that file that were added, is shared here; what was not read yet stays in its file.
 */
NpstowPart npstow_builder_value(NpstowBuilder *builder,
                                const NpstowValue *value,
                                NpstowError **error);

/**
 * Adds a part to the end of a list, or to a set, where one that is equal is there once.
 */
NpstowStatus npstow_builder_push(NpstowBuilder *builder,
                                 NpstowPart container,
                                 NpstowPart item,
                                 NpstowError **error);

/**
 * Sets the value under a key of a dictionary, in the place of the one that was there before.
 */
NpstowStatus npstow_builder_put(NpstowBuilder *builder,
                                NpstowPart dict,
                                NpstowPart key,
                                NpstowPart value,
                                NpstowError **error);

/**
 * The value that a part is, with all that was put into it. The builder is only to be freed then.
 */
NpstowValue *npstow_builder_finish(NpstowBuilder *builder, NpstowPart part, NpstowError **error);

/**
 * The array with its numbers in another dtype, in C order, as a C compiler brings them over: floats
 * are cut to whole numbers, digits that a smaller float has no room for are lost, what is not zero
 * is true. A number that does not fit (too large, negative in an unsigned type, not a number in an
 * integer, a float that would become infinite) is `NPSTOW_MISMATCH` with its index. For numbers and
 * booleans only; complex numbers become complex ones.
 */
NpstowArray *npstow_array_cast(const NpstowArray *array, const char *descr, NpstowError **error);

/**
 * Begins to take arrays out of a stream of one form. Limits may be NULL.
 */
NpstowDecoder *npstow_decoder_new(NpstowForm form,
                                  const NpstowLimits *limits,
                                  NpstowError **error);

/**
 * Gives the next `len` bytes of the stream. With `consumed` NULL all are taken, and arrays that are
 * complete wait to be taken; otherwise nothing is taken behind the end of an array, and `consumed`
 * says how many bytes were. An error says at which byte of the stream; nothing more is taken then.
 */
NpstowStatus npstow_decoder_push(NpstowDecoder *decoder,
                                 const void *bytes,
                                 size_t len,
                                 size_t *consumed,
                                 NpstowError **error);

/**
 * The next array that is complete; NULL without an error where there is none yet. `meta` may be
 * NULL; otherwise a new handle of its metadata is put there (NULL where there is no array).
 */
NpstowArray *npstow_decoder_take(NpstowDecoder *decoder, NpstowMeta **meta, NpstowError **error);

/**
 * Says that the stream has ended: `NPSTOW_CORRUPT` where it did so within an array. It completes
 * `NPSTOW_FORM_BODY`.
 */
NpstowStatus npstow_decoder_finish(NpstowDecoder *decoder, NpstowError **error);

/**
 * How many bytes are missing to the end of the part (header, data, metadata) that is arriving;
 * `SIZE_MAX` where that is the end of the stream, 0 for NULL. Reading so many at once, and no more,
 * reads exactly one array.
 */
size_t npstow_decoder_wants(const NpstowDecoder *decoder);

/**
 * Memory for the next bytes of the stream, and its length in `len`: bytes that are received there
 * need no copy. `npstow_decoder_filled` says how many came; the memory is the decoder's until then,
 * and lives no longer. NULL for NULL, and where memory is short.
 */
void *npstow_decoder_buffer(NpstowDecoder *decoder, size_t *len, NpstowError **error);

/**
 * Says that `len` bytes were put into the memory of `npstow_decoder_buffer`; more than there was
 * room for are refused, and so are those for which nobody has asked for room.
 */
NpstowStatus npstow_decoder_filled(NpstowDecoder *decoder, size_t len, NpstowError **error);

/**
 * Frees a decoder; what has arrived of an array is lost.
 */
void npstow_decoder_free(NpstowDecoder *decoder);

/**
 * The array as a `DLManagedTensorVersioned` (DLPack 1.x), marked as read-only; the elements are
 * shared. Its `deleter` frees it. `NPSTOW_UNSUPPORTED` for records, strings and times, and where the
 * byte order is not this machine's.
 */
void *npstow_array_to_dlpack(const NpstowArray *array,
                             NpstowError **error);

/**
 * A copy of the array as a `DLManagedTensor`, the form before 1.0, which cannot say that memory is
 * not to be written to.
 */
void *npstow_array_to_dlpack_unversioned(const NpstowArray *array, NpstowError **error);

/**
 * Takes a `DLManagedTensorVersioned` (DLPack 1.x) in memory that a processor reads; the elements
 * are shared, and must not change. Where this succeeds, its `deleter` is called when nobody needs
 * them any more, from any thread; where it fails, the tensor is still the caller's.
 */
NpstowArray *npstow_array_from_dlpack(void *managed, NpstowError **error);

/**
 * As `npstow_array_from_dlpack`, of a `DLManagedTensor`, the form before 1.0.
 */
NpstowArray *npstow_array_from_dlpack_unversioned(void *managed, NpstowError **error);

/**
 * Bytes of one element of a dtype, which is NumPy's text ("<f4", "float32") or a `descr` of
 * records.
 */
NpstowStatus npstow_descr_itemsize(const char *descr, size_t *itemsize, NpstowError **error);

/**
 * A dtype as npstow writes it: "<f4" for "float32". To be freed with `npstow_string_free`.
 */
char *npstow_descr_normal(const char *descr, NpstowError **error);

/**
 * The fields of a dtype, padding left out; none where it is no record.
 */
NpstowFields *npstow_descr_fields(const char *descr, NpstowError **error);

/**
 * How many fields there are; 0 for NULL.
 */
size_t npstow_fields_len(const NpstowFields *fields);

/**
 * The name of a field; NULL beyond the last. It lives as long as the handle, as what the others
 * give.
 */
const char *npstow_fields_name(const NpstowFields *fields, size_t index);

/**
 * The dtype of a field, or of one element where it is a subarray; NULL beyond the last.
 */
const char *npstow_fields_descr(const NpstowFields *fields, size_t index);

/**
 * Where a field begins in its record, in bytes; 0 beyond the last.
 */
size_t npstow_fields_offset(const NpstowFields *fields, size_t index);

/**
 * How many axes a field has: 0 unless it is a subarray.
 */
size_t npstow_fields_ndim(const NpstowFields *fields, size_t index);

/**
 * The lengths of a field's axes; NULL beyond the last.
 */
const size_t *npstow_fields_shape(const NpstowFields *fields, size_t index);

/**
 * Frees fields.
 */
void npstow_fields_free(NpstowFields *fields);

/**
 * Opens an archive for changes. Options (level, durability, orders) are for what is added, and may
 * be NULL.
 */
NpstowEditor *npstow_editor_open(const char *path,
                                 const NpstowSaveOptions *options,
                                 NpstowError **error);

/**
 * Adds an array.
 */
NpstowStatus npstow_editor_add(NpstowEditor *editor,
                               const char *name,
                               const NpstowArray *array,
                               NpstowError **error);

/**
 * Adds all of a tree, with its metadata.
 */
NpstowStatus npstow_editor_add_tree(NpstowEditor *editor,
                                    const NpstowTree *tree,
                                    NpstowError **error);

/**
 * Puts an array in the place of the one of that name, or adds it.
 */
NpstowStatus npstow_editor_replace(NpstowEditor *editor,
                                   const char *name,
                                   const NpstowArray *array,
                                   NpstowError **error);

/**
 * Takes an array or a group out, with its metadata. What was added since the last commit stays:
 * `NPSTOW_INVALID`.
 */
NpstowStatus npstow_editor_remove(NpstowEditor *editor, const char *name, NpstowError **error);

/**
 * Gives an array or a group another name; the same holds for what was added since the last commit.
 */
NpstowStatus npstow_editor_rename(NpstowEditor *editor,
                                  const char *from,
                                  const char *to,
                                  NpstowError **error);

/**
 * Sets metadata, names and labels beside an array or group; "" is the archive itself.
 */
NpstowStatus npstow_editor_set_meta(NpstowEditor *editor,
                                    const char *name,
                                    const NpstowMeta *meta,
                                    NpstowError **error);

/**
 * Makes all changes, together: after a failure the archive is as it was. The handle is only to be
 * freed then.
 */
NpstowStatus npstow_editor_commit(NpstowEditor *editor, NpstowError **error);

/**
 * Frees the handle; changes that were not committed are not made.
 */
void npstow_editor_free(NpstowEditor *editor);

/**
 * Writes an archive anew without what was replaced or removed.
 */
NpstowStatus npstow_npz_compact(const char *path, NpstowError **error);

/**
 * Mends what a crash has left of a `.npy` file or an archive: the torn tail of an append, rows that
 * the header promises and that are not there. Returns a line that says what was done, to be freed
 * with `npstow_string_free`; NULL where that was not possible.
 */
char *npstow_repair(const char *path, NpstowError **error);

/**
 * The status; `NPSTOW_OK` for NULL.
 */
NpstowStatus npstow_error_status(const NpstowError *error);

/**
 * The whole text: the file, the member, the offset where they are known, and what was expected
 * and found; in one line, fit for a terminal. It lives as long as the error; "" for NULL.
 */
const char *npstow_error_message(const NpstowError *error);

/**
 * The path of the file; NULL where it is not known. It lives as long as the error.
 */
const char *npstow_error_path(const NpstowError *error);

/**
 * The array or group within the file; NULL where it is not known. It lives as long as the error.
 */
const char *npstow_error_member(const NpstowError *error);

/**
 * Puts the byte of the file (or of the unpacked member) where the error is into `offset`, and
 * returns true; false where it is not known, `offset` stays as it is. `offset` may be NULL.
 */
bool npstow_error_offset(const NpstowError *error, uint64_t *offset);

/**
 * The number of the system's error (`errno`) behind this one; 0 where there is none.
 */
int32_t npstow_error_errno(const NpstowError *error);

/**
 * Frees an error.
 */
void npstow_error_free(NpstowError *error);

/**
 * Opens a file of any format that npstow reads; told by its content, not by its name. A pipe is
 * taken into memory first. To be freed with `npstow_file_free`.
 */
NpstowFile *npstow_open(const char *path, NpstowError **error);

/**
 * As `npstow_open`, with bounds on what the file may claim; NULL for those of
 * `npstow_limits_new`.
 */
NpstowFile *npstow_open_with(const char *path, const NpstowLimits *limits, NpstowError **error);

/**
 * Another handle of the same open file; NULL for NULL.
 */
NpstowFile *npstow_file_clone(const NpstowFile *file);

/**
 * Frees a handle; the file is closed when nothing that came from it needs it any more.
 */
void npstow_file_free(NpstowFile *file);

/**
 * The format: "npy", "npz", "folder", "pickle", "joblib", "hdf5", "torch" or "shelve"; NULL for
 * NULL. It lives as long as the program.
 */
const char *npstow_file_format(const NpstowFile *file);

/**
 * The path that the file was opened by; NULL for NULL. It lives as long as the handle.
 */
const char *npstow_file_path(const NpstowFile *file);

/**
 * What whoever opened the file should know though it can be read, a sentence each: that an HDF5
 * file was never closed, and what was left out of the groups and arrays that were looked at
 * until now (links that lead nowhere or out of the folder, parts of virtual
 * datasets that are missing), and arrays that the index of a folder does not list.
 */
NpstowStrings *npstow_file_warnings(const NpstowFile *file, NpstowError **error);

/**
 * The node that everything is below; of a `.npy` file, the array itself.
 */
NpstowNode *npstow_file_root(const NpstowFile *file, NpstowError **error);

/**
 * The node under a slash path; "" is the root.
 */
NpstowNode *npstow_file_get(const NpstowFile *file, const char *path, NpstowError **error);

/**
 * The slash paths of all arrays, in the file's order, groups in depth.
 */
NpstowStrings *npstow_file_arrays(const NpstowFile *file, NpstowError **error);

/**
 * Reads everything into memory: thousands of arrays with few, large reads, and on all cores.
 * Small arrays share an allocation, which lives as long as any of them.
 */
NpstowTree *npstow_file_load(const NpstowFile *file, NpstowError **error);

/**
 * The length of a whole header, from the first 12 bytes of the file (10 are enough for version
 * 1.0): where the data begin, and how much `npstow_header_parse` needs. 0 on failure.
 *
 * # Safety
 * `prefix` points to `len` bytes.
 */
size_t npstow_header_len(const void *prefix,
                         size_t len,
                         const NpstowLimits *limits,
                         NpstowError **error);

/**
 * Reads the header at the start of `bytes`; what follows it is not looked at. To be freed with
 * `npstow_header_free`; `limits` may be NULL.
 *
 * # Safety
 * `bytes` points to `len` bytes.
 */
NpstowHeader *npstow_header_parse(const void *bytes,
                                  size_t len,
                                  const NpstowLimits *limits,
                                  NpstowError **error);

/**
 * The header that NumPy would write for an array of this dtype, shape and order. To be freed
 * with `npstow_header_free`.
 *
 * # Safety
 * `shape` points to `ndim` lengths, or is NULL where `ndim` is 0.
 */
NpstowHeader *npstow_header_new(const char *descr,
                                const size_t *shape,
                                size_t ndim,
                                NpstowOrder order,
                                NpstowError **error);

/**
 * The dtype as NumPy's `descr`: `<f4`, or a list of fields. It lives as long as the header; NULL
 * for NULL.
 */
const char *npstow_header_descr(const NpstowHeader *header);

/**
 * The letter of NumPy's `dtype.kind`; NUL for NULL.
 */
char npstow_header_kind(const NpstowHeader *header);

/**
 * Whether numbers lie in this machine's byte order; false for NULL.
 */
bool npstow_header_is_native(const NpstowHeader *header);

/**
 * The size of an element in bytes; 0 for NULL.
 */
size_t npstow_header_itemsize(const NpstowHeader *header);

/**
 * The number of axes; 0 for NULL.
 */
size_t npstow_header_ndim(const NpstowHeader *header);

/**
 * The lengths of the axes, as many as `npstow_header_ndim` says. They live as long as the header;
 * NULL for NULL.
 */
const size_t *npstow_header_shape(const NpstowHeader *header);

/**
 * `NPSTOW_ORDER_C` or `NPSTOW_ORDER_F`: `fortran_order` in the file. `NPSTOW_ORDER_C` for NULL.
 */
NpstowOrder npstow_header_order(const NpstowHeader *header);

/**
 * The size of the data behind the header, in bytes; 0 for NULL.
 */
size_t npstow_header_nbytes(const NpstowHeader *header);

/**
 * The header as it stands in a file, `*len` bytes of it; `len` may be NULL. The data begin behind
 * it. It lives as long as the header; NULL and 0 for NULL.
 */
const void *npstow_header_bytes(const NpstowHeader *header, size_t *len);

/**
 * Frees a header.
 */
void npstow_header_free(NpstowHeader *header);

/**
 * The bounds that npstow has by default: what NumPy writes gets through, what is crafted to hurt
 * does not, and no array that a file really holds is bounded.
 */
NpstowLimits *npstow_limits_new(void);

/**
 * No bounds but those of the machine: for files that you trust.
 */
NpstowLimits *npstow_limits_none(void);

/**
 * The longest text of an NPY header, in bytes.
 */
void npstow_limits_set_header_len(NpstowLimits *limits, uint64_t most);

/**
 * How deep lists, tuples, records and groups may lie in one another; at most 128.
 */
void npstow_limits_set_depth(NpstowLimits *limits, uint64_t most);

/**
 * The largest array that is read into memory, in bytes.
 */
void npstow_limits_set_array_nbytes(NpstowLimits *limits, uint64_t most);

/**
 * How many members an archive or a folder may have.
 */
void npstow_limits_set_members(NpstowLimits *limits, uint64_t most);

/**
 * How many times longer a deflated member may become when it is unpacked.
 */
void npstow_limits_set_ratio(NpstowLimits *limits, uint64_t most);

/**
 * How many bytes all members of an archive may unpack to together.
 */
void npstow_limits_set_total(NpstowLimits *limits, uint64_t most);

/**
 * How many values a pickle may have that are more than small numbers.
 */
void npstow_limits_set_values(NpstowLimits *limits, uint64_t most);

/**
 * How many parts of a virtual dataset of HDF5 may be missing: their elements are the fill value
 * then, and `npstow_file_warnings` says which they are. By default none may.
 */
void npstow_limits_set_missing_parts(NpstowLimits *limits, uint64_t most);

/**
 * Frees bounds.
 */
void npstow_limits_free(NpstowLimits *limits);

/**
 * Copies the elements at `data`, which lie back to back in that order, into a new array. The
 * dtype is NumPy's text ("<f4", "float32") or a `descr` of records.
 */
NpstowArray *npstow_array_from_copy(const void *data,
                                    const char *descr,
                                    const size_t *shape,
                                    size_t ndim,
                                    NpstowOrder order,
                                    NpstowError **error);

/**
 * An array over the caller's memory, which is not copied: `len` bytes from `data`, which must stay
 * as they are until `free` is called with `context` (from any thread, once, and not before this
 * function has returned an array; where it fails, `free` is not called). `free` may be NULL. With
 * `strides` (in bytes, from the first element at `data`, not negative) the elements may lie in any
 * way within the `len` bytes; with NULL they lie back to back in the order.
 */
NpstowArray *npstow_array_from_memory(const void *data,
                                      size_t len,
                                      const char *descr,
                                      const size_t *shape,
                                      const ptrdiff_t *strides,
                                      size_t ndim,
                                      NpstowOrder order,
                                      void (*free)(void *context),
                                      void *context,
                                      NpstowError **error);

/**
 * An array of strings ("U"), as long as the longest.
 */
NpstowArray *npstow_array_from_strings(const NpstowStrings *strings, NpstowError **error);

/**
 * Loads an array: of a `.npy` file, or of an archive or a folder with the name behind a colon, as
 * in "run.npz:photon" and "run:event/photon". In the byte order of this machine.
 */
NpstowArray *npstow_load(const char *place, NpstowError **error);

/**
 * The same values in the byte order of this machine; a copy only where they are not.
 */
NpstowArray *npstow_array_to_native(const NpstowArray *array, NpstowError **error);

/**
 * The same elements back to back in that order; a copy only where they are not.
 */
NpstowArray *npstow_array_to_contiguous(const NpstowArray *array,
                                        NpstowOrder order,
                                        NpstowError **error);

/**
 * A copy in C order in memory of its own, aligned for any type.
 */
NpstowArray *npstow_array_copy(const NpstowArray *array, NpstowError **error);

/**
 * The same elements with the axes in reverse order; no copy.
 */
NpstowArray *npstow_array_transpose(const NpstowArray *array, NpstowError **error);

/**
 * The same elements, in C order, in another shape; a copy only where the array is not C-contiguous.
 */
NpstowArray *npstow_array_reshape(const NpstowArray *array,
                                  const size_t *shape,
                                  size_t ndim,
                                  NpstowError **error);

/**
 * One field of an array of records, by its name or title; a view.
 */
NpstowArray *npstow_array_field(const NpstowArray *array, const char *name, NpstowError **error);

/**
 * The part that a selection picks, in NumPy's text (`10:20, ::2, -1`); a view where it can be.
 */
NpstowArray *npstow_array_select(const NpstowArray *array,
                                 const char *selection,
                                 NpstowError **error);

/**
 * The same bytes as elements of another dtype: each row of the first axis becomes a row of this
 * shape. Records `(n,)` become floats `(n, 4, 4)` so, and back; no copy.
 */
NpstowArray *npstow_array_view_as(const NpstowArray *array,
                                  const char *descr,
                                  const size_t *row_shape,
                                  size_t row_ndim,
                                  NpstowError **error);

/**
 * Writes an array to a function in one of the forms; metadata may be NULL, and must be for
 * `NPSTOW_FORM_NPY`. What NP.hh does not read (records, strings, parts of 4 GiB and more) is refused
 * in its forms. Names and labels are not carried: metadata with any are refused.
 */
NpstowStatus npstow_message_write(const NpstowWriteCallback *callback,
                                  const NpstowArray *array,
                                  const NpstowMeta *meta,
                                  NpstowForm form,
                                  NpstowError **error);

/**
 * No metadata, no names, no labels.
 */
NpstowMeta *npstow_meta_new(void);

/**
 * A copy; NULL for NULL.
 */
NpstowMeta *npstow_meta_clone(const NpstowMeta *meta);

/**
 * Frees metadata.
 */
void npstow_meta_free(NpstowMeta *meta);

/**
 * The whole text; NULL for NULL. It lives until the metadata are changed or freed, as what the
 * next three functions give.
 */
const char *npstow_meta_text(const NpstowMeta *meta);

/**
 * How many lines with a key there are; 0 for NULL.
 */
size_t npstow_meta_len(const NpstowMeta *meta);

/**
 * The key of one of these lines; NULL beyond the last.
 */
const char *npstow_meta_key(const NpstowMeta *meta, size_t index);

/**
 * The value of one of these lines; NULL beyond the last.
 */
const char *npstow_meta_value(const NpstowMeta *meta, size_t index);

/**
 * The value of a key, or of the first one that has a value where several are given as "A|B"; NULL
 * where it is absent. A value without text counts as absent, as it does for NPFold. It lives until
 * the metadata are changed or freed.
 */
const char *npstow_meta_get(const NpstowMeta *meta, const char *key);

/**
 * The value of a key as an integer; `NPSTOW_NOT_FOUND` where it is absent, `NPSTOW_MISMATCH` where
 * it is no integer that fits.
 */
NpstowStatus npstow_meta_get_i64(const NpstowMeta *meta,
                                 const char *key,
                                 int64_t *value,
                                 NpstowError **error);

/**
 * The value of a key as a number; `NPSTOW_NOT_FOUND` where it is absent, `NPSTOW_MISMATCH` where it
 * is none.
 */
NpstowStatus npstow_meta_get_f64(const NpstowMeta *meta,
                                 const char *key,
                                 double *value,
                                 NpstowError **error);

/**
 * Gives a key a value: on every line where it stands already, else on a new line.
 * `NPSTOW_INVALID` for what would not be read back: an empty key, one with ':' or '|', a line end.
 */
NpstowStatus npstow_meta_set(NpstowMeta *meta,
                             const char *key,
                             const char *value,
                             NpstowError **error);

/**
 * As `npstow_meta_set`, for an integer.
 */
NpstowStatus npstow_meta_set_i64(NpstowMeta *meta,
                                 const char *key,
                                 int64_t value,
                                 NpstowError **error);

/**
 * As `npstow_meta_set`, for a number: with as many digits as it takes to read back the same.
 */
NpstowStatus npstow_meta_set_f64(NpstowMeta *meta,
                                 const char *key,
                                 double value,
                                 NpstowError **error);

/**
 * Takes out every line of a key; returns how many there were.
 */
size_t npstow_meta_remove(NpstowMeta *meta, const char *key);

/**
 * Takes the place of the whole text, which stays as it is given.
 */
NpstowStatus npstow_meta_set_text(NpstowMeta *meta, const char *text, NpstowError **error);

/**
 * The names of rows, or a list of strings on its own, as a copy.
 */
NpstowStrings *npstow_meta_names(const NpstowMeta *meta, NpstowError **error);

/**
 * The labels of columns, as a copy.
 */
NpstowStrings *npstow_meta_labels(const NpstowMeta *meta, NpstowError **error);

/**
 * Sets the names to copies of these.
 */
NpstowStatus npstow_meta_set_names(NpstowMeta *meta,
                                   const NpstowStrings *names,
                                   NpstowError **error);

/**
 * Sets the labels to copies of these.
 */
NpstowStatus npstow_meta_set_labels(NpstowMeta *meta,
                                    const NpstowStrings *labels,
                                    NpstowError **error);

/**
 * Another handle of the same node; NULL for NULL.
 */
NpstowNode *npstow_node_clone(const NpstowNode *node);

/**
 * Frees a handle of a node.
 */
void npstow_node_free(NpstowNode *node);

/**
 * The slash path from the root, "" for the root itself; NULL for NULL. It lives as long as the
 * handle.
 */
const char *npstow_node_name(const NpstowNode *node);

/**
 * Group, array or value; -1 for NULL.
 */
NpstowNodeKind npstow_node_kind(const NpstowNode *node);

/**
 * The file that the node is in, as a handle of its own.
 */
NpstowFile *npstow_node_file(const NpstowNode *node, NpstowError **error);

/**
 * The names directly below a group, in the file's order; none below arrays and values.
 */
NpstowStrings *npstow_node_names(const NpstowNode *node, NpstowError **error);

/**
 * The node under a slash path from here; "" is the node itself.
 */
NpstowNode *npstow_node_get(const NpstowNode *node, const char *path, NpstowError **error);

/**
 * Whether there is a node under a slash path from here; false for NULL, and where the names
 * cannot be read: `npstow_node_get` tells.
 */
bool npstow_node_has(const NpstowNode *node, const char *path);

/**
 * The slash paths, counted from this node, of what matches one of the patterns, which are
 * separated by commas (`*`, `?`, `[0-9]` within a step, `**` across steps); groups before their
 * members. Nothing but names is read for it.
 */
NpstowStrings *npstow_node_find(const NpstowNode *node, const char *globs, NpstowError **error);

/**
 * Reads the node and all below it into memory, as `npstow_file_load`.
 */
NpstowTree *npstow_node_load(const NpstowNode *node, NpstowError **error);

/**
 * The node and all below it as a tree whose arrays are described but not read, with all metadata:
 * what `npstow_save_tree` takes to write another format, array by array, and what summaries of
 * many events need.
 */
NpstowTree *npstow_node_to_tree(const NpstowNode *node, NpstowError **error);

/**
 * What the elements are, as NumPy's `descr`: "<f4", "[('x', '<f4'), ('id', '<i8')]". It lives as
 * long as the handle.
 */
const char *npstow_node_descr(const NpstowNode *node, NpstowError **error);

/**
 * The number of axes.
 */
NpstowStatus npstow_node_ndim(const NpstowNode *node, size_t *ndim, NpstowError **error);

/**
 * The lengths of the `ndim` axes, into `shape`, which has room for just as many.
 */
NpstowStatus npstow_node_shape(const NpstowNode *node,
                               size_t *shape,
                               size_t ndim,
                               NpstowError **error);

/**
 * For each of the `ndim` axes, how many bytes on the next element lies where the elements are read
 * as they are; into `strides`, which has room for just as many.
 */
NpstowStatus npstow_node_strides(const NpstowNode *node,
                                 ptrdiff_t *strides,
                                 size_t ndim,
                                 NpstowError **error);

/**
 * Bytes of one element.
 */
NpstowStatus npstow_node_itemsize(const NpstowNode *node, size_t *itemsize, NpstowError **error);

/**
 * Bytes of all elements in memory.
 */
NpstowStatus npstow_node_nbytes(const NpstowNode *node, uint64_t *nbytes, NpstowError **error);

/**
 * Bytes that the elements take in the file: fewer than in memory where they are packed.
 */
NpstowStatus npstow_node_stored_nbytes(const NpstowNode *node,
                                       uint64_t *nbytes,
                                       NpstowError **error);

/**
 * In which order the elements lie in the file, `NPSTOW_ORDER_C` or `NPSTOW_ORDER_F`.
 */
NpstowStatus npstow_node_order(const NpstowNode *node, NpstowOrder *order, NpstowError **error);

/**
 * The byte of the file (of the `.npy` file, in a folder) where the elements lie as they are, for
 * readers of your own; `NPSTOW_UNSUPPORTED` where they are packed or otherwise not in one piece.
 */
NpstowStatus npstow_node_offset(const NpstowNode *node, uint64_t *offset, NpstowError **error);

/**
 * SHA-256 of the content, into 32 bytes; it does not depend on format, byte order or memory
 * order.
 */
NpstowStatus npstow_node_digest(const NpstowNode *node, uint8_t *digest, NpstowError **error);

/**
 * The Python object here, of a pickle: all of it, of a group too. `NPSTOW_MISMATCH` where the format
 * holds none.
 */
NpstowValue *npstow_node_value(const NpstowNode *node,
                               NpstowError **error);

/**
 * Metadata, names and labels beside the node, as a copy.
 */
NpstowMeta *npstow_node_meta(const NpstowNode *node, NpstowError **error);

/**
 * What is saved by default: the format that the path names, nothing compressed, in the place of
 * the old file when the new one is whole.
 */
NpstowSaveOptions *npstow_save_options_new(void);

/**
 * The format, whatever the path's extension: "npy", "npz", "folder", "pickle", "joblib" or "hdf5".
 */
NpstowStatus npstow_save_options_set_format(NpstowSaveOptions *options,
                                            const char *format,
                                            NpstowError **error);

/**
 * Compresses every array: 0 to 12, 6 is what others call normal; -1, the default, stores them.
 */
NpstowStatus npstow_save_options_set_level(NpstowSaveOptions *options,
                                           int32_t level,
                                           NpstowError **error);

/**
 * What is waited for before the file counts as saved.
 */
NpstowStatus npstow_save_options_set_durability(NpstowSaveOptions *options,
                                                NpstowDurability durability,
                                                NpstowError **error);

/**
 * Writes folders so that NP.hh and its `fold.py` read them; what those cannot read is refused.
 */
NpstowStatus npstow_save_options_set_npfold(NpstowSaveOptions *options,
                                            bool npfold,
                                            NpstowError **error);

/**
 * Brings every array into a byte order, `NPSTOW_BYTES_KEEP` for none.
 */
NpstowStatus npstow_save_options_set_byte_order(NpstowSaveOptions *options,
                                                NpstowByteOrder order,
                                                NpstowError **error);

/**
 * Brings every array into a memory order, `NPSTOW_ORDER_KEEP` for none.
 */
NpstowStatus npstow_save_options_set_memory_order(NpstowSaveOptions *options,
                                                  NpstowOrder order,
                                                  NpstowError **error);

/**
 * The version of NPY headers: 1, 2 or 3. By default the first that can hold the header.
 */
NpstowStatus npstow_save_options_set_version(NpstowSaveOptions *options,
                                             uint8_t major,
                                             NpstowError **error);

/**
 * The protocol of pickles: 2 to 5; 4, the default, is read by Python from 3.4 on.
 */
NpstowStatus npstow_save_options_set_protocol(NpstowSaveOptions *options,
                                              int32_t protocol,
                                              NpstowError **error);

/**
 * Writes pickles that load without running anything but constructors of data that npstow knows:
 * other objects, classes and functions become dictionaries that say what they were.
 */
NpstowStatus npstow_save_options_set_only_data(NpstowSaveOptions *options,
                                               bool only_data,
                                               NpstowError **error);

/**
 * What packs a dump of joblib, by joblib's names: "none", "zlib", "gzip", "bz2", "lzma", "xz", "lz4".
 * By default what the path's extension says, as in `x.joblib.gz`.
 */
NpstowStatus npstow_save_options_set_compressor(NpstowSaveOptions *options,
                                                const char *compressor,
                                                NpstowError **error);

/**
 * The form of an HDF5 file: "earliest", the default, which everything opens since 1.6, or "latest",
 * which keeps the order of names, and whose structures have checksums.
 */
NpstowStatus npstow_save_options_set_libver(NpstowSaveOptions *options,
                                            const char *libver,
                                            NpstowError **error);

/**
 * Whether the arrays of an HDF5 file can grow along their first axis, so that rows can be appended
 * (`npstow_append`); text cannot.
 */
NpstowStatus npstow_save_options_set_resizable(NpstowSaveOptions *options,
                                               bool resizable,
                                               NpstowError **error);

/**
 * Frees options.
 */
void npstow_save_options_free(NpstowSaveOptions *options);

/**
 * How many items there are: of a list, a tuple, a set; the pairs of a dictionary; the elements of an
 * array of objects; what was appended to an object. 0 for all else, and for NULL.
 */
size_t npstow_value_len(const NpstowValue *value);

/**
 * An item by its position (see `npstow_value_len`); of a dictionary, the value of that pair.
 */
NpstowValue *npstow_value_item(const NpstowValue *value, size_t index, NpstowError **error);

/**
 * How many pairs a dictionary has, or were set on an object; 0 for all else, and for NULL.
 */
size_t npstow_value_pairs(const NpstowValue *value);

/**
 * The key of a pair, by its position.
 */
NpstowValue *npstow_value_pair_key(const NpstowValue *value, size_t index, NpstowError **error);

/**
 * The value of a pair, by its position.
 */
NpstowValue *npstow_value_pair_value(const NpstowValue *value, size_t index, NpstowError **error);

/**
 * The value under a key of text in a dictionary, or of what was set on an object. The keys are looked
 * at one by one.
 */
NpstowValue *npstow_value_get(const NpstowValue *value,
                              const char *key,
                              NpstowError **error);

/**
 * The class of an object, or of an array of a subclass: a name, or what makes one.
 * `NPSTOW_NOT_FOUND` where there is none, as for all that follows.
 */
NpstowValue *npstow_value_class(const NpstowValue *value, NpstowError **error);

/**
 * What an object was made with: a tuple.
 */
NpstowValue *npstow_value_args(const NpstowValue *value, NpstowError **error);

/**
 * The state that an object was given, or what a subclass keeps beside an array.
 */
NpstowValue *npstow_value_state(const NpstowValue *value, NpstowError **error);

/**
 * The identifier of something outside of the file.
 */
NpstowValue *npstow_value_persistent_id(const NpstowValue *value, NpstowError **error);

/**
 * The number of axes of an array; 0 for all else, and for NULL.
 */
size_t npstow_value_ndim(const NpstowValue *value);

/**
 * The lengths of the axes of an array; NULL for all else. They live as long as the handle.
 */
const size_t *npstow_value_shape(const NpstowValue *value);

/**
 * Reads an array into memory, or a scalar of NumPy as an array without axes; as it lies in the
 * file: byte order and memory order stay. An array of objects has items instead.
 */
NpstowArray *npstow_value_array(const NpstowValue *value, NpstowError **error);

/**
 * The array where it lies in the mapped file, as `npstow_node_view`; `NPSTOW_UNSUPPORTED` where it
 * does not lie in one.
 */
NpstowArray *npstow_value_view(const NpstowValue *value, NpstowError **error);

/**
 * Looks at one value.
 */
NpstowStatus npstow_value_glance(const NpstowValue *value,
                                 NpstowGlance *result,
                                 NpstowError **error);

/**
 * Looks at `count` items from position `start` on (see `npstow_value_len`), into `result`, which has
 * room for as many.
 */
NpstowStatus npstow_value_glances(const NpstowValue *value,
                                  size_t start,
                                  NpstowGlance *result,
                                  size_t count,
                                  NpstowError **error);

/**
 * Looks at the keys of `count` pairs from position `start` on (see `npstow_value_pairs`), into
 * `keys`, and at their values, into `values`; each has room for as many, and may be NULL.
 */
NpstowStatus npstow_value_pair_glances(const NpstowValue *value,
                                       size_t start,
                                       NpstowGlance *keys,
                                       NpstowGlance *values,
                                       size_t count,
                                       NpstowError **error);

/**
 * The numbers of a list or tuple, as `npstow_value_double` has them, into `result`, which has room
 * for all of them, and they are `count`; `NPSTOW_MISMATCH` where one is no number.
 */
NpstowStatus npstow_value_doubles(const NpstowValue *value,
                                  double *result,
                                  size_t count,
                                  NpstowError **error);

/**
 * The integers of a list or tuple, as `npstow_value_int64` has them, into `result`, which has room
 * for all of them, and they are `count`; `NPSTOW_MISMATCH` where one is none.
 */
NpstowStatus npstow_value_int64s(const NpstowValue *value,
                                 int64_t *result,
                                 size_t count,
                                 NpstowError **error);

/**
 * How pickles are read by default.
 */
NpstowPickleOptions *npstow_pickle_options_new(void);

/**
 * What strings of Python 2 are taken for.
 */
NpstowStatus npstow_pickle_options_set_strings(NpstowPickleOptions *options,
                                               NpstowStringsOf2 strings,
                                               NpstowError **error);

/**
 * Bounds what pickles may claim; NULL for those of `npstow_limits_new`. The bounds are copied.
 */
NpstowStatus npstow_pickle_options_set_limits(NpstowPickleOptions *options,
                                              const NpstowLimits *limits,
                                              NpstowError **error);

/**
 * Adds a buffer that was pickled out of band (PEP 574); they come in their order. It is the
 * caller's memory, which is not copied and must stay as it is until `free` is called with
 * `context` (from any thread, once; not where this function fails). `free` may be NULL: the memory
 * stays for ever then, or as long as the options and anything that was read with them.
 */
NpstowStatus npstow_pickle_options_add_buffer(NpstowPickleOptions *options,
                                              const void *bytes,
                                              size_t len,
                                              void (*free)(void *context),
                                              void *context,
                                              NpstowError **error);

/**
 * Frees options.
 */
void npstow_pickle_options_free(NpstowPickleOptions *options);

/**
 * Reads the pickle in a file; long strings and arrays stay there until they are asked for, so the
 * file must stay as it is. Nothing that it names is ever run. Options may be NULL.
 */
NpstowValue *npstow_pickle_open(const char *path,
                                const NpstowPickleOptions *options,
                                NpstowError **error);

/**
 * Reads the pickle that a copy of the caller's memory begins with. Options may be NULL.
 */
NpstowValue *npstow_pickle_read(const void *bytes,
                                size_t len,
                                const NpstowPickleOptions *options,
                                NpstowError **error);

/**
 * Reads the pickle that a source begins with. Options may be NULL.
 */
NpstowValue *npstow_pickle_open_source(const NpstowSource *source,
                                       const NpstowPickleOptions *options,
                                       NpstowError **error);

/**
 * The Python object in a file of any format that holds such: all of it, or what stands behind a colon,
 * as in "run.pkl:weights/0".
 */
NpstowValue *npstow_value_load(const char *place,
                               NpstowError **error);

/**
 * Saves a value in the format that the options name, or else the path's extension; an old file is
 * replaced only when the new one is whole. An array goes into any format, another object where the
 * format holds objects. Options may be NULL.
 */
NpstowStatus npstow_value_save(const char *path,
                               const NpstowValue *value,
                               const NpstowSaveOptions *options,
                               NpstowError **error);

/**
 * Writes a value to a function, as a pickle unless the options name another format. Options may be
 * NULL.
 */
NpstowStatus npstow_value_save_to(const NpstowWriteCallback *callback,
                                  const NpstowValue *value,
                                  const NpstowSaveOptions *options,
                                  NpstowError **error);

/**
 * Writes the pickle of a file anew with nothing in it but data: all other objects, classes and
 * functions become dictionaries that say what they were. Options (protocol, durability) may be
 * NULL.
 */
NpstowStatus npstow_pickle_launder(const char *from,
                                   const char *to,
                                   const NpstowSaveOptions *options,
                                   NpstowError **error);

/**
 * Whether the array can be there: the file is long enough for it, and packed data are in proportion
 * to what they claim. For who allocates `npstow_node_nbytes` bytes, which a damaged file may
 * overstate; reading into them checks the same.
 */
NpstowStatus npstow_node_check(const NpstowNode *node, NpstowError **error);

/**
 * Reads the array into new memory, as it lies in the file: byte order and memory order stay.
 */
NpstowArray *npstow_node_read(const NpstowNode *node, NpstowError **error);

/**
 * Reads the array into new memory, in the orders asked for.
 */
NpstowArray *npstow_node_read_as(const NpstowNode *node,
                                 NpstowByteOrder bytes,
                                 NpstowOrder memory,
                                 NpstowError **error);

/**
 * The array where it lies in the mapped file: nothing is read before it is looked at. A file that
 * changes meanwhile changes the array, and one that shrinks ends the process; where that may
 * happen, read.
 */
NpstowArray *npstow_node_view(const NpstowNode *node, NpstowError **error);

/**
 * Reads the elements into the caller's memory of `len` bytes (`npstow_node_nbytes`): in C order,
 * with the byte order of the file.
 */
NpstowStatus npstow_node_read_into(const NpstowNode *node,
                                   void *dst,
                                   size_t len,
                                   NpstowError **error);

/**
 * Reads the elements into the caller's memory of `len` bytes (`npstow_node_nbytes`), in the
 * orders asked for. After an error the memory holds nothing to rely on.
 */
NpstowStatus npstow_node_read_into_as(const NpstowNode *node,
                                      void *dst,
                                      size_t len,
                                      NpstowByteOrder bytes,
                                      NpstowOrder memory,
                                      NpstowError **error);

/**
 * Reads a part of the array, and no more than that where the file allows: the selection is
 * NumPy's text, as in `10:20, ::2, -1`.
 */
NpstowArray *npstow_node_slice(const NpstowNode *node,
                               const char *selection,
                               NpstowError **error);

/**
 * Reads a part of the array into the caller's memory, whose `len` bytes the part fills: in the
 * orders of the file.
 */
NpstowStatus npstow_node_slice_into(const NpstowNode *node,
                                    const char *selection,
                                    void *dst,
                                    size_t len,
                                    NpstowError **error);

/**
 * Begins a walk over the rows (of the first axis) of an array, however it is stored: no more than a
 * few bands are in memory. A band has `rows_at_once` rows, the last one fewer; 0 makes bands of
 * some MiB.
 */
NpstowRecords *npstow_node_records(const NpstowNode *node,
                                   size_t rows_at_once,
                                   NpstowError **error);

/**
 * Puts the next band into `band`, or NULL behind the last one. What is damaged at the end (a
 * checksum) is told instead of the last band.
 */
NpstowStatus npstow_records_next(NpstowRecords *records, NpstowArray **band, NpstowError **error);

/**
 * Ends a walk, and waits for the band that is being read.
 */
void npstow_records_free(NpstowRecords *records);

/**
 * Saves one array as a `.npy` file, whatever the path's extension; an old file is replaced only
 * when the new one is whole.
 */
NpstowStatus npstow_save(const char *path, const NpstowArray *array, NpstowError **error);

/**
 * Saves a tree in the format that the path's extension names: `.npy`, `.npz`, or a folder where
 * there is none. An old file is replaced only when the new one is whole. Options may be NULL.
 */
NpstowStatus npstow_save_tree(const char *path,
                              const NpstowTree *tree,
                              const NpstowSaveOptions *options,
                              NpstowError **error);

/**
 * Writes a tree to a function. The options say the format, "npy" or "npz"; NPZ where there are
 * none.
 */
NpstowStatus npstow_save_to(const NpstowWriteCallback *callback,
                            const NpstowTree *tree,
                            const NpstowSaveOptions *options,
                            NpstowError **error);

/**
 * Writes an array to a function, as a `.npy` file; options for another format are refused.
 */
NpstowStatus npstow_save_array_to(const NpstowWriteCallback *callback,
                                  const NpstowArray *array,
                                  const NpstowSaveOptions *options,
                                  NpstowError **error);

/**
 * Sets metadata, names and labels beside an array or group of a folder or an archive on the disk,
 * named as in "run.npz:photon" or "run:event/photon"; of the whole file where no name is given.
 */
NpstowStatus npstow_set_meta(const char *place, const NpstowMeta *meta, NpstowError **error);

/**
 * A boolean, also NumPy's, into `result`.
 */
NpstowStatus npstow_value_bool(const NpstowValue *value, bool *result, NpstowError **error);

/**
 * An integer, into `result`; also booleans, and integers of NumPy. `NPSTOW_MISMATCH` where it has
 * more than 64 bits, and for floats, whole or not.
 */
NpstowStatus npstow_value_int64(const NpstowValue *value, int64_t *result, NpstowError **error);

/**
 * As `npstow_value_int64`, without a sign; `NPSTOW_MISMATCH` where it is negative.
 */
NpstowStatus npstow_value_uint64(const NpstowValue *value, uint64_t *result, NpstowError **error);

/**
 * An integer of any size as decimal digits, to be freed with `npstow_string_free`; beyond 4300
 * digits in hexadecimal, as "0x…".
 */
char *npstow_value_digits(const NpstowValue *value, NpstowError **error);

/**
 * A float, into `result`; also integers, rounded as Python rounds them, and real numbers of NumPy.
 */
NpstowStatus npstow_value_double(const NpstowValue *value, double *result, NpstowError **error);

/**
 * The parts of a complex number, into `real` and `imaginary`; also of all that
 * `npstow_value_double` takes.
 */
NpstowStatus npstow_value_complex(const NpstowValue *value,
                                  double *real,
                                  double *imaginary,
                                  NpstowError **error);

/**
 * A text in UTF-8, and its length in bytes into `len`; there is no NUL behind it, and there may be
 * some in it. It lives as long as the handle. NULL where it failed: `NPSTOW_UNSUPPORTED` where
 * surrogates stand alone, which is no text outside of Python.
 */
const char *npstow_value_str(const NpstowValue *value, size_t *len, NpstowError **error);

/**
 * The bytes of `bytes` or a `bytearray`, and how many into `len`. They live as long as the handle.
 * NULL where it failed.
 */
const void *npstow_value_bytes(const NpstowValue *value, size_t *len, NpstowError **error);

/**
 * The module of a class or function; of an object, or of an array of a subclass, that of its class.
 * NULL for all else. It lives as long as the handle.
 */
const char *npstow_value_module(const NpstowValue *value);

/**
 * The name of a class or function; of an object, or of an array of a subclass, that of its class.
 * NULL for all else. It lives as long as the handle.
 */
const char *npstow_value_name(const NpstowValue *value);

/**
 * The dtype of an array or a scalar, or the dtype that the value is, as NumPy's `descr`: "<f4".
 * NULL for all else. It lives as long as the handle.
 */
const char *npstow_value_descr(const NpstowValue *value);

/**
 * The number of an extension (PEP 307), into `number`.
 */
NpstowStatus npstow_value_extension(const NpstowValue *value,
                                    uint32_t *number,
                                    NpstowError **error);

/**
 * Lists all that the pickles of a file name, whatever its format: one behind another, and one within
 * another; those of arrays of objects, in archives, in dumps of joblib, in checkpoints, in shelves.
 * Nothing is loaded for it. Limits may be NULL. That a pickle is broken is told in the answer.
 */
NpstowScan *npstow_scan(const char *path,
                        const NpstowLimits *limits,
                        NpstowError **error);

/**
 * The same of a source.
 */
NpstowScan *npstow_scan_source(const NpstowSource *source,
                               const NpstowLimits *limits,
                               NpstowError **error);

/**
 * How many names there are; 0 for NULL.
 */
size_t npstow_scan_len(const NpstowScan *scan);

/**
 * The module of a name; NULL beyond the end, and for extensions and persistent identifiers, which
 * have none. It lives as long as the scan.
 */
const char *npstow_scan_module(const NpstowScan *scan, size_t index);

/**
 * A name; "extension 7" and "persistent 'id'" for what has no module. NULL beyond the end. It
 * lives as long as the scan.
 */
const char *npstow_scan_name(const NpstowScan *scan, size_t index);

/**
 * The byte of the opcode that brings a name (within a string that was decoded, of that string); 0
 * beyond the end.
 */
uint64_t npstow_scan_offset(const NpstowScan *scan, size_t index);

/**
 * How many pickles a name is within, beside the one that the file is; 0 beyond the end.
 */
size_t npstow_scan_depth(const NpstowScan *scan, size_t index);

/**
 * What is known of a name; -1 beyond the end.
 */
NpstowVerdict npstow_scan_verdict(const NpstowScan *scan, size_t index);

/**
 * The worst of all that is named; -1 for NULL.
 */
NpstowVerdict npstow_scan_worst(const NpstowScan *scan);

/**
 * How many pickles there are; 0 for NULL.
 */
size_t npstow_scan_pickles(const NpstowScan *scan);

/**
 * Where the first pickle ends; 0 for NULL.
 */
uint64_t npstow_scan_end(const NpstowScan *scan);

/**
 * What is wrong with it, where it cannot be read to its end; NULL where nothing is. It lives as
 * long as the scan.
 */
const char *npstow_scan_fault(const NpstowScan *scan);

/**
 * Frees a scan.
 */
void npstow_scan_free(NpstowScan *scan);

/**
 * The bytes of a file, which stays open.
 */
NpstowSource *npstow_source_from_path(const char *path, NpstowError **error);

/**
 * The caller's memory, which is not copied and must stay as it is until `free` is called with
 * `context` (from any thread, once; not where this function fails). `free` may be NULL: the memory
 * stays for ever then, or as long as anything that came from it.
 */
NpstowSource *npstow_source_from_memory(const void *bytes,
                                        size_t len,
                                        void (*free)(void *context),
                                        void *context,
                                        NpstowError **error);

/**
 * A copy of the caller's memory.
 */
NpstowSource *npstow_source_from_copy(const void *bytes, size_t len, NpstowError **error);

/**
 * Functions of the caller. Their struct is copied.
 */
NpstowSource *npstow_source_from_callbacks(const NpstowReadCallbacks *callbacks,
                                           NpstowError **error);

/**
 * How many bytes there are; 0 for NULL.
 */
uint64_t npstow_source_len(const NpstowSource *source);

/**
 * Frees a handle of a source.
 */
void npstow_source_free(NpstowSource *source);

/**
 * Opens the bytes of a file in any source; `name` stands for the path in errors, and limits may be
 * NULL.
 */
NpstowFile *npstow_open_source(const NpstowSource *source,
                               const char *name,
                               const NpstowLimits *limits,
                               NpstowError **error);

/**
 * An empty list, to be freed with `npstow_strings_free`.
 */
NpstowStrings *npstow_strings_new(void);

/**
 * How many strings there are; 0 for NULL.
 */
size_t npstow_strings_len(const NpstowStrings *strings);

/**
 * A string of the list, NUL-terminated; NULL beyond the end. It lives until the list is changed
 * or freed.
 */
const char *npstow_strings_get(const NpstowStrings *strings, size_t index);

/**
 * The number of bytes of a string, the NUL at its end not counted: more than `strlen` says where
 * a NUL is part of it. 0 beyond the end.
 */
size_t npstow_strings_len_of(const NpstowStrings *strings, size_t index);

/**
 * Adds a copy of `text`.
 */
NpstowStatus npstow_strings_push(NpstowStrings *strings, const char *text, NpstowError **error);

/**
 * A copy of the list.
 */
NpstowStrings *npstow_strings_clone(const NpstowStrings *strings, NpstowError **error);

/**
 * Frees a list and its strings.
 */
void npstow_strings_free(NpstowStrings *strings);

/**
 * Frees a string that a function gave as `char *`.
 */
void npstow_string_free(char *text);

/**
 * An empty tree.
 */
NpstowTree *npstow_tree_new(void);

/**
 * A copy, which shares the arrays; NULL for NULL.
 */
NpstowTree *npstow_tree_clone(const NpstowTree *tree);

/**
 * Frees a tree; arrays that were taken from it stay.
 */
void npstow_tree_free(NpstowTree *tree);

/**
 * Adds an array under a slash path, and the groups on the way to it. The elements are shared, not
 * copied. The path "" makes a tree that is one array, as a `.npy` file is.
 */
NpstowStatus npstow_tree_insert(NpstowTree *tree,
                                const char *path,
                                const NpstowArray *array,
                                NpstowError **error);

/**
 * Adds an array of an open file, which is read when the tree is written.
 */
NpstowStatus npstow_tree_insert_node(NpstowTree *tree,
                                     const char *path,
                                     const NpstowNode *node,
                                     NpstowError **error);

/**
 * Adds a copy of another tree as a group (its arrays are shared); the path "" is refused unless
 * that tree is one array.
 */
NpstowStatus npstow_tree_insert_tree(NpstowTree *tree,
                                     const char *path,
                                     const NpstowTree *other,
                                     NpstowError **error);

/**
 * Adds a copy of bytes that are no array: a text beside arrays.
 */
NpstowStatus npstow_tree_insert_bytes(NpstowTree *tree,
                                      const char *path,
                                      const void *bytes,
                                      size_t len,
                                      NpstowError **error);

/**
 * Adds a value under a slash path: an array as such, any other object as what only formats of
 * Python objects can hold.
 */
NpstowStatus npstow_tree_insert_value(NpstowTree *tree,
                                      const char *path,
                                      const NpstowValue *value,
                                      NpstowError **error);

/**
 * Takes out what stands under a slash path, with its metadata.
 */
NpstowStatus npstow_tree_remove(NpstowTree *tree, const char *path, NpstowError **error);

/**
 * How many names the top level has; 0 for NULL.
 */
size_t npstow_tree_len(const NpstowTree *tree);

/**
 * The names of a group, in order; NULL or "" for the top level.
 */
NpstowStrings *npstow_tree_names(const NpstowTree *tree, const char *path, NpstowError **error);

/**
 * The slash paths of all arrays, in order, groups in depth.
 */
NpstowStrings *npstow_tree_arrays(const NpstowTree *tree, NpstowError **error);

/**
 * What stands under a slash path: one of `NPSTOW_NODE_…`; -1 where nothing does, and for NULL.
 */
NpstowNodeKind npstow_tree_kind(const NpstowTree *tree, const char *path);

/**
 * The array under a slash path, shared with the tree; one that is of a file is read. A value comes
 * as an array of bytes.
 */
NpstowArray *npstow_tree_array(const NpstowTree *tree, const char *path, NpstowError **error);

/**
 * A copy of the group under a slash path, which shares the arrays; "" for all of the tree.
 */
NpstowTree *npstow_tree_subtree(const NpstowTree *tree, const char *path, NpstowError **error);

/**
 * Metadata, names and labels beside what stands under a slash path, as a copy; "" is the tree
 * itself.
 */
NpstowMeta *npstow_tree_meta(const NpstowTree *tree, const char *path, NpstowError **error);

/**
 * Sets metadata, names and labels beside what stands under a slash path, in the place of old ones;
 * "" is the tree itself.
 */
NpstowStatus npstow_tree_set_meta(NpstowTree *tree,
                                  const char *path,
                                  const NpstowMeta *meta,
                                  NpstowError **error);

/**
 * The slash paths of what matches one of the patterns, which are separated by commas; groups before
 * their members.
 */
NpstowStrings *npstow_tree_find(const NpstowTree *tree, const char *globs, NpstowError **error);

/**
 * The tree of what matches one of the patterns, with its metadata and that of the groups around.
 */
NpstowTree *npstow_tree_select(const NpstowTree *tree, const char *globs, NpstowError **error);

/**
 * One tree of the rows of `n` trees: each array has the rows of the arrays of that name, in order.
 * `names` are what errors call the trees.
 */
NpstowTree *npstow_tree_concat(const char *const *names,
                               const NpstowTree *const *trees,
                               size_t n,
                               NpstowNotesPolicy notes,
                               NpstowMissing missing,
                               NpstowError **error);

/**
 * Compares two trees: names, dtypes, shapes, values (as `numpy.isclose` with these tolerances), and
 * metadata where `meta` says so.
 */
NpstowReport *npstow_tree_compare(const NpstowTree *left,
                                  const NpstowTree *right,
                                  double rtol,
                                  double atol,
                                  bool equal_nan,
                                  bool meta,
                                  NpstowError **error);

/**
 * Whether everything was compared and nothing differs; false for NULL.
 */
bool npstow_report_is_same(const NpstowReport *report);

/**
 * How many arrays both trees have; 0 for NULL.
 */
size_t npstow_report_compared(const NpstowReport *report);

/**
 * How many differences there are, with what could not be read; 0 for NULL.
 */
size_t npstow_report_len(const NpstowReport *report);

/**
 * The slash path of a difference; NULL beyond the last. It lives as long as the report.
 */
const char *npstow_report_path(const NpstowReport *report, size_t index);

/**
 * What differs, as a line of text; NULL beyond the last. It lives as long as the report.
 */
const char *npstow_report_message(const NpstowReport *report, size_t index);

/**
 * Frees a report.
 */
void npstow_report_free(NpstowReport *report);

/**
 * How many rows the arrays of each group have: a table as text, to be freed with
 * `npstow_string_free`. The first line has the names of the columns (those arrays that match one of
 * the patterns), each other one a group ("." is the top); tabs between them, "-" for none.
 */
char *npstow_tree_counts(const NpstowTree *tree, const char *globs, NpstowError **error);

/**
 * What the metadata of groups and arrays say, as `npstow_tree_counts`: the columns are those keys
 * that match one of the patterns.
 */
char *npstow_tree_metadata(const NpstowTree *tree, const char *globs, NpstowError **error);

/**
 * One line on what stands under a slash path, which is not read for it: "(1000, 4, 4) <f4", or "3
 * names" for a group. To be freed with `npstow_string_free`.
 */
char *npstow_tree_desc(const NpstowTree *tree, const char *path, NpstowError **error);

/**
 * The number of axes of the array under a slash path, which is not read for it.
 */
NpstowStatus npstow_tree_ndim(const NpstowTree *tree,
                              const char *path,
                              size_t *ndim,
                              NpstowError **error);

/**
 * The lengths of the `ndim` axes of the array under a slash path, which is not read for it.
 */
NpstowStatus npstow_tree_shape(const NpstowTree *tree,
                               const char *path,
                               size_t *shape,
                               size_t ndim,
                               NpstowError **error);

/**
 * The dtype of the array under a slash path, which is not read for it. To be freed with
 * `npstow_string_free`.
 */
char *npstow_tree_descr(const NpstowTree *tree, const char *path, NpstowError **error);

/**
 * Another handle of the same value; NULL for NULL.
 */
NpstowValue *npstow_value_clone(const NpstowValue *value);

/**
 * Frees a handle; the values of a file are freed with the last one.
 */
void npstow_value_free(NpstowValue *value);

/**
 * What it is; -1 for NULL.
 */
NpstowValueKind npstow_value_kind(const NpstowValue *value);

/**
 * Python's name of a kind: "int", "list", "ndarray", "object"; NULL for a number that is no
 * kind. It lives as long as the program.
 */
const char *npstow_value_kind_name(NpstowValueKind kind);

/**
 * Whether both are the very same object of a file, not only equal; false for NULL.
 */
bool npstow_value_is(const NpstowValue *value, const NpstowValue *other);

/**
 * A number that names the value among those of its file: who has the same one is the same object.
 * It tells shared parts, and where a cycle closes. 0 for NULL, and for no value.
 */
uint64_t npstow_value_id(const NpstowValue *value);

/**
 * The value of the same file with that number.
 */
NpstowValue *npstow_value_by_id(const NpstowValue *value, uint64_t id, NpstowError **error);

/**
 * How many values the file has in all, small numbers not counted; 0 for NULL.
 */
size_t npstow_value_count(const NpstowValue *value);

/**
 * Whether two values are equal, of one file or of two, into `equal`: as Python has it, but NaN is
 * equal to NaN, arrays are equal where dtype (but for the byte order), shape and bytes are, and
 * objects where their classes are and all that they were made of. Keys that are objects themselves
 * have to come in the same order.
 */
NpstowStatus npstow_value_equal(const NpstowValue *value,
                                const NpstowValue *other,
                                bool *equal,
                                NpstowError **error);

/**
 * The value under a slash path from here, "" is itself. A step is a key of a dictionary, a position
 * in a list, or a part of an object: "weights/0", "args/1", "state/x".
 */
NpstowValue *npstow_value_find(const NpstowValue *value, const char *path, NpstowError **error);

/**
 * The value as Python prints it, to be freed with `npstow_string_free`; very long ones are cut.
 * NULL for NULL.
 */
char *npstow_value_repr(const NpstowValue *value);

/**
 * The value as JSON, to be freed with `npstow_string_free`. What JSON lacks is an object of one
 * key: `{"$tuple":[1,2]}`, `$bytes`, `$complex`, `$array` (dtype, shape, digest), `$object`; `$ref`
 * where a cycle closes.
 */
char *npstow_value_json(const NpstowValue *value, NpstowError **error);

/**
 * Reads all of a file and says what is wrong with it; an empty list where nothing is. NULL where
 * it cannot be opened at all.
 */
NpstowFaults *npstow_verify(const char *path, NpstowError **error);

/**
 * How many findings there are; 0 for NULL.
 */
size_t npstow_faults_len(const NpstowFaults *faults);

/**
 * A finding as text; NULL beyond the last. It lives as long as the list.
 */
const char *npstow_faults_message(const NpstowFaults *faults, size_t index);

/**
 * Whether the data are damaged, or cannot be read; false for a remark on something that the format
 * allows, and beyond the last.
 */
bool npstow_faults_is_error(const NpstowFaults *faults, size_t index);

/**
 * Frees findings.
 */
void npstow_faults_free(NpstowFaults *faults);

/**
 * The version of the binary interface of the library that is linked. It is `NPSTOW_ABI_VERSION`
 * where the library fits the header.
 */
uint32_t npstow_abi_version(void);

/**
 * The version of the library, as in "0.1.0"; it lives as long as the program.
 */
const char *npstow_version(void);

/**
 * The name of a status, as in "corrupt"; "unknown" for numbers that are none. It lives as long
 * as the program.
 */
const char *npstow_status_name(NpstowStatus status);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* NPSTOW_H */
