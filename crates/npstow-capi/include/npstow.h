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
 * An array in memory: a dtype, a shape, strides and shared bytes. It never changes, and may be
 * used by several threads at once; handles of the same elements are cheap.
 */
typedef struct NpstowArray NpstowArray;

/**
 * What went wrong, and where. It never changes, and may be looked at from several threads; who
 * got it frees it with `npstow_error_free`.
 */
typedef struct NpstowError NpstowError;

/**
 * An open file or folder of any format, of which nothing is read until it is asked for. It may
 * be used by several threads at once. What came from it (nodes, arrays) does not need it any more.
 */
typedef struct NpstowFile NpstowFile;

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
 * How arrays and trees are saved. One thread at a time.
 */
typedef struct NpstowSaveOptions NpstowSaveOptions;

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
 * In which order elements lie in memory: one of `NPSTOW_ORDER_…`.
 */
typedef int32_t NpstowOrder;

/**
 * How a call ended: `NPSTOW_OK`, or who has to act. Numbers are never given another meaning.
 */
typedef int32_t NpstowStatus;

/**
 * What a name stands for: one of `NPSTOW_NODE_…`.
 */
typedef int32_t NpstowNodeKind;

/**
 * What must be on the disk before a file counts as saved: one of `NPSTOW_DURABILITY_…`. A crash
 * of the program leaves the old file or the new one whatever the choice, which is about a crash
 * of the machine.
 */
typedef int32_t NpstowDurability;

/**
 * In which order the bytes of a number lie: one of `NPSTOW_BYTES_…`.
 */
typedef int32_t NpstowByteOrder;

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

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

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
 * agree. NULL and `NPSTOW_MISMATCH` otherwise, with a text that says what stands in the way.
 */
const void *npstow_array_typed(const NpstowArray *array, const char *descr, NpstowError **error);

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
 * The format: "npy", "npz" or "folder"; NULL for NULL. It lives as long as the program.
 */
const char *npstow_file_format(const NpstowFile *file);

/**
 * The path that the file was opened by; NULL for NULL. It lives as long as the handle.
 */
const char *npstow_file_path(const NpstowFile *file);

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
 * The part that a selection picks, in NumPy's text ("10:20, ::2, -1"); a view where it can be.
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
 * Metadata, names and labels beside the node, as a copy.
 */
NpstowMeta *npstow_node_meta(const NpstowNode *node, NpstowError **error);

/**
 * What is saved by default: the format that the path names, nothing compressed, in the place of
 * the old file when the new one is whole.
 */
NpstowSaveOptions *npstow_save_options_new(void);

/**
 * The format, whatever the path's extension: "npy", "npz" or "folder".
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
 * Frees options.
 */
void npstow_save_options_free(NpstowSaveOptions *options);

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
 * NumPy's text, as in "10:20, ::2, -1".
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
int32_t npstow_strings_push(NpstowStrings *strings, const char *text, NpstowError **error);

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
